//! `pscope calls`: the system calls of a process for a while, as text or JSON.

mod json;

use super::printer::{Ink, Printer};
use super::{Error, Exit, past, target};
use crate::model::descriptors::descriptor::Files;
use crate::model::format::{duration, per_second};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::calls::{CallRow, Calls};
use crate::model::scheduling::timeline::Window;
use crate::model::scheduling::wait::end_of;
use crate::model::span;
use crate::model::text::pad;
use crate::sampler::descriptors::joined::Descriptors;
use crate::sampler::scheduling::calls::during;
use crate::sys::own::stop;
use crate::sys::root::ProcRoot;

/// `pscope calls`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process: a pid or a name
    target: String,
    /// How long to count: 5s, 200ms, 2m [default: 5s]
    #[arg(long = "for", value_name = "TIME", conflicts_with = "from", value_parser = span::parse_any, allow_hyphen_values = true)]
    span: Option<Nanos>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: past::Args,
}

/// How long is counted where nothing else is asked for.
const SPAN: Nanos = Nanos(5_000_000_000);

/// Counts, and tells.
///
/// # Errors
/// `NoProcess` for a target that is not there; `NotPermitted` where its calls can neither be counted nor seen.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    if let Some(found) = args.past.moment()? {
        return recorded(args, &found, printer);
    }
    let snapshot = super::sweep(json::NEEDS)?;
    let id = target::find(&snapshot, &args.target)?;
    target::lives(&snapshot, id)?;
    let stop = stop::on_signals();
    let root = ProcRoot::live();
    let before = Descriptors::all_of(&root, id).ok();
    let calls =
        during(&root, id, args.span.unwrap_or(SPAN), &stop).map_err(|why| refused(id, why))?;
    let files = super::remembered(&root, Descriptors::all_of(&root, id), before.as_ref());
    // Of one that ended no later call is told, also where there is none.
    let ended = has_ended(id)?;
    if args.json {
        let about = json::About {
            snapshot: &snapshot,
            id,
            ended,
            files: files.as_ref().map_err(|why| *why),
        };
        printer.json(&json::answer(&about, &calls))?;
        printer.out.write_all(b"\n")?;
        return Ok(Exit::Done);
    }
    let name = snapshot
        .get(id)
        .map_or_else(String::new, |p| p.facts.name.to_string());
    text(
        &format!(
            "{} {name}{}",
            id.pid,
            if ended { " · has ended" } else { "" }
        ),
        &calls,
        files.as_ref().ok(),
        printer,
    )?;
    let leads = calls.rows.iter().any(|row| !row.descriptors.is_empty());
    if let (Err(why), true) = (&files, leads) {
        let why = format!("where its descriptors lead: – {why}");
        printer.line(&[(&why, Ink::Dim)])?;
    }
    Ok(Exit::Done)
}

/// What was counted of its calls by a moment of a recording.
fn recorded(args: &Args, found: &past::Found, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let now = &found.snapshot;
    let id = target::find_then(now, &args.target)?;
    let detail = found.detail(Some(id))?;
    let Some(slot) = detail.calls else {
        return Err(Error::Failed(format!(
            "the calls of process {} were not read at that moment: a recording has none but those that R keeps in the live \
             screen while tab Calls shows the process",
            id.pid
        )));
    };
    let calls = slot.value.map_err(|why| refused(id, why))?;
    let files = detail.files.and_then(|slot| slot.value.ok());
    if args.json {
        let about = json::About {
            snapshot: now,
            id,
            ended: false,
            files: files.as_deref().ok_or(Missing::Unrecorded),
        };
        printer.json(&json::answer(&about, &calls))?;
        printer.out.write_all(b"\n")?;
        return Ok(Exit::Done);
    }
    let window = Window {
        from: Nanos(slot.at.0.saturating_sub(calls.span.0)),
        to: slot.at,
    };
    let name = now.get(id).map(|p| p.facts.name.to_string());
    let who = format!(
        "{} {}{}",
        id.pid,
        name.unwrap_or_default(),
        past::between(now, window)
    );
    text(&who, &calls, files.as_deref(), printer)?;
    Ok(Exit::Done)
}

