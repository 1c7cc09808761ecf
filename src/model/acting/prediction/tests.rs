//! What is foretold, state by state.

use super::*;
use crate::model::acting::signal::{SignalSet, SignalState, SignalWaiter, ThreadSignals};
use crate::model::acting::standing::Init;
use crate::model::id::{ThreadId, Ticks};
use crate::model::process::isolation::group::Frozen;

fn set(signals: &[Signal]) -> SignalSet {
    signals.iter().copied().collect()
}

fn standing() -> Standing {
    Standing {
        signals: Ok(SignalState {
            caught: set(&[Signal::TERM]),
            ignored: set(&[Signal::HUP, Signal::USR2]),
            blocked: set(&[Signal::USR1, Signal::USR2]),
            ..SignalState::default()
        }),
        ..Standing::default()
    }
}

fn says(signal: Signal, to: &Standing) -> String {
    Prediction::of(signal, to, &"root".into()).to_string()
}

#[test]
fn a_signalfd_reads_what_is_blocked() {
    let mut to = standing();
    to.signalfds = vec![(4, set(&[Signal::CONT])), (7, set(&[Signal::USR1]))];
    assert_eq!(
        says(Signal::USR1, &to),
        "blocked: may be read through a signalfd (fd 7)"
    );
    let foretold = Prediction::of(Signal::USR1, &to, &"root".into());
    assert_eq!(foretold.word(), "may be read");
    assert_eq!(foretold.counted().0, "perhaps read by");
    assert_eq!(says(Signal::USR2, &to), "blocked: stays pending");
}

#[test]
fn an_orphaned_group_takes_no_stop_from_the_terminal() {
    let mut to = standing();
    let stop = Signal::new(20).expect("TSTP");
    assert_eq!(says(stop, &to), "default: stops it");
    to.orphaned = true;
    let nothing = "orphaned group, nobody could continue it: nothing will happen";
    assert_eq!(says(stop, &to), nothing);
    to.signalfds = vec![(3, set(&[stop]))];
    let unless = format!("{nothing}, unless a signalfd (fd 3) reads it first");
    assert_eq!(says(stop, &to), unless);
    assert_eq!(says(Signal::STOP, &to), "cannot be caught: it stops");
}

#[test]
fn what_a_sleep_waits_for_is_what_a_signal_waits_for() {
    let mut to = standing();
    to.asleep = Some(Cause::Server);
    let waits = "waits for a filesystem server: may act only when that answers";
    for signal in [Signal::KILL, Signal::TERM, Signal::STOP] {
        let expected = match signal {
            // It catches this one: another thread may take it.
            Signal::TERM => "caught by a handler: it decides",
            _ => waits,
        };
        assert_eq!(says(signal, &to), expected, "{signal}");
    }
    assert_eq!(says(Signal::INT, &to), waits);
    to.state = State::Blocked;
    assert_eq!(says(Signal::KILL, &to), waits);
    to.killable = true;
    assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
    to.asleep = Some(Cause::Child);
    let child = "D state: acts only when the child of its vfork executes or ends";
    assert_eq!(says(Signal::STOP, &to), child);
    to.asleep = Some(Cause::Frozen);
    to.killable = false;
    assert_eq!(
        says(Signal::KILL, &to),
        "frozen: acts only when its group is thawed"
    );
}

#[test]
fn a_killable_sleep_ends_for_what_ends_the_process() {
    let mut to = standing();
    to.state = State::Blocked;
    assert_eq!(
        says(Signal::KILL, &to),
        "D state: acts only when its I/O returns"
    );
    to.killable = true;
    assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
    assert_eq!(says(Signal::INT, &to), "default: terminates");
    for waits in [Signal::TERM, Signal::STOP, Signal::SEGV] {
        assert_eq!(says(waits, &to), "D state: acts only when its I/O returns");
    }
}

