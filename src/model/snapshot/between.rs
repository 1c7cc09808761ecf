//! The pure function from two samples to a snapshot: rates, the tree, the state of the machine.

use std::sync::Arc;

use super::moved::{self, Left};
use super::procs::RUN;
use super::{Core, Own, Proc, Procs, Rates, Snapshot, System, Thread};
use crate::model::groups::own_group::Strain;
use crate::model::id::{Bytes, Nanos, Pid};
use crate::model::machine::core_share::CoreShare;
use crate::model::process::stat::Stat;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{
    Io, OptionalStats, OwnSample, Sample, SystemSample, TaskSample, ThreadSample,
};

impl Snapshot {
    /// Reads `next` against `prev`; a process that `prev` did not know has no rate yet, save one that began since then.
    ///
    /// No rate is given over a gap of more than three intervals, nor where the clock did not move.
    pub fn between(prev: Option<&Sample>, next: &Sample) -> Self {
        Self::after(&Procs::default(), prev, next)
    }

    /// The same; what is as it was in the `known` snapshot is shared with it.
    pub fn after(known: &Procs, prev: Option<&Sample>, next: &Sample) -> Self {
        let span = prev.map(|p| next.at.since(p.at)).filter(|s| s.0 > 0);
        let span =
            span.filter(|s| next.interval.0 == 0 || s.0 <= next.interval.0.saturating_mul(3));
        let prev = prev.filter(|_| span.is_some());
        let seconds = span.map_or(0.0, Nanos::seconds);
        let hz = next.machine.ticks_per_second.max(1) as f64;
        let per_tick = if seconds > 0.0 {
            100.0 / (seconds * hz)
        } else {
            0.0
        };
        let step = Step {
            per_tick,
            seconds,
            born: prev
                .map(|p| p.system.uptime.seconds())
                // A time that was not read says nothing.
                .filter(|uptime| *uptime > 0.0)
                .map(|uptime| uptime * hz - hz / 20.0),
        };
        let tasks = prev.map_or(&[][..], |p| &p.tasks);
        let threads = threads(prev.map_or(&[], |p| &p.threads), &next.threads, per_tick);
        Self {
            at: next.at,
            span,
            interval: next.interval,
            machine: Arc::clone(&next.machine),
            system: system(prev, next, seconds),
            procs: procs(known, tasks, &next.tasks, &step),
            threads,
            endings: Arc::clone(&next.endings),
            mode: next.mode,
            read: next.read,
            faults: next.faults.clone(),
            own: next
                .own
                .map(|now| own(prev.and_then(|p| p.own), now, seconds)),
        }
    }
}

/// Walks two lists with the same order side by side and pairs each new item with its old self.
fn pair<'a, T, K: Ord>(
    old: &'a [T],
    new: &'a [T],
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = (Option<&'a T>, &'a T)> {
    let mut rest = old;
    new.iter().map(move |item| {
        let wanted = key(item);
        while let [first, tail @ ..] = rest
            && key(first) < wanted
        {
            rest = tail;
        }
        (rest.first().filter(|o| key(o) == wanted), item)
    })
}

/// What makes rates of differences.
struct Step {
    /// Percent of the time, for each of the kernel's ticks.
    per_tick: f64,
    seconds: f64,
    /// Who started from this tick after boot on had done nothing at the sample before; the sweep itself takes a moment.
    born: Option<f64>,
}

impl Step {
    /// Whether a task began since the sample before, so that all it has counted is of this step.
    fn bore(&self, task: &TaskSample) -> bool {
        self.born.is_some_and(|at| task.id.start.0 as f64 >= at)
    }
}

/// A process that is about to be entered, with what is not in its sample.
struct Entry<'a> {
    task: &'a TaskSample,
    before: Option<&'a TaskSample>,
    parent: Option<u32>,
    cpu: Reading<f32>,
}

impl Entry<'_> {
    /// Whether this is what is already entered.
    fn is(&self, proc: &Proc) -> bool {
        let task = self.task;
        proc.id == task.id
            && proc.parent == self.parent
            && proc.cpu == self.cpu
            && Arc::ptr_eq(&proc.facts, &task.facts)
            && proc.extra.is_none()
            && task.extra.is_none()
            && proc.stat == task.stat
    }

    fn proc(&self, left: &Left, step: &Step) -> Proc {
        let task = self.task;
        let extra = task.extra.as_deref();
        let rates = extra.map(|now| Arc::new(rates(self.before, task, now, left, step)));
        Proc {
            id: task.id,
            parent: self.parent,
            cpu: self.cpu,
            stat: task.stat,
            facts: Arc::clone(&task.facts),
            extra: task.extra.clone(),
            rates,
        }
    }
}

