//! The system calls of a process: how many of each, how long they took, how they failed, and on what.

mod about;
mod joined;
mod told;

use std::collections::BTreeMap;

pub use about::{about, on_descriptor, path_argument};
pub use joined::{Joined, Passage, Told};

use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::spent::{Bucket, Cause};
use crate::model::scheduling::spread::Spread;
use crate::model::text::SafeText;

/// Which call: its number in the table of the process's word size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// The number.
    pub number: u32,
    /// Whether a program with 32-bit words on a 64-bit kernel made it.
    pub narrow: bool,
}

impl Number {
    /// What stands for every number that no table has.
    pub const BEYOND: u32 = 511;

    /// The number itself, where it is known.
    pub fn known(self) -> Option<u32> {
        (self.number != Self::BEYOND).then_some(self.number)
    }
}

/// What the kernel tells itself of a call that a signal interrupted: it is made again, or the program is told EINTR. No error
/// of the program: `ERESTARTSYS` and its like.
const GOES_ON: std::ops::RangeInclusive<u32> = 512..=516;

/// What was counted of one call since counting began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many returned.
    pub calls: u64,
    /// How many of those failed.
    pub errors: u64,
    /// How long those took together that began since then.
    pub span: Nanos,
    /// How long, since then, those took that had begun before: nobody knows when.
    pub earlier: Nanos,
    /// Of both, without a core: blocked, or waiting for one.
    pub away: Nanos,
    /// The longest of those that began since then.
    pub longest: Nanos,
    /// The longest, since then, of those that had begun before.
    pub longest_earlier: Nanos,
    /// How long each took.
    pub spread: Spread,
    /// How many of those that returned had a begin that was lost: nobody knows how long they took.
    pub untimed: u64,
}

/// Calls on one descriptor, or with one error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallSums {
    /// How many.
    pub calls: u64,
    /// How long they took together.
    pub span: Nanos,
}

/// Somebody who is in a call at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// Which.
    pub number: Number,
    /// Since when.
    pub since: Nanos,
    /// Whether it had begun before counting did: then that is when it was first seen.
    pub earlier: bool,
    /// How long it had no core since.
    pub away: Nanos,
    /// The descriptor that it is on.
    pub descriptor: Option<i32>,
}

/// What was counted until a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// By call.
    pub calls: BTreeMap<Number, Count>,
    /// By call and error.
    pub errors: BTreeMap<(Number, u32), CallSums>,
    /// By call and descriptor, of those that are on one.
    pub descriptors: BTreeMap<(Number, i32), CallSums>,
    /// By call and path, of those that are about one, as the program wrote it; a long one by how it begins.
    pub paths: BTreeMap<(Number, SafeText), CallSums>,
    /// Who is in a call now.
    pub inside: Vec<Inside>,
    /// Whether time without a core is known.
    pub split: bool,
    /// How many records were lost of which this was counted: then it is so much at least.
    pub lost: u64,
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Its number.
    pub number: u32,
    /// Its name: `EAGAIN`.
    pub name: String,
    /// What it means.
    pub words: &'static str,
    /// How often.
    pub calls: u64,
}

impl CallError {
    /// With what it means: `EAGAIN: try again`.
    pub fn explained(&self) -> String {
        let mut words = self.words.chars();
        let Some(first) = words.next() else {
            return self.name.clone();
        };
        // `I/O error` is no word that a sentence begins with.
        let first = if words.clone().next().is_some_and(char::is_lowercase) {
            first.to_ascii_lowercase()
        } else {
            first
        };
        format!("{}: {first}{}", self.name, words.as_str())
    }

    /// How often.
    pub fn often(&self) -> String {
        match self.calls {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        }
    }
}

/// How calls and errors are called.
pub struct Words<'a> {
    /// The name of a call.
    pub call: &'a dyn Fn(Number) -> String,
    /// The name of an error, and what it means.
    pub error: &'a dyn Fn(u32) -> (String, &'static str),
}

/// A call in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// Which.
    pub number: Number,
    /// Its name, or its number where it has none.
    pub name: String,
    /// How many returned; `Denied` where they are only sampled.
    pub calls: Reading<u64>,
    /// How many of those failed.
    pub errors: Reading<u64>,
    /// The commonest error.
    pub error: Option<CallError>,
    /// The other ones, the commoner first.
    pub other_errors: Vec<CallError>,
    /// How long threads were in it in the window, also in one that began before, or has not returned.
    pub span: Nanos,
    /// Of that, on a core.
    pub on_core: Reading<Nanos>,
    /// The mean of those that returned.
    pub mean: Reading<Nanos>,
    /// 99 of 100 took at most so long.
    pub p99: Reading<Nanos>,
    /// The longest since counting began, also of one that has not returned: that as long as it lasts in the window.
    pub longest: Reading<Nanos>,
    /// The busiest descriptors, by time.
    pub descriptors: Vec<(i32, CallSums)>,
    /// The busiest paths, by time, as the program wrote them; a long one by how it begins, with `…` behind.
    pub paths: Vec<(SafeText, CallSums)>,
    /// How many threads are in it now, and for how long the one that entered first.
    pub inside: Option<(usize, Nanos)>,
    /// Whether that one had begun before counting did: then it is in it for at least so long.
    pub earlier: bool,
}

