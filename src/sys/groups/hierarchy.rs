//! Every control group that there is, those without anybody in them among them, by walking the hierarchies, and which of them
//! are frozen; `cgroups(7)`.
//!
//! That of v2 and all of v1: a path that stands in several is one group. Who is in a group is read of frozen ones alone.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::detail::Detail;
use crate::model::groups::frozen::Frozen;
use crate::model::id::Pid;
use crate::model::plan::{Needs, Plan};
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::process::isolation::cgroup::{self, Top};
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// More groups than this are not listed.
const MOST: usize = 20_000;
/// How often it is walked, and how much longer than the last walk took it is left alone.
const PACE_MS: u64 = 2000;
/// So many groups are asked at one walk whether they are frozen (5 µs each), the others at the next ones; the first walk asks
/// all, and those that were frozen are asked at each.
const ASKED: usize = 250;

/// Lists the groups while somebody shows them as a tree.
pub struct Hierarchy {
    root: ProcRoot,
    known: Arc<[SafeText]>,
    frozen: Arc<Frozen>,
    /// How often it was walked, and how many groups could be frozen when it was last.
    walks: usize,
    freezable: usize,
    took: Duration,
}

impl Hierarchy {
    /// Over the files of a root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            known: Arc::default(),
            frozen: Arc::default(),
            walks: 0,
            freezable: 0,
            took: Duration::ZERO,
        }
    }

    /// The paths of all groups, as processes in them would tell them; a group before its parts.
    pub fn read_now(&mut self) -> Arc<[SafeText]> {
        let began = Instant::now();
        let rounds = self.freezable.div_ceil(ASKED).max(1);
        let mut found = Found {
            before: Arc::clone(&self.frozen),
            round: (self.walks % rounds, rounds),
            ..Found::default()
        };
        self.walks += 1;
        for top in cgroup::tops(&self.root) {
            found.walk(&top, &top.dir, &top.root);
        }
        self.freezable = found.freezable;
        let (found, mut frozen) = (found.paths, found.frozen);
        frozen.pids.sort_unstable();
        frozen.pids.dedup();
        self.took = began.elapsed();
        if frozen != *self.frozen {
            self.frozen = Arc::new(frozen);
        }
        if found[..] != self.known[..] {
            self.known = found.into();
        }
        Arc::clone(&self.known)
    }

    /// Which of the groups that were read last are frozen, and who with them.
    pub fn frozen(&self) -> Arc<Frozen> {
        Arc::clone(&self.frozen)
    }
}

/// The groups of the hierarchies that were walked.
#[derive(Default)]
struct Found {
    paths: Vec<SafeText>,
    known: HashSet<SafeText>,
    frozen: Frozen,
    /// What is walked now is within a frozen group.
    within_frozen: bool,
    /// What was frozen at the walk before.
    before: Arc<Frozen>,
    /// Which of so many walks this is.
    round: (usize, usize),
    freezable: usize,
}

