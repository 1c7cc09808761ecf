//! How the memory of the machine came to be as it is: the last ticks as trails behind the figures.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{HISTORY, ViewMemory};
use crate::app::minutes::Quantity;
use crate::app::world::World;
use crate::model::machine::memory::{MachineMemory, MemoryRates};
use crate::model::reading::Reading;
use crate::panels::charts;
use crate::theme::Role;

/// Where the past of a figure is known from.
#[derive(Clone, Copy)]
pub enum Of {
    /// Every tick tells it.
    Minutes(Quantity),
    /// It is read only while the view is shown; of a moment of the past, what was kept of that.
    Rate(fn(&MemoryRates) -> f64),
}

/// The past of one figure.
#[derive(Clone, Copy)]
pub struct Trail {
    pub of: Of,
    /// The least value that fills its height.
    pub top: f64,
    pub role: Role,
}

/// Memory in use.
pub const USED: Trail = Trail {
    of: Of::Minutes(Quantity::Used),
    top: 1.0,
    role: Role::MemUsed,
};

/// Cells below which a trail tells nothing.
const LEAST: u16 = 6;

impl Trail {
    /// Draws it against the highest value that is known of it, with some air above.
    pub fn draw(&self, view: &ViewMemory, world: &World, area: Rect, buf: &mut Buffer) {
        if area.width < LEAST {
            return;
        }
        let now = world.snapshot.at;
        let values: Vec<_> = match self.of {
            Of::Minutes(of) => {
                let seconds = world.minutes.until(now);
                let all: Vec<_> = seconds.map(|second| (second.at, second.get(of))).collect();
                all[all.len().saturating_sub(HISTORY)..].to_vec()
            }
            Of::Rate(of) if world.looks_back() => {
                let read = world.readings.part(|detail| &detail.machine.memory);
                let read: Vec<_> = read.filter_map(|slot| slot.value.as_ref().ok()).collect();
                let rates = |pair: &[&Arc<MachineMemory>]| (pair[1].at, pair[1].rates(pair[0]));
                let all = read.windows(2).map(rates);
                all.map(|(at, rates)| (at, rates.ok().map(|rates| of(&rates))))
                    .collect()
            }
            Of::Rate(of) => {
                let ticks = view.history.iter();
                let value = |rates: &Reading<MemoryRates>| rates.as_ref().ok().map(of);
                ticks.map(|(at, rates)| (*at, value(rates))).collect()
            }
        };
        let known = values.iter().filter_map(|(_, value)| *value);
        let top = (known.fold(0.0, f64::max) * 1.15).max(self.top);
        charts::bars(world, &values, top, self.role, area, buf);
    }
}
