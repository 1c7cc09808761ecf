//! What the kernel told of processes since somebody asked last: who ran, began, ended, changed its name.
//!
//! The reader of the switches fills it from its rings; an event-driven sweep takes it at each tick and reads only those again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::id::{Pid, Tid};
use crate::model::sample::Shares;
use crate::model::snapshot::Snapshot;

/// Processes of which something may have changed.
///
/// A process is in `ran` when one of its threads came on a core or left one, when it is on a core at the moment of taking,
/// and when it got or lost a thread; every counter of a process that is in no set is as it was, save resident memory
/// (which reclaim may take from a sleeping one) and the parent of one whose parent is in `ended`. A process that was
/// woken and waits for its turn is in no set either: its state, and to which core's queue it was moved, are told when it
/// gets a core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Had a core, or changed its number of threads.
    pub ran: HashSet<Pid>,
    /// Began. It may have ended since.
    pub born: HashSet<Pid>,
    /// Their first thread ended: a zombie until its parent asks, or gone already. Their children have another parent.
    pub ended: HashSet<Pid>,
    /// Executed a program or changed the name of their first thread.
    pub renamed: HashSet<Pid>,
    /// Events were lost, or nobody listened for a while: anything may have changed, scan once.
    pub lost: bool,
}

/// Empties the kernel's rings into the [`Changes`] at the moment of the call.
pub trait Drain: Send {
    /// Reads what the kernel has told until now.
    fn drain(&mut self);
}

/// So many are remembered for the index, which may not ask for hours; with more, anybody may have run.
const MOST: usize = 1 << 14;

/// Where the changes are handed over. Clones share one place.
#[derive(Clone, Default)]
pub struct Feed(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    changes: Changes,
    /// Who may have run since the index asked; `None` where nobody knows.
    ran: Option<HashSet<Pid>>,
    /// Who fills it now; nobody while events are not to be had or not wanted.
    filler: Option<Arc<Mutex<dyn Drain>>>,
    wanted: bool,
    /// The processes of the last sweep.
    seen: Option<Arc<Snapshot>>,
    /// What was found beside the table last.
    shares: Arc<Shares>,
}

impl Feed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether a sweep would use events. They cost every switch about 0.3 µs, so nobody listens while nobody wants.
    pub fn want(&self, yes: bool) {
        self.state().wanted = yes;
    }

    /// Whether a sweep would use events.
    pub fn wanted(&self) -> bool {
        self.state().wanted
    }

    /// Takes everything told until this moment; `None` while nobody fills it: then every process must be read.
    ///
    /// The first one after a filler came has `lost` set. Take it before reading the processes: what changes while they
    /// are read is in the next one.
    pub fn take(&self) -> Option<Changes> {
        let filler = self.state().filler.clone()?;
        filler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain();
        let mut state = self.state();
        state.filler.as_ref()?;
        Some(std::mem::take(&mut state.changes))
    }

    /// Sets who fills it; the next taker is told to scan.
    pub fn fill_by(&self, filler: Option<Arc<Mutex<dyn Drain>>>) {
        let mut state = self.state();
        state.filler = filler;
        state.ran = None;
        state.changes = Changes {
            lost: true,
            ..Changes::default()
        };
    }

    /// Keeps the last sweep for those who hear of a process that has ended since.
    pub fn saw(&self, snapshot: &Arc<Snapshot>) {
        self.state().seen = Some(Arc::clone(snapshot));
    }

    /// The last sweep.
    pub fn seen(&self) -> Option<Arc<Snapshot>> {
        self.state().seen.clone()
    }

    /// Tells the next sweep what was found beside the table.
    pub fn found(&self, shares: Shares) {
        self.state().shares = Arc::new(shares);
    }

    /// What was found beside the table last.
    pub fn shares(&self) -> Arc<Shares> {
        Arc::clone(&self.state().shares)
    }

    /// Who may have run since this was asked last; `None` at first, after a loss and while nobody listens: then anybody may.
    ///
    /// Whoever ran a moment ago may be told only the next time. There is one answer, so only one may ask: the index.
    pub fn ran_since(&self) -> Option<HashSet<Pid>> {
        let mut state = self.state();
        let heard = state.filler.is_some().then(HashSet::new);
        std::mem::replace(&mut state.ran, heard)
    }

    /// Adds to what will be taken next.
    pub fn note(&self, new: Changes) {
        let mut state = self.state();
        if new.lost {
            state.ran = None;
        }
        if let Some(ran) = &mut state.ran {
            ran.extend(new.ran.iter().chain(&new.born).chain(&new.renamed));
            if ran.len() > MOST {
                state.ran = None;
            }
        }
        let all = &mut state.changes;
        all.ran.extend(new.ran);
        all.born.extend(new.born);
        all.ended.extend(new.ended);
        all.renamed.extend(new.renamed);
        all.lost |= new.lost;
    }
}

