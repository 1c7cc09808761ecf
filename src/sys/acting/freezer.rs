//! Freezing a control group as one (`cgroup.freeze`, or `freezer.state` of v1) and thawing it again, `cgroups(7)`.
//!
//! What this program froze it thaws when it ends, however it ends; what somebody else froze stays so.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::signals::Signals;
use crate::model::groups::refusal::Refusal;
use crate::model::groups::unit;
use crate::model::id::ProcId;
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::sys::process::isolation::cgroup::facts;
use crate::sys::process::process_ids;

/// A group that this program has frozen. Its file stays open: whoever thaws it at the end may be a thread that is denied to
/// open files to write, and the path may by then be that of another group.
struct Frozen {
    path: PathBuf,
    file: File,
    /// What is written to thaw it.
    thaws: &'static str,
}

static FROZEN: Mutex<Vec<Frozen>> = Mutex::new(Vec::new());

fn frozen() -> MutexGuard<'static, Vec<Frozen>> {
    FROZEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Freezes the group of this path, of which or below which `member` is, or thaws it; answers in words. Without a member it
/// is one in which nobody was, in whichever hierarchy.
///
/// # Errors
/// In words: why it was not done.
pub fn freeze(
    signals: &Signals,
    path: &SafeText,
    member: Option<ProcId>,
    on: bool,
) -> Result<String, String> {
    let root = signals.root();
    if let Some(member) = member {
        process_ids::still(root, member)
            .map_err(|_| format!("{}: nobody of it is there any more", unit::shown(path)))?;
    }
    let found = facts::freezer(root, path, member.map(|id| id.pid));
    let path = unit::shown(path);
    let freezer = found.map_err(|why| format!("{path}: {why}"))?;
    let words = freezer.words();
    let file = &freezer.file;
    let written = OpenOptions::new().write(true).open(file).and_then(|open| {
        if on {
            // It is ours before it is frozen: whoever ends the program in between thaws it.
            frozen().push(Frozen {
                path: file.clone(),
                file: open.try_clone()?,
                thaws: words[0],
            });
        }
        open.write_all_at(words[usize::from(on)].as_bytes(), 0)
    });
    if !on || written.is_err() {
        frozen().retain(|known| known.path != *file);
    }
    match written {
        Ok(()) if on => Ok(format!(
            "{path} is frozen; X or the end of pscope thaws it, but no end by KILL"
        )),
        Ok(()) => Ok(match freezer.above() {
            Some(Refusal::Above(above)) => format!(
                "{path} is thawed and yet stands still: {above} is frozen, of which it is a part"
            ),
            _ => format!("{path} goes on"),
        }),
        Err(why) if Missing::from(&why) == Missing::Denied => Err(format!(
            "{path}: not permitted: its files belong to somebody else"
        )),
        Err(why) => Err(format!("{path}: {why}")),
    }
}

/// Thaws whatever this program froze.
pub fn thaw_all() {
    for Frozen { file, thaws, .. } in std::mem::take(&mut *frozen()) {
        // Who has gone meanwhile is not kept by us.
        let _ = file.write_all_at(thaws.as_bytes(), 0);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::{Child, Command};

    use super::*;
    use crate::model::id::Pid;
    use crate::sys::root::ProcRoot;

    /// A group of v2 of our own with one process in it; taken away again at the end.
    struct Group {
        path: SafeText,
        dir: PathBuf,
        child: Child,
    }

    impl Group {
        fn make(root: &ProcRoot) -> Option<Self> {
            let text = fs::read_to_string(root.proc("self/cgroup")).ok()?;
            let own = text.lines().find_map(|line| line.strip_prefix("0::"))?;
            let me = Pid(std::process::id());
            let mounts = fs::read_to_string(root.proc("self/mountinfo")).ok()?;
            let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
            let at = mount.split(' ').nth(4)?;
            let above = PathBuf::from(format!("{at}{own}"));
            // The kernel takes any byte but a new line for a name.
            let name = [format!("pscope test {me}").as_bytes(), b"\x1b[7m\xff"].concat();
            let dir = above.join(OsStr::from_bytes(&name));
            fs::create_dir(&dir).ok()?;
            let child = Command::new("sleep").arg("1000").spawn().ok()?;
            let path = [own.trim_end_matches('/').as_bytes(), b"/", &name].concat();
            let path = SafeText::from_bytes(&path);
            let group = Self { path, dir, child };
            let put = fs::write(group.dir.join("cgroup.procs"), group.child.id().to_string());
            put.is_ok().then_some(group)
        }

        fn frozen(&self) -> bool {
            let events = fs::read_to_string(self.dir.join("cgroup.freeze"));
            events.expect("it is there").trim() == "1"
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            let _ = fs::write(self.dir.join("cgroup.freeze"), "0");
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = fs::remove_dir(&self.dir);
        }
    }

    #[test]
    fn a_group_is_frozen_and_thawed_with_the_program_at_the_latest() {
        let root = ProcRoot::live();
        let Some(group) = Group::make(&root) else {
            println!("skipped: no control group of our own can be made here");
            return;
        };
        let signals = Signals::over(&root).expect("the running kernel");
        let member = process_ids::read(&root, Pid(group.child.id()))
            .expect("it lives")
            .id;
        let act = |on| freeze(&signals, &group.path, Some(member), on);
        let said = act(true).expect("permitted");
        assert!(
            said.contains("the end of pscope thaws it") && group.frozen(),
            "{said}"
        );
        assert!(act(false).is_ok() && !group.frozen());
        act(true).expect("permitted");
        thaw_all();
        assert!(
            !group.frozen(),
            "whoever ends the program leaves nobody frozen"
        );
        // A part of what is frozen does not go on alone.
        let part = group.dir.join("part");
        fs::create_dir(&part).expect("as the group itself");
        let moved = fs::write(part.join("cgroup.procs"), member.pid.to_string());
        moved.expect("as into the group itself");
        act(true).expect("permitted");
        let path = SafeText::from_exact(&format!("{}/part", group.path.exact()));
        let said = freeze(&signals, &path, Some(member), false).expect("permitted");
        assert!(
            said.contains("yet stands still") && said.contains(group.path.as_str()),
            "{said}"
        );
        act(false).expect("permitted");
        let said = freeze(&signals, &path, Some(member), false).expect("permitted");
        assert!(said.ends_with("goes on"), "{said}");
        let back = fs::write(group.dir.join("cgroup.procs"), member.pid.to_string());
        back.and_then(|()| fs::remove_dir(&part))
            .expect("as it came");
        // What nobody of is left, and what is ours, is not frozen.
        let gone = ProcId::new(member.pid.0, member.start.0 + 1);
        assert!(freeze(&signals, &group.path, Some(gone), true).is_err());
        let me = process_ids::read(&root, Pid(std::process::id()))
            .expect("we live")
            .id;
        let above = group.path.rsplit_once('/').map_or("/", |(above, _)| above);
        let above = if above.is_empty() { "/" } else { above };
        assert!(freeze(&signals, &above.into(), Some(me), true).is_err());
    }
}
