//! Who holds a file lock that a thread waits for: `/proc/locks` (`proc_locks(5)`) and the lines `lock:` of
//! `/proc/PID/fdinfo/N` (`proc_pid_fdinfo(5)`). Who merely has the file open is nobody to wait for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::links::{called, has_ended};
use crate::model::id::Pid;
use crate::model::scheduling::wait::Fd;
use crate::model::text::SafeText;
use crate::sys::descriptors::ipc::locks::{self, Lock, shows};
use crate::sys::root::ProcRoot;
use crate::sys::{asker, fields};

/// An epoll instance that watches ten thousand descriptors tells a megabyte.
const INFO: u32 = 4 << 20;

/// How long is looked for the holder of a lock that the kernel tells no process of.
const LOOKED_FOR: Duration = Duration::from_millis(50);
/// How many holders are named.
const NAMED: usize = 2;

/// Whether a wait is for a lock of a file.
pub fn is_lock(verb: &str) -> bool {
    verb.contains("lock (")
}

/// The locks of the machine, as one reading of a process's threads sees them.
pub struct Locks<'a> {
    root: &'a ProcRoot,
    pid: Pid,
    group: Pid,
    all: Vec<Lock>,
    /// Who has a lock that the kernel tells no process of, by the lock's number.
    found: HashMap<u64, Vec<Pid>>,
    left: Duration,
}

impl<'a> Locks<'a> {
    /// Reads them for a process. `pid` is what `/proc` is asked for.
    pub fn read(root: &'a ProcRoot, pid: Pid) -> Self {
        Self {
            root,
            pid,
            group: group(root, pid),
            all: root
                .read("locks")
                .map_or_else(|_| Vec::new(), |t| locks::parse(&t)),
            found: HashMap::new(),
            left: LOOKED_FOR,
        }
    }

    /// Who holds what the process waits for at a descriptor: `held by 812 holder`.
    pub fn held_by(&mut self, fd: &Fd) -> Option<SafeText> {
        let info = self.root.proc(format!("{}/fdinfo/{}", self.pid, fd.number));
        let inode = asker::read(&info, INFO).ok().as_deref().and_then(inode);
        let mine = |l: &&Lock| l.waits && (l.pid == Some(self.group) || l.pid.is_none());
        let mut waits = self.all.iter().filter(mine);
        let waits = waits.find(|l| inode.is_none_or(|i| l.inode == i))?;
        // Of several that stand in the way the first is told by the kernel.
        let stands = |l: &&Lock| !l.waits && l.number == waits.number;
        let first = self.all.iter().find(stands)?.clone();
        let lives = first.pid.filter(|p| self.has(*p, &first));
        let holders = match lives {
            Some(pid) => vec![pid],
            None => self.of_description(&first),
        };
        if holders.is_empty() {
            let whose = match first.pid {
                Some(pid) => {
                    let ended = if has_ended(self.root, pid) {
                        "ended"
                    } else {
                        "closed the file"
                    };
                    format!("locked by {pid}, which has {ended}, for whoever has the file from it")
                }
                None => "held by an open file whose holder was not found".to_owned(),
            };
            return Some(whose.into());
        }
        let named = holders.iter().take(NAMED);
        let named = named.map(|p| match called(self.root, *p) {
            Some(name) => format!("{p} {name}"),
            None => p.to_string(),
        });
        let more = match holders.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = named.collect::<Vec<_>>().join(", ");
        Some(format!("held by {named}{more}").into())
    }

    /// Whether a process that the kernel names for a lock has it still: a lock of flock(2) stays with whoever has the file
    /// from it, when it has closed the file or ended itself.
    fn has(&self, pid: Pid, lock: &Lock) -> bool {
        if has_ended(self.root, pid) {
            return false;
        }
        if lock.kind.as_str() != "FLOCK" {
            return true;
        }
        let Ok(infos) = std::fs::read_dir(self.root.proc(format!("{pid}/fdinfo"))) else {
            return true;
        };
        let Ok(infos) = infos
            .map(|info| Ok(info?.path()))
            .collect::<std::io::Result<_>>()
        else {
            return true;
        };
        // What may not be read, or not now, speaks for nothing.
        let mut texts = asker::each(infos, INFO).into_iter();
        texts.any(|text| text.map_or(true, |text| shows(&text, lock)))
    }

    /// The processes that have an open file description with a lock: those that show its line. As many as are found in time.
    fn of_description(&mut self, lock: &Lock) -> Vec<Pid> {
        if let Some(known) = self.found.get(&lock.number) {
            return known.clone();
        }
        let began = Instant::now();
        let processes = std::fs::read_dir(self.root.proc("")).into_iter().flatten();
        let pids = processes.filter_map(|e| e.ok()?.file_name().to_str()?.parse::<u32>().ok());
        // Itself first, then those that began near it: what shares a file is mostly related.
        let own = self.group.0;
        let mut pids: Vec<u32> = pids.collect();
        pids.sort_unstable_by_key(|pid| pid.abs_diff(own));
        let mut out = Vec::new();
        for pid in pids.into_iter().take_while(|_| began.elapsed() < self.left) {
            let infos = std::fs::read_dir(self.root.proc(format!("{pid}/fdinfo")));
            let infos = infos.into_iter().flatten().flatten();
            let texts = asker::each(infos.map(|info| info.path()).collect(), INFO);
            if texts.into_iter().flatten().any(|text| shows(&text, lock)) {
                out.push(Pid(pid));
            }
        }
        self.left = self.left.saturating_sub(began.elapsed());
        self.found.insert(lock.number, out.clone());
        out
    }
}

/// The process that a thread is of: the kernel tells locks by process.
fn group(root: &ProcRoot, pid: Pid) -> Pid {
    let status = std::fs::read(root.proc(format!("{pid}/status"))).unwrap_or_default();
    let found = fields::pairs(&status).find(|(key, _)| *key == b"Tgid");
    let number = found.and_then(|(_, value)| u32::try_from(fields::number(value)?).ok());
    Pid(number.unwrap_or(pid.0))
}

/// The number of `ino:\t1057`.
fn inode(fdinfo: &[u8]) -> Option<u64> {
    let (_, value) = fields::pairs(fdinfo).find(|(key, _)| *key == b"ino")?;
    fields::number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_shows_its_lock() {
        let all = locks::parse(b"3: OFDLCK ADVISORY  WRITE -1 fe:00:1057 0 EOF\n");
        let info = b"pos:\t0\nino:\t1057\nlock:\t1: OFDLCK ADVISORY  WRITE -1 fe:00:1057 0 EOF\n";
        assert!(shows(info, &all[0]));
        assert_eq!(inode(info), Some(1057));
        let other = b"lock:\t1: FLOCK  ADVISORY  WRITE 812 fe:00:1057 0 EOF\n";
        assert!(!shows(other, &all[0]));
        assert!(!shows(b"", &all[0]));
    }
}
