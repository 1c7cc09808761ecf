//! Whom a number in a lock means: a thread of the same process, or where the lock may be shared one of another process that
//! maps the same memory. In memory stand the numbers of the PID namespace of whoever took the lock.

use std::path::PathBuf;

use super::space::Space;
use super::thread::{inner, standing};
use crate::model::id::{Pid, Tid};
use crate::model::memory::region::FileId;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::Owner;
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::memory::maps;
use crate::sys::process::{living, visible};
use crate::sys::root::ProcRoot;

/// Who has a number that stands in a lock of a process which has no PID namespace of its own. `shared` is the address of a
/// lock that others may use. `/proc/TID` is not listed but can be opened.
pub fn owner(root: &ProcRoot, of: Pid, number: u32, shared: Option<u64>) -> Owner {
    let nobody = Owner::Nobody(number);
    let who = Who::read(root, &number.to_string());
    let told = |who: &Who| {
        who.of(root, of, Tid(number))
            .unwrap_or(Owner::Nobody(number))
    };
    let Some(word) = shared else {
        return who
            .filter(|who| who.pid == of)
            .map_or(nobody, |who| told(&who));
    };
    match who {
        Some(who) if who.pid == of => told(&who),
        Some(who) if may_use(root, of, &who, word) => told(&who),
        _ => elsewhere(root, of, number, word),
    }
}

/// Whether somebody else maps the memory of a lock, or has ended and so maps nothing any more.
fn may_use(root: &ProcRoot, of: Pid, who: &Who, word: u64) -> bool {
    if who.zombie() {
        return true;
    }
    let file = file(root, of, word).ok().flatten();
    file.is_some_and(|file| maps_it(root, who.pid, file) == Ok(true))
}

/// Who has a number that stands in a lock at `word`, among all those who map the memory of the lock: by the numbers of the PID
/// namespace that each lives in, the one of the process itself first.
///
/// Costs a look at every process, so it is asked only where the number is nobody's who is near.
pub fn elsewhere(root: &ProcRoot, of: Pid, number: u32, word: u64) -> Owner {
    let file = match file(root, of, word) {
        Ok(Some(file)) => file,
        Ok(None) => return Owner::Nobody(number),
        Err(_) => return Owner::Numbered(number),
    };
    let own = namespace(root, of);
    let (mut near, mut far) = (Vec::new(), Vec::new());
    let mut untold = own.is_none() || visible::hidden_by(root).is_some();
    for pid in root.pids() {
        if pid == of {
            continue;
        }
        match maps_it(root, pid, file) {
            Ok(true) if namespace(root, pid) == own => near.push(pid),
            Ok(true) => far.push(pid),
            Ok(false) if is_empty_shell(root, pid) && namespace(root, pid) == own => near.push(pid),
            Ok(false) | Err(Missing::Gone) => {}
            // Of whom nothing is told it cannot be said that they map it; most have no thread of that number.
            Err(_) => untold |= thread_numbered(root, pid, number).is_some(),
        }
    }
    let found = |among: &[Pid]| {
        let of_one = |pid: &Pid| Some((*pid, thread_numbered(root, *pid, number)?));
        let mut all = among.iter().filter_map(of_one);
        match (all.next(), all.next()) {
            (Some((pid, tid)), None) => {
                Who::read(root, &format!("{pid}/task/{tid}"))?.of(root, of, tid)
            }
            (Some(_), Some(_)) => Some(Owner::Numbered(number)),
            _ => None,
        }
    };
    let told = found(&near).or_else(|| found(&far));
    told.unwrap_or(if untold {
        Owner::Numbered(number)
    } else {
        Owner::Nobody(number)
    })
}

/// A thread by what its `status` says.
struct Who {
    pid: Pid,
    threads: u64,
    ended: bool,
}

impl Who {
    fn read(root: &ProcRoot, path: &str) -> Option<Self> {
        let status = std::fs::read(root.proc(format!("{path}/status"))).ok()?;
        let (pid, threads, ended) = standing(&status)?;
        Some(Self {
            pid,
            threads,
            ended,
        })
    }

    /// Whether the whole process has ended.
    fn zombie(&self) -> bool {
        self.ended && self.threads <= 1
    }

    /// The thread in words of locks: of the process itself, or of another.
    fn of(&self, root: &ProcRoot, of: Pid, tid: Tid) -> Option<Owner> {
        let own = self.pid == of;
        let asked = if own { tid.0 } else { self.pid.0 };
        let name = std::fs::read(root.proc(format!("{asked}/comm"))).ok()?;
        let name = SafeText::from_bytes(name.trim_ascii_end());
        Some(match (self.ended, own) {
            (true, _) => Owner::Ended {
                tid,
                pid: (!own).then_some(self.pid),
                name,
                others: self.threads > 1,
            },
            (false, true) => Owner::Thread(tid),
            (false, false) => Owner::Elsewhere {
                tid,
                pid: self.pid,
                name,
            },
        })
    }
}

/// The PID namespace that a process lives in; `None` where that may not be seen.
fn namespace(root: &ProcRoot, pid: Pid) -> Option<PathBuf> {
    std::fs::read_link(root.proc(format!("{pid}/ns/pid"))).ok()
}

