//! Recordings from the command line: slices, JSON lines, a full disk, what is refused.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{pscope, text};

const BINARY: &str = env!("CARGO_BIN_EXE_pscope");

/// Slices, then only sums: each stretch is told by itself.
#[test]
fn slices_are_recorded_and_told_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let path = file.to_str().expect("UTF-8");
    let summaries = || -> Vec<Value> {
        let output = pscope(&["slices", "--from", path, "--json", "--for", "1m"]);
        let out = text(&output.stdout);
        assert!(output.status.success(), "{out}");
        let lines = out.lines();
        let all = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = all.filter_map(|line| line.get("summary").cloned());
        told.collect()
    };
    let mut first = Vec::new();
    for how in ["all", "sums"] {
        let recorded = pscope(&[
            "record",
            path,
            "--interval",
            "100ms",
            "--slices",
            how,
            "--for",
            "2s",
        ]);
        assert!(recorded.status.success(), "{}", text(&recorded.stderr));
        if how == "all" {
            first = summaries();
        }
    }
    let all = summaries();
    for told in &all {
        let source = told["source"].as_str().expect("a source");
        assert!(["exact", "own", "sampled"].contains(&source), "{told}");
    }
    // Where single slices are not told to this user, or not at that moment, there are only sums.
    let single = |told: &Value| told["processes"].is_null();
    assert!(!single(all.last().expect("a summary")), "{all:?}");
    // In a moment of very many switches they are summed too.
    if first.iter().any(single) {
        let slices = |told: &Value| single(told) && told["slices"].as_u64() > Some(0);
        assert!(all.iter().any(slices), "{all:?}");
        for pair in all.windows(2) {
            assert!(
                pair[0]["end_ns"].as_u64() <= pair[1]["start_ns"].as_u64(),
                "{all:?}"
            );
        }
        let output = pscope(&["slices", "--from", path, "--for", "1m"]);
        let out = text(&output.stdout);
        let heads = out.lines().filter(|line| line.contains(" to "));
        assert_eq!(heads.count(), all.len(), "{out}");
    } else {
        println!(
            "skipped: single slices are not told here: {}",
            all[0]["why"]
        );
    }
}

