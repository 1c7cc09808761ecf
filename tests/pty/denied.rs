//! Of all our threads only one that acts on processes, and one that makes those who write a file, may write at all.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::held::until;
use super::session::{Session, pscope};

/// How many filters each thread of this process is under, by its name; the least where several have the same.
fn filters(of: &str) -> Option<BTreeMap<String, u32>> {
    let mut all = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{of}/task")).ok()?.flatten() {
        // One that has ended meanwhile has none.
        let Ok(text) = fs::read_to_string(task.path().join("status")) else {
            continue;
        };
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.map(|value| value.trim().to_owned())
        };
        let filters: u32 = value("Seccomp_filters:")?.parse().ok()?;
        let known = all.entry(value("Name:")?).or_insert(filters);
        *known = filters.min(*known);
    }
    Some(all)
}

/// Names the threads that may write; `None` where no filter is taken here.
fn may_write(pid: Pid) -> Option<Vec<String>> {
    let ours = *filters("self")?.values().min()?;
    let theirs = filters(&pid.to_string())?;
    let taken = theirs.values().all(|n| *n > ours);
    let may = theirs.into_iter().filter(|(_, n)| *n < ours + 2);
    taken.then(|| may.map(|(name, _)| name).collect())
}

#[test]
fn on_the_live_screen_nobody_else_may_write() {
    let session = Session::start(pscope(&["--interval", "200ms"]), 100, 30);
    session.is_live();
    match may_write(session.pid()) {
        Some(may) => assert_eq!(may, ["acting", "forks"]),
        None => println!("skipped: this kernel takes no filter"),
    }
}

#[test]
fn in_a_command_that_writes_nobody_else_may() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("it.pscope");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
    command.args(["record", "--interval", "100ms"]).arg(&file);
    let piped = command.stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = piped.spawn().expect("it starts");
    let pid = Pid::from_raw(child.id() as i32);
    until("something is recorded", || {
        fs::metadata(&file).is_ok_and(|file| file.len() > 0)
    });
    let may = may_write(pid);
    kill(pid, Signal::SIGINT).expect("it lives");
    assert!(child.wait().expect("it ends").success());
    match may {
        Some(may) => assert_eq!(may, ["forks"]),
        None => println!("skipped: this kernel takes no filter"),
    }
}
