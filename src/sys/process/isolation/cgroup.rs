//! The control group of a process in v1, v2 and hybrid mode: `/proc/PID/cgroup`, the mounts, and the files of the group.

pub mod facts;
pub mod own;

use std::path::{Path, PathBuf};

use crate::model::id::Nanos;
use crate::model::process::isolation::group::{Group, GroupCpu, Layout, Membership, Usage};
use crate::model::sample::Pressure;
use crate::model::text::SafeText;
use crate::sys::fields;
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
    unified: bool,
}

/// Reads the group of a process from the text of its `cgroup` file.
pub fn read(root: &ProcRoot, memberships: &[u8]) -> Group {
    let mounts = mounts(root);
    let memberships: Vec<Membership> = fields::lines(memberships).filter_map(membership).collect();
    let place = |controller: &str| place(root, &mounts, &memberships, controller);
    let mut group = Group {
        layout: layout(&mounts),
        ..Group::default()
    };
    group.memory = place("memory").map(|p| memory(&p));
    group.swap = place("memory").and_then(|p| swap(&p));
    // A controller that no hierarchy has leads to v2, whose groups then have none of its files.
    let tasks = place("pids").map(|p| usage(&p, "pids.current", "pids.max"));
    group.tasks = tasks.filter(|t| t.used.is_some() || t.limit.is_some());
    let cpu = place("cpu").filter(|p| own::periods(&p.dir).is_some());
    group.cpu = cpu.map(|p| self::cpu(&p));
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

/// The top directory of the hierarchy that says most about where processes belong, and its path as processes tell it.
pub(in crate::sys) fn top(root: &ProcRoot) -> Option<(PathBuf, String)> {
    let mounts = mounts(root);
    let has = |m: &Mount, name: &str| {
        m.options
            .split(|b| *b == b',')
            .any(|o| o == name.as_bytes())
    };
    let v2 = mounts.iter().find(|m| m.unified);
    let old = |name| mounts.iter().find(|m| !m.unified && has(m, name));
    let found = v2
        .or_else(|| old("name=systemd"))
        .or_else(|| old("memory"))?;
    let path = SafeText::from_bytes(&found.root).to_string();
    Some((mounted(root, std::str::from_utf8(&found.at).ok()?), path))
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
    let words: Vec<&[u8]> = fields::words(line).collect();
    let dash = words.iter().position(|w| *w == b"-")?;
    let unified = match *words.get(dash + 1)? {
        b"cgroup" => false,
        b"cgroup2" => true,
        _ => return None,
    };
    Some(Mount {
        root: words.get(3)?.to_vec(),
        at: words.get(4)?.to_vec(),
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
    let has = |list: &[u8]| {
        list.split(|b| *b == b',')
            .any(|c| c == controller.as_bytes())
    };
    let old = mounts.iter().find(|m| !m.unified && has(&m.options));
    let mount = old.or_else(|| mounts.iter().find(|m| m.unified))?;
    let of = memberships.iter().find(|m| {
        if mount.unified {
            m.controllers.is_empty()
        } else {
            has(m.controllers.as_bytes())
        }
    })?;
    let below = match mount.root.as_slice() {
        b"/" => of.path.as_str(),
        root => of.path.strip_prefix(std::str::from_utf8(root).ok()?)?,
    };
    // `/../x` is a group outside of the namespace that we live in.
    if below.split('/').any(|part| part == "..") {
        return None;
    }
    let top = mounted(root, std::str::from_utf8(&mount.at).ok()?);
    Some(Place {
        dir: top.join(below.trim_start_matches('/')),
        top,
        unified: mount.unified,
    })
}

/// Where a mount point is, seen through the tree that stands in for the machine.
fn mounted(root: &ProcRoot, at: &str) -> PathBuf {
    match at.strip_prefix("/sys/") {
        Some(below) => root.sys(below),
        None => PathBuf::from(at),
    }
}

fn number(path: &Path) -> Option<u64> {
    fields::number(&std::fs::read(path).ok()?)
}

/// The smallest value of a file in the group and in the groups above it, with the name of the group that has it.
fn tightest<T: PartialOrd>(
    place: &Place,
    read: impl Fn(&Path) -> Option<T>,
) -> Option<(T, SafeText)> {
    let mut found: Option<(T, SafeText)> = None;
    for dir in place
        .dir
        .ancestors()
        .take_while(|d| d.starts_with(&place.top))
    {
        if let Some(value) = read(dir)
            && found.as_ref().is_none_or(|(least, _)| value < *least)
        {
            let path = dir.strip_prefix(&place.top).unwrap_or(dir);
            found = Some((value, format!("/{}", path.display()).into()));
        }
    }
    found
}

fn usage(place: &Place, used: &str, limit: &str) -> Usage {
    let tightest = tightest(place, |dir| {
        // The word `max` is no number; v1 writes a huge one.
        number(&dir.join(limit)).filter(|n| *n < UNLIMITED)
    });
    let (limit, set_by) = tightest.unzip();
    Usage {
        used: number(&place.dir.join(used)),
        limit,
        set_by,
    }
}

/// v1 writes the largest number of pages for no limit.
const UNLIMITED: u64 = 1 << 62;

fn memory(place: &Place) -> Usage {
    if place.unified {
        usage(place, "memory.current", "memory.max")
    } else {
        usage(place, "memory.usage_in_bytes", "memory.limit_in_bytes")
    }
}

fn swap(place: &Place) -> Option<Usage> {
    let swap = usage(place, "memory.swap.current", "memory.swap.max");
    swap.used.is_some().then_some(swap)
}

/// The tightest quota, and how often it was met: that is counted by the group that sets it, and 0 in those below.
fn cpu(place: &Place) -> GroupCpu {
    let (cores, set_by) = tightest(place, |dir| quota(place, dir)).unzip();
    let mut above = place.dir.ancestors();
    let counts = above.find(|dir| cores.is_some() && quota(place, dir) == cores);
    let mut cpu = GroupCpu {
        cores,
        set_by,
        ..GroupCpu::default()
    };
    let stat = counts.unwrap_or(&place.dir).join("cpu.stat");
    let stat = std::fs::read(stat).unwrap_or_default();
    for line in fields::lines(&stat) {
        let mut words = fields::words(line);
        let (Some(key), Some(value)) = (words.next(), words.next().and_then(fields::number)) else {
            continue;
        };
        match key {
            b"nr_periods" => cpu.periods = value,
            b"nr_throttled" => cpu.throttled = value,
            b"throttled_usec" => cpu.throttled_time = Nanos(value.saturating_mul(1000)),
            b"throttled_time" => cpu.throttled_time = Nanos(value),
            _ => {}
        }
    }
    cpu
}

/// Cores by quota: `50000 100000` in `cpu.max`, or `cpu.cfs_quota_us` over `cpu.cfs_period_us`; `None` for no quota.
fn quota(place: &Place, dir: &Path) -> Option<f64> {
    let (quota, period) = if place.unified {
        let text = std::fs::read(dir.join("cpu.max")).ok()?;
        let mut words = fields::words(&text);
        (
            fields::number(words.next()?)?,
            fields::number(words.next()?)?,
        )
    } else {
        // Without a quota v1 writes -1, which is no number here.
        (
            number(&dir.join("cpu.cfs_quota_us"))?,
            number(&dir.join("cpu.cfs_period_us"))?,
        )
    };
    (period > 0).then(|| quota as f64 / period as f64)
}

/// The line `oom_kill 3` of `memory.events` (v2) or `memory.oom_control` (v1).
fn oom_kills(place: &Place) -> Option<u64> {
    let file = if place.unified {
        "memory.events"
    } else {
        "memory.oom_control"
    };
    let text = std::fs::read(place.dir.join(file)).ok()?;
    fields::lines(&text)
        .find_map(|l| l.strip_prefix(b"oom_kill "))
        .and_then(fields::number)
}

#[cfg(test)]
pub(in crate::sys) mod tests;
