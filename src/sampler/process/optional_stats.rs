//! What only shown rows, or all rows where one sorts or filters by it, have: the costlier files of a process.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::id::{Bytes, Nanos, Pid};
use crate::model::plan::Needs;
use crate::model::process::stat::{Stat, State};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{After, Held, Io, Moved, OptionalStats, TaskSample};
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;
use crate::sys::descriptors::opened::{self, Ports};
use crate::sys::groups::proc_cgroup;
use crate::sys::process::isolation::cgroup::frozen::Freezers;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::{living, overview, proc_counters, proc_status};
use crate::sys::scheduling::waits::first;
use crate::sys::{bounded, clock};

/// All needs that are answered here; page faults are counted by whatever is read.
pub(in crate::sampler) const OF_A_PROCESS: Needs = OptionalStats::ANSWERED.union(Needs::FAULTS);

/// What changes although a process did not run: time passes, pages are taken from it.
pub(in crate::sampler) const OF_SLEEPERS: Needs = Needs::GROWTH;

/// Reads, for each place, the parts that are needed there, `after` the tick; the others stay as they are. Answers how long
/// the heavy ones took.
pub(in crate::sampler) fn read(
    dir: &ProcDir,
    tasks: &mut [TaskSample],
    wanted: &[(usize, Needs)],
    after: Nanos,
) -> Nanos {
    let mut buffer = Vec::new();
    let alone = alone(tasks, wanted);
    let mut io = pick(dir, tasks, wanted, Needs::IO, |pids| {
        read_io(dir, pids.into_iter().zip(alone).collect())
    })
    .into_iter();
    let begun = clock::now();
    let mut pss = pick(dir, tasks, wanted, Needs::PSS, |pids| read_pss(dir, pids)).into_iter();
    let mut heavy = clock::now().since(begun);
    let mut waits = pick(dir, tasks, wanted, Needs::WAITS_FOR, |pids| {
        read_waits(dir, tasks, wanted, &pids)
    })
    .into_iter();
    let ports = ports(dir, tasks, wanted);
    let freezers = Freezers::new(dir.root());
    for (place, needs) in wanted {
        let task = &mut tasks[*place];
        let mut extra = task
            .extra
            .as_deref()
            .map_or_else(OptionalStats::default, Clone::clone);
        stamp(&mut extra.after, *needs, after);
        if needs.contains(Needs::IO) {
            extra.io = io.next().unwrap_or(Err(Missing::Late));
        }
        if needs.contains(Needs::PSS) {
            let new = pss.next().unwrap_or(Err(Missing::Late));
            // A big process may take longer than a read may: what was known is better than nothing.
            if new != Err(Missing::Late) || extra.pss.is_err() {
                extra.pss = new.map(|(pss, _)| pss);
                extra.private = new.map(|(_, private)| private);
            }
        }
        if needs.contains(Needs::GROWTH) {
            let mut growth = extra.growth.unwrap_or_default();
            growth.push(clock::now(), task.stat.resident);
            extra.growth = Ok(growth);
        }
        if needs.contains(Needs::WAITS_FOR) {
            extra.waits_for = waits.next().unwrap_or(Err(Missing::Late));
        }
        let asked = living::asked(dir, task.id.pid, &task.stat);
        let mut files = Files {
            dir,
            pid: asked,
            blocked: task.stat.state == State::Blocked,
            freezers: &freezers,
            buffer: &mut buffer,
        };
        for (_, read) in SMALL.iter().filter(|(need, _)| needs.contains(*need)) {
            read(&mut extra, &mut files);
        }
        if let Some(ports) = ports
            .as_ref()
            .filter(|_| needs.contains(Needs::DESCRIPTORS))
        {
            let begun = clock::now();
            extra.opened = opened::read(dir, asked, ports, &mut buffer).map(Arc::new);
            heavy.0 += clock::now().since(begun).0;
        }
        task.extra = Some(Arc::new(extra));
    }
    heavy
}

/// Notes when these parts were read.
fn stamp(of: &mut After, needs: Needs, after: Nanos) {
    let parts = [
        (Needs::STATUS, &mut of.status),
        (Needs::IO, &mut of.io),
        (Needs::SCHEDSTAT, &mut of.schedstat),
    ];
    for (need, part) in parts {
        if needs.contains(need) {
            *part = after;
        }
    }
}

