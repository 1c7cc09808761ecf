//! Signals from the built program: the dialog in a real terminal, and `pscope signal`. Only ever to children of our own.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Output, Stdio};

use super::ordinary::Program;
use super::session::{Session, pscope};

/// A child that is killed and reaped, whatever the test does.
pub struct Puppet(pub Child);

impl Puppet {
    /// Runs a shell script until it has printed a line.
    pub fn ready(script: &str) -> Self {
        let mut command = Command::new("sh");
        let command = command.args(["-c", script]).stdout(Stdio::piped());
        let mut child = command.process_group(0).spawn().expect("sh starts");
        let out = child.stdout.as_mut().expect("a pipe");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self(child)
    }

    pub fn pid(&self) -> String {
        self.0.id().to_string()
    }

    pub fn ended_by(&mut self) -> Option<i32> {
        self.0.wait().expect("our child").signal()
    }

    pub fn lives(&mut self) -> bool {
        self.0.try_wait().expect("our child").is_none()
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        // Not yet waited for, so the group is still its own.
        if self.lives() {
            let group = nix::unistd::Pid::from_raw(self.0.id() as i32);
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

fn sleeper() -> Puppet {
    Puppet::ready("echo ready; exec sleep 1000")
}

fn open(pid: &str) -> Session {
    let mut session = Session::start(pscope(&[pid]), 120, 40);
    session.is_live();
    session.shows(pid);
    session.press(b"s");
    session.shows("Send a signal");
    session
}

fn leave(mut session: Session) {
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
    assert_eq!(session.left_behind(), [] as [&str; 0]);
}

#[test]
fn the_dialog_hits_who_was_meant_although_the_rows_move() {
    let (mut target, mut other) = (sleeper(), sleeper());
    let mut session = open(&target.pid());
    session.shows("pinned");
    session.shows("default: terminates");
    // New rows come, and one that is busy sorts before all others.
    let busy = Puppet::ready("echo ready; while :; do :; done");
    session.shows("Send a signal");
    session.press(b"\r");
    session.shows("killed by SIGTERM");
    assert_eq!(target.ended_by(), Some(15));
    assert!(other.lives());
    drop(busy);
    leave(session);
}

#[test]
fn who_ignores_it_is_foretold_and_kill_is_offered() {
    let mut target = Puppet::ready("trap '' TERM; echo ready; exec sleep 1000");
    let mut session = open(&target.pid());
    session.shows("ignored: nothing will happen");
    session.press(b"\r");
    session.shows("still alive after 3 s");
    session.shows("Enter prepare KILL");
    session.press(b"\r");
    session.shows("type a name or number");
    assert!(target.lives(), "one key prepares and does not send");
    session.shows("pinned");
    session.press(b"\r");
    // The header may tell of the end before the dialog knows.
    session.shows("KILL delivered · killed by SIGKILL");
    assert_eq!(target.ended_by(), Some(9));
    session.press(b"\r");
    session.press(b"L");
    session.shows("KILL delivered to");
    leave(session);
}

#[test]
fn read_only_opens_no_dialog() {
    let mut target = sleeper();
    let mut session = Session::start(pscope(&["--read-only", &target.pid()]), 120, 40);
    session.is_live();
    session.shows(&target.pid());
    session.press(b"s");
    session.shows("read-only");
    session.press(b"\r");
    session.press(b"\x03");
    assert_eq!(session.ends(), 0);
    assert!(target.lives());
}

fn signal(args: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
    let Output {
        stdout,
        stderr,
        status,
    } = command.arg("signal").args(args).output().expect("it runs");
    let text = [stdout, stderr].concat();
    (String::from_utf8(text).expect("UTF-8"), status.code())
}

#[test]
fn a_dry_run_sends_nothing_and_the_real_one_tells_the_end() {
    let mut target = sleeper();
    let pid = target.pid();
    let (text, status) = signal(&["--dry-run", "SIGTERM", &pid]);
    assert!(text.contains("default: terminates"), "{text}");
    assert_eq!((status, target.lives()), (Some(0), true));
    let (text, status) = signal(&["--wait", "20s", "TERM", &pid]);
    assert!(
        text.contains("TERM delivered · killed by SIGTERM, after"),
        "{text}"
    );
    assert_eq!((status, target.ended_by()), (Some(0), Some(15)));
}

#[test]
fn a_tree_and_a_group_go_as_a_whole() {
    for whole in ["--tree", "--group"] {
        let mut target = Puppet::ready("sleep 1000 & sleep 1000 & echo ready; wait");
        let (text, status) = signal(&["9", &target.pid(), whole, "--wait", "20s"]);
        assert_eq!(text.matches("killed by SIGKILL").count(), 3, "{text}");
        assert_eq!((status, target.ended_by()), (Some(0), Some(9)));
    }
}

#[test]
fn exit_statuses_say_what_went_wrong() {
    let mut target = sleeper();
    assert_eq!(signal(&["NOSUCH", &target.pid()]).1, Some(2));
    assert_eq!(signal(&["TERM"]).1, Some(2));
    let (text, status) = signal(&["CONT", "no-such-name", &target.pid()]);
    assert!(
        text.contains("no process is called") && text.contains("CONT delivered"),
        "{text}"
    );
    assert_eq!((status, target.lives()), (Some(3), true));
}

#[test]
fn a_name_of_several_is_listed_and_nothing_is_sent() {
    let link = tempfile::tempdir().expect("a directory");
    let program = link.path().join("pscope-twin");
    let sleep = std::fs::canonicalize("/bin/sleep").expect("sleep");
    std::fs::copy(sleep, &program).expect("copied");
    let twin = || Puppet::ready(&format!("echo ready; exec {} 1000", program.display()));
    let (mut one, mut two) = (twin(), twin());
    // The line comes before the exec, so that the name may not be there yet.
    let named = |p: &Puppet| {
        std::fs::read_to_string(format!("/proc/{}/comm", p.pid()))
            .is_ok_and(|n| n == "pscope-twin\n")
    };
    while !(named(&one) && named(&two)) {
        std::thread::yield_now();
    }
    let (text, status) = signal(&["TERM", "pscope-twin"]);
    assert!(
        text.contains(&one.pid()) && text.contains("nothing was sent"),
        "{text}"
    );
    assert_eq!((status, one.lives(), two.lives()), (Some(2), true, true));
    let (_, status) = signal(&["TERM", "pscope-twin", "--all"]);
    assert_eq!(
        (status, one.ended_by(), two.ended_by()),
        (Some(0), Some(15), Some(15))
    );
}

#[test]
fn an_ordinary_user_is_told_whose_it_is() {
    let mut target = sleeper();
    let root = nix::unistd::geteuid().is_root();
    let pid = if root { target.pid() } else { "1".to_owned() };
    let program = Program::new();
    let mut command = if root {
        program.as_nobody()
    } else {
        Command::new(program.path())
    };
    let Ok(output) = command.args(["signal", "URG", &pid]).output() else {
        println!("skipped: there is no setpriv");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("not permitted: it belongs to root"), "{text}");
    assert_eq!((output.status.code(), target.lives()), (Some(4), true));
}

#[test]
fn who_ends_while_selected_says_how() {
    let mut target = Puppet::ready("trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done");
    let mut session = Session::start(pscope(&["--flat", &target.pid()]), 200, 60);
    session.is_live();
    session.shows(&target.pid());
    session.press(b"\x1b");
    session.shows("Processes flat");
    // However many others there are, its row is in view.
    session.press(format!("/pid={}\r", target.pid()).as_bytes());
    session.shows("1 of ");
    let pid = nix::unistd::Pid::from_raw(target.0.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("our child");
    // The kernel tells of a zombie of ours at once.
    session.shows("zombie, not yet waited for by ");
    session.shows("Z zombie: exited, code 7");
    target.0.wait().expect("our child");
    session.shows("exited, code 7 · ");
    session.press(b"L");
    session.shows("Event log");
    session.shows(&format!("{} sh exited, code 7", target.pid()));
    leave(session);
}

#[test]
fn enter_in_the_tab_signals_proposes_that_signal() {
    let mut target = sleeper();
    let mut session = Session::start(pscope(&[&target.pid()]), 120, 40);
    session.is_live();
    session.shows("KERNEL LAND");
    session.press(b":signal-state\r");
    session.shows("WHAT HAPPENS");
    session.press(b"/USR2\r");
    session.shows("1/1 of 64");
    session.press(b"\r");
    session.shows("Send a signal");
    session.shows("pinned");
    assert!(target.lives(), "nothing was sent yet");
    session.press(b"\r");
    session.shows("killed by SIGUSR2");
    assert_eq!(target.ended_by(), Some(12));
    leave(session);
}
