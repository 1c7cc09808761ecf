//! Counts the system calls of one process without stopping it: programs at the raw tracepoints `sys_enter` and `sys_exit`, and
//! at `sched_switch` for the time in a call that it had no core. Needs `CAP_BPF` and `CAP_PERFMON`, or root.
//!
//! A call costs the process 0.2 to 0.4 µs more while this is open, and those of every other process 0.1 to 0.2 µs (docs/kernel.md, J).

mod programs;

use std::collections::BTreeMap;
use std::io;

use crate::model::id::{Nanos, Pid};
use crate::model::scheduling::calls::{CallSums, Count, Counted, Number, Words, on_descriptor};
use crate::model::scheduling::spread::{BUCKETS, Spread};
use crate::sys::bpf::btf;
use crate::sys::bpf::map::{Kind, Map, Shared, word};
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::clock;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::system_calls;

/// Numbers of one table; those of 32-bit programs come behind.
const NUMBERS: u32 = 512;
/// Words of one call in the shared memory.
const SLOT: usize = 256;
/// Which word of a call is what: how many returned, how many failed, how long, how long without a core, the longest, whether
/// it is on a descriptor, how many parts found no room; then the spread.
const CALLS: usize = 0;
const ERRORS: usize = 1;
const SPAN: usize = 2;
const AWAY: usize = 3;
const LONGEST: usize = 4;
const ON_FD: usize = 5;
const DROPPED: usize = 6;
const SPREAD: usize = 8;

/// How many threads can be in a call at once, and how many descriptors and errors are told apart.
const THREADS: usize = 32_768;
const PARTS: usize = 16_384;

/// Counts until it is dropped; nothing stays behind.
#[derive(Debug)]
pub struct Tracing {
    counts: Shared,
    started: Map,
    errors: Map,
    descriptors: Map,
    split: bool,
    _programs: Vec<Running>,
}

impl Tracing {
    /// Begins to count the calls of a process.
    ///
    /// # Errors
    /// Without the right, on other machines than x86-64 and arm64, and in a PID namespace of its own, where the kernel's numbers are
    /// not ours.
    pub fn begin(root: &ProcRoot, pid: Pid) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        let tables = 2 * NUMBERS as usize;
        let counts = Shared::new(tables * SLOT * 8)?;
        for at in 0..tables {
            let name = name(number(at as u32));
            counts.set(
                (at * SLOT + ON_FD) * 8,
                u64::from(name.is_some_and(on_descriptor)),
            );
        }
        let started = Map::new(Kind::Hash, (4, 40), THREADS, 0)?;
        let errors = Map::new(Kind::Hash, (8, 16), PARTS, 0)?;
        let descriptors = Map::new(Kind::Hash, (8, 16), PARTS, 0)?;
        let maps = programs::Maps {
            counts: counts.fd(),
            started: started.fd(),
            errors: errors.fd(),
            descriptors: descriptors.fd(),
        };
        let assembled = |code: Result<_, _>| code.map_err(io::Error::other);
        let mut running = Vec::new();
        // The switches first: no call may begin of which a switch is missed.
        let split = switching(root, pid, &maps, &mut running);
        let leave = assembled(programs::leave(pid, &maps))?;
        running.push(program::run(
            "pscope_exit",
            &leave,
            At::RawTracepoint(c"sys_exit"),
        )?);
        let enter = assembled(programs::enter(pid, &maps)?)?;
        running.push(program::run(
            "pscope_enter",
            &enter,
            At::RawTracepoint(c"sys_enter"),
        )?);
        Ok(Self {
            counts,
            started,
            errors,
            descriptors,
            split,
            _programs: running,
        })
    }

    /// What was counted until now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self) -> io::Result<Counted> {
        let mut calls = BTreeMap::new();
        let mut words = [0; SLOT];
        for at in 0..2 * NUMBERS {
            let base = at as usize * SLOT * 8;
            if self.counts.get(base) == 0 {
                continue;
            }
            self.counts.copy(base, &mut words);
            calls.insert(
                number(at),
                Count {
                    calls: words[CALLS],
                    errors: words[ERRORS],
                    span: Nanos(words[SPAN]),
                    away: Nanos(words[AWAY]),
                    longest: Nanos(words[LONGEST]),
                    spread: Spread(words[SPREAD..SPREAD + BUCKETS].to_vec()),
                },
            );
        }
        let (mut inside, mut idle) = (Vec::new(), Vec::new());
        self.started.all(false, |thread, value| {
            match (word(value, 0), word(value, 8)) {
                (Some(0), _) => idle.push(thread.to_vec()),
                (Some(since), Some(at)) => inside.push((number(at as u32), Nanos(since))),
                _ => {}
            }
        })?;
        if idle.len() > THREADS / 2 {
            // Most of so many have ended; whoever has not gets an entry again.
            for thread in &idle {
                // Whoever took it out meanwhile did the same.
                let _ = self.started.remove(thread);
            }
        }
        Ok(Counted {
            at: clock::now(),
            calls,
            errors: parts(&self.errors)?.into_iter().collect(),
            descriptors: parts(&self.descriptors)?
                .into_iter()
                .map(|((number, fd), part)| ((number, fd.cast_signed()), part))
                .collect(),
            inside,
            split: self.split,
        })
    }
}

/// Has time without a core counted, where the kernel tells its types.
fn switching(root: &ProcRoot, pid: Pid, maps: &programs::Maps, running: &mut Vec<Running>) -> bool {
    let Some(btf::Task {
        tid, tgid, switch, ..
    }) = btf::task(root)
    else {
        return false;
    };
    let Ok(code) = programs::switch(pid, maps, tid, tgid) else {
        return false;
    };
    match program::run("pscope_away", &code, At::TypedTracepoint(switch)) {
        Ok(program) => {
            running.push(program);
            true
        }
        Err(_) => false,
    }
}

fn number(at: u32) -> Number {
    Number {
        number: at % NUMBERS,
        narrow: at >= NUMBERS,
    }
}

/// How calls and errors are called on this machine.
pub const WORDS: Words<'static> = Words {
    call: &|call| name(call).map_or_else(|| format!("call {}", call.number), str::to_owned),
    error: &error_words,
};

fn name(call: Number) -> Option<&'static str> {
    system_calls::name(call.number.into(), !call.narrow)
}

/// The name and the words of an error: `EAGAIN`, `Try again`.
fn error_words(errno: u32) -> (String, &'static str) {
    let errno = nix::errno::Errno::from_raw(errno.cast_signed());
    (format!("{errno:?}"), errno.desc())
}

fn parts(map: &Map) -> io::Result<Vec<((Number, u32), CallSums)>> {
    let mut out = Vec::new();
    map.all(false, |key, value| {
        if let (Some(key), Some(calls), Some(span)) = (word(key, 0), word(value, 0), word(value, 8))
        {
            let (low, high) = (key as u32, (key >> 32) as u32);
            let (call, what) = if cfg!(target_endian = "little") {
                (low, high)
            } else {
                (high, low)
            };
            let span = Nanos(span);
            out.push(((number(call), what), CallSums { calls, span }));
        }
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests;
