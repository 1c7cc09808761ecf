//! `pscope ps`: a table of processes, or the same as JSON.

use super::json::{self, Process};
use super::printer::{Ink, Printer};
use super::{Error, Exit, attention, groups};
use crate::model::groups::grouping::{By, Groups};
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::process::column::{self, Column};
use crate::model::process::filter::Filter;
use crate::model::reading::Missing;
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
    /// The column to sort by, numbers greatest first; +COLUMN ascends, -COLUMN descends. Groups go by its sum or greatest, or by
    /// their names where it has none
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
    /// Of a recording: a line of JSON for each process, or group, at each moment, at this pace, from --at or its beginning on
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
    let filter = filter(&args.filter)?;
    let mut needs = filter.needs() | sort.needs;
    if let Some(by) = args.group_by {
        needs |= by.needs() | groups::NEEDS;
    }
    if args.json {
        needs |= json::NEEDS;
    } else {
        needs |= columns.iter().fold(Needs::COMMANDS, |all, c| all | c.needs);
    }
    let asked = if args.json && args.columns.is_empty() {
        &[][..]
    } else {
        &columns[..]
    };
    needs |= asked.iter().fold(Needs::empty(), |all, c| all | c.needs);
    let table = Table {
        filter: &filter,
        columns: asked,
        sort: (sort, descending),
        by: args.group_by,
        asked: !args.columns.is_empty(),
        live: args.past.is_live(),
    };
    if let Some(every) = args.every {
        args.past
            .each(every, |then| table.lines(&then.snapshot, printer))?;
        return Ok(Exit::Done);
    }
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
    table.write(&snapshot, args.json.then_some(over), printer)?;
    doubts(&snapshot, &filter);
    Ok(Exit::Done)
}

/// The filter that the words of a command line are.
///
/// # Errors
/// Which part of it is not understood, and why.
pub(super) fn filter(words: &[String]) -> Result<Filter, Error> {
    let filter = Filter::parse(&words.join(" "));
    let Some(note) = filter.notes().first() else {
        return Ok(filter);
    };
    let part = filter.text().get(note.at.clone()).unwrap_or_default();
    Err(Error::Usage(format!(
        "the filter '{part}' is not understood: {}",
        note.why
    )))
}

/// Says what makes one doubt the answer: who is not listed, what a filter looks for in vain.
pub(super) fn doubts(snapshot: &Snapshot, filter: &Filter) {
    attention(snapshot.unlisted());
    attention(filter.doubt(snapshot));
    let passes = |proc: &Proc| filter.matches(snapshot, proc, 1.0);
    if !filter.is_empty() && !snapshot.procs.iter().any(passes) {
        attention(filter.nobody(snapshot));
    }
}

/// What is asked of one moment.
struct Table<'a> {
    filter: &'a Filter,
    columns: &'a [&'static Column],
    sort: (&'static Column, bool),
    by: Option<By>,
    /// Whether the columns were asked for: then one that has no sum stands in groups too, without a value.
    asked: bool,
    /// Whether it is of now, and not of a recording.
    live: bool,
}

impl Table<'_> {
    /// Hands out the groups of a moment.
    fn grouped<T>(
        &self,
        snapshot: &Snapshot,
        by: By,
        tell: impl FnOnce(&groups::Report<'_>) -> T,
    ) -> T {
        let summed = self
            .columns
            .iter()
            .copied()
            .filter(|c| self.asked || c.adds());
        tell(&groups::Report {
            snapshot,
            groups: &Groups::new(snapshot, by),
            empty: &|group| self.filter.fits_empty(snapshot, group),
            passes: &|p| self.filter.matches(snapshot, p, 1.0),
            columns: &summed.collect::<Vec<_>>(),
            sort: self.sort,
            live: self.live,
        })
    }

    /// The processes that pass, in their order.
    fn processes<'s>(&self, snapshot: &'s Snapshot) -> Vec<&'s Proc> {
        let all = snapshot.procs.iter();
        let passing = all.filter(|p| self.filter.matches(snapshot, p, 1.0));
        let mut procs: Vec<&Proc> = passing.collect();
        let (sort, descending) = self.sort;
        order(snapshot, &mut procs, sort, descending);
        procs
    }

    /// Writes a table, or JSON in which shares are `over` a time.
    fn write(
        &self,
        snapshot: &Snapshot,
        over: Option<&str>,
        printer: &mut Printer<'_>,
    ) -> Result<(), Error> {
        match (self.by, over) {
            (Some(by), Some(over)) => self.grouped(snapshot, by, |groups| {
                groups.write_json(over, false, printer)
            }),
            (Some(by), None) => self.grouped(snapshot, by, |groups| groups.write_table(printer)),
            (None, Some(over)) => {
                let procs = self.processes(snapshot);
                write_json(snapshot, over, &procs, self.columns, printer)
            }
            (None, None) => write_table(snapshot, &self.processes(snapshot), self.columns, printer),
        }
    }

    /// A line for each process that passes, or each group, with when that was.
    fn lines(&self, then: &Snapshot, printer: &mut Printer<'_>) -> Result<(), Error> {
        let time_unix_ms = then.unix_ms();
        if let Some(by) = self.by {
            return self.grouped(then, by, |groups| groups.write_lines(time_unix_ms, printer));
        }
        for proc in self.processes(then) {
            let row = WithColumns::new(then, proc, self.columns);
            printer.json(&Line { time_unix_ms, row })?;
            printer.out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// A row of a moment.
#[derive(serde::Serialize)]
pub(super) struct Line<T: serde::Serialize> {
    /// When that was.
    pub time_unix_ms: u64,
    /// The row.
    #[serde(flatten)]
    pub row: T,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<serde_json::Value>,
}

impl<'a> WithColumns<'a> {
    fn new(snapshot: &'a Snapshot, proc: &'a Proc, columns: &[&Column]) -> Self {
        let cells = || {
            json::columns(columns, |c| {
                json::cell(snapshot, c, proc).map_err(Missing::word)
            })
        };
        Self {
            process: Process::new(snapshot, proc),
            columns: (!columns.is_empty()).then(cells),
        }
    }
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
        printer.json(&WithColumns::new(snapshot, proc, columns))?;
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
