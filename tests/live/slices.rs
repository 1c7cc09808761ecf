//! `pscope slices` as it is called: what it prints, how it ends, and what it hears without any right.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::heeding::heeding;
use super::ordinary::Program;

/// A program that is killed, with all that it started, when this is dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let command = command.stderr(Stdio::piped()).process_group(0);
        let command = heeding(command);
        Self(command.spawn().expect("it starts"))
    }

    fn lines(&mut self) -> impl Iterator<Item = Value> + use<> {
        let out = BufReader::new(self.0.stdout.take().expect("piped"));
        out.lines().map(|line| {
            let line = line.expect("text");
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
        })
    }

    /// Waits for its end; what it complained of.
    fn ended(&mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + Duration::from_mins(1);
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("our child") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut complaint = String::new();
        let mut err = self.0.stderr.take().expect("piped");
        std::io::Read::read_to_string(&mut err, &mut complaint).expect("text");
        (status.code(), complaint)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = nix::unistd::Pid::from_raw(self.0.id() as i32);
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

fn pscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
    command.arg("slices").args(args);
    command
}

/// Splits off the summary.
fn whole(lines: impl Iterator<Item = Value>) -> (Vec<Value>, Value) {
    let mut all: Vec<_> = lines.collect();
    let last = all.pop().expect("at least the summary");
    (all, last["summary"].clone())
}

#[test]
fn slices_of_a_core_never_overlap_and_the_summary_counts_them() {
    let mut running = Running::start(&mut pscope(&["--for", "700ms", "--json"]));
    let (all, summary) = whole(running.lines());
    assert_eq!(running.ended(), (Some(0), String::new()));
    assert_eq!(summary["slices"], all.len());
    if summary["source"] != "exact" {
        println!("skipped: single slices are not told here: {summary}");
        return;
    }
    assert!(!all.is_empty(), "{summary}");
    let mut ends = std::collections::HashMap::new();
    for slice in &all {
        let number = |key: &str| slice[key].as_u64().expect("a number");
        assert!(number("end_ns") >= number("start_ns"), "{slice}");
        let before = ends.insert(number("cpu"), number("end_ns")).unwrap_or(0);
        assert!(number("start_ns") >= before, "{slice}");
        assert!(slice["name"].is_string() && number("tid") > 0, "{slice}");
        // Whoever waited is told to have been made ready, and a thread that woke it is named.
        let by = slice["ready_by"].as_str();
        assert_eq!(slice["waited_ns"].is_u64(), by.is_some(), "{slice}");
        assert_eq!(slice["waker_tid"].is_u64(), by == Some("thread"), "{slice}");
        let woken = by.is_some_and(|by| by != "preempted");
        assert_eq!(slice["waker_cpu"].is_u64(), woken, "{slice}");
    }
    // The report itself sleeps until a time.
    let mine = |s: &&Value| s["pid"] == running.0.id();
    let mine = all.iter().filter(mine);
    let mine: Vec<_> = mine.filter_map(|s| s["ready_by"].as_str()).collect();
    if !mine.contains(&"timer") {
        println!("skipped: this user is not told who wakes whom: {mine:?}, {summary}");
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut short = Running::start(&mut pscope(&["--for", "50ms", "--json"]));
    let (_, summary) = whole(short.lines());
    if summary["source"] != "exact" {
        println!("skipped: nothing is written before the end here: {summary}");
        return;
    }
    let mut running = Running::start(&mut pscope(&["--for", "600s", "--json"]));
    let mut lines = running.lines();
    assert!(lines.next().expect("somebody runs")["cpu"].is_u64());
    drop(lines);
    assert_eq!(running.ended(), (Some(0), String::new()));
}

#[test]
fn a_trace_is_whole_though_nobody_reads_the_lines_or_it_is_not_begun() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("trace");
    let name = path.to_str().expect("text");
    let args = ["--for", "600s", "--json", "--perfetto", name];
    let mut running = Running::start(&mut pscope(&args));
    let mut lines = running.lines();
    let first = lines.next();
    drop(lines);
    let (code, complaint) = running.ended();
    if first.is_none() {
        // Where only sums are known, there is nothing to make it of.
        println!("refused here: {complaint}");
        assert_eq!(code, Some(4));
        assert!(!path.exists(), "nothing is written");
        return;
    }
    assert_eq!((code, complaint), (Some(0), String::new()));
    let trace = std::fs::read(&path).expect("written");
    // The last packet names the processes: field 2 of a packet, field 1 of the trace.
    let (mut rest, mut last) = (&trace[..], 0);
    while let [0x0a, tail @ ..] = rest {
        let mut length = 0_usize;
        let digits = tail.iter().position(|b| b & 0x80 == 0).expect("a length");
        for (i, byte) in tail[..=digits].iter().enumerate() {
            length |= usize::from(byte & 0x7f) << (7 * i);
        }
        let packet = &tail[digits + 1..];
        last = packet[0];
        rest = &packet[length..];
    }
    assert!(rest.is_empty(), "{} bytes are no packet", rest.len());
    assert_eq!(last >> 3, 2, "the names of processes");
}

