//! One mapping that is two things: zeros of a program, and anonymous memory that was mapped right behind them. The kernel joins
//! such neighbours and counts their pages once; the page table of the process tells whose they are.

use super::{Kind, Mapping, Region, Residency};
use crate::model::id::Bytes;
use crate::model::reading::Missing;

/// The pages of a range, as the page table tells them (`pagemap`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// That are in memory, and mapped by nobody else.
    pub own: Bytes,
    /// That are there and others have too: those of a parent or child, and the one page of zeros, which is nobody's.
    pub others: Bytes,
    /// Swapped out.
    pub swapped: Bytes,
}

/// Where two regions share one mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The place of the first one, the zeros, among the regions; the other one follows.
    at: usize,
    start: u64,
    between: u64,
    end: u64,
    whole: Residency,
}

/// The mappings that hold zeros of a program and what was mapped behind them.
pub fn find(regions: &[Region], mappings: &[Mapping]) -> Vec<Merged> {
    let pairs = regions.windows(2).enumerate();
    let joined = pairs.filter_map(|(at, pair)| {
        let between = pair[1].start;
        if pair[0].kind != Kind::Bss || pair[0].end != between || pair[1].file.inode != 0 {
            return None;
        }
        let behind = mappings.partition_point(|m| m.start <= between);
        let m = mappings.get(behind.checked_sub(1)?)?;
        let inside = m.start < between && between < m.end;
        inside.then_some(Merged {
            at,
            start: m.start,
            between,
            end: m.end,
            whole: m.pages?.0,
        })
    });
    joined.collect()
}

impl Merged {
    /// The smaller part, whose pages are to be counted: the rest is the other's.
    pub fn asked(&self) -> (u64, u64) {
        if self.between - self.start <= self.end - self.between {
            (self.start, self.between)
        } else {
            (self.between, self.end)
        }
    }

    fn sizes(&self) -> (u64, u64) {
        (self.between - self.start, self.end - self.between)
    }

    /// Gives each part what it has, by the pages of the one that was asked for.
    pub fn settle(&self, regions: &mut [Region], pages: Pages) {
        let (front, back) = self.sizes();
        // Without pages that others have, what is there and not its own is the page of zeros, which is not counted.
        let shared = self.whole.own != self.whole.resident;
        let resident = pages.own.0 + if shared { pages.others.0 } else { 0 };
        let mut part = (resident, pages.swapped.0);
        if self.asked().0 != self.start {
            let rest = |whole: Bytes, part: u64| whole.0.saturating_sub(part);
            part = (
                rest(self.whole.resident, part.0),
                rest(self.whole.swapped, part.1),
            );
        }
        let (mine, others) = parted(self.whole, front, back, part);
        let (guess, _) = guessed(self.whole, front, back);
        if let [zeros, behind, ..] = &mut regions[self.at..] {
            // Zeros in the last page of data were added already.
            let known = zeros.residency.unwrap_or_default();
            let guess = zeros
                .residency
                .map_or_else(|_| Residency::default(), |_| guess);
            zeros.residency = Ok(known
                .with(guess, u64::saturating_sub)
                .with(mine, u64::saturating_add));
            behind.residency = Ok(others);
        }
    }
}

/// What each part has where nobody looked: the larger one is said to have what has room in it.
fn guessed(whole: Residency, front: u64, back: u64) -> (Residency, Residency) {
    let taken = if front >= back { 0 } else { back };
    let first = |all: Bytes| all.0.saturating_sub(taken);
    parted(
        whole,
        front,
        back,
        (first(whole.resident), first(whole.swapped)),
    )
}

/// Shares the count of their mapping between zeros and what lies behind them, before anybody has looked whose pages they are.
pub(super) fn share(zeros: &mut Region, behind: &mut Region) {
    let (front, back) = (zeros.size().0, behind.size().0);
    let Ok(whole) = zeros.residency else { return };
    let (mine, others) = guessed(whole, front, back);
    let told = |part: Residency, larger: bool| {
        let none = part == Residency::default() && !larger;
        (!none).then_some(part).ok_or(Missing::Unsupported)
    };
    zeros.residency = told(mine, front >= back);
    behind.residency = told(others, front < back);
}

/// Parts a count: the first has so much resident and swapped, as far as both have room for theirs, and the rest of what was
/// counted in the same proportion, which is exact where all pages are alike.
fn parted(whole: Residency, front: u64, back: u64, part: (u64, u64)) -> (Residency, Residency) {
    let fit = |all: Bytes, part: u64| part.min(front).max(all.0.saturating_sub(back)).min(all.0);
    let resident = fit(whole.resident, part.0);
    let share = |all: u64, _: u64| {
        let share = u128::from(all) * u128::from(resident) / u128::from(whole.resident.0.max(1));
        u64::try_from(share).unwrap_or(all)
    };
    let mut first = whole.with(whole, share);
    first.resident = Bytes(resident);
    first.swapped = Bytes(fit(whole.swapped, part.1));
    (first, whole.with(first, u64::saturating_sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(resident: u64) -> Residency {
        let bytes = Bytes(resident);
        Residency {
            resident: bytes,
            proportional: bytes,
            own: bytes,
            dirty: bytes,
            ..Residency::default()
        }
    }

    #[test]
    fn parts_add_up_and_none_has_more_than_it_claims() {
        for (front, back, whole, part) in [
            (32, 8, 40, 12),
            (8, 32, 40, 40),
            (260, 64, 72, 8),
            (4, 4, 0, 4),
            (4, 4, 8, 0),
        ] {
            let whole = all(whole);
            let parts = [
                parted(whole, front, back, (part, 0)),
                guessed(whole, front, back),
            ];
            for (first, rest) in parts {
                assert!(first.resident.0 <= front && rest.resident.0 <= back);
                let mut sum = first;
                sum.add(&rest);
                assert_eq!(sum, whole, "{front} {back} {part}");
            }
        }
        let (zeros, behind) = parted(all(72), 260, 64, (8, 0));
        assert_eq!((zeros, behind), (all(8), all(64)));
    }
}
