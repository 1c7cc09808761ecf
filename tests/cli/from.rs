//! Answers from a recording: what each flag of each report does there. None is passed over in silence.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::moments::Mine;
use super::{Sleeper, pscope, text};

/// With what a flag is tried beside: nothing, as JSON, as lines of JSON.
const WITH: [&[&str]; 3] = [&[], &["--json"], &["--json", "--every", "1ms"]];

/// A report with its arguments, a flag with its value, and what becomes of that beside each of [`WITH`]: `h` it is heard, the
/// answer is another one; `t` the answer has it in any case; `r` it is refused by its name; `k` it is heard where there are
/// kernel threads; `f` it makes a file, or there are no single slices; `s` it is read
/// so seldom that it may be the same, or not known by then; `n` nothing of it is recorded here, which is said; `.` the report
/// does not have what it stands beside.
/// `ME` is a process that is looked at, `EARLY` a moment near the beginning, `FILE` a new file.
type Row = (
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (&["ps"], &["name:cat"],                       "hhh"),
    (&["ps"], &["--sort", "-pid"],                 "hhh"),
    (&["ps"], &["--columns", "pid,mem"],           "hhh"),
    (&["ps"], &["--group-by", "program"],          "hhh"),
    (&["ps"], &["--at", "EARLY"],                  "hhh"),
    (&["ps"], &["--every", "1ms"],                 "rh."),
    (&["ps"], &["--json"],                         "h.."),
    (&["ps", "--at", "EARLY"], &["name:cat"],      "hhh"),
    (&["ps", "--group-by", "program"], &["name:cat"],            "hhh"),
    (&["ps", "--group-by", "program"], &["--sort", "-user"],     "hhh"),
    (&["ps", "--group-by", "program"], &["--columns", "swap"],   "hhh"),
    (&["ps", "--group-by", "program"], &["--columns", "ni"],     "hhh"),
    (&["tree"], &["ME"],                           "hh."),
    (&["tree"], &["--pids"],                       "ht."),
    (&["tree"], &["--threads"],                    "rr."),
    (&["tree"], &["--kernel"],                     "kt."),
    (&["tree"], &["--no-compact"],                 "ht."),
    (&["tree"], &["--by", "program"],              "hh."),
    (&["tree"], &["--at", "EARLY"],                "hh."),
    (&["tree"], &["--json"],                       "h.."),
    (&["tree", "--by", "program"], &["--threads"], "rr."),
    (&["tree", "--by", "program"], &["--pids"],    "ht."),
    (&["inspect", "ME"], &["files"],               "hh."),
    (&["inspect", "ME"], &["--for", "1s"],         "rr."),
    (&["inspect", "ME"], &["--at", "EARLY"],       "hh."),
    (&["inspect", "ME"], &["--json"],              "h.."),
    (&["slices"], &["ME"],                         "hh."),
    (&["slices"], &["--for", "500ms"],             "hh."),
    (&["slices"], &["--perfetto", "FILE"],         "ff."),
    (&["slices"], &["--at", "EARLY"],              "hh."),
    (&["slices"], &["--json"],                     "h.."),
    (&["time", "ME"], &["--for", "500ms"],         "hh."),
    (&["time", "ME"], &["--threads"],              "ht."),
    (&["time", "ME"], &["--tree"],                 "hh."),
    (&["time", "ME"], &["--at", "EARLY"],          "hh."),
    (&["time", "ME"], &["--json"],                 "h.."),
    (&["calls", "ME"], &["--for", "500ms"],        "rr."),
    (&["calls", "ME"], &["--at", "EARLY"],         "nn."),
    (&["calls", "ME"], &["--json"],                "n.."),
    (&["system"], &["--for", "2s"],                "rrr"),
    (&["system"], &["--at", "EARLY"],              "hhh"),
    (&["system"], &["--every", "1ms"],             "rh."),
    (&["system"], &["--json"],                     "h.."),
    (&["ipc"], &["ME"],                            "hh."),
    (&["ipc"], &["--at", "EARLY"],                 "ss."),
    (&["ipc"], &["--json"],                        "h.."),
];

/// The names of a help that stand at the beginning of its lines.
fn listed(help: &str, begin: &str) -> BTreeSet<String> {
    let words = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("-h, ").unwrap_or(line);
        let short = |line: &str| line.starts_with('-') && line.get(2..4) == Some(", ");
        let line = if short(line) { &line[4..] } else { line };
        line.split_whitespace().next()
    });
    let fitting = words.filter(|word| word.starts_with(begin));
    fitting.map(str::to_owned).collect()
}

