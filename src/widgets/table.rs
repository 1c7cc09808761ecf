//! A table: a header with a sort mark, rows of styled cells, a selected row, marked matches. It draws the rows it is given.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use crate::model::text::{cut, width};
use crate::theme::{Role, Theme};
use crate::widgets::put;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its title.
    pub title: &'static str,
    /// Cells it takes; for a growing column the least it takes.
    pub width: u16,
    /// Whether its text stands at the right.
    pub right: bool,
    /// Whether it takes the cells that are left over; several share them.
    pub grows: bool,
    /// Which column goes first where the table is narrow: the highest rank; 0 never goes.
    pub rank: u8,
    /// Whether it is left out: nothing can be told in it here.
    pub absent: bool,
}

impl Column {
    /// A column of words, which begin at its left end.
    pub const fn left(title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            title,
            width,
            right: false,
            grows: false,
            rank,
            absent: false,
        }
    }

    /// A column of figures, which end at its right end.
    pub const fn right(title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            right: true,
            ..Self::left(title, width, rank)
        }
    }

    /// The same, left out if so.
    #[must_use]
    pub const fn absent_if(self, absent: bool) -> Self {
        Self { absent, ..self }
    }

    /// The same, taking its share of the cells that are left over.
    #[must_use]
    pub const fn growing(self) -> Self {
        Self {
            grows: true,
            ..self
        }
    }
}

/// One row: a line of styled text for each column.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Text by column; a missing one is empty.
    pub cells: Vec<Line<'static>>,
    /// Laid under all cells.
    pub style: Style,
}

/// A table as it is to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// The rows in view, the first at the top.
    pub rows: &'a [Row],
    /// Which of these rows is selected.
    pub selected: Option<usize>,
    /// The sort column, and whether its order is descending.
    pub sort: Option<(usize, bool)>,
    /// Text to mark wherever it stands, any case; empty for none.
    pub needle: &'a str,
    /// Whether the header is drawn.
    pub header: bool,
}

/// A column's place on the screen, counted from the left end of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its number in the list of columns.
    pub column: usize,
    /// Its cells.
    pub cells: Range<u16>,
}

/// Which columns find room in so many cells, and where. The first cell is the selection's bar; one cell parts two columns.
pub fn place(columns: &[Column], cells: u16) -> Vec<Placed> {
    let mut kept: Vec<usize> = (0..columns.len()).filter(|i| !columns[*i].absent).collect();
    let need = |kept: &[usize]| -> u16 {
        let widths: u16 = kept.iter().map(|i| columns[*i].width).sum();
        widths + kept.len() as u16
    };
    while need(&kept) > cells {
        let Some(goes) = kept.iter().rposition(|i| {
            let most = kept.iter().map(|k| columns[*k].rank).max().unwrap_or(0);
            most > 0 && columns[*i].rank == most
        }) else {
            break;
        };
        kept.remove(goes);
    }
    let mut spare = cells.saturating_sub(need(&kept));
    let mut growing = kept.iter().filter(|i| columns[**i].grows).count() as u16;
    let mut at = 1;
    let mut out = Vec::with_capacity(kept.len());
    for column in kept {
        let mut wide = columns[column].width;
        if columns[column].grows && growing > 0 {
            let more = spare / growing;
            wide += more;
            spare -= more;
            growing -= 1;
        }
        let end = (at + wide).min(cells);
        if at < end {
            out.push(Placed {
                column,
                cells: at..end,
            });
        }
        at += wide + 1;
    }
    out
}

/// How many cells a column has in a table of this width; none where it finds no room.
pub fn room(columns: &[Column], column: usize, width: u16) -> usize {
    let placed = place(columns, width);
    let found = placed.iter().find(|p| p.column == column);
    found.map_or(0, |p| usize::from(p.cells.end - p.cells.start))
}

impl Table<'_> {
    /// Draws the table; nothing outside `area` is touched.
    pub fn render(&self, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let placed = place(self.columns, area.width);
        let mut y = area.y;
        if self.header {
            self.render_header(theme, &placed, area, buf);
            y += 1;
        }
        let room = usize::from(area.bottom().saturating_sub(y));
        for (i, row) in self.rows.iter().take(room).enumerate() {
            let line = Rect {
                y: y + i as u16,
                height: 1,
                ..area
            };
            self.render_row(theme, &placed, row, line, buf);
            if self.selected == Some(i) {
                select(theme, line, buf);
            }
        }
    }

    fn render_header(&self, theme: &Theme, placed: &[Placed], area: Rect, buf: &mut Buffer) {
        for p in placed {
            let column = &self.columns[p.column];
            let sorted = self.sort.filter(|(by, _)| *by == p.column);
            let mark = match (sorted, theme.glyphs.ascii) {
                (Some((_, true)), false) => "▼",
                (Some((_, false)), false) => "▲",
                (Some((_, true)), true) => "v",
                (Some((_, false)), true) => "^",
                (None, _) => "",
            };
            let style = theme.style(if sorted.is_some() {
                Role::Accent
            } else {
                Role::Dim
            });
            let room = usize::from(p.cells.end - p.cells.start);
            let whole = width(column.title) + width(mark);
            // The mark may stand in the gap beside the column, which is free.
            let mut cells = p.cells.clone();
            if whole == room + 1 {
                if column.right {
                    cells.start = cells.start.saturating_sub(1);
                } else {
                    cells.end = (cells.end + 1).min(area.width);
                }
            }
            let room = usize::from(cells.end - cells.start);
            let text = format!(
                "{}{mark}",
                cut(column.title, room.saturating_sub(width(mark)))
            );
            let line = Line::from(Span::styled(text, style));
            let wider = Placed {
                column: p.column,
                cells,
            };
            put(&line, column.right, &wider, area, area.y, buf);
        }
    }

    fn render_row(
        &self,
        theme: &Theme,
        placed: &[Placed],
        row: &Row,
        line: Rect,
        buf: &mut Buffer,
    ) {
        buf.set_style(line, row.style);
        for p in placed {
            let Some(cell) = row.cells.get(p.column) else {
                continue;
            };
            put(cell, self.columns[p.column].right, p, line, line.y, buf);
        }
        mark(self.needle, theme.style(Role::Match), line, buf);
    }
}

