//! What only shown rows have, as fields.

use std::sync::Arc;

use super::Broken;
use super::numbers::{self, WHY};
use super::wire::{self, Fields, Value};
use crate::model::id::Nanos;
use crate::model::reading::Reading;
use crate::model::sample::{After, Growth, Opened, OptionalStats};
use crate::model::text::SafeText;

/// Writes what differs.
pub fn write(out: &mut Fields, field: u32, before: Option<&OptionalStats>, now: &OptionalStats) {
    let nothing = OptionalStats::default();
    let before = before.unwrap_or(&nothing);
    let mut inner = Fields::default();
    let o = &mut inner;
    // Named one by one, so that none that is added is forgotten.
    let OptionalStats {
        status,
        io,
        cgroup,
        pss,
        oom_score,
        schedstat,
        exe,
        opened,
        blocked_on,
        growth,
        waits_for,
        private,
        held,
        means,
        after: _,
    } = now;
    numbers::write_reading(o, 1, as_ref(&before.status), as_ref(status));
    numbers::write_reading(o, 2, as_ref(&before.io), as_ref(io));
    text(o, 3, &before.cgroup, cgroup);
    numbers::write_reading(o, 4, as_ref(&before.pss), as_ref(pss));
    numbers::write_reading(o, 5, as_ref(&before.oom_score), as_ref(oom_score));
    numbers::write_reading(o, 6, as_ref(&before.schedstat), as_ref(schedstat));
    text(o, 7, &before.exe, exe);
    numbers::write_reading(o, 12, as_ref(&before.blocked_on), as_ref(blocked_on));
    write_growth(o, before.growth, *growth);
    text(o, 16, &before.waits_for, waits_for);
    numbers::write_reading(o, 9, as_ref(&before.private), as_ref(private));
    numbers::write_reading(o, 10, as_ref(&before.held), as_ref(held));
    numbers::write_reading(o, 11, as_ref(&before.means), as_ref(means));
    if before.opened != *opened {
        let mut opened = Fields::default();
        match &now.opened {
            Ok(held) => {
                for target in &held.targets {
                    opened.bytes(1, &target.bytes());
                }
                opened.ascending(2, held.ports.iter().map(|p| u64::from(*p)));
                opened.ascending(3, held.owned.iter().map(|p| u64::from(*p)));
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
            13 => now.growth = read_growth(now.growth, value)?,
            16 => now.waits_for = read_text(value)?,
            12 => now.blocked_on = numbers::reading(as_ref(&now.blocked_on), value)?,
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
            9 => now.private = numbers::reading(as_ref(&now.private), value)?,
            10 => now.held = numbers::reading(as_ref(&now.held), value)?,
            11 => now.means = numbers::reading(as_ref(&now.means), value)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(now)
}

/// The first field of the marks of a growth: behind the reason why there is none.
const GROWTH: u32 = 16;

fn write_growth(out: &mut Fields, before: Reading<Growth>, now: Reading<Growth>) {
    if before == now {
        return;
    }
    let mut inner = Fields::default();
    match now {
        Ok(now) => {
            let before = before.unwrap_or_default().row();
            numbers::write(&mut inner, GROWTH, &before, &now.row());
        }
        Err(why) => inner.number(WHY, numbers::code(why)),
    }
    out.fields(13, &inner);
}

fn read_growth(before: Reading<Growth>, value: Value<'_>) -> Result<Reading<Growth>, Broken> {
    let mut row = before.unwrap_or_default().row();
    let mut missing = None;
    within(value, |field, value| {
        match (field, value) {
            (WHY, Value::Number(code)) => missing = Some(numbers::why(code)),
            _ => numbers::hear(&mut row, GROWTH, field, value),
        }
        Ok(())
    })?;
    Ok(missing.map_or_else(|| Ok(Growth::of(row)), Err))
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
            (3, Value::Bytes(bytes)) => {
                let ports = wire::ascending(bytes)?;
                held.owned = ports.into_iter().map(|p| p as u16).collect();
            }
            (WHY, Value::Number(code)) => missing = Some(numbers::why(code)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(missing.map_or_else(|| Ok(Arc::new(held)), Err))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Bytes;
    use crate::model::reading::Missing;
    use crate::model::sample::{Held, Means};

    #[test]
    fn what_came_with_later_versions_is_kept_too() {
        let limits = [Some(1024), None];
        let mut before = None;
        for (i, limit) in limits.into_iter().enumerate() {
            let i = i as u64;
            let now = OptionalStats {
                private: Ok(Bytes(i + 7)),
                held: Ok(Held { open: i, limit }),
                means: Ok(Means { minute: i, five: 3 }),
                opened: Ok(Arc::new(Opened {
                    owned: vec![22, 80 + i as u16],
                    ..Opened::default()
                })),
                exe: Err(Missing::Denied),
                ..OptionalStats::default()
            };
            let mut out = Fields::default();
            write(&mut out, 1, before.as_ref(), &now);
            let mut read_back = None;
            wire::each(&out.0, |_, value| {
                let Value::Bytes(bytes) = value else {
                    return Err(Broken::Damaged);
                };
                read_back = Some(read(before.as_ref(), bytes)?);
                Ok(())
            })
            .expect("well formed");
            assert_eq!(read_back.as_ref(), Some(&now));
            before = Some(now);
        }
    }
}
