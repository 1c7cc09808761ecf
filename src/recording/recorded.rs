//! A recording that lies somewhere: its records are found by their heads, and read when they are asked for.

use std::sync::Arc;

use super::MAGIC;
use super::past::{Moment, Record, Records, chunk_of, ends, ticks};
use super::record::{self, Found, Head, Kind};
use crate::model::id::Nanos;

/// Where bytes of a recording can be had: a file, or memory.
pub trait Bytes: Send {
    /// How many there are.
    fn len(&self) -> u64;

    /// Fills a buffer from this place on.
    ///
    /// # Errors
    /// As the kernel says.
    fn read_at(&self, place: u64, into: &mut [u8]) -> std::io::Result<()>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, place: u64, into: &mut [u8]) -> std::io::Result<()> {
        let from = usize::try_from(place).unwrap_or(usize::MAX);
        let found = self.get(from..).and_then(|rest| rest.get(..into.len()));
        let found = found.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(found);
        Ok(())
    }
}

/// A recording that lies somewhere, with the places of its records.
pub struct Recorded {
    bytes: Box<dyn Bytes>,
    chunks: Vec<Vec<(Head, u64, usize)>>,
    /// What stands between the ticks, in the order of time.
    beside: Vec<(Head, u64, usize)>,
    /// What could not be read of it, in words.
    pub lacks: Option<String>,
}

/// How much is read at once while the heads are looked for.
const BLOCK: usize = 1 << 20;

impl Recorded {
    /// Finds the records. Damaged ones are left out; so is what follows a damaged one until the next whole state.
    ///
    /// # Errors
    /// When it is no recording, or there is not one whole state in it; in words.
    pub fn open(bytes: Box<dyn Bytes>) -> Result<Self, String> {
        let mut magic = [0; MAGIC.len()];
        match bytes.read_at(0, &mut magic) {
            Ok(()) if record::begins(&magic) => {}
            Err(why) if why.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(format!("it cannot be read: {why}"));
            }
            _ => return Err("this is no recording of pscope".to_owned()),
        }
        let mut found = Self {
            bytes,
            chunks: Vec::new(),
            beside: Vec::new(),
            lacks: None,
        };
        found.scan()?;
        found.beside.sort_by_key(|(head, ..)| head.at);
        if found.chunks.is_empty() {
            return Err("there is not one whole state in this recording".to_owned());
        }
        Ok(found)
    }

    /// Where each chunk begins, and when, in milliseconds after the Unix epoch.
    pub fn chunks(&self) -> impl Iterator<Item = (u64, u64)> {
        let first = self.chunks.iter().filter_map(|chunk| chunk.first());
        first.map(|(head, place, _)| (*place, head.summary.unix_ms))
    }

    /// Reads block by block; a record that is not whole is looked past.
    fn scan(&mut self) -> Result<(), String> {
        let len = self.bytes.len();
        let mut window = Window::default();
        let mut place = MAGIC.len() as u64;
        let (mut alone, mut broken, mut wasted) = (true, false, 0);
        while place < len {
            let mut bytes = window.at(&*self.bytes, place, record::HEAD)?;
            if let Found::Head(_, size) = Head::find(bytes) {
                bytes = window.at(&*self.bytes, place, size)?;
            }
            if let Found::Head(head, size) = Head::find(bytes)
                && bytes.len() >= size
            {
                if head.is_whole(bytes) {
                    alone &= head.kind != Kind::Whole;
                    self.add(head, place, size, alone);
                    place += size as u64;
                    continue;
                }
                wasted += size as u64;
            }
            (alone, broken) = (true, true);
            place += record::next(bytes, 1).max(1) as u64;
            if wasted > 4 * len {
                // Nothing that was ever written looks like this.
                break;
            }
        }
        self.lacks = broken.then(|| {
            "a part of the recording is damaged or was not written to its end; what is whole is shown".to_owned()
        });
        Ok(())
    }

    fn add(&mut self, head: Head, place: u64, size: usize, alone: bool) {
        match head.kind {
            Kind::Whole => self.chunks.push(vec![(head, place, size)]),
            Kind::Change | Kind::Linked if !alone => {
                if let Some(chunk) = self.chunks.last_mut() {
                    chunk.push((head, place, size));
                }
            }
            Kind::Lanes | Kind::Details if !self.chunks.is_empty() => {
                self.beside.push((head, place, size));
            }
            _ => {}
        }
    }
}

/// A part of a recording, read at once.
#[derive(Default)]
struct Window {
    from: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The bytes from a place on: at least so many, unless the recording ends before.
    fn at(&mut self, all: &dyn Bytes, place: u64, need: usize) -> Result<&[u8], String> {
        let left = usize::try_from(all.len().saturating_sub(place)).unwrap_or(usize::MAX);
        let inside = place.checked_sub(self.from).map(|at| at as usize);
        let have = inside.map_or(0, |at| self.bytes.len().saturating_sub(at));
        if have < need.min(left) {
            self.bytes.resize(need.max(BLOCK).min(left), 0);
            self.from = place;
            all.read_at(place, &mut self.bytes)
                .map_err(|e| format!("cannot be read: {e}"))?;
        }
        let at = (place - self.from) as usize;
        Ok(&self.bytes[at.min(self.bytes.len())..])
    }
}

impl Recorded {
    fn read<'a>(
        &self,
        records: impl Iterator<Item = &'a (Head, u64, usize)>,
    ) -> Result<Vec<Record>, String> {
        let mut read = Vec::new();
        for (head, place, size) in records {
            let mut record = vec![0; *size];
            self.bytes
                .read_at(*place, &mut record)
                .map_err(|e| format!("cannot be read: {e}"))?;
            read.push((*head, Arc::from(record)));
        }
        Ok(read)
    }
}

impl Records for Recorded {
    fn moments(&self) -> Vec<Moment> {
        ticks(self.chunks.iter().flatten().map(|(head, ..)| head))
    }

    fn way_to(&self, at: Nanos) -> Result<Vec<Record>, String> {
        let begins = self
            .chunks
            .iter()
            .map(|c| ends(c.iter().map(|(head, ..)| head)));
        let Some(chunk) = chunk_of(begins, at) else {
            return Ok(Vec::new());
        };
        let records = self.chunks[chunk].iter();
        let records = records.filter(|(head, ..)| head.kind.is_tick());
        self.read(records.take_while(|(head, ..)| head.at <= at))
    }

    fn beside(&self, kind: Kind, from: Nanos, until: Nanos) -> Result<Vec<Record>, String> {
        let place = |at: Nanos| self.beside.partition_point(|(head, ..)| head.at < at);
        let beyond = Nanos(until.0.saturating_add(1));
        let inside = place(from)..place(beyond);
        let inside = self.beside.get(inside).unwrap_or_default().iter();
        self.read(inside.filter(|(head, ..)| head.kind == kind))
    }
}
