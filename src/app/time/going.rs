//! Going to another moment while time stands still: everything is made what it was then.

use std::sync::Arc;

use super::MINUTE;
use crate::app::App;
use crate::app::action::Action;
use crate::app::globals as g;
use crate::app::history::{History, TICKS};
use crate::app::minutes::Minutes;
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Judge, Verdict};
use crate::model::sample::Shares;
use crate::model::snapshot::Snapshot;
use crate::recording::past::{Glance, Moment, held_since};
use crate::recording::when;

/// A tick, and where it is not the present one the history of the list and the verdict of then.
type Told = (Arc<Snapshot>, Option<(History, Option<Verdict>)>);

impl App {
    /// Shows an older or a newer tick while paused.
    pub(in crate::app) fn step(&mut self, back: bool) {
        if self.world.paused.is_none() {
            self.say("press p first: time is running".to_owned(), false);
            return;
        }
        let at = self.world.time.at;
        if back && at == 0 {
            self.say("no older tick is kept".to_owned(), false);
            return;
        }
        self.go(if back { at - 1 } else { at + 1 });
    }

    /// Goes a minute or to an end while paused; says whether time stands still.
    pub(in crate::app) fn leap(&mut self, by: &Action) -> bool {
        if self.world.paused.is_none() {
            return false;
        }
        let time = &self.world.time;
        let Some(now) = time.moments.get(time.at) else {
            return true;
        };
        let place = |at: Nanos| time.moments.partition_point(|m| m.at < at);
        self.go(match *by {
            g::OLDEST => 0,
            g::MINUTE_BACK => place(Nanos(now.at.0.saturating_sub(MINUTE.0))),
            g::MINUTE_ON => place(Nanos(now.at.0.saturating_add(MINUTE.0))),
            _ => usize::MAX,
        });
        true
    }

    /// Goes to a moment as it was typed; stops time first.
    pub(in crate::app) fn go_to(&mut self, text: &str) {
        if self.world.paused.is_none() {
            self.pause();
        }
        let zone = &self.world.snapshot.machine.zone;
        // Several machines have one axis of time; how long ago is told from the end of the one that is shown.
        if let Some(span) = self.whole_span().filter(|_| !text.starts_with('-')) {
            match when::meant(text, span, zone) {
                Ok(ms) => drop(self.go_then(ms as u64)),
                Err(why) => self.say(why, true),
            }
            return;
        }
        match when::find(text, &self.world.time.moments, zone) {
            Ok(found) => {
                let place = |m: &Moment| m.at < found.at;
                self.go(self.world.time.moments.partition_point(place));
                if let Some(why) = found.instead {
                    self.say(why, false);
                }
            }
            Err(why) => self.say(why, true),
        }
    }

    /// Shows the moment of a picture that was clicked; stops time first.
    pub(in crate::app) fn go_at(&mut self, at: Nanos) {
        if self.world.paused.is_none() {
            self.pause();
        }
        let moments = &self.world.time.moments;
        let near = Nanos(2 * self.world.snapshot.interval.0);
        let gone = moments.first().is_some_and(|m| m.at.since(at) > near);
        self.go(moments.partition_point(|m| m.at < at));
        if gone {
            let why = "that moment is not kept any more: this is the oldest one that is";
            self.say(why.to_owned(), false);
        }
    }

    /// Shows the moment in this place, or the newest one.
    pub(in crate::app) fn go(&mut self, place: usize) {
        let last = self.world.time.moments.len().saturating_sub(1);
        let place = place.min(last);
        let Some(moment) = self.world.time.moments.get(place).copied() else {
            return;
        };
        let present = self.past.live.is_some() && place == last;
        let (snapshot, retold) = match self.tell(place, present) {
            Ok(told) => told,
            Err(why) => return self.say(why, true),
        };
        self.world.paused = Some(last - place);
        self.world.time.at = place;
        self.then = None;
        self.world.snapshot = snapshot;
        self.find_gone(place);
        if let Some((history, verdict)) = retold {
            (self.world.history, self.world.verdict) = (history, verdict);
        } else {
            self.trace_present();
        }
        let live = self.past.live.as_ref().filter(|_| present);
        if let Some(live) = live {
            self.world.history = live.history.clone();
            self.world.detail = Arc::clone(&live.detail);
            self.world.before = Vec::new();
            self.world.timeline = Arc::clone(&live.timeline);
            self.world.verdict.clone_from(&live.verdict);
        } else {
            self.redetail(moment.at);
            self.share();
            let whole = self.past.live.as_ref().map(|live| &live.timeline);
            (self.world.timeline, self.world.before) = whole.map_or_else(
                || self.past.recorded_lanes(moment.at),
                |whole| (Arc::new(whole.until(moment.at)), Vec::new()),
            );
        }
        self.ticked();
    }

