//! Who was in a call already when counting began: no tracepoint tells, so `/proc/PID/task/TID/syscall` is asked once.

use std::collections::{BTreeMap, BTreeSet};

use super::{BEGUN_BEFORE, NUMBERS, OWNER, PLACE, PLACES};
use crate::model::id::{Nanos, Pid, Tid};
use crate::model::reading::Reading;
use crate::model::scheduling::calls::Number;
use crate::model::scheduling::wait::Call;
use crate::sys::bounded;
use crate::sys::bpf::map::{Map, Shared};
use crate::sys::clock;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;

/// Who was, and since when that is known.
#[derive(Debug)]
pub struct Begun {
    at: Nanos,
    /// Threads whose call was over before it was noted.
    over: BTreeSet<u32>,
}

impl Begun {
    /// Whether what was noted of a thread then was over by that time.
    pub fn is_over(&self, thread: &[u8], since: u64) -> bool {
        let tid = thread.try_into().map(u32::from_ne_bytes);
        since == self.at.0 && tid.is_ok_and(|tid| self.over.contains(&tid))
    }
}

/// Notes in `started` in which call each blocked thread is, unless a call of it is known there or in `threads`. The programs
/// run already: whoever makes another call meanwhile is known by that.
pub fn begin(root: &ProcRoot, pid: Pid, started: &Map, threads: &Shared) -> Begun {
    let at = clock::now();
    let mut over = BTreeSet::new();
    let mut noted: Vec<(u32, Call)> = Vec::new();
    for (tid, call) in calls(root, pid, tids(root, pid)) {
        let Some(words) = known(&call, at) else {
            continue;
        };
        let value: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        // Unless another one began, or there is no room.
        if started.begin(&tid.to_ne_bytes(), &value).is_ok() {
            noted.push((tid, call));
        }
    }
    // In this order: a call that is seen has its place already.
    let again = calls(root, pid, noted.iter().map(|(tid, _)| *tid).collect());
    let again: BTreeMap<u32, Call> = again.collect();
    for (tid, was) in noted {
        let moved = again.get(&tid) != Some(&was);
        if moved || owns(tid, threads) {
            over.insert(tid);
        }
    }
    Begun { at, over }
}

fn owns(tid: u32, threads: &Shared) -> bool {
    let place = tid as usize % PLACES * PLACE;
    threads.get(place + OWNER * 8) == u64::from(tid)
}

/// Whether a thread has a place in `threads`: all that its programs note from then on stands there, and what is noted in
/// `started` is of a call before, whose end nobody saw.
pub fn has_a_place(thread: &[u8], threads: &Shared) -> bool {
    let tid = thread.try_into().map(u32::from_ne_bytes);
    tid.is_ok_and(|tid| owns(tid, threads))
}

/// In which call each blocked thread is, and with which first argument.
pub fn found(root: &ProcRoot, pid: Pid) -> Vec<(Tid, Number, u64)> {
    let all = calls(root, pid, tids(root, pid));
    let found = all.filter_map(|(tid, call)| {
        let (number, first) = asked(&call)?;
        Some((Tid(tid), number, first))
    });
    found.collect()
}

/// What a program would have noted of this call.
fn known(call: &Call, at: Nanos) -> Option<[u64; OWNER]> {
    let (Number { number, narrow }, first) = asked(call)?;
    let number = number + if narrow { NUMBERS } else { 0 };
    Some([
        at.0,
        u64::from(number) | BEGUN_BEFORE,
        first,
        0,
        // It sleeps, else the kernel would not have told.
        at.0,
    ])
}

/// Which call that is, and its first argument.
fn asked(call: &Call) -> Option<(Number, u64)> {
    let Call::In {
        number, args, sp, ..
    } = call
    else {
        return None;
    };
    // The stacks of a process with 64-bit words lie above all that 32 bits can name.
    let narrow = cfg!(target_pointer_width = "64") && u32::try_from(*sp).is_ok();
    let number = u32::try_from(*number).unwrap_or(u32::MAX);
    let number = number.min(Number::BEYOND);
    let number = Number { number, narrow };
    let first = args[usize::from(super::on(number) == super::ON_SECOND)];
    Some((number, first))
}

fn tids(root: &ProcRoot, pid: Pid) -> Vec<u32> {
    let mut tids = Vec::new();
    if let Ok(dir) = ProcDir::open(root) {
        // Of one that has ended there are none.
        let _ = dir.tids(pid, &mut tids, &mut Vec::new());
    }
    tids.into_iter().map(|tid| tid.0).collect()
}

/// In which call each of these threads is; of one that does not answer, or has ended, nothing is known.
fn calls(root: &ProcRoot, pid: Pid, tids: Vec<u32>) -> impl Iterator<Item = (u32, Call)> {
    let path = |tid: &u32| root.proc(format!("{pid}/task/{tid}/syscall"));
    let texts = bounded::texts("syscall", tids.iter().map(path).collect());
    let call = |text: Reading<Vec<u8>>| Call::parse(&text.ok()?);
    let told = tids.into_iter().zip(texts);
    told.filter_map(move |(tid, text)| Some((tid, call(text)?)))
}
