//! Lines in a box that are scrolled, not chosen from: help, explanations, the event log.

use std::ops::Range;

use ratatui::layout::Rect;

use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::Reply;

/// What is in view of some lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scroll {
    top: usize,
    rows: usize,
    lines: usize,
}

impl Scroll {
    /// Takes in how many lines there are and how many find room; never scrolls past the last one.
    pub fn fit(&mut self, lines: usize, rows: usize) {
        self.lines = lines;
        self.rows = rows;
        self.top = self.top.min(lines.saturating_sub(rows));
    }

    /// The lines in view.
    pub fn shown(&self) -> Range<usize> {
        self.top..(self.top + self.rows).min(self.lines)
    }

    /// How much there is below, or how to leave.
    pub fn status(&self) -> String {
        match self.lines.saturating_sub(self.top + self.rows) {
            0 => "Esc closes".to_owned(),
            1 => "1 more line below · Esc closes".to_owned(),
            more => format!("{more} more lines below · Esc closes"),
        }
    }

    /// Goes to the first line.
    pub fn home(&mut self) {
        self.top = 0;
    }

    /// Goes to the last line.
    pub fn end(&mut self) {
        self.top = usize::MAX;
    }

    /// Scrolls by so many lines, negative up.
    pub fn by(&mut self, lines: isize) {
        self.top = self.top.saturating_add_signed(lines);
    }

    /// Scrolls by so many pages, negative up.
    pub fn page(&mut self, pages: isize) {
        self.by(pages * self.rows.max(1) as isize);
    }

    /// Scrolls by arrows, pages and ends; false for any other key.
    pub fn key(&mut self, key: Key) -> bool {
        match key.code {
            Code::Up => self.by(-1),
            Code::Down => self.by(1),
            Code::PageUp => self.page(-1),
            Code::PageDown => self.page(1),
            Code::Home => self.home(),
            Code::End => self.end(),
            _ => return false,
        }
        true
    }

    /// The wheel scrolls, a click closes the box.
    pub fn mouse(&mut self, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.by(-3),
            Press::WheelDown => self.by(3),
            Press::Left => return Reply::Close,
            _ => {}
        }
        Reply::Done
    }
}

/// The line of a box that many lines below its first; without height where the box ends above it.
pub fn row(area: Rect, line: usize) -> Rect {
    let inside = line < usize::from(area.height);
    Rect {
        y: area
            .y
            .saturating_add(line.min(usize::from(area.height)) as u16),
        height: u16::from(inside),
        ..area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_between_the_first_and_the_last_line() {
        let mut scroll = Scroll::default();
        scroll.fit(10, 4);
        assert_eq!(
            (scroll.shown(), scroll.status()),
            (0..4, "6 more lines below · Esc closes".to_owned())
        );
        scroll.by(-3);
        assert!(scroll.key(Key::of(Code::PageDown)));
        scroll.fit(10, 4);
        assert_eq!(scroll.shown(), 4..8);
        scroll.end();
        scroll.fit(10, 4);
        assert_eq!(
            (scroll.shown(), scroll.status()),
            (6..10, "Esc closes".to_owned())
        );
        scroll.fit(2, 4);
        assert_eq!(scroll.shown(), 0..2);
        assert!(!scroll.key(Key::char('j')));
    }

    #[test]
    fn rows_below_the_box_have_no_height() {
        let area = Rect::new(3, 5, 10, 2);
        assert_eq!(row(area, 1), Rect::new(3, 6, 10, 1));
        assert_eq!(row(area, 9).height, 0);
    }
}
