//! Why a slice did not begin earlier: the mark before it, the sentence, and the arrow.

use super::*;
use crate::model::id::{Nanos, Pid, ProcId, Tid};
use crate::model::scheduling::timeline::{Builder, Thread};
use crate::model::scheduling::wakes::Waker;

/// Twenty milliseconds in which `redis` on the second core wakes `web` for the first one, which `rustc` has until 12 ms.
pub fn woken(by: Waker) -> World {
    let mut world = world([0, 1]);
    let mut names = |pid: Pid, _: Tid| {
        let name = match pid.0 {
            812 => "redis",
            6840 => "rustc",
            _ => "web",
        };
        (ProcId::new(pid.0, u64::from(pid.0)), name.into())
    };
    let thread = |pid| Thread {
        pid: Pid(pid),
        tid: Tid(pid),
    };
    let at = |us: u64| Nanos(1_000_000_000 + us * 1000);
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], Nanos(900_000_000));
    let mut turn = |b: &mut Builder, cpu, us, prev, next, runnable| {
        let pair = (thread(prev), thread(next));
        b.switch(CpuId(cpu), at(us), pair, Some(runnable), &mut names);
    };
    turn(&mut b, 0, 0, 0, 7, false);
    turn(&mut b, 1, 0, 0, 812, false);
    turn(&mut b, 0, 2000, 7, 6840, false);
    b.woken(at(8800), Tid(7), (by, CpuId(1)));
    turn(&mut b, 1, 9000, 812, 0, false);
    turn(&mut b, 0, 12_000, 6840, 7, true);
    turn(&mut b, 0, 16_000, 7, 6840, false);
    world.timeline = Arc::new(b.publish(at(20_000)));
    world
}

#[test]
fn the_slice_at_the_cursor_says_who_made_it_ready_and_behind_whom_it_waited() {
    let world = woken(Waker::Thread(Pid(812), Tid(812)));
    let keys = "]]]]]]]]".to_owned() + &"<".repeat(16);
    let (pane, text) = pressed(&world, &keys, 130, 7);
    let said = "made ready by 812 redis on core 1, waited 3.2 ms behind 6840 rustc";
    assert!(text.contains(said), "{text}");
    assert!(text.contains('▲') && text.contains('●'), "{text}");
    let rows: Vec<Vec<char>> = text.lines().map(|l| l.chars().collect()).collect();
    // From the second lane upwards, at one moment.
    let mut columns = rows.iter().map(|r| r.iter().position(|c| *c == '▲'));
    let column = columns.find(Option::is_some).expect("its end");
    let from = rows
        .iter()
        .position(|r| r.contains(&'●'))
        .expect("its begin");
    assert_eq!(rows[from].iter().position(|c| *c == '●'), column, "{text}");
    assert!(from > 1, "{text}");
    let told = pane.explain(&world);
    assert!(
        told.iter()
            .any(|(mark, means)| mark == "▁" && means.contains("ready"))
    );
}

#[test]
fn an_interrupt_is_told_as_what_it_was_and_what_is_not_known_is_not_told() {
    let keys = "]]]]]]]]".to_owned() + &"<".repeat(16);
    let (_, text) = pressed(&woken(Waker::Disk), &keys, 130, 7);
    assert!(text.contains("made ready by a disk on core 1"), "{text}");
    let keys = "]]]]]]]]".to_owned() + &"<".repeat(50);
    let (_, text) = pressed(&woken(Waker::Disk), &keys, 130, 7);
    assert!(
        text.contains("rustc 6840/6840, 10 ms") && !text.contains("ready"),
        "{text}"
    );
}

#[test]
fn it_is_right_at_every_size() {
    let world = woken(Waker::Thread(Pid(812), Tid(812)));
    for (w, h) in [
        (1, 1),
        (2, 9),
        (29, 3),
        (30, 3),
        (60, 4),
        (78, 6),
        (198, 18),
    ] {
        for cells in [4, 16, 50] {
            pressed(&world, &("]]]]]]]]".to_owned() + &"<".repeat(cells)), w, h);
        }
    }
}
