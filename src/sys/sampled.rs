//! Who had the cores where the kernel tells no switches: `schedstat` and the core of the threads that ran, 20 times a second.
//!
//! Sums and numbers of slices are the kernel's own; their order, and the core where a thread moved between, are guesses.

mod births;

use std::collections::HashMap;
use std::sync::Arc;

use births::Births;

use super::changes::Feed;
use super::cores;
use super::proc_counters;
use super::proc_dir::ProcDir;
use super::proc_stat;
use super::root::ProcRoot;
use crate::model::id::{CpuId, Nanos, Pid, ProcId, Ticks, Tid};
use crate::model::sample::SchedStat;
use crate::model::snapshot::Snapshot;
use crate::model::stat::State;
use crate::model::text::SafeText;
use crate::model::timeline::{Builder, COUNTING, Origin, Ran, Timeline, Who};

/// How often all processes are looked at for one that runs.
const CENSUS: Nanos = Nanos::from_millis(1000);
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
    /// Time on a core of each process at the last census.
    times: HashMap<ProcId, Ticks>,
    /// The sweep that the last census was taken from.
    swept: Option<Arc<Snapshot>>,
    /// When the last census was.
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
        if now.since(self.met) >= CENSUS {
            let first = self.times.is_empty() && self.swept.is_none();
            self.met = if first {
                Nanos((now.0 + AGAIN.0).saturating_sub(CENSUS.0))
            } else {
                now
            };
            match self.feed.seen().filter(|s| now.since(s.at) < RECENT) {
                Some(sweep) => self.learn(&sweep, now),
                None => self.census(now),
            }
        }
        let Some(dir) = &self.dir else { return };
        let mut found = Vec::new();
        let buffer = &mut self.buffer;
        self.followed.retain(|tid, thread| {
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
            if let Some((id, name)) = births::look_up(dir, number, &mut self.buffer) {
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
    fn census(&mut self, now: Nanos) {
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
        }
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
        let text = dir.read(self.pid, &format!("task/{tid}/schedstat"), buffer);
        let Some(stat) = text.ok().and_then(proc_counters::schedstat) else {
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
mod tests {
    use std::fs;

    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn time_is_found_on_the_core_that_stat_names() {
        let dir = tempfile::tempdir().expect("a directory");
        let task = dir.path().join("proc/7/task/8");
        fs::create_dir_all(&task).expect("made");
        let fields =
            "R 1 7 7 0 -1 0 0 0 0 0 10 2 0 0 20 0 2 0 98 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0";
        fs::write(dir.path().join("proc/7/stat"), format!("7 (p) {fields}")).expect("written");
        fs::write(task.join("stat"), format!("8 (worker) {fields}")).expect("written");
        fs::write(task.join("schedstat"), "1000000 0 5\n").expect("written");
        let root = ProcRoot::fixture(dir.path());
        let ms = Nanos::from_millis;
        let mut sampled = Sampled::new(&root, Feed::default(), &[CpuId(0), CpuId(1)], ms(1000));
        sampled.step(ms(1050));
        fs::write(task.join("schedstat"), "21000000 0 9\n").expect("written");
        sampled.step(ms(1100));
        let line = sampled.publish(ms(1100), false);
        let (bin, who) = line.lanes[1].bins[2].all().next().expect("a bin");
        assert_eq!((bin.run, bin.slices), (ms(20), 4));
        assert_eq!((who.tid, who.name.as_str()), (Tid(8), "worker"));
        assert_eq!(line.origin, Origin::Sampled);
    }

    #[test]
    fn a_sweep_tells_who_ran_and_nobody_else_is_looked_at() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        for pid in [7, 8, 9] {
            fs::create_dir_all(root.proc(format!("{pid}/task/{pid}"))).expect("made");
        }
        let (feed, mut scene) = (Feed::default(), Scene::new());
        for pid in [7, 8, 9] {
            scene.task(pid, 1, "p");
        }
        let first = scene.pass(1000, &[(8, 3)]);
        let at = first.at;
        let mut sampled = Sampled::new(&root, feed.clone(), &[CpuId(0)], at);
        let mut followed = |snapshot: Snapshot, now: Nanos| {
            feed.saw(&Arc::new(snapshot));
            sampled.learn(&feed.seen().expect("seen"), now);
            let mut tids: Vec<u32> = sampled.followed.keys().map(|tid| tid.0).collect();
            tids.sort_unstable();
            tids
        };
        assert_eq!(followed(first, at), [8], "who ran before the first sweep");
        let second = scene.pass(1000, &[(9, 1)]);
        assert_eq!(followed(second, at), [8, 9]);
    }
}
