//! What was told in, rows out.

use super::*;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{ThreadId, Ticks};
use crate::model::reading::Missing;
use crate::model::scheduling::spent::{Between, Cause, ThreadSpent};
use crate::model::scheduling::wait::{Fd, Futex, Limit, Lock, Mutex, Waiting};
use crate::panels::tests::drawn::drawn;
use crate::theme::{Depth, Theme};

fn cause(what: Wait) -> Cause {
    Cause::of(&Waiting {
        what,
        call: None,
        function: None,
        uninterruptible: false,
    })
    .expect("it waits")
}

fn thread(tid: u32, name: &str, running: u64, ready: u64, on: &Cause) -> ThreadSpent {
    let mut spent = Spent::default();
    spent.add(Between {
        span: Nanos(1_000_000_000),
        running: Nanos(running * 1_000_000),
        ready: Nanos(ready * 1_000_000),
        slept: running == 0,
        ends: [Some(on), Some(on)],
        sides: None,
    });
    ThreadSpent {
        threads: 0,
        id: ThreadId {
            tid: Tid(tid),
            start: Ticks(9),
        },
        name: name.into(),
        spent,
    }
}

fn told() -> TimeSpent {
    let read = cause(Wait::On {
        verb: "read of",
        fd: Fd {
            target: Ok("pipe:[7]".into()),
            ..Fd::new(3)
        },
    });
    let child = cause(Wait::Child(Child::One(
        crate::model::id::Pid(7),
        Some("cc1".into()),
    )));
    let sleep = cause(Wait::Sleep(Limit::Left(Nanos(5))));
    let bucket = |n: u64| {
        Arc::new(Bucket {
            from: Nanos(n * 1_000_000_000),
            to: Nanos((n + 1) * 1_000_000_000),
            readings: 20,
            exact: false,
            why: "programs in the kernel need CAP_BPF and CAP_PERFMON, or root".into(),
            threads: vec![
                thread(100, "main", 250, 50, &read),
                thread(101, "waiter", 0, 0, &child),
                thread(102, "timer", 0, 0, &sleep),
            ],
        })
    };
    TimeSpent {
        buckets: (0..12).map(bucket).collect(),
    }
}

fn world(told: Result<TimeSpent, Missing>) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.focus = Some(ProcId::new(100, 9));
    world.detail = Arc::new(Detail {
        of: world.focus,
        spent: Some(Stamped::new(Nanos(1), told)),
        ..Detail::default()
    });
    world
}

