//! The machine's memory and filesystems against `/proc/meminfo`, `free` and `df`, and a filesystem that never answers.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::os::fd::AsRawFd as _;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde_json::Value;

/// How long a figure that moves may take to be told alike twice.
const PATIENCE: Duration = Duration::from_mins(1);

fn system() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["system", "--json"])
        .output()
        .expect("pscope runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The table of another program, or `None` where it is not installed, which is said.
fn other(program: &str, args: &[&str]) -> Option<String> {
    match Command::new(program).args(args).env("LC_ALL", "C").output() {
        Ok(output) if output.status.success() => {
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        found => {
            println!(
                "skipped: '{program} {}' does not work here: {found:?}",
                args.join(" ")
            );
            None
        }
    }
}

fn bytes(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is a number"))
}

/// Asks until both tell the same within a hundredth of `all`, since memory moves between two questions.
fn agree(all: u64, mut ask: impl FnMut() -> Vec<(&'static str, u64, u64)>) {
    let since = Instant::now();
    loop {
        let told = ask();
        let apart = |(_, ours, theirs): &&(&str, u64, u64)| ours.abs_diff(*theirs) > all / 100;
        let Some(worst) = told.iter().find(apart) else {
            return;
        };
        assert!(since.elapsed() < PATIENCE, "they do not agree on {worst:?}");
    }
}

#[test]
fn memory_is_as_meminfo_tells() {
    let field = |name: &str| {
        let text = std::fs::read_to_string("/proc/meminfo").expect("meminfo");
        let line = text.lines().find(|l| l.split(':').next() == Some(name));
        let words = line
            .unwrap_or_else(|| panic!("{name}"))
            .split_whitespace()
            .nth(1);
        words.and_then(|n| n.parse::<u64>().ok()).expect("a number") * 1024
    };
    let total = field("MemTotal");
    agree(total, || {
        let memory = &system()["memory"];
        let parts = memory["parts"].as_object().expect("parts");
        let part = |name: &str| parts.get(name).map_or(0, bytes);
        assert_eq!(bytes(&memory["total_bytes"]), total);
        assert_eq!(
            parts.values().map(bytes).sum::<u64>(),
            total,
            "the parts add up"
        );
        vec![
            (
                "available",
                bytes(&memory["available_bytes"]),
                field("MemAvailable"),
            ),
            ("free", part("free_bytes"), field("MemFree")),
            ("anonymous", part("processes_bytes"), field("AnonPages")),
            (
                "cache",
                part("cache_bytes"),
                field("Cached") - field("Shmem"),
            ),
            (
                "swap",
                bytes(&memory["swap_total_bytes"]),
                field("SwapTotal"),
            ),
        ]
    });
}

#[test]
fn memory_is_as_free_tells() {
    let rows = || -> Option<HashMap<String, Vec<u64>>> {
        let text = other("free", &["-b"])?;
        let row = |line: &str| {
            let (name, numbers) = line.split_once(':')?;
            let numbers = numbers.split_whitespace().map_while(|n| n.parse().ok());
            Some((name.to_owned(), numbers.collect()))
        };
        Some(text.lines().filter_map(row).collect())
    };
    if rows().is_none() {
        return;
    }
    let total = bytes(&system()["memory"]["total_bytes"]);
    agree(total, || {
        let (memory, rows) = (&system()["memory"], rows().expect("free still works"));
        let (mem, swap) = (&rows["Mem"], &rows["Swap"]);
        let part = |name: &str| memory["parts"].get(name).map_or(0, bytes);
        let cache = part("cache_bytes") + part("buffers_bytes") + part("slab_reclaimable_bytes");
        assert_eq!(mem[0], total);
        vec![
            ("free", part("free_bytes"), mem[2]),
            ("shared", part("shared_bytes"), mem[3]),
            // free counts shared memory as cache; pscope shows it apart.
            ("buff/cache", cache + part("shared_bytes"), mem[4]),
            ("available", bytes(&memory["available_bytes"]), mem[5]),
            ("swap", bytes(&memory["swap_total_bytes"]), swap[0]),
            ("swap used", bytes(&memory["swap_used_bytes"]), swap[1]),
        ]
    });
}

#[test]
fn filesystems_are_as_df_tells() {
    let fields = "--output=target,size,used,avail,itotal,iavail";
    let Some(text) = other("df", &["-B1", "--all", fields]) else {
        return;
    };
    let ours = system();
    let filesystems = ours["filesystems"].as_array().expect("filesystems");
    let mut compared = 0;
    for line in text.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[target, size, used, available, inodes, inodes_free] = &words[..] else {
            continue;
        };
        let Some(f) = filesystems.iter().find(|f| f["mount"] == target) else {
            continue;
        };
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        if f["total_bytes"].is_null() {
            println!("skipped: {target} did not answer");
            continue;
        }
        let all = number(size);
        assert_eq!(bytes(&f["total_bytes"]), all, "{target}");
        assert_eq!(bytes(&f["inodes"]), number(inodes), "{target}");
        // Builds write gigabytes between two questions.
        let near = |name: &str, theirs: &str, all: u64| {
            let ours = bytes(&f[name]);
            let apart = ours.abs_diff(number(theirs));
            assert!(apart <= all / 20, "{target} {name}: {ours}, df {theirs}");
        };
        near("used_bytes", used, all);
        near("available_bytes", available, all);
        near("inodes_free", inodes_free, number(inodes));
        compared += 1;
    }
    assert!(
        compared > 0,
        "df and pscope know one filesystem together:\n{text}\n{ours}"
    );
}

/// Mounts a filesystem in user space whose program never answers, where only this thread and its children see it.
fn mount_that_hangs(at: &std::path::Path) -> Result<std::fs::File, String> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
    let device = device.map_err(|e| format!("/dev/fuse: {e}"))?;
    unshare(CloneFlags::CLONE_NEWNS).map_err(|e| format!("unshare: {e}"))?;
    let none: Option<&str> = None;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).map_err(|e| format!("a private tree: {e}"))?;
    let data = format!(
        "fd={},rootmode=40000,user_id=0,group_id=0",
        device.as_raw_fd()
    );
    let mounted = mount(
        Some("silent"),
        at,
        Some("fuse"),
        MsFlags::empty(),
        Some(&data[..]),
    );
    mounted.map_err(|e| format!("fuse: {e}")).map(|()| device)
}

