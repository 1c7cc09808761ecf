use super::*;
use std::sync::Arc;

use crate::model::groups::own_group::StrainSample;
use crate::model::id::{Bytes, Pid};
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::sample::Pressure;
use crate::model::scene::Scene;

fn pressed(cpu: f32, io: f32) -> Scene {
    let mut scene = Scene::new();
    for pid in 2..8 {
        scene.task(pid, 1, "rustc");
    }
    scene.task(9, 1, "cat").stat.state = State::Blocked;
    let pressure = |some_10| {
        Ok(Pressure {
            some_10,
            ..Pressure::default()
        })
    };
    scene.sample.system.cpu_pressure = pressure(cpu);
    scene.sample.system.io_pressure = pressure(io);
    scene
}

#[test]
fn silent_while_nothing_holds_the_machine_back() {
    assert_eq!(Judge::default().judge(&pressed(3.0, 2.0).snapshot()), None);
    assert_eq!(
        Judge::default().judge(&Scene::new().snapshot()),
        None,
        "no pressure files"
    );
}

#[test]
fn names_the_bottleneck_and_who_is_behind_it() {
    let mut scene = pressed(38.4, 1.0);
    let busy: Vec<(u32, u64)> = (2..8).map(|pid| (pid, 30)).collect();
    let verdict = Judge::default()
        .judge(&scene.pass(1000, &busy))
        .expect("a verdict");
    assert_eq!(
        verdict.sentence(),
        "CPU-bound: 38% of the time someone waited for a core: rustc ×6"
    );
    let verdict = Judge::default()
        .judge(&pressed(21.0, 60.0).snapshot())
        .expect("a verdict");
    assert_eq!(
        verdict.sentence(),
        "I/O-bound: 60% of the time someone waited for a disk: cat"
    );
}

/// Whoever waits for requests of `io_uring` counts as one who waits for I/O, whatever the requests are.
#[test]
fn a_disk_is_named_only_where_one_moves_or_holds_somebody() {
    use crate::model::sample::Flow;
    use crate::model::scheduling::blocked::Cause;
    use crate::model::snapshot::Snapshot;
    let told = |state, on: Option<Cause>, moved: u64| {
        let mut scene = pressed(2.0, 45.0);
        let mut tasks = scene.sample.tasks.iter_mut();
        let task = tasks.find(|t| t.id.pid.0 == 9).expect("cat");
        task.stat.state = state;
        let extra = crate::model::sample::OptionalStats {
            blocked_on: on.ok_or(Missing::Denied),
            ..Default::default()
        };
        task.extra = Some(extra.into());
        scene.sample.system.disk_flow = Ok(Flow::default());
        let before = scene.sample.clone();
        let mut flow = Flow::default();
        flow.inward.0 = moved;
        scene.sample.system.disk_flow = Ok(flow);
        scene.pass(1000, &[]);
        let now = Snapshot::between(Some(&before), &scene.sample);
        let sentence = Judge::default().judge(&now).expect("a verdict").sentence();
        sentence
            .split(" waited for ")
            .nth(1)
            .expect("it waits")
            .to_owned()
    };
    let unseen = "I/O, though no disk moves anything (io_uring counts as well)";
    assert_eq!(told(State::Sleeping, None, 0), unseen);
    assert_eq!(told(State::Sleeping, None, 4096), "a disk");
    assert_eq!(told(State::Blocked, Some(Cause::Disk), 0), "a disk: cat");
    assert_eq!(
        told(State::Blocked, Some(Cause::Server), 0),
        "a filesystem server: cat"
    );
}

#[test]
fn names_are_those_of_the_whole_window_and_not_of_who_hardly_matters() {
    let mut scene = pressed(38.4, 1.0);
    scene.task(20, 1, "pscope");
    let mut judge = Judge::default();
    let busy: Vec<(u32, u64)> = (2..8).map(|pid| (pid, 30)).chain([(20, 8)]).collect();
    judge.judge(&scene.pass(1000, &busy));
    // One of them ends, and the others sleep for a tick: they are behind the last 10 s all the same.
    scene.end(2);
    let verdict = judge.judge(&scene.pass(1000, &[(20, 9)]));
    let behind = verdict.expect("a verdict").behind;
    assert_eq!(
        behind,
        ["rustc ×5"],
        "pscope uses less than a tenth of that"
    );
}