/// Draws one line of styled text, cut to its area.
pub fn put_line(text: &Line<'_>, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if !area.is_empty() {
        let whole = Placed {
            column: 0,
            cells: 0..area.width,
        };
        put(text, false, &whole, area, area.y, buf);
    }
}

fn put(text: &Line<'_>, right: bool, at: &Placed, area: Rect, y: u16, buf: &mut Buffer) {
    let room = usize::from(at.cells.end - at.cells.start);
    let wide: usize = text.spans.iter().map(|s| width(&s.content)).sum();
    let skip = if right { room.saturating_sub(wide) } else { 0 };
    let mut x = area.x + at.cells.start + skip as u16;
    let mut left = room - skip;
    let mut rest = wide;
    for span in &text.spans {
        let w = width(&span.content);
        let shown = if w == left && rest > w {
            // Something is missing behind a span that just fits: say so in its last cell.
            cut_short(&span.content, left)
        } else {
            cut(&span.content, left).into_owned()
        };
        rest -= w;
        x = put::text(buf, x, y, &shown, left, text.style.patch(span.style));
        left = left.saturating_sub(width(&shown));
        if left == 0 {
            break;
        }
    }
}

fn cut_short(text: &str, cells: usize) -> String {
    let longer = format!("{text} ");
    cut(&longer, cells).into_owned()
}

/// Lays the selection over a row that is drawn: a bar at its left, and the theme's style, under which colours give way to
/// reverse video.
pub fn select(theme: &Theme, line: Rect, buf: &mut Buffer) {
    choose(theme, line, buf);
    if let Some(cell) = buf.cell_mut((line.x, line.y))
        && cell.symbol() == " "
    {
        let reversed = theme.style(Role::Selected).add_modifier;
        cell.set_symbol(if theme.glyphs.ascii { ">" } else { "▌" });
        if !reversed.contains(Modifier::REVERSED) {
            cell.set_style(theme.style(Role::Accent));
        }
    }
}

/// The same without the bar, for a part of a line.
pub fn choose(theme: &Theme, line: Rect, buf: &mut Buffer) {
    let style = theme.style(Role::Selected);
    let reversed = style.add_modifier.contains(Modifier::REVERSED);
    for x in line.left()..line.right() {
        if let Some(cell) = buf.cell_mut((x, line.y)) {
            if reversed {
                // A picture keeps its colours on the bar: what stands behind is in front when reversed.
                let (front, behind) = if is_picture(cell.symbol()) {
                    (cell.bg, cell.fg)
                } else {
                    (Color::Reset, Color::Reset)
                };
                cell.set_fg(front).set_bg(behind);
                cell.modifier.remove(Modifier::DIM);
            }
            cell.set_style(style);
        }
    }
}

/// Whether a cell is part of a bar or a sparkline.
fn is_picture(symbol: &str) -> bool {
    symbol
        .chars()
        .all(|c| matches!(c, '\u{2580}'..='\u{259f}' | '\u{2800}'..='\u{28ff}' | '▸'))
}

/// Marks every place of a line where `needle` stands, whatever its case.
pub fn mark(needle: &str, style: Style, line: Rect, buf: &mut Buffer) {
    let wanted: Vec<String> = needle.chars().map(lower).collect();
    let line = line.intersection(buf.area);
    if wanted.is_empty() || line.is_empty() {
        return;
    }
    let cells: Vec<(u16, String)> = (line.left()..line.right())
        .filter_map(|x| {
            let symbol = buf.cell((x, line.y))?.symbol();
            (!symbol.is_empty()).then(|| (x, symbol.chars().map(lower).collect()))
        })
        .collect();
    for window in cells.windows(wanted.len()) {
        if window
            .iter()
            .zip(&wanted)
            .all(|((_, have), want)| have == want)
        {
            for (x, _) in window {
                if let Some(cell) = buf.cell_mut((*x, line.y)) {
                    cell.set_style(style);
                }
            }
        }
    }
}

fn lower(c: char) -> String {
    c.to_lowercase().collect()
}

#[cfg(test)]
mod tests;
