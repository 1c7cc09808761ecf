//! Groups in a real terminal: grouped, filtered, selected, inspected, and acted on as one. Only ever children of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::session::{Session, pscope};
use super::signal::Puppet;

/// A sleeper whose command line tells it from all others.
fn sleeper(mark: u32) -> Puppet {
    Puppet::ready(&format!("echo ready; exec sleep {mark}"))
}

fn mark(n: u32) -> u32 {
    n * 10_000_000 + std::process::id()
}

fn leave(mut session: Session) {
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
}

#[test]
fn a_group_is_filtered_inspected_and_those_who_pass_are_ended() {
    let (ours, other) = (mark(1), mark(2));
    let mut two = [sleeper(ours), sleeper(ours)];
    let mut left = sleeper(other);
    let mut session = Session::start(pscope(&[]), 160, 40);
    session.is_live();
    session.press(b"DDDD");
    session.shows("grouped by program");
    session.press(format!("/{ours}\r").as_bytes());
    session.shows("sleep (2)");
    session.press(b"g");
    session.shows("2 in sleep");
    session.press(b"\r");
    session.shows("Members");
    session.press(b"s");
    session.shows("a filter leaves out some of its members");
    session.press(b"\x1b");
    // The list is not covered any more; together both keys would be another one.
    session.shows("grouped by program");
    session.press(b"s");
    session.shows("Send a signal to ");
    for puppet in &two {
        session.shows(&puppet.pid());
    }
    // Only who is held can be sent to.
    session.shows("default: terminates");
    session.press(b"\r");
    session.shows("killed by SIGTERM");
    for puppet in &mut two {
        assert_eq!(puppet.ended_by(), Some(15));
    }
    assert!(left.lives(), "of the same program, and not shown");
    leave(session);
}

/// A control group of v2 with one part that somebody is in and one that nobody is in; taken away again at the end.
struct Groups {
    dir: PathBuf,
    name: String,
}

impl Groups {
    /// Of a name that no other test takes at the same time.
    fn make(mark: u32, puppets: &[&Puppet]) -> Result<Self, String> {
        let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = text.lines().find_map(|line| line.strip_prefix("0::"));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "));
        let mount = mount.and_then(|line| line.split(' ').nth(4));
        let (Some(own), Some(mount)) = (own, mount) else {
            return Err("there is no control group of version 2".to_owned());
        };
        let name = format!("pscope-pty-{mark}");
        let dir = Path::new(mount)
            .join(own.trim_start_matches('/'))
            .join(&name);
        let made = |why: std::io::Error| format!("no control group may be made: {why}");
        fs::create_dir(&dir).map_err(made)?;
        let groups = Self { dir, name };
        for part in ["worker", "nobody"] {
            fs::create_dir(groups.dir.join(part)).map_err(made)?;
        }
        for (puppet, part) in puppets.iter().zip([".", "worker"]) {
            fs::write(groups.dir.join(part).join("cgroup.procs"), puppet.pid())
                .map_err(|why| format!("nobody may be moved into it: {why}"))?;
        }
        Ok(groups)
    }

    fn is_frozen(&self) -> bool {
        let state = fs::read_to_string(self.dir.join("cgroup.freeze"));
        state.is_ok_and(|state| state.trim() == "1")
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        let _ = fs::write(self.dir.join("cgroup.freeze"), "0");
        let _ = fs::write(self.dir.join("cgroup.kill"), "1");
        for dir in [
            self.dir.join("worker"),
            self.dir.join("nobody"),
            self.dir.clone(),
        ] {
            // Whoever was ended in it leaves it a moment later.
            let deadline = Instant::now() + Duration::from_secs(10);
            while dir.exists() && fs::remove_dir(&dir).is_err() && Instant::now() < deadline {
                std::thread::yield_now();
            }
        }
    }
}

/// Shows the list by control groups, and freezes these from their inspector.
fn frozen(groups: &Groups) -> Session {
    // However many groups there are, all are in view.
    let mut session = Session::start(pscope(&[]), 160, 600);
    session.is_live();
    session.press(b"D");
    session.shows("grouped by control group");
    // Among many groups ours may be below: with the selection on it, its parts are in sight.
    session.press(format!("/group:{}\r", groups.name).as_bytes());
    session.shows(&format!("{} (2)", groups.name));
    session.press(b"\x1b");
    session.shows("nobody empty");
    session.press(format!("\x1bOR{}\r", groups.name).as_bytes());
    session.shows(&format!("2 in {}", groups.name));
    session.press(b"\r");
    session.shows("2 with 2 threads");
    session.press(b"\x1b[Z");
    session.shows("not frozen; X freezes it");
    session.press(b"X");
    session.shows("freeze its 2 processes?");
    session.press(b"y");
    session.shows("is frozen; X or the end of pscope thaws it");
    assert!(groups.is_frozen());
    session
}

#[test]
fn a_control_group_is_shown_with_its_empty_parts_frozen_thawed_and_ended() {
    let mut two = [sleeper(mark(3)), sleeper(mark(3))];
    let groups = match Groups::make(mark(3), &[&two[0], &two[1]]) {
        Ok(groups) => groups,
        Err(why) => return println!("skipped: {why}"),
    };
    let mut session = frozen(&groups);
    session.shows("frozen; X thaws it");
    session.press(b"X");
    session.shows("thaw its 2 processes?");
    session.press(b"y");
    session.shows("goes on");
    assert!(!groups.is_frozen());
    session.press(b"s");
    session.shows("Send a signal");
    session.shows("default: terminates");
    session.press(b"KILL");
    session.shows("cannot be caught");
    session.press(b"\r");
    session.shows("killed by SIGKILL");
    for puppet in &mut two {
        assert_eq!(puppet.ended_by(), Some(9));
    }
    leave(session);
}

/// The thread that ends the program may open no file to write.
#[test]
fn what_was_frozen_goes_on_once_the_program_has_ended_in_whatever_way() {
    let two = [sleeper(mark(4)), sleeper(mark(4))];
    let groups = match Groups::make(mark(4), &[&two[0], &two[1]]) {
        Ok(groups) => groups,
        Err(why) => return println!("skipped: {why}"),
    };
    for end in [None, Some(Signal::SIGTERM), Some(Signal::SIGHUP)] {
        let mut session = frozen(&groups);
        match end {
            None => leave(session),
            Some(signal) => {
                session.signal(signal);
                session.ends();
            }
        }
        assert!(!groups.is_frozen(), "{end:?}");
    }
}
