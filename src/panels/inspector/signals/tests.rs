//! What is shown of hand-made signal states.

use std::sync::Arc;

use super::*;
use crate::app::event::Effect;
use crate::app::world::Settings;
use crate::model::acting::signal::SignalSet;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId, Tid};
use crate::panels::tests::drawn::drawn;
use crate::theme::{Depth, Theme};

fn set(numbers: &[u32]) -> SignalSet {
    numbers.iter().filter_map(|n| Signal::new(*n)).collect()
}

fn state() -> SignalState {
    let thread = |tid, blocked: &[u32], pending: &[u32]| ThreadSignals {
        tid: Tid(tid),
        name: "t".into(),
        blocked: set(blocked),
        pending: set(pending),
    };
    SignalState {
        caught: set(&[15]),
        ignored: set(&[1, 13]),
        blocked: set(&[10, 12]),
        pending: set(&[10]),
        threads: vec![thread(100, &[10, 12], &[]), thread(101, &[10], &[34])],
        thread_count: 2,
        queued: Some((2, 96_364)),
        ..SignalState::default()
    }
}

fn world_with(state: SignalState) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.focus = Some(ProcId::new(100, 9));
    world.detail = Arc::new(Detail {
        of: world.focus,
        signals: Some(Stamped::new(Nanos(1), Ok(state))),
        ..Detail::default()
    });
    world
}

#[test]
fn a_thread_in_sigwait_reads_what_it_waits_for() {
    let mut waited = state();
    waited.waiters = vec![crate::model::acting::signal::SignalWaiter {
        tid: Tid(100),
        name: "reader".into(),
        signals: set(&[3]),
        fd: None,
    }];
    let lines = drawn(&mut SignalsTab::default(), &world_with(waited), 96, 40);
    let quit = lines.iter().find(|l| l.contains("QUIT")).expect("shown");
    assert!(quit.contains("read by 100 reader"), "{quit}");
}

#[test]
fn says_what_each_signal_would_do() {
    let lines = drawn(&mut SignalsTab::default(), &world_with(state()), 96, 40);
    insta::assert_snapshot!(lines[..19].join("\n"), @r"
     1 caught   2 ignored   2 blocked   2 pending   2 of 96364 queued for its user
     NR▲ SIGNAL   WHAT HAPPENS          BLOCKED   PENDING    WHAT IT IS FOR
    ▌  1 HUP      ignored                                    terminal closed, reload
       2 INT      terminates                                 Ctrl-C, interrupts it
       3 QUIT     terminates, core dump                      Ctrl-\, ends it with a dump
       4 ILL      terminates, core dump                      illegal instruction
       5 TRAP     terminates, core dump                      breakpoint of a debugger
       6 ABRT     terminates, core dump                      it gave up (abort)
       7 BUS      terminates, core dump                      memory that is not there
       8 FPE      terminates, core dump                      arithmetic error
       9 KILL     terminates                                 ends it at once
      10 USR1     terminates            yes       process    free for programs
      11 SEGV     terminates, core dump                      invalid memory access
      12 USR2     terminates            by 100               free for programs
      13 PIPE     ignored                                    wrote to a closed pipe
      14 ALRM     terminates                                 alarm clock rang
      15 TERM     caught                                     asks it to end
      16 STKFLT   terminates                                 unused by Linux
      17 CHLD     nothing happens                            a child ended or stopped
    ");
    assert!(
        lines[35].contains("RTMIN") && lines[35].contains("thr 101"),
        "{}",
        lines[35]
    );
}

#[test]
fn narrow_screens_lose_the_meaning_first() {
    let lines = drawn(&mut SignalsTab::default(), &world_with(state()), 58, 11);
    assert!(
        lines[1].contains("PENDING") && !lines[1].contains("WHAT IT IS"),
        "{}",
        lines[1]
    );
    let mut tab = SignalsTab::default();
    for wide in 0..70 {
        for high in 0..9 {
            drawn(&mut tab, &world_with(state()), wide, high);
        }
    }
}

#[test]
fn search_finds_names_and_meanings_and_copy_says_what_happens() {
    let world = world_with(state());
    let mut tab = SignalsTab::default();
    drawn(&mut tab, &world, 96, 20);
    tab.act(&world, moves::SEARCH);
    tab.paste(&world, "asks it to end");
    drawn(&mut tab, &world, 96, 20);
    assert_eq!(tab.list.chosen(), Some(&Signal::TERM));
    let Reply::Do(Effect::Copy(text)) = tab.act(&world, moves::COPY) else {
        panic!("it copies");
    };
    assert_eq!(text, "SIGTERM: caught");
}

#[test]
fn sorting_by_what_happens_brings_the_handled_ones_up() {
    let state = state();
    let order = sorted(&state, (HANDLED, false));
    assert_eq!(order[0], Signal::TERM);
    assert_eq!(sorted(&state, (PENDING, false))[0], Signal::USR1);
    assert_eq!(
        sorted(&state, (NUMBER, true)).first().copied(),
        Signal::new(64)
    );
}

#[test]
fn kernel_threads_and_zombies_say_so() {
    let text = |state| drawn(&mut SignalsTab::default(), &world_with(state), 96, 20).join("\n");
    let kernel = text(SignalState {
        kernel_thread: true,
        ignored: SignalSet(u64::MAX),
        ..SignalState::default()
    });
    assert!(
        kernel.contains("A thread of the kernel") && kernel.contains("KILL     ignored"),
        "{kernel}"
    );
    let zombie = text(SignalState {
        zombie: true,
        ..SignalState::default()
    });
    assert!(
        zombie.contains("It has ended") && !zombie.contains("terminates"),
        "{zombie}"
    );
}
