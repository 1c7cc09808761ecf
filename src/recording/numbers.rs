//! Values as rows of numbers, whose places are the numbers of their fields: a place is never given another meaning, new
//! ones are added at the end.

use super::Broken;
use super::wire::{self, Fields, Value};
use crate::model::id::{Bytes, CpuId, Nanos, Pid, Ticks};
use crate::model::process::stat::{Stat, State};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{
    CoreSample, Flow, Held, Io, Means, Memory, Moved, Pressure, SchedStat, Status,
};
use crate::model::scheduling::blocked::Cause;

/// A value as a row of numbers.
pub trait Numbers<const N: usize>: Sized {
    /// The row.
    fn row(&self) -> [u64; N];
    /// The value of a row.
    fn of(row: [u64; N]) -> Self;
}

/// Writes the places in which two rows differ, the first as this field.
pub fn write<const N: usize>(out: &mut Fields, first: u32, before: &[u64; N], now: &[u64; N]) {
    for (i, (before, now)) in before.iter().zip(now).enumerate() {
        if before != now {
            out.number(first + i as u32, wire::zigzag(now.wrapping_sub(*before)));
        }
    }
}

/// Takes a difference in, where the field is a place of the row.
pub fn hear<const N: usize>(row: &mut [u64; N], first: u32, field: u32, value: Value<'_>) {
    let place = field.checked_sub(first).map(|i| i as usize);
    if let (Some(place), Value::Number(number)) = (place.and_then(|i| row.get_mut(i)), value) {
        *place = place.wrapping_add(wire::unzigzag(number));
    }
}

/// The field that says why there is no value.
pub const WHY: u32 = 15;

/// The reason as a number; 0 is none.
pub fn code(why: Missing) -> u64 {
    match why {
        Missing::Gone => 1,
        Missing::Denied => 2,
        Missing::Unsupported => 3,
        Missing::Late => 4,
        // Who writes reads it soon; of what was kept it stays unread.
        Missing::Soon | Missing::Unrecorded => 5,
        Missing::Gap => 6,
    }
}

/// The reason of a number; what a later version says is not told by this one.
pub fn why(code: u64) -> Missing {
    match code {
        1 => Missing::Gone,
        2 => Missing::Denied,
        4 => Missing::Late,
        5 => Missing::Unrecorded,
        6 => Missing::Gap,
        _ => Missing::Unsupported,
    }
}

/// Writes a reading as a field of its own, where it differs.
pub fn write_reading<T: Numbers<N> + PartialEq, const N: usize>(
    out: &mut Fields,
    field: u32,
    before: Reading<&T>,
    now: Reading<&T>,
) {
    if before == now {
        return;
    }
    let mut inner = Fields::default();
    match now {
        Ok(now) => write(&mut inner, 1, &before.map_or([0; N], T::row), &now.row()),
        Err(missing) => inner.number(WHY, code(missing)),
    }
    out.fields(field, &inner);
}

/// Reads what [`write_reading`] wrote.
pub fn reading<T: Numbers<N>, const N: usize>(
    before: Reading<&T>,
    value: Value<'_>,
) -> Result<Reading<T>, Broken> {
    let Value::Bytes(bytes) = value else {
        return Err(Broken::Damaged);
    };
    let mut row = before.map_or([0; N], T::row);
    let mut missing = None;
    wire::each(bytes, |field, value| {
        match (field, value) {
            (WHY, Value::Number(number)) => missing = Some(why(number)),
            _ => hear(&mut row, 1, field, value),
        }
        Ok(())
    })?;
    Ok(missing.map_or_else(|| Ok(T::of(row)), Err))
}

/// Below this a frequency in kHz is none, but the reason why there is none.
const SLOWEST: u64 = 64;

/// A value that is one number.
trait Place: Copy {
    fn number(self) -> u64;
    fn of_number(number: u64) -> Self;
}

macro_rules! places {
    ($($type:ty: $from:expr, $to:expr;)*) => {
        $(impl Place for $type {
            fn number(self) -> u64 {
                let from: fn(Self) -> u64 = $from;
                from(self)
            }

            fn of_number(number: u64) -> Self {
                let to: fn(u64) -> Self = $to;
                to(number)
            }
        })*
    };
}

