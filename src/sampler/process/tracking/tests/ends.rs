//! Who ended, and how: also those who were never seen.

use std::process::Command;

use super::*;
use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;

#[test]
fn a_child_that_lived_for_a_moment_is_told_with_its_signal() {
    if Connector::of_ends().is_err() {
        println!("skipped: the process connector is not to be had here");
        return;
    }
    let root = ProcRoot::live();
    let mut sweeper = Sweeper::with(&root, Vec::new())
        .expect("there is a proc tree")
        .listening(Feed::default(), None);
    sweeper.tick(s(1), &plan()).expect("it lists");
    sweeper.tick(s(2), &plan()).expect("it lists");
    let mut child = Command::new("sh")
        .args(["-c", "kill -SEGV $$"])
        .spawn()
        .expect("a child");
    child.wait().expect("it ends");
    let pid = Pid(child.id());
    // The kernel wakes the parent before it tells.
    let found = (3..1000).find_map(|i| {
        sweeper.tick(s(i), &plan()).expect("it lists");
        let ends = sweeper.sample()?.ends.clone()?;
        let at = ends.binary_search_by_key(&pid, |(pid, _)| *pid).ok()?;
        Some(ends[at].1.clone())
    });
    let killed = |fate| matches!(fate, Fate::Killed(signal, _) if signal == Signal::SEGV);
    assert!(found.clone().is_some_and(killed), "{found:?}");
}

#[test]
fn whose_thread_alone_ended_goes_on_and_a_row_that_is_late_costs_nothing() {
    let (_dir, root, _) = machine();
    put(&root, 2);
    put(&root, 3);
    let told = Arc::<Mutex<Announced>>::default();
    let mut sweeper = Sweeper::with(&root, Vec::new())
        .expect("there is a proc tree")
        .by(Tracking {
            connector: Listening::Now(Box::new(Stand(Arc::clone(&told)))),
            ..Tracking::default()
        });
    sweeper.tick(s(1), &plan()).expect("it lists");
    sweeper.tick(s(2), &plan()).expect("it lists");
    told.lock().expect("whole").fates = [(Pid(2), 0), (Pid(3), 9), (Pid(77), 3 << 8)].into();
    let mut ends = |at| {
        sweeper.tick(s(at), &plan()).expect("it lists");
        let ends = sweeper.sample().and_then(|sample| sample.ends.clone());
        ends.expect("told").to_vec()
    };
    assert_eq!(ends(3), [(Pid(77), Fate::Exited(3))], "the others go on");
    std::fs::remove_dir_all(root.proc("3")).expect("it goes");
    assert_eq!(ends(4), [(Pid(3), Fate::Killed(Signal::KILL, false))]);
    assert_eq!(ends(5), []);
}
