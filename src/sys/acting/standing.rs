//! How a process stands to signals: `/proc/PID/status` of it and of its threads, and what the kernel answers when asked.
//!
//! See `proc_pid_status(5)`. Sends nothing.

use std::time::Duration;

use super::signal_masks;
use super::signals::{Pin, Signals};
use crate::model::acting::Target;
use crate::model::acting::signal::SignalSet;
use crate::model::acting::standing::{Init, Kinship, Standing};
use crate::model::id::{Pid, ProcId, ThreadId, Tid, Uid};
use crate::model::process::isolation::group::Frozen;
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::process::isolation::cgroup::frozen::{self, Freezers};
use crate::sys::process::living;
use crate::sys::process::process_ids::{self, ProcessIds};
use crate::sys::root::ProcRoot;

/// Finds out how whom a pin holds stands; `ancestry` is our own process and its parents.
pub fn of(signals: &Signals, target: Target, pin: Reading<&Pin>, ancestry: &[ProcId]) -> Standing {
    let root = signals.root();
    let mut standing = Standing {
        id: target.id,
        thread: target.thread,
        permitted: pin.and_then(|pin| signals.may(pin)),
        kinship: match ancestry.iter().position(|id| *id == target.id) {
            Some(0) => Kinship::Own,
            Some(_) => Kinship::Ancestor,
            None => Kinship::Stranger,
        },
        pinned: pin.map(|_| ()),
        ..Standing::default()
    };
    match process_ids::read(root, target.id.pid)
        .ok()
        .filter(|k| k.id == target.id)
    {
        Some(who) => {
            describe(root, &who, &mut standing);
            // A pidfd of a process that was reaped between the two readings says so.
            if pin.is_ok_and(|pin| signals.may(pin) == Err(Missing::Gone)) {
                standing.pinned = Err(Missing::Gone);
            }
        }
        None => standing.pinned = Err(Missing::Gone),
    }
    standing
}

/// The threads of a process, the first one first.
pub fn threads(root: &ProcRoot, id: ProcId) -> Vec<(ThreadId, SafeText)> {
    let thread = |tid: Tid| {
        let who = process_ids::read_at(root, &format!("{}/task/{tid}", id.pid)).ok()?;
        let start = who.id.start;
        Some((ThreadId { tid, start }, who.name))
    };
    tids(root, id.pid).into_iter().filter_map(thread).collect()
}

fn tids(root: &ProcRoot, pid: Pid) -> Vec<Tid> {
    let Ok(entries) = std::fs::read_dir(root.proc(format!("{pid}/task"))) else {
        return Vec::new();
    };
    let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let mut tids: Vec<Tid> = names.filter_map(|n| n.parse().ok().map(Tid)).collect();
    tids.sort_unstable();
    tids
}

fn describe(root: &ProcRoot, who: &ProcessIds, standing: &mut Standing) {
    standing.name = who.name.clone();
    standing.state = who.state;
    standing.kernel_thread = who.kernel_thread;
    let parent = process_ids::read(root, who.parent).ok();
    standing.parent = parent.map(|p| (p.id.pid, p.name));
    let asked = living::pid(root, who.id.pid);
    let text = match std::fs::read(root.proc(format!("{asked}/status"))) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            standing.signals = Err(Missing::from(&error));
            return;
        }
    };
    standing.uid = uid(&text).ok_or(Missing::Unsupported);
    standing.init = init(&text);
    if who.state == State::Blocked {
        let function = sleeps_in(root, asked);
        standing.killable = killable(&function);
        standing.asleep = (!function.is_empty() && function != "0").then(|| Cause::of(&function));
    } else if asks_server(root, asked) {
        standing.asleep = Some(Cause::Server);
    }
    standing.frozen = frozen(root, standing, asked);
    if standing.frozen.as_ref().is_some_and(|f| f.old) {
        // Wherever it slept before; who was stopped is in state D as well, and is where he was stopped.
        (standing.killable, standing.asleep) = (false, Some(Cause::Frozen));
        if ["do_signal_stop", "get_signal"].contains(&function(root, &asked.to_string()).as_str()) {
            standing.state = State::Stopped;
        }
    }
    standing.tracer = tracer(&text).map(|pid| {
        let name = process_ids::read(root, pid).map_or_else(|_| SafeText::default(), |t| t.name);
        (pid, name)
    });
    standing.signals = signal_masks::read(root, who.id.pid).map(|mut state| {
        state.kernel_thread |= who.kernel_thread;
        state
    });
}

/// The frozen group of a process or of the one thread of it that is meant. Where its files may not be read, the function in
/// which the kernel keeps it tells.
fn frozen(root: &ProcRoot, standing: &Standing, asked: Pid) -> Option<Frozen> {
    if matches!(standing.state, State::Running | State::Zombie | State::Dead) {
        return None;
    }
    let of = match standing.thread {
        Some(thread) => format!("{asked}/task/{}", thread.tid),
        None => asked.to_string(),
    };
    let told = Freezers::new(root).of_task(&of);
    let by_function = || {
        let sleeps = matches!(standing.state, State::Sleeping | State::Blocked);
        let stands = sleeps && Cause::of(&function(root, &of)) == Cause::Frozen;
        stands.then(|| frozen::nameless(standing.state == State::Blocked))
    };
    told.or_else(by_function)
}

