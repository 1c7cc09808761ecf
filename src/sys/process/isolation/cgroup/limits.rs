//! The limits of a control group and of those above it: the tightest, and the one that has the least room left.

use std::path::{Path, PathBuf};

use super::Place;
use crate::model::id::Nanos;
use crate::model::process::isolation::group::{GroupCpu, Near, Quota, Usage};
use crate::sys::fields;

pub(super) fn number(path: &Path) -> Option<u64> {
    fields::number(&std::fs::read(path).ok()?)
}

/// The smallest value of a file in the group and in the groups above it, with the directory of the group that has it.
pub(super) fn tightest<T: PartialOrd>(
    place: &Place,
    read: impl Fn(&Path) -> Option<T>,
) -> Option<(T, PathBuf)> {
    let mut found: Option<(T, PathBuf)> = None;
    for dir in place
        .dir
        .ancestors()
        .take_while(|d| d.starts_with(&place.top))
    {
        if let Some(value) = read(dir)
            && found.as_ref().is_none_or(|(least, _)| value < *least)
        {
            found = Some((value, dir.to_owned()));
        }
    }
    found
}

/// What is in use of something, and the limits on it.
pub(super) fn usage(place: &Place, used: &str, limit: &str) -> Usage {
    let limit_of = |dir: &Path| limit_of(dir, limit);
    let (tightest, set_by) = tightest(place, limit_of).unzip();
    let room = |dir: &Path| {
        let (limit, used) = (limit_of(dir)?, number(&dir.join(used))?);
        Some((limit.saturating_sub(used), used, limit))
    };
    let near = self::tightest(place, room).map(|((_, used, limit), dir)| Near {
        group: place.path_of(&dir),
        used,
        limit,
    });
    Usage {
        used: number(&place.dir.join(used)),
        limit: tightest,
        set_by: set_by.map(|dir| place.path_of(&dir)),
        near,
    }
}

/// The limit that a group sets by a file; `None` for none: the word `max` is no number, and v1 writes a huge one.
pub(super) fn limit_of(dir: &Path, file: &str) -> Option<u64> {
    number(&dir.join(file)).filter(|n| *n < UNLIMITED)
}

/// v1 writes the largest number of pages for no limit.
const UNLIMITED: u64 = 1 << 62;

pub(super) fn memory(place: &Place) -> Usage {
    if place.unified {
        usage(place, "memory.current", "memory.max")
    } else {
        usage(place, "memory.usage_in_bytes", "memory.limit_in_bytes")
    }
}

pub(super) fn swap(place: &Place) -> Option<Usage> {
    let swap = usage(place, "memory.swap.current", "memory.swap.max");
    swap.used.is_some().then_some(swap)
}

/// The tightest quota, and how often it was met: that is counted by the group that sets it, and 0 in those below.
pub(super) fn cpu(place: &Place) -> GroupCpu {
    let (cores, set_by) = tightest(place, |dir| quota(place, dir)).unzip();
    let dir = set_by.as_deref().unwrap_or(&place.dir);
    let met = Met::of(dir);
    GroupCpu {
        cores,
        set_by: set_by.as_deref().map(|dir| place.path_of(dir)),
        periods: met.periods,
        throttled: met.throttled,
        throttled_time: met.time,
        above: above(place, dir),
    }
}

/// Of the other quotas on the way up the one that throttled most.
fn above(place: &Place, but: &Path) -> Option<Quota> {
    let all = place.dir.ancestors();
    let all = all.take_while(|dir| dir.starts_with(&place.top));
    let told = all.filter(|dir| *dir != but).filter_map(|dir| {
        let cores = quota(place, dir)?;
        let met = Met::of(dir);
        (met.throttled > 0).then(|| Quota {
            group: place.path_of(dir),
            cores,
            periods: met.periods,
            throttled: met.throttled,
        })
    });
    told.max_by_key(|quota| quota.throttled)
}

/// How often a quota was met.
#[derive(Default)]
struct Met {
    periods: u64,
    throttled: u64,
    time: Nanos,
}

impl Met {
    fn of(dir: &Path) -> Self {
        let stat = std::fs::read(dir.join("cpu.stat")).unwrap_or_default();
        let mut met = Self::default();
        for line in fields::lines(&stat) {
            let mut words = fields::words(line);
            let (Some(key), Some(value)) = (words.next(), words.next().and_then(fields::number))
            else {
                continue;
            };
            match key {
                b"nr_periods" => met.periods = value,
                b"nr_throttled" => met.throttled = value,
                b"throttled_usec" => met.time = Nanos(value.saturating_mul(1000)),
                b"throttled_time" => met.time = Nanos(value),
                _ => {}
            }
        }
        met
    }
}

/// Cores by quota: `50000 100000` in `cpu.max`, or `cpu.cfs_quota_us` over `cpu.cfs_period_us`; `None` for no quota.
pub(super) fn quota(place: &Place, dir: &Path) -> Option<f64> {
    let (quota, period) = if place.unified {
        let text = std::fs::read(dir.join("cpu.max")).ok()?;
        let mut words = fields::words(&text);
        (
            fields::number(words.next()?)?,
            fields::number(words.next()?)?,
        )
    } else {
        // Without a quota v1 writes -1, which is no number here.
        (
            number(&dir.join("cpu.cfs_quota_us"))?,
            number(&dir.join("cpu.cfs_period_us"))?,
        )
    };
    (period > 0).then(|| quota as f64 / period as f64)
}

/// The line `oom_kill 3` of `memory.events` (v2) or `memory.oom_control` (v1).
pub(super) fn oom_kills(place: &Place) -> Option<u64> {
    let file = if place.unified {
        "memory.events"
    } else {
        "memory.oom_control"
    };
    let text = std::fs::read(place.dir.join(file)).ok()?;
    fields::lines(&text)
        .find_map(|l| l.strip_prefix(b"oom_kill "))
        .and_then(fields::number)
}
