//! A process and its descendants, counted in the kernel as one: whoever is forked by one of them is counted from the fork on,
//! however soon it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::id::{Nanos, Pid, Tid};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::phases::{Phase, Phases};
use crate::model::scheduling::spent::kin::Unlisted;
use crate::model::scheduling::spent::{Cause, Spent};
use crate::sys::bpf::program::Refused;
use crate::sys::clock;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::phases::{Counted, Tracing};
use crate::sys::scheduling::system_calls;

/// A reading serves all processes of one step.
const FRESH: Nanos = Nanos::from_millis(4);

/// The phases of all of them, shared by those who tell each process.
#[derive(Clone)]
pub struct Kin(Arc<Mutex<Shared>>);

struct Shared {
    tracing: Tracing,
    /// What was read last, by process.
    now: (Nanos, BTreeMap<Pid, Counted>),
    whole: (Nanos, BTreeMap<Pid, Counted>),
    unlisted: Unlisted,
    phases: Phases,
}

impl Kin {
    /// Begins to count these processes and whoever they fork.
    ///
    /// # Errors
    /// As [`Tracing::of_kin`].
    pub fn begin(root: &ProcRoot, pids: &[Pid]) -> Result<Self, Refused> {
        Ok(Self(Arc::new(Mutex::new(Shared {
            tracing: Tracing::of_kin(root, pids)?,
            now: Default::default(),
            whole: Default::default(),
            unlisted: Unlisted::default(),
            phases: Phases::begin(Phase::Ended, Nanos(0)),
        }))))
    }

    fn with<T>(&self, what: impl FnOnce(&mut Shared) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts another process too, which was forked before counting began and is found only now.
    pub fn add(&self, pid: Pid) {
        self.with(|shared| {
            let _ = shared.tracing.add(pid);
        });
    }

    /// What the threads of a process do now.
    ///
    /// # Errors
    /// `Unsupported` where the kernel does not read its maps out.
    pub(super) fn now(&self, of: Pid) -> Reading<BTreeMap<Tid, Phases>> {
        self.with(|shared| {
            shared.refresh()?;
            Ok(shared.now.1.get(&of).map(|c| c.threads.clone()))
        })
        .map(Option::unwrap_or_default)
    }

    /// What was counted of a process until now.
    ///
    /// # Errors
    /// As [`Self::now`].
    pub(super) fn read(&self, of: Pid) -> Reading<Counted> {
        self.with(|shared| {
            shared.refresh_whole()?;
            let known = shared.whole.1.get(&of).cloned();
            Ok(known.unwrap_or_else(|| Counted {
                at: shared.whole.0,
                ..Counted::default()
            }))
        })
    }

    /// As [`Tracing::forget`].
    pub(super) fn forget(&self, of: Pid, tid: Tid, phases: &Phases) {
        self.with(|shared| {
            shared.tracing.forget(tid, phases);
            for counted in [&mut shared.now.1, &mut shared.whole.1] {
                if let Some(of) = counted.get_mut(&of) {
                    of.threads.remove(&tid);
                }
            }
        });
    }

    /// As [`Tracing::lost`].
    pub fn lost(&self) -> u64 {
        self.with(|shared| shared.tracing.lost())
    }

    pub(super) fn room(&self) -> usize {
        self.with(|shared| shared.tracing.room())
    }

    pub(super) fn began(&self) -> Nanos {
        self.with(|shared| shared.tracing.began())
    }

    /// Who lives that is not followed.
    pub fn strangers(&self, followed: &BTreeSet<Pid>) -> Vec<Pid> {
        self.with(|shared| {
            if shared.refresh().is_err() {
                return Vec::new();
            }
            let all = shared.now.1.iter();
            let lives = |c: &Counted| c.threads.values().any(|p| p.now != Phase::Ended);
            all.filter(|(pid, counted)| !followed.contains(pid) && lives(counted))
                .map(|(pid, _)| *pid)
                .collect()
        })
    }

    /// Adds up whoever has ended and was not followed; `all`: whoever lives too, as nothing more will be counted.
    pub fn gather(&self, followed: &BTreeSet<Pid>, all: bool) {
        self.with(|shared| shared.gather(followed, all));
    }

    /// Those who were never followed, together; `None` where there was nobody.
    pub fn unlisted(&self) -> Option<Unlisted> {
        self.with(|shared| {
            let mut told = shared.unlisted.clone();
            told.spent = Spent::counted(&shared.phases, |site| {
                let name = site
                    .call
                    .and_then(|call| system_calls::name(call.number.into(), !call.narrow));
                vec![(Cause::at(site, name), 1)]
            });
            (told.processes > 0).then_some(told)
        })
    }
}

impl Shared {
    fn refresh(&mut self) -> Reading<()> {
        if self.now.0 == Nanos(0) || clock::now().since(self.now.0) > FRESH {
            let counted = self.tracing.now().map_err(|_| Missing::Unsupported)?;
            self.now = (counted.at, by_process(counted));
        }
        Ok(())
    }

    fn refresh_whole(&mut self) -> Reading<()> {
        if self.whole.0 == Nanos(0) || clock::now().since(self.whole.0) > FRESH {
            let counted = self.tracing.read().map_err(|_| Missing::Unsupported)?;
            self.whole = (counted.at, by_process(counted));
        }
        Ok(())
    }

    fn gather(&mut self, followed: &BTreeSet<Pid>, all: bool) {
        if self.refresh().is_err() {
            return;
        }
        let ended = |c: &Counted| c.threads.values().all(|p| p.now == Phase::Ended);
        let is =
            |(pid, counted): (&Pid, &Counted)| !followed.contains(pid) && (all || ended(counted));
        if !self.now.1.iter().any(is) || self.refresh_whole().is_err() {
            return;
        }
        let done: Vec<Pid> = self
            .whole
            .1
            .iter()
            .filter(|one| is(*one))
            .map(|(pid, _)| *pid)
            .collect();
        for pid in done {
            let Some(counted) = self.whole.1.remove(&pid) else {
                continue;
            };
            self.now.1.remove(&pid);
            let name = counted
                .owners
                .get(&Tid(pid.0))
                .or_else(|| counted.owners.values().next());
            let name = name.map(|owner| owner.name.clone()).unwrap_or_default();
            let mut sum = Phases::begin(Phase::Ended, Nanos(0));
            for (tid, phases) in &counted.threads {
                self.tracing.forget(*tid, phases);
                sum.add(&phases.clone().until(counted.at));
            }
            self.tracing.leave(pid);
            self.unlisted.add(name, sum.running);
            self.phases.add(&sum);
        }
    }
}

fn by_process(counted: Counted) -> BTreeMap<Pid, Counted> {
    let mut out: BTreeMap<Pid, Counted> = BTreeMap::new();
    for (tid, phases) in counted.threads {
        let owner = counted.owners.get(&tid).cloned().unwrap_or_default();
        let of = out.entry(owner.pid).or_default();
        of.at = counted.at;
        of.threads.insert(tid, phases);
        of.owners.insert(tid, owner);
    }
    out
}
