//! What is read beside the table while it is recorded: the parts of the machine now and then, and, one after the other, what the
//! inspector shows of the processes that were asked for.

use std::sync::Arc;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::process::filter::Filter;
use crate::model::snapshot::Snapshot;
use crate::report::Error;

/// How often the parts of the machine are read, and how long it is waited for those that take their time.
const MACHINE_PACE: Nanos = Nanos(30_000_000_000);
const PATIENCE: Nanos = Nanos(5_000_000_000);
/// How long one process is looked at before the next one: threads are measured between two readings.
const STAY: Nanos = Nanos(1_000_000_000);

/// What costs little beside the table.
const MACHINE: Needs = Needs::MEMORY
    .union(Needs::DISKS)
    .union(Needs::SENSORS)
    .union(Needs::HIERARCHY);
/// What costs a visit of every process.
const TALKS: Needs = Needs::IPC.union(Needs::NETWORK);
/// What the inspector shows.
const PROCESS: Needs = Needs::OVERVIEW
    .union(Needs::REGIONS)
    .union(Needs::RESIDENCY)
    .union(Needs::FILES)
    .union(Needs::SOCKETS)
    .union(Needs::WAITS)
    .union(Needs::SIGNALS)
    .union(Needs::LIMITS)
    .union(Needs::SCHEDULE);

/// Whom it looks at, and since when.
pub(super) struct Inspecting {
    plan: Plan,
    filter: Option<Filter>,
    of_a_process: Needs,
    focus: Option<(ProcId, Nanos)>,
    /// When the parts of the machine were asked for last, and whether all are there by now.
    machine: Option<(Nanos, bool)>,
    detail: Arc<Detail>,
}

impl Inspecting {
    /// Beside this plan; of the processes that pass a filter, where there is one, with their environments where that is asked.
    ///
    /// # Errors
    /// `Usage` for a filter that is not understood.
    pub(super) fn new(plan: Plan, filter: Option<&str>, environment: bool) -> Result<Self, Error> {
        let filter = filter.map(Filter::parse);
        if let Some(note) = filter.as_ref().and_then(|f| f.notes().first()) {
            return Err(Error::Usage(format!("--inspect: {}", note.why)));
        }
        let mut plan = plan;
        plan.of_all |= filter.as_ref().map_or(Needs::empty(), Filter::needs);
        let more = if environment {
            Needs::ENVIRONMENT
        } else {
            Needs::empty()
        };
        Ok(Self {
            plan,
            filter,
            of_a_process: PROCESS | more,
            focus: None,
            machine: None,
            detail: Arc::default(),
        })
    }

    /// Hears what was read.
    pub(super) fn hear(&mut self, detail: &Arc<Detail>) {
        self.detail = Arc::clone(detail);
    }

    /// What is to be read from this tick on.
    pub(super) fn plan(&mut self, now: &Snapshot) -> Plan {
        let mut plan = self.plan.clone();
        plan.needs |= self.machine_needs(now.at);
        self.focus = self.next(now);
        if let Some((id, _)) = self.focus {
            plan.needs |= self.of_a_process;
            plan.focus = Some(id);
            plan.visible = [id].into();
            let known = self.detail.threads.as_ref();
            let known = known.filter(|_| self.detail.of == Some(id));
            if let Some(Ok(threads)) = known.map(|slot| &slot.value) {
                plan.threads = threads.rows.iter().map(|row| row.id.tid).collect();
            }
        }
        plan
    }

    fn machine_needs(&mut self, now: Nanos) -> Needs {
        let wanted = if self.filter.is_some() {
            MACHINE | TALKS
        } else {
            MACHINE
        };
        let due = |since: Nanos| now.since(since) >= MACHINE_PACE;
        if self.machine.is_none_or(|(since, _)| due(since)) {
            self.machine = Some((now, false));
            return wanted;
        }
        let Some((since, whole)) = &mut self.machine else {
            return Needs::empty();
        };
        let all = &self.detail.machine;
        let read = fresh(all.memory.as_ref(), *since) && fresh(all.disks.as_ref(), *since);
        let ipc = all.ipc.as_ref().filter(|slot| slot.at >= *since);
        let whole_talk = ipc.is_some_and(|slot| slot.value.as_ref().map_or(true, |i| i.complete));
        let talks = self.filter.is_none() || whole_talk && fresh(all.network.as_ref(), *since);
        *whole |= read && talks || now.since(*since) >= PATIENCE;
        if *whole { Needs::empty() } else { wanted }
    }

    /// The next process that passes, round and round; the one that is looked at stays for a while.
    fn next(&self, now: &Snapshot) -> Option<(ProcId, Nanos)> {
        let filter = self.filter.as_ref()?;
        if let Some((id, since)) = self.focus
            && now.get(id).is_some()
            && now.at.since(since) < STAY
        {
            return self.focus;
        }
        let passes = now.procs.iter().filter(|p| filter.matches(now, p, 1.0));
        let mut passes = passes.map(|p| p.id);
        let last = self.focus.map(|(id, _)| id);
        let first = passes.clone().next();
        let after = passes.find(|id| last.is_none_or(|last| *id > last));
        after.or(first).map(|id| (id, now.at))
    }
}

fn fresh<T>(slot: Option<&Stamped<T>>, since: Nanos) -> bool {
    slot.is_some_and(|slot| slot.at >= since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn those_that_pass_are_looked_at_one_after_the_other() {
        let mut scene = Scene::new();
        for (pid, name) in [(3, "java"), (5, "sh"), (7, "java")] {
            scene.task(pid, 1, name);
        }
        let mut inspecting =
            Inspecting::new(Plan::default(), Some("name:java"), false).expect("a filter");
        let mut seen = Vec::new();
        for _ in 0..4 {
            let now = scene.pass(1000, &[]);
            let plan = inspecting.plan(&now);
            assert!(plan.needs.contains(Needs::FILES) && !plan.needs.contains(Needs::ENVIRONMENT));
            seen.push(plan.focus.expect("one passes").pid.0);
        }
        assert_eq!(seen, [3, 7, 3, 7]);
        let wrong = Inspecting::new(Plan::default(), Some("cpu>x"), false);
        assert!(matches!(wrong, Err(Error::Usage(_))));
    }

    #[test]
    fn the_machine_is_read_now_and_then() {
        let mut scene = Scene::new();
        let mut inspecting = Inspecting::new(Plan::default(), None, false).expect("no filter");
        let mut asked = 0;
        for _ in 0..70 {
            let now = scene.pass(1000, &[]);
            asked += u32::from(inspecting.plan(&now).needs.contains(Needs::DISKS));
        }
        // Nothing answers here, so that each time is as long as its patience.
        assert!((12..=18).contains(&asked), "{asked}");
    }
}
