//! `pscope doctor`: each kernel interface, whether it is open to this program, what it gives, and how to get it.

use serde::Serialize;

use super::json::SCHEMA;
use super::printer::{Ink, Printer};
use super::{Error, Exit};
use crate::model::text::pad;
use crate::sampler::registry;
use crate::sys::doctor::{self, Finding, State};
use crate::sys::root::ProcRoot;

/// `pscope doctor`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Writes JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    sources: Vec<Source<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
    state: &'a str,
    gives: &'a str,
    found: Option<&'a str>,
    get: Option<&'a str>,
}

/// Examines this machine and tells.
///
/// # Errors
/// When the printer takes no more.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let root = ProcRoot::live();
    let findings = doctor::examine(&root, &registry::probes(&root));
    if args.json {
        json(&findings, printer)?;
    } else {
        text(&findings, printer)?;
    }
    Ok(Exit::Done)
}

fn json(findings: &[Finding], printer: &mut Printer<'_>) -> Result<(), Error> {
    fn some(text: &str) -> Option<&str> {
        (!text.is_empty()).then_some(text)
    }
    let sources = findings.iter().map(|f| Source {
        name: f.name,
        state: f.state.word(),
        gives: f.gives,
        found: some(&f.found),
        get: some(&f.get),
    });
    let answer = Answer {
        schema: SCHEMA,
        sources: sources.collect(),
    };
    printer.json(&answer)?;
    printer.out.write_all(b"\n")?;
    Ok(())
}

/// Cells of a name and of a state, with the gap behind each; and where the words begin.
const NAME: usize = 16;
const STATE: usize = 8;
const COLUMN: usize = 2 + NAME + STATE;

fn text(findings: &[Finding], printer: &mut Printer<'_>) -> Result<(), Error> {
    let [good, bad] = if printer.ascii {
        ["+", "-"]
    } else {
        ["✓", "✗"]
    };
    for finding in findings {
        let (mark, ink) = match finding.state {
            State::Ok => (good, Ink::Plain),
            State::Limited => ("!", Ink::Strong),
            State::Denied | State::Absent => (bad, Ink::Strong),
        };
        // What it gives is read whole, so it goes on below where the line is short.
        let head = format!("{mark} {}", pad(finding.name, NAME));
        let state = pad(finding.state.word(), STATE);
        printer.flow(
            &[(&head, ink), (&state, ink), (finding.gives, Ink::Plain)],
            COLUMN,
        )?;
        for (label, more) in [("seen", &finding.found), ("get", &finding.get)] {
            if !more.is_empty() {
                // A command that is cut in the middle cannot be pasted.
                let text = format!("{:COLUMN$}{label}: {more}\n", "");
                printer.out.write_all(text.as_bytes())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::printer::piped;
    use crate::sys::source::Probe;

    fn finding() -> Finding {
        Finding {
            name: "switches",
            state: State::Denied,
            gives: "every context switch",
            found: "kernel.perf_event_paranoid is 2".to_owned(),
            get: "sudo sysctl kernel.perf_event_paranoid=0".to_owned(),
        }
    }

    fn written(write: impl FnOnce(&mut Printer<'_>) -> Result<(), Error>) -> String {
        piped(true, write).expect("written")
    }

    /// A source that is added is told of, by a finding that there is or by one of its own.
    #[test]
    fn no_source_is_forgotten() {
        let root = ProcRoot::live();
        let sources = registry::probes(&root);
        let findings = doctor::examine(&root, &sources);
        let has = |name: &str| findings.iter().any(|f| f.name == name);
        for (source, probe) in sources {
            match probe {
                Probe::Examined(names) => {
                    assert!(!names.is_empty(), "{source} names no interface");
                    for name in names {
                        assert!(has(name), "{source}: the doctor does not try '{name}'");
                    }
                }
                Probe::Path { .. } => assert!(has(source), "{source} is not told of"),
            }
        }
    }

    #[test]
    fn a_short_line_goes_on_below() {
        let mut out = Vec::new();
        let mut printer = Printer {
            out: &mut out,
            width: Some(COLUMN + 27),
            ascii: true,
            styled: false,
        };
        let finding = Finding {
            gives: "every context switch: exact slices, who took the core",
            state: State::Ok,
            found: String::new(),
            get: String::new(),
            ..finding()
        };
        text(&[finding], &mut printer).expect("written");
        let out = String::from_utf8(out).expect("text");
        assert!(out.lines().all(|l| l.len() <= COLUMN + 27), "{out}");
        let rest = out
            .lines()
            .skip(1)
            .all(|l| l.starts_with(&" ".repeat(COLUMN)));
        assert!(
            rest && out.trim_end().ends_with("who took the core"),
            "{out}"
        );
    }

    #[test]
    fn says_what_is_missing_and_the_way_to_it() {
        let text = written(|printer| text(&[finding()], printer));
        assert_eq!(
            text,
            "- switches        denied  every context switch\n\
             \x20                         seen: kernel.perf_event_paranoid is 2\n\
             \x20                         get: sudo sysctl kernel.perf_event_paranoid=0\n"
        );
        let json = written(|printer| json(&[finding()], printer));
        assert!(json.starts_with(r#"{"schema":1,"sources":[{"name":"switches","state":"denied""#));
    }
}
