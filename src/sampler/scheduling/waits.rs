//! Threads of the process in focus and what they wait for: `/proc/PID/task`, `proc_pid_task(5)`, `proc_pid_syscall(5)`.
//!
//! Counters of all threads are read as often as they are cheap, those of shown ones each time; what costs more is read of
//! the shown ones first and of the others in turns.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

mod around;
mod beyond;
mod listeners;
mod numbers;
mod stuck;

use self::around::Around;
use self::listeners::Listeners;
use self::numbers::Numbers;
use self::stuck::Stuck;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, Pid, ProcId, ThreadId, Ticks, Tid};
use crate::model::plan::{Needs, Plan};
use crate::model::process::stat::{Stat, State};
use crate::model::process::threads::{ThreadDetail, ThreadRow, Threads, rates};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::calls::Number;
use crate::model::scheduling::wait::{Clues, Flavour, Now, Owner, Wait, classify};
use crate::model::text::SafeText;
use crate::sys::machine::host;
use crate::sys::process::isolation::cgroup::frozen::Freezers;
use crate::sys::process::living;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::links;
use crate::sys::scheduling::waits::thread::{self, Raw};
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{bounded, clock};

/// How many threads are read in detail each time.
const IN_DETAIL: usize = 256;
/// Reading the counters of all threads takes at most this part of the time: one in so many. Those of a thousand, which take
/// some 5 ms, are read every second or every other; shown ones each time.
const SHARE: u64 = 200;

/// Reads the threads of the process in focus.
pub struct Waits {
    root: ProcRoot,
    page: u64,
    per_second: u64,
    of: Option<ProcId>,
    last: Arc<Threads>,
    turn: usize,
    around: Around,
    numbers: Numbers,
    stuck: Stuck,
    listeners: Listeners,
    /// The calls in which threads were when they were read last, and the first arguments.
    asked: HashMap<Tid, (Number, u64)>,
    /// When all counters were read last, and how long that took.
    swept: Nanos,
    cost: Nanos,
}

