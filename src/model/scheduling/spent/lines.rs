//! What threads did as lines that add up to 100.0 %.

use super::{Cause, Kind, Spent};
use crate::model::id::Nanos;
use crate::model::scheduling::wait::Names;

/// What a line is about.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// On a core.
    Running,
    /// Waiting for one.
    Ready,
    /// Blocked on this.
    Blocked(Cause),
}

/// A part of the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it went for.
    pub what: What,
    /// How long.
    pub span: Nanos,
    /// Of a wait: how much of it was seen whole.
    pub whole: Nanos,
    /// How many waits, where the kernel counted them.
    pub waits: u64,
    /// Its share in tenths of a percent; those of all lines add up to 1000.
    pub share: u32,
}

impl What {
    /// As a word: `running`, `ready`, or the kind of the wait.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Blocked(cause) => cause.kind().word(),
        }
    }

    /// In words: `on a core`, or what it waits for.
    pub fn words(&self, names: &Names<'_>) -> String {
        match self {
            Self::Running => "on a core".to_owned(),
            Self::Ready => "waiting for a core".to_owned(),
            Self::Blocked(cause) => cause.words(names),
        }
    }

    /// How much of the time of a thread went for it.
    pub fn of(&self, spent: &Spent) -> Nanos {
        match self {
            Self::Running => spent.running,
            Self::Ready => spent.ready,
            Self::Blocked(cause) => {
                let found = spent.blocked.iter().find(|s| s.cause.is(cause));
                found.map_or(Nanos(0), |s| s.span)
            }
        }
    }

    /// The kind of the wait, where it is one.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Blocked(cause) => Some(cause.kind()),
            _ => None,
        }
    }
}

/// The time of threads in lines, the longest first; what took no time has none.
pub fn lines(spent: &Spent) -> Vec<Line> {
    let line = |what, span, whole, waits| Line {
        what,
        span,
        whole,
        waits,
        share: 0,
    };
    let mut out = vec![
        line(What::Running, spent.running, Nanos(0), 0),
        line(What::Ready, spent.ready, Nanos(0), 0),
    ];
    let waits = spent.blocked.iter();
    out.extend(waits.map(|s| line(What::Blocked(s.cause.clone()), s.span, s.whole, s.waits)));
    out.retain(|l| l.span > Nanos(0));
    out.sort_by_key(|l| std::cmp::Reverse(l.span));
    let spans: Vec<u64> = out.iter().map(|l| l.span.0).collect();
    for (line, share) in out.iter_mut().zip(tenths(&spans)) {
        line.share = share;
    }
    out
}

/// Each number's share in tenths of a percent, rounded so that they add up to 1000: what is missing goes to those that
/// rounding down took most from. All are 0 where the sum is.
pub fn tenths(spans: &[u64]) -> Vec<u32> {
    let all: u128 = spans.iter().map(|s| u128::from(*s)).sum();
    if all == 0 {
        return vec![0; spans.len()];
    }
    let exact = |span: &u64| u128::from(*span) * 1000;
    let mut out: Vec<u32> = spans.iter().map(|s| (exact(s) / all) as u32).collect();
    let missing = 1000 - out.iter().sum::<u32>() as usize;
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(exact(&spans[*i]) % all));
    for i in order.into_iter().take(missing) {
        out[i] += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scheduling::spent::Between;
    use proptest::prelude::*;

    #[test]
    fn the_longest_is_first_and_nothing_is_not_told() {
        let mut spent = Spent::default();
        spent.add(Between {
            span: Nanos(3),
            running: Nanos(1),
            ready: Nanos(0),
            slept: false,
            ends: [None, None],
            sides: None,
        });
        let all = lines(&spent);
        let told: Vec<_> = all.iter().map(|l| (l.what.word(), l.share)).collect();
        assert_eq!(told, [("unknown", 667), ("running", 333)]);
        assert!(lines(&Spent::default()).is_empty());
    }

    proptest! {
        #[test]
        fn shares_add_up(spans in prop::collection::vec(any::<u64>(), 1..40)) {
            let shares = tenths(&spans);
            let all: u128 = spans.iter().map(|s| u128::from(*s)).sum();
            prop_assert_eq!(shares.iter().sum::<u32>(), if all == 0 { 0 } else { 1000 });
            for (span, share) in spans.iter().zip(shares) {
                let exact = *span as f64 * 1000.0 / (all as f64).max(1.0);
                prop_assert!((f64::from(share) - exact).abs() < 1.001);
            }
        }
    }
}
