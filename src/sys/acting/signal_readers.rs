//! Who waits to read signals through a `signalfd(2)`: threads that read it, or poll it with others, and what each would take.

use std::collections::HashMap;

use super::standing;
use crate::model::acting::signal::{Signal, SignalState, SignalWaiter};
use crate::model::id::{Pid, Tid};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{Call, Clues, Flavour, Now, Owner, Wait, classify};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::bounded;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::{links, thread};

/// An epoll instance that watches ten thousand descriptors tells a megabyte.
const LONGEST: u32 = 4 << 20;

/// The threads that wait for a signal which everybody blocks, through a descriptor that receives it.
///
/// Of a process that blocks nothing for all of its threads, nothing is read.
pub fn waiting(
    root: &ProcRoot,
    pid: Pid,
    state: &SignalState,
    threads: &[(Tid, SafeText)],
    calls: &[Reading<Vec<u8>>],
) -> Vec<SignalWaiter> {
    let can_wait = |signal: &Signal| !signal.is_unstoppable() && state.is_blocked(*signal);
    if !Signal::all().any(|signal| can_wait(&signal)) {
        return Vec::new();
    }
    let fds = standing::signalfds(root, pid);
    if fds.is_empty() {
        return Vec::new();
    }
    let asleep = threads.iter().zip(calls).filter_map(|((tid, _), call)| {
        let sp = Call::parse(call.as_ref().ok()?)?.sp()?;
        // The first stack of a process with 64-bit words lies above all that 32 bits can name.
        Some((*tid, sp > u64::from(u32::MAX)))
    });
    let asleep: Vec<(Tid, bool)> = asleep.collect();
    let dir = ProcDir::open(root).map_err(|_| Missing::Unsupported);
    let dir = dir.and_then(|dir| dir.threads(pid));
    let read = move |(tid, wide): &(Tid, bool)| {
        let raw = thread::read(dir.as_ref().map_err(|why| *why)?, *tid, *wide, None)?;
        Ok(classify(&Clues {
            state: State::Sleeping,
            kernel_thread: false,
            call: raw.call,
            name: raw.name,
            function: raw.function,
            memory: &raw.memory,
            wide: *wide,
            inside: None,
            frozen: false,
            flavour: Flavour::Unknown,
            owner: &|number, _| Owner::Nobody(number),
            now: Now::default(),
        })
        .what)
    };
    let waits = bounded::each("signal reader", asleep.clone(), read);
    let names: HashMap<Tid, &SafeText> = threads.iter().map(|(tid, name)| (*tid, name)).collect();
    let mut out = Vec::new();
    for ((tid, _), wait) in asleep.into_iter().zip(waits) {
        let Ok(wait) = wait else { continue };
        let numbers = watched(root, pid, &wait);
        let on = fds.iter().filter(|(fd, _)| numbers.contains(fd));
        out.extend(on.map(|(fd, signals)| SignalWaiter {
            tid,
            name: names[&tid].clone(),
            signals: *signals,
            fd: Some(*fd),
        }));
    }
    out
}

/// The descriptors that a thread waits to read from.
fn watched(root: &ProcRoot, pid: Pid, wait: &Wait) -> Vec<u32> {
    let numbers: Vec<i32> = match wait {
        Wait::On { verb, fd } if verb.starts_with("read") => vec![fd.number],
        Wait::Any { set: Some(set), .. } => {
            let path = root.proc(format!("{pid}/fdinfo/{}", set.number));
            let told = asker::read(&path, LONGEST).unwrap_or_default();
            links::watched(&told)
                .into_iter()
                .map(|(fd, _)| fd)
                .collect()
        }
        Wait::Any { fds, .. } => fds.iter().map(|fd| fd.number).collect(),
        _ => Vec::new(),
    };
    numbers
        .into_iter()
        .filter_map(|fd| fd.try_into().ok())
        .collect()
}
