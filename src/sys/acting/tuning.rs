//! Nice, affinity, I/O priority and scheduling policy: reads them and changes them, thread by thread, with a way back.
//!
//! These system calls take a number, so the process is held by a pidfd and looked at again afterwards: as long as it had not
//! ended by then, its number was its own. See `setpriority(2)`, `sched_setaffinity(2)`, `ioprio_set(2)`, `sched_setscheduler(2)`.
#![expect(
    unsafe_code,
    reason = "the bare system calls take a thread's number, which no safe wrapper does for all"
)]

use std::io;

use super::signals::Signals;
use super::standing;
use crate::model::acting::tuning::{
    Change, CoreSet, Footing, IoPriority, Policy, Scheduling, Setting, Tunable,
};
use crate::model::id::{ProcId, ThreadId, Uid};
use crate::model::reading::{Missing, Reading};
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;

const CAP_SYS_NICE: u32 = 23;
/// `SCHED_RESET_ON_FORK`, which the kernel adds to the policy.
const RESET_ON_FORK: u32 = 0x4000_0000;
const IOPRIO_WHO_PROCESS: i32 = 1;
/// Room for the mask of 8192 cores.
const MASK_WORDS: usize = 128;

/// What was changed and how it was before, thread by thread.
#[derive(Debug, Default)]
pub struct Undo {
    before: Vec<(ProcId, Vec<(ThreadId, Setting)>)>,
}

/// How processes stand before a tunable is moved.
pub fn survey(signals: &Signals, of: &[ProcId]) -> Vec<Footing> {
    let privileged = is_privileged(signals.root());
    let us = Uid(nix::unistd::geteuid().as_raw());
    of.iter()
        .map(|id| footing(signals.root(), *id, us, privileged))
        .collect()
}

/// Changes processes, and tells what came of it and how to take it back.
pub fn change(signals: &Signals, of: &[ProcId], setting: &Setting) -> (Vec<Change>, Undo) {
    let mut undo = Undo::default();
    let change = |id: &ProcId| {
        let (change, before) =
            change_one(signals, *id, |_| Some(setting.clone()), setting.tunable());
        undo.before.push((*id, before));
        change
    };
    let changes = of.iter().map(change).collect();
    (changes, undo)
}

/// Takes a change back, for those who still live.
pub fn undo(signals: &Signals, undo: &Undo) -> Vec<Change> {
    let back = |(id, before): &(ProcId, Vec<(ThreadId, Setting)>)| {
        let tunable = before.first().map(|(_, s)| s.tunable())?;
        let of = |thread| {
            before
                .iter()
                .find(|(t, _)| *t == thread)
                .map(|(_, s)| s.clone())
        };
        Some(change_one(signals, *id, of, tunable).0)
    };
    undo.before.iter().filter_map(back).collect()
}

/// Changes each thread of one process to what `to` says, and returns what each had before.
fn change_one(
    signals: &Signals,
    id: ProcId,
    to: impl Fn(ThreadId) -> Option<Setting>,
    tunable: Tunable,
) -> (Change, Vec<(ThreadId, Setting)>) {
    let mut before = Vec::new();
    let mut change = Change {
        id,
        name: process_ids::read(signals.root(), id.pid)
            .map(|k| k.name)
            .unwrap_or_default(),
        before: Err(Missing::Gone),
        done: Err(Missing::Gone),
        threads: 0,
    };
    let pin = match signals.pin(id) {
        Ok(pin) => pin,
        Err(why) => {
            change.done = Err(why);
            return (change, before);
        }
    };
    let threads = standing::threads(signals.root(), id);
    change.threads = threads.len();
    let mut done = 0;
    let mut refused = None;
    for (thread, _) in threads {
        let Some(setting) = to(thread) else { continue };
        let old = read(thread.tid.0, tunable);
        match write(thread.tid.0, &setting) {
            Ok(()) => {
                done += 1;
                before.extend(old.map(|old| (thread, old)));
            }
            // A thread may end while the others are changed.
            Err(Missing::Gone) => {}
            Err(why) => refused = Some(why),
        }
    }
    change.before = before.first().map(|(_, s)| s.clone()).ok_or(Missing::Soon);
    change.done = match (done, refused) {
        (0, why) => Err(why.unwrap_or(Missing::Gone)),
        (n, _) => Ok(n),
    };
    // Had it ended meanwhile, its number could have been somebody else's.
    if signals.end(&pin).is_some() {
        change.done = Err(Missing::Gone);
    }
    (change, before)
}

