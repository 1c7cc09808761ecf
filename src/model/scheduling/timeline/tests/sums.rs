//! Sums that the kernel made itself, moments of single slices among them, and what is left of a window beside them.

use super::*;
use crate::model::scheduling::wakes::Waker;

const CPU: CpuId = CpuId(0);

fn summed(at: u64, tid: u32, run: u64) -> Summed {
    Summed {
        cpu: CPU,
        thread: thread(tid),
        at: ms(at),
        run: ms(run),
        slices: 3,
        preempted: 1,
        moved: 2,
        longest: ms(run / 2),
        waited: ms(4),
    }
}

fn window(from: u64, to: u64) -> Window {
    Window {
        from: ms(from),
        to: ms(to),
    }
}

#[test]
fn sums_of_the_kernel_are_added_to_whom_they_tell_of() {
    let mut b = Builder::new(Origin::Exact, [CPU, CpuId(1)], ms(0));
    b.begin_sums(ms(0));
    let mut all = [summed(12, 2, 6), summed(5, 2, 8), summed(17, 4, 2)];
    b.summed(ms(20), &mut all, &mut names);
    b.summed_until(ms(20), &[CPU, CpuId(1)]);
    let line = b.publish(ms(20));
    let (own, waited) = line.of(ProcId::new(2, 7), window(0, 20));
    let told = own.told.expect("switches tell");
    assert_eq!((own.run, own.slices), (ms(14), 6));
    assert_eq!((told.preempted, told.moved, told.longest), (2, 4, ms(4)));
    assert_eq!(waited.span, ms(8));
    assert_eq!(line.lanes[0].switches, 9);
    assert_eq!(line.lanes[1].known(window(0, 20), line.origin), ms(20));
    // Everybody is told of: what is left is idle, whatever was counted.
    let rest = Rest {
        idle: Some(ms(40 - 16)),
        ..Rest::default()
    };
    assert_eq!(line.rest(window(0, 20)), rest);
}

#[test]
fn what_is_told_late_of_a_full_bin_counts_in_the_open_one() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    b.begin_sums(ms(0));
    b.summed(ms(20), &mut [summed(5, 2, 8)], &mut names);
    b.summed_until(ms(20), &[CPU]);
    b.summed(ms(30), &mut [summed(5, 2, 1)], &mut names);
    let line = b.publish(ms(40));
    let bins: Vec<_> = line.lanes[0].bins[1]
        .all()
        .map(|(bin, _)| (bin.start, bin.run))
        .collect();
    assert_eq!(bins, [(ms(0), ms(8)), (ms(20), ms(1))]);
}

#[test]
fn sums_are_compared_with_what_the_kernel_counted() {
    let mut b = Builder::new(Origin::Exact, [CPU, CpuId(1)], ms(0));
    let nobody = &mut |_: &Who| None;
    b.begin_sums(ms(0));
    b.count(ms(0), counters::counted(0), nobody);
    b.summed(ms(500), &mut [summed(400, 2, 100)], &mut names);
    b.count(ms(1000), counters::counted(10), nobody);
    let line = b.publish(ms(1000));
    assert_eq!(line.lanes[0].spent[0].told, Some(ms(100)));
}

#[test]
fn a_glimpse_is_a_stretch_of_single_slices_among_sums() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    b.begin_sums(ms(100));
    for begin in [200, 300] {
        b.begin_glimpse(ms(begin), std::iter::empty(), &mut names);
        b.end_glimpse(ms(begin + 50));
    }
    // The third has no length, and the last has not ended.
    b.begin_glimpse(ms(400), std::iter::empty(), &mut names);
    b.end_glimpse(ms(400));
    b.begin_glimpse(ms(500), std::iter::empty(), &mut names);
    let line = b.publish(ms(600));
    for (until, glimpse) in [
        (200, None),
        (201, Some((200, 250))),
        (300, Some((200, 250))),
        (301, Some((300, 350))),
        (600, Some((300, 350))),
    ] {
        let found = line.glimpse(ms(until));
        let glimpse = glimpse.map(|(from, to)| window(from, to));
        assert_eq!(found, glimpse, "until {until}");
    }
}

#[test]
fn stretches_of_sums_are_remembered_and_what_is_forgotten_counts_as_one() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    for n in 0..130 {
        b.begin_sums(ms(n * 10));
        b.end_sums(ms(n * 10 + 5), std::iter::empty(), &mut names);
    }
    let line = b.publish(ms(2000));
    let all = &line.lanes[0].summed;
    assert_eq!(all.len(), 128);
    assert_eq!((all[0], all[1]), (window(0, 25), window(30, 35)));
    assert_eq!(line.origin, Origin::Exact);
}

