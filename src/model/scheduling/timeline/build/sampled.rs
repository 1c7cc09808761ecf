//! Takes in time on the cores that was found by sampling.

use std::sync::Arc;

use super::Builder;
use super::tasks::Task;
use crate::model::id::{CpuId, Nanos};
use crate::model::scheduling::timeline::Who;

/// Time that a thread had a core within one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The core.
    pub cpu: CpuId,
    /// The thread.
    pub who: Arc<Who>,
    /// How long.
    pub run: Nanos,
    /// In how many slices.
    pub slices: u32,
    /// How long the thread waited for a core meanwhile.
    pub waited: Nanos,
}

impl Builder {
    /// Adds what was found of `[from, to)` by one sample, spread evenly over it; samples come in the order of time.
    pub fn sampled(&mut self, span: (Nanos, Nanos), mut found: Vec<Ran>) {
        found.sort_by_key(|ran| ran.cpu);
        for ran in found.chunk_by(|a, b| a.cpu == b.cpu) {
            let known: Vec<_> = ran.iter().map(|r| (self.serial_of(&r.who), r)).collect();
            if let Some(lane) = self.index(ran[0].cpu) {
                self.lanes[lane].sampled(span, &known);
            }
        }
        self.forget_old();
    }

    /// A number that no other thread, and no other name of this one, has.
    fn serial_of(&mut self, who: &Arc<Who>) -> u32 {
        if let Some(task) = self.tasks.get(who.tid)
            && task.who == *who
        {
            return task.serial;
        }
        let serial = self.next_serial();
        match self.tasks.get_mut(who.tid) {
            Some(task) => {
                task.who = Arc::clone(who);
                task.serial = serial;
            }
            None => {
                self.tasks.put(Task::new(serial, Arc::clone(who), None));
            }
        }
        serial
    }
}
