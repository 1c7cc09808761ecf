//! The past of the process in focus, as far as it is told at a moment that is looked back at: made of what is kept, whether
//! or not anybody looked at the process then.

use crate::app::App;
use crate::app::trace::POINTS;
use crate::model::id::Nanos;
use crate::recording::past::{Glance, Moment};

/// So many bytes of ticks are passed over for it, and so many each of them counts beside its own: what a person does not notice.
const WORK: usize = 1 << 20;
const EACH: usize = 2048;

/// The first of the ticks up to this place that take so many bytes to pass, and are at most so many.
fn reaches(moments: &[Moment], place: usize, work: usize, most: usize) -> usize {
    let mut left = work;
    let told = moments.get(..=place).unwrap_or_default().iter().rev();
    let passed = told.take_while(|moment| {
        let rest = left.checked_sub(moment.bytes + EACH);
        left = rest.unwrap_or(0);
        rest.is_some()
    });
    // Of two a rate is known.
    place + 1 - passed.take(most).count().max(2).min(place + 1)
}

impl App {
    /// Makes it that of the moment in this place, where it is of another time or of another process.
    pub(super) fn trace_until(&mut self, place: usize) {
        let Some(from) = self.trace_from(place) else {
            return;
        };
        let of = Glance::One(self.world.focus);
        for place in from..=place {
            let Some(moment) = self.world.time.moments.get(place).copied() else {
                break;
            };
            if let Ok(tick) = self.past.glance(moment.at, of) {
                self.world.trace.push(&tick);
            }
        }
    }

    /// The place from which on it is to be told the ticks up to this one, in their order; `None` where it knows them already.
    pub(super) fn trace_from(&mut self, place: usize) -> Option<usize> {
        let focus = self.world.focus;
        let moments = &self.world.time.moments;
        let at = |place: usize| moments.get(place).map_or(Nanos(0), |m| m.at);
        let from = reaches(moments, place, WORK, POINTS);
        let most = place + 1 - from;
        // Some more than is told: whoever steps back need not look through all of it again.
        let more = reaches(moments, place, WORK + WORK / 2, POINTS + POINTS / 2);
        let same = self.world.trace.of() == focus;
        let known = self.world.trace.span().filter(|_| same);
        let known = known.filter(|(first, _)| *first <= at(from));
        if known.is_some_and(|(_, last)| last >= at(place)) {
            self.keep_trace();
            self.world.trace.tell_at_most(most);
            return None;
        }
        let before = at(place.saturating_sub(1));
        self.keep_trace();
        self.world.trace.tell_at_most(most);
        if known.is_some_and(|(_, last)| last == before) {
            return Some(place);
        }
        self.world.trace.follow(focus, std::iter::empty());
        self.world.trace.tell_at_most(most);
        Some(more)
    }

    /// Keeps that of the present for when time goes on.
    fn keep_trace(&mut self) {
        if let Some(live) = &mut self.past.live
            && live.trace.is_none()
        {
            live.trace = Some(self.world.trace.clone());
        }
    }

    /// Goes back to that of the present.
    pub(super) fn trace_present(&mut self) {
        let live = self.past.live.as_mut();
        if let Some(trace) = live.and_then(|live| live.trace.take()) {
            self.world.trace = trace;
            self.retrace();
        }
    }
}
