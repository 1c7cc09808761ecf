//! Weighs one tick after the other, with what the ticks of the last 10 s found.

use std::collections::VecDeque;

use super::moment::Moment;
use super::{Basis, Bottleneck, Scope, Storage, THRESHOLDS, Verdict, contributors};
use crate::model::id::{Nanos, ProcId};
use crate::model::process::called::called;
use crate::model::process::stat::State;
use crate::model::reading::Reading;
use crate::model::sample::Pressure;
use crate::model::scheduling::blocked::Cause;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::SafeText;

/// How far back what ticks found is counted, as the kernel's own averages do.
const WINDOW: Nanos = Nanos::from_millis(10_000);
/// How much of it must be known before a share of its ticks means anything.
const ENOUGH: Nanos = Nanos::from_millis(4_000);

/// From which share of idle time of all cores on nobody but a quota keeps tasks from them, percent.
const IDLE: f32 = 20.0;

/// How many times as bad another bottleneck must be to take the place of the one that is named: two that are alike would
/// take turns from tick to tick.
const HOLDS: f32 = 1.25;

/// How much of a core a process used to be remembered, percent.
const NOTABLE: f32 = 1.0;

/// Judges tick by tick.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    now: Option<Held>,
    moments: VecDeque<Moment>,
    /// Of which bottlenecks the last tick told whether there is one: what begins with the first that does may have been there before.
    told: Vec<(Scope, Bottleneck)>,
    /// Something is known to hold on from before the first tick.
    holds: bool,
}

/// What is named, since when, and whether it was already so when it was first looked at.
#[derive(Clone, Copy, Debug)]
struct Held {
    scope: Scope,
    of: Bottleneck,
    since: Nanos,
    began_before: bool,
}

/// A bottleneck, with what it was measured by, how badly, and how many times its threshold that is.
type Found = (Bottleneck, Basis, f32, f32);

impl Judge {
    /// One that comes to a machine that something holds back: what it is began at its threshold, which is higher than where it
    /// ends.
    pub fn amid() -> Self {
        Self {
            holds: true,
            ..Self::default()
        }
    }

    /// Judges one tick; `None` while nothing holds the machine back.
    pub fn judge(&mut self, snapshot: &Snapshot) -> Option<Verdict> {
        self.remember(snapshot);
        // What the machine suffers from, its groups do as well: a group is named only for what is its own.
        let machine = self.worst(Scope::Machine, snapshot);
        let machine = machine.filter(|found| !self.is_of_our_quota(*found, snapshot));
        let found = machine.map(|found| (Scope::Machine, found));
        let group = || Some((Scope::Group, self.worst(Scope::Group, snapshot)?));
        let found = found.or_else(group);
        self.holds = false;
        let tellable = self.tellable(snapshot);
        let told = std::mem::replace(&mut self.told, tellable);
        let Some((scope, found)) = found else {
            self.now = None;
            return None;
        };
        let (of, basis, percent, severity) = found;
        let same = |held: &Held| (held.scope, held.of) == (scope, of);
        let held = self.now.filter(same).unwrap_or(Held {
            scope,
            of,
            since: snapshot.at,
            began_before: !told.contains(&(scope, of)),
        });
        self.now = Some(held);
        Some(Verdict {
            scope,
            of,
            basis,
            percent,
            severity,
            since: held.since,
            began_before: held.began_before,
            storage: self.storage(),
            behind: contributors::names(of, scope, snapshot, &self.moments),
        })
    }

    /// What whoever waits for I/O waits for, as far as the ticks tell.
    fn storage(&self) -> Storage {
        let met = |of: usize| self.moments.iter().any(|m| m.met[of]);
        let moved = self.moments.iter().any(|m| m.moved != Some(false));
        match (moved || met(0), met(1)) {
            (true, _) => Storage::Disk,
            (false, true) => Storage::Server,
            (false, false) => Storage::Unseen,
        }
    }

