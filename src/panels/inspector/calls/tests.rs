//! Calls in, rows out.

use super::*;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::calls::{CallError, CallSums, Number};
use crate::panels::tests::drawn::drawn;
use crate::theme::{Depth, Theme};

fn call(number: u32, name: &str, calls: u64, span_us: u64) -> CallRow {
    CallRow {
        number: Number {
            number,
            narrow: false,
        },
        name: name.to_owned(),
        calls: Ok(calls),
        errors: Ok(calls / 10),
        error: (calls > 10).then(|| CallError {
            number: 11,
            name: "EAGAIN".to_owned(),
            words: "Try again",
            calls: calls / 10,
        }),
        other_errors: Vec::new(),
        span: Nanos(span_us * 1000),
        on_core: Ok(Nanos(span_us * 100)),
        mean: Ok(Nanos(span_us * 1000 / calls.max(1))),
        p99: Ok(Nanos(span_us * 10)),
        longest: Ok(Nanos(span_us * 500)),
        descriptors: vec![(
            7,
            CallSums {
                calls,
                span: Nanos(span_us * 900),
            },
        )],
        paths: Vec::new(),
        inside: None,
        earlier: false,
    }
}

fn world(calls: Reading<Calls>) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.focus = Some(ProcId::new(100, 9));
    world.detail = Arc::new(Detail {
        of: world.focus,
        calls: Some(Stamped::new(Nanos(1), calls)),
        ..Detail::default()
    });
    world
}

fn told() -> Calls {
    let mut waits = call(232, "epoll_wait", 3, 4_000_000);
    waits.descriptors.clear();
    waits.inside = Some((2, Nanos(3_000_000_000)));
    Calls {
        span: Nanos(5_000_000_000),
        exact: true,
        why: String::new(),
        records: false,
        lost: 0,
        rows: vec![
            waits,
            call(0, "read", 50_000, 900_000),
            call(1, "write", 10, 300),
        ],
    }
}

#[test]
fn what_takes_most_time_is_first() {
    let world = world(Ok(told()));
    let lines = drawn(&mut CallsTab::default(), &world, 110, 16);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_is_sampled_says_so_and_shows_no_numbers() {
    let mut calls = told();
    calls.exact = false;
    calls.why = "programs in the kernel need CAP_BPF".to_owned();
    for row in &mut calls.rows {
        row.calls = Err(Missing::Denied);
        row.errors = Err(Missing::Denied);
        row.mean = Err(Missing::Denied);
    }
    let lines = drawn(&mut CallsTab::default(), &world(Ok(calls)), 110, 12);
    assert!(lines[0].contains("sampled") && lines[1].contains("CAP_BPF"));
    let read = lines.iter().find(|l| l.contains("read")).expect("a row");
    assert!(read.contains('–') && !read.contains("10K"), "{read}");
}

#[test]
fn draws_at_every_size() {
    let world = world(Ok(told()));
    let mut tab = CallsTab::default();
    for wide in 0..90 {
        for high in 0..20 {
            drawn(&mut tab, &world, wide, high);
        }
    }
    drawn(&mut tab, &self::world(Err(Missing::Soon)), 40, 8);
}
