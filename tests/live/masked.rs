//! Machine files that are denied or of somebody else, as in sandboxes and containers: nothing is made up of them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde_json::Value;

/// Binds `over` what is there, where only the calling thread and its children see it.
fn hide(over: &[(&Path, &str)]) -> Result<(), String> {
    let none: Option<&str> = None;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    unshare(CloneFlags::CLONE_NEWNS).map_err(|e| format!("unshare: {e}"))?;
    mount(none, "/", none, private, none).map_err(|e| format!("a private tree: {e}"))?;
    for (what, place) in over {
        mount(Some(*what), *place, none, MsFlags::MS_BIND, none)
            .map_err(|e| format!("{place}: {e}"))?;
    }
    Ok(())
}

/// Runs what is to be seen on a thread of its own: the others keep the mounts that they have. `None` where that is not
/// permitted.
fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Option<T> {
    match std::thread::spawn(work).join().expect("it ends") {
        Ok(seen) => Some(seen),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn ages_and_shares_go_by_the_clock_of_start_times_whatever_a_container_says_of_its_own() {
    let me = std::process::id();
    let ask = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
            .args(args)
            .output();
        output.map_err(|e| e.to_string())
    };
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("uptime");
    std::fs::write(&file, "5.00 5.00\n").expect("written");
    let start = |ps: &Value| {
        let all = ps["processes"].as_array().expect("processes").iter();
        let mut mine = all.filter(|p| p["pid"] == me);
        mine.next().expect("this process")["start_time_unix_ms"].clone()
    };
    let outside = start(&json(&ask(&["ps", "--json"]).expect("it runs")));
    let seen = apart(move || {
        hide(&[(&file, "/proc/uptime")])?;
        let age = ask(&["ps", "--columns", "pid,age"])?;
        Ok((ask(&["ps", "--json"])?, ask(&["system", "--json"])?, age))
    });
    let Some((ps, system, ages)) = seen else {
        return;
    };
    let (ps, system) = (json(&ps), json(&system));
    let apart = start(&ps).as_i64().zip(outside.as_i64());
    let (inside, outside) = apart.expect("both are told");
    assert!((inside - outside).abs() < 1500, "{inside}, not {outside}");
    let up = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).expect("a clock");
    let told = system["uptime_ms"].as_i64().expect("told") / 1000;
    assert!((up.tv_sec() - told).abs() < 60, "{told} is of the file");
    let cores = system["cores"].as_array().expect("cores").len() as f64;
    for process in ps["processes"].as_array().expect("processes") {
        let share = process["cpu_percent"].as_f64().unwrap_or(0.0);
        assert!(share <= 100.0 * cores, "{process}");
    }
    // The first process began with the machine; by the file nobody is older than five seconds.
    let ages = String::from_utf8_lossy(&ages.stdout).into_owned();
    let oldest = ages.lines().find(|line| line.trim().starts_with("1 "));
    let young = oldest.is_none_or(|line| line.ends_with(" 0s") || line.ends_with(" 5s"));
    assert!(!young || told < 60, "{oldest:?}");
}

/// The files and folders that sandboxes hide.
const FILES: [&str; 8] = [
    "/proc/stat",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/vmstat",
    "/proc/diskstats",
    "/proc/swaps",
    "/proc/version",
];
const FOLDERS: [&str; 4] = [
    "/proc/pressure",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/proc/sys/kernel",
];

/// Runs reports as nobody where those may not be read.
fn denied() -> Option<Vec<Output>> {
    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join("pscope");
    std::fs::copy(env!("CARGO_BIN_EXE_pscope"), &program).expect("copied where all may run it");
    let open = Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).expect("opened");
    let (file, folder) = (dir.path().join("file"), dir.path().join("folder"));
    std::fs::write(&file, "").expect("written");
    std::fs::create_dir(&folder).expect("made");
    for path in [&file, &folder] {
        std::fs::set_permissions(path, Permissions::from_mode(0o000)).expect("closed");
    }
    apart(move || {
        let there = |place: &&&str| Path::new(**place).exists();
        let files = FILES
            .iter()
            .filter(there)
            .map(|place| (file.as_path(), *place));
        let folders = FOLDERS.iter().filter(there);
        let folders = folders.map(|place| (folder.as_path(), *place));
        hide(&files.chain(folders).collect::<Vec<_>>())?;
        let reports: [&[&str]; 6] = [
            &["system", "--json"],
            &["system"],
            &["metrics"],
            &["doctor", "--json"],
            &["slices", "--for", "300ms", "--json"],
            &["slices", "--for", "300ms"],
        ];
        let ask = |args: &&[&str]| {
            let mut command = Command::new(&program);
            command.args(*args).uid(65534).gid(65534);
            command.output().map_err(|e| format!("as nobody: {e}"))
        };
        reports.iter().map(ask).collect()
    })
}

