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

/// Writes a title in parts to the left of the upper border and a badge to its right, where there is room for both.
pub fn title(
    theme: &Theme,
    outer: Rect,
    parts: &[(String, Role)],
    badge: &[(String, Role)],
    buf: &mut Buffer,
) {
    if outer.width < 8 || outer.height == 0 {
        return;
    }
    let room = outer.width - 4;
    let mut end = outer.x + 2;
    if !parts.is_empty() {
        let area = Rect::new(outer.x + 2, outer.y, room, 1);
        let mut spans = vec![(" ".to_owned(), Role::Text)];
        spans.extend(parts.iter().cloned());
        spans.push((" ".to_owned(), Role::Text));
        end = line::draw(theme, area, &spans, Modifier::empty(), buf);
    }
    let cells: usize = badge.iter().map(|(text, _)| width(text)).sum();
    let right = outer.x + outer.width - 2;
    let left_over = right.saturating_sub(end + 1) as usize;
    if cells > 0 && left_over > 2 && (cells + 2 <= left_over || parts.len() > 1 && left_over > 24) {
        let wide = (cells + 2).min(left_over) as u16;
        let mut spans = vec![(" ".to_owned(), Role::Text)];
        spans.extend(badge.iter().cloned());
        let x = line::draw(
            theme,
            Rect::new(right - wide, outer.y, wide - 1, 1),
            &spans,
            Modifier::empty(),
            buf,
        );
        put::text(buf, x, outer.y, " ", 1, theme.style(Role::Text));
    }
}
