//! `pscope system`: the machine in one page, or as JSON. Two readings a short while apart, so that there are rates.

mod extras;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::json::SCHEMA;
use super::paper::{Ink, Paper};
use super::{Error, Exit};
use crate::model::disk::{DiskRates, Disks};
use crate::model::format::{bytes, duration, per_second, rate};
use crate::model::id::Nanos;
use crate::model::machine_memory::MachineMemory;
use crate::model::own_group::OwnGroup;
use crate::model::plan::Plan;
use crate::model::reading::Reading;
use crate::model::sample::{Pressure, Sample};
use crate::model::sensor::Sensors;
use crate::model::snapshot::{CoreShare, Snapshot};
use crate::model::text::pad;
use crate::model::verdict::{Judge, Verdict};
use crate::sampler;
use crate::sys::clock;
use crate::sys::disks::DiskReader;
use crate::sys::isolation::cgroup::own;
use crate::sys::machine_memory::MachineMemories;
use crate::sys::root::ProcRoot;
use crate::sys::sensors;

/// Prints cores, memory, pressure, disks and filesystems, and what holds the machine back
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For how many seconds rates are measured
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 0.5)]
    span: f64,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// The two readings, and what they say together.
struct Machine {
    now: Snapshot,
    memory: Option<MachineMemory>,
    disks: Option<(Disks, Vec<Reading<DiskRates>>)>,
    verdict: Option<Verdict>,
    own: OwnGroup,
    sensors: Sensors,
}

/// Writes the page.
///
/// # Errors
/// For a span that makes no sense, and when the processes cannot be read; what else is missing is shown as `–`.
pub fn run(args: &Args, paper: &mut Paper<'_>) -> Result<Exit, Error> {
    if !(0.05..=3600.0).contains(&args.span) {
        return Err(Error::Usage(
            "--for goes from 0.05 to 3600 seconds".to_owned(),
        ));
    }
    let machine = measure(Duration::from_secs_f64(args.span))?;
    if args.json {
        serde_json::to_writer(&mut *paper.out, &as_json(&machine))?;
        paper.out.write_all(b"\n")?;
    } else {
        print(&machine, paper)?;
    }
    Ok(Exit::Done)
}

fn measure(span: Duration) -> Result<Machine, Error> {
    let root = ProcRoot::live();
    let plan = Plan::default();
    let mut reader = DiskReader::new(&root);
    let read = |reader: &mut DiskReader| {
        let mut disks = reader.read_now().ok()?;
        disks.at = clock::now();
        Some(disks)
    };
    let before: Sample = sampler::once(&root, &plan)?;
    let old = read(&mut reader);
    std::thread::sleep(span);
    let now = Snapshot::between(Some(&before), &sampler::once(&root, &plan)?);
    let disks = read(&mut reader).map(|disks| {
        let rates = disks.rates(old.as_ref().unwrap_or(&Disks::default()));
        (disks, rates)
    });
    Ok(Machine {
        memory: MachineMemories::new(&root).read_now().ok(),
        verdict: Judge::default().judge(&now),
        own: own::limits(&root),
        sensors: sensors::read_now(&root),
        disks,
        now,
    })
}

type Pieces = Vec<(String, Ink)>;

fn print(machine: &Machine, paper: &mut Paper<'_>) -> Result<(), Error> {
    for line in lines(machine, paper.ascii) {
        let pieces: Vec<(&str, Ink)> = line
            .iter()
            .map(|(text, ink)| (text.as_str(), *ink))
            .collect();
        paper.line(&pieces)?;
    }
    Ok(())
}

