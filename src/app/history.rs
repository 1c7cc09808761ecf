//! The past of processes, bounded: CPU of all that were busy lately, more of the one in focus.

use std::collections::{HashMap, VecDeque};

use crate::model::id::{Nanos, ProcId};
use crate::model::snapshot::Snapshot;

/// How many ticks of CPU are kept of each process.
pub const TICKS: usize = 32;

/// CPU % of one core at the last ticks, oldest first, in tenths of a percent.
#[derive(Clone, Debug)]
struct Ring {
    at: u64,
    values: [u16; TICKS],
}

/// CPU histories by process; one that was idle for [`TICKS`] ticks takes no memory.
#[derive(Clone, Debug, Default)]
pub struct History {
    tick: u64,
    /// The moment of that tick, by which it is known again.
    at: Nanos,
    /// The last ticks, oldest first.
    moments: VecDeque<Nanos>,
    /// How many ticks told of a time: the first one does not.
    measured: usize,
    cpu: HashMap<ProcId, Ring>,
}

impl History {
    /// Takes in one tick; the same tick again, with more that was read for it, changes nothing.
    pub fn push(&mut self, snapshot: &Snapshot) {
        if std::mem::replace(&mut self.at, snapshot.at) == snapshot.at && self.tick > 0 {
            return;
        }
        self.tick += 1;
        if self.moments.len() == TICKS {
            self.moments.pop_front();
        }
        self.moments.push_back(snapshot.at);
        self.measured += usize::from(snapshot.span.is_some());
        for proc in snapshot.procs.iter() {
            let Ok(cpu) = proc.cpu else { continue };
            if cpu >= 0.05 {
                let tick = self.tick;
                let ring = self.cpu.entry(proc.id).or_insert(Ring {
                    at: tick,
                    values: [0; TICKS],
                });
                for missed in ring.at + 1..tick.min(ring.at + 1 + TICKS as u64) {
                    ring.values[missed as usize % TICKS] = 0;
                }
                ring.at = tick;
                ring.values[tick as usize % TICKS] = (cpu * 10.0).min(65_535.0) as u16;
            }
        }
        let tick = self.tick;
        self.cpu.retain(|_, ring| ring.at + TICKS as u64 > tick);
    }

    /// When the last `n` ticks were, oldest first; `None` for those before the first.
    pub fn moments(&self, n: usize) -> Vec<Option<Nanos>> {
        let kept = self.moments.len();
        let tick = |back: usize| self.moments.get(kept.checked_sub(back)?).copied();
        (1..=n.min(TICKS)).rev().map(tick).collect()
    }

    /// How many of the last `n` ticks were measured: before pscope began nothing was.
    pub fn measured(&self, n: usize) -> usize {
        self.measured.min(n)
    }

    /// CPU % of one core at the last `n` ticks, oldest first; zeros where it was idle or not yet there.
    pub fn cpu(&self, id: ProcId, n: usize) -> impl Iterator<Item = f32> {
        let ring = self.cpu.get(&id);
        let last = self.tick;
        (0..n.min(TICKS))
            .rev()
            .map(move |back| {
                let tick = last.checked_sub(back as u64)?;
                let ring = ring.filter(|r| tick <= r.at && tick + TICKS as u64 > r.at)?;
                Some(f32::from(ring.values[tick as usize % TICKS]) / 10.0)
            })
            .map(Option::unwrap_or_default)
    }
}
