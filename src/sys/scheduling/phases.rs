//! Adds up in the kernel where the time of the threads of one process goes: programs at `sched_switch` and `sched_wakeup` close
//! one phase of a thread and begin the next, and note of a thread that goes to sleep in which call it does, and on what. Needs
//! `CAP_BPF` and `CAP_PERFMON`, or root, the kernel's types, and Linux 5.15.
//!
//! What a call is on is read when its thread loses the core, from the registers that the kernel keeps: calls that do not wait
//! cost nothing more.

mod programs;

use std::collections::BTreeMap;
use std::io;

use crate::model::id::{Nanos, Pid, Tid};
use crate::model::scheduling::calls::{CallSums, Number, on_descriptor};
use crate::model::scheduling::phases::{Phase, Phases, Site, Sleep};
use crate::model::text::SafeText;
use crate::sys::bpf::btf;
use crate::sys::bpf::map::{Map, Shared, word};
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::clock;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::system_calls;

/// Numbers of one table; those of 32-bit programs come behind.
const NUMBERS: u32 = 512;
/// What stands for a call that is in no table, and for none.
const UNKNOWN: u64 = 0xfffe;
const NONE: u64 = 0xffff;

/// Bytes of the memory that all share: when counting began (0: it has not), how many threads found no room, and for each call
/// what its first argument is.
const BEGAN: i16 = 0;
const LOST: i16 = 8;
const FIRST_IS: i16 = 64;
const SHARED: usize = 3 * 4096;
/// It tells nothing, is a descriptor, or all of it tells.
const NOTHING: u64 = 0;
const DESCRIPTOR: u64 = 1;
const WHOLE: u64 = 2;

/// What is known of a thread: words by their place. What is written first when it changes, and last.
const OPENED: i16 = 80;
const CLOSED: i16 = 0;
const STATE: i16 = 8;
const SINCE: i16 = 16;
const RUNNING: i16 = 24;
const READY: i16 = 32;
const OTHERS: i16 = 40;
const SLICES: i16 = 48;
/// The key of the sums of the wait that it is in: thread, call and how it sleeps; the first argument.
const SITE: i16 = 56;
const FIRST: i16 = 64;
/// How long it had had a core in its life when it left one last.
const RAN: i16 = 72;
/// Its process, when it began, and its name.
const TGID: i16 = 88;
const START: i16 = 96;
const COMM: i16 = 104;
const VALUE: usize = 120;

/// States.
const IS_RUNNING: i32 = 0;
const IS_READY: i32 = 1;
const IS_BLOCKED: i32 = 2;
const HAS_ENDED: i32 = 3;

/// How many threads there is room for.
const THREADS: usize = 8192;
/// How many processes, where those are that others fork.
const KIN: usize = 8192;
/// How many sums of waits.
const SITES: usize = 16_384;
/// How often is read again what changed meanwhile.
const TRIES: usize = 6;

/// Counts until it is dropped; nothing stays behind.
#[derive(Debug)]
pub struct Tracing {
    shared: Shared,
    threads: Map,
    sites: Map,
    /// The processes that are counted, where that is whoever those fork that are.
    kin: Option<Map>,
    room: usize,
    began: Nanos,
    _programs: Vec<Running>,
}

/// What was counted until a moment.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// By thread; of those that did the same all the time since counting began nothing is known.
    pub threads: BTreeMap<Tid, Phases>,
    /// Whose they are.
    pub owners: BTreeMap<Tid, Owner>,
}

/// Whose a thread is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Its process.
    pub pid: Pid,
    /// When it began, after boot.
    pub start: Nanos,
    /// What it was called when it was seen first or ended.
    pub name: SafeText,
}

impl Tracing {
    /// Begins to count the phases of the threads of a process.
    ///
    /// # Errors
    /// Without the right, where the kernel does not tell its types, before Linux 5.15, on other machines than x86-64 and arm64,
    /// and in a PID namespace of its own, where the kernel's numbers are not ours.
    pub fn begin(root: &ProcRoot, pid: Pid) -> Result<Self, Refused> {
        Self::with_room(root, pid, THREADS)
    }