fn procs(known: &Procs, old: &[TaskSample], new: &[TaskSample], step: &Step) -> Procs {
    let parents = parents(new);
    let left = Left::between(old, new);
    let entries = pair(old, new, |t| t.id).zip(&parents);
    let mut entries = entries.map(|((before, task), parent)| Entry {
        task,
        before,
        parent: *parent,
        cpu: before
            .map(|b| b.stat)
            .or_else(|| step.bore(task).then(Stat::default))
            .map(|b| cpu_percent(&b, &task.stat, step.per_tick))
            .ok_or(Missing::Soon),
    });
    let mut runs = Vec::with_capacity(new.len().div_ceil(RUN));
    let mut run = Vec::with_capacity(RUN);
    while runs.len() < runs.capacity() {
        run.clear();
        run.extend(entries.by_ref().take(RUN));
        if run.is_empty() {
            break;
        }
        let as_it_was = known.run(runs.len()).filter(|known| {
            known.len() == run.len() && run.iter().zip(known.iter()).all(|(e, p)| e.is(p))
        });
        runs.push(as_it_was.map_or_else(
            || run.iter().map(|e| e.proc(&left, step)).collect(),
            Arc::clone,
        ));
    }
    Procs::of(runs)
}

fn cpu_percent(before: &Stat, now: &Stat, per_tick: f64) -> f32 {
    (now.cpu_time().0.saturating_sub(before.cpu_time().0) as f64 * per_tick) as f32
}

fn rates(
    before: Option<&TaskSample>,
    task: &TaskSample,
    now: &OptionalStats,
    left: &Left,
    step: &Step,
) -> Rates {
    fn of<T: Copy>(
        before: Option<Reading<T>>,
        now: Reading<T>,
        seconds: f64,
        value: impl Fn(T) -> u64,
    ) -> Reading<f64> {
        let now = now?;
        let before = before
            .unwrap_or(Err(Missing::Soon))
            .map_err(|_| Missing::Soon)?;
        Ok(value(now).saturating_sub(value(before)) as f64 / seconds)
    }
    let delay = |b: &TaskSample| task.stat.block_delay.0.saturating_sub(b.stat.block_delay.0);
    let seconds = step.seconds;
    let blocked = before.map(|b| delay(b) as f64 * step.per_tick);
    let newborn = before.is_none() && step.bore(task);
    let before = before.and_then(|b| b.extra.as_deref());
    let began = newborn.then_some(Ok(Io::default()));
    let moved = moved::since(before.map(|b| b.io).or(began), now.io, left.of(task.id));
    let rate = |of: &dyn Fn(moved::Since) -> Reading<u64>| Ok(moved.and_then(of)? as f64 / seconds);
    let status = before.map(|b| b.status);
    Rates {
        read: rate(&|m| Ok(m.own.read.0)),
        written: rate(&|m| Ok(m.own.written.0)),
        ended: rate(&|m| m.ended.map(|n| n.0)),
        voluntary: of(status, now.status, seconds, |s| s.voluntary),
        involuntary: of(status, now.status, seconds, |s| s.involuntary),
        waiting: of(before.map(|b| b.schedstat), now.schedstat, seconds, |s| {
            s.wait.0
        })
        .map(|ns| ns / 1e7),
        blocked: blocked.ok_or(Missing::Soon),
    }
}

fn own(before: Option<OwnSample>, now: OwnSample, seconds: f64) -> Own {
    let before = before.ok_or(Missing::Soon);
    let calls = |b: OwnSample| Ok(now.calls?.saturating_sub(b.calls?));
    let written = |b: OwnSample| Ok(Bytes(now.written?.0.saturating_sub(b.written?.0)));
    Own {
        cpu: before.map(|b| (now.cpu.since(b.cpu).seconds() * 100.0 / seconds) as f32),
        resident: now.resident,
        calls: before.and_then(calls),
        written: before.and_then(written),
    }
}

