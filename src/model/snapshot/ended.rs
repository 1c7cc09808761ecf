//! What children used of the cores that began and ended between two ticks, or ended since they were last seen.
//!
//! Nobody has a row who lives for less than a tick, yet many of them can have all cores. When a process waits for a child
//! that ended, the kernel adds the time of the child's whole life to the parent's `cutime` and `cstime`
//! (`wait_task_zombie` in `kernel/exit.c`), and that of the child's own ended children with it. What was seen in those
//! children while they lived is counted beside it ([`TaskSample::seen`]); the rest is what nobody was shown. Time of children
//! whose parent ignores `SIGCHLD` is added nowhere, see `getrusage(2)`.

use std::cell::OnceCell;

use super::between::pair;
use crate::model::sample::{CoreSample, Sample, TaskSample};

/// How much less the cores may tell than processes used, since both are counted apart.
const SLACK: u64 = 5;

/// What is told of ended children between two samples.
pub(super) struct Unseen<'a> {
    /// Whether it is counted at all.
    pub(super) told: bool,
    samples: (Option<&'a Sample>, &'a Sample),
    /// The ticks that the cores were busy and nobody was seen to be, in which all of it must lie; `None` where the cores do
    /// not tell. A long life that was never seen, as of a process that is hidden, is no load of this moment. At most moments
    /// nobody's children ended, and it is not asked for.
    room: OnceCell<Option<u64>>,
}

impl<'a> Unseen<'a> {
    /// From one sample to the next.
    pub(super) fn between(prev: Option<&'a Sample>, next: &'a Sample) -> Self {
        Self {
            told: next.counts_ended && prev.is_none_or(|prev| prev.counts_ended),
            samples: (prev, next),
            room: OnceCell::new(),
        }
    }

    /// The ticks of those who ended below one process.
    pub(super) fn of(&self, before: Option<&TaskSample>, now: &TaskSample) -> u64 {
        let ticks = rest(now).saturating_sub(before.map_or(0, rest));
        if ticks == 0 {
            return 0;
        }
        let (prev, next) = self.samples;
        let room = self.room.get_or_init(|| room(prev?, next));
        room.map_or(ticks, |room| ticks.min(room))
    }
}

/// The time of a process's ended children that was not seen in them.
fn rest(task: &TaskSample) -> u64 {
    task.stat.children.0.saturating_sub(task.seen.0)
}

/// The ticks for which the cores were busy and nobody was seen to be, and a little more; `None` where the cores do not tell.
fn room(prev: &Sample, next: &Sample) -> Option<u64> {
    let cores = &next.system.cores;
    if cores.is_empty() || !cores.iter().all(CoreSample::is_told) {
        return None;
    }
    let worked = |of: &CoreSample| of.user.0 + of.system.0 + of.irq.0 + of.softirq.0;
    let busy: u64 = pair(&prev.system.cores, cores, |core| core.id)
        .filter_map(|(before, now)| Some(worked(now).saturating_sub(worked(before?))))
        .sum();
    let seen: u64 = pair(&prev.tasks, &next.tasks, |task| task.id)
        .filter_map(|(before, now)| {
            let before = before?.stat.cpu_time().0;
            Some(now.stat.cpu_time().0.saturating_sub(before))
        })
        .sum();
    let left = busy.saturating_sub(seen);
    Some(left + left / 4 + SLACK * cores.len() as u64)
}
