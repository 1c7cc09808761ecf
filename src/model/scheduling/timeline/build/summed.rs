//! Takes in sums of slices that the kernel made itself, where switches are too many to be told one by one.

use std::sync::Arc;

use super::lane::Growth;
use super::tasks::Tasks;
use super::{Builder, Names, Thread};
use crate::model::id::{CpuId, Nanos};
use crate::model::scheduling::timeline::{BINS, Ended, Origin, Who, Window};

/// What a thread did on a core within one bin of 10 ms, since that was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summed {
    /// The core.
    pub cpu: CpuId,
    /// Who.
    pub thread: Thread,
    /// A moment in the bin.
    pub at: Nanos,
    /// Time on the core.
    pub run: Nanos,
    /// Slices that ended.
    pub slices: u32,
    /// Of those, how many ended while the thread could still run.
    pub preempted: u32,
    /// How often it was moved to another core.
    pub moved: u32,
    /// The longest slice.
    pub longest: Nanos,
    /// How long it waited for a core.
    pub waited: Nanos,
}

/// Stretches of time of which only sums are known that a lane remembers.
const MOST: usize = 128;

/// Of which stretches of time a lane has sums, and no single slices.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    past: Vec<Window>,
    /// Since when it is so now.
    open: Option<Nanos>,
}

impl Stretches {
    /// Them all, as they are now.
    pub fn publish(&self, now: Nanos) -> Arc<[Window]> {
        let open = self.open.map(|from| Window { from, to: now });
        self.past.iter().copied().chain(open).collect()
    }
}

impl Builder {
    /// From `at` on there are sums: whoever is on a core is told by them.
    pub fn begin_sums(&mut self, at: Nanos) {
        self.before = Some(std::mem::replace(&mut self.origin, Origin::Summed));
        self.end_glimpse(at);
    }

    /// From `at` on there are single slices again; `running`: who is on the cores, where that is known.
    pub fn end_sums(
        &mut self,
        at: Nanos,
        running: impl Iterator<Item = (CpuId, Thread)>,
        names: &mut dyn Names,
    ) {
        self.origin = self.before.take().unwrap_or(self.origin);
        self.begin_glimpse(at, running, names);
    }

    /// The same for a moment among sums.
    pub fn begin_glimpse(
        &mut self,
        at: Nanos,
        running: impl Iterator<Item = (CpuId, Thread)>,
        names: &mut dyn Names,
    ) {
        for lane in &mut self.lanes {
            lane.end_sums(at, &self.tasks);
        }
        for (cpu, thread) in running {
            self.come(cpu, at, thread, names);
        }
    }

    /// There are sums again after a moment of single slices.
    pub fn end_glimpse(&mut self, at: Nanos) {
        for lane in &mut self.lanes {
            lane.begin_sums(at, &self.tasks);
        }
        for task in self.tasks.all_mut() {
            (task.left, task.woken) = (None, None);
        }
    }

    /// Adds what the kernel has summed up until `now`, everything that it has.
    pub fn summed(&mut self, now: Nanos, sums: &mut [Summed], names: &mut dyn Names) {
        sums.sort_unstable_by_key(|s| s.at);
        for sum in sums {
            let Some(lane) = self.index(sum.cpu) else {
                continue;
            };
            let place = self.known(sum.thread, names);
            if let Some(task) = self.tasks.at_mut(place) {
                (task.cpu, task.ran) = (sum.cpu, true);
                self.lanes[lane].summed(now, sum, task.serial, &task.who);
            }
        }
        self.forget_old();
    }

    /// These cores were told until `now`, be it that nobody had them.
    pub fn summed_until(&mut self, now: Nanos, cpus: &[CpuId]) {
        for cpu in cpus {
            if let Some(lane) = self.index(*cpu) {
                self.lanes[lane].told_until(now, &self.tasks);
            }
        }
    }
}

impl Growth {
    fn begin_sums(&mut self, at: Nanos, tasks: &Tasks) {
        self.leave(at, Ended::Unseen, tasks);
        self.stretches.open.get_or_insert(at);
    }

    fn end_sums(&mut self, at: Nanos, tasks: &Tasks) {
        self.settle(at, tasks);
        let Some(from) = self.stretches.open.take() else {
            return;
        };
        let past = &mut self.stretches.past;
        past.push(Window { from, to: at });
        if past.len() > MOST {
            // What is not remembered must not be taken for known.
            let merged = past.remove(0).from;
            past[0].from = merged;
        }
    }

    fn summed(&mut self, now: Nanos, sum: &Summed, serial: u32, who: &Arc<Who>) {
        let bin = |at: Nanos| Nanos(at.0 / BINS[1].0 * BINS[1].0);
        // Bins that were told as full stay so: what comes late counts in the one that is open.
        let at = bin(sum.at).min(bin(now)).max(bin(self.last()));
        self.begin(at);
        self.roll(at);
        let add = self.sums[1].of(serial, who);
        add.run.0 += sum.run.0;
        add.slices += sum.slices;
        add.preempted += sum.preempted;
        add.moved += sum.moved;
        add.longest = add.longest.max(sum.longest);
        add.waited.0 += sum.waited.0;
        self.count_summed(sum.run, sum.slices);
    }
}
