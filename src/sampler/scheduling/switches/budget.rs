//! How switches are recorded so that it never costs more than was granted: one by one while they are few, as sums made in
//! the kernel while they are many. Pure: it measures nothing.

use crate::model::id::Nanos;

/// How switches are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Way {
    /// Each is told.
    #[default]
    Single,
    /// The kernel sums them up.
    Summed,
}

/// What a switch costs that is told, in nanoseconds: the kernel to write both of its records, and us to read them. It was
/// 400 on a quiet machine, and 1050 where others share the caches: what is granted is to hold there too.
const COST: u64 = 1000;
/// Nobody goes back before switches have been so few for so long.
const CALM: Nanos = Nanos::from_millis(5000);
/// And so few: parts of ten of what would be too many.
const FEW: u64 = 6;
/// Between two looks: what is shorter may be one burst.
const LOOK: Nanos = Nanos::from_millis(200);
/// After the kernel refused to sum, it is asked again.
const AGAIN: Nanos = Nanos::from_millis(60_000);

/// What is granted where nothing else was said: percent of one core.
const GRANTED: u8 = 5;
/// So many cores have the tenth part of it each, where that is more.
const OF_MACHINE: f64 = 0.1;

/// Decides how switches are recorded.
#[derive(Debug, Default)]
pub(super) struct Budget {
    way: Way,
    /// When it was looked last, and how many switches there had been by then.
    looked: Option<(Nanos, u64)>,
    /// Since when they have been few.
    calm: Option<Nanos>,
    /// Until when it is not tried to sum.
    refused: Option<Nanos>,
    /// Switches a second by the last look.
    rate: u64,
}

/// For so long single switches are told among sums.
const GLIMPSE: Nanos = Nanos::from_millis(50);

/// So many switches a second may be told one by one: `percent` of a core is granted, 0 for what is usual.
pub(super) fn most(percent: u8, cores: usize) -> u64 {
    let percent = if percent > 0 { percent } else { GRANTED };
    let cores = (OF_MACHINE * cores as f64).max(1.0);
    (f64::from(percent) / 100.0 * cores * 1e9 / COST as f64) as u64
}

impl Budget {
    /// The way in force.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Takes in that there were so many switches in all by `now`, of which `most` a second may be told one by one, and
    /// whether some were lost since the last time.
    pub fn judge(&mut self, now: Nanos, switches: u64, most: u64, lost: bool) {
        let Some((since, before)) = self.looked else {
            self.looked = Some((now, switches));
            return;
        };
        let span = now.since(since);
        if span < LOOK && !lost {
            return;
        }
        self.looked = Some((now, switches));
        let rate = switches
            .saturating_sub(before)
            .saturating_mul(1_000_000_000)
            / span.0.max(1);
        self.rate = rate;
        let few = rate < most / 10 * FEW;
        let since = *self.calm.get_or_insert(now);
        self.calm = few.then_some(since);
        let may_sum = self.refused.is_none_or(|until| now >= until);
        self.way = match self.way {
            Way::Single if (rate > most || lost) && may_sum => Way::Summed,
            Way::Summed if few && now.since(since) >= CALM => Way::Single,
            way => way,
        };
    }

    /// For how long of a second single switches may be told, of which `most` a second are granted.
    pub fn glimpse(&self, most: u64) -> Nanos {
        let granted = most.saturating_mul(1_000_000_000) / self.rate.max(1);
        GLIMPSE.min(Nanos(granted))
    }

    /// The kernel does not sum for us.
    pub fn refuse(&mut self, now: Nanos) {
        self.way = Way::Single;
        self.refused = Some(Nanos(now.0 + AGAIN.0));
    }

    /// Another source begins, on a machine that switches so often a second.
    pub fn begin(&mut self, rate: u64, most: u64) {
        let way = if rate > most {
            Way::Summed
        } else {
            Way::Single
        };
        (self.way, self.looked, self.calm) = (way, None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Way::{Single, Summed};

    #[test]
    fn what_is_granted_is_a_share_of_a_core_or_of_a_large_machine() {
        assert_eq!(most(0, 2), 50_000);
        assert_eq!(most(0, 10), 50_000);
        assert_eq!(most(0, 128), 640_000);
        assert_eq!(most(1, 2), 10_000);
        assert_eq!(most(10, 128), 1_280_000);
    }

    #[test]
    fn the_table() {
        // At which second, how many switches in that second, whether some were lost, and what is in force then.
        #[rustfmt::skip]
        let table = [
            (1,      0, false, Single),
            (2, 50_000, false, Single),
            (3, 99_000, false, Single),
            (4, 101_000, false, Summed),
            // Below what was too many, but not by much: it stays.
            (5, 70_000, false, Summed),
            (15, 61_000 * 10, false, Summed),
            // Few, but not for long.
            (16, 50_000, false, Summed),
            (18, 50_000 * 2, false, Summed),
            (19, 90_000, false, Summed),
            // Few for long enough, counted from the last time that they were not.
            (20, 10_000, false, Summed),
            (24, 10_000 * 4, false, Summed),
            (25, 10_000, false, Single),
            // A burst overran the rings.
            (26, 30_000, true, Summed),
        ];
        let mut budget = Budget::default();
        let mut all = 0;
        for (second, switches, lost, way) in table {
            all += switches;
            budget.judge(Nanos::from_millis(second * 1000), all, 100_000, lost);
            assert_eq!(budget.way(), way, "at {second} s");
        }
    }

    #[test]
    fn a_glimpse_takes_no_more_of_a_second_than_is_granted() {
        let mut budget = Budget::default();
        for (second, switches) in [(0, 0), (1, 400_000), (2, 4_400_000)] {
            budget.judge(Nanos::from_millis(second * 1000), switches, 50_000, false);
            let expected = [50, 50, 12][second as usize];
            assert_eq!(budget.glimpse(50_000).0 / 1_000_000, expected);
        }
    }

    #[test]
    fn who_is_refused_goes_on_as_before_and_asks_again_later() {
        let at = Nanos::from_millis;
        let mut budget = Budget::default();
        budget.judge(at(0), 0, 1000, false);
        budget.judge(at(1000), 5000, 1000, false);
        assert_eq!(budget.way(), Summed);
        budget.refuse(at(1000));
        budget.judge(at(2000), 15_000, 1000, true);
        assert_eq!(budget.way(), Single);
        budget.judge(at(61_500), 1_000_000, 1000, false);
        assert_eq!(budget.way(), Summed);
        budget.begin(1000, 1000);
        assert_eq!(budget.way(), Single);
        budget.begin(1001, 1000);
        assert_eq!(budget.way(), Summed, "nothing is lost until it is noticed");
    }
}
