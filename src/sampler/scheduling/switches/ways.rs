//! Goes from one way of recording everybody's switches to the other, and back for a moment, as the budget says.

use super::budget::{self, Way};
use super::glimpse::Glimpses;
use super::{LINGER, Open, Watch};
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::sys::clock;
use crate::sys::scheduling::perf;

/// When rings are asked for again that were not to be had.
const AGAIN: Nanos = Nanos::from_millis(100);

/// For how long it is looked how often the machine switches, before anything is opened.
const GLANCE: Nanos = Nanos::from_millis(5);

impl Watch<'_> {
    /// How often the machine switches in a second now; 0 where that is not told.
    pub(super) fn rate(&self) -> u64 {
        let Some(before) = self.kernel.switches() else {
            return 0;
        };
        let begun = clock::now();
        perf::pause(GLANCE);
        let after = self.kernel.switches().unwrap_or(before);
        let span = clock::now().since(begun).0.max(1);
        after.saturating_sub(before).saturating_mul(1_000_000_000) / span
    }

    /// Weighs what recording costs; the next step goes the way that this leads to.
    pub(super) fn weigh(&mut self, now: Nanos, plan: &Plan) {
        let Some(Open::Every(heard)) = &self.open else {
            return;
        };
        let (load, cores) = {
            let recorder = heard.lock();
            (recorder.load(), recorder.cpus().len())
        };
        let lost = std::mem::replace(&mut self.lost, load.1) < load.1;
        let most = budget::most(plan.recording_budget, cores);
        self.budget.judge(now, load.0, most, lost);
    }

    /// Goes over to the other way of recording, or stays where the kernel does not let us.
    pub(super) fn turn(&mut self, way: Way, now: Nanos) {
        let Some(Open::Every(heard)) = &self.open else {
            return;
        };
        let mut recorder = heard.lock();
        if recorder.is_summed() == (way == Way::Summed) {
            return;
        }
        let cpus = recorder.cpus();
        let turned = match way {
            Way::Single => self
                .kernel
                .rings(&cpus)
                .map(|rings| recorder.end_sums(rings)),
            Way::Summed => self.kernel.sums().and_then(|sums| {
                recorder.begin_sums(sums, self.kernel.names(&cpus)?);
                Ok(())
            }),
        };
        if turned.is_err() && way == Way::Summed {
            self.budget.refuse(now);
        }
    }

    /// Has wake-ups told beside single switches, while somebody looks that closely. Beside sums they are not: there are as
    /// many of them as of what is summed up because it costs too much.
    pub(super) fn ask_why(&mut self, plan: &Plan, now: Nanos) {
        if plan.needs.contains(Needs::WAKE_UPS) {
            self.asked = Some(now);
        }
        let lately = self.asked.is_some_and(|at| now.since(at) <= LINGER);
        // Who looks again asks again.
        self.refused &= lately;
        let Some(Open::Every(heard)) = &self.open else {
            return;
        };
        let mut recorder = heard.lock();
        let wanted = lately && !recorder.is_summed();
        match (wanted, recorder.hears_wakes()) {
            (true, false) if !self.refused => match self.kernel.wakes() {
                Ok(wakes) => recorder.hear_wakes(Some(wakes)),
                Err(_) => self.refused = true,
            },
            (false, true) => recorder.hear_wakes(None),
            _ => {}
        }
    }

    /// Has single switches told for a moment among sums, where somebody wants to see them.
    pub(super) fn glance(&mut self, plan: &Plan, now: Nanos) {
        let Some(Open::Every(heard)) = &self.open else {
            return;
        };
        let mut recorder = heard.lock();
        if !recorder.is_summed() {
            self.glimpses = Glimpses::default();
            return;
        }
        let cpus = recorder.cpus();
        let most = budget::most(plan.recording_budget, cpus.len());
        let span = self.budget.glimpse(most);
        match self.glimpses.next(now, plan.glimpse) {
            None => {}
            Some(true) => match self.kernel.rings(&cpus) {
                Ok(rings) => {
                    recorder.begin_glimpse(rings);
                    self.glimpses.begin(clock::now(), span);
                }
                Err(_) => self.glimpses.fail(now),
            },
            Some(false) => match self.kernel.names(&cpus) {
                Ok(rings) => {
                    recorder.end_glimpse(rings);
                    self.glimpses.end();
                    // It is told as soon as it is over.
                    self.due = now;
                }
                // It goes on as it is: that loses nothing.
                Err(_) => self.glimpses.begin(now, AGAIN),
            },
        }
    }
}
