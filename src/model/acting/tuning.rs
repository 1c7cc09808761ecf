//! The tunables beside signals: nice, affinity, I/O priority, scheduling policy. Plain words and the kernel's rules for them.
//!
//! See `setpriority(2)`, `sched_setaffinity(2)`, `ioprio_set(2)`, `sched(7)`. Changes nothing.

mod cores;
mod forecast;

use std::fmt;

pub use cores::CoreSet;
pub use forecast::Forecast;

use crate::model::id::{ProcId, Uid};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// What can be changed of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tunable {
    /// Its weight among normal tasks.
    #[default]
    Nice,
    /// The cores that it may run on.
    Affinity,
    /// Its turn at disks.
    Io,
    /// How the kernel schedules it.
    Policy,
}

/// A value of a tunable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// -20, the most, to 19, the least.
    Nice(i32),
    /// These cores.
    Affinity(CoreSet),
    /// This class and level.
    Io(IoPriority),
    /// This policy and real-time priority.
    Policy(Scheduling),
}

impl Setting {
    /// Which tunable it is of.
    pub fn tunable(&self) -> Tunable {
        match self {
            Self::Nice(_) => Tunable::Nice,
            Self::Affinity(_) => Tunable::Affinity,
            Self::Io(_) => Tunable::Io,
            Self::Policy(_) => Tunable::Policy,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nice(nice) => write!(f, "nice {nice}"),
            Self::Affinity(cores) => write!(f, "cores {cores}"),
            Self::Io(io) => write!(f, "I/O {io}"),
            Self::Policy(scheduling) => write!(f, "{scheduling}"),
        }
    }
}

/// A class of I/O priority and the level in it, 0 (first) to 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoPriority {
    /// The class.
    pub class: IoClass,
    /// The level; 0 for classes that have none.
    pub level: u8,
}

/// A class of I/O priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IoClass {
    /// None was set: the kernel derives it from nice.
    #[default]
    None,
    /// Before all others.
    RealTime,
    /// In turn.
    BestEffort,
    /// Only when nobody else wants the disk.
    Idle,
}

impl IoClass {
    /// All, in the kernel's order.
    pub const ALL: [Self; 4] = [Self::None, Self::RealTime, Self::BestEffort, Self::Idle];

    /// The class as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::RealTime => "realtime",
            Self::BestEffort => "best-effort",
            Self::Idle => "idle",
        }
    }

    /// What it means.
    pub fn about(self) -> &'static str {
        match self {
            Self::None => "derived from nice",
            Self::RealTime => "before everybody else; can starve them",
            Self::BestEffort => "in turn, level 0 first",
            Self::Idle => "only when nobody else wants the disk",
        }
    }

    /// Whether it has levels.
    pub fn has_levels(self) -> bool {
        matches!(self, Self::RealTime | Self::BestEffort)
    }
}

impl IoPriority {
    /// From the kernel's number: the class above 13 bits of level.
    pub fn from_raw(raw: u32) -> Self {
        let class = IoClass::ALL.get((raw >> 13) as usize & 7).copied();
        let class = class.unwrap_or_default();
        let level = if class.has_levels() { raw as u8 & 7 } else { 0 };
        Self { class, level }
    }

    /// The kernel's number.
    pub fn raw(self) -> u32 {
        let class = IoClass::ALL.iter().position(|c| *c == self.class);
        let level = if self.class.has_levels() {
            self.level
        } else {
            0
        };
        ((class.unwrap_or(0) as u32) << 13) | u32::from(level)
    }
}

impl fmt::Display for IoPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class.word())?;
        if self.class.has_levels() {
            write!(f, " {}", self.level)?;
        }
        Ok(())
    }
}

/// A scheduling policy and its real-time priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// The policy.
    pub policy: Policy,
    /// 1 to 99 for the real-time policies, else 0.
    pub priority: u8,
}

/// A scheduling policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Shared fairly by nice.
    #[default]
    Normal,
    /// As normal, in longer turns.
    Batch,
    /// Only what is left over.
    Idle,
    /// Real time, until it blocks.
    Fifo,
    /// Real time, in turns.
    RoundRobin,
    /// One that pscope does not set, such as DEADLINE (6).
    Other(u32),
}

impl Policy {
    /// Those that can be chosen.
    pub const ALL: [Self; 5] = [
        Self::Normal,
        Self::Batch,
        Self::Idle,
        Self::Fifo,
        Self::RoundRobin,
    ];

    /// From the kernel's number (`SCHED_*`).
    pub fn from_raw(raw: u32) -> Self {
        match raw {
            0 => Self::Normal,
            1 => Self::Fifo,
            2 => Self::RoundRobin,
            3 => Self::Batch,
            5 => Self::Idle,
            other => Self::Other(other),
        }
    }

