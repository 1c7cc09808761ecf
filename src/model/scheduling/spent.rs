//! Where the time of threads went: on a core, waiting for one, blocked and on what. The parts of a thread add up to its span.
//!
//! Where the kernel counts every switch (`phases`) all of it is exact. Else time on a core and waiting for one are its own
//! counters, and what is left was blocked; what it was blocked on is known for certain where the thread never ran between two
//! readings, and is taken from the readings at both ends elsewhere; where these found it running (`short`), from the others.

mod cause;
pub mod kin;
pub mod lines;
mod seen;
mod short;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use cause::{Cause, Kind};
pub use seen::Seen;

use crate::model::id::{Nanos, ThreadId, Tid};
use crate::model::scheduling::blocked::Cause as Held;
use crate::model::scheduling::phases::{Phases, Site};
use crate::model::scheduling::wait::{Wait, Waiting};
use crate::model::text::SafeText;

/// So many causes are told apart of one thread in one bucket; the others are told together.
const MOST: usize = 32;
/// So many children, or threads, that are waited for one after the other.
const CHILDREN: usize = 3;

/// What a thread, or several, did in a span: `running + ready + blocked = span`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    /// For how long it was followed; of several threads the sum.
    pub span: Nanos,
    /// On a core.
    pub running: Nanos,
    /// Waiting for one.
    pub ready: Nanos,
    /// Blocked, by cause; the order means nothing.
    pub blocked: Vec<Share>,
}

/// What a cause took.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// On what.
    pub cause: Cause,
    /// For how long.
    pub span: Nanos,
    /// Of that, in waits that were seen whole: between two readings the thread never ran; or that the kernel counted of this
    /// very cause.
    pub whole: Nanos,
    /// How many waits that were, where the kernel counted them.
    pub waits: u64,
}

/// What two readings of a thread tell of the time between them.
#[derive(Clone, Copy, Debug)]
pub struct Between<'a> {
    /// How long that is.
    pub span: Nanos,
    /// On a core.
    pub running: Nanos,
    /// Waiting for one.
    pub ready: Nanos,
    /// Whether it never ran.
    pub slept: bool,
    /// What it was blocked on at the first reading and at the second; `None` where it was not.
    pub ends: [Option<&'a Cause>; 2],
    /// Where it was found awake in between: how long after the first reading first, and how long before the second last.
    pub sides: Option<[Nanos; 2]>,
}

impl Spent {
    /// Adds the time between two readings.
    pub fn add(&mut self, between: Between<'_>) {
        let Between { span, slept, .. } = between;
        let running = between.running.min(span);
        let ready = between.ready.min(span.since(running));
        self.span.0 += span.0;
        self.running.0 += running.0;
        self.ready.0 += ready.0;
        let blocked = span.since(running).since(ready);
        if blocked == Nanos(0) {
            return;
        }
        match between.ends {
            [Some(first), Some(last)] if first != last => {
                // Of all that it can have been the middle.
                let [before, after] = between.sides.unwrap_or([span; 2]);
                let (least, most) = (blocked.since(after), blocked.min(before));
                let part = Nanos(least.0.midpoint(most.0));
                self.block(first, part, Nanos(0), 0);
                self.block(last, blocked.since(part), Nanos(0), 0);
            }
            [Some(cause), _] | [None, Some(cause)] => {
                let whole = if slept { blocked } else { Nanos(0) };
                self.block(cause, blocked, whole, 0);
            }
            [None, None] => self.block(&Cause::Short, blocked, Nanos(0), 0),
        }
    }

