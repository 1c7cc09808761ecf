//! The machine's counters, as fields.

use std::sync::Arc;

use super::Broken;
use super::extra::{as_ref, within};
use super::numbers::{self, Numbers as _};
use super::wire::{self, Fields, Value};
use crate::model::groups::own_group::StrainSample;
use crate::model::id::{Nanos, Pid};
use crate::model::machine::topology::Topology;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{CoreSample, Machine, SystemSample};
use crate::model::text::SafeText;
use crate::model::zone::Zone;

/// More cores than any machine has.
const MOST_CORES: usize = 1 << 16;

fn counters(s: &SystemSample) -> [u64; 5] {
    // Named one by one, here or in `write`, so that none that is added is forgotten.
    let SystemSample {
        uptime: _,
        load: _,
        cores: _,
        switches: _,
        forks: _,
        running: _,
        blocked: _,
        tasks: _,
        memory: _,
        cpu_pressure: _,
        memory_pressure: _,
        io_pressure: _,
        own_pressure: _,
        own_strain: _,
        searches: _,
        oom_kills: _,
        disk_flow: _,
        network_flow: _,
    } = s;
    let [running, blocked] = [s.running, s.blocked].map(|n| n.map_or(0, u64::from));
    let [switches, forks] = [s.switches, s.forks].map(|n| n.unwrap_or(0));
    [s.uptime.0, switches, forks, running, blocked]
}

/// Why the counters but the first are not there: 0 where they are.
fn lacking(s: &SystemSample) -> [u64; 4] {
    let of = |why: Option<Missing>| why.map_or(0, numbers::code);
    let [running, blocked] = [s.running, s.blocked].map(|n| of(n.err()));
    let [switches, forks] = [s.switches, s.forks].map(|n| of(n.err()));
    [switches, forks, running, blocked]
}

/// The field of that row.
const LACKING: u32 = 17;

/// Writes what differs.
pub fn write(out: &mut Fields, field: u32, before: &SystemSample, now: &SystemSample) {
    let mut inner = Fields::default();
    let o = &mut inner;
    // A place apart from the others, so that more counters can follow.
    let mut row = Fields::default();
    numbers::write(&mut row, 1, &counters(before), &counters(now));
    o.fields(1, &row);
    let lacking = lacking(now);
    if lacking != [0; 4] {
        let mut row = Fields::default();
        numbers::write(&mut row, 1, &[0; 4], &lacking);
        o.fields(LACKING, &row);
    }
    numbers::write_reading(o, 2, as_ref(&before.load), as_ref(&now.load));
    numbers::write_reading(o, 3, as_ref(&before.tasks), as_ref(&now.tasks));
    numbers::write_reading(o, 4, as_ref(&before.memory), as_ref(&now.memory));
    for (i, (before, now)) in pressures(before).iter().zip(pressures(now)).enumerate() {
        numbers::write_reading(o, 5 + i as u32, as_ref(before), as_ref(now));
    }
    numbers::write_reading(o, 11, as_ref(&before.searches), as_ref(&now.searches));
    numbers::write_reading(o, 18, as_ref(&before.oom_kills), as_ref(&now.oom_kills));
    numbers::write_reading(o, 19, as_ref(&before.disk_flow), as_ref(&now.disk_flow));
    numbers::write_reading(
        o,
        20,
        as_ref(&before.network_flow),
        as_ref(&now.network_flow),
    );
    strain(o, &before.own_strain, &now.own_strain);
    if before.cores != now.cores {
        cores(o, &before.cores, &now.cores);
    }
    out.fields(field, &inner);
}

fn pressures(s: &SystemSample) -> [&Reading<crate::model::sample::Pressure>; 6] {
    let [cpu, memory, io] = &s.own_pressure;
    [
        &s.cpu_pressure,
        &s.memory_pressure,
        &s.io_pressure,
        cpu,
        memory,
        io,
    ]
}

fn strain(out: &mut Fields, before: &StrainSample, now: &StrainSample) {
    let StrainSample {
        periods,
        hits,
        members,
    } = now;
    numbers::write_reading(out, 12, as_ref(&before.periods), as_ref(periods));
    numbers::write_reading(out, 13, as_ref(&before.hits), as_ref(hits));
    if before.members != *members {
        out.ascending(14, members.iter().map(|pid| pid.0.into()));
    }
}

fn cores(out: &mut Fields, before: &[CoreSample], now: &[CoreSample]) {
    let mut rows = Fields::default();
    for core in now {
        let mut row = Fields::default();
        let old = before.iter().find(|old| old.id == core.id);
        let mut known = old.map_or([0; 9], CoreSample::row);
        known[0] = 0;
        numbers::write(&mut row, 1, &known, &core.row());
        rows.fields(1, &row);
    }
    out.fields(16, &rows);
}

