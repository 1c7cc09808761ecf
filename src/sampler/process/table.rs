//! The process table: who there is, and the counters of each, read with one file a process.

mod newcomer;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::model::id::{Nanos, Pid, ProcId, Ticks};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Facts, TaskSample};
use crate::sys::own::open_files;
use crate::sys::process::changes::Changes;
use crate::sys::process::living;
use crate::sys::process::proc_dir::{KeptFile, ProcDir, read_kept};
use crate::sys::process::proc_stat::{self, Line};
use crate::sys::process::users::Users;
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;

use newcomer::{Newcomer, digest};

/// What is remembered of each process from tick to tick, beside its sample.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(in crate::sampler) struct Row {
    /// Its `stat`, kept open.
    stat: Option<KeptFile>,
    /// A digest of the name as the kernel gave it, to see a change without making text of it.
    name: u64,
    /// When its command line and user were last compared with the kernel.
    pub(in crate::sampler) checked: Nanos,
    /// When its `stat` was last read.
    read: Nanos,
    /// Whether the last sweep read it.
    pub(in crate::sampler) fresh: bool,
    /// Whether its resident memory is that of `statm`, read after its `stat`.
    pub(in crate::sampler) exact: bool,
    /// Whether it may have run since its command line and user were compared; who did not run changed neither.
    pub(in crate::sampler) ran: bool,
    /// Whether its command line was not read since it began, took a name or executed a program.
    pub(in crate::sampler) unread: bool,
}

/// The start time of one that has just ended.
const ENDED: Ticks = Ticks(u64::MAX);

/// The table: a handle of `/proc` and a row for each task of the last sweep, in the same order.
#[derive(Debug)]
pub(in crate::sampler) struct Table {
    pub(in crate::sampler) dir: ProcDir,
    pub(in crate::sampler) rows: Vec<Row>,
    /// How many processes the last scan could not read at all, since the mount option `hidepid` hides them.
    pub(in crate::sampler) hidden: usize,
    users: Users,
    pub(in crate::sampler) page_size: u64,
    /// Somebody waits for the first scan: it may take a second core.
    pub(in crate::sampler) hurries: bool,
    /// When this sweep and the one before it began.
    now: Nanos,
    previous: Nanos,
    /// How many descriptors may be kept, and how many more.
    keep_most: usize,
    may_keep: usize,
    /// The tasks of an older sweep, whose memory the next one takes.
    spare: Vec<TaskSample>,
    pids: Vec<Pid>,
    buffer: Vec<u8>,
    entries: Vec<u8>,
}

impl Table {
    /// An empty table over a proc tree.
    ///
    /// # Errors
    /// When there is no proc tree.
    pub(in crate::sampler) fn new(root: &ProcRoot, page_size: u64) -> Result<Self, Error> {
        Ok(Self {
            dir: ProcDir::open(root)?,
            rows: Vec::new(),
            hidden: 0,
            users: Users::new(root),
            page_size,
            hurries: false,
            now: Nanos(0),
            previous: Nanos(0),
            keep_most: open_files::for_processes(),
            may_keep: 0,
            spare: Vec::new(),
            pids: Vec::new(),
            buffer: Vec::new(),
            entries: Vec::new(),
        })
    }

    /// Takes what an older sweep gave, to make the next one of it.
    pub(in crate::sampler) fn recycle(&mut self, tasks: Vec<TaskSample>) {
        self.spare = tasks;
    }

    /// Gives it back where no sweep came of it.
    pub(in crate::sampler) fn reclaim(&mut self) -> Vec<TaskSample> {
        std::mem::take(&mut self.spare)
    }

