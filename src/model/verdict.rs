//! The verdict: which resource holds the machine back now, how badly, since when, and which processes are behind it.
//!
//! It is silent while nothing does. A verdict begins at its threshold and ends at half of it, so that it does not flicker.

use super::format;
use super::id::{Bytes, Nanos};
use super::reading::Reading;
use super::sample::Pressure;
use super::snapshot::{Proc, Snapshot};
use super::stat::State;

/// What can hold a machine back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// Tasks wait for a core.
    Cpu,
    /// Tasks wait for memory: reclaim, swap, refaults.
    Memory,
    /// Tasks wait for disks.
    Io,
    /// The hypervisor gives the cores to other machines.
    Steal,
    /// Memory is nearly used up and there is no swap left to go to.
    Full,
}

/// Each bottleneck with the percentage from which it is one, and what that percentage is.
pub const THRESHOLDS: [(Bottleneck, f32, &str); 5] = [
    (
        Bottleneck::Cpu,
        20.0,
        "of the last 10 s some task waited for a core (pressure, cpu some avg10)",
    ),
    (
        Bottleneck::Memory,
        5.0,
        "of the last 10 s some task waited for memory (pressure, memory some avg10)",
    ),
    (
        Bottleneck::Io,
        10.0,
        "of the last 10 s some task waited for I/O (pressure, io some avg10)",
    ),
    (
        Bottleneck::Steal,
        10.0,
        "of the cores' time was taken by the hypervisor (steal)",
    ),
    (
        Bottleneck::Full,
        95.0,
        "of memory and swap together is in use",
    ),
];

/// What is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The machine.
    Machine,
    /// Our own control group, by a limit of its own: the machine at large has no such bottleneck.
    Group,
}

/// What holds the machine back, or only our own control group.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whose bottleneck it is.
    pub scope: Scope,
    /// What.
    pub of: Bottleneck,
    /// How badly, in the percentage that [`THRESHOLDS`] explains.
    pub percent: f32,
    /// How many times its threshold.
    pub severity: f32,
    /// Since when, `CLOCK_MONOTONIC`.
    pub since: Nanos,
    /// The processes behind it, the worst first: `rustc ×6`.
    pub behind: Vec<String>,
}

impl Verdict {
    /// The sentence for the header: `CPU-bound: 38% of the last 10 s someone waited for a core: rustc ×6`.
    pub fn sentence(&self) -> String {
        let percent = format!("{:.0}%", self.percent);
        let (whose, someone) = match self.scope {
            Scope::Machine => ("", "someone"),
            Scope::Group => ("this control group is ", "someone in it"),
        };
        let waited = |bound: &str, what: &str| {
            format!("{whose}{bound}: {percent} of the last 10 s {someone} waited for {what}")
        };
        let what = match self.of {
            Bottleneck::Cpu => waited("CPU-bound", "a core"),
            Bottleneck::Memory => waited("memory-bound", "memory"),
            Bottleneck::Io => waited("I/O-bound", "a disk"),
            Bottleneck::Steal => format!("the hypervisor took {percent} of the cores' time"),
            Bottleneck::Full => format!("memory is {percent} full"),
        };
        if self.behind.is_empty() {
            what
        } else {
            format!("{what}: {}", self.behind.join(", "))
        }
    }
}

/// Judges tick by tick.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    now: Option<(Scope, Bottleneck, Nanos)>,
}

impl Judge {
    /// Judges one tick; `None` while nothing holds the machine back.
    pub fn judge(&mut self, snapshot: &Snapshot) -> Option<Verdict> {
        // What the machine suffers from, its groups do as well: a group is named only for what is its own.
        let worst = self
            .worst(Scope::Machine, snapshot)
            .or_else(|| self.worst(Scope::Group, snapshot));
        let Some((scope, of, percent, severity)) = worst else {
            self.now = None;
            return None;
        };
        let since = match self.now {
            Some((was, now, since)) if (was, now) == (scope, of) => since,
            _ => snapshot.at,
        };
        self.now = Some((scope, of, since));
        let behind = match scope {
            Scope::Machine => behind(of, snapshot),
            // Whom the group consists of is not read at every tick.
            Scope::Group => Vec::new(),
        };
        Some(Verdict {
            scope,
            of,
            percent,
            severity,
            since,
            behind,
        })
    }

