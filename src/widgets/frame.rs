//! The border around a pane, with its title in it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::line;
use crate::model::text::width;
use crate::theme::{Role, Theme};
use crate::widgets::put;

/// The area inside the border.
pub fn inside(outer: Rect) -> Rect {
    Rect {
        x: outer.x + 1.min(outer.width),
        y: outer.y + 1.min(outer.height),
        width: outer.width.saturating_sub(2),
        height: outer.height.saturating_sub(2),
    }
}

/// A thin rounded border; the one of the active pane has the accent.
pub fn draw(theme: &Theme, outer: Rect, active: bool, buf: &mut Buffer) {
    let outer = outer.intersection(buf.area);
    if outer.width < 2 || outer.height < 2 {
        return;
    }
    let style = theme.style(if active {
        Role::BorderFocus
    } else {
        Role::Border
    });
    let [tl, tr, bl, br, h, v] = if theme.glyphs.ascii {
        ["+", "+", "+", "+", "-", "|"]
    } else {
        ["╭", "╮", "╰", "╯", "─", "│"]
    };
    let (right, bottom) = (outer.x + outer.width - 1, outer.y + outer.height - 1);
    for x in outer.x + 1..right {
        buf[(x, outer.y)].set_symbol(h).set_style(style);
        buf[(x, bottom)].set_symbol(h).set_style(style);
    }
    for y in outer.y + 1..bottom {
        buf[(outer.x, y)].set_symbol(v).set_style(style);
        buf[(right, y)].set_symbol(v).set_style(style);
    }
    let corners = [
        (outer.x, outer.y, tl),
        (right, outer.y, tr),
        (outer.x, bottom, bl),
        (right, bottom, br),
    ];
    for (x, y, corner) in corners {
        buf[(x, y)].set_symbol(corner).set_style(style);
    }
}

/// Where the parts of a title and of its badge stand in the upper border; those that find no room have no cells.
pub fn title_cells(
    outer: Rect,
    parts: &[(String, Role)],
    badge: &[(String, Role)],
) -> (Vec<Rect>, Vec<Rect>) {
    let nowhere = |parts: &[(String, Role)]| vec![Rect::ZERO; parts.len()];
    if outer.width < 8 || outer.height == 0 {
        return (nowhere(parts), nowhere(badge));
    }
    let last = outer.x + outer.width - 2;
    let lay = |mut x: u16, end: u16, parts: &[(String, Role)]| -> Vec<Rect> {
        let part = |(text, _): &(String, Role)| {
            let cells = (width(text) as u16).min(end.saturating_sub(x));
            x += cells;
            Rect::new(x - cells, outer.y, cells, 1)
        };
        parts.iter().map(part).collect()
    };
    let mut end = outer.x + 2;
    let mut titles = Vec::new();
    if !parts.is_empty() {
        titles = lay(end + 1, last, parts);
        end = titles.last().map_or(end, |t| (t.right() + 1).min(last));
    }
    let cells: usize = badge.iter().map(|(text, _)| width(text)).sum();
    let left_over = usize::from(last.saturating_sub(end + 1));
    let fits = cells + 2 <= left_over || parts.len() > 1 && left_over > 24;
    if cells == 0 || left_over <= 2 || !fits {
        return (titles, nowhere(badge));
    }
    let wide = (cells + 2).min(left_over) as u16;
    (titles, lay(last - wide + 1, last - 1, badge))
}

/// Writes a title in parts to the left of the upper border and a badge to its right, where there is room for both.
pub fn title(
    theme: &Theme,
    outer: Rect,
    parts: &[(String, Role)],
    badge: &[(String, Role)],
    buf: &mut Buffer,
) {
    let (titles, badges) = title_cells(outer, parts, badge);
    write(theme, &titles, parts, buf);
    write(theme, &badges, badge, buf);
}

/// Writes the parts into their cells, with a blank before the first and behind the last.
fn write(theme: &Theme, cells: &[Rect], parts: &[(String, Role)], buf: &mut Buffer) {
    let there = |at: &&Rect| at.width > 0;
    let (Some(first), Some(last)) = (cells.iter().find(there), cells.iter().rev().find(there))
    else {
        return;
    };
    let blank = theme.style(Role::Text);
    put::text(buf, first.x - 1, first.y, " ", 1, blank);
    put::text(buf, last.right(), last.y, " ", 1, blank);
    for (at, part) in cells.iter().zip(parts) {
        line::draw(
            theme,
            *at,
            std::slice::from_ref(part),
            Modifier::empty(),
            buf,
        );
    }
}
