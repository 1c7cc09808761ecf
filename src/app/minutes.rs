//! The last minutes of the machine: how much of everything, a second each, in a ring of bounded size. It is told what was read
//! anyway; what nobody read is not known.

use std::collections::VecDeque;

use crate::model::id::Nanos;
use crate::model::machine::core_share::CoreShare;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Snapshot;
use crate::recording::past::Moment;

/// How many seconds are kept: a quarter of an hour, 90 KiB.
pub const KEPT: usize = 900;

/// Ticks that are nearer to each other than this are told as one.
const NEAR: Nanos = Nanos(750_000_000);

/// What is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Share of all cores: programs, percent.
    User,
    /// The kernel on their behalf.
    System,
    /// Interrupts, soft ones included.
    Interrupts,
    /// Taken by the hypervisor.
    Steal,
    /// Idle while a task waited for I/O.
    Iowait,
    /// Busy in all; where it is not known with what, that alone.
    Busy,
    /// Memory in use, bytes.
    Used,
    /// Memory as cache, bytes.
    Cached,
    /// Swap in use, bytes.
    Swapped,
    /// Share of the last 10 s in which some task waited for a core, percent.
    CpuPressure,
    /// For memory.
    MemoryPressure,
    /// For I/O.
    IoPressure,
    /// Context switches a second.
    Switches,
    /// Bytes a second read from disks.
    Read,
    /// Written to them.
    Written,
    /// Bytes a second received, loopback left out.
    Received,
    /// Sent.
    Sent,
}

/// How many there are.
const COUNT: usize = Quantity::Sent as usize + 1;

/// What a second was like.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    /// The tick that ended it, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// How long it was.
    pub span: Nanos,
    ticks: u16,
    /// By [`Quantity`]; what is not known is not a number.
    values: [f32; COUNT],
    /// Why what is not known is not, by [`Quantity`].
    missing: [Missing; COUNT],
}

impl Second {
    fn new(at: Nanos, span: Nanos) -> Self {
        Self {
            at,
            span,
            ticks: 1,
            values: [f32::NAN; COUNT],
            missing: [Missing::Soon; COUNT],
        }
    }

    /// How much of this; `None` where it is not known.
    pub fn get(&self, of: Quantity) -> Option<f64> {
        let value = self.values[of as usize];
        (!value.is_nan()).then(|| f64::from(value))
    }

    /// Why there is none, where there is none.
    pub fn why(&self, of: Quantity) -> Missing {
        self.missing[of as usize]
    }

    fn set(&mut self, of: Quantity, value: Reading<f64>) {
        match value {
            Ok(value) => self.values[of as usize] = value as f32,
            Err(why) => self.missing[of as usize] = why,
        }
    }

    fn of(snapshot: &Snapshot) -> Self {
        use Quantity as Q;
        let system = &snapshot.system;
        let span = snapshot.span.unwrap_or(Nanos(0));
        let mut second = Self::new(snapshot.at, span);
        let mut sum = CoreShare::default();
        let known: Vec<CoreShare> = system.cores.iter().filter_map(|c| c.share.ok()).collect();
        for share in &known {
            sum.add(share, 1.0 / known.len() as f32);
        }
        let shares = [
            (Q::User, sum.user),
            (Q::System, sum.system),
            (Q::Interrupts, sum.interrupts()),
            (Q::Steal, sum.steal),
            (Q::Iowait, sum.iowait),
            (Q::Busy, sum.busy()),
        ];
        let first = system.cores.first().map(|core| core.share);
        let why = first.and_then(Result::err).unwrap_or(snapshot.unread);
        for (of, share) in shares {
            let share = Some(f64::from(share)).filter(|_| !known.is_empty());
            second.set(of, share.ok_or(why));
        }
        let memory = system.memory.as_ref().map_err(|why| *why);
        // The number that is told of it everywhere; the chart ends where all of memory does.
        let cached = memory.map(|m| m.cached().0 as f64);
        second.set(Q::Used, memory.map(|m| m.used().0 as f64));
        second.set(Q::Cached, cached);
        second.set(Q::Swapped, memory.map(|m| m.swap_used().0 as f64));
        let pressures = [Q::CpuPressure, Q::MemoryPressure, Q::IoPressure];
        for (of, pressure) in pressures.into_iter().zip(&system.pressure) {
            second.set(of, pressure.map(|p| f64::from(p.some_10)));
        }
        second.set(Q::Switches, system.switches);
        let flows = [
            (Q::Read, Q::Written, system.disk_flow),
            (Q::Received, Q::Sent, system.network_flow),
        ];
        for (inward, outward, flow) in flows {
            second.set(inward, flow.map(|[inward, _]| inward));
            second.set(outward, flow.map(|[_, outward]| outward));
        }
        second
    }

