//! `pscope ps`: a table of processes, or the same as JSON.

use super::json::{self, Process};
use super::printer::{Ink, Printer};
use super::{Error, Exit, groups};
use crate::model::groups::grouping::{By, Groups};
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::process::column::{self, Column};
use crate::model::process::filter::Filter;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::{pad, width};
use clap::builder::{ArgPredicate, PossibleValue, StringValueParser, TypedValueParser};
use std::ffi::OsStr;

/// Prints a table of processes, then exits. CPU % is the average over the life of each process
///
/// Columns that tell of the time between two readings, such as read, net-in or faults, make it look twice, a second apart;
/// CPU % is of that second then.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only processes that pass: words, user:alice, state:D, cpu>10, mem>1g, !not, a | b
    filter: Vec<String>,
    /// The column to sort by, numbers greatest first; +COLUMN ascends, -COLUMN descends
    #[arg(
        long,
        value_name = "COLUMN",
        default_value_ifs = [("group_by", ArgPredicate::IsPresent, "cpu")],
        default_value = "pid",
        allow_hyphen_values = true,
        value_parser = Names
    )]
    sort: String,
    /// The columns, parted by commas, as the heads on the screen say
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Names)]
    columns: Vec<String>,
    /// Prints groups with the sums of their members instead: by cgroup, unit (or container), user, program, session
    #[arg(long, value_name = "WHAT", value_parser = groups::by)]
    group_by: Option<By>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: super::past::Args,
    /// Of a recording: a line of JSON for each process at each moment, at this pace, from --at or its beginning on
    #[arg(long, value_name = "TIME", requires_all = ["json", "from"], value_parser = crate::model::span::parse_any, allow_hyphen_values = true)]
    every: Option<Nanos>,
}

/// The names of the columns, for help and completions; what is none of them is answered with all.
#[derive(Clone)]
struct Names;

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |c: &&Column| {
            PossibleValue::new(c.name)
                .help(c.about)
                .aliases(c.aliases())
        };
        Some(Box::new(column::ALL.iter().map(value)))
    }
}

/// The columns unless others are asked for.
const SHOWN: &[&str] = &[
    "pid", "user", "state", "cpu", "mem", "thr", "time", "command",
];

/// Writes the table.
///
/// # Errors
/// For a column or a filter that is not understood, and when the processes cannot be read.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let columns = columns(&args.columns)?;
    let (sort, descending) = direction(&args.sort)?;
    let filter = Filter::parse(&args.filter.join(" "));
    if let Some(note) = filter.notes().first() {
        let part = filter.text().get(note.at.clone()).unwrap_or_default();
        return Err(Error::Usage(format!(
            "the filter '{part}' is not understood: {}",
            note.why
        )));
    }
    let mut needs = filter.needs() | sort.needs;
    if let Some(by) = args.group_by {
        needs |= by.needs() | groups::NEEDS;
    }
    if args.json {
        needs |= json::NEEDS;
    } else {
        needs |= columns.iter().fold(Needs::COMMANDS, |all, c| all | c.needs);
    }
    if let Some(every) = args.every {
        args.past
            .each(every, |then| lines(then, &filter, printer))?;
        return Ok(Exit::Done);
    }
    let asked = if args.json && args.columns.is_empty() {
        &[][..]
    } else {
        &columns[..]
    };
    needs |= asked.iter().fold(Needs::empty(), |all, c| all | c.needs);
    let past = args.past.snapshot()?;
    // What tells of the time between two readings needs two.
    let twice = sort.over_time() || filter.over_time() || asked.iter().any(|c| c.over_time());
    // Of a recording it is the share of the tick.
    let over = if past.is_some() || twice {
        "interval"
    } else {
        "lifetime"
    };
    let live = || {
        if twice {
            super::sweep_twice(needs)
        } else {
            super::sweep(needs)
        }
    };
    let snapshot = past.map_or_else(live, Ok)?;
    if let Some(by) = args.group_by {
        let groups = Groups::new(&snapshot, by);
        let summed: Vec<&Column> = match asked {
            [] => Vec::new(),
            asked => asked.iter().copied().filter(|c| c.adds()).collect(),
        };
        let report = groups::Report {
            snapshot: &snapshot,
            groups: &groups,
            empty: &|group| filter.fits_empty(&snapshot, group),
            passes: &|p| filter.matches(&snapshot, p, 1.0),
            columns: &summed,
            sort: (sort, descending),
        };
        if args.json {
            report.write_json(over, false, printer)?;
        } else {
            report.write_table(printer)?;
        }
        return Ok(Exit::Done);
    }
    let mut procs: Vec<&Proc> = snapshot
        .procs
        .iter()
        .filter(|p| filter.matches(&snapshot, p, 1.0))
        .collect();
    order(&snapshot, &mut procs, sort, descending);
    if args.json {
        write_json(&snapshot, over, &procs, asked, printer)?;
    } else {
        write_table(&snapshot, &procs, &columns, printer)?;
    }
    Ok(Exit::Done)
}

