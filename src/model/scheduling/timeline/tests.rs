mod counters;
mod endings;
mod levels;
mod losses;
mod own;
mod ready;
mod sampled;
mod sums;
mod tracks;
mod windows;

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::model::id::{Pid, Ticks};
use crate::model::sample::CoreSample;

fn thread(tid: u32) -> Thread {
    // Threads come in processes of two.
    Thread {
        pid: Pid(tid / 2 * 2),
        tid: Tid(tid),
    }
}

fn names(pid: Pid, tid: Tid) -> (ProcId, SafeText) {
    (ProcId::new(pid.0, 7), format!("t{tid}").into())
}

fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}

/// A builder for two cores with cpu0: 2, 3, idle, 2 (running) of 10, 4, 6 and 10 ms from 100 ms on.
fn short() -> Timeline {
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], ms(90));
    let cpu = CpuId(0);
    let turn = |b: &mut Builder, at, prev, next, runnable| {
        b.switch(
            cpu,
            ms(at),
            (thread(prev), thread(next)),
            runnable,
            &mut names,
        );
        b.switch(cpu, ms(at), (thread(prev), thread(next)), None, &mut names);
    };
    turn(&mut b, 100, 0, 2, Some(false));
    turn(&mut b, 110, 2, 5, Some(true));
    turn(&mut b, 114, 5, 0, Some(false));
    turn(&mut b, 120, 0, 2, Some(false));
    b.publish(ms(130))
}

fn listed(lane: &Lane) -> Vec<(u64, u64, u32, Ended)> {
    let slices = lane.slices.all();
    slices
        .map(|(s, w)| (s.start.0 / 1_000_000, s.end.0 / 1_000_000, w.tid.0, s.ended))
        .collect()
}

#[test]
fn switches_become_slices() {
    let line = short();
    assert_eq!(
        listed(&line.lanes[0]),
        [
            (100, 110, 2, Ended::Preempted),
            (110, 114, 5, Ended::Yielded),
            (120, 130, 2, Ended::Running),
        ]
    );
    assert_eq!(line.lanes[1].since, ms(130), "nothing heard, nothing known");
}

#[test]
fn a_cell_knows_its_slice_where_that_is_long_enough() {
    let line = short();
    let from = Nanos(ms(100).0 - 400_000);
    let cells = line.lanes[0].cells(line.origin, from, ms(1), 32, None);
    let begins = cells.iter().map(|c| c.slice.map(|s| s.start.0 / 1_000_000));
    let begins: Vec<_> = begins.collect();
    assert_eq!(begins[0], Some(100), "more than half of the bucket");
    assert_eq!(begins[..10], [Some(100); 10]);
    assert_eq!(begins[10..20], [None; 10], "4 ms, and idle");
    assert_eq!(begins[20..30], [Some(120); 10]);
    let wide = line.lanes[0].cells(line.origin, from, ms(3), 10, None);
    assert!(wide.iter().all(|c| c.slice.is_none()));
}

#[test]
fn a_wait_counts_as_far_as_the_window_reaches() {
    let line = short();
    let waited = |from| {
        let window = Window {
            from: ms(from),
            to: ms(130),
        };
        line.lanes[0].total(window, line.origin).waited
    };
    // From 110 to 120 ms it could run and did not; a bin is 1 ms.
    assert_eq!(waited(100), ms(10));
    assert!((ms(5)..=ms(6)).contains(&waited(115)), "{:?}", waited(115));
}

#[test]
fn who_was_there_at_the_begin_gets_its_time() {
    let mut b = Builder::new(Origin::Exact, [CpuId(3)], ms(5));
    let pair = (thread(8), thread(0));
    b.switch(CpuId(3), ms(9), pair, Some(false), &mut names);
    assert_eq!(
        listed(&b.publish(ms(10)).lanes[0]),
        [(5, 9, 8, Ended::Yielded)]
    );
}

#[test]
fn a_hidden_thread_is_told_by_its_neighbours() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    let cpu = CpuId(0);
    b.switch(cpu, ms(1), (thread(2), thread(4)), Some(true), &mut names);
    // 4 is hidden: only the record of its follower is there, which cannot say how 4 ended.
    b.switch(cpu, ms(3), (thread(4), thread(6)), None, &mut names);
    b.switch(cpu, ms(4), (thread(6), thread(0)), Some(false), &mut names);
    assert_eq!(
        listed(&b.publish(ms(5)).lanes[0]),
        [
            (0, 1, 2, Ended::Preempted),
            (1, 3, 4, Ended::Unseen),
            (3, 4, 6, Ended::Yielded),
        ]
    );
}