#[test]
fn dispositions_become_sentences() {
    let to = standing();
    assert_eq!(says(Signal::TERM, &to), "caught by a handler: it decides");
    assert_eq!(says(Signal::HUP, &to), "ignored: nothing will happen");
    assert_eq!(says(Signal::USR1, &to), "blocked: stays pending");
    assert_eq!(says(Signal::USR2, &to), "blocked: stays pending");
    assert_eq!(says(Signal::INT, &to), "default: terminates");
    assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
    assert_eq!(says(Signal::STOP, &to), "cannot be caught: it stops");
    assert_eq!(says(Signal::CONT, &to), "not stopped: nothing will happen");
    let winch = Signal::new(28).expect("WINCH");
    assert_eq!(says(winch, &to), "default: nothing will happen");
}

#[test]
fn a_stopped_process_sees_signals_later_but_kill_at_once() {
    let to = Standing {
        state: State::Stopped,
        ..standing()
    };
    let later = "stopped: stays pending until it continues";
    assert_eq!(says(Signal::TERM, &to), later);
    assert_eq!(says(Signal::INT, &to), later);
    assert_eq!(says(Signal::HUP, &to), "ignored: nothing will happen");
    assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
    assert_eq!(says(Signal::CONT, &to), "it continues");
    let again = "already stopped: nothing will happen";
    assert_eq!(says(Signal::STOP, &to), again);
}

#[test]
fn who_cannot_be_hit_is_named_first() {
    let zombie = Standing {
        state: State::Zombie,
        parent: Some((Pid(812), "make".into())),
        permitted: Err(Missing::Denied),
        ..standing()
    };
    let reap = "zombie: already dead, its parent 812 make must reap it";
    assert_eq!(says(Signal::KILL, &zombie), reap);
    let denied = Standing {
        permitted: Err(Missing::Denied),
        ..standing()
    };
    let refused = "not permitted: it belongs to root";
    assert_eq!(says(Signal::KILL, &denied), refused);
    let kernel = Standing {
        kernel_thread: true,
        ..standing()
    };
    assert_eq!(
        says(Signal::KILL, &kernel),
        "kernel thread: takes no signals"
    );
    let device = Standing {
        state: State::Blocked,
        ..standing()
    };
    assert_eq!(
        says(Signal::KILL, &device),
        "D state: acts only when its I/O returns"
    );
}

#[test]
fn the_first_process_of_a_namespace_is_shielded() {
    let of = |init, signal| {
        let to = Standing { init, ..standing() };
        Prediction::of(signal, &to, &"root".into())
    };
    assert_eq!(of(Init::Ours, Signal::KILL), Prediction::Shielded);
    assert_eq!(of(Init::Ours, Signal::TERM), Prediction::Caught);
    assert_eq!(of(Init::Below, Signal::INT), Prediction::Shielded);
    assert_eq!(
        of(Init::Below, Signal::KILL),
        Prediction::Certain(DefaultAction::Terminate)
    );
}

#[test]
fn one_thread_blocks_for_itself_alone() {
    let thread = |tid, blocked: &[Signal]| ThreadSignals {
        tid: Tid(tid),
        name: "t".into(),
        blocked: set(blocked),
        pending: SignalSet::default(),
    };
    let mut to = Standing {
        signals: Ok(SignalState {
            blocked: set(&[Signal::INT]),
            threads: vec![thread(1, &[Signal::INT]), thread(2, &[])],
            ..SignalState::default()
        }),
        ..Standing::default()
    };
    assert_eq!(says(Signal::INT, &to), "default: terminates");
    to.thread = Some(ThreadId {
        tid: Tid(1),
        start: Ticks(0),
    });
    assert_eq!(says(Signal::INT, &to), "blocked: stays pending");
}

#[test]
fn what_has_a_handler_is_kept_off_only_for_now() {
    let mut to = standing();
    if let Ok(masks) = &mut to.signals {
        masks.blocked = set(&[Signal::TERM, Signal::USR1]);
    }
    let now = "blocked now: handled as soon as it unblocks it";
    assert_eq!(says(Signal::TERM, &to), now);
    assert_eq!(says(Signal::USR1, &to), "blocked: stays pending");
    to.signalfds = vec![(7, set(&[Signal::TERM]))];
    let read = "blocked: may be read through a signalfd (fd 7)";
    assert_eq!(says(Signal::TERM, &to), read);
}

