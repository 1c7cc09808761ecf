//! Who had the cores where the kernel tells no switches: `schedstat` and the core of the threads that ran, 20 times a second.
//!
//! Sums and numbers of slices are the kernel's own; their order, and the core where a thread moved between, are guesses.

pub(crate) mod births;

use std::collections::HashMap;
use std::sync::Arc;

use births::Births;

use crate::model::id::{CpuId, Nanos, Pid, ProcId, Ticks, Tid};
use crate::model::process::stat::State;
use crate::model::sample::SchedStat;
use crate::model::scheduling::timeline::{Builder, COUNTING, Origin, Ran, Timeline, Who};
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::sys::machine::cores;
use crate::sys::own::open_files;
use crate::sys::process::changes::Feed;
use crate::sys::process::proc_counters;
use crate::sys::process::proc_dir::{KeptFile, ProcDir, read_kept};
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;

/// How often all processes are looked at for one that runs.
const INDEX: Nanos = Nanos::from_millis(1000);
/// How soon that is done again after the first time, which cannot compare.
const AGAIN: Nanos = Nanos::from_millis(200);
/// How old a sweep may be to take its place.
const RECENT: Nanos = Nanos::from_millis(2000);
/// How long a thread is followed after it ran last.
const FOLLOW: Nanos = Nanos::from_millis(2500);
/// Threads that are followed at the most.
const MOST: usize = 2000;

/// A thread that ran lately.
#[derive(Debug)]
struct Followed {
    pid: Pid,
    who: Arc<Who>,
    /// The core that it was on when it was read last.
    cpu: Option<CpuId>,
    before: Option<SchedStat>,
    ran: Nanos,
    /// Its `schedstat`, open for as long as it is followed.
    kept: Option<KeptFile>,
}

/// Samples a proc tree.
pub struct Sampled {
    root: ProcRoot,
    /// Keeps the last sweep, which knows who ran.
    feed: Feed,
    dir: Option<ProcDir>,
    births: Births,
    builder: Builder,
    cpus: Vec<CpuId>,
    followed: HashMap<Tid, Followed>,
    /// How many of them may be kept open.
    keep_most: usize,
    /// Time on a core of each process at the last index.
    times: HashMap<ProcId, Ticks>,
    /// The sweep that the last index was taken from.
    swept: Option<Arc<Snapshot>>,
    /// When the last index was.
    met: Nanos,
    /// When it was last counted how the cores spent their time.
    counted: Option<Nanos>,
    last: Nanos,
    buffer: Vec<u8>,
}

impl Sampled {
    /// Begins at `now`. Where sweeps leave what they found in the `feed`, they are not made a second time.
    pub fn new(root: &ProcRoot, feed: Feed, cpus: &[CpuId], now: Nanos) -> Self {
        Self {
            root: root.clone(),
            feed,
            dir: ProcDir::open(root).ok(),
            births: Births::new(root),
            builder: Builder::new(Origin::Sampled, cpus.iter().copied(), now),
            cpus: cpus.to_vec(),
            followed: HashMap::new(),
            keep_most: open_files::for_threads(),
            times: HashMap::new(),
            swept: None,
            met: Nanos(0),
            counted: None,
            last: now,
            buffer: Vec::new(),
        }
    }

    /// Reads the threads that ran lately once more.
    pub fn step(&mut self, now: Nanos) {
        if self.counted.is_none() {
            self.count(now);
        }
        self.welcome(now);
        if now.since(self.met) >= INDEX {
            let first = self.times.is_empty() && self.swept.is_none();
            self.met = if first {
                Nanos((now.0 + AGAIN.0).saturating_sub(INDEX.0))
            } else {
                now
            };
            match self.feed.seen().filter(|s| now.since(s.at) < RECENT) {
                Some(sweep) => self.learn(&sweep, now),
                None => self.index(now),
            }
        }
        let Some(dir) = &self.dir else { return };
        let mut found = Vec::new();
        let buffer = &mut self.buffer;
        let kept = self.followed.values().filter(|t| t.kept.is_some()).count();
        let mut room = self.keep_most.saturating_sub(kept);
        self.followed.retain(|tid, thread| {
            if thread.kept.is_none() && room > 0 && dir.keeps() {
                thread.keep(dir, *tid);
                room -= usize::from(thread.kept.is_some());
            }
            thread.read(dir, *tid, now, buffer, &mut found) && now.since(thread.ran) <= FOLLOW
        });
        self.builder.sampled((self.last, now), found);
        self.last = now;
    }

