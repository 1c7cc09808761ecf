//! `pscope inspect` on the puppet: the JSON contract field by field, and what another user is told.

use std::process::{Command, Output};

use serde_json::Value;

use super::ordinary::Program;
use super::puppet::Puppet;

fn pscope() -> Command {
    Command::new(env!("CARGO_BIN_EXE_pscope"))
}

fn json(command: &mut Command) -> (Value, Output) {
    let output = command.output().expect("pscope runs");
    let value = serde_json::from_slice(&output.stdout);
    (value.unwrap_or_else(|_| panic!("{output:?}")), output)
}

fn number(hex: &Value) -> u64 {
    let text = hex.as_str().expect("a hexadecimal string");
    u64::from_str_radix(text.strip_prefix("0x").expect("0x"), 16).expect("hexadecimal")
}

#[test]
fn the_whole_contract_is_kept() {
    let puppet = Puppet::start();
    let pid = puppet.pid().to_string();
    let (answer, output) = json(pscope().args(["inspect", &pid, "--json"]));
    assert!(output.status.success());
    assert_eq!(answer["schema"], 1);
    assert_eq!(answer["process"]["pid"], puppet.pid());
    assert_eq!(answer["process"]["name"], "puppet");
    let regions = answer["regions"].as_array().expect("regions");
    for said in puppet.truth["regions"]["list"].as_array().expect("a list") {
        let address = number(&said["address"]);
        let region = regions
            .iter()
            .find(|r| (number(&r["start"])..number(&r["end"])).contains(&address));
        let region = region.expect("the address is in a region");
        assert_eq!(region["kind"], said["kind"], "{said}");
        let size = number(&region["end"]) - number(&region["start"]);
        assert_eq!(region["size_bytes"], size);
        let fields = [
            "permissions",
            "rss_bytes",
            "pss_bytes",
            "swap_bytes",
            "offset",
        ];
        for field in fields.iter().chain(&["private_dirty_bytes", "path", "tid"]) {
            assert!(region.get(field).is_some(), "{field} of {region}");
        }
        if let Some(resident) = said["more"]["resident"].as_u64() {
            assert!(region["rss_bytes"].as_u64() >= Some(resident), "{region}");
        }
    }
    let sum: u64 = answer["memory_by_kind"]
        .as_object()
        .expect("sums")
        .values()
        .filter_map(|kind| kind["size_bytes"].as_u64())
        .sum();
    let claimed: u64 = regions
        .iter()
        .filter_map(|r| r["size_bytes"].as_u64())
        .sum();
    assert_eq!(sum, claimed);
    let tids: Vec<&Value> = answer["threads"]
        .as_array()
        .expect("threads")
        .iter()
        .map(|t| &t["tid"])
        .collect();
    for said in puppet.truth["regions"]["list"].as_array().expect("a list") {
        if said["name"] == "thread" {
            assert!(tids.contains(&&said["more"]["tid"]), "{said}");
        }
    }
    assert_eq!(answer["signals"].as_array().map(Vec::len), Some(64));
    for key in ["descriptors", "limits", "capabilities"] {
        assert!(answer[key].is_array(), "{key}: {}", answer[key]);
    }
    for key in ["environment", "namespaces"] {
        assert!(answer[key].is_object(), "{key}: {}", answer[key]);
    }
}

#[test]
fn the_text_has_every_section() {
    let puppet = Puppet::start();
    let output = pscope()
        .args(["inspect", &puppet.pid().to_string()])
        .output();
    let text = String::from_utf8(output.expect("pscope runs").stdout).expect("UTF-8");
    for title in [
        "OVERVIEW",
        "MEMORY",
        "FILES",
        "THREADS",
        "SIGNALS",
        "ENVIRONMENT",
        "LIMITS",
    ] {
        assert!(text.lines().any(|l| l == title), "no {title} in\n{text}");
    }
    assert!(text.contains("thread_stack"), "{text}");
    assert!(!text.contains('\x1b'), "a pipe gets no attributes");
}

#[test]
fn one_section_is_alone_and_its_absence_is_a_status() {
    let puppet = Puppet::start();
    let pid = puppet.pid().to_string();
    let (answer, _) = json(pscope().args(["inspect", &pid, "memory", "--json"]));
    assert!(answer["regions"].is_array());
    assert_eq!(answer.get("threads"), None);
    let none = pscope()
        .args(["inspect", "4194305"])
        .output()
        .expect("pscope runs");
    assert_eq!(none.status.code(), Some(3));
    let usage = pscope()
        .args(["inspect", &pid, "kidneys"])
        .output()
        .expect("pscope runs");
    assert_eq!(usage.status.code(), Some(2));
}

/// Faults that this process had so far (`proc_pid_stat(5)`, fields 10 and 12).
fn faults(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let (_, after) = stat.rsplit_once(") ").expect("a name");
    let of = |field: usize| after.split(' ').nth(field - 3).and_then(|n| n.parse().ok());
    of(10).unwrap_or(0) + of(12).unwrap_or(0)
}

