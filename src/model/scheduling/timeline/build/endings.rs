//! Threads that end. One may be preempted while it does; it comes back on a core, and at last the kernel calls it by no number
//! any more. It stays itself until its last slice.

use super::super::Origin;
use super::{Builder, Growth, Thread};
use crate::model::id::{Nanos, Tid};

/// So many that were preempted while they ended are waited for; of more it is not known which one comes back.
pub(super) const MOST: usize = 64;

impl Builder {
    /// A thread ends at `at`; its slice ends when it leaves the core. The events of one process end before that: there
    /// nobody will tell that it left, and its slice ends now.
    pub fn exit(&mut self, at: Nanos, of: Thread) {
        let on = |lane: &Growth| lane.on().is_some_and(|(tid, _)| tid == of.tid);
        if let Some(lane) = self.lanes.iter().position(on) {
            if let Some(task) = self.tasks.get_mut(of.tid) {
                task.exiting = true;
            }
            if self.origin == Origin::Own {
                self.left(lane, at, None);
            }
        } else {
            let last = self.lanes.iter().map(Growth::last).max();
            self.uncounted(of.tid, last.unwrap_or_default());
            self.tasks.remove(of.tid);
        }
    }

    /// Who comes on a core, where the kernel has no number for it any more: whoever is there already (both records of a switch
    /// name it), or the one that was preempted there while it ended.
    pub(super) fn numbered(&mut self, lane: usize, next: Thread) -> Thread {
        if next.tid.0 != u32::MAX {
            if !self.leaving.is_empty() {
                self.leaving.retain(|tid| *tid != next.tid);
            }
            return next;
        }
        let lane = &self.lanes[lane];
        let gone = |tid: &Tid| self.tasks.get(*tid).is_some_and(|t| t.unnumbered);
        let there = lane.on().map(|(tid, _)| tid).filter(gone);
        let Some(tid) = there.or_else(|| self.left_on(lane)) else {
            return next;
        };
        self.leaving.retain(|other| *other != tid);
        let Some(task) = self.tasks.get_mut(tid) else {
            return next;
        };
        task.unnumbered = true;
        Thread {
            pid: task.who.id.pid,
            tid,
        }
    }

    /// The one thread that was preempted on this core while it ended; or anywhere, where there is but one.
    fn left_on(&self, lane: &Growth) -> Option<Tid> {
        if self.leaving.len() > MOST {
            return None;
        }
        let here = |tid: &&Tid| {
            let task = self.tasks.get(**tid);
            task.and_then(|t| t.left)
                .is_some_and(|(cpu, ..)| cpu == lane.cpu)
        };
        let mut all = self.leaving.iter().filter(here);
        match (all.next(), all.next(), &self.leaving[..]) {
            (Some(tid), None, _) | (None, _, [tid]) => Some(*tid),
            _ => None,
        }
    }
}
