//! One word has one value: what the list, the tree, the overview, the sections of `inspect` and its JSON call by the same
//! name is the same, whatever the process is about.

use std::process::Command;

use serde_json::Value;

use super::ordinary::Program;
use super::puppet::Puppet;

fn output(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(args)
        .output()
        .expect("pscope runs");
    String::from_utf8(output.stdout).expect("text")
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&output(args)).unwrap_or_else(|_| panic!("{args:?}"))
}

/// The row of a process in a report, or in a tree.
fn row_of(rows: &Value, pid: u32) -> Option<&Value> {
    let mut rows = rows.as_array()?.iter();
    rows.find_map(|row| {
        if row["pid"] == pid {
            Some(row)
        } else {
            row_of(&row["children"], pid)
        }
    })
}

/// Values that go on between two readings, or are measured over them.
const MOVING: [&str; 6] = [
    "cpu_percent",
    "cpu_time_ms",
    "time_seconds",
    "rss_bytes",
    "processor",
    "unavailable",
];

/// Pages that the kernel may not have counted yet, since it counts by core.
const UNCOUNTED: u64 = 1 << 20;

fn same_rows(a: &Value, b: &Value, what: &str) {
    for (key, value) in a.as_object().expect("a row") {
        let other = &b[key.as_str()];
        let told = !other.is_null() && !MOVING.contains(&key.as_str());
        assert!(
            !told || other == value,
            "{what}: {key}: {value} and {other}"
        );
    }
}

/// Every mention of a process in a report, however deep: as a row, a holder, a peer, a member.
fn mentions<'a>(told: &'a Value, pid: u32, into: &mut Vec<&'a Value>) {
    match told {
        Value::Array(all) => all.iter().for_each(|one| mentions(one, pid, into)),
        Value::Object(all) => {
            if told["pid"] == pid {
                into.push(told);
            }
            all.values().for_each(|one| mentions(one, pid, into));
        }
        _ => {}
    }
}

/// What holders, peers and members are called, in the reports of the views, is what the process is called everywhere.
fn same_in_views(mode: &str, pid: u32, process: &Value) {
    let number = pid.to_string();
    let reports: [&[&str]; 3] = [
        &["system", "--json"],
        &["ipc", &number, "--json"],
        &["inspect", &number, "files", "--json"],
    ];
    for args in reports {
        let told = json(args);
        let mut all = Vec::new();
        mentions(&told, pid, &mut all);
        for one in all {
            same_rows(one, process, &format!("{mode} in {args:?}"));
        }
    }
    // As the only member of a group of its own, it is what the group has.
    let grouped = json(&["ps", "--group-by", "program", "--json"]);
    let groups = grouped["groups"].as_array().expect("groups");
    let alone = groups
        .iter()
        .find(|group| group["members"] == serde_json::json!([pid]));
    if let Some(group) = alone {
        assert_eq!(group["threads"], process["threads"], "{mode}");
        assert_eq!(group["processes"], 1, "{mode}");
    }
    // Descriptors of its own that others hold the other end of name it as it is named.
    let listed = |told: &Value| {
        let kinds = told["descriptors"].as_array().into_iter().flatten();
        kinds
            .map(|d| (d["fd"].clone(), d["kind"].clone(), d["inode"].clone()))
            .collect::<Vec<_>>()
    };
    let one = json(&["inspect", &number, "files", "--json"]);
    let other = json(&["inspect", &number, "--json"]);
    assert_eq!(listed(&one), listed(&other), "{mode}");
}

fn sum(of: &Value, key: &str) -> u64 {
    let all = of.as_array().expect("a list");
    all.iter().filter_map(|r| r[key].as_u64()).sum()
}

