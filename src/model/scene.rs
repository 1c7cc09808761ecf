//! Hand-made samples: what a sweep would have heard of a machine that a test or a benchmark describes.

use std::sync::Arc;

use super::acting::Fate;
use super::id::{Bytes, CpuId, Nanos, Pid, ProcId, ThreadId, Ticks, Tid, Uid};
use super::machine::topology::Topology;
use super::process::stat::{Stat, State};
use super::reading::Reading;
use super::sample::{
    Command, CoreSample, Facts, Machine, Memory, Sample, TaskSample, ThreadSample,
};
use super::snapshot::Snapshot;
use super::text::SafeText;
use super::zone::Zone;

/// A machine with two cores and the processes that are put on it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What the next sweep will hear.
    pub sample: Sample,
    before: Option<Sample>,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// A machine that has been up for 1,000 seconds, with no process yet.
    pub fn new() -> Self {
        let mut sample = Sample {
            at: Nanos::from_millis(1_000_000),
            interval: Nanos::from_millis(1000),
            machine: Arc::new(Machine {
                host: "scene".into(),
                kernel: "6.18.0".into(),
                ticks_per_second: 100,
                page_size: 4096,
                boot_unix_ms: 1_700_000_000_000,
                pid_max: 4_194_304,
                zone: Zone::default(),
                topology: Topology::default(),
            }),
            counts_ended: true,
            ..Sample::default()
        };
        sample.system.uptime = Nanos::from_millis(1_000_000);
        sample.system.load = Ok([1.38, 1.07, 0.51]);
        sample.system.running = Ok(2);
        sample.system.blocked = Ok(0);
        sample.system.switches = Ok(0);
        sample.system.forks = Ok(0);
        sample.system.memory = Ok(Memory {
            total: Bytes(24 << 30),
            available: Bytes(18 << 30),
            free: Bytes(15 << 30),
            buffers: Bytes(1 << 28),
            cache: Bytes(3 << 30),
            shared: Bytes(1 << 20),
            swap_total: Bytes(0),
            swap_free: Bytes(0),
        });
        sample.system.cores = vec![core(0), core(1)];
        Self {
            sample,
            before: None,
        }
    }

    /// Adds a sleeping process of root's with one thread and 10 MiB; its start time is its pid.
    pub fn task(&mut self, pid: u32, ppid: u32, name: &str) -> &mut TaskSample {
        let task = TaskSample {
            id: ProcId::new(pid, u64::from(pid)),
            stat: Stat {
                state: State::Sleeping,
                ppid: Pid(ppid),
                group: Pid(pid),
                session: Pid(pid),
                priority: 20,
                threads: 1,
                virtual_size: Bytes(100 << 20),
                resident: Bytes(10 << 20),
                ..Stat::default()
            },
            seen: Ticks(0),
            facts: Arc::new(Facts {
                name: name.into(),
                command: Ok(Command::from_bytes(name.as_bytes())),
                uid: Ok(Uid(0)),
                user: SafeText::from("root"),
            }),
            extra: None,
        };
        let at = self.sample.tasks.partition_point(|t| t.id < task.id);
        self.sample.tasks.insert(at, task);
        &mut self.sample.tasks[at]
    }

    /// Adds a thread to a process of the scene.
    pub fn thread(&mut self, of: u32, tid: u32, name: &str) -> &mut ThreadSample {
        let thread = ThreadSample {
            of: ProcId::new(of, u64::from(of)),
            id: ThreadId {
                tid: Tid(tid),
                start: Ticks(u64::from(tid)),
            },
            name: name.into(),
            stat: Stat::default(),
            after: Nanos(0),
        };
        let at = self
            .sample
            .threads
            .partition_point(|t| (t.of, t.id) < (thread.of, thread.id));
        self.sample.threads.insert(at, thread);
        &mut self.sample.threads[at]
    }

    /// The process with this pid.
    ///
    /// # Panics
    /// When the scene has none.
    pub fn of(&mut self, pid: u32) -> &mut TaskSample {
        let found = self.sample.tasks.iter_mut().find(|t| t.id.pid == Pid(pid));
        found.expect("the scene has this process")
    }

    /// Takes a process away, which was watched and ended like this.
    pub fn end_as(&mut self, pid: u32, how: Reading<Fate>) {
        let id = self.of(pid).id;
        let known = self.sample.endings.iter().cloned();
        self.sample.endings = known.chain([(id, how)]).collect();
        self.end(pid);
    }

    /// Takes a process away.
    pub fn end(&mut self, pid: u32) {
        self.sample.tasks.retain(|t| t.id.pid != Pid(pid));
    }

    /// Lets time pass: what was heard becomes the past, and `busy` processes were on a core for so many ticks.
    pub fn pass(&mut self, ms: u64, busy: &[(u32, u64)]) -> Snapshot {
        self.before = Some(self.sample.clone());
        self.sample.at.0 += ms * 1_000_000;
        self.sample.system.uptime.0 += ms * 1_000_000;
        for core in &mut self.sample.system.cores {
            core.user.0 += ms / 20;
            core.idle.0 += ms / 10 - ms / 20;
        }
        for (pid, ticks) in busy {
            self.of(*pid).stat.user.0 += ticks;
        }
        self.snapshot()
    }

    /// What a person would read now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::between(self.before.as_ref(), &self.sample)
    }
}

fn core(id: u32) -> CoreSample {
    CoreSample {
        id: CpuId(id),
        idle: Ticks(1000),
        ..CoreSample::default()
    }
}
