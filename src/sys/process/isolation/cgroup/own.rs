//! The control group that pscope itself lives in: its limits, its members, and where its strain is told, `cgroups(7)`.

use std::path::{Path, PathBuf};

use super::limits::{cpu, limit_of, number, quota as quota_of, tightest};
use super::{Membership, Mount, Place, memberships, mounts, place};
use crate::model::groups::own_group::{GroupMemory, OwnGroup};
use crate::model::id::{Bytes, Pid};
use crate::model::process::isolation::group::GroupCpu;
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// More groups and processes than any screen names.
const MOST_GROUPS: usize = 512;
const MOST_MEMBERS: usize = 20_000;

/// Where the strain of our own group is told; a part without a limit, or without a group of its own, is `None`.
#[derive(Clone, Debug, Default)]
pub struct Strained {
    /// Our group of v2, whose pressure is told.
    ///
    /// `None` for the group that everything is in (it alone has no `cgroup.type`), whose pressure is the machine's.
    pub pressure: Option<PathBuf>,
    /// The group that sets the tightest quota on the cores.
    pub quota: Option<PathBuf>,
    /// The group that sets the tightest limit on memory, and how its limit is told.
    pub memory: Option<(PathBuf, Limit)>,
    /// Why none of this is told although it may be there.
    pub unseen: Option<Missing>,
}

/// The file that sets a limit on memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `memory.limit_in_bytes` of v1.
    Old,
    /// `memory.max` of v2.
    Max,
    /// `memory.high` of v2: tasks are slowed down.
    High,
}

/// Reads the limits on ourselves: a group without one leaves it to those above.
pub fn limits(root: &ProcRoot) -> OwnGroup {
    let ours = Ours::read(root);
    let places = ["memory", "cpu"].map(|controller| ours.place(controller));
    let unseen = places.iter().flatten().find_map(unseen);
    let [memory, cpu] = places;
    OwnGroup {
        memory: memory.and_then(|p| limited(&p)),
        cpu: cpu.and_then(|p| quota(&p)),
        unseen,
    }
}

/// Why what is told of a group cannot be read, where that is so.
fn unseen(place: &Place) -> Option<Missing> {
    let refused = std::fs::read_dir(&place.dir).err().map(Missing::from);
    refused.filter(|why| *why == Missing::Denied)
}

/// Finds where our strain is told.
pub fn strained(root: &ProcRoot) -> Strained {
    let ours = Ours::read(root);
    let own = |p: Place| p.dir.join("cgroup.type").exists().then_some(p.dir);
    let memory = |p: Place| {
        let (_, limit, dir) = tightest_limit(&p)?;
        Some((dir, limit))
    };
    let quota = |p: Place| Some(tightest(&p, |dir| quota_of(&p, dir))?.1);
    Strained {
        pressure: ours.place("").and_then(own),
        quota: ours.place("cpu").and_then(quota),
        memory: ours.place("memory").and_then(memory),
        unseen: ours.place("").as_ref().and_then(unseen),
    }
}

/// How often the limit of a group was reached since it was made.
fn hits(dir: &Path, limit: Limit) -> Option<u64> {
    let key: &[u8] = match limit {
        Limit::Old => return number(&dir.join("memory.failcnt")),
        Limit::Max => b"max",
        Limit::High => b"high",
    };
    let text = std::fs::read(dir.join("memory.events")).ok()?;
    fields::lines(&text).find_map(|line| {
        let mut words = fields::words(line);
        words.next().filter(|word| *word == key)?;
        fields::number(words.next()?)
    })
}

/// Periods of the quota in which a group ran, and those in which it was throttled (`cpu.stat`).
pub fn periods(dir: &Path) -> Option<(u64, u64)> {
    let text = std::fs::read(dir.join("cpu.stat")).ok()?;
    let value = |key: &[u8]| {
        let line = fields::lines(&text).find(|l| fields::words(l).next() == Some(key))?;
        fields::words(line).nth(1).and_then(fields::number)
    };
    Some((value(b"nr_periods")?, value(b"nr_throttled")?))
}

