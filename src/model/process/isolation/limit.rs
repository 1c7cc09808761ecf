//! Resource limits, `getrlimit(2)`, and how much of each is in use.

use crate::model::format::{bytes, count, duration};
use crate::model::id::{Bytes, Nanos};
use crate::model::reading::Reading;

/// What a limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Time on a core.
    Cpu,
    /// Size of a file that it writes.
    FileSize,
    /// Heap and other private data.
    Data,
    /// Main stack.
    Stack,
    /// Core dump.
    Core,
    /// Resident memory; Linux does not enforce it.
    Resident,
    /// Processes and threads of the user.
    Processes,
    /// Descriptors.
    Files,
    /// Memory that may not be swapped.
    Locked,
    /// Address space.
    AddressSpace,
    /// File locks; Linux does not enforce it.
    Locks,
    /// Signals that wait.
    Signals,
    /// POSIX message queues.
    Queues,
    /// How far nice may be lowered.
    Nice,
    /// Real-time priority.
    RealTime,
    /// Time that a real-time task may take without sleeping.
    RealTimeout,
}

/// How a limit is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Microseconds.
    Micros,
    /// Pieces.
    Count,
}

/// By resource: how `/proc/PID/limits` calls it, its name in JSON, what it is in words, its unit.
const TABLE: [(Resource, &str, &str, &str, Unit); 16] = [
    (
        Resource::Cpu,
        "Max cpu time",
        "cpu",
        "time on a core",
        Unit::Seconds,
    ),
    (
        Resource::FileSize,
        "Max file size",
        "fsize",
        "file size",
        Unit::Bytes,
    ),
    (
        Resource::Data,
        "Max data size",
        "data",
        "heap and data",
        Unit::Bytes,
    ),
    (
        Resource::Stack,
        "Max stack size",
        "stack",
        "main stack",
        Unit::Bytes,
    ),
    (
        Resource::Core,
        "Max core file size",
        "core",
        "core dump",
        Unit::Bytes,
    ),
    (
        Resource::Resident,
        "Max resident set",
        "rss",
        "resident memory",
        Unit::Bytes,
    ),
    (
        Resource::Processes,
        "Max processes",
        "nproc",
        "threads of its user",
        Unit::Count,
    ),
    (
        Resource::Files,
        "Max open files",
        "nofile",
        "open descriptors",
        Unit::Count,
    ),
    (
        Resource::Locked,
        "Max locked memory",
        "memlock",
        "locked memory",
        Unit::Bytes,
    ),
    (
        Resource::AddressSpace,
        "Max address space",
        "as",
        "address space",
        Unit::Bytes,
    ),
    (
        Resource::Locks,
        "Max file locks",
        "locks",
        "file locks",
        Unit::Count,
    ),
    (
        Resource::Signals,
        "Max pending signals",
        "sigpending",
        "queued signals",
        Unit::Count,
    ),
    (
        Resource::Queues,
        "Max msgqueue size",
        "msgqueue",
        "message queues",
        Unit::Bytes,
    ),
    (
        Resource::Nice,
        "Max nice priority",
        "nice",
        "nice (20 - n)",
        Unit::Count,
    ),
    (
        Resource::RealTime,
        "Max realtime priority",
        "rtprio",
        "real-time priority",
        Unit::Count,
    ),
    (
        Resource::RealTimeout,
        "Max realtime timeout",
        "rttime",
        "real-time turn",
        Unit::Micros,
    ),
];

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// On what.
    pub resource: Resource,
    /// What is enforced; `None` for no limit.
    pub soft: Option<u64>,
    /// How far the process may raise that by itself; `None` for no limit.
    pub hard: Option<u64>,
    /// How much is in use.
    pub used: Reading<u64>,
}

impl Resource {
    /// The one that `/proc/PID/limits` calls so.
    pub fn from_kernel(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn row(self) -> &'static (Self, &'static str, &'static str, &'static str, Unit) {
        // Every resource has its row, in the order of the enumeration.
        &TABLE[self as usize]
    }

    /// Its name in JSON, that of `prlimit(1)` in lower case.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// What it is, a few words.
    pub fn words(self) -> &'static str {
        self.row().3
    }

    /// An amount of it as people read it.
    pub fn amount(self, n: u64) -> String {
        match self.row().4 {
            Unit::Bytes => bytes(Bytes(n)),
            Unit::Seconds => duration(Nanos(n.saturating_mul(1_000_000_000))),
            Unit::Micros => duration(Nanos(n.saturating_mul(1000))),
            // A limit of 1024 is not one of 1.0k.
            Unit::Count if n < 10_000_000 => n.to_string(),
            Unit::Count => count(n),
        }
    }
}

impl Limit {
    /// The share of the soft limit that is in use, 0..=1; `None` without a limit or a use.
    pub fn share(&self) -> Option<f64> {
        let (used, soft) = (self.used.ok()?, self.soft?);
        (soft > 0).then(|| (used as f64 / soft as f64).min(1.0))
    }

    /// The limit as the JSON contract has it.
    pub fn to_json(&self) -> LimitJson {
        LimitJson {
            name: self.resource.name(),
            soft: self.soft,
            hard: self.hard,
            used: self.used.ok(),
        }
    }
}

/// A limit as the JSON contract has it; `null` stands for no limit, and for a use that is not known.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct LimitJson {
    name: &'static str,
    soft: Option<u64>,
    hard: Option<u64>,
    used: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::Missing;

    #[test]
    fn the_table_is_in_the_order_of_the_resources() {
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, i, "{}", row.1);
            assert_eq!(Resource::from_kernel(row.1), Some(row.0));
        }
        assert_eq!(Resource::from_kernel("Max dreams"), None);
    }

    #[test]
    fn shares_and_amounts() {
        let limit = |soft, used| Limit {
            resource: Resource::Files,
            soft,
            hard: None,
            used,
        };
        assert_eq!(limit(Some(1024), Ok(512)).share(), Some(0.5));
        assert_eq!(
            limit(Some(10), Ok(20)).share(),
            Some(1.0),
            "lowered below its use"
        );
        assert_eq!(limit(None, Ok(5)).share(), None);
        assert_eq!(limit(Some(0), Ok(0)).share(), None);
        assert_eq!(limit(Some(5), Err(Missing::Denied)).share(), None);
        assert_eq!(Resource::Stack.amount(8 << 20), "8.0M");
        assert_eq!(Resource::Cpu.amount(90), "1m 30s");
        assert_eq!(Resource::RealTimeout.amount(200_000), "200ms");
    }
}
