//! The built program's reports and exit statuses, against this machine's own `/proc`.

#[path = "cli/files.rs"]
mod files;
#[path = "cli/from.rs"]
mod from;
#[path = "cli/groups.rs"]
mod groups;
#[path = "cli/heeding.rs"]
mod heeding;
#[path = "cli/interrupted.rs"]
mod interrupted;
#[path = "cli/metrics.rs"]
mod metrics;
#[path = "cli/moments.rs"]
mod moments;
#[path = "cli/recordings.rs"]
mod recordings;
#[path = "cli/time_spent.rs"]
mod time_spent;
#[path = "cli/users.rs"]
mod users;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn pscope(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(args)
        .output();
    output.expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A process of our own that waits for the end of its input; ended and reaped with the value.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        Self::within(&[]).expect("an answer")
    }

    /// The same, started by this program; `None` where that ends without starting it.
    fn within(starter: &[&str]) -> Option<Self> {
        let command = [starter, &["cat", "-", "a pscope-argument"]].concat();
        let mut child = Command::new(command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        // Once it has answered, the program that it executes is in place.
        let input = child.stdin.as_mut().expect("its input");
        let _ = input.write_all(b"ready\n");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.as_mut().expect("its output"));
        if reader.read_line(&mut line).is_err() || line.is_empty() {
            let _ = (child.kill(), child.wait());
            return None;
        }
        // It sleeps once it waits for more; right after its answer it may still be on a core.
        let pid = child.id();
        let deadline = Instant::now() + Duration::from_mins(1);
        while stat(pid)[0] != "S" {
            assert!(Instant::now() < deadline, "{pid} never waits for input");
            std::thread::yield_now();
        }
        Some(Self(child))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The fields of `/proc/PID/stat` from the third on.
fn stat(pid: u32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/stat")).expect("its stat");
    let line = String::from_utf8_lossy(&line).into_owned();
    let (_, rest) = line.rsplit_once(')').expect("a name in brackets");
    rest.split_whitespace().map(str::to_owned).collect()
}

fn processes(args: &[&str]) -> BTreeMap<u64, Value> {
    let output = pscope(args);
    assert!(output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["schema"], 1);
    assert_eq!(answer["cpu_percent_over"], "lifetime");
    let list = answer["processes"].as_array().expect("a list").clone();
    list.into_iter()
        .map(|p| (p["pid"].as_u64().expect("a pid"), p))
        .collect()
}

#[test]
fn ps_as_json_says_what_proc_says() {
    let sleeper = Sleeper::start();
    let pid = sleeper.pid();
    let all = processes(&["ps", "--json"]);
    let stat = stat(pid);
    let found = &all[&u64::from(pid)];
    let number = |i: usize| stat[i].parse::<i64>().expect("a number");
    assert_eq!(found["name"], "cat");
    assert_eq!(
        found["command"],
        serde_json::json!(["cat", "-", "a pscope-argument"])
    );
    assert_eq!(found["state"], stat[0]);
    assert_eq!(found["ppid"], std::process::id());
    assert_eq!(found["process_group"], number(2));
    assert_eq!(found["session"], number(3));
    assert_eq!(found["priority"], number(15));
    assert_eq!(found["nice"], number(16));
    assert_eq!(found["threads"], number(17));
    assert_eq!(found["start_time_ticks"], number(19));
    assert_eq!(found["virtual_bytes"], number(20));
    assert_eq!(found["kernel_thread"], false);
    // Not the quick number of `stat`, which each core may not have added to yet.
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).expect("its memory");
    let mut pages = statm.split(' ').map(|n| n.parse::<i64>().expect("pages"));
    let (claimed, resident) = (pages.next().expect("pages"), pages.next().expect("pages"));
    assert_eq!(found["rss_bytes"], resident * (number(20) / claimed));
    let exe = fs::read_link(format!("/proc/{pid}/exe")).expect("its program");
    assert_eq!(found["exe"], exe.to_str().expect("a plain path"));
    let uid = fs::metadata(format!("/proc/{pid}")).map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    assert_eq!(found["uid"], uid.expect("its owner"));
    assert!(all.contains_key(&u64::from(std::process::id())));
}

