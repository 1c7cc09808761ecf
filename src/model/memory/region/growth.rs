//! How memory grows: each thing's amount when it was first seen, and over the last half minute.

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::id::{Bytes, Nanos};

/// A checkpoint is taken so often; a rate covers between one and two of these spans.
const SPAN: Nanos = Nanos(15_000_000_000);

/// Amounts by key since they were first noted.
#[derive(Clone, Debug)]
pub struct Growth<K> {
    opened: Option<Nanos>,
    now: Nanos,
    tracks: HashMap<K, Track>,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    first: u64,
    older: (Nanos, u64),
    newer: (Nanos, u64),
    last: u64,
    seen: Nanos,
}

/// What became of one amount.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grown {
    /// Bytes more than at the beginning; less than zero when it shrank.
    pub bytes: i64,
    /// Bytes a second over the last half minute.
    pub rate: f64,
}

impl<K> Default for Growth<K> {
    fn default() -> Self {
        Self {
            opened: None,
            now: Nanos(0),
            tracks: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash> Growth<K> {
    /// Begins to note the amounts of one moment.
    pub fn at(&mut self, now: Nanos) {
        self.opened.get_or_insert(now);
        self.now = now;
    }

    /// Notes an amount. What was not there at the beginning has grown from nothing.
    pub fn note(&mut self, key: K, amount: Bytes) {
        let now = self.now;
        let begins = if self.opened == Some(now) {
            amount.0
        } else {
            0
        };
        let track = self.tracks.entry(key).or_insert(Track {
            first: begins,
            older: (now, amount.0),
            newer: (now, amount.0),
            last: amount.0,
            seen: now,
        });
        if now.since(track.newer.0) >= SPAN {
            track.older = track.newer;
            track.newer = (now, amount.0);
        }
        track.last = amount.0;
        track.seen = now;
    }

    /// Forgets what was not noted at the last moment.
    pub fn sweep(&mut self) {
        let now = self.now;
        self.tracks.retain(|_, track| track.seen == now);
    }

    /// How much an amount has grown; `None` for what is not known.
    pub fn of(&self, key: &K) -> Option<Grown> {
        let track = self.tracks.get(key)?;
        let (from, amount) = track.older;
        let seconds = self.now.since(from).seconds();
        let bytes = track.last as i64 - track.first as i64;
        let lately = track.last as f64 - amount as f64;
        Some(Grown {
            bytes,
            rate: if seconds > 0.0 { lately / seconds } else { 0.0 },
        })
    }

    /// How long amounts have been noted.
    pub fn age(&self) -> Nanos {
        self.opened
            .map_or(Nanos(0), |opened| self.now.since(opened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Nanos {
        Nanos::from_millis(n * 1000)
    }

    #[test]
    fn growth_counts_from_the_beginning_and_its_rate_from_lately() {
        let mut growth = Growth::default();
        for second in 0..=60 {
            growth.at(seconds(second));
            // 1,000 bytes a second for 20 seconds, then nothing.
            growth.note("heap", Bytes(5000 + second.min(20) * 1000));
        }
        assert_eq!(
            growth.of(&"heap"),
            Some(Grown {
                bytes: 20_000,
                rate: 0.0
            })
        );
        assert_eq!(growth.age(), seconds(60));
        growth.at(seconds(61));
        growth.note("arena", Bytes(7));
        growth.sweep();
        assert_eq!(growth.of(&"arena").map(|g| g.bytes), Some(7));
        assert_eq!(growth.of(&"heap"), None);
    }

    #[test]
    fn shrinking_is_negative() {
        let mut growth = Growth::default();
        growth.at(seconds(1));
        growth.note(1, Bytes(3000));
        growth.at(seconds(3));
        growth.note(1, Bytes(1000));
        assert_eq!(
            growth.of(&1),
            Some(Grown {
                bytes: -2000,
                rate: -1000.0
            })
        );
    }
}
