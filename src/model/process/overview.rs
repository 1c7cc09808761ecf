//! What the tab Overview tells of one process beyond its row of the table: the control block in short.

use super::isolation::group::Frozen;
use super::isolation::rights::Capabilities;
use crate::model::id::{Bytes, Nanos, Pid};
use crate::model::memory::region::Residency;
use crate::model::process::stat::Stat;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Moved, SchedStat};
use crate::model::text::SafeText;

/// The control block of one process in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// The path of the program.
    pub exe: Reading<SafeText>,
    /// The working directory.
    pub cwd: Reading<SafeText>,
    /// The directory that it takes for `/`.
    pub root: Reading<SafeText>,
    /// Its control group.
    pub cgroup: Reading<SafeText>,
    /// The frozen control group with which it stands still.
    pub frozen: Option<Frozen>,
    /// What `status` tells.
    pub status: Reading<Credentials>,
    /// Open descriptors.
    pub descriptors: Reading<u64>,
    /// What stdin, stdout and stderr are.
    pub standard: [Reading<SafeText>; 3],
    /// Limits with what is used of them.
    pub limits: Reading<Vec<Limit>>,
    /// Time on cores and waiting for one, and slices, over all its threads.
    pub schedule: Reading<Scheduled>,
    /// Bytes from and to storage.
    pub io: Reading<Moved>,
    /// Where its pages are, in sum.
    pub memory: Reading<Residency>,
    /// Since when its first thread has neither run nor been woken, as far as was seen.
    pub since: Option<Nanos>,
}

/// What `/proc/PID/status` tells of rights and memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Real, effective, saved and filesystem user.
    pub uids: [u32; 4],
    /// Capabilities that are in force, as a bit mask.
    pub capabilities: Capabilities,
    /// The highest capability that this kernel knows.
    pub last_capability: u32,
    /// It lives in another user namespace than pscope, and its capabilities hold only there.
    pub apart: bool,
    /// Which number its effective user has in that namespace.
    pub inside: Inside,
    /// Seccomp mode: 0 off, 1 strict, 2 filter.
    pub seccomp: u32,
    /// Who traces it: a debugger, strace.
    pub tracer: Option<Pid>,
    /// Whether it can gain no rights by executing a program.
    pub no_new_privileges: bool,
    /// Cores that it may run on, as the kernel lists them: `0-3,8`.
    pub cores: SafeText,
    /// The most it has held at once.
    pub peak: Option<Bytes>,
    /// Locked into memory.
    pub locked: Bytes,
    /// Switches of its first thread, voluntary and not.
    pub switches: u64,
    /// Caught, ignored and blocked signals.
    pub signals: [u32; 3],
    /// Signals that wait to be delivered.
    pub pending: u32,
}

/// Which number a user has in the user namespace that a process lives in; `user_namespaces(7)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inside {
    /// It is the namespace of pscope, or nobody said.
    #[default]
    Untold,
    /// None: no line of the map of the namespace has it.
    Unmapped,
    /// This one.
    As(u32),
}

impl Inside {
    /// In words; `None` where there is nothing to say.
    pub fn words(self) -> Option<String> {
        match self {
            Self::Untold => None,
            Self::Unmapped => Some("without a number in its own user namespace".to_owned()),
            // Number 0 has the rights there, whatever a file calls it.
            Self::As(0) => Some("root (0) in its own user namespace".to_owned()),
            Self::As(uid) => Some(format!("{uid} in its own user namespace")),
        }
    }
}

/// What its threads had of the cores, since they began and lately.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheduled {
    /// Since the threads began.
    pub total: SchedStat,
    /// Lately; missing at the first reading.
    pub lately: Reading<Lately>,
    /// How many threads were asked, of how many.
    pub threads: (usize, usize),
}

/// Rates over the last readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lately {
    /// Slices a second.
    pub slices: f64,
    /// Mean length of a slice; zero without any.
    pub mean: Nanos,
    /// Milliseconds a second in which a thread of it waited for a core.
    pub waiting_ms: f64,
}

/// A limit and how much of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name as the kernel has it: `Max open files`.
    pub name: &'static str,
    /// Used.
    pub used: u64,
    /// The soft limit; `None` for unlimited.
    pub soft: Option<u64>,
    /// Whether it counts bytes.
    pub bytes: bool,
}

impl Limit {
    /// Used share of the limit, 0..; `None` for unlimited.
    pub fn share(&self) -> Option<f64> {
        self.soft.map(|soft| self.used as f64 / soft.max(1) as f64)
    }

    /// Whether more than four fifths are used.
    pub fn is_near(&self) -> bool {
        self.share().is_some_and(|share| share > 0.8)
    }
}

impl Default for Overview {
    fn default() -> Self {
        let soon = Missing::Soon;
        Self {
            exe: Err(soon),
            cwd: Err(soon),
            root: Err(soon),
            cgroup: Err(soon),
            frozen: None,
            status: Err(soon),
            descriptors: Err(soon),
            standard: [Err(soon), Err(soon), Err(soon)],
            limits: Err(soon),
            schedule: Err(soon),
            io: Err(soon),
            memory: Err(soon),
            since: None,
        }
    }
}

impl Overview {
    /// What it is doing in words: `sleeping`, `sleeping, frozen with its control group /batch`.
    pub fn state_words(&self, stat: &Stat) -> String {
        let words = stat.state_words();
        match self.frozen.as_ref().filter(|_| stat.can_be_frozen()) {
            Some(frozen) => format!("{words}, {frozen}"),
            None => words.into_owned(),
        }
    }

    /// Each source with what came of it, by the name of its file below `/proc/PID`.
    pub fn sources(&self) -> [(&'static str, Result<(), Missing>); 9] {
        fn of<T>(reading: &Reading<T>) -> Result<(), Missing> {
            reading.as_ref().map(|_| ()).map_err(|why| *why)
        }
        [
            ("exe", of(&self.exe)),
            ("cwd", of(&self.cwd)),
            ("cgroup", of(&self.cgroup)),
            ("status", of(&self.status)),
            ("fd", of(&self.descriptors)),
            ("limits", of(&self.limits)),
            ("schedstat", of(&self.schedule)),
            ("io", of(&self.io)),
            ("smaps_rollup", of(&self.memory)),
        ]
    }
}

impl Credentials {
    /// The capabilities in words: `none`, `all but sys_resource`.
    pub fn capabilities_words(&self) -> String {
        self.capabilities.words_in(self.last_capability, self.apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_near_from_four_fifths_on() {
        let limit = |used, soft| Limit {
            name: "Max open files",
            used,
            soft,
            bytes: false,
        };
        assert!(limit(900, Some(1024)).is_near());
        assert!(!limit(500, Some(1024)).is_near());
        assert!(!limit(u64::MAX, None).is_near());
        assert!(limit(1, Some(0)).is_near());
    }
}
