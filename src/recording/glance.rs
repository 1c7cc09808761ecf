//! A tick that is passed over: the machine as it was, and of the processes those of whom there is something to tell. It takes
//! as long as much has changed, however many processes there are.

use super::Broken;
use super::tick::{self, Touched};
use crate::model::id::ProcId;
use crate::model::process::stat::State;
use crate::model::sample::{Sample, TaskSample};
use crate::model::snapshot::Snapshot;

/// Whom a glance tells of, beside the machine.
#[derive(Clone, Copy, Debug)]
pub enum Glance {
    /// One process alone.
    One(Option<ProcId>),
    /// Everyone who did something or is blocked, and one process.
    Busy(Option<ProcId>),
}

/// A sample without processes and threads, and without what is told of none.
fn machine(of: &Sample) -> Sample {
    Sample {
        at: of.at,
        interval: of.interval,
        machine: of.machine.clone(),
        system: of.system.clone(),
        mode: of.mode,
        read: of.read,
        counts_ended: of.counts_ended,
        unread: of.unread,
        shares: of.shares.clone(),
        ..Sample::default()
    }
}

fn find(tasks: &[TaskSample], id: ProcId) -> Option<TaskSample> {
    let place = tasks.binary_search_by_key(&id, |task| task.id).ok()?;
    Some(tasks[place].clone())
}

/// Changes a state to what it was at the next tick, and tells of that what a glance tells.
///
/// # Errors
/// As [`tick::apply`].
pub fn apply(now: &mut Sample, raw: &[u8], of: Glance) -> Result<Snapshot, Broken> {
    let mut before = machine(now);
    let mut glance;
    match of {
        Glance::One(id) => {
            let one = |now: &Sample| id.and_then(|id| find(&now.tasks, id));
            before.tasks.extend(one(now));
            tick::apply(now, raw)?;
            glance = machine(now);
            glance.tasks.extend(one(now));
        }
        Glance::Busy(id) => {
            let touched = tick::apply_noting(now, raw)?;
            glance = machine(now);
            busy(now, touched, id, [&mut before.tasks, &mut glance.tasks]);
        }
    }
    Ok(Snapshot::between(Some(&before), &glance))
}

/// Fills in who there was before and after.
fn busy(now: &Sample, touched: Touched, of: Option<ProcId>, into: [&mut Vec<TaskSample>; 2]) {
    let [before, after] = into;
    let Touched { before: were, pids } = touched;
    *before = were;
    after.extend(pids.iter().filter_map(|pid| {
        let place = now.tasks.binary_search_by_key(pid, |task| task.id.pid.0);
        place.ok().map(|at| now.tasks[at].clone())
    }));
    // Nobody else did anything, so that they were as they are.
    let is_told = |task: &&TaskSample| {
        (task.stat.state == State::Blocked || Some(task.id) == of)
            && pids.binary_search(&task.id.pid.0).is_err()
    };
    for task in now.tasks.iter().filter(is_told) {
        before.push(task.clone());
        after.push(task.clone());
    }
    before.sort_by_key(|task| task.id);
    after.sort_by_key(|task| task.id);
}
