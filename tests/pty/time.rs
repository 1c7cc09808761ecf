//! Time on the screen: a stream of another machine, and a trigger.

use crate::session::{Session, pscope, shell};

#[test]
fn a_stream_is_the_live_screen_of_its_machine_and_ends_cleanly() {
    let script = "$PSCOPE record - --interval 100ms --slices all --for 4s | $PSCOPE replay -";
    let mut session = Session::start(shell(script), 120, 40);
    session.is_live();
    let host = nix::unistd::gethostname().expect("a name");
    session.shows(host.to_str().expect("UTF-8"));
    // Keys answer as ever.
    session.press(b"?");
    session.shows("Help");
    session.press(b"\x1b");
    session.shows("the stream has ended");
    session.press(b"q");
    assert_eq!(session.ends(), 0);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
}

#[test]
fn a_trigger_stops_time_and_says_what_happened() {
    let mut session = Session::start(pscope(&["--interval", "100ms"]), 140, 40);
    session.is_live();
    session.press(b"!");
    session.shows("Trigger");
    session.press(b"new name:pscope-trap\r");
    session.shows("ARMED new name:pscope");
    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join("pscope-trap");
    std::fs::copy("/bin/sleep", &program).expect("copied");
    let mut child = std::process::Command::new(&program)
        .arg("100")
        .spawn()
        .expect("it begins");
    session.shows("pscope-trap began");
    session.shows("PAUSED");
    session.shows("FIRED");
    child.kill().expect("ours");
    child.wait().expect("it ends");
    session.press(b"p");
    session.press(b":trigger off\r");
    session.shows("disarmed");
    session.press(b"q");
    assert_eq!(session.ends(), 0);
}
