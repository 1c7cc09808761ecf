//! Takes in what the kernel counts beside the switches.

use std::collections::HashMap;
use std::sync::Arc;

use super::Builder;
use crate::model::id::{Nanos, Tid};
use crate::model::machine::core_share::CoreShare;
use crate::model::sample::CoreSample;
use crate::model::scheduling::timeline::counters::Wait;
use crate::model::scheduling::timeline::{Origin, Who, Window};

/// Threads that are read at the most at once; of more the waits are only known in part.
const MOST: usize = 1024;

/// Whoever has a core leaves it for a moment within this time, and be it for the kernel's own work.
const SILENCE: Nanos = Nanos::from_millis(2000);

/// What is counted of a thread since it began.
pub trait Counts {
    /// How long it has waited for a core; `None` where it is gone, or not to be read.
    fn waited(&mut self, who: &Who) -> Option<Nanos>;
}

impl<F: FnMut(&Who) -> Option<Nanos>> Counts for F {
    fn waited(&mut self, who: &Who) -> Option<Nanos> {
        self(who)
    }
}

/// When the counters were read, and what they were then.
#[derive(Debug, Default)]
pub(super) struct Counted {
    first: Option<Nanos>,
    last: Nanos,
    cores: Vec<CoreSample>,
    /// How long those threads had waited by the first reading that were not heard of by then.
    waits: HashMap<Tid, Nanos>,
}

impl Counted {
    /// From the first reading to the last.
    pub fn window(&self) -> Option<Window> {
        let (from, to) = (self.first?, self.last);
        Some(Window { from, to })
    }
}

impl Counted {
    /// How long a thread had waited by the first reading, if it has not been heard of since.
    pub fn begun(&mut self, tid: Tid) -> Option<Nanos> {
        self.waits.remove(&tid)
    }
}

impl Builder {
    /// Begins to count at a moment at which all these threads had waited so long.
    pub fn begin_count(
        &mut self,
        now: Nanos,
        cores: Vec<CoreSample>,
        mut waits: HashMap<Tid, Nanos>,
    ) {
        for task in self.tasks.all_mut() {
            task.ran = false;
            task.waited = waits.remove(&task.who.tid);
        }
        self.counted = Counted {
            first: Some(now),
            last: now,
            cores,
            waits,
        };
    }

    /// Counts again: how long each thread waited that had a core since the last time, and how the cores spent their time.
    pub fn count(&mut self, now: Nanos, cores: Vec<CoreSample>, counts: &mut dyn Counts) {
        let begun = self.counted.first.is_some();
        let span = (self.counted.last, now);
        let mut read = 0;
        for task in self.tasks.all_mut() {
            if !std::mem::take(&mut task.ran) {
                continue;
            }
            read += 1;
            let total = if read <= MOST {
                counts.waited(&task.who)
            } else {
                None
            };
            let before = std::mem::replace(&mut task.waited, total);
            let delta = before.zip(total).map(|(before, now)| now.since(before));
            if begun && let Ok(at) = self.lanes.binary_search_by_key(&task.cpu, |l| l.cpu) {
                self.lanes[at].waited(wait(span, delta), task.serial, &task.who);
            }
        }
        if begun {
            self.spend(span, &cores);
        }
        self.counted.first.get_or_insert(now);
        self.counted.last = now;
        self.counted.cores = cores;
    }

    fn spend(&mut self, span: (Nanos, Nanos), cores: &[CoreSample]) {
        for core in cores {
            let before = self.counted.cores.binary_search_by_key(&core.id, |c| c.id);
            let before = before.ok().map(|at| &self.counted.cores[at]);
            let share = before.and_then(|b| CoreShare::between(b, core));
            let lane = self.lanes.binary_search_by_key(&core.id, |l| l.cpu);
            if let (Some(share), Ok(lane)) = (share, lane) {
                let lane = &mut self.lanes[lane];
                match self.origin {
                    // A sample tells of all that it found: who is not in it was not found.
                    Origin::Sampled => lane.heard_nothing(span.0, Nanos(0)),
                    Origin::Own => lane.heard_nothing(span.0, SILENCE),
                    Origin::Exact
                    | Origin::Inside
                    | Origin::Summed
                    | Origin::Sums
                    | Origin::None => {}
                }
                lane.spent(span, share, &self.tasks);
            }
        }
    }

    /// A thread ended that had a core since the last reading: what it waited since then is never told.
    pub(super) fn uncounted(&mut self, tid: Tid, at: Nanos) {
        let Some(task) = self.tasks.get(tid).filter(|t| t.ran) else {
            return;
        };
        let span = (self.counted.last, at.max(self.counted.last));
        let most = span.1.since(span.0.max(task.began));
        let (cpu, serial, who) = (task.cpu, task.serial, Arc::clone(&task.who));
        if self.counted.first.is_some()
            && let Ok(lane) = self.lanes.binary_search_by_key(&cpu, |l| l.cpu)
        {
            let wait = Wait {
                span: most,
                ..wait(span, None)
            };
            self.lanes[lane].waited(wait, serial, &who);
        }
    }
}

fn wait((start, end): (Nanos, Nanos), delta: Option<Nanos>) -> Wait {
    Wait {
        start,
        end,
        span: delta.unwrap_or(end.since(start)),
        whole: delta.is_some(),
    }
}
