//! Whose children ended since the last sweep, and how much of their time had been seen in them already.
//!
//! The kernel adds the whole life of a child to its parent's `cutime` and `cstime` when the parent waits for it, see
//! `proc_pid_stat(5)`. So that what nobody saw can be told, what was seen is counted beside it. Who waited is not told: the
//! parent, or where that ended before, one of its ancestors. It is the nearest one to whom the kernel added at least as much.
//! A sweep is no moment: a parent may be read before it waits for a child that is gone when its turn comes, so what nobody
//! has taken over is looked for at one more sweep. What then is nobody's was of a child whose parent ignores `SIGCHLD`.

use std::collections::HashMap;

use crate::model::id::ProcId;
use crate::model::sample::TaskSample;

/// So many ancestors are asked at the most: a sweep is no moment, and they may stand in a circle.
const MOST: usize = 256;

/// What was seen of those who ended and nobody has taken over yet.
#[derive(Debug, Default)]
pub(in crate::sampler) struct Reaped {
    /// The ancestors at that time, the parent first, and ticks.
    pending: Vec<(Vec<ProcId>, u64)>,
}

impl Reaped {
    /// Counts in the `new` tasks, which follow the `old` ones, what had been seen of those who ended between them.
    pub(in crate::sampler) fn settle(&mut self, old: &[TaskSample], new: &mut [TaskSample]) {
        let pending = std::mem::take(&mut self.pending);
        let ended = ended(old, new);
        if pending.is_empty() && ended.is_empty() {
            return;
        }
        let mut added = HashMap::new();
        for (ancestors, ticks) in pending {
            take_over(&ancestors, ticks, old, new, &mut added);
        }
        for task in ended {
            let ticks = task.stat.time_with_children().0;
            let ancestors = ancestors(task, old);
            if ticks > 0 && !take_over(&ancestors, ticks, old, new, &mut added) {
                self.pending.push((ancestors, ticks));
            }
        }
    }
}

/// Those of the old tasks who are not among the new ones.
fn ended<'a>(old: &'a [TaskSample], new: &[TaskSample]) -> Vec<&'a TaskSample> {
    let mut rest = new.iter().map(|task| task.id).peekable();
    let gone = |task: &&TaskSample| {
        while rest.next_if(|id| *id < task.id).is_some() {}
        rest.peek() != Some(&task.id)
    };
    old.iter().filter(gone).collect()
}

fn ancestors(of: &TaskSample, old: &[TaskSample]) -> Vec<ProcId> {
    let mut at = of;
    let up = std::iter::from_fn(|| {
        let place = old.binary_search_by_key(&at.stat.ppid, |task| task.id.pid);
        at = &old[place.ok()?];
        Some(at.id)
    });
    up.take(MOST).collect()
}