fn lines(machine: &Machine, ascii: bool) -> Vec<Pieces> {
    let now = &machine.now;
    let missing = if ascii { "-" } else { "–" };
    let label = |text: &str| (pad(text, 12), Ink::Dim);
    let plain = |text: String| (text, Ink::Plain);
    let load = now.system.load.map_or_else(
        || missing.to_owned(),
        |l| l.map(|l| format!("{l:.2}")).join(" "),
    );
    let mut out = vec![
        vec![
            label("host"),
            (now.machine.host.to_string(), Ink::Strong),
            plain(format!(
                "  Linux {}  up {}",
                now.machine.kernel,
                duration(now.system.uptime)
            )),
        ],
        vec![
            label("tasks"),
            plain(format!(
                "{} processes, {} threads, {} running, {} blocked, load {load}",
                now.procs.len(),
                now.system.threads,
                now.system.running,
                now.system.blocked
            )),
        ],
        vec![
            label("verdict"),
            match &machine.verdict {
                Some(verdict) => (verdict.sentence(), Ink::Strong),
                None => plain("nothing holds the machine back".to_owned()),
            },
        ],
    ];
    let some = |r: Reading<f64>| r.map_or_else(|_| missing.to_owned(), per_second);
    out.push(vec![
        label("switches"),
        plain(format!(
            "{} a second, {} forks a second",
            some(now.system.switches),
            some(now.system.forks)
        )),
    ]);
    for core in &now.system.cores {
        let share = core
            .share
            .map_or_else(|_| missing.to_owned(), |s| shares(&s));
        let mhz = core
            .khz
            .map_or_else(String::new, |k| format!("  {} MHz", k / 1000));
        out.push(vec![
            label(&format!("cpu{}", core.id)),
            plain(format!("{share}{mhz}")),
        ]);
    }
    for (name, pressure) in ["cpu", "memory", "io"].iter().zip(&now.system.pressure) {
        let text = match pressure {
            Ok(p) => format!(
                "{:.1}% of the last 10 s some task waited, {:.1}% of the last minute",
                p.some_10, p.some_60
            ),
            Err(why) => format!("{missing} {why}"),
        };
        out.push(vec![label(&format!("wait {name}")), plain(text)]);
    }
    out.extend(extras::own_lines(
        &machine.own,
        &now.system.own_pressure,
        label,
    ));
    out.extend(memory_lines(machine.memory.as_ref(), label));
    out.extend(disk_lines(machine.disks.as_ref(), label, missing));
    out.extend(extras::sensor_lines(&machine.sensors, label));
    out
}

fn shares(s: &CoreShare) -> String {
    format!(
        "{:5.1}% busy: user {:.1} system {:.1} irq {:.1} steal {:.1}, waiting for I/O {:.1}",
        s.busy(),
        s.user,
        s.system,
        s.irq,
        s.steal,
        s.iowait
    )
}

fn memory_lines(
    memory: Option<&MachineMemory>,
    label: impl Fn(&str) -> (String, Ink),
) -> Vec<Pieces> {
    let Some(m) = memory else { return Vec::new() };
    let mut out = vec![vec![
        label("memory"),
        (
            format!(
                "{} of {} used, {} can be had without swapping",
                bytes(m.used()),
                bytes(m.total),
                bytes(m.available)
            ),
            Ink::Plain,
        ),
    ]];
    for (part, size) in &m.parts {
        let (name, _, means) = part.words();
        out.push(vec![
            label(""),
            (format!("{:>6}  ", bytes(*size)), Ink::Strong),
            (pad(name, 12), Ink::Plain),
            (means.to_owned(), Ink::Dim),
        ]);
    }
    let swap = if m.swap_total.0 == 0 {
        "none".to_owned()
    } else {
        format!("{} of {} used", bytes(m.swap_used()), bytes(m.swap_total))
    };
    out.push(vec![label("swap"), (swap, Ink::Plain)]);
    out
}