#[test]
fn names_are_those_of_the_time_and_exits_show() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    let cpu = CpuId(0);
    b.switch(cpu, ms(1), (thread(0), thread(2)), Some(false), &mut names);
    b.switch(cpu, ms(2), (thread(2), thread(0)), Some(false), &mut names);
    b.rename(thread(2), "other".into(), &mut names);
    b.fork(
        ms(0),
        thread(6),
        thread(2),
        Some(ProcId::new(6, 1)),
        &mut names,
    );
    b.switch(cpu, ms(3), (thread(0), thread(2)), Some(false), &mut names);
    b.exit(ms(4), thread(2));
    let gone = Thread {
        pid: Pid(u32::MAX),
        tid: Tid(u32::MAX),
    };
    b.switch(cpu, ms(4), (gone, thread(6)), Some(false), &mut names);
    let line = b.publish(ms(5));
    let told: Vec<_> = line.lanes[0]
        .slices
        .all()
        .map(|(s, w)| (w.name.to_string(), s.ended))
        .collect();
    assert_eq!(
        told,
        [
            ("t2".to_owned(), Ended::Yielded),
            ("other".to_owned(), Ended::Exited),
            ("other".to_owned(), Ended::Running),
        ]
    );
}

#[test]
fn a_loss_is_a_gap_and_invents_nothing() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    let cpu = CpuId(0);
    b.switch(cpu, ms(1), (thread(0), thread(2)), Some(false), &mut names);
    b.lose(cpu, ms(5), 17);
    b.switch(cpu, ms(8), (thread(4), thread(6)), Some(true), &mut names);
    let line = b.publish(ms(9));
    assert_eq!(line.lost, 17);
    assert_eq!(
        line.lanes[0].gaps.as_ref(),
        [Gap {
            start: ms(1),
            end: ms(8),
            why: Blind::Lost,
        }]
    );
    assert_eq!(listed(&line.lanes[0]), [(8, 9, 6, Ended::Running)]);
    let cells = line.lanes[0].cells(Origin::Exact, ms(0), ms(1), 10, None);
    let fills: Vec<_> = cells.iter().map(|c| c.fill).collect();
    assert_eq!(fills[0], Fill::Known);
    assert!(fills[1..8].iter().all(|f| *f == Fill::Gap(Blind::Lost)));
    assert_eq!((fills[8], fills[9]), (Fill::Known, Fill::Unknown));
}

#[test]
fn cells_say_who_and_how_much() {
    let line = short();
    let focus = Some(ProcId::new(4, 7));
    let cells = line.lanes[0].cells(Origin::Exact, ms(90), ms(10), 4, focus);
    let told: Vec<_> = cells
        .iter()
        .map(|c| (c.who.as_ref().map(|w| w.tid.0), c.busy, c.focus))
        .collect();
    assert_eq!(
        told,
        [
            (None, 0.0, 0.0),
            (Some(2), 1.0, 0.0),
            (Some(5), 0.4, 0.4),
            (Some(2), 1.0, 0.0)
        ]
    );
}

#[test]
fn windows_add_up() {
    let line = short();
    let window = Window {
        from: ms(105),
        to: ms(130),
    };
    let by = line.by_process(window);
    assert_eq!(by[0].who.id, ProcId::new(2, 7));
    assert_eq!(by[0].sums.run, ms(15));
    let told = by[0].sums.told.expect("switches tell");
    assert_eq!((by[0].sums.slices, told.preempted), (1, 1));
    assert_eq!(by[0].sums.waited, ms(10));
    assert_eq!(line.takers(ProcId::new(2, 7), window)[0].0.tid, Tid(5));
    assert_eq!(line.lengths(ProcId::new(2, 7), window)[7], 1);
    assert_eq!(line.of(ProcId::new(4, 7), window).0.run, ms(4));
}

