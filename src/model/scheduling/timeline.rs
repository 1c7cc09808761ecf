//! Who had each core, when, for how long, and why it stopped: slices, and sums of them for looking from further away.
//!
//! A [`Timeline`] is immutable: publishing one shares all but the newest chunk with the one before, and pausing keeps it.

mod build;
mod cells;
mod counters;
mod packed;
mod places;
mod ready;
mod track;
mod window;

use std::sync::Arc;

pub use build::{Builder, Counts, Names, Ran, Summed, Thread};
pub use cells::{Cell, Covering, Fill};
pub use counters::{COUNTING, Rest, Spent, Wait, Waited};
pub use packed::Item;
pub use ready::{Behind, Made, Ready};
pub use track::Track;
pub use window::{HISTOGRAM, PidStats, SwitchSums, Tally, Window};

use crate::model::id::{CpuId, Nanos, ProcId, Tid};
use crate::model::text::SafeText;

/// The widths of the bins, finest first: 1 ms, 10 ms, 100 ms.
pub const BINS: [Nanos; 3] = [Nanos(1_000_000), Nanos(10_000_000), Nanos(100_000_000)];

/// How the slices are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// They are not known.
    #[default]
    None,
    /// Every switch of every core was told by the kernel.
    Exact,
    /// The same, but whoever lives outside our PID namespace is told as nobody, as idle is.
    Inside,
    /// Every switch of one process of this user's was told; what others did is not known.
    Own,
    /// The kernel sums up every slice of every core in bins of 10 ms; their order inside a bin is not known.
    Summed,
    /// A recording has sums of slices that were all known: how long each thread had each core between two ticks, in how many.
    Sums,
    /// Times on a core were sampled; their order inside a bin is not known.
    Sampled,
}

impl Origin {
    /// The word in JSON and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Exact | Self::Inside | Self::Summed | Self::Sums => "exact",
            Self::Own => "own",
            Self::Sampled => "sampled",
        }
    }

    /// Whether it tells of each slice who had the core next.
    pub fn tells_all_ends(self) -> bool {
        matches!(self, Self::Exact | Self::Inside)
    }

    /// Whether whoever had a core is told: what is left is idle.
    pub fn tells_everybody(self) -> bool {
        matches!(self, Self::Exact | Self::Summed | Self::Sums)
    }

    /// Who had the cores of whom no slice tells.
    pub fn others(self) -> &'static str {
        match self {
            Self::Own | Self::Inside => "others",
            Self::None | Self::Exact | Self::Summed | Self::Sums | Self::Sampled => "not seen",
        }
    }

    /// Whether times are told of bins of [`BINS`]' last width, and neither single slices nor how they ended.
    pub fn is_coarse(self) -> bool {
        matches!(self, Self::Sums | Self::Sampled)
    }

    /// The words in a title.
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "not known",
            Self::Exact => "exact",
            Self::Inside => "exact in this namespace",
            Self::Summed => "exact sums",
            Self::Sums => "sums of each tick",
            Self::Own => "own processes",
            Self::Sampled => "sampled 20 Hz",
        }
    }
}

/// A thread as it was named when it had the core.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    /// Its process.
    pub id: ProcId,
    /// Which thread.
    pub tid: Tid,
    /// Its name at that time.
    pub name: SafeText,
}

/// How a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The thread could still run: the kernel took the core, or it asked for that with `sched_yield`.
    Preempted,
    /// The thread blocked or slept.
    Yielded,
    /// The thread ended.
    Exited,
    /// It has not ended yet.
    Running,
    /// The kernel did not tell how.
    Unseen,
}

impl Ended {
    /// The word in JSON; `None` where it is not known.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Preempted => Some("preempted"),
            Self::Yielded => Some("yielded"),
            Self::Exited => Some("exited"),
            Self::Running => Some("running"),
            Self::Unseen => None,
        }
    }
}

/// One uninterrupted stay of one thread on one core. Idle time is where no slice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// When it began.
    pub start: Nanos,
    /// When it ended, or the moment of publishing where it still runs.
    pub end: Nanos,
    /// How it ended.
    pub ended: Ended,
}

impl Slice {
    /// How long it was.
    pub fn span(&self) -> Nanos {
        self.end.since(self.start)
    }
}

/// What one thread did on one core within one bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// When the bin begins.
    pub start: Nanos,
    /// Slices that ended in it.
    pub slices: u32,
    /// Of those, how many ended while the thread could still run.
    pub preempted: u32,
    /// Slices that began in it after one on another core.
    pub moved: u32,
    /// Time on the core within the bin.
    pub run: Nanos,
    /// The longest slice that ended in it.
    pub longest: Nanos,
    /// Time that the thread waited for slices that began in it: after a preemption, or by the kernel's own count where
    /// the cores are sampled.
    pub waited: Nanos,
}

