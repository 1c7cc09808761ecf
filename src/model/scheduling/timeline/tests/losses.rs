//! Times of which nothing is known, one after the other.

use super::*;

const CPU: CpuId = CpuId(0);

fn gaps(line: &Timeline) -> Vec<(u64, u64, Blind)> {
    let all = line.lanes[0].gaps.iter();
    all.map(|g| (g.start.0 / 1_000_000, g.end.0 / 1_000_000, g.why))
        .collect()
}

/// 2 had the core from 10 ms on.
fn begun() -> Builder {
    let mut b = Builder::new(Origin::Exact, [CPU], ms(0));
    b.switch(CPU, ms(10), (thread(0), thread(2)), Some(false), &mut names);
    b
}

#[test]
fn losses_in_a_row_are_one_gap_for_each_reason() {
    let mut b = begun();
    b.publish(ms(20));
    b.lose(CPU, ms(30), 1);
    b.lose(CPU, ms(35), 1);
    b.offline(CPU, ms(50));
    b.offline(CPU, ms(60));
    let line = b.publish(ms(70));
    let (lost, offline) = ((20, 35, Blind::Lost), (35, 70, Blind::Offline));
    assert_eq!(gaps(&line), [lost, offline]);
    assert_eq!(listed(&line.lanes[0]), [(10, 20, 2, Ended::Unseen)]);
}

#[test]
fn whoever_was_not_seen_to_run_has_no_slice() {
    let mut b = begun();
    b.lose(CPU, ms(30), 1);
    assert!(listed(&b.publish(ms(40)).lanes[0]).is_empty());
    let line = begun().publish(ms(10));
    assert!(listed(&line.lanes[0]).is_empty(), "it comes just now");
}

#[test]
fn the_newest_gaps_are_kept() {
    let mut b = Builder::new(Origin::Sampled, [CPU], ms(0));
    for at in 1..=300 {
        b.suspended(ms(at), ms(at));
        let (id, name) = names(Pid(2), Tid(2));
        let tid = Tid(2);
        let ran = Ran {
            cpu: CPU,
            who: Arc::new(Who { id, tid, name }),
            run: ms(0),
            slices: 0,
            waited: ms(0),
        };
        b.sampled((ms(at - 1), ms(at)), vec![ran]);
    }
    let gaps = gaps(&b.publish(ms(300)));
    assert_eq!(gaps.len(), 256);
    assert_eq!(gaps.last().map(|g| g.2), Some(Blind::Suspended(ms(300))));
}

#[test]
fn a_core_that_is_not_there_is_nobodys() {
    // The cores have a hole in their numbers.
    let mut b = Builder::new(Origin::Exact, [CPU, CpuId(2)], ms(0));
    for cpu in [CpuId(1), CpuId(3)] {
        b.switch(cpu, ms(10), (thread(0), thread(2)), Some(false), &mut names);
    }
    let line = b.publish(ms(20));
    assert!(line.lanes.iter().all(|lane| lane.slices.is_empty()));
}