#[test]
fn in_a_frozen_group_all_waits_but_what_ends_it_at_once() {
    let thawed = "frozen: acts only when its group is thawed";
    let quit = Signal::new(3).expect("QUIT");
    let mut to = standing();
    for old in [false, true] {
        to.frozen = Some(Frozen {
            group: "/batch".into(),
            old,
        });
        if old {
            (to.state, to.asleep) = (State::Blocked, Some(Cause::Frozen));
        }
        for waits in [Signal::TERM, quit, Signal::STOP] {
            assert_eq!(says(waits, &to), thawed, "{waits} {old}");
        }
        let ends = [
            (Signal::KILL, "cannot be caught: it ends"),
            (Signal::INT, "default: terminates"),
        ];
        for (signal, ends) in ends {
            assert_eq!(
                says(signal, &to),
                if old { thawed } else { ends },
                "{signal}"
            );
        }
        assert_eq!(says(Signal::HUP, &to), "ignored: nothing will happen");
        assert_eq!(says(Signal::USR1, &to), "blocked: stays pending");
    }
    to.state = State::Stopped;
    assert_eq!(says(Signal::KILL, &to), thawed);
    to.frozen = Some(Frozen::default());
    assert_eq!(says(Signal::CONT, &to), thawed);
    assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
    assert_eq!(
        says(Signal::STOP, &to),
        "already stopped: nothing will happen"
    );
    to.state = State::Sleeping;
    to.tracer = Some(debugger());
    assert_eq!(
        says(Signal::TERM, &to),
        thawed,
        "its tracer is asked after that"
    );
    let foretold = Prediction::of(Signal::TERM, &to, &"root".into());
    assert_eq!(foretold.word(), "frozen");
}

fn debugger() -> (Pid, SafeText) {
    (Pid(9), "gdb".into())
}

#[test]
fn what_is_ignored_is_thrown_away_whatever_the_process_is_doing() {
    for state in [State::Blocked, State::Stopped, State::Sleeping] {
        let to = Standing {
            state,
            ..standing()
        };
        assert_eq!(says(Signal::HUP, &to), "ignored: nothing will happen");
        assert_eq!(says(Signal::URG, &to), "default: nothing will happen");
        assert_eq!(says(Signal::USR2, &to), "blocked: stays pending");
    }
}

#[test]
fn a_tracer_is_asked_before_anything_but_kill_and_what_is_blocked() {
    let to = Standing {
        tracer: Some(debugger()),
        ..standing()
    };
    let asked = "traced by 9 gdb, which is asked first";
    for signal in [
        Signal::TERM,
        Signal::HUP,
        Signal::INT,
        Signal::STOP,
        Signal::CONT,
        Signal::URG,
    ] {
        assert_eq!(says(signal, &to), asked, "{signal}");
    }
    assert_eq!(says(Signal::USR1, &to), "blocked: stays pending");
    assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
}

#[test]
fn a_stopped_first_process_of_a_namespace_continues() {
    let mut to = Standing {
        init: Init::Below,
        state: State::Stopped,
        ..standing()
    };
    assert_eq!(says(Signal::CONT, &to), "it continues");
    assert_eq!(
        Prediction::of(Signal::INT, &to, &"root".into()),
        Prediction::Shielded
    );
    to.state = State::Sleeping;
    assert_eq!(says(Signal::STOP, &to), "cannot be caught: it stops");
    assert_eq!(says(Signal::USR1, &to), "blocked: stays pending");
}

