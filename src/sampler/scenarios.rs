//! Plays `tests/scenarios`: what the readers of the machine tell of kernels and machines that this one is not.

use std::fmt::Write as _;
use std::time::Duration;

use super::descriptors::joined::shared::Shared;
use super::network::Networks;
use crate::model::format::{bytes, duration};
use crate::model::groups::own_group::OwnGroup;
use crate::model::id::Nanos;
use crate::model::machine::memory::MachineMemory;
use crate::model::network::{Connection, Interface, Network, reach};
use crate::model::plan::Plan;
use crate::model::process::isolation::group::{Group, Usage};
use crate::model::reading::Reading;
use crate::model::sample::Sample;
use crate::sys::groups::own_strain::OwnStrain;
use crate::sys::machine::memory::MachineMemories;
use crate::sys::machine::sensors;
use crate::sys::process::isolation::cgroup::{self, own};
use crate::sys::root::ProcRoot;
use crate::sys::scenario;
use crate::sys::source::Source as _;

macro_rules! line {
    ($out:expr, $($arg:tt)*) => {
        writeln!($out, $($arg)*).expect("a string takes it")
    };
}

fn told<T: ToString>(reading: &Reading<T>) -> String {
    match reading {
        Ok(value) => value.to_string(),
        Err(why) => format!("– ({why})"),
    }
}

#[test]
fn memory_of_other_machines() {
    let begin = |root: &ProcRoot| MachineMemories::new(root);
    scenario::play("memory", begin, |reader, _, _| {
        memory(&reader.read_now().expect("meminfo"))
    });
}

fn memory(m: &MachineMemory) -> String {
    let mut out = String::new();
    let (used, available) = (bytes(m.used()), bytes(m.available));
    line!(
        out,
        "{used} of {} used, {available} available",
        bytes(m.total)
    );
    let parts = m
        .parts
        .iter()
        .map(|(part, size)| format!("{} {}", part.words().0, bytes(*size)));
    line!(out, "{}", parts.collect::<Vec<_>>().join(" + "));
    let sum: u64 = m.parts.iter().map(|(_, size)| size.0).sum();
    assert_eq!(sum, m.total.0, "the parts add up in every scenario");
    line!(
        out,
        "swap {} of {}",
        bytes(m.swap_used()),
        bytes(m.swap_total)
    );
    for s in &m.swaps {
        let (used, size) = (bytes(s.used), bytes(s.size));
        line!(
            out,
            "on {}: {used} of {size}, priority {}",
            s.path,
            s.priority
        );
    }
    if let Some((before, taken)) = m.compressed {
        line!(out, "{} kept in {}", bytes(before), bytes(taken));
    }
    if let Some((used, all, size)) = m.huge {
        line!(out, "huge pages {used} of {all}, {} each", bytes(size));
    }
    for node in &m.nodes {
        line!(
            out,
            "node {}: {} free of {}",
            node.id,
            bytes(node.free),
            bytes(node.total)
        );
    }
    match m.counters {
        Ok(c) => line!(out, "{} faults, {} swapped out", c.faults, c.swapped_out),
        Err(why) => line!(out, "counters: {why}"),
    }
    out + &own(&m.own)
}

fn own(own: &OwnGroup) -> String {
    let mut out = String::new();
    if let Some(m) = &own.memory {
        let kind = if m.soft { "slowed down at" } else { "at most" };
        let cache = m.cache.map_or("–".to_owned(), bytes);
        let hits = m.hits.map_or("–".to_owned(), |n| n.to_string());
        let (used, limit) = (bytes(m.used), bytes(m.limit));
        line!(
            out,
            "own memory: {used}, {kind} {limit} by {}, cache {cache}, reached {hits}",
            m.path
        );
    }
    if let Some(c) = &own.cpu {
        let cores = c.cores.unwrap_or(f64::NAN);
        let by = c.set_by.as_deref().unwrap_or("–");
        let (throttled, all) = (c.throttled, c.periods);
        let time = duration(c.throttled_time);
        line!(
            out,
            "own cores: {cores:.2} by {by}, throttled {throttled} of {all} periods, {time}"
        );
    }
    out
}

#[test]
fn control_groups_of_every_layout() {
    let begin = |root: &ProcRoot| OwnStrain::new(root);
    scenario::play("group", begin, |strain, root, step| {
        let text = root.read("7/cgroup").unwrap_or_default();
        let mut out = group(&cgroup::read(root, &text));
        out += &own(&own::limits(root));
        let mut sample = Sample {
            at: Nanos::from_millis(step.at_ms),
            ..Sample::default()
        };
        strain
            .read(&Plan::default(), &mut sample)
            .expect("it never fails");
        let system = sample.system;
        let pressure = system.own_pressure.map(|p| told(&p.map(|p| p.some_10)));
        line!(out, "own pressure: {}", pressure.join(", "));
        let strain = system.own_strain;
        let periods = strain
            .periods
            .map(|(all, throttled)| format!("{throttled} of {all}"));
        let members: Vec<_> = strain.members.iter().map(ToString::to_string).collect();
        let (periods, hits) = (told(&periods), told(&strain.hits));
        line!(
            out,
            "own strain: throttled {periods}, hits {hits}, members [{}]",
            members.join(" ")
        );
        out
    });
}

