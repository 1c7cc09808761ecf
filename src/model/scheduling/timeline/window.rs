//! Sums over a window of time: who had the cores, how long the slices were, who took the core from whom.

use std::collections::HashMap;
use std::sync::Arc;

use super::cells::Level;
use super::{BINS, Bin, Ended, Lane, Origin, Timeline, Waited, Who};
use crate::model::id::{Nanos, ProcId};

/// Upper bounds of the classes of the slice-length histogram; a last class is open.
pub const HISTOGRAM: [Nanos; 7] = [
    Nanos(10_000),
    Nanos(100_000),
    Nanos(500_000),
    Nanos(1_000_000),
    Nanos(2_000_000),
    Nanos(4_200_000),
    Nanos(8_400_000),
];

/// What one process did in a window.
#[derive(Clone, Debug)]
pub struct PidStats {
    /// Who, by the name of one of its threads: of the first thread where that ran.
    pub who: Arc<Who>,
    /// Its sums.
    pub sums: Tally,
    /// How long its threads waited for a core.
    pub waited: Waited,
}

/// Sums of slices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Time on cores.
    pub run: Nanos,
    /// Slices that ended.
    pub slices: u64,
    /// Time waited for a core: after preemptions, or all of it where the cores are sampled.
    pub waited: Nanos,
    /// What only switches tell; `None` where the cores are sampled.
    pub told: Option<SwitchSums>,
}

/// Sums of what only switches tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwitchSums {
    /// Slices that ended while the thread could still run.
    pub preempted: u64,
    /// The longest slice.
    pub longest: Nanos,
    /// Slices that began on another core than the one before.
    pub moved: u64,
}

impl Tally {
    /// The mean length of a slice.
    pub fn mean(&self) -> Option<Nanos> {
        self.run.0.checked_div(self.slices).map(Nanos)
    }

    /// How many percent of the slices were preempted; `None` where there was no slice, or where samples do not tell.
    pub fn preempted_percent(&self) -> Option<f32> {
        let told = self.told.filter(|_| self.slices > 0)?;
        Some(told.preempted as f32 * 100.0 / self.slices as f32)
    }

    fn add(&mut self, more: &Self) {
        self.run.0 += more.run.0;
        self.slices += more.slices;
        self.waited.0 += more.waited.0;
        if let Some(more) = more.told {
            let told = self.told.get_or_insert_default();
            told.preempted += more.preempted;
            told.longest = told.longest.max(more.longest);
            told.moved += more.moved;
        }
    }
}

/// A window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its begin.
    pub from: Nanos,
    /// Its end.
    pub to: Nanos,
}

impl Window {
    /// How long it is.
    pub fn span(&self) -> Nanos {
        self.to.since(self.from)
    }
}

impl Lane {
    /// Calls `each` with everybody's sums in the window, cut at its borders; several times for one thread.
    fn sums(&self, window: Window, origin: Origin, mut each: impl FnMut(&Arc<Who>, Tally)) {
        let level = match self.summed_from(window, origin) {
            Level::Slices => return self.exact_sums(window, each),
            Level::Bins(level) => level,
        };
        for (bin, who) in self.bins[level].from(window.from) {
            // The newest bin reaches only as far as the lane does.
            let end = (bin.start.0 + BINS[level].0).min(self.now.0);
            if bin.start >= window.to {
                break;
            }
            if end <= window.from.0 {
                continue;
            }
            let inside = end.min(window.to.0) - bin.start.0.max(window.from.0);
            let run = bin.run.0 * inside / (end - bin.start.0).max(1);
            each(
                who,
                Tally {
                    run: Nanos(run),
                    slices: u64::from(bin.slices),
                    waited: waited(&bin, BINS[level], window),
                    told: (!origin.is_coarse()).then(|| SwitchSums {
                        preempted: u64::from(bin.preempted),
                        longest: bin.longest,
                        moved: u64::from(bin.moved),
                    }),
                },
            );
        }
    }

    /// What the sums of a window are made of.
    pub(super) fn summed_from(&self, window: Window, origin: Origin) -> Level {
        let single = self.is_single(window);
        if !origin.is_coarse()
            && single
            && (self.slices.since <= window.from || self.slices.since <= self.since)
            && window.span() < Nanos(BINS[2].0 * 20)
        {
            return Level::Slices;
        }
        let fits = |level: &usize| {
            let enough = self.bins[*level].since <= window.from;
            enough && window.span().0 < BINS[*level].0.saturating_mul(2000)
        };
        Level::Bins(match origin {
            Origin::Sums | Origin::Sampled => 2,
            _ => (usize::from(!single)..2).find(fits).unwrap_or(2),
        })
    }

    fn exact_sums(&self, window: Window, mut each: impl FnMut(&Arc<Who>, Tally)) {
        for (slice, who) in self.slices.from(window.from) {
            if slice.start >= window.to {
                break;
            }
            let (from, to) = (slice.start.max(window.from), slice.end.min(window.to));
            if to <= from {
                continue;
            }
            let ended = slice.end <= window.to && slice.ended != Ended::Running;
            each(
                who,
                Tally {
                    run: to.since(from),
                    slices: u64::from(ended),
                    waited: Nanos(0),
                    told: Some(SwitchSums {
                        preempted: u64::from(ended && slice.ended == Ended::Preempted),
                        longest: slice.span(),
                        moved: 0,
                    }),
                },
            );
        }
        // Moves and waits are counted where the slices are summed.
        for (bin, who) in self.bins[0].from(window.from) {
            if bin.start >= window.to {
                break;
            }
            if bin.start >= window.from && (bin.moved > 0 || bin.waited.0 > 0) {
                each(
                    who,
                    Tally {
                        waited: waited(&bin, BINS[0], window),
                        told: Some(SwitchSums {
                            moved: u64::from(bin.moved),
                            ..SwitchSums::default()
                        }),
                        ..Tally::default()
                    },
                );
            }
        }
    }

