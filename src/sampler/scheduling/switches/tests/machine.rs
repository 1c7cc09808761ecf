//! What happens to the lanes when the machine changes under them: cores that go and come, sleep, rights that vanish.

mod fake;
mod glimpse;
mod why;

use fake::FakeKernel;

use super::*;
use crate::model::id::Tid;
use crate::model::plan::Glimpse;
use crate::model::scheduling::timeline::{Blind, Summed, Thread};
use crate::sys::scheduling::perf::record::Event;

/// One step of the thread that compares the machine in any case; what it told.
fn step(watch: &mut Watch) -> Arc<Timeline> {
    step_on(watch, None)
}

/// The same while this process is selected, and has been long enough.
fn step_on(watch: &mut Watch, focus: Option<ProcId>) -> Arc<Timeline> {
    step_by(watch, focus, Glimpse::No)
}

/// The same while somebody looks so closely.
fn step_by(watch: &mut Watch, focus: Option<ProcId>, glimpse: Glimpse) -> Arc<Timeline> {
    (watch.selected.now, watch.selected.since) = (focus, Nanos(0));
    watch.compared = Nanos(0);
    watch.due = Nanos(0);
    let told: Arc<Mutex<Option<Arc<Timeline>>>> = Arc::default();
    let heard = Arc::clone(&told);
    let tell: Tell = Arc::new(move |news| {
        if let News::Switches(line) = news {
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        }
    });
    let plan = Plan {
        needs: Needs::SWITCHES,
        lane_pace: Nanos::from_millis(1),
        focus,
        glimpse,
        ..Plan::default()
    };
    watch.step(&plan, &tell);
    let line = told.lock().unwrap_or_else(PoisonError::into_inner).take();
    line.expect("it tells")
}

#[test]
fn a_core_that_goes_offline_is_a_gap_and_the_others_go_on() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    step(&mut watch);
    kernel.switch(0, 4_000_001);
    kernel.switch(1, 4_000_002);
    let before = step(&mut watch);
    assert_eq!(before.origin, whole(&root));
    kernel.cores.replace(vec![CpuId(0)]);
    let line = step(&mut watch);
    assert_eq!(line.origin, whole(&root));
    assert_eq!(line.lanes.len(), 2);
    assert!(line.lanes[1].is_offline() && !line.lanes[0].is_offline());
    assert_eq!(
        line.lanes[0].since, before.lanes[0].since,
        "what was known of the other core still is"
    );
    kernel.cores.replace(vec![CpuId(0), CpuId(1)]);
    step(&mut watch);
    kernel.switch(1, 4_000_003);
    let line = step(&mut watch);
    assert!(!line.lanes[1].is_offline());
    let whys: Vec<_> = line.lanes[1].gaps.iter().map(|g| g.why).collect();
    assert_eq!(whys, [Blind::Offline]);
    assert!(line.lanes[0].gaps.is_empty());
}

#[test]
fn a_core_that_was_offline_between_two_looks_is_noticed() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    step(&mut watch);
    kernel.switch(1, 4_000_001);
    step(&mut watch);
    kernel.dead.lock().expect("no test failed").push(CpuId(1));
    let line = step(&mut watch);
    let whys: Vec<_> = line.lanes[1].gaps.iter().map(|g| g.why).collect();
    assert_eq!((line.origin, whys), (whole(&root), vec![Blind::Offline]));
    assert!(line.lanes[0].gaps.is_empty());
    kernel.switch(1, 4_000_002);
    let line = step(&mut watch);
    assert!(!line.lanes[1].is_offline());
    let on: Vec<_> = line.lanes[1].slices.all().map(|(_, w)| w.tid.0).collect();
    assert_eq!(on, [4_000_002], "nobody is said to have had it meanwhile");
}