impl Found {
    /// Adds the groups below a directory. A directory has as many links as it has parts, and two more: most have none, and
    /// need not be listed.
    fn walk(&mut self, top: &Top, dir: &Path, path: &[u8]) {
        use std::os::unix::fs::MetadataExt as _;
        if std::fs::metadata(dir).map_or(0, |meta| meta.nlink()) == 2 {
            return;
        }
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()))
            .map(|entry| entry.file_name())
            .collect();
        names.sort_unstable();
        for name in names {
            if self.paths.len() >= MOST {
                return;
            }
            let above = path.strip_suffix(b"/").unwrap_or(path);
            let whole = [above, b"/", name.as_encoded_bytes()].concat();
            let (here, shown) = (dir.join(&name), SafeText::from_bytes(&whole));
            if self.known.insert(shown.clone()) {
                self.paths.push(shown.clone());
            }
            // What is below a frozen group is frozen with it, and is not asked.
            let above = self.within_frozen;
            if !above && top.freezes() && self.is_asked(&shown) && top.is_frozen(&here) {
                self.within_frozen = true;
                if !self.frozen.groups.contains(&shown) {
                    self.frozen.groups.push(shown);
                }
            }
            if self.within_frozen {
                self.stand_still(&here);
            }
            self.walk(top, &here, &whole);
            self.within_frozen = above;
        }
    }

    /// Whether it is the turn of this group to be asked if it is frozen.
    fn is_asked(&mut self, path: &SafeText) -> bool {
        let (round, rounds) = self.round;
        let turn = self.freezable % rounds == round;
        self.freezable += 1;
        turn || self.before.groups.contains(path)
    }

    /// Adds who is in a frozen group; who has no number here is told as 0, and a group of threads tells nobody.
    fn stand_still(&mut self, dir: &Path) {
        let text = std::fs::read(dir.join("cgroup.procs")).unwrap_or_default();
        let pids = fields::lines(&text).filter_map(fields::number);
        let pids = pids.filter_map(|pid| u32::try_from(pid).ok().filter(|pid| *pid > 0));
        self.frozen.pids.extend(pids.map(Pid));
    }
}

