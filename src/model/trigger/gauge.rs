//! Words for the machine: `oom`, `verdict`, `pressure:io>20`, `switches>500k`, `forks>200`, `load>8`, `used>90`.

use crate::model::format;
use crate::model::machine::verdict::{Bottleneck, Verdict, blind};
use crate::model::process::filter::Compare;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Snapshot;

/// A number of the machine, or what holds it back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gauge {
    /// The kernel killed because memory ran out.
    Oom,
    /// Something holds it back, or this does.
    Verdict(Option<Bottleneck>),
    /// A number against a value.
    Number(Number, Compare, f64),
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// Share of the last 10 s in which some task waited: for the cores, memory, I/O.
    Pressure(usize),
    /// Context switches a second.
    Switches,
    /// Forks a second.
    Forks,
    /// Load over a minute.
    Load,
    /// Share of memory in use.
    Used,
}

/// The three pressures in the order of [`System::pressure`](crate::model::snapshot::System::pressure).
pub(super) const PRESSURES: [&str; 3] = ["cpu", "memory", "io"];

impl Number {
    fn of(self, now: &Snapshot) -> Reading<f64> {
        let system = &now.system;
        match self {
            Self::Pressure(which) => system.pressure[which].map(|p| f64::from(p.some_10)),
            Self::Switches => system.switches,
            Self::Forks => system.forks,
            Self::Load => system.load.map(|[one, ..]| f64::from(one)),
            Self::Used => {
                let memory = system.memory?;
                Ok(memory.used().0 as f64 * 100.0 / memory.total.0.max(1) as f64)
            }
        }
    }

    fn words(self) -> String {
        match self {
            Self::Pressure(which) => format!("pressure on {}", PRESSURES[which]),
            Self::Switches => "switches a second".to_owned(),
            Self::Forks => "forks a second".to_owned(),
            Self::Load => "load".to_owned(),
            Self::Used => "memory used".to_owned(),
        }
    }

    fn text(self, value: f64) -> String {
        match self {
            Self::Pressure(_) | Self::Used => format!("{}%", format::percent(value as f32)),
            Self::Switches | Self::Forks => format::per_second(value),
            Self::Load => format!("{value:.2}"),
        }
    }
}

impl Gauge {
    /// Whether it is so now; what is not known is not so.
    pub(super) fn holds(self, now: &Snapshot, verdict: Option<&Verdict>) -> bool {
        match self {
            Self::Oom => now.system.oom_kills.is_ok_and(|kills| kills > 0),
            Self::Verdict(of) => {
                verdict.is_some_and(|verdict| of.is_none_or(|of| of == verdict.of))
            }
            Self::Number(number, compare, want) => {
                number.of(now).is_ok_and(|have| compare.holds(have, want))
            }
        }
    }

    /// What it is now: `pressure on memory 41%`.
    pub(super) fn told(self, now: &Snapshot, verdict: Option<&Verdict>) -> String {
        match self {
            Self::Oom => {
                let kills = now.system.oom_kills.unwrap_or(0);
                format!("memory ran out, {kills} killed")
            }
            Self::Verdict(_) => verdict.map_or_else(String::new, Verdict::sentence),
            Self::Number(number, ..) => {
                let have = number.of(now).unwrap_or(0.0);
                format!("{} {}", number.words(), number.text(have))
            }
        }
    }

    /// Why no machine is ever so.
    pub(super) fn never(self) -> Option<String> {
        let Self::Number(number, compare, want) = self else {
            return None;
        };
        let most = match number {
            Number::Pressure(_) | Number::Used => 100.0,
            Number::Switches | Number::Forks | Number::Load => f64::INFINITY,
        };
        if compare.can_hold([0.0, most], want, false) {
            return None;
        }
        let end = if compare.can_hold([0.0, f64::INFINITY], want, false) {
            format!("{most:.0}% is the most")
        } else {
            "0 is the least".to_owned()
        };
        let what = number.words();
        Some(format!("{what} never comes so far: {end}"))
    }

    /// Why it cannot be seen here.
    pub(super) fn unseen(self, now: &Snapshot) -> Option<String> {
        let (what, missing) = match self {
            Self::Oom => (
                "whether memory ran out".to_owned(),
                now.system.oom_kills.err(),
            ),
            Self::Verdict(of) => {
                let mut blind = blind::blind(&now.system);
                blind.retain(|(what, _)| of.is_none_or(|of| of == *what));
                let words = blind::words(&blind)?;
                return Some(format!("the verdict does not see: {words}"));
            }
            Self::Number(number, ..) => (number.words(), number.of(now).err()),
        };
        let why = missing.filter(|why| !why.is_unread() && *why != Missing::Late)?;
        Some(format!("{what} is not told here: {why}"))
    }
}
