//! Stands in for the samplers until they land: one thread that reads every process with the procfs crate.

use std::sync::Arc;

use super::inbox::Tell;
use crate::app::event::Event;
use crate::model::id::{Bytes, CpuId, Nanos, Pid, ProcId, Ticks, Uid};
use crate::model::sample::{Command, CoreSample, Facts, Machine, Memory, Sample, TaskSample};
use crate::model::snapshot::Snapshot;
use crate::model::stat::{Stat, State};
use procfs::{Current, CurrentSI};

/// Sweeps for ever.
pub fn run(tell: &Tell, interval: Nanos) {
    let start = std::time::Instant::now();
    let mut prev: Option<Sample> = None;
    loop {
        let sample = sweep(Nanos(start.elapsed().as_nanos() as u64 + 1), interval);
        tell.event(Event::Snapshot(Arc::new(Snapshot::between(
            prev.as_ref(),
            &sample,
        ))));
        prev = Some(sample);
        std::thread::sleep(std::time::Duration::from_nanos(interval.0));
    }
}

fn sweep(at: Nanos, interval: Nanos) -> Sample {
    let mut s = Sample {
        at,
        interval,
        ..Sample::default()
    };
    s.machine = Arc::new(Machine {
        host: "standin".into(),
        kernel: "6".into(),
        ticks_per_second: procfs::ticks_per_second(),
        page_size: procfs::page_size(),
        boot_unix_ms: 0,
        pid_max: 4_194_304,
        utc_offset: 0,
    });
    if let Ok(up) = procfs::Uptime::current() {
        s.system.uptime = Nanos((up.uptime * 1e9) as u64);
    }
    if let Ok(k) = procfs::KernelStats::current() {
        s.system.switches = k.ctxt;
        s.system.forks = k.processes;
        s.system.running = k.procs_running.unwrap_or(0);
        for (i, c) in k.cpu_time.iter().enumerate() {
            s.system.cores.push(CoreSample {
                id: CpuId(i as u32),
                user: Ticks(c.user + c.nice),
                system: Ticks(c.system),
                idle: Ticks(c.idle + c.iowait.unwrap_or(0)),
                ..CoreSample::default()
            });
        }
    }
    if let Ok(m) = procfs::Meminfo::current() {
        s.system.memory = Ok(Memory {
            total: Bytes(m.mem_total),
            available: Bytes(m.mem_available.unwrap_or(0)),
            free: Bytes(m.mem_free),
            buffers: Bytes(m.buffers),
            cache: Bytes(m.cached),
            shared: Bytes(0),
            swap_total: Bytes(m.swap_total),
            swap_free: Bytes(m.swap_free),
        });
    }
    for p in procfs::process::all_processes()
        .into_iter()
        .flatten()
        .flatten()
    {
        let Ok(st) = p.stat() else { continue };
        let args = p.cmdline().unwrap_or_default().join("\0");
        s.tasks.push(TaskSample {
            id: ProcId::new(st.pid as u32, st.starttime),
            stat: Stat {
                state: State::from_letter(st.state as u8),
                ppid: Pid(st.ppid as u32),
                session: Pid(st.session as u32),
                flags: st.flags,
                user: Ticks(st.utime),
                system: Ticks(st.stime),
                priority: st.priority as i32,
                nice: st.nice as i32,
                threads: st.num_threads as u32,
                virtual_size: Bytes(st.vsize),
                resident: Bytes(st.rss * procfs::page_size()),
                ..Stat::default()
            },
            facts: Arc::new(Facts {
                name: st.comm.as_str().into(),
                command: Ok(Command::from_bytes(args.as_bytes())),
                uid: p
                    .uid()
                    .map(Uid)
                    .map_err(|_| crate::model::reading::Missing::Gone),
                user: p.uid().map(|u| u.to_string()).unwrap_or_default().into(),
            }),
            extra: None,
        });
    }
    s.tasks.sort_by_key(|t| t.id);
    s
}
