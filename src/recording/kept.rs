//! The past that is kept in memory while pscope runs: the newest chunks, within a budget.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::past::{Moment, Record, Records, chunk_of, ends, ticks};
use super::record::{self, Found, Head, Kind, Marks};
use crate::model::id::Nanos;

/// Records in memory, within a budget: the oldest chunks go first.
#[derive(Debug)]
struct Memory {
    chunks: VecDeque<Vec<Record>>,
    bytes: usize,
    budget: usize,
    /// What of the bytes is details.
    details: usize,
    /// How many records ever came.
    count: u64,
    /// Marks of moments whose records are still to come.
    marks: Vec<(Nanos, Marks)>,
    newest: Newest,
}

/// The newest chunk, whether its records are still kept or not.
#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    bytes: usize,
    /// Its first and its last tick.
    ticks: Option<(Nanos, Nanos)>,
}

impl Newest {
    fn grow(&mut self, head: &Head, bytes: usize) {
        if head.kind == Kind::Whole {
            *self = Self::default();
        }
        self.bytes += bytes;
        if head.kind.is_tick() {
            let first = self.ticks.map_or(head.at, |(first, _)| first);
            self.ticks = Some((first, head.at));
        }
    }
}

/// The past that is kept while pscope runs, shared between who sees and who looks back.
#[derive(Clone, Debug)]
pub struct Kept(Arc<(Mutex<Memory>, Condvar)>);

/// What the memory of a record takes beside its bytes.
const AROUND: usize = size_of::<Record>() + 16;

/// What the inspector and the views showed takes at most so much of the budget: one part of so many.
const SHARE: usize = 4;

/// The same record with these marks besides its own, and its head, which knows its checksum.
fn marked(record: &[u8], marks: Marks) -> Option<(Head, Vec<u8>)> {
    let record = record::marked(record, marks)?;
    match Head::find(&record) {
        Found::Head(head, _) => Some((head, record)),
        _ => None,
    }
}

impl Memory {
    fn forget(&mut self) {
        while self.bytes > self.budget && self.chunks.len() > 1 {
            let oldest = self.chunks.pop_front().unwrap_or_default();
            for (head, record) in &oldest {
                self.let_go(head, record);
            }
        }
        // What was shown must not cost the ticks their room: the oldest of it goes first.
        let share = self.budget / SHARE;
        for chunk in 0..self.chunks.len() {
            let mut one = 0;
            while self.details > share && one < self.chunks[chunk].len() {
                if self.chunks[chunk][one].0.kind == Kind::Details {
                    let (head, record) = self.chunks[chunk].remove(one);
                    self.let_go(&head, &record);
                } else {
                    one += 1;
                }
            }
        }
    }

    /// Forgets the oldest records, so many; the newest chunk stays, be it empty.
    fn forget_first(&mut self, mut many: usize) {
        while many > 0 {
            let Some(oldest) = self.chunks.front_mut() else {
                return;
            };
            let going = many.min(oldest.len());
            let gone: Vec<Record> = oldest.drain(..going).collect();
            let over = oldest.is_empty() && self.chunks.len() > 1;
            for (head, record) in &gone {
                self.let_go(head, record);
            }
            many -= going;
            if over {
                self.chunks.pop_front();
            } else {
                return;
            }
        }
    }

    fn let_go(&mut self, head: &Head, record: &[u8]) {
        let freed = record.len() + AROUND;
        self.bytes -= freed;
        if head.kind == Kind::Details {
            self.details -= freed;
        }
    }
}

