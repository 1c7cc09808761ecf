//! Every process of a snapshot, in short runs that snapshots share as long as nothing in them changes.

use std::ops::Index;
use std::sync::Arc;

use super::Proc;
use crate::model::id::Pid;

/// How many processes share a run: few enough that one that works does not renew many that sleep.
pub(super) const RUN: usize = 8;

/// Processes by ascending pid.
#[derive(Clone, Debug, Default)]
pub struct Procs {
    /// All but the last have [`RUN`] processes.
    runs: Vec<Arc<[Proc]>>,
    len: usize,
}

impl Procs {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The process in a place.
    pub fn get(&self, place: usize) -> Option<&Proc> {
        self.runs.get(place / RUN)?.get(place % RUN)
    }

    /// The one with the highest pid.
    pub fn last(&self) -> Option<&Proc> {
        self.runs.last()?.last()
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Proc> + Clone {
        self.runs.iter().flat_map(|run| run.iter())
    }

    /// Where the process with this number stands.
    pub fn place_of(&self, pid: Pid) -> Option<usize> {
        let begun = self.runs.partition_point(|run| run[0].id.pid <= pid);
        let run = begun.checked_sub(1)?;
        let at = self.runs[run].binary_search_by_key(&pid, |p| p.id.pid);
        at.ok().map(|at| run * RUN + at)
    }

    /// How many bytes of it `other` does not share.
    pub fn bytes_apart(&self, other: &Self) -> usize {
        let shared = |(at, run): &(usize, &Arc<[Proc]>)| {
            let theirs = other.runs.get(*at);
            theirs.is_some_and(|theirs| Arc::ptr_eq(run, theirs))
        };
        let own = self.runs.iter().enumerate().filter(|run| !shared(run));
        own.map(|(_, run)| size_of_val::<[Proc]>(run)).sum()
    }

    /// The run in a place.
    pub(super) fn run(&self, place: usize) -> Option<&Arc<[Proc]>> {
        self.runs.get(place)
    }

    /// Of these runs; all but the last have [`RUN`] processes, none is empty.
    pub(super) fn of(runs: Vec<Arc<[Proc]>>) -> Self {
        let len = runs.iter().map(|run| run.len()).sum();
        Self { runs, len }
    }
}

impl Index<usize> for Procs {
    type Output = Proc;

    fn index(&self, place: usize) -> &Proc {
        &self.runs[place / RUN][place % RUN]
    }
}

impl FromIterator<Proc> for Procs {
    fn from_iter<I: IntoIterator<Item = Proc>>(procs: I) -> Self {
        let mut procs = procs.into_iter();
        let runs = std::iter::from_fn(|| {
            let run: Arc<[Proc]> = procs.by_ref().take(RUN).collect();
            (!run.is_empty()).then_some(run)
        });
        Self::of(runs.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;
    use crate::model::snapshot::Snapshot;

    /// Forty processes, of which one works.
    fn forty() -> (Scene, Snapshot) {
        let mut scene = Scene::new();
        for pid in 1..=40 {
            scene.task(pid * 3, 3, "farm");
        }
        let snapshot = scene.pass(1000, &[(60, 5)]);
        (scene, snapshot)
    }

    #[test]
    fn a_place_is_found_by_number_and_nobody_between_is() {
        let (_, snapshot) = forty();
        let procs = &snapshot.procs;
        assert_eq!((procs.len(), procs.iter().count()), (40, 40));
        for place in 0..40 {
            let pid = Pid(place as u32 * 3 + 3);
            assert_eq!(procs[place].id.pid, pid);
            assert_eq!(procs.place_of(pid), Some(place));
            assert_eq!(procs.place_of(Pid(pid.0 - 1)), None);
        }
        assert_eq!(procs.place_of(Pid(121)), None);
        assert!(procs.get(40).is_none());
        assert_eq!(procs.last().map(|p| p.id.pid), Some(Pid(120)));
        assert!(Procs::default().is_empty() && Procs::default().place_of(Pid(1)).is_none());
    }

    #[test]
    fn runs_in_which_nothing_changed_are_shared() {
        let (mut scene, first) = forty();
        let run = RUN * size_of::<Proc>();
        let next = |scene: &mut Scene, known: &Snapshot, busy: &[(u32, u64)]| {
            let before = scene.sample.clone();
            let plain = scene.pass(1000, busy);
            let sharing = Snapshot::after(&known.procs, Some(&before), &scene.sample);
            let shown = |s: &Snapshot| format!("{:?}", s.procs);
            assert_eq!(shown(&plain), shown(&sharing), "it says the same");
            sharing
        };
        // The twentieth stops working: its run alone is another one.
        let second = next(&mut scene, &first, &[]);
        assert_eq!(second.procs.bytes_apart(&first.procs), run);
        let third = next(&mut scene, &second, &[]);
        assert_eq!(third.procs.bytes_apart(&second.procs), 0);
        scene.task(200, 3, "late");
        let fourth = next(&mut scene, &third, &[]);
        assert_eq!(
            fourth.procs.bytes_apart(&third.procs),
            size_of::<Proc>(),
            "five are full"
        );
        // Whoever stands behind one that ended stands elsewhere now.
        scene.end(60);
        let fifth = next(&mut scene, &fourth, &[]);
        assert_eq!(fifth.procs.bytes_apart(&fourth.procs), 3 * run);
    }

    #[test]
    fn those_that_are_gathered_are_those_that_were_given() {
        let (_, snapshot) = forty();
        let gathered: Procs = snapshot.procs.iter().cloned().collect();
        let pids = |procs: &Procs| procs.iter().map(|p| p.id.pid.0).collect::<Vec<_>>();
        assert_eq!(pids(&gathered), pids(&snapshot.procs));
        assert!(std::iter::empty().collect::<Procs>().is_empty());
    }
}
