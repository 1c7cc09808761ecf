//! Processes that nobody knows yet: their counters, name and user, read on two cores where there are many.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Row, Table};
use crate::model::id::{Nanos, Pid, ProcId, Uid};
use crate::model::process::stat::Stat;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Command, Facts, TaskSample};
use crate::model::text::SafeText;
use crate::sys::process::living;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::proc_stat::{self, Line};
use crate::sys::process::users::Users;
use crate::sys::threads;

/// From how many processes on a second thread is worth its start.
const MANY: usize = 256;
/// How many processes a thread takes at a time, so that neither waits long for the other.
const PIECE: usize = 64;

/// A process as it is met for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newcomer {
    pub id: ProcId,
    pub stat: Stat,
    /// A digest of the name as the kernel gave it.
    pub digest: u64,
    name: SafeText,
    uid: Reading<Uid>,
}

impl Newcomer {
    /// From a line of its `stat`; asks whose it is.
    pub fn of(dir: &ProcDir, pid: Pid, line: &Line<'_>) -> Self {
        Self {
            id: ProcId {
                pid,
                start: line.start,
            },
            stat: line.stat,
            digest: digest(line.name),
            name: SafeText::from_bytes(line.name),
            uid: dir.owner(pid),
        }
    }

    fn read(dir: &ProcDir, pid: Pid, page_size: u64, buffer: &mut Vec<u8>) -> Reading<Self> {
        let text = dir.read(pid, "stat", buffer)?;
        let mut line = proc_stat::parse(text, page_size).ok_or(Missing::Gone)?;
        living::mend(dir, pid, page_size, &mut line.stat);
        Ok(Self::of(dir, pid, &line))
    }

    /// What can be told of it without asking for its memory.
    pub fn facts(self, users: &mut Users) -> Facts {
        let lacks_memory = self.stat.is_kernel_thread() || self.stat.virtual_size.0 == 0;
        Facts {
            name: self.name,
            command: if lacks_memory {
                Ok(Command::default())
            } else {
                Err(Missing::Soon)
            },
            uid: self.uid,
            user: self
                .uid
                .map_or_else(|_| SafeText::default(), |uid| users.name(uid)),
        }
    }
}

impl Table {
    /// Reads the processes of `self.pids`, of whom nobody is known.
    pub(super) fn meet_all(&mut self, now: Nanos) -> Vec<TaskSample> {
        self.users.refresh();
        self.hidden = 0;
        self.previous = std::mem::replace(&mut self.now, now);
        let mut tasks = Vec::with_capacity(self.pids.len() + 16);
        self.rows.clear();
        for found in read_all(&self.dir, &self.pids, self.page_size) {
            match found {
                Ok(found) => {
                    let (row, task) = self.welcome(Row::default(), found);
                    self.rows.push(row);
                    tasks.push(task);
                }
                Err(why) => self.hidden += usize::from(why == Missing::Denied),
            }
        }
        tasks
    }
}

/// Reads all of them, in their order; where they are many, the caller's thread and another share the work.
fn read_all(dir: &ProcDir, pids: &[Pid], page_size: u64) -> Vec<Reading<Newcomer>> {
    let pieces: Vec<&[Pid]> = pids.chunks(PIECE).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::with_capacity(pieces.len());
        let mut buffer = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(at) else {
                return done;
            };
            let read = |pid: &Pid| Newcomer::read(dir, *pid, page_size, &mut buffer);
            done.push((at, piece.iter().map(read).collect::<Vec<_>>()));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let helper =
            (pids.len() >= MANY).then(|| threads::start_scoped(scope, "sampler-2", work).ok());
        let mut done = work();
        // One that could not be started took no piece; one that died took pieces with it.
        if let Some(helper) = helper.flatten() {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().flat_map(|(_, piece)| piece).collect()
}

/// FNV-1a.
pub(super) fn digest(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::root::ProcRoot;

    #[test]
    fn two_threads_read_what_one_would_and_in_order() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let pids: Vec<Pid> = (1..=MANY as u32 + 3 * PIECE as u32 + 1).map(Pid).collect();
        for pid in &pids {
            // Every seventh has ended since the directory was listed.
            std::fs::create_dir_all(root.proc(pid.to_string())).expect("made");
            if pid.0 % 7 != 0 {
                let text = format!(
                    "{pid} (p{pid}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {pid} 4096 1\n"
                );
                std::fs::write(root.proc(format!("{pid}/stat")), text).expect("written");
            }
        }
        let dir = ProcDir::open(&root).expect("a proc tree");
        let all = read_all(&dir, &pids, 4096);
        let mut buffer = Vec::new();
        let mut one = |pid: &Pid| Newcomer::read(&dir, *pid, 4096, &mut buffer);
        assert_eq!(all, pids.iter().map(&mut one).collect::<Vec<_>>());
        assert_eq!(all[6], Err(Missing::Gone));
        assert_eq!(all[7].as_ref().map(|n| n.id), Ok(ProcId::new(8, 8)));
    }
}
