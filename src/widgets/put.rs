//! Text into cells: the one way in which panes and pictures write.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

/// Writes `text` from this cell on, at most `room` cells of it; returns the column after it.
///
/// As [`Buffer::set_stringn`] does, but plain ASCII, which nearly all is, needs no search for graphemes.
pub fn text(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    text: impl AsRef<str>,
    room: usize,
    style: impl Into<Style>,
) -> u16 {
    let (text, style) = (text.as_ref(), style.into());
    if !text.is_ascii() {
        return buf.set_stringn(x, y, text, room, style).0;
    }
    let room = room.min(usize::from(buf.area.right().saturating_sub(x)));
    let printable = text.bytes().filter(|b| !b.is_ascii_control()).take(room);
    let mut at = x;
    for byte in printable {
        buf[(at, y)].set_char(char::from(byte)).set_style(style);
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Color;

    #[test]
    fn writes_what_the_buffer_itself_would() {
        let style = Style::new().fg(Color::Red);
        for text in [
            "",
            "plain",
            "far too long for it",
            "a\tb\u{7f}c",
            "名前 é",
            "…",
        ] {
            for (x, room) in [(0, 10), (2, 3), (7, 10), (9, 1), (10, 4), (0, 0)] {
                let area = Rect::new(0, 0, 10, 2);
                let (mut ours, mut theirs) = (Buffer::empty(area), Buffer::empty(area));
                let end = super::text(&mut ours, x, 1, text, room, style);
                assert_eq!((end, 1), theirs.set_stringn(x, 1, text, room, style));
                assert_eq!(ours, theirs, "{text:?} at {x}, {room} cells");
            }
        }
    }
}
