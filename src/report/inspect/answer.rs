//! The answer as JSON: a contract. A part that could not be read is `null`, with the reason in `unavailable`.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Found, faults, files, memory};
use crate::model::id::Tid;
use crate::model::process::overview::{Inside, Overview};
use crate::model::process::stat::Stat;
use crate::model::process::threads::Threads;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::Deadlock;
use crate::report::json::{Process, SCHEMA};

/// The object with every section that was asked for.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    schema: u32,
    process: Option<Process<'a>>,
    #[serde(flatten)]
    sections: Map<String, Value>,
}

/// What was found, as JSON.
pub(super) fn of(found: &Found) -> Answer<'_> {
    let mut out = Map::new();
    let mut missing = Map::new();
    let proc = found.snapshot.get(found.id);
    let mut put = |keys: &[&str], value: Option<Reading<Vec<Value>>>| {
        let Some(value) = value else { return };
        match value {
            Ok(values) => {
                for (key, value) in keys.iter().zip(values) {
                    out.insert((*key).to_owned(), value);
                }
            }
            Err(why) => {
                for key in keys {
                    out.insert((*key).to_owned(), Value::Null);
                    missing.insert((*key).to_owned(), why.word().into());
                }
            }
        }
    };
    put(
        &["overview"],
        each(found.overview.as_ref(), |o| vec![overview(found, o)]),
    );
    put(
        &["regions", "memory_by_kind"],
        each(found.memory.as_ref(), |space| {
            vec![memory::regions(space), memory::by_kind(space)]
        }),
    );
    put(
        &["page_faults"],
        each(found.page_faults.as_ref(), |told| {
            vec![faults::page_faults(told, found.space())]
        }),
    );
    put(
        &["descriptors", "gpu"],
        each(found.files.as_ref(), |f| {
            vec![files::descriptors(f), files::gpu(f, found)]
        }),
    );
    put(
        &["threads", "deadlocks"],
        each(found.threads.as_ref(), |t| {
            let circles = t.deadlocks.iter().map(|d| circle(t, d)).collect();
            vec![plain(&t.to_json(&|fd| found.peer(fd))), circles]
        }),
    );
    put(
        &["signals"],
        each(found.signals.as_ref(), |s| vec![plain(&s.to_json())]),
    );
    put(
        &["environment"],
        each(found.environment.as_ref(), |e| vec![plain(&e.to_json())]),
    );
    let overwritten = found.environment.as_ref().and_then(|e| e.as_ref().ok());
    if overwritten.is_some_and(|e| e.overwritten) {
        put(&["environment_overwritten"], Some(Ok(vec![true.into()])));
    }
    let limits = ["limits", "namespaces", "cgroup", "capabilities"];
    let isolation = found
        .limits
        .as_ref()
        .map(|i| i.as_ref().map_err(|why| *why));
    let told = isolation.map(|i| i.map(|i| plain(&i.to_json())));
    put(
        &limits,
        each(told.as_ref(), |all| {
            limits.map(|key| all[key].clone()).to_vec()
        }),
    );
    if let Some(Ok(Value::Object(all))) = told
        && let Some(Value::Object(why)) = all.get("unavailable")
    {
        missing.extend(why.clone());
    }
    if !missing.is_empty() {
        out.insert("unavailable".to_owned(), Value::Object(missing));
    }
    Answer {
        schema: SCHEMA,
        process: proc.map(|p| Process::new(&found.snapshot, p)),
        sections: out,
    }
}

/// Threads of which each waits for the next, and the last for the first; those of other processes by that one's name.
fn circle(all: &Threads, deadlock: &Deadlock) -> Value {
    let thread = |tid: &Tid| {
        let own = all.get(*tid).map(|row| &row.name);
        let other = all.others.iter().find(|o| o.tid == *tid).map(|o| &o.name);
        json!({"tid": tid.0, "name": own, "process": own.map_or(other, |_| None)})
    };
    deadlock.0.iter().map(thread).collect()
}

fn each<T>(
    section: Option<&Reading<T>>,
    told: impl FnOnce(&T) -> Vec<Value>,
) -> Option<Reading<Vec<Value>>> {
    section.map(|s| s.as_ref().map(told).map_err(|why| *why))
}

/// What serializes without fail: plain structures of numbers and texts.
fn plain<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn overview(found: &Found, o: &Overview) -> Value {
    let mut why = Map::new();
    let mut note = |keys: &[&str], missing: Missing| {
        for key in keys {
            why.insert((*key).to_owned(), missing.word().into());
        }
    };
    let cwd = o.cwd.as_ref().map_err(|m| note(&["cwd"], *m)).ok();
    let root = o.root.as_ref().map_err(|m| note(&["root"], *m)).ok();
    let status = o.status.as_ref();
    let status = status.map_err(|m| note(&["cores", "tracer"], *m)).ok();
    let tracer = status.and_then(|s| s.tracer).map(|pid| {
        let name = found.snapshot.by_pid(pid).map(|p| &p.facts.name);
        json!({"pid": pid.0, "name": name})
    });
    let stat = found.snapshot.get(found.id).map(|p| &p.stat);
    let stands = |s: &&Stat| s.can_be_frozen();
    let frozen = o
        .frozen
        .as_ref()
        .filter(|_| stat.as_ref().is_some_and(stands));
    // The kernel says of its own threads what it says of who has ended.
    let kernel = stat.is_some_and(Stat::is_kernel_thread);
    let none = |why: &Missing| if kernel { Missing::Unsupported } else { *why };
    let memory = o.memory.as_ref().map_err(none);
    let sums = ["own_bytes", "pss_bytes", "swap_bytes"];
    let memory = memory.map_err(|m| note(&sums, m)).ok();
    let schedule = o.schedule.as_ref();
    let schedule = schedule
        .map_err(|m| note(&["run_ns", "wait_ns", "slices"], *m))
        .ok();
    let io = o.io.as_ref();
    let io = io
        .map_err(|m| note(&["read_bytes", "written_bytes"], *m))
        .ok();
    let descriptors = o.descriptors.map_err(|m| note(&["descriptors"], m)).ok();
    let mut out = json!({
        "cwd": cwd,
        "root": root,
        "frozen": frozen.map(|f| &f.group),
        "tracer": tracer,
        "policy": stat.map(Stat::policy_words),
        "cores": status.map(|s| &s.cores),
        "descriptors": descriptors,
        "pss_bytes": memory.map(|m| m.proportional.0),
        "own_bytes": memory.map(|m| m.own.0),
        "swap_bytes": memory.map(|m| m.swapped.0),
        "run_ns": schedule.map(|s| s.total.run.0),
        "wait_ns": schedule.map(|s| s.total.wait.0),
        "slices": schedule.map(|s| s.total.slices),
        "read_bytes": io.map(|i| i.read.0),
        "written_bytes": io.map(|i| i.written.0),
    });
    let inside = match status.map(|s| s.inside) {
        None | Some(Inside::Untold) => None,
        Some(Inside::Unmapped) => Some(Value::Null),
        Some(Inside::As(uid)) => Some(uid.into()),
    };
    if let Some(uid) = inside {
        out["uid_in_own_namespace"] = uid;
    }
    if !why.is_empty() {
        out["unavailable"] = Value::Object(why);
    }
    out
}
