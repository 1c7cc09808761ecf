//! Nobody stays frozen: the program ends, in whatever way and at whatever moment, while it signals a whole branch.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::session::{Session, pscope};
use super::signal::Puppet;

/// A shell with so many children.
fn tree(children: usize) -> Puppet {
    let script = "i=0; while [ $i -lt N ]; do sleep 1000 & i=$((i+1)); done; echo ready; wait";
    Puppet::ready(&script.replace('N', &children.to_string()))
}

/// Every process by pid: its parent, its process group, the letter of its state.
fn everybody() -> HashMap<i32, (i32, i32, char)> {
    let entries = fs::read_dir("/proc").expect("proc");
    let one = |name: String| {
        let pid: i32 = name.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let rest = &stat[stat.rfind(')')? + 2..];
        let mut fields = rest.split(' ');
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        Some((pid, (parent, fields.next()?.parse().ok()?, state)))
    };
    let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
    names.filter_map(one).collect()
}

/// How many of a puppet's process group live, and how many of them are stopped.
fn left(puppet: &Puppet) -> (usize, usize) {
    let group: i32 = puppet.pid().parse().expect("a pid");
    let all = everybody();
    let members: HashSet<i32> = all
        .iter()
        .filter(|(_, (_, of, state))| *of == group && !matches!(state, 'Z' | 'X'))
        .map(|(pid, _)| *pid)
        .collect();
    let stopped = members.iter().filter(|pid| all[pid].2 == 'T').count();
    (members.len(), stopped)
}

/// Waits until nobody of the group is left; whoever was told to end needs a moment for it.
fn all_end(puppet: &Puppet) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let (members, stopped) = left(puppet);
        if members == 0 {
            return;
        }
        assert!(
            Instant::now() < until,
            "{members} are left, {stopped} of them stopped"
        );
        std::thread::yield_now();
    }
}

/// An order counts from the moment it is handed over: a key that quits in the same burst neither loses it nor leaves anybody stopped.
#[test]
fn quitting_in_the_same_burst_as_the_confirmation_loses_nothing() {
    for quit in [&b"y\x03"[..], b"y\x1b[21~"] {
        let target = tree(300);
        let mut session = Session::start(pscope(&[&target.pid()]), 120, 40);
        session.is_live();
        session.shows(&target.pid());
        session.press(b"s");
        session.shows("pinned");
        session.press(b"\t\t");
        session.shows("301 targets");
        session.press(b"\r");
        session.shows("Send TERM all the same?");
        session.press(quit);
        assert_eq!(session.ends(), 0);
        assert_eq!(left(&target).1, 0, "nobody is stopped once it has ended");
        all_end(&target);
    }
}

/// The program is told to end at many moments of a send to a branch: either nobody was touched, or all of them end.
#[test]
fn an_interrupted_send_leaves_nobody_stopped() {
    for (round, signal) in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGUSR1,
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGALRM,
    ]
    .into_iter()
    .enumerate()
    {
        let target = tree(150);
        let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
        let command = command.args(["signal", "TERM", &target.pid(), "--tree"]);
        let mut sender = command.stdout(Stdio::null()).spawn().expect("it runs");
        // The moment at which the first is stopped is somewhere in the first hundredths of a second; each round looks for another.
        let until = Instant::now() + Duration::from_millis(60);
        let seen = |n: usize| left(&target).1 >= n || left(&target).0 < 151;
        while Instant::now() < until && !seen(1 + round * 8) {}
        let _ = kill(Pid::from_raw(sender.id() as i32), signal);
        sender.wait().expect("our child");
        let (members, stopped) = left(&target);
        assert_eq!(stopped, 0, "{signal}: {members} members");
        // The signal was either not sent to anybody, or to everybody.
        if members < 151 {
            all_end(&target);
        }
    }
}

/// A shell's foreground job survives WINCH, and must not find itself in the background, stopped.
#[test]
fn a_signal_that_ends_nobody_stops_nobody() {
    let target = tree(20);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
    let output = command
        .args(["signal", "WINCH", &target.pid(), "--tree"])
        .output();
    let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
    assert_eq!(text.matches("WINCH delivered").count(), 21, "{text}");
    assert!(!text.contains("stopped now"), "{text}");
    assert_eq!(left(&target), (21, 0));
}

/// What is stopped is said, with the way out.
#[test]
fn who_is_stopped_afterwards_is_told_with_what_lets_them_go_on() {
    let target = tree(1);
    let signal = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
        let output = command.arg("signal").args(args).output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let pid = target.pid();
    let text = signal(&["STOP", &pid, "--wait", "20s"]);
    let way = format!("stopped now: {pid} sh; 'pscope signal CONT {pid}' lets them go on");
    assert!(text.contains(&way), "{text}");
    let text = signal(&["TERM", &pid]);
    assert!(text.contains(&way), "{text}");
    let members = everybody().into_iter();
    let members = members.filter(|(_, (_, of, _))| of.to_string() == pid);
    let members: Vec<i32> = members.map(|(pid, _)| pid).collect();
    assert!(!signal(&["CONT", &pid, "--wait", "20s"]).contains("stopped now"));
    // The shell ends by TERM then, and leaves its child behind.
    for left in members {
        let _ = kill(Pid::from_raw(left), Signal::SIGKILL);
    }
}