/// A line for each process that passes, with when that was.
fn lines(then: &Snapshot, filter: &Filter, printer: &mut Printer<'_>) -> Result<(), Error> {
    #[derive(serde::Serialize)]
    struct Line<'a> {
        time_unix_ms: u64,
        #[serde(flatten)]
        process: Process<'a>,
    }
    for proc in then.procs.iter().filter(|p| filter.matches(then, p, 1.0)) {
        printer.json(&Line {
            time_unix_ms: then.unix_ms(),
            process: Process::new(then, proc),
        })?;
        printer.out.write_all(b"\n")?;
    }
    Ok(())
}

fn columns(names: &[String]) -> Result<Vec<&'static Column>, Error> {
    if names.is_empty() {
        return SHOWN.iter().map(|name| find(name)).collect();
    }
    names.iter().map(|name| find(name.trim())).collect()
}

fn find(name: &str) -> Result<&'static Column, Error> {
    Column::find(name).ok_or_else(|| {
        let known: Vec<&str> = column::ALL.iter().map(|c| c.name).collect();
        Error::Usage(format!(
            "there is no column '{name}'; columns are {}",
            known.join(", ")
        ))
    })
}

/// The column to sort by and whether it descends: as its header would unless a sign says otherwise; a pid ascends.
fn direction(text: &str) -> Result<(&'static Column, bool), Error> {
    if let Some(name) = text.strip_prefix('-') {
        return Ok((find(name)?, true));
    }
    if let Some(name) = text.strip_prefix('+') {
        return Ok((find(name)?, false));
    }
    let column = find(text)?;
    Ok((column, column.greatest_first()))
}

/// Sorts; equal ones by pid, and what could not be read last.
fn order(snapshot: &Snapshot, procs: &mut [&Proc], by: &Column, descending: bool) {
    if by.right() {
        let key = |p: &Proc| by.number(snapshot, p).and_then(Result::ok);
        procs.sort_by(|a, b| match (key(a), key(b)) {
            (Some(a), Some(b)) if descending => b.total_cmp(&a),
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    } else {
        procs.sort_by_cached_key(|p| by.text(snapshot, p).map(String::from).ok());
        if descending {
            procs.reverse();
        }
    }
}

/// A process with the columns that were asked for.
#[derive(serde::Serialize)]
struct WithColumns<'a> {
    #[serde(flatten)]
    process: Process<'a>,
    columns: serde_json::Value,
}

fn write_json(
    snapshot: &Snapshot,
    over: &str,
    procs: &[&Proc],
    columns: &[&Column],
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let schema = json::SCHEMA;
    write!(
        printer.out,
        "{{\"schema\":{schema},\"cpu_percent_over\":\"{over}\",\"processes\":["
    )?;
    for (i, proc) in procs.iter().enumerate() {
        printer.out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        let process = Process::new(snapshot, proc);
        if columns.is_empty() {
            printer.json(&process)?;
        } else {
            let columns = json::columns(columns, |c| json::cell(snapshot, c, proc));
            printer.json(&WithColumns { process, columns })?;
        }
    }
    printer.out.write_all(b"\n]}\n")?;
    Ok(())
}

fn write_table(
    snapshot: &Snapshot,
    procs: &[&Proc],
    columns: &[&Column],
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let missing = if printer.ascii { "-" } else { "–" };
    let text = |c: &Column, p: &Proc| {
        c.text(snapshot, p)
            .map_or_else(|_| missing.to_owned(), String::from)
    };
    let cells: Vec<Vec<String>> = procs
        .iter()
        .map(|p| columns.iter().map(|c| text(c, p)).collect())
        .collect();
    let mut widths: Vec<usize> = columns.iter().map(|c| width(c.title)).collect();
    for row in &cells {
        for (wide, cell) in widths.iter_mut().zip(row) {
            *wide = (*wide).max(width(cell));
        }
    }
    // The last column is as long as it is.
    if let Some(last) = widths.last_mut() {
        *last = 0;
    }
    let layout = |row: &[&str]| -> String {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            let fill = widths[i].saturating_sub(width(cell));
            let padded = match (columns[i].right(), widths[i]) {
                (true, _) => format!("{gap}{:fill$}{cell}", ""),
                (false, 0) => format!("{gap}{cell}"),
                (false, wide) => format!("{gap}{}", pad(cell, wide)),
            };
            line.push_str(&padded);
        }
        line
    };
    let titles: Vec<&str> = columns.iter().map(|c| c.title).collect();
    printer.line(&[(&layout(&titles), Ink::Strong)])?;
    for row in &cells {
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        printer.line(&[(&layout(&row), Ink::Plain)])?;
    }
    Ok(())
}
