//! Windows and columns of made-up counts.

use super::*;

fn counted(at_ms: u64, done: u64, columns: &[(usize, u64)]) -> Counted {
    let mut kept = vec![0; KEPT * STEPS];
    for (at, n) in columns {
        kept[*at] = *n;
    }
    let mut spread = Spread::default();
    spread.0[4 * 20] = done;
    let count = Count {
        done,
        took: Nanos(done * 2_000_000),
        device: Nanos(done * 1_000_000),
        longest: Nanos(9_000_000),
        spread,
    };
    Counted {
        at: Nanos::from_millis(at_ms),
        devices: [(("vda".into(), Kind::Read), (count.clone(), kept))].into(),
        processes: [((Pid(7), "vda".into(), Kind::Read), count)].into(),
        called: [(Pid(7), "writer".into())].into(),
        dropped: 0,
    }
}

#[test]
fn a_window_is_the_difference() {
    let told = between(&counted(1000, 10, &[]), &counted(3000, 30, &[]));
    let device = told.of("vda", Kind::Read).expect("told");
    assert_eq!(
        (device.took.done, told.span),
        (20, Nanos::from_millis(2000))
    );
    assert_eq!(device.took.mean, Ok(Nanos(2_000_000)));
    assert_eq!(device.took.device, Ok(Nanos(1_000_000)));
    assert!((told.per_second(device.took.done) - 10.0).abs() < f64::EPSILON);
    assert_eq!(by_process(&told)[&Pid(7)].reads, 20);
    assert_eq!(told.processes[0].called.as_str(), "writer");
    // A bucket's bound is above what is in it: nothing took longer than the longest.
    let mut last = counted(3000, 30, &[]);
    let all = last.devices.values_mut().map(|(count, _)| count);
    all.chain(last.processes.values_mut())
        .for_each(|count| count.longest = Nanos(1_100_000));
    let told = between(&counted(1000, 10, &[]), &last);
    let longest = Ok(Nanos(1_100_000));
    let device = &told.devices[0].took;
    assert_eq!((device.p50, device.p99), (longest, longest));
    assert_eq!(told.processes[0].took.p99, longest);
    let quiet = between(&counted(1000, 10, &[]), &counted(3000, 10, &[]));
    assert_eq!(quiet.devices[0].took.mean, Err(Missing::Soon));
    assert!(quiet.processes.is_empty(), "nobody asked");
}

#[test]
fn columns_come_from_a_ring_that_is_read_in_time() {
    let mut past = Past::default();
    // The ring's places 2 to 4 are the halves of a second from 1.0 to 2.5 s.
    let (second, third) = (2 * STEPS + 5, 3 * STEPS + 6);
    let first = counted(1100, 1, &[(second, 1)]);
    past.push(&first, &counted(1300, 3, &[(second, 3)]));
    past.push(
        &counted(1300, 3, &[(second, 3)]),
        &counted(1600, 9, &[(second, 4), (third, 5)]),
    );
    let told = past.columns(&"vda".into(), Kind::Read);
    let expected = [(2, vec![(5, 3)]), (3, vec![(6, 5)])];
    assert_eq!(told.len(), 2);
    for (column, (number, steps)) in told.iter().zip(expected) {
        assert_eq!((column.number, &column.steps), (number, &steps));
    }
    // After a long pause only the present column is known.
    past.push(
        &counted(1600, 9, &[(second, 4), (third, 5)]),
        &counted(60_100, 90, &[(second, 9), (third, 9)]),
    );
    assert_eq!(past.columns(&"vda".into(), Kind::Read).len(), 2);
    past.push(&counted(60_100, 90, &[]), &counted(500_000, 90, &[]));
    assert!(
        past.columns(&"vda".into(), Kind::Read).is_empty(),
        "too old"
    );
}

#[test]
fn columns_of_a_process_are_made_at_each_reading() {
    let mut past = Past::default();
    let readings = [(1000, 10), (2000, 15), (3000, 15), (4000, 3)];
    let readings = readings.map(|(at, done)| counted(at, done, &[]));
    for pair in readings.windows(2) {
        past.push_process(Pid(7), (&pair[0], &pair[1]));
        past.push_process(Pid(8), (&pair[0], &pair[1]));
    }
    let told = past.of_process(Pid(7), (&readings[0], &readings[1]));
    assert_eq!(told.len(), 1, "of nobody else");
    assert_eq!(
        (told[0].name.as_str(), told[0].took.done),
        ("vda", 5),
        "in the window"
    );
    // Five in the second from one to two; none in the next; whose sums were given up begins anew.
    let step = ((4 * 20 - FIRST) / 2) as u8;
    let columns: Vec<_> = told[0]
        .columns
        .iter()
        .map(|c| (c.number, c.steps.clone()))
        .collect();
    let expected = [(3, 2), (4, 3), (7, 1), (8, 2)];
    assert_eq!(
        columns,
        expected.map(|(number, n)| (number, vec![(step, n)]))
    );
    let long = counted(400_000, 3, &[]);
    past.push_process(Pid(7), (&readings[3], &long));
    assert!(
        past.of_process(Pid(7), (&readings[3], &long)).is_empty(),
        "two minutes are kept"
    );
}

#[test]
fn steps_begin_where_their_buckets_do() {
    assert_eq!(step_begins(0), Nanos(1 << 10));
    assert_eq!(step_begins(1), Nanos(3 << 9));
    assert_eq!(step_begins(20), Nanos(1 << 20));
}

#[test]
fn a_device_is_found_by_its_name_and_kind_and_rates_need_time() {
    let told = between(&counted(1000, 10, &[]), &counted(3000, 30, &[]));
    assert!(told.of("vda", Kind::Read).is_some());
    assert!(told.of("vda", Kind::Write).is_none());
    assert!(told.of("vdb", Kind::Read).is_none());
    let rate = Requests::default().per_second(10);
    assert!(rate.abs() < f64::EPSILON, "{rate}");
}

#[test]
fn counts_without_columns_are_the_same_counts() {
    let all = counted(1000, 10, &[(5, 7)]);
    let bare = all.without_columns();
    let counts = |of: &Counted| -> Vec<Count> {
        of.devices
            .values()
            .map(|(count, _)| count.clone())
            .collect()
    };
    assert_eq!(counts(&bare), counts(&all));
    assert!(bare.devices.values().all(|(_, kept)| kept.is_empty()));
    let rest = (bare.at, bare.processes, bare.called);
    assert_eq!(rest, (all.at, all.processes, all.called));
}

#[test]
fn buckets_that_are_counted_from_the_first_on_stand_there() {
    let spread = spread_from([3, 0, 5].into_iter());
    assert_eq!(spread.0[FIRST..FIRST + 3], [3, 0, 5]);
    assert_eq!(spread.0.iter().sum::<u64>(), 8);
}

#[test]
fn the_past_of_one_process_has_nothing_of_another() {
    let mut past = Past::default();
    let (before, now) = (counted(1000, 10, &[]), counted(1400, 30, &[]));
    past.push_process(Pid(8), (&before, &now));
    assert!(past.of_process(Pid(8), (&before, &now)).is_empty());
    past.push_process(Pid(7), (&before, &now));
    assert_eq!(past.of_process(Pid(7), (&before, &now)).len(), 1);
}
