//! The machine as a page of text: one fact a line, its name in front.

mod network;

use super::Machine;
use crate::model::format::{bytes, count, duration, per_second, rate};
use crate::model::groups::own_group::OwnGroup;
use crate::model::id::{Bytes, Nanos};
use crate::model::machine::core_share::CoreShare;
use crate::model::machine::disk::{DiskRates, Disks};
use crate::model::machine::gpu::Card;
use crate::model::machine::identity::Identity;
use crate::model::machine::memory::MachineMemory;
use crate::model::machine::requests::{DeviceRequests, Requests};
use crate::model::machine::sensor::Sensors;
use crate::model::machine::verdict::blind;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::Pressure;
use crate::model::scheduling::blocked;
use crate::model::text::{SafeText, pad, width};
use crate::report::Error;
use crate::report::printer::{Ink, Printer};

/// One line: pieces of text, each with its ink.
pub(super) type Pieces = Vec<(String, Ink)>;

/// From so much on, in percent, a filesystem that runs out of files before bytes is told by its files.
const SHORT: f64 = 80.0;

/// What a line is about, in front of it; the longest name of an interface has 15 letters.
fn label(text: &str) -> (String, Ink) {
    (fill(text, 16), Ink::Dim)
}

/// Writes the page.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn print(machine: &Machine, printer: &mut Printer<'_>) -> Result<(), Error> {
    for line in lines(machine, printer.ascii) {
        let pieces: Vec<(&str, Ink)> = line
            .iter()
            .map(|(text, ink)| (text.as_str(), *ink))
            .collect();
        printer.flow(&pieces, hang(&line))?;
    }
    Ok(())
}

/// Where what is too long for a line goes on: under the words that end it, or under the first fact where more facts
/// follow, each set off by blanks.
fn hang(line: &[(String, Ink)]) -> usize {
    let before = match line.split_last() {
        Some(((last, _), before)) if !last.starts_with(' ') => before,
        _ => line.get(..1).unwrap_or_default(),
    };
    let cells: usize = before.iter().map(|(text, _)| width(text)).sum();
    cells.min(MEANS)
}

/// Where it is told what a part of memory means.
const MEANS: usize = 36;

/// `text` filled to `cells`, and never cut: on printer a name is read whole.
fn fill(text: &str, cells: usize) -> String {
    let blanks = cells.saturating_sub(width(text)).max(1);
    format!("{text}{:blanks$}", "")
}

/// What it runs and what it is: `Debian GNU/Linux 12 on LENOVO 21HM, AMD Ryzen 7`.
fn machine_is(identity: &Identity, missing: &str) -> String {
    let word = |text: &Reading<SafeText>| {
        text.as_ref()
            .map_or(missing.to_owned(), ToString::to_string)
    };
    let cores = identity
        .processors
        .as_ref()
        .map_or(missing.to_owned(), |all| {
            let names: Vec<&str> = all.iter().map(SafeText::as_str).collect();
            names.join(", ")
        });
    let (system, product) = (word(&identity.system), word(&identity.product));
    format!("{system}  product {product}  processor {cores}")
}

pub(super) fn lines(machine: &Machine, ascii: bool) -> Vec<Pieces> {
    let now = &machine.now;
    let missing = if ascii { "-" } else { "–" };
    let plain = |text: String| (text, Ink::Plain);
    let load = now.system.load.map_or_else(
        |_| missing.to_owned(),
        |l| l.map(|l| format!("{l:.2}")).join(" "),
    );
    let count = |n: Reading<u32>| n.map_or_else(|_| missing.to_owned(), |n| n.to_string());
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
            label("machine"),
            plain(machine_is(&machine.identity, missing)),
        ],
        vec![
            label("tasks"),
            plain(format!(
                "{} processes, {} threads, {} running, {} blocked  load {load}",
                now.procs.len(),
                now.system.threads,
                count(now.system.running),
                count(now.system.blocked)
            )),
        ],
        vec![
            label("verdict"),
            match &machine.verdict {
                Some(verdict) => {
                    let lasts = verdict.lasts(now.at);
                    let lasts = lasts.map_or_else(String::new, |span| format!(" {span}"));
                    (verdict.sentence() + &lasts, Ink::Strong)
                }
                None => plain(blind::silence(&now.system)),
            },
        ],
    ];
    out.extend(read_before(machine));
    let held = blocked::words(&blocked::counted(now));
    if !held.is_empty() {
        out.insert(2, vec![label("state D"), plain(held)]);
    }
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
            .map_or_else(|why| format!("{missing} {}", why.word()), |s| shares(&s));
        let mhz = core
            .khz
            .map_or_else(|_| String::new(), |k| format!("  {} MHz", k / 1000));
        out.push(vec![
            label(&format!("cpu{}", core.id)),
            plain(format!("{share}{mhz}")),
        ]);
    }
    for (name, pressure) in ["cpu", "memory", "io"].iter().zip(&now.system.pressure) {
        let text = match pressure {
            Ok(p) => format!(
                "some task waited {:.1}% of the last 10 s, {:.1}% of the last minute",
                p.some_10, p.some_60
            ),
            Err(why) => format!("{missing} {}", lacks(*why)),
        };
        out.push(vec![label(&format!("wait {name}")), plain(text)]);
    }
    out.extend(own_lines(&machine.own, &now.system.own_pressure));
    out.extend(memory_lines(&machine.memory, missing));
    out.extend(disk_lines(&machine.disks, missing));
    out.extend(request_lines(&machine.requests, missing));
    match &machine.network {
        Ok(network) => out.extend(network::lines(network, missing)),
        Err(why) => out.push(unread("network", *why, missing)),
    }
    out.extend(sensor_lines(&machine.sensors, missing));
    match &machine.gpus {
        Ok(gpus) => out.extend(gpus.cards.iter().map(|card| gpu_line(card, missing))),
        Err(why) => out.push(unread("gpu", *why, missing)),
    }
    out
}

