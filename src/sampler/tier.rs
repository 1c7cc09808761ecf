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
use crate::sys::source::Error;

/// How old a row may be before it is read again, whatever the kernel tells.
const ROUND: Nanos = Nanos(30_000_000_000);
/// How long the directory is not listed while events tell who comes and goes.
const LISTING: Nanos = Nanos(15_000_000_000);
/// Fewer processes than these are read faster than events are sorted out.
const FEW: usize = 200;
/// What reading one sleeping process costs against hearing of one switch.
const SAVED_PER_PROCESS: f64 = 5.0;

/// The way that is chosen.
#[derive(Default)]
pub(super) struct Tier {
    feed: Option<Feed>,
    listed: Nanos,
}

impl Tier {
    /// Listens to what the kernel tells.
    pub(super) fn new(feed: Feed) -> Self {
        Self {
            feed: Some(feed),
            listed: Nanos(0),
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
        let mode = if changes.is_some() {
            Mode::Events
        } else {
            Mode::Scan
        };
        let Some(changes) = changes.filter(|c| !c.lost && !known.is_empty()) else {
            self.listed = now;
            return Ok((mode, table.scan(known, now)?));
        };
        let mut which = which(table, known, &changes, now, plan);
        if now.since(self.listed) >= LISTING {
            self.listed = now;
            table.strangers(known, &mut which)?;
        }
        which.sort_unstable();
        which.dedup();
        Ok((mode, table.update(known, &which, &changes.renamed, now)))
    }

    /// Asks for events while they cost less than they save.
    ///
    /// Each switch costs about 0.3 µs on its core, and reading a process about 1.5 µs.
    pub(super) fn choose(&self, before: Option<&Sample>, sample: &Sample) {
        let Some(feed) = &self.feed else { return };
        let Some(before) = before else {
            feed.want(sample.tasks.len() >= FEW);
            return;
        };
        let switches = sample
            .system
            .switches
            .saturating_sub(before.system.switches) as f64;
        let saved = sample.tasks.len() as f64 * SAVED_PER_PROCESS;
        // What is in force stays so until it is clearly worse: no flapping between.
        let most = if feed.wanted() { saved * 2.0 } else { saved };
        feed.want(sample.tasks.len() >= FEW && switches < most);
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
    // At least a few: with a short interval a share would round down to nobody.
    let turn = table.stale(now, Nanos(ROUND.0 / 2), share as usize * 2 + 4);
    which.extend(turn.filter_map(|place| known.get(place)).map(|t| t.id.pid));
    which
}

#[cfg(test)]
mod tests;
