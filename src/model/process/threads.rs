//! The threads of the process in focus: what each does, where, how much, and what it waits for.

use super::stat::{Stat, State};
use crate::model::id::{Bytes, Nanos, ThreadId, Tid};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{Deadlock, Names, Wait, Waiting, deadlocks};
use crate::model::text::SafeText;

/// All threads of one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threads {
    /// The threads, by ascending number.
    pub rows: Vec<ThreadRow>,
    /// Circles of threads of which each waits for the next.
    pub deadlocks: Vec<Deadlock>,
    /// Steps from who waits to who would have to act, as far as no lock in memory tells them: of threads of other processes,
    /// and of those that wait for a process as a whole.
    pub others: Vec<Other>,
}

/// A thread that a circle may go through, mostly of another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Which it is.
    pub tid: Tid,
    /// The name of its process.
    pub name: SafeText,
    /// The thread that would have to act: that has what it waits for, or is of the process that does.
    pub waits_for: Tid,
}

/// One thread.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadRow {
    /// Which it is.
    pub id: ThreadId,
    /// Its name.
    pub name: SafeText,
    /// Its counters, at `at`.
    pub stat: Stat,
    /// When those were read.
    pub at: Nanos,
    /// Share of one core since the reading before, percent.
    pub cpu: Reading<f32>,
    /// What costs more to read; it may be older where there are many threads.
    pub detail: Reading<ThreadDetail>,
}

/// What is read of shown threads first, and of the others in turns.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadDetail {
    /// When it was read.
    pub at: Nanos,
    /// Its switches so far.
    pub switches: Reading<Switches<u64>>,
    /// Its switches a second since the reading before.
    pub rates: Reading<Switches<f64>>,
    /// What it waits for.
    pub waiting: Waiting,
    /// For how long it has been seen in this very wait.
    pub seen: Nanos,
    /// Its stack.
    pub stack: Reading<Stack>,
    /// Its stack pointer, where the kernel shows it.
    pub sp: Reading<u64>,
}

/// Context switches by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Switches<T> {
    /// It blocked or slept.
    pub voluntary: T,
    /// The kernel took the core.
    pub involuntary: T,
}

/// A thread's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Its highest address, where it begins.
    pub start: u64,
    /// From there down to the stack pointer.
    pub used: Bytes,
    /// The mapping that it lies in.
    pub size: Bytes,
}

impl Threads {
    /// The thread with this number.
    pub fn get(&self, tid: Tid) -> Option<&ThreadRow> {
        let at = self.rows.binary_search_by_key(&tid, |r| r.id.tid).ok()?;
        Some(&self.rows[at])
    }

    /// Looks for circles among what the threads wait for.
    #[must_use]
    pub fn with_deadlocks(mut self) -> Self {
        let waits: Vec<(Tid, Tid)> = self
            .rows
            .iter()
            .filter_map(|r| Some((r.id.tid, r.detail.as_ref().ok()?.waiting.what.owner()?)))
            .chain(self.others.iter().map(|o| (o.tid, o.waits_for)))
            .collect();
        self.deadlocks = deadlocks(&waits);
        self
    }

    /// What a thread waits for in words; `peer` tells what is at the other end of a descriptor.
    ///
    /// # Errors
    /// `Soon` where it was not read yet.
    pub fn waits_on(
        &self,
        row: &ThreadRow,
        peer: &dyn Fn(i32) -> Option<String>,
    ) -> Reading<String> {
        let detail = row.detail.as_ref().map_err(|m| *m)?;
        // Its state and its wait are of two moments: "sleeping, running" is no sentence, and the next reading tells.
        if row.stat.state != State::Running && detail.waiting.what == Wait::Running {
            return Err(Missing::Soon);
        }
        let names = Names {
            thread: &|tid| Some(self.get(tid)?.name.clone()),
            peer,
        };
        Ok(detail.waiting.words(&names))
    }

    /// A circle in words: `1871 io → 1872 net → 1871 io`.
    pub fn told(&self, deadlock: &Deadlock) -> String {
        let name = |tid: &Tid| match self.get(*tid) {
            Some(row) => format!("{tid} {}", row.name),
            None => match self.others.iter().find(|o| o.tid == *tid) {
                Some(other) => format!("{tid} of {}", other.name),
                None => tid.to_string(),
            },
        };
        let circle = deadlock.0.iter().chain(deadlock.0.first());
        circle.map(name).collect::<Vec<_>>().join(" → ")
    }
}

impl ThreadRow {
    /// A value of its detail.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn value<T: Copy>(&self, of: impl Fn(&ThreadDetail) -> Reading<T>) -> Reading<T> {
        self.detail.as_ref().map_err(|m| *m).and_then(of)
    }
}

/// Rates from two readings of the same thread.
///
/// # Errors
/// `Soon` without two of them, otherwise why the counters are not there.
pub fn rates(
    before: Option<&ThreadDetail>,
    now: Reading<Switches<u64>>,
    at: Nanos,
) -> Reading<Switches<f64>> {
    let now = now?;
    let before = before.ok_or(Missing::Soon)?;
    let old = before.switches.map_err(|_| Missing::Soon)?;
    let seconds = at.since(before.at).seconds();
    if seconds <= 0.0 {
        return Err(Missing::Soon);
    }
    Ok(Switches {
        voluntary: now.voluntary.saturating_sub(old.voluntary) as f64 / seconds,
        involuntary: now.involuntary.saturating_sub(old.involuntary) as f64 / seconds,
    })
}

/// One thread as the JSON contract has it.
#[derive(Debug, serde::Serialize)]
pub struct ThreadJson {
    tid: u32,
    name: SafeText,
    state: String,
    cpu_percent: Option<f32>,
    processor: u32,
    waits_on: Option<String>,
    voluntary_switches: Option<u64>,
    involuntary_switches: Option<u64>,
    stack_start: Option<String>,
    stack_used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    unavailable: std::collections::BTreeMap<&'static str, &'static str>,
}

impl Threads {
    /// The threads as the JSON contract has them; `peer` as in [`Self::waits_on`].
    pub fn to_json(&self, peer: &dyn Fn(i32) -> Option<String>) -> Vec<ThreadJson> {
        self.rows.iter().map(|row| self.one(row, peer)).collect()
    }

    fn one(&self, row: &ThreadRow, peer: &dyn Fn(i32) -> Option<String>) -> ThreadJson {
        let mut unavailable = std::collections::BTreeMap::new();
        let mut why = |field: &'static str, missing: Missing| {
            unavailable.insert(field, missing.word());
        };
        let cpu = row.cpu.map_err(|m| why("cpu_percent", m)).ok();
        let waits = self.waits_on(row, peer).map_err(|m| why("waits_on", m));
        let switches = row.value(|d| d.switches);
        let switches = switches.map_err(|m| {
            why("voluntary_switches", m);
            why("involuntary_switches", m);
        });
        let stack = row.value(|d| d.stack).map_err(|m| {
            why("stack_start", m);
            why("stack_used_bytes", m);
        });
        ThreadJson {
            tid: row.id.tid.0,
            name: row.name.clone(),
            state: row.stat.state.letter().to_string(),
            cpu_percent: cpu,
            processor: row.stat.processor.0,
            waits_on: waits.ok(),
            voluntary_switches: switches.ok().map(|s| s.voluntary),
            involuntary_switches: switches.ok().map(|s| s.involuntary),
            stack_start: stack.ok().map(|s| format!("{:#x}", s.start)),
            stack_used_bytes: stack.ok().map(|s| s.used.0),
            unavailable,
        }
    }
}

#[cfg(test)]
mod tests;
