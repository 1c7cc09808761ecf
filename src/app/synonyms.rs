//! What people call things: other words for actions, for the palette and the search in help.

/// Other words for an action, by its name.
const ALSO: &[(&str, &[&str])] = &[
    ("quit", &["exit", "leave", "close", "end"]),
    ("pause", &["freeze the screen", "hold", "stop time"]),
    (
        "slower",
        &[
            "delay", "interval", "refresh", "update", "rate", "pace", "speed",
        ],
    ),
    (
        "faster",
        &[
            "delay", "interval", "refresh", "update", "rate", "pace", "speed",
        ],
    ),
    (
        "signal",
        &[
            "kill",
            "terminate",
            "end task",
            "stop",
            "term",
            "hup",
            "sigkill",
        ],
    ),
    (
        "freeze",
        &["suspend a process", "stop", "cont", "thaw", "resume"],
    ),
    ("nice-down", &["renice", "priority", "undo"]),
    ("nice-up", &["renice", "priority", "undo"]),
    ("affinity", &["taskset", "pin", "cores", "cpus", "undo"]),
    ("io-priority", &["ionice", "undo"]),
    (
        "policy",
        &["chrt", "scheduler", "realtime", "real-time", "undo"],
    ),
    (
        "settings",
        &[
            "options",
            "preferences",
            "config",
            "configuration",
            "setup",
            "ascii",
            "mouse",
        ],
    ),
    (
        "themes",
        &[
            "theme", "colour", "colours", "color", "colors", "dark", "light", "look", "scheme",
        ],
    ),
    (
        "layout",
        &["split", "panes", "below", "beside", "side", "resize"],
    ),
    ("list-larger", &["resize", "wider", "split"]),
    ("list-smaller", &["resize", "narrower", "split"]),
    ("cores-larger", &["resize", "taller"]),
    ("cores-smaller", &["resize", "lower"]),
    ("copy", &["yank", "clipboard"]),
    (
        "save",
        &[
            "export",
            "screenshot",
            "csv",
            "json",
            "svg",
            "print",
            "picture",
        ],
    ),
    (
        "view-cpu",
        &[
            "temperature",
            "sensors",
            "frequency",
            "fan",
            "cores",
            "scheduler",
            "battery",
        ],
    ),
    ("view-memory", &["ram", "swap", "oom", "cache"]),
    (
        "view-disks",
        &["io", "iops", "filesystem", "df", "iotop", "storage"],
    ),
    (
        "view-network",
        &[
            "port",
            "listen",
            "connections",
            "interfaces",
            "netstat",
            "ss",
            "ip",
            "traffic",
        ],
    ),
    ("view-ipc", &["pipes", "shared memory"]),
    ("dashboard", &["processes", "main", "home"]),
    (
        "filter",
        &[
            "search",
            "find",
            "grep",
            "only",
            "port",
            "user",
            "container",
            "zombie",
            "defunct",
        ],
    ),
    (
        "group-by",
        &[
            "docker",
            "podman",
            "container",
            "service",
            "systemd",
            "unit",
            "cgroup",
            "pod",
        ],
    ),
    ("search", &["find", "jump"]),
    ("clear-filter", &["reset", "all processes"]),
    (
        "columns",
        &["fields", "container", "cgroup", "unit", "setup"],
    ),
    ("sort-by", &["order", "sort"]),
    ("user", &["whose", "owner"]),
    ("tree-or-flat", &["hierarchy", "list", "children"]),
    ("files", &["lsof", "open files", "descriptors", "pipes"]),
    ("sockets", &["port", "connections", "netstat"]),
    ("memory", &["pmap", "maps", "leak", "heap", "stack"]),
    ("environment", &["env", "variables", "secrets"]),
    (
        "limits",
        &[
            "container",
            "cgroup",
            "namespace",
            "ulimit",
            "capabilities",
            "isolation",
        ],
    ),
    (
        "threads-tab",
        &["strace", "waits", "deadlock", "blocked", "lock"],
    ),
    ("schedule", &["slices", "preempted", "perf"]),
    (
        "signal-state",
        &["handlers", "ignored", "blocked", "pending"],
    ),
    ("history", &["past", "chart", "graph"]),
    ("log", &["events", "undo", "what happened"]),
    ("explain", &["what", "why", "meaning"]),
    ("help", &["keys", "shortcuts", "manual"]),
    ("own-cost", &["self", "overhead"]),
    (
        "cpu-scale",
        &["irix", "solaris", "percent", "normalise", "normalize"],
    ),
    ("redraw", &["refresh", "repaint"]),
    ("tag", &["mark", "select"]),
];

/// Other words for an action; none for most.
pub fn of(action: &str) -> &'static [&'static str] {
    let found = ALSO.iter().find(|(name, _)| *name == action);
    found.map_or(&[], |(_, words)| words)
}

/// Every action that has other words, by its name.
pub fn named() -> impl Iterator<Item = &'static str> {
    ALSO.iter().map(|(name, _)| *name)
}
