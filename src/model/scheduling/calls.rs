//! The system calls of a process: how many of each, how long they took, how they failed, and on what.

mod about;

use std::collections::BTreeMap;

pub use about::{about, on_descriptor};

use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::spent::{Bucket, Cause};
use crate::model::scheduling::spread::Spread;

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
    /// Who is in a call now.
    pub inside: Vec<Inside>,
    /// Whether time without a core is known.
    pub split: bool,
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
    /// Whether every call was counted; else what threads were in was looked at many times a second, and only time is known.
    pub exact: bool,
    /// Where they are not: why.
    pub why: String,
    /// The one that took most time first.
    pub rows: Vec<CallRow>,
}

impl Calls {
    /// What to say where no call is listed.
    pub fn none(&self) -> &'static str {
        if self.exact {
            "no call was made, and nobody was seen in one"
        } else {
            "none of its threads was seen blocked in a call"
        }
    }
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
        exact: true,
        why: String::new(),
        rows,
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
    let error = errors
        .into_iter()
        .max_by_key(|(_, calls)| *calls)
        .map(|(errno, calls)| {
            let (name, words) = (words.error)(errno);
            CallError {
                number: errno,
                name,
                words,
                calls,
            }
        });
    let before_on = first.on_descriptors(number);
    let mut descriptors: Vec<(i32, CallSums)> = last
        .on_descriptors(number)
        .into_iter()
        .map(|(fd, part)| (fd, grown(part, before_on.get(&fd))))
        .filter(|(_, part)| part.calls > 0 || part.span > Nanos(0))
        .collect();
    descriptors.sort_by_key(|(fd, part)| (std::cmp::Reverse((part.span, part.calls)), *fd));
    descriptors.truncate(TOLD);
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
        span,
        on_core: if last.split {
            Ok(span.since(away))
        } else {
            Err(Missing::Unsupported)
        },
        mean: (returned.0)
            .checked_div(calls)
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
    })
}

