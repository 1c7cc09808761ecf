//! Time and height of a chart: which seconds share a column, how far back the left end is, what fills the height.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::minutes::Second;
use crate::model::id::Nanos;
use crate::theme::{Role, Theme};
use crate::widgets::line;

const SECOND: u64 = 1_000_000_000;
/// How far back a chart may go, seconds: the least of these that holds what is known.
const SPANS: [u64; 5] = [60, 120, 300, 600, 900];

/// How far back charts go where so much is known.
pub(in crate::panels) fn back(known: Nanos) -> Nanos {
    let known = known.0 / SECOND;
    let span = SPANS.into_iter().find(|span| *span >= known);
    Nanos(span.unwrap_or(SPANS[SPANS.len() - 1]) * SECOND)
}

/// Values by column, the newest at the right end.
#[derive(Debug)]
pub(in crate::panels) struct Columns {
    values: Vec<Option<Vec<f64>>>,
    /// When that was.
    when: Vec<Nanos>,
    span: Nanos,
}

impl Columns {
    /// Brings seconds into so many columns; of several in one the highest is shown, so that no peak is lost. Columns lie on
    /// a grid of time, so that they do not change what they hold as time goes on.
    pub(in crate::panels) fn of<'a>(
        seconds: impl DoubleEndedIterator<Item = &'a Second> + Clone,
        columns: usize,
        of: impl Fn(&Second) -> Option<Vec<f64>>,
    ) -> Self {
        let columns = columns.max(1);
        let mut values = vec![None; columns];
        let mut when = vec![Nanos(0); columns];
        let (Some(first), Some(last)) = (seconds.clone().next(), seconds.clone().next_back())
        else {
            return Self {
                values,
                when,
                span: Nanos(SPANS[0] * SECOND),
            };
        };
        let span = back(last.at.since(first.at)).0;
        let each = span.div_ceil(columns as u64).max(1);
        let newest = last.at.0.div_ceil(each);
        let column = |grid: u64| (columns as u64).checked_sub(newest - grid + 1);
        for second in seconds {
            let Some(found) = of(second) else { continue };
            let sum: f64 = found.iter().sum();
            let begin = second.at.0.saturating_sub(second.span.0) / each + 1;
            let end = second.at.0.div_ceil(each);
            for grid in begin.min(end)..=end {
                let Some(column) = column(grid) else { continue };
                let there: &mut Option<Vec<f64>> = &mut values[column as usize];
                let higher = |old: &Vec<f64>| sum > old.iter().sum();
                if there.as_ref().is_none_or(higher) {
                    *there = Some(found.clone());
                    when[column as usize] = second.at;
                }
            }
        }
        Self {
            values,
            when,
            span: Nanos(each * columns as u64),
        }
    }

    /// Every column with its values, from the left.
    pub(in crate::panels) fn iter(&self) -> impl Iterator<Item = (usize, Option<&Vec<f64>>)> {
        self.values.iter().map(Option::as_ref).enumerate()
    }

    /// The values of those of which something is known.
    pub(in crate::panels) fn known(&self) -> impl Iterator<Item = &Vec<f64>> {
        self.values.iter().flatten()
    }

    /// For every cell, which holds two columns, the moment of the higher one; where it holds none that of the nearest.
    pub(in crate::panels) fn moments(&self) -> Vec<Nanos> {
        let height = |column: usize| {
            let values = self.values.get(column)?.as_ref()?;
            Some((values.iter().sum::<f64>(), self.when[column]))
        };
        let higher = |cell: usize| {
            let both = [height(2 * cell), height(2 * cell + 1)];
            let both = both.into_iter().flatten();
            both.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, at)| at)
        };
        let cells: Vec<Option<Nanos>> = (0..self.values.len().div_ceil(2)).map(higher).collect();
        let known = |cell: &usize| cells[*cell].is_some();
        let near = |cell: usize| {
            let all = (0..cells.len()).filter(known);
            all.min_by_key(|other| other.abs_diff(cell))
        };
        (0..cells.len())
            .map(|cell| near(cell).and_then(|cell| cells[cell]).unwrap_or_default())
            .collect()
    }

    /// How far back the left end is.
    pub(in crate::panels) fn span(&self) -> Nanos {
        self.span
    }
}

/// The next of 1, 2, 5, 10 … at or above a value, in the unit of this base that fits it; at least 1.
pub(super) fn round_up(most: f64, base: f64) -> f64 {
    let mut unit = 1.0;
    while most / unit > 999.5 && unit < 1e18 {
        unit *= base;
    }
    let most = most / unit;
    let mut step = 1.0;
    for factor in [2.0, 2.5, 2.0].iter().cycle() {
        if step >= most || step > 1e18 {
            break;
        }
        step *= factor;
    }
    step * unit
}

/// `-10 min` at the left end, when it ends at the right one, the half between them.
pub(in crate::panels) fn axis(theme: &Theme, span: Nanos, end: &str, area: Rect, buf: &mut Buffer) {
    let seconds = span.0 / SECOND;
    let told = |seconds: u64| match seconds {
        0..=119 => format!("−{seconds} s"),
        s if s % 60 >= 15 && s < 600 => format!("−{}.{} min", s / 60, s % 60 / 6),
        s => format!("−{} min", s / 60),
    };
    let at = |text: &str, x: u16, buf: &mut Buffer| {
        let area = Rect {
            x,
            width: area.right().saturating_sub(x),
            ..area
        };
        let part = [(text.to_owned(), Role::Dim)];
        line::draw(theme, area, &part, ratatui::style::Modifier::empty(), buf);
    };
    let first = told(seconds);
    if first.len() + end.len() < usize::from(area.width) {
        at(&first, area.x, buf);
    }
    if area.width >= 36 {
        let half = told(seconds / 2);
        let x = area.x + area.width / 2 - half.len() as u16 / 2;
        at(&half, x, buf);
    }
    line::draw_right(theme, area, &[(end.to_owned(), Role::Dim)], buf);
}
