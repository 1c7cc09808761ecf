//! How the memory of the machine came to be as it is: the last ticks as trails behind the figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ViewMemory;
use crate::app::world::World;
use crate::model::id::Bytes;
use crate::model::machine::memory::MemoryRates;
use crate::model::reading::Reading;
use crate::theme::Role;
use crate::widgets::chart::{Chart, squeeze};

/// One tick.
#[derive(Clone, Copy)]
pub struct Past {
    pub used: Bytes,
    pub swapped: Bytes,
    /// Share of the last 10 s in which some task waited for memory, percent.
    pub pressure: Reading<f32>,
    /// Read only while the view is shown.
    pub rates: Reading<MemoryRates>,
}

/// The past of one figure.
#[derive(Clone, Copy)]
pub struct Trail {
    pub of: fn(&Past) -> Reading<f64>,
    /// The least value that fills its height.
    pub top: f64,
    pub role: Role,
}

/// Memory in use.
pub const USED: Trail = Trail {
    of: |p| Ok(p.used.0 as f64),
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
        let values: Vec<Option<f64>> = view.history.iter().map(|p| (self.of)(p).ok()).collect();
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
