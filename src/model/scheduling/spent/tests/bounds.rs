//! Where sums and looks change what is told: at a tick, at a turn, where several are summed.

use super::*;
use crate::model::reading::Missing;
use crate::model::scheduling::calls::sampled;

fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}

#[test]
fn whoever_wants_a_core_runs_where_its_counter_lags_no_more_than_a_tick() {
    for (ran, span, told) in [
        (0, 100, [0, 100]),
        (5, 100, [5, 95]),
        (89, 100, [89, 11]),
        (90, 100, [100, 0]),
        (95, 100, [100, 0]),
        (0, 5, [0, 5]),
    ] {
        let mut counted = Counted::begin(ms(0), ms(0));
        let taken = counted.take(ms(ran), ms(0), ms(span), true);
        assert_eq!(taken, told.map(ms), "{ran} of {span}");
    }
}

#[test]
fn what_is_told_together_is_split_by_how_often_each_was_seen() {
    let mut grown = Phases::begin(Phase::Running, Nanos(0));
    let sums = CallSums {
        calls: 8,
        span: Nanos(100),
    };
    grown.blocked.insert(site(Sleep::Light, 3), sums);
    let seen = [(cause(3), 3), (cause(4), 1)];
    let mut spent = Spent::counted(&grown, |_| seen.to_vec());
    let of = |spent: &Spent| -> Vec<_> {
        let all = spent.blocked.iter();
        all.map(|s| (s.span.0, s.waits)).collect()
    };
    assert_eq!(of(&spent), [(75, 6), (25, 2)]);
    assert!(!spent.blocked.iter().any(|s| s.cause == Cause::Others));
    spent.merge(&spent.clone());
    assert_eq!(of(&spent), [(150, 12), (50, 4)]);
}

#[test]
fn looks_are_counted_anew_at_each_turn() {
    let (mut seen, at) = (Seen::default(), site(Sleep::Light, 3));
    for _ in 0..3 {
        seen.saw(Tid(1), &at, &cause(3));
    }
    assert_eq!(seen.causes(Tid(1), &at), [(cause(3), 3)]);
    seen.turn();
    assert_eq!(seen.causes(Tid(1), &at), [(cause(3), 1)], "the last one");
    seen.saw(Tid(1), &at, &cause(4));
    assert_eq!(seen.causes(Tid(1), &at), [(cause(4), 1)]);
}

#[test]
fn where_it_sleeps_in_the_kernel_parts_only_waits_that_are_told_by_it() {
    let of = |what: &Wait, uninterruptible, function: &str| {
        Cause::of(&Waiting {
            what: what.clone(),
            call: None,
            function: Some(function.into()),
            uninterruptible,
        })
    };
    let read = by_first("read", 3);
    for (what, uninterruptible, apart) in [
        (&read, false, false),
        (&read, true, true),
        (&Wait::Work, false, true),
        (&Wait::Hidden, false, true),
    ] {
        let (one, other) = (
            of(what, uninterruptible, "a"),
            of(what, uninterruptible, "b"),
        );
        assert_eq!(one != other, apart, "{what:?}");
    }
}

fn bucket(from: u64, to: u64, exact: bool) -> Arc<Bucket> {
    Arc::new(Bucket {
        from: ms(from),
        to: ms(to),
        readings: 20,
        exact,
        threads: vec![ThreadSpent {
            id: ThreadId {
                tid: Tid(7),
                ..ThreadId::default()
            },
            name: "io".into(),
            spent: Spent::default(),
            threads: 0,
        }],
        ..Bucket::default()
    })
}

#[test]
fn a_sum_is_exact_where_all_its_parts_are() {
    for (parts, exact) in [
        ([true, true], true),
        ([true, false], false),
        ([false, true], false),
    ] {
        let buckets = parts.map(|exact| bucket(0, 1000, exact));
        assert_eq!(sum(buckets.iter().map(AsRef::as_ref)).exact, exact);
    }
    let one = bucket(0, 2000, false);
    assert_eq!(one.name_of(Tid(7)).as_deref(), Some("io"));
    assert_eq!(one.name_of(Tid(8)), None);
    let pace = |of: &Bucket| of.pace().round() as u64;
    assert_eq!((pace(&one), pace(&bucket(5, 5, false))), (10, 0));
}

#[test]
fn a_bucket_belongs_to_a_span_that_it_exceeds_by_a_twentieth() {
    let buckets = vec![bucket(0, 950, true), bucket(950, 2000, true)];
    let spent = TimeSpent { buckets };
    let begins = |span| spent.last(ms(span)).from;
    assert_eq!(begins(2000), ms(0));
    assert_eq!(begins(1000), ms(950));
    // 2000 is a twentieth more than 1904.76.
    assert_eq!(begins(1905), ms(0));
    assert_eq!(begins(1904), ms(950));
    assert_eq!(begins(1), ms(950), "the last one in any case");
}

/// One thread that was blocked so long on each.
fn blocked(on: &[(&Cause, u64)]) -> Bucket {
    let mut one = Arc::unwrap_or_clone(bucket(0, 1000, false));
    for (cause, span) in on {
        let between = between(*span, 0, 0, true, [Some(cause), Some(cause)]);
        one.threads[0].spent.add(between);
    }
    one
}

#[test]
fn calls_that_nobody_counts_are_told_by_who_was_seen_in_them() {
    let in_call = |fd: u64| {
        let waiting = Waiting {
            what: by_first("read", fd),
            call: Some("read".into()),
            function: None,
            uninterruptible: false,
        };
        Cause::of(&waiting).expect("it waits")
    };
    let (three, four) = (in_call(3), in_call(4));
    let (denied, gone) = (Cause::Untold(Missing::Denied), Cause::Untold(Missing::Gone));
    let why = || "perf is not allowed".to_owned();
    let told = sampled(&blocked(&[(&three, 50), (&denied, 9), (&four, 30)]), why());
    let told = told.expect("two of three are told");
    assert_eq!(
        (told.exact, told.span, told.why.as_str()),
        (false, ms(1000), "perf is not allowed")
    );
    assert_eq!(told.rows.len(), 1);
    assert_eq!(
        (told.rows[0].name.as_str(), told.rows[0].span),
        ("read", Nanos(80))
    );
    let of: Vec<_> = told.rows[0]
        .descriptors
        .iter()
        .map(|(fd, sums)| (*fd, sums.span.0))
        .collect();
    assert_eq!(of, [(3, 50), (4, 30)]);
    assert_eq!(
        sampled(&blocked(&[(&denied, 9)]), why()).err(),
        Some(Missing::Denied)
    );
    let nothing = sampled(&blocked(&[(&gone, 9)]), why()).expect("nothing was hidden");
    assert_eq!(
        nothing.none(),
        "none of its threads was seen blocked in a call"
    );
    let exact = crate::model::scheduling::calls::Calls {
        exact: true,
        ..nothing
    };
    assert_eq!(exact.none(), "no call was made, and nobody was seen in one");
}
