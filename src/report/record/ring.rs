//! A recording in a file, of which the oldest is forgotten where that is asked for.

use std::collections::VecDeque;
use std::io::{self, Write as _};

use super::Error;
use crate::recording::record::Found;
use crate::recording::{Head, Kind, MAGIC};
use crate::sys::asker::stream::Stream;
use crate::sys::own::recording::NOTHING;

/// A file of which the oldest chunks are forgotten.
pub(super) struct Ring {
    /// Itself.
    pub file: Stream,
    /// What it is called.
    pub name: String,
    /// What is kept in it.
    pub bounds: Bounds,
    /// Something was left out, and that was said.
    pub left_out: bool,
}

/// How much is kept, and what there is.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// Where each chunk begins, and when, in milliseconds.
    pub chunks: VecDeque<(u64, u64)>,
    /// Forgets what is older.
    pub keep_ms: Option<u64>,
    /// Forgets the oldest where it would grow beyond this.
    pub max_size: Option<u64>,
}

/// It cannot be written any more.
pub(super) fn stopped(name: &str, why: &io::Error) -> Error {
    let kept = if why.kind() == NOTHING {
        ""
    } else {
        "; what was recorded until now is kept"
    };
    Error::Failed(format!("cannot write {name}: {why}{kept}"))
}

impl Ring {
    /// Writes a record.
    ///
    /// # Errors
    /// `Failed` when it cannot be written; what was written is kept.
    pub fn write(&mut self, record: &[u8]) -> Result<(), Error> {
        if let Found::Head(head, _) = Head::find(record) {
            let (more, now) = (record.len() as u64, head.summary.unix_ms);
            let whole = head.kind == Kind::Whole;
            let shorter = self.bounds.make_room(self.file.size(), more, now);
            let len = shorter.map_or(self.file.size(), |(_, len)| len);
            let fits = self.bounds.fits(len, more);
            if let Some((from, _)) = shorter {
                let shortened = self.file.shorten(MAGIC, from);
                shortened.map_err(|e| stopped(&self.name, &e))?;
            }
            // Only whole chunks are forgotten, and one begins with a tick: until then what needs no other record waits for none.
            if !fits && !head.kind.is_tick() && !whole {
                self.say_left_out();
                return Ok(());
            }
            if whole {
                self.bounds.chunks.push_back((len, now));
            }
            let put = self.file.put(record);
            put.map_err(|e| stopped(&self.name, &e))?;
        }
        Ok(())
    }

    fn say_left_out(&mut self) {
        if !std::mem::replace(&mut self.left_out, true) {
            // What it prints may be the recording.
            let _ = writeln!(
                io::stderr(),
                "pscope: attention: slices and what --inspect reads are left out where --max-size has no room until the next tick: a shorter --interval or a larger --max-size keeps them"
            );
        }
    }
}

impl Bounds {
    /// Whether so many bytes more are not beyond the bound.
    fn fits(&self, len: u64, more: u64) -> bool {
        self.max_size.is_none_or(|max| len + more <= max)
    }

    /// Makes room for so many bytes in a file of this length: answers from where on it is kept, and how long it is then.
    /// Forgets the oldest chunks where it would be too long, and each that is too old as a whole.
    fn make_room(&mut self, len: u64, more: u64, now_ms: u64) -> Option<(u64, u64)> {
        let magic = MAGIC.len() as u64;
        let too_long = self.max_size.filter(|max| len + more > *max);
        let target = too_long.map(|max| (max / 4 * 3).saturating_sub(more));
        let since = self.keep_ms.map(|keep| now_ms.saturating_sub(keep));
        let mut found = None;
        for (i, (place, _)) in self.chunks.iter().enumerate().skip(1) {
            // Until the next one began, this chunk told of what may still be wanted.
            let old = since.is_some_and(|since| self.chunks[i].1 < since);
            let large = target.is_some_and(|target| len - self.chunks[i - 1].0 > target);
            if old || large {
                found = Some((i, *place));
            } else {
                break;
            }
        }
        let (dropped, from) = found?;
        self.chunks.drain(..dropped);
        for (place, _) in &mut self.chunks {
            *place = *place - from + magic;
        }
        Some((from, len - from + magic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chunks of so many records, a second each; what is kept after each.
    fn write(bounds: &mut Bounds, records: u64, chunk: u64, each: u64) -> Vec<u64> {
        let mut len = MAGIC.len() as u64;
        let second = |second: u64| {
            let now = second * 1000;
            if let Some((_, shorter)) = bounds.make_room(len, each, now) {
                len = shorter;
            }
            if second.is_multiple_of(chunk) {
                bounds.chunks.push_back((len, now));
            }
            len += each;
            len
        };
        (0..records).map(second).collect()
    }

    #[test]
    fn a_file_is_never_longer_than_it_may_be_and_keeps_most_of_that() {
        let mut bounds = Bounds {
            max_size: Some(1 << 20),
            ..Bounds::default()
        };
        let lengths = write(&mut bounds, 20_000, 30, 4001);
        assert!(lengths.iter().all(|len| *len <= 1 << 20));
        let steady = &lengths[300..];
        assert!(
            steady.iter().all(|len| *len > 1 << 19),
            "half of it at least"
        );
        assert!(bounds.chunks.len() > 4, "each begins where it stands");
        assert!(
            bounds
                .chunks
                .iter()
                .all(|(place, _)| (place - 8) % 4001 == 0)
        );
    }

    #[test]
    fn what_is_older_is_forgotten_chunk_by_chunk() {
        for seconds in 100..164 {
            let mut bounds = Bounds {
                keep_ms: Some(64_000),
                ..Bounds::default()
            };
            write(&mut bounds, seconds, 8, 100);
            let first = bounds.chunks.front().map_or(0, |(_, at)| *at);
            let kept = (seconds - 1) * 1000 - first;
            // A chunk is an eighth.
            assert!((64_000..=72_000).contains(&kept), "{kept} ms");
        }
    }
}
