//! From samples to records: a whole state now and then, and between them what changed.

use super::packed::Packer;
use super::record::{self, Kind, Summary};
use super::tick;
use crate::model::id::Nanos;
use crate::model::sample::Sample;

/// A chunk ends when its changes take so many times what its whole state takes…
const RATIO: usize = 3;
/// …or after so many ticks, so that every moment is found quickly.
const LONGEST: u32 = 300;

/// Makes records of samples. Each is told together with the one before it.
pub struct Writer {
    packer: Packer,
    chunk: Option<Chunk>,
    /// The last tick, and how the machine did.
    last: Option<(Nanos, Summary)>,
    /// After how many ticks a chunk ends.
    pub(super) longest: u32,
}

/// What the chunk so far takes.
struct Chunk {
    whole: usize,
    changes: usize,
    ticks: u32,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            packer: Packer::default(),
            chunk: None,
            last: None,
            longest: LONGEST,
        }
    }
}

impl Writer {
    /// The records of a tick. Where a chunk begins with it, the state before comes first as a whole, so that the chunk
    /// tells the rates of this tick by itself.
    pub fn tick(
        &mut self,
        before: Option<&Sample>,
        now: &Sample,
        summary: Summary,
    ) -> Vec<Vec<u8>> {
        let full = |chunk: &Chunk| {
            chunk.ticks >= self.longest || chunk.changes > RATIO * chunk.whole.max(4096)
        };
        let goes_on = self.chunk.as_ref().is_some_and(|chunk| !full(chunk));
        let last = self.last.replace((now.at, summary));
        let mut records = Vec::new();
        let Some(before) = before else {
            records.push(self.begin(now, &summary));
            return records;
        };
        let last = last.filter(|(at, _)| *at == before.at);
        if !goes_on || last.is_none() {
            let passed = now.at.since(before.at).0 / 1_000_000;
            let then = last.map_or(
                Summary::at(summary.unix_ms.saturating_sub(passed)),
                |(_, summary)| summary,
            );
            records.push(self.begin(before, &then));
        }
        let raw = tick::write(Some(before), now);
        let change = if let Some(packed) = self.packer.follow(&raw) {
            record::write(Kind::Linked, now.at, &summary, &raw, Some(packed))
        } else {
            // Nothing can go on from what was not packed.
            self.chunk = None;
            self.pack(Kind::Change, now, &summary, &raw)
        };
        if let Some(chunk) = &mut self.chunk {
            chunk.changes += change.len();
            chunk.ticks += 1;
        }
        records.push(change);
        records
    }

    /// Lets the next tick begin a chunk.
    pub fn begin_anew(&mut self) {
        self.chunk = None;
    }

    fn begin(&mut self, state: &Sample, summary: &Summary) -> Vec<u8> {
        let raw = tick::write(None, state);
        let whole = self.pack(Kind::Whole, state, summary, &raw);
        self.packer.begin(&raw);
        self.chunk = Some(Chunk {
            whole: whole.len(),
            changes: 0,
            ticks: 0,
        });
        whole
    }

    fn pack(&mut self, kind: Kind, of: &Sample, summary: &Summary, raw: &[u8]) -> Vec<u8> {
        let packed = self.packer.pack(raw);
        record::write(kind, of.at, summary, raw, packed)
    }
}
