//! What is recorded of lanes comes back as it was.

use proptest::prelude::*;

use super::*;
use crate::model::id::{Pid, ProcId, Tid};
use crate::model::scheduling::timeline::{Builder, Ended, Thread, Timeline, Window};
use crate::model::text::SafeText;
use crate::recording::record::{Found, Head};
use crate::recording::wire::{Fields, zigzag};
use crate::recording::{Broken, numbers};

fn ms(n: u64) -> Nanos {
    Nanos(n * 1_000_000)
}

fn thread(pid: u32, tid: u32) -> Thread {
    Thread {
        pid: Pid(pid),
        tid: Tid(tid),
    }
}

/// Lanes of two cores over two seconds: turns of three threads, one of which ends.
pub(in crate::recording) fn script() -> Vec<Timeline> {
    let mut names = |pid: Pid, tid: Tid| {
        let name: SafeText = format!("t{}", tid.0).as_str().into();
        (ProcId::new(pid.0, 5), name)
    };
    let mut builder = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], ms(1000));
    let mut views = vec![builder.publish(ms(1000))];
    let idle = Thread::default();
    for i in 0..200 {
        let at = ms(1000 + i * 10);
        let (a, b) = (thread(10, 10), thread(10, 11));
        let next = if i % 3 == 0 { b } else { a };
        let prev = if i % 3 == 1 { b } else { a };
        builder.switch(CpuId(0), at, (prev, next), Some(i % 2 == 0), &mut names);
        if i % 4 == 0 {
            builder.come(CpuId(1), at, thread(20, 20), &mut names);
        }
        if i % 4 == 2 {
            builder.leave(CpuId(1), at, thread(20, 20), Some(false), &mut names);
        }
        if i == 150 {
            builder.exit(at, next);
            builder.switch(
                CpuId(0),
                ms(1000 + i * 10 + 5),
                (next, idle),
                None,
                &mut names,
            );
        }
        if i % 20 == 19 {
            views.push(builder.publish(at));
        }
    }
    views
}

pub(in crate::recording) fn records(views: &[Timeline], keep: Slices) -> Vec<Vec<u8>> {
    let mut writer = LaneWriter::new(keep);
    let views = views.iter();
    views.filter_map(|view| writer.record(view, 7)).collect()
}

fn again(records: &[Vec<u8>]) -> Timeline {
    let mut rebuilder = Rebuilder::default();
    for record in records {
        let Found::Head(head, _) = Head::find(record) else {
            panic!("a head");
        };
        let body = head.unpack(record).expect("whole");
        rebuilder.take(&read(&body).expect("sound"));
    }
    rebuilder.publish().expect("something")
}

fn slices(line: &Timeline) -> Vec<String> {
    let lanes = line.lanes.iter();
    let all = lanes.flat_map(|lane| lane.slices.all().map(|(slice, who)| (lane.cpu, slice, who)));
    // One without length is nothing to tell.
    all.filter(|(_, slice, _)| slice.ended != Ended::Running && slice.span().0 > 0)
        .map(|(cpu, slice, who)| format!("{cpu:?} {slice:?} {who:?}"))
        .collect()
}

#[test]
fn every_slice_comes_back_with_its_end_and_its_thread() {
    let views = script();
    let last = views.last().expect("some");
    let line = again(&records(&views, Slices::All));
    assert_eq!(line.origin, Origin::Exact);
    let (seen, told) = (slices(last), slices(&line));
    assert!(seen.len() > 150, "{}", seen.len());
    assert_eq!(told, seen);
    let window = Window {
        from: ms(1500),
        to: ms(2500),
    };
    let sums = |line: &Timeline| {
        let found = line.by_process(window);
        let found = found.iter().map(|p| (p.who.id, p.sums.run, p.sums.slices));
        found.collect::<Vec<_>>()
    };
    assert_eq!(sums(&line), sums(last));
}