/// What the puppet answers, which page faults of it are told meanwhile, and how many it had; `None` where those are not told
/// here.
fn watched(puppet: &mut Puppet, what: &str) -> Option<(Value, Value, u64)> {
    let mut inspect = pscope()
        .args([
            "inspect",
            &puppet.pid().to_string(),
            "memory",
            "--for",
            "1m",
            "--json",
        ])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("pscope runs");
    // It listens as soon as it has an event of each core; without any it has ended.
    let id = inspect.id();
    let listens = || {
        let fds = std::fs::read_dir(format!("/proc/{id}/fd"));
        let names = fds.into_iter().flatten().flatten();
        let mut names = names.filter_map(|fd| std::fs::read_link(fd.path()).ok());
        names.any(|name| name.to_string_lossy() == "anon_inode:[perf_event]")
    };
    let waits = || {
        let call = std::fs::read_to_string(format!("/proc/{id}/wchan"));
        call.is_ok_and(|call| call.contains("poll"))
    };
    while !(listens() && waits()) {
        if let Ok(Some(_)) = inspect.try_wait() {
            println!("skipped: page faults of our own child are not told here");
            return None;
        }
        std::thread::yield_now();
    }
    let before = faults(puppet.pid());
    let said = puppet.ask(what);
    let had = faults(puppet.pid()) - before;
    let pid = nix::unistd::Pid::from_raw(id.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("our own child");
    let output = inspect.wait_with_output().expect("it ends");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    Some((said, answer["page_faults"].clone(), had))
}

#[test]
fn functions_that_touch_pages_are_told_by_their_names() {
    let mut puppet = Puppet::start();
    let Some((said, told, _)) = watched(&mut puppet, "touch") else {
        return;
    };
    let region = |function: &str| {
        let regions = told["regions"].as_array().expect("a list");
        let found = regions.iter().find(|r| r["start"] == said[function]);
        found.unwrap_or_else(|| panic!("{function}: {told}"))
    };
    let touched = region("touch_pages");
    let by = &touched["touched_by"];
    assert_eq!(by[0]["code"]["function"], "touch_pages", "{touched}");
    assert_eq!(by[0]["faults"], touched["faults"], "nobody else did: {by}");
    assert_eq!(by[1], Value::Null, "{by}");
    assert_eq!(by[0]["called_by"], Value::Null, "{by}");
    if told["exact"] == true {
        assert_eq!(touched["faults"], said["pages"], "{touched}");
    }
    let file = by[0]["code"]["file"].as_str().unwrap_or_default();
    assert!(file.ends_with("/puppet"), "{by}");
    // The C library did it, for somebody.
    let by = &region("fill_pages")["touched_by"];
    let file = by[0]["code"]["file"].as_str().unwrap_or_default();
    assert!(!file.ends_with("/puppet"), "{by}");
    let yama = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    let yama = yama.is_ok_and(|scope| scope.trim() != "0");
    let copied = nix::unistd::geteuid().is_root() || !yama;
    // Who called is told where memory may be copied, and where the stack has it.
    if copied && cfg!(target_arch = "x86_64") {
        assert_eq!(by[0]["called_by"]["function"], "fill_pages", "{by}");
    }
    // Of all, these made the most.
    let all = told["touched_by"].as_array().expect("a list");
    let made = all.iter().find(|b| b["code"]["function"] == "touch_pages");
    let made = made.and_then(|b| b["faults"].as_u64());
    assert!(
        made >= touched["faults"].as_u64() && made > Some(0),
        "{told}"
    );
}

#[test]
fn pages_that_are_taken_meanwhile_are_told_by_region() {
    let mut puppet = Puppet::start();
    let Some((_, told, had)) = watched(&mut puppet, "grow") else {
        return;
    };
    let regions = told["regions"].as_array().expect("a list");
    let all: u64 = regions.iter().filter_map(|r| r["faults"].as_u64()).sum();
    let first = |r: &Value| r["first_touch"].as_u64().unwrap_or(0);
    assert!(
        first(&regions[0]) > 0 && regions[0]["kind"].is_string(),
        "{told}"
    );
    assert!(told["span_ns"].as_u64().is_some_and(|span| span > 0));
    if told["exact"] == true && told["with_kernel"] == true {
        assert_eq!(all, had, "as the kernel counts: {told}");
    } else {
        assert!(all > 0 && all <= had, "{told}");
    }
    let usage = pscope()
        .args(["inspect", "1", "files", "--for", "1s"])
        .output();
    assert_eq!(usage.expect("pscope runs").status.code(), Some(2));
}

#[test]
fn another_user_is_told_of_denials_and_not_of_zeros() {
    let puppet = Puppet::start();
    let pid = puppet.pid().to_string();
    let program = Program::new();
    let mut stranger = program.as_nobody();
    let Ok(output) = stranger.args(["inspect", &pid, "--json"]).output() else {
        println!("skipped: there is no setpriv");
        return;
    };
    if output.status.code() != Some(0) {
        let why = String::from_utf8_lossy(&output.stderr);
        println!("skipped: another user cannot be taken on: {why}");
        return;
    }
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for part in ["regions", "memory_by_kind", "descriptors", "environment"] {
        assert_eq!(answer[part], Value::Null, "{part}");
        assert_eq!(answer["unavailable"][part], "denied", "{part}");
    }
    assert_eq!(answer["overview"]["own_bytes"], Value::Null);
    assert_eq!(answer["overview"]["unavailable"]["own_bytes"], "denied");
    assert_eq!(answer["process"]["exe"], Value::Null);
    assert_eq!(answer["signals"].as_array().map(Vec::len), Some(64));
    let status = program
        .as_nobody()
        .args(["inspect", &pid, "memory"])
        .output()
        .expect("it ran before");
    assert_eq!(status.status.code(), Some(4));
}
