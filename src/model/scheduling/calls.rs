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

/// What was counted of one call since counting began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many returned.
    pub calls: u64,
    /// How many of those failed.
    pub errors: u64,
    /// How long they took together.
    pub span: Nanos,
    /// Of that, without a core: blocked, or waiting for one.
    pub away: Nanos,
    /// The longest.
    pub longest: Nanos,
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
    /// Who is in a call now, and since when.
    pub inside: Vec<(Number, Nanos)>,
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
    /// How long they took together; the time of a call counts when it returns.
    pub span: Nanos,
    /// Of that, on a core.
    pub on_core: Reading<Nanos>,
    /// The mean.
    pub mean: Reading<Nanos>,
    /// 99 of 100 took at most so long.
    pub p99: Reading<Nanos>,
    /// The longest since counting began.
    pub longest: Reading<Nanos>,
    /// The busiest descriptors, by time.
    pub descriptors: Vec<(i32, CallSums)>,
    /// How many threads are in it now, and for how long the one that entered first.
    pub inside: Option<(usize, Nanos)>,
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
            "no call began or returned; who sat in one all the time is not counted"
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
    numbers.extend(last.inside.iter().map(|(number, _)| *number));
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let now = last.calls.get(&number).unwrap_or(&none);
        let before = first.calls.get(&number).unwrap_or(&none);
        let row = row(number, words, (before, now), (first, last));
        if row.calls != Ok(0) || row.inside.is_some() {
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
    let span = now.span.since(before.span);
    let away = now.away.since(before.away);
    let spread = now.spread.since(&before.spread);
    let grown = |now: CallSums, before: Option<&CallSums>| {
        let before = before.copied().unwrap_or_default();
        CallSums {
            calls: now.calls.saturating_sub(before.calls),
            span: now.span.since(before.span),
        }
    };
    let errors = last.errors.range((number, 0)..=(number, u32::MAX));
    let error = errors
        .map(|(key, part)| (key.1, grown(*part, first.errors.get(key)).calls))
        .filter(|(_, calls)| *calls > 0)
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
    let of = last
        .descriptors
        .range((number, i32::MIN)..=(number, i32::MAX));
    let mut descriptors: Vec<(i32, CallSums)> = of
        .map(|(key, part)| (key.1, grown(*part, first.descriptors.get(key))))
        .filter(|(_, part)| part.calls > 0)
        .collect();
    descriptors.sort_by_key(|(fd, part)| (std::cmp::Reverse((part.span, part.calls)), *fd));
    descriptors.truncate(TOLD);
    let inside = last.inside.iter().filter(|(n, _)| *n == number);
    let since = inside.clone().map(|(_, since)| *since).min();
    CallRow {
        number,
        name: (words.call)(number),
        calls: Ok(calls),
        errors: Ok(now.errors.saturating_sub(before.errors)),
        error,
        span,
        on_core: if last.split {
            Ok(span.since(away))
        } else {
            Err(Missing::Unsupported)
        },
        mean: span.0.checked_div(calls).map(Nanos).ok_or(Missing::Soon),
        p99: spread.at(990).ok_or(Missing::Soon),
        longest: if now.calls > 0 {
            Ok(now.longest)
        } else {
            Err(Missing::Soon)
        },
        descriptors,
        inside: since.map(|since| (inside.count(), last.at.since(since))),
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Number = Number {
        number: 0,
        narrow: false,
    };

    fn counted(at: u64, calls: u64, span: u64) -> Counted {
        let mut spread = Spread::default();
        spread.0[4 * 10] = calls;
        let count = Count {
            calls,
            errors: calls / 2,
            span: Nanos(span),
            away: Nanos(span / 4),
            longest: Nanos(span),
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
                ((READ, 7), part(1, span / 3)),
            ]
            .into(),
            inside: vec![(READ, Nanos(at - 5))],
            split: true,
        }
    }

    #[test]
    fn a_window_is_the_difference() {
        let words = Words {
            call: &|n| format!("call {}", n.number),
            error: &|n| (format!("E{n}"), "fails"),
        };
        let calls = between(&counted(100, 10, 1000), &counted(300, 30, 5000), &words);
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
        let nothing = between(&counted(100, 10, 1000), &counted(300, 10, 1000), &words);
        assert_eq!(nothing.rows.len(), 1, "somebody is inside");
        assert_eq!(nothing.rows[0].mean, Err(Missing::Soon));
    }
}