fn spin(tid: u32) -> Arc<Who> {
    let (id, name) = names(Pid(tid), Tid(tid));
    let tid = Tid(tid);
    Arc::new(Who { id, tid, name })
}

/// `busy` percent of cpu0 until `at`, of which the kernel has counted.
fn core(at: u64, busy: u64) -> Vec<CoreSample> {
    vec![CoreSample {
        id: CPU,
        user: Ticks(at * busy / 1000),
        idle: Ticks(at * (100 - busy) / 1000),
        ..CoreSample::default()
    }]
}

fn sampled_to(to: u64, run: u64) -> Builder {
    let mut b = Builder::new(Origin::Sampled, [CPU], ms(0));
    let ran = Ran {
        cpu: CPU,
        who: spin(2),
        run: ms(run),
        slices: 1,
        waited: ms(0),
    };
    b.count(ms(0), core(0, 0), &mut |_: &Who| None);
    b.sampled((ms(0), ms(to)), vec![ran]);
    b
}

#[test]
fn what_was_counted_in_part_is_drawn_upon_in_part() {
    // Of 2 s somebody was seen for 600 ms; the kernel counted the first second, of which the core was busy for 900 ms.
    let mut b = sampled_to(2000, 600);
    b.count(ms(1000), core(1000, 90), &mut |_: &Who| None);
    let line = b.publish(ms(2000));
    let rest = line.rest(window(0, 2000));
    assert_eq!(rest, line.rest_on(&line.lanes[0], window(0, 2000)));
    let near = |a: Nanos, b: u64| a.0.abs_diff(ms(b).0) < 1000;
    assert!(
        near(rest.others, 600),
        "half of what the share makes: {rest:?}"
    );
    assert!(near(rest.unknown, 400), "half of what is left: {rest:?}");
    assert!(near(rest.idle.unwrap_or_default(), 400), "{rest:?}");
    let none = sampled_to(2000, 600).publish(ms(2000));
    assert_eq!(none.rest(window(0, 2000)).idle, None, "nobody counted");
    assert_eq!(none.rest(window(0, 2000)).unknown, ms(1400));
}

#[test]
fn how_a_core_spent_a_window_is_weighed_by_time() {
    let mut b = sampled_to(2000, 0);
    b.count(ms(500), core(500, 100), &mut |_: &Who| None);
    let ended = CoreSample {
        user: Ticks(50),
        idle: Ticks(150),
        ..core(0, 0).remove(0)
    };
    b.count(ms(2000), vec![ended], &mut |_: &Who| None);
    let line = b.publish(ms(2000));
    let busy = |from, to| {
        let share = line.lanes[0].spent_in(window(from, to))?;
        Some((share.busy() * 10.0).round() / 10.0)
    };
    assert_eq!(busy(0, 2000), Some(25.0));
    assert_eq!(busy(0, 500), Some(100.0));
    assert_eq!(busy(500, 2000), Some(0.0));
    assert_eq!(busy(250, 750), Some(50.0));
    assert_eq!(busy(2000, 3000), None, "not counted");
    // Half of a cell is enough to tell of it.
    let cells = |to: u64| {
        let cells = line.lanes[0].cells(Origin::Sampled, ms(1000), ms(to), 1, None);
        cells[0].others.is_some()
    };
    assert!(cells(2000) && !cells(2001));
}

#[test]
fn readings_must_reach_over_a_window_to_tell_of_all_of_it() {
    let mut line = short();
    for lane in &mut line.lanes {
        lane.since = ms(0);
    }
    for ((first, last), (from, to), told) in [
        ((400, 2000), (0, 2000), true),
        ((401, 2000), (0, 2000), false),
        ((0, 2000), (0, 2800), true),
        ((0, 2000), (0, 2801), false),
        ((0, 3000), (1500, 2300), true),
        ((0, 3000), (1501, 2300), false),
    ] {
        line.counted = Some(window(first, last));
        let whole = line.is_counted(window(from, to));
        assert_eq!(whole, told, "{first}..{last} of {from}..{to}");
    }
    line.counted = None;
    assert!(!line.is_counted(window(0, 2000)));
}

