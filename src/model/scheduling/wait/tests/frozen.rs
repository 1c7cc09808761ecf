//! Who stands still with its control group.

use super::*;

#[test]
fn who_is_frozen_with_its_group_waits_for_nothing_else() {
    for (state, function, said) in [
        (
            State::Sleeping,
            "get_signal",
            "frozen with its control group",
        ),
        (
            State::Sleeping,
            "do_freezer_trap",
            "frozen with its control group",
        ),
        (State::Sleeping, "do_sys_pause", "a signal"),
        (State::Stopped, "get_signal", "the signal CONT"),
    ] {
        let mut thread = call("pause", &[]);
        thread.state = state;
        thread.function = Some(function);
        assert!(
            thread.said().starts_with(said),
            "{function}: {}",
            thread.said()
        );
    }
}
