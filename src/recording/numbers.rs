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
        Missing::Soon => 5,
        Missing::Gap => 6,
    }
}

/// The reason of a number; what a later version says is not told by this one.
pub fn why(code: u64) -> Missing {
    match code {
        1 => Missing::Gone,
        2 => Missing::Denied,
        4 => Missing::Late,
        5 => Missing::Soon,
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

impl Numbers<21> for Stat {
    /// What changes often stands in the first twelve places, whose fields take one byte.
    fn row(&self) -> [u64; 21] {
        let Self {
            state,
            first_ended,
            ppid,
            group,
            session,
            tty,
            flags,
            minor_faults,
            child_faults,
            major_faults,
            user,
            system,
            priority,
            nice,
            threads,
            virtual_size,
            resident,
            processor,
            rt_priority,
            policy,
            block_delay,
        } = *self;
        let state = match state {
            State::Other(letter) => letter,
            known => known.letter() as u8,
        };
        [
            state.into(),
            user.0,
            system.0,
            minor_faults,
            resident.0,
            processor.0.into(),
            child_faults,
            virtual_size.0,
            priority as u64,
            threads.into(),
            major_faults,
            block_delay.0,
            ppid.0.into(),
            group.0.into(),
            session.0.into(),
            tty.into(),
            flags.into(),
            nice as u64,
            rt_priority.into(),
            policy.into(),
            first_ended.into(),
        ]
    }

    fn of(r: [u64; 21]) -> Self {
        Self {
            state: State::from_letter(r[0] as u8),
            user: Ticks(r[1]),
            system: Ticks(r[2]),
            minor_faults: r[3],
            resident: Bytes(r[4]),
            processor: CpuId(r[5] as u32),
            child_faults: r[6],
            virtual_size: Bytes(r[7]),
            priority: r[8] as i32,
            threads: r[9] as u32,
            major_faults: r[10],
            block_delay: Ticks(r[11]),
            ppid: Pid(r[12] as u32),
            group: Pid(r[13] as u32),
            session: Pid(r[14] as u32),
            tty: r[15] as u32,
            flags: r[16] as u32,
            nice: r[17] as i32,
            rt_priority: r[18] as u32,
            policy: r[19] as u32,
            first_ended: r[20] != 0,
        }
    }
}

impl Numbers<9> for CoreSample {
    fn row(&self) -> [u64; 9] {
        let Self {
            id,
            user,
            system,
            irq,
            softirq,
            steal,
            idle,
            iowait,
            khz,
        } = *self;
        [
            id.0.into(),
            user.0,
            system.0,
            irq.0,
            softirq.0,
            steal.0,
            idle.0,
            iowait.0,
            khz.map_or(0, |khz| u64::from(khz) + 1),
        ]
    }

    fn of(r: [u64; 9]) -> Self {
        Self {
            id: CpuId(r[0] as u32),
            user: Ticks(r[1]),
            system: Ticks(r[2]),
            irq: Ticks(r[3]),
            softirq: Ticks(r[4]),
            steal: Ticks(r[5]),
            idle: Ticks(r[6]),
            iowait: Ticks(r[7]),
            khz: r[8].checked_sub(1).map(|khz| khz as u32),
        }
    }
}

impl Numbers<8> for Memory {
    fn row(&self) -> [u64; 8] {
        let Self {
            total,
            available,
            free,
            buffers,
            cache,
            shared,
            swap_total,
            swap_free,
        } = *self;
        [
            total.0,
            available.0,
            free.0,
            buffers.0,
            cache.0,
            shared.0,
            swap_total.0,
            swap_free.0,
        ]
    }

    fn of(r: [u64; 8]) -> Self {
        let [
            total,
            available,
            free,
            buffers,
            cache,
            shared,
            swap_total,
            swap_free,
        ] = r.map(Bytes);
        Self {
            total,
            available,
            free,
            buffers,
            cache,
            shared,
            swap_total,
            swap_free,
        }
    }
}

impl Numbers<4> for Pressure {
    fn row(&self) -> [u64; 4] {
        let Self {
            some_10,
            some_60,
            full_10,
            some_total,
        } = *self;
        let bits = |share: f32| u64::from(share.to_bits());
        [bits(some_10), bits(some_60), bits(full_10), some_total.0]
    }

    fn of(r: [u64; 4]) -> Self {
        let share = |bits: u64| f32::from_bits(bits as u32);
        Self {
            some_10: share(r[0]),
            some_60: share(r[1]),
            full_10: share(r[2]),
            some_total: Nanos(r[3]),
        }
    }
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

impl Numbers<3> for Status {
    fn row(&self) -> [u64; 3] {
        let Self {
            voluntary,
            involuntary,
            swap,
        } = *self;
        [voluntary, involuntary, swap.0]
    }

    fn of([voluntary, involuntary, swap]: [u64; 3]) -> Self {
        Self {
            voluntary,
            involuntary,
            swap: Bytes(swap),
        }
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

impl Numbers<2> for Held {
    /// No limit is 0, so that a limit is one more than it is.
    fn row(&self) -> [u64; 2] {
        [
            self.open,
            self.limit.map_or(0, |limit| limit.saturating_add(1)),
        ]
    }

    fn of(row: [u64; 2]) -> Self {
        Self {
            open: row[0],
            limit: row[1].checked_sub(1),
        }
    }
}

impl Numbers<2> for Means {
    fn row(&self) -> [u64; 2] {
        [self.minute, self.five]
    }

    fn of(row: [u64; 2]) -> Self {
        Self {
            minute: row[0],
            five: row[1],
        }
    }
}

impl Numbers<3> for SchedStat {
    fn row(&self) -> [u64; 3] {
        let Self { run, wait, slices } = *self;
        [run.0, wait.0, slices]
    }

    fn of([run, wait, slices]: [u64; 3]) -> Self {
        Self {
            run: Nanos(run),
            wait: Nanos(wait),
            slices,
        }
    }
}

impl Numbers<1> for Bytes {
    fn row(&self) -> [u64; 1] {
        [self.0]
    }

    fn of([bytes]: [u64; 1]) -> Self {
        Self(bytes)
    }
}

impl Numbers<1> for u32 {
    fn row(&self) -> [u64; 1] {
        [(*self).into()]
    }

    fn of([number]: [u64; 1]) -> Self {
        number as Self
    }
}

impl Numbers<1> for u64 {
    fn row(&self) -> [u64; 1] {
        [*self]
    }

    fn of([number]: [u64; 1]) -> Self {
        number
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
