//! How the memory of the machine came to be as it is: the last ticks as a chart, and as trails behind the figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::ViewMemory;
use crate::app::world::World;
use crate::model::format::{bytes, duration};
use crate::model::id::{Bytes, Nanos};
use crate::model::machine::memory::MemoryRates;
use crate::model::reading::Reading;
use crate::theme::Role;
use crate::widgets::chart::{Chart, squeeze};
use crate::widgets::line;

/// One tick.
#[derive(Clone, Copy)]
pub struct Past {
    pub at: Nanos,
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

/// Draws memory in use over the last ticks, its least and most above it.
pub fn draw(view: &ViewMemory, world: &World, area: Rect, buf: &mut Buffer) {
    let (Some(first), Some(last)) = (view.history.front(), view.history.back()) else {
        return;
    };
    let used = view.history.iter().map(|p| p.used.0);
    let (least, most) = (used.clone().min(), used.max());
    let size = |n: Option<u64>| (bytes(Bytes(n.unwrap_or(0))), Role::Text);
    let span = duration(last.at.since(first.at));
    let title = [
        ("Used".to_owned(), Role::Title),
        (format!("  in the last {span}: least "), Role::Dim),
        size(least),
        (", most ".to_owned(), Role::Dim),
        size(most),
    ];
    let head = Rect { height: 1, ..area };
    line::draw(&world.theme, head, &title, Modifier::empty(), buf);
    let chart = Rect {
        y: area.y + 1,
        width: area.width.saturating_sub(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    USED.draw(view, world, chart, buf);
}
