//! When single switches are told for a moment while the kernel sums: once a second where somebody looks that closely, and
//! at once where time was stopped. Pure.

use crate::model::id::Nanos;
use crate::model::plan::Glimpse;

/// From the begin of one to that of the next.
const EACH: Nanos = Nanos::from_millis(1000);

/// Moments of single switches.
#[derive(Debug, Default)]
pub(super) struct Glimpses {
    /// When the last one began, or was tried.
    began: Option<Nanos>,
    /// Until when there is one now.
    until: Option<Nanos>,
}

impl Glimpses {
    /// Until when single switches are told.
    pub fn until(&self) -> Option<Nanos> {
        self.until
    }

    /// Whether one is to begin now (`true`) or to end (`false`).
    pub fn next(&self, now: Nanos, wanted: Glimpse) -> Option<bool> {
        if let Some(until) = self.until {
            return (now >= until).then_some(false);
        }
        let since = |at: Nanos| self.began.is_none_or(|began| began < at);
        let due = match wanted {
            Glimpse::No => false,
            Glimpse::Each => since(Nanos((now.0 + 1).saturating_sub(EACH.0))),
            Glimpse::Once(at) => since(at),
        };
        due.then_some(true)
    }

    /// It began at this moment, to last so long.
    pub fn begin(&mut self, now: Nanos, span: Nanos) {
        (self.began, self.until) = (Some(now), Some(Nanos(now.0 + span.0)));
    }

    /// It is over.
    pub fn end(&mut self) {
        self.until = None;
    }

    /// It could not be had at this moment.
    pub fn fail(&mut self, now: Nanos) {
        (self.began, self.until) = (Some(now), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_second_where_somebody_looks_and_one_where_time_was_stopped() {
        let ms = Nanos::from_millis;
        let mut glimpses = Glimpses::default();
        assert_eq!(glimpses.next(ms(5000), Glimpse::No), None);
        assert_eq!(glimpses.next(ms(5000), Glimpse::Each), Some(true));
        glimpses.begin(ms(5000), ms(50));
        assert_eq!(glimpses.until(), Some(ms(5050)));
        assert_eq!(glimpses.next(ms(5049), Glimpse::No), None, "it goes on");
        assert_eq!(glimpses.next(ms(5050), Glimpse::Each), Some(false));
        glimpses.end();
        assert_eq!(glimpses.next(ms(5999), Glimpse::Each), None);
        assert_eq!(glimpses.next(ms(6000), Glimpse::Each), Some(true));
        // Time was stopped after the last one began: one more.
        assert_eq!(glimpses.next(ms(5300), Glimpse::Once(ms(5200))), Some(true));
        glimpses.begin(ms(5300), ms(10));
        glimpses.end();
        assert_eq!(glimpses.next(ms(9000), Glimpse::Once(ms(5200))), None);
        glimpses.fail(ms(9000));
        assert_eq!(
            glimpses.next(ms(9500), Glimpse::Each),
            None,
            "not again at once"
        );
    }
}