    /// Follows who began since the last step, from its birth on.
    fn welcome(&mut self, now: Nanos) {
        let Some(dir) = self.dir.as_ref() else { return };
        for number in self.births.take() {
            if self.followed.len() >= MOST {
                return;
            }
            let found = births::look_up(dir, number, &mut self.buffer);
            if let Some((id, name, _)) = found.filter(|(_, _, start)| self.births.is_new(*start)) {
                let mut thread = Followed::new(id, Tid(number), &name, now);
                thread.before = Some(SchedStat::default());
                self.followed.insert(Tid(number), thread);
            }
        }
    }

    /// Counts how the cores spent their time since this was done last.
    fn count(&mut self, now: Nanos) {
        self.counted = Some(now);
        // The waits of threads come with each of their samples.
        let nobody = &mut |_: &Who| None;
        self.builder.count(now, cores::now(&self.root), nobody);
    }

    /// Looks for processes whose time on a core grew, and follows their threads.
    fn index(&mut self, now: Nanos) {
        let Some(dir) = &self.dir else { return };
        let (mut pids, mut found) = (Vec::new(), Vec::new());
        if dir.pids(&mut pids, &mut self.buffer).is_err() {
            return;
        }
        let first = self.times.is_empty();
        let mut times = HashMap::with_capacity(pids.len());
        for pid in pids {
            let Ok(text) = dir.read(pid, "stat", &mut self.buffer) else {
                continue;
            };
            let Some(line) = proc_stat::parse(text, 4096) else {
                continue;
            };
            let id = ProcId {
                pid,
                start: line.start,
            };
            let time = line.stat.cpu_time();
            let ran = match self.times.get(&id) {
                Some(before) => *before != time,
                // At first everybody is new; whoever runs is told by its state.
                None => !first || line.stat.state == State::Running,
            };
            times.insert(id, time);
            if ran {
                found.push((id, SafeText::from_bytes(line.name)));
            }
        }
        self.times = times;
        for (id, name) in found {
            self.begin(id, &name, now);
        }
    }

    /// The same from a sweep; in the first one those count that had ran since the sweep before it.
    fn learn(&mut self, sweep: &Arc<Snapshot>, now: Nanos) {
        let before = self.swept.replace(Arc::clone(sweep));
        for proc in sweep.procs.iter() {
            let ran = match &before {
                Some(before) => before
                    .get(proc.id)
                    .is_none_or(|b| b.stat.cpu_time() != proc.stat.cpu_time()),
                None => proc.cpu.is_ok_and(|cpu| cpu > 0.0) || proc.stat.state == State::Running,
            };
            if ran {
                self.begin(proc.id, &proc.facts.name, now);
            }
        }
    }

    /// Follows the threads of a process.
    fn begin(&mut self, id: ProcId, name: &SafeText, now: Nanos) {
        let Some(dir) = self.dir.as_ref().filter(|_| self.followed.len() < MOST) else {
            return;
        };
        let mut tids = Vec::new();
        if dir.tids(id.pid, &mut tids, &mut self.buffer).is_err() {
            return;
        }
        for tid in tids {
            // One program may have more threads than all that are followed.
            if self.followed.len() >= MOST {
                return;
            }
            let new = || Followed::new(id, tid, name, now);
            self.followed.entry(tid).or_insert_with(new);
        }
    }

