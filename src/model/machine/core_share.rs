//! How a core spent a span of time, from two readings of its counters.

use crate::model::sample::CoreSample;

/// Shares of one core's time, percent; they add up to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CoreShare {
    /// User land.
    pub user: f32,
    /// The kernel.
    pub system: f32,
    /// Interrupts.
    pub irq: f32,
    /// What interrupts leave for later: softirqs, such as the work of the network.
    pub softirq: f32,
    /// Taken by the hypervisor.
    pub steal: f32,
    /// Idle, waiting for I/O included.
    pub idle: f32,
    /// Of `idle`: while a task waited for I/O.
    pub iowait: f32,
}

impl CoreShare {
    /// All but idle.
    pub fn busy(&self) -> f32 {
        self.user + self.system + self.interrupts() + self.steal
    }

    /// Interrupts, hard and soft.
    pub fn interrupts(&self) -> f32 {
        self.irq + self.softirq
    }

    /// What a core did between two readings; `None` where no tick passed.
    pub fn between(before: &CoreSample, now: &CoreSample) -> Option<Self> {
        let d = |f: fn(&CoreSample) -> u64| f(now).saturating_sub(f(before)) as f32;
        let ticks = Self {
            user: d(|c| c.user.0),
            system: d(|c| c.system.0),
            irq: d(|c| c.irq.0),
            softirq: d(|c| c.softirq.0),
            steal: d(|c| c.steal.0),
            idle: d(|c| c.idle.0),
            iowait: d(|c| c.iowait.0),
        };
        let all = ticks.busy() + ticks.idle;
        (all > 0.0).then(|| ticks.scaled(100.0 / all))
    }

    /// Adds `part` of other shares.
    pub fn add(&mut self, more: &Self, part: f32) {
        self.user += more.user * part;
        self.system += more.system * part;
        self.irq += more.irq * part;
        self.softirq += more.softirq * part;
        self.steal += more.steal * part;
        self.idle += more.idle * part;
        self.iowait += more.iowait * part;
    }

    /// All shares times `by`.
    #[must_use]
    pub fn scaled(&self, by: f32) -> Self {
        let mut sum = Self::default();
        sum.add(self, by);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_added_one_by_one() {
        let of = |k: f32| CoreShare {
            user: k,
            system: 2.0 * k,
            irq: 3.0 * k,
            softirq: 4.0 * k,
            steal: 5.0 * k,
            idle: 6.0 * k,
            iowait: 7.0 * k,
        };
        let mut sum = of(1.0);
        sum.add(&of(4.0), 0.5);
        assert_eq!(sum, of(3.0));
        assert_eq!(of(2.0).scaled(0.25), of(0.5));
    }
}
