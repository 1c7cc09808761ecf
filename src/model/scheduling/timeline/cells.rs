//! A lane as a row of cells: for each bucket of time who held the core longest, and how much of it was busy.

use std::sync::Arc;

use super::{BINS, Blind, Ended, Lane, Origin, Slice, Who, Window};
use crate::model::id::{Nanos, ProcId};

/// What is known of one bucket of time on one core.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What it is.
    pub fill: Fill,
    /// Who held the core longest.
    pub who: Option<Arc<Who>>,
    /// The slice that filled most of the bucket, where it is long enough to be seen as one.
    pub slice: Option<Slice>,
    /// How long its process had the core.
    pub run: Nanos,
    /// How many slices of its process ended in the bucket.
    pub slices: u32,
    /// Of those, how many were preempted.
    pub preempted: u32,
    /// How much of the bucket the core was busy, 0..1.
    pub busy: f32,
    /// How much of the bucket the process in focus had, 0..1.
    pub focus: f32,
    /// How much of it the core was busy with somebody of whom no slice tells, 0..1; `None` where that was not counted.
    pub others: Option<f32>,
}

/// The slice that covers a moment.
#[derive(Clone, Copy, Debug)]
pub struct Covering<'a> {
    /// The slice.
    pub slice: Slice,
    /// Who had it.
    pub who: &'a Arc<Who>,
    /// Who came after it without a pause.
    pub next: Option<&'a Arc<Who>>,
}

/// Whether anything is known of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// Before the begin or after the end of what is known.
    #[default]
    Unknown,
    /// Known.
    Known,
    /// It is not known, and why.
    Gap(Blind),
}

impl Lane {
    /// The finest list that reaches back to `from` and is not finer than needed for buckets of this width: 3 for slices,
    /// else the index of [`BINS`], coarser ones higher.
    pub(super) fn level(&self, from: Nanos, bucket: Nanos, n: usize, origin: Origin) -> Level {
        let reaches = |since: Nanos| since <= from || since <= self.since;
        let to = Nanos(from.0 + bucket.0 * n as u64);
        let single = self.is_single(Window { from, to });
        if !origin.is_coarse() {
            let wide = |level: usize| BINS[level].0.saturating_mul(4) <= bucket.0;
            if !wide(0) && single && reaches(self.slices.since) {
                return Level::Slices;
            }
            for level in usize::from(!single)..2 {
                if !wide(level + 1) && reaches(self.bins[level].since) {
                    return Level::Bins(level);
                }
            }
        }
        Level::Bins(2)
    }

    /// `n` buckets of `bucket` nanoseconds from `from` on.
    pub fn cells(
        &self,
        origin: Origin,
        from: Nanos,
        bucket: Nanos,
        n: usize,
        focus: Option<ProcId>,
    ) -> Vec<Cell> {
        let bucket = bucket.max(Nanos(1));
        let mut row = Row {
            from: from.0,
            bucket: bucket.0,
            n,
            tallies: (0..n).map(|_| Vec::new()).collect(),
        };
        let level = self.level(from, bucket, n, origin);
        let since = self.reach(&level);
        match level {
            Level::Slices => {
                for (slice, who) in self.slices.from(from) {
                    let ended = u32::from(slice.ended != Ended::Running);
                    let preempted = u32::from(slice.ended == Ended::Preempted);
                    let ends = (slice.end.0.saturating_sub(1), ended, preempted);
                    if !row.add((slice.start, slice.end), slice.span(), who, ends) {
                        break;
                    }
                    if slice.span().0 >= bucket.0.saturating_mul(SEEN) {
                        row.name(slice, who);
                    }
                }
            }
            Level::Bins(level) => {
                for (bin, who) in self.bins[level].from(from) {
                    let end = Nanos((bin.start.0 + BINS[level].0).min(self.now.0));
                    let ends = (bin.start.0, bin.slices, bin.preempted);
                    if !row.add((bin.start, end), bin.run, who, ends) {
                        break;
                    }
                }
            }
        }
        let tallies = row.tallies.iter();
        let mut cells: Vec<_> = tallies.map(|t| cell(t, bucket.0, focus)).collect();
        self.mark_unknown(&mut cells, since, (from.0, bucket.0));
        for (i, cell) in cells.iter_mut().enumerate() {
            let from = Nanos(from.0 + bucket.0 * i as u64);
            let to = Nanos(from.0 + bucket.0);
            cell.others = if origin.tells_everybody() {
                Some(0.0)
            } else {
                self.others_in(Window { from, to }, cell.busy)
            };
        }
        cells
    }

