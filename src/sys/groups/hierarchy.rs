//! Every control group that there is, those without anybody in them among them, by walking the hierarchies; `cgroups(7)`.
//!
//! That of v2 and all of v1: a path that stands in several is one group. What is in a group is not read.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::detail::Detail;
use crate::model::plan::{Needs, Plan};
use crate::model::text::SafeText;
use crate::sys::process::isolation::cgroup;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// More groups than this are not listed.
const MOST: usize = 20_000;
/// How often it is walked, and how much longer than the last walk took it is left alone.
const PACE_MS: u64 = 2000;

/// Lists the groups while somebody shows them as a tree.
pub struct Hierarchy {
    root: ProcRoot,
    known: Arc<[SafeText]>,
    took: Duration,
}

impl Hierarchy {
    /// Over the files of a root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            known: Arc::default(),
            took: Duration::ZERO,
        }
    }

    /// The paths of all groups, as processes in them would tell them; a group before its parts.
    pub fn read_now(&mut self) -> Arc<[SafeText]> {
        let began = Instant::now();
        let mut found = Found::default();
        for top in cgroup::tops(&self.root) {
            found.walk(&top.dir, &top.root);
        }
        let found = found.paths;
        self.took = began.elapsed();
        if found[..] != self.known[..] {
            self.known = found.into();
        }
        Arc::clone(&self.known)
    }
}

/// The groups of the hierarchies that were walked.
#[derive(Default)]
struct Found {
    paths: Vec<SafeText>,
    known: HashSet<SafeText>,
}

impl Found {
    /// Adds the groups below a directory. A directory has as many links as it has parts, and two more: most have none, and
    /// need not be listed.
    fn walk(&mut self, dir: &Path, path: &[u8]) {
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
                self.paths.push(shown);
            }
            self.walk(&here, &whole);
        }
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
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        into.machine.hierarchy = self.read_now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

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
