//! The control group of a process in v1, v2 and hybrid mode: `/proc/PID/cgroup`, the mounts, and the files of the group.

mod acting;
pub mod facts;
pub mod frozen;
mod limits;
pub mod own;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(in crate::sys) use self::acting::unwritable;
use self::limits::{cpu, memory, oom_kills, swap, usage};
use crate::model::groups::unit;
use crate::model::process::isolation::group::{Group, Layout, Membership};
use crate::model::sample::Pressure;
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::groups::proc_cgroup;
use crate::sys::machine::pressure;
use crate::sys::root::ProcRoot;

/// A mounted hierarchy: `31 23 0:28 /root /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Which part of the hierarchy is mounted.
    root: Vec<u8>,
    at: Vec<u8>,
    unified: bool,
    /// Options of the filesystem; for v1 the controllers are among them.
    options: Vec<u8>,
}

/// A directory of a group, and the top of its hierarchy.
#[derive(Clone, Debug)]
struct Place {
    dir: PathBuf,
    top: PathBuf,
    /// The path of the top as processes tell it.
    root: Vec<u8>,
    unified: bool,
}

/// Reads the group of a process from the text of its `cgroup` file.
pub fn read(root: &ProcRoot, text: &[u8]) -> Group {
    of_memberships(root, &mounts(root), memberships(text))
}

/// The lines of a process's `cgroup` file.
fn memberships(text: &[u8]) -> Vec<Membership> {
    fields::lines(text).filter_map(membership).collect()
}

/// Reads a group that stands so in each hierarchy.
fn of_memberships(root: &ProcRoot, mounts: &[Mount], memberships: Vec<Membership>) -> Group {
    let place = |controller: &str| place(root, mounts, &memberships, controller);
    let mut group = Group {
        layout: layout(mounts),
        ..Group::default()
    };
    group.memory = place("memory").map(|p| memory(&p));
    group.swap = place("memory").and_then(|p| swap(&p));
    // A controller that no hierarchy has leads to v2, whose groups then have none of its files.
    let tasks = place("pids").map(|p| usage(&p, "pids.current", "pids.max"));
    group.tasks = tasks.filter(|t| t.used.is_some() || t.limit.is_some());
    let of_cpu = place("cpu").filter(|p| own::periods(&p.dir).is_some());
    group.cpu = of_cpu.map(|p| cpu(&p));
    group.oom_kills = place("memory").and_then(|p| oom_kills(&p));
    if let Some(unified) = place("") {
        let file = |name: &str| -> Option<Pressure> {
            pressure::parse(&std::fs::read(unified.dir.join(name)).ok()?)
        };
        group.pressure = ["cpu.pressure", "memory.pressure", "io.pressure"].map(file);
    }
    group.memberships = memberships;
    group
}

/// The hierarchies that are mounted where we live.
fn mounts(root: &ProcRoot) -> Vec<Mount> {
    let text = std::fs::read(root.proc("self/mountinfo")).unwrap_or_default();
    fields::lines(&text).filter_map(mount).collect()
}

/// The top of a hierarchy.
pub(in crate::sys) struct Top {
    pub(in crate::sys) dir: PathBuf,
    /// Its path as processes tell it.
    pub(in crate::sys) root: Vec<u8>,
    freezes: acting::Freezes,
}

impl Top {
    /// Whether groups of this hierarchy can be frozen.
    pub(in crate::sys) fn freezes(&self) -> bool {
        self.freezes != acting::Freezes::Never
    }

    /// Whether a group of this hierarchy is frozen, by itself or with one above it.
    pub(in crate::sys) fn is_frozen(&self, dir: &Path) -> bool {
        self.freezes.is_frozen(dir) == Some(true)
    }
}

