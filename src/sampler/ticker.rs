//! When something is due: on a grid of equal intervals that does not drift and that all threads share; back-off after failures.

use crate::model::id::Nanos;

/// The shortest interval that is honoured.
const SHORTEST: Nanos = Nanos(10_000_000);
/// The interval of a plan that names none.
const USUAL: Nanos = Nanos(1_000_000_000);

/// How many ticks in a row must be too long before the pace is halved.
const LONG: u32 = 3;
/// How many of twice the interval must be short enough before it is doubled; fewer of longer ones, which take as long.
const SHORT: u32 = 10;
/// The pace is slowed to at most this many times the interval that was asked for.
const SLOWEST: u64 = 64;

/// The moments at which things are done, counted from one origin: what several threads tell at the same pace comes at
/// the same time, and is drawn at once.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    origin: Nanos,
}

impl Grid {
    /// Counted from this moment.
    pub fn from(origin: Nanos) -> Self {
        Self { origin }
    }

    /// The first of the moments `step` apart that comes after `now`.
    pub fn after(self, now: Nanos, step: Nanos) -> Nanos {
        let steps = now.since(self.origin).0 / step.0.max(1) + 1;
        Nanos(self.origin.0.saturating_add(steps.saturating_mul(step.0)))
    }

    /// The one of them that is nearest to `when`, but comes after `now`.
    pub fn near(self, when: Nanos, step: Nanos, now: Nanos) -> Nanos {
        let half_before = Nanos(when.0.saturating_sub(step.0 / 2));
        self.after(half_before.max(now), step)
    }
}

/// When the ticks are.
///
/// Where ticks take over a quarter of the interval, the interval doubles: a monitor must not be what it shows.
#[derive(Clone, Copy, Debug)]
pub struct Ticker {
    grid: Grid,
    next: Nanos,
    asked: Nanos,
    /// How many times the interval that was asked for is kept.
    slowed: u64,
    long: u32,
    short: u32,
}

impl Ticker {
    /// The first tick is due at once, the others on the grid.
    pub fn new(grid: Grid, interval: Nanos) -> Self {
        Self {
            grid,
            next: grid.origin,
            asked: sane(interval),
            slowed: 1,
            long: 0,
            short: 0,
        }
    }

    /// The interval in force.
    pub fn interval(&self) -> Nanos {
        Nanos(self.asked.0.saturating_mul(self.slowed))
    }

    /// Whether the interval in force is longer than the one that was asked for.
    pub fn is_slowed(&self) -> bool {
        self.slowed > 1
    }

    /// Takes in what a tick took of a core; answers whether that changed the interval.
    pub fn took(&mut self, time: Nanos) -> bool {
        let quarter = self.interval().0 / 4;
        self.long = if time.0 > quarter { self.long + 1 } else { 0 };
        let short = self.slowed > 1 && time.0 < quarter / 4;
        self.short = if short { self.short + 1 } else { 0 };
        if self.long >= LONG && self.slowed < SLOWEST {
            self.slowed *= 2;
        } else if self.short >= (SHORT * 2 / self.slowed as u32).max(2) {
            self.slowed /= 2;
        } else {
            return false;
        }
        (self.long, self.short) = (0, 0);
        true
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
        self.next = self.grid.after(now, self.interval());
    }

    /// Changes the distance; the next tick is then at most one new interval away.
    pub fn set(&mut self, now: Nanos, interval: Nanos) {
        let interval = sane(interval);
        if interval != self.asked {
            *self = Self {
                next: self.next.min(self.grid.after(now, interval)),
                ..Self::new(self.grid, interval)
            };
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
        let mut ticker = Ticker::new(Grid::from(ms(5)), ms(100));
        assert!(ticker.due(ms(5)));
        ticker.advance(ms(17));
        assert_eq!(ticker.wait(ms(17)), ms(88), "105, whenever the work ended");
        ticker.advance(ms(350));
        assert_eq!(
            ticker.wait(ms(350)),
            ms(55),
            "405: what was missed is not made up for"
        );
    }

    #[test]
    fn what_is_done_at_the_same_pace_is_done_at_the_same_time() {
        let grid = Grid::from(ms(7));
        assert_eq!(grid.after(ms(7), ms(500)), ms(507));
        assert_eq!(grid.after(ms(506), ms(500)), ms(507));
        assert_eq!(grid.after(ms(507), ms(500)), ms(1007));
        // Read a little late, with a pace of a second: still a second after the last point.
        assert_eq!(grid.near(ms(1509), ms(500), ms(509)), ms(1507));
        assert_eq!(grid.near(ms(1500), ms(500), ms(500)), ms(1507));
        assert_eq!(
            grid.near(ms(510), ms(500), ms(509)),
            ms(1007),
            "never again at once"
        );
    }

    #[test]
    fn a_new_interval_takes_effect_at_once() {
        let mut ticker = Ticker::new(Grid::from(ms(0)), ms(10_000));
        ticker.advance(ms(0));
        ticker.set(ms(50), ms(100));
        assert_eq!(
            ticker.wait(ms(50)),
            ms(50),
            "with everything else that is done"
        );
        ticker.set(ms(60), ms(5000));
        assert_eq!(
            ticker.wait(ms(60)),
            ms(40),
            "the tick under way keeps its place"
        );
        ticker.set(ms(60), ms(0));
        assert_eq!(ticker.interval(), ms(1000));
    }

    #[test]
    fn long_ticks_double_the_interval_and_short_ones_halve_it_again() {
        let mut ticker = Ticker::new(Grid::from(ms(0)), ms(100));
        assert!(!ticker.took(ms(26)) && !ticker.took(ms(26)));
        assert!(!ticker.took(ms(25)), "one in between was quick enough");
        assert!(!ticker.took(ms(26)) && !ticker.took(ms(26)) && ticker.took(ms(26)));
        assert_eq!(ticker.interval(), ms(200));
        assert!(ticker.is_slowed());
        assert!(
            (0..50).all(|_| !ticker.took(ms(26))),
            "long enough for 200 ms"
        );
        for n in 1..=10 {
            assert_eq!(ticker.took(ms(12)), n == 10);
        }
        assert!(!ticker.is_slowed());
        // A pace that was slowed much comes back as soon: all the way within half a minute or two, not ten.
        for _ in 0..12 {
            ticker.took(ms(1_000_000));
        }
        assert_eq!(ticker.interval(), ms(1600));
        let mut waited = 0;
        while ticker.is_slowed() {
            waited += ticker.interval().0 / 1_000_000;
            ticker.took(ms(1));
        }
        assert!(waited < 10_000, "{waited} ms");
        for _ in 0..1000 {
            ticker.took(ms(1_000_000));
        }
        assert_eq!(ticker.interval(), ms(6400));
        ticker.set(ms(0), ms(50));
        assert_eq!(ticker.interval(), ms(50), "a new wish is a new start");
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
