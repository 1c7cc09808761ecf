//! The pure function from two samples to a snapshot: rates, the tree, the state of the machine.

use std::sync::Arc;

use super::ended::Unseen;
use super::moved::{self, Left};
use super::parents::parents;
use super::procs::RUN;
use super::{Core, Own, Proc, Procs, Rates, Snapshot, System, Thread};
use crate::model::groups::own_group::Strain;
use crate::model::id::{Bytes, Nanos};
use crate::model::machine::core_share::CoreShare;
use crate::model::process::stat::Stat;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{
    After, CoreSample, Flow, Io, OptionalStats, OwnSample, Sample, Status, SystemSample,
    TaskSample, ThreadSample,
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
        let span = span(prev, next);
        let none = span.err().unwrap_or(next.unread);
        let prev = prev.filter(|_| span.is_ok());
        let hz = next.machine.ticks_per_second.max(1) as f64;
        let step = Step {
            hz,
            span: span.unwrap_or_default(),
            none,
            unread: next.unread,
            cores: next.system.cores.len(),
            born: prev
                .map(|p| p.system.uptime.seconds())
                // A time that was not read says nothing.
                .filter(|uptime| *uptime > 0.0)
                .map(|uptime| uptime * hz - hz / 20.0),
        };
        let tasks = prev.map_or(&[][..], |p| &p.tasks);
        let threads = threads(prev.map_or(&[], |p| &p.threads), &next.threads, &step);
        Self {
            at: next.at,
            span: span.ok(),
            interval: next.interval,
            machine: Arc::clone(&next.machine),
            system: system(prev, next, &step),
            procs: procs(
                known,
                tasks,
                &next.tasks,
                &Unseen::between(prev, next),
                &step,
            ),
            threads,
            endings: Arc::clone(&next.endings),
            ends: next.ends.clone(),
            brief: next.brief.clone(),
            mode: next.mode,
            read: next.read,
            faults: next.faults.clone(),
            own: next
                .own
                .map(|now| own(prev.and_then(|p| p.own), now, &step)),
            shares: Arc::clone(&next.shares),
            unread: next.unread,
        }
    }
}

/// The time that rates cover.
///
/// # Errors
/// Why what nobody has read is not there where there is no earlier sample, `Gap` where it is more than three intervals ago: of the longer one, since it
/// may just have been shortened, and a share of the time before is as right as any.
pub fn span(prev: Option<&Sample>, next: &Sample) -> Reading<Nanos> {
    let prev = prev.ok_or(next.unread)?;
    let span = next.at.since(prev.at);
    let most = prev.interval.max(next.interval).0.saturating_mul(3);
    match span.0 {
        0 => Err(next.unread),
        n if next.interval.0 == 0 || n <= most => Ok(span),
        _ => Err(Missing::Gap),
    }
}

/// Walks two lists with the same order side by side and pairs each new item with its old self.
pub(super) fn pair<'a, T, K: Ord>(
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
    /// The kernel's ticks a second.
    hz: f64,
    /// From one sample to the next; 0 where there are no rates.
    span: Nanos,
    /// Why something that the sample before does not have has no rate.
    none: Missing,
    /// Why what nobody has read is not there.
    unread: Missing,
    /// How many cores there are; 0 where that was not told.
    cores: usize,
    /// Who started from this tick after boot on had done nothing at the sample before; the sweep itself takes a moment.
    born: Option<f64>,
}

/// Over less than this the kernel's ticks of 10 ms, and what comes in bursts, tell a chance rather than a rate; save where the
/// pace itself is as short.
const SHORTEST: Nanos = Nanos::from_millis(100);

impl Step {
    /// The seconds from one reading to the next, where each was so much later than its tick.
    ///
    /// # Errors
    /// As of what nobody has read where they lie so close together that they tell nothing.
    fn seconds(&self, before: Nanos, now: Nanos) -> Reading<f64> {
        let span = Nanos(self.span.0.saturating_add(now.0).saturating_sub(before.0));
        if span.0 == 0 || span < self.span.min(SHORTEST) {
            return Err(self.unread);
        }
        Ok(span.seconds())
    }