#[test]
fn those_who_are_hidden_are_named_as_such_where_they_use_the_most() {
    let mut scene = pressed(66.0, 1.0);
    let cores = scene.sample.system.cores.len() as u64;
    let mut judge = Judge::default();
    // The cores are half busy.
    let behind = |judge: &mut Judge, scene: &mut Scene, of_listed: u64| {
        let snapshot = scene.pass(1000, &[(2, of_listed)]);
        judge.judge(&snapshot).expect("a verdict").behind
    };
    let hidden = behind(&mut judge, &mut scene, 50 * cores / 5);
    assert_eq!(hidden, ["others not visible", "rustc"]);
    let mut judge = Judge::default();
    let listed = behind(&mut judge, &mut scene, 50 * cores * 4 / 5);
    assert_eq!(listed, ["rustc"], "most of them are listed");
}

#[test]
fn the_forms_grow_shorter_and_lose_names_last() {
    let mut scene = pressed(38.4, 1.0);
    scene.task(20, 1, "make");
    let mut judge = Judge::default();
    let busy = [(2, 40), (3, 40), (20, 40)];
    judge.judge(&scene.pass(1000, &busy));
    let snapshot = scene.pass(2000, &[(2, 80), (3, 80), (20, 80)]);
    let verdict = judge.judge(&snapshot).expect("a verdict");
    let forms = verdict.forms(snapshot.at).map(|(a, b)| a + &b);
    assert_eq!(
        forms,
        [
            "CPU-bound: 38% of the time someone waited for a core: rustc ×2, make for at least 2.0s",
            "CPU-bound 38%: rustc ×2, make for at least 2.0s",
            "CPU-bound 38%: rustc ×2, make",
            "CPU-bound 38%: rustc ×2",
            "CPU-bound 38%",
        ]
    );
}

#[test]
fn begins_at_the_threshold_and_ends_at_half_of_it() {
    let mut judge = Judge::default();
    assert!(judge.judge(&pressed(19.0, 0.0).snapshot()).is_none());
    let mut scene = pressed(25.0, 0.0);
    let since = judge.judge(&scene.snapshot()).expect("above").since;
    scene.sample.system.cpu_pressure = pressed(11.0, 0.0).sample.system.cpu_pressure;
    assert_eq!(
        judge.judge(&scene.pass(1000, &[])).map(|v| v.since),
        Some(since)
    );
    assert!(judge.judge(&pressed(9.0, 0.0).snapshot()).is_none());
    assert!(judge.judge(&pressed(11.0, 0.0).snapshot()).is_none());
}

#[test]
fn two_that_are_alike_do_not_take_turns() {
    let mut judge = Judge::default();
    let mut scene = pressed(80.0, 39.0);
    let first = judge.judge(&scene.snapshot()).expect("above");
    assert_eq!(first.of, Bottleneck::Cpu);
    let mut next = |io| {
        scene.sample.system.io_pressure = pressed(0.0, io).sample.system.io_pressure;
        judge.judge(&scene.pass(1000, &[])).expect("above")
    };
    let still = next(42.0);
    assert_eq!((still.of, still.since), (Bottleneck::Cpu, first.since));
    assert_eq!(next(60.0).of, Bottleneck::Io, "far worse");
    assert_eq!(next(39.0).of, Bottleneck::Io, "and it stays in its turn");
}

#[test]
fn a_control_group_is_named_for_what_only_it_suffers_from() {
    let mut scene = pressed(2.0, 0.0);
    scene.sample.system.own_pressure[0] = pressed(61.0, 0.0).sample.system.cpu_pressure;
    let verdict = Judge::default().judge(&scene.snapshot()).expect("its own");
    assert_eq!(
        verdict.sentence(),
        "this control group is CPU-bound: 61% of the time someone in it waited for a core"
    );
    scene.sample.system.cpu_pressure = pressed(55.0, 0.0).sample.system.cpu_pressure;
    let verdict = Judge::default().judge(&scene.snapshot()).expect("all's");
    assert_eq!(verdict.scope, Scope::Machine);
}

