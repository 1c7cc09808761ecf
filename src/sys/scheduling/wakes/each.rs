//! Every wake-up of the machine, one by one: a program writes them down, each core into memory of its own, over the oldest.
//!
//! Whoever reads too seldom loses the oldest ones, and is told how many; nobody ever waits for the reader.

use std::io;

use super::contexts::{self, Contexts};
use super::{programs, waker_of};
use crate::model::id::{CpuId, Nanos, Pid, Tid};
use crate::model::scheduling::timeline::Thread;
use crate::model::scheduling::wakes::Waker;
use crate::sys::bpf::map::Shared;
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// Bytes before the entries of a core: how many were written.
pub(super) const HEADER: i16 = 64;
/// Bytes of an entry, and what stands in it: when, by whom, whom (the thread, then its process), and its number from 1 on,
/// which is written last.
pub(super) const ENTRY: usize = 32;
pub(super) const WHEN: i16 = 0;
pub(super) const BY: i16 = 8;
pub(super) const WHOM: i16 = 16;
pub(super) const NUMBER: i16 = 24;

/// How much room each core has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Both are powers of two.
    pub cores: usize,
    /// Entries of a core.
    pub entries: usize,
}

impl Log {
    /// So that the memory of all cores together stays below 5 MiB up to a thousand of them.
    fn of(cores: usize) -> Self {
        let entries = match cores {
            0..=16 => 4096,
            17..=64 => 2048,
            65..=256 => 512,
            _ => 128,
        };
        Self {
            cores: cores.next_power_of_two(),
            entries,
        }
    }

    /// Bytes of a core.
    pub fn bytes(self) -> usize {
        HEADER as usize + self.entries * ENTRY
    }
}

/// A wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// Whom.
    pub thread: Thread,
    /// Who did it.
    pub by: Waker,
    /// On which core that was.
    pub on: CpuId,
}

/// Tells wake-ups until it is dropped; nothing stays behind.
#[derive(Debug)]
pub struct Each {
    log: Log,
    memory: Shared,
    /// How many of each core were read.
    read: Vec<u64>,
    _contexts: Contexts,
    _program: Running,
}

impl Each {
    /// Begins; `cores`: how many this machine can ever have.
    ///
    /// # Errors
    /// Without the right, where the kernel does not tell its types, and in a PID namespace of its own, where the kernel's
    /// numbers are not ours.
    pub fn begin(root: &ProcRoot, cores: usize) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        let task = contexts::task(root)?;
        let log = Log::of(cores);
        let memory = Shared::new((log.cores * log.bytes()).next_multiple_of(4096))?;
        let contexts = Contexts::begin(root)?;
        let code = programs::each(task, contexts.fd(), (memory.fd(), log));
        let code = code.map_err(io::Error::other)?;
        let at = At::TypedTracepoint(task.waking);
        Ok(Self {
            log,
            read: vec![0; log.cores],
            memory,
            _program: program::run("pscope_woken", &code, at)?,
            _contexts: contexts,
        })
    }

    /// Hands out what was written since the reading before, those of each core in their order; says how many were lost.
    pub fn read(&mut self, mut each: impl FnMut(Woken)) -> u64 {
        let (log, mut lost) = (self.log, 0);
        let most = log.entries as u64;
        for (cpu, read) in self.read.iter_mut().enumerate() {
            let base = cpu * log.bytes();
            let written = self.memory.get(base);
            let first = (*read).max(written.saturating_sub(most));
            lost += first - *read;
            for number in first..written {
                let slot = (number & (most - 1)) as usize * ENTRY;
                let mut entry = [0; ENTRY / 8];
                self.memory.copy(base + HEADER as usize + slot, &mut entry);
                // Another one may be written over it meanwhile.
                let over = self.memory.get(base) >= number + most;
                match woken(entry, CpuId(cpu as u32)) {
                    (woken, whole) if whole == number + 1 && !over => each(woken),
                    _ => lost += 1,
                }
            }
            *read = written;
        }
        lost
    }
}

fn woken([at, by, whom, number]: [u64; 4], on: CpuId) -> (Woken, u64) {
    let woken = Woken {
        at: Nanos(at),
        thread: Thread {
            pid: Pid((whom >> 32) as u32),
            tid: Tid(whom as u32),
        },
        by: waker_of(by),
        on,
    };
    (woken, number)
}