/// Random switches on three cores: (core, time to the switch before in µs, next thread, whether the old one could run).
fn stream() -> impl Strategy<Value = Vec<(u32, u64, u32, bool)>> {
    let step = (0..3_u32, 0..20_000_u64, 0..9_u32, any::<bool>());
    prop::collection::vec(step, 1..400)
}

proptest! {
    #[test]
    fn slices_of_one_core_never_overlap_and_every_level_has_the_same_sums(stream in stream()) {
        let mut b = Builder::new(Origin::Exact, (0..3).map(CpuId), Nanos(0));
        let mut on = [0_u32; 3];
        let mut begun = [0_u64; 3];
        let mut truth: HashMap<(u32, u32), u64> = HashMap::new();
        let mut now = 0;
        for (cpu, us, next, runnable) in stream {
            now += us * 1000;
            let at = &mut on[cpu as usize];
            if next == *at {
                continue;
            }
            if *at != 0 {
                *truth.entry((cpu, *at)).or_default() += now - begun[cpu as usize];
            }
            b.switch(CpuId(cpu), Nanos(now), (thread(*at), thread(next)), Some(runnable), &mut names);
            (*at, begun[cpu as usize]) = (next, now);
            if us % 7 == 0 {
                b.publish(Nanos(now));
            }
        }
        now += 1_000_000;
        for cpu in 0..3_u32 {
            if on[cpu as usize] != 0 {
                *truth.entry((cpu, on[cpu as usize])).or_default() += now - begun[cpu as usize];
            }
        }
        truth.retain(|_, run| *run > 0);
        let line = b.publish(Nanos(now));
        for lane in &line.lanes {
            let all: Vec<_> = lane.slices.all().collect();
            for pair in all.windows(2) {
                prop_assert!(pair[0].0.end <= pair[1].0.start);
            }
            let mut sums: HashMap<u32, u64> = HashMap::new();
            for (slice, who) in all {
                *sums.entry(who.tid.0).or_default() += slice.span().0;
            }
            let own = truth.iter().filter(|((cpu, _), _)| *cpu == lane.cpu.0);
            let own: HashMap<u32, u64> = own.map(|((_, tid), run)| (*tid, *run)).collect();
            sums.retain(|_, run| *run > 0);
            prop_assert_eq!(&sums, &own);
            for level in &lane.bins {
                let mut sums: HashMap<u32, u64> = HashMap::new();
                for (bin, who) in level.all() {
                    *sums.entry(who.tid.0).or_default() += bin.run.0;
                }
                sums.retain(|_, run| *run > 0);
                if level.since == Nanos(0) {
                    prop_assert_eq!(&sums, &own);
                }
                // The finest bins are few, and the oldest of them give way.
                for (tid, run) in &sums {
                    prop_assert!(own.get(tid).is_some_and(|all| run <= all));
                }
            }
            let coarsest = lane.bins.last().map(|level| level.since);
            prop_assert_eq!(coarsest, Some(Nanos(0)));
        }
        let window = Window { from: Nanos(0), to: Nanos(now) };
        let run: u64 = line.by_process(window).iter().map(|p| p.sums.run.0).sum();
        prop_assert_eq!(run, truth.values().sum::<u64>());
    }
}

#[test]
fn memory_is_bounded_and_says_since_when() {
    let mut b = Builder::new(Origin::Exact, (0..64).map(CpuId), Nanos(0));
    let cpu = CpuId(0);
    let mut on = 1;
    for i in 0..200_000_u64 {
        let next = on % 7 + 1;
        let pair = (thread(on), thread(next));
        b.switch(cpu, Nanos(i * 10_000), pair, Some(true), &mut names);
        on = next;
    }
    let line = b.publish(Nanos(2_000_000_000));
    let lane = &line.lanes[0];
    assert!(lane.slices.len() < 20_000);
    assert!(lane.slices.since > Nanos(1_000_000_000));
    let window = Window {
        from: Nanos(100_000_000),
        to: Nanos(2_000_000_000),
    };
    let run: u64 = line.by_process(window).iter().map(|p| p.sums.run.0).sum();
    assert!(run.abs_diff(1_900_000_000) < 20_000_000, "{run}");
}