/// The calls of a process in a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    /// How long the window is.
    pub span: Nanos,
    /// Whether every call was counted.
    pub exact: bool,
    /// Where nothing in the kernel counted them: why not.
    pub why: String,
    /// The one that took most time first.
    pub rows: Vec<CallRow>,
    /// Whether they were counted from a record of each, and not in the kernel.
    pub records: bool,
    /// How many of those records were lost: then there were at least so many calls, for at least so long.
    pub lost: u64,
}

/// How many descriptors of a call are told.
const TOLD: usize = 8;

/// What happened between two readings.
pub fn between(first: &Counted, last: &Counted, words: &Words<'_>) -> Calls {
    let none = Count::default();
    let mut rows: Vec<CallRow> = Vec::new();
    let mut numbers: Vec<Number> = last.calls.keys().copied().collect();
    numbers.extend(last.inside.iter().map(|i| i.number));
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let now = last.calls.get(&number).unwrap_or(&none);
        let before = first.calls.get(&number).unwrap_or(&none);
        let row = row(number, words, (before, now), (first, last));
        if row.calls != Ok(0) || row.inside.is_some() || row.span > Nanos(0) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|r| std::cmp::Reverse((r.span, r.calls.unwrap_or(0))));
    Calls {
        span: last.at.since(first.at),
        exact: last.lost == first.lost,
        why: String::new(),
        rows,
        records: false,
        lost: last.lost.saturating_sub(first.lost),
    }
}

fn row(
    number: Number,
    words: &Words<'_>,
    (before, now): (&Count, &Count),
    (first, last): (&Counted, &Counted),
) -> CallRow {
    let calls = now.calls.saturating_sub(before.calls);
    let returned = now.span.since(before.span);
    let earlier = now.earlier.since(before.earlier);
    let span = Nanos(spent(now, number, last)).since(Nanos(spent(before, number, first)));
    let away = Nanos(lost(now, number, last)).since(Nanos(lost(before, number, first)));
    let spread = now.spread.since(&before.spread);
    let grown = |now: CallSums, before: Option<&CallSums>| {
        let before = before.copied().unwrap_or_default();
        CallSums {
            calls: now.calls.saturating_sub(before.calls),
            span: now.span.since(before.span),
        }
    };
    let errors = last.errors.range((number, 0)..=(number, u32::MAX));
    let errors = errors
        .map(|(key, part)| (key.1, grown(*part, first.errors.get(key)).calls))
        .filter(|(_, calls)| *calls > 0);
    let (again, errors): (Vec<_>, Vec<_>) = errors.partition(|(errno, _)| GOES_ON.contains(errno));
    let again: u64 = again.iter().map(|(_, calls)| calls).sum();
    let errors = errors.into_iter().map(|(errno, calls)| {
        let (name, words) = (words.error)(errno);
        CallError {
            number: errno,
            name,
            words,
            calls,
        }
    });
    let mut errors: Vec<_> = errors.collect();
    errors.sort_by_key(|e| (std::cmp::Reverse(e.calls), e.number));
    let mut errors = errors.into_iter();
    let error = errors.next();
    let before_on = first.on_descriptors(number);
    let mut descriptors: Vec<(i32, CallSums)> = last
        .on_descriptors(number)
        .into_iter()
        .map(|(fd, part)| (fd, grown(part, before_on.get(&fd))))
        .filter(|(_, part)| part.calls > 0 || part.span > Nanos(0))
        .collect();
    descriptors.sort_by_key(|(fd, part)| (std::cmp::Reverse((part.span, part.calls)), *fd));
    descriptors.truncate(TOLD);
    let paths = last.paths.range((number, SafeText::default())..);
    let mut paths: Vec<(SafeText, CallSums)> = paths
        .take_while(|((of, _), _)| *of == number)
        .map(|(key, part)| (key.1.clone(), grown(*part, first.paths.get(key))))
        .filter(|(_, part)| part.calls > 0)
        .collect();
    paths.sort_by(|a, b| (b.1.span, b.1.calls, &a.0).cmp(&(a.1.span, a.1.calls, &b.0)));
    paths.truncate(TOLD);
    let inside = who_is_in(number, last);
    let first_in = inside.clone().min_by_key(|i| i.since);
    let lasts = |i: &Inside| last.at.since(i.since).min(last.at.since(first.at));
    let lasts = first_in.map_or(Nanos(0), lasts);
    let longest = now.longest.max(now.longest_earlier).max(lasts);
    CallRow {
        number,
        name: (words.call)(number),
        calls: Ok(calls),
        errors: Ok(now
            .errors
            .saturating_sub(before.errors)
            .saturating_sub(again)),
        error,
        other_errors: errors.collect(),
        span,
        on_core: if last.split {
            Ok(span.since(away))
        } else {
            Err(Missing::Unsupported)
        },
        mean: (returned.0)
            .checked_div(calls.saturating_sub(now.untimed.saturating_sub(before.untimed)))
            // Most of the time was in those whose begin nobody saw: a mean of the others says nothing of it.
            .filter(|_| returned >= earlier)
            .map(Nanos)
            .ok_or(Missing::Soon),
        // The bound of a bucket is above what is in it.
        p99: spread
            .at(990)
            .map(|p99| p99.min(now.longest))
            .ok_or(Missing::Soon),
        longest: Some(longest)
            .filter(|longest| *longest > Nanos(0))
            .ok_or(Missing::Soon),
        descriptors,
        paths,
        inside: first_in.map(|i| (inside.count(), last.at.since(i.since))),
        earlier: first_in.is_some_and(|i| i.earlier),
    }
}