fn group(g: &Group) -> String {
    let mut out = String::new();
    let path = g.path().unwrap_or_else(|| "–".into());
    line!(out, "{}: {path}", g.layout.word());
    let mut usage = |what: &str, u: &Option<Usage>| {
        if let Some(u) = u {
            let number = |n: Option<u64>| n.map_or("–".to_owned(), |n| n.to_string());
            let by = u
                .set_by
                .as_deref()
                .map_or(String::new(), |by| format!(" by {by}"));
            line!(out, "{what}: {} of {}{by}", number(u.used), number(u.limit));
        }
    };
    usage("memory", &g.memory);
    usage("swap", &g.swap);
    usage("tasks", &g.tasks);
    if let Some(c) = &g.cpu {
        let cores = c.cores.map_or("no quota".to_owned(), |c| format!("{c:.2}"));
        let by = c
            .set_by
            .as_deref()
            .map_or(String::new(), |by| format!(" by {by}"));
        line!(
            out,
            "cores: {cores}{by}, throttled {} of {}",
            c.throttled,
            c.periods
        );
    }
    if let Some(kills) = g.oom_kills {
        line!(out, "ended for want of memory: {kills}");
    }
    let pressure = g
        .pressure
        .map(|p| p.map_or("–".to_owned(), |p| p.some_10.to_string()));
    line!(out, "pressure: {}", pressure.join(", "));
    out
}

#[test]
fn networks_of_other_machines() {
    let begin = |root: &ProcRoot| Networks::new(root, Shared::new(root));
    scenario::play("network", begin, |reader, _, _| {
        network(
            &reader
                .network(Duration::from_mins(1), None)
                .expect("net/dev"),
        )
    });
}

fn network(n: &Network) -> String {
    let mut out = String::new();
    for i in &n.interfaces {
        interface(&mut out, i);
    }
    for r in &n.routes {
        let via = r.gateway.map_or(String::new(), |ip| format!(" via {ip}"));
        line!(
            out,
            "{}/{}{via} on {}, metric {}",
            r.destination,
            r.prefix,
            r.interface,
            r.metric
        );
    }
    let mut connections: Vec<&Connection> = n.connections.iter().collect();
    connections.sort_by_key(|c| (c.inet.local, c.inet.remote));
    for c in connections {
        let inet = &c.inet;
        let (word, state) = (inet.protocol.word(), inet.state.word(inet.protocol));
        let who: Vec<String> = c
            .holders
            .iter()
            .map(|(id, name, fd)| format!("{} {name} fd {fd}", id.pid))
            .collect();
        let who = match (who.is_empty(), inet.inode) {
            (true, 0) => "no inode: nobody's any more".to_owned(),
            (true, _) => format!("user {}, owner not visible", inet.uid),
            _ => who.join(", "),
        };
        let (received, sent) = (inet.receive_queue, inet.send_queue);
        line!(
            out,
            "{word} {state} {} -> {} ({}), queues {received}/{sent}: {who}",
            inet.local,
            inet.remote,
            reach(inet)
        );
    }
    if n.hidden > 0 {
        line!(out, "{} processes do not show their descriptors", n.hidden);
    }
    out
}

fn interface(out: &mut String, i: &Interface) {
    let mac = i
        .mac
        .clone()
        .map(|mac| mac.map_or("none".to_owned(), |m| m.to_string()));
    line!(
        out,
        "{}: {}, {}, carrier {}",
        i.name,
        i.kind.words(),
        told(&i.state),
        told(&i.carrier)
    );
    line!(
        out,
        "  {} Mbit/s, MAC {}, MTU {}",
        told(&i.speed),
        told(&mac),
        told(&i.mtu)
    );
    let c = &i.counters;
    line!(
        out,
        "  in {} ({} errors, {} drops), out {}",
        bytes(c.received),
        c.errors_in,
        c.drops_in,
        bytes(c.sent)
    );
}

#[test]
fn sensors_of_other_machines() {
    scenario::play(
        "sensors",
        |_| (),
        |(), root, _| {
            let told = sensors::read_now(root).unwrap_or_default().words();
            let line = |(name, text, warns): (String, String, bool)| {
                format!("{}{name}: {text}\n", if warns { "! " } else { "" })
            };
            told.into_iter().map(line).collect()
        },
    );
}