fn has_ended(id: ProcId) -> Result<bool, Error> {
    let now = super::sweep(Needs::empty())?;
    Ok(now
        .get(id)
        .is_none_or(|p| matches!(p.stat.state, State::Zombie | State::Dead)))
}

fn refused(id: ProcId, why: Missing) -> Error {
    match why {
        Missing::Gone => Error::NoProcess(format!("process {} has ended", id.pid)),
        Missing::Denied => Error::NotPermitted(format!(
            "the calls of process {} are shown only to its user and to root",
            id.pid
        )),
        why => Error::Failed(format!(
            "the calls of process {} cannot be told: {why}",
            id.pid
        )),
    }
}

fn text(
    who: &str,
    calls: &Calls,
    files: Option<&Files>,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let how = if calls.exact {
        "exact"
    } else if calls.counts() {
        "at least"
    } else {
        "sampled up to 250 times a second"
    };
    let about = format!(" · {} · {how}", duration(calls.span));
    printer.line(&[(who, Ink::Strong), (&about, Ink::Dim)])?;
    for line in about_records(calls) {
        printer.line(&[(&line, Ink::Dim)])?;
    }
    if !calls.counts() {
        let why = format!("only time is known, not how many: {}", calls.why);
        printer.line(&[(&why, Ink::Dim)])?;
    }
    if calls.rows.is_empty() {
        printer.line(&[(calls.none(), Ink::Plain)])?;
        return Ok(());
    }
    let title = format!(
        "{}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}  ON",
        pad("CALL", 18),
        "CALLS/s",
        "ERR/s",
        "TIME",
        "CORE",
        "MEAN",
        "P99",
        "LONGEST"
    );
    printer.line(&[(&title, Ink::Dim)])?;
    for row in &calls.rows {
        let rate =
            |n: Reading<u64>| n.map(|n| per_second(n as f64 / calls.span.seconds().max(0.001)));
        let told = |text: Reading<String>| text.unwrap_or_else(|_| "–".to_owned());
        let time = |span: Reading<Nanos>| told(span.map(duration));
        let numbers = format!(
            "{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}  ",
            told(rate(row.calls)),
            told(rate(row.errors)),
            duration(row.span),
            time(row.on_core),
            time(row.mean),
            time(row.p99),
            time(row.longest)
        );
        let name = pad(&row.name, 18);
        printer.line(&[
            (&name, Ink::Strong),
            (&numbers, Ink::Plain),
            (&on(row, files), Ink::Plain),
        ])?;
    }
    Ok(())
}

/// What to know of calls of which each was told by a record.
fn about_records(calls: &Calls) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(lost) = calls.about_lost() {
        out.push(lost);
    }
    if calls.records {
        out.push(format!("{}: {}", Calls::BY_RECORDS, calls.why));
    }
    out
}