impl Waits {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        let machine = host::read(root);
        Self {
            root: root.clone(),
            page: machine.page_size,
            per_second: machine.ticks_per_second,
            of: None,
            last: Arc::default(),
            turn: 0,
            around: Around::new(root),
            numbers: Numbers::default(),
            stuck: Stuck::default(),
            listeners: Listeners::default(),
            asked: HashMap::new(),
            swept: Nanos(0),
            cost: Nanos(0),
        }
    }

    /// Reads all threads of a process; `shown` ones in detail before the others.
    ///
    /// # Errors
    /// `Gone` when it has ended, or why its threads cannot be listed.
    pub fn threads(&mut self, of: ProcId, shown: &[Tid]) -> Reading<Arc<Threads>> {
        if self.of != Some(of) {
            self.of = Some(of);
            self.last = Arc::default();
            self.turn = 0;
            self.numbers = Numbers::default();
            self.asked.clear();
        }
        let dir = ProcDir::open(&self.root).map_err(|_| Missing::Unsupported)?;
        let began = clock::now();
        let is_due = began.since(self.swept).0 >= self.cost.0.saturating_mul(SHARE);
        let mut rows = if self.last.rows.is_empty() || is_due {
            let rows = self.rows(&dir, of)?;
            self.swept = began;
            self.cost = clock::now().since(began);
            rows
        } else {
            self.again(&dir, of, shown)
        };
        let chosen = self.chosen(shown, &rows);
        self.detail(of, &chosen, &mut rows);
        // The number may have found another owner meanwhile.
        if start(&dir, of.pid, self.page)? != of.start {
            return Err(Missing::Gone);
        }
        let mut others = beyond::follow(&self.root, &rows);
        let more = self.stuck.steps(&self.root, of.pid, &rows);
        others.retain(|o| more.iter().all(|m| m.tid != o.tid));
        others.extend(more);
        let threads = Threads {
            rows,
            others,
            ..Threads::default()
        };
        self.last = Arc::new(threads.with_deadlocks());
        Ok(Arc::clone(&self.last))
    }

    /// Reads these threads alone, for who looks many times a second; of the others what was known stays.
    ///
    /// # Errors
    /// As [`Waits::threads`].
    pub fn look(&mut self, of: ProcId, at: &[Tid]) -> Reading<Arc<Threads>> {
        if self.of != Some(of) || at.iter().any(|tid| self.last.get(*tid).is_none()) {
            return self.threads(of, at);
        }
        let dir = ProcDir::open(&self.root).map_err(|_| Missing::Unsupported)?;
        let mut rows = self.again(&dir, of, at);
        let place = |tid: &Tid| rows.binary_search_by_key(tid, |r| r.id.tid).ok();
        let chosen: Vec<usize> = at.iter().filter_map(place).collect();
        self.detail(of, &chosen, &mut rows);
        self.last = Arc::new(Threads {
            rows,
            ..Threads::default()
        });
        Ok(Arc::clone(&self.last))
    }

    /// In which call a thread was when it was read last, as the kernel has it, and the first argument of that.
    pub fn asked(&self, tid: Tid) -> Option<(Number, u64)> {
        self.asked.get(&tid).copied()
    }

    /// The counters of every thread.
    fn rows(&self, dir: &ProcDir, of: ProcId) -> Reading<Vec<ThreadRow>> {
        if start(dir, of.pid, self.page)? != of.start {
            return Err(Missing::Gone);
        }
        let mut tids = Vec::new();
        let mut buffer = Vec::new();
        dir.tids(of.pid, &mut tids, &mut buffer)?;
        let mut rows = Vec::with_capacity(tids.len());
        let threads = dir.threads(of.pid)?;
        for tid in tids {
            rows.extend(self.counters(&threads, tid, &mut buffer));
        }
        Ok(rows)
    }

    /// The rows of the last reading, with the counters of the shown ones as they are now.
    fn again(&self, dir: &ProcDir, of: ProcId, shown: &[Tid]) -> Vec<ThreadRow> {
        let mut rows = self.last.rows.clone();
        let mut buffer = Vec::new();
        let Ok(threads) = dir.threads(of.pid) else {
            return rows;
        };
        for tid in shown {
            if let Ok(at) = rows.binary_search_by_key(tid, |r| r.id.tid)
                && let Some(row) = self.counters(&threads, *tid, &mut buffer)
            {
                rows[at] = row;
            }
        }
        rows
    }

    /// The counters of one thread; `None` where it has ended.
    fn counters(&self, threads: &ProcDir, tid: Tid, buffer: &mut Vec<u8>) -> Option<ThreadRow> {
        let text = threads.read(Pid(tid.0), "stat", buffer).ok()?;
        let line = proc_stat::parse(text, self.page)?;
        let id = ThreadId {
            tid,
            start: line.start,
        };
        Some(self.row(id, SafeText::from_bytes(line.name), line.stat))
    }

    fn row(&self, id: ThreadId, name: SafeText, stat: Stat) -> ThreadRow {
        let at = clock::now();
        let before = self.last.get(id.tid).filter(|r| r.id == id);
        let cpu = before.ok_or(Missing::Soon).and_then(|b| {
            let seconds = at.since(b.at).seconds();
            let ticks = stat.cpu_time().0.saturating_sub(b.stat.cpu_time().0);
            let share = ticks as f64 * 100.0 / self.per_second as f64 / seconds;
            if seconds > 0.0 {
                Ok(share as f32)
            } else {
                Err(Missing::Soon)
            }
        });
        ThreadRow {
            id,
            name,
            stat,
            at,
            cpu,
            detail: before.map_or(Err(Missing::Soon), |b| b.detail.clone()),
        }
    }

    /// Which threads are read in detail now, as places in `rows`: shown ones, then the next ones in turn.
    fn chosen(&mut self, shown: &[Tid], rows: &[ThreadRow]) -> Vec<usize> {
        let place = |tid: &Tid| rows.binary_search_by_key(tid, |r| r.id.tid).ok();
        // Members of a circle are looked at again, so that no deadlock is told of threads that went on.
        let circles = self.last.deadlocks.iter().flat_map(|d| &d.0);
        let mut chosen: Vec<usize> = shown.iter().chain(circles).filter_map(place).collect();
        let room = IN_DETAIL.saturating_sub(chosen.len()).min(rows.len());
        chosen.extend((0..room).map(|n| (self.turn + n) % rows.len()));
        if !rows.is_empty() {
            self.turn = (self.turn + room) % rows.len();
        }
        let mut seen = HashSet::new();
        chosen.retain(|i| seen.insert(*i));
        chosen
    }

    fn detail(&mut self, of: ProcId, chosen: &[usize], rows: &mut [ThreadRow]) {
        let asked = living::pid(&self.root, of.pid);
        let space = self.around.turn_to(of, asked);
        let wide = self.around.is_wide(asked);
        let code = self.around.code(asked);
        let flavour = code.as_ref().map_or(Flavour::Unknown, |c| c.flavour());
        let items: Vec<(ProcId, ThreadId)> = chosen.iter().map(|i| (of, rows[*i].id)).collect();
        let threads = ProcDir::open(&self.root).map_err(|_| Missing::Unsupported);
        let threads = threads.and_then(|dir| dir.threads(of.pid));
        let raws = bounded::each("thread", items, move |(_, id)| {
            thread::read(
                threads.as_ref().map_err(|why| *why)?,
                id.tid,
                wide,
                code.as_deref(),
            )
        });
        self.numbers.learn(rows, chosen, &raws);
        let now = Now {
            real: clock::real(),
            monotonic: clock::now(),
            boot: clock::since_boot(),
            tai: clock::atomic(),
        };
        let freezers = Freezers::new(&self.root);
        let whole = || freezers.of_task(&asked.to_string()).is_some();
        let process = Process {
            wide,
            flavour,
            asked,
            freezers: &freezers,
            frozen: LazyCell::new(&whole),
            owner: &|number, shared| self.numbers.owner(&self.root, of.pid, number, shared),
        };
        for (i, raw) in chosen.iter().zip(raws) {
            let row = &mut rows[*i];
            match raw.as_ref().ok().and_then(|raw| raw.asked) {
                Some((number, first)) => {
                    let number = Number {
                        number: number as u32,
                        narrow: !wide,
                    };
                    self.asked.insert(row.id.tid, (number, first));
                }
                None => drop(self.asked.remove(&row.id.tid)),
            }
            // Its state and what it sleeps in are told of one moment, or it does not sleep.
            if let Ok(raw) = &raw {
                row.stat.state = raw.state.unwrap_or(match row.stat.state {
                    State::Blocked | State::Sleeping if raw.moves => State::Running,
                    state => state,
                });
            }
            row.detail = match raw {
                Ok(raw) => Ok(detail_of(row, &raw, &process, now)),
                Err(why) => Err(why),
            };
        }
        let nested = self.numbers.nested();
        links::resolve(&self.root, asked, chosen, rows, nested);
        self.listeners.learn(&self.root, asked, rows);
        match space {
            Ok(_) => self.around.place(of, asked, rows),
            Err(why) => {
                for detail in rows.iter_mut().filter_map(|r| r.detail.as_mut().ok()) {
                    detail.stack = Err(why);
                }
            }
        }
    }
}