    /// The slice that covers a moment, who had it, and who came after it without a pause.
    pub fn slice_at(&self, at: Nanos) -> Option<Covering<'_>> {
        let moment = Window {
            from: at,
            to: Nanos(at.0 + 1),
        };
        if !self.is_single(moment) {
            return None;
        }
        let mut items = self.slices.from(at);
        let (slice, who) = items.find(|(s, _)| s.end > at)?;
        let next = items.next().filter(|(n, _)| n.start == slice.end);
        (slice.start <= at).then(|| Covering {
            slice,
            who,
            next: next.map(|(_, who)| who),
        })
    }

    /// From when on what is kept there is whole: what is older was forgotten, or never recorded.
    pub(super) fn reach(&self, level: &Level) -> Nanos {
        let since = match level {
            Level::Slices => self.slices.since,
            Level::Bins(level) => self.bins[*level].since,
        };
        since.max(self.since)
    }

    fn mark_unknown(&self, cells: &mut [Cell], since: Nanos, (from, bucket): (u64, u64)) {
        for (i, cell) in cells.iter_mut().enumerate() {
            let start = from.saturating_add(bucket.saturating_mul(i as u64));
            let end = start.saturating_add(bucket);
            let known = end > since.0 && start < self.now.0;
            cell.fill = if known { Fill::Known } else { Fill::Unknown };
            let window = Window {
                from: Nanos(start),
                to: Nanos(end),
            };
            if let Some(gap) = self.gaps.iter().find(|g| known && g.touches(window)) {
                cell.fill = Fill::Gap(gap.why);
            }
        }
    }
}

/// From so many buckets on a slice is seen as one.
const SEEN: u64 = 5;

/// What is looked at: single slices, or the sums of one length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Slices,
    Bins(usize),
}

struct Row<'a> {
    from: u64,
    bucket: u64,
    n: usize,
    tallies: Vec<Vec<Share<'a>>>,
}

/// What one process had of a bucket.
struct Share<'a> {
    who: &'a Arc<Who>,
    slice: Option<Slice>,
    run: u64,
    slices: u32,
    preempted: u32,
}

impl<'a> Row<'a> {
    /// Spreads `run` over the buckets that the span touches, and counts `ends` (when, slices, preempted) in its bucket;
    /// false once past the last bucket.
    fn add(
        &mut self,
        (start, end): (Nanos, Nanos),
        run: Nanos,
        who: &'a Arc<Who>,
        ends: (u64, u32, u32),
    ) -> bool {
        let last = self.from + self.bucket * self.n as u64;
        if start.0 >= last {
            return false;
        }
        let (lo, hi) = (start.0.max(self.from), end.0.min(last));
        let span = end.since(start).0.max(1);
        let mut at = lo;
        while at < hi {
            let index = (at - self.from) / self.bucket;
            let border = self.from + self.bucket * (index + 1);
            let to = border.min(hi);
            let part = (u128::from(run.0) * u128::from(to - at) / u128::from(span)) as u64;
            self.share(index, who).run += part;
            at = to;
        }
        if ends.1 > 0 && ends.0 >= self.from && ends.0 < last {
            let share = self.share((ends.0 - self.from) / self.bucket, who);
            share.slices += ends.1;
            share.preempted += ends.2;
        }
        true
    }

    /// Notes the slice in the buckets of which it fills at least half.
    fn name(&mut self, slice: Slice, who: &'a Arc<Who>) {
        let half = self.bucket / 2;
        let index = |at: Nanos| (at.0.saturating_sub(self.from) + half) / self.bucket;
        let (first, last) = (index(slice.start), index(slice.end).min(self.n as u64));
        for index in first..last {
            let share = self.share(index, who);
            (share.slice, share.who) = (Some(slice), who);
        }
    }

    fn share(&mut self, index: u64, who: &'a Arc<Who>) -> &mut Share<'a> {
        let tally = &mut self.tallies[index as usize];
        let at = tally.iter().position(|s| s.who.id == who.id);
        let at = at.unwrap_or_else(|| {
            tally.push(Share {
                who,
                slice: None,
                run: 0,
                slices: 0,
                preempted: 0,
            });
            tally.len() - 1
        });
        &mut tally[at]
    }
}

fn cell(tally: &[Share<'_>], bucket: u64, focus: Option<ProcId>) -> Cell {
    let busy: u64 = tally.iter().map(|s| s.run).sum();
    let most = tally.iter().max_by_key(|s| s.run).filter(|s| s.run > 0);
    let own = tally.iter().filter(|s| Some(s.who.id) == focus);
    let own: u64 = own.map(|s| s.run).sum();
    Cell {
        fill: Fill::Known,
        who: most.map(|s| Arc::clone(s.who)),
        slice: most.and_then(|s| s.slice),
        run: Nanos(most.map_or(0, |s| s.run)),
        slices: most.map_or(0, |s| s.slices),
        preempted: most.map_or(0, |s| s.preempted),
        busy: (busy as f32 / bucket as f32).min(1.0),
        focus: (own as f32 / bucket as f32).min(1.0),
        others: None,
    }
}