fn check(mode: &str, pid: u32) {
    let number = pid.to_string();
    let inspected = json(&["inspect", &number, "--json"]);
    let process = &inspected["process"];
    for report in ["ps", "tree"] {
        let told = json(&[report, "--json"]);
        let row = row_of(&told["processes"], pid).expect("listed");
        same_rows(row, process, &format!("{mode} in {report}"));
    }
    same_in_views(mode, pid, process);
    if inspected["regions"].is_null() {
        println!("skipped: {mode}: its memory is not shown to this user");
        return;
    }
    let count = |key: &str| inspected[key].as_array().map(|l| l.len() as u64);
    assert_eq!(process["threads"].as_u64(), count("threads"), "{mode}");
    let overview = &inspected["overview"];
    // The kernel counts those too that accept(2) has reserved for who will come, and which have no entry yet.
    let threads = inspected["threads"].as_array().expect("threads");
    let accepts = |t: &&Value| {
        t["waits_on"]
            .as_str()
            .is_some_and(|w| w.starts_with("accept"))
    };
    let reserved = threads.iter().filter(accepts).count() as u64;
    let listed = count("descriptors").map(|n| n + reserved);
    assert_eq!(overview["descriptors"].as_u64(), listed, "{mode}");
    for key in ["size_bytes", "rss_bytes"] {
        let kinds = inspected["memory_by_kind"].as_object().expect("kinds");
        let by_kind: u64 = kinds.values().filter_map(|k| k[key].as_u64()).sum();
        assert_eq!(sum(&inspected["regions"], key), by_kind, "{mode}: {key}");
    }
    let resident = process["rss_bytes"].as_u64().expect("a number");
    let regions = sum(&inspected["regions"], "rss_bytes");
    assert!(
        resident.abs_diff(regions) <= UNCOUNTED,
        "{mode}: {resident} and {regions}"
    );
    let text = output(&["inspect", &number, "overview"]);
    let line = |label: &str| {
        let mut lines = text.lines().map(str::trim_start);
        let line = lines.find(|l| l.starts_with(label)).unwrap_or_default();
        line.strip_prefix(label)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let state = process["state"].as_str().expect("a letter");
    assert!(line("state").starts_with(state), "{mode}: {text}");
    assert_eq!(
        line("descriptors"),
        overview["descriptors"].to_string(),
        "{mode}"
    );
    let policy = overview["policy"].as_str().expect("a policy");
    assert!(line("policy").starts_with(policy), "{mode}: {text}");
    let tracer = overview["tracer"]["pid"].as_u64();
    let told = line("traced by");
    let told = told.split(' ').next().and_then(|n| n.parse().ok());
    assert_eq!(tracer, told, "{mode}");
}

#[test]
fn one_word_has_one_value() {
    let puppet = Puppet::start();
    check("all parts", puppet.pid());
    for mode in [
        "plain",
        "leader_ended",
        "stopped",
        "vfork",
        "sigwait",
        "signalfd",
        "traced",
        "seized",
        "locks",
    ] {
        let puppet = Puppet::mode(mode);
        let traced = mode == "traced" || mode == "seized";
        // A process is what it says that it is a moment after it said so.
        let settled = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", puppet.pid()));
            let stat = stat.expect("it lives");
            let state = stat.rsplit_once(") ").expect("a name").1.chars().next();
            match mode {
                "stopped" => state == Some('T'),
                "vfork" => state == Some('D'),
                "traced" => state == Some('t'),
                "leader_ended" => state == Some('Z'),
                _ => state == Some('S'),
            }
        };
        while !settled() {
            std::thread::yield_now();
        }
        check(mode, puppet.pid());
        if traced {
            let told = json(&["inspect", &puppet.pid().to_string(), "overview", "--json"]);
            let tracer = told["overview"]["tracer"]["name"].as_str();
            assert_eq!(tracer, Some("puppet"), "{mode}");
        }
    }
}

/// How many descriptors a stranger has is told to everybody since Linux 6.2, though not which.
#[test]
fn how_many_descriptors_a_stranger_has_is_one_number() {
    let program = Program::new();
    let ordinary = || {
        if nix::unistd::geteuid().is_root() {
            program.as_nobody()
        } else {
            Command::new(program.path())
        }
    };
    let ask = |command: &mut Command, args: &[&str]| {
        let output = command.args(args).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("text");
        serde_json::from_str::<Value>(&text).unwrap_or_else(|e| panic!("{args:?}: {e}: {text}"))
    };
    let list = ask(&mut ordinary(), &["ps", "--json", "--columns", "pid,fds"]);
    let first = ask(&mut ordinary(), &["inspect", "1", "--json"]);
    let listed = row_of(&list["processes"], 1).map(|row| row["columns"]["fds"].is_null());
    assert_eq!(listed, Some(first["overview"]["descriptors"].is_null()));
}
