//! Time that was found by sampling or told of one process only, beside what the kernel says of the cores.

use super::*;

fn spin(tid: u32) -> Arc<Who> {
    let (id, name) = names(Pid(tid), Tid(tid));
    let tid = Tid(tid);
    Arc::new(Who { id, tid, name })
}

fn ran(cpu: u32, who: &Arc<Who>, run: Nanos) -> Ran {
    Ran {
        cpu: CpuId(cpu),
        who: Arc::clone(who),
        run,
        slices: 3,
        waited: ms(5),
    }
}

fn window(from: u64, to: u64) -> Window {
    Window {
        from: ms(from),
        to: ms(to),
    }
}

/// The counters of two cores after `at` milliseconds that they were so busy, in percent.
fn cores(at: u64, busy: [u64; 2]) -> Vec<CoreSample> {
    let core = |id: usize| CoreSample {
        id: CpuId(id as u32),
        user: Ticks(at * busy[id] / 1000),
        idle: Ticks(at * (100 - busy[id]) / 1000),
        ..CoreSample::default()
    };
    vec![core(0), core(1)]
}

#[test]
fn sampled_time_lands_in_coarse_bins() {
    let mut b = Builder::new(Origin::Sampled, [CpuId(0)], ms(0));
    let who = spin(2);
    for i in 0..10 {
        let span = (ms(i * 50), ms(i * 50 + 50));
        b.sampled(span, vec![ran(0, &who, ms(25))]);
    }
    let line = b.publish(ms(500));
    let cells = line.lanes[0].cells(Origin::Sampled, ms(0), ms(100), 5, None);
    assert!(cells.iter().all(|c| (c.busy - 0.5).abs() < 0.01));
    assert!(cells.iter().all(|c| c.slices == 6), "of two samples each");
    let found = &line.by_process(window(0, 500))[0];
    assert_eq!((found.sums.run, found.sums.slices), (ms(250), 30));
    assert_eq!(
        found.sums.told, None,
        "samples do not tell how slices ended"
    );
    assert_eq!(found.sums.preempted_percent(), None);
    let all = Waited {
        span: ms(50),
        whole: true,
    };
    assert_eq!(found.waited, all);
    // Nobody counted how busy the core was: the rest is not said to be idle.
    let rest = Rest {
        unknown: ms(250),
        ..Rest::default()
    };
    assert_eq!(line.rest(window(0, 500)), rest);
    assert!(cells.iter().all(|c| c.others.is_none()));
}

#[test]
fn a_sample_that_comes_late_is_spread_over_all_its_time() {
    let mut b = Builder::new(Origin::Sampled, [CpuId(0)], ms(0));
    let (one, two) = (spin(2), spin(4));
    b.sampled((ms(0), ms(30)), vec![ran(0, &one, ms(30))]);
    let late = vec![ran(0, &one, ms(335)), ran(0, &two, ms(335))];
    b.sampled((ms(30), ms(700)), late);
    let line = b.publish(ms(700));
    let cells = line.lanes[0].cells(Origin::Sampled, ms(0), ms(100), 7, None);
    let busy: Vec<_> = cells.iter().map(|c| (c.busy * 100.0).round()).collect();
    assert_eq!(busy, [100.0; 7]);
    let by = line.by_process(window(0, 700));
    assert_eq!(by.iter().map(|p| p.sums.slices).sum::<u64>(), 9);
    assert!(by[0].sums.run.0.abs_diff(365_000_000) < 100);
}

#[test]
fn a_busy_core_is_not_idle_though_nobody_was_seen_on_it() {
    let mut b = Builder::new(Origin::Sampled, [CpuId(0), CpuId(1)], ms(0));
    let who = spin(2);
    b.count(ms(0), cores(0, [90, 0]), &mut |_: &Who| None);
    for i in 0..40 {
        let span = (ms(i * 50), ms(i * 50 + 50));
        b.sampled(span, vec![ran(0, &who, ms(15))]);
        if i % 10 == 9 {
            b.count(
                span.1,
                cores(span.1.0 / 1_000_000, [90, 0]),
                &mut |_: &Who| None,
            );
        }
    }
    let line = b.publish(ms(2000));
    let [first, second] = [0, 1].map(|lane| {
        let lane: &Lane = &line.lanes[lane];
        lane.cells(Origin::Sampled, ms(0), ms(200), 10, None)
    });
    for cell in &first {
        assert!((cell.busy - 0.3).abs() < 0.01, "{cell:?}");
        let others = cell.others.expect("counted");
        assert!((others - 0.6).abs() < 0.01, "{cell:?}");
    }
    assert!(second.iter().all(|c| c.others == Some(0.0)));
    let rest = line.rest(window(0, 2000));
    assert_eq!(rest.unknown, ms(0));
    assert!(
        rest.others.0.abs_diff(1_200_000_000) < 10_000_000,
        "{rest:?}"
    );
    assert!(
        rest.idle.unwrap_or_default().0.abs_diff(2_200_000_000) < 10_000_000,
        "{rest:?}"
    );
    // What came after the last reading is not known.
    b.sampled((ms(2000), ms(2400)), vec![ran(0, &who, ms(120))]);
    let line = b.publish(ms(2400));
    let cells = line.lanes[0].cells(Origin::Sampled, ms(2000), ms(200), 2, None);
    assert!(cells.iter().all(|c| c.others.is_none() && c.busy > 0.0));
    let rest = line.rest(window(2000, 2400));
    let unknown = Rest {
        unknown: ms(800 - 120),
        ..Rest::default()
    };
    assert_eq!(rest, unknown);
}