/// Sends what Ctrl-c sends, once the program has asked to be told of it: its descriptor for signals is there.
fn interrupt_when_it_listens(running: &Running) {
    let pid = running.0.id();
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let open = std::fs::read_dir(format!("/proc/{pid}/fd"));
        let mut links = open.into_iter().flatten().flatten();
        let listens = links.any(|fd| {
            std::fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str() == "anon_inode:[signalfd]")
        });
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let ended = status.lines().any(|l| l.starts_with("State:\tZ"));
        if ended || listens {
            break;
        }
        assert!(Instant::now() < deadline, "it does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = nix::unistd::Pid::from_raw(pid as i32);
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT);
}

#[test]
fn an_interrupt_ends_it_with_its_summary() {
    let mut running = Running::start(&mut pscope(&["--for", "600s", "--json"]));
    interrupt_when_it_listens(&running);
    let (all, summary) = whole(running.lines());
    assert_eq!(running.ended(), (Some(0), String::new()));
    assert_eq!(summary["slices"], all.len());
    assert!(summary["seconds"].as_f64().expect("a number") < 600.0);
}

#[test]
fn an_ordinary_user_hears_a_process_of_ones_own() {
    // `sh` spins beside the program that looks at it.
    let script = "while :; do :; done >/dev/null 2>&1 & exec \"$0\" slices $! --for 1s --json";
    let program = Program::new();
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program.path());
    let root = nix::unistd::geteuid().is_root();
    if root {
        command.uid(65_534).gid(65_534);
    }
    let mut running = Running::start(&mut command);
    let mut lines = running.lines().peekable();
    if lines.peek().is_none() {
        println!("skipped: {}", running.ended().1);
        return;
    }
    let (all, summary) = whole(lines);
    let paranoid = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
    let paranoid: i32 = paranoid.map_or(9, |t| t.trim().parse().unwrap_or(9));
    println!("paranoid {paranoid}: {summary}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let capable = !status.contains("CapEff:\t0000000000000000");
    if !(1..=2).contains(&paranoid) || (capable && !root) {
        println!("skipped: only with paranoid 1 or 2 and without capabilities is this certain");
        return;
    }
    assert_eq!(summary["source"], "own");
    assert!(
        summary["why"]
            .as_str()
            .expect("why")
            .contains("CAP_PERFMON")
    );
    assert!(!all.is_empty(), "{summary}");
    let pids: std::collections::HashSet<_> = all.iter().map(|s| s["pid"].as_u64()).collect();
    assert_eq!(pids.len(), 1, "nobody else is heard");
    assert!(all.iter().all(|s| s["name"] == "sh"));
}
