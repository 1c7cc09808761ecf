//! What the kernel tells of a control group, as JSON: its limits and how near they are, memory by kind, pressure, I/O.

use serde_json::{Map, Value, json};

use crate::model::groups::facts::GroupFacts;
use crate::model::groups::refusal::Refusal;
use crate::model::id::Pid;
use crate::model::process::isolation::group::Usage;
use crate::model::reading::Reading;
use crate::model::text::SafeText;
use crate::sys::process::isolation::cgroup::facts::GroupReader;
use crate::sys::root::ProcRoot;

/// Reads the facts of the control group of this path, of which or below which this process is.
pub(super) fn read(path: &SafeText, member: Option<Pid>) -> Reading<Value> {
    let facts = GroupReader::new(&ProcRoot::live()).of(path, member)?;
    Ok(told(&facts))
}

fn told(facts: &GroupFacts) -> Value {
    let mut out = json!(facts.limits.to_json());
    let Some(fields) = out.as_object_mut() else {
        return out;
    };
    // The group has its path already.
    fields.remove("path");
    fields.remove("paths");
    let high = facts.high.as_ref();
    let set_by = |usage: Option<&Usage>| usage.and_then(|usage| usage.set_by.clone());
    let refused = |why: &Option<Refusal>| why.as_ref().map(Refusal::to_string);
    let memory = facts.memory.iter();
    let memory = memory.map(|(kind, size)| ((*kind).to_owned(), json!(size.0)));
    let device = |d: &crate::model::groups::facts::DeviceIo| {
        json!({
            "device": d.device,
            "read_bytes": d.read.0,
            "written_bytes": d.written.0,
            "requests": d.requests,
        })
    };
    for (name, value) in [
        ("memory_high_bytes", json!(high.and_then(|high| high.limit))),
        ("memory_high_set_by", json!(set_by(high))),
        ("memory_peak_bytes", json!(facts.memory_peak)),
        ("memory_by_kind_bytes", Value::Object(memory.collect())),
        ("memory_limit_met", json!(facts.limit_met)),
        ("memory_slowed", json!(facts.slowed)),
        ("tasks_limit_met", json!(facts.forks_refused)),
        ("oom_kills", json!(facts.limits.oom_kills)),
        ("cpu_time_ns", json!(facts.cpu_time.map(|time| time.0))),
        ("cpu_weight", json!(facts.cpu_weight)),
        ("io", facts.io.iter().map(device).collect()),
        ("pressure", pressure(facts)),
        ("frozen", json!(facts.frozen)),
        ("freeze_refused", json!(refused(&facts.freeze_refused))),
        ("kill_refused", json!(refused(&facts.kill_refused))),
    ] {
        fields.insert(name.to_owned(), value);
    }
    out
}

/// Who of it waited for what; `null` where a group has no pressure of its own.
fn pressure(facts: &GroupFacts) -> Value {
    let named = ["cpu", "memory", "io"].iter().zip(&facts.limits.pressure);
    let told = named.map(|(name, pressure)| {
        let told = pressure.as_ref().map(|p| {
            let short = |value: f32| (f64::from(value) * 100.0).round() / 100.0;
            json!({
                "some_10s_percent": short(p.some_10),
                "some_60s_percent": short(p.some_60),
                "full_10s_percent": short(p.full_10),
                "some_total_ns": p.some_total.0,
            })
        });
        ((*name).to_owned(), json!(told))
    });
    Value::Object(told.collect::<Map<_, _>>())
}