    /// What the kernel counted of a thread; `causes`: on what it was blocked at a site, each with how often that was seen.
    pub fn counted(grown: &Phases, mut causes: impl FnMut(&Site) -> Vec<(Cause, u32)>) -> Self {
        let mut spent = Self {
            span: grown.span(),
            running: grown.running,
            ready: grown.ready,
            blocked: Vec::new(),
        };
        let mut sites: Vec<_> = grown.blocked.iter().collect();
        // What is told together in the end shall be little.
        sites.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.span));
        for (site, sums) in sites {
            let mut causes = causes(site);
            if causes.is_empty() {
                causes.push((Cause::Others, 1));
            }
            if let [(cause, _)] = &causes[..] {
                spent.block(cause, sums.span, sums.span, sums.calls);
                continue;
            }
            // Of those that come one after the other no look tells how long each took.
            let together = causes[0].0.together();
            let same = |(cause, _): &(Cause, u32)| cause.together() == together;
            if let Some(together) = &together
                && causes.iter().all(same)
            {
                spent.block(together, sums.span, sums.span, sums.calls);
                continue;
            }
            // The kernel tells these together; they are told apart by how often each was seen.
            let seen: u64 = causes.iter().map(|(_, times)| u64::from(*times)).sum();
            let mut left = *sums;
            for (n, (cause, times)) in causes.iter().enumerate() {
                let part = |of: u64| {
                    (u128::from(of) * u128::from(*times) / u128::from(seen.max(1))) as u64
                };
                let (span, calls) = if n + 1 == causes.len() {
                    (left.span, left.calls)
                } else {
                    (Nanos(part(sums.span.0)), part(sums.calls))
                };
                left.span = left.span.since(span);
                left.calls -= calls;
                spent.block(cause, span, Nanos(0), calls);
            }
        }
        if grown.others > Nanos(0) {
            spent.block(&Cause::Others, grown.others, Nanos(0), 0);
        }
        spent
    }

    fn block(&mut self, cause: &Cause, span: Nanos, whole: Nanos, waits: u64) {
        // However long a wait was, of one whose cause is not known nothing is certain.
        let whole = match cause.kind() {
            Kind::Unknown => Nanos(0),
            _ => whole,
        };
        let more = |known: &mut Share| {
            known.span.0 += span.0;
            known.whole.0 += whole.0;
            known.waits += waits;
        };
        if let Some(known) = self.blocked.iter_mut().find(|s| s.cause.is(cause)) {
            return more(known);
        }
        if let Some(together) = cause.together() {
            let like = |s: &&Share| s.cause.together().is_some_and(|of| of == together);
            if self.blocked.iter().filter(like).count() >= CHILDREN {
                return self.block(&together, span, whole, waits);
            }
        }
        let share = Share {
            cause: cause.clone(),
            span,
            whole,
            waits,
        };
        let full = self.blocked.len() >= MOST && *cause != Cause::Others;
        let apart = self
            .blocked
            .iter_mut()
            .filter(|s| full && s.cause != Cause::Others);
        if let Some(least) = apart.min_by_key(|s| s.span) {
            // The longest ones stay apart.
            let other = if least.span < span {
                std::mem::replace(least, share)
            } else {
                share
            };
            return self.block(&Cause::Others, other.span, Nanos(0), 0);
        }
        self.blocked.push(share);
    }

    /// Tells waits for pages of its memory apart by where those came from, each as often as that was told. Where it waited more
    /// often than that, the rest stays what it is; or, where each is told that had to read its page (`whole`), it waited for
    /// what was under way already. Of one wait that may not be over, and so not told yet, that is not said.
    pub fn tell_pages(&mut self, from: &[(Cause, u64)], whole: bool) {
        let told: u64 = from.iter().map(|(_, times)| times).sum();
        let page = |s: &Share| {
            let waiting = s.cause.waiting();
            waiting.is_some_and(|w| w.what == Wait::Outside && w.uninterruptible)
        };
        let untold: Vec<Share> = self
            .blocked
            .extract_if(.., |s| page(s) && (told > 0 || whole))
            .collect();
        for share in untold {
            let all = share.waits.max(told);
            let disk = |w: &Waiting| w.function.as_deref().map(Held::of) == Some(Held::Disk);
            let on_disk = share.cause.waiting().is_some_and(disk);
            let part = |of: u64, times: u64| {
                (u128::from(of) * u128::from(times) / u128::from(all.max(1))) as u64
            };
            let mut left = share.clone();
            for (n, (cause, times)) in from.iter().enumerate() {
                let last = n + 1 == from.len() && told == all;
                let (span, waits) = if last {
                    (left.span, left.waits)
                } else {
                    (Nanos(part(share.span.0, *times)), part(share.waits, *times))
                };
                left.span = left.span.since(span);
                left.waits -= waits;
                // Of several nobody knows how long each took.
                let whole = if last && n == 0 { span } else { Nanos(0) };
                self.block(cause, span, whole, waits);
            }
            if left.span > Nanos(0) {
                let under_way = whole && on_disk && left.waits > 1;
                let cause = if under_way {
                    Cause::under_way()
                } else {
                    left.cause
                };
                self.block(&cause, left.span, left.whole.min(left.span), left.waits);
            }
        }
    }

    /// Adds what another, or the same one at another time, did.
    pub fn merge(&mut self, other: &Self) {
        self.span.0 += other.span.0;
        self.running.0 += other.running.0;
        self.ready.0 += other.ready.0;
        for share in &other.blocked {
            self.block(&share.cause, share.span, share.whole, share.waits);
        }
    }

    /// How long it was blocked in all.
    pub fn blocked(&self) -> Nanos {
        Nanos(self.blocked.iter().map(|s| s.span.0).sum())
    }

    /// How long it had nothing to do, as far as that can be told.
    pub fn idle(&self) -> Nanos {
        let idle = self.blocked.iter().filter(|s| s.cause.kind().is_idle());
        Nanos(idle.map(|s| s.span.0).sum())
    }

    /// Of the time blocked, the share that was seen whole; 1 where it never was.
    pub fn certain(&self) -> f64 {
        let whole: u64 = self.blocked.iter().map(|s| s.whole.0).sum();
        match self.blocked().0 {
            0 => 1.0,
            all => whole as f64 / all as f64,
        }
    }
}

