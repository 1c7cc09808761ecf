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
fn v2_only_takes_the_tightest_limit_above_it() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "24 23 0:22 / /proc rw - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
        ),
        ("sys/fs/cgroup/a.slice/memory.max", "1073741824\n"),
        ("sys/fs/cgroup/a.slice/cpu.max", "50000 100000\n"),
        ("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n"),
        (
            "sys/fs/cgroup/a.slice/b.service/memory.current",
            "536870912\n",
        ),
        (
            "sys/fs/cgroup/a.slice/b.service/memory.swap.current",
            "4096\n",
        ),
        ("sys/fs/cgroup/a.slice/b.service/memory.swap.max", "max\n"),
        (
            "sys/fs/cgroup/a.slice/b.service/memory.events",
            "low 0\nhigh 0\nmax 4\noom 2\noom_kill 2\n",
        ),
        ("sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n"),
        (
            "sys/fs/cgroup/a.slice/b.service/cpu.stat",
            "usage_usec 9\nnr_periods 40\nnr_throttled 10\nthrottled_usec 5000\n",
        ),
        ("sys/fs/cgroup/a.slice/b.service/pids.current", "7\n"),
        ("sys/fs/cgroup/a.slice/b.service/pids.max", "100\n"),
        (
            "sys/fs/cgroup/a.slice/b.service/cpu.pressure",
            "some avg10=12.50 avg60=1.00 avg300=0.00 total=5\n",
        ),
    ]);
    let group = read(&root, b"0::/a.slice/b.service\n");
    assert_eq!(group.layout, Layout::V2);
    let memory = group.memory.clone().expect("memory");
    assert_eq!(
        (memory.used, memory.limit),
        (Some(512 << 20), Some(1 << 30))
    );
    assert_eq!(memory.set_by.as_deref(), Some("/a.slice"));
    assert_eq!(memory.share(), Some(0.5));
    assert_eq!(group.swap.as_ref().and_then(|s| s.used), Some(4096));
    assert_eq!(
        group.tasks.as_ref().map(|t| (t.used, t.limit)),
        Some((Some(7), Some(100)))
    );
    let cpu = group.cpu.clone().expect("cpu");
    assert_eq!(cpu.cores, Some(0.5));
    assert_eq!(
        (cpu.periods, cpu.throttled, cpu.throttled_time),
        (40, 10, Nanos(5_000_000))
    );
    assert_eq!(group.oom_kills, Some(2));
    assert!(group.pressure[0].is_some_and(|p| (p.some_10 - 12.5).abs() < 0.01));
    assert_eq!(group.pressure[1], None);
    assert_eq!(
        group.path().map(SafeText::as_str),
        Some("/a.slice/b.service")
    );
}

#[test]
fn v1_only_has_a_hierarchy_for_each_controller() {
    let (_dir, root) = machine(&[
        (
            "proc/self/mountinfo",
            "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
            35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
        ),
        (
            "sys/fs/cgroup/memory/docker/2da4/memory.usage_in_bytes",
            "1000\n",
        ),
        (
            "sys/fs/cgroup/memory/docker/2da4/memory.limit_in_bytes",
            "9223372036854771712\n",
        ),
        (
            "sys/fs/cgroup/memory/docker/2da4/memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
        ),
        (
            "sys/fs/cgroup/cpu,cpuacct/docker/2da4/cpu.cfs_quota_us",
            "150000\n",
        ),
        (
            "sys/fs/cgroup/cpu,cpuacct/docker/2da4/cpu.cfs_period_us",
            "100000\n",
        ),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        (
            "sys/fs/cgroup/cpu,cpuacct/docker/2da4/cpu.stat",
            "nr_periods 4\nnr_throttled 1\nthrottled_time 700\n",
        ),
    ]);
    let group = read(
        &root,
        b"4:memory:/docker/2da4\n2:cpu,cpuacct:/docker/2da4\n",
    );
    assert_eq!(group.layout, Layout::V1);
    let memory = group.memory.clone().expect("memory");
    assert_eq!(
        (memory.used, memory.limit),
        (Some(1000), None),
        "a huge number is no limit"
    );
    let cpu = group.cpu.clone().expect("cpu");
    assert_eq!((cpu.cores, cpu.throttled_time), (Some(1.5), Nanos(700)));
    assert_eq!(group.tasks, None, "no such controller");
    assert_eq!(group.swap, None);
    assert_eq!(group.oom_kills, Some(0));
    assert_eq!(group.path().map(SafeText::as_str), Some("/docker/2da4"));
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
    assert_eq!(group.path().map(SafeText::as_str), Some("/x"));
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
