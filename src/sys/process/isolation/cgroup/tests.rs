//! Machines with v1 only, v2 only and both, as trees of real kernel text.

use super::*;

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
