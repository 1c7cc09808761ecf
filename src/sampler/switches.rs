//! What the thread `switches` does: drains the rings into the timeline and into the changes that a sweep reads by.
//!
//! It opens the best source that the kernel allows, only while the lanes are shown or a sweep wants events, and closes it
//! some time after nobody needs it.

mod recorder;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use recorder::Recorder;

use super::{Desk, News, Tell};
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::text::SafeText;
use crate::model::timeline::Origin;
use crate::sys::changes::{Drain, Feed};
use crate::sys::perf::{self, Reader};
use crate::sys::root::ProcRoot;
use crate::sys::sampled::Sampled;
use crate::sys::{clock, cores};

/// Between two published views.
const PACE: Nanos = Nanos::from_millis(200);
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
        match &self.open {
            Some(Open::Rings { fds, .. }) => perf::wait(fds, PACE),
            Some(Open::Sampled(_)) => perf::wait(&[], SAMPLING),
            None => return,
        }
        let now = clock::now();
        let due = now.since(self.published) >= PACE;
        let timeline = match &mut self.open {
            Some(Open::Rings { recorder, .. }) => {
                let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                recorder.drain();
                (shown && due).then(|| recorder.publish())
            }
            Some(Open::Sampled(sampled)) => {
                sampled.step(now);
                (shown && due).then(|| sampled.publish(now))
            }
            None => None,
        };
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
        match self.exact(&cpus, now) {
            Ok(open) => self.open = Some(open),
            Err(error) => {
                let why = perf::why(&error, perf::paranoid(self.root));
                self.why = SafeText::from(why);
                if shown {
                    let own = plan.focus.and_then(|id| self.own(id, &cpus, now).ok());
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

    fn exact(&mut self, cpus: &[CpuId], now: Nanos) -> io::Result<Open> {
        if !self.root.is_live() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let reader = Reader::of_all(cpus)?;
        self.why = SafeText::default();
        let fds = reader.fds();
        let recorder = Recorder::new(self.root, reader, Origin::Exact, self.feed.clone(), now);
        let recorder = Arc::new(Mutex::new(recorder));
        let filler: Arc<Mutex<dyn Drain>> = recorder.clone();
        self.feed.fill_by(Some(filler));
        Ok(Open::Rings {
            recorder,
            fds,
            of: None,
        })
    }

    fn own(&self, id: ProcId, cpus: &[CpuId], now: Nanos) -> io::Result<Open> {
        if !self.root.is_live() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let reader = Reader::of_own(&perf::threads(self.root, id.pid), cpus)?;
        let fds = reader.fds();
        if fds.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let recorder = Recorder::new(self.root, reader, Origin::Own, Feed::default(), now);
        Ok(Open::Rings {
            recorder: Arc::new(Mutex::new(recorder)),
            fds,
            of: Some(id),
        })
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.feed.fill_by(None);
        }
    }
}

#[cfg(test)]
mod tests;
