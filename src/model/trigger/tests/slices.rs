//! Conditions over slices and waits, in lanes as they grow.

use super::*;
use crate::model::id::{CpuId, ProcId, Tid};
use crate::model::scheduling::timeline::{Builder, Origin, Thread};
use crate::model::text::SafeText;

fn ms(n: u64) -> Nanos {
    Nanos::from_millis(n)
}

fn thread(tid: u32) -> Thread {
    Thread {
        pid: Pid(tid),
        tid: Tid(tid),
    }
}

fn names(pid: Pid, tid: Tid) -> (ProcId, SafeText) {
    (
        ProcId::new(pid.0, u64::from(pid.0)),
        format!("t{tid}").into(),
    )
}

/// What fires on a core where 41 had it from 100 to 110 ms, was driven out by 40 until 130 ms, and had it again until 133 ms;
/// 40 has it since then.
fn fired(condition: &str) -> Vec<String> {
    let trigger = Trigger::parse(condition);
    assert_eq!(trigger.notes(), [], "{condition}");
    let mut scene = Scene::new();
    scene.task(40, 1, "sh");
    scene.task(41, 1, "java");
    let mut watch = Watch::new(trigger, 1.0);
    watch.see(&Arc::new(scene.snapshot()), None);
    let cpu = CpuId(0);
    let mut lane = Builder::new(Origin::Exact, [cpu], ms(10));
    let switch = |lane: &mut Builder, at, from, to, runnable| {
        let pair = (thread(from), thread(to));
        lane.switch(cpu, ms(at), pair, Some(runnable), &mut names);
    };
    let mut out = Vec::new();
    let mut see = |lane: &mut Builder, at| {
        let line = lane.publish(ms(at));
        out.extend(watch.see_lanes(&line, None).map(|f| f.sentence));
    };
    switch(&mut lane, 20, 0, 41, false);
    switch(&mut lane, 60, 41, 0, false);
    // What was before it was armed is no news.
    see(&mut lane, 90);
    switch(&mut lane, 100, 0, 41, false);
    see(&mut lane, 105);
    switch(&mut lane, 110, 41, 40, true);
    see(&mut lane, 120);
    see(&mut lane, 125);
    switch(&mut lane, 130, 40, 41, false);
    switch(&mut lane, 133, 41, 40, false);
    see(&mut lane, 140);
    out
}

#[test]
fn a_slice_fires_once_when_it_is_over_and_a_wait_when_it_ends() {
    let way = "; nothing held the machine back";
    for (condition, expected) in [
        (
            "slice>9ms",
            &[
                "41 t41 kept core 0 for 10.0 ms",
                "40 t40 kept core 0 for 20.0 ms",
            ][..],
        ),
        ("slice>15ms", &["40 t40 kept core 0 for 20.0 ms"]),
        ("slice>20ms", &[]),
        ("slice<4ms", &["41 t41 kept core 0 for 3.0 ms"]),
        (
            "slice>1ms name:java",
            &[
                "41 t41 kept core 0 for 10.0 ms",
                "41 t41 kept core 0 for 3.0 ms",
            ],
        ),
        ("waited>15ms", &["41 t41 waited for core 0 for 20.0 ms"]),
        ("waited>25ms", &[]),
        ("slice>9ms oom", &[]),
        ("name:java cpu>500", &[]),
    ] {
        let expected: Vec<String> = expected
            .iter()
            .map(|what| format!("{condition}: {what}{way}"))
            .collect();
        assert_eq!(fired(condition), expected);
    }
}
