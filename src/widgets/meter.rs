//! A bar of several parts in one row of cells, such as user, system and interrupts of a core.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// One part of a meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// How much of the whole, 0..1.
    pub share: f32,
    /// What it is filled with; parts differ in it, so that colour alone tells nothing.
    pub glyph: &'static str,
    /// Its colour.
    pub style: Style,
}

/// Draws `parts` one after the other into the first row of `area`, and `rest` where nothing is left.
///
/// Each boundary is rounded by itself, so the parts together are as long as their sum; a part that is not zero but too
/// small for a cell is left out.
pub fn draw(area: Rect, parts: &[Segment], rest: (&'static str, Style), buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.height == 0 {
        return;
    }
    let cells = f32::from(area.width);
    let (mut sum, mut x) = (0.0, 0);
    for part in parts {
        sum += part.share.max(0.0);
        let end = ((sum * cells).round() as u16).min(area.width);
        while x < end {
            buf[(area.x + x, area.y)]
                .set_symbol(part.glyph)
                .set_style(part.style);
            x += 1;
        }
    }
    for x in x..area.width {
        buf[(area.x + x, area.y)]
            .set_symbol(rest.0)
            .set_style(rest.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16, shares: &[f32]) -> String {
        let glyphs = ["a", "b", "c"];
        let parts: Vec<_> = shares
            .iter()
            .zip(glyphs)
            .map(|(share, glyph)| Segment {
                share: *share,
                glyph,
                style: Style::new(),
            })
            .collect();
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        draw(buf.area, &parts, (".", Style::new()), &mut buf);
        buf.content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect()
    }

    #[test]
    fn parts_are_as_long_as_their_sum() {
        assert_eq!(drawn(10, &[0.5, 0.25]), "aaaaabbb..");
        assert_eq!(drawn(4, &[0.9, 0.9, 1.0]), "aaaa");
        assert_eq!(drawn(4, &[0.0, f32::NAN]), "....");
        assert_eq!(drawn(0, &[1.0]), "");
    }
}
