//! The chart block: the last minutes of the machine, one quantity a chart, with its unit, its least and most, and an axis of time.
//! Used in the dashboard and the views; a chart is made anew only when there is something new to tell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

pub(in crate::panels) mod requests;
mod scale;
mod subject;

use crate::app::world::World;
use crate::model::id::Nanos;
use crate::model::text::width;
use crate::theme::Role;
use crate::widgets::braille::{ACROSS, Dots, Grows};
use crate::widgets::chart::{self as bar, highest, squeeze};
use crate::widgets::line;
pub(in crate::panels) use scale::{Columns, axis, back};
pub(in crate::panels) use subject::{CPU, DISKS, MEMORY, NETWORK, PRESSURE, SWITCHES, Subject};
use subject::{Form, Top};

/// So high are charts in a view, where it is at least so high.
pub(in crate::panels) const ROWS: u16 = 7;
pub(in crate::panels) const HIGH: u16 = 36;

/// The least rows of a chart: its title, one of dots, the axis.
pub(in crate::panels) const LEAST: u16 = 3;
/// So many seconds old may be what the title tells as now.
const LATELY: usize = 6;
/// Cells below which a chart tells nothing.
const NARROW: u16 = 24;
/// Cells of the scale at the left.
const SCALE: u16 = 6;
/// The same where it has a unit of its own: `500M/s`.
const SCALE_OF_RATES: u16 = 8;

type Parts = Vec<(String, Role)>;

/// One chart, ready to be drawn.
#[derive(Debug)]
struct Chart {
    area: Rect,
    title: Parts,
    extremes: Parts,
    top: String,
    dots: Dots,
    roles: Vec<Role>,
    /// Cells of its scale at the left.
    scale: u16,
    mirrored: bool,
    span: Nanos,
    /// The moment of each cell.
    moments: Vec<Nanos>,
}

