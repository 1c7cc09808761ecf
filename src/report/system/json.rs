//! The machine as JSON; what could not be read is `null` with its reason.

mod network;
mod requests;

use serde_json::{Map, Value, json};

use super::Machine;
use crate::model::groups::own_group::OwnGroup;
use crate::model::id::Nanos;
use crate::model::machine::disk::{DiskRates, Disks};
use crate::model::machine::gpu::{Card, Gpus, User};
use crate::model::machine::memory::MachineMemory;
use crate::model::machine::sensor::Sensors;
use crate::model::machine::verdict::{Bottleneck, THRESHOLDS, Verdict, blind};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::Pressure;
use crate::model::scheduling::blocked::{self, Cause};
use crate::model::snapshot::Snapshot;
use crate::report::json::{SCHEMA, put};

/// Everything.
pub(super) fn as_json(machine: &Machine) -> Value {
    let now = &machine.now;
    let system = &now.system;
    let blind = blind::blind(system);
    let mut out = Map::new();
    for (name, value) in [
        ("schema", json!(SCHEMA)),
        ("host", json!(now.machine.host)),
        ("kernel", json!(now.machine.kernel)),
        ("uptime_ms", json!(system.uptime.0 / 1_000_000)),
        ("span_ms", json!(now.span.unwrap_or(Nanos(0)).0 / 1_000_000)),
        ("processes", json!(now.procs.len())),
        ("threads", json!(system.threads)),
        ("state_d", state_d(now)),
        (
            "verdict",
            json!(machine.verdict.as_ref().map(|v| verdict_json(v, now.at))),
        ),
        ("verdict_does_not_see", unseen(&blind)),
        ("cores", system.cores.iter().map(core_json).collect()),
        ("pressure", pressure_json(&system.pressure)),
        ("own_group", own_json(&machine.own, &system.own_pressure)),
    ] {
        out.insert(name.to_owned(), value);
    }
    if machine.verdict.is_none() && blind.len() == THRESHOLDS.len() {
        put(&mut out, "verdict", Err::<Value, _>(blind[0].1));
    }
    let sensors = machine.sensors.as_ref().map(sensors_json);
    put(&mut out, "sensors", sensors.map_err(|why| *why));
    put(&mut out, "running", system.running);
    put(&mut out, "blocked", system.blocked);
    put(&mut out, "load", system.load.map(|l| json!(l.map(short))));
    let is = &machine.identity;
    put(&mut out, "operating_system", told(&is.system));
    put(&mut out, "product", told(&is.product));
    put(&mut out, "processors", told(&is.processors));
    put(&mut out, "switches_per_second", system.switches);
    put(&mut out, "forks_per_second", system.forks);
    put(&mut out, "memory", part(&machine.memory, memory_json));
    let disks = &machine.disks;
    let devices = disks.as_ref().map_err(|why| *why);
    let devices = devices.and_then(|(d, r)| {
        let told = d.devices.as_ref().map_err(|why| *why);
        told.map(|_| disks_json(d, r))
    });
    put(&mut out, "disks", devices);
    put(
        &mut out,
        "filesystems",
        part(disks, |(d, _)| filesystems_json(d)),
    );
    requests::put_in(&mut out, now, &machine.requests);
    network::put_in(&mut out, &machine.network);
    put(&mut out, "gpus", part(&machine.gpus, |g| gpus_json(now, g)));
    if let Some(parts) = &machine.read_before {
        let parts = parts.iter();
        let parts = parts.map(|(name, age)| ((*name).to_owned(), json!(age.0 / 1_000_000)));
        out.insert("read_before_ms".to_owned(), Value::Object(parts.collect()));
    }
    Value::Object(out)
}

