//! Who moved bytes since the last tick: a process itself, or children of it that ended.
//!
//! When a process waits for a child that ended, the kernel adds the counters of the child to its own, those of the
//! child's whole life at once (`wait_task_zombie` in `kernel/exit.c`). That is no I/O of the parent's, and most of it is
//! none of this moment. The threads that live are counted apart, so that what is left over is of those that ended.

use std::collections::HashMap;

use crate::model::id::{Bytes, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Io, Moved, TaskSample};

/// Bytes moved between two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// By the process itself.
    pub own: Moved,
    /// In both directions, by children that it waited for, and by threads of it where it has such children.
    pub ended: Reading<Bytes>,
}

/// What a process moved from one sample to the next. `left` is what children that ended meanwhile had moved before.
pub fn since(before: Reading<Io>, now: Reading<Io>, left: Reading<Moved>) -> Reading<Since> {
    let now = now?;
    let before = before?;
    let all = now.all.since(before.all);
    let own = match (before.living, now.living) {
        (Some(before), Some(now)) => now.since(before),
        // Until its first child it was alone.
        (None, Some(now)) => now.since(before.all),
        (_, None) => all,
    };
    let rest = all.since(own);
    let ended = if rest == Moved::default() {
        Ok(Bytes(0))
    } else {
        left.map(|left| {
            let rest = rest.since(left);
            Bytes(rest.read.0.saturating_add(rest.written.0))
        })
    };
    Ok(Since { own, ended })
}

/// What had been seen of a process: nothing of one that ended while it was read for the first time.
fn seen(io: Reading<Io>) -> Reading<Moved> {
    match io {
        Ok(io) => Ok(io.all),
        Err(Missing::Gone | Missing::Late) => Ok(Moved::default()),
        Err(why) => Err(why),
    }
}

/// What processes that ended between two samples had moved before they were last seen, by the nearest ancestor that lives.
#[derive(Debug, Default)]
pub struct Left(HashMap<ProcId, Reading<Moved>>);

impl Left {
    /// Of two samples; empty where nobody's I/O was read.
    pub fn between(old: &[TaskSample], new: &[TaskSample]) -> Self {
        let mut left = HashMap::new();
        let moved = |t: &TaskSample| t.extra.as_deref().map_or(Err(Missing::Soon), |e| e.io);
        if !new.iter().any(|t| moved(t).is_ok()) {
            return Self::default();
        }
        let lives = |id: ProcId| new.binary_search_by_key(&id, |t| t.id).is_ok();
        let mut rest = new.iter().map(|t| t.id).peekable();
        let ended = old.iter().filter(|t| {
            while rest.next_if(|id| *id < t.id).is_some() {}
            rest.peek() != Some(&t.id)
        });
        for task in ended {
            let mut at = task;
            // A sweep is not one moment: parents may stand in a circle.
            for _ in 0..old.len() {
                let parent = old.binary_search_by_key(&at.stat.ppid, |t| t.id.pid);
                let Ok(parent) = parent.map(|i| &old[i]) else {
                    break;
                };
                if lives(parent.id) {
                    let sum = left.entry(parent.id).or_insert(Ok(Moved::default()));
                    *sum = sum.and_then(|sum| Ok(sum + seen(moved(task))?));
                    break;
                }
                at = parent;
            }
        }
        Self(left)
    }

