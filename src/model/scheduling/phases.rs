//! In which phases a thread was, as the kernel adds it up at every switch and wake-up: on a core, waiting for one, blocked in a
//! system call and on what. Every moment is in one of them, so that they add up.

use std::collections::BTreeMap;

use super::calls::{CallSums, Number};
use crate::model::id::Nanos;

/// How a thread is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sleep {
    /// It was when counting began: how is not known.
    Before,
    /// A signal may end it.
    Light,
    /// No signal ends it (state D).
    Deep,
    /// The same, and the kernel counts it among those that wait for a disk.
    Disk,
    /// By a signal.
    Stopped,
    /// By its debugger.
    Traced,
}

/// In what a thread is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// How.
    pub sleep: Sleep,
    /// In which call; `None`: in none.
    pub call: Option<Number>,
    /// Its first argument where that tells what the call is on: a descriptor, the address of a lock, a child. Else 0.
    pub first: u64,
}

impl Site {
    /// Whether no signal ends it.
    pub fn is_deep(&self) -> bool {
        matches!(self.sleep, Sleep::Deep | Sleep::Disk)
    }
}

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has a core.
    Running,
    /// It waits for one.
    Ready,
    /// It is blocked.
    Blocked(Site),
    /// It has ended.
    Ended,
}

/// What a thread did since counting began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phases {
    /// What it does.
    pub now: Phase,
    /// Since when.
    pub since: Nanos,
    /// How often it got a core.
    pub slices: u64,
    /// How long it had one.
    pub running: Nanos,
    /// How long it waited for one.
    pub ready: Nanos,
    /// How often and how long it was blocked, by what in.
    pub blocked: BTreeMap<Site, CallSums>,
    /// How long it was blocked in what found no room to be told apart.
    pub others: Nanos,
}

impl Phases {
    /// Of a thread that is in this phase since then, and was in none before.
    pub fn begin(now: Phase, since: Nanos) -> Self {
        Self {
            now,
            since,
            slices: 0,
            running: Nanos(0),
            ready: Nanos(0),
            blocked: BTreeMap::new(),
            others: Nanos(0),
        }
    }

    /// The same with the phase that it is in counted until then.
    #[must_use]
    pub fn until(mut self, at: Nanos) -> Self {
        let span = at.since(self.since);
        match self.now {
            Phase::Running => self.running.0 += span.0,
            Phase::Ready => self.ready.0 += span.0,
            Phase::Blocked(site) => self.blocked.entry(site).or_default().span.0 += span.0,
            Phase::Ended => {}
        }
        self.since = self.since.max(at);
        self
    }

    /// Tells where it was blocked when counting began, as somebody has seen it then.
    pub fn settle(&mut self, began: Option<Site>) {
        let settled = |site: Site| match (site.sleep, began) {
            // Whoever looked later may have seen the next one.
            (Sleep::Before, Some(began))
                if (began.call, began.first) == (site.call, site.first) =>
            {
                began
            }
            (Sleep::Before, _) => Site {
                sleep: Sleep::Light,
                ..site
            },
            _ => site,
        };
        if let Phase::Blocked(site) = &mut self.now {
            *site = settled(*site);
        }
        for (site, sums) in std::mem::take(&mut self.blocked) {
            let known = self.blocked.entry(settled(site)).or_default();
            known.calls += sums.calls;
            known.span.0 += sums.span.0;
        }
    }

    /// What it did since an earlier reading.
    #[must_use]
    pub fn grown(&self, before: Option<&Self>) -> Self {
        let Some(before) = before else {
            return self.clone();
        };
        let blocked = self.blocked.iter().map(|(site, now)| {
            let before = before.blocked.get(site).copied().unwrap_or_default();
            let grown = CallSums {
                calls: now.calls.saturating_sub(before.calls),
                span: now.span.since(before.span),
            };
            (*site, grown)
        });
        Self {
            now: self.now,
            since: self.since,
            slices: self.slices.saturating_sub(before.slices),
            running: self.running.since(before.running),
            ready: self.ready.since(before.ready),
            blocked: blocked.filter(|(_, sums)| sums.span > Nanos(0)).collect(),
            others: self.others.since(before.others),
        }
    }