fn shares(s: &CoreShare) -> String {
    format!(
        "{:5.1}% busy: user {:.1} system {:.1} irq {:.1} steal {:.1} iowait {:.1}",
        s.busy(),
        s.user,
        s.system,
        s.interrupts(),
        s.steal,
        s.iowait
    )
}

/// What could not be read, and why.
fn unread(name: &str, why: Missing, missing: &str) -> Pieces {
    vec![
        label(name),
        (format!("{missing} {}", lacks(why)), Ink::Plain),
    ]
}

/// Why something of the machine is not told.
fn lacks(why: Missing) -> String {
    match why {
        // Whoever reads now has read it.
        Missing::Soon => Missing::Unrecorded.to_string(),
        // It is no process, which could have ended.
        Missing::Gone => "out of reach".to_owned(),
        why => why.to_string(),
    }
}

/// What was read before the moment of which the rest tells, and how long: a recording has no reading of it at each tick.
fn read_before(machine: &Machine) -> Option<Pieces> {
    let parts = machine.read_before.iter().flatten();
    let older = parts.filter(|(_, age)| age.seconds() >= 1.0);
    let words = older.map(|(name, age)| format!("{} {}", name.replace('_', " "), duration(*age)));
    let words = words.collect::<Vec<_>>().join(", ");
    let told = format!("{words} before this moment");
    (!words.is_empty()).then(|| vec![label("read"), (told, Ink::Plain)])
}

