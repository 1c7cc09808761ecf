//! `pscope metrics`: the machine and its programs as metrics in the text form of Prometheus (`OpenMetrics`), once.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use super::printer::Printer;
use super::{Error, Exit};
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Judge, THRESHOLDS, blind};
use crate::model::plan::Plan;
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::sampler;
use crate::sys::root::ProcRoot;

/// Prints the machine and its programs as metrics for Prometheus, once; programs beyond the greatest are summed as "other"
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long rates are measured: 5s, 200ms, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "500ms", value_parser = span::parse)]
    span: Nanos,
    /// How many programs are told by name
    #[arg(long, value_name = "N", default_value_t = 20)]
    programs: usize,
}

/// What the processes of one program take.
#[derive(Default)]
struct Sum {
    processes: u64,
    resident: u64,
    cpu: f64,
}

/// Writes the text.
///
/// # Errors
/// When the processes cannot be read; what else is missing is left out.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let (root, plan) = (ProcRoot::live(), Plan::default());
    let before = sampler::once(&root, &plan)?;
    std::thread::sleep(Duration::from_nanos(args.span.0));
    let now = Snapshot::between(Some(&before), &sampler::once(&root, &plan)?);
    let mut out = Vec::new();
    machine(&now, &mut out)?;
    programs(&now, args.programs, &mut out)?;
    out.extend(b"# EOF\n");
    printer.out.write_all(&out)?;
    Ok(Exit::Done)
}

/// Writes a family: what it is, and each value with its label.
fn family(
    out: &mut Vec<u8>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (String, f64)>,
) -> Result<(), Error> {
    let values: Vec<(String, f64)> = values.into_iter().collect();
    if !values.is_empty() {
        writeln!(out, "# TYPE pscope_{name} gauge")?;
        writeln!(out, "# HELP pscope_{name} {help}")?;
    }
    for (labels, value) in values {
        writeln!(out, "pscope_{name}{labels} {value}")?;
    }
    Ok(())
}

/// A label with its value, escaped as the format asks.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{{{name}=\"{}\"}}", value.replace('\n', "\\n"))
}

fn machine(now: &Snapshot, out: &mut Vec<u8>) -> Result<(), Error> {
    let system = &now.system;
    let cores = system.cores.iter().filter_map(|core| {
        let share = core.share.ok()?;
        let busy = f64::from(share.busy()) / 100.0;
        Some((label("core", &core.id.to_string()), busy))
    });
    family(
        out,
        "core_busy_ratio",
        "Share of time in which a core was busy.",
        cores,
    )?;
    let memory = system.memory.ok().map(|m| {
        let of = |name, bytes| (label("kind", name), bytes as f64);
        [
            of("total", m.total.0),
            of("used", m.used().0),
            of("cache", m.cache.0),
            of("swap_used", m.swap_used().0),
        ]
    });
    family(
        out,
        "memory_bytes",
        "Memory of the machine.",
        memory.into_iter().flatten(),
    )?;
    let pressure = ["cpu", "memory", "io"].into_iter().zip(system.pressure);
    let pressure = pressure.filter_map(|(name, pressure)| {
        let some = f64::from(pressure.ok()?.some_10) / 100.0;
        Some((label("resource", name), some))
    });
    family(
        out,
        "pressure_ratio",
        "Share of the last 10 s in which some task waited.",
        pressure,
    )?;
    let verdict = Judge::default().judge(now).map(|verdict| verdict.of);
    let blind = blind::blind(system);
    let unseen = |of| blind.iter().any(|(b, _)| *b == of);
    let judged = THRESHOLDS.iter().filter(|(of, ..)| !unseen(*of));
    let held = judged.map(|(of, ..)| {
        let held = f64::from(u8::from(verdict == Some(*of)));
        (label("bottleneck", of.word()), held)
    });
    family(out, "verdict", "Whether this holds the machine back.", held)?;
    let plain = |value: Option<f64>| value.map(|value| (String::new(), value));
    family(
        out,
        "switches_per_second",
        "Context switches a second.",
        plain(system.switches.ok()),
    )?;
    family(
        out,
        "processes",
        "Processes that there are.",
        plain(Some(now.procs.len() as f64)),
    )
}

/// The greatest programs by name; the others as one.
fn programs(now: &Snapshot, most: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut sums: HashMap<&str, Sum> = HashMap::new();
    for proc in now.procs.iter().filter(|p| !p.stat.is_kernel_thread()) {
        let sum = sums.entry(proc.facts.name.as_str()).or_default();
        sum.processes += 1;
        sum.resident += proc.stat.resident.0;
        sum.cpu += f64::from(proc.cpu.unwrap_or(0.0)) / 100.0;
    }
    let mut sums: Vec<(&str, Sum)> = sums.into_iter().collect();
    sums.sort_by(|(a, x), (b, y)| y.resident.cmp(&x.resident).then(a.cmp(b)));
    let mut rest = sums.split_off(most.min(sums.len()));
    // One that is called so itself must not make the series twice.
    rest.extend(sums.extract_if(.., |(name, _)| *name == "other"));
    if !rest.is_empty() {
        let other = rest.into_iter().fold(Sum::default(), |all, (_, sum)| Sum {
            processes: all.processes + sum.processes,
            resident: all.resident + sum.resident,
            cpu: all.cpu + sum.cpu,
        });
        sums.push(("other", other));
    }
    let mut tell = |name: &str, help: &str, value: fn(&Sum) -> f64| {
        let values = sums.iter();
        let values = values.map(|(program, sum)| (label("program", program), value(sum)));
        family(out, name, help, values)
    };
    tell("program_processes", "Processes of a program.", |s| {
        s.processes as f64
    })?;
    tell(
        "program_resident_bytes",
        "Resident memory of a program.",
        |s| s.resident as f64,
    )?;
    tell("program_cores", "Cores that a program kept busy.", |s| {
        s.cpu
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn programs_are_bounded_and_nothing_is_lost() {
        let mut scene = Scene::new();
        for (pid, name) in [(1, "init"), (2, "a\"b"), (3, "c"), (4, "c")] {
            scene.task(pid, 0, name);
        }
        let now = scene.pass(1000, &[(3, 50)]);
        let mut out = Vec::new();
        machine(&now, &mut out).expect("written");
        programs(&now, 2, &mut out).expect("written");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(
            text.contains("pscope_program_processes{program=\"c\"} 2\n"),
            "{text}"
        );
        assert!(text.contains("{program=\"a\\\"b\"} 1\n"), "{text}");
        assert!(
            text.contains("pscope_program_processes{program=\"other\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("pscope_program_cores{program=\"c\"} 0.5\n"),
            "{text}"
        );
        assert!(
            text.contains("pscope_core_busy_ratio{core=\"0\"} 0.5\n"),
            "{text}"
        );
    }
}
