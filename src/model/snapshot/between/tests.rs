//! Two samples in, a snapshot out.

use super::*;
use crate::model::id::{Bytes, Pid, ProcId};
use crate::model::sample::{Flow, OptionalStats, SchedStat};
use crate::model::scene::Scene;

#[test]
fn one_that_began_since_the_last_sample_has_counted_from_nothing() {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.pass(1000, &[]);
    let began = scene.sample.system.uptime.seconds() * 100.0;
    let now = |scene: &mut Scene, pid: u32, start: f64| {
        scene.task(pid, 1, "new");
        scene.of(pid).id = ProcId::new(pid, start as u64);
        scene.of(pid).stat.user.0 = 25;
    };
    let before = scene.sample.clone();
    scene.pass(1000, &[]);
    now(&mut scene, 7, began + 30.0);
    now(&mut scene, 8, began - 300.0);
    let snapshot = Snapshot::between(Some(&before), &scene.sample);
    let cpu = |pid| snapshot.by_pid(Pid(pid)).expect("there").cpu;
    assert_eq!(cpu(7), Ok(25.0));
    assert_eq!(cpu(8), Err(Missing::Soon), "nobody knows when it worked");
    assert_eq!(
        Snapshot::between(None, &scene.sample)
            .by_pid(Pid(7))
            .expect("there")
            .cpu,
        Err(Missing::Soon)
    );
}

/// Counters that grow by 500 in two seconds grow by 250 a second.
#[test]
fn what_is_told_a_second_is_the_growth_by_the_seconds_between() {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    let counters = |scene: &mut Scene, n: u64| {
        let system = &mut scene.sample.system;
        system.switches = Ok(n);
        system.forks = Ok(2 * n);
        system.disk_flow = Ok(Flow {
            inward: Bytes(3 * n),
            outward: Bytes(4 * n),
        });
        system.searches = Ok(n);
        let task = scene.of(1);
        let waited = SchedStat {
            wait: Nanos(1_000_000 * n),
            ..SchedStat::default()
        };
        task.extra = Some(Arc::new(OptionalStats {
            schedstat: Ok(waited),
            ..OptionalStats::default()
        }));
        task.stat.minor_faults = n;
        task.stat.major_faults = n;
    };
    counters(&mut scene, 1000);
    scene.pass(2000, &[]);
    counters(&mut scene, 1500);
    let snapshot = scene.snapshot();
    let system = &snapshot.system;
    assert_eq!(
        (system.switches, system.forks, system.disk_flow),
        (Ok(250.0), Ok(500.0), Ok([750.0, 1000.0]))
    );
    assert_eq!(system.searches, Ok(500), "since the last tick");
    let rates = snapshot.procs[0].rates.as_deref();
    assert_eq!(rates.map(|r| r.faults), Some(Ok(500.0)));
    let waiting = rates.map(|r| r.waiting);
    assert_eq!(waiting, Some(Ok(25.0)), "500 ms of 2 s");
}
