//! When the next tick is due: a grid of equal intervals that does not drift, and back-off after failures.

use crate::model::id::Nanos;

/// The shortest interval that is honoured.
const SHORTEST: Nanos = Nanos(10_000_000);
/// The interval of a plan that names none.
const USUAL: Nanos = Nanos(1_000_000_000);

/// A grid of ticks.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    next: Nanos,
    interval: Nanos,
}

impl Pulse {
    /// The first tick is due at once.
    pub fn new(now: Nanos, interval: Nanos) -> Self {
        Self {
            next: now,
            interval: sane(interval),
        }
    }

    /// Whether a tick is due.
    pub fn due(&self, now: Nanos) -> bool {
        now >= self.next
    }

    /// How long until the next one.
    pub fn wait(&self, now: Nanos) -> Nanos {
        self.next.since(now)
    }

    /// Goes on to the first point of the grid after `now`; ticks that were missed are not made up for.
    pub fn advance(&mut self, now: Nanos) {
        let behind = now.since(self.next).0 / self.interval.0;
        let steps = (behind + 1).saturating_mul(self.interval.0);
        self.next = Nanos(self.next.0.saturating_add(steps));
    }

    /// Changes the distance; the next tick is then at most one new interval away.
    pub fn set(&mut self, now: Nanos, interval: Nanos) {
        let interval = sane(interval);
        if interval != self.interval {
            self.interval = interval;
            let soonest = Nanos(now.0.saturating_add(interval.0));
            self.next = self.next.min(soonest);
        }
    }
}

fn sane(interval: Nanos) -> Nanos {
    match interval {
        Nanos(0) => USUAL,
        some => some.max(SHORTEST),
    }
}

/// How long a failing source is left alone: 1 s after the first failure, twice as long after each further one, at most 64 s.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    failures: u32,
    until: Nanos,
}

impl Patience {
    /// Whether it may be tried.
    pub fn over(&self, now: Nanos) -> bool {
        now >= self.until
    }

    /// When that is.
    pub fn until(&self) -> Nanos {
        self.until
    }

    /// It worked.
    pub fn worked(&mut self) {
        *self = Self::default();
    }

    /// It failed.
    pub fn failed(&mut self, now: Nanos) {
        let pause = 1_000_000_000_u64 << self.failures.min(6);
        self.failures += 1;
        self.until = Nanos(now.0.saturating_add(pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Nanos {
        Nanos(n * 1_000_000)
    }

    #[test]
    fn ticks_stay_on_the_grid() {
        let mut pulse = Pulse::new(ms(5), ms(100));
        assert!(pulse.due(ms(5)));
        pulse.advance(ms(17));
        assert_eq!(pulse.wait(ms(17)), ms(88), "105, whenever the work ended");
        pulse.advance(ms(350));
        assert_eq!(
            pulse.wait(ms(350)),
            ms(55),
            "405: what was missed is not made up for"
        );
    }

    #[test]
    fn a_new_interval_takes_effect_at_once() {
        let mut pulse = Pulse::new(ms(0), ms(10_000));
        pulse.advance(ms(0));
        pulse.set(ms(50), ms(100));
        assert_eq!(pulse.wait(ms(50)), ms(100));
        pulse.set(ms(60), ms(5000));
        assert_eq!(
            pulse.wait(ms(60)),
            ms(90),
            "the tick under way keeps its place"
        );
        pulse.set(ms(60), ms(0));
        assert_eq!(pulse.interval, ms(1000));
    }

    #[test]
    fn patience_grows_and_is_forgotten() {
        let mut patience = Patience::default();
        assert!(patience.over(ms(0)));
        patience.failed(ms(0));
        assert!(!patience.over(ms(999)) && patience.over(ms(1000)));
        patience.failed(ms(1000));
        assert!(!patience.over(ms(2999)) && patience.over(ms(3000)));
        for _ in 0..100 {
            patience.failed(ms(0));
        }
        assert!(patience.over(ms(64_000)));
        patience.worked();
        assert!(patience.over(ms(0)));
    }
}
