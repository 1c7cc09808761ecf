//! Keys in, rows out, drawn at several sizes.

use super::*;
use crate::app::event::Effect;
use crate::app::key::{Key, Mouse};
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Nanos, ProcId, ThreadId, Ticks};
use crate::model::process::stat::{Stat, State};
use crate::model::process::threads::{Stack, Switches, ThreadDetail};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{Fd, Futex, Lock, Mutex, Owner, Waiting};
use crate::panels::tests::drawn::{buffer as drawn, lines};
use crate::theme::{Depth, Role, Theme};

fn thread(tid: u32, name: &str, state: State, what: Wait) -> ThreadRow {
    ThreadRow {
        id: ThreadId {
            tid: Tid(tid),
            start: Ticks(9),
        },
        name: name.into(),
        stat: Stat {
            state,
            ..Stat::default()
        },
        at: Nanos(0),
        cpu: Ok(if state == State::Running { 98.6 } else { 0.0 }),
        detail: Ok(ThreadDetail {
            at: Nanos(0),
            switches: Ok(Switches {
                voluntary: 10,
                involuntary: 2,
            }),
            rates: Ok(Switches {
                voluntary: f64::from(tid),
                involuntary: 0.5,
            }),
            waiting: Waiting {
                what,
                call: None,
                function: None,
                uninterruptible: state == State::Blocked,
            },
            seen: Nanos::from_millis(12_000),
            stack: Ok(Stack {
                start: 0x7fff_0000,
                used: Bytes(u64::from(tid) << 10),
                size: Bytes(8 << 20),
            }),
            sp: Ok(1),
        }),
    }
}

fn mutex(owner: u32) -> Wait {
    Wait::Futex(Futex {
        kind: Lock::Mutex(Mutex::Plain, Some(Owner::Thread(Tid(owner)))),
        word: 0x5000,
        place: Some("heap".into()),
        limit: crate::model::scheduling::wait::Limit::None,
    })
}

fn rows() -> Vec<ThreadRow> {
    let read = Wait::On {
        verb: "read of",
        fd: Fd {
            target: Ok("pipe:[7]".into()),
            ..Fd::new(3)
        },
    };
    vec![
        thread(100, "main", State::Sleeping, read),
        thread(101, "spin", State::Running, Wait::Running),
        thread(102, "left", State::Sleeping, mutex(103)),
        thread(103, "right", State::Sleeping, mutex(102)),
    ]
}

fn world_with(value: Reading<Vec<ThreadRow>>) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    let id = ProcId::new(100, 9);
    world.focus = Some(id);
    show(&mut world, 1, value);
    world
}

fn show(world: &mut World, at: u64, value: Reading<Vec<ThreadRow>>) {
    let threads = value.map(|rows| {
        Threads {
            rows,
            ..Threads::default()
        }
        .with_deadlocks()
    });
    world.detail = Arc::new(Detail {
        of: world.focus,
        threads: Some(Stamped::new(Nanos(at), threads)),
        ..Detail::default()
    });
}

