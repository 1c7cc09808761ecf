//! `pscope record --when`: the moments of a condition, each in a file.

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{pscope, text};

const BINARY: &str = env!("CARGO_BIN_EXE_pscope");

/// A child that is killed with the value.
pub(super) struct Mine(pub(super) Child);

impl Drop for Mine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_moment_is_kept_with_what_was_before_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let to = dir.path().join("night");
    let program = dir.path().join("pscope-moth");
    fs::copy("/bin/sleep", &program).expect("copied");
    let mut recorder = Command::new(BINARY)
        .args(["record", "--when", "new name:pscope-moth"])
        .args(["--before", "1s", "--after", "100ms", "--count", "1"])
        .args(["--interval", "50ms", "--for", "60s"])
        .arg(&to)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it begins");
    // Until it listens, nobody is new to it.
    while recorder.try_wait().expect("ours").is_none() {
        let mut moth = Command::new(&program).arg("0.2").spawn().expect("a child");
        moth.wait().expect("it ends");
    }
    let output = recorder.wait_with_output().expect("ours");
    let said = text(&output.stdout);
    assert!(
        output.status.success() && said.contains("pscope-moth began"),
        "{said}"
    );
    let files: Vec<_> = fs::read_dir(&to).expect("made").flatten().collect();
    assert_eq!(files.len(), 1);
    let path = files[0].path();
    let name = path.to_str().expect("UTF-8");
    let lines = pscope(&[
        "ps",
        "name:pscope-moth",
        "--from",
        name,
        "--json",
        "--every",
        "50ms",
    ]);
    let lines = text(&lines.stdout);
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["name"], "pscope-moth");
    let grouped = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        row["cgroup"].is_string()
    };
    let grouped = lines.lines().any(grouped);
    assert!(grouped || !std::path::Path::new("/proc/self/cgroup").exists());
    assert!(first["time_unix_ms"].as_u64().is_some());
    for (args, status, said) in [
        (&["record", "--when", "cpu>", "/tmp"][..], 2, "cpu of what?"),
        (&["record", "--when", "oom", "/dev/null"], 1, "no directory"),
        (&["record", "x", "--before", "3s"], 2, "--when"),
        (&["ps", "--every", "1s"], 2, "--from"),
        (&["ipc", "--from", name], 1, "not read at that moment"),
        (&["slices", "--from", name], 1, "no slices were recorded"),
    ] {
        let output = pscope(args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
    // What is not understood leaves nothing behind.
    let none = dir.path().join("none");
    let none = none.to_str().expect("UTF-8");
    for bad in [
        &["--when", "cpu>", none][..],
        &["--when", "oom", "--inspect", "port:abc", none],
        &["--when", "oom", "--inspect", "cpu>", none],
        &["--when", "oom", "--environment", none],
        &["--inspect", "port:abc", none],
        &["--max-size", "3", none],
    ] {
        let output = pscope(&[&["record"], bad].concat());
        assert_eq!(output.status.code(), Some(2), "{bad:?}");
        assert!(!output.stderr.is_empty(), "{bad:?}");
        assert!(!std::path::Path::new(none).exists(), "{bad:?}");
    }
    // Nor does what never comes true: nobody waits all night for that.
    for (never, why) in [
        ("cpu>999999", "never comes true here"),
        ("mem>900t", "all the memory that the machine has"),
        ("pressure:memory>130", "never comes so far"),
    ] {
        let output = pscope(&["record", "--when", never, none]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{never}: {said}");
        assert!(
            said.contains("waits for ever") && said.contains(why),
            "{never}: {said}"
        );
        assert!(!std::path::Path::new(none).exists(), "{never}");
    }
    let output = pscope(&["inspect", "1", "--from", name]);
    let said = text(&output.stdout);
    assert!(
        output.status.success() && said.contains("were not read at that moment"),
        "{said}"
    );
}

/// The only file in a directory, once it is there.
fn only_file(dir: &std::path::Path) -> Option<String> {
    let mut files = fs::read_dir(dir).ok()?.flatten();
    files.next()?.path().to_str().map(str::to_owned)
}

/// What was known of a moment is in its file, however long what comes after it is waited for.
#[test]
fn a_moment_is_kept_as_far_as_it_was_known_where_the_recorder_is_killed() {
    let dir = tempfile::tempdir().expect("a directory");
    let to = dir.path().join("night");
    let program = dir.path().join("pscope-moth");
    fs::copy("/bin/sleep", &program).expect("copied");
    let recorder = Command::new(BINARY)
        .args(["record", "--when", "new name:pscope-moth"])
        .args(["--before", "1s", "--after", "1h", "--interval", "50ms"])
        .arg(&to)
        .stdout(Stdio::null())
        .spawn();
    let mut recorder = Mine(recorder.expect("it begins"));
    // Until it listens, nobody is new to it.
    let moment = loop {
        assert!(recorder.0.try_wait().expect("ours").is_none(), "it goes on");
        let mut moth = Command::new(&program).arg("0.2").spawn().expect("a child");
        moth.wait().expect("it ends");
        if let Some(file) = only_file(&to) {
            break file;
        }
    };
    let ticks = || {
        let args = ["ps", "--from", &moment, "--json", "--every", "1ms"];
        let lines = text(&pscope(&args).stdout);
        let lines = lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let lines: Vec<Value> = lines.collect();
        let moths = lines
            .iter()
            .filter(|row| row["name"] == "pscope-moth")
            .count();
        let times = lines.iter().filter_map(|row| row["time_unix_ms"].as_u64());
        (
            moths,
            times.collect::<std::collections::BTreeSet<_>>().len(),
        )
    };
    // It grows while what comes after is waited for.
    let mut last = ticks();
    let first = last;
    while last.0 == 0 || last.1 <= first.1 {
        assert!(recorder.0.try_wait().expect("ours").is_none(), "it goes on");
        last = ticks();
    }
    drop(recorder);
    let kept = ticks();
    assert!(kept.0 > 0 && kept.1 >= last.1, "{last:?} {kept:?}");
}

/// A process that lives for 5 ms, between ticks that are two seconds apart.
#[test]
fn who_lives_for_a_moment_is_new() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join("pscope-mayfly");
    fs::copy("/bin/sleep", &program).expect("copied");
    let mut recorder = Command::new(BINARY)
        .args([
            "record",
            "--when",
            "new name:pscope-mayfly",
            "--after",
            "1s",
        ])
        .args(["--count", "1", "--interval", "2s"])
        .arg(dir.path().join("night"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it begins");
    let out = recorder.stdout.take().expect("its output");
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::BufRead::lines(std::io::BufReader::new(out)).map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let mut recorder = Mine(recorder);
    let said = loop {
        // Until it listens nobody is heard; each of them is gone long before a tick.
        let mut mayfly = Command::new(&program)
            .arg("0.005")
            .spawn()
            .expect("a child");
        mayfly.wait().expect("it ends");
        match told.try_recv() {
            Ok(line) => break line,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => panic!("it ended"),
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
    };
    if said.contains("attention: ") {
        assert!(
            said.contains("lives for less than a tick is not seen"),
            "{said}"
        );
        println!(
            "skipped: switches of all cores need CAP_PERFMON or kernel.perf_event_paranoid ≤ 0"
        );
        return;
    }
    assert!(
        said.contains("pscope-mayfly (it lived for less than a tick) began"),
        "{said}"
    );
    while told.recv().is_ok() {}
    assert!(recorder.0.wait().expect("it ends").success());
}

#[test]
fn a_moment_of_slices_has_them() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut recorder = Command::new(BINARY)
        .args(["record", "--when", "slice>1ms", "--after", "1s"])
        .args(["--count", "1", "--interval", "100ms"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it begins");
    // Somebody keeps a core.
    let mut busy = Command::new("sh");
    busy.args(["-c", "while :; do :; done"]);
    let _busy = Mine(busy.spawn().expect("a shell"));
    let mut said = String::new();
    let out = recorder.stdout.take().expect("its output");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut said).expect("it speaks");
    if let Some((_, why)) = said.split_once("attention: ") {
        recorder.kill().expect("ours");
        println!("skipped: {why}");
    }
    let ended = recorder.wait().expect("it ends");
    let Some((_, file)) = said.trim().split_once("kept in ") else {
        assert!(said.contains("single slices are not told here"), "{said}");
        return;
    };
    assert!(ended.success(), "{said}");
    let args = ["slices", "--from", file, "--json", "--for", "1m"];
    let slices = text(&pscope(&args).stdout);
    let slices = slices
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let long = |slice: &Value| {
        let [from, to] = ["start_ns", "end_ns"].map(|key| slice[key].as_u64().unwrap_or(0));
        to - from > 1_000_000
    };
    assert!(slices.into_iter().any(|slice| long(&slice)), "{said}");
}
