//! Waits for a core between becoming ready and getting one: since when, who made the thread ready, and behind whom it waited.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Item, Lane, Slice, Timeline, Who};
use crate::model::id::{CpuId, Nanos, Pid, Tid};
use crate::model::scheduling::wakes::Waker;

/// How a thread became ready to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It lost its core while it could still run, or gave it away by `sched_yield`: no one had to wake it.
    Preempted,
    /// Somebody woke it, on this core.
    Woken(Waker, CpuId),
}

/// The time from becoming ready to the slice that followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Since when it could have run.
    pub since: Nanos,
    /// When its slice began.
    pub until: Nanos,
    /// How it became ready.
    pub made: Made,
}

impl Ready {
    /// How long it waited.
    pub fn span(&self) -> Nanos {
        self.until.since(self.since)
    }
}

/// Who had the core while a thread waited for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Who had it longest.
    pub who: Arc<Who>,
    /// How many others had it beside.
    pub others: usize,
}

/// In 24 bytes: when the slice began, how long was waited (48 bits, 78 hours) and whose it is, and who made it ready.
#[derive(Clone, Copy, Debug)]
pub struct PackedReady([u64; 3]);

const SPAN: u32 = 48;
/// Processes and threads have numbers of 22 bits at most (`PID_MAX_LIMIT`), cores of 16; the rest says what it was.
const NUMBER: u32 = 22;
const CORE: u32 = 16;

/// Kinds of makers, in the highest bits; 0 is a thread.
const PREEMPTED: u64 = 1;
const TIMER: u64 = 2;
const NETWORK: u64 = 3;
const DISK: u64 = 4;
const INTERRUPT: u64 = 5;
const KERNEL: u64 = 6;

const fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

fn packed(made: Made) -> u64 {
    let Made::Woken(waker, cpu) = made else {
        return PREEMPTED << (2 * NUMBER + CORE);
    };
    let (kind, pid, tid) = match waker {
        Waker::Thread(pid, tid) => (0, pid.0, tid.0),
        Waker::Timer => (TIMER, 0, 0),
        Waker::Network => (NETWORK, 0, 0),
        Waker::Disk => (DISK, 0, 0),
        Waker::Interrupt(number) => (INTERRUPT, 0, number),
        Waker::Kernel => (KERNEL, 0, 0),
    };
    let numbers = (u64::from(pid) & low(NUMBER)) << NUMBER | (u64::from(tid) & low(NUMBER));
    let cpu = u64::from(cpu.0) & low(CORE);
    kind << (2 * NUMBER + CORE) | cpu << (2 * NUMBER) | numbers
}

fn unpacked(word: u64) -> Made {
    let number = |up: u32| ((word >> up) & low(NUMBER)) as u32;
    let waker = match word >> (2 * NUMBER + CORE) {
        0 => Waker::Thread(Pid(number(NUMBER)), Tid(number(0))),
        PREEMPTED => return Made::Preempted,
        TIMER => Waker::Timer,
        NETWORK => Waker::Network,
        DISK => Waker::Disk,
        INTERRUPT => Waker::Interrupt(number(0)),
        _ => Waker::Kernel,
    };
    let cpu = (word >> (2 * NUMBER)) & low(CORE);
    Made::Woken(waker, CpuId(cpu as u32))
}

/// They stand in the order in which their slices began.
impl Item for Ready {
    type Packed = PackedReady;

    fn pack(self, who: u16) -> PackedReady {
        let span = self.span().0.min(low(SPAN));
        let rest = span | u64::from(who) << SPAN;
        PackedReady([self.until.0, rest, packed(self.made)])
    }

    fn unpack(PackedReady([until, rest, made]): &PackedReady) -> (Self, u16) {
        let ready = Self {
            since: Nanos(until.saturating_sub(rest & low(SPAN))),
            until: Nanos(*until),
            made: unpacked(*made),
        };
        (ready, (rest >> SPAN) as u16)
    }

    fn start(PackedReady([until, ..]): &PackedReady) -> Nanos {
        Nanos(*until)
    }
}

impl Lane {
    /// The wait before a slice of a thread; `None` where it is not known that it waited.
    pub fn ready_before(&self, slice: &Slice, tid: Tid) -> Option<Ready> {
        let mut there = self.ready.from(slice.start);
        let (found, _) = there
            .by_ref()
            .take_while(|(ready, _)| ready.until <= slice.start)
            .find(|(ready, who)| ready.until == slice.start && who.tid == tid)?;
        Some(found)
    }

    /// Who had this core while a thread was ready; `None` where nobody had it, or single slices are not known.
    pub fn behind(&self, ready: &Ready) -> Option<Behind> {
        let mut had: HashMap<Tid, (u64, &Arc<Who>)> = HashMap::new();
        for (slice, who) in self.slices.from(ready.since) {
            if slice.start >= ready.until {
                break;
            }
            let (from, to) = (slice.start.max(ready.since), slice.end.min(ready.until));
            if to > from {
                had.entry(who.tid).or_insert((0, who)).0 += to.since(from).0;
            }
        }
        let others = had.len().checked_sub(1)?;
        let (_, who) = had.into_values().max_by_key(|(run, who)| (*run, who.tid))?;
        Some(Behind {
            who: Arc::clone(who),
            others,
        })
    }
}

impl Timeline {
    /// The thread that woke another one at a moment, as it was called then.
    pub fn waker(&self, tid: Tid, on: CpuId, at: Nanos) -> Option<Arc<Who>> {
        // Whoever wakes somebody as the last thing that it does has just left its core.
        let lane = self.lane(on)?;
        let found = lane.slice_at(at)?;
        (found.who.tid == tid).then(|| Arc::clone(found.who))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn makers() -> impl Strategy<Value = Made> {
        let number = 0..1_u32 << NUMBER;
        let waker = prop_oneof![
            (1..1_u32 << NUMBER, number.clone()).prop_map(|(p, t)| Waker::Thread(Pid(p), Tid(t))),
            number.prop_map(Waker::Interrupt),
            Just(Waker::Timer),
            Just(Waker::Network),
            Just(Waker::Disk),
            Just(Waker::Kernel),
        ];
        let woken = (waker, 0..1_u32 << CORE).prop_map(|(w, cpu)| Made::Woken(w, CpuId(cpu)));
        prop_oneof![Just(Made::Preempted), woken]
    }

    proptest! {
        #[test]
        fn a_wait_comes_back_as_it_was(
            until in 1_u64 << 48..1 << 60,
            span in 0..1_u64 << 48,
            made in makers(),
            who: u16,
        ) {
            let ready = Ready { since: Nanos(until - span), until: Nanos(until), made };
            let packed = ready.pack(who);
            prop_assert_eq!(Ready::unpack(&packed), (ready, who));
            prop_assert_eq!(Ready::start(&packed), ready.until);
        }
    }

    #[test]
    fn every_byte_counts() {
        assert_eq!(size_of::<PackedReady>(), 24);
    }
}