/// The ports of all sockets, where somebody needs what processes hold open.
fn ports(dir: &ProcDir, tasks: &[TaskSample], wanted: &[(usize, Needs)]) -> Option<Ports> {
    let asked = wanted
        .iter()
        .filter(|(_, needs)| needs.contains(Needs::DESCRIPTORS));
    let pids: Vec<Pid> = asked.map(|(place, _)| tasks[*place].id.pid).collect();
    (!pids.is_empty()).then(|| Ports::read(dir, &pids))
}

/// A process whose files are read.
struct Files<'a> {
    dir: &'a ProcDir,
    pid: Pid,
    /// Whether it is in state D.
    blocked: bool,
    freezers: &'a Freezers,
    buffer: &'a mut Vec<u8>,
}

impl Files<'_> {
    /// The value in a file.
    fn one<T>(&mut self, name: &str, parse: impl Fn(&[u8]) -> Option<T>) -> Reading<T> {
        file(self.dir, self.pid, name, self.buffer, parse)
    }
}

/// What asks for a file, and where goes what it says.
type Small = (Needs, fn(&mut OptionalStats, &mut Files<'_>));

/// The files that never make the reader wait.
const SMALL: &[Small] = &[
    (Needs::STATUS, |extra, files| {
        extra.status = files.one("status", |text| Some(proc_status::parse(text)));
    }),
    (Needs::CGROUP, |extra, files| {
        // One text for as long as it says the same.
        let known = extra.cgroup.clone().ok();
        let beside = extra.beside.clone().ok();
        let read = files.one("cgroup", |text| {
            let new = proc_cgroup::parse(text)?;
            let path = known.clone().filter(|known| *known == new.path);
            let beside = beside.clone().filter(|known| **known == new.beside[..]);
            Some((
                path.unwrap_or(new.path),
                beside.unwrap_or_else(|| new.beside.into()),
            ))
        });
        (extra.cgroup, extra.beside) = match read {
            Ok((path, beside)) => (Ok(path), Ok(beside)),
            Err(why) => (Err(why), Err(why)),
        };
    }),
    (Needs::BLOCKED_ON, |extra, files| {
        let told = files.one("wchan", |text| {
            let name = std::str::from_utf8(text).ok()?.trim();
            // "0" for one that runs again, and for processes whose insides this user may not see.
            (!name.is_empty() && name != "0").then(|| Cause::of(name))
        });
        // In a frozen group of v1 one sleeps on where one slept.
        let freezers = files.freezers;
        let asks = files.blocked && told != Ok(Cause::Frozen);
        let frozen = asks.then(|| files.one("cgroup", |text| freezers.of(text)));
        extra.blocked_on = match frozen {
            Some(Ok(_)) => Ok(Cause::Frozen),
            _ => told,
        };
    }),
    (Needs::HELD, |extra, files| {
        let limit = files.one("limits", |text| {
            Some(overview::soft_limit(text, "Max open files").filter(|n| *n < u64::MAX))
        });
        let open = files.dir.count_descriptors(files.pid, files.buffer);
        let held = |open| limit.map(|limit| Held { open, limit });
        extra.held = open.and_then(held);
    }),
    (Needs::OOM, |extra, files| {
        extra.oom_score = files.one("oom_score", proc_counters::oom_score);
    }),
    (Needs::SCHEDSTAT, |extra, files| {
        extra.schedstat = files.one("schedstat", proc_counters::schedstat);
    }),
    (Needs::EXE, |extra, files| {
        // A kernel thread has no executable and says `ENOENT`, as if it had ended.
        extra.exe = match files.dir.link(files.pid, "exe") {
            Err(Missing::Gone) if extra.exe.is_err() => Err(Missing::Unsupported),
            other => other.map(|path| SafeText::from_bytes(&path)),
        };
    }),
];

fn file<T>(
    dir: &ProcDir,
    pid: Pid,
    name: &str,
    buffer: &mut Vec<u8>,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> Reading<T> {
    parse(dir.read(pid, name, buffer)?).ok_or(Missing::Unsupported)
}

/// Reads for those who need it, in their order.
fn pick<T>(
    dir: &ProcDir,
    tasks: &[TaskSample],
    wanted: &[(usize, Needs)],
    need: Needs,
    read: impl FnOnce(Vec<Pid>) -> Vec<T>,
) -> Vec<T> {
    let pids: Vec<Pid> = wanted
        .iter()
        .filter(|(_, needs)| needs.contains(need))
        .map(|(place, _)| living::asked(dir, tasks[*place].id.pid, &tasks[*place].stat))
        .collect();
    if pids.is_empty() {
        return Vec::new();
    }
    read(pids)
}

/// Of those whose I/O is needed, in their order: whether no child's I/O can be among theirs, nor soon will be.
fn alone(tasks: &[TaskSample], wanted: &[(usize, Needs)]) -> Vec<bool> {
    let asked: Vec<&TaskSample> = wanted
        .iter()
        .filter(|(_, needs)| needs.contains(Needs::IO))
        .map(|(place, _)| &tasks[*place])
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let parents: HashSet<Pid> = tasks.iter().map(|t| t.stat.ppid).collect();
    asked
        .iter()
        .map(|t| t.stat.child_faults == 0 && !parents.contains(&t.id.pid))
        .collect()
}

/// `io` takes the lock that a process holds while it executes a program, from whatever file system that comes.
fn read_io(dir: &ProcDir, asked: Vec<(Pid, bool)>) -> Vec<Reading<Io>> {
    let dir = dir.clone();
    bounded::each("io", asked, move |(pid, alone)| {
        let mut buffer = Vec::new();
        // All first: what a thread moves between the two readings is then nobody's rather than a child's.
        let all = file(&dir, *pid, "io", &mut buffer, proc_counters::io)?;
        let living = if *alone {
            None
        } else {
            Some(living(&dir, *pid, &mut buffer)?)
        };
        Ok(Io { all, living })
    })
}

/// What the living threads of a process moved; one that ends meanwhile is none of them.
fn living(dir: &ProcDir, pid: Pid, buffer: &mut Vec<u8>) -> Reading<Moved> {
    let mut tids = Vec::new();
    dir.tids(pid, &mut tids, buffer)?;
    let mut sum = Moved::default();
    for tid in tids {
        match file(
            dir,
            pid,
            &format!("task/{tid}/io"),
            buffer,
            proc_counters::io,
        ) {
            Ok(moved) => sum = sum + moved,
            Err(Missing::Gone) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(sum)
}

/// `syscall` takes the same lock as `io`.
fn read_waits(
    dir: &ProcDir,
    tasks: &[TaskSample],
    wanted: &[(usize, Needs)],
    asked: &[Pid],
) -> Vec<Reading<SafeText>> {
    let places = wanted
        .iter()
        .filter(|(_, needs)| needs.contains(Needs::WAITS_FOR));
    let stats: HashMap<Pid, Stat> = places
        .zip(asked)
        .map(|((place, _), pid)| (*pid, tasks[*place].stat))
        .collect();
    let (dir, freezers) = (dir.clone(), Freezers::new(dir.root()));
    bounded::each("syscall", asked.to_vec(), move |pid| {
        let stat = stats.get(pid).ok_or(Missing::Gone)?;
        first::words(&dir, *pid, stat, &freezers)
    })
}

/// Proportional and private memory. `smaps_rollup` takes the memory lock, and walks every page table.
fn read_pss(dir: &ProcDir, pids: Vec<Pid>) -> Vec<Reading<(Bytes, Bytes)>> {
    let dir = dir.clone();
    bounded::each("smaps_rollup", pids, move |pid| {
        let mut buffer = Vec::new();
        match dir.read(*pid, "smaps_rollup", &mut buffer) {
            // Without memory of its own: a kernel thread (no text) or a zombie (`ESRCH`).
            Ok(text) => Ok((
                proc_counters::proportional(text).unwrap_or_default(),
                proc_counters::private(text),
            )),
            Err(why) => Err(why),
        }
    })
}

/// What of an old reading a new one begins with: the needed parts, to fall back on and to share text with.
pub(in crate::sampler) fn only(extra: Arc<OptionalStats>, needs: Needs) -> Arc<OptionalStats> {
    let known = OptionalStats::ANSWERED - extra.lacking();
    if (known - needs).is_empty() && extra.after == After::default() {
        return extra;
    }
    let mut kept = OptionalStats::clone(&extra);
    // Whoever did not run has counted nothing since, so that what is kept is of the new tick as well.
    kept.after = After::default();
    kept.keep(needs);
    Arc::new(kept)
}

/// The parts that nobody has read yet; means are no file's, but what [`super::means`] remembers.
pub(in crate::sampler) fn lacking(extra: &OptionalStats) -> Needs {
    extra.lacking() - Needs::MEANS
}