#[test]
fn full_memory_names_the_biggest_holder() {
    let mut scene = Scene::new();
    scene.task(5, 1, "java").stat.resident = Bytes(20 << 30);
    if let Ok(memory) = &mut scene.sample.system.memory {
        memory.available = Bytes(240 << 20);
    }
    let verdict = Judge::default()
        .judge(&scene.snapshot())
        .expect("a verdict");
    assert_eq!(verdict.sentence(), "memory is 99% full: java holds 20.0G");
}

/// A machine with two cores whose kernel accounts no pressure.
fn unaccounted() -> Scene {
    let mut scene = pressed(0.0, 0.0);
    scene.sample.system.cpu_pressure = Err(Missing::Unsupported);
    scene.sample.system.memory_pressure = Err(Missing::Unsupported);
    scene.sample.system.io_pressure = Err(Missing::Unsupported);
    scene.sample.system.searches = Ok(0);
    scene.of(9).stat.state = State::Sleeping;
    scene
}

/// The verdict after ten seconds, each of which `second` prepares.
fn after_ten(
    scene: &mut Scene,
    busy: &[(u32, u64)],
    second: impl Fn(u64, &mut Scene),
) -> Option<Verdict> {
    let mut judge = Judge::default();
    let mut last = None;
    for n in 0..=10 {
        scene.pass(1000, busy);
        second(n, scene);
        last = judge.judge(&scene.snapshot());
    }
    last
}

#[test]
fn without_pressure_the_run_queue_is_counted_and_said_so() {
    let mut scene = unaccounted();
    let busy: Vec<(u32, u64)> = (2..8).map(|pid| (pid, 30)).collect();
    let verdict = after_ten(&mut scene, &busy, |n, scene| {
        scene.sample.system.running = Ok(if n < 3 { 2 } else { 7 });
    });
    let verdict = verdict.expect("a verdict");
    assert_eq!(
        verdict.sentence(),
        "CPU-bound: at 73% of the last ticks someone waited for a core: rustc ×6"
    );
    assert!(verdict.threshold().contains("accounts no pressure"));
    let quiet = after_ten(&mut scene, &[], |_, scene| {
        scene.sample.system.running = Ok(3);
    });
    assert_eq!(quiet, None, "the one that counts runs as well");
}

#[test]
fn a_few_ticks_are_no_share() {
    let mut scene = unaccounted();
    scene.sample.system.running = Ok(50);
    let mut judge = Judge::default();
    for _ in 0..4 {
        assert_eq!(judge.judge(&scene.pass(1000, &[])), None);
        assert_eq!(judge.judge(&scene.snapshot()), None, "the same tick again");
    }
    assert!(judge.judge(&scene.pass(1000, &[])).is_some());
}

#[test]
fn without_pressure_blocked_tasks_and_searches_for_memory_are_counted() {
    let mut scene = unaccounted();
    scene.sample.system.running = Ok(1);
    let verdict = after_ten(&mut scene, &[], |n, scene| {
        scene.sample.system.blocked = Ok(1);
        // Whoever was blocked at any of the ticks is behind it.
        let blocked = if n == 4 {
            State::Blocked
        } else {
            State::Sleeping
        };
        scene.of(9).stat.state = blocked;
    });
    assert_eq!(
        verdict.expect("a verdict").sentence(),
        "I/O-bound: at 100% of the last ticks someone waited for a disk: cat"
    );
    let mut scene = unaccounted();
    scene.of(5).stat.resident = Bytes(2 << 30);
    let verdict = after_ten(&mut scene, &[], |n, scene| {
        scene.sample.system.searches = Ok(n.min(5));
    });
    assert_eq!(
        verdict.expect("a verdict").sentence(),
        "memory-bound: at 45% of the last ticks programs searched for memory or swapped: rustc holds 2.05G"
    );
}

