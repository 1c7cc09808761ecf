//! How the kernel schedules a process: `/proc/PID/sched`, `task/TID/schedstat`, `task/TID/status`, its group's `cpu.stat`.

use std::fs;

use super::perf;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::schedule::{Counters, Rates, Schedule, Throttling};
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::fields;
use crate::sys::process::isolation::cgroup;
use crate::sys::process::living;
use crate::sys::process::proc_counters;
use crate::sys::process::proc_stat;
use crate::sys::process::proc_status;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Threads that are summed at the most.
const THREADS: usize = 1024;

/// `scale_load` of the kernel: machines of 64 bits keep 10 more bits of each weight.
const WEIGHT: f64 = if cfg!(target_pointer_width = "64") {
    1024.0
} else {
    1.0
};

/// Reads the scheduling of the process in focus.
#[derive(Debug)]
pub struct Schedules {
    root: ProcRoot,
    before: Option<(ProcId, Nanos, Counters)>,
}

impl Schedules {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            before: None,
        }
    }

    fn schedule(&mut self, id: ProcId, now: Nanos) -> Reading<Schedule> {
        let path = |file: &str| self.root.proc(format!("{}/{file}", id.pid));
        let text = fs::read(path("stat"))?;
        let line = proc_stat::parse(&text, 4096).filter(|l| l.start == id.start);
        let mut stat = line.ok_or(Missing::Gone)?.stat;
        let asked = living::pid(&self.root, id.pid);
        let path = |file: &str| self.root.proc(format!("{asked}/{file}"));
        if asked != id.pid
            && let Some(other) = proc_stat::parse(&fs::read(path("stat"))?, 4096)
        {
            stat = other.stat;
        }
        let sched = fs::read(path("sched")).map_err(Missing::from);
        let value = |key: &str| match &sched {
            Ok(text) => field(text, key).ok_or(Missing::Unsupported),
            Err(why) => Err(*why),
        };
        let status = fs::read(path("status")).map_err(Missing::from);
        let cores = status.and_then(|text| {
            let found = fields::pairs(&text).find(|(key, _)| *key == b"Cpus_allowed_list");
            let found = found.map(|(_, list)| SafeText::from_bytes(list));
            found.ok_or(Missing::Unsupported)
        });
        let mut counters = counters(&self.root, id);
        counters.migrations = value("se.nr_migrations").ok().map(|n| n as u64);
        let before = self.before.replace((id, now, counters));
        let before = before.filter(|(of, at, c)| {
            // A thread that ended takes its counters along; then there is no rate.
            *of == id && now > *at && c.slices <= counters.slices
        });
        let rates = before.map_or(Err(Missing::Soon), |(_, at, before)| {
            Rates::between(&before, &counters, now.since(at))
        });
        Ok(Schedule {
            policy: stat.policy,
            nice: stat.nice,
            rt_priority: stat.rt_priority,
            cores,
            slice: value("se.slice").map(|ns| Nanos(ns as u64)),
            vruntime_ms: value("se.vruntime"),
            lag_ms: value("se.vlag").map(|ns| ns / 1e6),
            weight: value("se.load.weight").map(|w| w / WEIGHT),
            utilisation: value("se.avg.util_avg").map(|u| u * 100.0 / 1024.0),
            asleep: stat.state != State::Running,
            counters,
            rates,
            throttling: throttling(&self.root, id),
        })
    }
}

/// One number of `/proc/PID/sched`: `b"se.slice   :   1400000\n"`.
pub(crate) fn field(text: &[u8], key: &str) -> Option<f64> {
    let (_, value) = fields::lines(text).find_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        let (name, value) = (line[..colon].trim_ascii(), &line[colon + 1..]);
        (name == key.as_bytes()).then_some((name, value))
    })?;
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

