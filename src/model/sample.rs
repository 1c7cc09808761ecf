//! What one sweep heard: cumulative counters, as the kernel told them. Only `between` turns two samples into rates.

mod command;
mod growth;
mod optional;
mod shares;
mod system;

use std::sync::Arc;

use super::acting::Fate;
use super::id::{Bytes, Nanos, Pid, ProcId, ThreadId, Ticks, Uid};
use super::machine::topology::Topology;
use super::process::stat::Stat;
use super::reading::{Missing, Reading};
use super::text::SafeText;
use super::zone::Zone;

pub use command::Command;
pub use growth::Growth;
pub use optional::OptionalStats;
pub(crate) use optional::optional_stats;
pub use shares::{Shares, Traffic};
pub use system::{CoreSample, Flow, Memory, Pressure, SystemSample};

/// One sweep.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// When it was taken, `CLOCK_MONOTONIC`. It is what the tick is known by: a sample of the same moment is the same tick,
    /// perhaps with more that was read for it later.
    pub at: Nanos,
    /// The pace that was asked for; rates over more than three of it are not shown.
    pub interval: Nanos,
    /// What does not change while the machine runs.
    pub machine: Arc<Machine>,
    /// The machine's counters.
    pub system: SystemSample,
    /// Every process, by ascending pid.
    pub tasks: Vec<TaskSample>,
    /// Threads of the processes whose threads are shown, by ascending (pid, tid); empty while nobody needs them.
    pub threads: Vec<ThreadSample>,
    /// How those ended who were watched, for as long as they are.
    pub endings: Arc<[(ProcId, Reading<Fate>)]>,
    /// Who ended since the last sweep, and how, by ascending pid, those of a moment's life among them; `None` where the
    /// kernel does not tell.
    pub ends: Option<Arc<[(Pid, Fate)]>>,
    /// Who began and ended without a sweep that saw them; `None` where nobody asked for that. Recordings do not have it.
    pub brief: Option<Reading<Arc<[Brief]>>>,
    /// How the sweep found what changed.
    pub mode: Mode,
    /// How many processes it read for that.
    pub read: u32,
    /// Sources that failed whole.
    pub faults: Vec<Fault>,
    /// What pscope itself has cost so far, where it was asked for.
    pub own: Option<OwnSample>,
    /// What was found beside the table.
    pub shares: Arc<Shares>,
    /// Whether the sweep counts what ended children had used ([`TaskSample::seen`]).
    pub counts_ended: bool,
    /// Why what nobody has read is not there: it is to come, or it is of a recording, in which it is not.
    pub unread: Missing,
}

/// A process that began and ended between two sweeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its number.
    pub pid: Pid,
    /// Who made it.
    pub parent: Pid,
    /// The name that it had last; without a program of its own that of its parent.
    pub name: SafeText,
}

/// What pscope itself has cost since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnSample {
    /// Time of all its threads on a core.
    pub cpu: Nanos,
    /// Its resident memory.
    pub resident: Bytes,
    /// Its system calls: those that read and write as the kernel counts them, and those by which a sweep opens, lists, looks
    /// and listens as it counts them itself.
    pub calls: Reading<u64>,
    /// What it wrote, which goes to the terminal.
    pub written: Reading<Bytes>,
}

/// How a sweep finds what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every process is read.
    #[default]
    Scan,
    /// Births and deaths are told by the kernel; every process is read through a kept descriptor.
    Connector,
    /// Only what ran, began, changed or ended is read, and what is on the screen.
    ///
    /// A process off the screen that was woken and waits for its first turn on a core is still told as sleeping: the kernel
    /// tells of it when it gets the core, or it is read in its turn within half a minute.
    Events,
}

impl Mode {
    /// The mode of this name.
    ///
    /// # Errors
    /// Names the modes that there are.
    pub fn find(word: &str) -> Result<Self, String> {
        let all = [Self::Events, Self::Connector, Self::Scan];
        all.into_iter()
            .find(|mode| mode.word() == word)
            .ok_or_else(|| {
                let known = all.map(Self::word).join(", ");
                format!("there is no way '{word}'; ways are {known}")
            })
    }