/// The thread of a process that has this number in the innermost PID namespace that it lives in.
fn thread_numbered(root: &ProcRoot, pid: Pid, number: u32) -> Option<Tid> {
    let entries = std::fs::read_dir(root.proc(format!("{pid}/task"))).ok()?;
    let tids = entries.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    tids.map(Tid).find(|tid| {
        let status = std::fs::read(root.proc(format!("{pid}/task/{tid}/status")));
        status.is_ok_and(|status| inner(&status).is_some_and(|(n, _)| n == number))
    })
}

/// Whether it has ended and is listed still; its memory is gone.
fn is_empty_shell(root: &ProcRoot, pid: Pid) -> bool {
    Who::read(root, &pid.to_string()).is_some_and(|who| who.zombie())
}

/// What lies at an address that others may write to; `None` for memory that is a process's own.
fn file(root: &ProcRoot, of: Pid, word: u64) -> Reading<Option<FileId>> {
    let text = maps_of(root, of)?;
    let listing = maps::parse(&text).map_err(|_| Missing::Unsupported)?;
    let space = Space::new(listing.mappings);
    let mapping = space.at(word).ok_or(Missing::Gone)?;
    Ok(mapping.access.shared.then_some(mapping.file))
}

/// Whether a process maps a file so that others see what it writes there.
fn maps_it(root: &ProcRoot, pid: Pid, file: FileId) -> Reading<bool> {
    let text = maps_of(root, pid)?;
    Ok(maps::shared(&text).any(|m| m.file == file))
}

fn maps_of(root: &ProcRoot, pid: Pid) -> Reading<Vec<u8>> {
    let read = |pid: Pid| bounded::read(&root.proc(format!("{pid}/maps")));
    let text = read(pid)?;
    if !text.is_empty() {
        return Ok(text);
    }
    living::other(root, pid).map_or(Ok(text), |tid| read(Pid(tid.0)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const RING: &str = "7f00-8f00 rw-s 00000000 00:01 7 /dev/zero (deleted)\n";
    const WORD: u64 = 0x7f40;

    /// A process of one thread with these numbers, the innermost last, in one of two PID namespaces.
    fn process(at: &Path, numbers: &[u32], namespace: &str, state: char, maps: &str) {
        let pid = numbers[0];
        let own = at.join(format!("proc/{pid}"));
        let task = own.join(format!("task/{pid}"));
        std::fs::create_dir_all(own.join("ns")).expect("made");
        std::fs::create_dir_all(&task).expect("made");
        let all: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let all = all.join("\t");
        let status =
            format!("Name:\tx\nState:\t{state}\nTgid:\t{pid}\nThreads:\t1\nNSpid:\t{all}\n");
        std::fs::write(own.join("status"), &status).expect("written");
        std::fs::write(task.join("status"), &status).expect("written");
        std::fs::write(own.join("comm"), format!("p{pid}\n")).expect("written");
        std::fs::write(own.join("maps"), maps).expect("written");
        std::os::unix::fs::symlink(namespace, own.join("ns/pid")).expect("linked");
    }

    fn elsewhere_as(pid: u32) -> Owner {
        Owner::Elsewhere {
            tid: Tid(pid),
            pid: Pid(pid),
            name: format!("p{pid}").as_str().into(),
        }
    }

    #[test]
    fn who_has_a_shared_lock_maps_its_memory() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = dir.path();
        let root = ProcRoot::fixture(at);
        process(at, &[100], "outer", 'S', RING);
        // A thread of the kernel has the number that the holder has in its own namespace.
        process(at, &[2], "outer", 'S', "");
        process(at, &[300, 2], "inner", 'S', RING);
        process(at, &[101], "outer", 'S', RING);
        let told = |of, number| owner(&root, Pid(of), number, Some(WORD));
        assert_eq!(told(100, 101), elsewhere_as(101));
        assert_eq!(told(100, 2), elsewhere_as(300), "not the one of the kernel");
        assert_eq!(told(100, 9), Owner::Nobody(9));
        assert_eq!(
            owner(&root, Pid(100), 101, None),
            Owner::Nobody(101),
            "its own memory"
        );
        let private = owner(&root, Pid(100), 101, Some(0x10));
        assert_eq!(private, Owner::Numbered(101), "memory that is not told");
        let ended = Owner::Ended {
            tid: Tid(102),
            pid: Some(Pid(102)),
            name: "p102".into(),
            others: false,
        };
        process(at, &[102], "outer", 'Z', "");
        assert_eq!(told(100, 102), ended);
    }

    #[test]
    fn numbers_of_another_namespace_are_looked_for_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = dir.path();
        let root = ProcRoot::fixture(at);
        process(at, &[300, 1], "inner", 'S', RING);
        process(at, &[301, 2], "inner", 'S', RING);
        process(at, &[302, 3], "inner", 'S', "");
        process(at, &[303, 4], "inner", 'Z', "");
        process(at, &[4], "outer", 'S', RING);
        let told = |number| elsewhere(&root, Pid(300), number, WORD);
        assert_eq!(told(2), elsewhere_as(301));
        assert_eq!(told(3), Owner::Nobody(3), "it does not map the memory");
        assert_eq!(told(5), Owner::Nobody(5), "it has ended");
        assert!(matches!(told(4), Owner::Ended { tid: Tid(303), .. }));
        // Another one of that number may map it, who does not tell.
        std::fs::remove_file(at.join("proc/301/maps")).expect("removed");
        std::fs::create_dir(at.join("proc/301/maps")).expect("made");
        assert_eq!(told(2), Owner::Numbered(2));
    }
}
