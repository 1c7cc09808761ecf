//! Time on the screen: ticks come in, are kept for looking back, and stand still while paused.

mod ends;
mod going;
mod hosts;
mod past;
mod playing;
mod readings;
mod traced;

use std::sync::Arc;

use super::App;
use super::panel::Reply;
use crate::model::detail::Detail;
use crate::model::id::Nanos;
use crate::model::plan::{Glimpse, Plan};
use crate::model::scheduling::timeline::{Origin, Timeline};
use crate::model::snapshot::{Proc, Snapshot};
use crate::recording;

pub(super) use hosts::Away;
use past::Live;
pub(super) use past::Past;

/// How far a leap goes.
const MINUTE: Nanos = Nanos(60_000_000_000);
/// Of more processes a tick takes too long to look at several for who ended when.
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
        self.judge.judge(&snapshot);
        let mut trace = None;
        if let Some(live) = &mut self.past.live {
            live.goes_on.push(&snapshot);
            trace = live.trace.as_mut();
        }
        trace.unwrap_or(&mut self.world.trace).push(&snapshot);
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
        self.world.before = Vec::new();
        self.world.timeline = Arc::clone(&timeline);
        self.guard_lanes(&timeline);
    }

    /// Begins the past of the process in focus with what the retained ticks know of it.
    pub(super) fn retrace(&mut self) {
        if self.world.trace.of() == self.world.focus {
            return;
        }
        if self.world.time.replay.is_some() || self.world.paused.is_some_and(|back| back > 0) {
            self.trace_until(self.world.time.at);
        } else {
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
                trace: None,
                goes_on: self.world.history.clone(),
                minutes: None,
            });
            return;
        }
        self.world.time.moments = Vec::new();
        self.world.time.pointed = None;
        self.forget_gone();
        self.trace_present();
        if let Some(live) = self.past.live.take() {
            self.world.history = live.goes_on;
            if let Some(minutes) = live.minutes {
                self.world.minutes = minutes;
            }
            self.world.detail = live.detail;
            self.world.before = Vec::new();
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
}
