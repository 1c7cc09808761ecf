//! Slices and waits that a condition asks for, found in lanes as they grow.

use std::collections::HashMap;

use crate::model::id::{CpuId, Nanos, ProcId, Tid};
use crate::model::scheduling::timeline::{Ended, Timeline};
use crate::model::text::SafeText;

/// What one thread did on a core, or while it waited for one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turn {
    pub of: ProcId,
    pub tid: Tid,
    pub name: SafeText,
    pub cpu: CpuId,
    /// When it was over.
    pub at: Nanos,
    /// How long it kept the core.
    pub ran: Nanos,
    /// How long it had waited for it since it was taken away; `None` where it had given it up itself.
    pub waited: Option<Nanos>,
}

/// Until when each lane was looked through, and from whom the core was taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    seen: HashMap<CpuId, Nanos>,
    taken: HashMap<Tid, Nanos>,
    begun: bool,
}

impl Turns {
    /// The slices that were over since the last call, in the order of their ends; at the first call none, since what was
    /// before it was armed is no news.
    pub(super) fn new_in(&mut self, line: &Timeline) -> Vec<Turn> {
        let mut turns = Vec::new();
        for lane in &line.lanes {
            let seen = self.seen.get(&lane.cpu).copied();
            let from = seen.unwrap_or(lane.now);
            let mut last = from;
            for (slice, who) in lane.slices.from(from) {
                if slice.ended == Ended::Running || slice.end <= from {
                    continue;
                }
                last = last.max(slice.end);
                turns.push((slice, lane.cpu, who));
            }
            self.seen.insert(lane.cpu, last);
        }
        self.begun = true;
        turns.sort_by_key(|(slice, ..)| slice.start);
        let mut out: Vec<Turn> = Vec::new();
        for (slice, cpu, who) in turns {
            let taken = self.taken.remove(&who.tid);
            if slice.ended == Ended::Preempted {
                self.taken.insert(who.tid, slice.end);
            }
            out.push(Turn {
                of: who.id,
                tid: who.tid,
                name: who.name.clone(),
                cpu,
                at: slice.end,
                ran: slice.span(),
                waited: taken.map(|taken| slice.start.since(taken)),
            });
        }
        // Where slices are lost the next one of a thread may be hours away.
        let since = Nanos(line.now.0.saturating_sub(60_000_000_000));
        self.taken.retain(|_, at| *at > since);
        out
    }
}