fn threads(old: &[ThreadSample], new: &[ThreadSample], per_tick: f64) -> Vec<Thread> {
    pair(old, new, |t| (t.of, t.id))
        .map(|(before, now)| Thread {
            of: now.of,
            id: now.id,
            name: now.name.clone(),
            cpu: before
                .map(|b| cpu_percent(&b.stat, &now.stat, per_tick))
                .ok_or(Missing::Soon),
            stat: now.stat,
        })
        .collect()
}

/// The place of each task's parent; a parent that is not there, that is younger in a circle, or itself, makes a root.
fn parents(tasks: &[TaskSample]) -> Vec<Option<u32>> {
    let pids: Vec<Pid> = tasks.iter().map(|t| t.id.pid).collect();
    // Siblings often stand together.
    let mut last = (Pid(0), pids.binary_search(&Pid(0)).ok());
    let mut parents = Vec::with_capacity(tasks.len());
    parents.extend(tasks.iter().enumerate().map(|(i, task)| {
        let ppid = task.stat.ppid;
        if ppid != last.0 {
            last = (ppid, pids.binary_search(&ppid).ok());
        }
        last.1.filter(|p| *p != i).map(|p| p as u32)
    }));
    break_cycles(&mut parents);
    parents
}

/// Cuts every circle of parents at one place, so that walking upwards always ends.
///
/// The kernel makes none, but a sweep is not one moment: a pid may be reused while it reads.
fn break_cycles(parents: &mut [Option<u32>]) {
    let mut seen = vec![0_u32; parents.len()];
    for i in 0..parents.len() {
        let walk = i as u32 + 1;
        let mut at = i;
        while seen[at] == 0 {
            seen[at] = walk;
            match parents[at] {
                Some(up) if seen[up as usize] == walk => parents[at] = None,
                Some(up) => at = up as usize,
                None => break,
            }
        }
    }
}

fn system(prev: Option<&Sample>, next: &Sample, seconds: f64) -> System {
    let s = &next.system;
    let rate = |f: fn(&SystemSample) -> u64| {
        prev.map(|p| f(s).saturating_sub(f(&p.system)) as f64 / seconds)
            .ok_or(Missing::Soon)
    };
    System {
        uptime: s.uptime,
        load: s.load,
        cores: pair(prev.map_or(&[], |p| &p.system.cores), &s.cores, |c| c.id)
            .map(|(before, now)| Core {
                id: now.id,
                share: before
                    .and_then(|b| CoreShare::between(b, now))
                    .ok_or(Missing::Soon),
                khz: now.khz,
            })
            .collect(),
        switches: rate(|s| s.switches),
        forks: rate(|s| s.forks),
        running: s.running,
        blocked: s.blocked,
        threads: next.tasks.iter().map(|t| u64::from(t.stat.threads)).sum(),
        memory: s.memory,
        pressure: [s.cpu_pressure, s.memory_pressure, s.io_pressure],
        own_pressure: s.own_pressure,
        own_strain: Strain::between(prev.map(|p| &p.system.own_strain), &s.own_strain),
        searches: prev
            .ok_or(Missing::Soon)
            .and_then(|p| Ok(s.searches?.saturating_sub(p.system.searches?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ProcId;
    use crate::model::scene::Scene;

    #[test]
    fn one_that_began_since_the_last_sample_has_counted_from_nothing() {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        scene.pass(1000, &[]);
        let began = scene.sample.system.uptime.seconds() * 100.0;
        let now = |scene: &mut Scene, pid: u32, start: f64| {
            scene.task(pid, 1, "new");
            scene.of(pid).id = ProcId::new(pid, start as u64);
            scene.of(pid).stat.user.0 = 25;
        };
        let before = scene.sample.clone();
        scene.pass(1000, &[]);
        now(&mut scene, 7, began + 30.0);
        now(&mut scene, 8, began - 300.0);
        let snapshot = Snapshot::between(Some(&before), &scene.sample);
        let cpu = |pid| snapshot.by_pid(Pid(pid)).expect("there").cpu;
        assert_eq!(cpu(7), Ok(25.0));
        assert_eq!(cpu(8), Err(Missing::Soon), "nobody knows when it worked");
        assert_eq!(
            Snapshot::between(None, &scene.sample)
                .by_pid(Pid(7))
                .expect("there")
                .cpu,
            Err(Missing::Soon)
        );
    }
}