#[test]
fn what_is_not_the_inspected_process_is_others() {
    let mut b = Builder::new(Origin::Own, [CpuId(0), CpuId(1)], ms(0));
    let cpu = CpuId(0);
    b.count(ms(0), cores(0, [80, 40]), &mut |_: &Who| None);
    for i in 0..40_u64 {
        // Half of the time it has cpu0.
        b.come(cpu, ms(i * 100), thread(2), &mut names);
        b.leave(cpu, ms(i * 100 + 50), thread(2), Some(false), &mut names);
        if i % 5 == 4 {
            let at = (i + 1) * 100;
            b.count(ms(at), cores(at, [80, 40]), &mut |_: &Who| None);
        }
    }
    let line = b.publish(ms(4000));
    let cells = line.lanes[0].cells(Origin::Own, ms(500), ms(50), 4, None);
    let others = cells.iter().map(|c| c.others.expect("counted"));
    let others: Vec<_> = others.map(|o| (o * 100.0).round()).collect();
    assert_eq!(others, [0.0, 60.0, 0.0, 60.0], "none of it in its own time");
    // A core that it never had is heard of by silence, after a while.
    let cells = line.lanes[1].cells(Origin::Own, ms(0), ms(500), 8, None);
    assert_eq!(cells[0].others, None);
    assert!((cells[7].others.expect("counted") - 0.4).abs() < 0.01);
    let rest = line.rest(window(3000, 4000));
    let percent = |part: Nanos| (part.0 + 5_000_000) / 10_000_000;
    assert_eq!(percent(rest.others), 30 + 40);
    assert_eq!(percent(rest.idle.unwrap_or_default()), 20 + 60);
}

#[test]
fn whoever_lives_outside_the_namespace_is_others_and_not_idle() {
    let mut b = Builder::new(Origin::Inside, [CpuId(0), CpuId(1)], ms(0));
    // Whoever is outside has the number of the idle thread.
    let (ours, nobody) = (thread(2), thread(0));
    for i in 0..20_u64 {
        for (cpu, next) in [(CpuId(0), ours), (CpuId(1), nobody)] {
            b.switch(cpu, ms(i * 100), (nobody, next), Some(true), &mut names);
            b.switch(cpu, ms(i * 100 + 50), (next, nobody), None, &mut names);
        }
        if i % 5 == 0 {
            let at = i * 100;
            b.count(ms(at), cores(at, [80, 40]), &mut |_: &Who| None);
        }
    }
    b.count(ms(2000), cores(2000, [80, 40]), &mut |_: &Who| None);
    let line = b.publish(ms(2000));
    let mut parts = line.lanes.iter().map(|lane| {
        let cells = lane.cells(Origin::Inside, ms(500), ms(500), 1, None);
        let part = |part: f32| (part * 100.0).round();
        (part(cells[0].busy), cells[0].others.map(part))
    });
    assert_eq!(parts.next(), Some((50.0, Some(30.0))));
    assert_eq!(parts.next(), Some((0.0, Some(40.0))));
    let rest = line.rest(window(0, 2000));
    let percent = |part: Nanos| (part.0 + 10_000_000) / 20_000_000;
    assert_eq!(
        (percent(rest.others), percent(rest.idle.unwrap_or_default())),
        (30 + 40, 20 + 60)
    );
}

#[test]
fn time_with_lost_events_is_not_said_to_be_others() {
    let mut b = Builder::new(Origin::Own, [CpuId(0), CpuId(1)], ms(0));
    let cpu = CpuId(0);
    b.count(ms(0), cores(0, [100, 0]), &mut |_: &Who| None);
    b.come(cpu, ms(0), thread(2), &mut names);
    b.lose(cpu, ms(700), 9);
    b.leave(cpu, ms(800), thread(2), Some(false), &mut names);
    b.count(ms(1000), cores(1000, [100, 0]), &mut |_: &Who| None);
    let line = b.publish(ms(1000));
    assert_eq!(line.lanes[0].spent[0].told, None);
    let cells = line.lanes[0].cells(Origin::Own, ms(800), ms(100), 2, None);
    assert!(cells.iter().all(|c| c.others.is_none()), "{cells:?}");
}