#[test]
fn a_filesystem_that_never_answers_hangs_nobody() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = dir.path().to_owned();
    // A thread of its own: the others keep the mounts that they have.
    let answer = std::thread::spawn(move || match mount_that_hangs(&at) {
        Ok(device) => {
            let answer = system();
            drop(device);
            Some((at, answer))
        }
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    });
    let Some((at, answer)) = answer.join().expect("it ends") else {
        return;
    };
    let filesystems = answer["filesystems"].as_array().expect("filesystems");
    let on = |path: &str| filesystems.iter().find(|f| f["mount"] == path);
    let silent = on(at.to_str().expect("a path")).expect("the silent one is named");
    assert_eq!(silent["total_bytes"], Value::Null);
    assert_eq!(silent["unavailable"]["total_bytes"], "late", "{silent}");
    let root = on("/").expect("a root");
    assert!(bytes(&root["total_bytes"]) > 0, "the others are told");
}

#[test]
fn where_proc_hides_processes_the_doctor_says_so_and_nothing_is_made_up() {
    use std::os::unix::process::CommandExt as _;
    let binary = tempfile::tempdir().expect("a directory");
    let program = binary.path().join("pscope");
    std::fs::copy(env!("CARGO_BIN_EXE_pscope"), &program).expect("copied where all may run it");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(binary.path(), open).expect("opened");
    // A thread of its own, with a proc tree of its own: that of the machine keeps its options.
    let answers = std::thread::spawn(move || {
        let none: Option<&str> = None;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        unshare(CloneFlags::CLONE_NEWNS).map_err(|e| format!("unshare: {e}"))?;
        mount(none, "/", none, private, none).map_err(|e| format!("a private tree: {e}"))?;
        mount(
            Some("proc"),
            "/proc",
            Some("proc"),
            MsFlags::empty(),
            Some("hidepid=invisible"),
        )
        .map_err(|e| format!("proc: {e}"))?;
        let ask = |args: &[&str]| {
            let nobody = Command::new(&program)
                .args(args)
                .uid(65534)
                .gid(65534)
                .output();
            nobody.map_err(|e| format!("as nobody: {e}"))
        };
        Ok::<_, String>((
            ask(&["ps", "--json"])?,
            ask(&["doctor"])?,
            ask(&["inspect", "1"])?,
        ))
    });
    let (ps, doctor, one) = match answers.join().expect("it ends") {
        Ok(answers) => answers,
        Err(why) => {
            println!("skipped: {why}");
            return;
        }
    };
    let ps: Value = serde_json::from_slice(&ps.stdout).unwrap_or_else(|_| panic!("{ps:?}"));
    let processes = ps["processes"].as_array().expect("processes");
    assert!(!processes.is_empty(), "its own are seen");
    assert!(
        processes.iter().all(|p| p["uid"] == 65534 && p["pid"] != 1),
        "{ps}"
    );
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("hidepid=invisible"), "{doctor}");
    let said = String::from_utf8_lossy(&one.stderr).into_owned();
    assert!(said.contains("hides it from this user"), "{said}");
    assert_eq!(one.status.code(), Some(4), "{said}");
}