#[test]
fn where_machine_files_are_denied_no_number_is_zero_and_nothing_is_called_fine() {
    let Some(seen) = denied() else {
        return;
    };
    let [system, text, metrics, doctor, slices, sums] = &seen[..] else {
        panic!("all were asked");
    };
    let system = json(system);
    for name in [
        "running",
        "blocked",
        "switches_per_second",
        "forks_per_second",
        "memory",
    ] {
        assert_eq!(system[name], Value::Null, "{name}");
        assert_eq!(system["unavailable"][name], "denied", "{name}");
    }
    assert_eq!(system["unavailable"]["verdict"], "denied");
    for of in ["cpu", "memory", "io", "steal", "full"] {
        assert_eq!(system["verdict_does_not_see"][of], "denied", "{of}");
    }
    let cores = system["cores"].as_array().expect("cores");
    assert!(!cores.is_empty(), "those that one may run on are there");
    for core in cores {
        assert_eq!(core["unavailable"]["busy_percent"], "denied");
    }
    for told in ["host", "kernel"] {
        assert_ne!(system[told], "", "{told} can always be asked");
    }
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(!text.contains("nothing holds the machine back"), "{text}");
    assert!(text.contains("– running, – blocked"), "{text}");
    let metrics = String::from_utf8_lossy(&metrics.stdout).into_owned();
    for none in ["pscope_verdict{", "pscope_switches_per_second "] {
        assert!(!metrics.contains(none), "{metrics}");
    }
    let doctor = json(doctor);
    let sources = doctor["sources"].as_array().expect("sources");
    let found = |name: &str| sources.iter().find(|s| s["name"] == name);
    let groups = found("cgroups").expect("a finding");
    assert_ne!(groups["state"], "ok", "{groups}");
    let pressure = found("pressure").expect("a finding");
    if Path::new("/proc/pressure").exists() {
        assert_eq!(pressure["state"], "denied");
        assert!(!pressure["get"].to_string().contains("psi=1"), "{pressure}");
    }
    let slices = String::from_utf8_lossy(&slices.stdout).into_owned();
    let last = slices.lines().last().expect("a summary");
    let summary: Value = serde_json::from_str(last).expect("JSON");
    assert!(
        summary["summary"]["source"] != "exact" || summary["summary"]["slices"] != 0,
        "nobody is told exactly to have run never: {last}"
    );
    // What cannot be counted is not told to be none.
    let sums = String::from_utf8_lossy(&sums.stdout).into_owned();
    assert!(!sums.contains("not seen   0.0%"), "{sums}");
    if summary["summary"]["source"] == "sampled" {
        assert_eq!(summary["summary"]["others_ns"], Value::Null);
        let mut cores = sums.lines().filter(|line| line.starts_with("cpu"));
        let told = |line: &str| line.contains('≥') && line.contains("not seen      –");
        assert!(cores.all(told), "{sums}");
    }
}

/// A jail without `/proc`, or one whose `/proc` is of a pid namespace that has ended.
#[test]
fn an_empty_proc_is_no_machine_without_processes() {
    let seen = apart(|| {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        hide(&[(dir.path(), "/proc")])?;
        let reports: [&[&str]; 8] = [
            &["ps"],
            &["ps", "--json"],
            &["tree"],
            &["system"],
            &["ipc"],
            &["inspect", "1"],
            &["signal", "TERM", "1"],
            &["metrics"],
        ];
        let ask = |args: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
            let output = command.args(args).output().map_err(|e| e.to_string())?;
            Ok((args.join(" "), output))
        };
        reports
            .into_iter()
            .map(ask)
            .collect::<Result<Vec<_>, String>>()
    });
    for (args, output) in seen.into_iter().flatten() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args}: {said}");
        assert!(said.contains("mount -t proc proc /proc"), "{args}: {said}");
    }
}