fn unnumbered((name, (span, of)): (String, (Nanos, BTreeMap<i32, CallSums>))) -> CallRow {
    CallRow {
        number: Number::default(),
        name,
        calls: Err(Missing::Denied),
        errors: Err(Missing::Denied),
        error: None,
        span,
        on_core: Err(Missing::Denied),
        mean: Err(Missing::Denied),
        p99: Err(Missing::Denied),
        longest: Err(Missing::Denied),
        descriptors: of.into_iter().take(TOLD).collect(),
        inside: None,
        earlier: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Number = Number {
        number: 0,
        narrow: false,
    };

    fn inside(since: u64) -> Inside {
        Inside {
            number: READ,
            since: Nanos(since),
            ..Inside::default()
        }
    }

    fn counted(at: u64, calls: u64, span: u64) -> Counted {
        let mut spread = Spread::default();
        spread.0[4 * 10] = calls;
        let count = Count {
            calls,
            errors: calls / 2,
            span: Nanos(span),
            earlier: Nanos(0),
            away: Nanos(span / 4),
            longest: Nanos(span),
            longest_earlier: Nanos(0),
            spread,
        };
        let part = |calls, span| CallSums {
            calls,
            span: Nanos(span),
        };
        Counted {
            at: Nanos(at),
            calls: [(READ, count)].into(),
            errors: [((READ, 11), part(calls / 2, 0))].into(),
            descriptors: [
                ((READ, 3), part(calls, span / 2)),
                ((READ, 7), part(1, 300)),
            ]
            .into(),
            inside: vec![inside(at - 5)],
            split: true,
        }
    }

    const WORDS: Words<'static> = Words {
        call: &|n| format!("call {}", n.number),
        error: &|n| (format!("E{n}"), "fails"),
    };

    #[test]
    fn a_window_is_the_difference() {
        let calls = between(&counted(100, 10, 1000), &counted(300, 30, 5000), &WORDS);
        assert_eq!((calls.span, calls.rows.len()), (Nanos(200), 1));
        let row = &calls.rows[0];
        assert_eq!((row.calls, row.errors), (Ok(20), Ok(10)));
        let error = row.error.as_ref().map(|e| (e.name.as_str(), e.calls));
        assert_eq!(error, Some(("E11", 10)));
        assert_eq!((row.span, row.on_core), (Nanos(4000), Ok(Nanos(3000))));
        assert_eq!(row.mean, Ok(Nanos(200)));
        assert_eq!(row.inside, Some((1, Nanos(5))));
        let told: Vec<_> = row
            .descriptors
            .iter()
            .map(|(fd, p)| (*fd, p.calls))
            .collect();
        assert_eq!(told, [(3, 20)], "7 saw none in the window");
        let nothing = between(&counted(100, 10, 1000), &counted(300, 10, 1000), &WORDS);
        assert_eq!(nothing.rows.len(), 1, "somebody is inside");
        assert_eq!(nothing.rows[0].mean, Err(Missing::Soon));
        // A bucket's bound is above what is in it: nothing took longer than the longest.
        let short = between(&counted(100, 10, 100), &counted(300, 30, 1100), &WORDS);
        assert_eq!(short.rows[0].p99, Ok(Nanos(1100)));
    }

    #[test]
    fn an_error_is_told_in_words() {
        let told = |words, calls| {
            let error = CallError {
                number: 11,
                name: "EAGAIN".to_owned(),
                words,
                calls,
            };
            format!("{} {}", error.explained(), error.often())
        };
        assert_eq!(told("Try again", 3), "EAGAIN: try again 3 times");
        assert_eq!(told("I/O error", 1), "EAGAIN: I/O error once");
        assert_eq!(told("", 2), "EAGAIN 2 times");
    }

    #[test]
    fn what_the_kernel_makes_again_is_no_error() {
        let mut last = counted(300, 30, 5000);
        let part = |calls| CallSums {
            calls,
            span: Nanos(0),
        };
        // Of its 15 errors, 8 were interrupted by a signal and made again.
        last.errors = [((READ, 11), part(7)), ((READ, 512), part(8))].into();
        let row = between(&counted(100, 10, 1000), &last, &WORDS)
            .rows
            .remove(0);
        assert_eq!(row.errors, Ok(2));
        assert_eq!(row.error.map(|e| (e.number, e.calls)), Some((11, 2)));
        last.errors = [((READ, 11), part(5)), ((READ, 514), part(10))].into();
        let row = between(&counted(100, 10, 1000), &last, &WORDS)
            .rows
            .remove(0);
        assert_eq!((row.errors, row.error), (Ok(0), None));
    }

    #[test]
    fn time_in_a_call_counts_in_the_window_in_which_it_passes() {
        let with = |at, all: Vec<Inside>| Counted {
            inside: all,
            ..counted(at, 10, 1000)
        };
        let on_pipe = Inside {
            descriptor: Some(9),
            earlier: true,
            away: Nanos(60),
            ..inside(40)
        };
        // It began before the window, and goes on: all of the window passed in it.
        let later = Inside {
            away: Nanos(250),
            ..on_pipe
        };
        let goes_on = between(&with(100, vec![on_pipe]), &with(300, vec![later]), &WORDS);
        let row = &goes_on.rows[0];
        assert_eq!((row.calls, row.span), (Ok(0), Nanos(200)));
        assert_eq!(row.on_core, Ok(Nanos(10)));
        assert_eq!(
            row.descriptors,
            [(
                9,
                CallSums {
                    calls: 0,
                    span: Nanos(200)
                }
            )]
        );
        assert_eq!((row.inside, row.earlier), (Some((1, Nanos(260))), true));
        assert_eq!(row.mean, Err(Missing::Soon), "none returned");
        assert_eq!(row.longest, Ok(Nanos(1000)), "one took longer before");
        let brief = |counted: Counted| {
            let mut counted = counted;
            counted.calls.get_mut(&READ).expect("one").longest = Nanos(1);
            counted
        };
        let first = brief(with(100, vec![on_pipe]));
        let lasts = between(&first, &brief(with(300, vec![later])), &WORDS);
        assert_eq!(lasts.rows[0].longest, Ok(Nanos(200)), "it goes on");
        // Of one that had begun before, what is known took longer than all that is counted.
        let mut last = brief(with(300, vec![]));
        let count = last.calls.get_mut(&READ).expect("one");
        (count.calls, count.span) = (11, Nanos(1001));
        (count.earlier, count.longest_earlier) = (Nanos(210), Nanos(210));
        let returned = between(&first, &last, &WORDS).rows.remove(0);
        assert_eq!((returned.calls, returned.longest), (Ok(1), Ok(Nanos(210))));
        assert_eq!(returned.mean, Err(Missing::Soon), "not 1 of 151");
        // It returned after 150 of the 200: only those count, and nobody knows how long it took.
        let mut last = with(300, vec![]);
        last.calls.get_mut(&READ).expect("one").earlier = Nanos(210);
        let returned = between(&with(100, vec![on_pipe]), &last, &WORDS);
        assert_eq!(returned.rows[0].span, Nanos(150));
        assert_eq!(returned.rows[0].mean, Err(Missing::Soon));
        // One that began in the window and is still in it is more than one that returned quickly.
        let began = between(&with(100, vec![]), &with(300, vec![inside(150)]), &WORDS);
        assert_eq!(began.rows[0].span, Nanos(150));
    }
}