    fn tellable(&self, snapshot: &Snapshot) -> Vec<(Scope, Bottleneck)> {
        let all = THRESHOLDS.iter().map(|(of, ..)| *of);
        let all = all.flat_map(|of| [(Scope::Machine, of), (Scope::Group, of)]);
        let told = all.filter(|(scope, of)| self.of(*scope, *of, snapshot).is_some());
        told.collect()
    }

    fn of(&self, scope: Scope, of: Bottleneck, snapshot: &Snapshot) -> Option<(Basis, f32)> {
        match scope {
            Scope::Machine => self.of_machine(of, snapshot),
            Scope::Group => self.of_group(of, snapshot),
        }
    }

    /// Whether tasks wait for a core only since our own quota stops them: the kernel counts that as pressure on the
    /// machine too, but its cores are idle meanwhile.
    fn is_of_our_quota(&self, (of, ..): Found, snapshot: &Snapshot) -> bool {
        let throttled = mean(self.moments.iter().filter_map(|m| m.throttled));
        let cores = snapshot.system.cores.iter();
        let idle = mean(cores.filter_map(|c| Some(c.share.ok()?.idle)));
        of == Bottleneck::Cpu
            && throttled.is_some_and(|share| share >= of.begins())
            && idle.is_some_and(|share| share >= IDLE)
            && self.worst(Scope::Group, snapshot).is_some()
    }

    fn remember(&mut self, snapshot: &Snapshot) {
        // A tick can come again, with more of what a pane needs.
        if self.moments.back().is_some_and(|m| m.at == snapshot.at) {
            self.moments.pop_back();
        }
        if self.moments.back().is_some_and(|m| m.at > snapshot.at) {
            self.moments.clear();
        }
        self.moments.push_back(moment(snapshot));
        while let Some(first) = self.moments.front()
            && snapshot.at.since(first.at).0 > WINDOW.0
        {
            self.moments.pop_front();
        }
    }

    fn worst(&self, scope: Scope, snapshot: &Snapshot) -> Option<Found> {
        let held =
            |of| self.holds || (self.now).is_some_and(|held| (held.scope, held.of) == (scope, of));
        let bottlenecks = THRESHOLDS.iter().filter_map(|(of, limit, _)| {
            let (basis, percent) = self.of(scope, *of, snapshot)?;
            let needed = if held(*of) { of.ends() } else { *limit };
            (percent >= needed).then_some((*of, basis, percent, percent / limit))
        });
        let weight = |(of, _, _, severity): &Found| severity * if held(*of) { HOLDS } else { 1.0 };
        bottlenecks.max_by(|a, b| weight(a).total_cmp(&weight(b)))
    }

    fn of_machine(&self, of: Bottleneck, snapshot: &Snapshot) -> Option<(Basis, f32)> {
        let system = &snapshot.system;
        match of {
            Bottleneck::Cpu | Bottleneck::Memory | Bottleneck::Io => {
                let accounted = pressure(of, &system.pressure);
                let counted = || match of {
                    Bottleneck::Cpu => self.share(|m| m.queued),
                    Bottleneck::Io => self.share(|m| m.waited),
                    _ => self.share(|m| m.searched),
                };
                accounted
                    .map(|p| (Basis::Pressure, p))
                    .or_else(|| Some((Basis::Ticks, counted()?)))
            }
            Bottleneck::Steal => {
                let shares = system
                    .cores
                    .iter()
                    .filter_map(|c| Some(c.share.ok()?.steal));
                Some((Basis::Now, mean(shares)?))
            }
            Bottleneck::Full => {
                let memory = system.memory.ok()?;
                let all = memory.total.0.saturating_add(memory.swap_total.0);
                let used = memory.used().0.saturating_add(memory.swap_used().0);
                (all > 0).then(|| (Basis::Now, (used as f64 * 100.0 / all as f64) as f32))
            }
        }
    }

