//! From lanes as they grow to records.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Slices, field};
use crate::model::id::{CpuId, Nanos};
use crate::model::scheduling::timeline::{
    BINS, Blind, Ended, Gap, Lane, Origin, Timeline, Who, Window,
};
use crate::recording::numbers;
use crate::recording::packed::Packer;
use crate::recording::record::{self, Kind, Summary};
use crate::recording::wire::{Fields, zigzag};

/// Makes records of what the lanes told since the one before.
pub struct LaneWriter {
    keep: Slices,
    packer: Packer,
    /// Until when each core was told of.
    told: HashMap<CpuId, Nanos>,
    /// Until when sums were told.
    summed: Nanos,
    last: Option<Nanos>,
}

/// Threads by the number that they have in one record.
#[derive(Default)]
struct Names {
    known: HashMap<Arc<Who>, u64>,
    fields: Vec<Fields>,
}

impl Names {
    fn number(&mut self, who: &Arc<Who>) -> u64 {
        if let Some(number) = self.known.get(who) {
            return *number;
        }
        let number = self.fields.len() as u64;
        let mut fields = Fields::default();
        fields.number(1, who.id.pid.0.into());
        fields.number(2, who.id.start.0);
        fields.number(3, who.tid.0.into());
        fields.bytes(4, &who.name.bytes());
        self.fields.push(fields);
        self.known.insert(Arc::clone(who), number);
        number
    }
}

/// How the slices were known, as a number.
pub(super) fn code(origin: Origin) -> u64 {
    match origin {
        // Sums are told of the past alone: nothing is recorded from them.
        Origin::None | Origin::Sums => 0,
        Origin::Exact => 1,
        Origin::Inside => 2,
        Origin::Own => 3,
        Origin::Sampled => 4,
        Origin::Summed => 5,
    }
}

fn ended(ended: Ended) -> Option<u64> {
    match ended {
        Ended::Preempted => Some(1),
        Ended::Yielded => Some(2),
        Ended::Exited => Some(3),
        Ended::Unseen => Some(4),
        Ended::Running => None,
    }
}

impl LaneWriter {
    /// Keeps so much.
    pub fn new(keep: Slices) -> Self {
        Self {
            keep,
            packer: Packer::default(),
            told: HashMap::new(),
            summed: Nanos(0),
            last: None,
        }
    }

    /// Keeps so much, from a moment on, or from when on all lanes are known.
    pub fn since(keep: Slices, from: Nanos, line: &Timeline) -> Self {
        let known = line
            .lanes
            .iter()
            .map(|lane| lane.since.max(lane.slices.since));
        let known = known.max().unwrap_or(line.now);
        Self {
            last: Some(from.max(known).min(line.now)),
            ..Self::new(keep)
        }
    }

