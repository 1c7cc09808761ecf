//! A recording that lies somewhere: its records are found by their heads, and read when they are asked for.

use std::cell::RefCell;
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
    /// The chunk that was asked for last, and its ticks as far as they were read: whoever looks back asks for it again and again.
    last: RefCell<(usize, Vec<Record>)>,
}

/// How much is read at once.
const BLOCK: usize = 1 << 20;
/// What lies between two records that are wanted is read with them where it is less than this: each reading waits for an answer.
const NEAR: u64 = 64 << 10;

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
            last: RefCell::default(),
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
        let records: Vec<_> = records.collect();
        let mut read = Vec::with_capacity(records.len());
        let mut bytes = Vec::new();
        let mut rest = &records[..];
        while let Some((_, from, _)) = rest.first() {
            let (many, end) = together(rest, *from);
            bytes.resize((end - from) as usize, 0);
            self.bytes
                .read_at(*from, &mut bytes)
                .map_err(|e| format!("cannot be read: {e}"))?;
            for (head, place, size) in &rest[..many] {
                let at = (place - from) as usize;
                read.push((*head, Arc::from(&bytes[at..at + size])));
            }
            rest = &rest[many..];
        }
        Ok(read)
    }
}

/// How many of these records, of which the first lies here, are read at once, and where the last of them ends.
fn together(records: &[&(Head, u64, usize)], from: u64) -> (usize, u64) {
    let (mut many, mut end) = (0, from);
    for (_, place, size) in records {
        let next = place + *size as u64;
        let apart = many > 0 && (*place < end || place - end > NEAR || next - from > BLOCK as u64);
        if apart {
            break;
        }
        (many, end) = (many + 1, next);
    }
    (many, end)
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
        let ticks = self.chunks[chunk].iter();
        let ticks: Vec<_> = ticks.filter(|(head, ..)| head.kind.is_tick()).collect();
        let way = ticks.partition_point(|(head, ..)| head.at <= at);
        let mut last = self.last.borrow_mut();
        if last.0 != chunk {
            *last = (chunk, Vec::new());
        }
        while last.1.len() < way {
            // Those behind it will be wanted soon, and come with it.
            let rest = &ticks[last.1.len()..];
            let (many, _) = together(rest, rest[0].1);
            last.1.extend(self.read(rest[..many].iter().copied())?);
        }
        Ok(last.1[..way].to_vec())
    }

    fn beside(&self, kind: Kind, from: Nanos, until: Nanos) -> Result<Vec<Record>, String> {
        let place = |at: Nanos| self.beside.partition_point(|(head, ..)| head.at < at);
        let beyond = Nanos(until.0.saturating_add(1));
        let inside = place(from)..place(beyond);
        let inside = self.beside.get(inside).unwrap_or_default().iter();
        self.read(inside.filter(|(head, ..)| head.kind == kind))
    }
}
