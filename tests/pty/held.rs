//! Beside what never answers: every key is answered, every way out works, and what recovers is told again.

use std::path::Path;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::hung::Mount;
use super::session::{Session, pscope};

/// Does `test` on a thread with a tree of mounts of its own, which the programs that it starts see too; says why not where
/// that is not allowed.
fn apart(test: impl FnOnce() -> Result<(), String> + Send + 'static) {
    let done = std::thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNS).map_err(|e| format!("unshare: {e}"))?;
        let none: Option<&str> = None;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(none, "/", none, private, none).map_err(|e| format!("unshare: {e}"))?;
        test()
    });
    if let Err(why) = done.join().expect("it holds") {
        println!("skipped: {why}");
    }
}

/// The live screen at the filesystems, one of which does not answer.
fn beside() -> Session {
    let mut session = Session::start(pscope(&["--interval", "200ms"]), 160, 48);
    session.is_live();
    session.press(b"4");
    session.shows("– no answer");
    session
}

#[test]
fn beside_a_mount_that_does_not_answer_keys_are_answered_and_it_ends() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        for (key, text) in [
            ("2", "Who had the cores"),
            ("3", "pressure"),
            ("1", "Processes"),
        ] {
            session.press(key.as_bytes());
            session.shows(text);
        }
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        assert_eq!(session.left_behind(), [] as [&str; 0]);
        Ok(())
    });
}

#[test]
fn beside_a_mount_that_does_not_answer_it_can_be_killed() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        session.signal(Signal::SIGKILL);
        session.ends_killed();
        Ok(())
    });
}

#[test]
fn beside_a_mount_that_does_not_answer_a_closed_window_ends_it() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        session.close();
        assert_eq!(session.ends_unread(), 128 + Signal::SIGHUP as u32);
        Ok(())
    });
}

#[test]
fn a_mount_that_answers_again_is_told_again() {
    apart(|| {
        let mut hung = Mount::new()?;
        let mut session = beside();
        hung.recover();
        // 500 of 1,000 blocks of 4 KiB.
        session.shows("3.9M");
        session.shows(&hung.path().to_string_lossy());
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        Ok(())
    });
}

#[test]
fn a_card_whose_driver_does_not_answer_holds_neither_screen_nor_report() {
    apart(|| {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let fifo = dir.path().join("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).map_err(|e| e.to_string())?;
        // Who holds it open to write and never does makes every reader wait, also one that opens it without waiting.
        let writer = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&fifo);
        let _writer = writer.map_err(|e| e.to_string())?;
        let speed = Path::new("/sys/class/net/lo/speed");
        let none: Option<&str> = None;
        mount(Some(&fifo), speed, none, MsFlags::MS_BIND, none)
            .map_err(|e| format!("no card of which a file may be covered: {e}"))?;
        let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
            .args(["system", "--json"])
            .output()
            .map_err(|e| e.to_string())?;
        assert_eq!(output.status.code(), Some(0));
        let mut session = Session::start(pscope(&["--interval", "200ms"]), 160, 48);
        session.is_live();
        for (key, text) in [("5", "INTERFACE"), ("4", "MOUNTED AT"), ("1", "Processes")] {
            session.press(key.as_bytes());
            session.shows(text);
        }
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        Ok(())
    });
}
