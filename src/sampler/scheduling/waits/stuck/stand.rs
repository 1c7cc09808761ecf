//! How threads of processes stood when they were looked at: who could end the wait of each, and whether anybody has done anything
//! since.

use std::collections::{BTreeSet, HashMap};

use super::super::beyond;
use super::MOST;
use crate::model::id::{Pid, Tid};
use crate::model::process::stat::State;
use crate::model::reading::Reading;
use crate::model::scheduling::wait::Call;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;

/// What was found of a thread.
pub struct Seen {
    pub pid: Pid,
    pub call: Reading<Call>,
    pub slept: Reading<u64>,
    /// Who can end its wait; `None` where that is not known whole, or one of them goes on.
    pub by: Option<Vec<Tid>>,
    /// Its wait is told by the lock in its memory.
    pub in_memory: bool,
    /// It waits for the end of another thread, so it is hardly that one who has something.
    pub joins: bool,
}

/// Threads as they were seen, and the living threads of processes as they were listed.
#[derive(Default)]
pub struct Stand {
    pub seen: HashMap<Tid, Seen>,
    pub listed: HashMap<Pid, Vec<Tid>>,
}

impl Stand {
    /// Whether nobody did anything since: then there was a moment at which all of them waited.
    pub fn is_still(&self, root: &ProcRoot) -> bool {
        let processes: BTreeSet<Pid> = self.seen.values().map(|seen| seen.pid).collect();
        let same = |pid: &Pid| {
            let before = self.listed.get(pid);
            before.is_none_or(|before| living(root, *pid).as_ref() == Some(before))
        };
        let sleeps = |(tid, seen): (&Tid, &Seen)| {
            let now = beyond::read(root, seen.pid, *tid);
            now.is_some_and(|(raw, _)| {
                let slept = raw.switches.map(|s| s.voluntary);
                slept.is_ok() && slept == seen.slept && raw.call == seen.call
            })
        };
        processes.iter().all(same) && self.seen.iter().all(sleeps)
    }

    /// Takes out all who can go on, and who waits for one of them.
    pub fn keep_stuck(&mut self) {
        loop {
            let free = |seen: &Seen, all: &HashMap<Tid, Seen>| {
                let by = seen.by.as_deref().unwrap_or_default();
                by.is_empty() || by.iter().any(|tid| !all.contains_key(tid))
            };
            let ends: Vec<Tid> = self
                .seen
                .iter()
                .filter(|(_, seen)| free(seen, &self.seen))
                .map(|(tid, _)| *tid)
                .collect();
            if ends.is_empty() {
                return;
            }
            for tid in ends {
                self.seen.remove(&tid);
            }
        }
    }
}

/// The threads of a process that have not ended, in order.
pub fn living(root: &ProcRoot, pid: Pid) -> Option<Vec<Tid>> {
    let dir = ProcDir::open(root).ok()?;
    let (mut tids, mut buffer) = (Vec::new(), Vec::new());
    dir.tids(pid, &mut tids, &mut buffer).ok()?;
    if tids.len() > MOST {
        return None;
    }
    let threads = dir.threads(pid).ok()?;
    tids.retain(|tid| {
        let text = threads.read(Pid(tid.0), "stat", &mut buffer);
        let line = text.ok().and_then(|text| proc_stat::parse(text, 1));
        line.is_some_and(|l| !matches!(l.stat.state, State::Zombie | State::Dead))
    });
    tids.sort_unstable();
    Some(tids)
}
