//! What several sources need at once and none should read twice: the census and the socket tables.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::id::Pid;
use crate::model::peer::{Census, Tables};
use crate::sys::census::{CensusTaker, Effort};
use crate::sys::root::ProcRoot;
use crate::sys::tables::TableReader;

/// How long one reading may spend on the census.
pub const BUDGET: Duration = Duration::from_millis(60);
/// For a pane that is all about descriptors.
const LOOK: Effort = Effort {
    budget: BUDGET,
    share: 20,
    fresh: Duration::from_millis(200),
};
/// For a few lines beside other things: with 10,000 processes it must not cost what the process table costs.
const GLANCE: Effort = Effort {
    budget: Duration::from_millis(4),
    share: 500,
    fresh: Duration::from_secs(5),
};

/// The census and the tables, shared by the sources of one thread.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Inner>>);

struct Inner {
    taker: CensusTaker,
    reader: TableReader,
    census: Census,
    tables: Tables,
    at: Option<Instant>,
    complete: bool,
}

impl Shared {
    /// Nothing is read yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            taker: CensusTaker::new(root.clone()),
            reader: TableReader::new(root.clone()),
            census: Census::default(),
            tables: Tables::default(),
            at: None,
            complete: false,
        })))
    }

    /// Brings both up to date within `budget`, `focus` in any case, and hands them to `work`.
    pub fn with<T>(
        &self,
        budget: Duration,
        focus: Option<Pid>,
        work: impl FnOnce(&Census, &Tables) -> T,
    ) -> T {
        self.spend(Effort { budget, ..LOOK }, focus, work)
    }

    /// The same at little cost: what is known may be some seconds old, `focus` is not.
    pub fn glance<T>(&self, focus: Option<Pid>, work: impl FnOnce(&Census, &Tables) -> T) -> T {
        let first = self.lock().at.is_none();
        let budget = if first { BUDGET } else { GLANCE.budget };
        self.spend(Effort { budget, ..GLANCE }, focus, work)
    }

    fn spend<T>(
        &self,
        effort: Effort,
        focus: Option<Pid>,
        work: impl FnOnce(&Census, &Tables) -> T,
    ) -> T {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let recent = inner.at.is_some_and(|at| at.elapsed() < effort.fresh);
        let fresh = recent && inner.complete;
        if !fresh {
            inner.complete = inner.taker.refresh(&effort, focus);
        }
        if let Some(pid) = focus {
            inner.taker.renew(pid);
        }
        if !fresh || focus.is_some() {
            inner.census = inner.taker.census();
        }
        if !recent {
            inner.tables = inner.reader.read(&inner.census);
            inner.at = Some(Instant::now());
        }
        work(&inner.census, &inner.tables)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next use read everything again, however fresh it is.
    pub fn expire(&self) {
        let mut inner = self.lock();
        inner.at = None;
    }

    /// Whether every living process has been visited once.
    pub fn complete(&self) -> bool {
        self.lock().complete
    }

    /// The network namespace of this program.
    pub fn namespace(&self) -> u64 {
        self.lock().reader.ours()
    }
}
