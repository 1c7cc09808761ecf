//! Who may open or look at a file by its path without asking `sys::asker` or `sys::bounded`, and why nothing waits there.
//!
//! A path that an observed process chose may lead to a FIFO, a device or a filesystem that never answers; a few files of
//! `/proc` wait for locks that the process holds; a few of `/sys` ask a driver. A thread that waits there keeps all of pscope.

use std::collections::BTreeSet;

use super::source::{code, files};

/// Opening a file by its path, or making the kernel walk to it.
const OPENING: &[&str] = &[
    "fs::read(",
    "read_to_string(",
    "File::open(",
    ".open(",
    "fs::metadata(",
    ".exists()",
    "fs::exists(",
    "try_exists(",
    ".is_dir()",
    "statfs(",
    "statvfs(",
    "getxattr(",
    "canonicalize(",
    "stat::stat(",
    // Doing it for somebody.
    "outfile::",
    "text::read(",
];

/// The floors on which files are opened.
const FLOORS: &[&str] = &[
    "sys/",
    "sampler/",
    "recording/",
    "report/",
    "run/",
    "cli/",
    "cli.rs",
];

/// Files that open by paths which no line names as one of the kernel's own trees (`root.proc(…)`, `root.sys(…)`).
const MAY: &[(&str, &str)] = &[
    ("cli/install.rs", "by a hand of the asker"),
    ("cli/live.rs", "by a hand of the asker"),
    ("report/metrics.rs", "by a hand of the asker"),
    (
        "run/config/keep.rs",
        "the settings that a person keeps, by a hand of the asker",
    ),
    (
        "run/config/text.rs",
        "looked at first, opened without waiting; by a hand of the asker where it is read at the start",
    ),
    ("run/saving.rs", "by a hand of the asker"),
    (
        "sys/acting/freezer.rs",
        "cgroup.freeze of a group that was looked at",
    ),
    ("sys/acting/frozen.rs", "/dev/null"),
    ("sys/acting/pidfd.rs", "/proc itself"),
    (
        "sys/acting/scope.rs",
        "files of a control group: `..` is refused",
    ),
    (
        "sys/acting/signals.rs",
        "cgroup.kill of a group that was looked at",
    ),
    (
        "sys/asker/child.rs",
        "asks for everybody, and is given up; stat of our own children",
    ),
    ("sys/asker/stream.rs", "runs in a hand of the asker"),
    ("sys/asker/title.rs", "stat of ourselves"),
    ("sys/bounded.rs", "asks on threads that are left behind"),
    ("sys/groups/hierarchy.rs", "folders of control groups"),
    (
        "sys/descriptors/fds.rs",
        "folders of /proc; the rest runs in a worker of the asker",
    ),
    ("sys/descriptors/fill.rs", "runs in a worker of the asker"),
    (
        "sys/descriptors/terminal.rs",
        "runs in a worker of the asker",
    ),
    (
        "sys/doctor/built.rs",
        "files of /boot and of the kernel, looked at first",
    ),
    (
        "sys/doctor/files.rs",
        "files of the kernel that ask no driver",
    ),
    ("sys/doctor/own.rs", "our own program"),
    (
        "sys/kept.rs",
        "paths come from whoever keeps one; see ASKED",
    ),
    (
        "sys/machine/disks.rs",
        "a folder of /sys/block; statvfs runs in a worker of the asker",
    ),
    ("sys/machine/requests.rs", "a folder of /sys/block"),
    ("sys/memory/pagemap.rs", "called by bounded"),
    ("sys/memory/shared_maps.rs", "called by bounded"),
    (
        "sys/machine/zone.rs",
        "/etc/localtime or what TZ names, looked at first, as the C library would",
    ),
    (
        "sys/memory/stack_pointers.rs",
        "comm, which takes no lock of the process",
    ),
    (
        "sys/network/interfaces.rs",
        "/proc/net/dev, which asks no driver that may sleep",
    ),
    ("sys/network/names.rs", "/etc/services and its like"),
    ("sys/network/namespace.rs", "/run/netns, which is root's"),
    ("sys/own/capabilities.rs", "our own program"),
    ("sys/own/outfile.rs", "the file that a person named"),
    (
        "sys/own/place.rs",
        "its folder, in the process of our own that writes it",
    ),
    ("sys/own/recording.rs", "the file that a person named"),
    (
        "sys/process/isolation/cgroup.rs",
        "files of a control group: `..` is refused",
    ),
    (
        "sys/machine/topology.rs",
        "where cores stand, which the kernel has in memory",
    ),
    (
        "sys/process/isolation/cgroup/acting.rs",
        "files of a control group",
    ),
    (
        "sys/process/isolation/cgroup/facts.rs",
        "files of a control group",
    ),
    (
        "sys/process/isolation/cgroup/limits.rs",
        "files of a control group",
    ),
    (
        "sys/process/isolation/cgroup/own.rs",
        "files of our own control group",
    ),
    (
        "sys/process/overview.rs",
        "status, limits, statm, schedstat, which take no lock",
    ),
    ("sys/process/proc_dir.rs", "/proc itself"),
    ("sys/process/users.rs", "/etc/passwd"),
    (
        "sys/root.rs",
        "paths below /proc, for whoever names one; see ASKED",
    ),
    ("sys/scenario.rs", "only compiled for tests"),
    (
        "sys/scheduling/sched.rs",
        "sched, stat, status, which take no lock",
    ),
];

