//! Who has the other end of a pipe, or a lock of a file: all of them or, where somebody may be missed, nobody.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::model::id::Pid;
use crate::model::reading::Missing;
use crate::sys::asker;
use crate::sys::descriptors::ipc::locks::{Lock, shows};
use crate::sys::fields;
use crate::sys::process::process_ids::{self, ProcessIds};
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// What `fdinfo` may tell, in bytes.
const INFO: u32 = 1 << 20;
/// Signals whose handlers end a wait for something that the process itself would have to do: all but those that a person
/// sends from the keyboard (INT), that tell of faults, and those that the C library keeps.
const TELLING: u64 = !(1 << 1 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 31 | 1 << 32);

/// Which ends of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ends {
    /// Those that are read from.
    Read,
    /// Those that are written to.
    Written,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The other end of a pipe, as its link tells it.
    Pipe(String, Ends),
    /// An open file with a lock.
    Lock(Lock),
}

impl std::hash::Hash for Sought {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Pipe(link, ends) => (link, ends).hash(state),
            Self::Lock(lock) => (lock.number, lock.inode).hash(state),
        }
    }
}

/// A search among all processes.
pub struct Search<'a> {
    root: &'a ProcRoot,
    sought: &'a Sought,
    waiter: ProcessIds,
    /// Whether this is a PID namespace with others around it.
    inside: bool,
    found: HashMap<Pid, bool>,
    /// How the link of the lock's file reads: whoever has the same description has the same link.
    link: Option<PathBuf>,
}

impl<'a> Search<'a> {
    /// `None` where not every process is listed here.
    pub fn new(root: &'a ProcRoot, waiter: Pid, sought: &'a Sought) -> Option<Self> {
        if visible::hidden_by(root).is_some() {
            return None;
        }
        Some(Self {
            root,
            sought,
            waiter: process_ids::read(root, waiter).ok()?,
            inside: visible::inside(root),
            found: HashMap::new(),
            link: None,
        })
    }

    /// All processes: the likeliest first, then those that began near the one that waits.
    pub fn everybody(&self, first: Option<Pid>) -> Vec<Pid> {
        let mut all = self.root.pids();
        let near = self.waiter.id.pid.0;
        all.sort_by_key(|pid| (Some(*pid) != first, pid.0.abs_diff(near)));
        all
    }

    /// Whether a process has it; `None` where it does not show, and may.
    pub fn has(&mut self, pid: Pid) -> Option<bool> {
        if let Some(known) = self.found.get(&pid) {
            return Some(*known);
        }
        let has = match self.look(pid) {
            Ok(has) => has,
            Err(Missing::Gone) => false,
            Err(_) if self.is_near(pid) => return None,
            Err(_) => false,
        };
        self.found.insert(pid, has);
        // What somebody brought in from outside of a PID namespace others may have there.
        let came_in = || process_ids::read(self.root, pid).map_or(true, |p| p.parent.0 == 0);
        if has && self.inside && came_in() {
            return None;
        }
        // Whoever would have to act itself does so when a signal comes.
        if has && pid == self.waiter.id.pid && matches!(self.sought, Sought::Pipe(..)) {
            let caught = caught(self.root, pid)?;
            return (caught & TELLING == 0).then_some(true);
        }
        Some(has)
    }

    /// Whether somebody who does not show what it has may have got something from the same hands.
    fn is_near(&self, pid: Pid) -> bool {
        let Ok(other) = process_ids::read(self.root, pid) else {
            return false;
        };
        let related = other.session == self.waiter.session || other.parent == self.waiter.id.pid;
        !other.kernel_thread && (related || self.found.get(&other.parent) == Some(&true))
    }

    fn look(&mut self, pid: Pid) -> Result<bool, Missing> {
        let entries = std::fs::read_dir(self.root.proc(format!("{pid}/fd")));
        let entries = entries.map_err(|why| match why.kind() {
            ErrorKind::NotFound => Missing::Gone,
            _ => Missing::Denied,
        })?;
        let (mut infos, mut links) = (Vec::new(), Vec::new());
        for entry in entries {
            let at = entry.map_err(|_| Missing::Gone)?.path();
            let Ok(link) = std::fs::read_link(&at) else {
                continue;
            };
            match self.sought {
                Sought::Pipe(name, ends) if link == Path::new(name) && opens(&at, *ends) => {
                    return Ok(true);
                }
                Sought::Lock(_)
                    if link.is_absolute() && self.link.as_ref().is_none_or(|l| *l == link) =>
                {
                    let number = at.file_name().and_then(|n| n.to_str()).unwrap_or_default();
                    infos.push(self.root.proc(format!("{pid}/fdinfo/{number}")));
                    links.push(link);
                }
                _ => {}
            }
        }
        let Sought::Lock(lock) = self.sought else {
            return Ok(false);
        };
        for (text, link) in asker::each(infos, INFO).into_iter().zip(links) {
            match text {
                Ok(text) if shows(&text, lock) => {
                    self.link = Some(link);
                    return Ok(true);
                }
                Ok(_) | Err(Missing::Gone) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(false)
    }
}

/// Whether a descriptor can be used in a way, by the mode of its link.
fn opens(at: &Path, ends: Ends) -> bool {
    let bit = match ends {
        Ends::Read => 0o400,
        Ends::Written => 0o200,
    };
    let mode = std::fs::symlink_metadata(at).map(|m| m.permissions().mode());
    mode.is_ok_and(|mode| mode & bit != 0)
}

/// The signals that a process catches, as bits from 1 on.
fn caught(root: &ProcRoot, pid: Pid) -> Option<u64> {
    let status = std::fs::read(root.proc(format!("{pid}/status"))).ok()?;
    let (_, value) = fields::pairs(&status).find(|(key, _)| *key == b"SigCgt")?;
    u64::from_str_radix(std::str::from_utf8(value.trim_ascii()).ok()?, 16).ok()
}
