//! Names and start times of threads that switches tell only by number: `/proc/PID/stat`, `/proc/PID/task/TID/comm`, and
//! of those that have gone by then, the last sweep.

use std::collections::HashMap;
use std::fs;

use crate::model::id::{Nanos, Pid, ProcId, Tid};
use crate::model::scheduling::timeline::Names;
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::process::changes::Feed;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;

/// Start times that are remembered.
const MOST: usize = 1 << 16;

/// Looks names up in a proc tree.
pub struct ProcNames {
    root: ProcRoot,
    feed: Feed,
    started: HashMap<Pid, ProcId>,
    ticks_per_second: u64,
}

impl ProcNames {
    /// Over this tree; `feed` keeps the last sweep.
    pub fn new(root: &ProcRoot, feed: Feed) -> Self {
        Self {
            root: root.clone(),
            feed,
            started: HashMap::new(),
            ticks_per_second: clock::ticks_per_second(),
        }
    }

    /// The process with this number, which began at `at`.
    ///
    /// One that has already gone gets the start time of the moment that the kernel told.
    pub fn began(&mut self, pid: Pid, at: Nanos) -> ProcId {
        let id = self.read_start(pid).unwrap_or_else(|| {
            let suspended = clock::since_boot().since(clock::now());
            let ticks = u128::from(at.0 + suspended.0) * u128::from(self.ticks_per_second);
            ProcId::new(pid.0, (ticks / 1_000_000_000) as u64)
        });
        self.remember(id);
        id
    }

    /// A process ended; its number may be given to another.
    pub fn ended(&mut self, pid: Pid) {
        self.started.remove(&pid);
    }

    /// Forgets everything: ends may have been lost.
    pub fn forget(&mut self) {
        self.started.clear();
    }

    fn remember(&mut self, id: ProcId) {
        if self.started.len() >= MOST {
            self.started.clear();
        }
        self.started.insert(id.pid, id);
    }

    fn read_name(&self, path: &str) -> Option<SafeText> {
        let name = fs::read(self.root.proc(path)).ok()?;
        let name = name.strip_suffix(b"\n").unwrap_or(&name);
        Some(SafeText::from_bytes(name))
    }

    fn read_start(&self, pid: Pid) -> Option<ProcId> {
        let text = fs::read(self.root.proc(format!("{pid}/stat"))).ok()?;
        let line = proc_stat::parse(&text, 4096)?;
        Some(ProcId {
            pid,
            start: line.start,
        })
    }
}

impl Names for ProcNames {
    fn look_up(&mut self, pid: Pid, tid: Tid) -> (ProcId, SafeText) {
        let known = self.started.get(&pid).copied();
        let id = known.or_else(|| self.read_start(pid));
        let name = self.read_name(&format!("{pid}/task/{tid}/comm"));
        let name = name.or_else(|| self.read_name(&format!("{pid}/comm")));
        // A sweep may have met what is gone by now; and what it met under this number is what had the core.
        let seen = || {
            let snapshot = self.feed.seen()?;
            let met = snapshot
                .by_pid(pid)
                .filter(|p| id.is_none_or(|id| id == p.id))?;
            Some((met.id, met.facts.name.clone()))
        };
        let (id, name) = match (id, name) {
            (Some(id), Some(name)) => (Some(id), Some(name)),
            (id, name) => {
                let seen = seen();
                (
                    id.or(seen.as_ref().map(|s| s.0)),
                    name.or(seen.map(|s| s.1)),
                )
            }
        };
        if let Some(id) = id {
            self.remember(id);
        }
        let nobody = || SafeText::from(format!("pid {pid}"));
        (
            id.unwrap_or(ProcId::new(pid.0, 0)),
            name.unwrap_or_else(nobody),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn reads_names_and_starts_of_a_tree() {
        let dir = tempfile::tempdir().expect("a directory");
        let task = dir.path().join("proc/7/task/8");
        fs::create_dir_all(&task).expect("made");
        fs::write(task.join("comm"), "a) b\n").expect("written");
        let line = "7 (a) R 1 (x) S 1 7 7 0 -1 4194304 1 0 0 0 1 2 0 0 20 0 2 0 98765 1 1";
        fs::write(dir.path().join("proc/7/stat"), line).expect("written");
        let mut scene = Scene::new();
        scene.task(4211, 1, "rustc");
        let feed = Feed::default();
        feed.saw(&Arc::new(scene.pass(1000, &[])));
        let met = feed.seen().expect("a sweep");
        let met = met.procs.last().expect("a process");
        let (gone, called) = (met.id, met.facts.name.clone());
        assert!(![7, 9].contains(&gone.pid.0), "{gone:?}");
        let mut names = ProcNames::new(&ProcRoot::fixture(dir.path()), feed);
        let (id, name) = names.look_up(Pid(7), Tid(8));
        assert_eq!((id, name.as_str()), (ProcId::new(7, 98_765), "a) b"));
        let (id, name) = names.look_up(Pid(9), Tid(9));
        assert_eq!((id, name.as_str()), (ProcId::new(9, 0), "pid 9"));
        let found = names.look_up(gone.pid, Tid(gone.pid.0));
        assert_eq!(found, (gone, called), "the last sweep has met it");
        // A thread that has gone is called like its process, where that still lives.
        fs::write(dir.path().join("proc/7/comm"), "a) b\n").expect("written");
        assert_eq!(names.look_up(Pid(7), Tid(99)).1.as_str(), "a) b");
    }
}
