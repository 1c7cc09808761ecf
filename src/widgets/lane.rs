//! One core over time: a row of cells whose colour is the process that held it longest and whose height is how busy it was.

use ratatui::buffer::Buffer;
use ratatui::layout::{Offset, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::spark::eighth;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::core_share::CoreShare;
use crate::model::scheduling::timeline::{Blind, Cell, Ended, Fill};
use crate::model::text::{cut, width};
use crate::theme::{Depth, Role, Theme, contrast};
use crate::widgets::put;

/// How a lane is drawn.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Colours and glyphs.
    pub theme: &'a Theme,
    /// The process that keeps its colour while all others recede.
    pub focus: Option<ProcId>,
    /// How many rows the cells take.
    rows: u16,
    /// Whether a row below them is kept for marks.
    marked: bool,
}

/// A cell that is at least so busy is drawn as part of a run, on which names can be written.
const SOLID: f32 = 0.94;

/// The upper edge of a full lane below which nothing is left free for marks.
const EDGE: &str = "▇";

/// How many rows of `height` the cells take: where something is `marked` below them, one is left for that.
pub fn body(height: u16, marked: bool) -> u16 {
    height.saturating_sub(u16::from(marked)).max(1)
}

/// Draws the cells into the first rows of `area`; and with long runs who that is, how long their slices are and how they
/// ended, in the first rows and in the row below the cells.
pub fn draw(mut look: Look<'_>, area: Rect, cells: &[Cell], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let body = body(area.height, look.marked);
    look.rows = body;
    for (cell, x) in cells.iter().zip(area.left()..area.right()) {
        for row in 0..body {
            let (symbol, style) = look.cell(cell, body - 1 - row);
            buf[(x, area.y + row)].set_symbol(symbol).set_style(style);
        }
    }
    let mut from = 0;
    while from < cells.len().min(area.width as usize) {
        let run = look.run(&cells[from..]);
        let wide = run.min(area.width as usize - from);
        let x = area.x + from as u16;
        let run_area = Rect::new(x, area.y, wide as u16, area.height);
        let cells = &cells[from..from + wide];
        if let Some(who) = cells.first().and_then(|c| c.who.as_ref()) {
            let named = run_area.offset(Offset::new(0, look.lettered().into()));
            inscribe(&who.name, Modifier::BOLD, named, buf);
        }
        look.part(cells, run_area, buf);
        if area.height > 1 {
            look.length(cells, run_area, buf);
        }
        if area.height > body {
            look.end(cells, run_area, buf);
        }
        from += run;
    }
}

/// From this share on time that was taken from whoever had the core shows below the lane, percent.
const TAKEN: f32 = 2.0;
/// And from this share on it shows as much.
const MUCH: f32 = 20.0;

/// Marks in `area`, the row below a lane, where interrupts or the hypervisor took time from whoever had the core: the
/// larger one of both.
pub fn taken(theme: &Theme, area: Rect, shares: &[Option<CoreShare>], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.height == 0 {
        return;
    }
    for (share, x) in shares.iter().zip(area.left()..area.right()) {
        let Some(share) = share else { continue };
        let (irq, steal) = (share.interrupts(), share.steal);
        let (most, role) = if steal > irq {
            (steal, Role::CpuSteal)
        } else {
            (irq, Role::CpuIrq)
        };
        let symbol = match (most, theme.glyphs.ascii) {
            (m, _) if m < TAKEN => continue,
            (m, false) if m < MUCH => "▔",
            (m, true) if m < MUCH => "\"",
            (_, false) => "▀",
            (_, true) => "^",
        };
        buf[(x, area.y)]
            .set_symbol(symbol)
            .set_style(theme.style(role));
    }
}

/// Letters on a run: dark on the light and middle colours that themes give processes.
fn ink(color: Color) -> Color {
    match color {
        Color::Rgb(r, g, b) => contrast::ink([r, g, b]),
        Color::Blue | Color::Red | Color::Magenta => Color::White,
        _ => Color::Black,
    }
}

impl<'a> Look<'a> {
    /// A look with these colours.
    pub fn new(theme: &'a Theme, focus: Option<ProcId>) -> Self {
        Self {
            theme,
            focus,
            rows: 1,
            marked: true,
        }
    }

