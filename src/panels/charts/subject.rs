//! What charts are about: which quantities, what fills the height, in which words.

use super::{Columns, Parts};
use crate::app::minutes::{Quantity as Q, Second};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::reading::Missing;
use crate::model::text::width;
use crate::theme::Role;
use crate::widgets::braille::{Dots, Grows};

/// One value of a chart: what it is, its name in the legend, its colour.
type Band = (Q, &'static str, Role);

/// How the bands of a chart stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// On top of each other: parts of one thing.
    Stacked,
    /// A line each.
    Lines,
    /// The first upwards, the second downwards, from one line in the middle.
    Mirrored,
}

/// What fills the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Top {
    /// All of it: a hundred percent.
    Hundred,
    /// All memory.
    Memory,
    /// The most there was, rounded up.
    Most,
}

/// What a chart is about.
#[derive(Debug)]
pub(in crate::panels) struct Subject {
    pub(super) title: &'static str,
    pub(super) bands: &'static [Band],
    pub(super) form: Form,
    pub(super) top: Top,
    pub(super) told: fn(f64) -> String,
    /// The same in the cells of the scale.
    pub(super) mark: fn(f64) -> String,
}

fn percent(value: f64) -> String {
    format!("{value:.0}%")
}

fn memory(value: f64) -> String {
    format::bytes(Bytes(value as u64))
}

