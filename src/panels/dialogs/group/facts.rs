//! The lines of each part of the group inspector, and what of them stands beside the list while a group is selected there.

use super::{GroupTab, Line};
use crate::app::world::World;
use crate::model::format::{bytes, duration, percent, rate};
use crate::model::groups::facts::GroupFacts;
use crate::model::groups::grouping::Group;
use crate::model::id::{Bytes, ProcId};
use crate::model::process::column::{Column, all};
use crate::model::process::isolation::group::{GroupCpu, Usage};
use crate::model::process::title::Title;
use crate::model::process::user_names::UserNames;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Proc;
use crate::model::text::pad;
use crate::theme::Role;

/// Cells of a name.
const NAME: usize = 16;

fn fact(name: &str, value: impl Into<String>) -> Line {
    vec![(pad(name, NAME), Role::Dim), (value.into(), Role::Text)]
}

/// A group with those of its members that are told of.
pub struct Told<'a> {
    /// Where all of it is known from.
    pub world: &'a World,
    /// Which.
    pub group: &'a Group,
    /// Who is in it, in the order of the table.
    pub members: &'a [ProcId],
    /// Whether these are all, and no filter leaves some out.
    pub whole: bool,
}

impl<'a> Told<'a> {
    /// The facts of the group, where it is a control group.
    pub(super) fn facts(&self) -> Option<Reading<&'a GroupFacts>> {
        let path = self.group.path.as_ref()?;
        let slot = self.world.detail.machine.group.as_ref();
        Some(match slot.map(|slot| slot.value.as_ref()) {
            Some(Ok(facts)) if facts.path == *path => Ok(&**facts),
            Some(Err(why)) => Err(*why),
            _ => Err(Missing::Soon),
        })
    }

    /// The lines of a part of the inspector.
    pub(super) fn lines(&self, part: GroupTab) -> Vec<Line> {
        let told = match (self.facts(), part) {
            (_, GroupTab::Overview) => return self.overview(),
            (_, GroupTab::Members) => return self.table(),
            (Some(Ok(facts)), _) => facts,
            (Some(Err(why)), _) => {
                return vec![vec![(format!("– {}", unread(why)), Role::Faint)]];
            }
            (None, _) => {
                let text =
                    "only control groups have this; its members share nothing but their name";
                return vec![vec![(text.to_owned(), Role::Dim)]];
            }
        };
        match part {
            GroupTab::Memory => memory(told),
            GroupTab::Limits => limits(told, self.world.settings.read_only),
            _ => Vec::new(),
        }
    }

    /// What stands beside the list: the overview, what its memory is, and who is in it.
    pub fn at_a_glance(&self) -> Vec<Line> {
        let mut out = self.overview();
        let kinds = match self.facts() {
            Some(Ok(facts)) => kinds(facts),
            _ => Vec::new(),
        };
        if !kinds.is_empty() {
            out.push(Line::new());
            out.push(vec![("memory".to_owned(), Role::Title)]);
            out.extend(kinds);
        }
        if !self.members.is_empty() {
            out.push(Line::new());
            out.extend(self.table());
        }
        out
    }

    fn procs(&self) -> impl Iterator<Item = &'a Proc> + use<'a> {
        let world = self.world;
        let members = self.members.iter();
        members.filter_map(|id| world.snapshot.get(*id))
    }

    fn overview(&self) -> Vec<Line> {
        let world = self.world;
        let mut out = Vec::new();
        if let Some(path) = self.group.readable() {
            out.push(fact("path", path.to_string()));
        }
        let sum = |column: &Column| {
            let sum = column.sum(&world.snapshot, self.procs());
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
            return self.charged(out);
        }
        out.push(fact("processes", format!("{n} with {threads}")));
        if !self.whole {
            out.push(fact("filter", "it leaves out other members"));
        }
        let cpu = all::CPU.sum(&world.snapshot, self.procs());
        let cpu = cpu
            .and_then(|sum| sum.value.ok())
            .map_or("–".to_owned(), |cpu| {
                format!("{} %", percent(world.scaled(cpu as f32)))
            });
        out.push(fact("CPU", format!("{cpu}   {} so far", sum(all::TIME))));
        let resident = format!("{} resident, shared pages counted for each", sum(all::MEM));
        out.push(fact("memory", resident));
        self.charged(out)
    }

    /// Adds what the kernel tells of a control group.
    fn charged(&self, mut out: Vec<Line>) -> Vec<Line> {
        let facts = match self.facts() {
            Some(Ok(facts)) => facts,
            Some(Err(why)) => {
                out.push(fact("control group", format!("– {}", unread(why))));
                return out;
            }
            None => return out,
        };
        for (name, usage) in facts.usages() {
            // What the kernel charges the group for is not what its members have in memory: the cache is among it.
            let name = if name == "memory" { "charged" } else { name };
            out.push(near(name, usage));
        }
        if let Some(cpu) = &facts.limits.cpu {
            let used = facts
                .of_quota()
                .map_or(String::new(), |s| format!("   {s:.0} % of it used"));
            let rates = facts.rates.and_then(|r| r.throttled);
            let now = rates.map_or(String::new(), |share| {
                format!("   throttled in {share:.0} % of its periods now")
            });
            out.push(quota("quota", cpu, &(used + &now)));
            let now = facts.rates.and_then(|r| r.throttled_above);
            out.extend(above(cpu, now));
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
            let frozen = match &facts.freeze_refused {
                None if self.world.settings.read_only => "nothing in it runs".to_owned(),
                None => "nothing in it runs until it is thawed (X)".to_owned(),
                Some(why) => format!("nothing in it runs; {why}"),
            };
            out.push(vec![
                (pad("frozen", NAME), Role::Warn),
                (frozen, Role::Text),
            ]);
        }
        out
    }

    /// A line for each member below a head.
    fn table(&self) -> Vec<Line> {
        let world = self.world;
        let head = format!(
            "{:>8} {:10} {:>6} {:>7} {:>5}  {}",
            "PID", "USER", "CPU%", "MEM", "THR", "COMMAND"
        );
        let mut out = vec![vec![(head, Role::Dim)]];
        let users = UserNames::within(&world.snapshot, 10);
        out.extend(self.procs().map(|p| {
            let cpu = p.cpu.map_or("–".to_owned(), |c| percent(world.scaled(c)));
            let user = pad(&users.shown(&p.facts.user), 10);
            let memory = bytes(p.stat.resident);
            let numbers = format!(
                "{:>8} {user} {cpu:>6} {memory:>7} {:>5}  ",
                p.id.pid, p.stat.threads
            );
            // As in the list: where its program lies says less than what it is called.
            let title = Title::of(p, false);
            vec![
                (numbers, Role::Text),
                (title.name, Role::Text),
                (title.rest, Role::Dim),
            ]
        }));
        out
    }
}

