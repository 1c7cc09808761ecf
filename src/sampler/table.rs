//! The process table: who there is, and the counters of each, read with one file a process.

use std::sync::Arc;

use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Command, Facts, TaskSample};
use crate::model::text::SafeText;
use crate::sys::proc_dir::{KeptFile, ProcDir, read_kept};
use crate::sys::proc_stat::{self, Line};
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;
use crate::sys::users::Users;

/// What is remembered of each process from tick to tick, beside its sample.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Its `stat`, kept open.
    stat: Option<KeptFile>,
    /// A digest of the name as the kernel gave it, to see a change without making text of it.
    name: u64,
    /// When its command line and user were last compared with the kernel.
    pub(super) checked: Nanos,
}

/// The table: a handle of `/proc` and a row for each task of the last sweep, in the same order.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) dir: ProcDir,
    pub(super) rows: Vec<Row>,
    /// How many processes the last scan could not read at all, since the mount option `hidepid` hides them.
    pub(super) hidden: usize,
    users: Users,
    page_size: u64,
    pids: Vec<Pid>,
    buffer: Vec<u8>,
    entries: Vec<u8>,
}

impl Table {
    /// An empty table over a proc tree.
    ///
    /// # Errors
    /// When there is no proc tree.
    pub(super) fn new(root: &ProcRoot, page_size: u64) -> Result<Self, Error> {
        Ok(Self {
            dir: ProcDir::open(root)?,
            rows: Vec::new(),
            hidden: 0,
            users: Users::new(root),
            page_size,
            pids: Vec::new(),
            buffer: Vec::new(),
            entries: Vec::new(),
        })
    }

    /// Reads every process; `before` is what the last sweep gave.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub(super) fn scan(&mut self, before: &[TaskSample]) -> Result<Vec<TaskSample>, Error> {
        let renamed = self.users.refresh();
        self.hidden = 0;
        let mut pids = std::mem::take(&mut self.pids);
        let listed = self.dir.pids(&mut pids, &mut self.entries);
        let mut tasks = Vec::with_capacity(pids.len() + 16);
        let mut rows = Vec::with_capacity(pids.len() + 16);
        let old = std::mem::take(&mut self.rows);
        let mut old = old.into_iter().zip(before).peekable();
        for pid in &pids {
            while old.next_if(|(_, task)| task.id.pid < *pid).is_some() {}
            let known = old.next_if(|(_, task)| task.id.pid == *pid);
            match self.one(*pid, known) {
                Ok((row, mut task)) => {
                    if renamed {
                        self.name_user(&mut task);
                    }
                    rows.push(row);
                    tasks.push(task);
                }
                Err(why) => self.hidden += usize::from(why == Missing::Denied),
            }
        }
        drop(old);
        self.pids = pids;
        self.rows = rows;
        listed.map(|()| tasks)
    }

    /// Reads one process, whether it is `known` or somebody else has got its number.
    fn one(&mut self, pid: Pid, known: Option<(Row, &TaskSample)>) -> Reading<(Row, TaskSample)> {
        let (mut row, before) = known.map_or_else(
            || (Row::default(), None),
            |(row, before)| (row, Some(before)),
        );
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = read_stat(&self.dir, &mut row, pid, before.is_some(), &mut buffer)
            .and_then(|n| proc_stat::parse(&buffer[..n], self.page_size).ok_or(Missing::Gone))
            .map(|line| self.take_in(pid, row, before, &line));
        self.buffer = buffer;
        read
    }

    fn take_in(
        &mut self,
        pid: Pid,
        mut row: Row,
        before: Option<&TaskSample>,
        line: &Line<'_>,
    ) -> (Row, TaskSample) {
        let id = ProcId {
            pid,
            start: line.start,
        };
        let name = digest(line.name);
        let before = before.filter(|b| b.id == id);
        let facts = match before {
            Some(before) if row.name == name => Arc::clone(&before.facts),
            _ => {
                row.name = name;
                row.checked = Nanos(0);
                self.first_facts(pid, line)
            }
        };
        let task = TaskSample {
            id,
            stat: line.stat,
            facts,
            extra: before.and_then(|b| b.extra.clone()),
        };
        (row, task)
    }

    /// What can be told of a process without asking for its memory.
    fn first_facts(&mut self, pid: Pid, line: &Line<'_>) -> Arc<Facts> {
        let uid = self.dir.owner(pid);
        let lacks_memory = line.stat.is_kernel_thread() || line.stat.virtual_size.0 == 0;
        Arc::new(Facts {
            name: SafeText::from_bytes(line.name),
            command: if lacks_memory {
                Ok(Command::default())
            } else {
                Err(Missing::Soon)
            },
            uid,
            user: uid.map_or_else(|_| SafeText::default(), |uid| self.users.name(uid)),
        })
    }

    /// Looks the name of a task's user up again.
    fn name_user(&mut self, task: &mut TaskSample) {
        let Ok(uid) = task.facts.uid else { return };
        let user = self.users.name(uid);
        if user != task.facts.user {
            task.facts = Arc::new(Facts {
                user,
                ..copy(&task.facts)
            });
        }
    }

    /// Compares the user of a task with the kernel.
    pub(super) fn check_user(&mut self, task: &mut TaskSample) {
        let uid = self.dir.owner(task.id.pid);
        if uid != task.facts.uid && uid != Err(Missing::Gone) {
            task.facts = Arc::new(Facts {
                uid,
                ..copy(&task.facts)
            });
            self.name_user(task);
        }
    }
}

/// The same facts once more, for a change.
pub(super) fn copy(facts: &Facts) -> Facts {
    Facts {
        name: facts.name.clone(),
        command: facts.command.clone(),
        uid: facts.uid,
        user: facts.user.clone(),
    }
}

/// Reads `stat` through the kept descriptor, or opens it; it is kept when the process is read a second time.
fn read_stat(
    dir: &ProcDir,
    row: &mut Row,
    pid: Pid,
    again: bool,
    buffer: &mut Vec<u8>,
) -> Reading<usize> {
    if let Some(kept) = &row.stat {
        match read_kept(kept, buffer) {
            Ok(n) if n > 0 => return Ok(n),
            // It has ended; somebody else may have its number.
            _ => row.stat = None,
        }
    }
    let file = dir.file(pid, "stat")?;
    let n = read_kept(&file, buffer)?;
    if again && dir.keeps() {
        row.stat = Some(file);
    }
    Ok(n)
}

/// FNV-1a.
fn digest(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
