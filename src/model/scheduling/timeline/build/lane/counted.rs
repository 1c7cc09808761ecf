//! What a lane takes in beside switches: what the kernel counted, and what was found by sampling.

use std::sync::Arc;

use super::{Growth, Tasks};
use crate::model::id::Nanos;
use crate::model::machine::core_share::CoreShare;
use crate::model::scheduling::timeline::build::Ran;
use crate::model::scheduling::timeline::{BINS, Spent, Wait, Who};

/// Readings of how the core spent its time that are kept: those of somewhat more than the longest span of the lanes.
const MOST_SPENT: usize = 160;

impl Growth {
    /// Takes in how long a thread waited that had this core last; its `start` is not before that of the one before.
    pub fn waited(&mut self, wait: Wait, serial: u32, who: &Arc<Who>) {
        self.waits.push(wait, serial, who);
    }

    /// Takes in how the core spent its time since the reading before.
    pub fn spent(&mut self, (start, end): (Nanos, Nanos), share: CoreShare, tasks: &Tasks) {
        self.sum_up(end, tasks);
        let ran = self.ran.since(self.compared);
        self.compared = self.ran;
        let gap = !self.known || self.gaps.last().is_some_and(|g| g.end > start);
        let told = !self.fresh && !gap && self.since <= start;
        let spent = Spent {
            start,
            end,
            share,
            told: told.then_some(ran),
        };
        let skip = (self.spent.len() + 1).saturating_sub(MOST_SPENT);
        let kept = self.spent.iter().skip(skip).copied();
        self.spent = kept.chain([spent]).collect();
    }

    /// Nothing was heard until `at`: from the begin on nobody of those who are listened to had the core, where that is
    /// longer than anybody has it in silence.
    pub fn heard_nothing(&mut self, at: Nanos, silence: Nanos) {
        if self.fresh && at.since(self.since) >= silence {
            self.idle(at);
        }
    }

    /// Takes in that somebody had the core, which is in the bins already.
    pub fn count_summed(&mut self, run: Nanos, slices: u32) {
        self.ran.0 += run.0;
        self.switches += u64::from(slices);
    }

    /// The core is known until `at`, and had nobody but whom the sums told.
    pub fn told_until(&mut self, at: Nanos, tasks: &Tasks) {
        self.begin(at.max(self.last));
        self.heard = self.heard.max(at);
        self.settle(at, tasks);
    }

    /// Time on the core that was found by sampling, everybody's of one sample, spread evenly over it.
    pub fn sampled(&mut self, (from, to): (Nanos, Nanos), found: &[(u32, &Ran)]) {
        let width = BINS[2].0;
        let to = to.max(self.last);
        self.begin(to);
        let mut at = from.max(self.last).min(to);
        let span = to.since(at).0.max(1);
        loop {
            let until = Nanos((at.0 / width + 1) * width).min(to);
            self.roll(at);
            for (serial, ran) in found {
                let bin = self.sums[2].of(*serial, &ran.who);
                let part = u128::from(ran.run.0) * u128::from(until.since(at).0);
                bin.run.0 += (part / u128::from(span)) as u64;
                if until == to {
                    bin.slices += ran.slices;
                    bin.waited.0 += ran.waited.0;
                }
            }
            at = until;
            if at >= to {
                break;
            }
        }
        for (_, ran) in found {
            self.ran.0 += ran.run.0;
            self.switches += u64::from(ran.slices);
        }
        self.last = to;
    }
}
