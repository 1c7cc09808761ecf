//! What the kernel counts beside the switches: waits, shares, cores that go and come, a machine that slept.

use super::*;

/// What the counters of two cores say after so many ticks: half of cpu0's time for programs, a tenth stolen.
pub(super) fn counted(ticks: u64) -> Vec<CoreSample> {
    let core = |id| CoreSample {
        id: CpuId(id),
        user: Ticks(ticks * 5),
        softirq: Ticks(ticks),
        steal: Ticks(ticks),
        idle: Ticks(ticks * 3),
        ..CoreSample::default()
    };
    vec![core(0), core(1)]
}

#[test]
fn waits_are_the_kernels_own_count() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], ms(0));
    let cpu = CpuId(0);
    b.count(ms(0), counted(0), &mut |_: &Who| None);
    b.fork(
        ms(0),
        thread(2),
        thread(8),
        Some(ProcId::new(2, 7)),
        &mut names,
    );
    let mut on = 0;
    for i in 1..=40 {
        let next = if on == 2 { 4 } else { 2 };
        let pair = (thread(on), thread(next));
        b.switch(cpu, ms(i * 50), pair, Some(true), &mut names);
        on = next;
        if i % 10 == 0 {
            // 2 was told of from its birth; 4 is met for the first time.
            let mut waits = |who: &Who| Some(Nanos(u64::from(who.tid.0) * i * 10_000_000));
            b.count(ms(i * 50), counted(i), &mut waits);
        }
    }
    let line = b.publish(ms(2000));
    let window = Window {
        from: ms(0),
        to: ms(2000),
    };
    let by = line.by_process(window);
    let of = |pid| by.iter().find(|p| p.who.id.pid == Pid(pid)).expect("ran");
    let all = Waited {
        span: ms(800),
        whole: true,
    };
    assert_eq!(of(2).waited, all);
    assert!(!of(4).waited.whole, "its first reading says nothing");
    assert!(of(4).waited.span >= ms(1200));
    // A later window has both whole, cut at its borders.
    let window = Window {
        from: ms(750),
        to: ms(2000),
    };
    let (_, waited) = line.of(ProcId::new(4, 7), window);
    let all = Waited {
        span: ms(1000),
        whole: true,
    };
    assert_eq!(waited, all);
    let lane = &line.lanes[0];
    assert_eq!(line.waited_on(lane, window).span, ms(500 + 1000));
    assert_eq!(line.waited_on(&line.lanes[1], window).span, ms(0));
    // One that is shorter than two readings knows only what the switches tell.
    let short = Window {
        from: ms(1900),
        to: ms(2000),
    };
    assert!(!line.of(ProcId::new(2, 7), short).1.whole);
    let share = lane.spent_in(window).expect("counted");
    assert!((share.steal - 10.0).abs() < 0.01 && (share.idle - 30.0).abs() < 0.01);
    assert!((share.busy() + share.idle - 100.0).abs() < 0.01);
}

#[test]
fn who_was_there_when_counting_began_is_known_in_whole() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    let waits = [(Tid(2), ms(500)), (Tid(4), ms(70))].into();
    b.begin_count(ms(0), counted(0), waits);
    let cpu = CpuId(0);
    // 4 ends, and its number is given to another.
    b.fork(
        ms(0),
        thread(4),
        thread(2),
        Some(ProcId::new(4, 9)),
        &mut names,
    );
    for (at, pair) in [(100, (0, 2)), (200, (2, 4)), (300, (4, 0))] {
        let pair = (thread(pair.0), thread(pair.1));
        b.switch(cpu, ms(at), pair, Some(false), &mut names);
    }
    let mut waits = |who: &Who| Some(ms(if who.tid.0 == 2 { 540 } else { 30 }));
    b.count(ms(1000), counted(1), &mut waits);
    let line = b.publish(ms(1000));
    let window = Window {
        from: ms(0),
        to: ms(1000),
    };
    let whole = |span| Waited { span, whole: true };
    let of = |pid, start| line.of(ProcId::new(pid, start), window).1;
    assert_eq!(of(2, 7), whole(ms(40)));
    assert_eq!(of(4, 9), whole(ms(30)), "a newborn has waited for nothing");
}

#[test]
fn a_thread_that_ends_uncounted_leaves_a_lower_bound() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    let cpu = CpuId(0);
    let nobody = &mut |_: &Who| None;
    b.count(ms(0), counted(0), nobody);
    b.fork(
        ms(0),
        thread(2),
        thread(8),
        Some(ProcId::new(2, 7)),
        &mut names,
    );
    for (at, pair, runnable) in [
        (100, (0, 2), false),
        (200, (2, 4), true),
        (300, (4, 2), true),
    ] {
        let pair = (thread(pair.0), thread(pair.1));
        b.switch(cpu, ms(at), pair, Some(runnable), &mut names);
    }
    b.exit(ms(400), thread(2));
    b.switch(
        cpu,
        ms(400),
        (thread(2), thread(0)),
        Some(false),
        &mut names,
    );
    b.count(ms(1500), counted(1), nobody);
    let line = b.publish(ms(1500));
    let window = Window {
        from: ms(0),
        to: ms(1500),
    };
    let (_, waited) = line.of(ProcId::new(2, 7), window);
    let least = Waited {
        span: ms(100),
        whole: false,
    };
    assert_eq!(waited, least);
}

