//! Counts who wakes the threads of one process, and how long these then wait for a core: programs at `sched_waking` and
//! `sched_switch`, and where interrupts begin and end. Needs `CAP_BPF` and `CAP_PERFMON`, or root, and the kernel's types.
//!
//! Whatever an interrupt wakes is told of the interrupt, never of the thread that it came upon.

mod contexts;
mod each;
mod programs;

use std::collections::BTreeMap;
use std::io;

use contexts::Contexts;
pub use each::{Each, Woken};

use crate::model::id::{Nanos, Pid, Tid};
use crate::model::scheduling::spread::{BUCKETS, Spread};
use crate::model::scheduling::wakes::{Counted, Wake, Waker};
use crate::sys::bpf::map::{Kind, Map, Shared, word};
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::clock;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// Cores that are told apart, and the bytes of each: the interrupt, and what is left of interrupts for later.
const CORES: usize = 4096;
const CONTEXT: usize = 16;
const HARD: i16 = 0;
const SOFT: i16 = 8;

/// Wakers that are no threads, above the number of any process in the low half of a word whose high half is empty.
const FROM_INTERRUPT: u64 = 0x8000_0000;
const FROM_SOFT: u64 = 0x9000_0000;
const FROM_TIMER: u64 = 0xa000_0000;
const FROM_CORE: u64 = 0xb000_0000;
const KINDS: u64 = 0xf000_0000;

/// Bytes of the sums of a pair: how often, how long, the longest, then the spread.
const WAKES: i16 = 0;
const WAITED: i16 = 8;
const LONGEST: i16 = 16;
const SPREAD: i16 = 24;
const SUMS: usize = SPREAD as usize + 8 * BUCKETS;

/// Threads that are woken and have no core yet; pairs of a thread and a waker, of which the oldest are forgotten.
const THREADS: usize = 32_768;
const PAIRS: usize = 2048;

/// Counts until it is dropped; nothing stays behind.
#[derive(Debug)]
pub struct Tracing {
    sums: Map,
    _woken: Map,
    _zeros: Shared,
    _contexts: Contexts,
    _programs: [Running; 2],
}

impl Tracing {
    /// Begins to count who wakes the threads of a process.
    ///
    /// # Errors
    /// Without the right, where the kernel does not tell its types, and in a PID namespace of its own, where the kernel's
    /// numbers are not ours.
    pub fn begin(root: &ProcRoot, pid: Pid) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        let task = contexts::task(root)?;
        let zeros = Shared::new(SUMS.next_multiple_of(4096))?;
        let woken = Map::new(Kind::LruHash, (8, 16), THREADS, 0)?;
        let sums = Map::new(Kind::LruHash, (16, SUMS), PAIRS, 0)?;
        // Where it is first, so that no interrupt is taken for a thread.
        let contexts = Contexts::begin(root)?;
        let maps = programs::Maps {
            contexts: contexts.fd(),
            woken: woken.fd(),
            sums: sums.fd(),
            zeros: zeros.fd(),
        };
        let switch = programs::switch(pid, task, &maps).map_err(io::Error::other)?;
        let at = At::TypedTracepoint(task.switch);
        let switch = program::run("pscope_switch", &switch, at)?;
        let waking = programs::waking(pid, task, &maps).map_err(io::Error::other)?;
        let at = At::TypedTracepoint(task.waking);
        let waking = program::run("pscope_waking", &waking, at)?;
        Ok(Self {
            sums,
            _woken: woken,
            _zeros: zeros,
            _contexts: contexts,
            _programs: [switch, waking],
        })
    }

    /// What was counted until now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self) -> io::Result<Counted> {
        let mut wakes: BTreeMap<(Tid, Waker), Wake> = BTreeMap::new();
        self.sums.all(false, |key, value| {
            let (Some(tid), Some(waker)) = (word(key, 0), word(key, 8)) else {
                return;
            };
            let number = |at: i16| word(value, at as usize).unwrap_or_default();
            let spread = (0..BUCKETS as i16)
                .map(|n| number(SPREAD + 8 * n))
                .collect();
            // A timer may come as an interrupt or later: what is one to the reader is added up.
            let wake = wakes.entry((Tid(tid as u32), waker_of(waker))).or_default();
            wake.wakes += number(WAKES);
            wake.waited.0 += number(WAITED);
            wake.longest = wake.longest.max(Nanos(number(LONGEST)));
            wake.spread.merge(&Spread(spread));
        })?;
        Ok(Counted {
            at: clock::now(),
            wakes,
        })
    }
}

/// What a program noted: the process in the high half and the thread in the low one, or what else it was.
fn waker_of(word: u64) -> Waker {
    let (process, low) = ((word >> 32) as u32, word as u32);
    if process != 0 {
        return Waker::Thread(Pid(process), Tid(low));
    }
    match (word & KINDS, low & 0xffff) {
        (FROM_INTERRUPT, number) => Waker::Interrupt(number),
        // The kinds of `enum` in `include/linux/interrupt.h`: timers 1 and 8, network 2 and 3, disks 4 and 5.
        (FROM_TIMER, _) | (FROM_SOFT, 1 | 8) => Waker::Timer,
        (FROM_SOFT, 2 | 3) => Waker::Network,
        (FROM_SOFT, 4 | 5) => Waker::Disk,
        _ => Waker::Kernel,
    }
}

/// The line of `/proc/interrupts` about one: ` 24:  0  7  PCI-MSIX-0000:00:02.0  1-edge  virtio0-input.0`; the last words are
/// whose it is.
pub fn name_of(interrupts: &str, number: u32) -> Option<&str> {
    let line = interrupts.lines().find_map(|line| {
        let (before, rest) = line.split_once(':')?;
        (before.trim().parse() == Ok(number)).then_some(rest)
    })?;
    let last = line.split_ascii_whitespace().next_back()?;
    (last.parse::<u64>().is_err()).then_some(last)
}

#[cfg(test)]
mod tests;