    /// What little is told of a moment that was passed over.
    fn recalled(moment: &Moment, span: Nanos, memory: f64) -> Self {
        let mut second = Self::new(moment.at, span);
        let share = |of: Option<u16>| of.map(|n| f64::from(n) / 10.0).ok_or(Missing::Unsupported);
        second.set(Quantity::Busy, share(moment.summary.cpu));
        let used = share(moment.summary.memory).map(|percent| percent / 100.0 * memory);
        second.set(Quantity::Used, used);
        second
    }

    /// Takes another tick in: the mean of both.
    fn merge(&mut self, other: &Self) {
        let n = f32::from(self.ticks);
        for (value, more) in self.values.iter_mut().zip(other.values) {
            if value.is_nan() {
                *value = more;
            } else if !more.is_nan() {
                *value = (*value * n + more) / (n + 1.0);
            }
        }
        self.missing = other.missing;
        self.ticks = self.ticks.saturating_add(1);
        self.span = Nanos(self.span.0 + other.at.since(self.at).0);
        self.at = other.at;
    }
}

/// The last minutes.
#[derive(Clone, Debug, Default)]
pub struct Minutes {
    seconds: VecDeque<Second>,
    version: u64,
}

impl Minutes {
    /// Takes in a tick; one that is not newer than the last is left out.
    pub fn hear(&mut self, snapshot: &Snapshot) {
        let mut second = Second::of(snapshot);
        if let (Some(last), 0) = (self.seconds.back(), second.span.0) {
            second.span = second.at.since(last.at);
        }
        match self.seconds.back_mut() {
            Some(last) if second.at <= last.at => return,
            Some(last) if last.span.0 + second.at.since(last.at).0 <= NEAR.0 => {
                last.merge(&second);
            }
            _ => self.seconds.push_back(second),
        }
        if self.seconds.len() > KEPT {
            self.seconds.pop_front();
        }
        self.version += 1;
    }

    /// Makes them those of moments that are not looked at any more, as far as a glance at each tells; `now` tells how much
    /// memory there is.
    pub fn recall(&mut self, moments: &[Moment], now: &Snapshot) {
        let memory = now.system.memory.map_or(0.0, |m| m.total.0 as f64);
        *self = Self::default();
        let from = moments.len().saturating_sub(KEPT);
        let mut before = None;
        for moment in &moments[from..] {
            let span = before.map_or(Nanos(0), |before| moment.at.since(before));
            before = Some(moment.at);
            let second = Second::recalled(moment, span, memory);
            self.seconds.push_back(second);
        }
        self.version += 1;
    }

    /// The seconds up to a moment, oldest first.
    pub fn until(&self, at: Nanos) -> impl DoubleEndedIterator<Item = &Second> + Clone {
        let end = self.seconds.partition_point(|second| second.at <= at);
        self.seconds.range(..end)
    }

    /// Changes whenever anything was taken in.
    pub fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Bytes;
    use crate::model::sample::Memory;
    use crate::model::scene::Scene;

    #[test]
    fn a_quarter_of_an_hour_is_kept_and_no_more() {
        let mut scene = Scene::new();
        scene.sample.system.memory = Ok(Memory {
            total: Bytes(1000),
            available: Bytes(400),
            ..Memory::default()
        });
        let mut minutes = Minutes::default();
        for _ in 0..KEPT + 10 {
            minutes.hear(&scene.pass(1000, &[]));
        }
        let now = scene.snapshot().at;
        assert_eq!(minutes.until(now).count(), KEPT);
        let last = minutes.until(now).next_back().expect("a second");
        assert_eq!(last.get(Quantity::Used), Some(600.0));
        assert_eq!(last.get(Quantity::Read), None, "nobody told it");
        let then = Nanos(now.0 - 5_000_000_000);
        assert_eq!(minutes.until(then).count(), KEPT - 5, "back in time");
        let version = minutes.version();
        minutes.hear(&scene.snapshot());
        assert_eq!(minutes.version(), version, "the same tick again");
    }

    #[test]
    fn quick_ticks_are_told_by_the_second() {
        let mut scene = Scene::new();
        let mut minutes = Minutes::default();
        for _ in 0..100 {
            minutes.hear(&scene.pass(100, &[]));
        }
        let count = minutes.until(scene.snapshot().at).count();
        assert!((10..=20).contains(&count), "{count}");
        let mut slow = Minutes::default();
        for _ in 0..5 {
            slow.hear(&scene.pass(5000, &[]));
        }
        let spans: Vec<u64> = slow.until(scene.snapshot().at).map(|s| s.span.0).collect();
        let last = spans.last().copied();
        assert_eq!(last, Some(5_000_000_000), "{spans:?}");
    }
}
