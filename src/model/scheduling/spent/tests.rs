//! Laws: the parts add up, whatever the counters say, and sums are sums.

use proptest::prelude::*;

use super::*;
use crate::model::scheduling::wait::{Fd, Limit, Wait, Waiting};

fn cause(fd: i32) -> Cause {
    let what = Wait::On {
        verb: "read of",
        fd: Fd {
            target: Ok("pipe:[7]".into()),
            ..Fd::new(fd)
        },
    };
    Cause::of(&waiting(what)).expect("it waits")
}

fn waiting(what: Wait) -> Waiting {
    Waiting {
        what,
        call: None,
        function: None,
        uninterruptible: false,
    }
}

fn between(span: u64, run: u64, ready: u64, slept: bool, ends: [Option<&Cause>; 2]) -> Between<'_> {
    Between {
        span: Nanos(span),
        running: Nanos(run),
        ready: Nanos(ready),
        slept,
        ends,
    }
}

#[test]
fn what_is_left_was_blocked_on_what_was_seen() {
    let (a, b) = (cause(3), cause(4));
    let mut spent = Spent::default();
    spent.add(between(100, 40, 10, false, [Some(&a), Some(&b)]));
    spent.add(between(100, 0, 0, true, [Some(&b), Some(&b)]));
    spent.add(between(100, 60, 0, false, [None, Some(&a)]));
    spent.add(between(100, 90, 0, false, [None, None]));
    assert_eq!(
        (spent.span, spent.running, spent.ready),
        (Nanos(400), Nanos(190), Nanos(10))
    );
    let of = |cause: &Cause| {
        let found = spent.blocked.iter().find(|s| s.cause == *cause);
        found.map(|s| (s.span.0, s.whole.0))
    };
    assert_eq!(of(&a), Some((25 + 40, 0)));
    assert_eq!(
        of(&b),
        Some((25 + 100, 100)),
        "seen whole where it never ran"
    );
    assert_eq!(of(&Cause::Short), Some((10, 0)));
    assert!((spent.certain() - 0.5).abs() < 1e-9);
}

#[test]
fn a_wait_is_the_same_whatever_time_is_left() {
    let sleep = |left| Cause::of(&waiting(Wait::Sleep(Limit::Left(Nanos(left)))));
    assert_eq!(sleep(5), sleep(4));
    assert_eq!(Cause::of(&waiting(Wait::Running)), None);
    assert_ne!(cause(3), cause(4));
}

#[test]
fn too_many_causes_are_told_together() {
    let mut spent = Spent::default();
    for fd in 0..1000 {
        let cause = cause(fd);
        spent.add(between(10, 0, 0, true, [Some(&cause), Some(&cause)]));
    }
    assert_eq!(spent.blocked.len(), MOST + 1);
    assert_eq!(spent.blocked(), Nanos(10_000));
    assert_eq!(spent.blocked[MOST].cause, Cause::Others);
}

#[test]
fn counters_that_lag_are_caught_up_with() {
    let mut counted = Counted::begin(Nanos(1_000), Nanos(0));
    let ms = |ms: u64| Nanos(ms * 1_000_000);
    // It ran all the time; the counter is 4 ms behind.
    let told = counted.take(Nanos(1_000 + ms(46).0), Nanos(0), ms(50), true);
    assert_eq!(told, [ms(50), ms(0)]);
    let told = counted.take(Nanos(1_000 + ms(96).0), Nanos(0), ms(50), false);
    assert_eq!(told, [ms(46), ms(0)], "what was told ahead is taken off");
    // Then it waits for a core, of which the kernel tells only when it gets one.
    let told = counted.take(Nanos(1_000 + ms(96).0), Nanos(0), ms(50), true);
    assert_eq!(told, [ms(0), ms(50)]);
    let told = counted.take(Nanos(1_000 + ms(106).0), ms(90), ms(50), false);
    assert_eq!(told, [ms(10), ms(40)]);
}

#[test]
fn a_window_takes_the_last_buckets() {
    let bucket = |n: u64| {
        Arc::new(Bucket {
            from: Nanos(n * 1_000_000_000),
            to: Nanos((n + 1) * 1_000_000_000),
            readings: 20,
            exact: true,
            threads: vec![ThreadSpent {
                id: ThreadId {
                    tid: Tid(7),
                    start: crate::model::id::Ticks(1),
                },
                name: "x".into(),
                spent: Spent {
                    span: Nanos(1_000_000_000),
                    running: Nanos(n),
                    ..Spent::default()
                },
            }],
        })
    };
    let all = TimeSpent {
        buckets: (0..30).map(bucket).collect(),
    };
    let last = all.last(Nanos(5_000_000_000));
    assert_eq!((last.readings, last.threads.len()), (100, 1));
    assert_eq!(last.threads[0].spent.running, Nanos(25 + 26 + 27 + 28 + 29));
    assert!((last.pace() - 20.0).abs() < 1e-9);
    assert_eq!(all.last(Nanos(1)).readings, 20, "never nothing");
    assert_eq!(TimeSpent::default().last(Nanos(5)), Bucket::default());
}

proptest! {
    #[test]
    fn parts_add_up_to_the_span(steps in prop::collection::vec(
        (1_u64..100, 0_u64..150, 0_u64..150, any::<bool>(), 0_i32..4, 0_i32..4), 1..60)
    ) {
        let mut spent = Spent::default();
        let mut counted = Counted::begin(Nanos(0), Nanos(0));
        let (mut run, mut wait, mut total) = (0, 0, 0);
        let causes: Vec<Cause> = (0..3).map(cause).collect();
        for (span, ran, waited, wanted, first, last) in steps {
            run += ran;
            wait += waited;
            total += span;
            let [running, ready] = counted.take(Nanos(run), Nanos(wait), Nanos(span), wanted);
            prop_assert!(running.0 + ready.0 <= span);
            let end = |n: i32| causes.get(usize::try_from(n).expect("not below 0"));
            spent.add(between(span, running.0, ready.0, ran == 0, [end(first), end(last)]));
        }
        prop_assert_eq!(spent.span.0, total);
        prop_assert_eq!(spent.running.0 + spent.ready.0 + spent.blocked().0, total);
        let mut twice = Spent::default();
        twice.merge(&spent);
        twice.merge(&spent);
        prop_assert_eq!(twice.running.0 + twice.ready.0 + twice.blocked().0, 2 * total);
    }
}
