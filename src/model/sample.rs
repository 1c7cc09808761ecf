//! What one sweep heard: cumulative counters, as the kernel told them. Only `between` turns two samples into rates.

use std::sync::Arc;

use super::id::{Bytes, CpuId, Nanos, Pid, ProcId, ThreadId, Ticks, Uid};
use super::reading::{Missing, Reading};
use super::stat::Stat;
use super::text::SafeText;

/// One sweep.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// When it was taken, `CLOCK_MONOTONIC`.
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
    /// How the sweep found what changed.
    pub mode: Mode,
    /// Sources that failed whole.
    pub faults: Vec<Fault>,
    /// What pscope itself has cost so far, where it was asked for.
    pub own: Option<OwnSample>,
}

/// What pscope itself has cost since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnSample {
    /// Time of all its threads on a core.
    pub cpu: Nanos,
    /// Its resident memory.
    pub resident: Bytes,
    /// Its calls of read and write (`/proc/self/io`, `syscr` and `syscw`).
    pub calls: Reading<u64>,
}

/// How a sweep finds what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every process is read.
    #[default]
    Scan,
    /// Births and deaths are told by the kernel; every process is read through a kept descriptor.
    Connector,
    /// Only what ran, began, changed or ended is read.
    Events,
}

impl Mode {
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
    /// Seconds that the clock on the wall is ahead of UTC.
    pub utc_offset: i32,
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
#[derive(Clone, Debug)]
pub struct TaskSample {
    /// Who it is.
    pub id: ProcId,
    /// Its counters.
    pub stat: Stat,
    /// What changes only at exec or setuid.
    pub facts: Arc<Facts>,
    /// What costs more; `None` while nobody needs it.
    pub extra: Option<Arc<Extra>>,
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

/// A command line: its arguments in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command(Arc<str>);

impl Command {
    /// From the kernel's NUL-separated bytes (`/proc/PID/cmdline`: `b"sleep\0100\0"`).
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
        if bytes.is_empty() {
            return Self::default();
        }
        let mut joined = String::with_capacity(bytes.len());
        for (i, arg) in bytes.split(|b| *b == 0).enumerate() {
            if i > 0 {
                joined.push('\0');
            }
            joined.push_str(SafeText::from_bytes(arg).as_str());
        }
        Self(Arc::from(joined))
    }

    /// Whether there are no arguments at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The arguments, the program's name first.
    pub fn args(&self) -> impl Iterator<Item = &str> {
        self.0
            .split('\0')
            .take(if self.is_empty() { 0 } else { usize::MAX })
    }

    /// The arguments in one piece, each ended by a NUL but the last.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The arguments joined by spaces.
    pub fn line(&self) -> String {
        self.0.replace('\0', " ")
    }
}

/// Facts of one process that are read only where they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// From `/proc/PID/status`.
    pub status: Reading<Status>,
    /// From `/proc/PID/io`.
    pub io: Reading<Io>,
    /// Control group, the path of the v2 hierarchy or else of the most telling v1 one.
    pub cgroup: Reading<SafeText>,
    /// Proportional set size.
    pub pss: Reading<Bytes>,
    /// Out-of-memory score, 0..2000.
    pub oom_score: Reading<u32>,
    /// From `/proc/PID/schedstat`: the first thread only.
    pub schedstat: Reading<SchedStat>,
    /// The path of the executable.
    pub exe: Reading<SafeText>,
    /// What it holds open.
    pub opened: Reading<Arc<Opened>>,
}

/// What a process holds open, as the filters `fd:` and `port:` ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Where its descriptors lead: paths, `pipe:[1234]`, `socket:[1234]`.
    pub targets: Vec<SafeText>,
    /// Local and remote ports of its sockets.
    pub ports: Vec<u16>,
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            status: Err(Missing::Soon),
            io: Err(Missing::Soon),
            cgroup: Err(Missing::Soon),
            pss: Err(Missing::Soon),
            oom_score: Err(Missing::Soon),
            schedstat: Err(Missing::Soon),
            exe: Err(Missing::Soon),
            opened: Err(Missing::Soon),
        }
    }
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

