//! Which moment of which chart, or of which lane, is under the mouse. A chart tells where it stands while it is drawn, with the moment of each of
//! its cells; so none can be seen and not be clicked.

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::App;
use super::key::{Mouse, Press};
use super::route::has_keyboard;
use crate::model::id::Nanos;

/// Where a chart stands, and the moment of each of its columns of cells from the left; none where nothing is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timed {
    area: Rect,
    moments: Vec<Option<Nanos>>,
    /// It tells of more than a moment: the pane hears the click as well.
    heard: bool,
}

impl Timed {
    /// The moment of a column of the screen; beside the chart that of its nearest one.
    pub fn at(&self, column: u16) -> Option<Nanos> {
        let cell = usize::from(column.saturating_sub(self.area.x));
        let last = self.moments.len().checked_sub(1)?;
        self.moments[cell.min(last)]
    }
}

/// Listens, while a pane is drawn for it, for the chart that stands at a cell.
#[derive(Debug, Default)]
pub struct Probe(RefCell<Option<(Position, Option<Timed>)>>);

impl Probe {
    /// A chart is drawn into this area; the moments are asked for only where somebody listens.
    pub fn chart(&self, area: Rect, moments: impl FnOnce() -> Vec<Option<Nanos>>) {
        self.hear(area, moments, false);
    }

    /// The same of what tells of more than a moment, as a lane tells of who had the core: its pane hears the click first.
    pub fn with_pane(&self, area: Rect, moments: impl FnOnce() -> Vec<Option<Nanos>>) {
        self.hear(area, moments, true);
    }

    fn hear(&self, area: Rect, moments: impl FnOnce() -> Vec<Option<Nanos>>, heard: bool) {
        if let Some((at, found)) = &mut *self.0.borrow_mut()
            && area.contains(*at)
        {
            *found = Some(Timed {
                area,
                moments: moments(),
                heard,
            });
        }
    }

    /// The chart that stands at a cell, when this draws it.
    pub fn look(&self, at: Position, draw: impl FnOnce()) -> Option<Timed> {
        *self.0.borrow_mut() = Some((at, None));
        draw();
        self.0.borrow_mut().take().and_then(|(_, found)| found)
    }
}

impl App {
    /// A click on a chart goes to the moment of that cell, and a drag along it; says whether it was one.
    pub(super) fn on_chart(&mut self, mouse: Mouse) -> bool {
        match mouse.press {
            Press::Left => {
                self.grabbed = self.chart_at(Position::new(mouse.column, mouse.row));
            }
            Press::Drag => {}
            _ => self.grabbed = None,
        }
        let Some(chart) = &self.grabbed else {
            return false;
        };
        let (at, heard) = (chart.at(mouse.column), chart.heard);
        self.world.notice = None;
        if heard && mouse.press == Press::Left {
            self.on_pane(mouse);
        }
        if let Some(at) = at {
            self.world.time.pointed = Some(at);
            self.go_at(at);
        }
        true
    }

    /// Lets the pane that stands there answer the mouse.
    pub(super) fn on_pane(&mut self, mouse: Mouse) {
        let at = Position::new(mouse.column, mouse.row);
        if let Some(hit) = self.placed.iter().find(|p| p.area.contains(at)).copied() {
            let reply = self.panels[hit.panel].mouse(&self.world, mouse);
            self.obey(reply);
        }
    }

    /// The chart at this cell: of the topmost overlay, else of the pane that stands there, which gets the keyboard.
    fn chart_at(&mut self, at: Position) -> Option<Timed> {
        let mut scratch = Buffer::empty(self.screen);
        let world = &self.world;
        if let Some(overlay) = self.overlays.last() {
            let overlay = self.overlay(overlay);
            return (world.probe).look(at, || overlay.render(world, self.screen, &mut scratch));
        }
        let hit = self.placed.iter().find(|p| p.area.contains(at))?;
        let panel = &self.panels[hit.panel];
        let found = (world.probe).look(at, || panel.render(world, hit.area, &mut scratch))?;
        let spec = panel.spec();
        if has_keyboard(spec.place) {
            self.world.active = spec.name;
        }
        Some(found)
    }
}
