//! Requests to disks, where each was counted while rates were measured.

use serde_json::{Map, Value, json};

use crate::model::id::Nanos;
use crate::model::machine::requests::{Kind, Requests, Took};
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Snapshot;
use crate::report::json::put;

/// By disk and by process; `null` where they are not counted, with why in words beside it.
pub(super) fn put_in(out: &mut Map<String, Value>, now: &Snapshot, requests: &Reading<Requests>) {
    let counted = requests.as_ref().map_err(|why| *why);
    let told = counted.and_then(|r| match (r.counted(), r.denied) {
        (true, _) => Ok(r),
        (false, true) => Err(Missing::Denied),
        (false, false) => Err(Missing::Unsupported),
    });
    let why = counted.ok().filter(|r| !r.counted()).map(|r| &r.why);
    out.insert("disk_requests_why".to_owned(), json!(why));
    put(out, "disk_requests", told.map(|r| as_json(now, r)));
}

fn as_json(now: &Snapshot, requests: &Requests) -> Value {
    let devices = requests.devices.iter().filter(|d| d.took.done > 0);
    let devices = devices.map(|d| {
        let mut out = Map::new();
        out.insert("disk".to_owned(), json!(d.name.exact()));
        out.insert("asked_for".to_owned(), json!(word(d.kind)));
        put_took(&mut out, requests, &d.took);
        out.insert("longest_ms".to_owned(), json!(ms(d.longest)));
        Value::Object(out)
    });
    let processes = requests.processes.iter().map(|p| {
        let proc = now.by_pid(p.pid);
        // Of who has ended the kernel told how the thread was called that asked.
        let called = Some(p.called.exact()).filter(|name| !name.is_empty());
        let kernel = proc.is_some_and(|p| p.stat.is_kernel_thread());
        let mut out = Map::new();
        out.insert("pid".to_owned(), json!(p.pid.0));
        out.insert(
            "name".to_owned(),
            json!(proc.map(|p| p.facts.name.exact()).or(called)),
        );
        let writeback = kernel && p.kind == Kind::Write;
        out.insert("writeback".to_owned(), json!(writeback));
        out.insert("disk".to_owned(), json!(p.device.exact()));
        out.insert("asked_for".to_owned(), json!(word(p.kind)));
        put_took(&mut out, requests, &p.took);
        Value::Object(out)
    });
    json!({
        "span_ms": requests.span.0 / 1_000_000,
        "disks": devices.collect::<Vec<_>>(),
        "processes": processes.collect::<Vec<_>>(),
        "of_no_process": requests.dropped,
    })
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "read",
        Kind::Write => "write",
        Kind::Other => "flush_or_discard",
    }
}

/// Milliseconds, to a microsecond.
fn ms(time: Nanos) -> f64 {
    (time.0 as f64 / 1e3).round() / 1e3
}

fn put_took(out: &mut Map<String, Value>, requests: &Requests, took: &Took) {
    let rate = requests.per_second(took.done);
    out.insert("requests".to_owned(), json!(took.done));
    out.insert(
        "requests_per_second".to_owned(),
        json!((rate * 100.0).round() / 100.0),
    );
    put(out, "mean_ms", took.mean.map(ms));
    put(out, "in_device_ms", took.device.map(ms));
    put(out, "p50_ms", took.p50.map(ms));
    put(out, "p99_ms", took.p99.map(ms));
}
