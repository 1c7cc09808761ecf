//! What the thread `switches` does: drains the rings into the timeline and into the changes that a sweep reads by.
//!
//! It opens the best source that the kernel allows, only while the lanes are shown or a sweep wants events, and closes it
//! some time after nobody needs it.

mod recorder;

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, PoisonError};

use recorder::{Recorder, Rings};

use super::sampled::Sampled;
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::{Origin, Timeline};
use crate::model::text::SafeText;
use crate::sampler::ticker::Grid;
use crate::sampler::{Desk, News, Tell};
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::own::stop::Stop;
use crate::sys::process::changes::{Drain, Feed};
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf::{self, Reader};

/// Between two published views, where nobody looks closely.
const PACE: Nanos = Nanos::from_millis(500);
/// Between two looks of a report.
const REPORTING: Nanos = Nanos::from_millis(100);
/// Between two readings of the sampled source: 20 Hz.
const SAMPLING: Nanos = Nanos::from_millis(50);
/// How long an open source is kept after nobody needs it, so that going from page to page loses nothing.
const LINGER: Nanos = Nanos::from_millis(10_000);
/// How often it is asked whether a sweep wants events, while nothing is open.
const IDLE: Nanos = Nanos::from_millis(500);
/// How often the list of cores is compared.
const HOTPLUG: Nanos = Nanos::from_millis(2000);

/// A machine that was asleep for less is not said to have been suspended.
const ASLEEP: Nanos = Nanos::from_millis(1000);

/// What the kernel is asked; tests answer otherwise.
trait Kernel {
    /// The cores that are online.
    fn cores(&self) -> Vec<CpuId>;
    /// Opens the rings of these cores for everything that happens on them.
    fn rings(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>>;
    /// How long the machine was suspended since boot.
    fn suspended(&self) -> Nanos;
}

/// The kernel that runs.
struct Running<'a>(&'a ProcRoot);

impl Kernel for Running<'_> {
    fn cores(&self) -> Vec<CpuId> {
        cores::online(self.0)
    }
    fn rings(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        if !self.0.is_live() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Box::new(Reader::of_all(cpus)?))
    }
    fn suspended(&self) -> Nanos {
        clock::since_boot().since(clock::now())
    }
}

/// An open source.
enum Open {
    Rings {
        recorder: Arc<Mutex<Recorder>>,
        of: Option<ProcId>,
    },
    Sampled(Box<Sampled>),
}

/// The state of the thread.
struct Watch<'a> {
    root: &'a ProcRoot,
    kernel: &'a dyn Kernel,
    feed: &'a Feed,
    grid: Grid,
    open: Option<Open>,
    /// Why nothing better is open.
    why: SafeText,
    /// When the next view is told.
    due: Nanos,
    compared: Nanos,
    needed: Nanos,
    suspended: Nanos,
}