/// Every flag of every report that answers from a recording has a row.
#[test]
fn every_flag_stands_in_the_table() {
    let all = text(&pscope(&["--help"]).stdout);
    let (_, commands) = all.split_once("Commands:").expect("commands");
    let (commands, _) = commands.split_once("Arguments:").expect("their end");
    let mut reports = 0;
    for command in listed(commands, "") {
        let help = text(&pscope(&[&command, "--help"]).stdout);
        if !help.contains("--from <FILE>") {
            continue;
        }
        reports += 1;
        let of_it = || TABLE.iter().filter(|(report, ..)| report[0] == command);
        for flag in listed(&help, "--") {
            let told = ["--from", "--help", "--ascii"].contains(&flag.as_str());
            let row = of_it().any(|(_, with, _)| with[0] == flag);
            assert!(told || row, "{command} {flag} has no row");
        }
        let arguments = help.contains("\nArguments:");
        let row = of_it()
            .any(|(report, with, _)| report.get(1) == Some(&"ME") || !with[0].starts_with('-'));
        assert_eq!(arguments, row, "{command}: its arguments");
    }
    assert_eq!(reports, 8);
}

/// A recording in which somebody came later; with a process that is looked at, and a moment near the beginning.
fn recording(dir: &std::path::Path) -> (String, String, String) {
    let path = dir.join("a.pscope");
    let file = path.to_str().expect("UTF-8").to_owned();
    let (me, _other) = (Sleeper::start(), Sleeper::start());
    let filter = format!("pid:{}", me.pid());
    let recorder = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["record", &file, "--interval", "100ms", "--slices", "all"])
        .args(["--inspect", &filter])
        .stdout(Stdio::null())
        .spawn();
    let mut recorder = Mine(recorder.expect("it begins"));
    let lines = || {
        let args = ["system", "--from", &file, "--json", "--every", "1ms"];
        let lines = text(&pscope(&args).stdout);
        let times = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["time_unix_ms"].as_u64());
        times.collect::<Vec<_>>()
    };
    while lines().len() < 3 {}
    let late = Sleeper::start();
    let pid = me.pid().to_string();
    let has = |args: &[&str], word: &str| {
        let output = pscope(&[args, &["--from", &file]].concat());
        output.status.success() && text(&output.stdout).contains(word)
    };
    let late = late.pid().to_string();
    while !(has(&["ps", &format!("pid:{late}"), "--columns", "pid"], &late)
        && has(&["inspect", &pid, "files"], "stdin")
        && has(&["ipc", &pid], "pipe")
        && has(&["slices", "--for", "1s"], "busy")
        && lines().len() > 12)
    {}
    let recording = nix::unistd::Pid::from_raw(recorder.0.id() as i32);
    nix::sys::signal::kill(recording, nix::sys::signal::Signal::SIGTERM).expect("ours");
    assert!(recorder.0.wait().expect("it ends").success());
    let times = lines();
    let span = times.last().expect("ticks") - times[1];
    // Whole seconds are meant whole.
    let back = span - 1 - u64::from(span % 1000 == 1);
    (file, pid, format!("-{back}ms"))
}

#[test]
fn no_flag_is_passed_over_in_silence() {
    let dir = tempfile::tempdir().expect("a directory");
    let (file, me, first) = recording(dir.path());
    let trace = dir.path().join("trace");
    let word = |word: &&str| match *word {
        "ME" => me.clone(),
        "EARLY" => first.clone(),
        "FILE" => trace.to_str().expect("UTF-8").to_owned(),
        word => word.to_owned(),
    };
    let answer = |parts: &[&[&str]]| {
        let args: Vec<String> = parts.iter().copied().flatten().map(word).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = pscope(&[&args[..], &["--from", &file]].concat());
        let ok = output.status.success();
        (ok, text(&output.stdout), text(&output.stderr))
    };
    let kernel = answer(&[&["ps", "--json"]])
        .1
        .contains("\"kernel_thread\":true");
    for (report, flag, is) in TABLE {
        for (with, is) in WITH.into_iter().zip(is.chars()) {
            if is == '.' {
                continue;
            }
            let without = answer(&[report, with]);
            let (ok, out, err) = answer(&[report, flag, with]);
            let what = format!("{report:?} {flag:?} {with:?}: {is}\n{err}\n{out}");
            // Of a moment near the beginning not everything is known.
            let fine = ok || flag[0] == "--at";
            let other = out != without.1;
            assert!(without.0 || report[0] == "calls", "{what}");
            assert!(
                match is {
                    'h' => fine && other,
                    'k' => ok && other == kernel,
                    't' => ok && !other,
                    'n' => !ok && out.is_empty() && err.contains("not read at that moment"),
                    's' => ok || err.contains("not read at that moment"),
                    'f' => ok && trace.exists() || err.contains("single slices"),
                    _ => !ok && err.contains(flag[0]) && out.is_empty(),
                },
                "{what}"
            );
        }
    }
}
