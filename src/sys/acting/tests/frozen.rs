//! Nobody stays stopped by us: not where the signal is survived, not after a panic, not of a large tree.

use super::*;
use crate::sys::acting::frozen::Frozen;
use crate::sys::acting::subtree;

/// How everybody of the puppet's tree stands.
fn states(puppet: &Puppet) -> Vec<State> {
    let everybody = process_ids::all(&ProcRoot::live());
    let tree = process_ids::subtree(&everybody, &[puppet.id()]);
    let of = |id: &ProcId| everybody.iter().find(|k| k.id == *id).map(|k| k.state);
    tree.iter().filter_map(of).collect()
}

fn many(n: usize) -> Puppet {
    let script = "i=0; while [ $i -lt N ]; do sleep 1000 & i=$((i+1)); done; echo ready; wait";
    Puppet::ready(&script.replace('N', &n.to_string()))
}

/// Stops everybody; the C library blocks all signals for the moment of a fork, so that once more may be needed.
fn stop(hold: &mut Hold) -> Frozen {
    let end = std::time::Instant::now() + LONG;
    loop {
        if let Some(frozen) = subtree::freeze(hold, Signal::TERM) {
            return frozen;
        }
        assert!(std::time::Instant::now() < end, "all of them would end");
    }
}

fn winch() -> Signal {
    Signal::new(28).expect("WINCH")
}

#[test]
fn nobody_is_stopped_on_the_way_to_a_signal_that_somebody_survives() {
    for (script, signal) in [
        ("sleep 1000 & echo ready; wait", winch()),
        ("sleep 1000 & echo ready; wait", Signal::URG),
        (
            "trap 'exit 7' TERM; sleep 1000 & echo ready; wait",
            Signal::TERM,
        ),
        ("trap '' TERM; sleep 1000 & echo ready; wait", Signal::TERM),
    ] {
        let puppet = Puppet::ready(script);
        let mut hold = puppet.hold(Scope::Subtree);
        assert!(subtree::freeze(&mut hold, signal).is_none(), "{script}");
        let (sent, _, settled) = act(&mut hold, signal, SHORT);
        assert!(
            sent.len() >= 2 && sent.iter().all(Result::is_ok),
            "{sent:?}"
        );
        assert!(settled.stopped.is_empty(), "{settled:?}");
    }
}

#[test]
fn whoever_is_stopped_on_the_way_goes_on_when_the_owner_is_dropped_or_panics() {
    let puppet = many(40);
    let mut hold = puppet.hold(Scope::Subtree);
    let frozen = stop(&mut hold);
    // The kernel stops each when it is next on a core.
    while states(&puppet) != vec![State::Stopped; 41] {
        std::thread::yield_now();
    }
    drop(frozen);
    assert!(states(&puppet).iter().all(|s| *s != State::Stopped));
    let died = std::thread::spawn(move || {
        let frozen = subtree::freeze(&mut hold, Signal::KILL);
        assert!(frozen.is_some());
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(died.join().is_err());
    assert!(states(&puppet).iter().all(|s| *s != State::Stopped));
}

/// Somebody who is still stopped when its parent ends would get HUP of the kernel, and might handle that.
#[test]
fn a_branch_goes_on_from_its_leaves_as_it_hears_the_signal() {
    let puppet = Puppet::ready("sh -c 'sleep 1000 & echo ready; wait' & wait");
    let mut hold = puppet.hold(Scope::Subtree);
    let frozen = stop(&mut hold);
    while states(&puppet) != [State::Stopped; 3] {
        std::thread::yield_now();
    }
    let sent = subtree::end(&hold, Signal::TERM, &frozen);
    assert!(sent.iter().all(|d| d.sent.is_ok()), "{sent:?}");
    let mut fates = Vec::new();
    watch::until_settled(&hold, Signal::TERM, &[true; 3], LONG, &mut |news| {
        if let Progress::Fate { fate, .. } = news {
            fates.push(fate);
        }
    });
    drop(frozen);
    let ended = || Fate::Killed(Signal::TERM, false);
    assert_eq!(fates, [ended(), ended(), ended()]);
}

#[test]
fn who_was_stopped_before_is_not_ours_and_stays_so() {
    let puppet = Puppet::ready("sleep 1000 & echo ready; wait");
    let mut hold = puppet.hold(Scope::Process);
    act(&mut hold, Signal::STOP, LONG);
    let frozen = Frozen::new(&right());
    let pin = right().pin(puppet.id()).expect("ours");
    assert_eq!(frozen.stop(puppet.id(), &pin), Ok(()));
    drop(frozen);
    assert_eq!(puppet.state(), State::Stopped);
    let (_, _, settled) = act(&mut hold, Signal::TERM, SHORT);
    assert_eq!(settled.stopped.len(), 1, "it is told");
}

#[test]
fn a_stop_from_the_terminal_reaches_the_whole_branch_and_is_told() {
    let puppet = Puppet::ready("sleep 1000 & sleep 1000 & echo ready; wait");
    let mut hold = puppet.hold(Scope::Subtree);
    let tstp = Signal::new(20).expect("TSTP");
    if hold.held.iter().any(|h| h.standing.orphaned) {
        println!("skipped: the process group is orphaned here, so that TSTP is thrown away");
        return;
    }
    let (_, fates, settled) = act(&mut hold, tstp, LONG);
    assert!(fates.iter().all(|f| *f == Fate::Stopped), "{fates:?}");
    assert_eq!(settled.stopped.len(), 3);
}

#[test]
fn a_large_tree_ends_whole_and_nobody_is_left_stopped() {
    let puppet = many(300);
    let mut hold = puppet.hold(Scope::Subtree);
    let (sent, _, settled) = act(&mut hold, Signal::TERM, LONG);
    assert_eq!(sent.iter().filter(|s| s.is_ok()).count(), 301);
    assert!(settled.alive.is_empty() && settled.stopped.is_empty());
}
