use super::*;
use crate::model::acting::signal::{SignalSet, SignalWaiter};
use crate::model::id::Tid;
use crate::report::printer::piped;

#[test]
fn who_reads_a_signal_stands_apart_from_what_it_is_for() {
    let state = SignalState {
        waiters: vec![SignalWaiter {
            tid: Tid(20384),
            name: "signal_modes".into(),
            signals: SignalSet(u64::MAX),
            fd: None,
        }],
        ..SignalState::default()
    };
    let text = piped(false, |to| signals(&state, to)).expect("memory takes all");
    let told = "read by 20384 signal_modes terminal closed, reload";
    assert!(text.contains(told), "{text}");
    assert!(
        text.contains("  2 others have their default action"),
        "{text}"
    );
}