    /// Begins to count the phases of the threads of these processes, and of whoever they fork from then on, from their fork.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn of_kin(root: &ProcRoot, pids: &[Pid]) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        let kin = Map::roomy((8, 8), KIN)?;
        let tracing = Self::over(root, None, Some(kin), THREADS)?;
        for pid in pids {
            tracing.add(*pid)?;
        }
        Ok(tracing.go())
    }

    /// Counts another process too.
    ///
    /// # Errors
    /// `E2BIG` where there is no room.
    pub fn add(&self, pid: Pid) -> io::Result<()> {
        let Some(kin) = &self.kin else { return Ok(()) };
        kin.set(&u64::from(pid.0).to_ne_bytes(), &1_u64.to_ne_bytes())
    }

    /// A process has ended: whoever has its number later is not counted.
    pub fn leave(&self, pid: Pid) {
        if let Some(kin) = &self.kin {
            let _ = kin.remove(&u64::from(pid.0).to_ne_bytes());
        }
    }

    /// The same with room for so many threads.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn with_room(root: &ProcRoot, pid: Pid, room: usize) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        Ok(Self::over(root, Some(pid), None, room)?.go())
    }

    /// All is there, and counts nothing yet.
    fn over(
        root: &ProcRoot,
        pid: Option<Pid>,
        kin: Option<Map>,
        room: usize,
    ) -> Result<Self, Refused> {
        let untyped = || io::Error::other("this kernel does not tell its types (BTF)");
        let task = btf::task(root).ok_or_else(untyped)?;
        let [woken, new] = task.woken.ok_or_else(untyped)?;
        let shared = Shared::new(SHARED)?;
        for at in 0..2 * NUMBERS {
            shared.set(FIRST_IS as usize + at as usize * 8, first_is(at));
        }
        let threads = Map::roomy((8, VALUE), room)?;
        let sites = Map::roomy((16, 16), SITES)?;
        let maps = programs::Maps {
            shared: shared.fd(),
            threads: threads.fd(),
            sites: sites.fd(),
        };
        let of = match &kin {
            Some(kin) => programs::Of::Kin(kin.fd()),
            None => programs::Of::One(pid.unwrap_or_default()),
        };
        let mut running = Vec::new();
        let runs = || Ok(programs::runs(of, &task, &maps));
        let others = task.runs.map(|at| ("pscope_runs", runs(), at));
        let each = [
            (
                "pscope_phase",
                programs::switch(of, &task, &maps),
                task.switch,
            ),
            ("pscope_woken", programs::woken(of, &task, &maps), woken),
            ("pscope_new", Ok(programs::new(of, &task, &maps)), new),
        ];
        for (name, code, at) in each.into_iter().chain(others) {
            let code = code?.map_err(io::Error::other)?;
            running.push(program::run(name, &code, At::TypedTracepoint(at))?);
        }
        Ok(Self {
            shared,
            threads,
            sites,
            kin,
            room,
            began: Nanos(0),
            _programs: running,
        })
    }

    /// Counts from now on.
    fn go(self) -> Self {
        let began = clock::now();
        self.shared.set(BEGAN as usize, began.0);
        Self { began, ..self }
    }

    /// When counting began: whoever is not known was in the same phase since.
    pub fn began(&self) -> Nanos {
        self.began
    }

    /// How many threads there is room for.
    pub fn room(&self) -> usize {
        self.room
    }

    /// How many threads found no room to be counted.
    pub fn lost(&self) -> u64 {
        self.shared.get(LOST as usize)
    }

    /// What threads do now, without what they were blocked in.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn threads(&self) -> io::Result<BTreeMap<Tid, Phases>> {
        Ok(self.now()?.threads)
    }

    /// The same, and whose they are.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn now(&self) -> io::Result<Counted> {
        let mut out = Counted {
            at: clock::now(),
            ..Counted::default()
        };
        for (tid, (_, phases, owner)) in self.entries()? {
            out.threads.insert(tid, phases);
            out.owners.insert(tid, owner);
        }
        Ok(out)
    }

    /// What was counted until now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self) -> io::Result<Counted> {
        let mut threads = BTreeMap::new();
        let mut owners = BTreeMap::new();
        let mut sums: BTreeMap<Tid, BTreeMap<Site, CallSums>> = BTreeMap::new();
        let at = clock::now();
        for left in (0..TRIES).rev() {
            let before = self.entries()?;
            let all = self.sites()?;
            let after = self.entries()?;
            // Of a thread that did something else meanwhile the sums may be older or newer than what it does. One that does so
            // each time has short phases, of which the last time is right enough.
            for (tid, (changes, phases, owner)) in before {
                let steady = after.get(&tid).is_some_and(|(now, ..)| *now == changes);
                if !threads.contains_key(&tid) && (steady || left == 0) {
                    sums.insert(tid, all.get(&tid).cloned().unwrap_or_default());
                    threads.insert(tid, phases);
                    owners.insert(tid, owner);
                }
            }
            if threads.len() >= after.len() {
                break;
            }
        }
        for (tid, phases) in &mut threads {
            phases.blocked = sums.remove(tid).unwrap_or_default();
        }
        Ok(Counted {
            at,
            threads,
            owners,
        })
    }

    /// Forgets a thread that has ended, so that there is room for others.
    pub fn forget(&self, tid: Tid, phases: &Phases) {
        // Whoever took it out meanwhile did the same.
        for site in phases.blocked.keys() {
            let key = [word_of(tid, site), site.first];
            let _ = self.sites.remove(&bytes(&key));
        }
        let _ = self.threads.remove(&u64::from(tid.0).to_ne_bytes());
    }

    /// What threads do, each with how often that changed and whose it is.
    fn entries(&self) -> io::Result<BTreeMap<Tid, Entry>> {
        let mut out = BTreeMap::new();
        let mut torn = Vec::new();
        self.threads.all(false, |key, value| {
            let Some(tid) = word(key, 0) else { return };
            match entry(value) {
                Some(entry) => {
                    out.insert(Tid(tid as u32), entry);
                }
                None => torn.push(tid),
            }
        })?;
        for tid in torn {
            let key = tid.to_ne_bytes();
            let whole = (0..TRIES * 100).find_map(|_| entry(&self.threads.get(&key).ok()?));
            if let Some(whole) = whole {
                out.insert(Tid(tid as u32), whole);
            }
        }
        Ok(out)
    }

    fn sites(&self) -> io::Result<BTreeMap<Tid, BTreeMap<Site, CallSums>>> {
        let mut out: BTreeMap<Tid, BTreeMap<Site, CallSums>> = BTreeMap::new();
        self.sites.all(false, |key, value| {
            if let (Some(site), Some(first)) = (word(key, 0), word(key, 8))
                && let (Some(calls), Some(span)) = (word(value, 0), word(value, 8))
            {
                let span = Nanos(span);
                let of = out.entry(Tid(site as u32)).or_default();
                of.insert(site_of(site, first), CallSums { calls, span });
            }
        })?;
        Ok(out)
    }
}

