//! Keeps the past: each tick as a record, once nothing more is read for it.

use super::sweeper::Sweeper;
use crate::model::acting::Fate;
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Bottleneck, Judge};
use crate::model::snapshot::Snapshot;
use crate::recording::{Kept, Marks, Summary, Writer};

/// When a tick is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once: what is read does not change, as in a recording.
    AtOnce,
    /// When the next one comes: until then a person may ask for more of it.
    AtNext,
}

/// Where the past is kept, and when.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Where.
    pub kept: Kept,
    /// When.
    pub when: When,
}

/// Writes the ticks of a sweeper.
pub(super) struct Scribe {
    keeping: Keeping,
    writer: Writer,
    judge: Judge,
    held: Option<Bottleneck>,
    /// The tick that was seen last, how the machine did, and how many endings it told.
    seen: Option<(Nanos, Summary)>,
    endings: usize,
    written: Option<Nanos>,
}

impl Scribe {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self {
            keeping,
            writer: Writer::default(),
            judge: Judge::default(),
            held: None,
            seen: None,
            endings: 0,
            written: None,
        }
    }

    /// Sees a tick, perhaps with more of it than before.
    pub(super) fn saw(&mut self, snapshot: &Snapshot) {
        let again = self.seen.filter(|(at, _)| *at == snapshot.at);
        let mut marks = again.map_or(Marks::default(), |(_, summary)| summary.marks);
        if again.is_none() {
            let held = self.judge.judge(snapshot).map(|verdict| verdict.of);
            marks.set(Marks::VERDICT, held != self.held);
            marks.set(Marks::HELD, held.is_some());
            self.held = held;
        }
        let new = snapshot.endings.iter().skip(self.endings);
        let killed = |how: &Result<Fate, _>| matches!(how, Ok(Fate::Killed(..)));
        let watched = new.map(|(_, how)| how).any(killed);
        let mut ends = snapshot.ends.iter().flat_map(|ends| ends.iter());
        let anybody = |(_, how): &(_, Fate)| matches!(how, Fate::Killed(..));
        let killed = watched || ends.any(anybody) || marks.contains(Marks::KILLED);
        marks.set(Marks::KILLED, killed);
        let oom = snapshot.system.oom_kills.is_ok_and(|kills| kills > 0);
        marks.set(Marks::OOM, oom);
        self.endings = snapshot.endings.len();
        self.seen = Some((snapshot.at, Summary::of(snapshot, marks)));
    }

    /// The next tick is about to be read: the last one is as it will stay.
    pub(super) fn before_next(&mut self, sweeper: &Sweeper) {
        self.write(sweeper);
    }

    /// All that a plan asks for was read.
    pub(super) fn filled(&mut self, sweeper: &Sweeper) {
        if self.keeping.when == When::AtOnce {
            self.write(sweeper);
        }
    }

    fn write(&mut self, sweeper: &Sweeper) {
        let (Some(now), Some((at, summary))) = (sweeper.sample(), self.seen) else {
            return;
        };
        if at != now.at || self.written == Some(at) {
            return;
        }
        let records = self.writer.tick(sweeper.sample_before(), now, summary);
        self.written = Some(at);
        self.keeping.kept.push(records);
    }
}