#[test]
fn sums_say_who_ran_for_how_long() {
    let views = script();
    let last = views.last().expect("some");
    let line = again(&records(&views, Slices::Sums));
    assert_eq!(line.origin, Origin::Sums);
    assert!(line.why.contains("--slices all"), "{}", line.why);
    let window = Window {
        from: ms(1200),
        to: ms(2800),
    };
    let run = |line: &Timeline| {
        let mut found: Vec<_> = line
            .by_process(window)
            .iter()
            .map(|p| (p.who.id.pid.0, p.sums.run.0 / 20_000_000))
            .collect();
        found.sort_unstable();
        found
    };
    assert_eq!(run(&line), run(last));
}

/// Where the kernel summed up, and where the cores were sampled, that is said, and not that something else should be asked for.
#[test]
fn how_sums_came_about_is_told() {
    let of = |origin| {
        let mut views = script();
        for view in &mut views {
            view.origin = origin;
        }
        let line = again(&records(&views, Slices::All));
        (line.origin, line.why.to_string())
    };
    let (origin, why) = of(Origin::Summed);
    assert!(origin == Origin::Sums && why.contains("too many"), "{why}");
    let (origin, why) = of(Origin::Sampled);
    assert!(
        origin == Origin::Sampled && why.contains("not told"),
        "{why}"
    );
    assert_eq!(of(Origin::Own).0, Origin::Own);
    // A part of it was summed up: single slices would leave a hole.
    let mut views = script();
    let window = Window {
        from: ms(2000),
        to: ms(2010),
    };
    for view in views.iter_mut().filter(|view| view.now > ms(2010)) {
        for lane in &mut view.lanes {
            lane.summed = [window].into();
        }
    }
    let records = records(&views, Slices::All);
    let sums = records.iter().filter(|record| {
        let Found::Head(head, _) = Head::find(record) else {
            panic!("a head");
        };
        read(&head.unpack(record).expect("whole"))
            .expect("sound")
            .sums
    });
    assert_eq!(sums.count(), 1);
}

/// Turns of two threads on one core, so many, of 10 µs each.
fn turns(builder: &mut Builder, at: &mut u64, turns: u64) {
    let mut names = |pid: Pid, _| (ProcId::new(pid.0, 5), SafeText::from("t"));
    let of = |turn: u64| thread(10 + (turn % 2) as u32, 10 + (turn % 2) as u32);
    for _ in 0..turns {
        let turn = *at / 10_000;
        let switch = (of(turn), of(turn + 1));
        builder.switch(CpuId(0), Nanos(*at), switch, Some(true), &mut names);
        *at += 10_000;
    }
}

/// What was forgotten before it could be recorded was not idle.
#[test]
fn more_slices_than_are_remembered_become_sums() {
    let mut at = ms(1000).0;
    let mut builder = Builder::new(Origin::Exact, [CpuId(0)], Nanos(at));
    let mut views = vec![builder.publish(Nanos(at))];
    for many in [20_000, 80_000, 1_000] {
        turns(&mut builder, &mut at, many);
        views.push(builder.publish(Nanos(at)));
    }
    let records = records(&views, Slices::All);
    let sums: Vec<bool> = records
        .iter()
        .map(|record| {
            let Found::Head(head, _) = Head::find(record) else {
                panic!("a head");
            };
            let body = head.unpack(record).expect("whole");
            read(&body).expect("sound").sums
        })
        .collect();
    assert_eq!(sums, [false, true, false]);
    let why = again(&records[..2]).why;
    assert!(why.contains("too many"), "{why}");
    // What each of them tells goes on from the one before.
    let run = |record: &Vec<u8>| {
        let line = again(std::slice::from_ref(record));
        let window = Window {
            from: ms(1000),
            to: Nanos(at),
        };
        let all = line.by_process(window);
        all.iter().map(|p| p.sums.run.0).sum::<u64>()
    };
    let run: u64 = records.iter().map(run).sum();
    let whole = at - ms(1000).0;
    // The thread that is on the core has not ended its turn.
    assert!(run.abs_diff(whole) <= 40_000, "{run} of {whole}");
}