/// Why nothing is told of a control group.
pub(super) fn unread(why: Missing) -> String {
    match why {
        Missing::Gone => "it is there no more".to_owned(),
        Missing::Unsupported => "no hierarchy that is mounted here has its files".to_owned(),
        why => why.to_string(),
    }
}

/// `memory  480M of 512M (94 %)   set by /system.slice`.
fn near(name: &str, usage: &Usage) -> Line {
    let counted = ["tasks", "pids.max"].contains(&name);
    let (told, by) = usage.words(|n| {
        if counted {
            n.to_string()
        } else {
            bytes(Bytes(n))
        }
    });
    let mut line = fact(name, told);
    match usage.share() {
        Some(share) if share >= 0.9 => line[1].1 = Role::Bad,
        Some(share) if share >= 0.75 => line[1].1 = Role::Warn,
        _ => {}
    }
    if !by.is_empty() {
        line.push((format!("   {by}"), Role::Dim));
    }
    line
}

/// `1.50 cores   set by /system.slice`.
fn quota(name: &str, cpu: &GroupCpu, more: &str) -> Line {
    let cores = cpu
        .cores
        .map_or("no quota".to_owned(), |n| format!("{n:.2} cores"));
    let mut line = fact(name, cores + more);
    if let Some(set_by) = &cpu.set_by {
        line.push((format!("   set by {set_by}"), Role::Dim));
    }
    line
}

