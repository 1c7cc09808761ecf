//! Areas and lines of dots: two columns and four rows a cell, so that a small chart tells much.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Dots of a cell across and down.
pub const ACROSS: usize = 2;
const DOWN: usize = 4;

/// The bit of each dot of a column, from below.
const LEFT: [u32; DOWN] = [0x40, 0x04, 0x02, 0x01];
const RIGHT: [u32; DOWN] = [0x80, 0x20, 0x10, 0x08];
/// What a cell of so many rows of dots is in ASCII.
const PLAIN: [&str; DOWN + 1] = [" ", ".", ":", "|", "#"];

/// Which way an area grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grows {
    /// From the lowest row.
    Up,
    /// From the highest row.
    Down,
}

/// A picture in dots, `width` cells and `height` cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dots {
    width: usize,
    height: usize,
    /// The dots by cell, row after row from the top.
    cells: Vec<u32>,
    /// How many dots each band has in it, cell after cell.
    counts: Vec<u8>,
    bands: usize,
}

impl Dots {
    /// An empty picture in so many colours.
    pub fn new(width: u16, height: u16, bands: usize) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        Self {
            width,
            height,
            cells: vec![0; width * height],
            counts: vec![0; width * height * bands],
            bands,
        }
    }

    /// How many columns of dots there are.
    pub fn columns(&self) -> usize {
        self.width * ACROSS
    }

    /// How many rows of dots there are.
    pub fn rows(&self) -> usize {
        self.height * DOWN
    }

    /// Sets a dot of a band, counted from the left and from below.
    pub fn set(&mut self, column: usize, up: usize, band: usize) {
        if column >= self.columns() || up >= self.rows() || band >= self.bands {
            return;
        }
        let y = self.height - 1 - up / DOWN;
        let bits = if column.is_multiple_of(ACROSS) {
            LEFT
        } else {
            RIGHT
        };
        let cell = y * self.width + column / ACROSS;
        let bit = bits[up % DOWN];
        if self.cells[cell] & bit == 0 {
            self.cells[cell] |= bit;
            // A cell has eight dots.
            self.counts[cell * self.bands + band] += 1;
        }
    }

    /// Fills a column: bands on top of each other, each as high as its share of `top`. Something is never nothing, and
    /// nothing is a dot of the last band at the base, so that it is told from what is not known.
    pub fn stack(&mut self, column: usize, values: &[f64], top: f64, grows: Grows) {
        let rows = self.rows();
        let mut sum = 0.0;
        let mut from = 0;
        for (band, value) in values.iter().enumerate() {
            sum += value.max(0.0);
            let level = level(sum, top, rows).max(usize::from(sum > 0.0));
            for up in from..level {
                let up = match grows {
                    Grows::Up => up,
                    Grows::Down => rows - 1 - up,
                };
                self.set(column, up, band);
            }
            from = from.max(level);
        }
        if from == 0 {
            let base = match grows {
                Grows::Up => 0,
                Grows::Down => rows.saturating_sub(1),
            };
            self.set(column, base, self.bands.saturating_sub(1));
        }
    }

    /// Fills a column from the middle: the first value upwards, the second downwards, each half with its own colour; nothing
    /// is a dot of the last band in the middle.
    pub fn mirror(&mut self, column: usize, values: [f64; 2], top: f64) {
        let half = self.rows().div_ceil(2);
        let below = self.rows() - half;
        let [up, down] = values;
        let level = |value: f64, rows| level(value, top, rows).max(usize::from(value > 0.0));
        for i in 0..level(up, half) {
            self.set(column, below + i, 0);
        }
        for i in 0..level(down, below) {
            self.set(column, below - 1 - i, 1);
        }
        if level(up, half) + level(down, below) == 0 {
            self.set(column, below, self.bands.saturating_sub(1));
        }
    }

    /// Draws a line from the value of the column before to this one.
    pub fn line(&mut self, column: usize, before: Option<f64>, value: f64, top: f64, band: usize) {
        let last = self.rows().saturating_sub(1);
        let height = |value: f64| level(value, top, self.rows()).saturating_sub(1).min(last);
        let to = height(value);
        let from = before.map_or(to, height);
        // The steps between two columns belong to the later one, without the dot of the earlier.
        let (low, high) = match from.cmp(&to) {
            std::cmp::Ordering::Less => (from + 1, to),
            std::cmp::Ordering::Equal => (to, to),
            std::cmp::Ordering::Greater => (to, from - 1),
        };
        for up in low..=high {
            self.set(column, up, band);
        }
    }

    /// Draws the picture: each cell in the colour of the band that has most of its dots.
    pub fn draw(&self, styles: &[Style], ascii: bool, area: Rect, buf: &mut Buffer) {
        for (i, dots) in self.cells.iter().copied().enumerate() {
            if dots == 0 {
                continue;
            }
            let counts = &self.counts[i * self.bands..(i + 1) * self.bands];
            let (x, y) = ((i % self.width) as u16, (i / self.width) as u16);
            if x >= area.width || y >= area.height {
                continue;
            }
            let most = (0..counts.len()).rev().max_by_key(|band| counts[*band]);
            let style = most.and_then(|band| styles.get(band)).copied();
            let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) else {
                continue;
            };
            if ascii {
                let high = (0..DOWN).filter(|up| dots & (LEFT[*up] | RIGHT[*up]) != 0);
                cell.set_symbol(PLAIN[high.count()]);
            } else {
                cell.set_char(char::from_u32(0x2800 + dots).unwrap_or(' '));
            }
            cell.set_style(style.unwrap_or_default());
        }
    }
}