/// Whoever looks whenever the lanes are crowded misses none of them.
#[test]
fn a_crowded_lane_is_told_before_it_forgets() {
    let mut at = ms(1000).0;
    let mut builder = Builder::new(Origin::Exact, [CpuId(0)], Nanos(at));
    let mut views = vec![builder.publish(Nanos(at))];
    for _ in 0..300 {
        // What a ring holds at once.
        turns(&mut builder, &mut at, 1_000);
        if builder.is_crowded(views.last().expect("one").now) {
            views.push(builder.publish(Nanos(at)));
        }
    }
    views.push(builder.publish(Nanos(at)));
    assert!((5..50).contains(&views.len()), "{}", views.len());
    let told = records(&views, Slices::All)
        .iter()
        .map(|record| {
            let Found::Head(head, _) = Head::find(record) else {
                panic!("a head");
            };
            let body = head.unpack(record).expect("whole");
            let told = read(&body).expect("sound");
            assert!(!told.sums);
            told.cores
                .iter()
                .map(|core| core.slices.len())
                .sum::<usize>()
        })
        .sum::<usize>();
    assert_eq!(told, 299_999);
}

/// A slice that claims to have lasted for a year, or a record of one, fills no year of bins.
#[test]
fn a_time_that_cannot_be_is_cut_or_refused() {
    let record = |to: u64, length: u64, cores: u32| {
        let mut body = Fields::default();
        let mut row = Fields::default();
        let from = ms(1_000_000_000_000).0;
        numbers::write(&mut row, 1, &[0; 5], &[from, from + to, 1, 0, 0]);
        body.fields(field::ROW, &row);
        let mut who = Fields::default();
        who.number(1, 7);
        body.fields(field::WHO, &who);
        for cpu in 0..cores {
            let mut core = Fields::default();
            core.number(field::CORE_ID, cpu.into());
            let mut slices = Fields::default();
            slices.varint(zigzag(0_u64.wrapping_sub(length)));
            slices.varint(length + 1_000_000);
            slices.varint(2);
            core.fields(field::SLICES, &slices);
            body.fields(field::CORE, &core);
        }
        read(&body.0)
    };
    let year = 365 * 86_400 * 1_000_000_000;
    let line = record(2_000_000_000, year, 2).expect("cut");
    let spans = line.cores.iter().map(|core| core.slices[0].0.span());
    assert!(spans.max() <= Some(ms(61_000)));
    assert!(matches!(record(year, 0, 2), Err(Broken::TooLarge)));
    assert!(matches!(
        record(2_000_000_000, year, 4000),
        Err(Broken::TooLarge)
    ));
    assert!(record(2_000_000_000, 1_000_000_000, 4000).is_ok());
}

#[test]
fn nothing_is_kept_where_nothing_is_asked_for() {
    assert!(records(&script(), Slices::Off).is_empty());
    assert!(records(&[Timeline::default(), Timeline::default()], Slices::All).is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_borne(bytes: Vec<u8>, flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6)) {
        if let Ok(lanes) = read(&bytes) {
            let mut rebuilder = Rebuilder::default();
            rebuilder.take(&lanes);
            let _ = rebuilder.publish();
        }
        let records = records(&script(), Slices::All);
        let Found::Head(head, _) = Head::find(&records[0]) else {
            panic!("a head");
        };
        let mut body = head.unpack(&records[0]).expect("whole");
        for (at, by) in flips {
            let len = body.len();
            body[at % len] ^= by;
        }
        if let Ok(lanes) = read(&body) {
            let mut rebuilder = Rebuilder::default();
            rebuilder.take(&lanes);
            rebuilder.take(&lanes);
            let _ = rebuilder.publish();
        }
    }
}
