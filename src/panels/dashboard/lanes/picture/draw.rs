//! Draws a prepared picture: labels, lanes, the numbers to their right, the axis or what the cursor reads.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::numbers;
use super::ready;
use super::scope::ago;
use super::{Picture, Row};
use crate::app::world::World;
use crate::model::id::Nanos;
use crate::model::scheduling::timeline::Fill;
use crate::model::text::{cut, width};
use crate::theme::{Role, Theme};
use crate::widgets::{lane, line, put};

impl Picture {
    /// Draws it; call `fit` first.
    pub fn draw(&self, world: &World, buf: &mut Buffer) {
        let parts = self.parts;
        let theme = &world.theme;
        let focus = world.focus.filter(|_| self.focused);
        let look = lane::Look::new(theme, focus);
        for (place, row) in self.rows.iter().enumerate() {
            let (left, y) = parts.seat(place);
            let tall = parts.tall(place);
            let area = Rect::new(left, y, parts.cells, tall);
            label(theme, row, Rect::new(left.saturating_sub(6), y, 6, 1), buf);
            let body = self.body(place);
            if tall > body {
                let below = Rect::new(left, y + body, parts.cells, 1);
                lane::taken(theme, below.intersection(parts.area), &row.spent, buf);
            }
            let look = look.marked(row.marked);
            lane::draw(look, area.intersection(parts.area), &row.cells, buf);
            (world.probe).with_pane(area.intersection(parts.area), || self.moments(row));
            let cells = Rect::new(left, y, parts.cells, body);
            ready::draw(theme, cells.intersection(parts.area), &row.ready, buf);
            let x = (left + parts.cells).min(parts.area.right());
            let end = (left + parts.seats.width - 6.min(parts.seats.width)).max(x);
            let right = Rect::new(x, y, end - x, tall);
            numbers::draw(world, row, right.intersection(parts.area), buf);
        }
        if let Some(why) = self.unknown(world) {
            let y = parts.area.y + parts.each / 2;
            let room = usize::from(parts.cells);
            let text = format!("– not known: {why}");
            let text = cut(&text, room);
            put::text(buf, parts.left, y, &text, room, theme.style(Role::Dim));
        }
        self.point(theme, buf);
        self.mark_cursor(theme, buf);
        let y = parts.below(self.rows.len());
        if parts.axis && y < parts.area.bottom() {
            self.below(world, y, buf);
        }
    }

    /// Until when each cell of a lane tells.
    fn moments(&self, row: &Row) -> Vec<Option<Nanos>> {
        let from = self.window.map_or(0, |window| window.from.0);
        let end = |place: usize| Nanos(from + self.bucket.0 * (place as u64 + 1));
        let cells = row.cells.iter().enumerate();
        cells
            .map(|(place, cell)| (cell.fill != Fill::Unknown).then(|| end(place)))
            .collect()
    }

    fn mark_cursor(&self, theme: &Theme, buf: &mut Buffer) {
        let Some((lane, cell)) = self.cursor else {
            return;
        };
        for i in 0..self.rows.len() {
            let (left, y) = self.parts.seat(i);
            let x = left + cell;
            for y in y..(y + self.body(i)).min(self.parts.area.bottom()) {
                let Some(at) = buf.cell_mut((x, y)) else {
                    continue;
                };
                if i + self.top == lane {
                    at.set_style(theme.style(Role::Accent).add_modifier(Modifier::REVERSED));
                } else if matches!(at.symbol(), "·" | "." | " ") {
                    let line = if theme.glyphs.ascii { ":" } else { "┊" };
                    at.set_symbol(line).set_style(theme.style(Role::Accent));
                }
            }
        }
    }

    /// What the cursor reads, or an axis for each column of lanes.
    fn below(&self, world: &World, y: u16, buf: &mut Buffer) {
        let theme = &world.theme;
        let parts = self.parts;
        let room = usize::from(parts.area.right().saturating_sub(parts.left));
        if !self.reading.is_empty() {
            let style = theme.style(Role::Strong);
            let text = cut(&self.reading, room);
            put::text(buf, parts.left, y, &text, room, style);
            return;
        }
        let columns = parts.seats.columns(self.rows.len());
        for column in 0..columns {
            let left = parts.left + column * parts.seats.step();
            self.axis(world, (left, y), buf);
        }
    }

    fn axis(&self, world: &World, (left, y): (u16, u16), buf: &mut Buffer) {
        let theme = &world.theme;
        let parts = self.parts;
        let Some(window) = self.window else { return };
        let (shown, now) = (window.span().0.max(1), self.line(world).now);
        // Round moments before the right end, as many as stand apart.
        let quarters = if parts.cells >= 60 { 4 } else { 2 };
        let quarter = self.scope.told(window).0.min(shown) / quarters;
        let style = theme.style(Role::Dim);
        let mut free = parts.cells;
        for i in 0..=quarters {
            let before = quarter * i;
            let live = self.scope.is_live() && i == 0;
            let back = if self.scope.is_live() {
                Nanos(before)
            } else {
                tidy(now.since(window.to), window.span(), before)
            };
            let text = if live {
                world.when(self.line(world).now)
            } else {
                ago(back)
            };
            let from_left = u64::from(parts.cells) * (shown - before.min(shown)) / shown;
            // What would run into the one at its right is left out.
            let Some(last) = free.checked_sub(width(&text) as u16) else {
                continue;
            };
            let place = (from_left as u16).min(parts.cells);
            if i > 0 && place > last {
                continue;
            }
            let x = left + place.min(last);
            free = (x - left).saturating_sub(1);
            put::text(buf, x, y, &text, usize::from(parts.cells), style);
        }
    }
}

/// A moment of the axis, rounded to a hundredth of the span, so that its digits stand still.
fn tidy(end: Nanos, span: Nanos, before: u64) -> Nanos {
    let step = 10_u64.pow((span.0 / 20).max(1).ilog10());
    Nanos((end.0 + before + step / 2) / step * step)
}

fn label(theme: &Theme, row: &Row, area: Rect, buf: &mut Buffer) {
    let text = format!("cpu{}", row.cpu.0);
    let parts = [(text, Role::Dim)];
    line::draw(theme, area, &parts, Modifier::empty(), buf);
}