    /// The kernel's number.
    pub fn raw(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::Fifo => 1,
            Self::RoundRobin => 2,
            Self::Batch => 3,
            Self::Idle => 5,
            Self::Other(other) => other,
        }
    }

    /// The policy as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Batch => "BATCH",
            Self::Idle => "IDLE",
            Self::Fifo => "FIFO",
            Self::RoundRobin => "RR",
            Self::Other(6) => "DEADLINE",
            Self::Other(_) => "other",
        }
    }

    /// What it means.
    pub fn about(self) -> &'static str {
        match self {
            Self::Normal => "shares the cores fairly, by nice",
            Self::Batch => "as normal, in longer turns: for work that computes",
            Self::Idle => "runs on what is left over",
            Self::Fifo => "real time: runs until it blocks; can starve a core",
            Self::RoundRobin => "real time: in turns with its equals",
            Self::Other(_) => "not set by pscope",
        }
    }

    /// Whether it has a priority of its own.
    pub fn is_real_time(self) -> bool {
        matches!(self, Self::Fifo | Self::RoundRobin)
    }
}

impl fmt::Display for Scheduling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.policy.word())?;
        if self.policy.is_real_time() {
            write!(f, " {}", self.priority)?;
        }
        Ok(())
    }
}

/// How a process stands before a tunable is moved: its values now, and what the kernel would allow.
#[derive(Clone, Debug, PartialEq)]
pub struct Footing {
    /// Who it is.
    pub id: ProcId,
    /// The name that the kernel keeps.
    pub name: SafeText,
    /// Its real user.
    pub uid: Reading<Uid>,
    /// How many threads it has; a change goes to each.
    pub threads: usize,
    /// Its nice value.
    pub nice: Reading<i32>,
    /// The cores that it may run on.
    pub cores: Reading<CoreSet>,
    /// Its I/O priority.
    pub io: Reading<IoPriority>,
    /// Its policy.
    pub scheduling: Reading<Scheduling>,
    /// The lowest nice value that its limit allows (`RLIMIT_NICE`).
    pub lowest_nice: i32,
    /// The highest real-time priority that its limit allows (`RLIMIT_RTPRIO`).
    pub highest_priority: u8,
    /// Whether it belongs to our user.
    pub ours: bool,
    /// Whether we may do as we like (`CAP_SYS_NICE`).
    pub privileged: bool,
    /// Whether it is there at all.
    pub there: Reading<()>,
}

impl Default for Footing {
    /// A process of ours with one thread of which nothing else is known.
    fn default() -> Self {
        Self {
            id: ProcId::default(),
            name: SafeText::default(),
            uid: Err(Missing::Soon),
            threads: 1,
            nice: Err(Missing::Soon),
            cores: Err(Missing::Soon),
            io: Err(Missing::Soon),
            scheduling: Err(Missing::Soon),
            lowest_nice: 20,
            highest_priority: 0,
            ours: true,
            privileged: false,
            there: Ok(()),
        }
    }
}

impl Footing {
    /// The value of a tunable now.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn now(&self, tunable: Tunable) -> Reading<Setting> {
        match tunable {
            Tunable::Nice => self.nice.map(Setting::Nice),
            Tunable::Affinity => self.cores.clone().map(Setting::Affinity),
            Tunable::Io => self.io.map(Setting::Io),
            Tunable::Policy => self.scheduling.map(Setting::Policy),
        }
    }
}

/// What a change did to one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Whom.
    pub id: ProcId,
    /// The name that the kernel keeps.
    pub name: SafeText,
    /// What its first thread had before.
    pub before: Reading<Setting>,
    /// How many threads were changed, or why none was.
    pub done: Reading<usize>,
    /// How many threads it has.
    pub threads: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_and_policy_says_what_it_means() {
        let with: Vec<IoClass> = IoClass::ALL
            .into_iter()
            .filter(|c| c.has_levels())
            .collect();
        assert_eq!(with, [IoClass::RealTime, IoClass::BestEffort]);
        let classes = IoClass::ALL.map(IoClass::about);
        let policies = [0, 1, 2, 3, 5, 6].map(|raw| Policy::from_raw(raw).about());
        for all in [&classes[..], &policies] {
            for (at, about) in all.iter().enumerate() {
                assert!(about.contains(' ') && !all[..at].contains(about), "{about}");
            }
        }
    }

    #[test]
    fn kernel_numbers_read_back() {
        for class in IoClass::ALL {
            let level = if class.has_levels() { 5 } else { 0 };
            let io = IoPriority { class, level };
            assert_eq!(IoPriority::from_raw(io.raw()), io);
        }
        assert_eq!(
            IoPriority::from_raw(2 << 13 | 4).to_string(),
            "best-effort 4"
        );
        assert_eq!(IoPriority::from_raw(7 << 13), IoPriority::default());
        for policy in Policy::ALL {
            assert_eq!(Policy::from_raw(policy.raw()), policy);
        }
        let (policy, priority) = (Policy::Fifo, 10);
        assert_eq!(Scheduling { policy, priority }.to_string(), "FIFO 10");
    }
}
