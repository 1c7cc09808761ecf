//! What a person reads: every process with its rates and its place in the tree, made from two samples by a pure function.

use std::sync::Arc;

use super::id::{Bytes, CpuId, Nanos, Pid, ProcId, ThreadId};
use super::reading::{Missing, Reading};
use super::sample::{
    CoreSample, Extra, Facts, Fault, Machine, Memory, Mode, OwnSample, Pressure, Sample,
    TaskSample, ThreadSample,
};
use super::stat::Stat;
use super::text::SafeText;

/// Everything known at one tick; immutable once made.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// The time that rates cover; `None` where there are none (first sample, or a gap).
    pub span: Option<Nanos>,
    /// Facts that stay.
    pub machine: Arc<Machine>,
    /// The machine's state and rates.
    pub system: System,
    /// Every process, by ascending pid.
    pub procs: Vec<Proc>,
    /// Threads, by ascending (pid, tid), where they were asked for.
    pub threads: Vec<Thread>,
    /// How the sweep worked.
    pub mode: Mode,
    /// Sources that failed whole.
    pub faults: Vec<Fault>,
    /// What pscope itself costs, where it was asked for.
    pub own: Option<Own>,
}

/// What pscope itself costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Own {
    /// Its share of one core over the span, percent.
    pub cpu: Reading<f32>,
    /// Its resident memory.
    pub resident: Bytes,
    /// Its calls of read and write over the span.
    pub calls: Reading<u64>,
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
    /// Its counters.
    pub stat: Stat,
    /// Name, command line, user.
    pub facts: Arc<Facts>,
    /// What only shown rows have.
    pub extra: Option<Arc<Extra>>,
    /// Rates of `extra`, where two samples have it.
    pub rates: Option<Arc<Rates>>,
}

/// Rates a second, from what only shown rows have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Bytes read from storage.
    pub read: Reading<f64>,
    /// Bytes written to storage.
    pub written: Reading<f64>,
    /// Voluntary switches.
    pub voluntary: Reading<f64>,
    /// Involuntary switches.
    pub involuntary: Reading<f64>,
    /// Share of one core, percent, from nanoseconds (first thread only).
    pub waiting: Reading<f64>,
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
    pub load: Option<[f32; 3]>,
    /// Every online core, by ascending id.
    pub cores: Vec<Core>,
    /// Context switches a second.
    pub switches: Reading<f64>,
    /// Forks a second.
    pub forks: Reading<f64>,
    /// Tasks on a core or waiting for one.
    pub running: u32,
    /// Tasks waiting for I/O.
    pub blocked: u32,
    /// Number of threads, kernel threads included.
    pub threads: u64,
    /// Memory.
    pub memory: Reading<Memory>,
    /// Pressure on the cores, memory and I/O.
    pub pressure: [Reading<Pressure>; 3],
    /// The same inside our own control group.
    pub own_pressure: [Reading<Pressure>; 3],
}

impl Default for System {
    fn default() -> Self {
        Self {
            uptime: Nanos(0),
            load: None,
            cores: Vec::new(),
            switches: Err(Missing::Soon),
            forks: Err(Missing::Soon),
            running: 0,
            blocked: 0,
            threads: 0,
            memory: Err(Missing::Soon),
            pressure: [Err(Missing::Soon); 3],
            own_pressure: [Err(Missing::Soon); 3],
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
    pub khz: Option<u32>,
}

/// Shares of one core's time, percent; they add up to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CoreShare {
    /// User land.
    pub user: f32,
    /// The kernel.
    pub system: f32,
    /// Interrupts, hard and soft.
    pub irq: f32,
    /// Taken by the hypervisor.
    pub steal: f32,
    /// Idle, waiting for I/O included.
    pub idle: f32,
    /// Of `idle`: while a task waited for I/O.
    pub iowait: f32,
}

impl CoreShare {
    /// All but idle.
    pub fn busy(&self) -> f32 {
        self.user + self.system + self.irq + self.steal
    }
}

impl Snapshot {
    /// Reads `next` against `prev`; a process that `prev` did not know has no rate yet.
    ///
    /// No rate is given over a gap of more than three intervals, nor where the clock did not move.
    pub fn between(prev: Option<&Sample>, next: &Sample) -> Self {
        let span = prev.map(|p| next.at.since(p.at)).filter(|s| s.0 > 0);
        let span =
            span.filter(|s| next.interval.0 == 0 || s.0 <= next.interval.0.saturating_mul(3));
        let prev = prev.filter(|_| span.is_some());
        let seconds = span.map_or(0.0, Nanos::seconds);
        let hz = next.machine.ticks_per_second.max(1) as f64;
        let per_tick = if seconds > 0.0 {
            100.0 / (seconds * hz)
        } else {
            0.0
        };
        let mut procs = procs(
            prev.map_or(&[], |p| &p.tasks),
            &next.tasks,
            per_tick,
            seconds,
        );
        place(&mut procs);
        let threads = threads(prev.map_or(&[], |p| &p.threads), &next.threads, per_tick);
        Self {
            at: next.at,
            span,
            machine: Arc::clone(&next.machine),
            system: system(prev, next, seconds, &procs),
            procs,
            threads,
            mode: next.mode,
            faults: next.faults.clone(),
            own: next
                .own
                .map(|now| own(prev.and_then(|p| p.own), now, seconds)),
        }
    }