/// One thread, and what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadSpent {
    /// Which.
    pub id: ThreadId,
    /// Its name.
    pub name: SafeText,
    /// What it did.
    pub spent: Spent,
    /// With the number 0: how many threads are told together; 0 where nobody counted them.
    pub threads: u64,
}

/// What the threads of a process did in a short time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bucket {
    /// From when, `CLOCK_MONOTONIC`.
    pub from: Nanos,
    /// Until when.
    pub to: Nanos,
    /// How often they were read.
    pub readings: u32,
    /// By ascending number.
    pub threads: Vec<ThreadSpent>,
    /// Whether the kernel counted every switch and wake-up; else what is between two readings is known by its ends.
    pub exact: bool,
    /// Why the kernel does not count; empty where it does, and where nobody asked it to.
    pub why: SafeText,
}

/// What the threads of a process did lately, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct TimeSpent {
    /// About a second each.
    pub buckets: Vec<Arc<Bucket>>,
}

impl TimeSpent {
    /// The last `span` of it: whole buckets, as few as cover that.
    pub fn last(&self, span: Nanos) -> Bucket {
        let to = self.buckets.last().map_or(Nanos(0), |b| b.to);
        let buckets = self.buckets.iter();
        sum(buckets
            .filter(|b| to.since(b.from) <= Nanos(span.0 + span.0 / 20) || b.to == to)
            .map(AsRef::as_ref))
    }
}

/// Buckets that follow each other, as one.
pub fn sum<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Bucket {
    let mut threads: BTreeMap<ThreadId, ThreadSpent> = BTreeMap::new();
    let mut out = Bucket::default();
    for (n, bucket) in buckets.enumerate() {
        if n == 0 {
            out.from = bucket.from;
            out.exact = bucket.exact;
        }
        out.exact &= bucket.exact;
        if !bucket.why.is_empty() {
            out.why.clone_from(&bucket.why);
        }
        out.to = bucket.to;
        out.readings += bucket.readings;
        for thread in &bucket.threads {
            threads
                .entry(thread.id)
                .and_modify(|known| {
                    known.spent.merge(&thread.spent);
                    if thread.id.tid.0 == 0 {
                        known.threads += thread.threads;
                    }
                    known.name.clone_from(&thread.name);
                })
                .or_insert_with(|| thread.clone());
        }
    }
    out.threads = threads.into_values().collect();
    out
}

impl Bucket {
    /// What all its threads did, as one: thread time, of which two threads have two seconds in one.
    pub fn all(&self) -> Spent {
        let mut all = Spent::default();
        for thread in &self.threads {
            all.merge(&thread.spent);
        }
        all
    }

    /// How many threads are told of.
    pub fn threads_told(&self) -> u64 {
        let of = |thread: &ThreadSpent| match thread.id.tid.0 {
            0 => thread.threads,
            _ => 1,
        };
        self.threads.iter().map(of).sum()
    }