#[test]
fn a_group_names_its_own_processes_only() {
    let mut scene = pressed(2.0, 0.0);
    scene.task(40, 1, "java");
    scene.sample.system.own_pressure[0] = Ok(Pressure {
        some_10: 61.0,
        ..Pressure::default()
    });
    scene.sample.system.own_strain.members = Arc::new([Pid(2), Pid(3), Pid(40)]);
    let busy = [(2, 20), (3, 20), (4, 90), (40, 60)];
    let verdict = Judge::default().judge(&scene.pass(1000, &busy));
    assert_eq!(
        verdict.expect("its own").sentence(),
        "this control group is CPU-bound: 61% of the time someone in it waited for a core: java, rustc ×2"
    );
}

#[test]
fn a_group_of_v1_is_judged_by_its_quota_and_its_limit() {
    let mut scene = pressed(2.0, 0.0);
    scene.sample.system.own_pressure = [Err(Missing::Unsupported); 3];
    let strain = |n: u64| StrainSample {
        periods: Ok((n * 10, n * 6)),
        hits: Ok(0),
        members: Arc::new([Pid(2)]),
    };
    let verdict = after_ten(&mut scene, &[(2, 50)], |n, scene| {
        scene.sample.system.own_strain = strain(n);
    });
    let verdict = verdict.expect("throttled");
    let mut judge = Judge::default();
    scene.sample.system.own_strain = strain(10);
    judge.judge(&scene.pass(1000, &[(2, 50)]));
    scene.sample.system.own_strain = strain(11);
    let second = judge.judge(&scene.snapshot()).map(|v| v.scope);
    assert_eq!(
        second,
        Some(Scope::Group),
        "two readings are enough for a report"
    );
    assert_eq!(
        verdict.sentence(),
        "this control group is CPU-bound: its quota stopped it in 60% of its periods: rustc"
    );
    assert_eq!(verdict.short(), "group CPU-bound 60%: rustc");
    // The kernel counts who is throttled as pressure on the machine, whose cores are idle.
    scene.sample.system.cpu_pressure = pressed(90.0, 0.0).sample.system.cpu_pressure;
    let verdict = after_ten(&mut scene, &[(2, 50)], |n, scene| {
        scene.sample.system.own_strain = strain(n);
    });
    assert_eq!(verdict.map(|v| v.scope), Some(Scope::Group));
    scene.sample.system.cpu_pressure = pressed(0.0, 0.0).sample.system.cpu_pressure;
    let verdict = after_ten(&mut scene, &[], |n, scene| {
        scene.sample.system.own_strain = StrainSample {
            periods: Err(Missing::Unsupported),
            hits: Ok(n * n),
            members: Arc::new([Pid(3)]),
        };
    });
    let sentence = verdict.expect("at its limit").sentence();
    assert!(
        sentence.starts_with("this control group is memory-bound: at ")
            && sentence.ends_with(" of the last ticks it reached its limit: rustc holds 10.0M"),
        "{sentence}"
    );
}

#[test]
fn what_was_so_when_it_was_first_looked_at_lasts_at_least_so_long() {
    let (mut judge, mut scene) = (Judge::default(), pressed(38.0, 1.0));
    judge.judge(&scene.snapshot());
    let mut lasts = |scene: &mut Scene| {
        let now = scene.pass(12_000, &[]);
        judge.judge(&now).and_then(|verdict| verdict.lasts(now.at))
    };
    assert_eq!(lasts(&mut scene).as_deref(), Some("for at least 12s"));
    scene.sample.system.cpu_pressure = Ok(Pressure::default());
    assert_eq!(lasts(&mut scene), None);
    scene.sample.system.cpu_pressure = pressed(38.0, 1.0).sample.system.cpu_pressure;
    assert_eq!(lasts(&mut scene), None, "it begins");
    assert_eq!(lasts(&mut scene).as_deref(), Some("for 12s"));
}

mod limits;