/// The top directory of each hierarchy and its path as processes tell it, those first that say most about where processes
/// belong. One that was mounted outside of our namespace tells no groups by the paths that processes tell.
pub(in crate::sys) fn tops(root: &ProcRoot) -> Vec<Top> {
    let mut mounts = mounts(root);
    mounts.retain(|m| !leads_out(&m.root));
    mounts.sort_by_key(|m| match m.unified {
        true => 0,
        false if m.has("name=systemd") => 1,
        false if m.has("memory") => 2,
        false => 3,
    });
    // The same may be mounted in several places.
    let mut known = Vec::new();
    mounts.retain(|m| {
        let new = !known.contains(&(m.root.clone(), m.controllers()));
        known.push((m.root.clone(), m.controllers()));
        new
    });
    let top = |m: Mount| Top {
        dir: mounted(root, &m.at),
        freezes: match m.unified {
            true => acting::Freezes::Unified,
            false if m.has("freezer") => acting::Freezes::Old,
            false => acting::Freezes::Never,
        },
        root: m.root,
    };
    mounts.into_iter().map(top).collect()
}

impl Mount {
    fn has(&self, controller: &str) -> bool {
        let mut options = self.options.split(|b| *b == b',');
        options.any(|o| o == controller.as_bytes())
    }

    /// What it is for, as the `cgroup` file of a process says it: `cpu,cpuacct`, `name=systemd`, nothing for v2.
    fn controllers(&self) -> Vec<u8> {
        let is_flag = |o: &&[u8]| {
            let flags: [&[u8]; 6] = [
                b"rw",
                b"ro",
                b"noprefix",
                b"xattr",
                b"clone_children",
                b"cpuset_v2_mode",
            ];
            flags.contains(o) || o.starts_with(b"release_agent=")
        };
        let options = self.options.split(|b| *b == b',');
        let all: Vec<&[u8]> = options.filter(|o| !self.unified && !is_flag(o)).collect();
        all.join(&b","[..])
    }
}

/// A group that nobody is in stands in each hierarchy that has one of its path.
fn standings(root: &ProcRoot, mounts: &[Mount], path: &SafeText) -> Vec<Membership> {
    let here = |m: &&Mount| below(root, m, &path.bytes()).is_some_and(|place| place.dir.is_dir());
    let one = |m: &Mount| Membership {
        controllers: SafeText::from_bytes(&m.controllers()),
        path: path.clone(),
    };
    mounts.iter().filter(here).map(one).collect()
}

/// A line such as `4:memory:/docker/2da4` or `0::/system.slice`.
pub(crate) fn membership(line: &[u8]) -> Option<Membership> {
    let mut parts = line.splitn(3, |b| *b == b':');
    let (_number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Membership {
        controllers: SafeText::from_bytes(controllers),
        path: SafeText::from_bytes(path),
    })
}

/// A line of `mountinfo` about a hierarchy of control groups; `None` for any other.
pub(crate) fn mount(line: &[u8]) -> Option<Mount> {
    // Blanks of paths are escaped, other bytes are not.
    let words: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
    let dash = words.iter().position(|w| *w == b"-")?;
    let unified = match *words.get(dash + 1)? {
        b"cgroup" => false,
        b"cgroup2" => true,
        _ => return None,
    };
    Some(Mount {
        root: fields::unescape(words.get(3)?),
        at: fields::unescape(words.get(4)?),
        unified,
        options: words.get(dash + 3)?.to_vec(),
    })
}

fn layout(mounts: &[Mount]) -> Layout {
    let unified = mounts.iter().any(|m| m.unified);
    let old = mounts.iter().any(|m| !m.unified);
    match (old, unified) {
        (true, true) => Layout::Hybrid,
        (true, false) => Layout::V1,
        (false, true) => Layout::V2,
        (false, false) => Layout::None,
    }
}

/// The group's directory in the hierarchy that has a controller; an empty name means v2 itself.
///
/// A controller that v1 has is not in v2, so v1 is asked first.
fn place(
    root: &ProcRoot,
    mounts: &[Mount],
    memberships: &[Membership],
    controller: &str,
) -> Option<Place> {
    let is_old = |m: &&Mount| !m.unified && m.has(controller);
    let old = mounts.iter().any(|m| is_old(&m));
    let of = memberships.iter().find(|m| {
        if old {
            let mut all = m.controllers.as_bytes().split(|b| *b == b',');
            all.any(|c| c == controller.as_bytes())
        } else {
            m.controllers.is_empty()
        }
    })?;
    // The same hierarchy may be mounted in several places, and a part of it alone in some.
    let mut there = mounts
        .iter()
        .filter(|m| if old { is_old(m) } else { m.unified });
    there.find_map(|mount| below(root, mount, &of.path.bytes()))
}

