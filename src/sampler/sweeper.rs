//! The sweep: what one tick reads, and what a new plan adds to it. Keeps no clock and starts no thread.

mod faults;

use std::sync::Arc;
use std::time::Duration;

use super::process::means::Minutes;
use super::process::pace::Pace;
use super::process::reaped::Reaped;
use super::process::table::Table;
use super::process::tracking::Tracking;
use super::process::{commands, optional_stats, resident, threads};
use super::registry;
use super::watched::Watched;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::process::stat::State;
use crate::model::sample::{Machine, Mode, Sample, Shares, TaskSample};
use crate::model::snapshot::{Procs, Snapshot};
use crate::model::text::SafeText;
use crate::sys::machine::host;
use crate::sys::process::changes::Feed;
use crate::sys::process::endings::Endings;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Source};

/// How many command lines the first sweep may read without making the first picture late.
const FEW: usize = 64;
/// Of so many processes in state D it is asked what they wait for.
const HELD: usize = 1_000;
/// After this at the latest it is noticed that somebody who sleeps was moved to another control group.
const MOVED: Nanos = Nanos(10_000_000_000);
/// How long a command line and a user stay unchecked.
const ROUND: Nanos = Nanos(30_000_000_000);
/// The same where the kernel tells who executes a program.
const LONG_ROUND: Nanos = Nanos(300_000_000_000);

/// What is known between ticks.
pub struct Sweeper {
    root: ProcRoot,
    machine: Arc<Machine>,
    table: Table,
    tracking: Tracking,
    endings: Endings,
    /// The mount option that keeps the processes of other users out of the list.
    hidden_by: Option<String>,
    sources: Vec<Watched<Sample>>,
    slowed: Option<SafeText>,
    /// How many listings in a row failed.
    failed: u32,
    before: Option<Sample>,
    last: Option<Sample>,
    /// The processes of the last snapshot, to share what stays.
    shown: Procs,
    reaped: Reaped,
    minutes: Minutes,
    /// When what takes long is read again.
    pace: Pace,
    /// Where others tell what they found beside the table.
    beside: Feed,
}

impl Sweeper {
    /// Over a proc tree, with the sources of the registry.
    ///
    /// # Errors
    /// When there is no proc tree.
    pub fn new(root: &ProcRoot) -> Result<Self, Error> {
        Self::with(root, registry::sample_sources(root))
    }

    /// Over a proc tree, with these sources.
    ///
    /// # Errors
    /// When there is no proc tree.
    pub fn with(root: &ProcRoot, sources: Vec<Box<dyn Source<Sample>>>) -> Result<Self, Error> {
        let machine = host::read(root);
        Ok(Self {
            root: root.clone(),
            table: Table::new(root, machine.page_size)?,
            machine: Arc::new(machine),
            tracking: Tracking::default(),
            endings: Endings::over(root),
            hidden_by: visible::hidden_by(root),
            sources: sources.into_iter().map(Watched::new).collect(),
            slowed: None,
            failed: 0,
            before: None,
            last: None,
            shown: Procs::default(),
            reaped: Reaped::default(),
            minutes: Minutes::default(),
            pace: Pace::default(),
            beside: Feed::default(),
        })
    }

    /// Lets the kernel tell what changed, so that only this is read; `only`: this way and no better one.
    #[must_use]
    pub fn listening(mut self, feed: Feed, only: Option<Mode>) -> Self {
        self.table.hurries = true;
        self.beside = feed.clone();
        self.by(Tracking::new(feed, only))
    }

    /// Sweeps this way.
    #[must_use]
    pub(super) fn by(mut self, tracking: Tracking) -> Self {
        self.tracking = tracking;
        self
    }

    /// Notes that it works more slowly than it was asked to; all samples say so until it is taken back.
    pub fn slowed(&mut self, why: Option<String>) {
        self.slowed = why.map(SafeText::from);
    }

