//! One line of text in parts of different roles, cut to its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::model::text::{cut, width};
use crate::theme::{Role, Theme};
use crate::widgets::put;

/// A part of a line: its text and its role.
pub type Styled = (String, Role);

/// Draws the parts one after the other, cut by cell where they do not fit; returns the column after the last one.
pub fn draw<T: AsRef<str>>(
    theme: &Theme,
    area: Rect,
    parts: &[(T, Role)],
    add: Modifier,
    buf: &mut Buffer,
) -> u16 {
    let area = area.intersection(buf.area);
    let mut x = area.x;
    if area.height == 0 {
        return x;
    }
    let end = area.x + area.width;
    for (text, role) in parts {
        let room = end.saturating_sub(x) as usize;
        if room == 0 {
            break;
        }
        let text = cut(text.as_ref(), room);
        put::text(
            buf,
            x,
            area.y,
            &text,
            room,
            theme.style(*role).add_modifier(add),
        );
        x += width(&text) as u16;
    }
    x
}

/// Draws the parts so that the last one ends at the right edge; draws nothing where they do not fit. Returns where they begin.
pub fn draw_right(theme: &Theme, area: Rect, parts: &[(String, Role)], buf: &mut Buffer) -> u16 {
    let wide: usize = parts.iter().map(|(text, _)| width(text)).sum();
    if wide > area.width as usize {
        return area.x + area.width;
    }
    let x = area.x + area.width - wide as u16;
    let area = Rect {
        x,
        width: wide as u16,
        ..area
    };
    draw(theme, area, parts, Modifier::empty(), buf);
    x
}
