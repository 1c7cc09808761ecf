//! How the memory of the machine came to be as it is: the last ticks as trails behind the figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{HISTORY, ViewMemory};
use crate::app::minutes::Quantity;
use crate::app::world::World;
use crate::model::machine::memory::MemoryRates;
use crate::theme::Role;
use crate::widgets::chart::{Chart, squeeze};

/// Where the past of a figure is known from.
#[derive(Clone, Copy)]
pub enum Of {
    /// Every tick tells it.
    Minutes(Quantity),
    /// It is read only while the view is shown; of a moment of the past it is not known how it came to be.
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
        let values: Vec<Option<f64>> = match self.of {
            Of::Minutes(of) => {
                let seconds = world.minutes.until(world.snapshot.at);
                let all: Vec<_> = seconds.map(|second| second.get(of)).collect();
                all[all.len().saturating_sub(HISTORY)..].to_vec()
            }
            Of::Rate(_) if world.looks_back() => Vec::new(),
            Of::Rate(of) => view
                .history
                .iter()
                .map(|rates| rates.as_ref().ok().map(of))
                .collect(),
        };
        let most = values.iter().flatten().copied().fold(0.0, f64::max);
        let chart = Chart {
            top: (most * 1.15).max(self.top),
            style: world.theme.style(self.role),
            idle: world.theme.style(Role::Faint),
            ascii: world.theme.glyphs.ascii,
        };
        let columns = squeeze(&values, usize::from(area.width));
        chart.draw(columns.into_iter(), area, buf);
    }
}
