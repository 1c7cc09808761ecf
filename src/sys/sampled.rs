//! Who had the cores where the kernel tells no switches: `schedstat` and the core of the threads that ran, 20 times a second.
//!
//! Sums and numbers of slices are the kernel's own; their order, and the core where a thread moved between, are guesses.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

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
use crate::model::timeline::{Builder, Origin, Ran, Timeline, Who};

/// How often all processes are looked at for one that runs.
const CENSUS: Nanos = Nanos::from_millis(1000);
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
    before: Option<SchedStat>,
    ran: Nanos,
}

/// Samples a proc tree.
pub struct Sampled {
    root: ProcRoot,
    /// Keeps the last sweep, which knows who ran.
    feed: Feed,
    dir: Option<ProcDir>,
    builder: Builder,
    cpus: Vec<CpuId>,
    followed: HashMap<Tid, Followed>,
    /// Time on a core of each process at the last census.
    times: HashMap<ProcId, Ticks>,
    /// The sweep that the last census was taken from.
    swept: Option<Arc<Snapshot>>,
    counted: Nanos,
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
            builder: Builder::new(Origin::Sampled, cpus.iter().copied(), now),
            cpus: cpus.to_vec(),
            followed: HashMap::new(),
            times: HashMap::new(),
            swept: None,
            counted: Nanos(0),
            last: now,
            buffer: Vec::new(),
        }
    }

    /// Reads the threads that ran lately once more.
    pub fn step(&mut self, now: Nanos) {
        if now.since(self.counted) >= CENSUS {
            self.counted = now;
            match self.feed.seen().filter(|s| now.since(s.at) < RECENT) {
                Some(sweep) => self.learn(&sweep, now),
                None => self.census(now),
            }
            // The waits of threads come with each of their samples.
            self.builder
                .count(now, cores::now(&self.root), &mut |_: &Who| None);
        }
        let span = (self.last, now);
        let mut ended = Vec::new();
        for (tid, thread) in &mut self.followed {
            let path = self.root.proc(format!("{}/task/{tid}", thread.pid));
            let read = |file: &str| fs::read(path.join(file)).ok();
            let stat = read("schedstat").and_then(|t| proc_counters::schedstat(&t));
            let Some(stat) = stat else {
                ended.push(*tid);
                continue;
            };
            if let Some(before) = thread.before.replace(stat) {
                let run = stat.run.since(before.run);
                if run.0 == 0 {
                    if now.since(thread.ran) > FOLLOW {
                        ended.push(*tid);
                    }
                    continue;
                }
                thread.ran = now;
                let text = read("stat").unwrap_or_default();
                if let Some(line) = proc_stat::parse(&text, 4096) {
                    if thread.who.name.as_bytes() != line.name {
                        let name = SafeText::from_bytes(line.name);
                        thread.who = Arc::new(Who {
                            name,
                            ..(*thread.who).clone()
                        });
                    }
                    let ran = Ran {
                        run,
                        slices: stat.slices.saturating_sub(before.slices) as u32,
                        waited: stat.wait.since(before.wait),
                    };
                    let cpu = line.stat.processor;
                    self.builder.sampled(cpu, span, ran, &thread.who);
                }
            }
        }
        for tid in ended {
            self.followed.remove(&tid);
        }
        self.last = now;
    }

    /// Looks for processes whose time on a core grew, and follows their threads.
    fn census(&mut self, now: Nanos) {
        let Some(dir) = &self.dir else { return };
        let (mut pids, mut found) = (Vec::new(), Vec::new());
        if dir.pids(&mut pids, &mut self.buffer).is_err() {
            return;
        }
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
            let ran = self.times.get(&id).is_none_or(|before| *before != time);
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
            self.followed.entry(tid).or_insert_with(|| Followed {
                pid: id.pid,
                who: Arc::new(Who {
                    id,
                    tid,
                    name: name.clone(),
                }),
                before: None,
                ran: now,
            });
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

    /// An immutable view.
    pub fn publish(&mut self, now: Nanos) -> Timeline {
        self.builder.publish(now)
    }
}

#[cfg(test)]
mod tests {
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
        let line = sampled.publish(ms(1100));
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