    /// The records of what was over since the last call, each of at most so long a time; `unix_ms`: when something is.
    pub fn records(
        &mut self,
        line: &Timeline,
        step: Nanos,
        unix_ms: impl Fn(Nanos) -> u64,
    ) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        while let Some(last) = self.last {
            let to = Nanos(last.0.saturating_add(step.0)).min(line.now);
            out.extend(self.until(line, to, unix_ms(to)));
            if to >= line.now || self.last == Some(last) {
                break;
            }
        }
        out
    }

    /// The record of what was over since the last call; none at the first one, and where nothing is kept. `unix_ms`: when
    /// that is.
    pub fn record(&mut self, line: &Timeline, unix_ms: u64) -> Option<Vec<u8>> {
        self.until(line, line.now, unix_ms)
    }

    /// The same of what was over by a moment.
    fn until(&mut self, line: &Timeline, now: Nanos, unix_ms: u64) -> Option<Vec<u8>> {
        if self.keep == Slices::Off || line.origin == Origin::None {
            return None;
        }
        let span = |from| Window { from, to: now };
        // Where a part of it was summed up by the kernel, or is forgotten, single slices would tell a hole as idle.
        let known = |lane: &Lane, from| {
            let since = lane.slices.since;
            lane.is_single(span(from)) && (since <= from || since <= lane.since)
        };
        let single = |from| line.lanes.iter().all(|lane| known(lane, from));
        let sums = self.keep == Slices::Sums
            || matches!(line.origin, Origin::Sampled | Origin::Summed)
            || self.last.is_some_and(|from| !single(from));
        let width = BINS[2].0;
        let to = if sums {
            Nanos(now.0 / width * width)
        } else {
            now
        };
        let Some(from) = self.last else {
            // Of a bin that had begun only a part is known.
            let whole = Nanos(now.0.div_ceil(width) * width);
            self.last = Some(if sums { whole } else { to });
            return None;
        };
        if to <= from {
            return None;
        }
        let mut names = Names::default();
        let mut cores = Vec::new();
        for lane in &line.lanes {
            let mut core = Fields::default();
            core.number(field::CORE_ID, lane.cpu.0.into());
            if sums {
                core.fields(field::SUMS, &sums_of(lane, from, to, &mut names));
            } else {
                core.fields(field::SLICES, &self.slices_of(lane, (from, to), &mut names));
            }
            let gaps = lane
                .gaps
                .iter()
                .filter(|gap| gap.end > from && gap.end <= to);
            let gaps = gaps_of(gaps, from);
            if !gaps.0.is_empty() {
                core.fields(field::GAPS, &gaps);
            }
            cores.push(core);
        }
        let mut body = Fields::default();
        let mut row = Fields::default();
        let asked = self.keep == Slices::Sums || line.origin == Origin::Sampled;
        let origin = if sums && !asked {
            Origin::Summed
        } else {
            line.origin
        };
        let now = [from.0, to.0, code(origin), sums.into(), line.lost];
        numbers::write(&mut row, 1, &[0; 5], &now);
        body.fields(field::ROW, &row);
        for who in &names.fields {
            body.fields(field::WHO, who);
        }
        for core in &cores {
            body.fields(field::CORE, core);
        }
        self.last = Some(to);
        if sums {
            self.told.clear();
            self.summed = to;
        }
        let summary = Summary::at(unix_ms);
        let packed = self.packer.pack(&body.0);
        Some(record::write(Kind::Lanes, to, &summary, &body.0, packed))
    }

    /// Each slice as the gap to the end of the one before, its length, and who and how it ended in one.
    fn slices_of(&mut self, lane: &Lane, (from, to): (Nanos, Nanos), names: &mut Names) -> Fields {
        let mut out = Fields::default();
        let told = self.told.entry(lane.cpu).or_insert(from);
        let mut last = from;
        for (slice, who) in lane.slices.from(*told) {
            let Some(how) = ended(slice.ended) else {
                continue;
            };
            if slice.end <= *told || slice.end > to {
                continue;
            }
            *told = slice.end;
            // What of it is in sums is not told again.
            let start = slice.start.max(self.summed);
            out.varint(zigzag(start.0.wrapping_sub(last.0)));
            out.varint(slice.end.since(start).0);
            out.varint(names.number(who) << 3 | how);
            last = slice.end;
        }
        out
    }
}

/// Each thread with its time, its slices and its wait within `[from, to)`.
fn sums_of(lane: &Lane, from: Nanos, to: Nanos, names: &mut Names) -> Fields {
    let mut sums: Vec<[u64; 4]> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for (bin, who) in lane.bins[2].from(from) {
        if bin.start < from || bin.start >= to {
            continue;
        }
        let number = names.number(who);
        let place = *places.entry(number).or_insert_with(|| {
            sums.push([number, 0, 0, 0]);
            sums.len() - 1
        });
        let sum = &mut sums[place];
        sum[1] += bin.run.0;
        sum[2] += u64::from(bin.slices);
        sum[3] += bin.waited.0;
    }
    let mut out = Fields::default();
    sums.iter().flatten().for_each(|number| out.varint(*number));
    out
}

fn gaps_of<'a>(gaps: impl Iterator<Item = &'a Gap>, from: Nanos) -> Fields {
    let mut out = Fields::default();
    for gap in gaps {
        let (why, span) = match gap.why {
            Blind::Lost => (1, 0),
            Blind::Offline => (2, 0),
            Blind::Suspended(span) => (3, span.0),
        };
        out.varint(zigzag(gap.start.0.wrapping_sub(from.0)));
        out.varint(gap.end.since(gap.start).0);
        out.varint(why);
        out.varint(span);
    }
    out
}
