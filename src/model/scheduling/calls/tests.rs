//! What is counted of calls between two moments, and how it is told.

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
        untimed: 0,
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
        paths: [((READ, "/etc/fstab".into()), part(calls / 2, span / 2))].into(),
        inside: vec![inside(at - 5)],
        split: true,
        lost: 0,
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
    let about = CallSums {
        calls: 10,
        span: Nanos(2000),
    };
    assert_eq!(row.paths, [("/etc/fstab".into(), about)]);
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
    assert_eq!(row.other_errors, []);
    last.errors = [
        ((READ, 4), part(3)),
        ((READ, 5), part(1)),
        ((READ, 11), part(6)),
    ]
    .into();
    let row = between(&counted(100, 10, 1000), &last, &WORDS)
        .rows
        .remove(0);
    let told = row.error.iter().chain(&row.other_errors);
    let told: Vec<_> = told.map(|e| (e.number, e.calls)).collect();
    assert_eq!(
        told,
        [(4, 3), (5, 1), (11, 1)],
        "the commonest first, those of before taken off"
    );
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
