//! The name of a POSIX semaphore (`sem_overview(7)`): the C library makes and maps its file under a name of chance, links it
//! under its own and removes the first, so that `maps` tells a name that is gone. The other is found by the inode.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::model::id::Pid;
use crate::model::memory::region::FileId;
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::root::ProcRoot;

/// Where they lie as the process sees it, and how they are called there.
const DIRECTORY: &str = "root/dev/shm";
const PREFIX: &[u8] = b"sem.";
/// How much of the names is listed, and how many of them are looked at.
const LISTED: u32 = 64 << 10;
const MOST: usize = 256;

/// The path of the semaphore that a process has mapped as this file, where it has one.
pub fn path(root: &ProcRoot, pid: Pid, file: FileId) -> Option<SafeText> {
    let directory = root.proc(format!("{pid}/{DIRECTORY}"));
    let names = asker::list(&directory, LISTED).ok()?;
    let names = names.into_iter().filter(|n| n.starts_with(PREFIX));
    let names: Vec<Vec<u8>> = names.take(MOST).collect();
    let paths = names.iter().map(|n| directory.join(OsStr::from_bytes(n)));
    let found = asker::targets(paths.collect());
    let device = u64::from(file.major) << 32 | u64::from(file.minor);
    let is = |extent: (u64, u64)| extent == (device, file.inode);
    let at = found.iter().position(|t| {
        t.as_ref()
            .is_ok_and(|t| is((t.extent.device, t.extent.inode)))
    })?;
    let path = [b"/dev/shm/", &names[at][..]].concat();
    Some(SafeText::from_bytes(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn a_semaphore_is_found_by_the_name_that_it_has_now() {
        let me = std::process::id();
        let first = format!("/dev/shm/sem.pscope-first-{me}");
        let own = format!("/dev/shm/sem.pscope-own-{me}");
        let Ok(file) = std::fs::File::create(&first) else {
            println!("skipped: no POSIX shared memory here");
            return;
        };
        let told = file.metadata().expect("ours");
        let id = FileId {
            major: nix::sys::stat::major(told.dev()) as u32,
            minor: nix::sys::stat::minor(told.dev()) as u32,
            inode: told.ino(),
        };
        let find = || path(&ProcRoot::live(), Pid(me), id);
        let linked = std::fs::hard_link(&first, &own);
        let removed = std::fs::remove_file(&first);
        let found = find();
        let ended = std::fs::remove_file(&own);
        linked.and(removed).and(ended).expect("ours");
        assert_eq!(found.as_deref(), Some(own.as_str()));
        assert_eq!(find(), None, "it has none any more");
    }
}
