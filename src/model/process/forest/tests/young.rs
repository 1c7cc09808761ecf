//! Those who were born a moment ago push nobody about.

use super::order::{by, flat, pids, three};
use super::*;
use crate::model::id::Pid;
use crate::model::process::steady::Line;

/// A process that has just been born stands at pid 100,100 minus so many hundredths of a second.
fn born(scene: &mut Scene, ago: u32, parent: u32, name: &str) -> u32 {
    let ticks = scene.sample.system.uptime.0 / 10_000_000;
    let pid = ticks as u32 - ago;
    scene.task(pid, parent, name);
    pid
}

#[test]
fn who_was_born_since_the_last_tick_has_a_row_at_the_next() {
    let of = |interval: u64, ago: u32, want: Want| {
        let mut scene = three();
        scene.sample.interval = Nanos::from_millis(interval);
        scene.pass(interval, &[]);
        let pid = born(&mut scene, ago, 1, "new");
        let want = Want {
            tags: want.tags.iter().map(|_| pid).collect(),
            passing: want.passing.map(|_| vec![pid]),
            ..want
        };
        pids(&want, &scene.snapshot(), &mut Steady::default()).contains(&pid)
    };
    for (interval, ago, there) in [
        (1000, 0, false),
        (1000, 94, false),
        (1000, 95, true),
        (200, 18, false),
        (200, 19, true),
        (10_000, 149, false),
        (10_000, 150, true),
    ] {
        assert_eq!(
            of(interval, ago, by("pid")),
            there,
            "{interval} ms, {ago} ticks old"
        );
    }
    assert!(of(1000, 5, flat("pid")), "the flat list has everybody");
    let tagged = Want {
        tags: vec![0],
        ..by("pid")
    };
    assert!(of(1000, 5, tagged), "who is tagged has a row");
    let sought = Want {
        passing: Some(Vec::new()),
        ..by("pid")
    };
    assert!(of(1000, 5, sought), "who is sought has a row");
}

#[test]
fn nobody_is_newborn_where_nothing_is_known_of_time() {
    let mut scene = three();
    let pid = born(&mut scene, 5, 1, "new");
    let without_past = Snapshot::between(None, &scene.sample);
    let mut steady = Steady::default();
    assert!(pids(&by("pid"), &without_past, &mut steady).contains(&pid));
    scene.sample.system.uptime = Nanos(0);
    assert!(pids(&by("pid"), &scene.snapshot(), &mut steady).contains(&pid));
}

#[test]
fn the_young_stand_behind_their_siblings_for_three_seconds() {
    let place = |ago: u32, want: &Want, parent: bool, inherits: bool| {
        let (mut scene, mut steady) = (three(), Steady::default());
        scene.pass(10_000, &[]);
        let pid = born(&mut scene, ago, 1, "new");
        if parent {
            scene.task(pid + 50, pid, "below");
        }
        pids(want, &scene.snapshot(), &mut steady);
        if inherits {
            let line = Line {
                key: 70.0,
                place: 0,
                heir: false,
            };
            let id = scene.of(pid).id;
            steady.procs.inherit(id, line);
        }
        let then = scene.pass(1000, &[(pid, 80), (11, 20), (12, 5)]);
        let order = pids(want, &then, &mut steady);
        order.iter().position(|at| *at == pid)
    };
    let cpu = by("cpu");
    let rising = Want {
        descending: Some(false),
        ..by("cpu")
    };
    assert_eq!(place(199, &cpu, false, false), Some(3), "2.99 s old");
    assert_eq!(place(200, &cpu, false, false), Some(0), "3 s old");
    assert_eq!(place(100, &cpu, true, false), Some(0), "no passing thing");
    assert_eq!(place(100, &cpu, false, true), Some(0), "it follows another");
    assert_eq!(place(100, &flat("cpu"), false, false), Some(0));
    assert_eq!(place(100, &rising, false, false), Some(3), "at its place");
}

#[test]
fn one_that_ended_before_it_had_a_place_is_young_for_six_seconds() {
    let place = |ago: u32| {
        let mut scene = three();
        scene.pass(10_000, &[]);
        let pid = born(&mut scene, ago, 1, "short");
        scene.snapshot();
        let before = scene.pass(0, &[(pid, 80)]);
        let before = before.by_pid(Pid(pid)).expect("it lives");
        let mut proc = before.clone();
        proc.cpu = Ok(80.0);
        scene.end(pid);
        let snapshot = scene.pass(1000, &[(11, 20), (12, 5)]);
        let want = Want {
            ended: vec![Ended {
                proc,
                parent: Some(ProcId::new(1, 1)),
                end: WhenEnded::new(snapshot.at, snapshot.at),
                line: None,
            }],
            ..by("cpu")
        };
        let order = pids(&want, &snapshot, &mut Steady::default());
        order.iter().position(|at| *at == pid)
    };
    assert_eq!(place(499), Some(3), "5.99 s old");
    assert_eq!(place(500), Some(0), "6 s old");
}
