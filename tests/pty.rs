//! The built program in a real terminal: it shows processes, and however it ends, the terminal is as it was.

#[path = "pty/denied.rs"]
mod denied;
#[path = "pty/frozen.rs"]
mod frozen;
#[path = "pty/groups.rs"]
mod groups;
#[path = "cli/heeding.rs"]
mod heeding;
#[path = "pty/held.rs"]
mod held;
#[path = "pty/hung.rs"]
mod hung;
#[path = "pty/kinds.rs"]
mod kinds;
#[path = "pty/mouse.rs"]
mod mouse;
#[path = "pty/named.rs"]
mod named;
#[path = "pty/one_value.rs"]
mod one_value;
#[path = "live/ordinary.rs"]
mod ordinary;
#[path = "live/puppet.rs"]
#[expect(dead_code, reason = "the live tests use the rest")]
mod puppet;
#[path = "pty/session.rs"]
mod session;
#[path = "pty/signal.rs"]
mod signal;
#[path = "pty/tasks.rs"]
mod tasks;
#[path = "pty/time.rs"]
mod time;

use nix::sys::signal::Signal;
use session::{Session, pscope, shell};

/// What the program writes first whenever it takes the terminal.
const ENTER: &[u8] = b"\x1b[?1049h";

fn live(args: &[&str]) -> Session {
    let session = Session::start(pscope(args), 120, 40);
    session.is_live();
    session
}

fn ends_clean(mut session: Session, status: u32) {
    assert_eq!(session.ends(), status);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
}

#[test]
fn shows_this_machines_processes() {
    let mut session = live(&[]);
    session.shows("processes");
    session.shows("cpu0");
    session.press(b"q");
    ends_clean(session, 0);
}

#[test]
fn every_key_that_quits_gives_the_terminal_back() {
    for keys in [&b"q"[..], b"\x1b[21~", b"\x03"] {
        let mut session = live(&[]);
        session.press(keys);
        ends_clean(session, 0);
    }
}

#[test]
fn every_signal_that_ends_gives_the_terminal_back() {
    for signal in [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        // As a watchdog or a debugger sends them.
        Signal::SIGABRT,
        Signal::SIGTRAP,
        Signal::SIGSYS,
    ] {
        // Whom a target means is found out by threads that are older than the screen.
        let target = std::process::id().to_string();
        for args in [&[][..], &[&*target]] {
            let session = live(args);
            session.signal(signal);
            ends_clean(session, 128 + signal as u32);
        }
    }
}

#[test]
fn a_closed_window_ends_it() {
    let mut session = live(&[]);
    session.close();
    assert_eq!(session.ends(), 128 + Signal::SIGHUP as u32);
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "a release cannot be asked to panic")]
fn a_panic_is_printed_on_a_restored_terminal() {
    for thread in ["main", "input"] {
        let mut command = pscope(&[]);
        command.env("PSCOPE_REHEARSE_PANIC", thread);
        let mut session = Session::start(command, 120, 40);
        session.sends(0, ENTER);
        session.press(b"j");
        assert_eq!(session.ends(), 1);
        assert_eq!(session.left_behind(), [] as [&str; 0]);
        assert!(session.text().contains("rehearsed"), "{}", session.text());
    }
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "a release cannot be asked to panic")]
fn a_dead_sampler_is_said_on_the_screen_which_goes_on() {
    let mut command = pscope(&[]);
    command.env("PSCOPE_REHEARSE_PANIC", "sampler");
    let mut session = Session::start(command, 120, 40);
    session.shows("'sampler' died");
    session.press(b"?");
    session.shows("Help");
    session.press(b"\x1b");
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
    assert!(session.text().contains("rehearsed"), "{}", session.text());
}

#[test]
fn suspends_and_resumes_as_a_job_of_a_shell() {
    let script =
        "set -m; \"$PSCOPE\"; echo \"stopped $?\"; read line; fg >/dev/null; echo \"ended $?\"";
    let mut session = Session::start(shell(script), 120, 40);
    session.is_live();
    session.press(b"\x1a");
    session.shows("stopped 1");
    assert_eq!(session.left_behind(), [] as [&str; 0]);
    let mark = session.mark();
    session.press(b"\n");
    session.sends(mark, ENTER);
    session.is_live();
    session.press(b"q");
    session.shows("ended 0");
    ends_clean(session, 0);
}