fn disk_lines(
    disks: Option<&(Disks, Vec<Reading<DiskRates>>)>,
    label: impl Fn(&str) -> (String, Ink),
    missing: &str,
) -> Vec<Pieces> {
    let Some((disks, rates)) = disks else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (device, rates) in disks.devices.iter().zip(rates) {
        let text = rates.as_ref().map_or_else(
            |_| missing.to_owned(),
            |r| {
                let (reads, writes) = (rate(r.read), rate(r.written));
                format!(
                    "reads {reads}, writes {writes}, busy {:.0}%, {:.1} requests under way",
                    r.busy, r.queue
                )
            },
        );
        out.push(vec![label(device.name.as_str()), (text, Ink::Plain)]);
    }
    for f in &disks.filesystems {
        let text = f.space.map_or_else(
            |why| format!("{missing} {why}"),
            |s| {
                format!(
                    "{:.0}% of {} used, {} left",
                    s.used_percent(),
                    bytes(s.total),
                    bytes(s.available)
                )
            },
        );
        out.push(vec![
            (format!("{} ", pad(f.mount.as_str(), 23)), Ink::Dim),
            (text, Ink::Plain),
            (format!("  {} from {}", f.kind, f.source), Ink::Dim),
        ]);
    }
    out
}

fn as_json(machine: &Machine) -> Value {
    let now = &machine.now;
    let system = &now.system;
    json!({
        "schema": SCHEMA,
        "host": now.machine.host,
        "kernel": now.machine.kernel,
        "uptime_ms": system.uptime.0 / 1_000_000,
        "span_ms": now.span.unwrap_or(Nanos(0)).0 / 1_000_000,
        "load": system.load,
        "processes": now.procs.len(),
        "threads": system.threads,
        "running": system.running,
        "blocked": system.blocked,
        "switches_per_second": system.switches.ok(),
        "forks_per_second": system.forks.ok(),
        "verdict": machine.verdict.as_ref().map(|v| json!({
            "bottleneck": format!("{:?}", v.of).to_lowercase(),
            "scope": format!("{:?}", v.scope).to_lowercase(),
            "percent": v.percent,
            "sentence": v.sentence(),
            "behind": v.behind,
        })),
        "cores": system.cores.iter().map(core_json).collect::<Vec<_>>(),
        "pressure": pressure_json(&system.pressure),
        "own_group": extras::own_json(&machine.own, &system.own_pressure),
        "sensors": extras::sensors_json(&machine.sensors),
        "memory": machine.memory.as_ref().map(memory_json),
        "disks": machine.disks.as_ref().map(|(d, r)| disks_json(d, r)),
        "filesystems": machine.disks.as_ref().map(|(d, _)| filesystems_json(d)),
    })
}

/// Puts a value in, or `null` and its reason under `unavailable`.
fn put<T: Into<Value>>(into: &mut Map<String, Value>, name: &str, value: Reading<T>) {
    match value {
        Ok(value) => {
            into.insert(name.to_owned(), value.into());
        }
        Err(why) => {
            into.insert(name.to_owned(), Value::Null);
            let reasons = into.entry("unavailable").or_insert_with(|| json!({}));
            if let Value::Object(reasons) = reasons {
                reasons.insert(name.to_owned(), why.word().into());
            }
        }
    }
}

fn core_json(core: &crate::model::snapshot::Core) -> Value {
    let mut out = Map::new();
    out.insert("id".to_owned(), core.id.0.into());
    let share = core.share;
    put(&mut out, "busy_percent", share.map(|s| s.busy()));
    put(&mut out, "user_percent", share.map(|s| s.user));
    put(&mut out, "system_percent", share.map(|s| s.system));
    put(&mut out, "irq_percent", share.map(|s| s.irq));
    put(&mut out, "steal_percent", share.map(|s| s.steal));
    put(&mut out, "iowait_percent", share.map(|s| s.iowait));
    out.insert("khz".to_owned(), core.khz.into());
    Value::Object(out)
}

/// The three pressures by name.
fn pressure_json(pressure: &[Reading<Pressure>; 3]) -> Value {
    let mut out = Map::new();
    for (name, pressure) in ["cpu", "memory", "io"].iter().zip(pressure) {
        let value = pressure.map(|p| {
            json!({
                "some_10s_percent": p.some_10,
                "some_60s_percent": p.some_60,
                "full_10s_percent": p.full_10,
                "some_total_ns": p.some_total.0,
            })
        });
        put(&mut out, name, value);
    }
    Value::Object(out)
}