    /// Lets columns show what was read beside the table, where the tick comes from a record, which has no such columns.
    pub(super) fn share(&mut self) {
        if *self.world.snapshot.shares == Shares::unread(self.world.snapshot.unread) {
            let shares = self.world.detail.machine.shares_at(self.world.snapshot.at);
            Arc::make_mut(&mut self.world.snapshot).shares = Arc::new(shares);
        }
    }

    /// Lets panes see what was read last at a moment; what was read before that first, for what is told of two readings.
    fn redetail(&mut self, at: Nanos) {
        let focus = self.world.focus;
        let now = self.past.detail(at, focus);
        let machine = &now.machine;
        let read = [
            machine.disks.as_ref().map(|slot| slot.at),
            machine.memory.as_ref().map(|slot| slot.at),
        ];
        if let Some(first) = read.into_iter().flatten().min() {
            self.world.detail = self.past.detail_before(first, focus);
            self.ticked();
        }
        self.world.detail = now;
    }

    /// Shows what was recorded of the process that is looked at now.
    pub(in crate::app) fn detail_of_focus(&mut self) {
        if self.world.time.recorded || self.world.paused.is_some_and(|back| back > 0) {
            let at = self.world.snapshot.at;
            self.world.detail = self.past.detail(at, self.world.focus);
            self.ticked();
        }
    }

    /// The first of the ticks before a place that are looked at for what they come to.
    fn looked_at(place: usize) -> usize {
        place.saturating_sub(TICKS - 1)
    }

    /// Whether the charts are to be told of the time before the moment in this place, since it is not in the last minutes.
    fn recalls(&mut self, at: Nanos) -> bool {
        let kept = self
            .past
            .live
            .as_ref()
            .and_then(|live| live.minutes.as_ref());
        let reaches = kept
            .unwrap_or(&self.world.minutes)
            .until(at)
            .next()
            .is_some();
        if reaches && self.world.time.replay.is_none() {
            if let Some(kept) = self.past.live.as_mut().and_then(|live| live.minutes.take()) {
                self.world.minutes = kept;
            }
            return false;
        }
        true
    }

    /// The tick in this place; where that is not the present one, with the history of the list and the verdict of then, made
    /// of the ticks before it. On the way the charts and the past of the process in focus are told what they lack. The ticks
    /// before it are glanced at, in their order: a step must not take longer than a person notices.
    fn tell(&mut self, place: usize, present: bool) -> Result<Told, String> {
        let at = self.world.time.moments[place].at;
        let recalled = self.recalls(at);
        if present {
            return Ok((self.past.tick(at)?, None));
        }
        let known = self.world.trace.clone();
        let traced = self.trace_from(place);
        let from = Self::looked_at(place);
        let moments = &self.world.time.moments;
        let held = held_since(moments, place);
        // What began among the ticks that are looked at begins at its threshold.
        let amid = held.is_some_and(|(begin, _)| begin < from);
        let mut judge = if amid {
            Judge::amid()
        } else {
            Judge::default()
        };
        let (mut history, mut verdict) = (History::default(), None);
        let mut minutes = None;
        let focus = self.world.focus;
        let first = from.min(traced.unwrap_or(from));
        let mut shown = None;
        for (at, moment) in moments.iter().enumerate().take(place + 1).skip(first) {
            let tick = if at == place {
                match self.past.tick(moment.at) {
                    Ok(tick) => Arc::clone(shown.insert(tick)),
                    Err(why) => {
                        self.world.trace = known;
                        return Err(why);
                    }
                }
            } else {
                let of = if at < from {
                    Glance::One(focus)
                } else {
                    Glance::Busy(focus)
                };
                let Ok(tick) = self.past.glance(moment.at, of) else {
                    continue;
                };
                tick
            };
            if traced.is_some_and(|first| first <= at) {
                self.world.trace.push(&tick);
            }
            if at >= from {
                history.push(&tick);
                if recalled {
                    let minutes = minutes.get_or_insert_with(|| {
                        let mut recalled = Minutes::default();
                        recalled.recall(&moments[..from], &tick);
                        recalled
                    });
                    minutes.hear(&tick);
                }
                verdict = judge.judge(&tick);
            }
        }
        if let Some(minutes) = minutes {
            let own = std::mem::replace(&mut self.world.minutes, minutes);
            if let Some(live) = &mut self.past.live {
                live.minutes.get_or_insert(own);
            }
        }
        if let (Some((begin, before)), Some(verdict)) = (held, &mut verdict) {
            verdict.since = moments[begin].at;
            verdict.began_before = before;
        }
        let shown = shown.ok_or_else(|| "that moment is not kept any more".to_owned())?;
        Ok((shown, Some((history, verdict))))
    }
}
