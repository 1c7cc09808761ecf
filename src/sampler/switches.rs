//! What the thread `switches` does: drains the rings into the timeline and into the changes that a sweep reads by.
//!
//! It opens the best source that the kernel allows, only while the lanes are shown or a sweep wants events, and closes it
//! some time after nobody needs it.

mod recorder;

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, PoisonError};

use recorder::Recorder;

use super::{Desk, News, Tell};
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::text::SafeText;
use crate::model::timeline::{Origin, Timeline};
use crate::sys::changes::{Drain, Feed};
use crate::sys::perf::{self, Reader};
use crate::sys::root::ProcRoot;
use crate::sys::sampled::Sampled;
use crate::sys::stop::Stop;
use crate::sys::{clock, cores};

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

/// An open source.
enum Open {
    Rings {
        recorder: Arc<Mutex<Recorder>>,
        fds: Vec<i32>,
        of: Option<ProcId>,
    },
    Sampled(Box<Sampled>),
}

/// The state of the thread.
struct Watch<'a> {
    root: &'a ProcRoot,
    feed: &'a Feed,
    open: Option<Open>,
    /// Why nothing better is open.
    why: SafeText,
    published: Nanos,
    compared: Nanos,
    needed: Nanos,
}

/// Follows the cores until the end.
pub(super) fn record(root: &ProcRoot, desk: &Desk, feed: &Feed, tell: &Tell) {
    let mut watch = Watch {
        root,
        feed,
        open: None,
        why: SafeText::default(),
        published: Nanos(0),
        compared: Nanos(0),
        needed: Nanos(0),
    };
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

impl Watch<'_> {
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
        self.keep_open(plan, shown, now);
        let Some(open) = &mut self.open else { return };
        open.wait(pace(plan), &[]);
        let now = clock::now();
        let due = now.since(self.published) >= pace(plan);
        let timeline = open.step(shown && due);
        if let Some(mut timeline) = timeline {
            self.published = now;
            timeline.why = self.why.clone();
            tell(News::Switches(Arc::new(timeline)));
        }
    }

    /// Opens what is needed and not open, and follows the focus and the list of cores.
    fn keep_open(&mut self, plan: &Plan, shown: bool, now: Nanos) {
        let stale = match &self.open {
            None => true,
            Some(Open::Rings { of: Some(of), .. }) => plan.focus != Some(*of),
            Some(_) => false,
        };
        let hotplug = now.since(self.compared) >= HOTPLUG && self.cores_changed(now);
        if !stale && !hotplug {
            return;
        }
        let cpus = cores::online(self.root);
        self.close();
        match exact(self.root, &cpus, self.feed, now) {
            Ok(open) => {
                self.why = SafeText::default();
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
                        Open::Sampled(Box::new(Sampled::new(self.root, &cpus, now)))
                    }));
                }
            }
        }
    }

    fn cores_changed(&mut self, now: Nanos) -> bool {
        self.compared = now;
        let Some(Open::Rings { recorder, .. }) = &self.open else {
            return false;
        };
        let recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.cpus() != cores::online(self.root)
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.feed.fill_by(None);
        }
    }
}

/// Opens the rings of all cores.
fn exact(root: &ProcRoot, cpus: &[CpuId], feed: &Feed, now: Nanos) -> io::Result<Open> {
    if !root.is_live() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let reader = Reader::of_all(cpus)?;
    let fds = reader.fds();
    let recorder = Recorder::new(root, reader, Origin::Exact, feed.clone(), now);
    let recorder = Arc::new(Mutex::new(recorder));
    let filler: Arc<Mutex<dyn Drain>> = recorder.clone();
    feed.fill_by(Some(filler));
    Ok(Open::Rings {
        recorder,
        fds,
        of: None,
    })
}

/// Opens the rings of one process.
fn own(root: &ProcRoot, id: ProcId, cpus: &[CpuId], now: Nanos) -> io::Result<Open> {
    if !root.is_live() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let reader = Reader::of_own(&perf::threads(root, id.pid), cpus)?;
    let fds = reader.fds();
    if fds.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let recorder = Recorder::new(root, reader, Origin::Own, Feed::default(), now);
    Ok(Open::Rings {
        recorder: Arc::new(Mutex::new(recorder)),
        fds,
        of: Some(id),
    })
}

impl Open {
    /// Reads what there is to read, and tells it if `tell`.
    fn step(&mut self, tell: bool) -> Option<Timeline> {
        let now = clock::now();
        match self {
            Self::Rings { recorder, .. } => {
                let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                recorder.drain();
                tell.then(|| recorder.publish())
            }
            Self::Sampled(sampled) => {
                sampled.step(now);
                tell.then(|| sampled.publish(now))
            }
        }
    }

    /// Waits until there is something to read, at most so long.
    fn wait(&self, at_most: Nanos, more: &[RawFd]) {
        match self {
            Self::Rings { fds, .. } => {
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
        match exact(root, &cpus, &Feed::default(), now) {
            Ok(open) => Self {
                open,
                why: SafeText::default(),
            },
            Err(error) => {
                let own = of.and_then(|id| own(root, id, &cpus, now).ok());
                let sampled = || Open::Sampled(Box::new(Sampled::new(root, &cpus, now)));
                Self {
                    open: own.unwrap_or_else(sampled),
                    why: perf::why(&error, perf::paranoid(root)).into(),
                }
            }
        }
    }

    /// Waits a tenth of a second at most, or until a signal asks to stop, and tells all that is known by then.
    pub fn step(&mut self, at_most: Nanos, stop: &Stop) -> Timeline {
        self.open.wait(at_most.min(REPORTING), &[stop.fd()]);
        let mut line = self.open.step(true).unwrap_or_default();
        line.why = self.why.clone();
        line
    }
}

#[cfg(test)]
mod tests;
