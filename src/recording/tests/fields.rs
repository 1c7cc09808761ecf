//! Every field of a sample has its number: what is written comes back, whole and as a change.
//!
//! The samples are made without `..`: a field that is added does not compile here until it has a value, and then fails until
//! it has a number.

use std::sync::Arc;

use super::super::tick;
use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;
use crate::model::groups::own_group::StrainSample;
use crate::model::id::{Bytes, CpuId, Nanos, Pid, ProcId, ThreadId, Ticks, Tid, Uid};
use crate::model::machine::topology::Topology;
use crate::model::process::stat::{Stat, State};
use crate::model::reading::Missing;
use crate::model::sample::{
    After, Command, CoreSample, Facts, Fault, Flow, Growth, Held, Io, Machine, Means, Memory, Mode,
    Moved, Opened, OptionalStats, OwnSample, Pressure, Sample, SchedStat, Status, SystemSample,
    TaskSample, ThreadSample,
};
use crate::model::scheduling::blocked::Cause;
use crate::model::zone::Zone;

/// Values that differ from one another and from nothing.
struct Next(u64);

impl Next {
    fn n(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    fn small(&mut self) -> u32 {
        self.n() as u32
    }

    fn pressure(&mut self) -> Pressure {
        Pressure {
            some_10: self.n() as f32,
            some_60: self.n() as f32,
            full_10: self.n() as f32,
            some_total: Nanos(self.n()),
        }
    }

    fn moved(&mut self) -> Moved {
        Moved {
            read: Bytes(self.n()),
            written: Bytes(self.n()),
        }
    }

    fn stat(&mut self) -> Stat {
        Stat {
            state: State::Traced,
            first_ended: true,
            ppid: Pid(self.small()),
            group: Pid(self.small()),
            session: Pid(self.small()),
            tty: self.small(),
            flags: self.small(),
            minor_faults: self.n(),
            child_faults: self.n(),
            major_faults: self.n(),
            user: Ticks(self.n()),
            system: Ticks(self.n()),
            priority: -(self.n() as i32),
            nice: -(self.n() as i32),
            threads: self.small(),
            virtual_size: Bytes(self.n()),
            resident: Bytes(self.n()),
            processor: CpuId(self.small()),
            rt_priority: self.small(),
            policy: self.small(),
            block_delay: Ticks(self.n()),
            children: Ticks(self.n()),
        }
    }

    fn task(&mut self, id: ProcId) -> TaskSample {
        TaskSample {
            id,
            stat: self.stat(),
            seen: Ticks(self.n()),
            facts: Arc::new(Facts {
                name: format!("name {}", self.n()).into(),
                command: Ok(Command::from_bytes(format!("a\0{}\0", self.n()).as_bytes())),
                uid: Ok(Uid(self.small())),
                user: format!("user {}", self.n()).into(),
            }),
            extra: Some(Arc::new(OptionalStats {
                status: Ok(Status {
                    voluntary: self.n(),
                    involuntary: self.n(),
                    swap: Bytes(self.n()),
                }),
                io: Ok(Io {
                    all: self.moved(),
                    living: Some(self.moved()),
                }),
                cgroup: Ok(format!("/group {}", self.n()).into()),
                beside: Ok([format!("/beside {}", self.n()).into()].into()),
                pss: Ok(Bytes(self.n())),
                oom_score: Ok(self.small()),
                schedstat: Ok(SchedStat {
                    run: Nanos(self.n()),
                    wait: Nanos(self.n()),
                    slices: self.n(),
                }),
                exe: Ok(format!("/exe {}", self.n()).into()),
                opened: Ok(Arc::new(Opened {
                    targets: vec![format!("/target {}", self.n()).into()],
                    ports: vec![self.n() as u16],
                    owned: vec![self.n() as u16],
                })),
                blocked_on: Ok(if self.n().is_multiple_of(2) {
                    Cause::Frozen
                } else {
                    Cause::Server
                }),
                private: Ok(Bytes(self.n())),
                held: Ok(Held {
                    open: self.n(),
                    limit: Some(self.n()),
                }),
                means: Ok(Means {
                    minute: self.n(),
                    five: self.n(),
                }),
                growth: Ok({
                    let mut growth = Growth::default();
                    growth.push(Nanos(self.n()), Bytes(self.n()));
                    growth.push(Nanos(self.n() << 40), Bytes(self.n()));
                    growth
                }),
                waits_for: Ok(format!("read {}", self.n()).into()),
                after: After {
                    status: Nanos(self.n()),
                    io: Nanos(self.n()),
                    schedstat: Nanos(self.n()),
                },
            })),
        }
    }

    fn system(&mut self) -> SystemSample {
        SystemSample {
            uptime: Nanos(self.n()),
            load: Ok([1.0, 2.0, self.n() as f32]),
            cores: vec![CoreSample {
                id: CpuId(self.small()),
                user: Ticks(self.n()),
                system: Ticks(self.n()),
                irq: Ticks(self.n()),
                softirq: Ticks(self.n()),
                steal: Ticks(self.n()),
                idle: Ticks(self.n()),
                iowait: Ticks(self.n()),
                khz: Ok(100_000 + self.small()),
            }],
            switches: Ok(self.n()),
            forks: Ok(self.n()),
            running: Ok(self.small()),
            blocked: Ok(self.small()),
            tasks: Ok(self.small()),
            memory: Ok(Memory {
                total: Bytes(self.n()),
                available: Bytes(self.n()),
                free: Bytes(self.n()),
                buffers: Bytes(self.n()),
                cache: Bytes(self.n()),
                shared: Bytes(self.n()),
                swap_total: Bytes(self.n()),
                swap_free: Bytes(self.n()),
            }),
            cpu_pressure: Ok(self.pressure()),
            memory_pressure: Ok(self.pressure()),
            io_pressure: Ok(self.pressure()),
            own_pressure: [
                Ok(self.pressure()),
                Ok(self.pressure()),
                Ok(self.pressure()),
            ],
            own_strain: StrainSample {
                periods: Ok((self.n(), self.n())),
                hits: Ok(self.n()),
                members: [Pid(self.small())].into(),
            },
            searches: Ok(self.n()),
            oom_kills: Ok(self.n()),
            disk_flow: Ok(Flow {
                inward: Bytes(self.n()),
                outward: Bytes(self.n()),
            }),
            network_flow: Ok(Flow {
                inward: Bytes(self.n()),
                outward: Bytes(self.n()),
            }),
        }
    }

    fn sample(&mut self) -> Sample {
        let (first, second) = (ProcId::new(10, 3), ProcId::new(20, 4));
        Sample {
            at: Nanos(self.n()),
            interval: Nanos(self.n()),
            machine: Arc::new(Machine {
                host: format!("host {}", self.n()).into(),
                kernel: format!("kernel {}", self.n()).into(),
                ticks_per_second: self.n(),
                page_size: self.n(),
                boot_unix_ms: self.n(),
                pid_max: self.small(),
                // Is not kept.
                topology: Topology::default(),
                zone: Zone {
                    steps: vec![(self.n() as i64, -(self.n() as i32))],
                },
            }),
            system: self.system(),
            tasks: vec![self.task(first), self.task(second)],
            threads: vec![ThreadSample {
                of: first,
                id: ThreadId {
                    tid: Tid(11),
                    start: Ticks(12),
                },
                name: format!("thread {}", self.n()).into(),
                stat: self.stat(),
                after: Nanos(self.n()),
            }],
            endings: [(
                ProcId::new(self.small(), self.n()),
                Ok(Fate::Exited(self.n() as u8)),
            )]
            .into(),
            ends: Some(
                [
                    (Pid(self.small()), Fate::Killed(Signal::KILL, true)),
                    (Pid(self.small()), Fate::Exited(3)),
                ]
                .into(),
            ),
            // Is not kept.
            brief: None,
            mode: if self.n().is_multiple_of(2) {
                Mode::Events
            } else {
                Mode::Connector
            },
            read: self.small(),
            faults: vec![Fault {
                source: "disks",
                why: format!("why {}", self.n()).into(),
            }],
            shares: Arc::default(),
            counts_ended: true,
            unread: Missing::Soon,
            own: Some(OwnSample {
                cpu: Nanos(self.n()),
                resident: Bytes(self.n()),
                calls: Ok(self.n()),
                written: Ok(Bytes(self.n())),
            }),
        }
    }
}

fn same(a: &Sample, b: &Sample) {
    // Of what was still to be read, what is kept says that it was not.
    let (a, b) = (
        format!("{a:#?}"),
        format!("{b:#?}").replace("Soon", "Unrecorded"),
    );
    let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
    assert!(a == b, "{differs:?}");
}

#[test]
fn every_field_of_a_sample_has_its_number() {
    let mut next = Next(100);
    let (first, mut second) = (next.sample(), next.sample());
    if second.mode == first.mode {
        second.mode = Mode::Scan;
    }
    let mut state = tick::unread();
    tick::apply(&mut state, &tick::write(None, &first)).expect("well formed");
    same(&state, &first);
    tick::apply(&mut state, &tick::write(Some(&first), &second)).expect("well formed");
    same(&state, &second);
    tick::apply(&mut state, &tick::write(Some(&second), &Sample::default())).expect("well formed");
    same(&state, &Sample::default());
}