#[test]
fn how_a_hidden_thread_ended_is_not_told_by_its_neighbours() {
    let mut b = begun();
    b.switch(CPU, ms(12), (thread(2), thread(4)), Some(true), &mut names);
    b.switch(CPU, ms(14), (thread(6), thread(8)), Some(true), &mut names);
    let gone = Thread {
        pid: Pid(u32::MAX),
        tid: Tid(u32::MAX),
    };
    b.switch(CPU, ms(16), (gone, thread(2)), Some(false), &mut names);
    let ends: Vec<_> = listed(&b.publish(ms(20)).lanes[0])
        .iter()
        .map(|(.., tid, ended)| (*tid, *ended))
        .collect();
    let expected = [
        (2, Ended::Preempted),
        (4, Ended::Unseen),
        (8, Ended::Yielded),
        (2, Ended::Running),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn what_was_lost_is_compared_with_no_count() {
    let mut b = Builder::new(Origin::Own, [CPU, CpuId(1)], ms(0));
    let cores = |at: u64| counters::counted(at / 100);
    let nobody = &mut |_: &Who| None;
    b.come(CPU, ms(0), thread(2), &mut names);
    b.count(ms(0), cores(0), nobody);
    b.lose(CPU, ms(700), 9);
    b.come(CPU, ms(750), thread(2), &mut names);
    b.count(ms(1000), cores(1000), nobody);
    b.count(ms(2000), cores(2000), nobody);
    b.lose(CPU, ms(3000), 9);
    b.come(CPU, ms(3000), thread(2), &mut names);
    b.count(ms(3000), cores(3000), nobody);
    b.count(ms(4000), cores(4000), nobody);
    let line = b.publish(ms(4000));
    let told: Vec<_> = line.lanes[0]
        .spent
        .iter()
        .map(|s| s.told.is_some())
        .collect();
    assert_eq!(
        told,
        [false, true, false, true],
        "the gaps end at 750 and 3000"
    );
}

#[test]
fn of_those_who_end_each_is_told_by_the_core_that_it_left() {
    let gone = Thread {
        pid: Pid(u32::MAX),
        tid: Tid(u32::MAX),
    };
    let other = CpuId(1);
    let mut b = Builder::new(Origin::Exact, [CPU, other], ms(0));
    // Each is preempted while it ends.
    let ends = |b: &mut Builder, cpu, at: u64, tid: u32| {
        b.switch(
            cpu,
            ms(at),
            (thread(0), thread(tid)),
            Some(false),
            &mut names,
        );
        b.exit(ms(at + 1), thread(tid));
        b.switch(
            cpu,
            ms(at + 2),
            (thread(tid), thread(0)),
            Some(true),
            &mut names,
        );
    };
    ends(&mut b, CPU, 10, 2);
    ends(&mut b, other, 10, 4);
    // Both come back without a number, and then a third one, elsewhere.
    b.switch(CPU, ms(20), (thread(0), gone), Some(false), &mut names);
    b.switch(CPU, ms(21), (gone, thread(0)), Some(false), &mut names);
    b.switch(other, ms(22), (thread(0), gone), Some(false), &mut names);
    b.switch(other, ms(23), (gone, thread(0)), Some(false), &mut names);
    ends(&mut b, CPU, 30, 6);
    b.switch(other, ms(40), (thread(0), gone), Some(false), &mut names);
    b.switch(other, ms(41), (gone, thread(0)), Some(false), &mut names);
    let line = b.publish(ms(50));
    let (first, second) = (listed(&line.lanes[0]), listed(&line.lanes[1]));
    let (lost, left) = (Ended::Preempted, Ended::Exited);
    assert_eq!(
        first,
        [(10, 12, 2, lost), (20, 21, 2, left), (30, 32, 6, lost)]
    );
    assert_eq!(
        second,
        [(10, 12, 4, lost), (22, 23, 4, left), (40, 41, 6, left)]
    );
}

#[test]
fn who_comes_back_by_its_number_is_waited_for_no_more() {
    let gone = Thread {
        pid: Pid(u32::MAX),
        tid: Tid(u32::MAX),
    };
    let mut b = begun();
    b.exit(ms(11), thread(2));
    b.switch(CPU, ms(12), (thread(2), thread(4)), Some(true), &mut names);
    b.exit(ms(13), thread(4));
    b.switch(CPU, ms(14), (thread(4), thread(2)), Some(true), &mut names);
    b.switch(CPU, ms(16), (thread(2), gone), Some(false), &mut names);
    b.switch(CPU, ms(18), (gone, thread(0)), Some(false), &mut names);
    let last = listed(&b.publish(ms(20)).lanes[0]).pop();
    assert_eq!(last, Some((16, 18, 4, Ended::Exited)));
}