/// Records a process of ours with the inspector's parts until all of them are there; answers the path.
fn inspected(dir: &std::path::Path, more: &[&str]) -> (String, u32) {
    let program = dir.join("pscope-wasp");
    fs::copy("/bin/sleep", &program).expect("copied");
    let mut child = Command::new(&program)
        .arg("1000")
        .env("PSCOPE_TOKEN", "hunter2")
        .env("PSCOPE_PLAIN", "yellow")
        .stdin(Stdio::piped())
        .spawn()
        .expect("it begins");
    let pid = child.id().to_string();
    let file = dir.join("a.pscope");
    let path = file.to_str().expect("UTF-8").to_owned();
    let mut recorder = Command::new(BINARY)
        .args(["record", &path, "--interval", "200ms"])
        .args(["--inspect", "name:pscope-wasp"])
        .args(more)
        .spawn()
        .expect("it runs");
    let there = |args: &[&str], word: &str| {
        let args = [args, &["--from", &path]].concat();
        text(&pscope(&args).stdout).contains(word)
    };
    let all = || {
        let unread = "not read at that moment";
        ["files", "memory", "threads", "signals"]
            .iter()
            .all(|part| !there(&["inspect", &pid, part], unread))
            && there(&["ipc", &pid], "pipe")
            && there(&["system"], "without swapping")
            && (more.is_empty() || !there(&["inspect", &pid, "environment"], unread))
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(2);
    while !file.exists() || !all() {
        assert!(recorder.try_wait().expect("ours").is_none(), "it goes on");
        assert!(
            std::time::Instant::now() < deadline,
            "it is never all there"
        );
    }
    let recording = nix::unistd::Pid::from_raw(recorder.id() as i32);
    nix::sys::signal::kill(recording, nix::sys::signal::Signal::SIGTERM).expect("ours");
    assert!(recorder.wait().expect("it ends").success());
    child.kill().expect("ours");
    child.wait().expect("it ends");
    (path, child.id())
}

#[test]
fn what_the_inspector_shows_is_recorded_of_whom_one_asks() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, pid) = inspected(dir.path(), &[]);
    let of = |section: &str| {
        let pid = pid.to_string();
        let args = ["inspect", pid.as_str(), section, "--from", &path];
        text(&pscope(&args).stdout)
    };
    assert!(of("files").contains("stdin"), "{}", of("files"));
    assert!(of("memory").contains("heap"), "{}", of("memory"));
    assert!(of("threads").contains("pscope-wasp"), "{}", of("threads"));
    assert!(of("signals").contains("TERM") || of("signals").contains("default"));
    // Nobody asked for environments.
    assert!(of("environment").contains("was not read at that moment"));
    let bytes = fs::read(&path).expect("there");
    assert!(!bytes.windows(7).any(|bytes| bytes == b"hunter2"));
    let json = pscope(&["inspect", &pid.to_string(), "--json", "--from", &path]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["descriptors"][0]["fd"], 0, "{json}");
    assert_eq!(json["unavailable"]["environment"], "unrecorded");
    // Calls are counted only while somebody looks at them.
    let ps = pscope(&["ps", "--columns", "calls", "--json", "--from", &path]);
    let ps: Value = serde_json::from_slice(&ps.stdout).expect("JSON");
    let columns = &ps["processes"][0]["columns"];
    let why = &columns["unavailable"]["calls_per_second"];
    assert_eq!(why, "unrecorded", "{ps}");
    // Somebody else was not looked at: of him there is what was asked for, as of the living, and no more.
    for (section, line) in [
        (
            "files",
            "  – files were not read at that moment: record --inspect FILTER keeps them",
        ),
        (
            "memory",
            "  – memory was not read at that moment: record --inspect FILTER keeps them",
        ),
    ] {
        let other = text(&pscope(&["inspect", "1", section, "--from", &path]).stdout);
        let lines: Vec<&str> = other.lines().collect();
        assert_eq!(lines.get(1..), Some(&[line][..]), "{other}");
    }
    let overview = text(&pscope(&["inspect", "1", "overview", "--from", &path]).stdout);
    assert!(
        overview.contains("PPID") && overview.contains("overview was not read"),
        "{overview}"
    );
    // The machine is, and who talks to whom.
    let system = text(&pscope(&["system", "--from", &path]).stdout);
    assert!(system.contains(" can be had without swapping"), "{system}");
    let ipc = pscope(&["ipc", &pid.to_string(), "--json", "--from", &path]);
    let ipc: Value = serde_json::from_slice(&ipc.stdout).expect("JSON");
    let kinds = ipc["edges"].as_array().expect("edges").iter();
    assert!(
        kinds.map(|e| &e["kind"]).any(|kind| kind == "pipe"),
        "{ipc}"
    );
}

/// Of what a recording does not hold nothing is to come, whichever report is asked.
#[test]
fn nothing_of_a_recording_is_to_come() {
    let files = ["version-1", "1.0.0", "1.0.0-linked"];
    let files = files.map(|name| format!("tests/recordings/{name}.pscope"));
    let columns = "cpu,cpu1,read,write,pss,growth,net-in,gpu,calls,wait,fds,waits-for,unit,ports";
    let mut unrecorded = 0;
    for file in &files {
        for (report, more) in [
            ("ps", &["--columns", columns][..]),
            ("ps", &["--group-by", "user"]),
            ("tree", &[]),
            ("system", &[]),
            ("inspect", &["1"]),
            ("ipc", &[]),
        ] {
            let args = [&[report], more, &["--json", "--from", file.as_str()][..]].concat();
            let told = text(&pscope(&args).stdout);
            assert!(!told.contains("\"soon\""), "{args:?}: {told}");
            unrecorded += told.matches("\"unrecorded\"").count();
        }
    }
    assert!(unrecorded > 0);
}

