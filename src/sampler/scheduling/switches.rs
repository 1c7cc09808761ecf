//! What the thread `switches` does: drains the rings into the timeline and into the changes that a sweep reads by.
//!
//! It opens the best source that the kernel allows, only while the lanes are shown or a sweep wants events, and closes it
//! some time after nobody needs it. Which one is best is a table, in `source`.

mod budget;
mod glimpse;
mod kernel;
mod listening;
mod open;
mod recorder;
mod source;
mod ways;

use std::io;
use std::sync::Arc;

use budget::Budget;
use glimpse::Glimpses;
use kernel::{Kernel, Running};
pub use listening::Listening;
use open::{Open, View};
use source::{Facts, Focus, Is, Rights, Source};

use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::text::SafeText;
use crate::sampler::ticker::Grid;
use crate::sampler::{Desk, News, Tell};
use crate::sys::clock;
use crate::sys::own::priority;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf;

/// Between two published views, where nobody looks closely.
const PACE: Nanos = Nanos::from_millis(500);
/// How long an open source is kept after nobody needs it, so that going from page to page loses nothing.
const LINGER: Nanos = Nanos::from_millis(10_000);
/// How often it is asked whether a sweep wants events, while nothing is open.
const IDLE: Nanos = Nanos::from_millis(500);
/// How often the list of cores is compared, and whether rights have changed.
const HOTPLUG: Nanos = Nanos::from_millis(2000);
/// How long a selection must stay before its process is listened to: whoever runs down the list opens nothing.
const SETTLE: Nanos = Nanos::from_millis(200);

/// A machine that was asleep for less is not said to have been suspended.
const ASLEEP: Nanos = Nanos::from_millis(1000);

/// What the kernel answered when it was asked for everybody's switches, and what it hung on.
#[derive(Default)]
struct Refusal {
    /// Why nothing better is open.
    why: SafeText,
    paranoid: Option<i32>,
    /// When it is asked again in any case: what was not a matter of rights may pass.
    again: Option<Nanos>,
}

/// The selected process, and what is known of it.
#[derive(Default)]
struct Selected {
    /// Who is selected, since when.
    now: Option<ProcId>,
    since: Nanos,
    /// Who was selected long enough to be listened to.
    settled: Option<ProcId>,
    refused: bool,
    gone: bool,
}

impl Selected {
    fn follow(&mut self, focus: Option<ProcId>, now: Nanos) {
        if self.now != focus {
            (self.now, self.since) = (focus, now);
        }
        if self.settled != focus && now.since(self.since) >= SETTLE {
            (self.settled, self.refused, self.gone) = (focus, false, false);
        }
    }

    fn focus(&self) -> Option<Focus> {
        let is = match (self.refused, self.gone) {
            (true, _) => Is::Refused,
            (_, true) => Is::Gone,
            _ => Is::There,
        };
        self.settled.map(|id| Focus { id, is })
    }
}

/// The state of the thread.
struct Watch<'a> {
    root: &'a ProcRoot,
    kernel: &'a dyn Kernel,
    feed: &'a Feed,
    grid: Grid,
    open: Option<Open>,
    refusal: Option<Refusal>,
    selected: Selected,
    budget: Budget,
    glimpses: Glimpses,
    /// When somebody asked last who wakes threads, and whether the kernel refused to tell.
    asked: Option<Nanos>,
    refused: bool,
    /// What was lost by the last look at the load.
    lost: u64,
    /// When the next view is told.
    due: Nanos,
    compared: Nanos,
    /// When somebody looked last, and when a sweep wanted events last.
    shown: Option<Nanos>,
    wanted: Option<Nanos>,
    suspended: Nanos,
}

/// Follows the cores until the end.
pub(in crate::sampler) fn record(root: &ProcRoot, desk: &Desk, feed: &Feed, tell: &Tell) {
    priority::hurry();
    let kernel = Running(root);
    let mut watch = Watch::new(root, &kernel, feed, desk.grid);
    let mut seen = 0;
    loop {
        let idle = if watch.open.is_some() { Nanos(0) } else { IDLE };
        let Some((edition, plan)) = desk.wait(seen, Some(idle)) else {
            break;
        };
        seen = edition;
        watch.step(&plan, tell);
    }
    watch.close();
}

/// What the plan asks for, never slower than [`PACE`].
fn pace(plan: &Plan) -> Nanos {
    match plan.lane_pace {
        Nanos(0) => PACE,
        wanted => wanted.min(PACE),
    }
}

impl<'a> Watch<'a> {
    fn new(root: &'a ProcRoot, kernel: &'a dyn Kernel, feed: &'a Feed, grid: Grid) -> Self {
        Self {
            root,
            kernel,
            feed,
            grid,
            open: None,
            refusal: None,
            selected: Selected::default(),
            budget: Budget::default(),
            glimpses: Glimpses::default(),
            asked: None,
            refused: false,
            lost: 0,
            due: Nanos(0),
            compared: Nanos(0),
            shown: None,
            wanted: None,
            suspended: kernel.suspended(),
        }
    }

