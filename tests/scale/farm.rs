//! A proc tree of as many processes as one likes, in plain files.

use std::fs;
use std::path::Path;

use pscope::sys::root::ProcRoot;

/// How many processes have a file of their own; all others are hard links to one of these, so that a hundred thousand
/// take no more memory than a thousand.
const OWN: u32 = 1_000;

/// A machine of `n` processes: the first thousand a tree of fan-out eight, the others children of one of them.
pub fn tree(n: u32) -> (tempfile::TempDir, ProcRoot) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let dir = dir.expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    fs::create_dir_all(root.proc("links")).expect("made");
    fs::write(root.proc("uptime"), "1000.00 900.00\n").expect("written");
    for pid in 1..=n {
        let stat = root.proc(format!("{pid}/stat"));
        fs::create_dir(root.proc(pid.to_string())).expect("made");
        if pid <= OWN {
            fs::write(&stat, line(pid, pid / 8)).expect("written");
            fs::write(link(&root, pid), line(pid, pid)).expect("written");
        } else {
            fs::hard_link(link(&root, pid % OWN + 1), &stat).expect("linked");
        }
    }
    (dir, root)
}

fn link(root: &ProcRoot, of: u32) -> impl AsRef<Path> + use<> {
    root.proc(format!("links/{of}"))
}

fn line(number: u32, ppid: u32) -> String {
    format!(
        "{number} (farm-{number:05}) S {ppid} 1 1 0 -1 4194304 40 0 0 0 0 0 0 0 20 0 1 0 {number} 1245184 80 \
         18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    )
}
