//! What only some machines have in `pscope system`: limits of our own control group, sensors and power.

use serde_json::{Value, json};

use super::{Ink, Pieces, pressure_json};
use crate::model::format::{bytes, duration};
use crate::model::own_group::OwnGroup;
use crate::model::reading::Reading;
use crate::model::sample::Pressure;
use crate::model::sensor::Sensors;

/// What our own control group may use, and how long its tasks waited; nothing where it has no limit and tells nothing.
pub fn own_lines(
    own: &OwnGroup,
    pressure: &[Reading<Pressure>; 3],
    label: impl Fn(&str) -> (String, Ink),
) -> Vec<Pieces> {
    let mut out = Vec::new();
    let mut line = |text: String| out.push(vec![label("own group"), (text, Ink::Plain)]);
    if let Some(memory) = &own.memory {
        line(format!(
            "{} of {} memory used in {}",
            bytes(memory.used),
            bytes(memory.limit),
            memory.path
        ));
    }
    if let Some(cpu) = &own.cpu
        && let Some(cores) = cpu.cores
    {
        line(format!(
            "may use {cores:.2} cores by {}; throttled in {} of {} periods, {} in all",
            cpu.set_by.as_deref().unwrap_or("/"),
            cpu.throttled,
            cpu.periods,
            duration(cpu.throttled_time)
        ));
    }
    if let [Ok(cpu), Ok(memory), Ok(io)] = pressure {
        line(format!(
            "some task in it waited: cpu {:.1}%, memory {:.1}%, io {:.1}% of the last 10 s",
            cpu.some_10, memory.some_10, io.some_10
        ));
    }
    out
}

/// The same as JSON.
pub fn own_json(own: &OwnGroup, pressure: &[Reading<Pressure>; 3]) -> Value {
    json!({
        "memory": own.memory.as_ref().map(|m| json!({
            "path": m.path,
            "used_bytes": m.used.0,
            "limit_bytes": m.limit.0,
        })),
        "cpu": own.cpu.as_ref().map(|c| json!({
            "path": c.set_by,
            "limit_cores": c.cores,
            "periods": c.periods,
            "throttled_periods": c.throttled,
            "throttled_ns": c.throttled_time.0,
        })),
        "pressure": pressure_json(pressure),
    })
}

/// A line for each sensor; nothing where there is none.
pub fn sensor_lines(sensors: &Sensors, label: impl Fn(&str) -> (String, Ink)) -> Vec<Pieces> {
    let mut out = Vec::new();
    for (name, text, hot) in sensors.words() {
        let ink = if hot { Ink::Strong } else { Ink::Plain };
        out.push(vec![label("sensor"), (format!("{name}: {text}"), ink)]);
    }
    out
}

/// The same as JSON; empty lists where there is nothing.
pub fn sensors_json(sensors: &Sensors) -> Value {
    let temperatures = sensors.temperatures.iter().map(|t| {
        json!({
            "chip": t.chip,
            "label": t.label,
            "celsius": t.celsius,
            "critical_celsius": t.critical,
        })
    });
    let fans = sensors
        .fans
        .iter()
        .map(|f| json!({ "chip": f.chip, "label": f.label, "rpm": f.rpm }));
    let supplies = sensors.supplies.iter().map(|s| {
        json!({
            "name": s.name,
            "type": s.kind,
            "state": s.state,
            "percent": s.percent,
            "watts": s.watts,
            "online": s.online,
        })
    });
    json!({
        "temperatures": temperatures.collect::<Vec<_>>(),
        "fans": fans.collect::<Vec<_>>(),
        "supplies": supplies.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Bytes;
    use crate::model::machine_memory::GroupMemory;
    use crate::model::reading::Missing;

    #[test]
    fn a_machine_without_any_has_no_lines() {
        let label = |text: &str| (text.to_owned(), Ink::Dim);
        let missing = [Err(Missing::Unsupported); 3];
        assert!(own_lines(&OwnGroup::default(), &missing, label).is_empty());
        assert!(sensor_lines(&Sensors::default(), label).is_empty());
        let answer = own_json(&OwnGroup::default(), &missing);
        assert_eq!(answer["memory"], Value::Null);
        assert_eq!(answer["pressure"]["unavailable"]["io"], "unsupported");
    }

    #[test]
    fn limits_are_told_with_the_group_that_sets_them() {
        let own = OwnGroup {
            memory: Some(GroupMemory {
                path: "/a.slice".into(),
                limit: Bytes(1 << 30),
                used: Bytes(512 << 20),
            }),
            cpu: None,
        };
        let label = |text: &str| (text.to_owned(), Ink::Dim);
        let lines = own_lines(&own, &[Ok(Pressure::default()); 3], label);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0][1].0, "512M of 1.00G memory used in /a.slice");
    }
}