#[test]
fn environments_are_recorded_where_that_is_asked() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, pid) = inspected(dir.path(), &["--environment"]);
    let args = ["inspect", &pid.to_string(), "environment", "--from", &path];
    let said = text(&pscope(&args).stdout);
    assert!(
        said.contains("yellow") && !said.contains("hunter2"),
        "{said}"
    );
    let refused = pscope(&["record", "x", "--environment"]);
    assert_eq!(refused.status.code(), Some(2));
    let unmade = dir.path().join("unmade");
    let made = unmade.to_str().expect("UTF-8");
    let wrong = pscope(&["record", made, "--inspect", "cpu>x"]);
    let said = text(&wrong.stderr);
    assert!(
        wrong.status.code() == Some(2) && said.contains("--inspect"),
        "{said}"
    );
    assert!(!unmade.exists(), "nothing is written for nothing");
}

/// SIGKILL in the middle of a write costs what was being written and no more.
#[test]
fn a_killed_recorder_leaves_a_recording() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let path = file.to_str().expect("UTF-8");
    let mut recorder = Command::new(BINARY)
        .args(["record", path, "--interval", "10ms"])
        .spawn()
        .expect("it begins");
    let long = || fs::metadata(&file).map_or(0, |meta| meta.len());
    let mut last = 0;
    // Some ticks after the first whole state, each of which may be written in parts.
    for _ in 0..40 {
        while long() <= last {
            assert!(recorder.try_wait().expect("ours").is_none(), "it goes on");
            std::thread::yield_now();
        }
        last = long();
    }
    recorder.kill().expect("ours");
    recorder.wait().expect("it ends");
    let lines = pscope(&["ps", "--from", path, "--json", "--every", "1ms"]);
    let ticks: std::collections::BTreeSet<u64> = text(&lines.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| line["time_unix_ms"].as_u64())
        .collect();
    assert!(ticks.len() >= 3, "{ticks:?} {}", text(&lines.stderr));
    // And it is gone on with, though its end was cut off.
    let cut = long() - 3;
    let whole = fs::OpenOptions::new().write(true).open(&file);
    whole.expect("ours").set_len(cut).expect("shorter");
    let again = pscope(&["record", path, "--interval", "50ms", "--for", "500ms"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(pscope(&["ps", "--from", path]).status.success());
}

/// Two that wrote to one file would spoil it; the lock ends with who has it, also where he is killed.
#[test]
fn a_file_that_is_recorded_to_is_not_given_to_another() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let path = file.to_str().expect("UTF-8");
    let mut first = Command::new(BINARY)
        .args(["record", path, "--interval", "50ms"])
        .spawn()
        .expect("it begins");
    while !pscope(&["ps", "--from", path]).status.success() {
        assert!(first.try_wait().expect("ours").is_none(), "it goes on");
    }
    let second = pscope(&["record", path, "--for", "100ms"]);
    let err = text(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{err}");
    assert!(
        err.contains(path) && err.contains("another pscope writes to it"),
        "{err}"
    );
    assert!(err.contains("name another file"), "{err}");
    first.kill().expect("ours");
    first.wait().expect("it ends");
    let third = pscope(&["record", path, "--for", "100ms"]);
    assert!(third.status.success(), "{}", text(&third.stderr));
    let lines = pscope(&["ps", "pid:1", "--from", path, "--json", "--every", "1ms"]);
    assert!(lines.status.success(), "{}", text(&lines.stderr));
}

#[test]
fn a_full_disk_is_said_and_what_is_there_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("small");
    fs::create_dir(&place).expect("made");
    let script = format!(
        "mount -t tmpfs -o size={2}k none {0} 2>/dev/null || exit 77; {BINARY} record {0}/x --interval 10ms --for 60s; s=$?; cp {0}/x {1}/kept; exit $s",
        place.display(),
        dir.path().display(),
        // Room for one state, however many live here.
        64 + fs::read_dir("/proc").map_or(0, Iterator::count) / 32,
    );
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script])
        .output();
    let output = match output {
        Ok(output) if output.status.code() == Some(1) && dir.path().join("kept").exists() => output,
        Ok(output) if output.status.success() => panic!("it never was full"),
        _ => {
            println!("skipped: no private mounts can be made here");
            return;
        }
    };
    let err = text(&output.stderr);
    assert!(
        err.contains("No space left") && err.contains("is kept"),
        "{err}"
    );
    let kept = dir.path().join("kept");
    let output = pscope(&["ps", "--from", kept.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Where there is no room for anything no empty file is left, and the advice is about room.
#[test]
fn a_disk_without_any_room_leaves_no_empty_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("small");
    fs::create_dir(&place).expect("made");
    let script = format!(
        "mount -t tmpfs -o size=64k none {0} 2>/dev/null || exit 77; \
         head -c 64k /dev/zero > {0}/other; head -c 64k /dev/zero >> {0}/other; \
         {BINARY} record {0}/x --interval 10ms --for 10s; s=$?; ls {0}; exit $s",
        place.display(),
    );
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script])
        .output();
    let output = match output {
        Ok(output) if text(&output.stdout).contains("other") => output,
        _ => {
            println!("skipped: no private mounts can be made here");
            return;
        }
    };
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("No space left") && err.contains("make room") && !err.contains("is kept"),
        "{err}"
    );
    assert_eq!(text(&output.stdout).trim(), "other", "no file is left");
}

