//! The children of one process, looked for once a tick: there may be ten thousand processes.

use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::process::stat::State;
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;

/// Children that are shown at the most.
pub(super) const MOST: usize = 12;

/// What is told of one.
#[derive(Debug)]
pub(super) struct Child {
    pub pid: Pid,
    pub name: SafeText,
    pub state: State,
}

/// The children of a process.
#[derive(Debug, Default)]
pub(super) struct Children {
    /// Whose they are, and when they were looked for.
    of: Option<(ProcId, Nanos)>,
    pub count: usize,
    /// How many have ended and were not yet asked how.
    pub ended: usize,
    /// The first by ascending pid.
    pub first: Vec<Child>,
    /// Those that use most of a core first.
    pub busiest: Vec<ProcId>,
    /// The pid of the last one.
    pub last: Pid,
}

impl Children {
    /// Looks for the children of `parent`, where that was not done in this very snapshot.
    pub fn seek(&mut self, parent: ProcId, snapshot: &Snapshot) {
        let now = Some((parent, snapshot.at));
        if self.of == now {
            return;
        }
        *self = Self {
            of: now,
            ..Self::default()
        };
        let pid = parent.pid;
        let mut busiest = Vec::new();
        let all = snapshot.procs.iter();
        for child in all.filter(|p| p.stat.ppid == pid && p.id.pid != pid) {
            self.count += 1;
            self.ended += usize::from(child.stat.state == State::Zombie);
            self.last = child.id.pid;
            busiest.push((child.cpu.unwrap_or(0.0), child.id));
            if self.first.len() < MOST {
                self.first.push(Child {
                    pid: child.id.pid,
                    name: child.facts.name.clone(),
                    state: child.stat.state,
                });
            }
        }
        busiest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        busiest.truncate(MOST);
        self.busiest = busiest.into_iter().map(|(_, id)| id).collect();
    }
}
