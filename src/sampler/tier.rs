//! How a sweep finds what changed: by what the kernel tells, or by reading every process.
//!
//! A process that did not run, and of which nobody told that it began, ended or changed, is as it was; save memory, which
//! may be taken from a sleeping one, so everybody is read again by turns.

use std::collections::HashSet;

use super::table::Table;
use crate::model::id::{Nanos, Pid};
use crate::model::plan::Plan;
use crate::model::sample::{Mode, Sample, TaskSample};
use crate::model::stat::State;
use crate::sys::changes::{Changes, Feed};
use crate::sys::connector::Connector;
use crate::sys::source::Error;

/// How old a row may be before it is read again, whatever the kernel tells.
const ROUND: Nanos = Nanos(30_000_000_000);
/// How long the directory is not listed while events tell who comes and goes.
const LISTING: Nanos = Nanos(15_000_000_000);
/// How far the clocks go apart when the machine was suspended.
const SUSPENDED: Nanos = Nanos(2_000_000_000);
/// Fewer processes than these are read faster than events are sorted out.
const FEW: usize = 200;
/// What reading one sleeping process costs against hearing of one switch.
const SAVED_PER_PROCESS: f64 = 5.0;

/// The way that is chosen, anew at each tick: events where somebody fills the feed, else the connector, else the directory.
pub(super) struct Tier {
    feed: Option<Feed>,
    connector: Listening,
    listed: Nanos,
    /// Something may have been missed.
    missed: bool,
    /// From how many processes on it is worth listening at all.
    few: usize,
}

/// Whether the kernel tells who comes and goes.
enum Listening {
    NotYet,
    Never,
    Now(Connector),
}

impl Default for Tier {
    /// Reads the directory, whatever the kernel could tell.
    fn default() -> Self {
        Self {
            feed: None,
            connector: Listening::Never,
            listed: Nanos(0),
            missed: false,
            few: FEW,
        }
    }
}

impl Tier {
    /// Listens to what the kernel tells.
    pub(super) fn new(feed: Feed) -> Self {
        Self {
            feed: Some(feed),
            connector: Listening::NotYet,
            ..Self::default()
        }
    }

    /// Reads what may have changed since `known`.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub(super) fn sweep(
        &mut self,
        table: &mut Table,
        known: &[TaskSample],
        now: Nanos,
        plan: &Plan,
    ) -> Result<(Mode, Vec<TaskSample>), Error> {
        let changes = self.feed.as_ref().and_then(Feed::take);
        if let Some(changes) = changes {
            // One of the two is enough.
            if let Listening::Now(_) = self.connector {
                self.connector = Listening::NotYet;
            }
            let tasks = self.events(table, known, &changes, now, plan)?;
            return Ok((Mode::Events, tasks));
        }
        let due = now.since(self.listed) >= LISTING || self.missed || known.is_empty();
        let told = match &mut self.connector {
            Listening::Now(connector) => Some(connector.drain()),
            _ => None,
        };
        let mode = match told {
            Some(_) => Mode::Connector,
            None => Mode::Scan,
        };
        if let Some(told) = told.filter(|t| !t.lost && !due) {
            return Ok((mode, table.reread(known, &told.born, &told.renamed, now)));
        }
        // From here on nothing is missed: who begins after the connector is open and before the scan is in both.
        self.connect(known.len());
        self.missed = false;
        self.listed = now;
        Ok((mode, table.scan(known, now)?))
    }

    fn events(
        &mut self,
        table: &mut Table,
        known: &[TaskSample],
        changes: &Changes,
        now: Nanos,
        plan: &Plan,
    ) -> Result<Vec<TaskSample>, Error> {
        if changes.lost || self.missed || known.is_empty() {
            self.missed = false;
            self.listed = now;
            return table.scan(known, now);
        }
        let mut which = which(table, known, changes, now, plan);
        if now.since(self.listed) >= LISTING {
            self.listed = now;
            table.strangers(known, &mut which)?;
        }
        which.sort_unstable();
        which.dedup();
        Ok(table.update(known, &which, &changes.renamed, now))
    }

    /// Asks the kernel to tell who comes and goes, once, where there are many.
    fn connect(&mut self, processes: usize) {
        if matches!(self.connector, Listening::NotYet) && processes >= self.few {
            self.connector = Connector::open().map_or(Listening::Never, Listening::Now);
        }
    }

    /// Asks for events while they cost less than they save.
    ///
    /// Each switch costs about 0.3 µs on its core, and reading a process about 1.5 µs.
    pub(super) fn choose(&mut self, before: Option<&Sample>, sample: &Sample) {
        let Some(feed) = &self.feed else { return };
        let Some(before) = before else {
            feed.want(sample.tasks.len() >= self.few);
            return;
        };
        // The time since boot counts on while the machine is suspended, the clock of the ticks does not.
        let passed = sample.system.uptime.since(before.system.uptime);
        self.missed |= passed.since(sample.at.since(before.at)) > SUSPENDED;
        let switches = sample
            .system
            .switches
            .saturating_sub(before.system.switches) as f64;
        let saved = sample.tasks.len() as f64 * SAVED_PER_PROCESS;
        // What is in force stays so until it is clearly worse: no flapping between.
        let most = if feed.wanted() { saved * 2.0 } else { saved };
        feed.want(sample.tasks.len() >= self.few && switches < most);
    }
}

/// The processes that are read again.
fn which(
    table: &Table,
    known: &[TaskSample],
    changes: &Changes,
    now: Nanos,
    plan: &Plan,
) -> Vec<Pid> {
    let mut which: Vec<Pid> = plan
        .visible
        .iter()
        .chain(&plan.focus)
        .map(|p| p.pid)
        .collect();
    for told in [
        &changes.ran,
        &changes.born,
        &changes.ended,
        &changes.renamed,
    ] {
        which.extend(told);
    }
    let place = |pid: &Pid| known.binary_search_by_key(pid, |t| t.id.pid).ok();
    let ended: HashSet<Pid> = changes
        .ended
        .iter()
        .filter(|p| place(p).is_some())
        .copied()
        .collect();
    for task in known {
        // Nobody tells when a zombie is gone for good; children of one that ended have another parent.
        let buried = matches!(task.stat.state, State::Zombie | State::Dead);
        if buried || (!ended.is_empty() && ended.contains(&task.stat.ppid)) {
            which.push(task.id.pid);
        }
    }
    let share = known.len() as u64 * plan.interval.0.max(10_000_000) / ROUND.0;
    // Begun after two thirds of the time, all are through before it is over. At least a few: with a short interval a
    // share would round down to nobody.
    let turn = table.stale(now, Nanos(ROUND.0 / 3 * 2), share as usize * 3 + 4);
    which.extend(turn.filter_map(|place| known.get(place)).map(|t| t.id.pid));
    which
}

#[cfg(test)]
mod tests;