    fn step(&mut self, plan: &Plan, tell: &Tell) {
        let now = clock::now();
        let shown = plan.needs.contains(Needs::SWITCHES);
        if shown {
            self.shown = Some(now);
        }
        if self.feed.wanted() {
            self.wanted = Some(now);
        }
        self.selected.follow(plan.focus, now);
        self.follow_machine(now);
        self.listen(plan, shown, now);
        self.glance(plan, now);
        self.ask_why(plan, now);
        let Some(open) = &mut self.open else { return };
        // A closer look asks for the next view earlier.
        self.due = self.due.min(self.grid.after(now, pace(plan)));
        let until = self.glimpses.until().unwrap_or(self.due);
        open.wait(until.min(self.due).since(now), &[]);
        let now = clock::now();
        let due = now >= self.due;
        if due {
            self.due = self.grid.after(now, pace(plan));
        }
        let view = match shown {
            true if due => View::Now,
            true if plan.every_slice => View::IfCrowded,
            _ => View::No,
        };
        let timeline = open.step(shown, view, false);
        self.weigh(now, plan);
        if due {
            self.notice_end();
        }
        if let Some(mut timeline) = timeline {
            if let Some(refusal) = &self.refusal {
                timeline.why = refusal.why.clone();
            }
            tell(News::Switches(Arc::new(timeline)));
        }
    }

    fn facts(&self, now: Nanos) -> Facts {
        let lately = |at: Option<Nanos>| at.is_some_and(|at| now.since(at) <= LINGER);
        Facts {
            rights: match self.refusal {
                None => Rights::All,
                Some(_) => Rights::Own,
            },
            focus: self.selected.focus(),
            shown: lately(self.shown),
            wanted: lately(self.wanted),
            way: self.budget.way(),
        }
    }

    /// Opens what the facts ask for, and closes what they do not.
    fn listen(&mut self, plan: &Plan, shown: bool, now: Nanos) {
        let every = matches!(source::choose(&self.facts(now)), Source::Every(_));
        if every && !self.hears_all() {
            self.open_all(plan, shown, now);
        }
        match source::choose(&self.facts(now)) {
            Source::Nothing => self.close(),
            Source::Every(way) => self.turn(way, now),
            Source::Samples(beside) => {
                let (root, kernel) = (self.root, self.kernel);
                let cpus = || kernel.cores();
                if !matches!(self.open, Some(Open::Samples { .. })) {
                    self.close();
                    self.open = Some(open::samples(root, self.feed, &cpus(), now));
                }
                let hear = |id| open::one(root, kernel, id, &cpus(), now);
                let heard = self.open.as_mut().is_none_or(|o| o.turn_to(beside, hear));
                self.selected.refused |= !heard;
            }
        }
    }

    fn hears_all(&self) -> bool {
        matches!(self.open, Some(Open::Every(_)))
    }

    /// Opens the rings of all cores, or notes why they are not to be had.
    fn open_all(&mut self, plan: &Plan, shown: bool, now: Nanos) {
        let cores = self.kernel.cores();
        let rate = self.rate();
        match self.kernel.rings(&cores) {
            Ok(rings) => {
                self.close();
                let most = budget::most(plan.recording_budget, cores.len());
                self.budget.begin(rate, most);
                self.lost = 0;
                let mut open = open::every(self.root, rings, self.feed, now);
                // Counting begins with the first slice, not with the first view.
                open.step(shown, View::No, false);
                self.open = Some(open);
            }
            Err(error) => {
                let paranoid = self.kernel.paranoid();
                let denied = error.kind() == io::ErrorKind::PermissionDenied;
                self.refusal = Some(Refusal {
                    why: perf::why(&error, paranoid).into(),
                    paranoid,
                    again: (!denied).then_some(Nanos(now.0 + LINGER.0)),
                });
            }
        }
    }

    /// Notices that the process beside the samples has ended: nothing more will come of it.
    fn notice_end(&mut self) {
        if let Some(Open::Samples {
            beside: Some(one), ..
        }) = &self.open
        {
            self.selected.gone |= one.heard.is_over() || !self.kernel.lives(one.of);
        }
    }

    /// Follows cores that come and go, rights that change, and notices that the machine slept; what cannot go on is closed.
    fn follow_machine(&mut self, now: Nanos) {
        let asleep = self.kernel.suspended().since(self.suspended);
        let compare = now.since(self.compared) >= HOTPLUG;
        if asleep < ASLEEP && !compare {
            return;
        }
        self.compared = now;
        let again = |r: &Refusal| {
            r.paranoid != self.kernel.paranoid() || r.again.is_some_and(|at| now >= at)
        };
        self.refusal = self.refusal.take().filter(|r| !again(r));
        let cpus = self.kernel.cores();
        let mut goes_on = true;
        match &mut self.open {
            None | Some(Open::One(_)) => {}
            Some(Open::Samples { sampled, beside }) => {
                // The rings of one process are those of the cores of their time.
                let fits = |b: &open::OfOne| {
                    asleep < ASLEEP && (b.heard.is_over() || b.heard.lock().cpus() == cpus)
                };
                *beside = beside.take().filter(fits);
                sampled.follow(&cpus, now);
                if asleep >= ASLEEP {
                    sampled.suspended(now, asleep);
                }
            }
            Some(Open::Every(heard)) => {
                let mut recorder = heard.lock();
                recorder.close_dead();
                let changed = recorder.cpus() != cpus;
                if asleep >= ASLEEP {
                    goes_on = recorder.suspended(asleep).is_ok();
                }
                if changed && goes_on {
                    goes_on = recorder.refit(&cpus).is_ok();
                }
            }
        }
        if asleep >= ASLEEP {
            self.suspended = self.kernel.suspended();
        }
        if !goes_on {
            self.close();
        }
    }

    fn close(&mut self) {
        if self
            .open
            .take()
            .is_some_and(|o| matches!(o, Open::Every(_)))
        {
            self.feed.fill_by(None);
        }
    }
}

#[cfg(test)]
mod tests;
