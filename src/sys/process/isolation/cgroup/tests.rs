//! Machines with v1 only, v2 only and both, as trees of real kernel text.

use super::*;
use crate::model::id::Nanos;
use crate::model::process::isolation::group::{Near, Quota, Usage};

pub fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, ProcRoot) {
    let dir = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let root = ProcRoot::fixture(dir.path());
    (dir, root)
}

#[test]
fn hybrid_reads_controllers_from_v1_and_pressure_from_v2() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        ),
        ("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "4096\n"),
        ("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "8192\n"),
        (
            "sys/fs/cgroup/unified/memory.pressure",
            "some avg10=1.00 avg60=1.00 avg300=0.00 total=5\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=3\n",
        ),
    ]);
    let group = read(&root, b"4:memory:/x\n0::/\n");
    assert_eq!(group.layout, Layout::Hybrid);
    assert_eq!(group.memory.as_ref().and_then(Usage::share), Some(0.5));
    assert!(group.pressure[1].is_some());
    assert_eq!(group.path(), Some("/x".into()));
    let json = serde_json::to_value(group.to_json()).expect("json");
    assert_eq!(json["layout"], "hybrid");
    assert_eq!(json["memory_limit_bytes"], 8192);
    assert_eq!(json["paths"]["memory"], "/x");
}

#[test]
fn a_container_that_mounts_its_own_part_finds_itself() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "35 31 0:32 /docker/2da4 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
        ),
        ("sys/fs/cgroup/memory/memory.usage_in_bytes", "77\n"),
    ]);
    let group = read(&root, b"4:memory:/docker/2da4\n");
    assert_eq!(group.memory.and_then(|m| m.used), Some(77));
}

#[test]
fn groups_that_cannot_be_seen_are_none() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        ),
        ("sys/fs/cgroup/memory.current", "5\n"),
    ]);
    assert_eq!(
        read(&root, b"0::/../other\n").memory,
        None,
        "outside of our namespace"
    );
    assert_eq!(read(&root, b"nonsense\n").memory, None);
    let (_dir, empty) = machine(&[]);
    let group = read(&empty, b"0::/\n");
    assert_eq!((group.layout, group.memory), (Layout::None, None));
}

#[test]
fn a_quota_is_counted_where_it_is_set() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
        ),
        ("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "10000\n"),
        ("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"),
        (
            "sys/fs/cgroup/cpu/a/cpu.stat",
            "nr_periods 11471\nnr_throttled 1877\nthrottled_time 81000000000\n",
        ),
        ("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n"),
        (
            "sys/fs/cgroup/cpu/a/b/cpu.stat",
            "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
        ),
    ]);
    let cpu = read(&root, b"5:cpu:/a/b\n").cpu.expect("a quota");
    assert_eq!(cpu.set_by.as_ref().map(SafeText::as_str), Some("/a"));
    let counted = (cpu.cores, cpu.throttled, cpu.periods, cpu.throttled_time);
    assert_eq!(
        counted,
        (Some(0.1), 1877, 11471, Nanos::from_millis(81_000))
    );
}

#[test]
fn the_limit_with_the_least_room_is_told_with_what_counts_against_it() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        ),
        // The parts of /a have filled it, though /a/b itself has hardly anything.
        ("sys/fs/cgroup/a/memory.max", "1000\n"),
        ("sys/fs/cgroup/a/memory.current", "990\n"),
        ("sys/fs/cgroup/a/b/memory.max", "500\n"),
        ("sys/fs/cgroup/a/b/memory.current", "10\n"),
        ("sys/fs/cgroup/a/pids.max", "50\n"),
        ("sys/fs/cgroup/a/pids.current", "49\n"),
        ("sys/fs/cgroup/a/b/pids.max", "max\n"),
        ("sys/fs/cgroup/a/b/pids.current", "3\n"),
        ("sys/fs/cgroup/a/cpu.max", "200000 100000\n"),
        (
            "sys/fs/cgroup/a/cpu.stat",
            "nr_periods 40\nnr_throttled 38\nthrottled_usec 5\n",
        ),
        ("sys/fs/cgroup/a/b/cpu.max", "100000 100000\n"),
        (
            "sys/fs/cgroup/a/b/cpu.stat",
            "nr_periods 40\nnr_throttled 0\nthrottled_usec 0\n",
        ),
    ]);
    let group = read(&root, b"0::/a/b\n");
    let memory = group.memory.as_ref().expect("a limit");
    assert_eq!((memory.used, memory.limit), (Some(10), Some(500)));
    assert_eq!(memory.set_by, Some("/a/b".into()));
    let near = Near {
        group: "/a".into(),
        used: 990,
        limit: 1000,
    };
    assert_eq!(memory.near, Some(near));
    assert_eq!(memory.share(), Some(0.99));
    let words = |usage: &Option<Usage>| {
        let (used, by) = usage.as_ref().expect("told").words(|n| n.to_string());
        format!("{used} {by}")
    };
    assert_eq!(
        words(&group.memory),
        "10 of 500 set by /a/b; /a comes first: 990 of 1000 (99 %)"
    );
    assert_eq!(
        words(&group.tasks),
        "3 of 50 set by /a, which has 49 in use (98 %)"
    );
    let cpu = group.cpu.as_ref().expect("a quota");
    assert_eq!((cpu.cores, cpu.throttled), (Some(1.0), 0));
    let above = Quota {
        group: "/a".into(),
        cores: 2.0,
        periods: 40,
        throttled: 38,
    };
    assert_eq!(cpu.above, Some(above));
    let json = serde_json::to_value(group.to_json()).expect("json");
    let told = [
        ("memory_limit_set_by", serde_json::json!("/a/b")),
        ("tasks_limit_set_by", serde_json::json!("/a")),
        ("cpu_limit_set_by", serde_json::json!("/a/b")),
        (
            "memory_nearest_limit",
            serde_json::json!({"path": "/a", "used_bytes": 990, "limit_bytes": 1000}),
        ),
        (
            "tasks_nearest_limit",
            serde_json::json!({"path": "/a", "tasks": 49, "limit": 50}),
        ),
        (
            "throttled_above",
            serde_json::json!({"path": "/a", "cores": 2.0, "periods": 40, "throttled_periods": 38}),
        ),
    ];
    for (key, value) in told {
        assert_eq!(json[key], value, "{key}");
    }
}

#[test]
fn a_limit_that_is_alone_is_told_with_its_share() {
    let usage = Usage {
        used: Some(480),
        limit: Some(512),
        set_by: Some("/a".into()),
        near: Some(Near {
            group: "/a".into(),
            used: 480,
            limit: 512,
        }),
    };
    let told = |usage: &Usage| usage.words(|n| n.to_string());
    let by = "set by /a".to_owned();
    assert_eq!(told(&usage), ("480 of 512 (94 %)".to_owned(), by));
    let none = Usage {
        used: Some(3),
        ..Usage::default()
    };
    assert_eq!(told(&none), ("3, no limit".to_owned(), String::new()));
    assert_eq!(none.share(), None);
    let nothing = Usage {
        used: Some(0),
        limit: Some(0),
        ..Usage::default()
    };
    assert_eq!(nothing.share(), Some(1.0), "nothing more may be had");
}
