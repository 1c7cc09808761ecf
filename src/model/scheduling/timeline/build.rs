//! Builds lanes from switches as they come in. Pure: what it must know of a thread it asks of [`Names`].

mod counters;
mod endings;
mod lane;
mod quick;
mod sampled;
mod summed;
mod tasks;

use std::sync::Arc;

use counters::Counted;
pub use counters::Counts;
use lane::Growth;
pub(super) use quick::Quick;
pub use sampled::Ran;
pub use summed::Summed;
use tasks::{Place, Task, Tasks};

use super::{Blind, Ended, Origin, Timeline, Who};
use crate::model::id::{CpuId, Nanos, Pid, ProcId, Tid};
use crate::model::scheduling::wakes::Waker;
use crate::model::text::SafeText;

/// What is known of a thread that was seen for the first time.
pub trait Names {
    /// Its process for its whole life, and its name now.
    fn look_up(&mut self, pid: Pid, tid: Tid) -> (ProcId, SafeText);
}

impl<F: FnMut(Pid, Tid) -> (ProcId, SafeText)> Names for F {
    fn look_up(&mut self, pid: Pid, tid: Tid) -> (ProcId, SafeText) {
        self(pid, tid)
    }
}

/// A thread in a record: numbers as the kernel gave them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its process.
    pub pid: Pid,
    /// Itself; 0 for the idle thread, `u32::MAX` for one that is already gone.
    pub tid: Tid,
}

/// Builds a [`Timeline`].
#[derive(Debug)]
pub struct Builder {
    origin: Origin,
    /// How slices were known before there were only sums.
    before: Option<Origin>,
    lanes: Vec<Growth>,
    tasks: Tasks,
    serial: u32,
    lost: u64,
    counted: Counted,
    budget: usize,
    /// Threads that were preempted while they ended, and come back.
    leaving: Vec<Tid>,
}

/// Slices and bins that all lanes together may hold: about 12 MiB.
const BUDGET: usize = 310_000;
/// Slices that one lane may hold.
const MOST: usize = 1 << 15;
/// Threads that are remembered; more are forgotten and looked up again.
const MOST_TASKS: usize = 1 << 17;

impl Builder {
    /// A builder for these cores that knows nothing before `since`.
    pub fn new(origin: Origin, cpus: impl IntoIterator<Item = CpuId>, since: Nanos) -> Self {
        let mut cpus: Vec<_> = cpus.into_iter().collect();
        cpus.sort_unstable();
        cpus.dedup();
        let budget = (BUDGET / cpus.len().max(1)).min(MOST);
        Self {
            origin,
            before: None,
            lanes: cpus
                .iter()
                .map(|c| Growth::new(*c, since, budget))
                .collect(),
            tasks: Tasks::default(),
            serial: 0,
            lost: 0,
            counted: Counted::default(),
            budget,
            leaving: Vec::new(),
        }
    }

    /// Begins a lane for a core that came online, or goes on with the one that it had.
    pub fn online(&mut self, cpu: CpuId, since: Nanos) {
        match self.lanes.binary_search_by_key(&cpu, |l| l.cpu) {
            Err(at) => self.lanes.insert(at, Growth::new(cpu, since, self.budget)),
            // Samples do not tell that nobody came; switches will tell who does.
            Ok(at) if self.origin.is_coarse() => self.lanes[at].idle(since),
            Ok(_) => {}
        }
    }

    /// A core went offline before `at`: its lane goes on as a gap.
    pub fn offline(&mut self, cpu: CpuId, at: Nanos) {
        if let Some(lane) = self.index(cpu) {
            self.lanes[lane].lose(at, Blind::Offline, &self.tasks);
        }
    }

    /// The machine slept for `span` some time before `at`; what was on the cores is not known any more.
    pub fn suspended(&mut self, at: Nanos, span: Nanos) {
        let why = Blind::Suspended(span);
        for lane in &mut self.lanes {
            // Samples go on where they were; switches must be heard anew.
            if self.origin.is_coarse() {
                lane.blink(at, why);
            } else {
                lane.lose(at, why, &self.tasks);
            }
        }
    }