    /// The same without a row for marks, where nothing is to be marked.
    #[must_use]
    pub fn marked(self, marked: bool) -> Self {
        Self { marked, ..self }
    }

    /// Whether anything of a lane is marked below its cells: a run that was preempted at its end, the length of one slice, or
    /// time that was taken.
    pub fn marks(&self, cells: &[Cell], spent: &[Option<CoreShare>]) -> bool {
        let mut spent = spent.iter().flatten();
        if spent.any(|s| s.interrupts().max(s.steal) >= TAKEN) {
            return true;
        }
        let mut from = 0;
        while from < cells.len() {
            let run = self.run(&cells[from..]);
            if run > 1 && self.ended(&cells[from..from + run]).is_some() {
                return true;
            }
            from += run;
        }
        false
    }

    /// Whether full cells leave a hair of ground at their upper edge.
    fn edged(&self) -> bool {
        !self.marked && self.rows > 1 && !self.theme.glyphs.ascii
    }

    /// The row of the name of a run, counted from the first one: letters need a whole one.
    fn lettered(&self) -> u16 {
        u16::from(self.edged() && self.rows > 2)
    }

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

    /// How many cells from the first one on belong to the same process, solidly, and to the same slice where that is seen
    /// as one; at least one.
    fn run(&self, cells: &[Cell]) -> usize {
        let Some((cell, first)) = cells.first().and_then(|c| Some((c, self.solid_of(c)?))) else {
            return 1;
        };
        let begin = |c: &Cell| c.slice.map(|s| s.start);
        let same = |c: &&Cell| self.solid_of(c) == Some(first) && begin(c) == begin(cell);
        cells.iter().take_while(same).count()
    }

    /// A cell as it stands in a row, counted from the lowest one of so many.
    fn cell(&self, cell: &Cell, up: u16) -> (&'static str, Style) {
        let ascii = self.theme.glyphs.ascii;
        let faint = self.theme.style(Role::Faint);
        match cell.fill {
            Fill::Unknown => return (" ", faint),
            Fill::Gap(Blind::Offline) => return (if ascii { "-" } else { "╌" }, faint),
            Fill::Gap(_) => return (if ascii { "/" } else { "╱" }, self.theme.style(Role::Bad)),
            Fill::Known => {}
        }
        let (own, id) = self
            .shown(cell)
            .map_or((0.0, None), |(s, id)| (s, Some(id)));
        let dimmed = id.is_some_and(|id| self.dimmed(id));
        let (own, all) = (
            self.level(own),
            self.level(cell.busy + cell.others.unwrap_or(0.0)),
        );
        // Whoever is dimmed is one of the others.
        let own = if dimmed { own.max(all) } else { own };
        let style = match id {
            Some(id) if !dimmed => self.theme.style(Role::Text).fg(self.theme.process(id)),
            _ => faint,
        };
        if id.is_some() && own == self.rows * 8 {
            let (symbol, style) = self.solid(style, dimmed);
            // Nothing parts a lane that fills its rows from the one above it: its upper edge leaves a hair of ground.
            let edge = self.edged() && up + 1 == self.rows;
            return match style.bg {
                _ if !edge => (symbol, style),
                Some(color) => (EDGE, Style::new().fg(color)),
                None => (EDGE, style),
            };
        }
        let in_row = |level: u16| usize::from(level.saturating_sub(up * 8).min(8));
        let (own, all) = (in_row(own), in_row(all.max(own)));
        if own == 0 {
            return self.others(cell, all, up);
        }
        // What others had stands above it where it fills most of the rest; without colour both are one.
        let others = (all - own) * 2 > 8 - own;
        // Behind a picture, unlike in letters, bright black is what shows a share that is not this process's own.
        let behind = match (faint.fg, self.theme.depth) {
            (None | Some(Color::Reset), depth) if depth >= Depth::Ansi => Some(Color::DarkGray),
            (fg, _) => fg,
        };
        match behind.filter(|c| *c != Color::Reset) {
            Some(color) if others => (eighth(own, ascii), style.bg(color)),
            None if others => (eighth(all, ascii), style),
            _ => (eighth(own, ascii), style),
        }
    }

    /// How many eighths of the rows a share fills; less than [`SOLID`] is never all, and something is never nothing.
    fn level(&self, share: f32) -> u16 {
        let full = self.rows * 8;
        match share {
            s if s <= 0.0 => 0,
            s if s >= SOLID => full,
            s => ((s * f32::from(full)).ceil() as u16).clamp(1, full - 1),
        }
    }

