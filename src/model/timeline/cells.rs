//! A lane as a row of cells: for each bucket of time who held the core longest, and how much of it was busy.

use std::sync::Arc;

use super::{BINS, Lane, Origin, Who};
use crate::model::id::{Nanos, ProcId};

/// What is known of one bucket of time on one core.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What it is.
    pub fill: Fill,
    /// Who held the core longest.
    pub who: Option<Arc<Who>>,
    /// How much of the bucket the core was busy, 0..1.
    pub busy: f32,
    /// How much of the bucket the process in focus had, 0..1.
    pub focus: f32,
}

/// Whether anything is known of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// Before the begin or after the end of what is known.
    #[default]
    Unknown,
    /// Known.
    Known,
    /// Events were lost.
    Gap,
}

impl Lane {
    /// The finest list that reaches back to `from` and is not finer than needed for buckets of this width: 3 for slices,
    /// else the index of [`BINS`], coarser ones higher.
    fn level(&self, from: Nanos, bucket: Nanos, origin: Origin) -> Level {
        let reaches = |since: Nanos| since <= from || since <= self.since;
        if origin != Origin::Sampled {
            let wide = |level: usize| BINS[level].0.saturating_mul(4) <= bucket.0;
            if !wide(0) && reaches(self.slices.since) {
                return Level::Slices;
            }
            for level in 0..2 {
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
        let mut row = Row {
            from: from.0,
            bucket: bucket.0.max(1),
            n,
            tallies: vec![Vec::new(); n],
        };
        match self.level(from, bucket, origin) {
            Level::Slices => {
                for (slice, who) in self.slices.from(from) {
                    if !row.add(slice.start, slice.end, slice.span(), who) {
                        break;
                    }
                }
            }
            Level::Bins(level) => {
                for (bin, who) in self.bins[level].from(from) {
                    let end = Nanos((bin.start.0 + BINS[level].0).min(self.now.0));
                    if !row.add(bin.start, end, bin.run, who) {
                        break;
                    }
                }
            }
        }
        let Row {
            bucket, tallies, ..
        } = row;
        let mut cells: Vec<_> = tallies
            .into_iter()
            .map(|t| cell(&t, bucket, focus))
            .collect();
        self.mark_unknown(&mut cells, from.0, bucket);
        cells
    }

    fn mark_unknown(&self, cells: &mut [Cell], from: u64, bucket: u64) {
        for (i, cell) in cells.iter_mut().enumerate() {
            let start = from.saturating_add(bucket.saturating_mul(i as u64));
            let end = start.saturating_add(bucket);
            let known = end > self.since.0 && start < self.now.0;
            cell.fill = if known { Fill::Known } else { Fill::Unknown };
            let lost = |g: &super::Gap| g.start.0 < end && g.end.0 > start;
            if known && self.gaps.iter().any(lost) {
                cell.fill = Fill::Gap;
            }
        }
    }
}

enum Level {
    Slices,
    Bins(usize),
}

struct Row<'a> {
    from: u64,
    bucket: u64,
    n: usize,
    tallies: Vec<Vec<(&'a Arc<Who>, u64)>>,
}

impl<'a> Row<'a> {
    /// Spreads `run` over the buckets that `[start, end)` touches; false once past the last one.
    fn add(&mut self, start: Nanos, end: Nanos, run: Nanos, who: &'a Arc<Who>) -> bool {
        let last = self.from + self.bucket * self.n as u64;
        if start.0 >= last {
            return false;
        }
        let (lo, hi) = (start.0.max(self.from), end.0.min(last));
        let span = end.since(start).0.max(1);
        let mut at = lo;
        while at < hi {
            let index = ((at - self.from) / self.bucket) as usize;
            let border = self.from + self.bucket * (index as u64 + 1);
            let to = border.min(hi);
            let part = (u128::from(run.0) * u128::from(to - at) / u128::from(span)) as u64;
            let tally = &mut self.tallies[index];
            match tally.iter_mut().find(|(w, _)| w.id == who.id) {
                Some((_, sum)) => *sum += part,
                None => tally.push((who, part)),
            }
            at = to;
        }
        true
    }
}

fn cell(tally: &[(&Arc<Who>, u64)], bucket: u64, focus: Option<ProcId>) -> Cell {
    let busy: u64 = tally.iter().map(|(_, run)| run).sum();
    let most = tally.iter().max_by_key(|(_, run)| *run);
    let own = tally.iter().filter(|(w, _)| Some(w.id) == focus);
    let own: u64 = own.map(|(_, run)| run).sum();
    Cell {
        fill: Fill::Known,
        who: most.filter(|(_, run)| *run > 0).map(|(w, _)| Arc::clone(w)),
        busy: (busy as f32 / bucket as f32).min(1.0),
        focus: (own as f32 / bucket as f32).min(1.0),
    }
}