    fn index(&self, cpu: CpuId) -> Option<usize> {
        // Most machines number their cores without holes.
        let direct = self.lanes.get(cpu.0 as usize).filter(|l| l.cpu == cpu);
        match direct {
            Some(_) => Some(cpu.0 as usize),
            None => self.lanes.binary_search_by_key(&cpu, |l| l.cpu).ok(),
        }
    }

    /// At `at` the core went from `prev` to `next`; `runnable`: `prev` could still run, `None` where that was not told.
    pub fn switch(
        &mut self,
        cpu: CpuId,
        at: Nanos,
        (prev, next): (Thread, Thread),
        runnable: Option<bool>,
        names: &mut dyn Names,
    ) {
        let Some(lane) = self.index(cpu) else { return };
        if let Some(since) = self.lanes[lane].fresh() {
            // No switch since the begin: whoever leaves now was there all the time.
            self.enter(lane, since, prev, names);
        }
        let on = self.lanes[lane].on().map(|(tid, _)| tid);
        let next = self.numbered(lane, next);
        // Both records of one switch name both threads; the second one tells nothing new.
        if on == Some(next.tid) {
            return;
        }
        // A machine may hide some threads; then a neighbour's record tells who was there, but not how it ended.
        let known = on.is_some_and(|tid| tid == prev.tid || prev.tid.0 == u32::MAX);
        self.left(lane, at, runnable.filter(|_| known));
        self.enter(lane, at, next, names);
    }

    /// A thread came on the core; what was there before is not told.
    pub fn come(&mut self, cpu: CpuId, at: Nanos, task: Thread, names: &mut dyn Names) {
        if let Some(lane) = self.index(cpu) {
            self.left(lane, at, None);
            self.enter(lane, at, task, names);
        }
    }

    /// A thread left the core; what came after is not told.
    pub fn leave(
        &mut self,
        cpu: CpuId,
        at: Nanos,
        task: Thread,
        runnable: Option<bool>,
        names: &mut dyn Names,
    ) {
        let Some(lane) = self.index(cpu) else { return };
        if let Some(since) = self.lanes[lane].fresh() {
            self.enter(lane, since, task, names);
        }
        self.left(lane, at, runnable);
    }

    fn left(&mut self, lane: usize, at: Nanos, runnable: Option<bool>) {
        let lane = &mut self.lanes[lane];
        let Some((tid, place)) = lane.on() else {
            return;
        };
        let exiting = self.tasks.at(place).is_some_and(|task| task.exiting);
        let ended = match runnable {
            // It still has something to do before it has ended, and comes back.
            Some(true) if exiting => {
                if self.leaving.len() <= endings::MOST {
                    self.leaving.push(tid);
                }
                Ended::Preempted
            }
            _ if exiting => Ended::Exited,
            Some(true) => Ended::Preempted,
            Some(false) => Ended::Yielded,
            None => Ended::Unseen,
        };
        lane.leave(at, ended, &self.tasks);
        if ended == Ended::Exited {
            self.uncounted(tid, at);
            self.tasks.remove(tid);
        } else if let Some(task) = self.tasks.at_mut(place) {
            task.left = Some((lane.cpu, at, ended == Ended::Preempted));
        }
    }

    fn enter(&mut self, lane: usize, at: Nanos, next: Thread, names: &mut dyn Names) {
        if next.tid.0 == 0 || next.tid.0 == u32::MAX {
            self.lanes[lane].idle(at);
            return;
        }
        let place = self.known(next, names);
        let lane = &mut self.lanes[lane];
        let Some(task) = self.tasks.at_mut(place) else {
            return;
        };
        let moved = task.left.is_some_and(|(from, ..)| from != lane.cpu);
        let ready = task.ready();
        (task.cpu, task.ran) = (lane.cpu, true);
        lane.enter(at, (place, task), ready, moved);
    }

    /// Where a thread is remembered, from now on at least.
    fn known(&mut self, of: Thread, names: &mut dyn Names) -> Place {
        if let Some(place) = self.tasks.find(of.tid) {
            return place;
        }
        let (id, name) = names.look_up(of.pid, of.tid);
        let who = Arc::new(Who {
            id,
            tid: of.tid,
            name,
        });
        let waited = self.counted.begun(of.tid);
        let serial = self.next_serial();
        self.tasks.put(Task::new(serial, who, waited))
    }

