//! Sums over a window are those of its slices, cut at its borders: every window of a small lane, beside a plain count.

use super::*;

/// The unit of this scene: four to the finest bin, so that borders fall on bins and between them.
const UNIT: u64 = 250_000;

/// When it began and ended, who it was, and whether it could run on.
const SLICES: [(u64, u64, u32, bool); 9] = [
    (2, 5, 2, true),
    (5, 9, 4, false),
    (12, 16, 3, true),
    (16, 18, 6, true),
    (18, 19, 2, true),
    (19, 27, 3, false),
    (28, 30, 6, false),
    (30, 34, 2, true),
    (34, 40, 4, true),
];
const END: u64 = 44;

fn line() -> Timeline {
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], Nanos(0));
    let mut on = (0, false);
    let mut go = |b: &mut Builder, at: u64, next: u32, runs: bool| {
        let pair = (thread(on.0), thread(next));
        b.switch(CpuId(0), Nanos(at * UNIT), pair, Some(on.1), &mut names);
        on = (next, runs);
    };
    let mut last = 0;
    for (start, end, tid, runs) in SLICES {
        if start > last {
            go(&mut b, last, 0, false);
        }
        go(&mut b, start, tid, runs);
        last = end;
    }
    go(&mut b, last, 0, false);
    b.publish(Nanos(END * UNIT))
}

fn windows() -> impl Iterator<Item = (u64, u64, Window)> {
    let all = (0..END).flat_map(|from| (from + 1..=END).map(move |to| (from, to)));
    all.map(|(from, to)| {
        let window = Window {
            from: Nanos(from * UNIT),
            to: Nanos(to * UNIT),
        };
        (from, to, window)
    })
}

/// How long of it lies in a window.
fn part(slice: &(u64, u64, u32, bool), from: u64, to: u64) -> u64 {
    slice.1.min(to).saturating_sub(slice.0.max(from)) * UNIT
}

#[test]
fn every_window_has_the_time_and_the_ends_that_lie_in_it() {
    let line = line();
    for (from, to, window) in windows() {
        let within: Vec<_> = SLICES.iter().filter(|s| part(s, from, to) > 0).collect();
        let ended = || within.iter().filter(|s| s.1 <= to);
        let total = line.lanes[0].total(window, Origin::Exact);
        let run: u64 = within.iter().map(|s| part(s, from, to)).sum();
        assert_eq!(total.run, Nanos(run), "{from}..{to}");
        assert_eq!(total.slices, ended().count() as u64, "{from}..{to}");
        let told = total.told.unwrap_or_default();
        let preempted = ended().filter(|s| s.3).count() as u64;
        assert_eq!(told.preempted, preempted, "{from}..{to}");
        let longest = within.iter().map(|s| (s.1 - s.0) * UNIT).max();
        assert_eq!(told.longest.0, longest.unwrap_or(0), "{from}..{to}");
        for stats in line.by_process(window) {
            let own = within
                .iter()
                .filter(|s| thread(s.2).pid == stats.who.id.pid);
            let run: u64 = own.map(|s| part(s, from, to)).sum();
            assert_eq!(stats.sums.run.0, run, "{from}..{to}");
            let moved = stats.sums.told.unwrap_or_default().moved;
            let some = run > 0 || moved > 0 || stats.sums.waited > Nanos(0);
            assert!(some, "{from}..{to}: {} did nothing", stats.who.id.pid);
        }
    }
}

#[test]
fn ended_slices_are_classed_by_their_length_and_the_lost_ones_have_takers() {
    let line = line();
    for (from, to, window) in windows() {
        for pid in [2, 4, 6] {
            let id = ProcId::new(pid, 7);
            let own =
                |s: &&(u64, u64, u32, bool)| thread(s.2).pid == Pid(pid) && s.1 > from && s.1 <= to;
            let mut classes = [0; HISTOGRAM.len() + 1];
            for slice in SLICES.iter().filter(own) {
                // Of a quarter, half, one and two milliseconds: a bound begins its class.
                let units = slice.1 - slice.0;
                let bounds = [(2, 3), (4, 4), (8, 5), (17, 6)];
                let class = bounds.iter().rfind(|(least, _)| *least <= units);
                classes[class.map_or(2, |(_, class)| *class)] += 1;
            }
            assert_eq!(line.lengths(id, window), classes, "{pid} in {from}..{to}");
            let taken = SLICES.windows(2).filter(|pair| {
                let other = thread(pair[1].2).pid != Pid(pid);
                own(&&pair[0]) && pair[0].3 && pair[1].0 == pair[0].1 && other
            });
            let takers: u64 = line.takers(id, window).iter().map(|(_, n)| n).sum();
            assert_eq!(takers, taken.count() as u64, "{pid} in {from}..{to}");
        }
    }
}