fn memory_lines(memory: &Reading<MachineMemory>, missing: &str) -> Vec<Pieces> {
    let m = match memory {
        Ok(m) => m,
        Err(why) => return vec![unread("memory", *why, missing)],
    };
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

/// How long requests to disks took, where each was counted.
fn request_lines(requests: &Reading<Requests>, missing: &str) -> Vec<Pieces> {
    let Ok(requests) = requests else {
        return Vec::new();
    };
    if !requests.counted() {
        let text = format!("{missing} {}", requests.why);
        return vec![vec![label("disk requests"), (text, Ink::Plain)]];
    }
    let asked = requests.devices.iter().filter(|d| d.took.done > 0);
    let line = |d: &DeviceRequests| {
        let time = |t: Reading<Nanos>| t.map_or_else(|_| missing.to_owned(), duration);
        let text = format!(
            "{} {} a second: half took at most {}, 99 of 100 {}; on average {}, in the device {}",
            per_second(requests.per_second(d.took.done)),
            d.kind.word(),
            time(d.took.p50),
            time(d.took.p99),
            time(d.took.mean),
            time(d.took.device)
        );
        vec![label(d.name.as_str()), (text, Ink::Plain)]
    };
    asked.map(line).collect()
}

fn disk_lines(disks: &Reading<(Disks, Vec<Reading<DiskRates>>)>, missing: &str) -> Vec<Pieces> {
    let (disks, rates) = match disks {
        Ok((disks, rates)) => (disks, rates),
        Err(why) => return vec![unread("disks", *why, missing)],
    };
    let mut out = Vec::new();
    if let Err(why) = disks.devices {
        out.push(unread("disks", why, missing));
    }
    for (device, rates) in disks.told().iter().zip(rates) {
        let text = rates.as_ref().map_or_else(
            |_| missing.to_owned(),
            |r| {
                let took = |ms: Option<f64>| {
                    ms.map_or_else(String::new, |ms| format!(" ({ms:.1} ms each)"))
                };
                format!(
                    "reads {}{}, writes {}{}  busy {:.0}%, {:.1} requests under way",
                    rate(r.read),
                    took(r.read_latency_ms),
                    rate(r.written),
                    took(r.write_latency_ms),
                    r.busy,
                    r.queue
                )
            },
        );
        out.push(vec![label(device.name.as_str()), (text, Ink::Plain)]);
    }
    for f in &disks.filesystems {
        let text = f.space.map_or_else(
            |why| match f.silent {
                Some(lasts) => format!("{missing} has not answered for {}", duration(lasts)),
                None => format!("{missing} {}", lacks(why)),
            },
            |s| {
                let room = format!(
                    "{} of {} used, {} left",
                    bytes(s.used()),
                    bytes(s.total),
                    bytes(s.available)
                );
                match s.inodes_percent().filter(|_| f.is_short_of_inodes()) {
                    Some(percent) if percent >= SHORT => {
                        let left = count(s.inodes_free);
                        format!("{percent:.0}% of its inodes used, {left} left; {room}")
                    }
                    _ => format!("{:.0}% full: {room}", s.used_percent()),
                }
            },
        );
        out.push(vec![
            (fill(f.mount.as_str(), 24), Ink::Dim),
            (text, Ink::Plain),
            (format!("  {} from {}", f.kind, f.source), Ink::Dim),
        ]);
    }
    out
}

/// What our own control group may use, and how long its tasks waited; nothing where it has no limit and tells nothing.
fn own_lines(own: &OwnGroup, pressure: &[Reading<Pressure>; 3]) -> Vec<Pieces> {
    let mut out = Vec::new();
    let mut line = |text: String| out.push(vec![label("own group"), (text, Ink::Plain)]);
    if let Some(memory) = &own.memory {
        line(format!(
            "{} of {} memory used in {}{}{}",
            bytes(memory.used),
            bytes(memory.limit),
            memory.path,
            memory.cache.map_or_else(String::new, |cache| format!(
                ", {} of it cache",
                bytes(cache)
            )),
            memory
                .hits
                .map_or_else(String::new, |n| format!("; limit reached {n} times")),
        ));
    }
    if let Some(why) = own.unseen {
        line(format!("its limits: – {}", lacks(why)));
    }
    if let Some(cpu) = &own.cpu
        && let Some(cores) = cpu.cores
    {
        line(format!(
            "may use {cores:.2} cores by {}; throttled in {} of {} periods, {} in all",
            cpu.set_by.as_deref().unwrap_or("/"),
            cpu.throttled,
            cpu.periods,
            duration(cpu.throttled_time)
        ));
    }
    if let [Ok(cpu), Ok(memory), Ok(io)] = pressure {
        line(format!(
            "some task in it waited: cpu {:.1}%, memory {:.1}%, io {:.1}% of the last 10 s",
            cpu.some_10, memory.some_10, io.some_10
        ));
    }
    out
}

/// A line for each graphics card.
fn gpu_line(card: &Card, missing: &str) -> Pieces {
    if let Some(trouble) = card.trouble {
        let text = format!("{} {}  {missing} {trouble}", card.index, card.name);
        return vec![label("gpu"), (text, Ink::Plain)];
    }
    let told = |value: Reading<f32>, unit: &str| {
        value.map_or_else(|_| missing.to_owned(), |v| format!("{v:.0} {unit}"))
    };
    let size = |value: Reading<Bytes>| value.map_or_else(|_| missing.to_owned(), bytes);
    let users = match card.users.as_ref().map(Vec::len) {
        Ok(1) => "1 process".to_owned(),
        Ok(n) => format!("{n} processes"),
        Err(_) => format!("{missing} processes"),
    };
    let split = if card.split {
        "  split (MIG): use is not told of the whole"
    } else {
        ""
    };
    vec![
        label("gpu"),
        (
            format!(
                "{} {}  busy {}  memory {} of {}  {}  {}  {users}{split}",
                card.index,
                card.name,
                told(card.busy, "%"),
                size(card.used),
                size(card.total),
                told(card.temperature, "°C"),
                told(card.power, "W"),
            ),
            Ink::Plain,
        ),
    ]
}

/// A line for each sensor; nothing where there is none.
fn sensor_lines(sensors: &Reading<Sensors>, missing: &str) -> Vec<Pieces> {
    let mut out = Vec::new();
    let sensors = match sensors {
        Ok(sensors) => sensors,
        // Of a recording that keeps none nothing is said.
        Err(Missing::Unrecorded) => return out,
        Err(why) => {
            let text = format!("{missing} {}", lacks(*why));
            out.push(vec![label("sensors"), (text, Ink::Dim)]);
            return out;
        }
    };
    for (name, text, hot) in sensors.words() {
        let ink = if hot { Ink::Strong } else { Ink::Plain };
        out.push(vec![label("sensor"), (format!("{name}: {text}"), ink)]);
    }
    out
}