    /// The mode as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Connector => "connector",
            Self::Events => "events",
        }
    }
}

/// A source that could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub source: &'static str,
    /// What it said, with path and item.
    pub why: SafeText,
}

/// Facts of the machine that stay while it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its name on the network.
    pub host: SafeText,
    /// Kernel release, such as `6.18.44`.
    pub kernel: SafeText,
    /// Clock ticks a second, the unit of [`Ticks`].
    pub ticks_per_second: u64,
    /// Bytes a page.
    pub page_size: u64,
    /// When the kernel booted, milliseconds after the Unix epoch.
    pub boot_unix_ms: u64,
    /// The highest pid that the kernel gives out; rows are laid out for its digits.
    pub pid_max: u32,
    /// How far the clock on the wall is ahead of UTC, by the rule of each day.
    pub zone: Zone,
    /// Where its cores stand; empty in recordings.
    pub topology: Topology,
}

impl Machine {
    /// Ticks as nanoseconds.
    pub fn nanos(&self, ticks: Ticks) -> Nanos {
        Nanos(
            (u128::from(ticks.0) * 1_000_000_000 / u128::from(self.ticks_per_second.max(1))) as u64,
        )
    }

    /// The moment of a tick after boot, in milliseconds after the Unix epoch.
    pub fn unix_ms(&self, after_boot: Ticks) -> u64 {
        self.boot_unix_ms
            .saturating_add(self.nanos(after_boot).0 / 1_000_000)
    }
}

/// One process as a sweep found it.
#[derive(Debug)]
pub struct TaskSample {
    /// Who it is.
    pub id: ProcId,
    /// Its counters.
    pub stat: Stat,
    /// Of [`Stat::children`] as much as had been seen in those children themselves while they lived; never a greater part
    /// than the kernel has added since it was first read.
    pub seen: Ticks,
    /// What changes only at exec or setuid.
    pub facts: Arc<Facts>,
    /// What costs more; `None` while nobody needs it.
    pub extra: Option<Arc<OptionalStats>>,
}

/// What changes only when a process executes a program or changes its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The name that the kernel keeps (at most 15 bytes).
    pub name: SafeText,
    /// The arguments it was started with; empty for kernel threads and zombies.
    pub command: Reading<Command>,
    /// Its effective user.
    pub uid: Reading<Uid>,
    /// That user's name, or the number where there is none.
    pub user: SafeText,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            name: SafeText::default(),
            command: Err(Missing::Soon),
            uid: Err(Missing::Soon),
            user: SafeText::default(),
        }
    }
}

/// How much later than the tick it belongs to each counter was read: at a tick 0, and more where it was asked for between
/// two ticks. Rates are of the time that passed between two readings, not between two ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct After {
    /// Of [`OptionalStats::status`].
    pub status: Nanos,
    /// Of [`OptionalStats::io`].
    pub io: Nanos,
    /// Of [`OptionalStats::schedstat`].
    pub schedstat: Nanos,
}

/// What a process holds open, as the filters `fd:` and `port:` ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Where its descriptors lead: paths, `pipe:[1234]`, `socket:[1234]`; each once, ascending.
    pub targets: Vec<SafeText>,
    /// Local and remote ports of its sockets; each once, ascending.
    pub ports: Vec<u16>,
    /// The ports that it owns, ascending: where it listens, and where its UDP sockets are bound without a partner.
    pub owned: Vec<u16>,
}

/// How many descriptors a process holds and may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many are open.
    pub open: u64,
    /// The soft limit; `None` where there is none.
    pub limit: Option<u64>,
}

/// Means over the last minutes, or over as much of them as has been looked at, in hundredths of a percent of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// Over one minute.
    pub minute: u64,
    /// Over five.
    pub five: u64,
}

/// Counters of `/proc/PID/status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Switches because it blocked or slept.
    pub voluntary: u64,
    /// Switches because the kernel took the core.
    pub involuntary: u64,
    /// Swapped memory.
    pub swap: Bytes,
}

