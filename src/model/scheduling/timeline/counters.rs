//! What the kernel counts beside the switches, read at an even pace: how long threads waited for a core (`schedstat`),
//! and how each core spent its time (`/proc/stat`).

use std::collections::HashMap;

use super::{Lane, Timeline, Window};
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::core_share::CoreShare;

/// How far apart two readings are at the least: less than two published views are at rest, so that each has its reading.
pub const COUNTING: Nanos = Nanos::from_millis(400);

/// How long a thread waited for a core between two readings, told by the core that it had last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The reading before.
    pub start: Nanos,
    /// This one.
    pub end: Nanos,
    /// How long it waited; where that is not known, how long it can have been at the most.
    pub span: Nanos,
    /// Whether it is known: not where there was no reading before, or where the thread ended before it was read.
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
    /// How much of it the slices tell of; `None` where they are not all known, so that the two are not to be compared.
    pub told: Option<Nanos>,
}

/// What of a window was nobody's of whom the slices tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// Nobody had the cores; `None` where neither all slices nor any count of the cores tells it.
    pub idle: Option<Nanos>,
    /// The kernel says that the cores were busy, but no slice tells with whom.
    pub others: Nanos,
    /// Nothing is known.
    pub unknown: Nanos,
}

/// Time waited for a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waited {
    /// How long.
    pub span: Nanos,
    /// Whether that is all of it; else it waited at least so long.
    pub whole: bool,
}

/// What part of a wait lies in a window.
struct Overlap {
    span: Nanos,
    /// How long it can have been at the most.
    most: Nanos,
    whole: bool,
}

/// The part of `of` that lies in a window, where it is spread evenly over `(start, end)`.
fn inside((start, end): (Nanos, Nanos), of: u64, window: Window) -> u64 {
    let overlap = end.min(window.to).since(start.max(window.from)).0;
    let span = end.since(start).0.max(1);
    (u128::from(of) * u128::from(overlap) / u128::from(span)) as u64
}

/// What part of a window changes no number of threads that waited on average, to its tenth.
const NEXT_TO_NOTHING: f64 = 0.05;

/// From what part of a window on the readings stand for all of it.
const ENOUGH: f64 = 0.9;

/// From what share of a reading on time that no slice tells of is drawn: its ticks of 10 ms are no finer.
const NOISE: f32 = 0.06;

impl Spent {
    /// How busy the core was in the part of the reading that no slice tells of, 0..1.
    fn beside(&self) -> Option<f32> {
        let span = self.end.since(self.start).0 as f32;
        let told = self.told?.0 as f32;
        let others = self.share.busy() / 100.0 * span - told;
        if others < span * NOISE {
            return Some(0.0);
        }
        Some((others / (span - told).max(1.0)).min(1.0))
    }
}

impl Lane {
    /// The readings that touch a window.
    fn spent_over(&self, window: Window) -> impl Iterator<Item = &Spent> {
        let first = self.spent.partition_point(|s| s.end <= window.from);
        let all = self.spent[first..].iter();
        all.take_while(move |s| s.start < window.to)
    }

    /// How much of a window was busy with somebody of whom no slice tells, 0..1, where the slices tell of `told` of it;
    /// `None` where that was not counted.
    pub(super) fn others_in(&self, window: Window, told: f32) -> Option<f32> {
        let (mut busy, mut counted) = (0.0, 0.0);
        for spent in self.spent_over(window) {
            let part = spent.end.min(window.to).since(spent.start.max(window.from));
            if let Some(beside) = spent.beside() {
                busy += beside * part.0 as f32;
                counted += part.0 as f32;
            }
        }
        let most = 1.0 - told.clamp(0.0, 1.0);
        (counted * 2.0 >= window.span().0 as f32).then(|| busy / counted * most)
    }

    /// How much of a window the kernel counted, and how much of that the core was busy.
    fn busy_in(&self, window: Window) -> (f64, f64) {
        let (mut counted, mut busy) = (0.0, 0.0);
        for spent in self.spent_over(window).filter(|s| s.told.is_some()) {
            let part = spent.end.min(window.to).since(spent.start.max(window.from));
            counted += part.0 as f64;
            busy += part.0 as f64 * f64::from(spent.share.busy()) / 100.0;
        }
        (counted, busy)
    }