/// Every graphics card, with who uses it.
fn gpus_json(now: &Snapshot, gpus: &Gpus) -> Value {
    let user = |user: &User| {
        let mut out = Map::new();
        let proc = now.by_pid(user.pid);
        out.insert("pid".to_owned(), user.pid.0.into());
        out.insert("name".to_owned(), json!(proc.map(|p| p.facts.name.exact())));
        put(&mut out, "memory_bytes", user.memory.map(|b| b.0));
        put(&mut out, "utilization_percent", user.busy.map(short));
        Value::Object(out)
    };
    let card = |card: &Card| {
        let mut out = Map::new();
        out.insert("index".to_owned(), card.index.into());
        out.insert("name".to_owned(), json!(card.name.exact()));
        out.insert("driver".to_owned(), json!(card.driver.exact()));
        out.insert("split".to_owned(), card.split.into());
        out.insert("asleep".to_owned(), card.asleep.into());
        let trouble = card.trouble.map(|trouble| trouble.to_string());
        out.insert("trouble".to_owned(), json!(trouble));
        for (name, value) in [
            ("utilization_percent", card.busy),
            ("memory_utilization_percent", card.memory_busy),
            ("temperature_celsius", card.temperature),
            ("power_watts", card.power),
            ("power_limit_watts", card.power_limit),
            ("encoder_percent", card.encoder),
            ("decoder_percent", card.decoder),
        ] {
            put(&mut out, name, value.map(short));
        }
        put(&mut out, "memory_used_bytes", card.used.map(|b| b.0));
        put(&mut out, "memory_total_bytes", card.total.map(|b| b.0));
        put(&mut out, "clock_mhz", card.clock);
        put(&mut out, "memory_clock_mhz", card.memory_clock);
        let users = card.users.as_ref().map_err(|why| *why);
        let users = users.map(|all| all.iter().map(user).collect::<Value>());
        put(&mut out, "processes", users);
        Value::Object(out)
    };
    gpus.cards.iter().map(card).collect()
}

fn told<T: serde::Serialize>(reading: &Reading<T>) -> Reading<Value> {
    reading
        .as_ref()
        .map(|value| json!(value))
        .map_err(|why| *why)
}

/// How many processes are in state D, by what holds them; `not_told` where this user may not know it.
fn state_d(now: &Snapshot) -> Value {
    let counted = blocked::counted(now).into_iter();
    let named =
        counted.map(|(cause, n)| (cause.map_or("not_told", Cause::word).to_owned(), json!(n)));
    Value::Object(named.collect())
}

/// A part of the answer, made of what could be read.
pub(super) fn part<T>(of: &Reading<T>, make: impl FnOnce(&T) -> Value) -> Reading<Value> {
    of.as_ref().map(make).map_err(|why| *why)
}

/// Rounded to a hundredth, as exact as the kernel tells its averages.
fn short(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}

/// What could hold the machine back unseen, with why it is not seen.
fn unseen(blind: &[(Bottleneck, Missing)]) -> Value {
    let named = blind
        .iter()
        .map(|(of, why)| (bottleneck(*of), json!(why.word())));
    Value::Object(named.collect())
}

fn bottleneck(of: Bottleneck) -> String {
    format!("{of:?}").to_lowercase()
}

fn verdict_json(v: &Verdict, now: Nanos) -> Value {
    json!({
        "bottleneck": bottleneck(v.of),
        "scope": format!("{:?}", v.scope).to_lowercase(),
        "percent": short(v.percent),
        "sentence": v.sentence(),
        "behind": v.behind,
        "for_ms": now.since(v.since).0 / 1_000_000,
        "for_at_least": v.began_before,
    })
}

fn core_json(core: &crate::model::snapshot::Core) -> Value {
    let mut out = Map::new();
    out.insert("id".to_owned(), core.id.0.into());
    let share = core.share;
    put(&mut out, "busy_percent", share.map(|s| short(s.busy())));
    put(&mut out, "user_percent", share.map(|s| short(s.user)));
    put(&mut out, "system_percent", share.map(|s| short(s.system)));
    put(&mut out, "irq_percent", share.map(|s| short(s.irq)));
    put(&mut out, "softirq_percent", share.map(|s| short(s.softirq)));
    put(&mut out, "steal_percent", share.map(|s| short(s.steal)));
    put(&mut out, "iowait_percent", share.map(|s| short(s.iowait)));
    put(&mut out, "khz", core.khz);
    Value::Object(out)
}

/// The three pressures by name.
fn pressure_json(pressure: &[Reading<Pressure>; 3]) -> Value {
    let mut out = Map::new();
    for (name, pressure) in ["cpu", "memory", "io"].iter().zip(pressure) {
        let value = pressure.map(|p| {
            json!({
                "some_10s_percent": short(p.some_10),
                "some_60s_percent": short(p.some_60),
                "full_10s_percent": short(p.full_10),
                "some_total_ns": p.some_total.0,
            })
        });
        put(&mut out, name, value);
    }
    Value::Object(out)
}

