//! What a person reads: every process with its rates and its place in the tree, made from two samples by a pure function.

mod between;
mod ended;
mod moved;
mod parents;
mod procs;

use std::sync::Arc;

use super::acting::Fate;
use super::groups::own_group::Strain;
use super::id::{Bytes, CpuId, Nanos, Pid, ProcId, ThreadId};
use super::machine::core_share::CoreShare;
use super::process::stat::{Stat, State};
use super::reading::{Missing, Reading};
use super::sample::{Brief, Facts, Fault, Machine, Memory, Mode, OptionalStats, Pressure, Shares};
use super::scheduling::blocked::Cause;
use super::text::SafeText;

pub use between::span;
pub use procs::Procs;

/// Everything known at one tick; immutable once made.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// The time that rates cover; `None` where there are none (first sample, or a gap).
    pub span: Option<Nanos>,
    /// The interval in force: longer than the one asked for where sweeps would take too much of that.
    pub interval: Nanos,
    /// Facts that stay.
    pub machine: Arc<Machine>,
    /// The machine's state and rates.
    pub system: System,
    /// Every process, by ascending pid.
    pub procs: Procs,
    /// Threads, by ascending (pid, tid), where they were asked for.
    pub threads: Vec<Thread>,
    /// How those ended who were watched, for as long as they are; a missing one says why it is not known.
    pub endings: Arc<[(ProcId, Reading<Fate>)]>,
    /// Who ended since the tick before, and how, by ascending pid; `None` where the kernel does not tell.
    pub ends: Option<Arc<[(Pid, Fate)]>>,
    /// Who began and ended since the tick before; `None` where nobody asked for that.
    pub brief: Option<Reading<Arc<[Brief]>>>,
    /// How the sweep worked.
    pub mode: Mode,
    /// How many processes it read; the others are as they were.
    pub read: u32,
    /// Sources that failed whole.
    pub faults: Vec<Fault>,
    /// What pscope itself costs, where it was asked for.
    pub own: Option<Own>,
    /// What was found beside the table.
    pub shares: Arc<Shares>,
    /// Why what nobody has read is not there: it is to come, or it is of a recording, in which it is not.
    pub unread: Missing,
}

/// What pscope itself costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Own {
    /// Its share of one core over the span, percent.
    pub cpu: Reading<f32>,
    /// Its resident memory.
    pub resident: Bytes,
    /// Its system calls over the span, as far as they are counted ([`OwnSample::calls`](super::sample::OwnSample::calls)).
    pub calls: Reading<u64>,
    /// What it wrote to the terminal over the span.
    pub written: Reading<Bytes>,
}

/// One process at one tick.
#[derive(Clone, Debug)]
pub struct Proc {
    /// Who it is.
    pub id: ProcId,
    /// Its place of birth in [`Snapshot::procs`]; `None` for roots and orphans.
    pub parent: Option<u32>,
    /// Share of one core over the span, percent.
    pub cpu: Reading<f32>,
    /// The same of children that it waited for in the span, as far as nobody saw it in themselves: of those that began and
    /// ended within it all, of others what they used since they were last seen, and that of their children.
    pub ended: Reading<f32>,
    /// Its counters.
    pub stat: Stat,
    /// Name, command line, user.
    pub facts: Arc<Facts>,
    /// What only shown rows have.
    pub extra: Option<Arc<OptionalStats>>,
    /// Rates of `extra`, where two samples have it.
    pub rates: Option<Arc<Rates>>,
}

/// Rates a second, from what only shown rows have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Bytes read from storage, by itself.
    pub read: Reading<f64>,
    /// Bytes written to storage, by itself.
    pub written: Reading<f64>,
    /// Bytes that children and threads of it which ended meanwhile had moved in both directions since the last tick.
    pub ended: Reading<f64>,
    /// Voluntary switches.
    pub voluntary: Reading<f64>,
    /// Involuntary switches.
    pub involuntary: Reading<f64>,
    /// Page faults.
    pub faults: Reading<f64>,
    /// Share of the time spent waiting for a core, percent (first thread only).
    pub waiting: Reading<f64>,
    /// Share of the time spent waiting for block devices, percent (first thread only; 0 without delay accounting).
    pub blocked: Reading<f64>,
}

/// One thread at one tick.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Whose it is.
    pub of: ProcId,
    /// Which it is.
    pub id: ThreadId,
    /// Its name.
    pub name: SafeText,
    /// Share of one core over the span, percent.
    pub cpu: Reading<f32>,
    /// Its counters.
    pub stat: Stat,
}

