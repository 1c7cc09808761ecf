//! What was told in, what was counted out.

use super::*;

const READ: Number = Number {
    number: 0,
    narrow: false,
};
const POLL: Number = Number {
    number: 7,
    narrow: false,
};
const EXIT: Number = Number {
    number: 60,
    narrow: false,
};

fn joined() -> Joined {
    Joined::new(Nanos(100), |n| n == READ, |n| n == EXIT)
}

/// Takes in what happened of threads on cores at moments, and counts until the last of them.
fn counted(of: &mut Joined, all: &[(usize, u64, u32, Passage)]) -> Counted {
    for (core, at, tid, passage) in all {
        of.take(*core, Nanos(*at), Told::Of(Tid(*tid), *passage));
        of.until(Nanos(*at));
    }
    of.counted()
}

use Passage::{Begins, Ends, Enters, Leaves, Off, On};

#[test]
fn a_call_is_what_lies_between_its_begin_and_its_end_on_any_core() {
    let mut of = joined();
    let now = counted(
        &mut of,
        &[
            (0, 110, 1, Enters(READ, 3)),
            (0, 120, 1, Off),
            (1, 150, 1, On),
            (1, 160, 1, Leaves(Some(0), 64)),
            (1, 170, 1, Enters(READ, 3)),
            (1, 175, 1, Leaves(Some(0), -11)),
            (1, 180, 1, Enters(READ, 5)),
            (1, 185, 1, Off),
            (0, 195, 2, Enters(POLL, 0)),
        ],
    );
    let read = &now.calls[&READ];
    assert_eq!((read.calls, read.errors, read.span.0), (2, 1, 55));
    assert_eq!((read.away.0, read.longest.0, read.untimed), (30, 50, 0));
    assert_eq!(read.spread.0.iter().sum::<u64>(), 2);
    let part = |calls, span| super::super::CallSums {
        calls,
        span: Nanos(span),
    };
    assert_eq!(now.errors, [((READ, 11), part(1, 5))].into());
    assert_eq!(now.descriptors, [((READ, 3), part(2, 55))].into());
    let mut inside = now.inside;
    inside.sort_by_key(|i| i.since);
    let [first, second] = &inside[..] else {
        panic!("{inside:?}")
    };
    assert_eq!((first.number, first.descriptor), (READ, Some(5)));
    assert_eq!((first.since.0, first.away.0), (180, 10));
    assert_eq!((second.number, second.descriptor), (POLL, None));
    assert!(now.split && now.lost == 0);
}

#[test]
fn what_had_begun_before_is_no_call_that_returned() {
    let mut of = joined();
    of.found(Tid(1), READ, 3, Nanos(100));
    of.found(Tid(2), POLL, 0, Nanos(100));
    let now = counted(
        &mut of,
        &[
            (0, 130, 1, On),
            (0, 140, 1, Leaves(Some(0), -4)),
            // It was in another one than it was found in.
            (0, 150, 2, Leaves(Some(0), 1)),
            // It was in one that nobody found.
            (0, 160, 3, Leaves(Some(0), 1)),
            (0, 170, 2, Leaves(None, 1)),
        ],
    );
    let read = &now.calls[&READ];
    assert_eq!((read.calls, read.errors, read.span.0), (0, 0, 0));
    assert_eq!((read.earlier.0, read.away.0), (40, 30));
    assert_eq!(read.longest_earlier.0, 40);
    assert_eq!(now.descriptors[&(READ, 3)].calls, 0);
    assert_eq!(now.calls[&POLL].earlier.0, 70);
    assert!(now.inside.is_empty() && now.errors.is_empty());
    of.take(0, Nanos(180), Told::Of(Tid(1), Enters(READ, 3)));
    of.found(Tid(1), POLL, 0, Nanos(190));
    assert_eq!(of.counted().inside[0].number, READ, "that is known already");
}

#[test]
fn who_ends_or_begins_is_in_no_call() {
    let mut of = joined();
    let now = counted(
        &mut of,
        &[
            (0, 110, 1, Begins),
            (0, 120, 1, Leaves(Some(56), 0)),
            (0, 130, 1, Enters(POLL, 0)),
            (0, 140, 1, Ends),
            (0, 150, 2, Enters(EXIT, 0)),
        ],
    );
    assert!(now.calls.is_empty() && now.inside.is_empty(), "{now:?}");
}

#[test]
fn what_was_lost_is_never_made_up() {
    let mut of = joined();
    let told = |of: &mut Joined, core, at, passage| {
        of.take(core, Nanos(at), Told::Of(Tid(core as u32), passage));
    };
    told(&mut of, 0, 110, Enters(READ, 3));
    told(&mut of, 1, 110, Enters(POLL, 0));
    told(&mut of, 2, 110, Enters(POLL, 0));
    told(&mut of, 2, 115, Off);
    told(&mut of, 0, 120, On);
    assert!(!of.doubts());
    of.take(0, Nanos(200), Told::Lost(9));
    assert!(of.doubts() && !of.doubts());
    told(&mut of, 0, 210, Leaves(Some(0), -11));
    told(&mut of, 0, 220, Enters(READ, 3));
    told(&mut of, 0, 225, Leaves(Some(0), 1));
    told(&mut of, 1, 230, Leaves(Some(7), 1));
    of.until(Nanos(300));
    let now = of.counted();
    assert_eq!(now.lost, 9);
    // Until 120 the first one was in it; it left one at 210 that began nobody knows when; the third was whole.
    let read = &now.calls[&READ];
    assert_eq!((read.calls, read.errors, read.untimed), (2, 1, 1));
    assert_eq!((read.span.0, read.earlier.0), (5, 10));
    // On the core of the second nothing was lost; the third may have come to the one where it was.
    let poll = &now.calls[&POLL];
    assert_eq!((poll.calls, poll.span.0, poll.earlier.0), (1, 120, 10));
    assert_eq!(poll.away.0, 5);
    assert!(now.inside.is_empty());
}
