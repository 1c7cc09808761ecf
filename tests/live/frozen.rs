//! Who stands still with a frozen control group, of v1 and of v2: what is foretold then happens, and every report says it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pscope::model::acting::prediction::Prediction;
use pscope::model::acting::signal::Signal;
use serde_json::Value;

use super::signal_modes::{Actor, SIGNALS};

const CONT: u32 = 18;
const STOP: u32 = 19;

/// A group of one of the hierarchies that is thawed and taken away at the end.
struct Group {
    dir: PathBuf,
    /// What processes tell of where they are.
    path: String,
    file: &'static str,
    words: [&'static str; 2],
}

impl Group {
    /// Below the group of our own; `old` for v1.
    fn make(old: bool, mark: &str) -> Result<Self, String> {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let stands = |line: &str| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (names, path) = (parts.next()?, parts.next()?);
            let freezes = names.split(',').any(|name| name == "freezer");
            let here = if old { freezes } else { names.is_empty() };
            here.then(|| path.to_owned())
        };
        let own = own.lines().find_map(stands);
        let mount = mounts.lines().find(|line| {
            let freezes = line.contains(" - cgroup ") && line.ends_with("freezer");
            if old {
                freezes
            } else {
                line.contains(" - cgroup2 ")
            }
        });
        let mount = mount.and_then(|line| line.split(' ').nth(4));
        let (Some(own), Some(mount)) = (own, mount) else {
            let version = if old { 1 } else { 2 };
            return Err(format!("there is no control group of version {version}"));
        };
        let path = format!(
            "{}/pscope-frozen-{mark}-{}",
            own.trim_end_matches('/'),
            std::process::id()
        );
        let dir = Path::new(mount).join(path.trim_start_matches('/'));
        fs::create_dir(&dir).map_err(|why| format!("no control group may be made: {why}"))?;
        let (file, words) = if old {
            ("freezer.state", ["THAWED", "FROZEN"])
        } else {
            ("cgroup.freeze", ["0", "1"])
        };
        let group = Self {
            dir,
            path,
            file,
            words,
        };
        let has = group.dir.join(file).exists();
        let none = || "there is no control group of version 2 with a freezer".to_owned();
        has.then_some(group).ok_or_else(none)
    }

    fn freeze(&self, yes: bool) {
        fs::write(self.dir.join(self.file), self.words[usize::from(yes)]).expect("our own group");
    }

    /// Freezes one in it and waits until it stands.
    fn takes(&self, actor: &Actor) -> Result<(), String> {
        let moved = fs::write(self.dir.join("cgroup.procs"), actor.pid.to_string());
        moved.map_err(|why| format!("nobody may be moved into it: {why}"))?;
        self.freeze(true);
        actor.until(|_| {
            let file = |name: &str| fs::read_to_string(self.dir.join(name)).unwrap_or_default();
            file("cgroup.events").contains("frozen 1")
                || file("freezer.state").starts_with("FROZEN")
        });
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::write(self.dir.join(self.file), self.words[0]);
        while fs::remove_dir(&self.dir).is_err() && self.dir.exists() {
            std::thread::yield_now();
        }
    }
}

/// Somebody in a group. It is thawed, he ends, it is taken away.
struct Held {
    actor: Actor,
    group: Group,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.group.freeze(false);
    }
}

fn told(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(args)
        .output();
    String::from_utf8_lossy(&output.expect("pscope").stdout).into_owned()
}

/// What stands in the reports about one that is frozen.
fn says_so(actor: &Actor, group: &Group) {
    let pid = actor.pid.to_string();
    let sentence = format!("frozen with its control group {}", group.path);
    let overview = told(&["inspect", &pid, "overview"]);
    assert!(overview.contains(&sentence), "{overview}");
    let threads = told(&["inspect", &pid, "threads"]);
    assert!(
        threads.contains("  frozen with its control group"),
        "{threads}"
    );
    let json: Value = serde_json::from_str(&told(&["inspect", &pid, "--json"])).expect("JSON");
    assert_eq!(json["overview"]["frozen"], group.path.as_str());
    assert_eq!(
        json["threads"][0]["waits_on"],
        "frozen with its control group"
    );
    let column = told(&["ps", &format!("pid:{pid}"), "--columns", "pid,waits-for"]);
    assert!(column.contains("frozen with its"), "{column}");
    if group.file == "freezer.state" {
        let system = told(&["system"]);
        assert!(system.contains(" frozen"), "{system}");
    }
}

#[test]
fn what_is_foretold_of_who_is_frozen_happens() {
    for old in [false, true] {
        let mut wrong = Vec::new();
        for mode in ["plain", "handler", "ignore", "block", "stopped"] {
            for n in SIGNALS {
                // In v1 whoever is stopped is in state D, too.
                if old && mode == "stopped" && n == STOP {
                    continue;
                }
                let signal = Signal::new(n).expect("a signal");
                let group = match Group::make(old, &format!("{mode}-{n}")) {
                    Ok(group) => group,
                    Err(why) => return println!("skipped: {why}"),
                };
                let actor = Actor::start(mode);
                let held = Held { actor, group };
                if let Err(why) = held.group.takes(&held.actor) {
                    return println!("skipped: {why}");
                }
                if n == SIGNALS[0] && mode == "plain" {
                    says_so(&held.actor, &held.group);
                }
                let foretold = held.actor.predicted(signal);
                if n == CONT && matches!(foretold, Prediction::AfterSleep(_)) {
                    // It is no signal that would be seen to be pending.
                    held.actor.send(signal);
                    // Woken for a moment, it stands still again.
                    held.actor
                        .until(|a| matches!(a.state(), Some('S' | 'D' | 'T')));
                    held.group.freeze(false);
                    held.actor.until(|a| !matches!(a.state(), Some('T' | 'D')));
                    continue;
                }
                if !held.actor.keeps(&foretold, signal, mode).0 {
                    let state = held.actor.state();
                    wrong.push(format!("{mode} {signal}: {foretold:?}, {state:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "v1: {old} {wrong:#?}");
    }
}
