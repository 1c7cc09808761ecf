//! Counts the system calls of one process without stopping it: programs at the raw tracepoints `sys_enter` and `sys_exit`, and
//! at `sched_switch` for the time in a call that it had no core. Needs `CAP_BPF` and `CAP_PERFMON`, or root.
//!
//! A call costs the process 0.2 to 0.3 µs more while this is open, and those of every other process 0.1 to 0.2 µs (docs/kernel.md, J).

mod begun;
mod paths;
mod programs;

pub use begun::found;

use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;

use crate::model::id::{Nanos, Pid};
use crate::model::scheduling::calls::{
    CallSums, Count, Counted, Inside, Number, Words, on_descriptor, path_argument,
};
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
/// Which word of a call is what: how many failed, how long, how long without a core, the longest, what it is on, how many parts found no room, how long those took that had begun before; then the spread, which tells how many returned.
const ERRORS: usize = 1;
const SPAN: usize = 2;
const AWAY: usize = 3;
const LONGEST: usize = 4;
const ON: usize = 5;
const DROPPED: usize = 6;
const EARLIER: usize = 7;
const SPREAD: usize = 8;
/// What a call is on: nothing that is told, the descriptor that is its first argument, the path that is its first or its second.
const ON_FD: u64 = 1;
const ON_PATH: u64 = 2;
const ON_SECOND: u64 = 3;
/// Behind the spread: the longest of those that had begun before.
const LONGEST_EARLIER: usize = SPREAD + BUCKETS;

/// How many threads can be in a call at once, and how many descriptors and errors are told apart.
const THREADS: usize = 32_768;
const PARTS: usize = 16_384;
/// How many paths are told apart, and how many bytes of each, with its end.
const PATHS: usize = 4096;
const PATH: usize = 120;
/// How many threads have a place by the end of their number, a power of two, and how many bytes it has.
const PLACES: usize = 8192;
const PLACE: usize = 64;
/// How many of the first descriptors have a place, and how many bytes it has.
const FDS: u32 = 64;
const FD: usize = 16;
/// Which word of a place tells whose it is.
const OWNER: usize = 5;
/// What stands beside the number of a call that had begun before counting did.
const BEGUN_BEFORE: u64 = 1 << 16;
/// Who was that long in a call does not leave it while sums are read, or they are read again, so many times.
const STAYS: Nanos = Nanos::from_millis(1);
const TRIES: usize = 4;

