//! The verdict: which resource holds the machine back now, how badly, since when, and which processes are behind it.
//!
//! It is silent while nothing does. A verdict begins at its threshold and ends at half of it, so that it does not flicker.

pub mod blind;
mod contributors;
mod judge;
mod moment;

pub use judge::Judge;

use crate::model::format;
use crate::model::id::Nanos;

/// What can hold a machine back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// Tasks wait for a core.
    Cpu,
    /// Tasks wait for memory: reclaim, swap, refaults.
    Memory,
    /// Tasks wait for disks.
    Io,
    /// The hypervisor gives the cores to other machines.
    Steal,
    /// Memory is nearly used up and there is no swap left to go to.
    Full,
}

impl Bottleneck {
    /// The bottleneck in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "CPU-bound",
            Self::Memory => "memory-bound",
            Self::Io => "I/O-bound",
            Self::Steal => "steal",
            Self::Full => "memory full",
        }
    }

    /// From which percentage on it is one.
    pub fn begins(self) -> f32 {
        let known = THRESHOLDS.iter().find(|(of, ..)| *of == self);
        known.map_or(100.0, |(_, limit, _)| *limit)
    }

    /// Below which percentage it is none any more, so that a verdict does not flicker.
    pub fn ends(self) -> f32 {
        let share = if self == Self::Full { 0.98 } else { 0.5 };
        self.begins() * share
    }
}

/// What the percentage of a verdict was measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The kernel's pressure accounting, over the last 10 s.
    Pressure,
    /// What each tick of the last 10 s found, where the kernel accounts no pressure.
    Ticks,
    /// The periods of a quota over the last 10 s.
    Quota,
    /// The state now.
    Now,
}

/// Each bottleneck with the percentage from which it is one, and what that percentage is.
pub const THRESHOLDS: [(Bottleneck, f32, &str); 5] = [
    (
        Bottleneck::Cpu,
        20.0,
        "of the last 10 s some task waited for a core (pressure, cpu some avg10); without pressure accounting: of the ticks in the last 10 s more tasks could run than there are cores",
    ),
    (
        Bottleneck::Memory,
        5.0,
        "of the last 10 s some task waited for memory (pressure, memory some avg10); without pressure accounting: of the ticks in the last 10 s programs searched for memory themselves or took pages back from swap",
    ),
    (
        Bottleneck::Io,
        10.0,
        "of the last 10 s some task waited for I/O (pressure, io some avg10); without pressure accounting: of the ticks in the last 10 s some task was blocked on I/O",
    ),
    (
        Bottleneck::Steal,
        10.0,
        "of the cores' time was taken by the hypervisor (steal)",
    ),
    (
        Bottleneck::Full,
        95.0,
        "of memory and swap together is in use",
    ),
];

/// What is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The machine.
    Machine,
    /// Our own control group, by a limit of its own: the machine at large has no such bottleneck.
    Group,
}

/// What holds the machine back, or only our own control group.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whose bottleneck it is.
    pub scope: Scope,
    /// What.
    pub of: Bottleneck,
    /// What the percentage was measured by.
    pub basis: Basis,
    /// How badly, in the percentage that [`THRESHOLDS`] explains.
    pub percent: f32,
    /// How many times its threshold.
    pub severity: f32,
    /// Since when, `CLOCK_MONOTONIC`.
    pub since: Nanos,
    /// It was already so when it was first looked at: it has lasted at least so long.
    pub began_before: bool,
    /// Of I/O: what was waited for, as far as it was seen.
    pub storage: Storage,
    /// The processes behind it, the worst first: `rustc ×6`.
    pub behind: Vec<String>,
}

/// What is behind a wait for I/O. The kernel counts who waits for it, but not for what: a thread that waits for requests of
/// `io_uring(7)` counts too, whatever they are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Disks moved something, or somebody was met who is blocked on one.
    #[default]
    Disk,
    /// No disk moved anything; whoever was met blocked waits for a filesystem server.
    Server,
    /// No disk moved anything, and nobody was met who is blocked on storage.
    Unseen,
}