impl Source<Detail> for Hierarchy {
    fn name(&self) -> &'static str {
        "control groups"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["cgroups"])
    }

    fn fills(&self) -> Needs {
        Needs::HIERARCHY
    }

    fn pace_ms(&self) -> u64 {
        PACE_MS.max(self.took.as_millis() as u64 * 50)
    }

    fn rest(&mut self) {
        self.known = Arc::default();
        self.frozen = Arc::default();
        (self.walks, self.freezable) = (0, 0);
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        into.machine.hierarchy = self.read_now();
        into.machine.frozen = self.frozen();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn who_is_in_a_frozen_group_or_a_part_of_it_stands_still_with_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let mounts = "29 23 0:27 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n\
                      30 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        for (path, text) in [
            ("unified/a/cgroup.events", "populated 1\nfrozen 0\n"),
            ("unified/a/b/cgroup.events", "populated 1\nfrozen 1\n"),
            ("unified/a/b/cgroup.procs", "9\n7\n0\n"),
            ("unified/a/b/c/cgroup.procs", "8\n"),
            ("unified/a/cgroup.procs", "1\n"),
            ("freezer/old/freezer.state", "FROZEN\n"),
            ("freezer/old/cgroup.procs", "12\n"),
            ("freezer/free/freezer.state", "THAWED\n"),
            ("freezer/free/cgroup.procs", "13\n"),
            // A group of another hierarchy freezes nobody, whatever it is called.
            ("memory/old/cgroup.procs", "14\n"),
        ] {
            let path = root.sys(format!("fs/cgroup/{path}"));
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        std::fs::create_dir_all(root.proc("self")).expect("made");
        std::fs::write(root.proc("self/mountinfo"), mounts).expect("written");
        let mut hierarchy = Hierarchy::new(&root);
        hierarchy.read_now();
        let frozen = hierarchy.frozen();
        let groups: Vec<&str> = frozen.groups.iter().map(SafeText::as_str).collect();
        assert_eq!(groups, ["/a/b", "/old"]);
        let pids: Vec<u32> = frozen.pids.iter().map(|pid| pid.0).collect();
        assert_eq!(pids, [7, 8, 9, 12]);
        assert!(frozen.has(Pid(8)) && !frozen.has(Pid(14)));
        // The same is told as the same.
        hierarchy.read_now();
        assert!(Arc::ptr_eq(&frozen, &hierarchy.frozen()));
        let events = root.sys("fs/cgroup/unified/a/b/cgroup.events");
        std::fs::write(events, "populated 1\nfrozen 0\n").expect("written");
        hierarchy.read_now();
        assert_eq!(hierarchy.frozen().pids, [Pid(12)]);
    }

    #[test]
    fn of_many_groups_some_are_asked_at_a_time_and_frozen_ones_each_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let mounts = "31 23 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        std::fs::create_dir_all(root.proc("self")).expect("made");
        std::fs::write(root.proc("self/mountinfo"), mounts).expect("written");
        for n in 0..=2 * ASKED {
            std::fs::create_dir_all(root.sys(format!("fs/cgroup/g{n}"))).expect("made");
        }
        let events = |n: usize| root.sys(format!("fs/cgroup/g{n}/cgroup.events"));
        std::fs::write(events(1), "frozen 1\n").expect("written");
        let mut hierarchy = Hierarchy::new(&root);
        let mut frozen = || {
            hierarchy.read_now();
            let frozen = hierarchy.frozen();
            let names = frozen.groups.iter().map(ToString::to_string);
            names.collect::<Vec<_>>()
        };
        assert_eq!(frozen(), ["/g1"], "the first walk asks all");
        for n in [5, 6, 7] {
            std::fs::write(events(n), "frozen 1\n").expect("written");
        }
        let walks = [frozen(), frozen(), frozen()];
        assert!(walks.iter().all(|all| all.contains(&"/g1".to_owned())));
        assert!(walks[0].len() < 4, "a part of them: {walks:?}");
        assert_eq!(walks[2], ["/g1", "/g5", "/g6", "/g7"]);
        assert_eq!(frozen(), walks[2], "each is asked again");
        std::fs::write(events(6), "frozen 0\n").expect("written");
        assert_eq!(
            frozen(),
            ["/g1", "/g5", "/g7"],
            "and is known at once to be thawed"
        );
    }

    #[test]
    fn every_group_is_listed_before_its_parts() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let mut hierarchy = Hierarchy::new(&root);
        assert!(hierarchy.read_now().is_empty(), "nothing is mounted");
        std::fs::create_dir_all(root.proc("self")).expect("made");
        let mounts = "29 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                      30 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 23 0:29 /pod /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        std::fs::write(root.proc("self/mountinfo"), mounts).expect("written");
        for path in [
            "unified/b",
            "unified/a/x/y",
            "unified/a/w",
            "memory/old",
            "cpu/cpu",
            "cpu/old",
        ] {
            std::fs::create_dir_all(root.sys(format!("fs/cgroup/{path}"))).expect("made");
        }
        // Whoever is in it may be told by a path of v2: it is there all the same.
        std::fs::create_dir_all(root.sys("fs/cgroup/memory/busy/one")).expect("made");
        let procs = root.sys("fs/cgroup/memory/busy/one/cgroup.procs");
        std::fs::write(procs, "812\n").expect("written");
        let odd = root.sys(OsStr::from_bytes(b"fs/cgroup/unified/c \xff\t"));
        std::fs::create_dir(&odd).expect("made");
        let paths = hierarchy.read_now();
        let last = paths.iter().rfind(|path| path.as_str().starts_with("/pod"));
        let last = last.expect("the odd one");
        assert_eq!(
            (last.as_str(), &*last.bytes()),
            ("/pod/c \\xff\\t", &b"/pod/c \xff\t"[..])
        );
        std::fs::remove_dir(&odd).expect("removed");
        let all = hierarchy.read_now();
        let all: Vec<&str> = all.iter().map(SafeText::as_str).collect();
        assert_eq!(
            all,
            [
                "/pod/a",
                "/pod/a/w",
                "/pod/a/x",
                "/pod/a/x/y",
                "/pod/b",
                "/busy",
                "/busy/one",
                "/old",
                "/cpu"
            ]
        );
        // What was mounted outside of our namespace has our own groups under other paths.
        std::fs::write(
            root.proc("self/mountinfo"),
            mounts.replace(" /pod ", " /.. "),
        )
        .expect("written");
        let all = hierarchy.read_now();
        let all: Vec<&str> = all.iter().map(SafeText::as_str).collect();
        assert_eq!(all, ["/busy", "/busy/one", "/old", "/cpu"]);
    }
}