/// Follows the cores until the end.
pub(in crate::sampler) fn record(root: &ProcRoot, desk: &Desk, feed: &Feed, tell: &Tell) {
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
            why: SafeText::default(),
            due: Nanos(0),
            compared: Nanos(0),
            needed: Nanos(0),
            suspended: kernel.suspended(),
        }
    }

    fn step(&mut self, plan: &Plan, tell: &Tell) {
        let now = clock::now();
        let shown = plan.needs.contains(Needs::SWITCHES);
        if shown || self.feed.wanted() {
            self.needed = now;
        }
        if now.since(self.needed) > LINGER || self.needed.0 == 0 {
            self.close();
            return;
        }
        self.follow_machine(now);
        self.keep_open(plan, shown, now);
        let Some(open) = &mut self.open else { return };
        // A closer look asks for the next view earlier.
        self.due = self.due.min(self.grid.after(now, pace(plan)));
        open.wait(self.due.since(now), &[]);
        let now = clock::now();
        let due = now >= self.due;
        if due {
            self.due = self.grid.after(now, pace(plan));
        }
        let timeline = open.step(shown, shown && due, false);
        if let Some(mut timeline) = timeline {
            timeline.why = self.why.clone();
            tell(News::Switches(Arc::new(timeline)));
        }
    }

    /// Follows cores that come and go, and notices that the machine slept; what cannot go on is closed.
    fn follow_machine(&mut self, now: Nanos) {
        let asleep = self.kernel.suspended().since(self.suspended);
        let compare = now.since(self.compared) >= HOTPLUG;
        if asleep < ASLEEP && !compare {
            return;
        }
        self.compared = now;
        let cpus = self.kernel.cores();
        let mut goes_on = true;
        match &mut self.open {
            None => {}
            Some(Open::Sampled(sampled)) => {
                sampled.follow(&cpus, now);
                if asleep >= ASLEEP {
                    sampled.suspended(now, asleep);
                }
            }
            Some(Open::Rings { recorder, of }) => {
                let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                if of.is_none() {
                    recorder.close_dead();
                }
                let changed = recorder.cpus() != cpus;
                if asleep >= ASLEEP {
                    goes_on = of.is_none() && recorder.suspended(asleep).is_ok();
                }
                if changed && goes_on {
                    goes_on = of.is_none() && recorder.refit(&cpus).is_ok();
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

    /// Opens what is needed and not open, and follows the focus.
    fn keep_open(&mut self, plan: &Plan, shown: bool, now: Nanos) {
        let stale = match &self.open {
            None => true,
            Some(Open::Rings { of: Some(of), .. }) => plan.focus != Some(*of),
            Some(_) => false,
        };
        if !stale {
            return;
        }
        let cpus = self.kernel.cores();
        self.close();
        match self.kernel.rings(&cpus) {
            Ok(rings) => {
                self.why = SafeText::default();
                let mut open = exact(self.root, rings, self.feed, now);
                // Counting begins with the first slice, not with the first view.
                open.step(shown, false, false);
                self.open = Some(open);
            }
            Err(error) => {
                let why = perf::why(&error, perf::paranoid(self.root));
                self.why = SafeText::from(why);
                if shown {
                    let own = plan
                        .focus
                        .and_then(|id| own(self.root, id, &cpus, now).ok());
                    self.open = Some(own.unwrap_or_else(|| {
                        Open::Sampled(Box::new(Sampled::new(
                            self.root,
                            self.feed.clone(),
                            &cpus,
                            now,
                        )))
                    }));
                }
            }
        }
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.feed.fill_by(None);
        }
    }
}

/// Records what the rings of all cores tell.
fn exact(root: &ProcRoot, rings: Box<dyn Rings>, feed: &Feed, now: Nanos) -> Open {
    let recorder = Recorder::new(root, rings, whole(root), feed.clone(), now);
    let recorder = Arc::new(Mutex::new(recorder));
    let filler: Arc<Mutex<dyn Drain>> = recorder.clone();
    feed.fill_by(Some(filler));
    Open::Rings { recorder, of: None }
}

/// What the rings of all cores tell here.
fn whole(root: &ProcRoot) -> Origin {
    if visible::inside(root) {
        Origin::Inside
    } else {
        Origin::Exact
    }
}

/// Opens the rings of one process.
fn own(root: &ProcRoot, id: ProcId, cpus: &[CpuId], now: Nanos) -> io::Result<Open> {
    if !root.is_live() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let reader = Reader::of_own(&perf::threads(root, id.pid), cpus)?;
    if reader.fds().is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let recorder = Recorder::new(root, Box::new(reader), Origin::Own, Feed::default(), now);
    Ok(Open::Rings {
        recorder: Arc::new(Mutex::new(recorder)),
        of: Some(id),
    })
}

impl Open {
    /// Reads what there is to read, `count`: also what the kernel counts beside it, and tells it if `tell`; `last`: for
    /// the last time.
    fn step(&mut self, count: bool, tell: bool, last: bool) -> Option<Timeline> {
        let now = clock::now();
        match self {
            Self::Rings { recorder, .. } => {
                let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                recorder.drain();
                if count {
                    recorder.count(last);
                }
                tell.then(|| recorder.publish())
            }
            Self::Sampled(sampled) => {
                sampled.step(now);
                tell.then(|| sampled.publish(now, last))
            }
        }
    }

    /// Waits until there is something to read, at most so long.
    fn wait(&self, at_most: Nanos, more: &[RawFd]) {
        match self {
            Self::Rings { recorder, .. } => {
                let fds = recorder
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fds();
                let all: Vec<_> = fds.iter().chain(more).copied().collect();
                perf::wait(&all, at_most);
            }
            Self::Sampled(_) => perf::wait(more, at_most.min(SAMPLING)),
        }
    }
}

/// The best source that the kernel allows, read on the caller's thread, for reports.
pub struct Listening {
    open: Open,
    why: SafeText,
}

impl Listening {
    /// Opens it; `of`: the process that matters, where not all may be heard.
    pub fn open(root: &ProcRoot, of: Option<ProcId>) -> Self {
        let (cpus, now) = (cores::online(root), clock::now());
        match Running(root).rings(&cpus) {
            Ok(rings) => {
                let mut open = exact(root, rings, &Feed::default(), now);
                open.step(true, false, false);
                Self {
                    open,
                    why: SafeText::default(),
                }
            }
            Err(error) => {
                let own = of.and_then(|id| own(root, id, &cpus, now).ok());
                let sampled =
                    || Open::Sampled(Box::new(Sampled::new(root, Feed::default(), &cpus, now)));
                Self {
                    open: own.unwrap_or_else(sampled),
                    why: perf::why(&error, perf::paranoid(root)).into(),
                }
            }
        }
    }

    /// Why single slices are not told; `None` where they are.
    pub fn only_sums(&self) -> Option<&str> {
        matches!(self.open, Open::Sampled(_)).then_some(self.why.as_str())
    }

    /// Waits a tenth of a second at most, or until a signal asks to stop, and tells all that is known by then.
    pub fn step(&mut self, at_most: Nanos, stop: &Stop) -> Timeline {
        self.open.wait(at_most.min(REPORTING), &[stop.fd()]);
        let last = at_most <= REPORTING || stop.asked();
        let mut line = self.open.step(true, true, last).unwrap_or_default();
        line.why = self.why.clone();
        line
    }
}

#[cfg(test)]
mod tests;
