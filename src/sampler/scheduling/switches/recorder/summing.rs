//! Sums that stand for the switches, and moments of single switches among them.

use super::{Recorder, Rings};
use crate::model::id::{CpuId, Nanos, Tid};
use crate::model::scheduling::timeline::{Summed, Thread};
use crate::sys::process::changes::Drain as _;
use crate::sys::scheduling::sums::{Read, Sums};

/// Sums that are made in the kernel; in a test nobody makes them.
pub(in super::super) trait Summing: Send {
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
pub(super) const SUMMING: Nanos = Nanos::from_millis(100);
/// And at the most.
const HURRY: Nanos = Nanos::from_millis(5);
/// How full the log of sums is to be when it is read, at the most.
const FULL: f32 = 0.3;

impl Recorder {
    /// Lets the kernel sum from now on; `rings`: those that tell names, births and ends.
    pub(in super::super) fn begin_sums(&mut self, sums: Box<dyn Summing>, rings: Box<dyn Rings>) {
        self.drain();
        self.sums = Some(sums);
        self.sum(rings);
        self.built.builder.begin_sums(self.drained);
    }

    /// Hears single switches from now on.
    pub(in super::super) fn end_sums(&mut self, rings: Box<dyn Rings>) {
        self.drain();
        let Some(sums) = self.sums.take() else { return };
        // Who is on the cores is known in a glimpse.
        let known = std::mem::take(&mut self.built.glimpse);
        let running = if known { Vec::new() } else { sums.running() };
        self.hear(rings);
        let (built, running) = (&mut self.built, running.into_iter());
        built
            .builder
            .end_sums(self.drained, running, &mut built.names);
    }

    /// Hears single switches for a moment, while the kernel goes on summing.
    pub(in super::super) fn begin_glimpse(&mut self, rings: Box<dyn Rings>) {
        self.drain();
        let Some(sums) = &self.sums else { return };
        let running = sums.running().into_iter();
        self.hear(rings);
        let built = &mut self.built;
        built.glimpse = true;
        built
            .builder
            .begin_glimpse(self.drained, running, &mut built.names);
    }

    /// Goes on with the sums; `rings`: those that tell names, births and ends.
    pub(in super::super) fn end_glimpse(&mut self, rings: Box<dyn Rings>) {
        self.drain();
        self.built.glimpse = false;
        self.sum(rings);
        self.built.builder.end_glimpse(self.drained);
    }

    fn sum(&mut self, rings: Box<dyn Rings>) {
        self.rings = rings;
        if let Some(sums) = &mut self.sums {
            // What was summed so far was told by the rings.
            sums.read(self.drained, &mut |_| {});
        }
        self.pace = SUMMING;
        self.built.ended = Some(Vec::new());
    }

    fn hear(&mut self, rings: Box<dyn Rings>) {
        self.rings = rings;
        self.built.since = self.drained;
        self.built.ended = None;
    }

    /// Adds what the kernel summed up.
    pub(super) fn take_sums(&mut self, now: Nanos) {
        let Some(sums) = &mut self.sums else { return };
        let (built, summed) = (&mut self.built, &mut self.summed);
        if built.glimpse {
            sums.read(now, &mut |_| {});
            built.gone.drain(..).for_each(|tid| sums.ended(tid));
            return;
        }
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
}
