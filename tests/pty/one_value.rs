//! One word has one value on the screen, too: what list, overview and tabs call by a name is what JSON says.

use pscope::model::format::bytes;
use pscope::model::id::Bytes;
use serde_json::Value;

use super::puppet::Puppet;
use super::session::{Session, pscope};

fn inspected(pid: u32) -> Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["inspect", &pid.to_string(), "overview", "--json"])
        .output()
        .expect("pscope runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// A process is what it says that it is a moment after it said so.
fn settle(mode: &str, pid: u32) {
    let letter = match mode {
        "leader_ended" => 'Z',
        "stopped" => 'T',
        "vfork" => 'D',
        _ => 'S',
    };
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        stat.rsplit_once(") ").expect("a name").1.chars().next()
    };
    while state() != Some(letter) {
        std::thread::yield_now();
    }
}

#[test]
fn every_screen_says_what_json_says() {
    for mode in ["plain", "leader_ended", "stopped", "vfork", "locks"] {
        let puppet = Puppet::mode(mode);
        let pid = puppet.pid();
        settle(mode, pid);
        let told = inspected(pid);
        let (process, overview) = (&told["process"], &told["overview"]);
        let resident = bytes(Bytes(process["rss_bytes"].as_u64().expect("a number")));
        let threads = process["threads"].as_u64().expect("a number");
        let state = process["state"].as_str().expect("a letter");
        let number = pid.to_string();
        let mut session = Session::start(pscope(&[&number]), 160, 48);
        session.is_live();
        session.shows(&format!("holds {resident}"));
        session.shows(&format!("threads {threads}"));
        session.shows(&format!("state   {state} "));
        if !overview["descriptors"].is_null() {
            session.shows(&format!("descriptors {} of", overview["descriptors"]));
        }
        session.press(b"w");
        session.shows(&format!("{threads} thread"));
        session.press(b"\x1b");
        session.shows("Processes tree");
        // The same in its row of the list.
        let count = threads.to_string();
        let row = [state, resident.as_str(), &count];
        let named = |line: &&str| {
            line.starts_with('│')
                && line.contains(&format!(" {number} "))
                && line.contains("puppet")
        };
        let end = std::time::Instant::now() + std::time::Duration::from_mins(1);
        loop {
            let text = session.text();
            let left: Vec<&str> = text.lines().filter_map(|l| l.split("││").next()).collect();
            let line = left.into_iter().find(named).unwrap_or_default().to_owned();
            let mut words = line.split_whitespace();
            // In the order of the columns, with others between them.
            if row.iter().all(|value| words.any(|w| w == *value)) {
                break;
            }
            assert!(
                std::time::Instant::now() < end,
                "{mode}: {line}, not {row:?}\n{text}"
            );
        }
        session.press(b"\x03");
        assert_eq!(session.ends(), 0);
    }
}
