//! Who holds a file lock that a thread waits for: `/proc/locks` (`proc_locks(5)`) and the lines `lock:` of
//! `/proc/PID/fdinfo/N` (`proc_pid_fdinfo(5)`). Who merely has the file open is nobody to wait for.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::links::{called, has_ended};
use crate::model::id::{Pid, Tid};
use crate::model::scheduling::wait::Fd;
use crate::model::text::SafeText;
use crate::sys::descriptors::ipc::asked::{Asked, File, asked};
use crate::sys::descriptors::ipc::locks::{self, Lock, shows};
use crate::sys::memory::process_memory;
use crate::sys::root::ProcRoot;
use crate::sys::{asker, bounded, fields};

/// An epoll instance that watches ten thousand descriptors tells a megabyte.
const INFO: u32 = 4 << 20;

/// How long is looked beyond the process itself for the holders of locks that the kernel tells no process of.
const LOOKED_FOR: Duration = Duration::from_millis(50);
/// How many holders are named.
const NAMED: usize = 2;

/// Whether a wait is for a lock of a file.
pub fn is_lock(verb: &str) -> bool {
    verb.contains("lock (")
}

/// As `/proc/locks` calls what a wait is for.
fn kind(verb: &str) -> &'static str {
    if verb.contains("(flock)") {
        "FLOCK"
    } else if verb.starts_with("open file description") {
        "OFDLCK"
    } else {
        "POSIX"
    }
}