#[test]
fn who_waits_in_sigwait_reads_the_signal() {
    let thread = |tid, blocked: &[Signal]| ThreadSignals {
        tid: Tid(tid),
        name: "t".into(),
        blocked: set(blocked),
        pending: SignalSet::default(),
    };
    let both = [Signal::INT, Signal::TERM];
    let waiter = SignalWaiter {
        tid: Tid(2),
        name: "reader".into(),
        signals: set(&both),
        fd: None,
    };
    // The kernel takes what a thread waits for out of its mask for as long.
    let mut to = Standing {
        signals: Ok(SignalState {
            blocked: set(&both),
            threads: vec![thread(1, &both), thread(2, &[])],
            waiters: vec![waiter],
            ..SignalState::default()
        }),
        tracer: Some(debugger()),
        ..Standing::default()
    };
    let read = "read by thread 2 reader, which waits for it (sigwait)";
    assert_eq!(says(Signal::INT, &to), read);
    to.tracer = None;
    assert_eq!(says(Signal::INT, &to), read);
    assert_eq!(says(Signal::HUP, &to), "default: terminates");
    if let Ok(signals) = &mut to.signals {
        signals.threads[0].blocked = SignalSet::default();
    }
    assert_eq!(
        says(Signal::INT, &to),
        "default: terminates",
        "the first thread is asked first and does not wait"
    );
    if let Ok(signals) = &mut to.signals {
        signals.threads = vec![thread(1, &both), thread(2, &both)];
        signals.waiters[0].fd = Some(5);
    }
    assert_eq!(
        says(Signal::INT, &to),
        "blocked: thread 2 reader waits to read it through a signalfd (fd 5)"
    );
}

#[test]
fn who_sleeps_and_was_told_of_another_signal_is_not_looked_for_again() {
    let mut to = standing();
    to.state = State::Blocked;
    to.killable = true;
    let asleep = "D state: acts only when its I/O returns";
    let mut says_pending = |pending: &[Signal], thread: &[Signal]| {
        if let Ok(signals) = &mut to.signals {
            signals.pending = set(pending);
            signals.thread_pending = set(thread);
        }
        says(Signal::INT, &to)
    };
    assert_eq!(says_pending(&[], &[]), "default: terminates");
    assert_eq!(says_pending(&[Signal::TERM], &[]), asleep);
    assert_eq!(says_pending(&[], &[Signal::TERM]), asleep);
    assert_eq!(
        says_pending(&[Signal::USR1], &[Signal::USR1]),
        "default: terminates",
        "it blocks that one"
    );
}

#[test]
fn whoever_has_ended_is_gone_however_that_is_known() {
    let gone = "gone: it has ended";
    let of = |change: fn(&mut Standing)| {
        let mut to = standing();
        change(&mut to);
        says(Signal::KILL, &to)
    };
    assert_eq!(of(|to| to.state = State::Dead), gone);
    assert_eq!(of(|to| to.pinned = Err(Missing::Gone)), gone);
    assert_eq!(of(|to| to.permitted = Err(Missing::Gone)), gone);
    assert_eq!(of(|to| to.signals = Err(Missing::Gone)), gone);
    let denied = |owner: &str| {
        let to = Standing {
            permitted: Err(Missing::Denied),
            ..standing()
        };
        Prediction::of(Signal::KILL, &to, &owner.into()).to_string()
    };
    assert_eq!(denied("alice"), "not permitted: it belongs to alice");
    assert_eq!(denied(""), "not permitted: it belongs to another user");
}

#[test]
fn who_is_stopped_traced_or_asleep_does_nothing_at_once() {
    let mut to = standing();
    (to.state, to.killable) = (State::Traced, false);
    let debugger = says(Signal::TERM, &to);
    assert_ne!(debugger, says(Signal::TERM, &standing()));
    assert!(debugger.contains("debugger"), "{debugger}");
    to.state = State::Blocked;
    let asleep = says(Signal::TERM, &to);
    assert!(asleep.starts_with("D state"), "{asleep}");
    assert!(says(Signal::STOP, &to).starts_with("D state"));
    let init = Standing {
        init: Init::Ours,
        ..standing()
    };
    let shielded = says(Signal::STOP, &init);
    assert_ne!(shielded, says(Signal::STOP, &standing()));
    assert_eq!(
        shielded,
        says(Signal::INT, &init),
        "the init of its namespace"
    );
}