#[test]
fn a_reading_beside_a_window_says_nothing_of_it() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    b.count(ms(0), counters::counted(0), &mut |_: &Who| None);
    for (from, waits) in [(0, None), (1000, Some(10)), (2000, Some(30)), (3000, None)] {
        let pair = (thread(0), thread(2));
        b.switch(CPU, ms(from + 100), pair, Some(false), &mut names);
        let pair = (thread(2), thread(0));
        b.switch(CPU, ms(from + 200), pair, Some(false), &mut names);
        let mut waited = |_: &Who| waits.map(ms);
        let ticks = from / 100 + 10;
        b.count(ms(from + 1000), counters::counted(ticks), &mut waited);
    }
    let line = b.publish(ms(4000));
    let whole = |from, to| line.of(ProcId::new(2, 7), window(from, to)).1.whole;
    assert!(whole(2000, 3000));
    assert!(
        !whole(1999, 3000) && !whole(2000, 3001),
        "they reach into it"
    );
}

#[test]
fn without_readings_the_switches_tell_the_least_that_was_waited() {
    let line = short();
    let waited = line.waited_on(&line.lanes[0], window(100, 130));
    let (span, whole) = (ms(10), false);
    assert_eq!(waited, Waited { span, whole });
}

#[test]
fn so_many_threads_are_asked_at_once() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    b.count(ms(0), counters::counted(0), &mut |_: &Who| None);
    let mut on = 0;
    for n in 1..=1100 {
        let pair = (thread(on), thread(n * 2));
        b.switch(
            CPU,
            Nanos(u64::from(n) * 1000),
            pair,
            Some(false),
            &mut names,
        );
        on = n * 2;
    }
    let mut asked = 0;
    let mut waits = |_: &Who| {
        asked += 1;
        None
    };
    b.count(ms(1000), counters::counted(10), &mut waits);
    assert_eq!(asked, 1024);
}

#[test]
fn a_thread_that_is_sampled_again_is_the_same_until_it_is_called_otherwise() {
    let mut b = Builder::new(Origin::Sampled, [CPU], ms(0));
    let who = spin(2);
    let renamed = Arc::new(Who {
        name: "other".into(),
        ..(*who).clone()
    });
    for (n, who) in [&who, &who, &renamed].into_iter().enumerate() {
        let ran = Ran {
            cpu: CPU,
            who: Arc::clone(who),
            run: ms(1),
            slices: 1,
            waited: ms(0),
        };
        let at = n as u64 * 10;
        b.sampled((ms(at), ms(at + 10)), vec![ran]);
    }
    let line = b.publish(ms(50));
    let names: Vec<_> = line.lanes[0].bins[2]
        .all()
        .map(|(_, w)| w.name.to_string())
        .collect();
    assert_eq!(names, ["t2", "other"]);
}

#[test]
fn who_comes_at_once_has_not_waited_and_who_was_there_is_not_in_the_way() {
    let mut b = Builder::new(Origin::Exact, [CPU, CpuId(1)], ms(0));
    let turn = |b: &mut Builder, cpu, at, pair: (u32, u32), runs| {
        let pair = (thread(pair.0), thread(pair.1));
        b.switch(cpu, ms(at), pair, Some(runs), &mut names);
    };
    turn(&mut b, CPU, 1, (0, 2), false);
    turn(&mut b, CPU, 3, (2, 4), true);
    turn(&mut b, CpuId(1), 3, (0, 2), false);
    turn(&mut b, CpuId(1), 4, (2, 0), false);
    turn(&mut b, CPU, 5, (4, 0), false);
    // Woken as it left; 4 had the core until then.
    b.woken(ms(5), Tid(4), (Waker::Timer, CPU));
    turn(&mut b, CPU, 6, (0, 6), false);
    turn(&mut b, CPU, 8, (6, 4), false);
    turn(&mut b, CPU, 9, (4, 0), false);
    let line = b.publish(ms(20));
    assert!(line.lanes[1].ready.is_empty(), "it moved at once");
    let lane = &line.lanes[0];
    let found = lane.slice_at(ms(8)).expect("a slice");
    let ready = lane.ready_before(&found.slice, Tid(4)).expect("it waited");
    assert_eq!(ready.since, ms(5));
    let behind = lane.behind(&ready).expect("one other");
    assert_eq!((behind.who.tid, behind.others), (Tid(6), 0));
}

#[test]
fn two_that_come_at_the_same_moment_have_waits_of_their_own() {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    let mut on = 0;
    for (at, next) in [(1, 2), (2, 4), (3, 6), (9, 2), (9, 4), (12, 0)] {
        let pair = (thread(on), thread(next));
        b.switch(CPU, ms(at), pair, Some(true), &mut names);
        on = next;
    }
    let line = b.publish(ms(20));
    let lane = &line.lanes[0];
    let found = lane.slice_at(ms(10)).expect("a slice");
    let ready = lane.ready_before(&found.slice, Tid(4));
    assert_eq!(ready.map(|r| r.since), Some(ms(3)));
}