/// Counts until it is dropped; nothing stays behind.
#[derive(Debug)]
pub struct Tracing {
    root: ProcRoot,
    pid: Pid,
    counts: Shared,
    threads: Shared,
    started: Map,
    errors: Map,
    first_descriptors: Shared,
    descriptors: Map,
    paths: Map,
    split: bool,
    begun: begun::Begun,
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
            counts.set((at * SLOT + ON) * 8, on(number(at as u32)));
        }
        let threads = Shared::new(PLACES * PLACE)?;
        let first_descriptors = Shared::new(tables * FDS as usize * FD)?;
        let started = Map::new(Kind::Hash, (4, 40), THREADS, 0)?;
        let errors = Map::new(Kind::Hash, (8, 16), PARTS, 0)?;
        let descriptors = Map::new(Kind::Hash, (8, 16), PARTS, 0)?;
        let paths = Map::new(Kind::Hash, (8 + PATH, 16), PATHS, 0)?;
        let maps = programs::Maps {
            counts: counts.fd(),
            threads: threads.fd(),
            started: started.fd(),
            errors: errors.fd(),
            first_descriptors: first_descriptors.fd(),
            descriptors: descriptors.fd(),
            paths: paths.fd(),
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
        running.push(entering(root, pid, &maps)?);
        let begun = begun::begin(root, pid, &started, &threads);
        Ok(Self {
            root: root.clone(),
            pid,
            counts,
            threads,
            started,
            errors,
            first_descriptors,
            descriptors,
            paths,
            split,
            begun,
            _programs: running,
        })
    }

    /// What was counted until now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self) -> io::Result<Counted> {
        let mut left = TRIES;
        loop {
            let before = self.inside()?;
            let calls = self.sums();
            let descriptors = self.all_descriptors(&calls)?;
            let inside = self.inside()?;
            let at = clock::now();
            left -= 1;
            // The time of one that returned meanwhile may be in the sums or not. That matters only where it is long.
            let long = |i: &&Inside| at.since(i.since) > STAYS;
            let stayed = |was: &Inside| {
                let mut now = inside.iter();
                now.any(|i| (i.number, i.since) == (was.number, was.since))
            };
            if left > 0 && !before.iter().filter(long).all(stayed) {
                continue;
            }
            return Ok(Counted {
                at,
                calls,
                errors: parts(&self.errors)?.into_iter().collect(),
                descriptors,
                paths: paths::read(&self.paths)?,
                inside,
                split: self.split,
                lost: 0,
            });
        }
    }

    /// The sums of each call.
    fn sums(&self) -> BTreeMap<Number, Count> {
        let mut calls = BTreeMap::new();
        let mut words = [0; SLOT];
        for at in 0..2 * NUMBERS {
            let base = at as usize * SLOT * 8;
            if self.counts.get(base + SPAN * 8) == 0 && self.counts.get(base + EARLIER * 8) == 0 {
                continue;
            }
            self.counts.copy(base, &mut words);
            let spread = Spread(words[SPREAD..SPREAD + BUCKETS].to_vec());
            calls.insert(
                number(at),
                Count {
                    calls: spread.0.iter().sum(),
                    errors: words[ERRORS],
                    span: Nanos(words[SPAN]),
                    earlier: Nanos(words[EARLIER]),
                    away: Nanos(words[AWAY]),
                    longest: Nanos(words[LONGEST]),
                    longest_earlier: Nanos(words[LONGEST_EARLIER]),
                    spread,
                    untimed: 0,
                },
            );
        }
        calls
    }

    /// What they did on each descriptor.
    fn all_descriptors(
        &self,
        calls: &BTreeMap<Number, Count>,
    ) -> io::Result<BTreeMap<(Number, i32), CallSums>> {
        let far = parts(&self.descriptors)?.into_iter();
        let mut out: BTreeMap<_, _> = far
            .map(|((number, fd), part)| ((number, fd.cast_signed()), part))
            .collect();
        for at in (0..2 * NUMBERS).filter(|at| calls.contains_key(&number(*at))) {
            out.extend(self.first_descriptors(at));
        }
        Ok(out)
    }

    /// Who is in a call.
    fn inside(&self) -> io::Result<Vec<Inside>> {
        let mut inside = self.in_their_places();
        let mut idle = Vec::new();
        self.started.all(false, |thread, value| {
            let mut words = [0; OWNER];
            for (n, to) in words.iter_mut().enumerate() {
                *to = word(value, n * 8).unwrap_or(0);
            }
            match self.who(&words) {
                None => idle.push(thread.to_vec()),
                Some(_) if self.begun.is_over(thread, words[0]) => {}
                // It began another call since, which is known at its place.
                Some(_) if begun::has_a_place(thread, &self.threads) => {}
                Some(who) => inside.push(who),
            }
        })?;
        if idle.len() > THREADS / 2 {
            // Most of so many have ended; whoever has not gets an entry again.
            for thread in &idle {
                // Whoever took it out meanwhile did the same.
                let _ = self.started.remove(thread);
            }
        }
        Ok(inside)
    }

    /// Who is in a call, of what is known of a thread.
    fn who(&self, words: &[u64]) -> Option<Inside> {
        let &[since, call, first, lost, left, ..] = words else {
            return None;
        };
        let at = call as u32 % (2 * NUMBERS);
        let on_fd = self.counts.get((at as usize * SLOT + ON) * 8) == ON_FD;
        // It had none since it left its last one.
        let now = clock::now();
        let left = if left == 0 { now } else { Nanos(left) };
        (since != 0).then(|| Inside {
            number: number(at),
            since: Nanos(since),
            earlier: call & BEGUN_BEFORE != 0,
            away: Nanos(lost + now.since(left).0),
            descriptor: on_fd.then_some(first as i32),
        })
    }

    /// What a call did on the first descriptors.
    fn first_descriptors(&self, at: u32) -> Vec<((Number, i32), CallSums)> {
        let mut words = [0; FDS as usize * FD / 8];
        let base = at as usize * FDS as usize * FD;
        self.first_descriptors.copy(base, &mut words);
        let (all, _) = words.as_chunks::<2>();
        let used = (0..).zip(all).filter(|(_, [_, span])| *span > 0);
        used.map(|(fd, [calls, span])| {
            let (calls, span) = (*calls, Nanos(*span));
            ((number(at), fd), CallSums { calls, span })
        })
        .collect()
    }

    /// The calls in which those are who have a place; whoever has ended makes room when there is not much left.
    fn in_their_places(&self) -> Vec<Inside> {
        let (mut inside, mut idle) = (Vec::new(), Vec::new());
        let mut words = [0; PLACE / 8];
        for place in 0..PLACES {
            self.threads.copy(place * PLACE, &mut words);
            let owner = words[OWNER];
            match self.who(&words) {
                Some(who) => inside.push(who),
                None if owner != 0 => idle.push((place, owner)),
                None => {}
            }
        }
        if idle.len() > PLACES / 2 {
            for (place, tid) in idle {
                let name = self.root.read(format!("{}/task/{tid}/comm", self.pid));
                if name.is_err() {
                    self.threads.set(place * PLACE + OWNER * 8, 0);
                }
            }
        }
        inside
    }
}