    /// What those below this process had moved; an error where that of one was not known.
    pub fn of(&self, id: ProcId) -> Reading<Moved> {
        self.0.get(&id).copied().unwrap_or(Ok(Moved::default()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::id::Pid;
    use crate::model::sample::OptionalStats;
    use crate::model::scene::Scene;
    use crate::model::snapshot::{Rates, Snapshot};

    const MIB: u64 = 1 << 20;

    fn read(scene: &mut Scene, pid: u32, all: u64, living: Option<u64>) {
        let moved = |n| Moved {
            read: Bytes(n * MIB),
            ..Moved::default()
        };
        scene.of(pid).extra = Some(Arc::new(OptionalStats {
            io: Ok(Io {
                all: moved(all),
                living: living.map(moved),
            }),
            ..OptionalStats::default()
        }));
    }

    fn rates(snapshot: &Snapshot, pid: u32) -> (Reading<f64>, Reading<f64>) {
        let proc = snapshot.by_pid(Pid(pid)).expect("it is there");
        let mib = |r: Reading<f64>| r.map(|n| n / MIB as f64);
        let rates: &Rates = proc.rates.as_deref().expect("read");
        (mib(rates.read), mib(rates.ended))
    }

    /// A shell (2) that waits for a pipeline (3, and 4 below it).
    fn shell() -> Scene {
        let mut scene = Scene::new();
        for (pid, ppid, name) in [(1, 0, "init"), (2, 1, "sh"), (3, 2, "sort"), (4, 3, "find")] {
            scene.task(pid, ppid, name);
        }
        read(&mut scene, 2, 1000, Some(10));
        read(&mut scene, 3, 300, Some(300));
        read(&mut scene, 4, 100, None);
        scene
    }

    #[test]
    fn a_child_that_ends_is_no_io_of_its_parent() {
        let mut scene = shell();
        scene.pass(1000, &[]);
        // Both end: since the last tick sort read 5 and find 2, and the shell itself 1.
        read(&mut scene, 2, 1000 + 1 + 305 + 102, Some(11));
        scene.end(3);
        scene.end(4);
        assert_eq!(rates(&scene.snapshot(), 2), (Ok(1.0), Ok(7.0)));
    }

    #[test]
    fn a_child_too_short_to_be_seen_is_told_with_its_parent() {
        let mut scene = shell();
        scene.pass(2000, &[]);
        read(&mut scene, 2, 1040, Some(10));
        assert_eq!(rates(&scene.snapshot(), 2), (Ok(0.0), Ok(20.0)));
        assert_eq!(rates(&scene.snapshot(), 4), (Ok(0.0), Ok(0.0)));
    }

    #[test]
    fn what_was_not_known_of_the_child_leaves_only_its_own() {
        let mut scene = shell();
        scene.of(4).extra = None;
        scene.pass(1000, &[]);
        read(&mut scene, 2, 1500, Some(12));
        scene.end(3);
        scene.end(4);
        assert_eq!(rates(&scene.snapshot(), 2), (Ok(2.0), Err(Missing::Soon)));
    }

    #[test]
    fn the_first_child_of_a_process_is_told_apart_as_well() {
        let mut scene = shell();
        scene.pass(1000, &[]);
        // Waited for a child that nobody saw, and read 3 itself.
        read(&mut scene, 4, 150, Some(103));
        assert_eq!(rates(&scene.snapshot(), 4), (Ok(3.0), Ok(47.0)));
        // A child that is not waited for adds nothing, whatever it had moved.
        scene.pass(1000, &[]);
        scene.end(4);
        read(&mut scene, 3, 301, Some(301));
        assert_eq!(rates(&scene.snapshot(), 3), (Ok(1.0), Ok(0.0)));
    }

    #[test]
    fn all_that_a_newborn_moved_it_moved_since_the_last_tick() {
        let mut scene = shell();
        scene.pass(2000, &[]);
        let uptime = scene.sample.system.uptime.seconds() as u64;
        let new = scene.task(5, 2, "dd");
        new.id = ProcId::new(5, uptime * 100 - 50);
        read(&mut scene, 5, 30, None);
        assert_eq!(rates(&scene.snapshot(), 5).0, Ok(15.0));
        scene.of(5).id = ProcId::new(5, 7);
        let known = rates(&scene.snapshot(), 5).0;
        assert_eq!(
            known,
            Err(Missing::Soon),
            "an old one that nobody saw has no rate yet"
        );
    }
}
