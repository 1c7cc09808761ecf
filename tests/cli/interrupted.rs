//! Reports that take a while are asked to end early: what was seen until then is told, and nothing is asked twice.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::heeding::heeding;

const BINARY: &str = env!("CARGO_BIN_EXE_pscope");

/// Long enough for a loaded machine.
const LONG: Duration = Duration::from_mins(1);

/// Waits until it listens to signals: its descriptor for them is there. It keeps them back for a moment now and then before.
fn listens(child: &mut Child) {
    let path = format!("/proc/{}/fd", child.id());
    let deadline = Instant::now() + LONG;
    loop {
        let open = std::fs::read_dir(&path).into_iter().flatten().flatten();
        let mut links = open.filter_map(|fd| std::fs::read_link(fd.path()).ok());
        if links.any(|to| to.as_os_str() == "anon_inode:[signalfd]") {
            return;
        }
        let ended = child.try_wait().expect("ours");
        assert!(
            ended.is_none() && Instant::now() < deadline,
            "it does not listen: {ended:?}"
        );
        std::thread::yield_now();
    }
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).expect("our child");
}

#[test]
fn what_was_seen_until_an_interrupt_is_told() {
    let mut sleeper = Command::new("sleep")
        .arg("1000")
        .spawn()
        .expect("a sleeper");
    let pid = sleeper.id().to_string();
    for (report, rows) in [("time", "threads"), ("calls", "calls")] {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let mut looks = heeding(&mut Command::new(BINARY))
                .args([report, &pid, "--for", "600s", "--json"])
                .stdout(Stdio::piped())
                .spawn()
                .expect("it begins");
            listens(&mut looks);
            send(&looks, signal);
            let output = looks.wait_with_output().expect("it ends");
            assert_eq!(output.status.code(), Some(0), "{report} {signal}");
            let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert!(told[rows].is_array(), "{report} {signal}: {told}");
        }
    }
    sleeper.kill().expect("ours");
    sleeper.wait().expect("it ends");
}

/// `nohup` asks that a closed window ends nothing.
#[test]
fn what_it_was_told_to_ignore_ends_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("kept.pscope");
    let script = "trap '' HUP; exec \"$0\" record \"$1\" --interval 100ms";
    let mut records = heeding(&mut Command::new("sh"))
        .args(["-c", script, BINARY])
        .arg(&path)
        .stdout(Stdio::null())
        .spawn()
        .expect("it begins");
    listens(&mut records);
    send(&records, Signal::SIGHUP);
    let size = || std::fs::metadata(&path).map_or(0, |meta| meta.len());
    let (before, deadline) = (size(), Instant::now() + LONG);
    while size() <= before {
        assert!(Instant::now() < deadline, "it records no more");
        assert_eq!(records.try_wait().expect("ours"), None, "it goes on");
        std::thread::yield_now();
    }
    send(&records, Signal::SIGINT);
    assert_eq!(records.wait().expect("it ends").code(), Some(0));
}

/// Whoever interrupts the wait for what becomes of a signal must know that it was sent.
#[test]
fn an_interrupt_after_a_signal_tells_what_was_sent() {
    let script = "trap 'echo heard' TERM; echo ready; while :; do sleep 1000 & wait; done";
    let mut command = Command::new("sh");
    let command = command.args(["-c", script]).process_group(0);
    let mut target = command.stdout(Stdio::piped()).spawn().expect("sh");
    let mut lines = BufReader::new(target.stdout.take().expect("a pipe")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    let pid = target.id().to_string();
    let sends = heeding(&mut Command::new(BINARY))
        .args(["signal", "TERM", &pid, "--wait", "600s"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it begins");
    assert_eq!(lines.next().expect("a line").expect("text"), "heard");
    send(&sends, Signal::SIGINT);
    let output = sends.wait_with_output().expect("it ends");
    let told = String::from_utf8(output.stdout).expect("text");
    let _ = kill(Pid::from_raw(-(target.id() as i32)), Signal::SIGKILL);
    target.wait().expect("it ends");
    assert!(told.contains("TERM delivered"), "{told:?}");
    assert_eq!(output.status.signal(), Some(Signal::SIGINT as i32));
}

/// A command that keeps a signal back from the start, and whatever program it becomes.
#[expect(
    unsafe_code,
    reason = "the child keeps a signal back before it is a program"
)]
fn keeping_back(command: &mut Command, signal: Signal) -> &mut Command {
    // SAFETY: only the mask of the new process is changed, which allocates nothing.
    unsafe {
        command.pre_exec(move || {
            let mut kept = nix::sys::signal::SigSet::empty();
            kept.add(signal);
            Ok(kept.thread_block()?)
        })
    }
}

#[test]
fn an_end_that_comes_first_sends_nothing_and_says_so() {
    let mut target = Command::new("sleep").arg("1000").spawn().expect("sleep");
    let pid = target.id().to_string();
    let mut command = Command::new("sh");
    let command = heeding(&mut command);
    // It waits for it from the start, since exec keeps what is kept back.
    let command = command.args([
        "-c",
        "kill -TERM $$; exec \"$0\" signal KILL \"$1\"",
        BINARY,
        &pid,
    ]);
    let output = keeping_back(command, Signal::SIGTERM)
        .output()
        .expect("it ends");
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(told, "nothing was sent: TERM came first\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(target.try_wait().expect("ours"), None, "it lives");
    target.kill().expect("ours");
    target.wait().expect("it ends");
}

/// As `nohup` asks: what is ignored neither ends it nor the wait for what becomes of a signal.
#[test]
fn an_end_that_is_ignored_does_not_keep_a_signal_back() {
    let mut target = Command::new("sleep").arg("1000").spawn().expect("sleep");
    let pid = target.id().to_string();
    let script = "trap '' HUP; kill -HUP $$; exec \"$0\" signal KILL \"$1\" --wait 600s";
    let mut command = Command::new("sh");
    let command = command.args(["-c", script, BINARY, &pid]);
    let output = keeping_back(command, Signal::SIGHUP)
        .output()
        .expect("it ends");
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(told.contains("KILL delivered"), "{told:?}");
    assert_eq!(output.status.code(), Some(0));
    target.wait().expect("it ends");
}