/// Counters of `/proc/PID/io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Io {
    /// Bytes fetched from storage.
    pub read: Bytes,
    /// Bytes sent to storage, less those truncated away before.
    pub written: Bytes,
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
}

/// The machine's counters at one sweep.
#[derive(Clone, Debug)]
pub struct SystemSample {
    /// Time since boot.
    pub uptime: Nanos,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[f32; 3]>,
    /// Every core that is online, by ascending id (`/proc/stat`).
    pub cores: Vec<CoreSample>,
    /// Context switches since boot.
    pub switches: u64,
    /// Forks since boot.
    pub forks: u64,
    /// Tasks on a core or waiting for one.
    pub running: u32,
    /// Tasks waiting for I/O.
    pub blocked: u32,
    /// All tasks of the system, threads included (`/proc/loadavg`).
    pub tasks: Option<u32>,
    /// Memory.
    pub memory: Reading<Memory>,
    /// Pressure on the cores.
    pub cpu_pressure: Reading<Pressure>,
    /// Pressure on memory.
    pub memory_pressure: Reading<Pressure>,
    /// Pressure on I/O.
    pub io_pressure: Reading<Pressure>,
    /// Pressure on the cores, memory and I/O inside our own control group; `Unsupported` where that is no group of v2.
    pub own_pressure: [Reading<Pressure>; 3],
}

impl Default for SystemSample {
    fn default() -> Self {
        Self {
            uptime: Nanos(0),
            load: None,
            cores: Vec::new(),
            switches: 0,
            forks: 0,
            running: 0,
            blocked: 0,
            tasks: None,
            memory: Err(Missing::Soon),
            cpu_pressure: Err(Missing::Soon),
            memory_pressure: Err(Missing::Soon),
            io_pressure: Err(Missing::Soon),
            own_pressure: [Err(Missing::Soon); 3],
        }
    }
}

/// Counters of one core, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreSample {
    /// Which core.
    pub id: CpuId,
    /// User land, nice or not, guests included.
    pub user: Ticks,
    /// The kernel on behalf of tasks.
    pub system: Ticks,
    /// Interrupts, hard and soft.
    pub irq: Ticks,
    /// Taken by the hypervisor.
    pub steal: Ticks,
    /// Idle, waiting for I/O included.
    pub idle: Ticks,
    /// Of `idle`: while a task waited for I/O.
    pub iowait: Ticks,
    /// Frequency now, where known, in kHz.
    pub khz: Option<u32>,
}

/// `/proc/meminfo`, the parts that a header shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All memory that the kernel manages.
    pub total: Bytes,
    /// What can be had without swapping.
    pub available: Bytes,
    /// Unused.
    pub free: Bytes,
    /// Block device buffers.
    pub buffers: Bytes,
    /// Page cache and reclaimable slab.
    pub cache: Bytes,
    /// Shared memory and tmpfs.
    pub shared: Bytes,
    /// All swap.
    pub swap_total: Bytes,
    /// Unused swap.
    pub swap_free: Bytes,
}

impl Memory {
    /// Used: what is not available.
    pub fn used(&self) -> Bytes {
        Bytes(self.total.0.saturating_sub(self.available.0))
    }

    /// Swap in use.
    pub fn swap_used(&self) -> Bytes {
        Bytes(self.swap_total.0.saturating_sub(self.swap_free.0))
    }
}

/// One file of `/proc/pressure`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    /// Share of the last 10 s in which some task waited, percent.
    pub some_10: f32,
    /// Share of the last 60 s in which some task waited, percent.
    pub some_60: f32,
    /// Share of the last 10 s in which all tasks waited, percent.
    pub full_10: f32,
    /// All time in which some task waited.
    pub some_total: Nanos,
}

impl TaskSample {
    /// The parent's number.
    pub fn ppid(&self) -> Pid {
        self.stat.ppid
    }
}
