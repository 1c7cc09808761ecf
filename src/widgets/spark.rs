//! A sparkline: one cell a value, its height in eighths of a cell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Heights of a cell from empty to full, in eighths.
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same where only ASCII may be drawn.
const ASCII: [&str; 9] = [" ", "_", ".", ".", "-", "-", "=", "=", "#"];

/// The glyph of a cell that is filled to so many eighths; more than 8 count as 8.
pub fn eighth(level: usize, ascii: bool) -> &'static str {
    let table = if ascii { &ASCII } else { &EIGHTHS };
    table[level.min(8)]
}

/// A row of values, drawn against a highest one.
#[derive(Clone, Copy, Debug)]
pub struct Spark {
    /// The value that fills a cell; one that is not above 0 draws nothing but the base line.
    pub top: f64,
    /// How values look.
    pub style: Style,
    /// How the base line of small and absent values looks.
    pub idle: Style,
    /// Only ASCII.
    pub ascii: bool,
}

impl Spark {
    /// Draws the newest values at the right end of the first row of `area`, oldest first; what is missing is left blank.
    ///
    /// A value above zero is never drawn as nothing, and zero is drawn as the base line.
    pub fn draw(&self, values: impl DoubleEndedIterator<Item = f64>, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        for (value, x) in values.rev().zip((area.left()..area.right()).rev()) {
            let level = self.level(value);
            let style = if level <= 1 && value <= 0.0 {
                self.idle
            } else {
                self.style
            };
            buf[(x, area.y)]
                .set_symbol(eighth(level, self.ascii))
                .set_style(style);
        }
    }

    /// How many eighths of the cell a value fills, at least one.
    fn level(&self, value: f64) -> usize {
        if self.top > 0.0 && value > 0.0 {
            ((value / self.top * 8.0).round() as usize).clamp(1, 8)
        } else {
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[f64], top: f64, width: u16, ascii: bool) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        let spark = Spark {
            top,
            style: Style::new(),
            idle: Style::new(),
            ascii,
        };
        spark.draw(values.iter().copied(), area, &mut buf);
        buf.content()
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect()
    }

    #[test]
    fn heights_follow_values() {
        assert_eq!(drawn(&[0.0, 50.0, 100.0, 250.0], 100.0, 4, false), "▁▄██");
        assert_eq!(drawn(&[0.0, 50.0, 100.0], 100.0, 3, true), "_-#");
        assert_eq!(drawn(&[1.0], 1000.0, 1, false), "▁", "never nothing");
    }

    #[test]
    fn newest_is_right_and_missing_is_blank() {
        assert_eq!(drawn(&[8.0, 4.0], 8.0, 4, false), "  █▄");
        assert_eq!(drawn(&[1.0, 2.0, 8.0], 8.0, 1, false), "█");
        assert_eq!(drawn(&[f64::NAN, f64::INFINITY], 8.0, 2, false), "▁█");
        assert_eq!(drawn(&[3.0], 0.0, 2, false), " ▁");
        assert_eq!(drawn(&[1.0], 8.0, 0, false), "");
    }
}