/// Gives ticks to the first of these to whom the kernel added as many and who has them left; answers whether there is one.
fn take_over(
    ancestors: &[ProcId],
    ticks: u64,
    old: &[TaskSample],
    new: &mut [TaskSample],
    added: &mut HashMap<ProcId, u64>,
) -> bool {
    for id in ancestors {
        let Ok(place) = new.binary_search_by_key(id, |task| task.id) else {
            continue;
        };
        let left = added.entry(*id).or_insert_with(|| {
            let before = old.binary_search_by_key(id, |task| task.id);
            let before = before.map_or(0, |at| old[at].stat.children.0);
            new[place].stat.children.0.saturating_sub(before)
        });
        if *left >= ticks {
            *left -= ticks;
            new[place].seen.0 += ticks;
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{Pid, Ticks};
    use crate::model::reading::{Missing, Reading};
    use crate::model::scene::Scene;

    /// init, a shell below it, make, and two compilers of 300 and 40 ticks.
    fn machine() -> Scene {
        let mut scene = Scene::new();
        for (pid, ppid, name) in [
            (1, 0, "init"),
            (2, 1, "sh"),
            (3, 2, "make"),
            (4, 3, "cc"),
            (5, 3, "cc"),
        ] {
            scene.task(pid, ppid, name);
        }
        scene.of(4).stat.user = Ticks(300);
        scene.of(5).stat.system = Ticks(40);
        scene
    }

    /// Lets a second pass in which the cores were busy, and tells of what ended children used, by pid.
    fn pass(
        reaped: &mut Reaped,
        scene: &mut Scene,
        change: impl FnOnce(&mut Scene),
    ) -> Box<dyn Fn(u32) -> Reading<f32>> {
        let old = scene.sample.tasks.clone();
        scene.pass(1000, &[]);
        for core in &mut scene.sample.system.cores {
            core.user.0 += 50;
            core.idle.0 -= 50;
        }
        change(scene);
        reaped.settle(&old, &mut scene.sample.tasks);
        let snapshot = scene.snapshot();
        Box::new(move |pid| snapshot.by_pid(Pid(pid)).ok_or(Missing::Gone)?.ended)
    }

    #[test]
    fn those_who_live_for_less_than_a_tick_are_told_with_their_parent() {
        let (mut reaped, mut scene) = (Reaped::default(), machine());
        let told = pass(&mut reaped, &mut scene, |s| s.of(2).stat.children.0 += 92);
        assert_eq!((told(2), told(1), told(3)), (Ok(92.0), Ok(0.0), Ok(0.0)));
    }

    #[test]
    fn of_one_that_was_seen_only_what_it_did_since_then_is_told() {
        let (mut reaped, mut scene) = (Reaped::default(), machine());
        let told = pass(&mut reaped, &mut scene, |s| {
            s.end(4);
            s.of(3).stat.children.0 += 307;
        });
        assert_eq!(told(3), Ok(7.0));
        let told = pass(&mut reaped, &mut scene, |_| ());
        assert_eq!(told(3), Ok(0.0), "and only once");
        // It goes with all that it was given.
        let told = pass(&mut reaped, &mut scene, |s| {
            s.end(3);
            s.end(5);
            s.of(2).stat.children.0 += 307 + 40 + 11;
        });
        assert_eq!(told(2), Ok(11.0));
    }

    #[test]
    fn an_orphan_is_given_to_whoever_waited_for_it() {
        let (mut reaped, mut scene) = (Reaped::default(), machine());
        let told = pass(&mut reaped, &mut scene, |s| {
            for pid in [3, 4, 5] {
                s.end(pid);
            }
            s.of(1).stat.children.0 += 300;
            s.of(2).stat.children.0 += 50;
        });
        assert_eq!((told(1), told(2)), (Ok(0.0), Ok(10.0)));
    }

    #[test]
    fn a_parent_that_was_read_before_it_waited_is_asked_once_more() {
        let (mut reaped, mut scene) = (Reaped::default(), machine());
        let told = pass(&mut reaped, &mut scene, |s| s.end(4));
        assert_eq!(told(3), Ok(0.0));
        let told = pass(&mut reaped, &mut scene, |s| s.of(3).stat.children.0 += 302);
        assert_eq!(told(3), Ok(2.0));
        // Nobody waits for one whose parent ignores that it ended; that hides nothing of those who come later.
        let told = pass(&mut reaped, &mut scene, |s| s.end(5));
        assert_eq!(told(3), Ok(0.0));
        let told = pass(&mut reaped, &mut scene, |_| ());
        assert_eq!(told(3), Ok(0.0));
        let told = pass(&mut reaped, &mut scene, |s| s.of(3).stat.children.0 += 60);
        assert_eq!(told(3), Ok(60.0));
    }

    #[test]
    fn it_is_never_more_than_the_cores_were_busy_with_nobody() {
        let (mut reaped, mut scene) = (Reaped::default(), machine());
        // One that was never seen, since it is hidden, had lived for an hour.
        let told = pass(&mut reaped, &mut scene, |s| {
            s.of(4).stat.user.0 += 180;
            s.of(3).stat.children.0 += 360_000;
        });
        assert!(told(3).is_ok_and(|share| share <= 35.0), "{:?}", told(3));
    }

    #[test]
    fn circles_end() {
        let (mut reaped, mut scene) = (Reaped::default(), machine());
        scene.of(2).stat.ppid = Pid(3);
        let told = pass(&mut reaped, &mut scene, |s| s.end(4));
        assert_eq!(told(3), Ok(0.0));
    }
}
