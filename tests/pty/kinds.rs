//! Terminals of all kinds, and what a person may have written wrong: what is sent to them is what they understand.

use std::fs;
use std::path::Path;

use nix::sys::stat::Mode;

use super::session::{Session, pscope};

/// Everything that was sent from the start to the end of a short look.
fn sent(term: &str, locale: &str) -> Vec<u8> {
    let mut command = pscope(&[]);
    command.env("TERM", term);
    command.env("COLORTERM", "");
    command.env("LC_ALL", locale);
    let mut session = Session::start(command, 100, 30);
    session.is_live();
    session.shows("cpu0");
    session.press(b"q");
    assert_eq!(session.ends(), 0);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
    session.bytes()
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

#[test]
fn colours_are_those_that_the_terminal_has() {
    for term in ["ansi", "linux", "xterm", "screen", "vt220"] {
        let bytes = sent(term, "C.UTF-8");
        for more in [&b"38;5;"[..], b"48;5;", b"38;2;", b"48;2;"] {
            assert!(!has(&bytes, more), "{term}");
        }
        assert!(!has(&bytes, b";90m"), "{term}: bright black");
        // Only the sixteen know light colours by numbers of their own.
        let light = (91..=97).any(|n| has(&bytes, format!(";{n}m").as_bytes()));
        assert!(!light || ["xterm", "screen"].contains(&term), "{term}");
    }
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
        assert!(sent("xterm", locale).is_ascii(), "{locale}");
    }
    assert!(!sent("xterm", "C.UTF-8").is_ascii());
}

/// A terminal without an alternate screen keeps what stood there, and has nothing to go back to.
#[test]
fn the_screen_is_wiped_at_first_and_left_below_the_picture() {
    let bytes = sent("screen", "C.UTF-8");
    let first = bytes.windows(4).position(|w| w == b"\x1b[2J");
    let drawn = bytes.windows(6).position(|w| w == b"pscope");
    assert!(first.expect("wiped") < drawn.expect("drawn"));
    let below = bytes.windows(9).rposition(|w| w == b"\x1b[9999;1H");
    let leave = bytes.windows(8).rposition(|w| w == b"\x1b[?1049l");
    assert!(below.expect("moved") < leave.expect("left"));
}

#[test]
fn a_dumb_terminal_gets_a_sentence_and_no_screen() {
    let mut command = pscope(&[]);
    command.env("TERM", "dumb");
    let mut session = Session::start(command, 80, 24);
    assert_eq!(session.ends(), 1);
    let text = session.text();
    assert!(
        text.contains("TERM=dumb") && text.contains("'pscope ps'"),
        "{text}"
    );
    assert!(
        !session.bytes().contains(&0x1b),
        "no control sequence is sent"
    );
}

/// A paste whose end mark was lost swallows no keys: Ctrl-c is none of it, and silence ends it.
#[test]
fn a_paste_without_an_end_does_not_keep_the_keys() {
    let mut session = Session::start(pscope(&[]), 100, 30);
    session.is_live();
    session.press(b"\x1b[200~lost");
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
    let mut session = Session::start(pscope(&[]), 100, 30);
    session.is_live();
    session.press(b"/\x1b[200~lostword");
    session.shows("lostword");
    session.press(b"\x1b");
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
}

fn configured(path: &Path) -> Session {
    let path = path.to_str().expect("a plain path");
    Session::start(pscope(&["--config", path]), 140, 30)
}

#[test]
fn a_configuration_that_is_no_file_is_refused_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).expect("made");
    for path in [fifo.as_path(), Path::new("/dev/zero"), dir.path()] {
        let mut session = configured(path);
        assert_eq!(session.ends(), 2);
        let text = session.text();
        assert!(text.contains("no regular file"), "{text}");
    }
    let mut session = Session::start(
        pscope(&["--theme", fifo.to_str().expect("a plain path")]),
        140,
        30,
    );
    assert_eq!(session.ends(), 2);
}

/// Wrong lines are told with their numbers, and keep nothing from starting.
#[test]
fn a_wrong_line_is_told_on_the_screen() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("config.toml");
    let text = "view = 'flat'\nsort = \ntheme = 'drak'\n[keys]\nqiut = ['x']\npause = ['q']\n";
    fs::write(&path, text).expect("written");
    let mut session = configured(&path);
    session.is_live();
    session.shows("line 2");
    session.shows("more: L");
    session.shows("Processes flat");
    session.press(b"L");
    session.shows("Event log");
    session.shows("line 5: there is no action 'qiut'");
    session.shows("line 6: the key q is bound twice");
    session.shows("there is no theme 'drak'");
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
}
