//! When one who is not there any more ended, as far as those moments tell at which it was looked for. Between two of them
//! may lie a jump in a recording.

use crate::model::format::duration;
use crate::model::id::Nanos;

/// What lies no further apart is one moment: two ticks of the longest interval that is usual.
const TOGETHER: Nanos = Nanos(10_000_000_000);

/// Between which moments one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhenEnded {
    /// The last moment that saw it: since then it may have ended.
    pub seen: Nanos,
    /// The first moment after that which missed it.
    pub missed: Nanos,
}

impl WhenEnded {
    /// One who was `seen` last and is not there at `now`.
    pub fn new(seen: Nanos, now: Nanos) -> Self {
        Self { seen, missed: now }
    }

    /// It is not there at `now` either, which may be an earlier moment than the one that missed it.
    pub fn miss(&mut self, now: Nanos) {
        if now > self.seen {
            self.missed = self.missed.min(now);
        }
    }

    /// How long ago that is: `3.0s ago`, `within the last 9m 30s`, `12s to 9m 30s ago`; before it was ever seen
    /// `not begun yet`.
    pub fn ago(self, now: Nanos) -> String {
        let most = duration(now.since(self.seen));
        if now < self.seen {
            "not begun yet".to_owned()
        } else if self.missed.since(self.seen) <= TOGETHER {
            format!("{most} ago")
        } else if now <= self.missed {
            format!("within the last {most}")
        } else {
            format!("{} to {most} ago", duration(now.since(self.missed)))
        }
    }

    /// The same with its verb: `ended 3.0s ago`, `not begun yet`.
    pub fn told(self, now: Nanos) -> String {
        let ago = self.ago(now);
        if now < self.seen {
            ago
        } else {
            format!("ended {ago}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(second: u64) -> Nanos {
        Nanos(second * SECOND)
    }

    #[test]
    fn what_a_jump_passed_over_is_told_as_a_span() {
        let mut end = WhenEnded::new(at(100), at(101));
        assert_eq!(end.told(at(103)), "ended 3.0s ago");
        assert_eq!(end.told(at(40)), "not begun yet");
        end = WhenEnded::new(at(100), at(700));
        assert_eq!(end.told(at(700)), "ended within the last 10m 00s");
        assert_eq!(end.ago(at(730)), "30s to 10m 30s ago");
        // Going back narrows it.
        end.miss(at(40));
        end.miss(at(400));
        assert_eq!(end.ago(at(730)), "5m 30s to 10m 30s ago");
        end.miss(at(101));
        assert_eq!(end.ago(at(730)), "10m 30s ago");
    }
}
