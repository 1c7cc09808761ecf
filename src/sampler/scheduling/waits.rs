//! Threads of the process in focus and what they wait for: `/proc/PID/task`, `proc_pid_task(5)`, `proc_pid_syscall(5)`.
//!
//! Counters of all threads are read as often as they are cheap, those of shown ones each time; what costs more is read of
//! the shown ones first and of the others in turns.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Nanos, Pid, ProcId, ThreadId, Ticks, Tid};
use crate::model::plan::{Needs, Plan};
use crate::model::process::stat::Stat;
use crate::model::process::threads::{Stack, ThreadDetail, ThreadRow, Threads, rates};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{Clues, Now, Wait, classify};
use crate::model::text::SafeText;
use crate::sys::machine::host;
use crate::sys::process::living;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::links;
use crate::sys::scheduling::waits::space::Space;
use crate::sys::scheduling::waits::thread::{self, Raw};
use crate::sys::source::{Error, Source};
use crate::sys::{asker, bounded, clock};

/// How many threads are read in detail each time.
const IN_DETAIL: usize = 256;
/// Reading the counters of all threads takes at most this part of the time: one in so many.
const SHARE: u64 = 20;

/// Reads the threads of the process in focus.
pub struct Waits {
    root: ProcRoot,
    page: u64,
    per_second: u64,
    of: Option<ProcId>,
    last: Arc<Threads>,
    turn: usize,
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
        let threads = Threads {
            rows,
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
            deadlocks: Vec::new(),
        });
        Ok(Arc::clone(&self.last))
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
        for tid in tids {
            rows.extend(self.counters(dir, of.pid, tid, &mut buffer));
        }
        Ok(rows)
    }

    /// The rows of the last reading, with the counters of the shown ones as they are now.
    fn again(&self, dir: &ProcDir, of: ProcId, shown: &[Tid]) -> Vec<ThreadRow> {
        let mut rows = self.last.rows.clone();
        let mut buffer = Vec::new();
        for tid in shown {
            if let Ok(at) = rows.binary_search_by_key(tid, |r| r.id.tid)
                && let Some(row) = self.counters(dir, of.pid, *tid, &mut buffer)
            {
                rows[at] = row;
            }
        }
        rows
    }

    /// The counters of one thread; `None` where it has ended.
    fn counters(
        &self,
        dir: &ProcDir,
        pid: Pid,
        tid: Tid,
        buffer: &mut Vec<u8>,
    ) -> Option<ThreadRow> {
        let text = dir.read(pid, &format!("task/{tid}/stat"), buffer).ok()?;
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

    fn detail(&self, of: ProcId, chosen: &[usize], rows: &mut [ThreadRow]) {
        let asked = living::pid(&self.root, of.pid);
        let wide = is_wide(&self.root, asked);
        let space = bounded::read(&self.root.proc(format!("{asked}/maps")));
        let space = space.map(|text| Space::parse(&text));
        let items: Vec<(ProcId, ThreadId)> = chosen.iter().map(|i| (of, rows[*i].id)).collect();
        let root = self.root.clone();
        let raws = bounded::each("thread", items, move |(of, id)| {
            thread::read(&root, of.pid, id.tid, wide)
        });
        let names = Numbers::new(rows, chosen, &raws);
        let now = Now {
            real: clock::real(),
            monotonic: clock::now(),
            boot: clock::since_boot(),
        };
        for (i, raw) in chosen.iter().zip(raws) {
            let row = &mut rows[*i];
            row.detail = match raw {
                Ok(raw) => Ok(detail_of(row, &raw, wide, now, &names)),
                Err(why) => Err(why),
            };
        }
        links::resolve(&self.root, asked, chosen, rows, names.nested);
        if let Ok(space) = &space {
            place(rows, space);
        } else if let Err(why) = space {
            for row in rows {
                if let Ok(detail) = &mut row.detail {
                    detail.stack = Err(why);
                }
            }
        }
    }
}