#[test]
fn says_what_each_thread_waits_for() {
    let world = world_with(Ok(rows()));
    let buf = drawn(&mut ThreadsTab::default(), &world, 110, 20);
    insta::assert_snapshot!(lines(&buf)[..7].join("\n"), @r"
     Deadlock: 102 left → 103 right → 102 left · each waits for the next
     4 threads   1 running   2 wait for another   3 sleeping
        TID▲ NAME            S  CPU% CORE VOL/s INV/s STACK WAITS FOR
    ▌    100 main            S   0.0    0   100   0.5  100K read of fd 3, pipe · 12s
         101 spin            R  98.6    0   101   0.5  101K running
         102 left            S   0.0    0   102   0.5  102K mutex held by thread 103 right (0x5000, in heap) · 12s
         103 right           S   0.0    0   103   0.5  103K mutex held by thread 102 left (0x5000, in heap) · 12s
    ");
    let bad = world.theme.style(Role::Bad).fg;
    assert_eq!(buf[(2, 0)].fg, bad.expect("a colour"), "a deadlock is red");
}

#[test]
fn narrow_screens_keep_number_name_and_wait() {
    let world = world_with(Ok(rows()));
    let buf = drawn(&mut ThreadsTab::default(), &world, 58, 11);
    insta::assert_snapshot!(lines(&buf)[..7].join("\n"), @r"
     Deadlock: 102 left → 103 right → 102 left · each waits f…
     4 threads   1 running   2 wait for another   3 sleeping
        TID▲ NAME            S WAITS FOR
    ▌    100 main            S read of fd 3, pipe · 12s
         101 spin            R running
         102 left            S mutex held by thread 103 right…
         103 right           S mutex held by thread 102 left …
    ");
}

#[test]
fn draws_at_every_size() {
    let world = world_with(Ok(rows()));
    let mut tab = ThreadsTab::default();
    for wide in 0..90 {
        for high in 0..9 {
            drawn(&mut tab, &world, wide, high);
        }
    }
}

#[test]
fn another_pane_may_lead_to_a_thread_before_it_is_read() {
    let mut world = world_with(Err(Missing::Soon));
    let mut tab = ThreadsTab::default();
    let of = world.focus.expect("somebody");
    drawn(&mut tab, &world, 80, 12);
    assert!(tab.find(of, Led::Thread(Tid(103))));
    drawn(&mut tab, &world, 80, 12);
    show(&mut world, 2, Ok(rows()));
    drawn(&mut tab, &world, 80, 12);
    assert_eq!(tab.list.chosen(), Some(&Tid(103)));
    tab.act(&world, moves::FIRST);
    drawn(&mut tab, &world, 80, 12);
    assert_ne!(tab.list.chosen(), Some(&Tid(103)), "once only");
}

#[test]
fn sorts_searches_and_copies() {
    let world = world_with(Ok(rows()));
    let mut tab = ThreadsTab::default();
    let area = Rect::new(0, 0, 110, 20);
    tab.fit(&world, area);
    for _ in 0..3 {
        tab.act(&world, moves::SORT_RIGHT);
    }
    tab.fit(&world, area);
    assert_eq!(tab.keys[0], Tid(101), "the busiest is first");
    tab.act(&world, moves::SEARCH);
    for c in "held by thread 102".chars() {
        tab.key(&world, Key::char(c));
    }
    tab.fit(&world, area);
    assert_eq!(tab.list.chosen(), Some(&Tid(103)));
    let Reply::Do(Effect::Copy(text)) = tab.act(&world, moves::COPY) else {
        panic!("it copies");
    };
    assert_eq!(
        text,
        "103 right S: mutex held by thread 102 left (0x5000, in heap)"
    );
    assert_eq!(tab.status(&world), "search held by thread 102▏  4/4");
}

#[test]
fn a_click_on_a_title_sorts_and_one_on_a_row_selects() {
    use crate::app::key::Press;
    let world = world_with(Ok(rows()));
    let mut tab = ThreadsTab::default();
    let buf = drawn(&mut tab, &world, 110, 20);
    let titles = lines(&buf)
        .iter()
        .position(|l| l.contains("WAITS FOR"))
        .expect("titles") as u16;
    let column = lines(&buf)[usize::from(titles)]
        .find("STACK")
        .expect("STACK") as u16;
    let click = |column, row| Mouse {
        press: Press::Left,
        column,
        row,
    };
    tab.mouse(&world, click(column, titles));
    tab.fit(&world, buf.area);
    assert_eq!(tab.keys, [Tid(103), Tid(102), Tid(101), Tid(100)]);
    tab.mouse(&world, click(5, titles + 2));
    tab.fit(&world, buf.area);
    assert_eq!(tab.list.chosen(), Some(&Tid(102)));
}

#[test]
fn an_ended_process_keeps_its_last_threads() {
    let mut world = world_with(Ok(rows()));
    let mut tab = ThreadsTab::default();
    drawn(&mut tab, &world, 110, 20);
    show(&mut world, 2, Err(Missing::Gone));
    let text = lines(&drawn(&mut tab, &world, 110, 20)).join("\n");
    assert!(
        text.contains("has ended") && text.contains("read of fd 3"),
        "{text}"
    );
}

#[test]
fn what_is_denied_is_said_once_and_never_zero() {
    let mut all = rows();
    for row in &mut all {
        row.cpu = Err(Missing::Soon);
        let detail = row.detail.as_mut().expect("detail");
        detail.sp = Err(Missing::Denied);
        detail.stack = Err(Missing::Denied);
        detail.rates = Err(Missing::Soon);
        detail.waiting.what = Wait::Hidden;
    }
    let world = world_with(Ok(all));
    let text = lines(&drawn(&mut ThreadsTab::default(), &world, 110, 13)).join("\n");
    assert!(text.contains("does not show what they wait for"), "{text}");
    assert!(text.contains('–') && !text.contains("0.0"), "{text}");
}

#[test]
fn asks_for_the_threads_in_view() {
    let many = (0..10_000)
        .map(|n| thread(n, "t", State::Sleeping, Wait::Call))
        .collect();
    let world = world_with(Ok(many));
    let mut tab = ThreadsTab::default();
    tab.fit(&world, Rect::new(0, 0, 110, 20));
    tab.act(&world, moves::LAST);
    tab.fit(&world, Rect::new(0, 0, 110, 20));
    let mut plan = Plan::default();
    tab.plan(&world, &mut plan);
    assert!(plan.needs.contains(Needs::WAITS));
    assert_eq!(plan.threads.last(), Some(&Tid(9999)));
    assert!(plan.threads.len() < 20);
}

#[test]
fn says_why_it_is_empty() {
    let world = world_with(Err(Missing::Denied));
    let text = lines(&drawn(&mut ThreadsTab::default(), &world, 80, 9)).join("");
    assert!(
        text.contains("– the kernel does not show it to this user"),
        "{text}"
    );
}
