//! How many system calls every process makes, for the column: counted in the kernel while somebody shows it.

use std::collections::HashMap;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Pid, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::call_rates::{CallRates, Counts, Living};
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::call_counts::CallCounts;
use crate::sys::source::{Error, Probe, Source};

/// Counts, and knows what it told last.
pub struct Counting {
    counts: CallCounts,
    before: (Counts, Living),
    /// Who made calls and was among nobody who lived, at the reading before: who began a moment ago is not yet among them.
    unknown: HashMap<Pid, u8>,
}

impl Counting {
    /// Begins, where those live who are told of.
    ///
    /// # Errors
    /// `Denied` without the right, `Unsupported` in a PID namespace of its own and over a fixture.
    pub fn begin(root: &ProcRoot, living: Living) -> Reading<Self> {
        if !root.is_live() {
            return Err(Missing::Unsupported);
        }
        let counts = CallCounts::begin(root, cores::possible(root));
        let counts = counts.map_err(|why| Missing::from(&why.error))?;
        let first = counts.read()?;
        Ok(Self {
            counts,
            before: (first, living),
            unknown: HashMap::new(),
        })
    }

    /// What was called since this was asked last.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn told(&mut self, living: Living) -> Reading<CallRates> {
        /// At so many readings somebody is not among those who live before it is taken for ended.
        const ENDED: u8 = 3;
        let now = self.counts.read()?;
        let rates = CallRates::between((&self.before.0, &self.before.1), (&now, &living));
        let unknown = now.by.keys().filter(|pid| !living.contains_key(pid));
        let seen = |pid: &Pid| self.unknown.get(pid).copied().unwrap_or(0);
        self.unknown = unknown.map(|pid| (*pid, seen(pid) + 1)).collect();
        for pid in self.unknown.iter().filter(|(_, seen)| **seen >= ENDED) {
            self.counts.forget(*pid.0);
        }
        self.before = (now, living);
        Ok(rates)
    }
}

/// Who has which number, of these.
pub fn living(all: impl Iterator<Item = ProcId>) -> Living {
    all.map(|id| (id.pid, id)).collect()
}

/// Tells the calls of all processes, while somebody shows them.
pub struct CallRateSource {
    root: ProcRoot,
    feed: Feed,
    counting: Option<Reading<Counting>>,
}

impl CallRateSource {
    /// A source over a proc tree; the feed tells who lives.
    pub fn new(root: &ProcRoot, feed: Feed) -> Self {
        Self {
            root: root.clone(),
            feed,
            counting: None,
        }
    }

    fn living(&self) -> Living {
        let seen = self.feed.seen();
        let procs = seen.iter().flat_map(|seen| seen.procs.iter());
        living(procs.map(|p| p.id))
    }

    fn told(&mut self) -> Reading<CallRates> {
        let living = self.living();
        match &mut self.counting {
            Some(Ok(counting)) => counting.told(living),
            Some(Err(why)) => Err(*why),
            None => {
                let begun = Counting::begin(&self.root, living);
                let told = begun.as_ref().map_or_else(|why| *why, |_| Missing::Soon);
                self.counting = Some(begun);
                Err(told)
            }
        }
    }
}

impl Source<Detail> for CallRateSource {
    fn name(&self) -> &'static str {
        "call rates"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["calls a second"])
    }

    fn fills(&self) -> Needs {
        Needs::CALL_RATES
    }

    fn pace_ms(&self) -> u64 {
        0
    }

    fn rest(&mut self) {
        self.counting = None;
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let told = self.told();
        into.machine.call_rates = Some(Stamped::new(clock::now(), told));
        Ok(())
    }
}