#[test]
fn a_process_is_called_by_its_first_thread_where_that_ran() {
    let line = line();
    let name = |from: u64, to: u64| {
        let window = Window {
            from: Nanos(from * UNIT),
            to: Nanos(to * UNIT),
        };
        let all = line.by_process(window);
        let found = all.iter().find(|s| s.who.id.pid == Pid(2));
        found.map(|s| s.who.tid.0)
    };
    assert_eq!(name(12, 16), Some(3), "the first one did not run");
    assert_eq!(name(12, 19), Some(2));
    assert_eq!(name(18, 27), Some(2));
}

#[test]
fn moves_and_waits_count_in_the_bins_that_begin_in_a_window() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], Nanos(0));
    let at = |units: u64| Nanos(units * UNIT);
    let turns = [
        (0, 2, 0, 2, true),
        (0, 5, 2, 0, true),
        (1, 9, 0, 2, false),
        (1, 11, 2, 0, false),
        (1, 22, 0, 2, false),
        (1, 23, 2, 0, true),
        (0, 24, 0, 2, false),
        (0, 25, 2, 0, false),
        (1, 34, 0, 2, false),
        (1, 35, 2, 0, false),
    ];
    for (cpu, units, prev, next, runs) in turns {
        let pair = (thread(prev), thread(next));
        b.switch(CpuId(cpu), at(units), pair, Some(runs), &mut names);
    }
    let line = b.publish(at(END));
    // The moves came at 9, 24 and 34, behind waits of 4, 1 and none, which are told by the bins of 8, 24 and 32.
    let moves = [(8, 9, 4), (24, 24, 1), (32, 34, 0)];
    for (from, to, window) in windows() {
        let (own, _) = line.of(ProcId::new(2, 7), window);
        let inside = || moves.iter().filter(|(bin, ..)| *bin >= from && *bin < to);
        let moved = own.told.unwrap_or_default().moved;
        assert_eq!(moved, inside().count() as u64, "{from}..{to}");
        let waited = inside().map(|(bin, _, wait)| wait.min(&((bin + 4).min(to) - from)) * UNIT);
        assert_eq!(own.waited.0, waited.sum::<u64>(), "{from}..{to}");
    }
}

#[test]
fn without_slices_nothing_is_said_of_them() {
    let told = Some(SwitchSums {
        preempted: 1,
        ..SwitchSums::default()
    });
    let percent = |slices, told| {
        let tally = Tally {
            slices,
            told,
            ..Tally::default()
        };
        (tally.mean(), tally.preempted_percent())
    };
    assert_eq!(percent(0, told), (None, None));
    assert_eq!(percent(4, told).1, Some(25.0));
    assert_eq!(percent(4, None).1, None);
}

#[test]
fn sums_of_long_windows_leave_out_the_bins_beside_them() {
    let mut b = Builder::new(Origin::Exact, [CpuId(0)], Nanos(0));
    for (start, end) in [(5, 8), (1000, 1003), (2012, 2016), (2500, 2501)] {
        let (none, some) = (thread(0), thread(2));
        b.switch(CpuId(0), ms(start), (none, some), Some(false), &mut names);
        b.switch(CpuId(0), ms(end), (some, none), Some(false), &mut names);
    }
    let line = b.publish(ms(4000));
    let sums = |from, to| {
        let (from, to) = (ms(from), ms(to));
        let total = line.lanes[0].total(Window { from, to }, Origin::Exact);
        (total.run, total.slices)
    };
    assert_eq!(sums(0, 2010), (ms(6), 2), "before the bin of the third");
    assert_eq!(sums(10, 2020), (ms(7), 2), "behind that of the first");
}