/// What an earlier recorder wrote into the file is the oldest of it.
#[test]
fn a_ring_that_is_gone_on_with_forgets_what_was_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let path = file.to_str().expect("UTF-8");
    let record = |more: &[&str]| {
        let args = [&["record", path, "--interval", "10ms"], more].concat();
        let output = pscope(&args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let args = ["system", "--from", path, "--json", "--every", "1ms"];
        let lines = text(&pscope(&args).stdout);
        let times = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["time_unix_ms"].as_u64());
        times.collect::<Vec<_>>()
    };
    let first = record(&["--for", "1s"]);
    let both = record(&["--for", "2s", "--keep", "500ms"]);
    assert!(both.first() > first.last(), "{first:?} {both:?}");
}

/// Its moments are counted from another boot, however long this one lasts by now.
#[test]
fn a_recording_of_another_boot_is_not_gone_on_with() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let old = include_bytes!("../recordings/1.0.0.pscope");
    fs::write(&file, old).expect("written");
    let path = file.to_str().expect("UTF-8");
    let output = pscope(&["record", path, "--for", "100ms"]);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("before the last boot: name another file"),
        "{err}"
    );
    assert_eq!(fs::read(&file).expect("there"), old);
}

/// What makes no sense is refused by its name, with what would, and leaves nothing behind.
#[test]
fn what_makes_no_sense_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    let name = path.to_str().expect("UTF-8");
    let longer = "it must be longer than nothing: 500ms";
    let dirs = dir.path().to_str().expect("UTF-8");
    for (args, said) in [
        (&["--keep", "0", name][..], longer),
        (&["--keep", "-5h", name], longer),
        (&["--for", "0s", name], longer),
        (&["--for", "-1s", name], longer),
        (&["--interval", "0", name], longer),
        (&["--interval", "1ms", name], "from 10ms to 1h"),
        (
            &["--keep", "5 moons", name],
            "write a number with ms, s, m, h or d",
        ),
        (&["--keep", "--for", name], "write a number with ms"),
        (&["--keep", "99999d", name], "longer than thirty years"),
        (&["--max-size", "0", name], "at least 1M"),
        (&["--max-size", "-5M", name], "at least 1M"),
        (
            &["--max-size", "99999999t", name],
            "no file can be so large",
        ),
        (&["--max-size", "2M", "/dev/null"], "are for files"),
        (&["--when", "oom", "--count", "0", name], "1 at least"),
        (&["--when", "oom", "--count", "-1", name], "1 at least"),
        (&["--when", "oom", "--count", "1.5", name], "1 at least"),
        (&["--when", "oom", "--before", "0", name], longer),
        (&["--when", "oom", "--after", "-1s", name], longer),
        (&["--when", "oom", "-"], "name a directory"),
    ] {
        let output = pscope(&[&["record"], args].concat());
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
        let option = args.iter().rfind(|arg| arg.starts_with("--"));
        assert!(option.is_some_and(|option| err.contains(option)), "{err}");
        assert!(!path.exists(), "{args:?}");
    }
    let output = pscope(&["record", dirs]);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("name a file in it"), "{err}");
}
