//! The armed trigger: it sees every tick and the lanes, also while time stands still, and stops time when it fires.

use std::sync::Arc;

use super::App;
use super::event::Effect;
use super::world::Armed;
use crate::model::id::Nanos;
use crate::model::machine::verdict::Judge;
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::{Origin, Timeline};
use crate::model::snapshot::Snapshot;
use crate::model::text::width;
use crate::model::trigger::{AFTER, BEFORE, Fired, Mode, Trigger, Watch};

/// For how long time stands in the mode that goes on by itself.
const HOLD: Nanos = Nanos(10_000_000_000);
/// At how many ticks it is asked what cannot be seen: rates need two, and what is newly read comes a little later.
const ASKED: u32 = 4;

/// What is armed, and what is still to be done about a moment.
pub(super) struct Guard {
    watch: Watch,
    judge: Judge,
    /// It has fired once and was to fire once.
    spent: bool,
    /// What was met, and when that is to be shown, or is kept as a whole.
    due: Option<(Nanos, Fired)>,
    /// When time is to go on by itself.
    resumes: Option<Nanos>,
    ticks: u32,
    /// How slices are known.
    origin: Origin,
}

impl App {
    /// Arms a trigger as it is written, perhaps behind the word of its mode; `off` or nothing disarms it.
    pub(super) fn arm(&mut self, text: &str) {
        let (mode, text) = Mode::split(text);
        let mode = mode.unwrap_or_default();
        if text.is_empty() || text == "off" {
            let armed = self.world.trigger.take().is_some();
            self.guard = None;
            let said = if armed {
                "the trigger is disarmed"
            } else {
                "no trigger is armed"
            };
            return self.say(said.to_owned(), false);
        }
        if self.world.time.replay.is_some() {
            let why = "a recording is over: a trigger is for what happens now";
            return self.say(why.to_owned(), true);
        }
        let trigger = Trigger::parse(text);
        if let Some(note) = trigger.notes().first() {
            return self.say(format!("not armed: {}", note.why), true);
        }
        if trigger.is_empty() {
            return self.say("not armed: there is no condition".to_owned(), true);
        }
        self.world.trigger = Some(Armed {
            text: text.to_owned(),
            mode,
            fired: 0,
            last: None,
            spent: false,
            unseen: Vec::new(),
            never: false,
        });
        // On another machine that number is somebody else.
        let me = self.world.settings.me.filter(|_| !self.world.time.recorded);
        let me = me.map(|(pid, _)| pid);
        let watch = Watch::new(trigger, self.world.scaled(1.0)).without(me);
        self.guard = Some(Guard {
            watch,
            judge: Judge::default(),
            spent: false,
            due: None,
            resumes: None,
            ticks: 0,
            origin: self.world.timeline.origin,
        });
        self.say(format!("armed: {text}"), false);
        if self.world.paused.is_some() {
            // Nobody waits before a picture that stands still.
            self.pause();
        } else {
            let now = Arc::clone(&self.world.snapshot);
            self.guard_tick(&now);
        }
    }

    /// What the trigger needs.
    pub(super) fn guard_plan(&self, plan: &mut Plan) {
        if let Some(guard) = self.guard.as_ref().filter(|guard| !guard.spent) {
            plan.of_all |= guard.watch.trigger().needs_of_all();
            plan.needs |= guard.watch.trigger().needs();
        }
    }