#[test]
fn sleep_of_the_machine_is_a_gap_on_every_core() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    step(&mut watch);
    kernel.switch(0, 4_000_001);
    step(&mut watch);
    let hour = Nanos::from_millis(3_600_000);
    kernel.suspended.set(hour);
    let line = step(&mut watch);
    assert_eq!(line.origin, whole(&root));
    for lane in &line.lanes {
        let whys: Vec<_> = lane.gaps.iter().map(|g| g.why).collect();
        assert_eq!(whys, [Blind::Suspended(hour)]);
    }
    // Once is enough.
    kernel.switch(0, 4_000_002);
    let line = step(&mut watch);
    assert_eq!(line.lanes[0].gaps.len(), 1);
}

#[test]
fn rights_that_vanish_end_in_samples_that_say_why() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    let line = step(&mut watch);
    assert_eq!((line.origin, line.why.is_empty()), (whole(&root), true));
    assert!(feed.take().is_some());
    *kernel.allowed.lock().expect("no test failed") = false;
    // What is open stays open.
    assert_eq!(step(&mut watch).origin, whole(&root));
    kernel.cores.replace(vec![CpuId(0), CpuId(1), CpuId(2)]);
    let line = step(&mut watch);
    assert_eq!((line.origin, line.why.is_empty()), (Origin::Sampled, false));
    assert_eq!(line.lanes.len(), 3);
    assert_eq!(feed.take(), None, "sweeps scan again");
}

#[test]
fn rights_that_come_are_taken() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    *kernel.allowed.lock().expect("no test failed") = false;
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    assert_eq!(step(&mut watch).origin, Origin::Sampled);
    *kernel.allowed.lock().expect("no test failed") = true;
    assert_eq!(
        step(&mut watch).origin,
        Origin::Sampled,
        "nothing has told that it is worth asking"
    );
    kernel.paranoid.set(-1);
    let line = step(&mut watch);
    assert_eq!((line.origin, line.why.is_empty()), (whole(&root), true));
}

#[test]
fn own_processes_are_reached_and_left_and_the_lanes_go_on() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    *kernel.allowed.lock().expect("no test failed") = false;
    let [first, second, others] = [7, 8, 1].map(|n| ProcId::new(4_000_000 + n, 1));
    kernel.own.replace(vec![first, second]);
    kernel.living.replace(vec![first, second, others]);
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    let begin = step_on(&mut watch, Some(others));
    assert_eq!((begin.origin, begin.own.is_none()), (Origin::Sampled, true));
    assert!(!begin.why.is_empty());
    // A first reading tells nothing yet.
    let begin = step_on(&mut watch, Some(others));
    let since: Vec<_> = begin.lanes.iter().map(|l| l.since).collect();
    let told = |line: &Timeline| line.own.as_ref().map(|own| (own.of, own.line.origin));
    for (selected, exact) in [
        (Some(first), Some(first)),
        (Some(second), Some(second)),
        (Some(others), None),
        (Some(second), Some(second)),
        (None, None),
        (Some(first), Some(first)),
    ] {
        let line = step_on(&mut watch, selected);
        assert_eq!(line.origin, Origin::Sampled, "{selected:?}");
        let exact = exact.map(|id| (id, Origin::Own));
        assert_eq!(told(&line), exact, "{selected:?}");
        let now: Vec<_> = line.lanes.iter().map(|l| l.since).collect();
        assert_eq!(now, since, "what the lanes showed, they still do");
    }
    // It has ended: what was told of it stays while it is selected, and nothing is waited on.
    kernel.living.replace(vec![others]);
    step_on(&mut watch, Some(first));
    let line = step_on(&mut watch, Some(first));
    assert_eq!(told(&line), Some((first, Origin::Own)));
    let Some(Open::Samples {
        beside: Some(kept), ..
    }) = &watch.open
    else {
        panic!("it is kept");
    };
    assert!(kept.heard.is_over());
    let line = step_on(&mut watch, Some(others));
    assert_eq!(told(&line), None);
}

