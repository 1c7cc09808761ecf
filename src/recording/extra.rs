//! What only shown rows have, as fields.

use std::sync::Arc;

use super::Broken;
use super::numbers::{self, WHY};
use super::wire::{self, Fields, Value};
use crate::model::id::{Bytes, Nanos};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{
    After, Growth, Held, Io, Means, Opened, OptionalStats, SchedStat, Status, optional_stats,
};
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;

/// A value that only shown rows have, as a field. One of numbers is a line in `kept_as_numbers!`.
trait Kept: Sized {
    /// Writes what differs.
    fn write(out: &mut Fields, field: u32, before: &Reading<Self>, now: &Reading<Self>);
    /// Reads what that wrote.
    fn read(before: &Reading<Self>, value: Value<'_>) -> Result<Reading<Self>, Broken>;
}

macro_rules! kept_as_numbers {
    ($($type:ty),*) => {
        $(impl Kept for $type {
            fn write(out: &mut Fields, field: u32, before: &Reading<Self>, now: &Reading<Self>) {
                numbers::write_reading(out, field, as_ref(before), as_ref(now));
            }

            fn read(before: &Reading<Self>, value: Value<'_>) -> Result<Reading<Self>, Broken> {
                numbers::reading(as_ref(before), value)
            }
        })*
    };
}

kept_as_numbers!(Status, Io, Bytes, u32, SchedStat, Held, Means, Cause);

macro_rules! fields {
    ($($(#[$doc:meta])* $field:literal $name:ident: $type:ty, $need:ident;)*) => {
        fn write_each(out: &mut Fields, before: &OptionalStats, now: &OptionalStats) {
            $(Kept::write(out, $field, &before.$name, &now.$name);)*
        }

        fn read_one(now: &mut OptionalStats, field: u32, value: Value<'_>) -> Result<(), Broken> {
            match field {
                $($field => now.$name = Kept::read(&now.$name, value)?,)*
                AFTER => now.after = read_after(now.after, value)?,
                _ => {}
            }
            Ok(())
        }
    };
}

optional_stats!(fields);

/// Writes what differs.
pub fn write(out: &mut Fields, field: u32, before: Option<&OptionalStats>, now: &OptionalStats) {
    let nothing = OptionalStats::default();
    let before = before.unwrap_or(&nothing);
    let mut inner = Fields::default();
    write_each(&mut inner, before, now);
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

fn read_after(before: After, value: Value<'_>) -> Result<After, Broken> {
    let mut row = moments(before);
    within(value, |field, value| {
        numbers::hear(&mut row, 1, field, value);
        Ok(())
    })?;
    let [status, io, schedstat] = row.map(Nanos);
    Ok(After {
        status,
        io,
        schedstat,
    })
}

/// Reads what [`write()`] wrote.
pub fn read(before: Option<&OptionalStats>, bytes: &[u8]) -> Result<OptionalStats, Broken> {
    let unread = || OptionalStats::unread(Missing::Unrecorded);
    let mut now = before.cloned().unwrap_or_else(unread);
    wire::each(bytes, |field, value| read_one(&mut now, field, value))?;
    Ok(now)
}

/// The first field of the marks of a growth: behind the reason why there is none.
const GROWTH: u32 = 16;

/// A reading of a reference.
pub fn as_ref<T>(reading: &Reading<T>) -> Reading<&T> {
    reading.as_ref().map_err(|why| *why)
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

/// Writes what differs as fields of a field, or why there is nothing.
fn write_fields<T: PartialEq>(
    out: &mut Fields,
    field: u32,
    (before, now): (&Reading<T>, &Reading<T>),
    tell: impl FnOnce(&mut Fields, &T),
) {
    if before == now {
        return;
    }
    let mut inner = Fields::default();
    match now {
        Ok(now) => tell(&mut inner, now),
        Err(why) => inner.number(WHY, numbers::code(*why)),
    }
    out.fields(field, &inner);
}

/// Reads what [`write_fields`] wrote: `hear` takes in a field of it; answers why there is nothing.
fn read_fields<'a>(
    value: Value<'a>,
    mut hear: impl FnMut(u32, Value<'a>) -> Result<(), Broken>,
) -> Result<Reading<()>, Broken> {
    let mut told = Ok(());
    within(value, |field, value| match (field, value) {
        (WHY, Value::Number(code)) => {
            told = Err(numbers::why(code));
            Ok(())
        }
        _ => hear(field, value),
    })?;
    Ok(told)
}

impl Kept for Growth {
    fn write(out: &mut Fields, field: u32, before: &Reading<Self>, now: &Reading<Self>) {
        write_fields(out, field, (before, now), |inner, now| {
            let before = before.unwrap_or_default().row();
            numbers::write(inner, GROWTH, &before, &now.row());
        });
    }

    fn read(before: &Reading<Self>, value: Value<'_>) -> Result<Reading<Self>, Broken> {
        let mut row = before.unwrap_or_default().row();
        let told = read_fields(value, |field, value| {
            numbers::hear(&mut row, GROWTH, field, value);
            Ok(())
        })?;
        Ok(told.map(|()| Self::of(row)))
    }
}

impl Kept for SafeText {
    fn write(out: &mut Fields, field: u32, before: &Reading<Self>, now: &Reading<Self>) {
        write_fields(out, field, (before, now), |inner, text| {
            inner.bytes(1, &text.bytes());
        });
    }

    fn read(_: &Reading<Self>, value: Value<'_>) -> Result<Reading<Self>, Broken> {
        let mut text = Self::default();
        let told = read_fields(value, |field, value| {
            if let (1, Value::Bytes(bytes)) = (field, value) {
                text = Self::from_bytes(bytes);
            }
            Ok(())
        })?;
        Ok(told.map(|()| text))
    }
}

impl Kept for Arc<[SafeText]> {
    fn write(out: &mut Fields, field: u32, before: &Reading<Self>, now: &Reading<Self>) {
        write_fields(out, field, (before, now), |inner, all| {
            for text in all.iter() {
                inner.bytes(1, &text.bytes());
            }
        });
    }

    fn read(_: &Reading<Self>, value: Value<'_>) -> Result<Reading<Self>, Broken> {
        let mut all = Vec::new();
        let told = read_fields(value, |field, value| {
            if let (1, Value::Bytes(bytes)) = (field, value) {
                all.push(SafeText::from_bytes(bytes));
            }
            Ok(())
        })?;
        Ok(told.map(|()| all.into()))
    }
}

impl Kept for Arc<Opened> {
    fn write(out: &mut Fields, field: u32, before: &Reading<Self>, now: &Reading<Self>) {
        write_fields(out, field, (before, now), |inner, held| {
            for target in &held.targets {
                inner.bytes(1, &target.bytes());
            }
            inner.ascending(2, held.ports.iter().map(|p| u64::from(*p)));
            inner.ascending(3, held.owned.iter().map(|p| u64::from(*p)));
        });
    }

    fn read(_: &Reading<Self>, value: Value<'_>) -> Result<Reading<Self>, Broken> {
        let ports = |bytes| -> Result<Vec<u16>, Broken> {
            let ports = wire::ascending(bytes)?;
            Ok(ports.into_iter().map(|p| p as u16).collect())
        };
        let mut held = Opened::default();
        let told = read_fields(value, |field, value| {
            match (field, value) {
                (1, Value::Bytes(bytes)) => held.targets.push(SafeText::from_bytes(bytes)),
                (2, Value::Bytes(bytes)) => held.ports = ports(bytes)?.into_iter().collect(),
                (3, Value::Bytes(bytes)) => held.owned = ports(bytes)?.into_iter().collect(),
                _ => {}
            }
            Ok(())
        })?;
        Ok(told.map(|()| Self::new(held)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                ..OptionalStats::unread(Missing::Unrecorded)
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