    /// Adds what another one did.
    pub fn add(&mut self, other: &Self) {
        self.slices += other.slices;
        self.running.0 += other.running.0;
        self.ready.0 += other.ready.0;
        self.others.0 += other.others.0;
        for (site, sums) in &other.blocked {
            let known = self.blocked.entry(*site).or_default();
            known.calls += sums.calls;
            known.span.0 += sums.span.0;
        }
    }

    /// How long all of that was.
    pub fn span(&self) -> Nanos {
        let blocked: u64 = self.blocked.values().map(|sums| sums.span.0).sum();
        Nanos(self.running.0 + self.ready.0 + blocked + self.others.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sleep: Sleep, first: u64) -> Site {
        Site {
            sleep,
            call: Some(Number::default()),
            first,
        }
    }

    #[test]
    fn whoever_is_still_blocked_was_so_until_now() {
        let site = read(Sleep::Light, 3);
        let begun = Phases::begin(Phase::Blocked(site), Nanos(10));
        let first = begun.clone().until(Nanos(25));
        assert_eq!(first.blocked[&site].span, Nanos(15));
        let second = begun.until(Nanos(40));
        let grown = second.grown(Some(&first));
        assert_eq!(
            (grown.blocked[&site].span, grown.span()),
            (Nanos(15), Nanos(15))
        );
        assert_eq!(second.grown(None).span(), Nanos(30));
    }

    #[test]
    fn what_several_threads_did_is_added_phase_by_phase() {
        let site = read(Sleep::Light, 3);
        let of = |k: u64| Phases {
            slices: k,
            running: Nanos(10 * k),
            ready: Nanos(100 * k),
            blocked: [(
                site,
                CallSums {
                    calls: 2 * k,
                    span: Nanos(1000 * k),
                },
            )]
            .into(),
            others: Nanos(10_000 * k),
            ..Phases::begin(Phase::Ended, Nanos(0))
        };
        let mut sum = of(1);
        sum.add(&of(3));
        assert_eq!(sum, of(4));
        assert_eq!(sum.span(), Nanos(44_440));
        assert_eq!(of(4).grown(Some(&of(1))), of(3));
        let still = of(4).grown(Some(&of(4)));
        assert!(still.blocked.is_empty(), "nothing is no cause");
        let now = |phase| Phases {
            now: phase,
            ..of(1)
        };
        let until = |phase| now(phase).until(Nanos(7));
        assert_eq!(until(Phase::Running).running, Nanos(17));
        assert_eq!(until(Phase::Ready).ready, Nanos(107));
        assert_eq!(until(Phase::Ended).span(), of(1).span());
    }

    #[test]
    fn what_began_before_is_told_as_it_was_seen_then() {
        let (before, seen) = (read(Sleep::Before, 3), read(Sleep::Disk, 3));
        let mut phases = Phases::begin(Phase::Blocked(before), Nanos(0)).until(Nanos(5));
        phases.blocked.insert(
            seen,
            CallSums {
                calls: 2,
                span: Nanos(20),
            },
        );
        let mut unseen = phases.clone();
        phases.settle(Some(seen));
        assert_eq!(phases.now, Phase::Blocked(seen));
        let all: Vec<_> = phases.blocked.iter().map(|(s, n)| (*s, n.span.0)).collect();
        assert_eq!(all, [(seen, 25)]);
        unseen.settle(Some(read(Sleep::Disk, 7)));
        assert!(unseen.blocked.contains_key(&read(Sleep::Light, 3)));
        assert_eq!(unseen.span(), Nanos(25));
    }
}