fn counters(root: &ProcRoot, id: ProcId) -> Counters {
    let mut sum = Counters::default();
    for tid in perf::threads(root, id.pid).into_iter().take(THREADS) {
        let read = |file: &str| fs::read(root.proc(format!("{}/task/{tid}/{file}", id.pid)));
        let stat = read("schedstat").ok();
        let Some(stat) = stat.and_then(|t| proc_counters::schedstat(&t)) else {
            continue;
        };
        let status = proc_status::parse(&read("status").unwrap_or_default());
        sum.threads += 1;
        sum.run.0 += stat.run.0;
        sum.wait.0 += stat.wait.0;
        sum.slices += stat.slices;
        sum.voluntary += status.voluntary;
        sum.involuntary += status.involuntary;
    }
    sum
}

/// Finds the group that has the `cpu` controller and reads how it was held back.
fn throttling(root: &ProcRoot, id: ProcId) -> Reading<Throttling> {
    let asked = living::pid(root, id.pid);
    let text = fs::read(root.proc(format!("{asked}/cgroup")))?;
    let (directory, group) = cgroup::cpu_directory(root, &text).ok_or(Missing::Unsupported)?;
    let stat = fs::read(directory.join("cpu.stat"))?;
    let stat = quota(&stat).ok_or(Missing::Unsupported)?;
    Ok(Throttling { group, ..stat })
}

/// Parses `cpu.stat`: `b"nr_periods 10\nnr_throttled 3\nthrottled_usec 1500\n"`; version 1 has `throttled_time` in nanoseconds.
///
/// A group without a quota has none of it.
pub(crate) fn quota(text: &[u8]) -> Option<Throttling> {
    let value = |key: &str| {
        let line = fields::lines(text).find(|l| {
            let rest = l.strip_prefix(key.as_bytes());
            rest.is_some_and(|r| r.first() == Some(&b' '))
        })?;
        fields::number(&line[key.len()..])
    };
    let micros = value("throttled_usec").map(|us| us.saturating_mul(1000));
    Some(Throttling {
        group: SafeText::default(),
        periods: value("nr_periods")?,
        throttled: value("nr_throttled")?,
        time: Nanos(micros.or_else(|| value("throttled_time"))?),
    })
}

impl Source<Detail> for Schedules {
    fn name(&self) -> &'static str {
        "schedule"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["schedstat", "sched"])
    }

    fn fills(&self) -> Needs {
        Needs::SCHEDULE
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(id) = plan.focus else { return Ok(()) };
        let now = clock::now();
        into.schedule = Some(Stamped::new(now, self.schedule(id, now)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_numbers_of_sched() {
        let text = b"cat (13526, #threads: 1)\n-----\nse.vruntime   :   243268.198777\nse.slice  :  1400000\nse.vlag : -5\n";
        assert_eq!(field(text, "se.slice"), Some(1_400_000.0));
        assert_eq!(field(text, "se.vruntime"), Some(243_268.198_777));
        assert_eq!(field(text, "se.vlag"), Some(-5.0));
        assert_eq!(field(text, "vruntime"), None);
        assert_eq!(field(b"\xff:\xff", "x"), None);
    }

    #[test]
    fn quotas_of_both_versions() {
        let v2 = b"usage_usec 7\nnr_periods 10\nnr_throttled 3\nthrottled_usec 1500\n";
        let found = quota(v2).expect("a quota");
        assert_eq!((found.periods, found.throttled), (10, 3));
        assert_eq!(found.time, Nanos(1_500_000));
        let v1 = b"nr_periods 1\nnr_throttled 1\nthrottled_time 9\n";
        assert_eq!(quota(v1).map(|t| t.time), Some(Nanos(9)));
        assert_eq!(quota(b"usage_usec 7\n"), None);
    }

    #[test]
    fn this_process_is_scheduled() {
        let root = ProcRoot::live();
        let pid = std::process::id();
        let text = fs::read(format!("/proc/{pid}/stat")).expect("readable");
        let start = proc_stat::parse(&text, 4096).expect("a line").start;
        let id = ProcId::new(pid, start.0);
        let mut source = Schedules::new(&root);
        let first = source.schedule(id, Nanos(1)).expect("it lives");
        assert!(first.counters.threads >= 1 && first.counters.slices >= 1);
        assert!(first.rates.is_err());
        assert!(first.cores.is_ok());
        let other = ProcId::new(pid, start.0 + 1);
        assert_eq!(source.schedule(other, Nanos(2)).err(), Some(Missing::Gone));
    }
}
