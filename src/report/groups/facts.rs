//! What the kernel tells of a control group, as JSON: its limits and how near they are, memory by kind, pressure, I/O.

use serde_json::{Map, Value, json};

use crate::model::groups::facts::{DeviceIo, GroupFacts};
use crate::model::groups::refusal::Refusal;
use crate::model::id::Pid;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::report::json::put;
use crate::sys::process::isolation::cgroup::facts::GroupReader;
use crate::sys::root::ProcRoot;

/// Reads the facts of the control group of this path, of which or below which this process is.
pub(super) fn read(path: &SafeText, member: Option<Pid>) -> Reading<Value> {
    let facts = GroupReader::new(&ProcRoot::live()).of(path, member)?;
    Ok(told(&facts))
}

/// What is `null` without a reason there is none of: no limit, nothing that sets one, nothing in the way of freezing it.
fn told(facts: &GroupFacts) -> Value {
    let mut fields = match json!(facts.limits.to_json()) {
        Value::Object(fields) => fields,
        other => return other,
    };
    // The group has its path already.
    for known in ["path", "paths"] {
        fields.remove(known);
    }
    let high = facts.high.as_ref();
    let has_memory = facts.limits.memory.is_some();
    let refused = |why: &Option<Refusal>| why.as_ref().map(Refusal::to_string);
    let above = high.and_then(|high| Some((high.limit?, high.set_by.clone())));
    let (limit, set_by) = above.unzip();
    // Without the controller nobody says whether there is one.
    let told = |value: Value| has_memory.then_some(value).ok_or(Missing::Unsupported);
    put(&mut fields, "memory_high_bytes", told(json!(limit)));
    put(
        &mut fields,
        "memory_high_set_by",
        told(json!(set_by.flatten())),
    );
    for (name, value) in [
        ("freeze_refused", json!(refused(&facts.freeze_refused))),
        ("kill_refused", json!(refused(&facts.kill_refused))),
        ("pressure", pressure(facts)),
    ] {
        fields.insert(name.to_owned(), value);
    }
    let memory = facts.memory.iter();
    let memory = memory.map(|(kind, size)| ((*kind).to_owned(), json!(size.0)));
    let memory = has_memory.then(|| Value::Object(memory.collect()));
    for (name, value) in [
        ("memory_by_kind_bytes", memory),
        ("memory_peak_bytes", facts.memory_peak.map(Value::from)),
        ("memory_limit_met", facts.limit_met.map(Value::from)),
        ("memory_slowed", facts.slowed.map(Value::from)),
        ("tasks_limit_met", facts.forks_refused.map(Value::from)),
        ("oom_kills", facts.limits.oom_kills.map(Value::from)),
        ("cpu_time_ns", facts.cpu_time.map(|time| time.0.into())),
        ("cpu_weight", facts.cpu_weight.map(Value::from)),
        ("io", io(facts)),
        ("frozen", facts.frozen.map(Value::from)),
    ] {
        put(&mut fields, name, value.ok_or(Missing::Unsupported));
    }
    Value::Object(fields)
}

/// What it moved, by device; `None` where no file of it says so.
fn io(facts: &GroupFacts) -> Option<Value> {
    let device = |d: &DeviceIo| {
        json!({
            "device": d.device,
            "read_bytes": d.read.0,
            "written_bytes": d.written.0,
            "requests": d.requests,
        })
    };
    let all = facts.io.iter().map(device);
    facts.io_told.then(|| all.collect())
}

/// Who of it waited for what.
fn pressure(facts: &GroupFacts) -> Value {
    let short = |value: f32| (f64::from(value) * 100.0).round() / 100.0;
    let mut out = Map::new();
    for (name, pressure) in ["cpu", "memory", "io"].iter().zip(&facts.limits.pressure) {
        let told = pressure.map(|p| {
            json!({
                "some_10s_percent": short(p.some_10),
                "some_60s_percent": short(p.some_60),
                "full_10s_percent": short(p.full_10),
                "some_total_ns": p.some_total.0,
            })
        });
        put(&mut out, name, told.ok_or(Missing::Unsupported));
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Nanos;
    use crate::model::process::isolation::group::{Group, GroupCpu, Usage};

    #[test]
    fn a_limit_that_is_none_has_no_reason_and_what_is_not_told_has_one() {
        let bare = told(&GroupFacts::default());
        let fields = bare.as_object().expect("fields");
        let told_all_the_same = [
            "layout",
            "freeze_refused",
            "kill_refused",
            "pressure",
            "unavailable",
        ];
        let high = ["memory_high_bytes", "memory_high_set_by"];
        for (name, value) in fields {
            if told_all_the_same.contains(&name.as_str()) {
                continue;
            }
            assert!(value.is_null(), "{name}: {value}");
            let why = &bare["unavailable"][name];
            assert_eq!(why, "unsupported", "{name}");
        }
        assert_eq!(bare["pressure"]["unavailable"]["cpu"], "unsupported");
        let known = told(&GroupFacts {
            limits: Group {
                memory: Some(Usage {
                    used: Some(4096),
                    ..Usage::default()
                }),
                cpu: Some(GroupCpu::default()),
                ..Group::default()
            },
            cpu_time: Some(Nanos(7)),
            io_told: true,
            ..GroupFacts::default()
        });
        let why = known["unavailable"].as_object().expect("reasons");
        let memory = [
            "memory_limit_bytes",
            "memory_limit_set_by",
            "memory_nearest_limit",
        ];
        let cores = ["cpu_limit_cores", "throttled_above"];
        for name in memory.iter().chain(&cores).chain(&high) {
            assert!(known[*name].is_null(), "{name}");
            assert!(!why.contains_key(*name), "there is none of {name}");
        }
        assert_eq!(known["io"], json!([]), "nothing was moved");
        assert_eq!(known["memory_by_kind_bytes"], json!({}));
        assert_eq!(known["cpu_time_ns"], 7);
    }
}
