//! A part of the past as a recording of its own, as far as it is known; what comes later goes on with it.

use super::{Kind, Past, Record};
use crate::model::id::Nanos;
use crate::recording::Writer;

/// What stands between the ticks.
const BESIDE: [Kind; 2] = [Kind::Lanes, Kind::Details];

/// A recording that is cut out of the past, bit by bit.
pub struct Cut {
    past: Past,
    writer: Writer,
    /// Up to which tick it was told.
    told: Option<Nanos>,
    /// From when on what stands between the ticks is still to be told: each kind comes in its order, but later than a tick may.
    beside: [Nanos; BESIDE.len()],
    from: Nanos,
}

impl Cut {
    /// From a moment on.
    pub fn new(past: Past, from: Nanos) -> Self {
        Self {
            past,
            writer: Writer::default(),
            told: None,
            beside: [from; BESIDE.len()],
            from,
        }
    }

    /// The records that were not told yet, of the ticks until one moment, and of what stands between them until another.
    ///
    /// # Errors
    /// When a part of it is not kept or cannot be read, in words.
    pub fn more(&mut self, ticks: Nanos, until: Nanos) -> Result<Vec<Vec<u8>>, String> {
        let mut out = Vec::new();
        let moments = self.past.moments().into_iter();
        let new = |at| (self.from..=ticks).contains(&at) && self.told < Some(at);
        let new: Vec<_> = moments.filter(|moment| new(moment.at)).collect();
        if new.is_empty() && self.told.is_none() {
            // Without a state nothing can be told.
            return Ok(out);
        }
        let mut beside = self.beside(until)?.into_iter().peekable();
        for moment in new {
            self.told = Some(moment.at);
            self.past.reach(moment.at)?;
            if let Some(now) = self.past.player.sample() {
                let before = self.past.player.before();
                out.extend(self.writer.tick(before, now, moment.summary));
            }
            while let Some((_, record)) = beside.next_if(|(head, _)| head.at <= moment.at) {
                out.push(record.to_vec());
            }
        }
        out.extend(beside.map(|(_, record)| record.to_vec()));
        Ok(out)
    }

    fn beside(&mut self, until: Nanos) -> Result<Vec<Record>, String> {
        let mut found = Vec::new();
        for (kind, next) in BESIDE.into_iter().zip(&mut self.beside) {
            let more = self.past.records.beside(kind, *next, until)?;
            if let Some((last, _)) = more.last() {
                *next = Nanos(last.at.0.saturating_add(1));
            }
            found.extend(more);
        }
        found.sort_by_key(|(head, _)| head.at);
        Ok(found)
    }
}
