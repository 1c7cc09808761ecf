//! The ticks and details that can be looked at again, within a budget of memory, and what was shown when time stopped.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ends::Lives;
use crate::app::history::History;
use crate::app::minutes::Minutes;
use crate::app::trace::Trace;
use crate::model::detail::Detail;
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::verdict::Verdict;
use crate::model::plan::Glimpse;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;
use crate::recording::past::{Glance, Moment};
use crate::recording::{self, Marks, Summary};

/// How much memory the retained ticks may take beyond what they share.
const BUDGET_BYTES: usize = 1 << 20;
/// How many details are kept for looking back, and how long one may be older than the tick with which it is shown.
const DETAILS: usize = 16;
/// How far back lanes are shown of a recording.
const LANES: Nanos = Nanos(60_000_000_000);
const FRESH: Nanos = Nanos(5_000_000_000);
/// The same of a part that was remembered or recorded: those of the machine are read every ten seconds, those of processes one
/// after the other.
const RECORDED: Nanos = Nanos(90_000_000_000);

/// Ticks that can be looked at again, oldest first.
#[derive(Default)]
pub(in crate::app) struct Past {
    pub(in crate::app) ticks: VecDeque<Arc<Snapshot>>,
    /// What each tick but the oldest has of its own, in all.
    bytes: usize,
    /// The newest tick, while an older one is shown.
    pub(super) newest: Option<Arc<Snapshot>>,
    pub(super) newest_detail: Option<Arc<Detail>>,
    pub(super) newest_timeline: Option<Arc<Timeline>>,
    /// What was shown when time stopped.
    pub(super) live: Option<Live>,
    /// The last details that were read, oldest first.
    details: VecDeque<Arc<Detail>>,
    /// What is kept beyond the ticks.
    pub(super) deep: Option<recording::Past>,
    /// When a trigger fired.
    pub(in crate::app) marked: Vec<Nanos>,
    /// Who lived when, of those who are looked at, while time stands still.
    pub(super) lives: Lives,
}

/// What was shown when time stopped, beside the tick.
pub(super) struct Live {
    pub(super) history: History,
    pub(super) detail: Arc<Detail>,
    pub(super) timeline: Arc<Timeline>,
    /// Whether single slices may still come of the moment after it, where sums are kept.
    pub(super) awaits: bool,
    pub(super) verdict: Option<Verdict>,
    /// The history as it goes on meanwhile.
    pub(super) goes_on: History,
    /// The past of the process in focus as it goes on, while that of an older moment is shown.
    pub(super) trace: Option<Trace>,
    /// The last minutes, while those before an older moment are shown.
    pub(super) minutes: Option<Minutes>,
}

impl Live {
    /// What is wanted of that moment beyond the sums.
    pub(super) fn glimpse(&self) -> Glimpse {
        if self.awaits {
            Glimpse::Once(self.timeline.now)
        } else {
            Glimpse::No
        }
    }

    /// Takes the slices in that were told since time stopped; says whether they are what is shown now.
    pub(super) fn catch(&mut self, timeline: &Arc<Timeline>) -> bool {
        let since = self.timeline.now;
        let told = timeline.glimpse(timeline.now);
        let caught = self.awaits && told.is_some_and(|told| told.from >= since);
        if caught {
            self.timeline = Arc::clone(timeline);
            self.awaits = false;
        }
        caught
    }
}

/// What a tick does not share with the one before it.
fn own_bytes(tick: &Snapshot, before: &Snapshot) -> usize {
    let threads = size_of_val(&tick.threads[..]);
    tick.procs.bytes_apart(&before.procs) + threads + 4096
}

impl Past {
    /// Every moment until the one that is shown: those kept beyond the ticks, and the ticks that are not yet among them.
    pub(super) fn moments(&self, shown: Nanos) -> Vec<Moment> {
        let mut moments = self
            .deep
            .as_ref()
            .map_or_else(Vec::new, recording::Past::moments);
        moments.retain(|moment| moment.at <= shown);
        for tick in &self.ticks {
            if moments.last().is_none_or(|last| last.at < tick.at) {
                moments.push(Moment {
                    at: tick.at,
                    summary: Summary::of(tick, Marks::default()),
                    bytes: 0,
                });
            }
        }
        for at in &self.marked {
            let place = moments.partition_point(|moment| moment.at < *at);
            if let Some(moment) = moments.get_mut(place) {
                moment.summary.marks |= Marks::TRIGGER;
            }
        }
        moments
    }