/// The locks of the machine, as one reading of a process's threads sees them.
pub struct Locks<'a> {
    root: &'a ProcRoot,
    pid: Pid,
    group: Pid,
    all: Vec<Lock>,
    /// Who has a lock that the kernel tells no process of, by the lock's number.
    found: Option<HashMap<u64, Vec<Pid>>>,
    patience: Duration,
    gave_up: bool,
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
            found: None,
            patience: LOOKED_FOR,
            gave_up: false,
        }
    }

    /// Who holds what the process waits for at a descriptor: `held by 812 holder`. Of several locks of one file the call of
    /// the thread tells which; where it does not, all that it may be are named: `held by 812 holder or 900 other`.
    pub fn held_by(&mut self, verb: &str, fd: &Fd, thread: Option<Tid>) -> Option<SafeText> {
        let stand = self.standing(verb, fd, thread);
        let mut said: Vec<String> = Vec::new();
        for lock in &stand {
            let words = self.holders(lock);
            if !said.contains(&words) {
                said.push(words);
            }
        }
        let rest = match said.len().saturating_sub(NAMED) {
            0 => "",
            _ => " or others",
        };
        let said = said.iter().take(NAMED).enumerate().map(|(i, words)| {
            let short = words.strip_prefix("held by ").filter(|_| i > 0);
            short.unwrap_or(words)
        });
        let said = said.collect::<Vec<_>>().join(" or ");
        (!said.is_empty()).then(|| format!("{said}{rest}").into())
    }

    /// The one lock that stands in the way of a thread at a descriptor, where it can be told which.
    pub fn stands(&self, verb: &str, fd: &Fd, thread: Tid) -> Option<Lock> {
        let mut all = self.standing(verb, fd, Some(thread));
        all.pop().filter(|_| all.is_empty())
    }

    /// The locks that may stand in the way at a descriptor.
    fn standing(&self, verb: &str, fd: &Fd, thread: Option<Tid>) -> Vec<Lock> {
        let Ok(number) = u32::try_from(fd.number) else {
            return Vec::new();
        };
        let file = File::read(self.root, self.pid, number);
        let asked = thread.and_then(|tid| self.asked(tid, number));
        let is = |l: &&Lock| match &asked {
            Some(asked) => l.is_asked(asked, &file),
            None => l.kind.as_str() == kind(verb) && l.is_on(&file),
        };
        let mut numbers: Vec<u64> = self.mine().filter(is).map(|l| l.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // Of several that stand in the way of one the first is told by the kernel.
        let stands = |n: &u64| {
            let mut all = self.all.iter();
            all.find(|l| !l.waits && l.number == *n).cloned()
        };
        numbers.iter().filter_map(stands).collect()
    }

    /// The lines that may be of locks that the process waits for.
    fn mine(&self) -> impl Iterator<Item = &Lock> {
        let may = |l: &&Lock| l.waits && (l.pid == Some(self.group) || l.pid.is_none());
        self.all.iter().filter(may)
    }

    /// Which lock a thread waits for, if it still waits at this descriptor.
    fn asked(&self, tid: Tid, fd: u32) -> Option<Asked> {
        let path = self.root.proc(format!("{}/task/{tid}/syscall", self.pid));
        let text = bounded::texts("syscall", vec![path]).pop()?.ok()?;
        // A tree of files that stands in for a kernel must never lead to a real process.
        let live = self.root.is_live();
        let read = |at: u64, length: usize| {
            let copied = live.then(|| process_memory::read(Pid(tid.0), at, length));
            copied.and_then(Result::ok)
        };
        asked(&text, &read).filter(|asked| asked.fd == fd)
    }

    /// Who has a lock, in words.
    fn holders(&mut self, lock: &Lock) -> String {
        let lives = lock.pid.filter(|p| self.has(*p, lock));
        let holders = match lives {
            Some(pid) => vec![pid],
            None => self.of_description(lock),
        };
        if holders.is_empty() {
            return match lock.pid {
                Some(pid) => {
                    let ended = if has_ended(self.root, pid) {
                        "ended"
                    } else {
                        "closed the file"
                    };
                    format!("locked by {pid}, which has {ended}, for whoever has the file from it")
                }
                None if self.gave_up => {
                    "held by an open file; the search for its holder was given up".to_owned()
                }
                None => "held by an open file whose holder was not found".to_owned(),
            };
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
        format!("held by {named}{more}")
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
        if self.found.is_none() {
            self.found = Some(self.look());
        }
        let found = self
            .found
            .as_ref()
            .and_then(|found| found.get(&lock.number));
        found.cloned().unwrap_or_default()
    }

    /// Looks once for the holders of all locks that stand in the way of the process: at itself in any case, then at others
    /// while there is time.
    fn look(&mut self) -> HashMap<u64, Vec<Pid>> {
        let waited: Vec<u64> = self.mine().map(|l| l.number).collect();
        let stands = |l: &&Lock| !l.waits && waited.contains(&l.number);
        let sought: Vec<&Lock> = self.all.iter().filter(stands).collect();
        let mut found: HashMap<u64, Vec<Pid>> = HashMap::new();
        let mut at = |pid: u32| {
            let infos = std::fs::read_dir(self.root.proc(format!("{pid}/fdinfo")));
            let infos = infos.into_iter().flatten().flatten();
            let texts = asker::each(infos.map(|info| info.path()).collect(), INFO);
            let texts: Vec<Vec<u8>> = texts.into_iter().flatten().collect();
            for lock in &sought {
                if texts.iter().any(|text| shows(text, lock)) {
                    found.entry(lock.number).or_default().push(Pid(pid));
                }
            }
        };
        let own = self.group.0;
        at(own);
        let began = Instant::now();
        let processes = std::fs::read_dir(self.root.proc("")).into_iter().flatten();
        let pids = processes.filter_map(|e| e.ok()?.file_name().to_str()?.parse::<u32>().ok());
        // Those first that began near it: what shares a file is mostly related.
        let mut pids: Vec<u32> = pids.filter(|pid| *pid != own).collect();
        pids.sort_unstable_by_key(|pid| pid.abs_diff(own));
        let mut gave_up = false;
        for pid in pids {
            if began.elapsed() >= self.patience {
                gave_up = true;
                break;
            }
            at(pid);
        }
        self.gave_up = gave_up;
        found
    }
}

/// The process that a thread is of: the kernel tells locks by process.
fn group(root: &ProcRoot, pid: Pid) -> Pid {
    let status = std::fs::read(root.proc(format!("{pid}/status"))).unwrap_or_default();
    let found = fields::pairs(&status).find(|(key, _)| *key == b"Tgid");
    let number = found.and_then(|(_, value)| u32::try_from(fields::number(value)?).ok());
    Pid(number.unwrap_or(pid.0))
}

#[cfg(test)]
mod tests;
