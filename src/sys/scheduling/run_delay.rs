//! How long a thread has waited for a core since it began, the kernel's run delay: `/proc/PID/task/TID/schedstat`.

use std::collections::HashMap;
use std::fs;

use crate::model::id::{Nanos, Pid, Tid};
use crate::sys::process::proc_counters;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;

/// Threads that are read at the most when all are; the youngest processes come first, as they are the busiest.
const MOST: usize = 4096;

/// Reads it; `None` where the thread is gone, or the kernel does not count it.
pub fn read(root: &ProcRoot, pid: Pid, tid: Tid) -> Option<Nanos> {
    let text = fs::read(root.proc(format!("{pid}/task/{tid}/schedstat"))).ok()?;
    Some(proc_counters::schedstat(&text)?.wait)
}

/// Reads it of every thread of one process.
pub fn of_process(root: &ProcRoot, pid: Pid, tids: &[Tid]) -> HashMap<Tid, Nanos> {
    let tids = tids.iter().take(MOST);
    tids.filter_map(|tid| Some((*tid, read(root, pid, *tid)?)))
        .collect()
}

/// Reads it of every thread: what later readings begin at. About 5 µs a thread, once.
pub fn of_all(root: &ProcRoot) -> HashMap<Tid, Nanos> {
    let mut found = HashMap::new();
    let Ok(dir) = ProcDir::open(root) else {
        return found;
    };
    let (mut pids, mut tids, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    if dir.pids(&mut pids, &mut buffer).is_err() {
        return found;
    }
    let mut text = Vec::new();
    for pid in pids.into_iter().rev() {
        if found.len() >= MOST {
            break;
        }
        if dir.tids(pid, &mut tids, &mut buffer).is_err() {
            continue;
        }
        for tid in &tids {
            let told = dir.read(pid, &format!("task/{tid}/schedstat"), &mut text);
            let told = told.ok().and_then(proc_counters::schedstat);
            found.extend(told.map(|stat| (*tid, stat.wait)));
        }
    }
    found
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
        assert_eq!(of_all(&root), [(Tid(8), Nanos(1200))].into());
        let of = of_process(&root, Pid(7), &[Tid(8), Tid(9)]);
        assert_eq!(of, [(Tid(8), Nanos(1200))].into());
    }
}