#[test]
fn a_selection_that_runs_down_the_list_opens_nothing() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    *kernel.allowed.lock().expect("no test failed") = false;
    let id = ProcId::new(4_000_007, 1);
    kernel.own.replace(vec![id]);
    kernel.living.replace(vec![id]);
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    let since = Nanos(clock::now().0 + SETTLE.0 * 1000);
    (watch.selected.now, watch.selected.since) = (Some(id), since);
    let facts = |watch: &mut Watch, now| {
        watch.selected.follow(Some(id), now);
        watch.selected.focus().map(|f| f.id)
    };
    assert_eq!(facts(&mut watch, since), None);
    assert_eq!(facts(&mut watch, Nanos(since.0 + SETTLE.0 - 1)), None);
    assert_eq!(facts(&mut watch, Nanos(since.0 + SETTLE.0)), Some(id));
}

#[test]
fn an_overflow_is_a_gap_and_a_count() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    step(&mut watch);
    feed.take();
    kernel.switch(0, 4_000_001);
    kernel.tell(0, Event::Lost(17));
    kernel.switch(1, 4_000_002);
    let line = step(&mut watch);
    assert_eq!(line.lost, 17);
    assert_eq!(line.lanes[0].gaps[0].why, Blind::Lost);
    assert!(line.lanes[1].gaps.is_empty());
    assert!(feed.take().expect("filled").lost, "sweeps scan once");
}

#[test]
fn a_flood_is_summed_and_its_end_is_told_one_by_one_again() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    step(&mut watch);
    kernel.switch(0, 4_000_001);
    kernel.tell(0, Event::Lost(17));
    let line = step(&mut watch);
    assert_eq!(line.lost, 17);
    // The kernel does not sum: it goes on as it was.
    watch.lost = 0;
    let line = step(&mut watch);
    assert_eq!(line.origin, Origin::Exact, "{:?}", watch.budget);
    watch.budget = Budget::default();
    *kernel.sums.lock().expect("no test failed") = Some(Vec::new());
    step(&mut watch);
    watch.lost = 0;
    step(&mut watch);
    // A bin of 10 ms of which less than 4 ms are seen cannot hold 4 ms of work.
    let (begun, moments) = (clock::now(), std::iter::repeat_with(clock::now));
    let mut late =
        moments.skip_while(|at| at.0 < begun.0 + 10_000_000 || at.0 % 10_000_000 < 4_000_000);
    let at = late.next().expect("time goes on");
    let thread = Thread {
        pid: Pid(7),
        tid: Tid(7),
    };
    let summed = Summed {
        cpu: CpuId(1),
        thread,
        at,
        // No more than the bin can have had by then.
        run: Nanos(10_000),
        slices: 9,
        preempted: 3,
        ..Summed::default()
    };
    step(&mut watch);
    *kernel.sums.lock().expect("no test failed") = Some(vec![summed]);
    let line = step(&mut watch);
    assert_eq!(line.origin, Origin::Summed, "{:?}", watch.budget);
    assert!(!line.lanes[1].is_single(Window {
        from: at,
        to: line.now
    }));
    let window = Window {
        from: begun,
        to: Nanos(line.now.0 + 20_000_000),
    };
    let by = line.by_process(window);
    let of = by.iter().find(|p| p.who.id.pid == Pid(7)).expect("told");
    assert_eq!(of.sums.slices, 9);
    // Where this test was kept from its core until the next bin, that one has hardly begun.
    let same = line.now.0 / 10_000_000 == at.0 / 10_000_000;
    assert!(of.sums.run == summed.run || !same && of.sums.run < summed.run);
    assert_eq!(of.sums.told.expect("told").preempted, 3);
    // And back: who is on a core is known at once.
    watch.budget = Budget::default();
    let line = step(&mut watch);
    assert_eq!(line.origin, Origin::Exact);
    let on: Vec<_> = line.lanes[1]
        .slices
        .all()
        .map(|(s, w)| (s.ended, w.tid))
        .collect();
    assert_eq!(on.last(), Some(&(Ended::Running, Tid(9))));
    let now = Window {
        from: Nanos(line.now.0 - 1),
        to: line.now,
    };
    assert!(line.lanes[1].is_single(now) && !line.lanes[1].is_single(window));
}