#[test]
fn what_was_not_recorded_counts_neither_as_idle_nor_for_rates() {
    let mut line = short();
    let window = Window {
        from: ms(30),
        to: ms(130),
    };
    assert_eq!(line.known(window), ms(40), "recorded since 90 ms");
    line.lanes[0].gaps = Arc::from([Gap {
        start: ms(80),
        end: ms(100),
        why: Blind::Lost,
    }]);
    assert_eq!(
        line.lanes[0].known(window, Origin::Exact),
        ms(30),
        "10 ms of it were lost"
    );
    assert_eq!(
        line.lanes[1].known(window, Origin::Exact),
        ms(0),
        "never heard of"
    );
    let later = Window {
        from: ms(125),
        to: ms(500),
    };
    assert_eq!(line.known(later), ms(5));
}

/// Whatever the number of cores, what is kept of them stays within the same memory.
#[test]
fn memory_is_bounded_on_every_machine() {
    use crate::model::scheduling::timeline::Item;
    for cores in [2, 16, 128, 1024] {
        let cpus = (0..cores).map(CpuId);
        let mut builder = Builder::new(Origin::Exact, cpus, Nanos(0));
        let mut names = |pid: Pid, _: Tid| (ProcId::new(pid.0, 0), SafeText::default());
        // Every core switches between two threads at each millisecond, for long enough to fill all that it has.
        let rounds = 80_000 / cores.min(80) as u64;
        for ms in 1..rounds {
            for cpu in 0..cores {
                let thread = |n: u32| Thread {
                    pid: Pid(1 + cpu * 2 + n),
                    tid: Tid(1 + cpu * 2 + n),
                };
                let both = (thread(ms as u32 % 2), thread((ms as u32 + 1) % 2));
                let at = Nanos::from_millis(ms);
                builder.switch(CpuId(cpu), at, both, Some(true), &mut names);
            }
        }
        let line = builder.publish(Nanos::from_millis(rounds));
        let of = |lane: &Lane| {
            let bins: usize = lane.bins.iter().map(Track::len).sum();
            lane.slices.len() * size_of::<<Slice as Item>::Packed>()
                + bins * size_of::<<Bin as Item>::Packed>()
                + lane.ready.len() * size_of::<<Ready as Item>::Packed>()
        };
        let bytes: usize = line.lanes.iter().map(of).sum();
        assert!(bytes <= 16 << 20, "{cores} cores: {bytes} bytes");
        assert!(line.lanes.iter().all(|l| l.slices.len() > 200), "{cores}");
    }
}

#[test]
fn what_was_forgotten_is_neither_known_nor_idle() {
    // Among many cores each keeps little; this one is always busy.
    let mut builder = Builder::new(Origin::Exact, (0..128).map(CpuId), Nanos(0));
    let mut names = |pid: Pid, _: Tid| (ProcId::new(pid.0, 0), SafeText::default());
    let thread = |n: u64| Thread {
        pid: Pid(1 + n as u32 % 2),
        tid: Tid(1 + n as u32 % 2),
    };
    let rounds = 400_000;
    for at in 1..rounds {
        let both = (thread(at), thread(at + 1));
        builder.switch(CpuId(0), ms(at), both, Some(true), &mut names);
    }
    let line = builder.publish(ms(rounds));
    let lane = &line.lanes[0];
    let window = |from: u64, to: u64| Window {
        from: ms(from),
        to: ms(to),
    };
    let (first, last) = (window(1000, 11_000), window(rounds - 10_000, rounds - 10));
    assert_eq!(lane.known(first, line.origin), Nanos(0));
    assert_eq!(lane.known(last, line.origin), last.span());
    let fills = |of: Window| {
        let cells = lane.cells(line.origin, of.from, ms(500), 20, None);
        cells.iter().map(|cell| cell.fill).collect::<Vec<_>>()
    };
    assert_eq!(fills(first), [Fill::Unknown; 20]);
    assert_eq!(fills(last), [Fill::Known; 20]);
    // What reaches into what was forgotten is known from where that ends on, and there it is busy all the time.
    let begins = lane.bins[2].since.0 / 1_000_000;
    let across = window(begins - 5000, begins + 5000);
    let known = lane.known(across, line.origin);
    let run = lane.total(across, line.origin).run;
    assert_eq!(known, ms(5000));
    assert!(run.0.abs_diff(known.0) <= ms(500).0, "{run:?} of {known:?}");
}
