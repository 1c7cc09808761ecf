//! A bounded, growing list in chunks that are immutable once full, so that a published view shares them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Bin, Slice, Wait, Who};
use crate::model::id::Nanos;

/// How many items a chunk holds.
const CHUNK: usize = 512;

/// What stands in a track.
pub trait Item: Copy {
    /// When it begins.
    fn start(&self) -> Nanos;
    /// Whose it is.
    fn who(&self) -> u32;
    /// The same of somebody else.
    #[must_use]
    fn with(self, who: u32) -> Self;
}

impl Item for Slice {
    fn start(&self) -> Nanos {
        self.start
    }
    fn who(&self) -> u32 {
        self.who
    }
    fn with(self, who: u32) -> Self {
        Self { who, ..self }
    }
}

impl Item for Bin {
    fn start(&self) -> Nanos {
        self.start
    }
    fn who(&self) -> u32 {
        self.who
    }
    fn with(self, who: u32) -> Self {
        Self { who, ..self }
    }
}

impl Item for Wait {
    fn start(&self) -> Nanos {
        self.start
    }
    fn who(&self) -> u32 {
        self.who
    }
    fn with(self, who: u32) -> Self {
        Self { who, ..self }
    }
}

/// A piece of a track with the names that it needs.
#[derive(Clone, Debug)]
pub struct Chunk<T> {
    /// By ascending start.
    pub items: Vec<T>,
    /// Who the items are about.
    pub who: Vec<Arc<Who>>,
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            who: Vec::new(),
        }
    }
}

/// A published list of items by ascending start.
#[derive(Clone, Debug)]
pub struct Track<T> {
    chunks: Arc<[Arc<Chunk<T>>]>,
    /// Before this moment items may have been dropped.
    pub since: Nanos,
}

impl<T> Default for Track<T> {
    fn default() -> Self {
        Self {
            chunks: Arc::from([]),
            since: Nanos(0),
        }
    }
}

impl<T: Item> Track<T> {
    /// The items that begin from the last one at or before `from` on, with whom they are about.
    pub fn from(&self, from: Nanos) -> impl Iterator<Item = (&T, &Arc<Who>)> {
        let begins = |c: &Arc<Chunk<T>>| c.items.first().is_some_and(|i| i.start() <= from);
        let first = self.chunks.partition_point(begins).saturating_sub(1);
        let skip = self.chunks.get(first).map_or(0, |c| {
            let after = c.items.partition_point(|i| i.start() <= from);
            let last = after.checked_sub(1).map(|at| c.items[at].start());
            // Several sums share the start of their bin.
            last.map_or(0, |s| c.items.partition_point(|i| i.start() < s))
        });
        self.chunks[first.min(self.chunks.len())..]
            .iter()
            .flat_map(|c| c.items.iter().map(|i| (i, &c.who[i.who() as usize])))
            .skip(skip)
    }

    /// Every item, oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (&T, &Arc<Who>)> {
        self.chunks
            .iter()
            .flat_map(|c| c.items.iter().map(|i| (i, &c.who[i.who() as usize])))
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
pub(super) struct Growing<T> {
    full: VecDeque<Arc<Chunk<T>>>,
    open: Chunk<T>,
    /// Where a thread's serial number stands in the open chunk's `who`.
    local: HashMap<u32, u32, super::build::Quick>,
    most: usize,
    since: Nanos,
}

impl<T: Item> Growing<T> {
    /// A track of at most about `most` items.
    pub fn new(most: usize, since: Nanos) -> Self {
        Self {
            full: VecDeque::new(),
            open: Chunk::default(),
            local: HashMap::default(),
            most: most.div_ceil(CHUNK).max(2),
            since,
        }
    }

    /// Adds an item about a thread that has this serial number.
    pub fn push(&mut self, item: T, serial: u32, who: &Arc<Who>) {
        if self.open.items.len() >= CHUNK {
            self.seal();
        }
        let next = self.open.who.len() as u32;
        let at = *self.local.entry(serial).or_insert(next);
        if at == next {
            self.open.who.push(Arc::clone(who));
        }
        self.open.items.push(item.with(at));
    }

    fn seal(&mut self) {
        self.local.clear();
        let full = std::mem::take(&mut self.open);
        self.open.items.reserve(CHUNK);
        self.full.push_back(Arc::new(full));
        while self.full.len() >= self.most {
            if let Some(old) = self.full.pop_front() {
                self.since = self.complete_after(&old);
            }
        }
    }

    /// The start of the first kept item that shares its bin with none that was dropped.
    fn complete_after(&self, dropped: &Chunk<T>) -> Nanos {
        let last = dropped.items.last().map_or(self.since, Item::start);
        let kept = self.full.iter().flat_map(|c| c.items.iter());
        kept.map(Item::start)
            .find(|start| *start > last)
            .unwrap_or(last)
    }

    /// An immutable view, with `last` items that are not finished yet at its end.
    pub fn publish(&self, last: &[(T, Arc<Who>)]) -> Track<T> {
        let mut open = self.open.clone();
        for (item, who) in last {
            let at = open.who.len() as u32;
            open.who.push(Arc::clone(who));
            open.items.push(item.with(at));
        }
        let chunks = self.full.iter().cloned();
        let last = (!open.items.is_empty()).then(|| Arc::new(open));
        Track {
            chunks: chunks.chain(last).collect(),
            since: self.since,
        }
    }
}