#[test]
fn takes_the_terminal_again_after_a_stop_it_did_not_see() {
    let mut session = live(&[]);
    let mark = session.mark();
    session.signal(Signal::SIGSTOP);
    session.signal(Signal::SIGCONT);
    session.sends(mark, ENTER);
    session.press(b"q");
    ends_clean(session, 0);
}

#[test]
fn every_size_is_drawn() {
    let mut session = live(&[]);
    for (columns, rows) in [
        (1, 1),
        (2, 1),
        (1, 2),
        (3, 3),
        (1, 60),
        (300, 1),
        (12, 4),
        (20, 5),
        (39, 9),
        (80, 24),
        (500, 200),
        (60, 15),
    ] {
        let mark = session.mark();
        session.resize(columns, rows);
        // Clearing begins the frame of the new size, and the mark of its end follows what was drawn.
        session.sends(mark, b"\x1b[2J");
        session.sends(mark, b"\x1b[?2026l");
    }
    // The last size has room for so much, however many cores there are.
    session.shows("Time sharing");
    session.press(b"q");
    ends_clean(session, 0);
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_it_from_ending() {
    let mut session = live(&[]);
    session.stall(true);
    // Each of these is a whole screen; the kernel's buffer of a pty is full after a few.
    session.press(&[0x0c; 200]);
    session.signal(Signal::SIGTERM);
    let status = session.ends_unread();
    assert_eq!(status, 128 + Signal::SIGTERM as u32);
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let script = "\"$PSCOPE\" </dev/null; echo \"in $?\"; \"$PSCOPE\" | cat; \"$PSCOPE\" ps >/dev/null; echo \"ps $?\"";
    let mut session = Session::start(shell(script), 120, 40);
    assert_eq!(session.ends(), 0);
    let text = session.text();
    assert_eq!(text.matches("needs a terminal").count(), 2, "{text}");
    assert!(
        text.contains("pscope ps") && text.contains("in 1") && text.contains("ps 0"),
        "{text}"
    );
}

#[test]
fn no_terminal_type_is_refused() {
    for (name, value) in [
        ("TERM", "no-such-terminal"),
        ("TERM", ""),
        ("NO_COLOR", "1"),
        ("LC_ALL", "C"),
    ] {
        let mut command = pscope(&["--ascii"]);
        command.env(name, value);
        let mut session = Session::start(command, 80, 24);
        session.is_live();
        session.press(b"q");
        ends_clean(session, 0);
    }
}

#[test]
fn settings_are_kept_when_asked_and_are_there_the_next_time() {
    let home = tempfile::tempdir().expect("a directory");
    let start = || {
        let mut command = pscope(&[]);
        command.env("XDG_CONFIG_HOME", home.path());
        let session = Session::start(command, 120, 40);
        session.is_live();
        session
    };
    let mut session = start();
    session.press(b"\x1bOQ");
    session.shows("Settings");
    // Down to the view, and to its other value.
    session.shows(" theme  ");
    session.shows(" view  ");
    let text = session.text();
    let row = |name: &str| {
        text.lines()
            .position(|line| line.contains(&format!(" {name}  ")))
    };
    let (first, view) = (row("theme").expect("a line"), row("view").expect("a line"));
    session.press("j".repeat(view - first).as_bytes());
    session.press(b"\x1b[C");
    assert_eq!(
        std::fs::read_dir(home.path()).expect("there").count(),
        0,
        "nothing is written unasked"
    );
    // The key shows what it would write, and writes it when it is pressed again.
    session.press(b"w");
    session.shows("writes: view = flat");
    session.press(b"w");
    session.shows("kept in ");
    session.press(b"\x1b");
    session.press(b"\x03");
    ends_clean(session, 0);
    let file = home.path().join("pscope/config.toml");
    let text = std::fs::read_to_string(file).expect("kept");
    let said = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    assert_eq!(said.collect::<Vec<_>>(), ["view = \"flat\""], "{text}");
    let mut session = start();
    session.shows("Processes flat");
    session.press(b"q");
    ends_clean(session, 0);
}
