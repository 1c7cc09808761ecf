//! How the kernel schedules one process: what it may have, and what it got.

use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// Scheduling of a process at one moment.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The policy of its first thread (`SCHED_*`).
    pub policy: u32,
    /// The nice value of its first thread.
    pub nice: i32,
    /// The real-time priority of its first thread; 0 for none.
    pub rt_priority: u32,
    /// The cores it may run on, such as `0-3,8`.
    pub cores: Reading<SafeText>,
    /// The slice that the scheduler wants to give its first thread (`se.slice`).
    pub slice: Reading<Nanos>,
    /// The virtual run time of its first thread in milliseconds (`se.vruntime`).
    pub vruntime_ms: Reading<f64>,
    /// How far its first thread is behind its fair share, in virtual milliseconds (`se.vlag`).
    pub lag_ms: Reading<f64>,
    /// The weight of its first thread beside others on a core: 1024 at nice 0 (`se.load.weight`).
    pub weight: Reading<f64>,
    /// How much of one core its first thread used lately, percent (`se.avg.util_avg`).
    pub utilisation: Reading<f64>,
    /// Whether its first thread sleeps: then the kernel does not renew the utilisation, which is that of when it last ran.
    pub asleep: bool,
    /// The counters of all its threads together.
    pub counters: Counters,
    /// What the counters did in a second.
    pub rates: Reading<Rates>,
    /// How its control group is held back.
    pub throttling: Reading<Throttling>,
}

/// Sums over threads that live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Threads that were read.
    pub threads: u32,
    /// Time on a core.
    pub run: Nanos,
    /// Time waiting for a core.
    pub wait: Nanos,
    /// Slices.
    pub slices: u64,
    /// Slices that ended because the thread blocked or slept.
    pub voluntary: u64,
    /// Slices that ended because the kernel took the core.
    pub involuntary: u64,
    /// Moves to another core, of its first thread (`se.nr_migrations`).
    pub migrations: Option<u64>,
}

/// Counters a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Nanoseconds on cores.
    pub run: f64,
    /// Nanoseconds waiting for a core.
    pub wait: f64,
    /// Slices.
    pub slices: f64,
    /// Voluntary switches.
    pub voluntary: f64,
    /// Involuntary switches.
    pub involuntary: f64,
    /// Moves of its first thread.
    pub migrations: Option<f64>,
}

impl Rates {
    /// From two readings.
    ///
    /// # Errors
    /// `Soon` where no time passed between them.
    pub fn between(before: &Counters, now: &Counters, span: Nanos) -> Reading<Self> {
        if span.0 == 0 {
            return Err(Missing::Soon);
        }
        let a_second = |was: u64, is: u64| is.saturating_sub(was) as f64 / span.seconds();
        Ok(Self {
            run: a_second(before.run.0, now.run.0),
            wait: a_second(before.wait.0, now.wait.0),
            slices: a_second(before.slices, now.slices),
            voluntary: a_second(before.voluntary, now.voluntary),
            involuntary: a_second(before.involuntary, now.involuntary),
            migrations: before
                .migrations
                .zip(now.migrations)
                .map(|(was, is)| a_second(was, is)),
        })
    }
}

/// How a control group was held back by its quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Throttling {
    /// The group.
    pub group: SafeText,
    /// Periods in which it could run.
    pub periods: u64,
    /// Of those, how many ended with its quota used up.
    pub throttled: u64,
    /// How long its threads were held back.
    pub time: Nanos,
}

/// The policy as one word.
pub fn policy_word(policy: u32) -> &'static str {
    match policy {
        0 => "normal",
        1 => "fifo",
        2 => "rr",
        3 => "batch",
        5 => "idle",
        6 => "deadline",
        7 => "ext",
        _ => "?",
    }
}

/// The policy in words.
pub fn policy_words(policy: u32) -> &'static str {
    match policy {
        0 => "normal",
        1 => "real-time, first in first out",
        2 => "real-time, round robin",
        3 => "batch",
        5 => "idle",
        6 => "deadline",
        7 => "BPF scheduler",
        _ => "unknown policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_have_the_words_of_the_kernel() {
        let words: Vec<_> = (0..9).map(policy_word).collect();
        let known = [
            "normal", "fifo", "rr", "batch", "?", "idle", "deadline", "ext", "?",
        ];
        assert_eq!(words, known);
    }
}