places! {
    u64: |n| n, |n| n;
    u32: |n| n.into(), |n| n as Self;
    i32: |n| n as u64, |n| n as Self;
    bool: |is| is.into(), |n| n != 0;
    f32: |n| n.to_bits().into(), |n| Self::from_bits(n as u32);
    Bytes: |n| n.0, Self;
    Nanos: |n| n.0, Self;
    Ticks: |n| n.0, Self;
    Pid: |n| n.0.into(), |n| Self(n as u32);
    CpuId: |n| n.0.into(), |n| Self(n as u32);
    // 0 is none.
    Option<u32>: |n| n.map_or(0, |n| u64::from(n) + 1), |n| n.checked_sub(1).map(|n| n as u32);
    Option<u64>: |n| n.map_or(0, |n| n.saturating_add(1)), |n| n.checked_sub(1);
    // A frequency: what no core is as slow as stands for the reason why there is none, 0 for the usual one.
    Reading<u32>: |n| match n {
        Ok(n) => u64::from(n) + 1,
        Err(Missing::Unsupported) => 0,
        Err(missing) => code(missing),
    }, |n| match n {
        missing @ 0..SLOWEST => Err(why(missing)),
        n => Ok((n - 1) as u32),
    };
    State: letter, |n| Self::from_letter(n as u8);
}

fn letter(state: State) -> u64 {
    match state {
        State::Other(letter) => letter.into(),
        known => (known.letter() as u8).into(),
    }
}

impl<T: Place> Numbers<1> for T {
    fn row(&self) -> [u64; 1] {
        [self.number()]
    }

    fn of([number]: [u64; 1]) -> Self {
        Self::of_number(number)
    }
}

/// Values of several numbers: their fields in the order of their places. One that is missing does not compile.
macro_rules! rows {
    ($($type:ident[$n:literal] { $($field:ident),* $(,)? })*) => {
        $(impl Numbers<$n> for $type {
            fn row(&self) -> [u64; $n] {
                let Self { $($field),* } = *self;
                [$($field.number()),*]
            }

            fn of([$($field),*]: [u64; $n]) -> Self {
                Self { $($field: Place::of_number($field)),* }
            }
        })*
    };
}

rows! {
    // What changes often stands in the first twelve places, whose fields take one byte.
    Stat[22] {
        state, user, system, minor_faults, resident, processor, child_faults, virtual_size, priority, threads, major_faults,
        block_delay, ppid, group, session, tty, flags, nice, rt_priority, policy, first_ended, children,
    }
    CoreSample[9] { id, user, system, irq, softirq, steal, idle, iowait, khz }
    Memory[8] { total, available, free, buffers, cache, shared, swap_total, swap_free }
    Pressure[4] { some_10, some_60, full_10, some_total }
    Status[3] { voluntary, involuntary, swap }
    SchedStat[3] { run, wait, slices }
    Held[2] { open, limit }
    Means[2] { minute, five }
}

impl Numbers<2> for Flow {
    fn row(&self) -> [u64; 2] {
        let Self { inward, outward } = *self;
        [inward.0, outward.0]
    }

    fn of([inward, outward]: [u64; 2]) -> Self {
        Self {
            inward: Bytes(inward),
            outward: Bytes(outward),
        }
    }
}

impl Numbers<3> for [f32; 3] {
    fn row(&self) -> [u64; 3] {
        self.map(|load| load.to_bits().into())
    }

    fn of(row: [u64; 3]) -> Self {
        row.map(|bits| f32::from_bits(bits as u32))
    }
}

impl Numbers<5> for Io {
    fn row(&self) -> [u64; 5] {
        let Self { all, living } = *self;
        let alone = living.unwrap_or_default();
        [
            all.read.0,
            all.written.0,
            living.is_some().into(),
            alone.read.0,
            alone.written.0,
        ]
    }

    fn of(r: [u64; 5]) -> Self {
        let moved = |read, written| Moved {
            read: Bytes(read),
            written: Bytes(written),
        };
        Self {
            all: moved(r[0], r[1]),
            living: (r[2] != 0).then(|| moved(r[3], r[4])),
        }
    }
}

impl Numbers<2> for (u64, u64) {
    fn row(&self) -> [u64; 2] {
        [self.0, self.1]
    }

    fn of([a, b]: [u64; 2]) -> Self {
        (a, b)
    }
}

impl Numbers<1> for Cause {
    /// Counted from 1, so that no reading is an empty field.
    fn row(&self) -> [u64; 1] {
        [match self {
            Self::Disk => 1,
            Self::Server => 2,
            Self::Memory => 3,
            Self::Lock => 4,
            Self::Child => 5,
            Self::Frozen => 6,
            Self::Kernel => 7,
        }]
    }

    /// What a later version knows beside these is something inside the kernel for this one.
    fn of([number]: [u64; 1]) -> Self {
        match number {
            1 => Self::Disk,
            2 => Self::Server,
            3 => Self::Memory,
            4 => Self::Lock,
            5 => Self::Child,
            6 => Self::Frozen,
            _ => Self::Kernel,
        }
    }
}
