//! The threads that a builder remembers, each in a place of its own, so that a lane finds who is on its core at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::Quick;
use crate::model::id::{CpuId, Nanos, Tid};
use crate::model::scheduling::timeline::{Made, Who};
use crate::model::scheduling::wakes::Waker;

/// What the builder remembers of a thread.
#[derive(Debug)]
pub(super) struct Task {
    /// A number that no other thread, and no other name of this one, has; never 0.
    pub serial: u32,
    pub who: Arc<Who>,
    /// The core it was on last, and when it left it, still runnable or not.
    pub left: Option<(CpuId, Nanos, bool)>,
    /// When it was woken last, by whom, on which core.
    pub woken: Option<(Nanos, Waker, CpuId)>,
    /// It has told that it ends.
    pub exiting: bool,
    /// It ends, and the kernel calls it by no number any more.
    pub unnumbered: bool,
    /// The core that it had last.
    pub cpu: CpuId,
    /// Whether it had a core since the kernel's counters were read last.
    pub ran: bool,
    /// How long it had waited for a core by then, since it began.
    pub waited: Option<Nanos>,
    /// When it began, where that was told.
    pub began: Nanos,
}

impl Task {
    /// A thread that was not heard of before; `waited`: for how long, where that is known.
    pub fn new(serial: u32, who: Arc<Who>, waited: Option<Nanos>) -> Self {
        Self {
            serial,
            who,
            left: None,
            woken: None,
            exiting: false,
            unnumbered: false,
            cpu: CpuId::default(),
            ran: false,
            waited,
            began: Nanos(0),
        }
    }

    /// Since when it is ready, and how it became so, where that was told; to be asked when it gets a core, and once.
    ///
    /// A wake-up that came before it had left its core is of no use here: it may have gone on, and slept later for a reason
    /// of which nothing was heard.
    pub fn ready(&mut self) -> Option<(Nanos, Made)> {
        let woken = self.woken.take();
        let (left, runnable) = self.left.map_or((Nanos(0), false), |(_, at, r)| (at, r));
        if runnable {
            return Some((left, Made::Preempted));
        }
        let (at, waker, cpu) = woken.filter(|(at, ..)| *at >= left)?;
        Some((at, Made::Woken(waker, cpu)))
    }
}

/// Where a thread stands among the [`Tasks`]; another's once it was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// How many are found without a search.
const RECENT: usize = 256;

/// The threads that are remembered.
#[derive(Debug)]
pub(super) struct Tasks {
    slots: Vec<Option<Task>>,
    free: Vec<u32>,
    at: HashMap<u32, u32, Quick>,
    /// The last ones asked for, each where the low bits of its number say.
    recent: Box<[u32; RECENT]>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            at: HashMap::default(),
            recent: Box::new([u32::MAX; RECENT]),
        }
    }
}

impl Tasks {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Where this one stands.
    pub fn find(&mut self, tid: Tid) -> Option<Place> {
        let recent = &mut self.recent[tid.0 as usize % RECENT];
        let there = self.slots.get(*recent as usize).and_then(Option::as_ref);
        if there.is_none_or(|task| task.who.tid != tid) {
            *recent = *self.at.get(&tid.0)?;
        }
        Some(Place(*recent))
    }

    /// What is remembered of this one.
    pub fn get(&self, tid: Tid) -> Option<&Task> {
        self.slots.get(*self.at.get(&tid.0)? as usize)?.as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, tid: Tid) -> Option<&mut Task> {
        let slot = *self.at.get(&tid.0)?;
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Who stands there.
    pub fn at(&self, Place(slot): Place) -> Option<&Task> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, Place(slot): Place) -> Option<&mut Task> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Remembers a thread in the place of whoever had its number.
    pub fn put(&mut self, task: Task) -> Place {
        let tid = task.who.tid.0;
        let slot = match self.at.get(&tid) {
            Some(slot) => *slot,
            None => self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() as u32 - 1
            }),
        };
        self.at.insert(tid, slot);
        self.slots[slot as usize] = Some(task);
        Place(slot)
    }

    /// Forgets one.
    pub fn remove(&mut self, tid: Tid) {
        if let Some(slot) = self.at.remove(&tid.0) {
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
    }

    /// Forgets all but these; who is kept stays where it stands.
    pub fn keep(&mut self, wanted: &[Tid]) {
        let Self {
            slots, free, at, ..
        } = self;
        at.retain(|tid, slot| {
            let keep = wanted.iter().any(|w| w.0 == *tid);
            if !keep {
                slots[*slot as usize] = None;
                free.push(*slot);
            }
            keep
        });
    }

    /// Them all.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Task> {
        self.slots.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ProcId;

    fn task(tid: u32, serial: u32) -> Task {
        let who = Who {
            id: ProcId::new(tid, 1),
            tid: Tid(tid),
            name: "t".into(),
        };
        Task::new(serial, Arc::new(who), None)
    }

    #[test]
    fn threads_whose_ends_are_not_told_do_not_pile_up() {
        use super::super::{Builder, MOST_TASKS, Pid, Thread};
        use crate::model::scheduling::timeline::Origin;
        let mut b = Builder::new(Origin::Exact, [], Nanos(0));
        let mut names = |_, _| Default::default();
        let thread = |n: u32| Thread {
            pid: Pid(n),
            tid: Tid(n),
        };
        for n in 0..=MOST_TASKS as u32 {
            assert!(b.tasks.len() <= MOST_TASKS);
            b.rename(thread(n), "x".into(), &mut names);
        }
        let kept = b.tasks.all_mut().count();
        assert_eq!((b.tasks.len(), kept), (1, 1), "they are looked up again");
    }

    #[test]
    fn who_stays_is_found_where_it_was_and_who_went_is_not() {
        let mut tasks = Tasks::default();
        let numbers = [7, 7 + RECENT as u32, 9];
        let places = numbers.map(|tid| tasks.put(task(tid, tid)));
        let serial = |tasks: &mut Tasks, tid| {
            let place = tasks.find(Tid(tid))?;
            tasks.at(place).map(|t| t.serial)
        };
        for _ in 0..2 {
            for tid in numbers {
                assert_eq!(serial(&mut tasks, tid), Some(tid));
            }
        }
        assert_eq!(tasks.put(task(9, 10)), places[2], "the same place");
        assert_eq!(serial(&mut tasks, 9), Some(10));
        tasks.remove(Tid(7));
        assert_eq!(serial(&mut tasks, 7), None);
        assert_eq!(tasks.put(task(8, 8)), places[0], "its place is free");
        assert_eq!(serial(&mut tasks, 7), None);
        tasks.keep(&[Tid(9)]);
        assert_eq!((tasks.len(), tasks.all_mut().count()), (1, 1));
        assert_eq!(tasks.find(Tid(9)), Some(places[2]));
        assert!(tasks.find(Tid(8)).is_none() && tasks.get(Tid(8)).is_none());
    }
}
