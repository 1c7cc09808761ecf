//! Triggers that fire on what really happens.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::puppet::Puppet;

const BINARY: &str = env!("CARGO_BIN_EXE_pscope");

/// Whoever waits for a child of vfork(2) sleeps uninterruptibly, as on a disk that does not answer.
#[test]
fn who_hangs_in_uninterruptible_sleep_is_met() {
    let dir = tempfile::tempdir().expect("a directory");
    let puppet = Puppet::mode("vfork");
    let pid = puppet.pid();
    let recorder = Command::new(BINARY)
        .args(["record", "--when", &format!("state:D for 300ms pid:{pid}")])
        .args(["--before", "1s", "--after", "100ms", "--count", "1"])
        .args(["--interval", "50ms", "--for", "60s"])
        .arg(dir.path().join("night"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it begins");
    let output = recorder.wait_with_output().expect("ours");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let fired = format!("state:D for 300ms pid:{pid}: {pid} ");
    assert!(
        said.contains(&fired) && said.contains("; kept in "),
        "{said}"
    );
    let file = said
        .rsplit("kept in ")
        .next()
        .map(str::trim)
        .expect("a file");
    let told = Command::new(BINARY)
        .args(["ps", &format!("pid:{pid}"), "--json", "--from", file])
        .output()
        .expect("it runs");
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(told["processes"][0]["state"], "D", "{told}");
}
