//! One core over time: a row of cells whose colour is the process that held it longest and whose height is how busy it was.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::spark::eighth;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::text::{cut, width};
use crate::model::timeline::{Cell, Fill};
use crate::theme::{Role, Theme};

/// How a lane is drawn.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Colours and glyphs.
    pub theme: &'a Theme,
    /// The process that keeps its colour while all others recede.
    pub focus: Option<ProcId>,
    /// Whether time without a slice is known to be idle.
    pub idle_known: bool,
}

/// A cell that is at least so busy is drawn as part of a run, on which names can be written.
const SOLID: f32 = 0.94;

/// Draws the cells into the first row of `area`, and under long runs, where there is a second row, how long their slices are.
pub fn draw(look: Look<'_>, area: Rect, cells: &[Cell], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    for (cell, x) in cells.iter().zip(area.left()..area.right()) {
        let (symbol, style) = look.cell(cell);
        buf[(x, area.y)].set_symbol(symbol).set_style(style);
    }
    let mut from = 0;
    while from < cells.len().min(area.width as usize) {
        let run = look.run(&cells[from..]);
        let wide = run.min(area.width as usize - from);
        let x = area.x + from as u16;
        let run_area = Rect::new(x, area.y, wide as u16, area.height);
        name(&cells[from..from + wide], run_area, buf);
        if area.height > 1 {
            look.length(&cells[from..from + wide], run_area, buf);
        }
        from += run;
    }
}

/// Letters on a run: dark on the light and middle colours that themes give processes.
fn ink(color: Color) -> Color {
    match color {
        Color::Rgb(r, g, b) if u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b) < 1000 => {
            Color::White
        }
        Color::Blue | Color::Red | Color::Magenta => Color::White,
        _ => Color::Black,
    }
}

impl Look<'_> {
    fn dimmed(&self, id: ProcId) -> bool {
        self.focus.is_some_and(|focus| focus != id)
    }

    /// Whose share of a cell is drawn, and how much it is.
    fn shown(&self, cell: &Cell) -> Option<(f32, ProcId)> {
        let who = cell.who.as_ref()?;
        // What the process in focus had of the cell shows, even where another one had more.
        match self.focus {
            Some(focus) if cell.focus > 0.0 => Some((cell.focus, focus)),
            _ => Some((cell.busy, who.id)),
        }
    }

    /// The process that fills a cell, where it is also the one whose name the cell knows.
    fn solid_of(&self, cell: &Cell) -> Option<ProcId> {
        let (share, id) = self.shown(cell).filter(|_| cell.fill == Fill::Known)?;
        let named = cell.who.as_ref().is_some_and(|w| w.id == id);
        (share >= SOLID && named).then_some(id)
    }

    /// How many cells from the first one on belong to the same process, solidly; at least one.
    fn run(&self, cells: &[Cell]) -> usize {
        let Some(first) = cells.first().and_then(|c| self.solid_of(c)) else {
            return 1;
        };
        let same = |c: &&Cell| self.solid_of(c) == Some(first);
        cells.iter().take_while(same).count()
    }

    fn cell(&self, cell: &Cell) -> (&'static str, Style) {
        let ascii = self.theme.glyphs.ascii;
        let faint = self.theme.style(Role::Faint);
        match cell.fill {
            Fill::Unknown => return (" ", faint),
            Fill::Gap => return (if ascii { "/" } else { "╱" }, self.theme.style(Role::Bad)),
            Fill::Known => {}
        }
        let Some((share, id)) = self.shown(cell) else {
            return match (self.idle_known, ascii) {
                (false, _) => (" ", faint),
                (true, true) => (".", faint),
                (true, false) => ("·", faint),
            };
        };
        let style = if self.dimmed(id) {
            faint
        } else {
            self.theme.style(Role::Text).fg(self.theme.process(id))
        };
        if share >= SOLID {
            return self.solid(style, self.dimmed(id));
        }
        let level = (share * 8.0).ceil().clamp(1.0, 7.0) as usize;
        (eighth(level, ascii), style)
    }

    /// A full cell. Where there is colour it is the background, so that a name can stand on it.
    fn solid(&self, style: Style, dimmed: bool) -> (&'static str, Style) {
        match style.fg {
            Some(color) if !dimmed && color != Color::Reset => {
                (" ", Style::new().bg(color).fg(ink(color)))
            }
            _ if self.theme.glyphs.ascii => ("#", style),
            _ => ("█", style),
        }
    }

    /// Writes the mean length of the slices of a run below it, and whether the last one was preempted.
    fn length(&self, cells: &[Cell], area: Rect, buf: &mut Buffer) {
        let slices: u64 = cells.iter().map(|c| u64::from(c.slices)).sum();
        if self.solid_of(&cells[0]).is_none() || slices == 0 {
            return;
        }
        let run: u64 = cells.iter().map(|c| c.run.0).sum();
        let ended = cells.last().is_some_and(|c| c.preempted > 0);
        let single = slices <= 2 && ended;
        let text = format::duration(Nanos(run / slices));
        let room = (area.width as usize).saturating_sub(1 + usize::from(single));
        let y = area.y + 1;
        if width(&text) < room {
            let dim = self.theme.style(Role::Dim);
            buf.set_stringn(area.x + 1, y, &text, room, dim);
        }
        if single {
            let mark = if self.theme.glyphs.ascii { "'" } else { "┘" };
            let x = area.right() - 1;
            buf.set_stringn(x, y, mark, 1, self.theme.style(Role::Bad));
        }
    }
}