/// The machine at one tick.
#[derive(Clone, Debug)]
pub struct System {
    /// Time since boot.
    pub uptime: Nanos,
    /// Load averages.
    pub load: Reading<[f32; 3]>,
    /// Every online core, by ascending id.
    pub cores: Vec<Core>,
    /// Context switches a second.
    pub switches: Reading<f64>,
    /// Forks a second.
    pub forks: Reading<f64>,
    /// Tasks on a core or waiting for one.
    pub running: Reading<u32>,
    /// Tasks waiting for I/O.
    pub blocked: Reading<u32>,
    /// Number of threads, kernel threads included.
    pub threads: u64,
    /// Memory.
    pub memory: Reading<Memory>,
    /// Pressure on the cores, memory and I/O.
    pub pressure: [Reading<Pressure>; 3],
    /// The same inside our own control group.
    pub own_pressure: [Reading<Pressure>; 3],
    /// How hard the limits of our own control group press.
    pub own_strain: Strain,
    /// How often programs searched for memory themselves or took a page back from swap, since the last tick.
    pub searches: Reading<u64>,
    /// How many processes the kernel killed since the last tick because memory ran out.
    pub oom_kills: Reading<u64>,
    /// Bytes a second that whole disks read and wrote.
    pub disk_flow: Reading<[f64; 2]>,
    /// Bytes a second that interfaces received and sent, loopback left out.
    pub network_flow: Reading<[f64; 2]>,
}

impl Default for System {
    fn default() -> Self {
        Self {
            uptime: Nanos(0),
            load: Err(Missing::Soon),
            cores: Vec::new(),
            switches: Err(Missing::Soon),
            forks: Err(Missing::Soon),
            running: Err(Missing::Soon),
            blocked: Err(Missing::Soon),
            threads: 0,
            memory: Err(Missing::Soon),
            pressure: [Err(Missing::Soon); 3],
            own_pressure: [Err(Missing::Soon); 3],
            own_strain: Strain::default(),
            searches: Err(Missing::Soon),
            oom_kills: Err(Missing::Soon),
            disk_flow: Err(Missing::Soon),
            network_flow: Err(Missing::Soon),
        }
    }
}

/// How one core spent the span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Core {
    /// Which core.
    pub id: CpuId,
    /// Shares of the span; missing at the first sample and for a core that just came online.
    pub share: Reading<CoreShare>,
    /// Frequency now in kHz, where known.
    pub khz: Reading<u32>,
}

impl Snapshot {
    /// Where the process with this number stands in `procs`.
    pub fn index_of(&self, pid: Pid) -> Option<usize> {
        self.procs.place_of(pid)
    }

    /// The process with this number, whoever it is now.
    pub fn by_pid(&self, pid: Pid) -> Option<&Proc> {
        self.index_of(pid).map(|i| &self.procs[i])
    }

    /// Why not all processes of the machine are listed, where that is so.
    pub fn unlisted(&self) -> Option<String> {
        let of_processes = |f: &&Fault| f.source == "processes";
        let fault = self.faults.iter().find(of_processes)?;
        Some(format!("processes: {}", fault.why))
    }

    /// This very process, if it still lives.
    pub fn get(&self, id: ProcId) -> Option<&Proc> {
        self.by_pid(id.pid).filter(|p| p.id == id)
    }

    /// The threads of one process, where they were asked for.
    pub fn threads_of(&self, id: ProcId) -> &[Thread] {
        let from = self.threads.partition_point(|t| t.of < id);
        let to = self.threads.partition_point(|t| t.of <= id);
        &self.threads[from..to]
    }

    /// How a process ended, where it was watched; `None` while it lives or is not watched.
    pub fn ending(&self, id: ProcId) -> Option<&Reading<Fate>> {
        let found = self.endings.iter().find(|(of, _)| *of == id);
        found.map(|(_, how)| how)
    }

    /// When it was, milliseconds after the Unix epoch.
    pub fn unix_ms(&self) -> u64 {
        let uptime_ms = self.system.uptime.0 / 1_000_000;
        self.machine.boot_unix_ms.saturating_add(uptime_ms)
    }

    /// How long ago a process started.
    pub fn age(&self, id: ProcId) -> Nanos {
        self.system.uptime.since(self.machine.nanos(id.start))
    }
}

impl Thread {
    /// It as if it were a process, for the columns that threads have of their own.
    pub fn as_proc(&self, of: &Proc) -> Proc {
        Proc {
            id: ProcId {
                pid: Pid(self.id.tid.0),
                start: self.id.start,
            },
            parent: None,
            cpu: self.cpu,
            ended: Ok(0.0),
            stat: self.stat,
            facts: Arc::clone(&of.facts),
            extra: None,
            rates: None,
        }
    }
}

impl Proc {
    /// Its share of a core with that of its children that ended in the span: what it has a part in where shares are added up.
    ///
    /// # Errors
    /// Why its own share is not known.
    pub fn cpu_with_ended(&self) -> Reading<f32> {
        Ok(self.cpu? + self.ended.unwrap_or(0.0))
    }

    /// What it waits for in state D; `None` in another state, and where that is not told.
    pub fn blocked_on(&self) -> Option<Cause> {
        let extra = self.extra.as_deref()?;
        let blocked = self.stat.state == State::Blocked;
        extra.blocked_on.ok().filter(|_| blocked)
    }

    /// The command line in one line; the name in brackets where there is none (kernel threads, zombies).
    pub fn command_line(&self) -> String {
        match &self.facts.command {
            Ok(command) if !command.is_empty() => command.line(),
            _ => format!("[{}]", self.facts.name),
        }
    }
}