/// The processes of a group and of the groups below it, ascending.
pub fn members(dir: &Path) -> Vec<Pid> {
    let mut out = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    let mut seen = 0;
    while let Some(dir) = dirs.pop()
        && seen < MOST_GROUPS
        && out.len() < MOST_MEMBERS
    {
        seen += 1;
        let text = std::fs::read(dir.join("cgroup.procs")).unwrap_or_default();
        let pids = fields::lines(&text).filter_map(fields::number);
        // A process outside of our own pid namespace has the number 0.
        out.extend(pids.filter(|n| *n > 0).map(|n| Pid(n as u32)));
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        let below = entries.filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
        dirs.extend(below.map(|e| e.path()));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Where we stand in each hierarchy.
struct Ours<'a> {
    root: &'a ProcRoot,
    mounts: Vec<Mount>,
    memberships: Vec<Membership>,
}

impl<'a> Ours<'a> {
    fn read(root: &'a ProcRoot) -> Self {
        let text = std::fs::read(root.proc("self/cgroup")).unwrap_or_default();
        Self {
            root,
            mounts: mounts(root),
            memberships: memberships(&text),
        }
    }

    fn place(&self, controller: &str) -> Option<Place> {
        place(self.root, &self.mounts, &self.memberships, controller)
    }
}

/// The tightest limit on memory, how it is set, and the directory of the group that sets it.
fn tightest_limit(place: &Place) -> Option<(u64, Limit, PathBuf)> {
    let limits: &[(Limit, &str)] = if place.unified {
        &[(Limit::Max, "memory.max"), (Limit::High, "memory.high")]
    } else {
        &[(Limit::Old, "memory.limit_in_bytes")]
    };
    let found = limits.iter().filter_map(|(limit, file)| {
        let (bytes, dir) = tightest(place, |dir| limit_of(dir, file))?;
        Some((bytes, *limit, dir))
    });
    found.min_by_key(|(bytes, ..)| *bytes)
}

/// The tightest limit, and how much of it the group that sets it uses.
fn limited(place: &Place) -> Option<GroupMemory> {
    let (_, limit, dir) = tightest_limit(place)?;
    held(&dir, limit, place.path_of(&dir))
}

/// What a group holds of its limit.
pub fn held(dir: &Path, limit: Limit, path: SafeText) -> Option<GroupMemory> {
    let (bytes, used, cache) = match limit {
        Limit::Old => (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_cache",
        ),
        Limit::Max => ("memory.max", "memory.current", "file"),
        Limit::High => ("memory.high", "memory.current", "file"),
    };
    let stat = std::fs::read(dir.join("memory.stat")).unwrap_or_default();
    let cached = fields::lines(&stat).find_map(|line| {
        let mut words = fields::words(line);
        words.next().filter(|w| *w == cache.as_bytes())?;
        fields::number(words.next()?).map(Bytes)
    });
    Some(GroupMemory {
        path,
        limit: Bytes(number(&dir.join(bytes))?),
        soft: limit == Limit::High,
        used: Bytes(number(&dir.join(used))?),
        cache: cached,
        hits: hits(dir, limit),
    })
}

/// The tightest quota, and how often the group that sets it was throttled.
fn quota(place: &Place) -> Option<GroupCpu> {
    Some(cpu(place)).filter(|cpu| cpu.set_by.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::process::isolation::cgroup::tests::machine;

    const V2: (&str, &str) = (
        "proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    );

    #[test]
    fn the_group_that_sets_the_limit_says_how_much_of_it_is_used() {
        let (_dir, root) = machine(&[
            V2,
            ("proc/self/cgroup", "0::/a.slice/b.service\n"),
            ("sys/fs/cgroup/a.slice/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/a.slice/memory.current", "805306368\n"),
            ("sys/fs/cgroup/a.slice/cpu.max", "150000 100000\n"),
            (
                "sys/fs/cgroup/a.slice/cpu.stat",
                "nr_periods 40\nnr_throttled 10\nthrottled_usec 5000\n",
            ),
            ("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n"),
            ("sys/fs/cgroup/a.slice/b.service/memory.current", "4096\n"),
            ("sys/fs/cgroup/a.slice/b.service/cgroup.type", "domain\n"),
        ]);
        let own = limits(&root);
        let memory = own.memory.expect("a limit");
        assert_eq!(memory.path.as_str(), "/a.slice");
        assert_eq!(
            (memory.used, memory.limit),
            (Bytes(768 << 20), Bytes(1 << 30))
        );
        let cpu = own.cpu.expect("a quota");
        assert_eq!((cpu.cores, cpu.throttled, cpu.periods), (Some(1.5), 10, 40));
        let strained = strained(&root);
        let dir = strained.pressure.expect("a group of v2");
        assert!(dir.ends_with("a.slice/b.service"));
        assert_eq!(periods(&strained.quota.expect("a quota")), Some((40, 10)));
    }

    #[test]
    fn memory_high_is_a_limit_as_well_and_members_are_those_below() {
        let (_dir, root) = machine(&[
            V2,
            ("proc/self/cgroup", "0::/a.slice/b.service\n"),
            ("sys/fs/cgroup/a.slice/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/a.slice/memory.high", "536870912\n"),
            ("sys/fs/cgroup/a.slice/memory.current", "520093696\n"),
            ("sys/fs/cgroup/a.slice/memory.stat", "anon 1\nfile 4096\n"),
            (
                "sys/fs/cgroup/a.slice/memory.events",
                "low 0\nhigh 71\nmax 2\n",
            ),
            ("sys/fs/cgroup/a.slice/cgroup.procs", ""),
            ("sys/fs/cgroup/a.slice/b.service/cgroup.procs", "30\n7\n0\n"),
            ("sys/fs/cgroup/a.slice/c.service/cgroup.procs", "12\n"),
        ]);
        let memory = limits(&root).memory.expect("a limit");
        assert!(memory.soft && memory.limit == Bytes(512 << 20));
        assert_eq!((memory.cache, memory.hits), (Some(Bytes(4096)), Some(71)));
        let (dir, limit) = strained(&root).memory.expect("a limit");
        assert_eq!(limit, Limit::High);
        assert_eq!(members(&dir), [Pid(7), Pid(12), Pid(30)]);
    }

    #[test]
    fn v1_limits_and_no_limit_are_told_apart() {
        let mounts = "42 32 0:39 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n43 32 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let unlimited = "9223372036854771712\n";
        let (_dir, root) = machine(&[
            ("proc/self/mountinfo", mounts),
            ("proc/self/cgroup", "4:memory:/docker/x\n0::/\n"),
            (
                "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes",
                "2097152\n",
            ),
            (
                "sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes",
                "1048576\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited),
            ("sys/fs/cgroup/unified/cpu.stat", "usage_usec 9\n"),
        ]);
        let memory = limits(&root).memory.expect("a limit");
        assert_eq!(
            (memory.used, memory.limit),
            (Bytes(1 << 20), Bytes(2 << 20))
        );
        assert_eq!(
            strained(&root).pressure,
            None,
            "the group of all is the machine's"
        );
        std::fs::write(root.proc("self/cgroup"), "4:memory:/\n0::/\n").expect("written");
        assert_eq!(limits(&root), OwnGroup::default());
    }
}