    /// A key was pressed: whoever looks at the moment goes on himself.
    pub(super) fn guard_waits(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.resumes = None;
        }
    }

    pub(super) fn guard_tick(&mut self, now: &Arc<Snapshot>) {
        let Some(guard) = &mut self.guard else { return };
        let verdict = guard.judge.judge(now);
        let fired = if guard.spent {
            None
        } else {
            guard.watch.see(now, verdict.as_ref())
        };
        self.find_unseen(now);
        if let Some(fired) = fired {
            self.on_fired(fired, now.at);
        }
        let Some(guard) = &mut self.guard else { return };
        if guard.due.as_ref().is_some_and(|(when, _)| *when <= now.at)
            && let Some((_, fired)) = guard.due.take()
        {
            self.settle(fired, now.at);
        }
        let Some(guard) = &mut self.guard else { return };
        if guard.resumes.is_some_and(|when| when <= now.at) {
            guard.resumes = None;
            if self.world.paused.is_some() {
                self.pause();
            }
        }
    }

    pub(super) fn guard_lanes(&mut self, line: &Timeline) {
        let Some(guard) = self.guard.as_mut().filter(|guard| !guard.spent) else {
            return;
        };
        if guard.origin != line.origin {
            // What can be seen may be something else from now on.
            (guard.origin, guard.ticks) = (line.origin, 0);
        }
        let verdict = self.world.verdict.as_ref();
        if let Some(fired) = guard.watch.see_lanes(line, verdict) {
            self.on_fired(fired, line.now);
        }
    }

    /// Says what of the condition cannot be seen here, once that is known.
    fn find_unseen(&mut self, now: &Snapshot) {
        let (Some(guard), Some(armed)) = (&mut self.guard, &mut self.world.trigger) else {
            return;
        };
        if guard.ticks >= ASKED {
            return;
        }
        guard.ticks += 1;
        let (trigger, scale) = (guard.watch.trigger(), guard.watch.scale());
        armed.never = trigger.never(now, scale).is_some();
        let unseen = trigger.unseen(now, &self.world.timeline, scale);
        if unseen != armed.unseen {
            armed.unseen = unseen;
            let never = armed.never;
            if let Some(first) = armed.unseen.first() {
                let mut text = format!("armed, but {first}");
                // Of a sentence that is cut the end is missing, which says what helps.
                let room = match self.screen.width {
                    0 => usize::MAX,
                    cells => cells.into(),
                };
                if width(&text) + 1 > room {
                    let what = if never {
                        "it never comes true"
                    } else {
                        "not all is seen"
                    };
                    text = format!("armed, but {what} here: see the dialog Trigger");
                }
                self.say(text, true);
            }
        }
    }

    fn on_fired(&mut self, fired: Fired, now: Nanos) {
        let (Some(guard), Some(armed)) = (&mut self.guard, &mut self.world.trigger) else {
            return;
        };
        armed.fired += 1;
        armed.last = Some(fired.sentence.clone());
        let wait = guard.watch.trigger().after.unwrap_or(match armed.mode {
            Mode::Normal => AFTER,
            Mode::Single | Mode::Auto => Nanos(0),
        });
        if armed.mode == Mode::Single {
            (guard.spent, armed.spent) = (true, true);
        }
        let free = guard.due.is_none();
        if free {
            guard.due = Some((Nanos(now.0.saturating_add(wait.0)), fired.clone()));
        }
        self.past.marked.push(now);
        self.effects.push(Effect::Mark(now));
        if free && armed.mode == Mode::Normal {
            let trigger = guard.watch.trigger();
            // With the tick before it, whatever happens to us then.
            let interval = self.world.settings.interval;
            let before = trigger.before.unwrap_or(BEFORE).max(interval);
            self.effects.push(Effect::KeepMoment {
                from: Nanos(fired.at.0.saturating_sub(before.0)),
                until: Nanos(now.0.saturating_add(wait.0)),
                slices: trigger.needs().contains(Needs::SWITCHES),
            });
        }
        let unix_ms = self.world.snapshot.unix_ms();
        self.world
            .log
            .tell(unix_ms, format!("trigger: {}", fired.sentence));
        self.say(fired.sentence.clone(), false);
        if free && wait == Nanos(0) {
            if let Some(guard) = &mut self.guard {
                guard.due = None;
            }
            self.settle(fired, now);
        }
    }

    /// Shows the moment.
    fn settle(&mut self, fired: Fired, now: Nanos) {
        let Some(armed) = &self.world.trigger else {
            return;
        };
        let mode = armed.mode;
        if mode == Mode::Normal {
            // It was kept as it came.
            return;
        }
        if self.world.paused.is_some() {
            let text = format!("{}; p goes there", fired.sentence);
            return self.say(text, false);
        }
        self.pause();
        let moments = &self.world.time.moments;
        let place = moments.partition_point(|m| m.at < fired.at);
        if place + 1 < moments.len() {
            self.go(place);
        }
        if let Some(who) = fired.who
            && self.world.snapshot.get(who).is_some()
        {
            self.focus_on(who);
        }
        self.say(fired.sentence, false);
        if mode == Mode::Auto
            && let Some(guard) = &mut self.guard
        {
            guard.resumes = Some(Nanos(now.0.saturating_add(HOLD.0)));
        }
    }
}