/// Why nothing is known of a core for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// The machine switched faster than the events could be read.
    Lost,
    /// The machine slept so long; its clock stood still, so that the gap is as good as empty.
    Suspended(Nanos),
    /// The core was offline.
    Offline,
}

impl Blind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Suspended(_) => "suspended",
            Self::Offline => "offline",
        }
    }
}

/// A time for which nothing is known of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its begin.
    pub start: Nanos,
    /// Its end.
    pub end: Nanos,
    /// Why.
    pub why: Blind,
}

impl Gap {
    /// Whether it touches a window. One without width is in the window that it begins in.
    pub fn touches(&self, window: Window) -> bool {
        self.start < window.to && (self.end > window.from || self.start >= window.from)
    }
}

/// The lane of one core.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Which core.
    pub cpu: CpuId,
    /// From when on it is known.
    pub since: Nanos,
    /// Until when it is known.
    pub now: Nanos,
    /// Every slice, as far back as memory allows.
    pub slices: Track<Slice>,
    /// The sums by bins of [`BINS`].
    pub bins: [Track<Bin>; 3],
    /// Where events were lost, oldest first.
    pub gaps: Arc<[Gap]>,
    /// How long threads waited that had this core last.
    pub waits: Track<Wait>,
    /// Since when threads were ready before their slices here, as far as that is known.
    pub ready: Track<Ready>,
    /// How its time was spent, oldest first.
    pub spent: Arc<[Spent]>,
    /// Of which stretches of time only sums are known, oldest first: there are neither slices nor bins of 1 ms.
    pub summed: Arc<[Window]>,
    /// How many switches it has had since it is known.
    pub switches: u64,
}

/// The switches of one process, which the kernel told beside samples of everybody.
#[derive(Clone, Debug)]
pub struct Own {
    /// Which process.
    pub of: ProcId,
    /// Its slices, of [`Origin::Own`].
    pub line: Timeline,
}

/// The lanes of all cores.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// How the slices are known.
    pub origin: Origin,
    /// Until when it reaches, `CLOCK_MONOTONIC`.
    pub now: Nanos,
    /// By ascending core id.
    pub lanes: Vec<Lane>,
    /// How many events were lost.
    pub lost: u64,
    /// From when to when the kernel's counters were read beside the switches.
    pub counted: Option<Window>,
    /// Why a better origin is not to be had; empty for [`Origin::Exact`] and [`Origin::Inside`].
    pub why: SafeText,
    /// Where the cores are sampled: what is known better of one process.
    pub own: Option<Arc<Own>>,
}

impl Timeline {
    /// What is known best of one process: its own slices where they are told, else the same as of everybody.
    pub fn about(&self, id: ProcId) -> &Self {
        let own = self.own.as_ref().filter(|own| own.of == id);
        own.map_or(self, |own| &own.line)
    }

    /// The lane of a core.
    pub fn lane(&self, cpu: CpuId) -> Option<&Lane> {
        let at = self.lanes.binary_search_by_key(&cpu, |l| l.cpu).ok()?;
        Some(&self.lanes[at])
    }

    /// The same as it was at about an earlier moment: in whole bins, which are not known in part.
    #[must_use]
    pub fn until(&self, at: Nanos) -> Self {
        let now = Nanos(at.0 / BINS[2].0 * BINS[2].0).min(self.now);
        let mut earlier = self.clone();
        earlier.now = now;
        for lane in &mut earlier.lanes {
            lane.now = lane.now.min(now);
        }
        earlier.own = self.own.as_ref().map(|own| {
            let line = own.line.until(at);
            Arc::new(Own { of: own.of, line })
        });
        earlier
    }

    /// Where sums are kept: the last stretch of single slices that began before `until`, and has ended.
    pub fn glimpse(&self, until: Nanos) -> Option<Window> {
        let summed = &self.lanes.first()?.summed;
        let between = summed.windows(2).rev().map(|pair| Window {
            from: pair[0].to,
            to: pair[1].from,
        });
        let mut whole = between.filter(|w| w.from < w.to && w.from < until);
        whole.next()
    }

    /// The gaps in a window, by core.
    pub fn gaps(&self, window: Window) -> impl Iterator<Item = (CpuId, Gap)> {
        self.lanes.iter().flat_map(move |lane| {
            let inside = lane.gaps.iter().filter(move |g| g.touches(window));
            inside.map(|gap| (lane.cpu, *gap))
        })
    }
}

impl Lane {
    /// Whether single slices were told in all of a window.
    pub fn is_single(&self, window: Window) -> bool {
        let touches = |w: &Window| w.from < window.to && w.to > window.from;
        !self.summed.iter().any(touches)
    }

    /// Whether the core is offline.
    pub fn is_offline(&self) -> bool {
        let last = self.gaps.last();
        last.is_some_and(|g| g.why == Blind::Offline && g.start <= self.now && g.end >= self.now)
    }
}

#[cfg(test)]
mod tests;
