//! Groups in reports: every way to group, sums that equal those of the members, and control groups as the kernel tells them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::{Sleeper, pscope, text};

fn json(args: &[&str]) -> Value {
    let output = pscope(args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn members(group: &Value) -> BTreeSet<u64> {
    let all = group["members"].as_array().expect("members");
    all.iter().filter_map(Value::as_u64).collect()
}

#[test]
fn every_grouping_holds_each_process_once_and_sums_its_members() {
    let sleeper = Sleeper::start();
    let pid = u64::from(sleeper.pid());
    for by in ["cgroup", "unit", "container", "user", "program", "session"] {
        let value = json(&["ps", "--group-by", by, "--json"]);
        let word = if by == "container" { "unit" } else { by };
        assert_eq!(value["group_by"], word);
        let groups = value["groups"].as_array().expect("groups");
        let mut held = 0;
        for group in groups {
            let all = members(group);
            // One that lists nobody tells of whoever is in it by another hierarchy.
            let elsewhere = group["members_listed_elsewhere"]
                .as_array()
                .map_or(0, Vec::len);
            let counted = if all.is_empty() { elsewhere } else { all.len() };
            assert_eq!(group["processes"], counted, "{group}");
            // A process has a thread at the least, and each counts once.
            assert!(
                group["threads"].as_u64() >= Some(all.len() as u64),
                "{group}"
            );
            held += usize::from(all.contains(&pid));
        }
        // The tree of control groups tells a process in each group that holds its own.
        assert!(held == 1 || by == "cgroup" && held >= 1, "{by}: {held}");
        let table = pscope(&["ps", "--group-by", by, "--columns", "thr,mem"]);
        assert!(table.status.success());
        let table = text(&table.stdout);
        let head = table.lines().next().unwrap_or_default();
        for title in ["PROCS", "THR", "MEM", "KIND", "NAME"] {
            assert!(head.contains(title), "{table}");
        }
    }
    let filter = format!("pid:{pid}");
    let one = json(&["ps", &filter, "--group-by", "program", "--json"]);
    let groups = one["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (&groups[0]["name"], members(&groups[0])),
        (&"cat".into(), [pid].into())
    );
    assert_eq!(groups[0]["threads"], 1);
}

#[test]
fn control_groups_are_those_that_the_kernel_tells() {
    let sleeper = Sleeper::start();
    let pid = u64::from(sleeper.pid());
    let told = fs::read_to_string(format!("/proc/{pid}/cgroup")).expect("it lives");
    let paths: BTreeSet<&str> = told
        .lines()
        .filter_map(|l| l.splitn(3, ':').nth(2))
        .collect();
    let value = json(&["tree", "--by", "cgroup", "--json"]);
    // The group that holds it and of which no part does is its own.
    let mut level = value["groups"].clone();
    let mut own = None;
    while let Some(group) = level
        .as_array()
        .and_then(|all| all.iter().find(|g| members(g).contains(&pid)))
    {
        own = group["path"].as_str().map(str::to_owned);
        level = group["groups"].clone();
    }
    let own = own.expect("it is in a group");
    let known = paths.contains(own.as_str()) || own.starts_with("outside:");
    assert!(known, "{own} of {told}");
    assert!(!own.contains(".."), "{own}");
    let tree = text(&pscope(&["tree", "--by", "cgroup"]).stdout);
    let counts: BTreeMap<bool, usize> = tree.lines().fold(BTreeMap::new(), |mut all, line| {
        *all.entry(line.ends_with(')')).or_default() += 1;
        all
    });
    assert!(counts.get(&true) >= Some(&1), "{tree}");
}

#[test]
fn a_tree_of_groups_takes_a_filter_or_a_pid() {
    let sleeper = Sleeper::start();
    let pid = sleeper.pid();
    let (number, filter) = (pid.to_string(), format!("pid:{pid}"));
    for word in [&number, &filter] {
        let tree = text(&pscope(&["tree", "--by", "program", word]).stdout);
        assert_eq!(tree.lines().next(), Some("cat (1)"), "{tree}");
        let value = json(&["tree", "--by", "program", word, "--json"]);
        let groups = value["groups"].as_array().expect("groups");
        assert_eq!(groups.len(), 1);
        assert_eq!(members(&groups[0]), [u64::from(pid)].into());
    }
    let wrong = pscope(&["tree", "--by", "user", "cpu>many"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("'cpu>many' is not understood"));
    let two = pscope(&["tree", "a", "b"]);
    assert_eq!(two.status.code(), Some(2));
}

#[test]
fn what_cannot_be_grouped_by_is_said_with_what_can() {
    let output = pscope(&["ps", "--group-by", "colour"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("cgroup") && said.contains("session"),
        "{said}"
    );
}

/// A group of v2 of our own below ours; taken away again at the end.
struct OwnGroup(std::path::PathBuf);

impl OwnGroup {
    fn make(member: u32) -> Result<Self, String> {
        let told = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = told.lines().find_map(|line| line.strip_prefix("0::"));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "));
        let mount = mount.and_then(|line| line.split(' ').nth(4));
        let (Some(own), Some(mount)) = (own, mount) else {
            return Err("there is no control group of version 2".to_owned());
        };
        let dir = format!("{mount}{own}/pscope-cli-{}", std::process::id());
        fs::create_dir(&dir).map_err(|why| format!("no control group may be made: {why}"))?;
        let group = Self(dir.into());
        fs::write(group.0.join("cgroup.procs"), member.to_string())
            .map_err(|why| format!("nobody may be moved into it: {why}"))?;
        Ok(group)
    }
}

impl Drop for OwnGroup {
    fn drop(&mut self) {
        let _ = fs::write(self.0.join("cgroup.freeze"), "0");
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while fs::remove_dir(&self.0).is_err() && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
    }
}

#[test]
fn json_tells_of_a_control_group_what_its_files_say() {
    let value = json(&["ps", "--group-by", "user", "--json"]);
    let groups = value["groups"].as_array().expect("groups");
    assert!(
        groups
            .iter()
            .all(|group| group.get("control_group").is_none())
    );
    let value = json(&["ps", "--group-by", "cgroup", "--json"]);
    for group in value["groups"].as_array().expect("groups") {
        let told = group.get("control_group");
        let why = &group["unavailable"]["control_group"];
        let is_path = !group["path"].is_null();
        assert_eq!(told.is_some(), is_path, "{group}");
        assert_eq!(told.is_some_and(Value::is_null), why.is_string(), "{group}");
    }
    let sleeper = Sleeper::start();
    let group = match OwnGroup::make(sleeper.pid()) {
        Ok(group) => group,
        Err(why) => return println!("skipped: {why}"),
    };
    let name = format!("pscope-cli-{}", std::process::id());
    let told = || {
        let value = json(&["ps", "--group-by", "cgroup", "--json"]);
        let groups = value["groups"].as_array().expect("groups").clone();
        let found = groups.into_iter().find(|group| group["name"] == *name);
        found.expect("the group is listed")["control_group"].clone()
    };
    assert_eq!(told()["frozen"], false);
    assert_eq!(told()["freeze_refused"], Value::Null);
    fs::write(group.0.join("cgroup.freeze"), "1").expect("it is ours");
    assert_eq!(told()["frozen"], true);
}
