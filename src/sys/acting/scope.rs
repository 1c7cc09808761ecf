//! Who belongs to a scope: descendants, group, session, control group. See `credentials(7)` and `cgroups(7)`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::root::ProcRoot;
use crate::model::acting::Scope;
use crate::model::groups::refusal::Refusal;
use crate::model::id::{Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::sys::acting::standing;
use crate::sys::process::isolation::cgroup::{self, Mounts};
use crate::sys::process::living;
use crate::sys::process::process_ids::{self, ProcessIds};

/// What the chosen processes belong to, as it was when they were chosen: it outlives them.
#[derive(Debug, Default)]
pub(super) struct Ties {
    pub(super) groups: Vec<Pid>,
    pub(super) sessions: Vec<Pid>,
    pub(super) cgroups: Vec<PathBuf>,
}

impl Ties {
    pub(super) fn of(root: &ProcRoot, everybody: &[ProcessIds], chosen: &[ProcId]) -> Self {
        let who = || everybody.iter().filter(|k| chosen.contains(&k.id));
        let distinct = |ids: BTreeSet<Pid>| ids.into_iter().filter(|p| p.0 > 0).collect();
        let mounts = Mounts::read(root);
        let cgroup = |k: &ProcessIds| cgroup(root, &mounts, k.id.pid);
        let mut cgroups: Vec<PathBuf> = who().filter_map(cgroup).collect();
        cgroups.sort();
        cgroups.dedup();
        Self {
            groups: distinct(who().map(|k| k.group).collect()),
            sessions: distinct(who().map(|k| k.session).collect()),
            cgroups,
        }
    }

    /// Everybody of a scope, the chosen ones first; a chosen one that has ended stays in, so that it is reported.
    pub(super) fn members(
        &self,
        everybody: &[ProcessIds],
        chosen: &[ProcId],
        scope: Scope,
    ) -> Vec<ProcId> {
        let mut found = chosen.to_vec();
        found.sort_unstable();
        found.dedup();
        let of = |wanted: &dyn Fn(&ProcessIds) -> bool| {
            let members = everybody.iter().filter(|k| !k.kernel_thread && wanted(k));
            members.map(|k| k.id).collect::<Vec<_>>()
        };
        let more = match scope {
            Scope::Process | Scope::Thread => Vec::new(),
            Scope::Subtree => process_ids::subtree(everybody, chosen),
            Scope::Group => of(&|k| self.groups.contains(&k.group)),
            Scope::Session => of(&|k| self.sessions.contains(&k.session)),
            Scope::Cgroup => {
                let mut pids = BTreeSet::new();
                for directory in &self.cgroups {
                    gather(directory, &mut pids);
                }
                of(&|k| pids.contains(&k.id.pid))
            }
        };
        let mut seen: std::collections::HashSet<ProcId> = found.iter().copied().collect();
        found.extend(more.into_iter().filter(|id| seen.insert(*id)));
        found
    }

    /// How many a scope would hit.
    ///
    /// # Errors
    /// `Unsupported` where there is no such scope: several processes have no one thread, and the root control group is everybody.
    pub(super) fn count(
        &self,
        root: &ProcRoot,
        everybody: &[ProcessIds],
        chosen: &[ProcId],
        scope: Scope,
    ) -> Reading<usize> {
        let there = match scope {
            Scope::Process | Scope::Subtree => true,
            Scope::Thread => chosen.len() == 1,
            Scope::Group => !self.groups.is_empty(),
            Scope::Session => !self.sessions.is_empty(),
            Scope::Cgroup => !self.cgroups.is_empty(),
        };
        match (there, scope, chosen) {
            (false, ..) => Err(Missing::Unsupported),
            (true, Scope::Thread, [one]) => Ok(standing::threads(root, *one).len()),
            _ => Ok(self.members(everybody, chosen, scope).len()),
        }
    }

    /// The directory of the control group that all chosen are of, or the nearest that theirs are parts of, and who is in it
    /// and in those below it now.
    pub(super) fn common(&self) -> Option<(PathBuf, BTreeSet<Pid>)> {
        let (first, rest) = self.cgroups.split_first()?;
        let common = first
            .ancestors()
            .find(|dir| rest.iter().all(|c| c.starts_with(dir)))?;
        let group = common.join("cgroup.procs").exists() && common.join("cgroup.kill").exists();
        let mut within = BTreeSet::new();
        gather(common, &mut within);
        group.then(|| (common.to_owned(), within))
    }

    /// Which of these numbers are in the groups themselves that the chosen ones are of, and in those below.
    pub(super) fn in_groups(&self) -> BTreeSet<Pid> {
        let mut within = BTreeSet::new();
        for directory in &self.cgroups {
            gather(directory, &mut within);
        }
        within
    }

    /// Why KILL does not end all of the chosen control group in one write; `None` where it does, or no such group is meant.
    pub(super) fn one_by_one(&self) -> Option<Refusal> {
        let (first, rest) = self.cgroups.split_first()?;
        let whole = first
            .ancestors()
            .find(|dir| rest.iter().all(|c| c.starts_with(dir)))?;
        let file = whole.join("cgroup.kill");
        if file.exists() {
            cgroup::unwritable(&file)
        } else {
            Some(Refusal::Lacking)
        }
    }

    /// Another scope with the very same members that the kernel hits in one call.
    pub(super) fn at_once(
        &self,
        everybody: &[ProcessIds],
        chosen: &[ProcId],
        scope: Scope,
    ) -> Option<Scope> {
        let set = |s| {
            self.members(everybody, chosen, s)
                .into_iter()
                .collect::<BTreeSet<_>>()
        };
        let wanted = set(scope);
        if wanted.len() < 2 || scope == Scope::Group || scope == Scope::Cgroup {
            return None;
        }
        let killable = |c: &PathBuf| c.join("cgroup.kill").exists();
        if self.groups.len() == 1 && set(Scope::Group) == wanted {
            Some(Scope::Group)
        } else if self.cgroups.len() == 1
            && self.cgroups.iter().all(killable)
            && set(Scope::Cgroup) == wanted
        {
            Some(Scope::Cgroup)
        } else {
            None
        }
    }
}

/// The directory of a process's own control group: that of version 2, or else the one of systemd; `None` for the root group.
fn cgroup(root: &ProcRoot, mounts: &Mounts, pid: Pid) -> Option<PathBuf> {
    let asked = living::pid(root, pid);
    let text = std::fs::read(root.proc(format!("{asked}/cgroup"))).ok()?;
    cgroup::own_directory(root, mounts, &text)
}

/// The number of a directory: another one of the same name has another.
pub(super) fn inode(directory: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(directory).ok().map(|meta| meta.ino())
}

/// The numbers of all processes of a control group and of those below it.
fn gather(directory: &Path, pids: &mut BTreeSet<Pid>) {
    let text = std::fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    pids.extend(text.lines().filter_map(|l| l.parse().ok().map(Pid)));
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            gather(&entry.path(), pids);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    /// A machine with these lines in `mountinfo` and `cgroup` of process 7, and these groups with somebody in them.
    fn machine(mounts: &str, of: &[u8], groups: &[&[u8]]) -> (tempfile::TempDir, ProcRoot) {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        for pid in ["self", "7"] {
            std::fs::create_dir_all(root.proc(pid)).expect("made");
        }
        std::fs::write(root.proc("self/mountinfo"), mounts).expect("written");
        std::fs::write(root.proc("7/cgroup"), of).expect("written");
        for group in groups {
            let group = root.sys(OsStr::from_bytes(group));
            std::fs::create_dir_all(&group).expect("made");
            std::fs::write(group.join("cgroup.procs"), "7\n").expect("written");
        }
        (dir, root)
    }

    fn of_seven(root: &ProcRoot) -> Option<PathBuf> {
        let found = cgroup(root, &Mounts::read(root), Pid(7))?;
        let sys = root.sys("");
        Some(found.strip_prefix(sys).expect("below it").to_owned())
    }

    #[test]
    fn the_root_group_is_no_scope_and_a_name_may_have_any_byte() {
        let mounts = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let odd: &[u8] = b"fs/cgroup/a b/\x1b\xff\r";
        let of = |line: &[u8]| {
            of_seven(&machine(mounts, line, &[b"fs/cgroup", odd, b"fs/cgroup/a:b"]).1)
        };
        let some = |path: &[u8]| Some(PathBuf::from(OsStr::from_bytes(path)));
        assert_eq!(of(b"0::/a b/\x1b\xff\r\n"), some(odd));
        assert_eq!(of(b"0::/a:b\n"), some(b"fs/cgroup/a:b"));
        assert_eq!(of(b"0::/\n"), None);
        assert_eq!(of(b"0::/../a:b\n"), None);
        assert_eq!(of(b"0::/gone\n"), None);
        let old = "30 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n";
        let (_dir, root) = machine(old, b"1:name=systemd:/x\n", &[b"fs/cgroup/systemd/x"]);
        assert_eq!(of_seven(&root), some(b"fs/cgroup/systemd/x"));
    }

    #[test]
    fn a_group_is_looked_for_in_the_part_that_is_mounted() {
        // Seen with `unshare -C`: what is mounted begins above our namespace, where another group may have our path.
        let above = "31 23 0:28 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let (_dir, root) = machine(above, b"0::/x\n", &[b"fs/cgroup/x"]);
        assert_eq!(of_seven(&root), None, "that is somebody else's");
        let part = "31 23 0:28 /pods\\040b /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let (_dir, root) = machine(part, b"0::/pods b/x\n", &[b"fs/cgroup/x"]);
        assert_eq!(of_seven(&root), Some("fs/cgroup/x".into()));
        let (_dir, root) = machine(
            part,
            b"0::/pods bc/x\n",
            &[b"fs/cgroup/x", b"fs/cgroup/c/x"],
        );
        assert_eq!(of_seven(&root), None, "no part of what is mounted");
        let two = [
            part,
            "32 23 0:28 / /sys/fs/cgroup/all rw - cgroup2 cgroup2 rw\n",
        ]
        .concat();
        let (_dir, root) = machine(&two, b"0::/y\n", &[b"fs/cgroup/all/y"]);
        assert_eq!(
            of_seven(&root),
            Some("fs/cgroup/all/y".into()),
            "the other mount has it"
        );
    }

    #[test]
    fn control_groups_are_gathered_with_those_below() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let mounts = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        write("proc/self/mountinfo", mounts);
        write("proc/7/cgroup", "1:name=systemd:/old\n0::/app/web\n");
        write("sys/fs/cgroup/app/web/cgroup.procs", "7\n8\n");
        write("sys/fs/cgroup/app/web/worker/cgroup.procs", "9\n");
        let root = ProcRoot::fixture(dir.path());
        let mounts = Mounts::read(&root);
        let cgroup = |pid| cgroup(&root, &mounts, pid);
        let group = cgroup(Pid(7)).expect("a group");
        let mut pids = BTreeSet::new();
        gather(&group, &mut pids);
        assert_eq!(pids.into_iter().map(|p| p.0).collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(cgroup(Pid(8)), None);
        // Parts of a group are that group where nobody else is in it, and never what merely holds it.
        write("proc/9/cgroup", "0::/app/web/worker\n");
        write("sys/fs/cgroup/app/cgroup.procs", "");
        write("sys/fs/cgroup/app/cgroup.kill", "");
        write("sys/fs/cgroup/app/other/cgroup.procs", "");
        write("proc/10/cgroup", "0::/app/other\n");
        write("sys/fs/cgroup/app/web/cgroup.kill", "");
        let common = |pids: &[u32]| {
            let groups = pids.iter().map(|pid| cgroup(Pid(*pid)).expect("a group"));
            let ties = Ties {
                cgroups: groups.collect(),
                ..Ties::default()
            };
            let (place, within) = ties.common()?;
            Some((place, within.into_iter().map(|p| p.0).collect::<Vec<_>>()))
        };
        let app = root.sys("fs/cgroup/app");
        assert_eq!(common(&[9, 10]), Some((app.clone(), vec![7, 8, 9])));
        assert_eq!(
            common(&[7, 9]),
            Some((app.join("web"), vec![7, 8, 9])),
            "a group and a part of it"
        );
        assert_eq!(common(&[9]), None, "it cannot be killed as a whole");
        assert_eq!(common(&[]), None);
    }
}
