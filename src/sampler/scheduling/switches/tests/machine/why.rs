//! Wake-ups beside the switches, while somebody looks closely.

use super::*;
use crate::model::scheduling::timeline::Made;
use crate::model::scheduling::wakes::Waker;
use crate::sys::scheduling::wakes::Woken;

fn look(watch: &mut Watch, closely: bool) -> Arc<Timeline> {
    // As if it were long ago that somebody asked.
    watch.asked = None;
    let needs = if closely {
        Needs::WAKE_UPS
    } else {
        Needs::empty()
    };
    let plan = Plan {
        needs,
        ..Plan::default()
    };
    watch.ask_why(&plan, clock::now());
    step(watch)
}

#[test]
fn wake_ups_are_heard_only_while_somebody_looks_closely_and_stand_before_their_slices() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    let hears = |watch: &Watch| match &watch.open {
        Some(Open::Every(heard)) => heard.lock().hears_wakes(),
        _ => false,
    };
    step(&mut watch);
    look(&mut watch, true);
    assert!(
        !hears(&watch) && watch.refused,
        "without the right nothing is told"
    );
    *kernel.wakes.lock().expect("no test failed") = Some(Vec::new());
    look(&mut watch, true);
    assert!(!hears(&watch), "it is not asked at every step");
    look(&mut watch, false);
    look(&mut watch, true);
    assert!(hears(&watch));
    kernel.switch(0, 4_000_001);
    kernel.switch(0, 4_000_002);
    look(&mut watch, true);
    let at = clock::now();
    let woken = |at| Woken {
        at,
        thread: Thread {
            pid: Pid(4_000_001),
            tid: Tid(4_000_001),
        },
        by: Waker::Disk,
        on: CpuId(1),
    };
    // One is told that is later than all records that are read now: it waits for them.
    let later = Nanos(at.0 + 3_600_000_000_000);
    *kernel.wakes.lock().expect("no test failed") = Some(vec![woken(later), woken(at)]);
    kernel.switch(0, 4_000_001);
    let line = look(&mut watch, true);
    let told: Vec<_> = line.lanes[0].ready.all().map(|(r, _)| r).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].since, told[0].made),
        (at, Made::Woken(Waker::Disk, CpuId(1)))
    );
    look(&mut watch, false);
    assert!(!hears(&watch), "nobody looks");
}