fn who_is_in(number: Number, at: &Counted) -> impl Iterator<Item = &Inside> + Clone {
    at.inside.iter().filter(move |i| i.number == number)
}

/// How long threads were in a call by a moment, with those that are in it.
fn spent(count: &Count, number: Number, at: &Counted) -> u64 {
    let until = |i: &Inside| at.at.since(i.since).0;
    count.span.0 + count.earlier.0 + who_is_in(number, at).map(until).sum::<u64>()
}

/// How long of that they had no core.
fn lost(count: &Count, number: Number, at: &Counted) -> u64 {
    count.away.0 + who_is_in(number, at).map(|i| i.away.0).sum::<u64>()
}

impl Counted {
    /// How long threads were in a call by then, and how many returned, by the descriptor that it was on.
    pub fn on_descriptors(&self, number: Number) -> BTreeMap<i32, CallSums> {
        let of = self
            .descriptors
            .range((number, i32::MIN)..=(number, i32::MAX));
        let mut out: BTreeMap<i32, CallSums> = of.map(|(key, part)| (key.1, *part)).collect();
        for inside in who_is_in(number, self) {
            if let Some(fd) = inside.descriptor {
                out.entry(fd).or_default().span.0 += self.at.since(inside.since).0;
            }
        }
        out
    }
}

/// What is known of the calls where nobody counts them: the time of blocked threads, by the call that they were seen in.
///
/// # Errors
/// `Denied` where it is hidden in which calls they are.
pub fn sampled(bucket: &Bucket, why: String) -> Reading<Calls> {
    let mut spans: BTreeMap<String, (Nanos, BTreeMap<i32, CallSums>)> = BTreeMap::new();
    let mut hidden = false;
    for share in bucket.all().blocked {
        let Some(waiting) = share.cause.waiting() else {
            hidden |= share.cause == Cause::Untold(Missing::Denied);
            continue;
        };
        let Some(call) = &waiting.call else { continue };
        let (span, of) = spans.entry(call.to_string()).or_default();
        span.0 += share.span.0;
        if let [fd] = waiting.what.descriptors() {
            of.entry(fd.number).or_default().span.0 += share.span.0;
        }
    }
    if spans.is_empty() && hidden {
        return Err(Missing::Denied);
    }
    let mut rows: Vec<CallRow> = spans.into_iter().map(unnumbered).collect();
    rows.sort_by_key(|r| std::cmp::Reverse(r.span));
    Ok(Calls {
        span: bucket.to.since(bucket.from),
        exact: false,
        why,
        rows,
        records: false,
        lost: 0,
    })
}

fn unnumbered((name, (span, of)): (String, (Nanos, BTreeMap<i32, CallSums>))) -> CallRow {
    CallRow {
        number: Number::default(),
        name,
        calls: Err(Missing::Denied),
        errors: Err(Missing::Denied),
        error: None,
        other_errors: Vec::new(),
        span,
        on_core: Err(Missing::Denied),
        mean: Err(Missing::Denied),
        p99: Err(Missing::Denied),
        longest: Err(Missing::Denied),
        descriptors: of.into_iter().take(TOLD).collect(),
        paths: Vec::new(),
        inside: None,
        earlier: false,
    }
}

#[cfg(test)]
mod tests;
