//! Turns records into slices and changes.

mod summing;
mod waking;

use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;

use crate::model::id::{CpuId, Nanos, Pid, Tid};
use crate::model::scheduling::timeline::{
    Builder, COUNTING, Origin, Summed, Thread, Timeline, Who,
};
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::process::changes::{Collector, Drain, Feed};
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf::names::ProcNames;
use crate::sys::scheduling::perf::record::{Event, Record};
use crate::sys::scheduling::perf::{self, Reader};
use crate::sys::scheduling::run_delay;
use crate::sys::scheduling::wakes::Woken;

use summing::SUMMING;
pub(super) use summing::Summing;
pub(super) use waking::Waking;

/// Rings of records; in a test no kernel fills them.
pub(super) trait Rings: Send {
    /// The cores whose rings are open.
    fn cpus(&self) -> Vec<CpuId>;
    /// What to wait on; nothing where nothing more will come.
    fn fds(&self) -> Vec<RawFd>;
    /// Takes in which of them hung up: they are not waited on any more.
    fn hung_up(&mut self, fds: &[RawFd]);
    /// Closes the rings that record nothing any more, and tells their cores.
    fn close_dead(&mut self) -> Vec<CpuId>;
    /// Closes the rings of cores that are not among these, and opens those that are missing.
    fn refit(&mut self, cpus: &[CpuId]) -> io::Result<()>;
    /// Hands out every record until `now` in the order of time.
    fn drain(&mut self, now: Nanos, each: &mut dyn FnMut(CpuId, Record));
}

impl Rings for Reader {
    fn cpus(&self) -> Vec<CpuId> {
        self.cpus().collect()
    }
    fn fds(&self) -> Vec<RawFd> {
        self.fds()
    }
    fn hung_up(&mut self, fds: &[RawFd]) {
        self.hung_up(fds);
    }
    fn close_dead(&mut self) -> Vec<CpuId> {
        self.close_dead()
    }
    fn refit(&mut self, cpus: &[CpuId]) -> io::Result<()> {
        self.refit(cpus)
    }
    fn drain(&mut self, now: Nanos, each: &mut dyn FnMut(CpuId, Record)) {
        self.drain(now, each);
    }
}

/// The rings, what was built from them, and whom it tells.
pub(super) struct Recorder {
    rings: Box<dyn Rings>,
    /// The sums, where they stand for the switches: then the rings tell only names, births and ends.
    sums: Option<Box<dyn Summing>>,
    /// Wake-ups, while somebody asks for them.
    wakes: Option<Box<dyn Waking>>,
    /// Sums of one reading, reused.
    summed: Vec<Summed>,
    /// How long the sums may wait to be read.
    pace: Nanos,
    root: ProcRoot,
    built: Built,
    feed: Feed,
    /// Until when the rings are read.
    drained: Nanos,
    /// Until when views were told.
    published: Nanos,
    /// When the kernel's counters were read last.
    counted: Option<Nanos>,
    /// The only process that is listened to.
    only: Option<Pid>,
}

/// What records are turned into.
struct Built {
    builder: Builder,
    names: ProcNames,
    changes: Collector,
    /// Switches that were told, one by one or in sums.
    switches: u64,
    /// Records or slices that were lost.
    lost: u64,
    /// Switches before this moment are in the sums.
    since: Nanos,
    /// Threads that ended, of which sums may still tell; with when.
    ended: Option<Vec<(Nanos, Thread)>>,
    /// Whether single switches are heard for a moment while the kernel goes on summing.
    glimpse: bool,
    /// Who ended in that moment.
    gone: Vec<Tid>,
    /// Wake-ups that have not been taken in, the earliest first.
    woken: VecDeque<Woken>,
}

impl Recorder {
    pub fn new(
        root: &ProcRoot,
        rings: Box<dyn Rings>,
        origin: Origin,
        feed: Feed,
        since: Nanos,
    ) -> Self {
        Self {
            built: Built {
                builder: Builder::new(origin, rings.cpus(), since),
                names: ProcNames::new(root, feed.clone()),
                changes: Collector::default(),
                switches: 0,
                lost: 0,
                since: Nanos(0),
                ended: None,
                glimpse: false,
                gone: Vec::new(),
                woken: VecDeque::new(),
            },
            sums: None,
            wakes: None,
            summed: Vec::new(),
            pace: SUMMING,
            root: root.clone(),
            rings,
            feed,
            drained: since,
            published: since,
            counted: None,
            only: None,
        }
    }

    /// The same where the rings are those of one process.
    #[must_use]
    pub fn only(mut self, of: Pid) -> Self {
        self.only = Some(of);
        self
    }

    /// The cores whose rings are read.
    pub fn cpus(&self) -> Vec<CpuId> {
        self.rings.cpus()
    }

    /// What to wait on; nothing where nothing more will come.
    pub fn fds(&self) -> Vec<RawFd> {
        self.rings.fds()
    }

    /// Takes in which of them hung up.
    pub fn hung_up(&mut self, fds: &[RawFd]) {
        self.rings.hung_up(fds);
    }

    /// Whether nothing more will come: everybody who was listened to has ended.
    pub fn is_over(&self) -> bool {
        self.only.is_some() && self.rings.fds().is_empty()
    }

    /// Whether the kernel sums the switches up.
    pub fn is_summed(&self) -> bool {
        self.sums.is_some()
    }

