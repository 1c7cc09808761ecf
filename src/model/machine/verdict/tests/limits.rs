//! From when on something is a bottleneck, and who is behind it enough to be named.

use super::*;
use crate::model::groups::own_group::StrainSample;
use crate::model::sample::{Io, Moved, OptionalStats};
use crate::model::snapshot::Snapshot;

fn behind(scene: &Snapshot) -> Vec<String> {
    let verdict = Judge::default().judge(scene);
    verdict.expect("a verdict").behind
}

/// Says what the cores did in the last second, in percent of each.
fn cores(scene: &mut Scene, user: u64, system: u64) -> Snapshot {
    for core in &mut scene.sample.system.cores {
        core.user.0 = core.user.0 - 50 + user;
        core.system.0 += system;
        core.idle.0 = core.idle.0 - 50 + (100 - user - system);
    }
    scene.snapshot()
}

#[test]
fn a_threshold_is_reached_by_its_own_number() {
    for (cpu, io, is) in [(19.9, 9.9, false), (20.0, 0.0, true), (0.0, 10.0, true)] {
        let verdict = Judge::default().judge(&pressed(cpu, io).snapshot());
        assert_eq!(verdict.is_some(), is, "{cpu} {io}");
    }
}

#[test]
fn how_long_it_lasts_is_said_from_its_first_second_on() {
    let mut judge = Judge::default();
    judge.judge(&pressed(0.0, 0.0).snapshot());
    let mut scene = pressed(38.0, 1.0);
    let verdict = judge.judge(&scene.snapshot()).expect("a verdict");
    let lasts = |ms: u64| {
        let now = Nanos(verdict.since.0 + ms * 1_000_000);
        verdict.lasts(now)
    };
    assert_eq!(lasts(999), None);
    assert_eq!(lasts(1000).as_deref(), Some("for 1.0s"));
    scene.pass(1000, &[]);
}

#[test]
fn who_uses_a_twentieth_of_a_core_is_named_and_no_less() {
    let at = |busy: &[(u32, u64)]| {
        let mut scene = pressed(38.0, 1.0);
        scene.task(20, 1, "make");
        scene.pass(1000, busy);
        // Nothing is left for those who are not listed.
        behind(&cores(&mut scene, 0, 0))
    };
    let nobody: [&str; 0] = [];
    assert_eq!(at(&[(20, 5)]), ["make"]);
    assert_eq!(at(&[(20, 4)]), nobody);
    let all: Vec<(u32, u64)> = (2..8).map(|pid| (pid, 1)).collect();
    assert_eq!(at(&all), ["rustc ×6"], "together");
    assert_eq!(at(&[(2, 50), (20, 5)]), ["rustc", "make"]);
    assert_eq!(
        at(&[(2, 60), (20, 5)]),
        ["rustc"],
        "less than a tenth of that"
    );
}

#[test]
fn who_was_busy_for_one_tick_of_many_is_not_named() {
    let mut scene = pressed(38.0, 1.0);
    let mut judge = Judge::default();
    let mut behind = Vec::new();
    for n in 0..10 {
        scene.pass(1000, &[(2, if n == 0 { 40 } else { 0 })]);
        let verdict = judge.judge(&cores(&mut scene, 20, 0));
        behind = verdict.expect("a verdict").behind;
    }
    assert_eq!(behind, ["others not visible"], "40 % of one in ten");
}

#[test]
fn hidden_ones_are_named_from_a_twentieth_of_a_core_on() {
    let others = |user: u64, system: u64, listed: u64, ticks: u64| {
        let mut scene = pressed(38.0, 1.0);
        let mut judge = Judge::default();
        let mut named = false;
        for _ in 0..ticks {
            scene.pass(1000, &[(2, listed)]);
            let verdict = judge.judge(&cores(&mut scene, user, system));
            named = (verdict.expect("a verdict").behind).contains(&"others not visible".to_owned());
        }
        named
    };
    // Of two cores.
    assert!(others(0, 3, 0, 1), "in the kernel");
    assert!(others(3, 0, 0, 1), "in user land");
    assert!(!others(2, 0, 0, 1));
    assert!(!others(2, 0, 0, 9), "nor for a long time");
    assert!(!others(3, 0, 2, 1), "6 % of which 2 are told");
    assert!(!others(20, 0, 20, 1), "half of it is told");
}

#[test]
fn behind_a_disk_is_who_moves_the_most_and_then_who_waits_most_often() {
    let at = |read: u64, written: u64| {
        let mut scene = pressed(2.0, 45.0);
        scene.task(8, 1, "dd").stat.state = State::Blocked;
        let io = |read, written| {
            let io = Io {
                all: Moved {
                    read: Bytes(read),
                    written: Bytes(written),
                },
                living: None,
            };
            Some(Arc::new(OptionalStats {
                io: Ok(io),
                ..OptionalStats::default()
            }))
        };
        scene.of(8).extra = io(0, 0);
        scene.pass(1000, &[]);
        scene.of(8).extra = io(read, written);
        behind(&scene.snapshot())
    };
    assert_eq!(at(0, 0), ["cat", "dd"]);
    assert_eq!(at(1 << 20, 0), ["dd", "cat"]);
    assert_eq!(at(0, 1 << 20), ["dd", "cat"]);
}

/// Whose bottleneck it is, where our own group was stopped in so many of ten periods and so much of the cores idles.
fn whose(cpu: f32, io: f32, stopped: u64, idle: u64, hits: u64) -> (Scope, Bottleneck) {
    let mut scene = pressed(cpu, io);
    scene.sample.system.own_pressure = [Err(Missing::Unsupported); 3];
    let mut judge = Judge::default();
    let mut last = None;
    for n in 0..7 {
        scene.pass(1000, &[]);
        scene.sample.system.own_strain = StrainSample {
            periods: Ok((n * 10, n * stopped)),
            hits: Ok(n * hits),
            members: Arc::new([Pid(2)]),
        };
        last = judge.judge(&cores(&mut scene, 100 - idle, 0));
    }
    let verdict = last.expect("a verdict");
    (verdict.scope, verdict.of)
}

#[test]
fn tasks_that_our_quota_stops_while_cores_idle_are_no_bottleneck_of_the_machine() {
    let (machine, group) = (Scope::Machine, Scope::Group);
    let (cpu, io) = (Bottleneck::Cpu, Bottleneck::Io);
    assert_eq!(whose(90.0, 0.0, 6, 50, 0), (group, cpu));
    assert_eq!(whose(90.0, 0.0, 2, 20, 0), (group, cpu), "just so");
    assert_eq!(whose(90.0, 0.0, 6, 19, 0), (machine, cpu), "no core idles");
    assert_eq!(whose(90.0, 0.0, 1, 50, 1), (machine, cpu), "hardly stopped");
    assert_eq!(
        whose(0.0, 60.0, 6, 50, 0),
        (machine, io),
        "disks have no quota"
    );
}