fn footing(root: &ProcRoot, id: ProcId, us: Uid, privileged: bool) -> Footing {
    let Some(who) = process_ids::read(root, id.pid).ok().filter(|k| k.id == id) else {
        let there = Err(Missing::Gone);
        return Footing {
            id,
            there,
            ..Footing::default()
        };
    };
    let text = |file: &str| {
        let bytes = std::fs::read(root.proc(format!("{}/{file}", id.pid)));
        bytes.map(|b| String::from_utf8_lossy(&b).into_owned())
    };
    let uid = text("status").map_err(Missing::from);
    let uid = uid.and_then(|t| standing::uid(&t).ok_or(Missing::Unsupported));
    let limits = text("limits").unwrap_or_default();
    let tid = id.pid.0;
    Footing {
        id,
        name: who.name,
        uid,
        threads: standing::threads(root, id).len(),
        nice: nice(tid),
        cores: affinity(tid),
        io: io_priority(tid),
        scheduling: scheduling(tid),
        lowest_nice: 20 - limit(&limits, "Max nice priority").min(40) as i32,
        highest_priority: limit(&limits, "Max realtime priority").min(99) as u8,
        ours: uid == Ok(us),
        privileged,
        there: Ok(()),
    }
}

/// The soft limit of a line such as `Max nice priority         0                    0                    `.
fn limit(limits: &str, name: &str) -> u64 {
    let mut lines = limits.lines();
    let soft = lines.find_map(|l| l.strip_prefix(name)?.split_ascii_whitespace().next());
    match soft {
        Some("unlimited") => u64::MAX,
        soft => soft.and_then(|s| s.parse().ok()).unwrap_or(0),
    }
}

fn is_privileged(root: &ProcRoot) -> bool {
    let status = std::fs::read_to_string(root.proc("self/status")).unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|l| u64::from_str_radix(l.strip_prefix("CapEff:")?.trim(), 16).ok());
    mask.is_some_and(|m| m & (1 << CAP_SYS_NICE) != 0)
}

fn read(tid: u32, tunable: Tunable) -> Reading<Setting> {
    match tunable {
        Tunable::Nice => nice(tid).map(Setting::Nice),
        Tunable::Affinity => affinity(tid).map(Setting::Affinity),
        Tunable::Io => io_priority(tid).map(Setting::Io),
        Tunable::Policy => scheduling(tid).map(Setting::Policy),
    }
}

fn write(tid: u32, setting: &Setting) -> Reading<()> {
    match setting {
        // SAFETY: no memory is passed.
        Setting::Nice(nice) => check(i64::from(unsafe {
            libc::setpriority(libc::PRIO_PROCESS, tid, *nice)
        })),
        Setting::Affinity(cores) => {
            let words = cores.words();
            // SAFETY: the mask is as long as is said and lives during the call.
            check(unsafe {
                libc::syscall(
                    libc::SYS_sched_setaffinity,
                    tid,
                    size_of_val(words),
                    words.as_ptr(),
                )
            })
        }
        // SAFETY: no memory is passed.
        Setting::Io(io) => {
            check(unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, tid, io.raw()) })
        }
        Setting::Policy(new) => {
            // The flag belongs to the thread, not to the choice of a policy.
            let kept = raw_policy(tid)? & RESET_ON_FORK;
            let mut param = libc::c_int::from(new.priority);
            let policy = new.policy.raw() | kept;
            // SAFETY: the parameters live during the call.
            check(unsafe {
                libc::syscall(libc::SYS_sched_setscheduler, tid, policy, &raw mut param)
            })
        }
    }
}

fn nice(tid: u32) -> Reading<i32> {
    // The bare call returns 20 - nice, so that no nice value looks like an error.
    // SAFETY: no memory is passed.
    let raw = unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, tid) };
    check(raw)?;
    Ok(20 - raw as i32)
}

fn affinity(tid: u32) -> Reading<CoreSet> {
    let mut words = vec![0_u64; MASK_WORDS];
    let size = size_of_val(words.as_slice());
    // SAFETY: the mask is as long as is said and lives during the call.
    let bytes =
        unsafe { libc::syscall(libc::SYS_sched_getaffinity, tid, size, words.as_mut_ptr()) };
    check(bytes)?;
    Ok(CoreSet::from_words(words))
}

fn io_priority(tid: u32) -> Reading<IoPriority> {
    // SAFETY: no memory is passed.
    let raw = unsafe { libc::syscall(libc::SYS_ioprio_get, IOPRIO_WHO_PROCESS, tid) };
    check(raw)?;
    Ok(IoPriority::from_raw(raw as u32))
}

fn raw_policy(tid: u32) -> Reading<u32> {
    // SAFETY: no memory is passed.
    let raw = unsafe { libc::syscall(libc::SYS_sched_getscheduler, tid) };
    check(raw)?;
    Ok(raw as u32)
}

fn scheduling(tid: u32) -> Reading<Scheduling> {
    let policy = Policy::from_raw(raw_policy(tid)? & !RESET_ON_FORK);
    // All of the kernel's `struct sched_param`; that of musl is longer.
    let mut param: libc::c_int = 0;
    // SAFETY: the parameters live during the call.
    check(unsafe { libc::syscall(libc::SYS_sched_getparam, tid, &raw mut param) })?;
    let priority = param.clamp(0, 99) as u8;
    Ok(Scheduling { policy, priority })
}

fn check(done: i64) -> Reading<()> {
    if done < 0 {
        return Err(Missing::from(&io::Error::last_os_error()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
