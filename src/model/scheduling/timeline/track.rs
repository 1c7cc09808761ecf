//! A bounded, growing list in chunks that are immutable once full, so that a published view shares them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Who;
use super::packed::Item;
use super::places::Places;
use crate::model::id::Nanos;

/// How many items a chunk holds: a large part of a short track must not be dropped at once, nor be kept above its bound.
const CHUNKS: std::ops::RangeInclusive<usize> = 16..=512;

/// A piece of a track with the names that it needs.
#[derive(Clone, Debug)]
struct Chunk<T: Item> {
    /// By ascending start.
    items: Vec<T::Packed>,
    /// Who the items are about.
    who: Vec<Arc<Who>>,
}

impl<T: Item> Default for Chunk<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            who: Vec::new(),
        }
    }
}

/// A published list of items by ascending start.
#[derive(Clone, Debug)]
pub struct Track<T: Item> {
    chunks: Arc<[Arc<Chunk<T>>]>,
    /// Before this moment items may have been dropped.
    pub since: Nanos,
}

impl<T: Item> Default for Track<T> {
    fn default() -> Self {
        Self {
            chunks: Arc::from([]),
            since: Nanos(0),
        }
    }
}

impl<T: Item> Chunk<T> {
    /// Its items in their order from this place on.
    fn from(&self, place: usize) -> impl DoubleEndedIterator<Item = (T, &Arc<Who>)> {
        self.items[place..].iter().map(|packed| {
            let (item, who) = T::unpack(packed);
            (item, &self.who[usize::from(who)])
        })
    }
}

impl<T: Item> Track<T> {
    /// The items that begin from the last one at or before `from` on, with whom they are about.
    pub fn from(&self, from: Nanos) -> impl Iterator<Item = (T, &Arc<Who>)> {
        let begins = |c: &Arc<Chunk<T>>| c.items.first().is_some_and(|i| T::start(i) <= from);
        let chunk = self.chunks.partition_point(begins).checked_sub(1);
        let last = chunk.and_then(|at| {
            let items = self.chunks[at].items.iter();
            items.map(T::start).rfind(|start| *start <= from)
        });
        // Several sums share the start of their bin, and a chunk may end among them.
        let last = last.unwrap_or_default();
        let before = |i: &T::Packed| T::start(i) < last;
        let first = self
            .chunks
            .partition_point(|c| c.items.last().is_some_and(before));
        let skip = self.chunks.get(first);
        let skip = skip.map_or(0, |c| c.items.partition_point(before));
        self.chunks[first..]
            .iter()
            .enumerate()
            .flat_map(move |(n, c)| c.from(if n == 0 { skip } else { 0 }))
    }

    /// Every item, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (T, &Arc<Who>)> {
        self.chunks.iter().flat_map(|c| c.from(0))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|c| c.items.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.chunks.iter().all(|c| c.items.is_empty())
    }
}

/// A track that grows at its end and forgets at its begin.
#[derive(Debug)]
pub(super) struct Growing<T: Item> {
    full: VecDeque<Arc<Chunk<T>>>,
    open: Chunk<T>,
    /// Where a thread's serial number stands in the open chunk's `who`.
    local: Places,
    /// Items of a chunk, and chunks.
    chunk: usize,
    most: usize,
    since: Nanos,
}

impl<T: Item> Growing<T> {
    /// A track of at most about `most` items.
    pub fn new(most: usize, since: Nanos) -> Self {
        let chunk = (most / 4).clamp(*CHUNKS.start(), *CHUNKS.end());
        Self {
            full: VecDeque::new(),
            open: Chunk::default(),
            local: Places::default(),
            chunk,
            most: most.div_ceil(chunk).max(2),
            since,
        }
    }

    /// Adds an item about a thread that has this serial number.
    pub fn push(&mut self, item: T, serial: u32, who: &Arc<Who>) {
        if self.open.items.len() >= self.chunk {
            self.seal();
        }
        let next = self.open.who.len() as u16;
        let at = self.local.of(serial, next.into()) as u16;
        if at == next {
            self.open.who.push(Arc::clone(who));
        }
        self.open.items.push(item.pack(at));
    }

    fn seal(&mut self) {
        self.local.clear();
        let mut full = std::mem::take(&mut self.open);
        full.who.shrink_to_fit();
        self.open.items.reserve_exact(self.chunk);
        self.full.push_back(Arc::new(full));
        while self.full.len() >= self.most {
            if let Some(old) = self.full.pop_front() {
                self.since = self.complete_after(&old);
            }
        }
    }

    /// The start of the first kept item that shares its bin with none that was dropped.
    fn complete_after(&self, dropped: &Chunk<T>) -> Nanos {
        let last = dropped.items.last().map_or(self.since, T::start);
        let kept = self.full.iter().flat_map(|c| c.items.iter());
        kept.map(T::start)
            .find(|start| *start > last)
            .unwrap_or(last)
    }

    /// Whether about half of what there is room for came after `since`.
    pub fn is_crowded(&self, since: Nanos) -> bool {
        let half = self.full.len().checked_sub(self.most / 2);
        let begins = half.and_then(|at| self.full.get(at)?.items.first());
        begins.is_some_and(|item| T::start(item) > since)
    }

    /// An immutable view, with `last` items that are not finished yet at its end.
    pub fn publish(&self, last: &[(T, Arc<Who>)]) -> Track<T> {
        let mut open = self.open.clone();
        for (item, who) in last {
            let at = open.who.len() as u16;
            open.who.push(Arc::clone(who));
            open.items.push(item.pack(at));
        }
        let chunks = self.full.iter().cloned();
        let last = (!open.items.is_empty()).then(|| Arc::new(open));
        Track {
            chunks: chunks.chain(last).collect(),
            since: self.since,
        }
    }
}
