//! What the inspector and the system views show beyond the process table, each part read at its own pace.

use std::sync::Arc;

use super::acting::signal::SignalState;
use super::descriptors::descriptor::Files;
use super::descriptors::ipc::Ipc;
use super::groups::facts::GroupFacts;
use super::groups::frozen::Frozen;
use super::groups::unit::Names;
use super::id::{Nanos, ProcId};
use super::machine::disk::Disks;
use super::machine::gpu::Gpus;
use super::machine::memory::MachineMemory;
use super::machine::requests::Requests;
use super::machine::sensor::Sensors;
use super::memory::faults::PageFaults;
use super::memory::region::AddressSpace;
use super::network::Network;
use super::plan::Needs;
use super::process::environment::Environment;
use super::process::isolation::Isolation;
use super::process::overview::Overview;
use super::process::threads::Threads;
use super::reading::{Missing, Reading};
use super::sample::{Fault, Shares};
use super::scheduling::call_rates::CallRates;
use super::scheduling::calls::Calls;
use super::scheduling::schedule::Schedule;
use super::scheduling::spent::TimeSpent;
use super::scheduling::wakes::Wakes;
use super::text::SafeText;

/// A part of [`Detail`]: `None` until it was read once.
pub type Slot<T> = Option<Stamped<T>>;

/// A value, or why there is none, and when that was found.
#[derive(Debug)]
pub struct Stamped<T> {
    /// When it was read, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// What was read.
    pub value: Reading<Arc<T>>,
}

impl<T> Clone for Stamped<T> {
    fn clone(&self) -> Self {
        Self {
            at: self.at,
            value: self.value.clone(),
        }
    }
}

impl<T> Stamped<T> {
    /// A value just read.
    pub fn new(at: Nanos, value: Reading<T>) -> Self {
        Self {
            at,
            value: value.map(Arc::new),
        }
    }
}

/// A source whose readings cost so much that they are rare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// What it fills.
    pub of: Needs,
    /// Its name.
    pub what: &'static str,
    /// How much time passes between two readings.
    pub every: Nanos,
}

/// Facts of the process in focus and of the machine, immutable once published.
///
/// A source adds its field here. Fields about the process in focus belong to `of` and are dropped when the focus moves.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// When it was published, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// The process that the fields about one process describe.
    pub of: Option<ProcId>,
    /// What keeps it could not be read in time, so that nothing of it is known.
    pub unreadable: bool,
    /// Focus: its descriptors.
    pub files: Slot<Files>,
    /// Sources that failed whole.
    pub faults: Vec<Fault>,
    /// What is read more seldom than the ticks because a reading takes long.
    pub slow: Vec<Slow>,
    /// Its threads.
    pub threads: Slot<Threads>,
    /// What its program began with.
    pub environment: Slot<Environment>,
    /// What confines it.
    pub isolation: Slot<Isolation>,
    /// How the kernel schedules it.
    pub schedule: Slot<Schedule>,
    /// Where the time of its threads went lately.
    pub spent: Slot<TimeSpent>,
    /// Its system calls lately.
    pub calls: Slot<Calls>,
    /// Who woke its threads lately.
    pub wakes: Slot<Wakes>,
    /// What it does with signals.
    pub signals: Slot<SignalState>,
    /// What the system views show.
    pub machine: MachineDetail,
    /// Its control block in short.
    pub overview: Slot<Overview>,
    /// Its address space.
    pub regions: Slot<AddressSpace>,
    /// Which regions take pages lately.
    pub page_faults: Slot<PageFaults>,
}

/// Facts of the machine for the system views; they stay when the focus moves.
#[derive(Clone, Debug, Default)]
pub struct MachineDetail {
    /// Who talks to whom.
    pub ipc: Slot<Ipc>,
    /// Interfaces, routes, sockets.
    pub network: Slot<Network>,
    /// Where memory went.
    pub memory: Slot<MachineMemory>,
    /// Disks and filesystems.
    pub disks: Slot<Disks>,
    /// Requests to disks lately.
    pub requests: Slot<Requests>,
    /// Temperatures, fans and power.
    pub sensors: Slot<Sensors>,
    /// Graphics cards.
    pub gpus: Slot<Gpus>,
    /// How many system calls every process makes.
    pub call_rates: Slot<CallRates>,
    /// The control group that is inspected.
    pub group: Slot<GroupFacts>,
    /// What containers are called.
    pub containers: Arc<Names>,
    /// The paths of all control groups.
    pub hierarchy: Arc<[SafeText]>,
    /// Which of them are frozen, and who with them.
    pub frozen: Arc<Frozen>,
}

impl MachineDetail {
    /// What columns of the table show of this at a moment of the past: what was read long before it is not told.
    pub fn shares_at(&self, at: Nanos) -> Shares {
        /// A recording of details reads the network every half a minute.
        const LASTING: u64 = 60_000_000_000;
        let mut shares = self.shares(Nanos(at.0.saturating_sub(LASTING)));
        shares.unread = Missing::Unrecorded;
        for why in [
            shares.traffic.as_mut().err(),
            shares.gpus.as_mut().err(),
            shares.calls.as_mut().err(),
        ] {
            if let Some(why @ Missing::Soon) = why {
                *why = Missing::Unrecorded;
            }
        }
        shares
    }

    /// What columns of the table show of this; what was read before `since` is told as not read.
    pub fn shares(&self, since: Nanos) -> Shares {
        fn fresh<T>(slot: Option<&Stamped<T>>, since: Nanos) -> Reading<Arc<T>> {
            match slot {
                None => Err(Missing::Soon),
                Some(slot) if slot.at < since => Err(Missing::Gap),
                Some(slot) => slot.value.clone(),
            }
        }
        Shares {
            traffic: fresh(self.network.as_ref(), since).and_then(|network| network.traffic()),
            names: Arc::clone(&self.containers),
            groups: Arc::clone(&self.hierarchy),
            frozen: Arc::clone(&self.frozen),
            gpus: fresh(self.gpus.as_ref(), since),
            calls: fresh(self.call_rates.as_ref(), since),
            unread: Missing::Soon,
        }
    }
}

impl Detail {
    /// An empty detail of another process that keeps what is known of the machine.
    #[must_use]
    pub fn refocused(&self, of: Option<ProcId>) -> Self {
        Self {
            at: self.at,
            of,
            machine: self.machine.clone(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_at_the_moment_that_is_asked_for_is_still_told() {
        let detail = MachineDetail {
            gpus: Some(Stamped {
                at: Nanos(1000),
                value: Ok(Arc::default()),
            }),
            ..MachineDetail::default()
        };
        assert!(detail.shares(Nanos(1000)).gpus.is_ok());
        assert_eq!(detail.shares(Nanos(1001)).gpus.err(), Some(Missing::Gap));
        let none = MachineDetail::default().shares(Nanos(0));
        assert_eq!(none.gpus.err(), Some(Missing::Soon));
    }
}