impl Verdict {
    /// The sentence for the header: `CPU-bound: 38% of the time someone waited for a core: rustc ×6`.
    pub fn sentence(&self) -> String {
        self.with_names(self.what())
    }

    /// The same where there is little room: `CPU-bound 38%: rustc ×6`.
    pub fn short(&self) -> String {
        let group = match self.scope {
            Scope::Machine => "",
            Scope::Group => "group ",
        };
        self.with_names(format!("{group}{} {:.0}%", self.of.word(), self.percent))
    }

    /// What it says from the longest form to the shortest, each with how long it lasts or without.
    pub fn forms(&self, now: Nanos) -> [(String, String); 5] {
        let lasts = self.lasts(now);
        let lasts = lasts.map_or_else(String::new, |span| format!(" {span}"));
        let first = Self {
            behind: self.behind.iter().take(1).cloned().collect(),
            ..self.clone()
        };
        let nobody = Self {
            behind: Vec::new(),
            ..self.clone()
        };
        [
            (self.sentence(), lasts.clone()),
            (self.short(), lasts),
            (self.short(), String::new()),
            (first.short(), String::new()),
            (nobody.short(), String::new()),
        ]
    }

    /// For how long it has been so: `for 12s`, or `for at least 12s`; nothing in its first second.
    pub fn lasts(&self, now: Nanos) -> Option<String> {
        let span = now.since(self.since);
        let least = if self.began_before { "at least " } else { "" };
        (span.seconds() >= 1.0).then(|| format!("for {least}{}", format::duration(span)))
    }

    /// What it takes to be one, and what it was measured by: `pressure; from 20%, until 10%`.
    pub fn threshold(&self) -> String {
        let by = match self.basis {
            Basis::Pressure => "measured by the kernel's pressure accounting",
            Basis::Ticks => {
                "counted over the ticks of the last 10 s, since the kernel accounts no pressure"
            }
            Basis::Quota => "counted over the periods of the group's quota in the last 10 s",
            Basis::Now => "measured over the last tick",
        };
        let (begins, ends) = (self.of.begins(), self.of.ends());
        format!("{by}; a verdict from {begins:.0}% until {ends:.0}%")
    }

    fn with_names(&self, what: String) -> String {
        if self.behind.is_empty() {
            what
        } else {
            format!("{what}: {}", self.behind.join(", "))
        }
    }

    fn what(&self) -> String {
        let percent = format!("{:.0}%", self.percent);
        let (whose, someone) = match self.scope {
            Scope::Machine => ("", "someone"),
            Scope::Group => ("this control group is ", "someone in it"),
        };
        let bound = self.of.word();
        let waited = match (self.of, self.basis, self.scope) {
            (Bottleneck::Steal, ..) => {
                return format!("the hypervisor took {percent} of the cores' time");
            }
            (Bottleneck::Full, ..) => return format!("memory is {percent} full"),
            (_, Basis::Quota, _) => format!("its quota stopped it in {percent} of its periods"),
            (Bottleneck::Memory, Basis::Ticks, Scope::Group) => {
                format!("at {percent} of the last ticks it reached its limit")
            }
            (Bottleneck::Memory, Basis::Ticks, Scope::Machine) => {
                format!("at {percent} of the last ticks programs searched for memory or swapped")
            }
            (of, Basis::Ticks, _) => {
                format!(
                    "at {percent} of the last ticks {someone} waited for {}",
                    self.thing(of)
                )
            }
            (of, ..) => {
                format!(
                    "{percent} of the time {someone} waited for {}",
                    self.thing(of)
                )
            }
        };
        format!("{whose}{bound}: {waited}")
    }

    fn thing(&self, of: Bottleneck) -> &'static str {
        match (of, self.storage) {
            (Bottleneck::Io, Storage::Disk) => "a disk",
            (Bottleneck::Io, Storage::Server) => "a filesystem server",
            (Bottleneck::Io, Storage::Unseen) => {
                "I/O, though no disk moves anything (io_uring counts as well)"
            }
            (Bottleneck::Memory | Bottleneck::Full, _) => "memory",
            (Bottleneck::Cpu | Bottleneck::Steal, _) => "a core",
        }
    }
}

#[cfg(test)]
mod tests;
