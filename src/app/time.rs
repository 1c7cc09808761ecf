//! Time on the screen: ticks come in, are kept for looking back, and stand still while paused.

mod hosts;
mod past;
mod playing;

use std::sync::Arc;

use super::App;
use super::action::Action;
use super::globals as g;
use super::history::{History, TICKS};
use super::minutes::Minutes;
use super::panel::Reply;
use crate::model::detail::Detail;
use crate::model::id::Nanos;
use crate::model::machine::verdict::Judge;
use crate::model::plan::{Glimpse, Plan};
use crate::model::sample::Shares;
use crate::model::scheduling::timeline::{Origin, Timeline};
use crate::model::snapshot::{Proc, Snapshot};
use crate::recording::past::held_since;
use crate::recording::{self, when};

pub(super) use hosts::Away;
use past::Live;
pub(super) use past::Past;

/// How far a leap goes.
const MINUTE: Nanos = Nanos(60_000_000_000);
/// Of more processes a step tells no history.
const MANY: usize = 3000;
/// From this share of a core on, percent, a process is seen in the lanes.
const BUSY: f32 = 2.0;

impl App {
    pub(super) fn on_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        if self.world.paused.is_some() {
            self.on_hidden(Arc::clone(&snapshot));
            self.guard_tick(&snapshot);
            return;
        }
        self.world.history.push(&snapshot);
        self.world.trace.push(&snapshot);
        self.world.minutes.hear(&snapshot);
        self.world.verdict = self.judge.judge(&snapshot);
        self.log_endings(&snapshot);
        self.past.push(Arc::clone(&snapshot));
        let now = Arc::clone(&snapshot);
        self.world.snapshot = snapshot;
        if self.world.time.recorded {
            let at = self.world.snapshot.at;
            self.world.detail = self.past.detail(at, self.world.focus);
            self.share();
        }
        self.ticked();
        self.guard_tick(&now);
        if let Some(id) = self.world.settings.target.take() {
            if self.world.snapshot.get(id).is_some() {
                self.inspect(id, "overview");
            } else {
                self.say(format!("process {} has ended", id.pid), true);
            }
        }
    }

    /// Takes in what comes while time stands still: the past goes on behind the picture, and the tick that is shown gets what
    /// was read for it since.
    fn on_hidden(&mut self, snapshot: Arc<Snapshot>) {
        self.world.trace.push(&snapshot);
        self.judge.judge(&snapshot);
        if let Some(live) = &mut self.past.live {
            live.goes_on.push(&snapshot);
        }
        let away = self
            .past
            .live
            .as_mut()
            .and_then(|live| live.minutes.as_mut());
        away.unwrap_or(&mut self.world.minutes).hear(&snapshot);
        let shown = self.world.paused == Some(0) && self.world.snapshot.at == snapshot.at;
        if shown {
            self.past.push(Arc::clone(&snapshot));
            self.world.snapshot = Arc::clone(&snapshot);
            self.ticked();
        }
        self.past.newest = Some(snapshot);
    }

    /// Writes down how those ended that were looked at, by the name they had last.
    fn log_endings(&mut self, snapshot: &Snapshot) {
        let uptime_ms = snapshot.system.uptime.0 / 1_000_000;
        let now = snapshot.machine.boot_unix_ms.saturating_add(uptime_ms);
        for (id, how) in snapshot.endings.iter() {
            if snapshot.get(*id).is_some() {
                // A zombie: its row says it.
                continue;
            }
            let ticks = std::iter::once(&self.world.snapshot).chain(self.past.ticks.iter().rev());
            let seen = ticks.into_iter().find_map(|tick| tick.get(*id));
            let name = seen.map_or_else(String::new, |p| p.facts.name.to_string());
            self.world.log.ended(now, *id, &name, how);
        }
    }

    pub(super) fn on_detail(&mut self, detail: Arc<Detail>) {
        let known = detail.of == self.world.detail.of && self.world.detail.at.0 > 0;
        if self.world.paused.is_some_and(|back| back > 0 || known) {
            self.past.newest_detail = Some(detail);
            return;
        }
        if detail.of.is_some() && detail.of != self.world.focus {
            return;
        }
        self.past.keep(&detail);
        self.world.detail = detail;
        self.ticked();
    }

    /// The lanes go on between ticks; panes see it when they are fitted.
    pub(super) fn on_switches(&mut self, timeline: Arc<Timeline>) {
        if self.world.paused.is_some() {
            self.guard_lanes(&timeline);
            let live = self.past.live.as_mut();
            if live.is_some_and(|live| live.catch(&timeline)) && self.world.paused == Some(0) {
                self.world.timeline = Arc::clone(&timeline);
            }
            self.past.newest_timeline = Some(timeline);
            return;
        }
        self.world.timeline = Arc::clone(&timeline);
        self.guard_lanes(&timeline);
    }

    /// Begins the past of the process in focus with what the retained ticks know of it.
    pub(super) fn retrace(&mut self) {
        if self.world.trace.of() != self.world.focus {
            let ticks = self.past.ticks.iter().map(AsRef::as_ref);
            self.world.trace.follow(self.world.focus, ticks);
        }
    }

    fn ticked(&mut self) {
        self.color();
        self.each(|panel, world| {
            panel.tick(world);
            Reply::Pass
        });
    }

    /// Gives the busiest processes colours that can be told apart.
    fn color(&mut self) {
        let cpu = |proc: &Proc| proc.cpu.ok().filter(|cpu| *cpu >= BUSY);
        let procs = self.world.snapshot.procs.iter();
        let mut busy: Vec<_> = procs.filter_map(|p| Some((cpu(p)?, p.id))).collect();
        busy.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let ids = busy.into_iter().map(|(_, id)| id);
        let colors = self.world.theme.process_colors().len();
        let busiest: Vec<_> = ids.take(colors).collect();
        self.world.theme.tell_apart(&busiest);
    }

    /// Lets an older past than that of the last ticks be looked at.
    pub fn remember(&mut self, past: recording::Past) {
        self.past.deep = Some(past);
    }

    pub(super) fn pause(&mut self) {
        if self.world.time.replay.is_some() {
            self.play();
            return;
        }
        if self.world.paused.take().is_none() {
            self.world.time.moments = self.past.moments(self.world.snapshot.at);
            self.world.time.at = self.world.time.moments.len().saturating_sub(1);
            self.world.paused = Some(0);
            self.past.live = Some(Live {
                history: self.world.history.clone(),
                detail: Arc::clone(&self.world.detail),
                timeline: Arc::clone(&self.world.timeline),
                awaits: self.world.timeline.origin == Origin::Summed,
                verdict: self.world.verdict.clone(),
                goes_on: self.world.history.clone(),
                minutes: None,
            });
            return;
        }
        self.world.time.moments = Vec::new();
        if let Some(live) = self.past.live.take() {
            self.world.history = live.goes_on;
            if let Some(minutes) = live.minutes {
                self.world.minutes = minutes;
            }
            self.world.detail = live.detail;
            self.world.timeline = live.timeline;
        }
        let newest = self
            .past
            .newest
            .take()
            .or_else(|| self.past.ticks.back().cloned());
        if let Some(snapshot) = newest {
            self.on_snapshot(snapshot);
        }
        if let Some(detail) = self.past.newest_detail.take() {
            self.on_detail(detail);
        }
        if let Some(timeline) = self.past.newest_timeline.take() {
            self.on_switches(timeline);
        }
    }

    /// While time stands still, single slices are wanted of the moment at which it stopped, and no more.
    pub(super) fn plan_stopped(&self, plan: &mut Plan) {
        if self.world.paused.is_some() {
            let live = self.past.live.as_ref();
            plan.glimpse = live.map_or(Glimpse::No, Live::glimpse);
        }
    }

    /// Shows an older or a newer tick while paused.
    pub(super) fn step(&mut self, back: bool) {
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
    pub(super) fn leap(&mut self, by: &Action) -> bool {
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
    pub(super) fn go_to(&mut self, text: &str) {
        if self.world.paused.is_none() {
            self.pause();
        }
        let zone = &self.world.snapshot.machine.zone;
        match when::find(text, &self.world.time.moments, zone) {
            Ok(at) => self.go(self.world.time.moments.partition_point(|m| m.at < at)),
            Err(why) => self.say(why, true),
        }
    }

    /// Shows the moment of a picture that was clicked; stops time first.
    pub(super) fn go_at(&mut self, at: Nanos) {
        if self.world.paused.is_none() {
            self.pause();
        }
        let moments = &self.world.time.moments;
        self.go(moments.partition_point(|m| m.at < at));
    }

    /// Shows the moment in this place, or the newest one.
    pub(super) fn go(&mut self, place: usize) {
        let last = self.world.time.moments.len().saturating_sub(1);
        let place = place.min(last);
        let Some(moment) = self.world.time.moments.get(place).copied() else {
            return;
        };
        let snapshot = match self.past.tick(moment.at) {
            Ok(snapshot) => snapshot,
            Err(why) => return self.say(why, true),
        };
        self.world.paused = Some(last - place);
        self.world.time.at = place;
        self.then = None;
        self.world.snapshot = snapshot;
        self.recall(place);
        let live = self.past.live.as_ref().filter(|_| place == last);
        if let Some(live) = live {
            self.world.history = live.history.clone();
            self.world.detail = Arc::clone(&live.detail);
            self.world.timeline = Arc::clone(&live.timeline);
            self.world.verdict.clone_from(&live.verdict);
        } else {
            self.retell(place);
            self.redetail(moment.at);
            self.share();
            let whole = self.past.live.as_ref().map(|live| &live.timeline);
            self.world.timeline = whole.map_or_else(
                || self.past.recorded_lanes(moment.at),
                |whole| Arc::new(whole.until(moment.at)),
            );
        }
        self.ticked();
    }

    /// Lets columns show what was read beside the table, where the tick comes from a record, which has no such columns.
    fn share(&mut self) {
        if *self.world.snapshot.shares == Shares::default() {
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
    pub(super) fn detail_of_focus(&mut self) {
        if self.world.time.recorded || self.world.paused.is_some_and(|back| back > 0) {
            let at = self.world.snapshot.at;
            self.world.detail = self.past.detail(at, self.world.focus);
            self.ticked();
        }
    }

    /// Lets the charts tell of the time before the moment that is shown, where that is not in the last minutes.
    fn recall(&mut self, place: usize) {
        let at = self.world.snapshot.at;
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
        if reaches && !self.world.time.recorded {
            if let Some(kept) = self.past.live.as_mut().and_then(|live| live.minutes.take()) {
                self.world.minutes = kept;
            }
            return;
        }
        let mut recalled = Minutes::default();
        recalled.recall(&self.world.time.moments[..=place], &self.world.snapshot);
        let own = std::mem::replace(&mut self.world.minutes, recalled);
        if let Some(live) = &mut self.past.live {
            live.minutes.get_or_insert(own);
        }
    }

    /// Makes the history of the list and the verdict what they were: from the ticks before the one that is shown.
    fn retell(&mut self, place: usize) {
        let mut history = History::default();
        let mut judge = Judge::default();
        self.world.verdict = None;
        // Of very many processes the tick alone is told: a step must not take longer than a person notices.
        let many = self.world.snapshot.procs.len() > MANY;
        let from = if many {
            place
        } else {
            place.saturating_sub(TICKS - 1)
        };
        let moments = &self.world.time.moments;
        let held = held_since(moments, place);
        // What holds on began at its threshold, which is higher than where it ends.
        let begin = held.filter(|(begin, _)| *begin < from && !many);
        if let Some(tick) = begin.and_then(|(begin, _)| self.past.tick(moments[begin].at).ok()) {
            judge.judge(&tick);
        }
        for moment in &moments[from..=place] {
            if let Ok(tick) = self.past.tick(moment.at) {
                history.push(&tick);
                self.world.verdict = judge.judge(&tick);
            }
        }
        if let (Some((begin, before)), Some(verdict)) = (held, &mut self.world.verdict) {
            verdict.since = moments[begin].at;
            verdict.began_before = before;
        }
        self.world.history = history;
    }
}
