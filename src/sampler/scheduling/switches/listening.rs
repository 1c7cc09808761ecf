//! The best source that the kernel allows, read on the caller's thread, for reports.

use super::open::{self, Open, View};
use super::{Kernel as _, Running};
use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::timeline::Timeline;
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::own::stop::Stop;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf;

/// Between two looks of a report.
const REPORTING: Nanos = Nanos::from_millis(100);

/// The best source that the kernel allows.
pub struct Listening {
    open: Open,
    why: SafeText,
}

impl Listening {
    /// Opens it; `of`: the process that matters, where not all may be heard.
    pub fn open(root: &ProcRoot, of: Option<ProcId>) -> Self {
        let (cpus, now) = (cores::online(root), clock::now());
        let kernel = Running(root);
        match kernel.rings(&cpus) {
            Ok(rings) => {
                let mut open = open::every(root, rings, &Feed::default(), now);
                // Who made a thread ready is told where programs may run in the kernel; else only who lost its core.
                if let (Open::Every(heard), Ok(wakes)) = (&open, kernel.wakes()) {
                    heard.lock().hear_wakes(Some(wakes));
                }
                open.step(true, View::No, false);
                Self {
                    open,
                    why: SafeText::default(),
                }
            }
            Err(error) => {
                let one = of.and_then(|id| open::one(root, &kernel, id, &cpus, now).ok());
                let open = match one {
                    Some(one) => Open::One(one),
                    None => open::samples(root, &Feed::default(), &cpus, now),
                };
                Self {
                    open,
                    why: perf::why(&error, perf::paranoid(root)).into(),
                }
            }
        }
    }

    /// Why single slices are not told; `None` where they are.
    pub fn only_sums(&self) -> Option<&str> {
        matches!(self.open, Open::Samples { .. }).then_some(self.why.as_str())
    }

    /// Waits a tenth of a second at most, or until a signal asks to stop, and tells all that is known by then.
    pub fn step(&mut self, at_most: Nanos, stop: &Stop) -> Timeline {
        self.open.wait(at_most.min(REPORTING), &[stop.fd()]);
        let last = at_most <= REPORTING || stop.asked();
        let mut line = self.open.step(true, View::Now, last).unwrap_or_default();
        line.why = self.why.clone();
        line
    }
}