/// What decides how the memory of a process is read.
struct Process<'a> {
    wide: bool,
    flavour: Flavour,
    owner: &'a dyn Fn(u32, Option<u64>) -> Owner,
    asked: Pid,
    freezers: &'a Freezers,
    /// Whether the group of its first thread is frozen.
    frozen: LazyCell<bool, &'a dyn Fn() -> bool>,
}

/// The start time of whoever has this number now.
fn start(dir: &ProcDir, pid: Pid, page: u64) -> Reading<Ticks> {
    let mut buffer = Vec::new();
    let text = dir.read(pid, "stat", &mut buffer)?;
    proc_stat::parse(text, page)
        .map(|l| l.start)
        .ok_or(Missing::Gone)
}

/// Whether a thread stands still with its control group, where the function that it sleeps in does not tell.
fn is_frozen(row: &ThreadRow, raw: &Raw, process: &Process<'_>) -> bool {
    let hidden = !matches!(raw.function, Ok(Some(_)));
    match row.stat.state {
        State::Blocked => {
            let task = format!("{}/task/{}", process.asked, row.id.tid);
            process.freezers.of_task(&task).is_some()
        }
        State::Sleeping => hidden && *process.frozen,
        _ => false,
    }
}

fn detail_of(row: &ThreadRow, raw: &Raw, process: &Process<'_>, now: Now) -> ThreadDetail {
    let mut waiting = classify(&Clues {
        state: row.stat.state,
        kernel_thread: row.stat.is_kernel_thread() || row.stat.is_worker(),
        call: raw.call,
        name: raw.name,
        function: raw.function.clone(),
        memory: &raw.memory,
        wide: process.wide,
        inside: raw.inside.as_ref(),
        frozen: is_frozen(row, raw, process),
        flavour: process.flavour,
        owner: process.owner,
        now,
    });
    if let Wait::Traced(by) = &mut waiting.what {
        *by = raw.tracer;
    }
    let before = row.detail.as_ref().ok();
    let same = before.is_some_and(|b| {
        raw.switches.is_ok() && b.switches == raw.switches && b.waiting.call == waiting.call
    });
    let seen = before.filter(|_| same).map_or(Nanos(0), |b| {
        Nanos(b.seen.0.saturating_add(now.monotonic.since(b.at).0))
    });
    ThreadDetail {
        at: now.monotonic,
        switches: raw.switches,
        rates: rates(before, raw.switches, now.monotonic),
        waiting,
        seen,
        stack: Err(Missing::Soon),
        sp: raw.call.and_then(|c| match c.sp() {
            _ if row.stat.is_kernel_thread() || row.stat.is_worker() => Err(Missing::Unsupported),
            sp => sp.ok_or(Missing::Soon),
        }),
    }
}

impl Source<Detail> for Waits {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others", "kernel stack"])
    }

    fn fills(&self) -> Needs {
        Needs::WAITS
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(of) = plan.focus else {
            into.threads = None;
            return Ok(());
        };
        let value = self.threads(of, &plan.threads);
        let at = clock::now();
        into.threads = Some(Stamped { at, value });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