/// How often it is looked where somebody sleeps who is just falling asleep, and after what time each.
const FALLING_ASLEEP: u32 = 20;
const MOMENT: Duration = Duration::from_micros(100);

fn function(root: &ProcRoot, of: &str) -> String {
    std::fs::read_to_string(root.proc(format!("{of}/wchan"))).unwrap_or_default()
}

/// So many threads are looked at for one that waits for a filesystem server.
const THREADS: usize = 64;

/// Whether one of its threads waits for the answer of a FUSE server. It sleeps as one that can be interrupted, until somebody
/// tries: once the server has taken the question, it is waited for even by who is killed (`request_wait_answer`).
fn asks_server(root: &ProcRoot, pid: Pid) -> bool {
    let asks = |of: &str| function(root, of) == "request_wait_answer";
    if asks(&pid.to_string()) {
        return true;
    }
    let tids = tids(root, pid);
    let others = tids.iter().filter(|tid| tid.0 != pid.0).take(THREADS);
    others
        .into_iter()
        .any(|tid| asks(&format!("{pid}/task/{tid}")))
}

/// The function of the kernel in which one sleeps uninterruptibly; of another user's process the kernel names none.
fn sleeps_in(root: &ProcRoot, pid: Pid) -> String {
    let read = || function(root, &pid.to_string());
    let mut name = read();
    // Who is about to sleep is in state D before it sleeps anywhere.
    for _ in 0..FALLING_ASLEEP {
        if name != "0" {
            break;
        }
        std::thread::sleep(MOMENT);
        name = read();
    }
    name
}

/// Whether such a sleep ends for a signal that ends the process; where that is not known, it is not promised.
fn killable(function: &str) -> bool {
    // A parent waits for the child of `vfork(2)` in the function that makes it.
    function.contains("killable") || ["kernel_clone", "wait_for_vfork_done"].contains(&function)
}

/// So many descriptors are looked at for a signalfd.
const DESCRIPTORS: usize = 1024;
/// No longer is what the kernel tells of one.
const LONGEST: u32 = 4096;

/// The descriptors of a process through which signals are read, with those that each takes.
pub fn signalfds(root: &ProcRoot, pid: Pid) -> Vec<(u32, SignalSet)> {
    let pid = living::pid(root, pid);
    let Ok(entries) = std::fs::read_dir(root.proc(format!("{pid}/fd"))) else {
        return Vec::new();
    };
    let signalfd = |entry: std::fs::DirEntry| {
        let link = std::fs::read_link(entry.path()).ok()?;
        let is_one = link.as_os_str() == "anon_inode:[signalfd]";
        entry.file_name().to_str()?.parse().ok().filter(|_| is_one)
    };
    let entries = entries.filter_map(Result::ok).take(DESCRIPTORS);
    let fds: Vec<u32> = entries.filter_map(signalfd).collect();
    let infos = fds.iter().map(|fd| root.proc(format!("{pid}/fdinfo/{fd}")));
    let told = asker::each(infos.collect(), LONGEST).into_iter();
    let takes = |(fd, about): (u32, Reading<Vec<u8>>)| {
        let about = String::from_utf8(about.ok()?).ok()?;
        Some((fd, SignalSet::from_hex(line(&about, "sigmask")?)?))
    };
    let mut found: Vec<_> = fds.into_iter().zip(told).filter_map(takes).collect();
    found.sort_unstable_by_key(|(fd, _)| *fd);
    found
}

/// The value of a line such as `SigCgt:\t0000000180014a03`.
fn line<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = status.lines();
    lines.find_map(|l| Some(l.strip_prefix(key)?.strip_prefix(':')?.trim()))
}

/// The real user, the first of `Uid:\t1000\t1000\t1000\t1000`.
pub(in crate::sys) fn uid(status: &str) -> Option<Uid> {
    let real = line(status, "Uid")?.split_ascii_whitespace().next()?;
    real.parse().ok().map(Uid)
}

/// The tracer of `TracerPid:\t812`; 0 is nobody, or somebody outside our pid namespace.
fn tracer(status: &str) -> Option<Pid> {
    let number = line(status, "TracerPid")?.parse().ok()?;
    (number != 0).then_some(Pid(number))
}

/// Whether it is the first of a namespace: `NSpid:\t812\t1` is one below ours, `NSpid:\t1` is our own.
fn init(status: &str) -> Init {
    let numbers = line(status, "NSpid").map(|l| l.split_ascii_whitespace().collect::<Vec<_>>());
    match numbers.as_deref() {
        Some(["1"]) => Init::Ours,
        Some([_, .., "1"]) => Init::Below,
        _ => Init::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tweb\nUid:\t1000\t0\t0\t0\nNSpid:\t812\t1\nThreads:\t3\n\
        SigQ:\t0/96365\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000200\nSigBlk:\t0000000000000200\n\
        SigIgn:\t0000000000000001\nSigCgt:\t0000000000004000\n";

    #[test]
    fn reads_user_and_namespace() {
        assert_eq!(uid(STATUS), Some(Uid(1000)));
        assert_eq!(init(STATUS), Init::Below);
        assert_eq!(init("NSpid:\t1\n"), Init::Ours);
        assert_eq!(init("NSpid:\t12\n"), Init::No);
        assert_eq!(init(""), Init::No);
    }
}