#[test]
fn a_filter_and_a_sort_choose_rows() {
    let (one, two) = (Sleeper::start(), Sleeper::start());
    // The words stand in the command line of pscope itself too.
    let found = processes(&["ps", "--json", "pscope-argument", "!pscope"]);
    assert!(
        found.is_empty(),
        "both words are in each of these command lines"
    );
    let found = processes(&["ps", "--json", "pscope-argument"]);
    for pid in [one.pid(), two.pid()] {
        assert_eq!(found[&u64::from(pid)]["name"], "cat");
    }
    assert!(
        found
            .values()
            .all(|p| p["name"] == "cat" || p["name"] == "pscope")
    );
    let output = pscope(&[
        "ps",
        "--columns",
        "pid,command",
        "--sort",
        "-pid",
        "pscope-argument",
    ]);
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert!(lines[0].split_whitespace().eq(["PID", "COMMAND"]));
    let pid = |l: &String| l.split_whitespace().next().and_then(|p| p.parse().ok());
    let pids: Vec<u32> = lines[1..].iter().filter_map(pid).collect();
    assert!(
        pids.len() >= 2 && pids.is_sorted_by(|a, b| a > b),
        "{pids:?}"
    );
}

#[test]
fn the_tree_holds_a_process_below_its_parent() {
    let sleeper = Sleeper::start();
    let (own, child) = (std::process::id().to_string(), sleeper.pid());
    let output = pscope(&["tree", "--pids", "--ascii", &own]);
    let tree = text(&output.stdout);
    assert!(
        tree.is_ascii() && tree.contains(&format!("- cat({child})\n")),
        "{tree}"
    );
    assert!(!tree.contains('\x1b'), "no attributes in a pipe");
    let answer = pscope(&["tree", "--json", &own]);
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    let children = answer["processes"][0]["children"]
        .as_array()
        .expect("children");
    assert!(children.iter().any(|c| c["pid"] == child), "{children:?}");
}

/// What is typed may be the name of a file or a process that somebody chose.
#[test]
fn complaints_repeat_nothing_that_acts_on_a_terminal() {
    let evil = "a\u{1b}[2J\u{7}\u{9b}z";
    for args in [
        &["inspect", evil][..],
        &["tree", evil],
        &["slices", evil],
        &["time", evil],
        &["calls", evil],
        &["signal", "TERM", evil],
        &["signal", evil, "1"],
        &["ps", "--from", evil],
        &["ps", "--columns", evil],
        &["--theme", evil],
        &["--config", evil],
        &["--since", evil],
        &[evil, "--tree", "--flat"],
        &["record", evil, "--for", evil],
    ] {
        let output = pscope(args);
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        let told = format!("{}{}", text(&output.stderr), text(&output.stdout));
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(
            !told.is_empty() && !told.contains(raw),
            "{args:?}: {told:?}"
        );
    }
}

