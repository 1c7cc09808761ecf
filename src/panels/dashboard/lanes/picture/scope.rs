//! Which stretch of time is shown: how long, until when, in how wide buckets.

use crate::model::id::Nanos;
use crate::model::scheduling::timeline::{BINS, Origin, Timeline, Window};

/// The spans that zooming goes through, shortest first, in milliseconds.
const SPANS: [u64; 15] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000,
];

/// So much of a second single slices are told among sums, at the most; shorter spans show no more than that.
const GLIMPSE: Nanos = Nanos::from_millis(50);

/// Over shorter spans waits for a core are wide enough to be seen.
const WHY: Nanos = Nanos::from_millis(200);

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The index of the span.
    span: usize,
    /// Where it ends; `None`: it follows the present.
    until: Option<Nanos>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            span: 12,
            until: None,
        }
    }
}

impl Scope {
    /// A scope that follows the present with about this span.
    #[cfg(test)]
    pub fn of(ms: u64) -> Self {
        let span = SPANS.partition_point(|s| *s < ms).min(SPANS.len() - 1);
        Self { span, until: None }
    }

    /// The span that was asked for.
    pub fn span(&self) -> Nanos {
        Nanos::from_millis(SPANS[self.span])
    }

    /// Whether it follows the present.
    pub fn is_live(&self) -> bool {
        self.until.is_none()
    }

    /// The window of `n` whole buckets, and their width.
    ///
    /// Buckets are multiples of the bins that they are summed from and stand on a grid, so that a picture moves by whole
    /// cells and does not flicker.
    pub fn window(&self, line: &Timeline, n: u16) -> (Window, Nanos) {
        let n = u64::from(n.max(1));
        if let Some(told) = self.glimpse(line) {
            let bucket = (self.span().0.min(told.span().0) / (n + 1)).max(1);
            let to = self
                .until
                .map_or(told.to, |until| until.clamp(told.from, told.to));
            let to = Nanos(to.0.max(told.from.0 + bucket * (n + 1)) / bucket * bucket);
            let from = Nanos(to.0.saturating_sub(bucket * n));
            return (Window { from, to }, Nanos(bucket));
        }
        let rough = (self.span().0 / n).max(1);
        let finest = finest(line).0;
        let bins = BINS.iter().rev().map(|b| b.0);
        let step = bins.filter(|b| *b * 4 <= rough).max().unwrap_or(1);
        let bucket = (rough.div_ceil(step) * step).max(finest);
        let now = line.now.0 / bucket * bucket;
        let to = match self.until {
            Some(until) => (until.0 / bucket * bucket).min(now),
            None => now,
        };
        let window = Window {
            from: Nanos(to.saturating_sub(bucket * n)),
            to: Nanos(to),
        };
        (window, Nanos(bucket))
    }

    /// Whether single slices are wanted, which among sums are told for a moment now and then.
    pub fn is_close(&self) -> bool {
        self.span() <= GLIMPSE
    }

    /// Whether single slices are looked at so closely that one asks why each began when it did.
    pub fn asks_why(&self) -> bool {
        self.span() <= WHY
    }

    /// The moment of single slices that is shown where sums tell no more.
    pub fn glimpse(&self, line: &Timeline) -> Option<Window> {
        let close = line.origin == Origin::Summed && self.is_close();
        let until = self.until.map_or(line.now, |until| Nanos(until.0.max(1)));
        close.then(|| line.glimpse(until))?
    }

    /// Goes from what sums tell to single slices.
    pub fn close_up(&mut self) {
        let longest = SPANS.partition_point(|ms| Nanos::from_millis(*ms) <= GLIMPSE) - 1;
        self.span = longest.min(self.span.saturating_sub(1));
    }

    /// Whether `n` cells have more to tell of a shorter span: where the cores are sampled, a cell is a bin at least.
    pub fn shortens(&self, line: &Timeline, n: u16) -> bool {
        let shorter = SPANS[self.span.saturating_sub(1)];
        Nanos::from_millis(shorter).0 * 4 / 3 >= finest(line).0 * u64::from(n)
    }

    /// Takes the next span that is not shorter than what is shown: a sampled picture may show more than was asked for.
    pub fn reach(&mut self, shown: Nanos) {
        let longest = SPANS.len() - 1;
        while self.span < longest && self.span().0 * 4 / 3 < shown.0 {
            self.span += 1;
        }
    }

