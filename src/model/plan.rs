//! What is worth reading now: the union of what the visible panes and columns need.

use std::sync::Arc;

use super::id::{Nanos, ProcId, Tid};
use super::text::SafeText;

bitflags::bitflags! {
    /// Facts that cost something to read. A column or pane names what it needs; what nobody shows is never read.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Needs: u64 {
        /// Voluntary and involuntary switches, swap, kernel-thread mark: `/proc/PID/status`.
        const STATUS = 1;
        /// Bytes read and written: `/proc/PID/io`.
        const IO = 1 << 1;
        /// Control group: `/proc/PID/cgroup`.
        const CGROUP = 1 << 2;
        /// Proportional memory: `/proc/PID/smaps_rollup`.
        const PSS = 1 << 3;
        /// The out-of-memory score: `/proc/PID/oom_score`.
        const OOM = 1 << 4;
        /// Time on a core and waiting for one: `/proc/PID/schedstat`.
        const SCHEDSTAT = 1 << 5;
        /// Every thread of every process with more than one: `/proc/PID/task/*/stat`.
        const THREADS = 1 << 6;
        /// The command line of every process, not only of visible ones (filters and reports).
        const COMMANDS = 1 << 7;
        /// The path of the executable: the link `/proc/PID/exe`.
        const EXE = 1 << 9;
        /// What processes hold open, for the filters `port:` and `fd:`.
        const DESCRIPTORS = 1 << 8;

        /// Resident memory to the page: `/proc/PID/statm`; `stat` has it nearly.
        const RESIDENT = 1 << 11;

        /// What a process in state D waits for: `/proc/PID/wchan`. Of those alone, whoever shows it.
        const BLOCKED_ON = 1 << 12;

        /// How resident memory grew over the last minute; read with [`Self::RESIDENT`], no file of its own.
        const GROWTH = 1 << 13;
        /// What the first thread waits for: `/proc/PID/syscall` and `/proc/PID/wchan`.
        const WAITS_FOR = 1 << 14;

        /// What pscope itself costs.
        const OWN = 1 << 10;

        /// How many descriptors are open, and how many may be: `/proc/PID/fd`, `/proc/PID/limits`.
        const HELD = 1 << 40;
        /// Page faults a second, from what is read anyway.
        const FAULTS = 1 << 41;
        /// The facts of one control group: the files of its directory.
        const GROUP = 1 << 43;
        /// CPU shares over minutes: what was used is remembered while this is needed.
        const MEANS = 1 << 42;

        /// Focus: user land and kernel land in short.
        const OVERVIEW = 1 << 16;
        /// Focus: every mapping, classified.
        const REGIONS = 1 << 17;
        /// Focus: residency of every mapping (`smaps`).
        const RESIDENCY = 1 << 18;
        /// Focus: the descriptor table with peers.
        const FILES = 1 << 19;
        /// Focus: threads and what they wait for.
        const WAITS = 1 << 20;
        /// Focus: signal dispositions and masks.
        const SIGNALS = 1 << 21;
        /// Focus: environment.
        const ENVIRONMENT = 1 << 22;
        /// Focus: limits, namespaces, control group, capabilities.
        const LIMITS = 1 << 23;
        /// Focus: scheduling facts.
        const SCHEDULE = 1 << 24;
        /// Focus: sockets with their transport state.
        const SOCKETS = 1 << 25;
        /// Focus: where the time of its threads goes.
        const SPENT = 1 << 26;
        /// Focus: its system calls.
        const CALLS = 1 << 27;
        /// Focus: who wakes its threads.
        const WAKES = 1 << 28;

        /// Focus: where it takes pages at this moment.
        const PAGE_FAULTS = 1 << 29;

        /// Machine: the context switches of every core.
        const SWITCHES = 1 << 32;
        /// Machine: where memory went.
        const MEMORY = 1 << 33;
        /// Machine: disks and filesystems.
        const DISKS = 1 << 34;
        /// Machine: interfaces, listeners, connections.
        const NETWORK = 1 << 35;
        /// Machine: who talks to whom.
        const IPC = 1 << 36;
        /// Machine: graphics cards, and who uses them.
        const GPU = 1 << 38;
        /// Machine: every control group, also those that nobody is in.
        const HIERARCHY = 1 << 39;
        /// Machine: who wakes each thread, beside the context switches.
        const WAKE_UPS = 1 << 44;
        /// Machine: every request to a disk.
        const DISK_REQUESTS = 1 << 45;
        /// Machine: how many system calls every process makes.
        const CALL_RATES = 1 << 46;
        /// Machine: who begins and ends between two ticks.
        const BRIEF = 1 << 47;
        /// Machine: temperatures, fans, power.
        const SENSORS = 1 << 37;
    }
}

/// Whether single switches are wanted where there are so many that they are summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glimpse {
    /// Nobody looks that closely.
    #[default]
    No,
    /// For a moment of each second.
    Each,
    /// Once, not before this.
    Once(Nanos),
}

impl Glimpse {
    /// What somebody else wants beside it.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::No { other } else { self }
    }
}

/// What to read at the next tick, and of whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Needed of the processes in `visible`, of `focus`, and of the machine.
    pub needs: Needs,
    /// Needed of every process, since it is sorted or filtered by.
    pub of_all: Needs,
    /// The processes whose rows are on the screen.
    pub visible: Arc<[ProcId]>,
    /// The process that the inspector shows.
    pub focus: Option<ProcId>,
    /// The control group that is inspected, by its path as the kernel tells it, and one who is in it; `None` where nobody is.
    pub group: Option<(SafeText, Option<ProcId>)>,
    /// The processes of whose end a person wants to hear: the selected and the tagged ones.
    pub watched: Arc<[ProcId]>,
    /// Of `focus`: the descriptors on the screen, which are read before the thousands that are not.
    pub descriptors: Arc<[u32]>,
    /// Of `focus`: the threads on the screen, likewise.
    pub threads: Arc<[Tid]>,
    /// The pace.
    pub interval: Nanos,
    /// What recording switches may cost, in percent of one core, or in tenths of that of the machine; 0: what is usual.
    pub recording_budget: u8,
    /// How often a new view of the time slices is worth drawing; zero where nobody looks at them closely.
    pub lane_pace: Nanos,
    /// Whether each single slice is kept: those of a view come before any of them is forgotten.
    pub every_slice: bool,
    /// Whether single switches are looked at, where sums stand for them.
    pub glimpse: Glimpse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_glimpses_the_one_that_is_wanted_counts() {
        let once = Glimpse::Once(Nanos(7));
        for (one, other, wanted) in [
            (Glimpse::No, Glimpse::No, Glimpse::No),
            (Glimpse::No, once, once),
            (once, Glimpse::No, once),
            (Glimpse::Each, once, Glimpse::Each),
        ] {
            assert_eq!(one.or(other), wanted);
        }
    }
}