/// Its commonest error, the path, or the descriptor that took most of the time with who is at the other end.
fn on(row: &CallRow, files: Option<&Files>) -> String {
    let mut out: Vec<String> = Vec::new();
    if let Some((fd, _)) = row.descriptors.first() {
        let end = files.and_then(|f| end_of(f, *fd));
        out.push(end.map_or_else(|| format!("fd {fd}"), |end| format!("fd {fd} {end}")));
    }
    if let Some((path, _)) = row.paths.first() {
        out.push(match row.paths.len() {
            1 => path.to_string(),
            n => format!("{path} and {} more", n - 1),
        });
    }
    if let Some(error) = &row.error {
        out.push(format!("{}, {}", error.explained(), error.often()));
    }
    if let Some((n, span)) = row.inside {
        let least = if row.earlier { "at least " } else { "" };
        out.push(format!("{n} in it now, for {least}{}", duration(span)));
    }
    out.join(" · ")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::detail::{Detail, Stamped};
    use crate::model::scene::Scene;
    use crate::model::scheduling::calls::{CallError, CallSums, Number};
    use crate::recording::{DetailWriter, Kept, Marks, Past, Summary, Writer};
    use crate::report::printer::piped;

    /// What is said of the only process of a recording in which its calls were kept, or were not.
    fn said(kept: bool, json: bool) -> Result<String, Error> {
        let mut scene = Scene::new();
        scene.task(7, 0, "cat");
        let now = scene.pass(1000, &[]);
        let id = now.procs[0].id;
        let records = Kept::new(1 << 20);
        let summary = Summary::of(&now, Marks::default());
        records.push(Writer::default().tick(None, &scene.sample, summary));
        if kept {
            let row = CallRow {
                number: Number {
                    number: 0,
                    narrow: false,
                },
                name: "read".to_owned(),
                calls: Ok(500),
                errors: Ok(4),
                error: Some(CallError {
                    number: 11,
                    name: "EAGAIN".to_owned(),
                    words: "Try again",
                    calls: 3,
                }),
                other_errors: vec![CallError {
                    number: 4,
                    name: "EINTR".to_owned(),
                    words: "Interrupted system call",
                    calls: 1,
                }],
                span: Nanos(7_000_000),
                on_core: Ok(Nanos(2_000_000)),
                mean: Ok(Nanos(14_000)),
                p99: Ok(Nanos(20_000)),
                longest: Ok(Nanos(30_000)),
                descriptors: Vec::new(),
                paths: vec![(
                    "/etc/fstab".into(),
                    CallSums {
                        calls: 2,
                        span: Nanos(4000),
                    },
                )],
                inside: None,
                earlier: false,
            };
            let calls = Calls {
                span: Nanos(1_000_000_000),
                exact: true,
                why: String::new(),
                records: false,
                lost: 0,
                rows: vec![row],
            };
            let detail = Detail {
                at: now.at,
                of: Some(id),
                calls: Some(Stamped::new(now.at, Ok(calls))),
                ..Detail::default()
            };
            records.push(
                DetailWriter::new(false)
                    .record(&detail, 0)
                    .into_iter()
                    .collect(),
            );
        }
        let found = past::Found {
            past: Past::new(Box::new(records)),
            snapshot: now,
        };
        let args = Args {
            target: "cat".to_owned(),
            span: None,
            json,
            past: past::Args::default(),
        };
        piped(false, |to| recorded(&args, &found, to))
    }

    #[test]
    fn of_a_recording_those_calls_are_told_that_were_counted_then() {
        let text = said(true, false).expect("an answer");
        assert!(text.contains("7 cat") && text.contains(" to "), "{text}");
        assert!(text.contains("read") && text.contains("500"), "{text}");
        assert!(text.contains("EAGAIN: try again, 3 times"), "{text}");
        assert!(text.contains("  /etc/fstab · EAGAIN"), "{text}");
        let json: Value = serde_json::from_str(&said(true, true).expect("one")).expect("JSON");
        let call = &json["calls"][0];
        assert_eq!(
            (&call["name"], &call["count"]),
            (&"read".into(), &500.into())
        );
        assert_eq!(call["errors"].to_string(), r#"{"EAGAIN":3,"EINTR":1}"#);
        let paths = r#"[{"count":2,"path":"/etc/fstab","total_ns":4000}]"#;
        assert_eq!(call["paths"].to_string(), paths);
        let time = |field: &str| call[field].as_u64();
        assert_eq!(
            [time("on_core_ns"), time("blocked_ns"), time("total_ns")],
            [Some(2_000_000), Some(5_000_000), Some(7_000_000)]
        );
        let process = &json["process"];
        assert_eq!(
            (&process["pid"], &process["name"]),
            (&7.into(), &"cat".into())
        );
        assert_eq!(json["unavailable"]["descriptors"], "unrecorded");
        let why = said(false, false)
            .expect_err("nothing was read")
            .to_string();
        assert!(
            why.contains("not read at that moment") && why.contains("R keeps"),
            "{why}"
        );
    }
}