/// Takes in what [`write()`] wrote.
pub fn read(now: &mut SystemSample, bytes: &[u8]) -> Result<(), Broken> {
    let (mut row, mut lacks) = (counters(now), [0; 4]);
    wire::each(bytes, |field, value| {
        match field {
            1 => within(value, |field, value| {
                numbers::hear(&mut row, 1, field, value);
                Ok(())
            })?,
            LACKING => within(value, |field, value| {
                numbers::hear(&mut lacks, 1, field, value);
                Ok(())
            })?,
            2 => now.load = numbers::reading(as_ref(&now.load), value)?,
            3 => now.tasks = numbers::reading(as_ref(&now.tasks), value)?,
            4 => now.memory = numbers::reading(as_ref(&now.memory), value)?,
            5 => now.cpu_pressure = numbers::reading(as_ref(&now.cpu_pressure), value)?,
            6 => now.memory_pressure = numbers::reading(as_ref(&now.memory_pressure), value)?,
            7 => now.io_pressure = numbers::reading(as_ref(&now.io_pressure), value)?,
            8..=10 => {
                let own = &mut now.own_pressure[field as usize - 8];
                *own = numbers::reading(as_ref(own), value)?;
            }
            11 => now.searches = numbers::reading(as_ref(&now.searches), value)?,
            12 => {
                let periods = &mut now.own_strain.periods;
                *periods = numbers::reading(as_ref(periods), value)?;
            }
            13 => now.own_strain.hits = numbers::reading(as_ref(&now.own_strain.hits), value)?,
            14 => {
                if let Value::Bytes(bytes) = value {
                    let pids = wire::ascending(bytes)?.into_iter();
                    now.own_strain.members = pids.map(|pid| Pid(pid as u32)).collect();
                }
            }
            18 => now.oom_kills = numbers::reading(as_ref(&now.oom_kills), value)?,
            19 => now.disk_flow = numbers::reading(as_ref(&now.disk_flow), value)?,
            20 => now.network_flow = numbers::reading(as_ref(&now.network_flow), value)?,
            16 => now.cores = read_cores(&now.cores, value)?,
            _ => {}
        }
        Ok(())
    })?;
    let reading = |at: usize| match lacks[at] {
        0 => Ok(row[at + 1]),
        code => Err(numbers::why(code)),
    };
    now.uptime = Nanos(row[0]);
    (now.switches, now.forks) = (reading(0), reading(1));
    let few = |at| reading(at).map(|n| n as u32);
    (now.running, now.blocked) = (few(2), few(3));
    Ok(())
}

fn read_cores(before: &[CoreSample], value: Value<'_>) -> Result<Vec<CoreSample>, Broken> {
    let mut cores: Vec<CoreSample> = Vec::new();
    within(value, |_, value| {
        let mut row = [0; 9];
        within(value, |field, value| {
            numbers::hear(&mut row, 1, field, value);
            Ok(())
        })?;
        let id = row[0] as u32;
        if cores.last().is_some_and(|last| last.id.0 >= id) || cores.len() >= MOST_CORES {
            return Err(Broken::TooLarge);
        }
        let old = before.binary_search_by_key(&id, |core| core.id.0);
        if let Ok(old) = old {
            for (now, old) in row.iter_mut().zip(before[old].row()).skip(1) {
                *now = now.wrapping_add(old);
            }
        }
        cores.push(CoreSample::of(row));
        Ok(())
    })?;
    Ok(cores)
}

/// Writes the facts of the machine.
pub fn write_machine(out: &mut Fields, field: u32, machine: &Machine) {
    let Machine {
        host,
        kernel,
        ticks_per_second,
        page_size,
        boot_unix_ms,
        pid_max,
        zone,
        // Where the cores stood is not kept: their numbers are.
        topology: _,
    } = machine;
    let mut inner = Fields::default();
    inner.bytes(1, &host.bytes());
    inner.bytes(2, &kernel.bytes());
    let row = [
        *ticks_per_second,
        *page_size,
        *boot_unix_ms,
        (*pid_max).into(),
        // What the clock was ahead when it began, for readers that know no more.
        i64::from(zone.ahead((*boot_unix_ms / 1000) as i64)) as u64,
    ];
    numbers::write(&mut inner, 3, &[0; 5], &row);
    for (from, ahead) in &zone.steps {
        let mut step = Fields::default();
        step.number(1, wire::zigzag(*from as u64));
        step.number(2, wire::zigzag(i64::from(*ahead) as u64));
        inner.fields(ZONE, &step);
    }
    out.fields(field, &inner);
}

/// The field of a step of the zone.
const ZONE: u32 = 16;
/// More steps than any zone has in the life of a machine.
const MOST_STEPS: usize = 1 << 10;

fn step(value: Value<'_>) -> Result<(i64, i32), Broken> {
    let mut row = [0; 2];
    within(value, |field, value| {
        numbers::hear(&mut row, 1, field, value);
        Ok(())
    })?;
    Ok((row[0] as i64, row[1] as i32))
}

/// Reads them.
pub fn read_machine(value: Value<'_>) -> Result<Arc<Machine>, Broken> {
    let mut row = [0; 5];
    let mut steps = Vec::new();
    let [mut host, mut kernel] = [SafeText::default(), SafeText::default()];
    within(value, |field, value| {
        match (field, value) {
            (1, Value::Bytes(bytes)) => host = SafeText::from_bytes(bytes),
            (2, Value::Bytes(bytes)) => kernel = SafeText::from_bytes(bytes),
            (ZONE, _) if steps.len() < MOST_STEPS => steps.push(step(value)?),
            _ => numbers::hear(&mut row, 3, field, value),
        }
        Ok(())
    })?;
    let zone = if steps.is_empty() {
        Zone::fixed(row[4] as i32)
    } else {
        steps.sort_unstable();
        Zone { steps }
    };
    Ok(Arc::new(Machine {
        host,
        kernel,
        ticks_per_second: row[0],
        page_size: row[1],
        boot_unix_ms: row[2],
        pid_max: row[3] as u32,
        zone,
        topology: Topology::default(),
    }))
}