    /// How much of a window is known of this core: not before it was recorded, nor what was forgotten since, nor where events
    /// were lost.
    pub fn known(&self, window: Window, origin: Origin) -> Nanos {
        let since = self.reach(&self.summed_from(window, origin));
        let (from, to) = (window.from.max(since), window.to.min(self.now));
        let lost = self.gaps.iter();
        let lost = lost.map(|g| g.end.min(to).since(g.start.max(from)).0);
        Nanos(to.since(from).0.saturating_sub(lost.sum()))
    }

    /// The sums of everybody on this core.
    pub fn total(&self, window: Window, origin: Origin) -> Tally {
        let mut all = Tally::default();
        self.sums(window, origin, |_, sums| all.add(&sums));
        all
    }
}

/// What of a thread's waits that ended in a bin can lie in the window: no more than there was of it until then.
fn waited(bin: &Bin, width: Nanos, window: Window) -> Nanos {
    let end = Nanos(bin.start.0 + width.0).min(window.to);
    bin.waited.min(end.since(window.from))
}

impl Timeline {
    /// How much of a window is known, of the core of which most is: what rates are to be divided by.
    pub fn known(&self, window: Window) -> Nanos {
        let lanes = self
            .lanes
            .iter()
            .map(|lane| lane.known(window, self.origin));
        lanes.max().unwrap_or_default()
    }

    /// Who had the cores in a window, most time first.
    pub fn by_process(&self, window: Window) -> Vec<PidStats> {
        let mut found: HashMap<ProcId, PidStats> = HashMap::new();
        for lane in &self.lanes {
            lane.sums(window, self.origin, |who, sums| {
                let stats = found.entry(who.id).or_insert_with(|| PidStats {
                    who: Arc::clone(who),
                    sums: Tally::default(),
                    waited: Waited::default(),
                });
                stats.sums.add(&sums);
                if who.tid.0 == who.id.pid.0 {
                    stats.who = Arc::clone(who);
                }
            });
        }
        let counted = self.waits(window);
        let mut out: Vec<_> = found.into_values().collect();
        for stats in &mut out {
            let counted = counted.get(&stats.who.id).copied();
            stats.waited = self.waited(stats.sums.waited, counted);
        }
        out.sort_by_key(|s| (std::cmp::Reverse(s.sums.run), s.who.id));
        out
    }

    /// The sums of one process in a window.
    pub fn of(&self, id: ProcId, window: Window) -> (Tally, Waited) {
        let mut own = Tally::default();
        for lane in &self.lanes {
            lane.sums(window, self.origin, |who, sums| {
                if who.id == id {
                    own.add(&sums);
                }
            });
        }
        let counted = self.waits(window).get(&id).copied();
        (own, self.waited(own.waited, counted))
    }

    /// What is known of a wait: by the switches, and by the kernel's own count.
    fn waited(&self, seen: Nanos, counted: Option<Waited>) -> Waited {
        let seen = Waited {
            span: seen,
            whole: self.origin.is_coarse(),
        };
        match counted {
            Some(counted) if counted.whole => counted,
            Some(counted) => Waited {
                span: seen.span.max(counted.span),
                ..seen
            },
            None => seen,
        }
    }

    /// How many of its ended slices in the window fall into each class of [`HISTOGRAM`], as far as single slices are kept.
    pub fn lengths(&self, id: ProcId, window: Window) -> [u64; HISTOGRAM.len() + 1] {
        let mut out = [0; HISTOGRAM.len() + 1];
        for lane in &self.lanes {
            for (slice, who) in lane.slices.from(window.from) {
                if slice.start >= window.to {
                    break;
                }
                let ended = slice.ended != Ended::Running && slice.end <= window.to;
                if who.id == id && ended && slice.end > window.from {
                    let span = slice.span();
                    out[HISTOGRAM.partition_point(|bound| *bound <= span)] += 1;
                }
            }
        }
        out
    }

    /// Who had the core next when a slice of this process was preempted, most often first, as far as slices are kept.
    pub fn takers(&self, id: ProcId, window: Window) -> Vec<(Arc<Who>, u64)> {
        let mut found: HashMap<ProcId, (Arc<Who>, u64)> = HashMap::new();
        for lane in &self.lanes {
            let mut lost_at: Option<Nanos> = None;
            for (slice, who) in lane.slices.from(window.from) {
                // Whoever comes as the window ends may have taken the core within it.
                if slice.start > window.to {
                    break;
                }
                if lost_at.take() == Some(slice.start) && who.id != id {
                    let taker = found.entry(who.id).or_insert((Arc::clone(who), 0));
                    taker.1 += 1;
                }
                let inside = slice.end > window.from && slice.end <= window.to;
                if who.id == id && slice.ended == Ended::Preempted && inside {
                    lost_at = Some(slice.end);
                }
            }
        }
        let mut out: Vec<_> = found.into_values().collect();
        out.sort_by_key(|(who, n)| (std::cmp::Reverse(*n), who.id));
        out
    }
}