    /// A thread is called otherwise from now on.
    pub fn rename(&mut self, of: Thread, name: SafeText, names: &mut dyn Names) {
        let serial = self.next_serial();
        if let Some(task) = self.tasks.get_mut(of.tid) {
            task.who = Arc::new(Who {
                name,
                ..(*task.who).clone()
            });
            task.serial = serial;
        } else {
            let (id, _) = names.look_up(of.pid, of.tid);
            let who = Arc::new(Who {
                id,
                tid: of.tid,
                name,
            });
            let waited = self.counted.begun(of.tid);
            self.remember(who, waited);
        }
    }

    /// A thread was woken at `at` by somebody on a core: it is ready until it gets one.
    pub fn woken(&mut self, at: Nanos, tid: Tid, by: (Waker, CpuId)) {
        if let Some(task) = self.tasks.get_mut(tid) {
            task.woken = Some((at, by.0, by.1));
        }
    }

    /// A thread was made by another at `at`; it is called like its maker until it says otherwise.
    pub fn fork(
        &mut self,
        at: Nanos,
        child: Thread,
        maker: Thread,
        started: Option<ProcId>,
        names: &mut dyn Names,
    ) {
        let maker = self.known(maker, names);
        let maker = self.tasks.at(maker).map(|task| Arc::clone(&task.who));
        let id = match &maker {
            Some(maker) if child.pid == maker.id.pid => maker.id,
            _ => started.unwrap_or(ProcId {
                pid: child.pid,
                ..ProcId::default()
            }),
        };
        let who = Arc::new(Who {
            id,
            tid: child.tid,
            name: maker.map(|m| m.name.clone()).unwrap_or_default(),
        });
        self.counted.begun(child.tid);
        self.remember(who, Some(Nanos(0)));
        if let Some(task) = self.tasks.get_mut(child.tid) {
            task.began = at;
        }
    }

    /// Events of a core were lost before `at`: what was known of it is not known any more.
    pub fn lose(&mut self, cpu: CpuId, at: Nanos, count: u64) {
        self.lost = self.lost.saturating_add(count);
        if let Some(lane) = self.index(cpu) {
            self.lanes[lane].lose(at, Blind::Lost, &self.tasks);
        }
        // Renames and ends may be among what was lost.
        self.forget_all();
        self.leaving.clear();
    }

    /// An immutable view of everything until `now`.
    pub fn publish(&mut self, now: Nanos) -> Timeline {
        for lane in &mut self.lanes {
            lane.settle(now, &self.tasks);
        }
        let lanes = self.lanes.iter_mut();
        Timeline {
            origin: self.origin,
            now,
            lanes: lanes.map(|l| l.publish(now, &self.tasks)).collect(),
            lost: self.lost,
            counted: self.counted.window(),
            why: SafeText::default(),
            own: None,
        }
    }

    /// Whether slices of a core that came after `since` are soon forgotten.
    pub fn is_crowded(&self, since: Nanos) -> bool {
        self.lanes.iter().any(|lane| lane.is_crowded(since))
    }

    /// The processes that are on a core now.
    pub fn on_cores(&self) -> impl Iterator<Item = Pid> {
        let on = self.lanes.iter().filter_map(Growth::on);
        on.filter_map(|(_, place)| self.tasks.at(place))
            .map(|t| t.who.id.pid)
    }

    fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1).max(1);
        self.serial
    }

    fn remember(&mut self, who: Arc<Who>, waited: Option<Nanos>) {
        self.forget_old();
        let serial = self.next_serial();
        self.tasks.put(Task::new(serial, who, waited));
    }

    /// Keeps the memory of threads bounded where their ends were not told.
    fn forget_old(&mut self) {
        if self.tasks.len() >= MOST_TASKS {
            self.forget_all();
        }
    }

    /// Forgets everybody who is on no core.
    fn forget_all(&mut self) {
        let on = self.lanes.iter().filter_map(Growth::on);
        let on: Vec<_> = on.map(|(tid, _)| tid).collect();
        self.tasks.keep(&on);
    }
}