    /// Shows a shorter or longer span around `at`, a share of the old one counted from its begin.
    pub fn zoom(&mut self, line: &Timeline, shorter: bool, at: Option<f64>) {
        let old = self.span().0 as f64;
        self.span = if shorter {
            self.span.saturating_sub(1)
        } else {
            (self.span + 1).min(SPANS.len() - 1)
        };
        let Some(at) = at.or(self.until.map(|_| 0.5)) else {
            return;
        };
        let until = self.until.unwrap_or(line.now).0 as f64;
        let fixed = until - old * (1.0 - at);
        self.set(line, (fixed + self.span().0 as f64 * (1.0 - at)) as u64);
    }

    /// Follows the present from now on.
    pub fn follow(&mut self) {
        self.until = None;
    }

    /// Goes a quarter of the span back or on.
    pub fn pan(&mut self, line: &Timeline, back: bool) {
        let step = self.span().0 / 4;
        let until = self.until.unwrap_or(line.now).0;
        self.set(
            line,
            if back {
                until.saturating_sub(step)
            } else {
                until + step
            },
        );
    }

    fn set(&mut self, line: &Timeline, until: u64) {
        let since = line.lanes.iter().map(|l| l.since.0).min();
        let first = since.unwrap_or(line.now.0) + self.span().0;
        self.until = if until >= line.now.0 {
            None
        } else {
            Some(Nanos(until.max(first.min(line.now.0))))
        };
    }

    /// The span to tell of a window: a bucket more or less is no other span; a much longer one is told.
    pub fn told(&self, window: Window) -> Nanos {
        let span = self.span().0;
        if window.span().0 > span * 5 / 4 || window.span().0 < span * 3 / 4 {
            window.span()
        } else {
            self.span()
        }
    }

    /// In words: `last 10 s`, `40 ms until −4.2 s`; where time stands still at `end`, `10 s until 12:03:40`.
    pub fn words(&self, line: &Timeline, window: Option<Window>, end: Option<&str>) -> String {
        let span = rounded(window.map_or(self.span(), |w| self.told(w)));
        if line.origin == Origin::Summed && self.is_close() {
            let taken = self.glimpse(line).and(window);
            return match taken {
                Some(w) => match end {
                    Some(_) => format!(
                        "slices of {span} until {}",
                        before(line.now.since(w.to), end)
                    ),
                    None => format!("slices of {span}, {}", ago(line.now.since(w.to))),
                },
                None => "slices in a moment".to_owned(),
            };
        }
        match (self.until, end) {
            (None, None) => format!("last {span}"),
            (until, _) => {
                let back = until.map_or(Nanos(0), |until| line.now.since(until));
                format!("{span} until {}", before(back, end))
            }
        }
    }
}

/// The shortest time that a cell can tell of.
fn finest(line: &Timeline) -> Nanos {
    match line.origin {
        Origin::Sums | Origin::Sampled => BINS[2],
        Origin::Summed => BINS[1],
        Origin::None | Origin::Exact | Origin::Inside | Origin::Own => Nanos(1),
    }
}

/// A span with the unit that a person would use, without needless digits: `10 s`, `2.5 s`, `400 ms`, `3.98 ms`, `40 µs`.
pub fn rounded(span: Nanos) -> String {
    let ns = span.0 as f64;
    // What rounds to a thousand of a unit is one of the next.
    let (value, unit) = match span.0 {
        0 => return "0".to_owned(),
        1..1_000 => return format!("{} ns", span.0),
        1_000..999_500 => (ns / 1e3, "µs"),
        999_500..999_500_000 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} {unit}")
}

/// How long before the end of what is known: `−4.218 s`, or `4.218 s before 12:03:40`.
fn before(span: Nanos, end: Option<&str>) -> String {
    match end {
        None => ago(span),
        Some(end) if span.0 == 0 => end.to_owned(),
        Some(end) => format!("{} before {end}", rounded(span)),
    }
}