    /// Reads every process; `before` is what the last sweep gave.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub(in crate::sampler) fn scan(
        &mut self,
        before: &[TaskSample],
        now: Nanos,
    ) -> Result<Vec<TaskSample>, Error> {
        self.dir.pids(&mut self.pids, &mut self.entries)?;
        if self.hurries && before.is_empty() {
            return Ok(self.meet_all(now));
        }
        Ok(self.read_all(before, now))
    }

    /// The same where the next sweeps read only a few: then no descriptor is worth its 4 KiB of the kernel's memory.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub(in crate::sampler) fn scan_once(
        &mut self,
        before: &[TaskSample],
        now: Nanos,
    ) -> Result<Vec<TaskSample>, Error> {
        // Nobody was read since this very moment, so nobody is read often.
        self.now = now;
        self.scan(before, now)
    }

    /// Reads everybody who was there `before` and those who were `born` since, without listing the directory.
    pub(in crate::sampler) fn reread(
        &mut self,
        before: &[TaskSample],
        born: &HashSet<Pid>,
        renamed: &HashSet<Pid>,
        now: Nanos,
    ) -> Vec<TaskSample> {
        for pid in renamed {
            if let Ok(place) = before.binary_search_by_key(pid, |t| t.id.pid) {
                self.rows[place].unread = true;
            }
        }
        self.pids.clear();
        self.pids.extend(before.iter().map(|t| t.id.pid));
        self.pids.extend(born);
        self.pids.sort_unstable();
        self.pids.dedup();
        self.read_all(before, now)
    }

    /// Reads the processes of `self.pids`.
    fn read_all(&mut self, before: &[TaskSample], now: Nanos) -> Vec<TaskSample> {
        let renamed = self.users.refresh();
        self.hidden = 0;
        self.previous = std::mem::replace(&mut self.now, now);
        self.count_kept();
        let pids = std::mem::take(&mut self.pids);
        let mut tasks = std::mem::take(&mut self.spare);
        tasks.clear();
        tasks.reserve(pids.len() + 16);
        let mut rows = Vec::with_capacity(pids.len() + 16);
        let old = std::mem::take(&mut self.rows);
        let mut old = old.into_iter().zip(before).peekable();
        for pid in &pids {
            while old.next_if(|(_, task)| task.id.pid < *pid).is_some() {}
            let known = old.next_if(|(_, task)| task.id.pid == *pid);
            match self.one(*pid, known) {
                Ok((mut row, mut task)) => {
                    row.ran = true;
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
        tasks
    }

    /// Sees how many more descriptors may be kept: their part of what the program may hold in all.
    fn count_kept(&mut self) {
        self.may_keep = self.keep_most.saturating_sub(self.kept());
    }

    /// How many descriptors are kept.
    pub(in crate::sampler) fn kept(&self) -> usize {
        self.rows.iter().filter(|r| r.stat.is_some()).count()
    }

    /// Reads the processes of `which` (ascending) and takes the others from `before`; who has ended goes, who began comes.
    pub(in crate::sampler) fn update(
        &mut self,
        before: &[TaskSample],
        which: &[Pid],
        changes: &Changes,
        now: Nanos,
    ) -> Vec<TaskSample> {
        self.previous = std::mem::replace(&mut self.now, now);
        self.count_kept();
        let mut tasks = std::mem::take(&mut self.spare);
        before.clone_into(&mut tasks);
        if self.users.take_found() {
            for task in &mut tasks {
                self.name_user(task);
            }
        }
        for row in &mut self.rows {
            row.fresh = false;
        }
        let mut born = Vec::new();
        let mut ended = false;
        for pid in which {
            let Ok(place) = tasks.binary_search_by_key(pid, |t| t.id.pid) else {
                born.extend(self.one(*pid, None).ok());
                continue;
            };
            let mut row = std::mem::take(&mut self.rows[place]);
            row.unread |= changes.renamed.contains(pid);
            row.ran |= changes.ran.contains(pid);
            if let Ok((row, task)) = self.one(*pid, Some((row, &before[place]))) {
                self.rows[place] = row;
                tasks[place] = task;
            } else {
                // A start in the last tick of time marks the place until it is swept out below.
                tasks[place].id.start = ENDED;
                ended = true;
            }
        }
        if ended {
            let mut lives = tasks.iter().map(|t| t.id.start != ENDED);
            self.rows.retain(|_| lives.next().unwrap_or(false));
            tasks.retain(|t| t.id.start != ENDED);
        }
        if !born.is_empty() {
            self.join(&mut tasks, born);
        }
        tasks
    }

    /// Adds to `which` who is in the directory and not `known`, and who is known and not there.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub(in crate::sampler) fn strangers(
        &mut self,
        known: &[TaskSample],
        which: &mut Vec<Pid>,
    ) -> Result<(), Error> {
        self.dir.pids(&mut self.pids, &mut self.entries)?;
        let mut known = known.iter().map(|t| t.id.pid).peekable();
        for pid in &self.pids {
            while let Some(ended) = known.next_if(|k| k < pid) {
                which.push(ended);
            }
            if known.next_if_eq(pid).is_none() {
                which.push(*pid);
            }
        }
        which.extend(known);
        Ok(())
    }

    /// Puts new rows in their places; both lists ascend. Nobody moves up twice, and nobody at all where those who began last
    /// have the highest numbers.
    fn join(&mut self, tasks: &mut Vec<TaskSample>, born: Vec<(Row, TaskSample)>) {
        let mut end = tasks.len();
        let many = born.len();
        for (row, task) in born {
            self.rows.push(row);
            tasks.push(task);
        }
        for left in (1..=many).rev() {
            let last = tasks[end + left - 1].id;
            let place = tasks[..end].partition_point(|t| t.id < last);
            tasks[place..end + left].rotate_right(left);
            self.rows[place..end + left].rotate_right(left);
            end = place;
        }
    }

    /// Reads one process, whether it is `known` or somebody else has got its number.
    fn one(&mut self, pid: Pid, known: Option<(Row, &TaskSample)>) -> Reading<(Row, TaskSample)> {
        let (mut row, before) = known.map_or_else(
            || (Row::default(), None),
            |(row, before)| (row, Some(before)),
        );
        let mut buffer = std::mem::take(&mut self.buffer);
        // Whoever is not read at every sweep is not worth 4 KiB of the kernel's memory.
        let often = before.is_some() && row.read >= self.previous;
        let keep = often && row.stat.is_none() && self.may_keep > 0;
        let mut read = read_stat(&self.dir, &mut row, pid, keep, &mut buffer)
            .and_then(|n| proc_stat::parse(&buffer[..n], self.page_size).ok_or(Missing::Gone))
            .map(|mut line| {
                living::mend(&self.dir, pid, self.page_size, &mut line.stat);
                self.take_in(pid, row, before, &line)
            });
        self.buffer = buffer;
        self.may_keep -= usize::from(keep);
        if let Ok((row, _)) = &mut read
            && !often
        {
            row.stat = None;
        }
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
        let known = before.filter(|b| b.id == id);
        let Some(before) = known.filter(|_| row.name == digest(line.name)) else {
            let found = Newcomer::of(&self.dir, pid, line);
            let (row, mut task) = self.welcome(row, found);
            if let Some(before) = known {
                (task.seen, task.extra) = (before.seen, before.extra.clone());
            }
            return (row, task);
        };
        (row.read, row.fresh, row.exact) = (self.now, true, false);
        let task = TaskSample {
            id,
            stat: line.stat,
            seen: before.seen,
            facts: Arc::clone(&before.facts),
            extra: before.extra.clone(),
        };
        (row, task)
    }

    /// Enters one that is met for the first time, or under a new name.
    fn welcome(&mut self, mut row: Row, found: Newcomer) -> (Row, TaskSample) {
        (row.name, row.unread) = (found.digest, true);
        (row.read, row.fresh, row.exact) = (self.now, true, false);
        let task = TaskSample {
            id: found.id,
            stat: found.stat,
            seen: Ticks(0),
            facts: Arc::new(found.facts(&mut self.users)),
            extra: None,
        };
        (row, task)
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

    /// Waits a moment for the names of users that are being looked for, and enters them.
    pub(in crate::sampler) fn wait_for_users(
        &mut self,
        tasks: &mut [TaskSample],
        at_most: Duration,
    ) {
        if self.users.wait(at_most) {
            for task in tasks {
                self.name_user(task);
            }
        }
    }

    /// Compares the user of a task with the kernel.
    pub(in crate::sampler) fn check_user(&mut self, task: &mut TaskSample) {
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
pub(in crate::sampler) fn copy(facts: &Facts) -> Facts {
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
    keep: bool,
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
    if keep && dir.keeps() {
        row.stat = Some(file);
    }
    Ok(n)
}
