//! Reports that take a while are asked to end early: what was seen until then is told, and nothing is asked twice.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

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
    for (report, rows) in [("time", "processes"), ("calls", "calls")] {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let mut looks = Command::new(BINARY)
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
    let mut records = Command::new("sh")
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