/// The other quota that holds it back.
fn above(cpu: &GroupCpu, now: Option<f64>) -> Option<Line> {
    let above = cpu.above_words()?;
    let now = now.map_or(String::new(), |share| {
        format!("   in {share:.0} % of them now")
    });
    Some(fact("above", above + &now))
}

fn memory(facts: &GroupFacts) -> Vec<Line> {
    let mut out = Vec::new();
    if let Some((_, usage)) = facts.usages().find(|(name, _)| *name == "memory") {
        out.push(near("in use", usage));
    }
    if let Some(peak) = facts.memory_peak {
        out.push(fact("at most so far", bytes(Bytes(peak))));
    }
    if let Some(swap) = &facts.limits.swap {
        out.push(near("swap", swap));
    }
    out.extend(kinds(facts));
    if out.is_empty() {
        let text = "– the memory controller is not on for this group";
        out.push(vec![(text.to_owned(), Role::Faint)]);
    }
    out
}

/// What its memory is: each kind with its share of what is in use.
fn kinds(facts: &GroupFacts) -> Vec<Line> {
    let usage = facts.limits.memory.as_ref();
    let used = usage.and_then(|usage| usage.used).unwrap_or(0);
    let of = |(name, size): &(&str, Bytes)| {
        let share = size.0 as f64 * 100.0 / used.max(1) as f64;
        fact(name, format!("{:>7}  {share:4.0} %", bytes(*size)))
    };
    facts.memory.iter().map(of).collect()
}

fn limits(facts: &GroupFacts, read_only: bool) -> Vec<Line> {
    let mut out = Vec::new();
    let of = |wanted| facts.usages().find(|(name, _)| *name == wanted);
    if let Some((_, usage)) = of("memory") {
        out.push(near("memory.max", usage));
    }
    if let Some(high) = &facts.high {
        out.push(near("memory.high", high));
    }
    let counted = [
        ("limit met", facts.limit_met, facts.limits.memory.as_ref()),
        ("slowed down", facts.slowed, facts.high.as_ref()),
    ];
    for (name, times, usage) in counted {
        let Some(times) = times else { continue };
        let mut line = fact(name, format!("{times} times"));
        if let Some(by) = usage.and_then(|usage| usage.set_by.as_ref()) {
            line.push((format!("   as {by} counts"), Role::Dim));
        }
        out.push(line);
    }
    if let Some((_, usage)) = of("tasks") {
        out.push(near("pids.max", usage));
    }
    if let Some(times) = facts.forks_refused {
        let mut line = fact("limit met", format!("{times} times a fork was refused"));
        if times > 0 {
            line[1].1 = Role::Warn;
        }
        out.push(line);
    }
    if let Some(cpu) = &facts.limits.cpu {
        out.push(quota("cpu.max", cpu, ""));
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
        out.extend(above(cpu, facts.rates.and_then(|r| r.throttled_above)));
    }
    if let Some(weight) = facts.cpu_weight {
        out.push(fact("cpu.weight", weight.to_string()));
    }
    if facts.io.is_empty() && !facts.io_told {
        out.push(fact("I/O", "– not told for this group"));
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
    let freezer = match (facts.frozen, &facts.freeze_refused) {
        // Neither is offered where pscope changes nothing.
        (Some(true), _) if read_only => "frozen".to_owned(),
        (Some(false), _) if read_only => "not frozen".to_owned(),
        (Some(true), None) => "frozen; X thaws it".to_owned(),
        (Some(false), None) => "not frozen; X freezes it".to_owned(),
        (Some(true), Some(why)) => format!("frozen; X cannot thaw it: {why}"),
        (Some(false), Some(why)) => format!("not frozen; X cannot freeze it: {why}"),
        (None, Some(why)) => format!("– it cannot be frozen as one: {why}"),
        (None, None) => "– its state is not told".to_owned(),
    };
    out.push(fact("freezer", freezer));
    let kill = match &facts.kill_refused {
        _ if read_only => "– pscope runs read-only".to_owned(),
        None => "KILL ends all of it in one write (cgroup.kill)".to_owned(),
        Some(why) => format!("– KILL goes to one member after the other: {why}"),
    };
    out.push(fact("kill", kill));
    out
}
