//! The system calls of one process where nothing of ours may run in the kernel: each is told by a record, and a thread joins
//! their begins and ends as long as somebody looks.

use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::calls::{Counted, Joined};
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::own::priority;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::calls::{ends_thread, found, is_on_descriptor};
use crate::sys::scheduling::perf;
use crate::sys::scheduling::perf::calls::Calls;
use crate::sys::threads;

/// Records are taken in at least that often.
const PACE: Nanos = Nanos::from_millis(20);
/// A record may be late by so much: it is written after the moment that it tells.
const LATE: Nanos = Nanos::from_millis(1);

/// Joins calls until it is dropped.
pub struct Hearing {
    joined: Arc<Mutex<Joined>>,
    /// Whether the calls of every process are told.
    pub everybody: bool,
    /// Dropped, it ends the thread.
    _until: Sender<()>,
}

impl Hearing {
    /// Begins to hear the calls of a process.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn begin(root: &ProcRoot, of: ProcId) -> io::Result<Self> {
        let calls = Calls::of(root, of.pid, &cores::online(root))?;
        let joined = Joined::new(clock::now(), is_on_descriptor, ends_thread);
        let joined = Arc::new(Mutex::new(joined));
        let (until, ended) = channel();
        let mut hearer = Hearer {
            root: root.clone(),
            of,
            calls,
            joined: Arc::clone(&joined),
        };
        hearer.find();
        let everybody = hearer.calls.everybody;
        threads::start("calls", move || hearer.hear(&ended))?;
        Ok(Self {
            joined,
            everybody,
            _until: until,
        })
    }

    /// What was counted until a moment ago.
    pub fn read(&self) -> Counted {
        let joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        joined.counted()
    }
}

/// Who reads the records.
struct Hearer {
    root: ProcRoot,
    of: ProcId,
    calls: Calls,
    joined: Arc<Mutex<Joined>>,
}

impl Hearer {
    fn hear(&mut self, ended: &Receiver<()>) {
        priority::hurry();
        while ended.try_recv() == Err(TryRecvError::Empty) {
            let fds = self.calls.fds();
            let hung = perf::wait(&fds, PACE);
            self.calls.hung_up(&hung);
            let until = Nanos(clock::now().0.saturating_sub(LATE.0));
            let doubts = {
                let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
                self.calls
                    .read(until, |core, at, told| joined.take(core, at, told));
                joined.until(until);
                joined.doubts()
            };
            if doubts {
                self.find();
            }
        }
    }

    /// Asks in which call each thread sleeps: those who slept before anybody listened, or while records were lost.
    fn find(&mut self) {
        let at = clock::now();
        let found = found(&self.root, self.of.pid);
        let mut joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        for (tid, number, first) in found {
            joined.found(tid, number, first, at);
        }
    }
}
