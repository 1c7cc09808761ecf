//! The past of the process in focus, as far as it is told at a moment that is looked back at: made of what is kept, whether
//! or not anybody looked at the process then.

use std::sync::Arc;

use super::MANY;
use crate::app::App;
use crate::app::trace::POINTS;
use crate::model::id::Nanos;

/// So many processes may stand in all ticks together that are looked through for it: what a person does not notice.
const WORK: usize = 24_000;

impl App {
    /// Makes it that of the moment in this place, where it is of another time or of another process.
    pub(super) fn trace_until(&mut self, place: usize) {
        let Some(from) = self.trace_from(place) else {
            return;
        };
        for place in from..=place {
            let Some(moment) = self.world.time.moments.get(place).copied() else {
                break;
            };
            if let Ok(tick) = self.past.tick(moment.at) {
                self.world.trace.push(&tick);
            }
        }
    }

    /// The place from which on it is to be told the ticks up to this one, in their order; `None` where it knows them already.
    pub(super) fn trace_from(&mut self, place: usize) -> Option<usize> {
        let focus = self.world.focus;
        let processes = self.world.snapshot.procs.len().next_power_of_two();
        // Machines of about as many processes are told as far back as each other, or a chart would jump with each birth.
        let most = (WORK / processes.max(1)).clamp(2, POINTS);
        let moments = &self.world.time.moments;
        let at = |place: usize| moments.get(place).map_or(Nanos(0), |m| m.at);
        let from = place.saturating_sub(most - 1);
        let same = self.world.trace.of() == focus;
        let known = self.world.trace.span().filter(|_| same);
        let known = known.filter(|(first, _)| *first <= at(from));
        if known.is_some_and(|(_, last)| last >= at(place)) {
            return None;
        }
        let (before, now) = (
            at(place.saturating_sub(1)),
            Arc::clone(&self.world.snapshot),
        );
        self.keep_trace();
        if known.is_some_and(|(_, last)| last == before) {
            self.world.trace.push(&now);
            return None;
        }
        self.world.trace.follow(focus, std::iter::empty());
        self.world.trace.tell_at_most(most);
        if now.procs.len() > MANY {
            self.world.trace.push(&now);
            return None;
        }
        // Some more than is told: whoever steps back need not look through all of it again.
        Some(from.saturating_sub(most / 2))
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