type Entry = (u64, Phases, Owner);

/// What a value says, with how often it was changed; `None` where it was being changed.
fn entry(value: &[u8]) -> Option<Entry> {
    let number = |at: i16| word(value, at as usize);
    let closed = number(CLOSED)?;
    if number(OPENED)? != closed {
        return None;
    }
    let now = match number(STATE)? as i32 {
        IS_RUNNING => Phase::Running,
        IS_READY => Phase::Ready,
        IS_BLOCKED => Phase::Blocked(site_of(number(SITE)?, number(FIRST)?)),
        _ => Phase::Ended,
    };
    let phases = Phases {
        slices: number(SLICES)?,
        running: Nanos(number(RUNNING)?),
        ready: Nanos(number(READY)?),
        others: Nanos(number(OTHERS)?),
        ..Phases::begin(now, Nanos(number(SINCE)?))
    };
    let comm = value.get(COMM as usize..COMM as usize + 16)?;
    let owner = Owner {
        pid: Pid(number(TGID)? as u32),
        start: Nanos(number(START)?),
        name: SafeText::from_bytes(comm.split(|b| *b == 0).next().unwrap_or_default()),
    };
    Some((closed, phases, owner))
}

/// What a call's first argument is.
fn first_is(at: u32) -> u64 {
    let number = number(at);
    match system_calls::name(number.number.into(), !number.narrow) {
        Some(name) if on_descriptor(name) => DESCRIPTOR,
        Some("futex" | "futex_time64" | "wait4" | "waitpid") => WHOLE,
        _ => NOTHING,
    }
}

/// What the kernel would have noted of a call with these arguments.
pub fn site(sleep: Sleep, call: Number, first: u64) -> Site {
    let at = call.number + if call.narrow { NUMBERS } else { 0 };
    let first = match first_is(at) {
        _ if call.number >= NUMBERS => 0,
        DESCRIPTOR => first & 0xffff_ffff,
        WHOLE => first,
        _ => 0,
    };
    Site {
        sleep,
        call: Some(call),
        first,
    }
}

fn number(at: u32) -> Number {
    Number {
        number: at % NUMBERS,
        narrow: at >= NUMBERS,
    }
}

/// How a thread sleeps, in the highest byte of a word, in the order of the codes of `programs`.
const SLEEPS: [Sleep; 6] = [
    Sleep::Before,
    Sleep::Light,
    Sleep::Deep,
    Sleep::Disk,
    Sleep::Stopped,
    Sleep::Traced,
];

fn site_of(word: u64, first: u64) -> Site {
    let call = word >> 32 & 0xffff;
    Site {
        sleep: *SLEEPS.get((word >> 56) as usize).unwrap_or(&Sleep::Light),
        call: match call {
            NONE => None,
            UNKNOWN => Some(Number {
                number: UNKNOWN as u32,
                narrow: false,
            }),
            at => Some(number(at as u32)),
        },
        first,
    }
}

fn word_of(tid: Tid, site: &Site) -> u64 {
    let call = site.call.map_or(NONE, |call| match u64::from(call.number) {
        UNKNOWN => UNKNOWN,
        number => number + if call.narrow { u64::from(NUMBERS) } else { 0 },
    });
    let sleep = SLEEPS.iter().position(|s| *s == site.sleep).unwrap_or(0) as u64;
    u64::from(tid.0) | call << 32 | sleep << 56
}

fn bytes(words: &[u64; 2]) -> [u8; 16] {
    let mut out = [0; 16];
    for (to, from) in out.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&from.to_ne_bytes());
    }
    out
}

#[cfg(test)]
mod tests;
