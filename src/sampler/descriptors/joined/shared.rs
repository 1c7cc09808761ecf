//! What several sources need at once and none should read twice: the index and the socket tables.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::descriptors::peer::{HolderIndex, Object, Tables};
use crate::model::id::Pid;
use crate::sampler::descriptors::holder_index::{Effort, Indexer};
use crate::sys::network::socket_tables::TableReader;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;

/// How long one reading may spend on the index.
pub const BUDGET: Duration = Duration::from_millis(60);
/// For a pane that is all about descriptors.
const LOOK: Effort = Effort {
    budget: BUDGET,
    share: 50,
    fresh: Duration::from_millis(200),
    asleep: Duration::from_secs(30),
};
/// For a few lines beside other things: with 10,000 processes it must not cost what the process table costs.
const GLANCE: Effort = Effort {
    budget: Duration::from_millis(4),
    share: 500,
    fresh: Duration::from_secs(5),
    asleep: Duration::from_mins(5),
};

/// How many milliseconds a view of all processes waits after a reading: while not every process was looked at once,
/// somebody waits for the rest.
pub fn pace(whole: bool) -> u64 {
    if whole { 1000 } else { 200 }
}

/// Which part of a core its readings may take, one of so many; more while somebody waits for the rest.
pub fn share(whole: bool) -> u64 {
    if whole { 50 } else { 4 }
}

/// The index and the tables, shared by the sources of one thread.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Inner>>);

struct Inner {
    taker: Indexer,
    reader: TableReader,
    index: HolderIndex,
    tables: Tables,
    at: Option<Instant>,
    /// Sockets that nobody who can be seen holds, although everybody was asked.
    nobodys: HashSet<u64>,
}

impl Inner {
    /// The tables are newer than the index: looks for who holds what has been opened since.
    fn seek(&mut self, budget: Duration) {
        let all = self.tables.inet.iter().map(|i| i.inode);
        let mut lost: HashSet<u64> = all.filter(|inode| *inode != 0).collect();
        self.nobodys.retain(|inode| lost.contains(inode));
        let holders = self.index.holders.iter();
        for end in holders.flat_map(|h| h.ends.iter().flat_map(|ends| ends.iter())) {
            if let Object::Socket(inode) = end.object {
                lost.remove(&inode);
            }
        }
        lost.retain(|inode| !self.nobodys.contains(inode));
        if lost.is_empty() || !self.taker.is_complete() {
            return;
        }
        if self.taker.seek(&mut lost, budget) {
            self.nobodys.extend(lost);
        }
        self.index = self.taker.index();
    }
}

impl Shared {
    /// Nothing is read yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self::hearing(root, Feed::default())
    }

    /// The same, told by the feed who lives and who ran.
    pub fn hearing(root: &ProcRoot, feed: Feed) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            taker: Indexer::hearing(root.clone(), feed),
            reader: TableReader::new(root.clone()),
            index: HolderIndex::default(),
            tables: Tables::default(),
            at: None,
            nobodys: HashSet::new(),
        })))
    }

    /// Brings both up to date within `budget`, `focus` in any case, and hands them to `work`.
    pub fn with<T>(
        &self,
        budget: Duration,
        focus: Option<Pid>,
        work: impl FnOnce(&HolderIndex, &Tables) -> T,
    ) -> T {
        self.spend(Effort { budget, ..LOOK }, focus, work)
    }

    /// The same at little cost: what is known may be some seconds old, `focus` is not.
    pub fn glance<T>(
        &self,
        focus: Option<Pid>,
        work: impl FnOnce(&HolderIndex, &Tables) -> T,
    ) -> T {
        let first = self.lock().at.is_none();
        let budget = if first { BUDGET } else { GLANCE.budget };
        self.spend(Effort { budget, ..GLANCE }, focus, work)
    }

    fn spend<T>(
        &self,
        effort: Effort,
        focus: Option<Pid>,
        work: impl FnOnce(&HolderIndex, &Tables) -> T,
    ) -> T {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let recent = inner.at.is_some_and(|at| at.elapsed() < effort.fresh);
        let fresh = recent && inner.taker.is_complete();
        if !fresh {
            inner.taker.refresh(&effort, focus);
        }
        if let Some(pid) = focus {
            inner.taker.renew(pid);
        }
        if !fresh || focus.is_some() {
            // The old one first gives its memory back.
            inner.index = HolderIndex::default();
            inner.index = inner.taker.index();
        }
        if !recent {
            inner.tables = inner.reader.read(&inner.index);
            inner.at = Some(Instant::now());
            inner.seek(effort.budget / 2);
        }
        work(&inner.index, &inner.tables)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next use read everything again, however fresh it is.
    #[cfg(test)]
    pub fn expire(&self) {
        let mut inner = self.lock();
        inner.at = None;
    }

    /// Whether every living process has been visited once.
    pub fn complete(&self) -> bool {
        self.lock().taker.is_complete()
    }

    /// The network namespace of this program.
    pub fn namespace(&self) -> u64 {
        self.lock().reader.ours()
    }
}