#[test]
fn the_parts_add_up_and_the_longest_is_first() {
    let world = world(Ok(told()));
    let lines = drawn(&mut TimeTab::default(), &world, 84, 16);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn each_thread_by_itself() {
    let world = world(Ok(told()));
    let mut tab = TimeTab::default();
    tab.fit(&world, Rect::new(0, 0, 84, 12));
    tab.act(&world, &BY_THREAD);
    tab.act(&world, &NARROWER);
    let lines = drawn(&mut tab, &world, 84, 12);
    insta::assert_snapshot!(lines.join("\n"));
    assert!(lines[0].contains("over 5.0s"), "{}", lines[0]);
}

fn woken() -> Wakes {
    let row = |waker, name: &str, wakes: u64, p99: u64, whom: &[u32]| WakeRow {
        waker,
        name: name.into(),
        wakes,
        waited: Nanos(wakes * 10_000),
        p50: Nanos(8_000),
        p99: Nanos(p99),
        longest: Nanos(p99 * 2),
        whom: whom.iter().copied().map(Tid).collect(),
    };
    let redis = Waker::Thread(crate::model::id::Pid(7), Tid(7));
    Wakes {
        span: Nanos(10_000_000_000),
        rows: vec![
            row(redis, "redis-server", 5000, 20_000_000, &[100, 101]),
            row(Waker::Timer, "timer", 15, 30_000, &[102]),
        ],
        all: Some(Box::new(row(
            Waker::Kernel,
            "",
            5015,
            20_000_000,
            &[100, 101, 102],
        ))),
    }
}

#[test]
fn who_woke_it_and_how_long_it_then_waited() {
    let mut world = world(Ok(told()));
    let detail = Detail {
        wakes: Some(Stamped::new(Nanos(1), Ok(woken()))),
        ..(*world.detail).clone()
    };
    world.detail = Arc::new(detail);
    let mut tab = TimeTab::default();
    let area = Rect::new(0, 0, 84, 10);
    tab.fit(&world, area);
    tab.act(&world, &BY_THREAD);
    tab.act(&world, &BY_THREAD);
    let lines = drawn(&mut tab, &world, 84, 10);
    insta::assert_snapshot!(lines.join("\n"));
    let copied = tab.copied(&world).expect("a row");
    assert!(
        copied.starts_with("woken by 7 redis-server 5.0k times"),
        "{copied}"
    );
    // It is not in the snapshot any more.
    assert!(matches!(tab.enter(&world), Reply::Say(said) if said.contains("ended")));
    let detail = Detail {
        wakes: Some(Stamped::new(Nanos(2), Err(Missing::Denied))),
        ..(*world.detail).clone()
    };
    let mut other = TimeTab::default();
    world.detail = Arc::new(detail);
    other.by = By::Waker;
    let lines = drawn(&mut other, &world, 84, 10).join(" ");
    assert!(lines.contains("CAP_BPF and CAP_PERFMON"), "{lines}");
}

#[test]
fn enter_leads_to_whom_it_waits_for() {
    let world = world(Ok(told()));
    let mut tab = TimeTab::default();
    let area = Rect::new(0, 0, 84, 16);
    let mut led = Vec::new();
    for _ in 0..5 {
        tab.fit(&world, area);
        match tab.enter(&world) {
            Reply::Inspect(id, name) => led.push((id.pid.0, name.to_owned())),
            Reply::Lead(id, to) => led.push((id.pid.0, format!("{to:?}"))),
            _ => {}
        }
        tab.act(&world, moves::DOWN);
    }
    // The child is not in the snapshot, so the thread that waits for it is shown.
    let expected = [
        "Thread(Tid(101))",
        "Thread(Tid(102))",
        "Descriptor(3)",
        "schedule",
        "schedule",
    ];
    assert_eq!(led, expected.map(|to| (100, to.to_owned())));
}

#[test]
fn enter_on_a_disk_leads_to_the_descriptor_that_is_read() {
    let waiting = Waiting {
        what: Wait::On {
            verb: "read of",
            fd: Fd::new(9),
        },
        call: Some("read".into()),
        function: Some("io_schedule".into()),
        uninterruptible: true,
    };
    let disk = Cause::of(&waiting).expect("it waits");
    assert_eq!(disk.kind(), Kind::Device);
    let bucket = Bucket {
        to: Nanos(1_000_000_000),
        threads: vec![thread(100, "reads", 0, 0, &disk)],
        ..Bucket::default()
    };
    let world = world(Ok(TimeSpent {
        buckets: vec![Arc::new(bucket)],
    }));
    let mut tab = TimeTab::default();
    tab.fit(&world, Rect::new(0, 0, 84, 16));
    assert!(matches!(
        tab.enter(&world),
        Reply::Lead(_, Led::Descriptor(9))
    ));
}

#[test]
fn enter_on_a_lock_leads_to_its_holder_or_to_who_waits_longest() {
    let lock = |word, owner| {
        cause(Wait::Futex(Futex {
            kind: Lock::Mutex(Mutex::Plain, owner),
            word,
            place: None,
            limit: Limit::None,
        }))
    };
    let held = lock(0x5000, Some(Owner::Thread(Tid(103))));
    let bare = lock(0x6000, None);
    let bucket = Bucket {
        to: Nanos(1_000_000_000),
        threads: vec![
            thread(100, "waits", 0, 0, &held),
            thread(101, "seldom", 900, 0, &bare),
            thread(102, "often", 100, 0, &bare),
            thread(103, "holds", 1000, 0, &bare),
        ],
        ..Bucket::default()
    };
    let world = world(Ok(TimeSpent {
        buckets: vec![Arc::new(bucket)],
    }));
    let mut tab = TimeTab::default();
    let mut led = Vec::new();
    for _ in 0..3 {
        tab.fit(&world, Rect::new(0, 0, 84, 16));
        let line = tab.copied(&world).expect("a line");
        let to = match tab.enter(&world) {
            Reply::Lead(_, Led::Thread(tid)) => tid.0,
            _ => 0,
        };
        led.push((line.contains("103 holds"), to));
        tab.act(&world, moves::DOWN);
    }
    // Running, the lock of 103, and one of which no holder is known.
    assert_eq!(led, [(false, 0), (true, 103), (false, 102)]);
    tab.act(&world, &BY_THREAD);
    tab.fit(&world, Rect::new(0, 0, 84, 16));
    assert!(matches!(
        tab.enter(&world),
        Reply::Lead(_, Led::Thread(Tid(103)))
    ));
}

#[test]
fn says_why_there_is_nothing() {
    for (why, words) in [
        (Missing::Soon, "reading"),
        (Missing::Unsupported, "does not tell"),
        (Missing::Gone, "ended"),
    ] {
        let lines = drawn(&mut TimeTab::default(), &world(Err(why)), 90, 9);
        assert!(lines.join(" ").contains(words), "{lines:?}");
    }
}

#[test]
fn draws_at_every_size() {
    let world = world(Ok(told()));
    let mut tab = TimeTab::default();
    for wide in 0..90 {
        for high in 0..20 {
            drawn(&mut tab, &world, wide, high);
        }
    }
}

#[test]
fn its_requests_to_disks_stand_below_where_it_made_some() {
    use crate::model::id::Pid;
    use crate::model::machine::requests::{Column, DeviceRequests, FocusRequests, Kind, Took};
    let mut world = world(Ok(told()));
    let id = world.focus.expect("somebody");
    let took = Took {
        done: 500,
        mean: Ok(Nanos(150_000)),
        device: Ok(Nanos(120_000)),
        p50: Ok(Nanos(131_000)),
        p99: Ok(Nanos(1_200_000)),
    };
    let device = DeviceRequests {
        name: "vda".into(),
        kind: Kind::Read,
        took,
        longest: Nanos(2_000_000),
        columns: vec![Column {
            number: 119,
            steps: vec![(14, 90)],
        }],
    };
    let requests = |pid: Pid| Requests {
        at: Nanos::from_millis(60_100),
        span: Nanos::from_millis(5000),
        focus: Some(FocusRequests {
            pid,
            since: Nanos::from_millis(50_000),
            devices: vec![device.clone()],
        }),
        ..Requests::default()
    };
    let mut shown = |pid| {
        let at = Nanos::from_millis(60_100);
        let mut detail = (*world.detail).clone();
        detail.machine.requests = Some(Stamped::new(at, Ok(requests(pid))));
        world.detail = Arc::new(detail);
        let mut tab = TimeTab::default();
        drawn(&mut tab, &world, 90, 30).join("\n")
    };
    let text = shown(id.pid);
    assert!(
        text.contains("vda reads 100/s  p50 131µs  p99 1.2ms"),
        "{text}"
    );
    let text = shown(Pid(id.pid.0 + 1));
    assert!(!text.contains("vda"), "of another one: {text}");
}
