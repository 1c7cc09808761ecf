//! Turns records into slices and changes.

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
use crate::sys::scheduling::sums::{Read, Sums};

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

/// Sums that are made in the kernel; in a test nobody makes them.
pub(super) trait Summing: Send {
    /// Hands out what was summed up until `now` since the reading before.
    fn read(&mut self, now: Nanos, each: &mut dyn FnMut(Summed)) -> Read;
    /// Who is on each core now.
    fn running(&self) -> Vec<(CpuId, Thread)>;
    /// A thread ended.
    fn ended(&mut self, tid: Tid);
    /// How long a thread has waited for a core since it began.
    fn waited(&self, tid: Tid) -> Option<Nanos>;
}

impl Summing for Sums {
    fn read(&mut self, now: Nanos, each: &mut dyn FnMut(Summed)) -> Read {
        self.read(now, each)
    }
    fn running(&self) -> Vec<(CpuId, Thread)> {
        self.running().collect()
    }
    fn ended(&mut self, tid: Tid) {
        self.ended(tid);
    }
    fn waited(&self, tid: Tid) -> Option<Nanos> {
        self.waited(tid)
    }
}

/// How often sums are read at the least.
const SUMMING: Nanos = Nanos::from_millis(100);
/// And at the most.
const HURRY: Nanos = Nanos::from_millis(5);
/// How full the log of sums is to be when it is read, at the most.
const FULL: f32 = 0.3;

/// The rings, what was built from them, and whom it tells.
pub(super) struct Recorder {
    rings: Box<dyn Rings>,
    /// The sums, where they stand for the switches: then the rings tell only names, births and ends.
    sums: Option<Box<dyn Summing>>,
    /// Sums of one reading, reused.
    summed: Vec<Summed>,
    /// How long the sums may wait to be read.
    pace: Nanos,
    root: ProcRoot,
    built: Built,
    feed: Feed,
    /// Until when the rings are read.
    drained: Nanos,
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
            },
            sums: None,
            summed: Vec::new(),
            pace: SUMMING,
            root: root.clone(),
            rings,
            feed,
            drained: since,
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
        self.sums.is_some().then_some(self.pace)
    }

    /// Lets the kernel sum from now on; `rings`: those that tell names, births and ends.
    pub fn begin_sums(&mut self, mut sums: Box<dyn Summing>, rings: Box<dyn Rings>) {
        self.drain();
        self.rings = rings;
        // What was summed so far was told by the rings.
        sums.read(self.drained, &mut |_| {});
        self.sums = Some(sums);
        self.pace = SUMMING;
        self.built.ended = Some(Vec::new());
        self.built.builder.begin_sums(self.drained);
    }

    /// Hears single switches from now on.
    pub fn end_sums(&mut self, rings: Box<dyn Rings>) {
        self.drain();
        let Some(sums) = self.sums.take() else { return };
        self.rings = rings;
        self.built.since = self.drained;
        self.built.ended = None;
        let running = sums.running().into_iter();
        let names = &mut self.built.names;
        let builder = &mut self.built.builder;
        builder.end_sums(self.drained, running, names);
    }

    /// Adds what the kernel summed up.
    fn take_sums(&mut self, now: Nanos) {
        let Some(sums) = &mut self.sums else { return };
        let (built, summed) = (&mut self.built, &mut self.summed);
        summed.clear();
        let read = sums.read(now, &mut |sum| summed.push(sum));
        for sum in summed.iter() {
            built.changes.ran(sum.thread.pid);
            built.switches += u64::from(sum.slices);
        }
        built.builder.summed(now, summed, &mut built.names);
        let cpus = self.rings.cpus();
        built.builder.summed_until(now, &cpus);
        if read.lost > 0 {
            built.lost += read.lost;
            for cpu in cpus {
                built.builder.lose(cpu, now, read.lost);
            }
        }
        let ratio = f64::from(FULL / read.full.max(FULL));
        let pace = (self.pace.0 as f64 * ratio) as u64;
        let slower = if read.full < FULL / 2.0 { 2 } else { 1 };
        self.pace = Nanos((pace * slower).clamp(HURRY.0, SUMMING.0));
        for (at, thread) in built.ended.iter_mut().flat_map(|e| e.drain(..)) {
            sums.ended(thread.tid);
            built.builder.exit(at, thread);
        }
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
        self.built.builder.publish(self.drained)
    }
}

impl Drain for Recorder {
    fn drain(&mut self) {
        let now = clock::now();
        let built = &mut self.built;
        self.rings
            .drain(now, &mut |cpu, record| built.take(cpu, record));
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
