//! Two samples in, a snapshot out.

use super::*;
use crate::model::id::{Pid, ProcId};
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
