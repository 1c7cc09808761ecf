//! What several sources need at once and none should read twice: the census and the socket tables.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::id::Pid;
use crate::model::peer::{Census, Tables};
use crate::sys::census::CensusTaker;
use crate::sys::root::ProcRoot;
use crate::sys::tables::TableReader;

/// How long one reading may spend on the census.
pub const BUDGET: Duration = Duration::from_millis(60);
/// How old the tables may be to be used again.
const FRESH: Duration = Duration::from_millis(200);

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
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *inner;
        let fresh = inner.at.is_some_and(|at| at.elapsed() < FRESH) && inner.complete;
        if !fresh {
            inner.complete = inner.taker.refresh(budget);
        }
        if let Some(pid) = focus {
            inner.taker.renew(pid);
        }
        if !fresh || focus.is_some() {
            inner.census = inner.taker.census();
        }
        if !fresh {
            inner.tables = inner.reader.read(&inner.census);
            inner.at = Some(Instant::now());
        }
        work(&inner.census, &inner.tables)
    }

    /// Lets the next use read everything again, however fresh it is.
    pub fn expire(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.at = None;
    }

    /// Whether every living process has been visited once.
    pub fn complete(&self) -> bool {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.complete
    }

    /// The network namespace of this program.
    pub fn namespace(&self) -> u64 {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.reader.ours()
    }
}
