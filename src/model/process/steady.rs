//! Sort keys that do not jitter: a tree whose siblings are sorted by a live number must not reshuffle at every tick.
//!
//! A key that more than triples rises at once; else it follows a mean over a few ticks, and within a band it stays where
//! it was. A band would leave a wrong order standing for ever, so every key is settled exactly each `EXACT_EVERY` ticks,
//! not all at the same tick. A flat list needs none of this: there numbers stand right below each other, and one that is
//! out of order is seen, so it is sorted by what it shows, and holds still by its lines.

use super::lines::Lines;
use crate::model::id::{Nanos, ProcId};

/// How many ticks a key may differ from its value at the most.
const EXACT_EVERY: u64 = 32;

/// Whose keys are steady: a process, or a group by its hash.
pub trait Whose: Copy + Ord {
    /// A number that is another one for others, so that not all are settled at the same tick.
    fn phase(&self) -> u64;
}

impl Whose for ProcId {
    fn phase(&self) -> u64 {
        self.pid.0.into()
    }
}

impl Whose for u64 {
    fn phase(&self) -> u64 {
        self % EXACT_EVERY
    }
}

/// What keeps rows from jumping: the keys of the last tick, of processes and of the groups that they stand in, and the
/// lines of a flat list.
#[derive(Clone, Debug, Default)]
pub struct Steady {
    /// Of processes.
    pub procs: Keys<ProcId>,
    /// Of groups.
    pub groups: Keys<u64>,
    /// The lines of a flat list.
    pub lines: Lines,
}

/// The keys of the last tick, by ascending identity.
#[derive(Clone, Debug)]
pub struct Keys<K> {
    at: Nanos,
    tick: u64,
    /// What the keys mean: another column, mode or set of rows begins afresh.
    meaning: u64,
    held: Vec<Held<K>>,
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self {
            at: Nanos(0),
            tick: 0,
            meaning: 0,
            held: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Held<K> {
    id: K,
    smooth: f64,
    line: Line,
}

/// Where one stands among its siblings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// What it is sorted by.
    pub key: f64,
    /// How many stand above it; `u32::MAX` where it has not stood anywhere yet.
    pub place: u32,
    /// Whether it took the line over from one who ended.
    pub heir: bool,
}

impl<K: Whose> Keys<K> {
    /// Turns values into keys. The values are of these, by ascending identity, at the tick of this moment.
    pub fn settle(
        &mut self,
        at: Nanos,
        meaning: u64,
        slack: f64,
        ids: impl Iterator<Item = K>,
        values: &mut [f64],
    ) {
        let fresh = meaning != self.meaning || at < self.at;
        let again = !fresh && at == self.at;
        self.tick += u64::from(!again);
        self.at = at;
        self.meaning = meaning;
        let old = std::mem::take(&mut self.held);
        let old = if fresh { &[] } else { old.as_slice() };
        let mut at = 0;
        self.held.reserve(values.len());
        for (id, value) in ids.zip(values) {
            while old.get(at).is_some_and(|held| held.id < id) {
                at += 1;
            }
            let held = match old.get(at).filter(|held| held.id == id) {
                Some(held) if again => *held,
                Some(held) => held.next(*value, slack, self.tick),
                None => Held {
                    id,
                    smooth: *value,
                    line: Line {
                        key: *value,
                        place: u32::MAX,
                        heir: false,
                    },
                },
            };
            *value = held.line.key;
            self.held.push(held);
        }
    }

    /// The line of one, by its number among those of the last tick.
    pub fn line(&self, at: u32) -> Option<Line> {
        self.held.get(at as usize).map(|held| held.line)
    }

    /// Whether the children of one are put in their order at this tick, even where they differ by little.
    pub fn is_due(&self, at: u32) -> bool {
        let phase = self.held.get(at as usize).map_or(0, |held| held.id.phase());
        (self.tick + phase).is_multiple_of(EXACT_EVERY)
    }

    /// One stands there now.
    pub fn stands(&mut self, at: u32, place: u32) {
        if let Some(held) = self.held.get_mut(at as usize) {
            held.line.place = place;
        }
    }