/// The directory of a path in a hierarchy that is mounted so; `None` where the path is not in the part that is mounted.
fn below(root: &ProcRoot, mount: &Mount, path: &[u8]) -> Option<Place> {
    let below = path.strip_prefix(trimmed(&mount.root))?;
    // `/pods/a` is no part of `/pod`, and `/../x` is a group outside of the namespace that we live in.
    if !matches!(below.first(), None | Some(b'/')) || leads_out(below) {
        return None;
    }
    let top = mounted(root, &mount.at);
    let inner = below.iter().position(|b| *b != b'/');
    let inner = inner.map_or(&[][..], |at| &below[at..]);
    Some(Place {
        dir: top.join(OsStr::from_bytes(inner)),
        top,
        root: mount.root.clone(),
        unified: mount.unified,
    })
}

/// A path without a slash at its end.
fn trimmed(path: &[u8]) -> &[u8] {
    path.strip_suffix(b"/").unwrap_or(path)
}

/// Whether a path leads out of where it begins.
fn leads_out(path: &[u8]) -> bool {
    path.split(|b| *b == b'/').any(|part| part == b"..")
}

/// The directory of a process's own group by the text of its `cgroup` file: that of v2, or else the one of systemd, where it
/// is the group that tells where the process belongs. `None` for the group that everything is in, for one outside of our
/// namespace, which is none to act on, and for one that only bounds memory or the like: who is in that need not belong
/// together.
pub(in crate::sys) fn own_directory(
    root: &ProcRoot,
    mounts: &Mounts,
    text: &[u8],
) -> Option<PathBuf> {
    let path = proc_cgroup::parse(text)?.path;
    if path.as_str() == "/" || leads_out(&path.bytes()) {
        return None;
    }
    let mut of = memberships(text);
    of.retain(|m| m.path == path);
    let dir = |controller: &str| {
        let place = place(root, &mounts.0, &of, controller)?;
        let alive = place.dir.join("cgroup.procs").exists();
        alive.then_some(place.dir)
    };
    dir("").or_else(|| dir("name=systemd"))
}

/// The hierarchies that are mounted where we live, for those who ask of many processes.
#[derive(Debug)]
pub(in crate::sys) struct Mounts(Vec<Mount>);

impl Mounts {
    /// Reads them.
    pub(in crate::sys) fn read(root: &ProcRoot) -> Self {
        Self(mounts(root))
    }
}

/// The directory that tells of a process's quota by the text of its `cgroup` file, and the group's path.
pub(in crate::sys) fn cpu_directory(root: &ProcRoot, text: &[u8]) -> Option<(PathBuf, SafeText)> {
    let found = place(root, &mounts(root), &memberships(text), "cpu")?;
    let path = found.path_of(&found.dir);
    Some((found.dir, path))
}

impl Place {
    /// The path of a directory of this hierarchy, as a person may read it.
    fn path_of(&self, dir: &Path) -> SafeText {
        let below = dir.strip_prefix(&self.top).unwrap_or(dir);
        let root = trimmed(&self.root);
        let whole = match below.as_os_str().as_bytes() {
            b"" if root.is_empty() => Cow::Borrowed(&b"/"[..]),
            b"" => Cow::Borrowed(root),
            below => [root, b"/", below].concat().into(),
        };
        unit::shown(&SafeText::from_bytes(&whole))
    }
}

/// Where a mount point is, seen through the tree that stands in for the machine.
fn mounted(root: &ProcRoot, at: &[u8]) -> PathBuf {
    match at.strip_prefix(b"/sys/") {
        Some(below) => root.sys(OsStr::from_bytes(below)),
        None => PathBuf::from(OsStr::from_bytes(at)),
    }
}

#[cfg(test)]
pub(in crate::sys) mod tests;