    /// How the core spent a window, as far as that was counted; `None` where it was not.
    pub fn spent_in(&self, window: Window) -> Option<CoreShare> {
        let mut all = 0.0;
        let mut sum = CoreShare::default();
        for spent in self.spent_over(window) {
            let part = inside((spent.start, spent.end), 1 << 20, window) as f32
                * spent.end.since(spent.start).seconds() as f32;
            sum.add(&spent.share, part);
            all += part;
        }
        (all > 0.0).then(|| sum.scaled(1.0 / all))
    }

    /// Calls `each` with the process and the waits that lie in a window.
    fn waits_in(&self, window: Window, mut each: impl FnMut(ProcId, Overlap)) {
        for (wait, who) in self.waits.from(window.from) {
            if wait.start >= window.to {
                break;
            }
            if wait.end > window.from {
                let most = Nanos(inside((wait.start, wait.end), wait.span.0, window));
                let whole = wait.whole;
                let span = if whole { most } else { Nanos(0) };
                each(who.id, Overlap { span, most, whole });
            }
        }
    }
}

impl Timeline {
    /// What of all cores' time in a window was nobody's of whom the slices tell, where each core is given the time that is
    /// known of the best known one.
    ///
    /// Where not all slices are told, what is idle is by the kernel's count of how busy the cores were.
    pub fn rest(&self, window: Window) -> Rest {
        let all = self.known(window).0 * self.lanes.len() as u64;
        self.rest_of(&self.lanes, all, window)
    }

    /// The same of one core, in the time that is known of it.
    pub fn rest_on(&self, lane: &Lane, window: Window) -> Rest {
        let all = lane.known(window, self.origin).0;
        self.rest_of(std::slice::from_ref(lane), all, window)
    }

    fn rest_of(&self, lanes: &[Lane], all: u64, window: Window) -> Rest {
        let (mut known, mut run, mut counted, mut busy) = (0, 0, 0.0, 0.0);
        for lane in lanes {
            known += lane.known(window, self.origin).0;
            run += lane.total(window, self.origin).run.0;
            let (more, of_that) = lane.busy_in(window);
            (counted, busy) = (counted + more, busy + of_that);
        }
        let unknown = Nanos(all.saturating_sub(known));
        let free = known.saturating_sub(run);
        if self.origin.tells_everybody() {
            let (idle, others) = (Some(Nanos(free)), Nanos(0));
            return Rest {
                idle,
                others,
                unknown,
            };
        }
        // The readings stand for the whole window where they miss no more than the newest moment of it.
        let part = counted / known.max(1) as f64;
        let part = if part >= ENOUGH { 1.0 } else { part };
        let share = if counted > 0.0 { busy / counted } else { 0.0 };
        let others = (share * known as f64 - run as f64).max(0.0) * part;
        let others = (others as u64).min(free);
        let uncounted = ((free - others) as f64 * (1.0 - part)) as u64;
        Rest {
            idle: (counted > 0.0).then_some(Nanos(free - others - uncounted)),
            others: Nanos(others),
            unknown: Nanos(unknown.0 + uncounted),
        }
    }

    /// Whether the counters were read all over a window, save for the reading that is due next.
    pub(super) fn is_counted(&self, window: Window) -> bool {
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

    /// How long threads waited in a window for the core that they had last, all together; it is whole also where threads
    /// ended unread, but so soon after they were read or began that it is next to nothing in a window of that length.
    pub fn waited_on(&self, lane: &Lane, window: Window) -> Waited {
        let seen = lane.total(window, self.origin).waited;
        if self.origin.is_coarse() {
            return Waited {
                span: seen,
                whole: true,
            };
        }
        let (mut span, mut unread) = (Nanos(0), 0);
        lane.waits_in(window, |_, more| {
            span.0 += more.span.0;
            unread += if more.whole { 0 } else { more.most.0 };
        });
        let whole =
            self.is_counted(window) && unread as f64 <= window.span().0 as f64 * NEXT_TO_NOTHING;
        if !whole {
            span = span.max(seen);
        }
        Waited { span, whole }
    }
}
