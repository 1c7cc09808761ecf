//! Whether `/proc` lists every process of the machine: `proc(5)`, `pid_namespaces(7)`. Changes nothing.

use std::io;
use std::path::Path;

use procfs::process::MountInfo;

use crate::sys::machine::mount_table;
use crate::sys::root::ProcRoot;

/// The inode of the first pid namespace (`PROC_PID_INIT_INO` of `linux/proc_ns.h`).
const FIRST: &str = "pid:[4026531836]";

/// The mount option that hides processes of other users from this one, as `hidepid=invisible`.
///
/// Who may trace everybody, or is in the group of the mount, sees all; the first process belongs to root nearly everywhere.
pub fn hidden_by(root: &ProcRoot) -> Option<String> {
    let option = option(&mount_table::read(root))?;
    let first = std::fs::read(root.proc("1/stat"));
    first.is_err().then_some(option)
}

/// Whether processes may live on this machine that this tree does not list.
pub fn in_part(root: &ProcRoot) -> bool {
    inside(root) || hidden_by(root).is_some()
}

/// Whether we live in another PID namespace than the first: then the kernel gives no number to whoever lives outside it.
pub fn inside(root: &ProcRoot) -> bool {
    let ours = std::fs::read_link(root.proc("self/ns/pid"));
    ours.is_ok_and(|ns| ns != Path::new(FIRST))
}

/// Whether the kernel means by a number the process that is meant here: programs see those of the first PID namespace.
///
/// # Errors
/// Where it does not.
pub fn numbers_are_ours(root: &ProcRoot) -> io::Result<()> {
    if inside(root) {
        let why = "the kernel counts by numbers of another PID namespace";
        return Err(io::Error::other(why));
    }
    Ok(())
}

/// `hidepid=invisible` of `/proc`; `None` where nothing is hidden.
fn option(mounts: &[MountInfo]) -> Option<String> {
    let kinds = mounts.iter().filter(|mount| mount.fs_type == "proc");
    let mut told = kinds.filter_map(|mount| mount.super_options.get("hidepid")?.as_deref());
    told.find(|how| !matches!(*how, "0" | "off"))
        .map(|how| format!("hidepid={how}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(mounts: &str, namespace: &str) -> (tempfile::TempDir, ProcRoot) {
        let dir = tempfile::tempdir().expect("a directory");
        let own = dir.path().join("proc/self");
        std::fs::create_dir_all(own.join("ns")).expect("made");
        std::fs::write(own.join("mountinfo"), mounts).expect("written");
        std::os::unix::fs::symlink(namespace, own.join("ns/pid")).expect("linked");
        let root = ProcRoot::fixture(dir.path());
        (dir, root)
    }

    #[test]
    fn a_mount_option_or_a_namespace_hides_processes() {
        let plain = "21 28 0:20 / /proc rw,nosuid - proc proc rw\n";
        let hiding = "21 28 0:20 / /proc rw,nosuid - proc proc rw,hidepid=invisible\n";
        let (_at, root) = tree(plain, FIRST);
        assert_eq!((hidden_by(&root), in_part(&root)), (None, false));
        let (_at, root) = tree(plain, "pid:[4026532320]");
        assert_eq!((hidden_by(&root), in_part(&root)), (None, true));
        let (at, root) = tree(hiding, FIRST);
        assert_eq!(hidden_by(&root).as_deref(), Some("hidepid=invisible"));
        assert!(in_part(&root));
        let first = at.path().join("proc/1");
        std::fs::create_dir_all(&first).expect("made");
        std::fs::write(first.join("stat"), "1 (init) S").expect("written");
        assert!(!in_part(&root), "who sees the first process sees all");
    }
}