fn memory_json(m: &MachineMemory) -> Value {
    let parts = m.parts.iter();
    let parts: Map<String, Value> = parts
        .map(|(p, n)| (format!("{}_bytes", p.words().1), n.0.into()))
        .collect();
    json!({
        "total_bytes": m.total.0,
        "available_bytes": m.available.0,
        "used_bytes": m.used().0,
        "parts": parts,
        "swap_total_bytes": m.swap_total.0,
        "swap_used_bytes": m.swap_used().0,
        "dirty_bytes": m.dirty.0,
        "writeback_bytes": m.writeback.0,
        "committed_bytes": m.committed.0,
    })
}

fn disks_json(disks: &Disks, rates: &[Reading<DiskRates>]) -> Value {
    let each = disks.devices.iter().zip(rates).map(|(device, rates)| {
        let mut out = Map::new();
        out.insert("name".to_owned(), device.name.as_str().into());
        put(&mut out, "size_bytes", device.size.map(|b| b.0));
        put(&mut out, "read_bytes_per_second", rates.map(|r| r.read));
        put(
            &mut out,
            "written_bytes_per_second",
            rates.map(|r| r.written),
        );
        put(&mut out, "reads_per_second", rates.map(|r| r.reads));
        put(&mut out, "writes_per_second", rates.map(|r| r.writes));
        put(&mut out, "busy_percent", rates.map(|r| r.busy));
        put(&mut out, "queue", rates.map(|r| r.queue));
        Value::Object(out)
    });
    each.collect()
}

fn filesystems_json(disks: &Disks) -> Value {
    let each = disks.filesystems.iter().map(|f| {
        let mut out = Map::new();
        out.insert("mount".to_owned(), f.mount.as_str().into());
        out.insert("source".to_owned(), f.source.as_str().into());
        out.insert("type".to_owned(), f.kind.as_str().into());
        out.insert("read_only".to_owned(), f.read_only.into());
        put(&mut out, "total_bytes", f.space.map(|s| s.total.0));
        put(&mut out, "available_bytes", f.space.map(|s| s.available.0));
        put(&mut out, "used_bytes", f.space.map(|s| s.used().0));
        put(&mut out, "inodes", f.space.map(|s| s.inodes));
        put(&mut out, "inodes_free", f.space.map(|s| s.inodes_free));
        Value::Object(out)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    fn machine() -> Machine {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        Machine {
            now: scene.pass(500, &[]),
            memory: MachineMemories::new(&ProcRoot::live()).read_now().ok(),
            disks: None,
            verdict: None,
            own: OwnGroup::default(),
            sensors: Sensors::default(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_null_with_its_reason() {
        let answer = as_json(&machine());
        assert_eq!(answer["schema"], 1);
        assert_eq!(answer["pressure"]["cpu"], Value::Null);
        assert_eq!(answer["pressure"]["unavailable"]["cpu"], "soon");
        assert_eq!(answer["cores"][0]["busy_percent"], 50.0);
        assert_eq!(answer["verdict"], Value::Null);
    }

    #[test]
    fn the_parts_of_memory_add_up_in_json_too() {
        let answer = as_json(&machine());
        let parts = answer["memory"]["parts"].as_object().expect("parts");
        let sum: u64 = parts.values().filter_map(Value::as_u64).sum();
        assert_eq!(Some(sum), answer["memory"]["total_bytes"].as_u64());
    }

    #[test]
    fn the_page_names_each_core_and_says_when_nothing_is_wrong() {
        let page: Vec<String> = lines(&machine(), false)
            .into_iter()
            .map(|l| l.into_iter().map(|p| p.0).collect())
            .collect();
        assert!(
            page.iter()
                .any(|l| l.starts_with("cpu1") && l.contains("50.0% busy")),
            "{page:?}"
        );
        assert!(
            page.iter()
                .any(|l| l.contains("nothing holds the machine back"))
        );
    }
}