/// The start time of whoever has this number now.
fn start(dir: &ProcDir, pid: Pid, page: u64) -> Reading<Ticks> {
    let mut buffer = Vec::new();
    let text = dir.read(pid, "stat", &mut buffer)?;
    proc_stat::parse(text, page)
        .map(|l| l.start)
        .ok_or(Missing::Gone)
}

/// Whether a process has 64-bit words: the class of its executable's ELF header; as our own where it cannot be read.
fn is_wide(root: &ProcRoot, pid: Pid) -> bool {
    let path = root.proc(format!("{pid}/exe"));
    match asker::regular(vec![path], 5).pop().as_ref() {
        Some(Ok(header)) if header.starts_with(b"\x7fELF") => header.get(4) == Some(&2),
        _ => cfg!(target_pointer_width = "64"),
    }
}

/// Which thread a number in the process's memory means: there it has the numbers of its own pid namespace.
struct Numbers {
    inner: HashMap<u32, Tid>,
    nested: bool,
}

impl Numbers {
    fn new(rows: &[ThreadRow], chosen: &[usize], raws: &[Reading<Raw>]) -> Self {
        let known = |raw: &Reading<Raw>| raw.as_ref().ok()?.inner;
        let nested = raws.iter().filter_map(known).any(|(_, depth)| depth > 1);
        let inner = if nested {
            let pairs = chosen.iter().zip(raws);
            pairs
                .filter_map(|(i, raw)| Some((known(raw)?.0, rows[*i].id.tid)))
                .collect()
        } else {
            rows.iter().map(|r| (r.id.tid.0, r.id.tid)).collect()
        };
        Self { inner, nested }
    }
}

fn detail_of(row: &ThreadRow, raw: &Raw, wide: bool, now: Now, names: &Numbers) -> ThreadDetail {
    let mut waiting = classify(&Clues {
        state: row.stat.state,
        kernel_thread: row.stat.is_kernel_thread(),
        call: raw.call,
        name: raw.name,
        function: raw.function.clone(),
        memory: &raw.memory,
        wide,
        thread: &|number| names.inner.get(&number).copied(),
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
            _ if row.stat.is_kernel_thread() => Err(Missing::Unsupported),
            sp => sp.ok_or(Missing::Soon),
        }),
    }
}

/// Finds each thread's stack and each lock's place among the mappings.
///
/// A mapping that holds the stack pointers of two threads is no stack: a runtime moves its own stacks inside it.
fn place(rows: &mut [ThreadRow], space: &Space) {
    let mut users: HashMap<u64, u32> = HashMap::new();
    let mapping = |row: &ThreadRow| space.at(row.detail.as_ref().ok()?.sp.ok()?);
    for row in &*rows {
        if let Some(m) = mapping(row) {
            *users.entry(m.start).or_default() += 1;
        }
    }
    for row in rows {
        let found = mapping(row).cloned();
        let Ok(detail) = &mut row.detail else {
            continue;
        };
        let stack = found.filter(|m| users[&m.start] == 1 && &*m.path != b"[heap]");
        detail.stack = match (detail.sp, stack) {
            (Ok(sp), Some(m)) => Ok(Stack {
                start: m.end,
                used: Bytes(m.end - sp),
                size: Bytes(m.end - m.start),
            }),
            (Ok(_), None) => Err(Missing::Unsupported),
            (Err(why), _) => Err(why),
        };
        if let Wait::Futex(futex) = &mut detail.waiting.what
            && let Some(m) = space.at(futex.word)
        {
            futex.place = Some(match users.get(&m.start) {
                Some(1) if m.path.is_empty() => "a thread's stack".into(),
                _ => m.place(futex.word),
            });
            futex.settle(m.shared);
        }
    }
}

impl Source<Detail> for Waits {
    fn name(&self) -> &'static str {
        "threads"
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