/// Files of the kernel that may wait: for a lock of the process, of its memory, of one of its descriptors, or for a driver.
const WAITING: &[&str] = &[
    "auxv",
    "cmdline",
    "environ",
    "fdinfo",
    "io",
    "maps",
    "mem",
    "numa_maps",
    "pagemap",
    "smaps",
    "smaps_rollup",
    "stack",
    "syscall",
    "cpufreq",
    "hwmon",
    "mm_stat",
    "power_supply",
    "queue",
    "speed",
    "thermal",
];

/// Files that name one of those and open something themselves as well, and what keeps the two apart.
const ASKED: &[(&str, &str)] = &[
    ("report/metrics.rs", "only a label says io"),
    ("sys/scheduling/waits/holders.rs", "fdinfo by the asker"),
    ("sys/acting/signal_masks.rs", "syscall by bounded"),
    (
        "sys/bounded.rs",
        "syscall of our own threads, whose lock only their own exec takes",
    ),
    ("sys/acting/standing.rs", "fdinfo by the asker"),
    (
        "sys/descriptors/fds.rs",
        "fdinfo by the asker; folders themselves",
    ),
    (
        "sys/descriptors/fill.rs",
        "a queue is a channel, and no file of /sys",
    ),
    ("sys/descriptors/ipc/sysv.rs", "syscall by bounded"),
    ("sys/doctor/files.rs", "all but one of them by the asker"),
    (
        "sys/groups/own_strain.rs",
        "io of a control group, or its pressure",
    ),
    ("sys/machine/disks.rs", "queue by the asker"),
    (
        "sys/machine/frequency.rs",
        "cpufreq by the asker; whether the folder is there",
    ),
    ("sys/machine/memory.rs", "mm_stat by the asker"),
    ("sys/machine/pressure.rs", "pressure of the machine"),
    ("sys/memory/pagemap.rs", "pagemap by bounded"),
    ("sys/memory/stack_pointers.rs", "syscall by bounded"),
    ("sys/network/interfaces.rs", "speed by the asker"),
    ("sys/own.rs", "its own io"),
    (
        "sys/process/isolation/cgroup/facts.rs",
        "io of a control group, or its pressure",
    ),
    ("sys/process/overview.rs", "io and smaps_rollup by bounded"),
    ("sys/scheduling/waits/held.rs", "fdinfo by the asker"),
    ("sys/scheduling/waits/links.rs", "fdinfo by the asker"),
    ("sys/scheduling/waits/owner.rs", "maps by bounded"),
];

/// Whether a line opens something.
fn opens(code: &str) -> bool {
    OPENING.iter().any(|word| code.contains(word))
}

/// Whether a text in quotes on this line names a file that may wait.
fn names_waiting(raw: &str) -> bool {
    let texts = raw.split('"').skip(1).step_by(2);
    let part = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
    texts
        .flat_map(|text| text.split(part))
        .any(|word| WAITING.contains(&word))
}

/// What one file does: opens by a path of its own, and names what may wait while it opens anything.
fn does(text: &str) -> (bool, bool) {
    let code = code(text);
    let lines = || code.lines().zip(text.lines());
    let own = lines().any(|(code, _)| opens(code) && !code.contains("root."));
    let any = code.contains("Kept::new(") || lines().any(|(code, _)| opens(code));
    // A line whose code is blank is a comment or a test.
    let named = lines().any(|(code, raw)| !code.trim().is_empty() && names_waiting(raw));
    (own, any && named)
}

#[test]
fn whoever_opens_by_path_says_why_nothing_waits_there() {
    let (mut own, mut named) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in files() {
        let path = path.to_string_lossy().into_owned();
        if !FLOORS.iter().any(|floor| path.starts_with(floor)) {
            continue;
        }
        let (opens, waits) = does(&text);
        if opens {
            own.insert(path.clone());
        }
        if waits {
            named.insert(path);
        }
    }
    let table = |rows: &[(&str, &str)]| -> BTreeSet<String> {
        rows.iter().map(|(path, _)| (*path).to_owned()).collect()
    };
    for (found, table, what) in [
        (
            own,
            table(MAY),
            "opens by a path of its own: ask by sys::asker or sys::bounded, or say in MAY of tests/layers/opens.rs why nothing waits there",
        ),
        (
            named,
            table(ASKED),
            "names a file that may wait, and opens files itself: say in ASKED of tests/layers/opens.rs what keeps them apart",
        ),
    ] {
        let untold: Vec<_> = found.difference(&table).collect();
        assert!(untold.is_empty(), "{untold:?} {what}");
        let idle: Vec<_> = table.difference(&found).collect();
        assert!(
            idle.is_empty(),
            "{idle:?} need not stand in tests/layers/opens.rs"
        );
    }
}

#[test]
fn what_may_wait_is_seen() {
    for (text, is) in [
        ("let t = std::fs::read(path)?;", (true, false)),
        ("let t = fs::read(root.proc(\"stat\"))?;", (false, false)),
        (
            "let t = fs::read(root.proc(format!(\"{pid}/io\")))?;",
            (false, true),
        ),
        (
            "let p = root.proc(format!(\"{pid}/fdinfo/3\"));\nlet t = read(p);",
            (false, false),
        ),
        ("// std::fs::read(path)", (false, false)),
        (
            "let m = path.metadata();\nlet s = statfs(path);",
            (true, false),
        ),
        (
            "#[cfg(test)]\nmod tests {\n    fn f() { std::fs::read(\"/x/maps\"); }\n}",
            (false, false),
        ),
    ] {
        assert_eq!(does(text), is, "{text}");
    }
}