/// How long ago: `now`, `−4.218 s`.
pub fn ago(span: Nanos) -> String {
    if span.0 == 0 {
        "now".to_owned()
    } else {
        format!("−{}", rounded(span))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::id::CpuId;
    use crate::model::scheduling::timeline::{Lane, Track};

    fn line(now_ms: u64) -> Timeline {
        Timeline {
            origin: Origin::Exact,
            now: Nanos::from_millis(now_ms),
            ..Timeline::default()
        }
    }

    #[test]
    fn buckets_stand_on_a_grid() {
        let (window, bucket) = Scope::default().window(&line(100_123), 97);
        assert_eq!(bucket, Nanos::from_millis(110));
        assert_eq!(window.to.0 % bucket.0, 0);
        assert_eq!(window.span().0, bucket.0 * 97);
        let (_, bucket) = Scope::of(1).window(&line(5), 100);
        assert_eq!(bucket, Nanos(10_000));
    }

    #[test]
    fn zooms_pans_and_follows() {
        let line = line(100_000);
        let mut scope = Scope::default();
        scope.zoom(&line, true, None);
        assert!(scope.is_live() && scope.span() == Nanos::from_millis(5000));
        scope.pan(&line, true);
        assert!(!scope.is_live());
        scope.pan(&line, false);
        assert!(scope.is_live());
        for _ in 0..30 {
            scope.zoom(&line, true, Some(0.5));
        }
        assert_eq!(scope.span(), Nanos::from_millis(1));
        for _ in 0..30 {
            scope.zoom(&line, false, None);
        }
        assert_eq!(scope.span(), Nanos::from_millis(60_000));
    }

    #[test]
    fn samples_are_not_zoomed_into_further_than_they_tell() {
        let mut line = line(100_000);
        let scope = Scope::default();
        assert!(scope.shortens(&line, 95));
        line.origin = Origin::Sampled;
        assert!(!scope.shortens(&line, 95) && scope.shortens(&line, 40));
        // Switches were told until now.
        let mut scope = Scope::of(1);
        let (window, _) = scope.window(&line, 95);
        assert_eq!(scope.told(window), Nanos::from_millis(9500));
        assert_eq!(scope.words(&line, Some(window), None), "last 9.5 s");
        scope.reach(window.span());
        assert_eq!(scope.span(), Nanos::from_millis(10_000));
    }

    #[test]
    fn among_sums_a_close_look_shows_the_last_moment_of_single_slices() {
        let window = |from, to| Window {
            from: Nanos::from_millis(from),
            to: Nanos::from_millis(to),
        };
        let mut line = line(100_000);
        line.origin = Origin::Summed;
        let mut scope = Scope::of(500);
        assert!(!scope.shortens(&line, 95));
        scope.close_up();
        assert_eq!(scope.span(), Nanos::from_millis(50));
        assert_eq!(scope.words(&line, None, None), "slices in a moment");
        line.lanes = vec![Lane {
            cpu: CpuId(0),
            since: Nanos(0),
            now: line.now,
            slices: Track::default(),
            bins: Default::default(),
            gaps: Arc::from([]),
            waits: Track::default(),
            ready: Track::default(),
            spent: Arc::from([]),
            summed: Arc::from([
                window(90_000, 98_550),
                window(98_600, 99_550),
                window(99_600, 100_000),
            ]),
            switches: 0,
        }];
        for n in [1, 7, 95, 200, 1000] {
            let (shown, bucket) = scope.window(&line, n);
            assert!(shown.from >= Nanos::from_millis(99_550), "{shown:?}");
            assert!(shown.to <= Nanos::from_millis(99_600), "{shown:?}");
            assert_eq!(shown.span().0, bucket.0 * u64::from(n));
        }
        let (shown, _) = scope.window(&line, 95);
        assert_eq!(
            scope.words(&line, Some(shown), None),
            "slices of 50 ms, −400 ms"
        );
        // Earlier, the moment before that.
        for _ in 0..40 {
            scope.pan(&line, true);
        }
        let (shown, _) = scope.window(&line, 95);
        assert!(shown.to <= Nanos::from_millis(99_600), "{shown:?}");
        scope.until = Some(Nanos::from_millis(98_570));
        let (shown, _) = scope.window(&line, 95);
        assert!(shown.to <= Nanos::from_millis(98_600) && shown.from >= Nanos::from_millis(98_550));
        scope.follow();
        scope.zoom(&line, false, None);
        assert!(scope.glimpse(&line).is_none(), "sums again");
    }

    #[test]
    fn spans_read_well() {
        let of = |ns| rounded(Nanos(ns));
        assert_eq!(
            [
                of(10_000_000_000),
                of(2_500_000_000),
                of(3_984_000),
                of(400_000_000),
                of(40_000),
                of(999_980)
            ],
            ["10 s", "2.5 s", "3.98 ms", "400 ms", "40 µs", "1 ms"]
        );
    }
}
