//! The lines of each part of the group inspector.

use super::{GroupInspector, GroupTab, Line};
use crate::app::world::World;
use crate::model::format::{bytes, duration, percent, rate};
use crate::model::groups::facts::GroupFacts;
use crate::model::id::Bytes;
use crate::model::process::column::{Column, all};
use crate::model::process::isolation::group::Usage;
use crate::model::reading::Missing;
use crate::model::snapshot::Proc;
use crate::model::text::pad;
use crate::theme::Role;

/// Cells of a name.
const NAME: usize = 16;

fn fact(name: &str, value: impl Into<String>) -> Line {
    vec![(pad(name, NAME), Role::Dim), (value.into(), Role::Text)]
}

impl GroupInspector {
    /// The lines of the part that is shown.
    pub(super) fn lines(&self, world: &World) -> Vec<Line> {
        let facts = self.facts(world);
        let told = match (&facts, self.part) {
            (_, GroupTab::Overview) => return self.overview(world),
            (_, GroupTab::Members) => return self.members(world),
            (Some(Ok(facts)), _) => *facts,
            (Some(Err(why)), _) => {
                return vec![vec![(format!("– {why}"), Role::Faint)]];
            }
            (None, _) => {
                let text =
                    "only control groups have this; its members share nothing but their name";
                return vec![vec![(text.to_owned(), Role::Dim)]];
            }
        };
        match self.part {
            GroupTab::Memory => memory(told),
            GroupTab::Limits => limits(told),
            _ => Vec::new(),
        }
    }

    fn procs<'a>(&'a self, world: &'a World) -> impl Iterator<Item = &'a Proc> {
        self.members.iter().filter_map(|id| world.snapshot.get(*id))
    }

    fn overview(&self, world: &World) -> Vec<Line> {
        let Some(of) = &self.of else {
            return Vec::new();
        };
        let mut out = Vec::new();
        if let Some(path) = of.group.readable() {
            out.push(fact("path", path.to_string()));
        }
        let sum = |column: &Column| {
            let sum = column.sum(&world.snapshot, self.procs(world));
            let Some((sum, unit)) = sum.zip(column.unit()) else {
                return "–".to_owned();
            };
            match sum.value {
                Ok(value) => format!("{}{}", sum.sign(), unit.text(value, &world.snapshot)),
                Err(why) => format!("– {why}"),
            }
        };
        let threads = match sum(all::THREADS) {
            one if one == "1" => "1 thread".to_owned(),
            many => format!("{many} threads"),
        };
        let n = self.members.len();
        if n == 0 {
            out.push(fact("processes", "nobody is in it"));
            return self.charged(world, out);
        }
        out.push(fact("processes", format!("{n} with {threads}")));
        let cpu = all::CPU.sum(&world.snapshot, self.procs(world));
        let cpu = cpu
            .and_then(|sum| sum.value.ok())
            .map_or("–".to_owned(), |cpu| {
                format!("{} %", percent(world.scaled(cpu as f32)))
            });
        out.push(fact("CPU", format!("{cpu}   {} so far", sum(all::TIME))));
        let resident = format!("{} resident, shared pages counted for each", sum(all::MEM));
        out.push(fact("memory", resident));
        self.charged(world, out)
    }

    /// Adds what the kernel tells of a control group.
    fn charged(&self, world: &World, mut out: Vec<Line>) -> Vec<Line> {
        let Some(Ok(facts)) = self.facts(world) else {
            if let Some(Err(why)) = self.facts(world) {
                let why = match why {
                    Missing::Gone => "it is there no more".to_owned(),
                    why => why.to_string(),
                };
                out.push(fact("control group", format!("– {why}")));
            }
            return out;
        };
        for (name, usage) in facts.usages() {
            // What the kernel charges the group for is not what its members have in memory: the cache is among it.
            let name = if name == "memory" { "charged" } else { name };
            out.push(near(name, usage));
        }
        if let Some(cpu) = &facts.limits.cpu {
            let cores = cpu
                .cores
                .map_or("no quota".to_owned(), |n| format!("{n:.2} cores"));
            let used = facts
                .of_quota()
                .map_or(String::new(), |s| format!("   {s:.0} % of it used"));
            let rates = facts.rates.and_then(|r| r.throttled);
            let now = rates.map_or(String::new(), |share| {
                format!("   throttled in {share:.0} % of its periods now")
            });
            out.push(fact("quota", cores + &used + &now));
        }
        if let Some(rates) = facts.rates.filter(|_| !facts.io.is_empty()) {
            let io = format!(
                "{} read   {} written",
                rate(rates.read),
                rate(rates.written)
            );
            out.push(fact("I/O", io));
        }
        if let Some(kills) = facts.limits.oom_kills {
            let mut line = fact("OOM kills", kills.to_string());
            if kills > 0 {
                line[1].1 = Role::Bad;
            }
            out.push(line);
        }
        if facts.frozen == Some(true) {
            let frozen = "nothing in it runs until it is thawed (X)";
            out.push(vec![
                (pad("frozen", NAME), Role::Warn),
                (frozen.to_owned(), Role::Text),
            ]);
        }
        out
    }