    fn worst(&self, scope: Scope, snapshot: &Snapshot) -> Option<(Scope, Bottleneck, f32, f32)> {
        let bottlenecks = THRESHOLDS.iter().filter_map(|(of, limit, _)| {
            let percent = match scope {
                Scope::Machine => measure(*of, snapshot)?,
                Scope::Group => waited(*of, &snapshot.system.own_pressure)?,
            };
            let severity = percent / limit;
            let held = self.now.is_some_and(|(s, now, _)| s == scope && now == *of);
            let needed = match (held, of) {
                (false, _) => 1.0,
                (true, Bottleneck::Full) => 0.98,
                (true, _) => 0.5,
            };
            (severity >= needed).then_some((scope, *of, percent, severity))
        });
        bottlenecks.max_by(|a, b| a.3.total_cmp(&b.3))
    }
}

/// The share of the last 10 s in which some task waited, where the bottleneck is one that tasks wait at.
fn waited(of: Bottleneck, [cpu, memory, io]: &[Reading<Pressure>; 3]) -> Option<f32> {
    let pressure = match of {
        Bottleneck::Cpu => cpu,
        Bottleneck::Memory => memory,
        Bottleneck::Io => io,
        Bottleneck::Steal | Bottleneck::Full => return None,
    };
    Some(pressure.ok()?.some_10)
}

fn measure(of: Bottleneck, snapshot: &Snapshot) -> Option<f32> {
    let system = &snapshot.system;
    match of {
        Bottleneck::Cpu | Bottleneck::Memory | Bottleneck::Io => waited(of, &system.pressure),
        Bottleneck::Steal => {
            let shares: Vec<f32> = system
                .cores
                .iter()
                .filter_map(|c| Some(c.share.ok()?.steal))
                .collect();
            (!shares.is_empty()).then(|| shares.iter().sum::<f32>() / shares.len() as f32)
        }
        Bottleneck::Full => {
            let memory = system.memory.ok()?;
            let all = memory.total.0.saturating_add(memory.swap_total.0);
            let used = memory.used().0.saturating_add(memory.swap_used().0);
            (all > 0).then(|| (used as f64 * 100.0 / all as f64) as f32)
        }
    }
}

