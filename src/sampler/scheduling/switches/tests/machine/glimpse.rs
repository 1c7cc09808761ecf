//! Single switches for a moment among sums.

use super::*;

/// Makes the moment end by now.
fn end(watch: &mut Watch) {
    watch.glimpses.begin(clock::now(), Nanos(0));
}

#[test]
fn among_sums_single_switches_are_told_for_a_moment_where_somebody_looks() {
    let (root, feed, kernel) = (ProcRoot::live(), Feed::default(), FakeKernel::default());
    let mut watch = Watch::new(&root, &kernel, &feed, Grid::from(Nanos(0)));
    *kernel.sums.lock().expect("no test failed") = Some(Vec::new());
    step(&mut watch);
    kernel.switch(0, 4_000_001);
    kernel.tell(0, Event::Lost(17));
    step(&mut watch);
    watch.lost = 0;
    let line = step(&mut watch);
    assert_eq!(line.origin, Origin::Summed, "{:?}", watch.budget);
    assert_eq!(line.glimpse(line.now), None, "nobody looked");
    let of = |line: &Timeline, tid| {
        let lane = line.lanes[0].slices.all();
        lane.filter(|(_, who)| who.tid == Tid(tid)).count()
    };
    // Whatever rings tell of switches is not heard while there are sums only.
    let line = step_by(&mut watch, None, Glimpse::Each);
    assert_eq!(line.origin, Origin::Summed, "it goes on being said");
    assert!(watch.glimpses.until().is_some());
    kernel.switch(0, 4_000_005);
    kernel.switch(0, 4_000_006);
    step_by(&mut watch, None, Glimpse::Each);
    end(&mut watch);
    let line = step_by(&mut watch, None, Glimpse::Each);
    assert_eq!(watch.glimpses.until(), None);
    assert_eq!(line.origin, Origin::Summed);
    let told = line.glimpse(line.now).expect("there was one");
    assert!(line.lanes.iter().all(|lane| lane.is_single(told)));
    assert_eq!(of(&line, 4_000_005), 1);
    let whole = Window {
        from: told.from,
        to: line.now,
    };
    assert!(!line.lanes[0].is_single(whole));
    // Not again within the second, but at once where time was stopped.
    let line = step_by(&mut watch, None, Glimpse::Each);
    assert_eq!(watch.glimpses.until(), None);
    step_by(&mut watch, None, Glimpse::Once(line.now));
    assert!(watch.glimpses.until().is_some());
    // The flood ends meanwhile.
    watch.budget = Budget::default();
    let line = step(&mut watch);
    assert_eq!((line.origin, watch.glimpses.until()), (Origin::Exact, None));
}
