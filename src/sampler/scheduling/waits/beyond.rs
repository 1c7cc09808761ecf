//! Threads of other processes that hold what a thread waits for, and what they wait for themselves: a circle may go
//! through several processes. Only whoever holds something is looked at, and whoever holds what that one waits for.

use std::collections::BTreeSet;

use super::around::program;
use crate::model::id::{Pid, Tid};
use crate::model::process::stat::State;
use crate::model::process::threads::{Other, ThreadRow};
use crate::model::scheduling::wait::{Clues, Flavour, Now, Owner, Waiting, classify};
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::owner;
use crate::sys::scheduling::waits::thread::{self, Raw};

/// So many threads are followed.
const MOST: usize = 16;

/// Follows the owners of what these threads wait for, as far as they are of other processes.
pub fn follow(root: &ProcRoot, rows: &[ThreadRow]) -> Vec<Other> {
    let mut next: Vec<(Pid, Tid, SafeText)> = rows.iter().filter_map(held_elsewhere).collect();
    let mut seen: BTreeSet<Tid> = BTreeSet::new();
    let mut out = Vec::new();
    while let Some((pid, tid, name)) = next.pop() {
        if seen.len() == MOST || !seen.insert(tid) {
            continue;
        }
        let Some(owner) = owner_of(root, pid, tid) else {
            continue;
        };
        let Some(waits_for) = owner.tid() else {
            continue;
        };
        let known = rows.binary_search_by_key(&waits_for, |r| r.id.tid).is_ok();
        match owner {
            Owner::Elsewhere { pid, name, .. } if !known => next.push((pid, waits_for, name)),
            Owner::Thread(_) if !known => next.push((pid, waits_for, name.clone())),
            _ => {}
        }
        out.push(Other {
            tid,
            name,
            waits_for,
        });
    }
    out
}

fn held_elsewhere(row: &ThreadRow) -> Option<(Pid, Tid, SafeText)> {
    match row.detail.as_ref().ok()?.waiting.what.held_by()? {
        Owner::Elsewhere { tid, pid, name } => Some((*pid, *tid, name.clone())),
        _ => None,
    }
}

/// Who has what a thread waits for, by the looks of the lock alone.
fn owner_of(root: &ProcRoot, pid: Pid, tid: Tid) -> Option<Owner> {
    let (_, waiting) = read(root, pid, tid)?;
    waiting.what.held_by().cloned()
}

/// What a thread waits for, by the looks of its call and of the lock alone.
pub fn read(root: &ProcRoot, pid: Pid, tid: Tid) -> Option<(Raw, Waiting)> {
    let (wide, _) = program(root, pid);
    let threads = ProcDir::open(root).ok()?.threads(pid).ok()?;
    let read = move |(_, tid): &(Pid, Tid)| thread::read(&threads, *tid, wide, None);
    let raw: Raw = bounded::each("thread", vec![(pid, tid)], read)
        .pop()?
        .ok()?;
    let waiting = classify(&Clues {
        state: State::Sleeping,
        kernel_thread: false,
        call: raw.call,
        name: raw.name,
        function: raw.function.clone(),
        memory: &raw.memory,
        wide,
        inside: None,
        frozen: false,
        flavour: Flavour::Unknown,
        owner: &|number, shared| owner::owner(root, pid, number, shared),
        now: Now::default(),
    });
    Some((raw, waiting))
}
