//! Laws: the parts add up, whatever the counters say, and sums are sums.

mod bounds;

use proptest::prelude::*;

use super::*;
use crate::model::id::Pid;
use crate::model::reading::Missing;
use crate::model::scheduling::calls::{CallSums, Number};
use crate::model::scheduling::phases::{Phase, Sleep};
use crate::model::scheduling::wait::{
    Child, Fd, Futex, Limit, Lock, Names, Owner, Wait, Waiting, by_first,
};

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
        sides: None,
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
fn of_a_wait_that_may_not_be_seen_nothing_is_certain() {
    let hidden = Cause::of(&waiting(Wait::Hidden)).expect("it waits");
    let mut spent = Spent::default();
    spent.add(between(100, 0, 0, true, [Some(&hidden), Some(&hidden)]));
    assert_eq!(spent.blocked(), Nanos(100));
    assert!(spent.certain() < 1e-9, "{}", spent.certain());
}

#[test]
fn who_accepts_has_nothing_to_do_until_a_connection_comes() {
    let on = |name| Cause::of(&waiting(by_first(name, 3))).expect("it waits");
    let accepts = on("accept4");
    assert_eq!(accepts.words(&Names::NONE), "accept on fd 3");
    assert!(accepts.kind().is_idle());
    assert!(!on("read").kind().is_idle());
    let polls = |listens, total| {
        let fds = (3..).take(total);
        let fds = fds.map(|number| Fd {
            listens,
            ..Fd::new(number)
        });
        let wait = Wait::Any {
            how: "poll",
            set: None,
            fds: fds.collect(),
            total,
            limit: Limit::None,
        };
        Cause::of(&waiting(wait)).expect("it waits").kind()
    };
    assert_eq!(polls(true, 1), Kind::Events, "on a listener alone");
    assert_eq!(polls(false, 1), Kind::Descriptor, "for an answer");
    assert_eq!(polls(false, 2), Kind::Events);
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
fn the_longest_stay_apart_whenever_they_come() {
    let mut spent = Spent::default();
    for fd in 0..100 {
        let cause = cause(fd);
        let span = if fd == 99 { 5000 } else { 10 };
        spent.add(between(span, 0, 0, true, [Some(&cause), Some(&cause)]));
    }
    let last = spent.blocked.iter().find(|s| s.cause == cause(99));
    assert_eq!(last.map(|s| s.span), Some(Nanos(5000)));
    assert_eq!(spent.blocked(), Nanos(5990));
}

#[test]
fn of_many_children_few_are_told_apart() {
    let mut spent = Spent::default();
    for pid in 1..50 {
        let child = Cause::of(&waiting(Wait::Child(Child::One(Pid(pid), None)))).expect("it waits");
        spent.add(between(10, 0, 0, true, [Some(&child), Some(&child)]));
    }
    let told: Vec<String> = spent
        .blocked
        .iter()
        .map(|s| s.cause.words(&Names::NONE))
        .collect();
    assert_eq!(told.len(), CHILDREN + 1);
    assert_eq!(told[CHILDREN], "other children to end");
    assert_eq!(spent.blocked(), Nanos(490));
}

fn joining(tid: u32) -> Cause {
    let what = Wait::Futex(Futex {
        kind: Lock::Join(Some(Owner::Thread(Tid(tid)))),
        word: 0x7f00,
        place: None,
        limit: Limit::None,
    });
    Cause::of(&waiting(what)).expect("it waits")
}

#[test]
fn threads_that_are_joined_one_after_the_other_are_one_line() {
    let mut grown = Phases::begin(Phase::Running, Nanos(0));
    let sums = CallSums {
        calls: 150,
        span: Nanos(1500),
    };
    grown.blocked.insert(site(Sleep::Light, 7), sums);
    let mut seen = Seen::default();
    for tid in 20..43 {
        seen.saw(Tid(1), &site(Sleep::Light, 7), &joining(tid));
    }
    let spent = Spent::counted(&grown, |at| seen.causes(Tid(1), at));
    let told = |spent: &Spent| -> Vec<_> {
        let shares = spent.blocked.iter();
        shares
            .map(|s| (s.cause.words(&Names::NONE), s.span.0, s.waits))
            .collect()
    };
    let several = "joining threads, one after the other".to_owned();
    assert_eq!(told(&spent), [(several.clone(), 1500, 150)]);
    assert_eq!(spent.blocked[0].cause.kind(), Kind::Wake);
    // Each at a place of its own: few are told apart.
    let mut spent = Spent::default();
    for tid in 20..43 {
        let cause = joining(tid);
        spent.add(between(10, 0, 0, true, [Some(&cause), Some(&cause)]));
    }
    let told = told(&spent);
    assert_eq!(told.len(), CHILDREN + 1);
    assert_eq!(told[CHILDREN], (several, 200, 0));
}

/// A site in read(2) of a descriptor.
fn site(sleep: Sleep, first: u64) -> Site {
    Site {
        sleep,
        call: Some(Number::default()),
        first,
    }
}

#[test]
fn what_the_kernel_counts_together_is_split_by_looks_and_says_so() {
    let mut grown = Phases::begin(Phase::Running, Nanos(0));
    (grown.running, grown.ready) = (Nanos(40), Nanos(10));
    for (first, span) in [(3, 100), (4, 90)] {
        let sums = CallSums {
            calls: 10,
            span: Nanos(span),
        };
        grown.blocked.insert(site(Sleep::Light, first), sums);
    }
    grown.others = Nanos(7);
    let mut seen = Seen::default();
    seen.saw(Tid(1), &site(Sleep::Light, 3), &cause(3));
    for other in [cause(4), cause(5), cause(5)] {
        seen.saw(Tid(1), &site(Sleep::Light, 4), &other);
    }
    let spent = Spent::counted(&grown, |at| seen.causes(Tid(1), at));
    let of = |cause: &Cause| {
        let found = spent
            .blocked
            .iter()
            .find(|s| s.cause == *cause)
            .expect("told");
        (found.span.0, found.whole.0, found.waits)
    };
    assert_eq!(
        of(&cause(3)),
        (100, 100, 10),
        "one cause, so all of it is certain"
    );
    assert_eq!((of(&cause(4)), of(&cause(5))), ((30, 0, 3), (60, 0, 7)));
    assert_eq!(of(&Cause::Others), (7, 0, 0));
    assert_eq!(
        spent.running.0 + spent.ready.0 + spent.blocked().0,
        spent.span.0
    );
    // Of another thread, and after a while, what was seen there last.
    seen.turn();
    assert_eq!(seen.causes(Tid(2), &site(Sleep::Light, 4)), [(cause(5), 1)]);
    assert_eq!(
        seen.causes(Tid(1), &site(Sleep::Deep, 4)),
        [],
        "a sleep of another kind"
    );
}

#[test]
fn a_wait_at_which_nobody_looked_is_told_by_what_the_kernel_noted() {
    let told = |sleep, name| Cause::at(&site(sleep, 7), Some(name)).words(&Names::NONE);
    assert_eq!(told(Sleep::Light, "read"), "read of fd 7");
    assert_eq!(
        told(Sleep::Disk, "read"),
        "blocked on a disk (D, in io_schedule): read of fd 7"
    );
    assert_eq!(
        told(Sleep::Deep, "clone"),
        "held in the kernel (D): in clone"
    );
    assert_eq!(told(Sleep::Stopped, "read"), "the signal CONT");
    let touched = Cause::at(
        &Site {
            call: None,
            ..site(Sleep::Disk, 0)
        },
        None,
    );
    assert_eq!(touched.kind(), Kind::Page);
    assert_eq!(
        touched.words(&Names::NONE),
        "a page of its memory, address not told: blocked on a disk (D, in io_schedule)"
    );
}

#[test]
fn what_a_call_never_does_is_not_told_of_it() {
    let told = |sleep, name| Cause::at(&site(sleep, 7), Some(name)).words(&Names::NONE);
    // On its way into the sleep it waits for the page that says how long.
    assert_eq!(
        told(Sleep::Disk, "clock_nanosleep"),
        "blocked on a disk (D, in io_schedule)"
    );
    assert_eq!(
        told(Sleep::Deep, "futex"),
        "held in the kernel (D): in futex"
    );
    assert_eq!(told(Sleep::Light, "clock_nanosleep"), "sleep");
    // It was stopped before counting began.
    let stopped = Cause::at(&site(Sleep::Light, 7), Some("tgkill"));
    assert_eq!(stopped.kind(), Kind::Stopped);
    // Nobody saw how it began, and nobody may look.
    let unseen = Site {
        call: None,
        ..site(Sleep::Before, 0)
    };
    assert_eq!(Cause::at(&unseen, None), Cause::Untold(Missing::Denied));
}

#[test]
fn one_wait_is_one_line_wherever_in_the_kernel_it_is_met() {
    let on_disk = |function: &str| {
        let what = by_first("read", 3);
        Cause::of(&Waiting {
            function: Some(function.into()),
            uninterruptible: true,
            ..waiting(what)
        })
        .expect("it waits")
    };
    let mut spent = Spent::default();
    for function in [
        "io_schedule",
        "folio_wait_bit_common",
        "rwsem_down_read_slowpath",
    ] {
        let cause = on_disk(function);
        spent.add(between(10, 0, 0, true, [Some(&cause), Some(&cause)]));
    }
    let spans: Vec<u64> = spent.blocked.iter().map(|s| s.span.0).collect();
    assert_eq!(spans, [20, 10], "a disk, and a lock: {spent:?}");
}

#[test]
fn threads_that_nobody_met_are_counted_and_make_what_is_known_uncertain() {
    let seen = cause(3);
    let of = |tid, spent, threads| ThreadSpent {
        id: ThreadId {
            tid: Tid(tid),
            start: crate::model::id::Ticks(1),
        },
        name: "x".into(),
        spent,
        threads,
    };
    let mut slept = Spent::default();
    slept.add(between(100, 0, 0, true, [Some(&seen), Some(&seen)]));
    let ran = Spent {
        span: Nanos(300),
        running: Nanos(300),
        ..Spent::default()
    };
    let mut bucket = Bucket {
        to: Nanos(1_000_000_000),
        threads: vec![of(0, ran, 116), of(7, slept, 0)],
        ..Bucket::default()
    };
    assert!(
        (bucket.certain() - 0.25).abs() < 1e-9,
        "{}",
        bucket.certain()
    );
    assert!(
        bucket.how().contains("25 % of the blocked time"),
        "{}",
        bucket.how()
    );
    assert_eq!(bucket.threads_told(), 117);
    assert_eq!(sum([&bucket, &bucket].into_iter()).threads_told(), 233);
    bucket.exact = true;
    assert!(
        (bucket.certain() - 1.0).abs() < 1e-9,
        "all of them were counted"
    );
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
            why: SafeText::default(),
            threads: vec![ThreadSpent {
                threads: 0,
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

#[test]
fn waits_for_pages_are_told_apart_by_where_they_came_from_as_often_as_that_was_told() {
    let untold = Cause::at(
        &Site {
            sleep: Sleep::Disk,
            call: None,
            first: 0,
        },
        None,
    );
    let (file, heap) = (
        Cause::page(false, "/big".into()),
        Cause::page(true, "[heap]".into()),
    );
    let spent = |waits| {
        let mut spent = Spent::default();
        spent.block(&untold, Nanos(1000), Nanos(1000), waits);
        spent
    };
    let told = |spent: &Spent| {
        let mut all: Vec<_> = spent
            .blocked
            .iter()
            .map(|s| (s.span.0, s.whole.0, s.waits))
            .collect();
        all.sort_unstable();
        all
    };
    let mut one = spent(4);
    one.tell_pages(&[(file.clone(), 4)], false);
    assert_eq!(told(&one), [(1000, 1000, 4)]);
    assert_eq!(one.blocked[0].cause, file);
    assert_eq!(file.kind(), Kind::Page);
    let mut two = spent(4);
    two.tell_pages(&[(file.clone(), 3), (heap, 1)], false);
    assert_eq!(told(&two), [(250, 0, 1), (750, 0, 3)]);
    // Of half of the waits nothing was told.
    let mut half = spent(4);
    half.tell_pages(&[(file.clone(), 2)], false);
    assert_eq!(told(&half), [(500, 0, 2), (500, 500, 2)]);
    let mut none = spent(4);
    none.tell_pages(&[], false);
    assert_eq!(none, spent(4));
    // Where each fault that had to read its page is told, the others waited for what somebody else had begun.
    let mut rest = spent(4);
    rest.tell_pages(&[(file.clone(), 2)], true);
    assert_eq!(told(&rest), [(500, 0, 2), (500, 500, 2)]);
    assert_eq!(rest.blocked[1].cause, Cause::under_way());
    assert_eq!(Cause::under_way().kind(), Kind::Page);
    let mut all = spent(4);
    all.tell_pages(&[], true);
    assert_eq!(all.blocked[0].cause, Cause::under_way());
    // One may go on, and be told when it is over.
    let mut last = spent(3);
    last.tell_pages(&[(file, 2)], true);
    assert_eq!(last.blocked[1].cause, untold);
    // A wait for something else than a disk is none for a page that is read.
    let deep = Cause::at(
        &Site {
            sleep: Sleep::Deep,
            call: None,
            first: 0,
        },
        None,
    );
    let mut held = Spent::default();
    held.block(&deep, Nanos(1000), Nanos(0), 9);
    held.tell_pages(&[], true);
    assert_eq!(held.blocked[0].cause, deep);
}
