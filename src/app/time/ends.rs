//! Who is looked at and not there at the moment that is shown: when that one ended, or that it had not begun, and how it was
//! then. Found in what is kept, so that it is the same whichever way one came to the moment: a leap passes over the tick at
//! which it happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MANY;
use crate::app::App;
use crate::model::id::{Nanos, ProcId};
use crate::model::process::forest::Ended;
use crate::model::process::when_ended::WhenEnded;
use crate::model::snapshot::Snapshot;

/// What is known of one who was seen to live.
struct Life {
    /// A moment at which it lived.
    lived: Nanos,
    /// As it was at its first tick, and at its last.
    first: Option<Ended>,
    last: Option<Ended>,
}

/// Those in focus and the tagged ones, while time stands still.
#[derive(Default)]
pub(super) struct Lives(BTreeMap<ProcId, Life>);

impl App {
    /// Finds out about those who are not there at the moment in this place, which is shown, and are at another one.
    pub(super) fn find_gone(&mut self, place: usize) {
        self.world.time.gone.clear();
        let now = Arc::clone(&self.world.snapshot);
        let wanted = self.world.focus.iter().chain(&self.world.tags);
        for id in wanted.copied().collect::<Vec<_>>() {
            if now.get(id).is_some() {
                self.past.lives.0.entry(id).or_insert(Life {
                    lived: now.at,
                    first: None,
                    last: None,
                });
            } else if let Some(gone) = self.gone(id, place, now.at) {
                self.world.time.gone.insert(id, gone);
            }
        }
    }

    /// What is told of one who is not there at the moment in this place.
    fn gone(&mut self, id: ProcId, place: usize, now: Nanos) -> Option<Ended> {
        let life = self.past.lives.0.get(&id)?;
        let ended = life.lived < now;
        let known = if ended { &life.last } else { &life.first };
        if known.is_some() {
            return known.clone();
        }
        let lived = life.lived;
        let found = self.edge(id, lived, place)?;
        let life = self.past.lives.0.get_mut(&id)?;
        *if ended {
            &mut life.last
        } else {
            &mut life.first
        } = Some(found.clone());
        Some(found)
    }

    /// The tick nearest to this place at which one lives who lived at that moment, sought between the two.
    fn edge(&mut self, id: ProcId, lived: Nanos, place: usize) -> Option<Ended> {
        let moments = &self.world.time.moments;
        let before = moments.partition_point(|m| m.at <= lived);
        let (mut lives, mut gone) = (before.checked_sub(1)?, place);
        let mut seen = self.lives_at(id, lives)?;
        // Of very many processes a tick takes too long to look at several.
        let wide = seen.procs.len() > MANY;
        while !wide && lives.abs_diff(gone) > 1 {
            let between = usize::midpoint(lives, gone);
            match self.lives_at(id, between) {
                Some(tick) => (lives, seen) = (between, tick),
                None => gone = between,
            }
        }
        let proc = seen.get(id)?.clone();
        let parent = proc.parent.and_then(|at| seen.procs.get(at as usize));
        let missed = self.world.time.moments.get(gone)?.at;
        Some(Ended {
            parent: parent.map(|parent| parent.id),
            end: WhenEnded::new(seen.at, missed.max(seen.at)),
            line: None,
            proc,
        })
    }

    /// The tick in a place, where it is kept and this one lives then.
    fn lives_at(&mut self, id: ProcId, place: usize) -> Option<Arc<Snapshot>> {
        let at = self.world.time.moments.get(place)?.at;
        let tick = self.past.tick(at).ok()?;
        tick.get(id).is_some().then_some(tick)
    }

    /// Time goes on, or another machine is shown: what was found is of no use.
    pub(super) fn forget_gone(&mut self) {
        self.past.lives = Lives::default();
        self.world.time.gone.clear();
    }
}
