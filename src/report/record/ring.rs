//! A recording in a file, of which the oldest is forgotten where that is asked for.

use std::collections::VecDeque;
use std::io;

use super::Error;
use crate::recording::record::Found;
use crate::recording::{Head, Kind, MAGIC};
use crate::sys::asker::stream::Stream;

/// A file of which the oldest chunks are forgotten.
pub(super) struct Ring {
    /// Itself.
    pub file: Stream,
    /// What it is called.
    pub name: String,
    /// Where each chunk begins, and when, in milliseconds.
    pub chunks: VecDeque<(u64, u64)>,
    /// Forgets what is older.
    pub keep_ms: Option<u64>,
    /// Forgets the oldest where it grows beyond this.
    pub max_size: Option<u64>,
}

/// It cannot be written any more.
pub(super) fn stopped(name: &str, why: &io::Error) -> Error {
    Error::Failed(format!(
        "cannot write {name}: {why}; what was recorded until now is kept"
    ))
}

impl Ring {
    /// Writes a record.
    ///
    /// # Errors
    /// `Failed` when it cannot be written; what was written is kept.
    pub fn write(&mut self, record: &[u8]) -> Result<(), Error> {
        if let Found::Head(head, _) = Head::find(record) {
            if head.kind == Kind::Whole {
                self.chunks
                    .push_back((self.file.size(), head.summary.unix_ms));
            }
            self.forget(head.summary.unix_ms)
                .and_then(|()| self.file.put(record))
                .map_err(|e| stopped(&self.name, &e))?;
        }
        Ok(())
    }

    /// Forgets the oldest chunks, once they are a quarter of the file.
    fn forget(&mut self, now_ms: u64) -> io::Result<()> {
        let len = self.file.size();
        let target = self
            .max_size
            .filter(|max| len > *max)
            .map(|max| max / 4 * 3);
        let since = self.keep_ms.map(|keep| now_ms.saturating_sub(keep));
        let mut from = None;
        for (i, (place, _)) in self.chunks.iter().enumerate().skip(1) {
            // Until the next one began, this chunk told of what may still be wanted.
            let old = since.is_some_and(|since| self.chunks[i].1 < since);
            let large = target.is_some_and(|target| len - self.chunks[i - 1].0 > target);
            if old || large {
                from = Some((i, *place));
            } else {
                break;
            }
        }
        let Some((dropped, from)) = from.filter(|(_, from)| from - MAGIC.len() as u64 >= len / 4)
        else {
            return Ok(());
        };
        self.file.shorten(MAGIC, from)?;
        self.chunks.drain(..dropped);
        for (place, _) in &mut self.chunks {
            *place = *place - from + MAGIC.len() as u64;
        }
        Ok(())
    }
}
