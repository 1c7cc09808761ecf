//! Since when threads were ready, and what is not known of it.

use super::*;
use crate::model::scheduling::wakes::Waker;

const CPU: CpuId = CpuId(0);

fn turn(b: &mut Builder, at: u64, prev: u32, next: u32, runnable: bool) {
    let pair = (thread(prev), thread(next));
    b.switch(CPU, ms(at), pair, Some(runnable), &mut names);
}

fn listed(line: &Timeline) -> Vec<(u64, u64, u32, Made)> {
    let all = line.lanes[0].ready.all();
    all.map(|(r, who)| {
        (
            r.since.0 / 1_000_000,
            r.until.0 / 1_000_000,
            who.tid.0,
            r.made,
        )
    })
    .collect()
}

#[test]
fn whoever_lost_its_core_is_ready_and_waits_behind_the_others() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    turn(&mut b, 1, 0, 2, false);
    turn(&mut b, 5, 2, 4, true);
    turn(&mut b, 8, 4, 6, false);
    turn(&mut b, 9, 6, 2, false);
    turn(&mut b, 12, 2, 0, false);
    let line = b.publish(ms(20));
    assert_eq!(listed(&line), [(5, 9, 2, Made::Preempted)]);
    let lane = &line.lanes[0];
    let found = lane.slice_at(ms(10)).expect("a slice");
    let ready = lane
        .ready_before(&found.slice, found.who.tid)
        .expect("it waited");
    let behind = lane.behind(&ready).expect("two others");
    assert_eq!(
        (behind.who.tid, behind.others),
        (Tid(4), 1),
        "the longest first"
    );
    let first = lane.slice_at(ms(2)).expect("a slice");
    assert_eq!(
        lane.ready_before(&first.slice, first.who.tid),
        None,
        "not known"
    );
    assert_eq!(
        lane.total(
            Window {
                from: ms(0),
                to: ms(20)
            },
            line.origin
        )
        .waited,
        ms(4)
    );
}

#[test]
fn whoever_was_woken_is_ready_since_then_and_says_by_whom() {
    let mut b = Builder::new(Origin::Exact, [CPU, CpuId(1)], ms(0));
    let pair = (thread(0), thread(8));
    b.switch(CpuId(1), ms(1), pair, Some(false), &mut names);
    turn(&mut b, 1, 0, 2, false);
    turn(&mut b, 3, 2, 4, false);
    let waker = Waker::Thread(Pid(8), Tid(8));
    b.woken(ms(6), Tid(2), (waker, CpuId(1)));
    turn(&mut b, 9, 4, 2, false);
    turn(&mut b, 10, 2, 0, false);
    // The same again, of which no wake-up was heard: nothing is made up.
    turn(&mut b, 15, 0, 2, false);
    let line = b.publish(ms(20));
    assert_eq!(listed(&line), [(6, 9, 2, Made::Woken(waker, CpuId(1)))]);
    assert_eq!(
        line.waker(Tid(8), CpuId(1), ms(6)).map(|who| who.tid),
        Some(Tid(8))
    );
    assert_eq!(
        line.waker(Tid(8), CPU, ms(6)),
        None,
        "another one had that core"
    );
    // Only preemptions are counted in sums, with and without the right to hear of wake-ups.
    let window = Window {
        from: ms(0),
        to: ms(20),
    };
    assert_eq!(line.lanes[0].total(window, line.origin).waited, Nanos(0));
}

#[test]
fn a_wake_up_of_one_that_had_not_left_its_core_says_nothing_of_what_came_later() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    turn(&mut b, 1, 0, 2, false);
    b.woken(ms(2), Tid(2), (Waker::Timer, CPU));
    turn(&mut b, 3, 2, 0, false);
    turn(&mut b, 9, 0, 2, false);
    // Woken, but a preemption came between: it is ready since that, by nobody.
    b.woken(ms(10), Tid(2), (Waker::Timer, CPU));
    turn(&mut b, 11, 2, 4, true);
    turn(&mut b, 12, 4, 2, false);
    let line = b.publish(ms(20));
    assert_eq!(listed(&line), [(11, 12, 2, Made::Preempted)]);
}

#[test]
fn what_was_lost_is_not_bridged() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    turn(&mut b, 1, 0, 2, false);
    turn(&mut b, 3, 2, 4, true);
    b.lose(CPU, ms(5), 7);
    turn(&mut b, 6, 4, 2, false);
    assert_eq!(listed(&b.publish(ms(20))), []);
}
