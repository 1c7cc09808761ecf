//! How long many things took: a histogram over powers of two nanoseconds, as programs in the kernel count it.

use crate::model::id::Nanos;

/// Buckets of a [`Spread`]: four to each power of two nanoseconds.
pub const BUCKETS: usize = 192;

/// How many spans are in each bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread(pub Vec<u64>);

impl Default for Spread {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Spread {
    /// What so many of a thousand took at the most, to a fifth; `None` without any.
    pub fn at(&self, thousandth: u64) -> Option<Nanos> {
        let all: u64 = self.0.iter().sum();
        let rank = (all * thousandth).div_ceil(1000).max(1);
        let mut seen = 0;
        let bucket = self.0.iter().position(|n| {
            seen += n;
            seen >= rank
        })?;
        Some(Nanos(end_of(bucket)))
    }

    /// What came to it since an earlier reading of the same.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let buckets = self.0.iter().zip(&before.0);
        Self(
            buckets
                .map(|(now, before)| now.saturating_sub(*before))
                .collect(),
        )
    }

    /// Adds one that took so long.
    pub fn add(&mut self, span: Nanos) {
        self.0[bucket(span.0).min(BUCKETS - 1)] += 1;
    }

    /// Adds those of another one.
    pub fn merge(&mut self, other: &Self) {
        for (to, from) in self.0.iter_mut().zip(&other.0) {
            *to += from;
        }
    }
}

/// In which bucket a span is, as the programs in the kernel sort them.
fn bucket(ns: u64) -> usize {
    let octave = u64::BITS - 1 - ns.max(1).leading_zeros();
    let quarter = if octave < 2 {
        0
    } else {
        ns >> (octave - 2) & 3
    };
    octave as usize * 4 + quarter as usize
}

/// The first length that a bucket does not hold any more.
fn end_of(bucket: usize) -> u64 {
    let (octave, quarter) = (bucket / 4, bucket as u64 % 4);
    if octave < 2 {
        return 1 << (octave + 1);
    }
    (5 + quarter) << (octave - 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_tells_to_a_fifth() {
        let mut spread = Spread::default();
        assert_eq!(spread.at(990), None);
        let mut longest = Spread::default();
        longest.add(Nanos(0));
        longest.add(Nanos(u64::MAX));
        assert_eq!((longest.0[0], longest.0[BUCKETS - 1]), (1, 1));
        for ns in [1_u64, 2, 3, 4, 7, 100, 1000, 123_456, 1 << 40] {
            let end = end_of(bucket(ns));
            assert!(end > ns && end as f64 <= ns as f64 * 2.0, "{ns}: {end}");
            if ns > 3 {
                assert!(end as f64 <= ns as f64 * 1.25 + 1.0, "{ns}: {end}");
            }
        }
        spread.0[bucket(1000)] = 98;
        spread.0[bucket(1_000_000)] = 2;
        assert!(spread.at(500).is_some_and(|at| at.0 <= 1250));
        assert!(spread.at(990).is_some_and(|at| at.0 >= 1_000_000));
    }
}
