//! Time on the screen: ticks come in, are kept for looking back, and stand still while paused.

use std::collections::VecDeque;
use std::sync::Arc;

use super::App;
use super::panel::Reply;
use crate::model::detail::Detail;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;

/// How much memory the retained ticks may take beyond what they share.
const BUDGET_BYTES: usize = 1 << 20;

/// Ticks that can be looked at again, oldest first.
#[derive(Default)]
pub(super) struct Past {
    ticks: VecDeque<Arc<Snapshot>>,
    /// What each tick but the oldest has of its own, in all.
    bytes: usize,
    /// The newest tick, while an older one is shown.
    newest: Option<Arc<Snapshot>>,
    newest_detail: Option<Arc<Detail>>,
    newest_timeline: Option<Arc<Timeline>>,
    /// The lanes as they were when time stopped, while they are shown until an older tick.
    whole: Option<Arc<Timeline>>,
}

/// What a tick does not share with the one before it.
fn own_bytes(tick: &Snapshot, before: &Snapshot) -> usize {
    let threads = size_of_val(&tick.threads[..]);
    tick.procs.bytes_apart(&before.procs) + threads + 4096
}

impl Past {
    fn push(&mut self, snapshot: Arc<Snapshot>) {
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
}

impl App {
    pub(super) fn on_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        if self.world.paused.is_some() {
            self.past.newest = Some(snapshot);
            return;
        }
        self.world.history.push(&snapshot);
        self.world.trace.push(&snapshot);
        self.world.verdict = self.judge.judge(&snapshot);
        self.log_endings(&snapshot);
        self.past.push(Arc::clone(&snapshot));
        self.world.snapshot = snapshot;
        self.ticked();
        if let Some(id) = self.world.settings.target.take() {
            if self.world.snapshot.get(id).is_some() {
                self.inspect(id, "overview");
            } else {
                self.say(format!("process {} has ended", id.pid), true);
            }
        }
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
        if self.world.paused.is_some()
            && detail.of == self.world.detail.of
            && self.world.detail.at.0 > 0
        {
            self.past.newest_detail = Some(detail);
            return;
        }
        if detail.of.is_some() && detail.of != self.world.focus {
            return;
        }
        self.world.detail = detail;
        self.ticked();
    }

    /// The lanes go on between ticks; panes see it when they are fitted.
    pub(super) fn on_switches(&mut self, timeline: Arc<Timeline>) {
        if self.world.paused.is_some() {
            self.past.newest_timeline = Some(timeline);
            return;
        }
        self.world.timeline = timeline;
    }

    /// Begins the past of the process in focus with what the retained ticks know of it.
    pub(super) fn retrace(&mut self) {
        if self.world.trace.of() != self.world.focus {
            let ticks = self.past.ticks.iter().map(AsRef::as_ref);
            self.world.trace.follow(self.world.focus, ticks);
        }
    }

    fn ticked(&mut self) {
        self.each(|panel, world| {
            panel.tick(world);
            Reply::Pass
        });
    }

    pub(super) fn pause(&mut self) {
        if self.world.paused.take().is_none() {
            self.world.paused = Some(0);
            return;
        }
        if let Some(whole) = self.past.whole.take() {
            self.world.timeline = whole;
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

    /// Shows an older or a newer tick while paused.
    pub(super) fn step(&mut self, back: bool) {
        let Some(before) = self.world.paused else {
            self.say("press p first: time is running".to_owned(), false);
            return;
        };
        let last = self.past.ticks.len().saturating_sub(1);
        let wanted = if back {
            before + 1
        } else {
            before.saturating_sub(1)
        };
        if wanted > last {
            self.say("no older tick is kept".to_owned(), false);
            return;
        }
        self.world.paused = Some(wanted);
        self.world.snapshot = Arc::clone(&self.past.ticks[last - wanted]);
        let now = || Arc::clone(&self.world.timeline);
        let whole = self.past.whole.get_or_insert_with(now);
        self.world.timeline = match wanted {
            0 => Arc::clone(whole),
            _ => Arc::new(whole.until(self.world.snapshot.at)),
        };
        self.ticked();
    }
}