impl Kept {
    /// Keeps at most so many bytes.
    pub fn new(budget: usize) -> Self {
        let memory = Memory {
            chunks: VecDeque::new(),
            bytes: 0,
            budget,
            details: 0,
            count: 0,
            marks: Vec::new(),
            newest: Newest::default(),
        };
        Self(Arc::new((Mutex::new(memory), Condvar::new())))
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps records; those that are none are left out.
    pub fn push(&self, records: Vec<Vec<u8>>) {
        let mut memory = self.lock();
        for mut record in records {
            let Found::Head(mut head, _) = Head::find(&record) else {
                continue;
            };
            let (until, tick) = (head.at, head.kind.is_tick());
            let due = |(at, _): &mut (Nanos, Marks)| tick && *at <= until;
            for (_, marks) in memory.marks.extract_if(.., due) {
                if let Some((new, marked)) = marked(&record, marks) {
                    (head, record) = (new, marked);
                }
            }
            if memory.chunks.is_empty() && head.kind != Kind::Whole {
                // Nothing could tell of it.
                continue;
            }
            let taken = record.len() + AROUND;
            memory.bytes += taken;
            if head.kind == Kind::Details {
                memory.details += taken;
            }
            memory.count += 1;
            memory.newest.grow(&head, record.len());
            let record = (head, Arc::from(record));
            match memory.chunks.back_mut() {
                Some(chunk) if head.kind != Kind::Whole => chunk.push(record),
                _ if head.kind == Kind::Whole => memory.chunks.push_back(vec![record]),
                _ => {}
            }
        }
        memory.forget();
        drop(memory);
        self.0.1.notify_all();
    }

    /// Keeps at most so many bytes from now on.
    pub fn set_budget(&self, budget: usize) {
        let mut memory = self.lock();
        memory.budget = budget;
        memory.forget();
    }

    /// Marks a moment: its record, or that of the next tick; also one that is still to come.
    pub fn mark(&self, at: Nanos, marks: Marks) {
        let mut memory = self.lock();
        let mut all = memory.chunks.iter_mut().flatten();
        // A whole state repeats a tick; the change that it begins with tells it.
        let Some((head, record)) = all.find(|(head, _)| head.kind.is_tick() && head.at >= at)
        else {
            memory.marks.push((at, marks));
            return;
        };
        if let Some((new, marked)) = marked(record, marks) {
            *head = new;
            *record = Arc::from(marked);
        }
    }

    /// What is kept, in bytes.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// How many bytes are kept at most.
    pub fn budget(&self) -> usize {
        self.lock().budget
    }

    /// What the newest chunk takes so far, what stands between its ticks included, and how long it is.
    pub fn last_chunk(&self) -> (usize, Nanos) {
        let Newest { bytes, ticks } = self.lock().newest;
        let span = ticks.map_or(Nanos(0), |(first, last)| last.since(first));
        (bytes, span)
    }

    /// Forgets the first `count` of the records that ever came: whoever asked for them has them.
    pub fn taken(&self, count: u64) {
        let mut memory = self.lock();
        let kept: usize = memory.chunks.iter().map(Vec::len).sum();
        let later = memory.count.saturating_sub(count);
        let later = usize::try_from(later).unwrap_or(usize::MAX);
        memory.forget_first(kept.saturating_sub(later));
    }

    /// Forgets the chunks that end before a moment, but not the newest.
    pub fn forget_before(&self, at: Nanos) {
        let mut memory = self.lock();
        // The next one begins with the tick that this one ends with.
        while memory
            .chunks
            .get(1)
            .and_then(|next| next.first())
            .is_some_and(|(head, _)| head.at < at)
        {
            let oldest = memory.chunks.front().map_or(0, Vec::len);
            memory.forget_first(oldest);
        }
    }

    /// From when on it is kept, and until when.
    pub fn span(&self) -> Option<(Nanos, Nanos)> {
        let memory = self.lock();
        let (first, last) = (memory.chunks.front()?, memory.chunks.back()?);
        Some((first.first()?.0.at, last.last()?.0.at))
    }

    /// Lets whoever waits in [`Self::after`] look whether it is over.
    pub fn wake(&self) {
        // Whoever has looked and does not wait yet holds it.
        drop(self.lock());
        self.0.1.notify_all();
    }

    /// The records that came after the first `seen`, as far as they are kept, and how many ever came; waits for one, but
    /// not for longer than `at_most`, nor once it is `over`, which [`Self::wake`] has it look at.
    pub fn after(
        &self,
        seen: u64,
        at_most: Duration,
        over: impl Fn() -> bool,
    ) -> (Vec<Arc<[u8]>>, u64) {
        let (_, arrived) = &*self.0;
        let waits = |m: &mut Memory| m.count <= seen && !over();
        let waited = arrived.wait_timeout_while(self.lock(), at_most, waits);
        let memory = waited.unwrap_or_else(PoisonError::into_inner).0;
        let new = usize::try_from(memory.count - seen.min(memory.count)).unwrap_or(usize::MAX);
        let all = memory.chunks.iter().flatten();
        let skip = all.clone().count().saturating_sub(new);
        let records = all.skip(skip).map(|(_, record)| Arc::clone(record));
        (records.collect(), memory.count)
    }
}

impl Records for Kept {
    fn moments(&self) -> Vec<Moment> {
        let memory = self.lock();
        ticks(memory.chunks.iter().flatten().map(|(head, _)| head))
    }

    fn way_to(&self, at: Nanos) -> Result<Vec<Record>, String> {
        let memory = self.lock();
        let begins = memory
            .chunks
            .iter()
            .map(|c| ends(c.iter().map(|(head, _)| head)));
        let Some(chunk) = chunk_of(begins, at) else {
            return Ok(Vec::new());
        };
        let chunk = memory.chunks[chunk].iter();
        Ok(chunk
            .filter(|(head, _)| head.kind.is_tick())
            .take_while(|(head, _)| head.at <= at)
            .cloned()
            .collect())
    }

    fn beside(&self, kind: Kind, from: Nanos, until: Nanos) -> Result<Vec<Record>, String> {
        let memory = self.lock();
        let beside = memory.chunks.iter().flatten();
        let beside = beside.filter(|(head, _)| head.kind == kind);
        let inside = beside.filter(|(head, _)| (from..=until).contains(&head.at));
        Ok(inside.cloned().collect())
    }
}