    /// One tick. The very first leaves out the command lines of all but a few processes: [`Self::fill`] reads them.
    ///
    /// # Errors
    /// When `/proc` cannot be listed: then the tick before is still the last one, and says so.
    pub fn tick(&mut self, now: Nanos, plan: &Plan) -> Result<(), Error> {
        self.endings.watch(&plan.watched);
        let mut oldest = self.before.take();
        let spare = oldest.as_mut().map(|s| std::mem::take(&mut s.tasks));
        self.table.recycle(spare.unwrap_or_default());
        let known = self.last.as_ref().map_or(&[][..], |s| &s.tasks);
        let found = self.tracking.sweep(&mut self.table, known, now, plan);
        let (mode, mut tasks) = match found {
            Ok(found) => found,
            Err(why) => {
                self.before = oldest.map(|s| Sample {
                    tasks: self.table.reclaim(),
                    ..s
                });
                self.not_listed(&why);
                return Err(why);
            }
        };
        self.reaped.settle(known, &mut tasks);
        let lives = |id| tasks.binary_search_by_key(&id, |t| t.id).is_ok();
        let endings = self.endings.told(lives, self.tracking.exits());
        if let Some(boot) = host::booted_anew(&self.root, &self.machine) {
            Arc::make_mut(&mut self.machine).boot_unix_ms = boot;
        }
        let ends = self.tracking.ends(known, &tasks);
        let mut sample = Sample {
            at: now,
            interval: plan.interval,
            machine: Arc::clone(&self.machine),
            mode,
            endings: endings.into(),
            ends,
            tasks,
            shares: self.shares(plan),
            counts_ended: true,
            ..Sample::default()
        };
        // Ages and shares go by it, whatever becomes of the files of the machine.
        sample.system.uptime = host::up(&self.root, now).unwrap_or_default();
        sample.read = self.table.rows.iter().filter(|r| r.fresh).count() as u32;
        self.read_sources(now, plan, &mut sample);
        self.tracking.choose(self.last.as_ref(), &sample);
        sample.faults.splice(0..0, self.gap(&sample));
        self.failed = 0;
        sample.faults.extend(self.tracking.lacks(mode));
        self.note_limits(&mut sample);
        let unread = self.table.rows.iter().filter(|r| r.unread).count();
        if unread <= FEW || self.last.is_some() {
            self.read_commands(&mut sample, plan, now);
        }
        self.read_resident(&mut sample.tasks, plan);
        self.read_extras(&mut sample.tasks, plan, now);
        let wanted = wanted(&sample.tasks, plan);
        self.minutes
            .tell(&mut sample.tasks, &wanted, &self.machine, now);
        self.read_threads(&mut sample, plan, Nanos(0));
        self.before = self.last.replace(sample);
        Ok(())
    }

    /// Reads what a plan needs and the last tick lacks; answers whether there was anything. It is still that tick: what
    /// is read carries how much later that was.
    pub fn fill(&mut self, now: Nanos, plan: &Plan) -> bool {
        self.endings.watch(&plan.watched);
        let Some(mut sample) = self.last.take() else {
            return false;
        };
        let after = now.since(sample.at);
        let unread = self.table.rows.iter().any(|r| r.unread);
        if unread {
            self.read_commands(&mut sample, plan, now);
        }
        let resident = self.read_resident(&mut sample.tasks, plan);
        let optional = self.add_optional(&mut sample.tasks, plan, (now, after));
        let threads = sample.threads.is_empty() && self.read_threads(&mut sample, plan, after);
        self.last = Some(sample);
        unread || resident || optional || threads
    }

    /// What others found beside the table, while somebody shows it.
    fn shares(&self, plan: &Plan) -> Arc<Shares> {
        let beside = Needs::NETWORK | Needs::CGROUP | Needs::HIERARCHY;
        let beside = beside | Needs::GPU | Needs::CALL_RATES;
        if (plan.needs | plan.of_all).intersects(beside) {
            self.beside.shares()
        } else {
            Arc::default()
        }
    }

    /// Waits a moment for the names of users that are being looked for, for reports that look but once.
    pub fn wait_for_users(&mut self, at_most: Duration) {
        if let Some(sample) = &mut self.last {
            self.table.wait_for_users(&mut sample.tasks, at_most);
        }
    }