/// A round number of bytes a second: `20M/s`.
fn pace(value: f64) -> String {
    let mut value = value;
    let mut units = ["B", "K", "M", "G", "T"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while value >= 1024.0 {
        let Some(next) = units.next() else { break };
        (value, unit) = (value / 1024.0, next);
    }
    format!("{value:.0}{unit}/s")
}

/// How busy the cores were, and with what.
pub(in crate::panels) static CPU: Subject = Subject {
    title: "CPU",
    bands: &[
        (Q::User, "user", Role::CpuUser),
        (Q::System, "system", Role::CpuSystem),
        (Q::Interrupts, "irq", Role::CpuIrq),
        (Q::Steal, "steal", Role::CpuSteal),
        (Q::Iowait, "iowait", Role::CpuIowait),
    ],
    form: Form::Stacked,
    top: Top::Hundred,
    told: percent,
    mark: percent,
};

/// Memory in use and as cache, of all.
pub(in crate::panels) static MEMORY: Subject = Subject {
    title: "Memory",
    bands: &[
        (Q::Used, "used", Role::MemUsed),
        (Q::Cached, "cache", Role::MemCache),
    ],
    form: Form::Stacked,
    top: Top::Memory,
    told: memory,
    mark: memory,
};

/// For how much of the time somebody waited, and for what.
pub(in crate::panels) static PRESSURE: Subject = Subject {
    title: "Pressure",
    bands: &[
        (Q::CpuPressure, "cpu", Role::CpuUser),
        (Q::IoPressure, "io", Role::FlowIn),
        (Q::MemoryPressure, "memory", Role::Wait),
    ],
    form: Form::Lines,
    top: Top::Hundred,
    told: percent,
    mark: percent,
};

/// Context switches.
pub(in crate::panels) static SWITCHES: Subject = Subject {
    title: "Switches/s",
    bands: &[(Q::Switches, "", Role::CpuSystem)],
    form: Form::Stacked,
    top: Top::Most,
    told: format::per_second,
    mark: format::per_second,
};

/// What disks read and wrote.
pub(in crate::panels) static DISKS: Subject = Subject {
    title: "Disks",
    bands: &[
        (Q::Read, "read", Role::FlowIn),
        (Q::Written, "written", Role::FlowOut),
    ],
    form: Form::Mirrored,
    top: Top::Most,
    told: format::rate,
    mark: pace,
};

/// What came and went over the network.
pub(in crate::panels) static NETWORK: Subject = Subject {
    title: "Network",
    bands: &[
        (Q::Received, "received", Role::FlowIn),
        (Q::Sent, "sent", Role::FlowOut),
    ],
    form: Form::Mirrored,
    top: Top::Most,
    told: format::rate,
    mark: pace,
};

impl Subject {
    /// The values of its bands, and one more for what is not told apart; `None` where nothing is known.
    pub(super) fn values(&self, second: &Second) -> Option<Vec<f64>> {
        let mut known = false;
        let mut values = Vec::with_capacity(self.bands.len() + 1);
        for (of, ..) in self.bands {
            let value = second.get(*of);
            known |= value.is_some();
            values.push(value.unwrap_or(0.0));
        }
        if known {
            values.push(0.0);
        } else if self.bands[0].0 == Q::User {
            values.push(second.get(Q::Busy)?);
            known = true;
        }
        known.then_some(values)
    }

    /// What a column must have room for.
    pub(super) fn height(&self, values: &[f64]) -> f64 {
        match self.form {
            Form::Stacked => values.iter().sum(),
            Form::Lines | Form::Mirrored => values.iter().copied().fold(0.0, f64::max),
        }
    }

    /// Where there are several lines, the one that is highest of all, with its name: whose least and most are told.
    pub(super) fn highest(&self, all: &[Vec<f64>]) -> Option<(usize, &'static str)> {
        let most = |band: usize| all.iter().map(|values| values[band]).fold(0.0, f64::max);
        let bands = (0..self.bands.len()).filter(|_| self.form == Form::Lines);
        // Of equals the first.
        let band = bands.rev().max_by(|a, b| most(*a).total_cmp(&most(*b)))?;
        Some((band, self.bands[band].1))
    }

    /// What is meant by least and most: of cores those that are busy, of memory what is used.
    pub(super) fn told_of(&self, values: &[f64]) -> f64 {
        match self.top {
            Top::Memory => values[0],
            Top::Hundred if self.form == Form::Stacked => {
                let waiting = values.get(4).copied().unwrap_or(0.0);
                values.iter().sum::<f64>() - waiting
            }
            _ => self.height(values),
        }
    }

    pub(super) fn fill(&self, dots: &mut Dots, columns: &Columns, top: f64) {
        let mut before: Option<&Vec<f64>> = None;
        for (column, values) in columns.iter() {
            let Some(values) = values else {
                before = None;
                continue;
            };
            match self.form {
                Form::Stacked => dots.stack(column, values, top, Grows::Up),
                Form::Lines => {
                    for (band, value) in values.iter().enumerate().take(self.bands.len()).rev() {
                        let before = before.map(|values| values[band]);
                        dots.line(column, before, *value, top, band);
                    }
                }
                Form::Mirrored => dots.mirror(column, [values[0], values[1]], top),
            }
            before = Some(values);
        }
    }

    /// `CPU  – the kernel does not show it to this user`: nothing is known lately, and why.
    pub(super) fn untold(&self, world: &World, cells: usize) -> Parts {
        let newest = world.minutes.until(world.snapshot.at).next_back();
        let missing = newest.map_or(Missing::Soon, |second| second.why(self.bands[0].0));
        let past = world.time.recorded || world.paused.is_some();
        let why = match missing {
            Missing::Unrecorded => "not read then".to_owned(),
            Missing::Soon | Missing::Gap if past => "not read then".to_owned(),
            Missing::Soon | Missing::Gap => "not known yet".to_owned(),
            why if width(self.title) + 4 + width(&why.to_string()) <= cells => format!("– {why}"),
            why => format!("– {}", why.word()),
        };
        vec![
            (self.title.to_owned(), Role::Title),
            (format!("  {why}"), Role::Dim),
        ]
    }

    /// `CPU 31%  ■ user 22% ■ system 6%`.
    pub(super) fn title(&self, second: &Second) -> Parts {
        let mut parts = vec![(self.title.to_owned(), Role::Title)];
        let Some(values) = self.values(second) else {
            return parts;
        };
        let sum = match self.form {
            Form::Stacked => Some(self.told_of(&values)),
            Form::Lines | Form::Mirrored => None,
        };
        if let Some(sum) = sum {
            parts.push((format!(" {}", (self.told)(sum)), Role::Strong));
        }
        let bands = self.bands.iter().zip(&values).enumerate();
        for (i, ((of, name, role), value)) in bands {
            // What is hardly ever there is told only where it is.
            let seldom = self.top == Top::Hundred && self.form == Form::Stacked && i > 1;
            if name.is_empty() || seldom && *value < 0.5 {
                continue;
            }
            let told = second.get(*of).map_or("–".to_owned(), self.told);
            parts.push(("  ".to_owned(), Role::Dim));
            parts.push(("■ ".to_owned(), *role));
            parts.push((format!("{name} "), Role::Dim));
            parts.push((told, Role::Text));
        }
        parts
    }
}
