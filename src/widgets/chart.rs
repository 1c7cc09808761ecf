//! A chart of one quantity over time: one column a moment, filled from below in eighths of a cell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::spark::eighth;

/// A chart that is several rows high.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    /// The value that fills the height.
    pub top: f64,
    /// How values look.
    pub style: Style,
    /// How the base line looks where there is nothing.
    pub idle: Style,
    /// Only ASCII.
    pub ascii: bool,
}

impl Chart {
    /// Draws the newest values at the right end, oldest first; `None` leaves a gap. A value above zero is never drawn as nothing.
    pub fn draw(
        &self,
        values: impl DoubleEndedIterator<Item = Option<f64>>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        for (value, x) in values.rev().zip((area.left()..area.right()).rev()) {
            let Some(value) = value else { continue };
            let mut level = self.level(value, usize::from(area.height));
            if level == 0 {
                let cell = &mut buf[(x, area.bottom() - 1)];
                cell.set_symbol(eighth(1, self.ascii)).set_style(self.idle);
                continue;
            }
            for y in (area.top()..area.bottom()).rev() {
                if level == 0 {
                    break;
                }
                let here = level.min(8);
                buf[(x, y)]
                    .set_symbol(eighth(here, self.ascii))
                    .set_style(self.style);
                level -= here;
            }
        }
    }

    /// How many eighths of a cell a value fills over so many rows; 0 only for nothing.
    fn level(&self, value: f64, rows: usize) -> usize {
        if value.is_nan() || value <= 0.0 {
            return 0;
        }
        let most = rows * 8;
        if self.top > 0.0 {
            ((value / self.top * most as f64).round() as usize).clamp(1, most)
        } else {
            1
        }
    }
}

/// Brings many values into few columns, oldest first, each with what it is of: a column shows the highest of its values, so
/// that no peak is lost, or the last of them where none is known.
pub fn squeeze<T: Copy>(values: &[(T, Option<f64>)], columns: usize) -> Vec<(T, Option<f64>)> {
    if columns == 0 {
        return Vec::new();
    }
    let each = values.len().div_ceil(columns).max(1);
    // Counted from the newest, so that columns do not change what they hold when one is added at a time.
    let (first, rest) = values.split_at(values.len() % each);
    let first = (!first.is_empty()).then_some(first);
    let columns = first.into_iter().chain(rest.chunks(each));
    columns.filter_map(highest).collect()
}

/// The highest of some values with what it is of, the last of several; the last one where none is known.
pub fn highest<T: Copy>(values: &[(T, Option<f64>)]) -> Option<(T, Option<f64>)> {
    let rank = |value: &Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    let all = values.iter().copied();
    all.max_by(|(_, a), (_, b)| rank(a).total_cmp(&rank(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[Option<f64>], top: f64, wide: u16, high: u16) -> Vec<String> {
        let area = Rect::new(0, 0, wide, high);
        let mut buf = Buffer::empty(area);
        let chart = Chart {
            top,
            style: Style::new(),
            idle: Style::new(),
            ascii: false,
        };
        chart.draw(values.iter().copied(), area, &mut buf);
        (0..high)
            .map(|y| (0..wide).map(|x| buf[(x, y)].symbol()).collect())
            .collect()
    }

    #[test]
    fn columns_rise_over_rows() {
        let values = [
            Some(0.0),
            Some(25.0),
            Some(50.0),
            Some(75.0),
            Some(100.0),
            None,
            Some(0.1),
        ];
        assert_eq!(drawn(&values, 100.0, 8, 2), ["    ▄█  ", " ▁▄███ ▁"]);
    }

    #[test]
    fn the_newest_stay_where_room_is_short() {
        assert_eq!(drawn(&[Some(1.0), Some(8.0), Some(4.0)], 8.0, 2, 1), ["█▄"]);
        assert_eq!(
            drawn(&[Some(f64::NAN), Some(f64::INFINITY)], 8.0, 2, 1),
            ["▁█"]
        );
        assert!(drawn(&[Some(1.0)], 8.0, 0, 0).is_empty());
    }

    /// Values, each of its own place.
    fn placed(values: &[Option<f64>]) -> Vec<(usize, Option<f64>)> {
        values.iter().copied().enumerate().collect()
    }

    #[test]
    fn squeezing_keeps_peaks_and_knows_where_they_were() {
        let values = placed(&[1.0, 9.0, 2.0, 3.0, 4.0].map(Some));
        assert_eq!(squeeze(&values, 5), values);
        let three = [(0, Some(1.0)), (1, Some(9.0)), (4, Some(4.0))];
        assert_eq!(squeeze(&values, 3), three);
        assert_eq!(squeeze(&placed(&[None, None]), 1), [(1, None)]);
        assert_eq!(
            squeeze(&placed(&[Some(2.0), None, Some(2.0)]), 1),
            [(2, Some(2.0))]
        );
        assert!(squeeze(&values, 0).is_empty() && squeeze(&placed(&[]), 3).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn squeezed_values_fit(values in proptest::collection::vec(proptest::option::of(0.0..9.0), 0..200), columns in 1usize..50) {
            proptest::prop_assert!(squeeze(&placed(&values), columns).len() <= columns);
        }
    }
}
