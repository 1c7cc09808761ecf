//! How often files are read whose cost is not ours to bound: proportional memory takes as long as a process has pages, and
//! holds the lock of its memory meanwhile; what is open takes as long as there are descriptors. Pure.

use crate::model::id::Nanos;
use crate::model::plan::Needs;

/// They may take one part of so many of the time: 2 % of a core.
const SHARE: u64 = 50;

/// What it is about.
const HEAVY: Needs = Needs::PSS.union(Needs::DESCRIPTORS);

/// When they are read again.
#[derive(Debug, Default)]
pub(in crate::sampler) struct Pace {
    due: Nanos,
}

impl Pace {
    /// What may be read at this moment of what is needed: not again what is known and has taken long.
    pub fn due(&self, now: Nanos, needs: Needs, lacking: Needs) -> Needs {
        if now < self.due {
            needs - (HEAVY - lacking)
        } else {
            needs
        }
    }

    /// Reading them took so long until this moment.
    pub fn took(&mut self, now: Nanos, span: Nanos) {
        let rest = Nanos(now.0 + span.0.saturating_mul(SHARE - 1));
        self.due = self.due.max(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_read_seldom_and_the_rest_as_ever() {
        let ms = Nanos::from_millis;
        let mut pace = Pace::default();
        let (all, known) = (Needs::PSS | Needs::IO, Needs::empty());
        assert_eq!(pace.due(ms(0), all, known), all);
        // A few milliseconds are over before the next tick.
        pace.took(ms(0), ms(10));
        assert_eq!(pace.due(ms(490), all, known), all);
        pace.took(ms(1000), ms(100));
        assert_eq!(pace.due(ms(2000), all, known), Needs::IO);
        assert_eq!(pace.due(ms(2000), all, Needs::PSS), all, "never read");
        assert_eq!(pace.due(ms(5900), all, known), all);
    }
}