    /// Why there is no rate where the first of two readings is missing.
    fn first(&self, why: Missing) -> Missing {
        match why {
            Missing::Gap => Missing::Gap,
            _ => self.unread,
        }
    }

    /// The share of one core that so many ticks are; never more than there are cores.
    fn percent(&self, ticks: u64, seconds: f64, cores: usize) -> f32 {
        let most = if cores == 0 {
            f64::MAX
        } else {
            cores as f64 * 100.0
        };
        (ticks as f64 * 100.0 / (seconds * self.hz)).min(most) as f32
    }

    /// The share of a core that children had which ended from tick to tick, as far as nobody saw it.
    fn ended(
        &self,
        before: Option<&TaskSample>,
        task: &TaskSample,
        unseen: &Unseen,
    ) -> Reading<f32> {
        if !unseen.told {
            return Err(Missing::Unsupported);
        }
        if before.is_none() && !self.bore(task) {
            return Err(self.none);
        }
        let ticks = unseen.of(before, task);
        let seconds = self.seconds(Nanos(0), Nanos(0))?;
        Ok(self.percent(ticks, seconds, self.cores))
    }

    /// The share of a core that a process had from tick to tick.
    fn cpu(&self, before: &Stat, now: &Stat) -> Reading<f32> {
        let seconds = self.seconds(Nanos(0), Nanos(0))?;
        Ok(self.percent(ticks(before, now), seconds, self.cores))
    }

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
    ended: Reading<f32>,
}

impl Entry<'_> {
    /// Whether this is what is already entered.
    fn is(&self, proc: &Proc) -> bool {
        let task = self.task;
        proc.id == task.id
            && proc.parent == self.parent
            && proc.cpu == self.cpu
            && proc.ended == self.ended
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
            ended: self.ended,
            stat: task.stat,
            facts: Arc::clone(&task.facts),
            extra: task.extra.clone(),
            rates,
        }
    }
}

