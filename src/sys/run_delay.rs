//! How long a thread has waited for a core since it began, the kernel's run delay: `/proc/PID/task/TID/schedstat`.

use std::fs;

use super::proc_counters;
use super::root::ProcRoot;
use crate::model::id::{Nanos, Pid, Tid};

/// Reads it; `None` where the thread is gone, or the kernel does not count it.
pub fn read(root: &ProcRoot, pid: Pid, tid: Tid) -> Option<Nanos> {
    let text = fs::read(root.proc(format!("{pid}/task/{tid}/schedstat"))).ok()?;
    Some(proc_counters::schedstat(&text)?.wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_second_number() {
        let dir = tempfile::tempdir().expect("a directory");
        let task = dir.path().join("proc/7/task/8");
        fs::create_dir_all(&task).expect("made");
        fs::write(task.join("schedstat"), "357284 1200 3\n").expect("written");
        let root = ProcRoot::fixture(dir.path());
        assert_eq!(read(&root, Pid(7), Tid(8)), Some(Nanos(1200)));
        assert_eq!(read(&root, Pid(7), Tid(9)), None);
    }
}