/// What a process moved since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Io {
    /// As `/proc/PID/io` adds it up: the threads that live, those that ended, and every child that was waited for, with
    /// all that the child ever moved.
    pub all: Moved,
    /// The threads that live alone, from `/proc/PID/task/TID/io`; `None` where no child was waited for, so that all is
    /// its own.
    pub living: Option<Moved>,
}

/// Bytes moved from and to storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Bytes fetched from storage.
    pub read: Bytes,
    /// Bytes sent to storage, less those truncated away before.
    pub written: Bytes,
}

impl Io {
    /// What a process without children moved.
    pub fn alone(read: Bytes, written: Bytes) -> Self {
        Self {
            all: Moved { read, written },
            living: None,
        }
    }
}

impl std::ops::Add for Moved {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            read: Bytes(self.read.0.saturating_add(other.read.0)),
            written: Bytes(self.written.0.saturating_add(other.written.0)),
        }
    }
}

impl Moved {
    /// What was moved beyond `before`; nothing where a counter went back.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            read: Bytes(self.read.0.saturating_sub(before.read.0)),
            written: Bytes(self.written.0.saturating_sub(before.written.0)),
        }
    }
}

/// Counters of `schedstat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedStat {
    /// Time on a core.
    pub run: Nanos,
    /// Time waiting for a core.
    pub wait: Nanos,
    /// Number of slices.
    pub slices: u64,
}

/// One thread as a sweep found it.
#[derive(Clone, Debug)]
pub struct ThreadSample {
    /// Whose it is.
    pub of: ProcId,
    /// Which it is.
    pub id: ThreadId,
    /// Its name.
    pub name: SafeText,
    /// Its counters; times are its own.
    pub stat: Stat,
    /// How much later than the tick they were read.
    pub after: Nanos,
}

impl Clone for TaskSample {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            stat: self.stat,
            seen: self.seen,
            facts: Arc::clone(&self.facts),
            extra: self.extra.clone(),
        }
    }

    /// Leaves the counts of what is shared alone where both share the same: they lie all over the memory.
    fn clone_from(&mut self, source: &Self) {
        (self.id, self.stat, self.seen) = (source.id, source.stat, source.seen);
        if !Arc::ptr_eq(&self.facts, &source.facts) {
            self.facts = Arc::clone(&source.facts);
        }
        let same = match (&self.extra, &source.extra) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        if !same {
            self.extra.clone_from(&source.extra);
        }
    }
}

impl TaskSample {
    /// The parent's number.
    pub fn ppid(&self) -> Pid {
        self.stat.ppid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_find_what_changed_is_found_by_its_word() {
        for mode in [Mode::Events, Mode::Connector, Mode::Scan] {
            assert_eq!(Mode::find(mode.word()), Ok(mode));
        }
        let said = Mode::find("x").err().unwrap_or_default();
        assert!(said.starts_with("there is no way 'x'; ways are "), "{said}");
    }

    #[test]
    fn a_sample_is_copied_into_another_whatever_that_was() {
        let with = |extra: Option<Arc<OptionalStats>>, pid: u32| TaskSample {
            id: ProcId::new(pid, 1),
            extra,
            ..crate::model::scene::Scene::new().task(pid, 1, "x").clone()
        };
        let (one, other) = (
            Arc::new(OptionalStats::default()),
            Arc::new(OptionalStats::default()),
        );
        let all = [None, Some(one), Some(other)];
        for from in &all {
            for into in &all {
                let (source, mut target) = (with(from.clone(), 7), with(into.clone(), 8));
                target.clone_from(&source);
                let same = match (&target.extra, from) {
                    (Some(copied), Some(of)) => Arc::ptr_eq(copied, of),
                    (copied, of) => copied.is_none() && of.is_none(),
                };
                assert!(same && Arc::ptr_eq(&target.facts, &source.facts));
                assert_eq!((target.id, target.ppid()), (source.id, Pid(1)));
            }
        }
    }
}
