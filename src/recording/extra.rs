//! What only shown rows have, as fields.

use std::sync::Arc;

use super::Broken;
use super::numbers::{self, WHY};
use super::wire::{self, Fields, Value};
use crate::model::id::Nanos;
use crate::model::reading::Reading;
use crate::model::sample::{After, Opened, OptionalStats};
use crate::model::text::SafeText;

/// Writes what differs.
pub fn write(out: &mut Fields, field: u32, before: Option<&OptionalStats>, now: &OptionalStats) {
    let nothing = OptionalStats::default();
    let before = before.unwrap_or(&nothing);
    let mut inner = Fields::default();
    let o = &mut inner;
    numbers::write_reading(o, 1, as_ref(&before.status), as_ref(&now.status));
    numbers::write_reading(o, 2, as_ref(&before.io), as_ref(&now.io));
    text(o, 3, &before.cgroup, &now.cgroup);
    numbers::write_reading(o, 4, as_ref(&before.pss), as_ref(&now.pss));
    numbers::write_reading(o, 5, as_ref(&before.oom_score), as_ref(&now.oom_score));
    numbers::write_reading(o, 6, as_ref(&before.schedstat), as_ref(&now.schedstat));
    text(o, 7, &before.exe, &now.exe);
    if before.opened != now.opened {
        let mut opened = Fields::default();
        match &now.opened {
            Ok(held) => {
                for target in &held.targets {
                    opened.bytes(1, &target.bytes());
                }
                opened.ascending(2, held.ports.iter().map(|p| u64::from(*p)));
            }
            Err(why) => opened.number(WHY, numbers::code(*why)),
        }
        inner.fields(8, &opened);
    }
    if before.after != now.after {
        let mut after = Fields::default();
        numbers::write(&mut after, 1, &moments(before.after), &moments(now.after));
        inner.fields(AFTER, &after);
    }
    out.fields(field, &inner);
}

/// The field of how much later than the tick the counters were read.
const AFTER: u32 = 14;

fn moments(after: After) -> [u64; 3] {
    [after.status.0, after.io.0, after.schedstat.0]
}

/// Reads what [`write()`] wrote.
pub fn read(before: Option<&OptionalStats>, bytes: &[u8]) -> Result<OptionalStats, Broken> {
    let mut now = before.cloned().unwrap_or_default();
    wire::each(bytes, |field, value| {
        match field {
            1 => now.status = numbers::reading(as_ref(&now.status), value)?,
            2 => now.io = numbers::reading(as_ref(&now.io), value)?,
            3 => now.cgroup = read_text(value)?,
            4 => now.pss = numbers::reading(as_ref(&now.pss), value)?,
            5 => now.oom_score = numbers::reading(as_ref(&now.oom_score), value)?,
            6 => now.schedstat = numbers::reading(as_ref(&now.schedstat), value)?,
            7 => now.exe = read_text(value)?,
            8 => now.opened = opened(value)?,
            AFTER => {
                let mut row = moments(now.after);
                within(value, |field, value| {
                    numbers::hear(&mut row, 1, field, value);
                    Ok(())
                })?;
                let [status, io, schedstat] = row.map(Nanos);
                now.after = After {
                    status,
                    io,
                    schedstat,
                };
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(now)
}

/// A reading of a reference.
pub fn as_ref<T>(reading: &Reading<T>) -> Reading<&T> {
    reading.as_ref().map_err(|why| *why)
}

fn text(out: &mut Fields, field: u32, before: &Reading<SafeText>, now: &Reading<SafeText>) {
    if before != now {
        let mut inner = Fields::default();
        match now {
            Ok(text) => inner.bytes(1, &text.bytes()),
            Err(why) => inner.number(WHY, numbers::code(*why)),
        }
        out.fields(field, &inner);
    }
}

fn read_text(value: Value<'_>) -> Result<Reading<SafeText>, Broken> {
    let mut text = Ok(SafeText::default());
    within(value, |field, value| {
        match (field, value) {
            (1, Value::Bytes(bytes)) => text = Ok(SafeText::from_bytes(bytes)),
            (WHY, Value::Number(code)) => text = Err(numbers::why(code)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(text)
}

/// Hears the fields of a field.
pub fn within<'a>(
    value: Value<'a>,
    hear: impl FnMut(u32, Value<'a>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    match value {
        Value::Bytes(bytes) => wire::each(bytes, hear),
        Value::Number(_) => Err(Broken::Damaged),
    }
}

fn opened(value: Value<'_>) -> Result<Reading<Arc<Opened>>, Broken> {
    let mut held = Opened::default();
    let mut missing = None;
    within(value, |field, value| {
        match (field, value) {
            (1, Value::Bytes(bytes)) => held.targets.push(SafeText::from_bytes(bytes)),
            (2, Value::Bytes(bytes)) => {
                let ports = wire::ascending(bytes)?;
                held.ports = ports.into_iter().map(|p| p as u16).collect();
            }
            (WHY, Value::Number(code)) => missing = Some(numbers::why(code)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(missing.map_or_else(|| Ok(Arc::new(held)), Err))
}
