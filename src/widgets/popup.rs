//! A box above everything else, in the middle of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::frame;
use crate::theme::{Role, Theme};

/// Where a box for so many cells of content stands: centred, never larger than the screen.
pub fn area(screen: Rect, width: u16, height: u16) -> Rect {
    let width = width.saturating_add(4).min(screen.width);
    let height = height.saturating_add(2).min(screen.height);
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    }
}

/// Clears the box and draws its border and title; returns the area for its content.
pub fn draw(theme: &Theme, outer: Rect, title: &str, status: &str, buf: &mut Buffer) -> Rect {
    Clear.render(outer.intersection(buf.area), buf);
    buf.set_style(outer.intersection(buf.area), theme.style(Role::Text));
    frame::draw(theme, outer, true, buf);
    frame::title(
        theme,
        outer,
        &[(title.to_owned(), Role::Title)],
        &[(status.to_owned(), Role::Dim)],
        buf,
    );
    content(outer)
}

/// The area for content: inside the border, with a blank cell on each side where there is room.
pub fn content(outer: Rect) -> Rect {
    let inner = frame::inside(outer);
    let margin = u16::from(inner.width > 8);
    Rect {
        x: inner.x + margin,
        width: inner.width - 2 * margin,
        ..inner
    }
}
