//! The answer as JSON: `docs/json.md`.

use serde_json::{Value, json};

use super::{Args, Breakdown};
use crate::model::id::ProcId;
use crate::model::scheduling::spent::lines::{Line, What, lines};
use crate::model::scheduling::spent::{Cause, Spent};
use crate::model::scheduling::wakes::{WakeRow, Waker, Wakes};
use crate::model::text::SafeText;
use crate::report::json::SCHEMA;

pub fn of(id: ProcId, args: &Args, told: &[Breakdown]) -> Value {
    let seen = told.iter().filter(|t| !t.bucket.threads.is_empty());
    about(id, args, &seen.map(process).collect::<Vec<_>>())
}

/// The whole answer, of what is told of each process.
pub fn about(id: ProcId, args: &Args, processes: &[Value]) -> Value {
    json!({
        "schema": SCHEMA,
        "pid": id.pid.0,
        "for_ns": args.span.0,
        "processes": processes,
    })
}

pub fn process(told: &Breakdown) -> Value {
    let bucket = &told.bucket;
    let all = bucket.all();
    let threads = bucket.threads.iter().map(|t| {
        let mut out = parts(told, &t.spent);
        out["tid"] = t.id.tid.0.into();
        out["name"] = t.name.as_str().into();
        out
    });
    let mut out = parts(told, &all);
    out["pid"] = told.id.pid.0.into();
    out["name"] = told.name.as_str().into();
    out["ended"] = told.ended.into();
    out["seconds"] = bucket.to.since(bucket.from).seconds().into();
    out["source"] = if bucket.exact { "exact" } else { "sampled" }.into();
    out["why"] = bucket.why.exact().into();
    out["readings"] = bucket.readings.into();
    out["certain"] = all.certain().into();
    out["threads"] = threads.collect();
    out["wakes"] = told.wakes.as_ref().map_or(Value::Null, wakes);
    if let Err((why, _)) = &told.wakes {
        out["unavailable"] = json!({ "wakes": why.word() });
    }
    out
}

/// Who woke its threads, and how long these then waited for a core.
fn wakes(told: &Wakes) -> Value {
    let row = |row: &WakeRow| {
        let (pid, tid) = match row.waker {
            Waker::Thread(pid, tid) => (Some(pid.0), Some(tid.0)),
            _ => (None, None),
        };
        let kind = match row.waker {
            Waker::Thread(..) => "thread",
            Waker::Timer => "timer",
            Waker::Network => "network",
            Waker::Disk => "disk",
            Waker::Interrupt(_) => "interrupt",
            Waker::Kernel => "kernel",
        };
        json!({
            "kind": kind,
            "pid": pid,
            "tid": tid,
            "name": row.name.as_str(),
            "count": row.wakes,
            "waited_ns": row.waited.0,
            "waited_p50_ns": row.p50.0,
            "waited_p99_ns": row.p99.0,
            "waited_longest_ns": row.longest.0,
            "woken_tids": row.whom.iter().map(|t| t.0).collect::<Vec<_>>(),
        })
    };
    json!({
        "seconds": told.span.seconds(),
        "count": told.all.as_ref().map_or(0, |a| a.wakes),
        "by": told.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// `span_ns = running_ns + ready_ns + the sum of blocked[].ns`.
fn parts(told: &Breakdown, spent: &Spent) -> Value {
    let waits = lines(spent)
        .into_iter()
        .filter_map(|line| match &line.what {
            What::Blocked(cause) => Some(wait(told, &line, cause)),
            _ => None,
        });
    json!({
        "span_ns": spent.span.0,
        "running_ns": spent.running.0,
        "ready_ns": spent.ready.0,
        "blocked": waits.collect::<Vec<_>>(),
    })
}

fn wait(told: &Breakdown, line: &Line, cause: &Cause) -> Value {
    let waiting = cause.waiting();
    let fds = waiting.map_or(&[][..], |w| w.what.descriptors());
    let call = waiting.and_then(|w| w.call.as_ref());
    json!({
        "kind": cause.kind().word(),
        "idle": cause.kind().is_idle(),
        "on": told.names(|names| cause.words(names)),
        "call": call.map(SafeText::as_str),
        "fds": fds.iter().map(|fd| fd.number).collect::<Vec<_>>(),
        "holder_tid": waiting.and_then(|w| w.what.owner()).map(|t| t.0),
        "count": told.bucket.exact.then_some(line.waits),
        "ns": line.span.0,
        "whole_ns": line.whole.0,
    })
}