    /// Where the process with this number stands in `procs`.
    pub fn index_of(&self, pid: Pid) -> Option<usize> {
        self.procs.binary_search_by_key(&pid, |p| p.id.pid).ok()
    }

    /// The process with this number, whoever it is now.
    pub fn by_pid(&self, pid: Pid) -> Option<&Proc> {
        self.index_of(pid).map(|i| &self.procs[i])
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

    /// How long ago a process started.
    pub fn age(&self, id: ProcId) -> Nanos {
        self.system.uptime.since(self.machine.nanos(id.start))
    }
}

impl Proc {
    /// The command line in one line; the name in brackets where there is none (kernel threads, zombies).
    pub fn command_line(&self) -> String {
        match &self.facts.command {
            Ok(command) if !command.is_empty() => command.line(),
            _ => format!("[{}]", self.facts.name),
        }
    }
}

/// Walks two lists with the same order side by side and pairs each new item with its old self.
fn pair<'a, T, K: Ord>(
    old: &'a [T],
    new: &'a [T],
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = (Option<&'a T>, &'a T)> {
    let mut rest = old;
    new.iter().map(move |item| {
        let wanted = key(item);
        while let [first, tail @ ..] = rest
            && key(first) < wanted
        {
            rest = tail;
        }
        (rest.first().filter(|o| key(o) == wanted), item)
    })
}

fn procs(old: &[TaskSample], new: &[TaskSample], per_tick: f64, seconds: f64) -> Vec<Proc> {
    let mut out = Vec::with_capacity(new.len());
    out.extend(pair(old, new, |t| t.id).map(|(before, task)| {
        Proc {
            id: task.id,
            parent: None,
            cpu: before
                .map(|b| cpu_percent(&b.stat, &task.stat, per_tick))
                .ok_or(Missing::Soon),
            stat: task.stat,
            facts: Arc::clone(&task.facts),
            extra: task.extra.clone(),
            rates: task.extra.as_deref().map(|now| {
                let before = before.and_then(|b| b.extra.as_deref());
                Arc::new(rates(before, now, seconds))
            }),
        }
    }));
    out
}

fn cpu_percent(before: &Stat, now: &Stat, per_tick: f64) -> f32 {
    (now.cpu_time().0.saturating_sub(before.cpu_time().0) as f64 * per_tick) as f32
}

fn rates(before: Option<&Extra>, now: &Extra, seconds: f64) -> Rates {
    fn of<T: Copy>(
        before: Option<Reading<T>>,
        now: Reading<T>,
        seconds: f64,
        value: impl Fn(T) -> u64,
    ) -> Reading<f64> {
        let now = now?;
        let before = before
            .unwrap_or(Err(Missing::Soon))
            .map_err(|_| Missing::Soon)?;
        Ok(value(now).saturating_sub(value(before)) as f64 / seconds)
    }
    let io = before.map(|b| b.io);
    let status = before.map(|b| b.status);
    Rates {
        read: of(io, now.io, seconds, |i| i.read.0),
        written: of(io, now.io, seconds, |i| i.written.0),
        voluntary: of(status, now.status, seconds, |s| s.voluntary),
        involuntary: of(status, now.status, seconds, |s| s.involuntary),
        waiting: of(before.map(|b| b.schedstat), now.schedstat, seconds, |s| {
            s.wait.0
        })
        .map(|ns| ns / 1e7),
    }
}

fn own(before: Option<OwnSample>, now: OwnSample, seconds: f64) -> Own {
    let before = before.ok_or(Missing::Soon);
    let calls = |b: OwnSample| Ok(now.calls?.saturating_sub(b.calls?));
    Own {
        cpu: before.map(|b| (now.cpu.since(b.cpu).seconds() * 100.0 / seconds) as f32),
        resident: now.resident,
        calls: before.and_then(calls),
    }
}

fn threads(old: &[ThreadSample], new: &[ThreadSample], per_tick: f64) -> Vec<Thread> {
    pair(old, new, |t| (t.of, t.id))
        .map(|(before, now)| Thread {
            of: now.of,
            id: now.id,
            name: now.name.clone(),
            cpu: before
                .map(|b| cpu_percent(&b.stat, &now.stat, per_tick))
                .ok_or(Missing::Soon),
            stat: now.stat,
        })
        .collect()
}

/// Finds each process's parent; a parent that is not there, that is younger in a circle, or itself, makes a root.
fn place(procs: &mut [Proc]) {
    for i in 0..procs.len() {
        let ppid = procs[i].stat.ppid;
        let parent = procs.binary_search_by_key(&ppid, |p| p.id.pid).ok();
        procs[i].parent = parent.filter(|p| *p != i).map(|p| p as u32);
    }
    break_cycles(procs);
}

/// Cuts every circle of parents at one place, so that walking upwards always ends.
///
/// The kernel makes none, but a sweep is not one moment: a pid may be reused while it reads.
fn break_cycles(procs: &mut [Proc]) {
    let mut seen = vec![0_u32; procs.len()];
    for i in 0..procs.len() {
        let walk = i as u32 + 1;
        let mut at = i;
        while seen[at] == 0 {
            seen[at] = walk;
            match procs[at].parent {
                Some(up) if seen[up as usize] == walk => procs[at].parent = None,
                Some(up) => at = up as usize,
                None => break,
            }
        }
    }
}

fn system(prev: Option<&Sample>, next: &Sample, seconds: f64, procs: &[Proc]) -> System {
    let s = &next.system;
    let rate = |f: fn(&super::sample::SystemSample) -> u64| {
        prev.map(|p| f(s).saturating_sub(f(&p.system)) as f64 / seconds)
            .ok_or(Missing::Soon)
    };
    System {
        uptime: s.uptime,
        load: s.load,
        cores: pair(prev.map_or(&[], |p| &p.system.cores), &s.cores, |c| c.id)
            .map(|(before, now)| Core {
                id: now.id,
                share: before.and_then(|b| core_share(b, now)).ok_or(Missing::Soon),
                khz: now.khz,
            })
            .collect(),
        switches: rate(|s| s.switches),
        forks: rate(|s| s.forks),
        running: s.running,
        blocked: s.blocked,
        threads: procs.iter().map(|p| u64::from(p.stat.threads)).sum(),
        memory: s.memory,
        pressure: [s.cpu_pressure, s.memory_pressure, s.io_pressure],
        own_pressure: s.own_pressure,
    }
}

fn core_share(before: &CoreSample, now: &CoreSample) -> Option<CoreShare> {
    let d = |f: fn(&CoreSample) -> u64| f(now).saturating_sub(f(before)) as f32;
    let (user, system, irq) = (d(|c| c.user.0), d(|c| c.system.0), d(|c| c.irq.0));
    let (steal, idle, iowait) = (d(|c| c.steal.0), d(|c| c.idle.0), d(|c| c.iowait.0));
    let all = user + system + irq + steal + idle;
    let to_percent = 100.0 / all;
    (all > 0.0).then_some(CoreShare {
        user: user * to_percent,
        system: system * to_percent,
        irq: irq * to_percent,
        steal: steal * to_percent,
        idle: idle * to_percent,
        iowait: iowait * to_percent,
    })
}
