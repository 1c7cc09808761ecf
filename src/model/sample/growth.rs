//! How memory of a process grew over the last minute: marks ten seconds apart, and what it is now.

use crate::model::id::{Bytes, Nanos};
use crate::model::reading::{Missing, Reading};

/// From mark to mark.
const STEP: Nanos = Nanos(10_000_000_000);
/// Less time than this tells no rate.
const LEAST: Nanos = Nanos(5_000_000_000);
/// So many marks are a minute.
const MARKS: usize = 7;

/// Resident memory at some moments of the last minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// The oldest first; the first `len` count.
    marks: [(Nanos, Bytes); MARKS],
    len: u8,
    now: (Nanos, Bytes),
}

impl Growth {
    /// All of it as numbers, in pairs of moment and bytes, as a recording keeps them.
    pub fn row(&self) -> [u64; 17] {
        let Self { marks, len, now } = *self;
        let mut row = [0; 17];
        for (pair, (at, bytes)) in row.chunks_mut(2).zip(marks.into_iter().chain([now])) {
            (pair[0], pair[1]) = (at.0, bytes.0);
        }
        row[16] = len.into();
        row
    }

    /// What such numbers say.
    pub fn of(row: [u64; 17]) -> Self {
        let pair = |place: usize| (Nanos(row[2 * place]), Bytes(row[2 * place + 1]));
        Self {
            marks: std::array::from_fn(pair),
            len: row[16].min(MARKS as u64) as u8,
            now: pair(MARKS),
        }
    }

    /// Takes in what it is now.
    pub fn push(&mut self, at: Nanos, resident: Bytes) {
        self.now = (at, resident);
        let mut len = usize::from(self.len);
        if len > 0 && at.since(self.marks[len - 1].0) < STEP {
            return;
        }
        if len == MARKS {
            self.marks.rotate_left(1);
            len -= 1;
        }
        self.marks[len] = self.now;
        self.len = len as u8 + 1;
    }

    /// Bytes a minute; below zero where it shrank.
    ///
    /// # Errors
    /// `Soon` until it was watched for five seconds.
    pub fn per_minute(&self) -> Reading<f64> {
        let (now, resident) = self.now;
        let marks = &self.marks[..usize::from(self.len)];
        let from = marks
            .iter()
            .find(|(at, _)| now.since(*at) <= Nanos(6 * STEP.0 + STEP.0 / 2));
        let (at, before) = from.ok_or(Missing::Soon)?;
        let time = now.since(*at);
        if time < LEAST {
            return Err(Missing::Soon);
        }
        let grown = resident.0 as f64 - before.0 as f64;
        Ok(grown * 60.0 / time.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn it_is_told_by_the_minute_over_the_last_minute() {
        let mut growth = Growth::default();
        assert_eq!(growth.per_minute(), Err(Missing::Soon));
        for second in 0..=4 {
            growth.push(Nanos(second * S), Bytes(second << 20));
            assert_eq!(growth.per_minute(), Err(Missing::Soon));
        }
        for second in 5..200 {
            growth.push(Nanos(second * S), Bytes(second << 20));
            let mib = growth.per_minute().expect("known") / f64::from(1 << 20);
            assert!((mib - 60.0).abs() < 0.01, "{second}: {mib}");
        }
        // It stops to grow: after a minute nothing is left of it, and shrinking is below zero.
        for second in 200..270 {
            growth.push(Nanos(second * S), Bytes(199 << 20));
        }
        assert_eq!(growth.per_minute(), Ok(0.0));
        growth.push(Nanos(270 * S), Bytes(1 << 20));
        assert!(growth.per_minute().is_ok_and(|rate| rate < 0.0));
    }

    #[test]
    fn a_mark_is_made_every_ten_seconds_and_the_last_minute_counts() {
        let mut growth = Growth::default();
        for (at, marks) in [(0, 1), (9, 1), (10, 2), (19, 2), (21, 3), (30, 3), (31, 4)] {
            growth.push(Nanos(at * S), Bytes(0));
            assert_eq!(growth.len, marks, "{at}");
        }
        // Between the marks of 0 and 10 seconds it grew by a megabyte; a mark of 65 seconds ago is still one of the minute.
        let rate = |now: u64| {
            let mut growth = Growth::default();
            growth.push(Nanos(0), Bytes(0));
            growth.push(Nanos(10 * S), Bytes(1 << 20));
            growth.push(Nanos(now), Bytes(1 << 20));
            growth.per_minute().map(|rate| rate > 0.0)
        };
        assert_eq!(rate(65 * S), Ok(true));
        assert_eq!(rate(65 * S + 1), Ok(false));
    }
}