/// What stands before a command is of the live screen; what of it is about the command too is not passed over.
#[test]
fn what_is_said_before_a_command_holds_for_it() {
    let mut target = Command::new("sleep").arg("1000").spawn().expect("sleep");
    let pid = target.id().to_string();
    let output = pscope(&["--read-only", "signal", "KILL", &pid]);
    let said = text(&output.stderr);
    assert!(
        said.contains("--read-only") && said.contains("nothing was done"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(target.try_wait().expect("ours"), None, "it lives");
    target.kill().expect("ours");
    target.wait().expect("it ends");
    let output = pscope(&["--config", "/nonexistent/file", "ps"]);
    let said = text(&output.stderr);
    assert!(said.contains("/nonexistent/file"), "{said}");
    assert_eq!(output.status.code(), Some(2));
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("config.toml");
    let bad = "bogus = 1\ntheme = 'darkk'\ninterval-ms = 3\nlist-percent = 99\ninspector = 'round'\nsort = 'mme'\n\
        [keys]\nquitt = ['q']\nhelp = ['Blah']\n";
    fs::write(&file, bad).expect("written");
    let output = pscope(&["--config", file.to_str().expect("UTF-8"), "ps"]);
    let said = text(&output.stderr);
    // All that the screen would say, each with what is meant to stand there.
    for (line, wrong, remedy) in [
        ("line 1: ", "bogus", "there are theme, "),
        ("", "darkk", "themes are auto, "),
        ("line 3: ", "interval-ms", "10 to 3600000"),
        ("line 4: ", "list-percent", "20 to 80"),
        ("line 5: ", "'round'", "beside, below or alone"),
        ("line 6: ", "mme", "mem"),
        ("line 8: ", "quitt", "near to it are "),
        ("line 9: ", "Blah", "F5"),
    ] {
        let told = |l: &&str| l.contains(line) && l.contains(wrong) && l.contains(remedy);
        assert_eq!(said.lines().filter(told).count(), 1, "{wrong}: {said}");
    }
    assert_eq!(
        output.status.code(),
        Some(0),
        "a wrong line keeps nothing from starting"
    );
}

#[test]
fn exit_statuses_and_errors_name_thing_and_remedy() {
    for (args, status, said) in [
        (&["tree", "4194305"][..], 3, "there is no process 4194305"),
        (
            &["tree", "no-such-name"],
            3,
            "no process is called 'no-such-name'",
        ),
        (&["ps", "--columns", "nonsense"], 2, "columns are pid, "),
        (&["ps", "cpu>"], 2, "cpu>"),
        (&["--interval", "soon"], 2, "500ms"),
        (&["--frobnicate"], 2, "--frobnicate"),
        (&["--tree", "--flat"], 2, "--flat"),
        (&["--theme", "plaid"], 2, "themes are "),
        (&["--config", "/no/such/file"], 2, "/no/such/file"),
        (&["4194305"], 3, "there is no process 4194305"),
        (&["--theme", "dark"], 1, "terminal"),
        (&["system", "--for", "soon"], 2, "500ms"),
        (&["slices", "--for", "5 parsecs"], 2, "500ms"),
        (&["x", "ps"], 2, "write it after"),
        (&["--help"], 0, ""),
        (&["--version"], 0, ""),
    ] {
        let output = pscope(args);
        assert_eq!(output.status.code(), Some(status), "{args:?}");
        let error = text(&output.stderr);
        assert!(error.contains(said), "{args:?}: {error}");
        assert_eq!(error.is_empty(), status == 0, "{args:?}: {error}");
    }
}

#[test]
fn who_is_asked_for_and_is_not_there_is_told_beside_an_empty_table() {
    let output = pscope(&["ps", "user:nobdy"]);
    assert_eq!(output.status.code(), Some(0), "a filter may find nobody");
    assert!(text(&output.stderr).contains("no user nobdy"));
    assert_eq!(text(&output.stdout).lines().count(), 1, "the heads");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for report in [
        &["ps"][..],
        &["ps", "--json"],
        &["tree"],
        &["man"],
        &["completions", "bash"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pscope"))
            .args(report)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(text(&output.stderr), "", "{report:?}");
        assert_eq!(output.status.code(), Some(0), "{report:?}");
    }
}

#[test]
fn completions_and_manual_are_complete() {
    for shell in ["bash", "zsh", "fish", "elvish"] {
        let output = pscope(&["completions", shell]);
        assert!(text(&output.stdout).contains("interval"), "{shell}");
    }
    let manual = text(&pscope(&["man"]).stdout);
    assert!(
        manual.starts_with(".ie") && manual.contains("interval"),
        "{manual}"
    );
}

#[test]
fn shells_understand_their_completions() {
    let dir = tempfile::tempdir().expect("a directory");
    for shell in ["bash", "zsh", "fish"] {
        let file = dir.path().join(shell);
        fs::write(&file, pscope(&["completions", shell]).stdout).expect("written");
        let checked = Command::new(shell).arg("-n").arg(&file).output();
        let Ok(checked) = checked else {
            println!("skipped: there is no {shell}");
            continue;
        };
        assert!(
            checked.status.success(),
            "{shell}: {}",
            text(&checked.stderr)
        );
    }
}

#[test]
fn what_is_recorded_can_be_asked_for_later() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let path = file.to_str().expect("UTF-8");
    let sleeper = Sleeper::start();
    let pid = sleeper.pid();
    let recorded = pscope(&["record", path, "--interval", "50ms", "--for", "500ms"]);
    assert!(recorded.status.success(), "{}", text(&recorded.stderr));
    drop(sleeper);
    let found = |args: &[&str]| {
        let json: Value = serde_json::from_slice(&pscope(args).stdout).expect("JSON");
        let all = json["processes"].as_array().expect("a list").clone();
        all.iter().any(|p| p["pid"] == pid)
    };
    assert!(found(&["ps", "--json", "--from", path]));
    assert!(!found(&["ps", "--json"]), "now it has ended");
    // By its number: beside those of other tests it may share a row with them.
    let number = pid.to_string();
    let tree = pscope(&["tree", &number, "--from", path, "--at", "-100ms"]);
    let told = text(&tree.stdout);
    assert!(tree.status.success() && told.contains("cat"), "{told}");
    assert!(pscope(&["system", "--from", path]).status.success());
    // Cut in the middle of a record, as by a crash: what is whole is told.
    let bytes = fs::read(&file).expect("a recording");
    fs::write(&file, &bytes[..bytes.len() - 5]).expect("cut");
    assert!(found(&["ps", "--json", "--from", path]));
    for (args, status, said) in [
        (
            &["ps", "--from", path, "--at", "noon"][..],
            2,
            "write a time of day",
        ),
        (&["ps", "--from", path, "--at", "-9h"], 2, "it goes from"),
        (&["ps", "--at", "-5m"], 2, "--from"),
        (&["ps", "--from", "/proc/self/stat"], 1, "no recording"),
        (&["ps", "--from", "/nowhere"], 1, "/nowhere"),
        (&["record", "/dev/full", "--for", "1s"], 1, "No space left"),
        (
            &["record", "-", "--keep", "1h", "--for", "1s"],
            2,
            "a stream forgets nothing",
        ),
        (&["record", "/nowhere/x", "--for", "1s"], 1, "/nowhere/x"),
    ] {
        let output = pscope(args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
    let stream = pscope(&["record", "-", "--interval", "50ms", "--for", "200ms"]);
    assert!(stream.stdout.starts_with(b"PSCOPE\x1a\n") && stream.stdout.len() > 100);
}

#[test]
fn what_was_recorded_before_is_never_lost() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("old.pscope");
    let name = path.to_str().expect("UTF-8");
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/recordings/version-1.pscope"
    );
    let bytes = fs::read(source).expect("a recording");
    fs::write(&path, &bytes).expect("written");
    // Its moments are a quarter of an hour after boot: on a machine that is up for less it is refused, else gone on with.
    let output = pscope(&["record", name, "--interval", "50ms", "--for", "300ms"]);
    let after = fs::read(&path).expect("there");
    assert!(after.starts_with(&bytes), "{}", text(&output.stderr));
    assert_eq!(output.status.success(), after.len() > bytes.len());
    assert!(pscope(&["ps", "--from", name]).status.success());
}

/// `cat` waits for its standard input all the time: that is what its time went for, and the parts are the whole.
#[test]
fn the_time_of_a_sleeper_adds_up() {
    let sleeper = Sleeper::start();
    let pid = sleeper.pid().to_string();
    let output = pscope(&["time", &pid, "--for", "300ms", "--json"]);
    let error = text(&output.stderr);
    if error.contains("does not count") {
        println!("skipped: this kernel counts no slices");
        return;
    }
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let process = &answer;
    assert_eq!(
        process["process"]["pid"].as_u64(),
        Some(u64::from(sleeper.pid()))
    );
    let number = |field: &str| process[field].as_u64().expect("a number");
    let blocked = process["blocked"].as_array().expect("waits");
    let of = |wait: &Value| wait["ns"].as_u64().expect("a number");
    let all: u64 = blocked.iter().map(of).sum();
    assert_eq!(number("blocked_ns"), all);
    for one in [process, &process["threads"][0]] {
        let number = |field: &str| one[field].as_u64().expect("a number");
        let parts = ["running_ns", "ready_ns", "blocked_ns", "unknown_ns"];
        assert_eq!(parts.map(number).iter().sum::<u64>(), number("span_ns"));
    }
    let longest = blocked.iter().max_by_key(|w| of(w)).expect("a wait");
    if longest["cause"] == "unknown" {
        println!("skipped: this machine does not show system calls");
        return;
    }
    assert_eq!(longest["cause"], "descriptor", "{answer}");
    assert_eq!(longest["fds"][0], 0);
    assert_eq!(process["threads"].as_array().map(Vec::len), Some(1));
}
