//! The rooms by subject within a layer: which may look into which beside it, and why.
//!
//! A layer's foundation looks into no subject, so that any subject can stand on it. A subject looks sideways only where the
//! table says so; a line that nothing needs any more is a failure too, so that the table stays the picture of what is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::imports;
use super::source;

type Rooms = &'static [&'static str];

/// What every subject of a layer stands on; these look into each other only.
const FOUNDATIONS: &[(&str, Rooms)] = &[
    (
        "model",
        &["format", "id", "plan", "reading", "span", "text"],
    ),
    (
        "sys",
        &["bounded", "bpf", "clock", "fields", "root", "source"],
    ),
    // Dialogs open above everything, tables stand in everything: neither knows where it is.
    ("panels", &["charts", "dialogs", "listing", "words"]),
];

/// Which subject looks into which: `layer/subject`, what beside it, and what for.
const SIDEWAYS: &[(&str, Rooms, &str)] = &[
    (
        "model/acting",
        &["process", "scheduling"],
        "the state of a process, and what it sleeps on, foretell what a signal does",
    ),
    (
        "model/groups",
        &["process"],
        "a quota is told in the words of isolation",
    ),
    (
        "model/machine",
        &["groups", "process", "scheduling"],
        "our own group bounds the machine; a verdict names states and what blocks",
    ),
    (
        "model/trigger",
        &["acting", "machine", "process", "scheduling"],
        "a condition is about processes, how they end, their slices, and the machine",
    ),
    (
        "model/network",
        &["descriptors"],
        "a connection is a socket that somebody holds",
    ),
    (
        "model/process",
        &["groups", "memory", "scheduling"],
        "a column shows a unit, the overview what is resident, a thread what it waits for",
    ),
    (
        "model/scheduling",
        &["descriptors", "machine", "process"],
        "a wait is for a descriptor; a lane is of a core",
    ),
    (
        "sys/acting",
        &["memory", "own", "process", "scheduling"],
        "who is signalled is looked for among processes; while it is sent, signals to ourselves wait",
    ),
    (
        "sys/descriptors",
        &["network", "process"],
        "a socket belongs to a namespace; what a process with an ended first thread holds is asked of a living one",
    ),
    (
        "sys/groups",
        &["machine", "process"],
        "pressure of a group is written like that of the machine",
    ),
    (
        "sys/machine",
        &["network", "process"],
        "limits of our own group bound memory; what all interfaces moved is a sum of the machine",
    ),
    (
        "sys/process",
        &["acting", "groups", "machine", "memory", "network", "own"],
        "an ending is waited for by pidfd, the connector speaks netlink, the overview gathers",
    ),
    (
        "sys/network",
        &["process"],
        "bytes are counted in the kernel by its own numbers, which must be ours",
    ),
    (
        "sys/scheduling",
        &["descriptors", "memory", "process"],
        "a wait is read from memory of the thread; who has a file lock or System V object is told as for view 6",
    ),
    (
        "panels/inspector",
        &["dashboard"],
        "the tab Schedule draws the lanes of the dashboard",
    ),
    (
        "panels/views",
        &["dashboard", "inspector"],
        "view 2 is the lanes, view 5 lists sockets as the tab does",
    ),
];

/// What gathers a whole layer: it may look into every room, and every room into it.
const GATHERING: &[(&str, Rooms)] = &[
    ("model", &["detail", "sample", "scene", "snapshot"]),
    // A child of `asker` does what the rooms ask of the kernel, and they ask through it.
    (
        "sys",
        &[
            "asker",
            "caught",
            "doctor",
            "kept",
            "scenario",
            "scenarios",
            "threads",
        ],
    ),
    ("panels", &[]),
];

/// The rooms of a layer that a file looks into, besides its own.
fn beside(path: &Path, text: &str, rooms: &BTreeSet<String>) -> BTreeSet<String> {
    let parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    let code = source::code(text);
    let mut found = BTreeSet::new();
    let from_layer = format!("crate::{}::", parts[0]);
    let supers = format!("{}::", vec!["super"; parts.len() - 1].join("::"));
    for line in code.replace("::{\n", "::{").lines() {
        for prefix in [from_layer.as_str(), supers.as_str()] {
            for name in imports::after(line, prefix) {
                if name != parts[1] && rooms.contains(&name) {
                    found.insert(name);
                }
            }
        }
    }
    found
}

/// Each room of a layer with the rooms beside it that it looks into.
fn picture(layer: &str) -> BTreeMap<String, BTreeSet<String>> {
    let files: Vec<_> = source::files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(layer) && path.components().count() > 1)
        .collect();
    let room = |path: &Path| {
        let second = path.iter().nth(1).unwrap_or_default();
        second.to_string_lossy().trim_end_matches(".rs").to_owned()
    };
    let rooms: BTreeSet<String> = files.iter().map(|(path, _)| room(path)).collect();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in &files {
        let seen = beside(path, text, &rooms);
        all.entry(room(path)).or_default().extend(seen);
    }
    all
}

#[test]
fn subjects_look_sideways_only_as_the_table_says() {
    let mut faults = Vec::new();
    for (&(layer, foundation), (_, gathering)) in FOUNDATIONS.iter().zip(GATHERING) {
        for (room, seen) in picture(layer) {
            if gathering.contains(&room.as_str()) {
                continue;
            }
            let key = format!("{layer}/{room}");
            let line = SIDEWAYS.iter().find(|(name, ..)| *name == key);
            let may = line.map_or(&[][..], |(_, rooms, _)| *rooms);
            let mut other: Vec<&str> = seen.iter().map(String::as_str).collect();
            other.retain(|name| !foundation.contains(name) && !gathering.contains(name));
            let more = other.iter().filter(|name| !may.contains(name));
            faults.extend(more.map(|name| format!("{key} must not look into {name}")));
            let fewer = may.iter().filter(|name| !other.contains(name));
            faults
                .extend(fewer.map(|name| format!("{key} no longer looks into {name}: strike it")));
            if foundation.contains(&room.as_str()) && !may.is_empty() {
                faults.push(format!(
                    "{key} is of the foundation and looks into no subject"
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "tests/layers/subjects.rs\n{}",
        faults.join("\n")
    );
}

#[test]
fn a_line_is_read_as_the_compiler_reads_it() {
    let rooms: BTreeSet<String> = ["id", "memory", "process"].map(str::to_owned).into();
    for (path, text, seen) in [
        (
            "model/process/a.rs",
            "use crate::model::{id::Pid, memory};",
            vec!["id", "memory"],
        ),
        (
            "model/process/a.rs",
            "use super::super::memory::Region;",
            vec!["memory"],
        ),
        ("model/process/a.rs", "use super::memory::Region;", vec![]),
        ("model/process.rs", "use super::id::Pid;", vec!["id"]),
        (
            "model/process.rs",
            "use crate::model::{\n    id::Pid,\n};",
            vec!["id"],
        ),
    ] {
        let found = beside(Path::new(path), text, &rooms);
        assert_eq!(
            found.iter().map(String::as_str).collect::<Vec<_>>(),
            seen,
            "{path}: {text}"
        );
    }
}