/// How many of so many rows a value fills.
fn level(value: f64, top: f64, rows: usize) -> usize {
    if value.is_nan() || value <= 0.0 || top <= 0.0 {
        return 0;
    }
    ((value / top * rows as f64).round() as usize).min(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    fn drawn(dots: &Dots, ascii: bool) -> Vec<String> {
        let area = Rect::new(0, 0, dots.width as u16, dots.height as u16);
        let mut buf = Buffer::empty(area);
        dots.draw(&[Style::new(); 3], ascii, area, &mut buf);
        (0..area.height)
            .map(|y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect())
            .collect()
    }

    #[test]
    fn areas_rise_in_quarters_of_a_cell() {
        let mut dots = Dots::new(3, 2, 1);
        for (column, value) in [0.0, 12.5, 25.0, 50.0, 100.0, 900.0].iter().enumerate() {
            dots.stack(column, &[*value], 100.0, Grows::Up);
        }
        // Nothing is told from what is not known.
        assert_eq!(drawn(&dots, false), ["  ⣿", "⣀⣼⣿"]);
        assert_eq!(drawn(&dots, true), ["  #", ".##"]);
        let mut both = Dots::new(2, 2, 3);
        both.mirror(0, [0.0, 0.0], 1.0);
        both.mirror(2, [0.5, 1.0], 1.0);
        assert_eq!(drawn(&both, false), ["⡀⡄", " ⡇"]);
        let mut hanging = Dots::new(1, 1, 1);
        hanging.stack(0, &[50.0], 100.0, Grows::Down);
        hanging.stack(1, &[0.1], 100.0, Grows::Down);
        assert_eq!(drawn(&hanging, false), ["⠋"], "something is never nothing");
    }

    #[test]
    fn a_cell_has_the_colour_of_the_band_with_most_of_it() {
        let mut dots = Dots::new(1, 1, 2);
        for column in 0..2 {
            dots.stack(column, &[25.0, 75.0], 100.0, Grows::Up);
        }
        let area = Rect::new(0, 0, 1, 1);
        let mut buf = Buffer::empty(area);
        let styles = [Style::new().fg(Color::Blue), Style::new().fg(Color::Green)];
        dots.draw(&styles, false, area, &mut buf);
        assert_eq!(buf[(0, 0)].fg, Color::Green);
    }

    #[test]
    fn a_line_leaves_no_gap_between_its_columns() {
        let mut dots = Dots::new(2, 1, 1);
        let values = [25.0, 100.0, 100.0, 25.0];
        let mut before = None;
        for (column, value) in values.into_iter().enumerate() {
            dots.line(column, before, value, 100.0, 0);
            before = Some(value);
        }
        assert_eq!(drawn(&dots, false), ["⡸⢱"]);
    }

    proptest::proptest! {
        #[test]
        fn any_values_are_drawn_inside(values in proptest::collection::vec(-1.0..1e9, 0..6), top in -1.0..1e6, column in 0usize..20) {
            let mut dots = Dots::new(4, 3, 4);
            dots.stack(column, &values, top, Grows::Up);
            dots.line(column, values.first().copied(), top, top, 9);
            drawn(&dots, false);
        }
    }
}
