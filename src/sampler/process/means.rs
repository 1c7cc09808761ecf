//! What each process used of a core over the last minutes. Only while somebody shows that: what everybody had used is
//! remembered every few seconds, so the first minutes tell of as much as has been looked at.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Machine, Means, OptionalStats, TaskSample};

/// How long one remembered moment is newer than the one before it at the least.
const STEP: Nanos = Nanos(5_000_000_000);
/// The same for moments that are older than a minute.
const COARSE: Nanos = Nanos(20_000_000_000);
const MINUTE: Nanos = Nanos(60_000_000_000);
const FIVE: Nanos = Nanos(300_000_000_000);

/// What everybody had used at one moment, by ascending identity.
struct Mark {
    at: Nanos,
    used: Vec<(ProcId, u64)>,
}

/// The remembered moments, oldest first.
#[derive(Default)]
pub(in crate::sampler) struct Minutes(VecDeque<Mark>);

impl Minutes {
    /// Takes a sweep in and tells the means of those who need them; forgets everything where nobody does.
    pub(in crate::sampler) fn tell(
        &mut self,
        tasks: &mut [TaskSample],
        wanted: &[Needs],
        machine: &Machine,
        now: Nanos,
    ) {
        if !wanted.iter().any(|needs| needs.contains(Needs::MEANS)) {
            self.0.clear();
            return;
        }
        for (task, _) in tasks
            .iter_mut()
            .zip(wanted)
            .filter(|(_, needs)| needs.contains(Needs::MEANS))
        {
            let over = |window| self.mean(task, machine, now, window);
            let means = over(MINUTE).and_then(|minute| {
                Ok(Means {
                    minute,
                    five: over(FIVE)?,
                })
            });
            let known = task.extra.as_deref();
            if known.is_none_or(|extra| extra.means != means) {
                let extra = known.cloned().unwrap_or_default();
                task.extra = Some(Arc::new(OptionalStats { means, ..extra }));
            }
        }
        self.remember(tasks, now);
    }

    fn remember(&mut self, tasks: &[TaskSample], now: Nanos) {
        let last = self.0.back().map(|mark| mark.at);
        if last.is_some_and(|last| now < last) {
            self.0.clear();
        } else if last.is_some_and(|last| now.since(last) < STEP) {
            return;
        }
        let used = tasks.iter().map(|t| (t.id, t.stat.cpu_time().0));
        self.0.push_back(Mark {
            at: now,
            used: used.collect(),
        });
        // One that is older than the window is its beginning.
        while self
            .0
            .get(1)
            .is_some_and(|second| now.since(second.at) >= FIVE)
        {
            self.0.pop_front();
        }
        let mut before: Option<Nanos> = None;
        self.0.retain(|mark| {
            let coarse = now.since(mark.at) > MINUTE.max(STEP);
            let close = before.is_some_and(|before| mark.at.since(before) < COARSE);
            let keep = !coarse || !close;
            if keep {
                before = Some(mark.at);
            }
            keep
        });
    }

    /// The mean over a window, in hundredths of a percent of one core.
    fn mean(
        &self,
        task: &TaskSample,
        machine: &Machine,
        now: Nanos,
        window: Nanos,
    ) -> Reading<u64> {
        let older = self.0.iter().rev().find(|m| now.since(m.at) >= window);
        let mark = older.or(self.0.front()).ok_or(Missing::Soon)?;
        let known = mark.used.binary_search_by_key(&task.id, |(id, _)| *id);
        let before = known.map_or(0, |at| mark.used[at].1);
        let used = task.stat.cpu_time().0.saturating_sub(before);
        let used = machine.nanos(crate::model::id::Ticks(used)).0;
        match now.since(mark.at).0 {
            0 => Err(Missing::Soon),
            span => Ok((u128::from(used) * 10_000 / u128::from(span)) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Ticks;
    use crate::model::scene::Scene;

    fn told(scene: &mut Scene, minutes: &mut Minutes, seconds: u64) -> Vec<Reading<Means>> {
        let wanted = vec![Needs::MEANS; scene.sample.tasks.len()];
        let machine = Arc::clone(&scene.sample.machine);
        let now = Nanos(seconds * 1_000_000_000);
        minutes.tell(&mut scene.sample.tasks, &wanted, &machine, now);
        let means = |t: &TaskSample| t.extra.as_deref().map_or(Err(Missing::Soon), |e| e.means);
        scene.sample.tasks.iter().map(means).collect()
    }

    #[test]
    fn a_minute_of_work_fades_out_of_the_minute_and_then_out_of_the_five() {
        let mut scene = Scene::new();
        scene.task(7, 1, "worker");
        let mut minutes = Minutes::default();
        assert_eq!(told(&mut scene, &mut minutes, 100), [Err(Missing::Soon)]);
        let mut at = |seconds: u64, busy: bool| {
            // Half of a core: 100 ticks a second are a whole one.
            scene.of(7).stat.user.0 += if busy { 50 } else { 0 };
            told(&mut scene, &mut minutes, seconds)[0]
        };
        for second in 101..=160 {
            let half = Means {
                minute: 5000,
                five: 5000,
            };
            assert_eq!(at(second, true), Ok(half), "of as much as was looked at");
        }
        let mut last = Ok(Means::default());
        for second in 161..=230 {
            last = at(second, false);
        }
        let last = last.expect("known");
        assert_eq!(last.minute, 0, "a minute ago it had stopped");
        assert_eq!(last.five, 30 * 10_000 / 130);
        for second in 231..=480 {
            let _ = at(second, false);
        }
        assert_eq!(at(481, false), Ok(Means::default()));
        assert!(minutes.0.len() <= 40, "{} moments", minutes.0.len());
    }

    #[test]
    fn one_that_was_born_since_has_used_all_of_it_since() {
        let mut scene = Scene::new();
        scene.task(7, 1, "old").stat.user = Ticks(4000);
        let mut minutes = Minutes::default();
        told(&mut scene, &mut minutes, 100);
        scene.task(9, 1, "new").stat.user = Ticks(100);
        let means = told(&mut scene, &mut minutes, 110);
        let of = |minute| {
            Ok(Means {
                minute,
                five: minute,
            })
        };
        assert_eq!(means, [of(0), of(1000)]);
        let machine = Arc::clone(&scene.sample.machine);
        let nobody = [Needs::empty(); 2];
        minutes.tell(&mut scene.sample.tasks, &nobody, &machine, Nanos(0));
        assert!(minutes.0.is_empty(), "nobody asks any more");
    }
}
