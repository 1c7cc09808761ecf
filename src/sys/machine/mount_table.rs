//! `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`) by procfs, for questions that are asked once: what kinds are mounted, and
//! with which options. View 4 asks again and again, for bytes of paths and of thousands: `disks/mounts.rs` reads for it.

use procfs::process::MountInfo;

use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// What is mounted, in the kernel's order; nothing where that is not told.
///
/// procfs gives a whole table up for one path that is no UTF-8, so it is handed line by line, and such bytes are replaced.
pub fn read(root: &ProcRoot) -> Vec<MountInfo> {
    let text = root.read("self/mountinfo").unwrap_or_default();
    let line = |line| MountInfo::from_line(&String::from_utf8_lossy(line)).ok();
    fields::lines(&text).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strange_path_hides_no_other() {
        let dir = tempfile::tempdir().expect("a directory");
        let own = dir.path().join("proc/self");
        std::fs::create_dir_all(&own).expect("made");
        let text = b"1 0 8:1 / /a\xff rw - ext4 /dev/sda1 rw\nnonsense\n21 28 0:20 / /proc rw,nosuid - proc proc rw,hidepid=2\n";
        std::fs::write(own.join("mountinfo"), text).expect("written");
        let found = read(&ProcRoot::fixture(dir.path()));
        let kinds: Vec<&str> = found.iter().map(|m| m.fs_type.as_str()).collect();
        assert_eq!(kinds, ["ext4", "proc"]);
        assert_eq!(found[1].super_options["hidepid"].as_deref(), Some("2"));
    }
}