    /// What a person reads now.
    pub fn snapshot(&mut self) -> Option<Snapshot> {
        let last = self.last.as_ref()?;
        let snapshot = Snapshot::after(&self.shown, self.before.as_ref(), last);
        self.shown = snapshot.procs.clone();
        Some(snapshot)
    }

    /// What the last tick heard.
    pub fn sample(&self) -> Option<&Sample> {
        self.last.as_ref()
    }

    /// What the tick before it heard.
    pub fn sample_before(&self) -> Option<&Sample> {
        self.before.as_ref()
    }

    /// What the last tick heard, to keep.
    pub fn into_sample(self) -> Option<Sample> {
        self.last
    }

    fn read_sources(&mut self, now: Nanos, plan: &Plan, sample: &mut Sample) {
        let needs = plan.needs | plan.of_all;
        for watched in &mut self.sources {
            let fills = watched.fills();
            if !fills.is_empty() && !fills.intersects(needs) {
                watched.source.rest();
                continue;
            }
            watched.read(now, plan, sample);
            sample.faults.extend(watched.fault());
        }
    }

    /// Reads the command lines that were never read, those of shown rows that may have run, and by turns the others.
    fn read_commands(&mut self, sample: &mut Sample, plan: &Plan, now: Nanos) {
        let tasks = &mut sample.tasks;
        let rows = &mut self.table.rows;
        // Where the kernel tells of programs that are executed, only a process that rewrites its own arguments is missed.
        let round = match sample.mode {
            Mode::Scan => ROUND,
            Mode::Connector | Mode::Events => LONG_ROUND,
        };
        // A share of the table, so that a full round takes as long as a check may be old.
        let interval = u128::from(plan.interval.0.max(10_000_000));
        let mut turns = (tasks.len() as u128 * interval / u128::from(round.0)) as usize + 1;
        let shown = visible(tasks, plan);
        let mut places: Vec<usize> = shown.filter(|place| rows[*place].ran).collect();
        for (place, row) in rows.iter_mut().enumerate() {
            if row.unread {
                // What has no memory has no arguments, and needs no reading.
                row.unread = false;
                places.push(place);
            } else if turns > 0 && now.since(row.checked) >= round {
                (turns, row.checked) = (turns - 1, now);
                places.push(place);
            }
        }
        places.sort_unstable();
        places.dedup();
        places.retain(|place| has_memory(&tasks[*place]));
        commands::read(&self.table.dir, tasks, rows, &places, now);
        for place in places {
            self.table.check_user(&mut tasks[place]);
        }
    }

    /// Reads resident memory to the page where a plan asks for it and a row lacks it; answers whether there were any.
    fn read_resident(&mut self, tasks: &mut [TaskSample], plan: &Plan) -> bool {
        let places: Vec<usize> = if plan.of_all.contains(Needs::RESIDENT) {
            (0..tasks.len()).collect()
        } else if plan.needs.contains(Needs::RESIDENT) {
            visible(tasks, plan).collect()
        } else {
            // The panes about one process tell its memory too.
            let focus = plan.focus.and_then(|id| place_of(tasks, id));
            focus.into_iter().collect()
        };
        resident::read(&mut self.table, tasks, &places)
    }