/// Runs the program at the begin of a call, where the kernel lets it read the registers itself, if it does.
fn entering(root: &ProcRoot, pid: Pid, maps: &programs::Maps) -> Result<Running, Refused> {
    let run = |typed, at| {
        let code = programs::enter(pid, maps, typed)?.map_err(io::Error::other)?;
        program::run("pscope_enter", &code, at)
    };
    let typed = btf::task(root).and_then(|types| types.enter);
    let typed = typed.and_then(|at| run(true, At::TypedTracepoint(at)).ok());
    typed.map_or_else(|| run(false, At::RawTracepoint(c"sys_enter")), Ok)
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
    call: &|call| match (name(call), call.known()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => format!("call {number}"),
        (None, None) => "unknown calls".to_owned(),
    },
    error: &error_words,
};

/// What a call is on, as the programs know it.
fn on(call: Number) -> u64 {
    match name(call).map(|name| (on_descriptor(name), path_argument(name))) {
        Some((true, _)) => ON_FD,
        Some((false, Some(0))) => ON_PATH,
        Some((false, Some(_))) => ON_SECOND,
        _ => 0,
    }
}

/// Whether the first argument of a call is a descriptor.
pub fn is_on_descriptor(call: Number) -> bool {
    name(call).is_some_and(on_descriptor)
}

/// Whether a call ends its thread, and is never left.
pub fn ends_thread(call: Number) -> bool {
    matches!(name(call), Some("exit" | "exit_group"))
}

fn name(call: Number) -> Option<&'static str> {
    system_calls::name(call.number.into(), !call.narrow)
}

/// How the C library describes each error.
static DESCRIBED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let described = |number| {
        let told = io::Error::from_raw_os_error(number).to_string();
        let number = format!(" (os error {number})");
        told.strip_suffix(&number).unwrap_or(&told).to_owned()
    };
    (0..KNOWN_ERRORS).map(described).collect()
});

/// More than Linux has.
const KNOWN_ERRORS: i32 = 200;

/// The name and the words of an error: `EAGAIN`, `Resource temporarily unavailable`.
fn error_words(errno: u32) -> (String, &'static str) {
    match nix::errno::Errno::from_raw(errno.cast_signed()) {
        nix::errno::Errno::UnknownErrno => (format!("errno {errno}"), ""),
        known => (
            format!("{known:?}"),
            DESCRIBED.get(errno as usize).map_or("", String::as_str),
        ),
    }
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