#[test]
fn newborns_that_end_at_once_leave_the_queue_of_a_core_known() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    b.begin_count(ms(0), counted(0), [(Tid(2), ms(0))].into());
    let cpu = CpuId(0);
    let live = |b: &mut Builder, at: u64, span: u64| {
        b.fork(
            ms(at),
            thread(4),
            thread(2),
            Some(ProcId::new(4, at)),
            &mut names,
        );
        let pair = (thread(2), thread(4));
        b.switch(cpu, ms(at + 1), pair, Some(true), &mut names);
        b.exit(ms(at + span), thread(4));
        let pair = (thread(4), thread(2));
        b.switch(cpu, ms(at + span), pair, Some(false), &mut names);
    };
    for i in 0..10 {
        live(&mut b, i * 500 + 100, 4);
        let waited = ms((i + 1) * 100);
        b.count(ms((i + 1) * 500), counted(i + 1), &mut |_: &Who| {
            Some(waited)
        });
    }
    let queue = |b: &mut Builder, to| {
        let line = b.publish(ms(to));
        let from = ms(0);
        line.waited_on(&line.lanes[0], Window { from, to: ms(to) })
    };
    let known = queue(&mut b, 5000);
    assert_eq!((known.span, known.whole), (ms(1000), true));
    // One that lived for longer may have waited all the time.
    live(&mut b, 5010, 400);
    b.count(ms(5500), counted(11), &mut |_: &Who| Some(ms(1100)));
    assert!(!queue(&mut b, 5500).whole);
}

#[test]
fn an_offline_core_is_a_gap_until_it_is_heard_again() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], ms(0));
    let cpu = CpuId(1);
    b.switch(cpu, ms(10), (thread(0), thread(2)), Some(false), &mut names);
    b.switch(cpu, ms(20), (thread(2), thread(0)), Some(false), &mut names);
    b.offline(cpu, ms(30));
    let line = b.publish(ms(50));
    assert!(line.lanes[1].is_offline() && !line.lanes[0].is_offline());
    b.online(cpu, ms(60));
    b.switch(cpu, ms(70), (thread(0), thread(4)), Some(false), &mut names);
    let line = b.publish(ms(80));
    assert!(!line.lanes[1].is_offline());
    let gap = Gap {
        start: ms(20),
        end: ms(70),
        why: Blind::Offline,
    };
    assert_eq!(line.lanes[1].gaps.as_ref(), [gap]);
    let told = listed(&line.lanes[1]);
    let expected = [(10, 20, 2, Ended::Yielded), (70, 80, 4, Ended::Running)];
    assert_eq!(told, expected);
    // Found out late: what was told since the last switch is taken back.
    b.offline(cpu, ms(95));
    let line = b.publish(ms(100));
    assert_eq!(listed(&line.lanes[1]), expected[..1]);
    let last = line.lanes[1].gaps.last().expect("a gap");
    assert_eq!((last.start, last.end), (ms(70), ms(100)));
}

#[test]
fn a_suspended_machine_is_a_gap_however_short_its_clock_makes_it() {
    for origin in [Origin::Exact, Origin::Sampled] {
        let mut b = Builder::new(origin, [CpuId(0)], ms(0));
        let cpu = CpuId(0);
        if origin == Origin::Exact {
            b.switch(cpu, ms(10), (thread(0), thread(2)), Some(false), &mut names);
            b.publish(ms(20));
        } else {
            let (id, name) = names(Pid(2), Tid(2));
            let tid = Tid(2);
            let ran = Ran {
                cpu,
                who: Arc::new(Who { id, tid, name }),
                run: ms(1),
                slices: 1,
                waited: ms(0),
            };
            b.sampled((ms(0), ms(20)), vec![ran]);
        }
        b.suspended(ms(20), ms(3_600_000));
        let line = b.publish(ms(200));
        let window = Window {
            from: ms(0),
            to: ms(200),
        };
        let found: Vec<_> = line.gaps(window).collect();
        assert_eq!(found.len(), 1, "{origin:?}");
        assert_eq!(found[0].1.why, Blind::Suspended(ms(3_600_000)));
        let cells = line.lanes[0].cells(origin, ms(0), ms(10), 4, None);
        assert_eq!(cells[2].fill, Fill::Gap(found[0].1.why), "{origin:?}");
        // Whoever was on the core is not said to have had it while nobody knows.
        assert!(line.lanes[0].slices.all().all(|(s, _)| s.end <= ms(20)));
    }
}

#[test]
fn shares_add_up_to_all_cores() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], ms(0));
    let mut on = [0, 0];
    for i in 1..=300_u64 {
        let cpu = (i % 2) as usize;
        let next = if on[cpu] == 0 { 2 + (i % 5) as u32 } else { 0 };
        let pair = (thread(on[cpu]), thread(next));
        b.switch(CpuId(cpu as u32), ms(i * 3), pair, Some(false), &mut names);
        on[cpu] = next;
        if i == 150 {
            b.lose(CpuId(0), ms(i * 3 + 40), 9);
            on[0] = 0;
        }
    }
    let line = b.publish(ms(900));
    for (from, to) in [(0, 900), (37, 803), (440, 470)] {
        let window = Window {
            from: ms(from),
            to: ms(to),
        };
        let ran: u64 = line.by_process(window).iter().map(|p| p.sums.run.0).sum();
        let rest = line.rest(window);
        let nobodys = rest.idle.unwrap_or_default().0 + rest.unknown.0;
        assert_eq!(ran + nobodys, 2 * line.known(window).0);
        assert_eq!(rest.others, ms(0));
        assert_eq!(rest.unknown.0 > 0, to > 450, "{from}..{to}");
    }
}