/// Writes the name of the process into its run, where it fits.
fn name(cells: &[Cell], area: Rect, buf: &mut Buffer) {
    let Some(who) = cells.first().and_then(|c| c.who.as_ref()) else {
        return;
    };
    let room = (area.width as usize).saturating_sub(2);
    if room < 3 || (width(&who.name) > room && room < 6) {
        return;
    }
    let name = cut(&who.name, room);
    let style = buf[(area.x, area.y)].style();
    let style = if buf[(area.x, area.y)].symbol() == " " {
        style.add_modifier(Modifier::BOLD)
    } else {
        // Without colour the letters stand in the run as in a window.
        style.add_modifier(Modifier::REVERSED)
    };
    buf.set_stringn(area.x + 1, area.y, &name, room, style);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::id::Tid;
    use crate::model::timeline::Who;
    use crate::theme::Depth;

    fn cell(pid: u32, busy: f32) -> Cell {
        Cell {
            fill: Fill::Known,
            who: (pid > 0).then(|| {
                Arc::new(Who {
                    id: ProcId::new(pid, 1),
                    tid: Tid(pid),
                    name: format!("job{pid}").into(),
                })
            }),
            run: Nanos((busy * 1e6) as u64),
            slices: 1,
            preempted: 1,
            busy,
            focus: if pid == 7 { busy } else { 0.0 },
        }
    }

    fn drawn(cells: &[Cell], focus: Option<u32>, theme: &Theme, rows: u16) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, cells.len() as u16, rows));
        let look = Look {
            theme,
            focus: focus.map(|pid| ProcId::new(pid, 1)),
            idle_known: true,
        };
        draw(look, buf.area, cells, &mut buf);
        buf
    }

    fn row(buf: &Buffer, y: u16) -> String {
        let cells = (0..buf.area.width).map(|x| buf[(x, y)].symbol());
        cells.collect()
    }

    fn scene() -> Vec<Cell> {
        let mut cells = vec![cell(0, 0.0), cell(0, 0.0), cell(3, 0.3)];
        cells.extend(std::iter::repeat_n(cell(7, 1.0), 8));
        cells.push(cell(9, 0.6));
        cells.push(Cell {
            fill: Fill::Gap,
            ..Cell::default()
        });
        cells.push(Cell::default());
        cells
    }

    #[test]
    fn heights_names_gaps_and_idle() {
        let theme = Theme::terminal(Depth::True, false);
        let buf = drawn(&scene(), None, &theme, 2);
        assert_eq!(row(&buf, 0), "··▃ job7   ▅╱ ");
        assert_eq!(row(&buf, 1), "    1.0ms     ");
        let color = theme.process(ProcId::new(7, 1));
        assert_eq!(buf[(4, 0)].bg, color);
        assert_eq!(buf[(2, 0)].fg, theme.process(ProcId::new(3, 1)));
    }

    #[test]
    fn without_colour_runs_are_blocks_and_names_are_cut_out() {
        let theme = Theme::terminal(Depth::Mono, true);
        let buf = drawn(&scene(), None, &theme, 1);
        assert_eq!(row(&buf, 0), "...#job7###-/ ");
    }

    #[test]
    fn the_process_in_focus_keeps_its_colour() {
        let theme = Theme::terminal(Depth::True, false);
        let buf = drawn(&scene(), Some(7), &theme, 1);
        assert_eq!(buf[(2, 0)].style().fg, theme.style(Role::Faint).fg);
        assert_eq!(buf[(4, 0)].bg, theme.process(ProcId::new(7, 1)));
    }
}
