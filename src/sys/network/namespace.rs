//! Network namespaces: which one a process lives in, and work inside a foreign one. `network_namespaces(7)`.

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;

use nix::sched::{CloneFlags, setns};

use crate::model::id::Pid;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;
use crate::sys::threads;

/// The network namespace of a process, as an inode: `net:[4026531840]`.
///
/// # Errors
/// `Denied` for processes of other users.
pub fn of(root: &ProcRoot, pid: Pid) -> Reading<u64> {
    link(root, &pid.to_string(), "net")
}

/// The mount namespace of a process, as an inode: `mnt:[4026531841]`.
///
/// # Errors
/// `Denied` for processes of other users.
pub fn mounts_of(root: &ProcRoot, pid: Pid) -> Reading<u64> {
    link(root, &pid.to_string(), "mnt")
}

/// The network namespace of this program.
///
/// # Errors
/// As the kernel says.
pub fn ours(root: &ProcRoot) -> Reading<u64> {
    link(root, "self", "net")
}

fn link(root: &ProcRoot, of: &str, kind: &str) -> Reading<u64> {
    let target = std::fs::read_link(root.proc(format!("{of}/ns/{kind}")))?;
    let inode = target
        .to_str()
        .and_then(|t| t.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok());
    inode.ok_or(Missing::Unsupported)
}

/// What `ip netns` calls the namespaces that it made, by inode: the files of `/run/netns`.
pub fn names(root: &ProcRoot) -> Vec<(u64, SafeText)> {
    let entries = std::fs::read_dir(root.run("netns")).into_iter().flatten();
    let named = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        // Not that of the entry, which may be what the namespace is mounted over.
        let inode = std::fs::metadata(entry.path()).ok()?.ino();
        Some((inode, SafeText::from_bytes(entry.file_name().as_bytes())))
    });
    named.collect()
}

/// Does `work` inside `namespace`, the network namespace of a process; sockets that it opens stay bound to that one.
///
/// A thread made for this enters the namespace and ends.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN` over that namespace; else what `work` says.
pub fn inside<T: Send + 'static>(
    root: &ProcRoot,
    pid: Pid,
    namespace: u64,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let path = root.proc(format!("{pid}/ns/net"));
    let call = |why: std::io::Error| Error::Call { call: "setns", why };
    let place = File::open(&path).map_err(Error::io(&path))?;
    let found = place.metadata().map_err(Error::io(&path))?.ino();
    if found != namespace {
        // The process has moved, or ended and another has its number.
        return Err(Error::io(path)(std::io::ErrorKind::NotFound.into()));
    }
    let enter = move || {
        setns(&place, CloneFlags::CLONE_NEWNET).map_err(|why| call(why.into()))?;
        work()
    };
    let entered = threads::start("netns", enter).map_err(call)?;
    entered
        .join()
        .unwrap_or_else(|_| Err(call(std::io::Error::other("the thread failed"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_called_as_its_file() {
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        assert_eq!(names(&root), []);
        std::fs::create_dir_all(root.run("netns")).expect("made");
        std::fs::write(root.run("netns/blue"), "").expect("written");
        let inode = std::fs::metadata(root.run("netns/blue"))
            .expect("there")
            .ino();
        assert_eq!(names(&root), [(inode, "blue".into())]);
    }

    #[test]
    fn our_own_namespace_can_be_entered_or_is_denied() {
        let root = ProcRoot::live();
        let (Ok(ours), Ok(same)) = (ours(&root), of(&root, Pid(std::process::id()))) else {
            println!("skipped: no network namespaces here");
            return;
        };
        assert_eq!(ours, same);
        let here = || Ok(link(&ProcRoot::live(), "thread-self", "net"));
        match inside(&root, Pid(std::process::id()), ours, here) {
            Ok(seen) => assert_eq!(seen, Ok(ours)),
            Err(why) => println!("skipped: {why}"),
        }
        assert!(inside(&root, Pid(std::process::id()), ours + 1, here).is_err());
    }
}
