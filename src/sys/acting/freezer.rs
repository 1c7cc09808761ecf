//! Freezing a control group as one (`cgroup.freeze`, or `freezer.state` of v1) and thawing it again, `cgroups(7)`.
//!
//! What this program froze it thaws when it ends, however it ends; what somebody else froze stays so.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::signals::Signals;
use crate::model::groups::unit;
use crate::model::id::ProcId;
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::sys::process::isolation::cgroup::facts;
use crate::sys::process::process_ids;

/// What this program has frozen: the files, and what is written there to thaw.
static FROZEN: Mutex<Vec<(PathBuf, &'static str)>> = Mutex::new(Vec::new());

fn frozen() -> MutexGuard<'static, Vec<(PathBuf, &'static str)>> {
    FROZEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Freezes the group of this path, of which or below which `member` is, or thaws it; answers in words. Without a member it
/// is one of the hierarchy whose groups are listed, in which nobody was.
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
    let found = facts::directory(root, path, member.map(|id| id.pid), "freezer");
    let path = unit::shown(path);
    let (directory, unified) =
        found.ok_or_else(|| format!("{path}: its files are not to be seen here"))?;
    if on && holds(&directory, signals.own().0) {
        return Err(format!(
            "{path}: pscope itself is in it, and would freeze too"
        ));
    }
    let (file, words) = if unified {
        ("cgroup.freeze", ["0", "1"])
    } else {
        ("freezer.state", ["THAWED", "FROZEN"])
    };
    let file = directory.join(file);
    // It is ours before it is frozen: whoever ends the program in between thaws it.
    if on {
        frozen().push((file.clone(), words[0]));
    }
    let written = std::fs::write(&file, words[usize::from(on)]);
    if !on || written.is_err() {
        frozen().retain(|(known, _)| *known != file);
    }
    match written {
        Ok(()) if on => Ok(format!(
            "{path} is frozen; X or the end of pscope thaws it, but no end by KILL"
        )),
        Ok(()) => Ok(match above(&directory, unified) {
            None => format!("{path} goes on"),
            Some(above) => {
                let above = SafeText::from_bytes(above.as_os_str().as_encoded_bytes());
                format!(
                    "{path} is thawed and yet stands still: {above} is frozen, of which it is a part"
                )
            }
        }),
        Err(why) if Missing::from(&why) == Missing::Denied => Err(format!(
            "{path}: not permitted: its files belong to somebody else"
        )),
        Err(why) => Err(format!("{path}: {why}")),
    }
}

/// The nearest frozen group of which this one is a part.
fn above(directory: &Path, unified: bool) -> Option<PathBuf> {
    let (file, words) = if unified {
        ("cgroup.freeze", ["1"].as_slice())
    } else {
        ("freezer.state", ["FROZEN", "FREEZING"].as_slice())
    };
    let is_frozen = |dir: &&Path| {
        let text = std::fs::read_to_string(dir.join(file)).unwrap_or_default();
        words.contains(&text.trim())
    };
    directory
        .ancestors()
        .skip(1)
        .find(is_frozen)
        .map(Path::to_owned)
}

/// Whether a process is in a group or below it.
fn holds(directory: &Path, pid: u32) -> bool {
    let text = std::fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    if text.lines().any(|line| line.parse() == Ok(pid)) {
        return true;
    }
    let below = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut dirs = below.filter(|e| e.file_type().is_ok_and(|t| t.is_dir()));
    dirs.any(|e| holds(&e.path(), pid))
}

/// Thaws whatever this program froze.
pub fn thaw_all() {
    for (file, word) in std::mem::take(&mut *frozen()) {
        // Who has gone meanwhile is not kept by us.
        let _ = std::fs::write(file, word);
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
            let (above, unified) = facts::directory(root, &own.into(), Some(me), "-")?;
            // The kernel takes any byte but a new line for a name.
            let name = [format!("pscope test {me}").as_bytes(), b"\x1b[7m\xff"].concat();
            let dir = above.join(OsStr::from_bytes(&name));
            fs::create_dir(&dir).ok().filter(|()| unified)?;
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