/// At most three names, each with how many processes bear it.
fn behind(of: Bottleneck, snapshot: &Snapshot) -> Vec<String> {
    let weight: fn(&Proc) -> f64 = match of {
        Bottleneck::Cpu | Bottleneck::Steal => |p| f64::from(p.cpu.unwrap_or(0.0)),
        Bottleneck::Io => |p| {
            if p.stat.state == State::Blocked {
                1.0
            } else {
                0.0
            }
        },
        Bottleneck::Memory | Bottleneck::Full => |p| p.stat.resident.0 as f64,
    };
    let least = if of == Bottleneck::Cpu {
        5.0
    } else {
        f64::MIN_POSITIVE
    };
    let mut groups: Vec<(&str, usize, f64)> = Vec::new();
    for proc in &snapshot.procs {
        let w = weight(proc);
        if w < least {
            continue;
        }
        let name = proc.facts.name.as_str();
        match groups.iter_mut().find(|g| g.0 == name) {
            Some(group) => {
                group.1 += 1;
                group.2 += w;
            }
            None => groups.push((name, 1, w)),
        }
    }
    groups.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(b.0)));
    groups.truncate(if matches!(of, Bottleneck::Memory | Bottleneck::Full) {
        1
    } else {
        3
    });
    let text = |(name, n, w): (&str, usize, f64)| match (n, of) {
        (_, Bottleneck::Memory | Bottleneck::Full) => {
            format!("{name} holds {}", format::bytes(Bytes(w as u64)))
        }
        (1, _) => name.to_owned(),
        _ => format!("{name} ×{n}"),
    };
    groups.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    fn pressed(cpu: f32, io: f32) -> Scene {
        let mut scene = Scene::new();
        for pid in 2..8 {
            scene.task(pid, 1, "rustc");
        }
        scene.task(9, 1, "cat").stat.state = State::Blocked;
        let pressure = |some_10| {
            Ok(Pressure {
                some_10,
                ..Pressure::default()
            })
        };
        scene.sample.system.cpu_pressure = pressure(cpu);
        scene.sample.system.io_pressure = pressure(io);
        scene
    }

    #[test]
    fn silent_while_nothing_holds_the_machine_back() {
        assert_eq!(Judge::default().judge(&pressed(3.0, 2.0).snapshot()), None);
        assert_eq!(
            Judge::default().judge(&Scene::new().snapshot()),
            None,
            "no pressure files"
        );
    }

    #[test]
    fn names_the_bottleneck_and_who_is_behind_it() {
        let mut scene = pressed(38.4, 1.0);
        let busy: Vec<(u32, u64)> = (2..8).map(|pid| (pid, 30)).collect();
        let verdict = Judge::default()
            .judge(&scene.pass(1000, &busy))
            .expect("a verdict");
        assert_eq!(
            verdict.sentence(),
            "CPU-bound: 38% of the last 10 s someone waited for a core: rustc ×6"
        );
        let verdict = Judge::default()
            .judge(&pressed(21.0, 60.0).snapshot())
            .expect("a verdict");
        assert_eq!(
            verdict.sentence(),
            "I/O-bound: 60% of the last 10 s someone waited for a disk: cat"
        );
    }

    #[test]
    fn begins_at_the_threshold_and_ends_at_half_of_it() {
        let mut judge = Judge::default();
        assert!(judge.judge(&pressed(19.0, 0.0).snapshot()).is_none());
        let mut scene = pressed(25.0, 0.0);
        let since = judge.judge(&scene.snapshot()).expect("above").since;
        scene.sample.system.cpu_pressure = pressed(11.0, 0.0).sample.system.cpu_pressure;
        assert_eq!(
            judge.judge(&scene.pass(1000, &[])).map(|v| v.since),
            Some(since)
        );
        assert!(judge.judge(&pressed(9.0, 0.0).snapshot()).is_none());
        assert!(judge.judge(&pressed(11.0, 0.0).snapshot()).is_none());
    }

    #[test]
    fn a_control_group_is_named_for_what_only_it_suffers_from() {
        let mut scene = pressed(2.0, 0.0);
        scene.sample.system.own_pressure[0] = pressed(61.0, 0.0).sample.system.cpu_pressure;
        let verdict = Judge::default().judge(&scene.snapshot()).expect("its own");
        assert_eq!(
            verdict.sentence(),
            "this control group is CPU-bound: 61% of the last 10 s someone in it waited for a core"
        );
        scene.sample.system.cpu_pressure = pressed(55.0, 0.0).sample.system.cpu_pressure;
        let verdict = Judge::default().judge(&scene.snapshot()).expect("all's");
        assert_eq!(verdict.scope, Scope::Machine);
    }

    #[test]
    fn full_memory_names_the_biggest_holder() {
        let mut scene = Scene::new();
        scene.task(5, 1, "java").stat.resident = Bytes(20 << 30);
        if let Ok(memory) = &mut scene.sample.system.memory {
            memory.available = Bytes(240 << 20);
        }
        let verdict = Judge::default()
            .judge(&scene.snapshot())
            .expect("a verdict");
        assert_eq!(verdict.sentence(), "memory is 99% full: java holds 20.0G");
    }
}