    /// How many switches there have been, and how many were lost.
    pub fn load(&self) -> (u64, u64) {
        (self.built.switches, self.built.lost)
    }

    /// How long reading may wait.
    pub fn pace(&self) -> Option<Nanos> {
        (self.sums.is_some() && !self.built.glimpse).then_some(self.pace)
    }

    /// Closes the rings for good, when they have told the last of it.
    pub fn close(&mut self) {
        if !self.rings.cpus().is_empty() {
            self.drain();
            // Without cores nothing is opened, so that nothing can be refused.
            let _ = self.rings.refit(&[]);
        }
    }

    /// Notices cores that were offline since this was called last, however soon they came back.
    pub fn close_dead(&mut self) {
        self.drain();
        for cpu in self.rings.close_dead() {
            self.built.builder.offline(cpu, self.drained);
            self.built.changes.lost();
        }
    }

    /// Goes on with other cores: the lanes of those that went are gaps from now on.
    ///
    /// # Errors
    /// When a ring cannot be opened, as after the right to do so was taken away.
    pub fn refit(&mut self, cpus: &[CpuId]) -> io::Result<()> {
        self.drain();
        let before = self.rings.cpus();
        self.rings.refit(cpus)?;
        for cpu in before.iter().filter(|c| !cpus.contains(c)) {
            self.built.builder.offline(*cpu, self.drained);
        }
        for cpu in cpus.iter().filter(|c| !before.contains(c)) {
            self.built.builder.online(*cpu, self.drained);
        }
        self.built.changes.lost();
        Ok(())
    }

    /// The machine slept: the kernel may have dropped the rings of cores that it put to sleep.
    ///
    /// # Errors
    /// As [`Recorder::refit`].
    pub fn suspended(&mut self, span: Nanos) -> io::Result<()> {
        self.drain();
        let cpus = self.rings.cpus();
        self.rings.refit(&[])?;
        self.rings.refit(&cpus)?;
        self.built.builder.suspended(self.drained, span);
        self.built.changes.lost();
        Ok(())
    }

    /// Reads what the kernel counts beside the switches, where that is due, or for the last time.
    pub fn count(&mut self, last: bool) {
        let now = self.drained;
        if !last && self.counted.is_some_and(|at| now.since(at) < COUNTING) {
            return;
        }
        let first = self.counted.replace(now).is_none();
        let root = &self.root;
        let sums = &self.sums;
        let mut waited = |who: &Who| {
            let summed = sums.as_ref().and_then(|s| s.waited(who.tid));
            summed.or_else(|| run_delay::read(root, who.id.pid, who.tid))
        };
        let builder = &mut self.built.builder;
        if first {
            let waits = match self.only {
                Some(pid) => run_delay::of_process(root, pid, &perf::threads(root, pid)),
                None => run_delay::of_all(root),
            };
            builder.begin_count(now, cores::now(root), waits);
        } else {
            builder.count(now, cores::now(root), &mut waited);
        }
    }

    /// A view of everything that was drained.
    pub fn publish(&mut self) -> Timeline {
        self.published = self.drained;
        self.built.builder.publish(self.drained)
    }

    /// Whether slices that are in no view yet are soon forgotten.
    pub fn is_crowded(&self) -> bool {
        self.built.builder.is_crowded(self.published)
    }
}

impl Drain for Recorder {
    fn drain(&mut self) {
        let now = clock::now();
        self.hear_of_wakes();
        let built = &mut self.built;
        self.rings
            .drain(now, &mut |cpu, record| built.take(cpu, record));
        built.wake_until(now);
        self.drained = now;
        self.take_sums(now);
        let built = &mut self.built;
        for pid in built.builder.on_cores() {
            built.changes.ran(pid);
        }
        built.changes.hand_over(&self.feed);
    }
}

impl Built {
    fn take(&mut self, cpu: CpuId, record: Record) {
        self.wake_until(record.at);
        let (at, builder) = (record.at, &mut self.builder);
        match record.event {
            Event::Switch { .. } if at < self.since => {}
            Event::Switch {
                prev,
                next,
                runnable,
            } => {
                self.switches += u64::from(runnable.is_some());
                self.changes.ran(prev.pid);
                self.changes.ran(next.pid);
                builder.switch(cpu, at, (prev, next), runnable, &mut self.names);
            }
            Event::Came(thread) => builder.come(cpu, at, thread, &mut self.names),
            Event::Left { thread, runnable } => {
                builder.leave(cpu, at, thread, Some(runnable), &mut self.names);
            }
            Event::Named { thread, name, exec } => {
                self.changes.renamed(thread.pid, thread.tid, exec);
                builder.rename(thread, name, &mut self.names);
            }
            Event::Forked { child, parent } => {
                self.changes.forked(child.pid, child.tid);
                let born = child.pid.0 == child.tid.0;
                let id = born.then(|| self.names.began(child.pid, at));
                builder.fork(at, child, parent, id, &mut self.names);
            }
            Event::Exited(thread) => {
                self.changes.exited(thread.pid, thread.tid);
                if thread.pid.0 == thread.tid.0 {
                    self.names.ended(thread.pid);
                }
                match &mut self.ended {
                    Some(ended) => ended.push((at, thread)),
                    None => builder.exit(at, thread),
                }
                if self.glimpse {
                    self.gone.push(thread.tid);
                }
            }
            Event::Lost(count) => {
                self.lost += count;
                self.changes.lost();
                self.names.forget();
                builder.lose(cpu, at, count);
            }
        }
    }
}