    /// The name of one of its threads.
    pub fn name_of(&self, tid: Tid) -> Option<SafeText> {
        let found = self.threads.iter().find(|t| t.id.tid == tid);
        found.map(|t| t.name.clone())
    }

    /// Of the time blocked, the share of which it is certain on what. Threads that were never looked at were blocked too, nobody
    /// knows on what nor for how long; it is not certain for as long as they had a core.
    pub fn certain(&self) -> f64 {
        let all = self.all();
        let unseen = self
            .threads
            .iter()
            .filter(|t| !self.exact && t.id.tid.0 == 0);
        let unseen: u64 = unseen.map(|t| t.spent.span.0).sum();
        let blocked = all.blocked().0;
        match blocked + unseen {
            0 => 1.0,
            all_of_it => all.certain() * blocked as f64 / all_of_it as f64,
        }
    }

    /// In words, how that is known.
    pub fn how(&self) -> String {
        let certain = (self.certain() * 100.0).floor();
        let all = self.all();
        let unknown = all
            .blocked
            .iter()
            .filter(|s| s.cause.kind() == Kind::Unknown);
        let unknown: u64 = unknown.map(|s| s.span.0).sum();
        let unknown = unknown as f64 * 100.0 / all.blocked().0.max(1) as f64;
        match (self.exact, certain) {
            (true, 100.0..) => "exact: every switch and wake-up was counted".to_owned(),
            (true, _) if unknown >= 1.0 => format!(
                "exact: every switch and wake-up was counted; for {unknown:.0} % of the blocked time it is not known on what it was"
            ),
            (true, _) => format!(
                "exact: every switch and wake-up was counted; for {:.0} % of the blocked time, what it was on by looks",
                100.0 - certain
            ),
            (false, _) => format!(
                "sampled {:.0} times a second; {certain:.0} % of the blocked time in waits seen whole",
                self.pace()
            ),
        }
    }

    /// How often the threads were read, a second.
    pub fn pace(&self) -> f64 {
        let seconds = self.to.since(self.from).seconds();
        if seconds > 0.0 {
            f64::from(self.readings) / seconds
        } else {
            0.0
        }
    }
}

/// How far the kernel's counter of time on a core may lag behind: a tick of the slowest clock that kernels are built with.
const TICK: u64 = 10_000_000;

/// What the counters of a thread tell of the time since they were read last.
///
/// The kernel brings time on a core up to date at every tick, and time waiting for one when a core is given: both lag behind.
/// What was told ahead of them is taken off later, what they grew by more than the time that passed is told later.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    counters: [u64; 2],
    /// What they grew by and was not told yet; below 0: what was told ahead.
    owed: [i64; 2],
}

impl Counted {
    /// As they stand when a thread is followed from now on.
    pub fn begin(run: Nanos, wait: Nanos) -> Self {
        Self {
            counters: [run.0, wait.0],
            owed: [0; 2],
        }
    }

    /// Takes in new values after `span`; `wanted`: it wanted a core all the time, and was given none anew. Answers the time on
    /// a core and waiting for one, together at most `span`.
    pub fn take(&mut self, run: Nanos, wait: Nanos, span: Nanos, wanted: bool) -> [Nanos; 2] {
        let now = [run.0, wait.0];
        for (owed, (now, before)) in self.owed.iter_mut().zip(now.iter().zip(self.counters)) {
            let grown = i64::try_from(now.saturating_sub(before)).unwrap_or(i64::MAX);
            *owed = owed.saturating_add(grown);
        }
        self.counters = now;
        let due = self.owed.map(|o| u64::try_from(o).unwrap_or(0));
        let running = due[0].min(span.0);
        let ready = due[1].min(span.0 - running);
        let left = span.0 - running - ready;
        let mut told = [running, ready];
        if wanted {
            // While it runs the counter is never older than a tick.
            told[usize::from(running == 0 || left > TICK)] += left;
        }
        for (owed, told) in self.owed.iter_mut().zip(told) {
            *owed -= i64::try_from(told).unwrap_or(i64::MAX);
        }
        told.map(Nanos)
    }
}

#[cfg(test)]
mod tests;
