//! Where `/proc` tells of a process whose first thread has ended while others go on: `/proc/TID` of a living one.
//!
//! A process is its threads, but every file of `/proc/PID` asks the first: one that has ended has no memory, no descriptors,
//! no directories and no control group, although the others hold them all. See `pthread_exit(3)`, `proc_pid_task(5)`.

use super::proc_dir::ProcDir;
use super::proc_stat::{self, Line};
use crate::model::id::{Pid, Tid};
use crate::model::process::stat::{Stat, State};
use crate::sys::root::ProcRoot;

/// So many threads are looked at for a living one.
const MOST: usize = 4096;

fn has_ended(state: State) -> bool {
    matches!(state, State::Zombie | State::Dead)
}

/// Whether the line of a process says that its first thread has ended and others have not.
pub fn first_has_ended(stat: &Stat) -> bool {
    has_ended(stat.state) && stat.threads > 1
}

/// The number under which `/proc` tells of a process: its own, or that of a living thread where the first one has ended.
///
/// `/proc/TID` is not listed but can be opened, and has every file that `/proc/PID` has. It is no identity: whoever compares
/// start times asks the process itself.
pub fn pid(root: &ProcRoot, pid: Pid) -> Pid {
    other(root, pid).map_or(pid, |tid| Pid(tid.0))
}

/// The same, of a process whose counters are known: costs nothing while the first thread lives.
pub fn asked(dir: &ProcDir, pid: Pid, stat: &Stat) -> Pid {
    if !stat.first_ended {
        return pid;
    }
    let (mut tids, mut buffer) = (Vec::new(), Vec::new());
    if dir.tids(pid, &mut tids, &mut buffer).is_err() {
        return pid;
    }
    let lives = |tid: &Tid| {
        let text = dir.read(pid, &format!("task/{tid}/stat"), &mut buffer);
        let line = text.ok().and_then(|text| proc_stat::parse(text, 1));
        line.is_some_and(|l| !has_ended(l.stat.state))
    };
    tids.into_iter()
        .take(MOST)
        .find(lives)
        .map_or(pid, |tid| Pid(tid.0))
}

/// A living thread of a process whose first thread has ended; `None` while that one lives.
pub fn other(root: &ProcRoot, pid: Pid) -> Option<Tid> {
    let text = std::fs::read(root.proc(format!("{pid}/stat"))).ok()?;
    let line = proc_stat::parse(&text, 1)?;
    if !first_has_ended(&line.stat) {
        return None;
    }
    let mut tids: Vec<Tid> = std::fs::read_dir(root.proc(format!("{pid}/task")))
        .ok()?
        .filter_map(|e| e.ok()?.file_name().into_string().ok()?.parse().ok())
        .map(Tid)
        .collect();
    tids.sort_unstable();
    tids.into_iter().take(MOST).find(|tid| {
        let text = std::fs::read(root.proc(format!("{pid}/task/{tid}/stat"))).unwrap_or_default();
        proc_stat::parse(&text, 1).is_some_and(|l| !has_ended(l.stat.state))
    })
}

/// Mends the counters of a process whose first thread has ended: state, core and memory are those of its living threads.
///
/// Of their states the busiest counts.
pub fn mend(dir: &ProcDir, pid: Pid, page_size: u64, stat: &mut Stat) {
    if !first_has_ended(stat) {
        return;
    }
    let (mut tids, mut buffer) = (Vec::new(), Vec::new());
    if dir.tids(pid, &mut tids, &mut buffer).is_err() {
        return;
    }
    let mut found: Option<Stat> = None;
    for tid in tids.into_iter().take(MOST) {
        let text = dir.read(pid, &format!("task/{tid}/stat"), &mut buffer);
        let line = text.ok().and_then(|text| proc_stat::parse(text, page_size));
        let Some(Line { stat: one, .. }) = line.filter(|l| !has_ended(l.stat.state)) else {
            continue;
        };
        let busier = |known: &Stat| busy(one.state) > busy(known.state);
        if found.as_ref().is_none_or(busier) {
            found = Some(one);
        }
        if one.state == State::Running {
            break;
        }
    }
    let Some(one) = found else { return };
    *stat = Stat {
        state: one.state,
        first_ended: true,
        virtual_size: one.virtual_size,
        resident: one.resident,
        processor: one.processor,
        priority: one.priority,
        nice: one.nice,
        rt_priority: one.rt_priority,
        policy: one.policy,
        ..*stat
    };
}

/// What of several threads is told of the process: one that runs before one that is blocked before one that sleeps.
fn busy(state: State) -> u8 {
    match state {
        State::Running => 3,
        State::Blocked => 2,
        State::Sleeping => 1,
        _ => 0,
    }
}
