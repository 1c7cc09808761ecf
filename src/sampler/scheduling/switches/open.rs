//! A source that is open: the rings of all cores, or samples of them with the rings of one process beside.

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Kernel;
use super::recorder::{Recorder, Rings};
use super::source::Beside;
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::scheduling::timeline::{Origin, Own, Timeline};
use crate::sampler::scheduling::sampled::Sampled;
use crate::sys::clock;
use crate::sys::process::changes::{Drain, Feed};
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf;

/// Between two readings of the sampled source: 20 Hz.
pub(super) const SAMPLING: Nanos = Nanos::from_millis(50);

/// Rings that are heard, in a place that a sweep can reach too.
#[derive(Clone)]
pub(super) struct Heard(Arc<Mutex<Recorder>>);

/// The rings of one process.
pub(super) struct OfOne {
    /// Which.
    pub of: ProcId,
    /// Its rings.
    pub heard: Heard,
}

/// Whether a view is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Not now.
    No,
    /// Where slices would be forgotten that are in none.
    IfCrowded,
    /// Now.
    Now,
}

/// An open source.
pub(super) enum Open {
    /// The switches of all cores.
    Every(Heard),
    /// Samples, and the switches of one process.
    Samples {
        /// The samples.
        sampled: Box<Sampled>,
        /// The process.
        beside: Option<OfOne>,
    },
    /// The switches of one process, for a report about it.
    One(OfOne),
}

impl Heard {
    pub fn lock(&self) -> MutexGuard<'_, Recorder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fds(&self) -> Vec<RawFd> {
        self.lock().fds()
    }

    /// Whether nothing more will come: everybody who was listened to has ended.
    pub fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    fn step(&self, count: bool, view: View, last: bool) -> Option<Timeline> {
        let mut recorder = self.lock();
        recorder.drain();
        if count {
            recorder.count(last);
        }
        let tell = view == View::Now || view == View::IfCrowded && recorder.is_crowded();
        tell.then(|| recorder.publish())
    }
}

/// Records what the rings of all cores tell.
pub(super) fn every(root: &ProcRoot, rings: Box<dyn Rings>, feed: &Feed, now: Nanos) -> Open {
    let recorder = Recorder::new(root, rings, whole(root), feed.clone(), now);
    let recorder = Arc::new(Mutex::new(recorder));
    let filler: Arc<Mutex<dyn Drain>> = recorder.clone();
    feed.fill_by(Some(filler));
    Open::Every(Heard(recorder))
}

/// What the rings of all cores tell here.
pub(super) fn whole(root: &ProcRoot) -> Origin {
    if visible::inside(root) {
        Origin::Inside
    } else {
        Origin::Exact
    }
}

/// Opens the rings of one process.
pub(super) fn one(
    root: &ProcRoot,
    kernel: &dyn Kernel,
    of: ProcId,
    cpus: &[CpuId],
    now: Nanos,
) -> io::Result<OfOne> {
    let rings = kernel.rings_of(of, cpus)?;
    // The number may have been given to another meanwhile.
    if rings.cpus().is_empty() || !kernel.lives(of) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let recorder = Recorder::new(root, rings, Origin::Own, Feed::default(), now).only(of.pid);
    Ok(OfOne {
        of,
        heard: Heard(Arc::new(Mutex::new(recorder))),
    })
}

/// Samples the cores.
pub(super) fn samples(root: &ProcRoot, feed: &Feed, cpus: &[CpuId], now: Nanos) -> Open {
    Open::Samples {
        sampled: Box::new(Sampled::new(root, feed.clone(), cpus, now)),
        beside: None,
    }
}

impl Open {
    /// The rings that are heard, if any.
    fn heard(&self) -> Option<&Heard> {
        match self {
            Self::Every(heard) => Some(heard),
            Self::Samples { beside, .. } => beside.as_ref().map(|b| &b.heard),
            Self::One(one) => Some(&one.heard),
        }
    }

    /// Reads what there is to read, `count`: also what the kernel counts beside it, and tells it as `view` says;
    /// `last`: for the last time.
    pub fn step(&mut self, count: bool, view: View, last: bool) -> Option<Timeline> {
        let now = clock::now();
        match self {
            Self::Every(heard) | Self::One(OfOne { heard, .. }) => heard.step(count, view, last),
            Self::Samples { sampled, beside } => {
                sampled.step(now);
                let own = beside.as_ref().and_then(|one| {
                    let line = one.heard.step(count, view, last)?;
                    let of = one.of;
                    Some(Own { of, line }.into())
                });
                (view == View::Now).then(|| Timeline {
                    own,
                    ..sampled.publish(now, last)
                })
            }
        }
    }

    /// Waits until there is something to read, at most so long.
    pub fn wait(&self, at_most: Nanos, more: &[RawFd]) {
        let at_most = match self {
            Self::Samples { .. } => at_most.min(SAMPLING),
            Self::Every(heard) => at_most.min(heard.lock().pace().unwrap_or(at_most)),
            Self::One(_) => at_most,
        };
        let mut all = self.heard().map(Heard::fds).unwrap_or_default();
        all.extend(more);
        let hung = perf::wait(&all, at_most);
        if let Some(heard) = self.heard().filter(|_| !hung.is_empty()) {
            heard.lock().hung_up(&hung);
        }
    }

    /// Listens to somebody else beside the samples; what cannot be opened is told as refused.
    pub fn turn_to(&mut self, to: Beside, open: impl FnOnce(ProcId) -> io::Result<OfOne>) -> bool {
        let Self::Samples { beside, .. } = self else {
            return true;
        };
        match to {
            Beside::Nobody => *beside = None,
            Beside::Keep(id) => {
                *beside = beside.take().filter(|b| b.of == id);
                if let Some(kept) = beside {
                    kept.heard.lock().close();
                }
            }
            Beside::Hear(id) if beside.as_ref().is_some_and(|b| b.of == id) => {}
            Beside::Hear(id) => {
                *beside = open(id).ok();
                return beside.is_some();
            }
        }
        true
    }
}
