//! Between which numbers a column lies on this machine: who waits for what lies beyond waits for ever.

use super::{Column, Shows, Unit};
use crate::model::plan::Needs;
use crate::model::snapshot::Snapshot;

/// What the number of one process is never less or more than, in the unit's base, and what says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Never less.
    pub least: f64,
    /// Never more; infinite where nothing is known to bound it.
    pub most: f64,
    /// Of what the upper one is all there is, in words; empty where the number says enough.
    pub of: String,
}

impl Bounds {
    const NONE: Self = Self {
        least: f64::NEG_INFINITY,
        most: f64::INFINITY,
        of: String::new(),
    };

    fn between(least: f64, most: f64) -> Self {
        Self {
            least,
            most,
            ..Self::NONE
        }
    }
}

/// Hottest and most modest, and what the kernel's files hold at most.
const NICES: [f64; 2] = [-20.0, 19.0];
const PRIORITIES: [f64; 2] = [-101.0, 39.0];
const OOM_SCORE: f64 = 2000.0;

impl Column {
    /// Between which numbers it lies on this machine.
    pub fn bounds(&self, snapshot: &Snapshot) -> Bounds {
        let Some(unit) = self.unit() else {
            return Bounds::NONE;
        };
        match self.name {
            "ni" => Bounds::between(NICES[0], NICES[1]),
            "pri" => Bounds::between(PRIORITIES[0], PRIORITIES[1]),
            "oom" => Bounds::between(0.0, OOM_SCORE),
            "pid" | "ppid" | "pgrp" | "sid" | "thr" => numbers(snapshot),
            "core" => cores(snapshot),
            "mem" | "pss" | "priv" => memory(snapshot, false),
            "swap" => memory(snapshot, true),
            "mem%" | "wait" => Bounds::between(0.0, 100.0),
            _ if self.needs.contains(Needs::GPU) => cards(snapshot, unit),
            _ => match (unit, self.shows) {
                (Unit::Percent, _) | (_, Shows::History) => shares(snapshot),
                (Unit::Signed, _) => Bounds::NONE,
                _ => Bounds::between(0.0, f64::INFINITY),
            },
        }
    }
}

/// What all cores together give.
fn shares(snapshot: &Snapshot) -> Bounds {
    let (most, of) = match snapshot.system.cores.len() {
        0 => (f64::INFINITY, String::new()),
        1 => (100.0, "that 1 core gives".to_owned()),
        n => (n as f64 * 100.0, format!("that {n} cores give")),
    };
    Bounds {
        least: 0.0,
        most,
        of,
    }
}

/// The machine's memory, or its swap.
fn memory(snapshot: &Snapshot, swap: bool) -> Bounds {
    let total = snapshot.system.memory.as_ref();
    let total = total.map(|m| if swap { m.swap_total } else { m.total });
    let word = if swap { "swap" } else { "memory" };
    Bounds {
        least: 0.0,
        most: total.map_or(f64::INFINITY, |total| total.0 as f64),
        of: format!("the {word} that the machine has"),
    }
}

/// Ids of cores as far as any is on.
fn cores(snapshot: &Snapshot) -> Bounds {
    let last = snapshot.system.cores.last();
    Bounds::between(0.0, last.map_or(f64::INFINITY, |core| f64::from(core.id.0)))
}

/// Numbers of processes and threads, as far as the machine gives them.
fn numbers(snapshot: &Snapshot) -> Bounds {
    match snapshot.machine.pid_max {
        0 => Bounds::between(0.0, f64::INFINITY),
        most => Bounds::between(0.0, f64::from(most)),
    }
}

/// What all cards together give.
fn cards(snapshot: &Snapshot, unit: Unit) -> Bounds {
    let cards = snapshot.shares.gpus.as_ref().map_or(&[][..], |g| &g.cards);
    let most = if unit == Unit::Bytes {
        let totals = cards.iter().map(|card| card.total.map(|b| b.0));
        let total = totals.sum::<Result<u64, _>>();
        total.ok().filter(|total| *total > 0).map(|b| b as f64)
    } else {
        Some(cards.len() as f64 * 100.0).filter(|most| *most > 0.0)
    };
    Bounds {
        least: 0.0,
        most: most.unwrap_or(f64::INFINITY),
        of: "that the cards give".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn columns_end_where_the_machine_does() {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        let now = scene.pass(1000, &[]);
        let of = |name: &str| {
            let bounds = Column::find(name).expect(name).bounds(&now);
            (bounds.least, bounds.most)
        };
        assert_eq!(of("cpu"), (0.0, 200.0));
        assert_eq!(of("history"), (0.0, 200.0));
        assert_eq!(of("mem"), (0.0, (24_u64 << 30) as f64));
        assert_eq!(of("swap"), (0.0, 0.0));
        assert_eq!(of("core"), (0.0, 1.0));
        assert_eq!(of("ni"), (-20.0, 19.0));
        assert_eq!(of("thr"), (0.0, 4_194_304.0));
        assert_eq!(of("gpu"), (0.0, f64::INFINITY), "no card was read yet");
        assert_eq!(of("growth"), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(of("read"), (0.0, f64::INFINITY));
    }

    /// What can be read stays within its bounds, so that nothing is called impossible that is seen.
    #[test]
    fn nobody_is_beyond_his_bounds() {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        scene.task(4, 1, "burn");
        let now = scene.pass(1000, &[(4, 100)]);
        for column in super::super::ALL {
            let bounds = column.bounds(&now);
            for proc in now.procs.iter() {
                if let Some(Ok(value)) = column.number(&now, proc) {
                    let inside = (bounds.least..=bounds.most).contains(&value);
                    assert!(inside, "{} {value} {bounds:?}", column.name);
                }
            }
        }
    }
}