fn procs(
    known: &Procs,
    old: &[TaskSample],
    new: &[TaskSample],
    unseen: &Unseen,
    step: &Step,
) -> Procs {
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
            .ok_or(step.none)
            .and_then(|b| step.cpu(&b, &task.stat)),
        ended: step.ended(before, task, unseen),
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

/// The kernel's ticks of work between two readings.
fn ticks(before: &Stat, now: &Stat) -> u64 {
    now.cpu_time().0.saturating_sub(before.cpu_time().0)
}

fn rates(
    before: Option<&TaskSample>,
    task: &TaskSample,
    now: &OptionalStats,
    left: &Left,
    step: &Step,
) -> Rates {
    fn of<T: Copy>(
        before: Reading<T>,
        now: Reading<T>,
        seconds: Reading<f64>,
        value: impl Fn(T) -> u64,
    ) -> Reading<f64> {
        Ok(value(now?).saturating_sub(value(before?)) as f64 / seconds?)
    }
    let delay = |b: &TaskSample| task.stat.block_delay.0.saturating_sub(b.stat.block_delay.0);
    let blocked = before.ok_or(step.none).and_then(|b| {
        let seconds = step.seconds(Nanos(0), Nanos(0))?;
        Ok(f64::from(step.percent(delay(b), seconds, 1)))
    });
    let newborn = before.is_none() && step.bore(task);
    let all_faults = |s: &Stat| s.minor_faults.saturating_add(s.major_faults);
    let faults = before.map(|b| all_faults(&b.stat)).or(newborn.then_some(0));
    let faults = faults.ok_or(step.none).and_then(|b| {
        let seconds = step.seconds(Nanos(0), Nanos(0))?;
        Ok(all_faults(&task.stat).saturating_sub(b) as f64 / seconds)
    });
    let began = newborn.then_some(Ok(Io::default()));
    let before = before.and_then(|b| b.extra.as_deref());
    let then = before.map_or_else(After::default, |b| b.after);
    let none = Err(step.none);
    // What was denied then, and is not now, was not read then.
    let io = before.map(|b| b.io).or(began).unwrap_or(none);
    let moved = moved::since(io.map_err(|why| step.first(why)), now.io, left.of(task.id));
    let seconds = step.seconds(then.io, now.after.io);
    let rate =
        |of: &dyn Fn(moved::Since) -> Reading<u64>| Ok(moved.and_then(of)? as f64 / seconds?);
    let status = before.map_or(Err(step.none), |b| b.status);
    let switches = |value: fn(Status) -> u64| {
        let seconds = step.seconds(then.status, now.after.status);
        let status = status.map_err(|why| step.first(why));
        of(status, now.status, seconds, value)
    };
    let schedstat = before.map_or(Err(step.none), |b| b.schedstat);
    let seconds = step.seconds(then.schedstat, now.after.schedstat);
    Rates {
        read: rate(&|m| Ok(m.own.read.0)),
        written: rate(&|m| Ok(m.own.written.0)),
        ended: rate(&|m| m.ended.map(|n| n.0)),
        faults,
        voluntary: switches(|s| s.voluntary),
        involuntary: switches(|s| s.involuntary),
        waiting: of(
            schedstat.map_err(|why| step.first(why)),
            now.schedstat,
            seconds,
            |s| s.wait.0,
        )
        .map(|ns| ns / 1e7),
        blocked,
    }
}

fn own(before: Option<OwnSample>, now: OwnSample, step: &Step) -> Own {
    let before = before.ok_or(step.none);
    let seconds = step.span.seconds();
    let calls = |b: OwnSample| Ok(now.calls?.saturating_sub(b.calls?));
    let written = |b: OwnSample| Ok(Bytes(now.written?.0.saturating_sub(b.written?.0)));
    Own {
        cpu: before.map(|b| (now.cpu.since(b.cpu).seconds() * 100.0 / seconds) as f32),
        resident: now.resident,
        calls: before.and_then(calls),
        written: before.and_then(written),
    }
}

fn threads(old: &[ThreadSample], new: &[ThreadSample], step: &Step) -> Vec<Thread> {
    pair(old, new, |t| (t.of, t.id))
        .map(|(before, now)| Thread {
            of: now.of,
            id: now.id,
            name: now.name.clone(),
            cpu: before.ok_or(step.none).and_then(|b| {
                let seconds = step.seconds(b.after, now.after)?;
                Ok(step.percent(ticks(&b.stat, &now.stat), seconds, 1))
            }),
            stat: now.stat,
        })
        .collect()
}

fn system(prev: Option<&Sample>, next: &Sample, step: &Step) -> System {
    let s = &next.system;
    let seconds = step.span.seconds();
    let rate = |f: fn(&SystemSample) -> Reading<u64>| {
        // Why it is not told outweighs that there is nothing to compare it with.
        let now = f(s)?;
        let before = f(&prev.ok_or(step.none)?.system).map_err(|why| step.first(why))?;
        Ok(now.saturating_sub(before) as f64 / seconds)
    };
    let why_not = |core: &CoreSample| match s.running {
        Err(why) if !core.is_told() => why,
        _ => step.none,
    };
    let since = |f: fn(&SystemSample) -> Reading<u64>| {
        let now = f(s)?;
        let before = f(&prev.ok_or(step.none)?.system).map_err(|why| step.first(why))?;
        Ok(now.saturating_sub(before))
    };
    let flow = |f: fn(&SystemSample) -> Reading<Flow>| {
        let now = f(s)?;
        let before = f(&prev.ok_or(step.none)?.system).map_err(|why| step.first(why))?;
        // A device that went away takes its counters with it: that is no traffic.
        let moved = |now: Bytes, before: Bytes| now.0.saturating_sub(before.0) as f64 / seconds;
        Ok([
            moved(now.inward, before.inward),
            moved(now.outward, before.outward),
        ])
    };
    System {
        uptime: s.uptime,
        load: s.load,
        cores: pair(prev.map_or(&[], |p| &p.system.cores), &s.cores, |c| c.id)
            .map(|(before, now)| Core {
                id: now.id,
                share: before
                    .and_then(|b| CoreShare::between(b, now))
                    .ok_or_else(|| why_not(now)),
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
        own_strain: Strain::between(
            prev.map(|p| &p.system.own_strain),
            &s.own_strain,
            step.unread,
        ),
        searches: since(|s| s.searches),
        oom_kills: since(|s| s.oom_kills),
        disk_flow: flow(|s| s.disk_flow),
        network_flow: flow(|s| s.network_flow),
    }
}

#[cfg(test)]
mod tests;
