//! Where each thread's stack pointer stands: `/proc/PID/task/TID/syscall` (`proc_pid_syscall(5)`).

use std::collections::HashMap;

use crate::model::id::{Pid, Tid};
use crate::model::memory::region::StackPointer;
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::root::ProcRoot;

/// The last known stack pointers of one process's threads. A thread that runs now does not tell; it keeps its last one.
#[derive(Debug, Default)]
pub struct StackPointers {
    known: HashMap<Tid, StackPointer>,
}

impl StackPointers {
    /// Forgets all, for another process.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// Reads every thread; answers the pointers by thread, and whether every thread has one.
    pub fn read(&mut self, root: &ProcRoot, pid: Pid) -> (Vec<StackPointer>, bool) {
        let dir = root.proc(format!("{pid}/task"));
        let tids: Vec<Tid> = std::fs::read_dir(&dir)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Tid))
            .collect();
        // The kernel takes a lock for `syscall` that a program which is about to run another one holds.
        let paths = tids.iter().map(|tid| dir.join(format!("{tid}/syscall")));
        let texts = bounded::texts("syscall", paths.collect());
        for (tid, text) in tids.iter().zip(texts) {
            let Some(at) = text.ok().as_deref().and_then(parse) else {
                continue;
            };
            let name = std::fs::read(dir.join(format!("{tid}/comm"))).unwrap_or_default();
            let pointer = StackPointer {
                tid: *tid,
                name: SafeText::from_bytes(name.strip_suffix(b"\n").unwrap_or(&name)),
                at,
            };
            self.known.insert(*tid, pointer);
        }
        self.known.retain(|tid, _| tids.contains(tid));
        let mut pointers: Vec<_> = self.known.values().cloned().collect();
        pointers.sort_by_key(|p| p.tid);
        let all = !tids.is_empty() && pointers.len() == tids.len();
        (pointers, all)
    }
}

/// The second word from the end: `0 0x3 0x7ff… 0x400 0x0 0x0 0x0 0x7ffd5fb3a9c8 0x7f1f3bb1a25d`, `-1 0x7ff… 0x7f1…`, or
/// `running`, which tells nothing.
pub(crate) fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace().rev();
    let at = words.nth(1)?.strip_prefix("0x")?;
    u64::from_str_radix(at, 16).ok().filter(|at| *at != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_stack_pointer_and_nothing_else() {
        assert_eq!(
            parse(b"0 0x3 0x1 0x2 0x0 0x0 0x0 0x7ffd10 0x7f1f3b\n"),
            Some(0x7f_fd10)
        );
        assert_eq!(parse(b"-1 0x7ffd10 0x7f1f3b\n"), Some(0x7f_fd10));
        for text in [
            &b"running\n"[..],
            b"",
            b"0",
            b"0 0x0 0x0",
            b"\xff \xff \xff",
        ] {
            assert_eq!(parse(text), None);
        }
    }
}