    fn members(&self, world: &World) -> Vec<Line> {
        let head = format!(
            "{:>8} {:10} {:>6} {:>7} {:>5}  {}",
            "PID", "USER", "CPU%", "MEM", "THR", "COMMAND"
        );
        let mut out = vec![vec![(head, Role::Dim)]];
        out.extend(self.procs(world).map(|p| {
            let cpu = p.cpu.map_or("–".to_owned(), |c| percent(world.scaled(c)));
            let user = pad(&p.facts.user, 10);
            let memory = bytes(p.stat.resident);
            let numbers = format!(
                "{:>8} {user} {cpu:>6} {memory:>7} {:>5}  ",
                p.id.pid, p.stat.threads
            );
            vec![(numbers, Role::Text), (p.command_line(), Role::Dim)]
        }));
        out
    }
}

/// `memory  480M of 512M (94 %), set by /system.slice`.
fn near(name: &str, usage: &Usage) -> Line {
    let counted = ["tasks", "pids.max"].contains(&name);
    let told = |n: u64| {
        if counted {
            n.to_string()
        } else {
            bytes(Bytes(n))
        }
    };
    let used = usage.used.map_or("–".to_owned(), told);
    let Some(limit) = usage.limit else {
        return fact(name, format!("{used}, no limit"));
    };
    let share = usage.share().unwrap_or(0.0);
    let mut line = fact(
        name,
        format!("{used} of {} ({:.0} %)", told(limit), share * 100.0),
    );
    if share >= 0.9 {
        line[1].1 = Role::Bad;
    } else if share >= 0.75 {
        line[1].1 = Role::Warn;
    }
    if let Some(set_by) = &usage.set_by {
        line.push((format!("   set by {set_by}"), Role::Dim));
    }
    line
}

fn memory(facts: &GroupFacts) -> Vec<Line> {
    let mut out = Vec::new();
    if let Some(usage) = &facts.limits.memory {
        out.push(near("in use", usage));
    }
    if let Some(peak) = facts.memory_peak {
        out.push(fact("at most so far", bytes(Bytes(peak))));
    }
    if let Some(swap) = &facts.limits.swap {
        out.push(near("swap", swap));
    }
    let used = facts
        .limits
        .memory
        .as_ref()
        .and_then(|u| u.used)
        .unwrap_or(0);
    for (name, size) in &facts.memory {
        let share = size.0 as f64 * 100.0 / used.max(1) as f64;
        out.push(fact(name, format!("{:>7}  {share:4.0} %", bytes(*size))));
    }
    if out.is_empty() {
        let text = "– the memory controller is not on for this group";
        out.push(vec![(text.to_owned(), Role::Faint)]);
    }
    out
}

fn limits(facts: &GroupFacts) -> Vec<Line> {
    let mut out = Vec::new();
    if let Some(usage) = &facts.limits.memory {
        out.push(near("memory.max", usage));
    }
    if let Some(high) = facts.high() {
        out.push(near("memory.high", &high));
    }
    if let Some((max, high)) = facts.memory_hits {
        out.push(fact(
            "limit met",
            format!("{max} times; slowed down {high} times"),
        ));
    }
    if let Some(usage) = &facts.limits.tasks {
        out.push(near("pids.max", usage));
    }
    if let Some(cpu) = &facts.limits.cpu {
        let cores = cpu
            .cores
            .map_or("no quota".to_owned(), |n| format!("{n:.2} cores"));
        let mut line = fact("cpu.max", cores);
        if let Some(set_by) = &cpu.set_by {
            line.push((format!("   set by {set_by}"), Role::Dim));
        }
        out.push(line);
        let told = format!(
            "{} of {} periods, {} in all",
            cpu.throttled,
            cpu.periods,
            duration(cpu.throttled_time)
        );
        let mut line = fact("throttled", told);
        if let Some(set_by) = &cpu.set_by {
            line.push((format!("   as {set_by} counts"), Role::Dim));
        }
        out.push(line);
    }
    if let Some(weight) = facts.cpu_weight {
        out.push(fact("cpu.weight", weight.to_string()));
    }
    for device in &facts.io {
        let told = format!(
            "{} read   {} written   {} requests",
            bytes(device.read),
            bytes(device.written),
            device.requests
        );
        out.push(fact(&device.device, told));
    }
    let freezer = match facts.frozen {
        Some(true) => "frozen; X thaws it",
        Some(false) => "not frozen; X freezes it",
        None => "– it cannot be frozen as one",
    };
    out.push(fact("freezer", freezer));
    let kill = if facts.killable {
        "KILL ends all of it in one write (cgroup.kill)"
    } else {
        "– KILL goes to one member after the other"
    };
    out.push(fact("kill", kill));
    out
}
