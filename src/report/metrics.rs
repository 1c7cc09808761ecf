//! `pscope metrics`: the machine, and its programs, units and containers, as metrics in the text form of Prometheus; once, or
//! again and again into a file for the textfile collector of `node_exporter`.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::printer::Printer;
use super::{Error, Exit, attention};
use crate::model::groups::unit;
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Judge, THRESHOLDS, Verdict, blind};
use crate::model::plan::{Needs, Plan};
use crate::model::sample::Sample;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::span;
use crate::model::text::SafeText;
use crate::sampler;
use crate::sys::asker::hand::{self, Wait};
use crate::sys::clock;
use crate::sys::own::outfile;
use crate::sys::own::stop::{self, Stop};
use crate::sys::root::ProcRoot;

/// Prints the machine, and its programs, units and containers, as metrics for Prometheus; those beyond the greatest are summed as
/// "other"
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long rates are measured: 5s, 200ms, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "500ms", value_parser = span::parse, allow_hyphen_values = true)]
    span: Nanos,
    /// How many programs, units and containers are told by name
    #[arg(long, value_name = "N", default_value_t = 20)]
    programs: usize,
    /// Writes this file instead, at once as a whole: a .prom for the textfile collector of `node_exporter`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Renews the file at this pace until Ctrl-c; rates are of that time
    #[arg(long, value_name = "TIME", requires = "out", value_parser = span::parse, allow_hyphen_values = true)]
    every: Option<Nanos>,
}

/// What the processes of one program take.
#[derive(Default)]
struct Sum {
    processes: u64,
    resident: u64,
    cpu: f64,
}

/// How often it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(200);

/// Writes the text.
///
/// # Errors
/// When the processes cannot be read or the file cannot be written, which is then as it was; what else is missing is left out.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let root = ProcRoot::live();
    let plan = Plan {
        needs: Needs::CGROUP,
        of_all: Needs::CGROUP,
        ..Plan::default()
    };
    let stop = args.every.map(|_| stop::on_signals());
    let read = || -> Result<Sample, Error> { Ok(sampler::once(&root, &plan)?) };
    let mut before = read()?;
    let mut judge = Judge::default();
    let (mut wait, mut told) = (args.span, false);
    loop {
        let due = clock::now().0.saturating_add(wait.0);
        while clock::now().0 < due {
            let left = Duration::from_nanos(due.saturating_sub(clock::now().0));
            std::thread::sleep(if stop.is_some() { left.min(LOOK) } else { left });
            if stop.as_ref().is_some_and(Stop::asked) {
                return Ok(Exit::Done);
            }
        }
        let sample = read()?;
        let now = Snapshot::between(Some(&before), &sample);
        before = sample;
        if !told {
            attention(now.unlisted());
            told = true;
        }
        let text = text(&now, judge.judge(&now), args.programs)?;
        let Some(path) = &args.out else {
            printer.out.write_all(&text)?;
            return Ok(Exit::Done);
        };
        let patience = Wait {
            stop: stop.as_ref(),
            ..Wait::PATIENT
        };
        let to = path.clone();
        let written = hand::write_out(patience, path, move || {
            outfile::renew(&to, &text)?;
            Ok(Vec::new())
        });
        if stop.as_ref().is_some_and(Stop::asked) {
            return Ok(Exit::Done);
        }
        written.map_err(|e| Error::Failed(format!("cannot write {}: {e}", path.display())))?;
        match args.every {
            Some(every) => wait = every,
            None => return Ok(Exit::Done),
        }
    }
}

/// All of it.
fn text(now: &Snapshot, verdict: Option<Verdict>, most: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    machine(now, verdict, &mut out)?;
    programs(now, most, &mut out)?;
    out.extend(b"# EOF\n");
    Ok(out)
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
        writeln!(out, "pscope_{name}{labels} {}", rounded(value))?;
    }
    Ok(())
}

/// Without digits that nobody measured: shares are known to four.
fn rounded(value: f64) -> f64 {
    if value.fract() == 0.0 {
        value
    } else {
        (value * 1e6).round() / 1e6
    }
}

/// A label with its value, escaped as the format asks; what could act on a terminal is told as on the screen.
fn label(name: &str, value: &str) -> String {
    let value = SafeText::from(value);
    let value = value.as_str().replace('\\', "\\\\").replace('"', "\\\"");
    format!("{{{name}=\"{value}\"}}")
}

fn machine(now: &Snapshot, verdict: Option<Verdict>, out: &mut Vec<u8>) -> Result<(), Error> {
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
    let verdict = verdict.map(|verdict| verdict.of);
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
        // Of those of whom only some are listed nobody knows how many there are.
        plain(now.unlisted().is_none().then_some(now.procs.len() as f64)),
    )
}

/// The greatest programs, units and containers by name; the others as one.
fn programs(now: &Snapshot, most: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let group = |proc: &Proc| {
        let path = proc.extra.as_deref()?.cgroup.as_ref().ok()?;
        Some(unit::short(path.exact()))
    };
    // A container is told by the program that runs it and its number.
    let is_container = |name: &String| name.contains(' ');
    sums(now, most, "program", out, |p| {
        Some(p.facts.name.to_string())
    })?;
    sums(now, most, "unit", out, |p| {
        group(p).filter(|name| !is_container(name))
    })?;
    sums(now, most, "container", out, |p| {
        group(p).filter(is_container)
    })
}

