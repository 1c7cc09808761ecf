//! What the kernel counts beside the switches, read at an even pace: how long threads waited for a core (`schedstat`),
//! and how each core spent its time (`/proc/stat`).

use std::collections::HashMap;

use super::{Lane, Origin, Timeline, Window};
use crate::model::core_share::CoreShare;
use crate::model::id::{Nanos, ProcId};

/// How far apart two readings are at the least: less than two published views are at rest, so that each has its reading.
pub const COUNTING: Nanos = Nanos::from_millis(400);

/// How long a thread waited for a core between two readings, told by the core that it had last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The reading before.
    pub start: Nanos,
    /// This one.
    pub end: Nanos,
    /// Whose it is: an index of [`super::Chunk::who`].
    pub who: u32,
    /// How long it waited.
    pub span: Nanos,
    /// Whether that is all: not where there was no reading before, or where the thread ended before it was read.
    pub whole: bool,
}

/// How a core spent the time between two readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// The reading before.
    pub start: Nanos,
    /// This one.
    pub end: Nanos,
    /// The shares of that time.
    pub share: CoreShare,
}

/// Time waited for a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waited {
    /// How long.
    pub span: Nanos,
    /// Whether that is all of it; else it waited at least so long.
    pub whole: bool,
}

/// The part of `of` that lies in a window, where it is spread evenly over `(start, end)`.
fn inside((start, end): (Nanos, Nanos), of: u64, window: Window) -> u64 {
    let overlap = end.min(window.to).since(start.max(window.from)).0;
    let span = end.since(start).0.max(1);
    (u128::from(of) * u128::from(overlap) / u128::from(span)) as u64
}

impl Lane {
    /// How the core spent a window, as far as that was counted; `None` where it was not.
    pub fn spent_in(&self, window: Window) -> Option<CoreShare> {
        let mut all = 0.0;
        let mut sum = CoreShare::default();
        let first = self.spent.partition_point(|s| s.end <= window.from);
        for spent in &self.spent[first..] {
            if spent.start >= window.to {
                break;
            }
            let part = inside((spent.start, spent.end), 1 << 20, window) as f32
                * spent.end.since(spent.start).seconds() as f32;
            sum.add(&spent.share, part);
            all += part;
        }
        (all > 0.0).then(|| sum.scaled(1.0 / all))
    }

    /// Calls `each` with the process and the waits that lie in a window.
    fn waits_in(&self, window: Window, mut each: impl FnMut(ProcId, Waited)) {
        for (wait, who) in self.waits.from(window.from) {
            if wait.start >= window.to {
                break;
            }
            if wait.end > window.from {
                let span = Nanos(inside((wait.start, wait.end), wait.span.0, window));
                let whole = wait.whole;
                each(who.id, Waited { span, whole });
            }
        }
    }
}

impl Timeline {
    /// Whether the counters were read all over a window, save for the reading that is due next.
    fn is_counted(&self, window: Window) -> bool {
        let late = Nanos(COUNTING.0 * 2);
        // What was before the lanes is no part of the window that is known.
        let since = self.lanes.iter().map(|l| l.since).min();
        let from = window.from.max(since.unwrap_or_default());
        self.counted.is_some_and(|c| {
            c.from.since(from) <= COUNTING
                && window.to.since(c.to) <= late
                && window.to.since(from) >= late
        })
    }

    /// How long each process waited for a core in a window, by the kernel's own count.
    pub(super) fn waits(&self, window: Window) -> HashMap<ProcId, Waited> {
        let mut found: HashMap<ProcId, Waited> = HashMap::new();
        let whole = self.is_counted(window);
        for lane in &self.lanes {
            lane.waits_in(window, |id, more| {
                let sum = found.entry(id).or_insert(Waited {
                    span: Nanos(0),
                    whole,
                });
                sum.span.0 += more.span.0;
                sum.whole &= more.whole;
            });
        }
        found
    }

    /// How long threads waited in a window for the core that they had last, all together.
    pub fn waited_on(&self, lane: &Lane, window: Window) -> Waited {
        let seen = lane.total(window, self.origin).waited;
        if self.origin == Origin::Sampled {
            return Waited {
                span: seen,
                whole: true,
            };
        }
        let mut sum = Waited {
            span: Nanos(0),
            whole: self.is_counted(window),
        };
        lane.waits_in(window, |_, more| {
            sum.span.0 += more.span.0;
            sum.whole &= more.whole;
        });
        if !sum.whole {
            sum.span = sum.span.max(seen);
        }
        sum
    }
}