    /// Reads the costlier files that a plan asks for, and forgets the others.
    fn read_extras(&mut self, tasks: &mut [TaskSample], plan: &Plan, now: Nanos) {
        let mut wanted = wanted(tasks, plan);
        // Who sleeps is moved to another control group by others: shown ones are asked at every tick, the rest by turns.
        let interval = plan.interval.0.max(100_000_000);
        let rounds = (MOVED.0 / interval).max(1) as usize;
        let turn = (now.0 / interval) as usize % rounds;
        let grouped = (plan.needs | plan.of_all).contains(Needs::CGROUP);
        let mut shown: Vec<usize> = visible(tasks, plan).filter(|_| grouped).collect();
        shown.sort_unstable();
        let moved = |place: usize| {
            let due = grouped && (place % rounds == turn || shown.binary_search(&place).is_ok());
            if due { Needs::CGROUP } else { Needs::empty() }
        };
        let rows = self.table.rows.iter().enumerate();
        for ((task, (place, row)), needs) in tasks.iter_mut().zip(rows).zip(&mut wanted) {
            let old = task.extra.take().filter(|_| !needs.is_empty());
            task.extra = old.map(|extra| optional_stats::only(extra, *needs));
            // What a process that did not run has counted is as it was.
            if let Some(extra) = task.extra.as_deref().filter(|_| !row.fresh) {
                *needs &=
                    optional_stats::lacking(extra) | optional_stats::OF_SLEEPERS | moved(place);
            }
            if let Some(extra) = task.extra.as_deref() {
                *needs = self.pace.due(now, *needs, optional_stats::lacking(extra));
            }
        }
        let wanted: Vec<_> = wanted.into_iter().enumerate().collect();
        self.read_parts(tasks, wanted, (now, Nanos(0)));
    }

    /// Reads the parts that a plan asks for and a row lacks; answers whether there were any.
    fn add_optional(
        &mut self,
        tasks: &mut [TaskSample],
        plan: &Plan,
        moment: (Nanos, Nanos),
    ) -> bool {
        let lacking = |(task, needs): (&TaskSample, Needs)| match &task.extra {
            Some(extra) => needs & optional_stats::lacking(extra),
            None => needs,
        };
        let wanted = wanted(tasks, plan);
        let wanted = tasks.iter().zip(wanted).map(lacking).enumerate().collect();
        self.read_parts(tasks, wanted, moment)
    }

    fn read_parts(
        &mut self,
        tasks: &mut [TaskSample],
        mut wanted: Vec<(usize, Needs)>,
        (now, after): (Nanos, Nanos),
    ) -> bool {
        wanted.retain(|(_, needs)| !needs.is_empty());
        let heavy = optional_stats::read(&self.table.dir, tasks, &wanted, after);
        self.pace.took(now, heavy);
        !wanted.is_empty()
    }

    fn read_threads(&self, sample: &mut Sample, plan: &Plan, after: Nanos) -> bool {
        if !(plan.needs | plan.of_all).contains(Needs::THREADS) {
            return false;
        }
        let before = self.last.as_ref().map_or(&[][..], |s| &s.threads);
        let page_size = self.machine.page_size;
        let (dir, rows) = (&self.table.dir, &self.table.rows);
        sample.threads = threads::read(dir, &sample.tasks, rows, before, page_size, after);
        !sample.threads.is_empty()
    }
}

/// Kernel threads and zombies have no memory, and so no command line.
fn has_memory(task: &TaskSample) -> bool {
    task.stat.virtual_size.0 > 0 && !task.stat.is_kernel_thread()
}

/// What each process's row needs of the costlier files.
fn wanted(tasks: &[TaskSample], plan: &Plan) -> Vec<Needs> {
    let mut wanted = vec![plan.of_all & optional_stats::OF_A_PROCESS; tasks.len()];
    let shown = (plan.needs | plan.of_all) & optional_stats::OF_A_PROCESS;
    for place in visible(tasks, plan) {
        wanted[place] = shown;
    }
    // The verdict weighs who is held up, wherever it stands in the table.
    let held = tasks.iter().enumerate();
    let held = held.filter(|(_, task)| task.stat.state == State::Blocked);
    for (place, _) in held.take(HELD) {
        wanted[place] |= Needs::BLOCKED_ON | Needs::IO;
    }
    wanted
}

/// The places of the processes whose rows are shown, and of the one in focus.
fn visible(tasks: &[TaskSample], plan: &Plan) -> impl Iterator<Item = usize> {
    let shown = plan.visible.iter().chain(&plan.focus);
    shown.filter_map(|id| place_of(tasks, *id))
}

fn place_of(tasks: &[TaskSample], id: ProcId) -> Option<usize> {
    tasks.binary_search_by_key(&id, |t| t.id).ok()
}

#[cfg(test)]
mod tests;