/// What the processes of one name take, by name.
fn sums(
    now: &Snapshot,
    most: usize,
    kind: &str,
    out: &mut Vec<u8>,
    name: impl Fn(&Proc) -> Option<String>,
) -> Result<(), Error> {
    let mut sums: HashMap<String, Sum> = HashMap::new();
    for proc in now.procs.iter().filter(|p| !p.stat.is_kernel_thread()) {
        let Some(name) = name(proc) else { continue };
        let sum = sums.entry(name).or_default();
        sum.processes += 1;
        sum.resident += proc.stat.resident.0;
        sum.cpu += f64::from(proc.cpu.unwrap_or(0.0)) / 100.0;
    }
    let mut sums: Vec<(String, Sum)> = sums.into_iter().collect();
    sums.sort_by(|(a, x), (b, y)| y.resident.cmp(&x.resident).then(a.cmp(b)));
    let mut rest = sums.split_off(most.min(sums.len()));
    // One that is called so itself must not make the series twice.
    rest.extend(sums.extract_if(.., |(name, _)| name == "other"));
    if !rest.is_empty() {
        let other = rest.into_iter().fold(Sum::default(), |all, (_, sum)| Sum {
            processes: all.processes + sum.processes,
            resident: all.resident + sum.resident,
            cpu: all.cpu + sum.cpu,
        });
        sums.push(("other".to_owned(), other));
    }
    let mut tell = |name: &str, help: &str, value: fn(&Sum) -> f64| {
        let values = sums.iter();
        let values = values.map(|(of, sum)| (label(kind, of), value(sum)));
        family(
            out,
            &format!("{kind}_{name}"),
            &help.replace('%', kind),
            values,
        )
    };
    tell("processes", "Processes of a %.", |sum| sum.processes as f64)?;
    tell(
        "resident_bytes",
        "Resident memory of a %, what is shared counted for each of its processes.",
        |sum| sum.resident as f64,
    )?;
    tell("cores", "Cores that a % keeps busy.", |sum| sum.cpu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn of_how_many_only_some_are_listed_is_not_told() {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        let mut now = scene.pass(1000, &[]);
        let told = |now: &Snapshot| {
            let mut out = Vec::new();
            machine(now, None, &mut out).expect("written");
            String::from_utf8(out)
                .expect("UTF-8")
                .contains("pscope_processes 1\n")
        };
        assert!(told(&now));
        now.faults = vec![crate::model::sample::Fault {
            source: "processes",
            why: "those of other users are not listed".into(),
        }];
        assert!(!told(&now));
    }

    #[test]
    fn a_name_of_a_group_acts_on_no_terminal() {
        let told = label("unit", "a\u{1b}[31mb\u{7}\n");
        assert!(!told.contains(char::is_control), "{told:?}");
        assert!(
            told.starts_with("{unit=\"a") && told.ends_with("\"}"),
            "{told}"
        );
    }

    #[test]
    fn programs_are_bounded_and_nothing_is_lost() {
        let mut scene = Scene::new();
        for (pid, name) in [(1, "init"), (2, "a\"b"), (3, "c"), (4, "c")] {
            scene.task(pid, 0, name);
        }
        let now = scene.pass(1000, &[(3, 50)]);
        let mut out = Vec::new();
        machine(&now, None, &mut out).expect("written");
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

    /// What `promtool check metrics` and the format demand.
    fn check(text: &str) {
        assert!(text.ends_with("# EOF\n"), "it ends with its end");
        let (mut typed, mut helped) = (Vec::new(), Vec::new());
        let mut series = std::collections::HashSet::new();
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a kind");
                assert_eq!(kind, "gauge");
                assert!(!typed.contains(&name), "{name} twice");
                typed.push(name);
                continue;
            }
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help");
                assert!(help.ends_with('.') && !help.contains('%'), "{help}");
                helped.push(name);
                continue;
            }
            let (of, value) = line.rsplit_once(' ').expect("a value");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            assert!(series.insert(of), "{of} twice");
            let name = of.split('{').next().unwrap_or_default();
            assert_eq!(typed.last(), Some(&name), "families stand together");
            assert_eq!(helped.last(), Some(&name));
            assert!(!name.ends_with("_total"), "{name} counts nothing");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(plain), "{name}");
            let abbreviations = [
                "ms", "us", "ns", "sec", "kb", "mb", "gb", "kib", "percent", "gauge",
            ];
            let parts = name.split('_');
            assert!(
                !parts.clone().any(|part| abbreviations.contains(&part)),
                "{name}"
            );
        }
        assert_eq!(typed, helped);
    }

    #[test]
    fn the_text_is_as_prometheus_wants_it_and_series_are_bounded() {
        let mut scene = Scene::new();
        for pid in 1..400 {
            let task = scene.task(pid, 0, &format!("p{pid}\"\\"));
            let group = if pid % 2 == 0 {
                format!("/system.slice/u{pid}.service")
            } else {
                format!("/system.slice/docker-{pid:08x}{:056}.scope", 0)
            };
            task.extra = Some(std::sync::Arc::new(crate::model::sample::OptionalStats {
                cgroup: Ok(group.into()),
                ..Default::default()
            }));
        }
        let now = scene.pass(1000, &[(3, 50)]);
        let text = text(&now, None, 20).expect("written");
        let text = String::from_utf8(text).expect("UTF-8");
        check(&text);
        for kind in ["program", "unit", "container"] {
            let many = text
                .lines()
                .filter(|l| l.starts_with(&format!("pscope_{kind}_cores{{")));
            assert_eq!(many.count(), 21, "{kind}");
        }
        assert!(text.contains("pscope_container_processes{container=\"other\"}"));
    }
}
