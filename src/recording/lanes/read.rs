//! From records to what they tell. Bytes may be anything.

use std::sync::Arc;

use super::{Core, Lanes, field};
use crate::model::id::{CpuId, Nanos, ProcId, Tid};
use crate::model::scheduling::timeline::{BINS, Blind, Ended, Gap, Origin, Ran, Slice, Who};
use crate::model::text::SafeText;
use crate::recording::extra::within;
use crate::recording::wire::{self, Value, take_varint, unzigzag};
use crate::recording::{Broken, MOST_TASKS, numbers};

/// More slices, sums or gaps than a record may have.
const MOST: usize = 1 << 21;
/// A record tells of no longer time, and of slices that began at most so long before it.
const LONGEST: Nanos = Nanos(60_000_000_000);
/// So many bins of cores a record may fill in all. Each is work; a number that was damaged would make it last for hours.
const MOST_BINS: u64 = 1 << 26;
/// More cores than any machine has.
const MOST_CORES: usize = 1 << 14;

/// Reads the body of a record of lanes.
///
/// # Errors
/// When the bytes are not those of one.
pub fn read(body: &[u8]) -> Result<Lanes, Broken> {
    let mut lanes = Lanes::default();
    let mut who: Vec<Arc<Who>> = Vec::new();
    let mut items = 0;
    wire::each(body, |number, value| {
        match number {
            field::ROW => {
                let mut row = [0; 5];
                within(value, |field, value| {
                    numbers::hear(&mut row, 1, field, value);
                    Ok(())
                })?;
                (lanes.from, lanes.to) = (Nanos(row[0]), Nanos(row[1]));
                lanes.origin = origin(row[2]);
                (lanes.sums, lanes.lost) = (row[3] != 0, row[4]);
            }
            field::WHO if who.len() < MOST_TASKS => who.push(Arc::new(one(value)?)),
            field::CORE if lanes.cores.len() < MOST_CORES => {
                lanes.cores.push(core(value, lanes.from, &who, &mut items)?);
            }
            field::WHO | field::CORE => return Err(Broken::TooLarge),
            _ => {}
        }
        Ok(())
    })?;
    within_bounds(&mut lanes)?;
    Ok(lanes)
}

/// Cuts slices and gaps at the time of which the record tells.
fn within_bounds(lanes: &mut Lanes) -> Result<(), Broken> {
    let (from, to) = (lanes.from, lanes.to);
    if to.since(from) > LONGEST {
        return Err(Broken::TooLarge);
    }
    let earliest = Nanos(from.0.saturating_sub(LONGEST.0));
    let bins = |span: Nanos, width: Nanos| span.0 / width.0 + 1;
    let mut filled = 0_u64;
    for core in &mut lanes.cores {
        for (slice, _) in &mut core.slices {
            slice.end = slice.end.clamp(earliest, to.max(earliest));
            slice.start = slice.start.clamp(earliest, slice.end);
            filled = filled.saturating_add(bins(slice.span(), BINS[0]));
        }
        for gap in &mut core.gaps {
            gap.end = gap.end.min(to);
            gap.start = gap.start.min(gap.end);
        }
        let each = bins(to.since(from), BINS[1]);
        filled = filled.saturating_add(each.saturating_mul(core.ran.len() as u64));
    }
    if filled > MOST_BINS {
        return Err(Broken::TooLarge);
    }
    Ok(())
}

fn origin(code: u64) -> Origin {
    match code {
        1 => Origin::Exact,
        2 => Origin::Inside,
        3 => Origin::Own,
        0 => Origin::None,
        5 => Origin::Summed,
        _ => Origin::Sampled,
    }
}

fn one(value: Value<'_>) -> Result<Who, Broken> {
    let mut row = [0; 3];
    let mut name = SafeText::default();
    within(value, |field, value| {
        match (field, value) {
            (1..=3, Value::Number(number)) => row[field as usize - 1] = number,
            (4, Value::Bytes(bytes)) => name = SafeText::from_bytes(bytes),
            _ => {}
        }
        Ok(())
    })?;
    Ok(Who {
        id: ProcId::new(row[0] as u32, row[1]),
        tid: Tid(row[2] as u32),
        name,
    })
}

fn core(
    value: Value<'_>,
    from: Nanos,
    who: &[Arc<Who>],
    items: &mut usize,
) -> Result<Core, Broken> {
    let mut core = Core::default();
    let known = |number: u64| {
        let number = usize::try_from(number).map_err(|_| Broken::Damaged)?;
        who.get(number).map(Arc::clone).ok_or(Broken::Damaged)
    };
    within(value, |number, value| {
        let mut bytes = match (number, value) {
            (field::CORE_ID, Value::Number(id)) => {
                core.cpu = CpuId(id as u32);
                return Ok(());
            }
            (field::SLICES | field::SUMS | field::GAPS, Value::Bytes(bytes)) => bytes,
            _ => return Ok(()),
        };
        let mut last = from;
        while !bytes.is_empty() {
            *items += 1;
            if *items > MOST {
                return Err(Broken::TooLarge);
            }
            let mut next = || take_varint(&mut bytes);
            if number == field::SUMS {
                let (who, run) = (known(next()?)?, Nanos(next()?));
                core.ran.push(Ran {
                    cpu: core.cpu,
                    who,
                    run,
                    slices: next()? as u32,
                    waited: Nanos(next()?),
                });
                continue;
            }
            let start = Nanos(last.0.wrapping_add(unzigzag(next()?)));
            let end = Nanos(start.0.checked_add(next()?).ok_or(Broken::Damaged)?);
            if number == field::GAPS {
                let why = match (next()?, next()?) {
                    (2, _) => Blind::Offline,
                    (3, span) => Blind::Suspended(Nanos(span)),
                    _ => Blind::Lost,
                };
                core.gaps.push(Gap { start, end, why });
                continue;
            }
            let how = next()?;
            let ended = match how & 7 {
                1 => Ended::Preempted,
                2 => Ended::Yielded,
                3 => Ended::Exited,
                _ => Ended::Unseen,
            };
            // Slices of one core never overlap.
            if start < last && !core.slices.is_empty() {
                return Err(Broken::Damaged);
            }
            core.slices
                .push((Slice { start, end, ended }, known(how >> 3)?));
            last = end;
        }
        Ok(())
    })?;
    Ok(core)
}
