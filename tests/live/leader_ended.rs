//! A process whose first thread has ended lives on: every place tells of its living threads.

use std::process::Command;

use serde_json::Value;

use super::puppet::Puppet;

fn json(args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(args)
        .output()
        .expect("pscope runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn ended(pid: u32) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    text.contains(") Z ")
}

#[test]
fn a_process_is_its_living_threads() {
    let puppet = Puppet::mode("leader_ended");
    while !ended(puppet.pid()) {
        std::thread::yield_now();
    }
    let pid = puppet.pid().to_string();
    let told = json(&["inspect", &pid, "--json"]);
    let process = &told["process"];
    assert_eq!(process["state"], "S", "{process}");
    let mib80 = 80 << 20;
    assert!(process["rss_bytes"].as_u64() >= Some(mib80), "{process}");
    let regions = told["regions"].as_array().expect("regions");
    let resident: u64 = regions.iter().filter_map(|r| r["rss_bytes"].as_u64()).sum();
    assert!(resident >= mib80, "{resident}");
    let files = told["descriptors"].as_array().expect("descriptors");
    let held = |f: &Value| f["target"].as_str().is_some_and(|t| t.ends_with("/limits"));
    assert!(files.iter().any(held), "{files:?}");
    let text = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["inspect", &pid])
        .output()
        .expect("pscope runs");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("first thread has ended, 2 go on: sleeping"),
        "{text}"
    );
    let listed = json(&["ps", "--json"]);
    let listed = listed["processes"].as_array().expect("processes");
    let row = listed
        .iter()
        .find(|p| p["pid"] == puppet.pid())
        .expect("listed");
    for (key, value) in row.as_object().expect("a row") {
        let moves = ["cpu_percent", "time_seconds"].contains(&key.as_str());
        assert!(
            moves || process[key] == *value,
            "{key}: {value} and {}",
            process[key]
        );
    }
}