    fn of_group(&self, of: Bottleneck, snapshot: &Snapshot) -> Option<(Basis, f32)> {
        if let Some(percent) = pressure(of, &snapshot.system.own_pressure) {
            return Some((Basis::Pressure, percent));
        }
        match of {
            Bottleneck::Cpu => {
                let shares = self.moments.iter().filter_map(|m| m.throttled);
                // A quota has ten periods a second, so that one tick tells a share already.
                Some((Basis::Quota, mean(shares)?))
            }
            Bottleneck::Memory => Some((Basis::Ticks, self.share(|m| m.hit)?)),
            Bottleneck::Io | Bottleneck::Steal | Bottleneck::Full => None,
        }
    }

    /// The share of the ticks that know it in which it was so, percent.
    fn share(&self, so: impl Fn(&Moment) -> Option<bool>) -> Option<f32> {
        let known = self.moments.iter().filter_map(so);
        mean(known.map(|yes| if yes { 100.0 } else { 0.0 })).filter(|_| self.long_enough())
    }

    fn long_enough(&self) -> bool {
        let ends = self.moments.front().zip(self.moments.back());
        ends.is_some_and(|(first, last)| last.at.since(first.at).0 >= ENOUGH.0)
    }
}

fn moment(snapshot: &Snapshot) -> Moment {
    let system = &snapshot.system;
    let strain = &system.own_strain;
    let blocked = snapshot
        .procs
        .iter()
        .filter(|p| p.stat.state == State::Blocked)
        // A parent that waits for its vfork child and a frozen group do no I/O.
        .filter(|p| p.blocked_on().is_none_or(Cause::is_io));
    let met = |server| {
        let mut all = blocked.clone();
        all.any(|p| (p.blocked_on() == Some(Cause::Server)) == server)
    };
    // Who is not listed may wait for anything.
    let known = system
        .disk_flow
        .ok()
        .filter(|_| snapshot.unlisted().is_none());
    Moment {
        at: snapshot.at,
        // The one that counts them runs as well.
        queued: (system.running.ok()).map(|n| n as usize > system.cores.len() + 1),
        waited: system.blocked.ok().map(|n| n > 0),
        searched: system.searches.ok().map(|n| n > 0),
        throttled: strain.throttled.ok(),
        hit: strain.hits.ok().map(|n| n > 0),
        moved: known.map(|flow| flow.iter().any(|rate| *rate > 0.0)),
        met: [met(false), met(true)],
        blocked: blocked.map(|p| (p.id, moved(p))).collect(),
        busy: snapshot.procs.iter().filter_map(busy).collect(),
        used: used(snapshot),
    }
}

fn used(snapshot: &Snapshot) -> Option<(f32, f32)> {
    let shares = snapshot.system.cores.iter().map(|core| core.share.ok());
    let all = shares.map(|share| share.map(|s| s.user + s.system));
    let listed = snapshot.procs.iter();
    let listed = listed.filter_map(|p| p.cpu_with_ended().ok()).sum();
    Some((all.sum::<Option<f32>>()?, listed))
}

/// What a process reads and writes a second, as far as it is known.
fn moved(p: &Proc) -> f64 {
    let rates = p.rates.as_deref();
    rates.map_or(0.0, |r| r.read.unwrap_or(0.0) + r.written.unwrap_or(0.0))
}

fn busy(p: &Proc) -> Option<(ProcId, SafeText, f32)> {
    // Who lets many work that are too short to be seen stands for them.
    let cpu = p.cpu_with_ended().ok().filter(|cpu| *cpu >= NOTABLE)?;
    Some((p.id, SafeText::from(called(p).into_owned()), cpu))
}

/// The share of the last 10 s in which some task waited, where the bottleneck is one that tasks wait at.
fn pressure(of: Bottleneck, [cpu, memory, io]: &[Reading<Pressure>; 3]) -> Option<f32> {
    let pressure = match of {
        Bottleneck::Cpu => cpu,
        Bottleneck::Memory => memory,
        Bottleneck::Io => io,
        Bottleneck::Steal | Bottleneck::Full => return None,
    };
    Some(pressure.ok()?.some_10)
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (n, sum) = values.fold((0, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n > 0).then(|| sum / n as f32)
}
