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
    // Also when that notice is gone.
    session.press(b"j");
    session.shows("ENDED");
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

/// Records until this many more ticks are in the file.
fn recorded(file: &std::path::Path, ticks: usize) {
    let count = || {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes.windows(4).filter(|w| w == b"PSr1").count()
    };
    let begun = count();
    while count() < begun + ticks {
        std::thread::yield_now();
    }
}

#[test]
fn who_ended_long_ago_is_found_by_a_click_and_by_a_typed_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("spike.pscope");
    let program = dir.path().join("pscope-spike");
    std::fs::copy("/bin/sleep", &program).expect("copied");
    let mut recorder = std::process::Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["record", "--interval", "100ms"])
        .arg(&file)
        .spawn()
        .expect("it begins");
    recorded(&file, 10);
    let mut spike = std::process::Command::new(&program)
        .arg("1000")
        .spawn()
        .expect("it begins");
    recorded(&file, 20);
    spike.kill().expect("ours");
    spike.wait().expect("it ends");
    recorded(&file, 10);
    let pid = nix::unistd::Pid::from_raw(recorder.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::SIGTERM).expect("ours");
    assert!(recorder.wait().expect("it ends").success());
    let path = file.to_str().expect("UTF-8");
    let mut session = Session::start(pscope(&["replay", path]), 120, 40);
    session.shows("recorded:");
    // The end of the recording does not know it any more.
    session.press(b"\x1b[F");
    session.shows("stands");
    session.press(b"/name:pscope-spike\r");
    session.shows("─ 0 of ");
    let row = session.text().lines().position(|l| l.contains("recorded:"));
    let row = row.expect("the bar") + 1;
    let end = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let mut column = 30;
    // Somewhere on the bar is a moment of its life. Its name may be cut, where the tests run far down in the tree.
    while !session.text().contains("─ 1 of ") {
        assert!(std::time::Instant::now() < end, "{}", session.text());
        session.press(format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m").as_bytes());
        std::thread::sleep(std::time::Duration::from_millis(50));
        column = if column >= 100 { 30 } else { column + 3 };
    }
    session.press(b"q");
    assert_eq!(session.ends(), 0);
}