    /// A row of a cell in which nobody is shown: others fill it up to a level, or the core was idle.
    fn others(&self, cell: &Cell, level: usize, up: u16) -> (&'static str, Style) {
        let ascii = self.theme.glyphs.ascii;
        let idle = up == 0 && cell.others == Some(0.0);
        let symbol = match (level, ascii) {
            (8, true) => ":",
            (8, false) => "░",
            (1.., _) => eighth(level, ascii),
            (0, true) if idle => ".",
            (0, false) if idle => "·",
            (0, _) => " ",
        };
        (symbol, self.theme.style(Role::Faint))
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

    /// Parts a run from the next one where no colour tells them apart.
    fn part(&self, cells: &[Cell], area: Rect, buf: &mut Buffer) {
        let x = area.right() - 1;
        let symbol = match buf[(x, area.y + self.rows - 1)].symbol() {
            "█" => "▊",
            "#" => "|",
            _ => return,
        };
        let coloured = |id| self.theme.process(id) != Color::Reset;
        if self.solid_of(&cells[0]).is_none_or(coloured) {
            return;
        }
        for row in 0..self.rows {
            buf[(x, area.y + row)].set_symbol(symbol);
        }
    }

    /// How long the slice of a solid run is, and whether it was preempted at its end; `None` where the run is several slices,
    /// of which a mean beside a block of seconds would tell the wrong length.
    fn ended(&self, cells: &[Cell]) -> Option<(Nanos, bool)> {
        self.solid_of(&cells[0])?;
        if let Some(slice) = cells[0].slice {
            return Some((slice.span(), slice.ended == Ended::Preempted));
        }
        let slices: u64 = cells.iter().map(|c| u64::from(c.slices)).sum();
        let run: u64 = cells.iter().map(|c| c.run.0).sum();
        let preempted = cells.last().is_some_and(|c| c.preempted > 0);
        (slices == 1).then_some((Nanos(run), preempted))
    }

    /// Writes the length of the slice of a run: into its second row, or below it where it has one row only.
    fn length(&self, cells: &[Cell], area: Rect, buf: &mut Buffer) {
        let Some((length, single)) = self.ended(cells) else {
            return;
        };
        let text = format::duration(length);
        let below = area.offset(Offset::new(0, i32::from(self.lettered()) + 1));
        if self.rows > 1 {
            inscribe(&text, Modifier::empty(), below, buf);
            return;
        }
        let room = (area.width as usize).saturating_sub(1 + usize::from(single));
        if width(&text) < room {
            let dim = self.theme.style(Role::Dim);
            put::text(buf, below.x + 1, below.y, &text, room, dim);
        }
    }

    /// Marks below a run that its last slice was preempted; says so where there is room.
    fn end(&self, cells: &[Cell], area: Rect, buf: &mut Buffer) {
        let Some((_, true)) = self.ended(cells) else {
            return;
        };
        let y = area.y + self.rows;
        let mark = if self.theme.glyphs.ascii { "'" } else { "┘" };
        let last = area.right() - 1;
        put::text(buf, last, y, mark, 1, self.theme.style(Role::Bad));
        let word = "preempted";
        if self.rows > 1 && usize::from(area.width) > word.len() + 1 {
            let x = last - word.len() as u16;
            put::text(buf, x, y, word, word.len(), self.theme.style(Role::Dim));
        }
    }
}

/// Writes a text into the first row of a run, where it fits.
fn inscribe(text: &str, add: Modifier, area: Rect, buf: &mut Buffer) {
    let room = (area.width as usize).saturating_sub(2);
    if room < 3 || (width(text) > room && room < 6) {
        return;
    }
    let text = cut(text, room);
    let style = buf[(area.x, area.y)].style();
    let style = match (buf[(area.x, area.y)].symbol(), style.fg) {
        (" ", _) => style.add_modifier(add),
        (EDGE, Some(color)) if color != Color::Reset => {
            Style::new().bg(color).fg(ink(color)).add_modifier(add)
        }
        // Without colour the letters stand in the run as in a window.
        _ => style.add_modifier(Modifier::REVERSED),
    };
    put::text(buf, area.x + 1, area.y, &text, room, style);
}

#[cfg(test)]
mod tests;
