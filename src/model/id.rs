//! Identities: who a process, a thread or a core is. Numbers that the kernel reuses never stand alone.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number!(
    /// The number of a process (a thread group); the kernel reuses it, so it is no identity.
    Pid(u32)
);
number!(
    /// The number of a thread; that of the first thread equals its [`Pid`].
    Tid(u32)
);
number!(
    /// The kernel's number of a core; the numbers of a machine's cores may have holes.
    CpuId(u32)
);
number!(
    /// The number of a user.
    Uid(u32)
);
number!(
    /// A moment or a span in the kernel's clock ticks (`sysconf(_SC_CLK_TCK)` a second).
    Ticks(u64)
);
number!(
    /// A moment or a span in nanoseconds; moments are of `CLOCK_MONOTONIC`.
    Nanos(u64)
);
number!(
    /// An amount of memory or data in bytes.
    Bytes(u64)
);

/// One process for its whole life: the pid and the tick after boot at which it started.
///
/// The key of every map, selection, fold set, tag and signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcId {
    /// Its number while it lives.
    pub pid: Pid,
    /// When it started, in ticks after boot (`proc_pid_stat(5)`, field 22).
    pub start: Ticks,
}

impl ProcId {
    /// Joins a pid and a start time.
    pub const fn new(pid: u32, start: u64) -> Self {
        Self {
            pid: Pid(pid),
            start: Ticks(start),
        }
    }
}

/// One thread for its whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId {
    /// Its number while it lives.
    pub tid: Tid,
    /// When it started, in ticks after boot.
    pub start: Ticks,
}

impl Nanos {
    /// The span from `earlier` to `self`; zero when the clock seems to have gone back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// The span in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// A span of whole milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }
}

impl Bytes {
    /// `n` KiB, the unit of most of `/proc`.
    pub fn from_kib(n: u64) -> Self {
        Self(n.saturating_mul(1024))
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self(iter.fold(0, |sum, b| sum.saturating_add(b.0)))
    }
}
