//! Readings of counters that only grow, and which two of them are the ends of the last seconds.

use std::collections::VecDeque;

use crate::model::id::Nanos;

/// The last readings.
pub(in crate::sampler) struct Readings<T> {
    all: VecDeque<(Nanos, T)>,
    /// How long the window is.
    span: Nanos,
}

impl<T> Readings<T> {
    pub(in crate::sampler) fn over(span: Nanos) -> Self {
        Self {
            all: VecDeque::new(),
            span,
        }
    }

    /// Takes in what was read at `at`; the two ends of the window, as soon as there are two.
    pub(in crate::sampler) fn push(&mut self, at: Nanos, reading: T) -> Option<(&T, &T)> {
        self.all.push_back((at, reading));
        // Readings come about once a second. After a long pause there is none in the window but the last: the one before it then.
        let most = Nanos(self.span.0 + self.span.0 / 10);
        while self.all.len() > 2 && at.since(self.all[0].0) > most {
            self.all.pop_front();
        }
        match (self.all.front(), self.all.back()) {
            (Some((_, first)), Some((_, last))) if self.all.len() > 1 => Some((first, last)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_as_long_as_it_can_be_and_no_longer() {
        let mut readings = Readings::over(Nanos(5));
        let ends = |readings: &mut Readings<u64>, at| {
            readings
                .push(Nanos(at), at)
                .map(|(first, last)| (*first, *last))
        };
        assert_eq!(ends(&mut readings, 0), None);
        for (at, expected) in [(1, (0, 1)), (5, (0, 5)), (6, (1, 6)), (7, (5, 7))] {
            assert_eq!(ends(&mut readings, at), Some(expected));
        }
        assert_eq!(ends(&mut readings, 90), Some((7, 90)), "after a pause");
        assert_eq!(readings.all.len(), 2);
    }
}
