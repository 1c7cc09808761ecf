//! The order of siblings in the tree, which holds still while they are worth about the same.
//!
//! Siblings that are busy in turns would change places at each tick, and each takes along what is below it. So who stood
//! above another stays there until the other one is worth twice as much. That would leave a wrong order standing for ever:
//! now and then, when it is due, nothing but noise may stand in the wrong order. Who is born comes last, or in the place of
//! one who ended.

use std::collections::BTreeSet;

/// By what share of its value one may be worth more than a sibling above it, and by what share when the order is due.
const ALIKE: f64 = 0.5;
const NOISE: f64 = 0.1;

/// Goes down siblings that are sorted by what they are worth, the greatest first, with the places that they had, and says
/// in which order they stand: each time the one comes next who stood highest, of those who are worth no less than the first
/// that is left, or so little less that it does not matter; differences below `least` never do.
pub fn hold(values: &[f64], places: &[u32], least: f64, due: bool) -> Vec<usize> {
    let alike = if due { NOISE } else { ALIKE };
    let mut out = Vec::with_capacity(values.len());
    let mut placed = vec![false; values.len()];
    let mut free = BTreeSet::new();
    let (mut first, mut entered) = (0, 0);
    while out.len() < values.len() {
        while placed[first] {
            first += 1;
        }
        let most = values[first];
        let floor = if most.is_finite() {
            most - least.max(most.abs() * alike)
        } else {
            most
        };
        while values.get(entered).is_some_and(|value| *value >= floor) {
            free.insert((places[entered], entered));
            entered += 1;
        }
        // Somebody is always there: the first that is left is within its own floor.
        let next = free.pop_first().map_or(first, |(_, at)| at);
        placed[next] = true;
        out.push(next);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: u32 = u32::MAX;

    #[test]
    fn who_is_worth_about_the_same_stays_and_who_is_worth_twice_as_much_rises() {
        let places = [2, 1, 0, 3];
        assert_eq!(
            hold(&[9.0, 8.0, 6.0, 0.0], &places, 1.0, false),
            [2, 1, 0, 3]
        );
        assert_eq!(
            hold(&[9.0, 8.0, 6.0, 0.0], &places, 1.0, true),
            [1, 0, 2, 3]
        );
        assert_eq!(
            hold(&[9.0, 8.0, 4.0, 0.0], &places, 1.0, false),
            [1, 0, 2, 3]
        );
        assert_eq!(
            hold(&[0.9, 0.5, 0.1, 0.0], &places, 1.0, true),
            [2, 1, 0, 3]
        );
    }

    #[test]
    fn the_newborn_comes_last_among_those_alike_and_the_unknown_last_of_all() {
        let lost = f64::NEG_INFINITY;
        assert_eq!(
            hold(&[0.0, 0.0, 0.0, lost], &[4, NEW, 5, 0], 1.0, false),
            [0, 2, 1, 3]
        );
        assert_eq!(
            hold(&[90.0, 1.0], &[NEW, 0], 1.0, false),
            [0, 1],
            "but not when it is busy"
        );
        assert!(hold(&[], &[], 1.0, true).is_empty());
    }

    #[test]
    fn what_was_held_stays_as_it_is() {
        let mut seed = 5_u64;
        let mut noise = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for _ in 0..100 {
            let mut values: Vec<f64> = (0..20).map(|_| 100.0 * noise() * noise()).collect();
            values.sort_by(|a, b| b.total_cmp(a));
            let places: Vec<u32> = (0..20).map(|_| (1000.0 * noise()) as u32).collect();
            let order = hold(&values, &places, 1.0, false);
            let mut then = vec![0; values.len()];
            for (place, at) in order.iter().enumerate() {
                then[*at] = place as u32;
                let below = order[place..]
                    .iter()
                    .map(|at| values[*at])
                    .fold(0.0, f64::max);
                assert!(
                    values[*at] >= below - (below * ALIKE).max(1.0),
                    "{values:?}"
                );
            }
            assert_eq!(hold(&values, &then, 1.0, false), order);
        }
    }
}