/// Collects who ran, quickly: a switch is heard up to a million times a second, a set is asked only for a new process.
#[derive(Debug)]
pub struct Collector {
    /// The last process seen with each low part of a number.
    recent: Box<[u32; Self::RECENT]>,
    new: Changes,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            recent: Box::new([0; Self::RECENT]),
            new: Changes::default(),
        }
    }
}

impl Collector {
    const RECENT: usize = 1024;

    /// A thread of this process came on a core or left one.
    pub fn ran(&mut self, pid: Pid) {
        let slot = &mut self.recent[pid.0 as usize % Self::RECENT];
        if *slot != pid.0 && pid.0 != u32::MAX {
            *slot = pid.0;
            self.new.ran.insert(pid);
        }
    }

    /// A thread began.
    pub fn forked(&mut self, pid: Pid, tid: Tid) {
        if pid.0 == tid.0 {
            self.new.born.insert(pid);
        } else {
            self.new.ran.insert(pid);
        }
    }

    /// A thread ended.
    pub fn exited(&mut self, pid: Pid, tid: Tid) {
        self.new.ran.insert(pid);
        if pid.0 == tid.0 {
            self.new.ended.insert(pid);
        }
    }

    /// A thread executed a program or changed its name.
    pub fn renamed(&mut self, pid: Pid, tid: Tid, exec: bool) {
        if exec || pid.0 == tid.0 {
            self.new.renamed.insert(pid);
        }
        self.new.ran.insert(pid);
    }

    /// Events were lost.
    pub fn lost(&mut self) {
        self.new.lost = true;
    }

    /// Hands over what was collected.
    pub fn hand_over(&mut self, feed: &Feed) {
        let new = std::mem::take(&mut self.new);
        self.recent.fill(0);
        feed.note(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Filler(Feed, Collector);

    impl Drain for Filler {
        fn drain(&mut self) {
            self.1.ran(Pid(7));
            self.1.ran(Pid(7));
            self.1.ran(Pid(7 + 1024));
            self.1.ran(Pid(7));
            self.1.forked(Pid(9), Tid(9));
            self.1.forked(Pid(7), Tid(10));
            self.1.exited(Pid(9), Tid(9));
            self.1.hand_over(&self.0);
        }
    }

    #[test]
    fn a_sweep_takes_what_was_told_until_now() {
        let feed = Feed::default();
        assert_eq!(feed.take(), None);
        feed.fill_by(Some(Arc::new(Mutex::new(Filler(
            feed.clone(),
            Collector::default(),
        )))));
        let first = feed.take().expect("filled");
        assert!(first.lost, "nobody listened before");
        let next = feed.take().expect("filled");
        assert_eq!(
            next,
            Changes {
                ran: [7, 7 + 1024, 9].map(Pid).into(),
                born: [Pid(9)].into(),
                ended: [Pid(9)].into(),
                ..Changes::default()
            }
        );
        feed.fill_by(None);
        assert_eq!(feed.take(), None);
    }

    #[test]
    fn the_census_hears_who_ran_whether_or_not_a_sweep_takes_it() {
        let feed = Feed::default();
        let hears = |pid| Changes {
            ran: [Pid(pid)].into(),
            ..Changes::default()
        };
        feed.note(hears(1));
        assert_eq!(feed.ran_since(), None, "nobody listens");
        assert_eq!(feed.ran_since(), None);
        let filler = Filler(feed.clone(), Collector::default());
        feed.fill_by(Some(Arc::new(Mutex::new(filler))));
        feed.note(hears(2));
        assert_eq!(feed.ran_since(), None, "nor did anybody before this");
        feed.note(hears(3));
        feed.take();
        feed.note(hears(4));
        let heard = feed.ran_since().expect("somebody listens");
        assert!(heard.contains(&Pid(3)) && heard.contains(&Pid(4)));
        assert!(heard.contains(&Pid(9)), "it began: {heard:?}");
        feed.note(Changes {
            lost: true,
            ..hears(5)
        });
        feed.note(hears(6));
        assert_eq!(feed.ran_since(), None, "anybody may have run");
        assert_eq!(feed.ran_since(), Some(HashSet::new()));
        feed.note(Changes {
            ran: (0..=MOST as u32).map(Pid).collect(),
            ..Changes::default()
        });
        assert_eq!(feed.ran_since(), None, "not more than that are remembered");
        feed.fill_by(None);
        assert_eq!(feed.ran_since(), None);
    }
}
