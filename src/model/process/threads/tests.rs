//! Rates, circles and the JSON contract.

use super::*;
use crate::model::id::Ticks;

use crate::model::scheduling::wait::{Fd, Futex, Limit, Lock, Mutex, Owner};

fn row(tid: u32, what: Wait) -> ThreadRow {
    ThreadRow {
        id: ThreadId {
            tid: Tid(tid),
            start: Ticks(1),
        },
        name: format!("t{tid}").into(),
        stat: Stat {
            state: State::Sleeping,
            ..Stat::default()
        },
        at: Nanos(0),
        cpu: Ok(1.5),
        detail: Ok(ThreadDetail {
            at: Nanos::from_millis(1000),
            switches: Ok(Switches {
                voluntary: 10,
                involuntary: 4,
            }),
            rates: Err(Missing::Soon),
            waiting: Waiting {
                what,
                call: None,
                function: None,
                uninterruptible: false,
            },
            seen: Nanos(0),
            stack: Ok(Stack {
                start: 0x7fff_0000,
                used: Bytes(4096),
                size: Bytes(8192),
            }),
            sp: Ok(0x7ffe_f000),
        }),
    }
}

fn lock(kind: Lock) -> Wait {
    Wait::Futex(Futex {
        kind,
        word: 0x10,
        place: None,
        limit: Limit::None,
    })
}

#[test]
fn a_circle_of_owners_is_told() {
    let threads = Threads {
        rows: vec![
            row(
                1,
                lock(Lock::Mutex(Mutex::Plain, Some(Owner::Thread(Tid(2))))),
            ),
            row(2, lock(Lock::Join(Some(Owner::Thread(Tid(1)))))),
            row(
                3,
                lock(Lock::Mutex(Mutex::Plain, Some(Owner::Thread(Tid(1))))),
            ),
        ],
        ..Threads::default()
    }
    .with_deadlocks();
    let told: Vec<String> = threads.deadlocks.iter().map(|d| threads.told(d)).collect();
    assert_eq!(told, ["1 t1 → 2 t2 → 1 t1"]);
}

#[test]
fn rates_need_two_readings() {
    let before = row(1, Wait::Call).detail.expect("detail");
    let now = Ok(Switches {
        voluntary: 30,
        involuntary: 3,
    });
    let at = Nanos::from_millis(3000);
    assert_eq!(rates(None, now, at), Err(Missing::Soon));
    assert_eq!(
        rates(Some(&before), Err(Missing::Denied), at),
        Err(Missing::Denied)
    );
    assert_eq!(
        rates(Some(&before), now, before.at),
        Err(Missing::Soon),
        "no time passed"
    );
    let rates = rates(Some(&before), now, at).expect("rates");
    assert!((rates.voluntary - 10.0).abs() < 1e-9);
    assert!(rates.involuntary.abs() < 1e-9, "never negative");
}

#[test]
fn json_is_the_contract() {
    let fd = Fd::new(3);
    let mut hidden = row(2, Wait::Call);
    hidden.cpu = Err(Missing::Soon);
    hidden.detail = Err(Missing::Denied);
    let threads = Threads {
        rows: vec![
            row(
                1,
                Wait::On {
                    verb: "read of",
                    fd,
                },
            ),
            hidden,
        ],
        ..Threads::default()
    };
    let peer = |fd: i32| (fd == 3).then(|| "pipe written by 812 make".to_owned());
    let json = serde_json::to_value(threads.to_json(&peer)).expect("json");
    let expected = serde_json::json!([
        {
            "tid": 1, "name": "t1", "state": "S", "cpu_percent": 1.5, "processor": 0,
            "waits_on": "read of fd 3, pipe written by 812 make",
            "voluntary_switches": 10, "involuntary_switches": 4,
            "stack_start": "0x7fff0000", "stack_used_bytes": 4096,
        },
        {
            "tid": 2, "name": "t2", "state": "S", "cpu_percent": null, "processor": 0,
            "waits_on": null, "voluntary_switches": null, "involuntary_switches": null,
            "stack_start": null, "stack_used_bytes": null,
            "unavailable": {
                "cpu_percent": "soon", "waits_on": "denied", "voluntary_switches": "denied",
                "involuntary_switches": "denied", "stack_start": "denied", "stack_used_bytes": "denied",
            },
        },
    ]);
    assert_eq!(json, expected);
}

#[test]
fn two_moments_make_no_sentence() {
    let sleeps = row(1, Wait::Running);
    let runs = ThreadRow {
        stat: Stat {
            state: State::Running,
            ..Stat::default()
        },
        ..row(2, Wait::Running)
    };
    let threads = Threads {
        rows: vec![sleeps, runs],
        ..Threads::default()
    };
    let said = |at: usize| threads.waits_on(&threads.rows[at], &|_| None);
    assert_eq!(
        said(0),
        Err(Missing::Soon),
        "asleep, and running when asked"
    );
    assert!(said(1).is_ok());
}