    /// Goes on with other cores: the lanes of those that went are gaps from now on.
    pub fn follow(&mut self, cpus: &[CpuId], now: Nanos) {
        for cpu in self.cpus.iter().filter(|c| !cpus.contains(c)) {
            self.builder.offline(*cpu, now);
        }
        for cpu in cpus {
            self.builder.online(*cpu, now);
        }
        self.cpus = cpus.to_vec();
    }

    /// The machine slept for `span`.
    pub fn suspended(&mut self, now: Nanos, span: Nanos) {
        self.builder.suspended(now, span);
    }

    /// An immutable view; `last`: none will follow, so that the newest moment is counted too.
    pub fn publish(&mut self, now: Nanos, last: bool) -> Timeline {
        if last || self.counted.is_none_or(|at| now.since(at) >= COUNTING) {
            self.count(now);
        }
        self.builder.publish(now)
    }
}

impl Followed {
    fn new(id: ProcId, tid: Tid, name: &SafeText, now: Nanos) -> Self {
        let name = name.clone();
        Self {
            pid: id.pid,
            who: Arc::new(Who { id, tid, name }),
            cpu: None,
            before: None,
            ran: now,
            kept: None,
        }
    }

    /// Opens its `schedstat` for all readings to come: three calls less each time.
    fn keep(&mut self, dir: &ProcDir, tid: Tid) {
        let file = dir.file(self.pid, &format!("task/{tid}/schedstat"));
        self.kept = file.ok();
    }

    /// Its time on a core; `None` where it has gone.
    fn schedstat(&self, dir: &ProcDir, tid: Tid, buffer: &mut Vec<u8>) -> Option<SchedStat> {
        if let Some(file) = &self.kept {
            let n = read_kept(file, buffer).ok()?;
            return proc_counters::schedstat(&buffer[..n]);
        }
        let text = dir.read(self.pid, &format!("task/{tid}/schedstat"), buffer);
        proc_counters::schedstat(text.ok()?)
    }

    /// Reads it once more and adds what it had of the cores since; false where it has gone.
    fn read(
        &mut self,
        dir: &ProcDir,
        tid: Tid,
        now: Nanos,
        buffer: &mut Vec<u8>,
        found: &mut Vec<Ran>,
    ) -> bool {
        let Some(stat) = self.schedstat(dir, tid, buffer) else {
            return false;
        };
        let Some(before) = self.before.replace(stat) else {
            return true;
        };
        let run = stat.run.since(before.run);
        if run.0 == 0 {
            return true;
        }
        self.ran = now;
        let text = dir.read(self.pid, &format!("task/{tid}/stat"), buffer);
        let Some(line) = text.ok().and_then(|text| proc_stat::parse(text, 4096)) else {
            return true;
        };
        if self.who.name.as_bytes() != line.name {
            let name = SafeText::from_bytes(line.name);
            self.who = Arc::new(Who {
                name,
                ..(*self.who).clone()
            });
        }
        let cpu = line.stat.processor;
        let all = Ran {
            cpu,
            who: Arc::clone(&self.who),
            run,
            slices: stat.slices.saturating_sub(before.slices) as u32,
            waited: stat.wait.since(before.wait),
        };
        // Of one that moved in between, it is not known when: half of it for each core is the least wrong.
        match self.cpu.replace(cpu).filter(|from| *from != cpu) {
            None => found.push(all),
            Some(from) => found.extend(halves(all, from)),
        }
        true
    }
}

/// The same on two cores.
fn halves(all: Ran, from: CpuId) -> [Ran; 2] {
    let half = Ran {
        cpu: from,
        who: Arc::clone(&all.who),
        run: Nanos(all.run.0 / 2),
        slices: all.slices / 2,
        waited: Nanos(all.waited.0 / 2),
    };
    let rest = Ran {
        run: all.run.since(half.run),
        slices: all.slices - half.slices,
        waited: all.waited.since(half.waited),
        ..all
    };
    [half, rest]
}

#[cfg(test)]
mod tests;