fn memory_json(m: &MachineMemory) -> Value {
    let parts = m.parts.iter();
    let parts: Map<String, Value> = parts
        .map(|(p, n)| (format!("{}_bytes", p.words().1), n.0.into()))
        .collect();
    json!({
        "total_bytes": m.total.0,
        "available_bytes": m.available.0,
        "used_bytes": m.used().0,
        "parts": parts,
        "swap_total_bytes": m.swap_total.0,
        "swap_used_bytes": m.swap_used().0,
        "dirty_bytes": m.dirty.0,
        "writeback_bytes": m.writeback.0,
        "committed_bytes": m.committed.0,
    })
}

fn disks_json(disks: &Disks, rates: &[Reading<DiskRates>]) -> Value {
    let each = disks.told().iter().zip(rates).map(|(device, rates)| {
        let mut out = Map::new();
        out.insert("name".to_owned(), device.name.exact().into());
        put(&mut out, "size_bytes", device.size.map(|b| b.0));
        put(&mut out, "read_bytes_per_second", rates.map(|r| r.read));
        put(
            &mut out,
            "written_bytes_per_second",
            rates.map(|r| r.written),
        );
        put(&mut out, "reads_per_second", rates.map(|r| r.reads));
        put(&mut out, "writes_per_second", rates.map(|r| r.writes));
        put(&mut out, "busy_percent", rates.map(|r| r.busy));
        put(&mut out, "queue", rates.map(|r| r.queue));
        // `null` where there was none to take any time.
        put(
            &mut out,
            "read_latency_ms",
            rates.map(|r| r.read_latency_ms),
        );
        put(
            &mut out,
            "write_latency_ms",
            rates.map(|r| r.write_latency_ms),
        );
        Value::Object(out)
    });
    each.collect()
}

fn filesystems_json(disks: &Disks) -> Value {
    let each = disks.filesystems.iter().map(|f| {
        let mut out = Map::new();
        out.insert("mount".to_owned(), f.mount.exact().into());
        out.insert("source".to_owned(), f.source.exact().into());
        out.insert("type".to_owned(), f.kind.exact().into());
        out.insert("read_only".to_owned(), f.read_only.into());
        put(&mut out, "total_bytes", f.space.map(|s| s.total.0));
        put(&mut out, "available_bytes", f.space.map(|s| s.available.0));
        put(&mut out, "used_bytes", f.space.map(|s| s.used().0));
        put(&mut out, "inodes", f.space.map(|s| s.inodes));
        put(&mut out, "inodes_free", f.space.map(|s| s.inodes_free));
        if let Some(lasts) = f.silent {
            out.insert("unanswered_ms".to_owned(), (lasts.0 / 1_000_000).into());
        }
        Value::Object(out)
    });
    each.collect()
}

/// What our own control group may use.
fn own_json(own: &OwnGroup, pressure: &[Reading<Pressure>; 3]) -> Value {
    let memory = own.memory.as_ref().map(|m| {
        json!({
            "path": m.path,
            "used_bytes": m.used.0,
            "limit_bytes": m.limit.0,
            "slows_down_only": m.soft,
            "cache_bytes": m.cache.map(|b| b.0),
            "limit_reached": m.hits,
        })
    });
    let cpu = own.cpu.as_ref().map(|c| {
        json!({
            "path": c.set_by,
            "limit_cores": c.cores,
            "periods": c.periods,
            "throttled_periods": c.throttled,
            "throttled_ns": c.throttled_time.0,
        })
    });
    let mut out = Map::new();
    for (name, limit) in [("memory", memory), ("cpu", cpu)] {
        match (limit, own.unseen) {
            (None, Some(why)) => put(&mut out, name, Err::<Value, _>(why)),
            (limit, _) => put(&mut out, name, Ok(limit)),
        }
    }
    out.insert("pressure".to_owned(), pressure_json(pressure));
    Value::Object(out)
}

/// Sensors and power; empty lists where there is nothing.
fn sensors_json(sensors: &Sensors) -> Value {
    let temperatures = sensors.temperatures.iter().map(|t| {
        let mut out = json!({
            "chip": t.chip,
            "sensor": t.place,
            "label": t.label,
            "celsius": t.celsius.ok(),
            "critical_celsius": t.critical,
        });
        if let Err(why) = t.celsius {
            out["unavailable"] = json!({"celsius": why.word()});
            out["told"] = json!(t.told);
        }
        if let Some(lasts) = t.silent {
            out["unanswered_ms"] = (lasts.0 / 1_000_000).into();
        }
        out
    });
    let fans = sensors
        .fans
        .iter()
        .map(|f| json!({ "chip": f.chip, "sensor": f.place, "label": f.label, "rpm": f.rpm }));
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
