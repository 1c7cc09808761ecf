//! `pscope time`: who woke a process, against what its parent knows of it.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_pscope");

/// `cat` that is written to by this thread alone, so long as `pscope time` looks.
#[test]
fn whoever_writes_to_a_pipe_wakes_who_reads_it() {
    let mut cat = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat starts");
    let mut looks = Command::new(BINARY)
        .args(["time", &cat.id().to_string(), "--for", "1s", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it begins");
    let (mut to, mut from) = (
        cat.stdin.take().expect("piped"),
        cat.stdout.take().expect("piped"),
    );
    let mut byte = [7];
    while looks.try_wait().expect("ours").is_none() {
        to.write_all(&byte).expect("read");
        from.read_exact(&mut byte).expect("echoed");
    }
    drop(to);
    cat.wait().expect("it ends");
    let mut text = String::new();
    let mut out = looks.stdout.take().expect("piped");
    out.read_to_string(&mut text).expect("UTF-8");
    let told: Value = serde_json::from_str(&text).expect("JSON");
    let Some(by) = told["wakers"].as_array() else {
        println!("skipped: programs in the kernel need CAP_BPF and CAP_PERFMON, or root");
        assert_eq!(told["unavailable"]["wakers"], "denied");
        return;
    };
    let me = nix::unistd::gettid().as_raw();
    let mine = by.iter().find(|row| row["tid"] == me).expect("we woke it");
    assert_eq!(mine["pid"], std::process::id());
    let count = |row: &Value| row["count"].as_u64().expect("a number");
    let strangers = by
        .iter()
        .filter(|row| row["interrupt"].is_null() && row["tid"] != me);
    assert_eq!(strangers.map(count).sum::<u64>(), 0, "{by:?}");
    // Longer than what schedstat counts: it begins with the wake-up, not when the other core has heard of it.
    let waited: u64 = by.iter().filter_map(|row| row["waited_ns"].as_u64()).sum();
    let span = told["span_ns"].as_u64().expect("a number");
    assert!(0 < waited && waited <= span, "{waited} {span}");
}

/// Shorter than two readings are apart, as any time may be on a busy machine.
#[test]
fn who_lives_is_told_however_short_one_looks() {
    let mut cat = Command::new("cat")
        .stdin(Stdio::piped())
        .spawn()
        .expect("cat starts");
    let told = Command::new(BINARY)
        .args(["time", &cat.id().to_string(), "--for", "1ms", "--json"])
        .output()
        .expect("it runs");
    drop(cat.stdin.take());
    cat.wait().expect("it ends");
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{said}");
}

/// The threads of each process of a tree, each below its own.
#[test]
fn of_a_tree_the_threads_of_each_process_are_told() {
    let mut shell = Command::new("sh")
        .args(["-c", "sleep 60 & echo $!; wait"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let mut child = String::new();
    let mut out = std::io::BufReader::new(shell.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut out, &mut child).expect("a number");
    let child = child.trim();
    let child_id = child.to_owned();
    let told = Command::new(BINARY)
        .args([
            "time",
            &shell.id().to_string(),
            "--tree",
            "--threads",
            "--for",
            "200ms",
        ])
        .output()
        .expect("it begins");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let of = |pid: &str| {
        let lines = text
            .lines()
            .skip_while(|l| !l.starts_with(&format!("{pid} ")));
        lines
            .skip(1)
            .find(|l| l.starts_with("  ") && l.trim_start().starts_with(&format!("{pid} ")))
            .is_some()
    };
    let shell_id = shell.id().to_string();
    let told = Command::new(BINARY)
        .args(["time", &shell_id, "--tree", "--for", "50ms", "--json"])
        .output()
        .expect("it begins");
    let json: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let pids = |of: &Value| of["process"]["pid"].to_string();
    let below = json["descendants"].as_array().expect("a list").iter();
    let below: Vec<String> = below.map(pids).collect();
    let both = of(&shell.id().to_string()) && of(child);
    let child = nix::unistd::Pid::from_raw(child.parse().expect("a number"));
    nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).expect("ours");
    shell.wait().expect("it ends");
    assert!(told.status.success() && both, "{text}");
    assert!(text.contains("2 processes together"), "{text}");
    assert_eq!((pids(&json), below), (shell_id, vec![child_id]), "{json}");
}

/// A shell whose children end before anybody could look at them: what they used is told, as much as the kernel says.
#[test]
fn of_a_tree_nobody_is_left_out_who_ends_soon() {
    let burn = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
    let mut shell = Command::new("sh")
        .args(["-c", &format!("while :; do ({burn}) ; done")])
        .spawn()
        .expect("sh starts");
    let id = shell.id().to_string();
    let ticks = || {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it lives");
        let (_, rest) = text.rsplit_once(')').expect("a name");
        let fields: Vec<u64> = rest
            .split_whitespace()
            .skip(11)
            .take(4)
            .map(|n| n.parse().expect("a number"))
            .collect();
        // Of its ended children, in ticks of ten milliseconds.
        (fields[2] + fields[3]) * 10_000_000
    };
    let before = ticks();
    let told = Command::new(BINARY)
        .args(["time", &id, "--tree", "--for", "2s", "--json"])
        .output()
        .expect("it runs");
    let after = ticks();
    shell.kill().expect("ours");
    shell.wait().expect("it ends");
    let json: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let of = |value: &Value| value["running_ns"].as_u64().unwrap_or(0);
    let below: u64 = json["descendants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(of)
        .sum();
    let short = &json["short_lived"];
    let told = below + of(short);
    // No more than the kernel counted around it, but for who had not ended yet; and most of it: the window is within.
    let window = json["seconds"].as_f64().expect("a number");
    assert!(
        told <= after - before + 200_000_000,
        "{told} of {} in {window}: {short}",
        after - before
    );
    assert!(told > 0 && of(short) * 4 > told, "{json}");
    match json["source"].as_str() {
        Some("exact") => assert!(
            short["names"][0]["name"] == "sh" && short["processes"].as_u64() > Some(1),
            "{short}"
        ),
        _ => assert_eq!(short["source"], "ended_children"),
    }
}