    /// The tick of a moment.
    pub(super) fn tick(&mut self, at: Nanos) -> Result<Arc<Snapshot>, String> {
        let place = self.ticks.binary_search_by_key(&at, |tick| tick.at);
        match (place, &mut self.deep) {
            (Ok(place), _) => Ok(Arc::clone(&self.ticks[place])),
            (Err(_), Some(deep)) => deep.at(at).map(Arc::new),
            (Err(_), None) => Err("that moment is not kept any more".to_owned()),
        }
    }

    /// What is told of a tick that is passed over.
    pub(super) fn glance(&mut self, at: Nanos, of: Glance) -> Result<Arc<Snapshot>, String> {
        let kept = self.ticks.binary_search_by_key(&at, |tick| tick.at).is_ok();
        match &mut self.deep {
            Some(deep) if !kept => deep.glance(at, of).map(Arc::new),
            _ => self.tick(at),
        }
    }

    /// The lanes of the minute before a moment, as they were recorded, and before them those that were known in another way.
    pub(super) fn recorded_lanes(&self, at: Nanos) -> (Arc<Timeline>, Vec<Arc<Timeline>>) {
        let deep = self.deep.as_ref();
        let all = deep.map_or(Ok(Vec::new()), |deep| deep.stretches(at, LANES));
        let none = |why: &str| Timeline {
            why: why.into(),
            ..Timeline::default()
        };
        let mut all: Vec<_> = match all {
            Ok(all) => all.into_iter().map(Arc::new).collect(),
            Err(why) => vec![Arc::new(none(&why))],
        };
        let last = all.pop().unwrap_or_else(|| {
            let why = "slices were not recorded (record --slices all keeps them)";
            Arc::new(none(why))
        });
        (last, all)
    }

    /// What of the process in focus and of the machine was read last at a moment; nothing where that was long before.
    pub(super) fn detail(&self, at: Nanos, focus: Option<ProcId>) -> Arc<Detail> {
        let fits = |detail: &&Arc<Detail>| {
            detail.at <= at && at.since(detail.at) <= FRESH && detail.of == focus
        };
        let found = self.details.iter().rev().find(fits).map(Arc::clone);
        found.unwrap_or_else(|| self.recorded_detail(at, focus))
    }

    /// The same, as it was remembered or recorded.
    fn recorded_detail(&self, at: Nanos, focus: Option<ProcId>) -> Arc<Detail> {
        let deep = self.deep.as_ref();
        let found = deep.map(|deep| deep.detail(at, focus, RECORDED));
        Self::or_nothing(found, at, focus)
    }

    /// What was read before a moment.
    pub(super) fn detail_before(&self, at: Nanos, focus: Option<ProcId>) -> Arc<Detail> {
        let deep = self.deep.as_ref();
        let found = deep.map(|deep| deep.read_before(at, focus, RECORDED));
        Self::or_nothing(found, at, focus)
    }

    fn or_nothing(
        found: Option<Result<Detail, String>>,
        at: Nanos,
        focus: Option<ProcId>,
    ) -> Arc<Detail> {
        let unreadable = matches!(found, Some(Err(_)));
        let found = found.and_then(Result::ok);
        Arc::new(found.unwrap_or_else(|| Detail {
            at,
            of: focus,
            unreadable,
            ..Detail::default()
        }))
    }

    /// Keeps a tick; the last one again, with more of it, takes its place.
    pub(super) fn push(&mut self, snapshot: Arc<Snapshot>) {
        if self.ticks.back().is_some_and(|last| last.at == snapshot.at) {
            let old = self.ticks.pop_back();
            if let (Some(old), Some(before)) = (old, self.ticks.back()) {
                self.bytes -= own_bytes(&old, before);
            }
        }
        let before = self.ticks.back();
        self.bytes += before.map_or(0, |before| own_bytes(&snapshot, before));
        self.ticks.push_back(snapshot);
        while self.bytes > BUDGET_BYTES && self.ticks.len() > 1 {
            let oldest = self.ticks.pop_front();
            if let (Some(old), Some(next)) = (oldest, self.ticks.front()) {
                self.bytes -= own_bytes(next, &old);
            }
        }
    }

    /// Keeps a detail for looking back.
    pub(super) fn keep(&mut self, detail: &Arc<Detail>) {
        if self.details.len() >= DETAILS {
            self.details.pop_front();
        }
        self.details.push_back(Arc::clone(detail));
    }
}