    /// One stands behind its siblings for its youth.
    pub fn young(&mut self, at: u32) {
        if let Some(held) = self.held.get_mut(at as usize) {
            held.line.key = 0.0;
        }
    }

    /// One who was born takes over the line of one who ended.
    pub fn inherit(&mut self, heir: K, line: Line) {
        let at = self.held.partition_point(|held| held.id < heir);
        if self.held.get(at).is_some_and(|held| held.id == heir) {
            self.held.remove(at);
        }
        let held = Held {
            id: heir,
            smooth: line.key,
            line: Line { heir: true, ..line },
        };
        self.held.insert(at, held);
    }
}

impl<K: Whose> Held<K> {
    fn next(self, value: f64, slack: f64, tick: u64) -> Self {
        let rise = value - self.smooth;
        let mut smooth = if rise > (5.0 * slack).max(2.0 * self.smooth.abs()) {
            value
        } else {
            self.smooth + 0.15 * rise
        };
        if (value - smooth).abs() < slack * 0.05 + value.abs() * 0.002 {
            smooth = value;
        }
        let key = self.line.key;
        let far = (smooth - key).abs() > (2.0 * slack).max(key.abs() * 0.3);
        let due = (tick + self.id.phase()).is_multiple_of(EXACT_EVERY);
        let key = if far || due { smooth } else { key };
        Self {
            id: self.id,
            smooth,
            line: Line { key, ..self.line },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> impl Iterator<Item = ProcId> {
        (1..=3).map(|pid| ProcId::new(pid, 1))
    }

    fn settle(steady: &mut Keys<ProcId>, tick: u64, values: [f64; 3]) -> [f64; 3] {
        let mut values = values;
        steady.settle(Nanos(tick), 7, 1.0, ids(), &mut values);
        values
    }

    /// In tenths, so that they can be compared.
    fn tenths(keys: [f64; 3]) -> [i64; 3] {
        keys.map(|key| (key * 10.0).round() as i64)
    }

    fn order(keys: [f64; 3]) -> [usize; 3] {
        let mut order = [0, 1, 2];
        order.sort_by(|a, b| keys[*b].total_cmp(&keys[*a]));
        order
    }

    #[test]
    fn noise_moves_nobody() {
        let mut steady = Keys::default();
        let first = order(settle(&mut steady, 1, [20.4, 20.2, 20.0]));
        let mut moves = 0;
        for tick in 2..100 {
            let wobble = |i: u64| 20.0 + ((tick * 7 + i * 3) % 5) as f64 / 10.0;
            let now = order(settle(&mut steady, tick, [wobble(0), wobble(1), wobble(2)]));
            moves += usize::from(now != first);
        }
        assert!(
            moves < 98,
            "the exact order of noise would change at nearly every tick"
        );
        let now = settle(&mut steady, 100, [20.0, 80.0, 20.0]);
        assert_eq!(order(now)[0], 1, "a real rise is seen at once");
    }

    /// How many of 40 processes keep their place from one tick to the next, while each wobbles by a third of its mean.
    #[test]
    fn rows_keep_their_line_while_values_wobble() {
        let mut steady = Keys::default();
        let ids: Vec<ProcId> = (1..=40).map(|pid| ProcId::new(pid, 1)).collect();
        let mut seed = 7_u64;
        let mut noise = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
        };
        let (mut kept, mut all) = (0, 0);
        let mut before: Vec<usize> = Vec::new();
        for tick in 1..300 {
            let mean = |i: usize| 60.0 * 0.85_f64.powi(i as i32);
            let mut values: Vec<f64> = (0..40).map(|i| mean(i) * (1.0 + 0.66 * noise())).collect();
            steady.settle(Nanos(tick), 7, 1.0, ids.iter().copied(), &mut values);
            let mut order: Vec<usize> = (0..40).collect();
            order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
            if tick > 20 {
                kept += order.iter().zip(&before).filter(|(a, b)| a == b).count();
                all += order.len();
            }
            before = order;
        }
        let share = kept * 100 / all;
        assert!(share >= 90, "{share} % keep their line");
    }

    #[test]
    fn a_key_stays_where_it_was_within_a_band_and_jumps_where_the_value_more_than_triples() {
        let then = |slack: f64, from: f64, to: f64| {
            let mut steady = Keys::default();
            let mut key = [from];
            steady.settle(Nanos(1), 7, slack, ids(), &mut key);
            key = [to];
            steady.settle(Nanos(2), 7, slack, ids(), &mut key);
            (key[0] * 100.0).round() as i64
        };
        assert_eq!(then(1.0, 100.0, 120.0), 10_000);
        assert_eq!(then(1.0, 10.0, 29.0), 1000);
        assert_eq!(then(1.0, 10.0, 31.0), 3100);
        assert_eq!(then(4.0, 0.0, 19.0), 0, "noise of 4");
        assert_eq!(then(4.0, 0.0, 21.0), 2100);
        assert_eq!(then(1.0, 0.0, 4.9), 0);
        assert_eq!(then(0.1, 0.0, 0.51), 51);
    }

    /// Within 32 ticks each is settled exactly once, and neighbours not at the same tick.
    fn are_due_one_by_one<K: Whose>(ids: [K; 4]) {
        let mut keys = Keys::default();
        let mut due = [0; 4];
        for tick in 1..=EXACT_EVERY {
            keys.settle(Nanos(tick), 7, 1.0, ids.into_iter(), &mut [0.0; 4]);
            let now: Vec<usize> = (0..4).filter(|at| keys.is_due(*at as u32)).collect();
            assert!(now.len() <= 1, "{now:?}");
            for at in now {
                due[at] += 1;
            }
        }
        assert_eq!(due, [1; 4]);
    }

    #[test]
    fn not_all_keys_are_settled_at_the_same_tick() {
        are_due_one_by_one([1, 2, 3, 4].map(|pid| ProcId::new(pid, 1)));
        are_due_one_by_one([1, 2, 3, u64::MAX]);
    }

    #[test]
    fn an_heir_takes_the_line_of_another_and_the_young_that_of_nothing() {
        let mut steady = Keys::default();
        settle(&mut steady, 1, [50.0, 20.0, 10.0]);
        steady.stands(0, 4);
        let line = steady.line(0).expect("it is there");
        assert_eq!((line.place, line.heir), (4, false));
        let heir = Line { heir: true, ..line };
        for pid in [2, 2, 9] {
            steady.inherit(ProcId::new(pid, 1), line);
        }
        assert_eq!(steady.line(1), Some(heir), "instead of its own");
        assert_eq!(steady.line(3), Some(heir));
        assert_eq!(steady.line(4), None);
        steady.young(0);
        assert_eq!(steady.line(0), Some(Line { key: 0.0, ..line }));
    }

    #[test]
    fn a_gap_of_one_tick_does_not_drop_a_busy_process() {
        let mut steady = Keys::default();
        settle(&mut steady, 1, [90.0, 30.0, 0.0]);
        assert_eq!(order(settle(&mut steady, 2, [0.0, 30.0, 0.0]))[0], 0);
        assert_eq!(order(settle(&mut steady, 3, [90.0, 30.0, 0.0]))[0], 0);
    }

    #[test]
    fn still_values_end_in_their_exact_order() {
        let mut steady = Keys::default();
        settle(&mut steady, 1, [100.0, 101.0, 0.0]);
        let mut last = [0.0; 3];
        for tick in 2..40 {
            last = settle(&mut steady, tick, [101.0, 100.0, 0.0]);
        }
        assert_eq!(
            last.map(f64::to_bits),
            [101.0, 100.0, 0.0].map(f64::to_bits)
        );
    }

    #[test]
    fn the_same_tick_gives_the_same_keys_and_another_meaning_begins_afresh() {
        let mut steady = Keys::default();
        settle(&mut steady, 1, [50.0, 1.0, 1.0]);
        let second = settle(&mut steady, 2, [0.0, 1.0, 1.0]);
        let again = [0; 9].map(|_| settle(&mut steady, 2, [0.0, 1.0, 1.0]))[8];
        assert_eq!(tenths(again), tenths(second));
        let mut values = [0.0, 1.0, 1.0];
        steady.settle(Nanos(2), 8, 1.0, ids(), &mut values);
        assert_eq!(tenths(values), [0, 10, 10]);
    }
}
