//! Waits for what others have or bring, as the puppet says that they read: in JSON, and the same after a stop.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::puppet::Puppet;

/// What the threads wait for by their names, as `inspect` prints it.
fn told(pid: u32) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["inspect", &pid.to_string(), "threads", "--json"])
        .output()
        .expect("pscope runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn as_said(puppet: &Puppet) -> Result<(), String> {
    let told = told(puppet.pid());
    let threads = told["threads"].as_array().ok_or("no threads")?;
    for said in puppet.truth["calls"].as_array().expect("a list") {
        let thread = threads.iter().find(|t| t["name"] == said["name"]);
        let waits = thread.and_then(|t| t["waits_on"].as_str());
        let begins = said["waits"].as_str().expect("text");
        if !waits.is_some_and(|w| w.starts_with(begins)) {
            return Err(format!("{}: {waits:?}, not {begins}", said["name"]));
        }
        let ends = match said["name"].as_str() {
            Some("backlog") => "/full, whose backlog is full",
            Some("full port") => ", whose backlog is full",
            Some("writer") => " unsent",
            _ => "",
        };
        if !waits.is_some_and(|w| w.ends_with(ends)) {
            return Err(format!("{}: {waits:?}, without {ends}", said["name"]));
        }
    }
    Ok(())
}

/// Reads until everything is as it was said; a thread blocks a moment after it said so.
fn settle(puppet: &Puppet) {
    let end = Instant::now() + Duration::from_mins(1);
    while let Err(why) = as_said(puppet) {
        assert!(Instant::now() < end, "{why}");
    }
}

/// How many locks somebody waits for, as `ipc` counts them.
fn locks(pid: u32) -> usize {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["ipc", &pid.to_string(), "--json"])
        .output()
        .expect("pscope runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let edges = told["edges"].as_array().expect("edges");
    edges.iter().filter(|e| e["kind"] == "lock").count()
}

fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn send(pid: u32, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(pid as i32);
    nix::sys::signal::kill(pid, signal).expect("our own child");
}

#[test]
fn every_wait_reads_as_it_is_also_after_a_stop() {
    let puppet = Puppet::mode("calls");
    let first = told(puppet.pid());
    let hidden = |t: &Value| t["waits_on"] == "not shown to this user";
    if first["threads"]
        .as_array()
        .expect("threads")
        .iter()
        .any(hidden)
    {
        println!("skipped: this machine does not show system calls of our own children");
    } else {
        settle(&puppet);
        assert_eq!(locks(puppet.pid()), 2, "as many as threads say");
        send(puppet.pid(), nix::sys::signal::Signal::SIGSTOP);
        while state(puppet.pid()) != Some('T') {
            std::thread::yield_now();
        }
        send(puppet.pid(), nix::sys::signal::Signal::SIGCONT);
        settle(&puppet);
    }
}
