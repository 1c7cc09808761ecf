//! The answer as JSON: `docs/json.md`.

use serde_json::{Map, Value, json};

use crate::model::descriptors::descriptor::Files;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::calls::{CallRow, CallSums, Calls};
use crate::model::scheduling::wait::end_of;
use crate::model::snapshot::Snapshot;
use crate::report::json::{self, Process, SCHEMA};

/// What must be read of a process to tell which one it is.
pub const NEEDS: Needs = json::NEEDS;

/// What is told beside the calls.
pub struct About<'a> {
    /// In which the process was found.
    pub snapshot: &'a Snapshot,
    /// Which one.
    pub id: ProcId,
    /// Whether it ended meanwhile.
    pub ended: bool,
    /// Its descriptors.
    pub files: Result<&'a Files, Missing>,
}

pub fn answer(about: &About<'_>, calls: &Calls) -> Value {
    let rows = calls.rows.iter().map(|row| self::row(about, calls, row));
    let process = about.snapshot.get(about.id);
    let mut out = json!({
        "schema": SCHEMA,
        "process": process.map(|proc| Process::new(about.snapshot, proc)),
        "ended": about.ended,
        "seconds": calls.span.seconds(),
        "source": if calls.exact {
            "exact"
        } else if calls.counts() {
            "at_least"
        } else {
            "sampled"
        },
        "way": match (calls.counts(), calls.records) {
            (true, false) => "bpf",
            (true, true) => "perf",
            (false, _) => "proc",
        },
        "records_lost": calls.lost,
        "why": calls.why,
        "calls": rows.collect::<Vec<_>>(),
    });
    if let Err(why) = about.files {
        out["unavailable"] = json!({ "descriptors": why.word() });
    }
    out
}

fn row(about: &About<'_>, calls: &Calls, row: &CallRow) -> Value {
    let time = |span: Reading<Nanos>| span.ok().map(|n| n.0);
    let paths = row.paths.iter().map(
        |(path, part)| json!({"path": path.exact(), "count": part.calls, "total_ns": part.span.0}),
    );
    let on = row.descriptors.iter();
    let on = on.map(|(fd, part)| on_descriptor(about, calls.counts(), *fd, *part));
    json!({
        "name": row.name,
        "number": if calls.counts() { row.number.known() } else { None },
        "narrow": row.number.narrow,
        "count": row.calls.ok(),
        "errors": row.errors.ok().map(|_| errors(row)),
        "total_ns": row.span.0,
        "on_core_ns": time(row.on_core),
        "blocked_ns": time(row.on_core.map(|on_core| row.span.since(on_core))),
        "mean_ns": time(row.mean),
        "p99_ns": time(row.p99),
        "longest_ns": time(row.longest),
        "on": on.collect::<Vec<_>>(),
        "paths": paths.collect::<Vec<_>>(),
        "inside": row.inside.map(|(n, _)| n),
        "inside_ns": row.inside.map(|(_, span)| span.0),
        "inside_earlier": row.earlier,
    })
}

/// How often each error was, by its name.
fn errors(row: &CallRow) -> Map<String, Value> {
    let all = row.error.iter().chain(&row.other_errors);
    all.map(|error| (error.name.clone(), error.calls.into()))
        .collect()
}

fn on_descriptor(about: &About<'_>, counts: bool, fd: i32, part: CallSums) -> Value {
    let files = about.files.ok();
    let number = i64::from(fd);
    let link = files.and_then(|files| {
        let mut rows = files.rows.iter();
        rows.find(|row| i64::from(row.fd) == number)
    });
    json!({
        "fd": fd,
        "target": link.map(|row| row.target.exact()),
        "leads_to": files.and_then(|files| end_of(files, fd)),
        "count": counts.then_some(part.calls),
        "total_ns": part.span.0,
    })
}