/// What the charts were made of; while it is the same, they are.
type Made = (u64, Nanos, Rect, Vec<&'static str>);

/// Some charts side by side.
#[derive(Debug, Default)]
pub(in crate::panels) struct Charts {
    made: Option<Made>,
    all: Vec<Chart>,
}

/// Values over time, oldest first: the moment of each, and what is known of it.
pub(in crate::panels) type Points = [(Nanos, Option<f64>)];

/// How many columns of dots so many cells hold.
pub(in crate::panels) fn columns(cells: u16) -> usize {
    usize::from(cells) * ACROSS
}

/// Draws values, the newest at the right end, as an area of dots; peaks are kept where many share a column.
pub(in crate::panels) fn trail(
    world: &World,
    points: &Points,
    top: f64,
    role: Role,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &world.theme;
    let mut dots = Dots::new(area.width, area.height, 2);
    let columns = squeeze(points, dots.columns());
    let from = dots.columns() - columns.len();
    for (column, (_, value)) in columns.iter().enumerate() {
        if let Some(value) = value {
            dots.stack(from + column, &[*value], top, Grows::Up);
        }
    }
    let styles = [theme.style(role), theme.style(Role::Dim)];
    dots.draw(&styles, theme.glyphs.ascii, area, buf);
    // A cell has two columns.
    let lead = from % ACROSS;
    let cells = || -> Vec<Nanos> {
        let (first, rest) = columns.split_at(lead.min(columns.len()));
        let first = (!first.is_empty()).then_some(first);
        let cells = first.into_iter().chain(rest.chunks(ACROSS));
        cells.filter_map(highest).map(|(at, _)| at).collect()
    };
    world
        .probe
        .chart(area, || at_the_right(&cells(), area.width));
}

/// Draws values, the newest at the right end, as bars in eighths of a cell; peaks are kept where many share a column.
pub(in crate::panels) fn bars(
    world: &World,
    points: &Points,
    top: f64,
    role: Role,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &world.theme;
    let columns = squeeze(points, usize::from(area.width));
    let chart = bar::Chart {
        top,
        style: theme.style(role),
        idle: theme.style(Role::Faint),
        ascii: theme.glyphs.ascii,
    };
    chart.draw(columns.iter().map(|(_, value)| *value), area, buf);
    let cells = || -> Vec<Nanos> { columns.iter().map(|(at, _)| *at).collect() };
    world
        .probe
        .chart(area, || at_the_right(&cells(), area.width));
}

/// The moments of so many cells, where the newest stand at the right; left of them is that of the oldest.
fn at_the_right(cells: &[Nanos], width: u16) -> Vec<Option<Nanos>> {
    let before = usize::from(width).saturating_sub(cells.len());
    let first = cells.first().copied();
    std::iter::repeat_n(first, before)
        .chain(cells.iter().copied().map(Some))
        .collect()
}

/// An area without a cell at its left and right.
pub(in crate::panels) fn inset(area: Rect) -> Rect {
    let margin = u16::from(area.width > 2);
    Rect {
        x: area.x + margin,
        width: area.width - 2 * margin,
        ..area
    }
}

/// So many parts of an area side by side, two cells apart; the last one takes what is left over.
pub(in crate::panels) fn beside(area: Rect, parts: usize) -> impl Iterator<Item = Rect> {
    let n = parts as u16;
    let wide = (area.width + 2) / n.max(1);
    (0..n).map(move |i| Rect {
        x: area.x + i * wide,
        width: if i + 1 == n {
            area.width - i * wide
        } else {
            wide - 2
        },
        ..area
    })
}

impl Charts {
    /// Prepares charts of these subjects, side by side, as many as find room.
    pub(in crate::panels) fn fit(
        &mut self,
        world: &World,
        subjects: &[&'static Subject],
        area: Rect,
    ) {
        let most = usize::from(area.width / (2 * NARROW)).max(1);
        let shown = &subjects[..subjects.len().min(most)];
        let at = world.snapshot.at;
        let names: Vec<&'static str> = shown.iter().map(|s| s.title).collect();
        let made = (world.minutes.version(), at, area, names);
        if self.made.as_ref() == Some(&made) {
            return;
        }
        self.all.clear();
        let fits = area.height >= LEAST && area.width >= NARROW;
        if fits && !shown.is_empty() {
            for (subject, part) in shown.iter().zip(beside(area, shown.len())) {
                self.all.push(Chart::new(world, subject, part));
            }
        }
        self.made = Some(made);
    }

    /// Draws what was prepared.
    pub(in crate::panels) fn draw(&self, world: &World, buf: &mut Buffer) {
        for chart in &self.all {
            chart.draw(world, buf);
        }
    }
}

impl Chart {
    fn new(world: &World, subject: &Subject, area: Rect) -> Self {
        let scale = if subject.form == Form::Mirrored {
            SCALE_OF_RATES
        } else {
            SCALE
        };
        let mut dots = Dots::new(area.width - scale, area.height - 2, subject.bands.len() + 1);
        let seconds = world.minutes.until(world.snapshot.at);
        let columns = Columns::of(seconds.clone(), dots.columns(), |second| {
            subject.values(second)
        });
        let sums: Vec<f64> = columns
            .known()
            .map(|values| subject.height(values))
            .collect();
        let top = match subject.top {
            Top::Hundred => 100.0,
            Top::Memory => world
                .snapshot
                .system
                .memory
                .map_or(1.0, |m| m.total.0 as f64),
            Top::Most => {
                let base = if subject.form == Form::Mirrored {
                    1024.0
                } else {
                    1000.0
                };
                let least = if base > 1000.0 { base } else { 1.0 };
                scale::round_up(sums.iter().copied().fold(least, f64::max), base)
            }
        };
        subject.fill(&mut dots, &columns, top);
        // What is read at a pace of its own is not in every second.
        let lately = seconds.clone().rev().take(LATELY);
        let mut lately = lately.filter(|second| subject.values(second).is_some());
        let last = lately.next();
        let mut roles: Vec<Role> = subject.bands.iter().map(|(.., role)| *role).collect();
        roles.push(Role::Dim);
        let whole = seconds.clone().filter_map(|second| subject.values(second));
        let mut whole: Vec<Vec<f64>> = whole.collect();
        let highest = subject.highest(&whole);
        if let Some((band, _)) = highest {
            for values in &mut whole {
                *values = vec![values[band]];
            }
        }
        let whole = whole.iter().map(|values| subject.told_of(values));
        let whole: Vec<f64> = whole.collect();
        Self {
            area,
            title: match last {
                Some(last) => subject.title(last),
                None => subject.untold(world, usize::from(area.width)),
            },
            extremes: extremes(subject, highest.map(|(_, name)| name), &whole),
            top: (subject.mark)(top),
            dots,
            roles,
            scale,
            mirrored: subject.form == Form::Mirrored,
            span: columns.span(),
            moments: columns.moments(),
        }
    }

    /// Where its dots stand.
    fn inside(&self) -> Rect {
        Rect {
            x: self.area.x + self.scale,
            y: self.area.y + 1,
            width: self.area.width - self.scale,
            height: self.area.height - 2,
        }
    }

    fn draw(&self, world: &World, buf: &mut Buffer) {
        let theme = &world.theme;
        let row = |y: u16| Rect {
            y,
            height: 1,
            ..self.area
        };
        let head = row(self.area.y);
        let mut title = self.title.clone();
        if theme.glyphs.ascii {
            title.retain(|(text, _)| text != "■ ");
        }
        let cells = |parts: &Parts| -> usize { parts.iter().map(|(text, _)| width(text)).sum() };
        let end = line::draw(theme, head, &title, Modifier::empty(), buf);
        if cells(&title) + cells(&self.extremes) + 2 <= usize::from(head.width) {
            line::draw_right(theme, head, &self.extremes, buf);
        }
        debug_assert!(end <= head.right());
        let dots = self.inside();
        let rows = dots.height;
        let styles: Vec<Style> = self.roles.iter().map(|role| theme.style(*role)).collect();
        self.dots.draw(&styles, theme.glyphs.ascii, dots, buf);
        world.probe.chart(dots, || {
            let moments = self.moments.iter().copied();
            moments.map(|at| Some(at).filter(|at| at.0 > 0)).collect()
        });
        let mut mark = |y: u16, text: &str| {
            let area = Rect {
                width: self.scale - 1,
                ..row(y)
            };
            line::draw_right(theme, area, &[(text.to_owned(), Role::Dim)], buf);
        };
        mark(dots.y, &self.top);
        match (rows, self.mirrored) {
            (0 | 1, _) => {}
            (2, true) => mark(dots.bottom() - 1, &self.top),
            (_, true) => {
                mark(dots.y + (rows - 1) / 2, "0");
                mark(dots.bottom() - 1, &self.top);
            }
            (_, false) => mark(dots.bottom() - 1, "0"),
        }
        let below = Rect {
            y: dots.bottom(),
            height: 1,
            ..dots
        };
        let end = world.when(world.snapshot.at);
        axis(theme, self.span, &end, below, buf);
    }
}

/// `least 4% · most 97%`; of several lines those `of` the highest, by its name.
fn extremes(subject: &Subject, of: Option<&str>, sums: &[f64]) -> Parts {
    let (Some(least), Some(most)) = (
        sums.iter().copied().reduce(f64::min),
        sums.iter().copied().reduce(f64::max),
    ) else {
        return Vec::new();
    };
    let of = of.map_or_else(String::new, |name| format!("{name} "));
    vec![
        (format!("{of}least "), Role::Dim),
        ((subject.told)(least), Role::Text),
        (" most ".to_owned(), Role::Dim),
        ((subject.told)(most), Role::Text),
    ]
}

#[cfg(test)]
mod tests;
