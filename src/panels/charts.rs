//! The chart block: the last minutes of the machine, one quantity a chart, with its unit, its least and most, and an axis of time.
//! Used in the dashboard and the views; a chart is made anew only when there is something new to tell.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

mod scale;

use crate::app::key::{Mouse, Press};
use crate::app::minutes::{Quantity, Second};
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Bytes, Nanos};
use crate::model::reading::Missing;
use crate::model::text::width;
use crate::theme::{Role, Theme};
use crate::widgets::braille::{Dots, Grows};
use crate::widgets::chart::squeeze;
use crate::widgets::line;
pub(in crate::panels) use scale::{Columns, axis};

/// One value of a chart: what it is, its name in the legend, its colour.
type Band = (Quantity, &'static str, Role);

/// How the bands of a chart stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// On top of each other: parts of one thing.
    Stacked,
    /// A line each.
    Lines,
    /// The first upwards, the second downwards, from one line in the middle.
    Mirrored,
}

/// What fills the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Top {
    /// All of it: a hundred percent.
    Hundred,
    /// All memory.
    Memory,
    /// The most there was, rounded up.
    Most,
}

/// What a chart is about.
#[derive(Debug)]
pub(in crate::panels) struct Subject {
    title: &'static str,
    bands: &'static [Band],
    form: Form,
    top: Top,
    told: fn(f64) -> String,
    /// The same in at most five cells, for the scale.
    mark: fn(f64) -> String,
}

fn percent(value: f64) -> String {
    format!("{value:.0}%")
}

fn memory(value: f64) -> String {
    format::bytes(Bytes(value as u64))
}

use Quantity as Q;

/// How busy the cores were, and with what.
pub(in crate::panels) static CPU: Subject = Subject {
    title: "CPU",
    bands: &[
        (Q::User, "user", Role::CpuUser),
        (Q::System, "system", Role::CpuSystem),
        (Q::Interrupts, "irq", Role::CpuIrq),
        (Q::Steal, "steal", Role::CpuSteal),
        (Q::Iowait, "iowait", Role::CpuIowait),
    ],
    form: Form::Stacked,
    top: Top::Hundred,
    told: percent,
    mark: percent,
};

/// Memory in use and as cache, of all.
pub(in crate::panels) static MEMORY: Subject = Subject {
    title: "Memory",
    bands: &[
        (Q::Used, "used", Role::MemUsed),
        (Q::Cached, "cache", Role::MemCache),
    ],
    form: Form::Stacked,
    top: Top::Memory,
    told: memory,
    mark: memory,
};

/// For how much of the time somebody waited, and for what.
pub(in crate::panels) static PRESSURE: Subject = Subject {
    title: "Pressure",
    bands: &[
        (Q::CpuPressure, "cpu", Role::CpuUser),
        (Q::IoPressure, "io", Role::FlowIn),
        (Q::MemoryPressure, "memory", Role::Wait),
    ],
    form: Form::Lines,
    top: Top::Hundred,
    told: percent,
    mark: percent,
};

/// Context switches.
pub(in crate::panels) static SWITCHES: Subject = Subject {
    title: "Switches/s",
    bands: &[(Q::Switches, "", Role::CpuSystem)],
    form: Form::Stacked,
    top: Top::Most,
    told: format::per_second,
    mark: format::per_second,
};

/// What disks read and wrote.
pub(in crate::panels) static DISKS: Subject = Subject {
    title: "Disks",
    bands: &[
        (Q::Read, "read", Role::FlowIn),
        (Q::Written, "written", Role::FlowOut),
    ],
    form: Form::Mirrored,
    top: Top::Most,
    told: format::rate,
    mark: memory,
};

/// What came and went over the network.
pub(in crate::panels) static NETWORK: Subject = Subject {
    title: "Network",
    bands: &[
        (Q::Received, "received", Role::FlowIn),
        (Q::Sent, "sent", Role::FlowOut),
    ],
    form: Form::Mirrored,
    top: Top::Most,
    told: format::rate,
    mark: memory,
};

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
    /// Where the mouse went down, and the moments of those cells then: the chart ends with the moment that is shown, so that
    /// it moves under a mouse that is dragged.
    grabbed: Option<(Rect, Vec<Nanos>)>,
}

/// Draws values, oldest first and the newest at the right end, as an area of dots; peaks are kept where many share a column.
pub(in crate::panels) fn trail(
    theme: &Theme,
    values: &[Option<f64>],
    top: f64,
    role: Role,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut dots = Dots::new(area.width, area.height, 1);
    let columns = squeeze(values, dots.columns());
    let from = dots.columns() - columns.len();
    for (column, value) in columns.into_iter().enumerate() {
        if let Some(value) = value {
            dots.stack(from + column, &[value], top, Grows::Up);
        }
    }
    dots.draw(&[theme.style(role)], theme.glyphs.ascii, area, buf);
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
            let n = shown.len() as u16;
            let wide = (area.width + 2) / n;
            for (subject, i) in shown.iter().zip(0..) {
                let part = Rect {
                    x: area.x + i * wide,
                    width: if i + 1 == n {
                        area.width - i * wide
                    } else {
                        wide - 2
                    },
                    ..area
                };
                self.all.push(Chart::new(world, subject, part));
            }
        }
        self.made = Some(made);
    }

    /// A click or a drag goes to the moment of that cell: to the highest of those that share it.
    pub(in crate::panels) fn mouse(&mut self, mouse: Mouse) -> Reply {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.press {
            Press::Left => {
                let hit = self.all.iter().find(|c| c.inside().contains(at));
                self.grabbed = hit.map(|chart| (chart.inside(), chart.moments.clone()));
            }
            Press::Drag => {}
            _ => self.grabbed = None,
        }
        let Some((inside, moments)) = &self.grabbed else {
            return Reply::Pass;
        };
        let cell = usize::from(mouse.column.saturating_sub(inside.x));
        let moment = moments.get(cell.min(moments.len().saturating_sub(1)));
        match moment.filter(|at| at.0 > 0) {
            Some(at) => Reply::At(*at),
            None => Reply::Done,
        }
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
        let mut dots = Dots::new(area.width - SCALE, area.height - 2, subject.bands.len() + 1);
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
        let whole: Vec<f64> = whole.map(|values| subject.told_of(&values)).collect();
        Self {
            area,
            title: match last {
                Some(last) => subject.title(last),
                None => subject.untold(world, usize::from(area.width)),
            },
            extremes: extremes(subject, &whole),
            top: (subject.mark)(top),
            dots,
            roles,
            mirrored: subject.form == Form::Mirrored,
            span: columns.span(),
            moments: columns.moments(),
        }
    }

    /// Where its dots stand.
    fn inside(&self) -> Rect {
        Rect {
            x: self.area.x + SCALE,
            y: self.area.y + 1,
            width: self.area.width - SCALE,
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
        let mut mark = |y: u16, text: &str| {
            let area = Rect {
                width: SCALE - 1,
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
        axis(theme, self.span, below, buf);
    }
}

/// `least 4% · most 97%`.
fn extremes(subject: &Subject, sums: &[f64]) -> Parts {
    let (Some(least), Some(most)) = (
        sums.iter().copied().reduce(f64::min),
        sums.iter().copied().reduce(f64::max),
    ) else {
        return Vec::new();
    };
    vec![
        ("least ".to_owned(), Role::Dim),
        ((subject.told)(least), Role::Text),
        (" most ".to_owned(), Role::Dim),
        ((subject.told)(most), Role::Text),
    ]
}

impl Subject {
    /// The values of its bands, and one more for what is not told apart; `None` where nothing is known.
    fn values(&self, second: &Second) -> Option<Vec<f64>> {
        let mut known = false;
        let mut values = Vec::with_capacity(self.bands.len() + 1);
        for (of, ..) in self.bands {
            let value = second.get(*of);
            known |= value.is_some();
            values.push(value.unwrap_or(0.0));
        }
        if known {
            values.push(0.0);
        } else if self.bands[0].0 == Q::User {
            values.push(second.get(Q::Busy)?);
            known = true;
        }
        known.then_some(values)
    }

    /// What a column must have room for.
    fn height(&self, values: &[f64]) -> f64 {
        match self.form {
            Form::Stacked => values.iter().sum(),
            Form::Lines | Form::Mirrored => values.iter().copied().fold(0.0, f64::max),
        }
    }

    /// What is meant by least and most: of cores those that are busy, of memory what is used.
    fn told_of(&self, values: &[f64]) -> f64 {
        match self.top {
            Top::Memory => values[0],
            Top::Hundred if self.form == Form::Stacked => {
                let waiting = values.get(4).copied().unwrap_or(0.0);
                values.iter().sum::<f64>() - waiting
            }
            _ => self.height(values),
        }
    }

    fn fill(&self, dots: &mut Dots, columns: &Columns, top: f64) {
        let mut before: Option<&Vec<f64>> = None;
        for (column, values) in columns.iter() {
            let Some(values) = values else {
                before = None;
                continue;
            };
            match self.form {
                Form::Stacked => dots.stack(column, values, top, Grows::Up),
                Form::Lines => {
                    for (band, value) in values.iter().enumerate().take(self.bands.len()).rev() {
                        let before = before.map(|values| values[band]);
                        dots.line(column, before, *value, top, band);
                    }
                }
                Form::Mirrored => dots.mirror(column, [values[0], values[1]], top),
            }
            before = Some(values);
        }
    }

    /// `CPU  – the kernel does not show it to this user`: nothing is known lately, and why.
    fn untold(&self, world: &World, cells: usize) -> Parts {
        let newest = world.minutes.until(world.snapshot.at).next_back();
        let missing = newest.map_or(Missing::Soon, |second| second.why(self.bands[0].0));
        let past = world.time.recorded || world.paused.is_some();
        let why = match missing {
            Missing::Soon | Missing::Gap if past => "not read then".to_owned(),
            Missing::Soon | Missing::Gap => "not known yet".to_owned(),
            why if width(self.title) + 4 + width(&why.to_string()) <= cells => format!("– {why}"),
            why => format!("– {}", why.word()),
        };
        vec![
            (self.title.to_owned(), Role::Title),
            (format!("  {why}"), Role::Dim),
        ]
    }

    /// `CPU 31%  ■ user 22% ■ system 6%`.
    fn title(&self, second: &Second) -> Parts {
        let mut parts = vec![(self.title.to_owned(), Role::Title)];
        let Some(values) = self.values(second) else {
            return parts;
        };
        let sum = match self.form {
            Form::Stacked => Some(self.told_of(&values)),
            Form::Lines | Form::Mirrored => None,
        };
        if let Some(sum) = sum {
            parts.push((format!(" {}", (self.told)(sum)), Role::Strong));
        }
        let bands = self.bands.iter().zip(&values).enumerate();
        for (i, ((of, name, role), value)) in bands {
            // What is hardly ever there is told only where it is.
            let seldom = self.top == Top::Hundred && self.form == Form::Stacked && i > 1;
            if name.is_empty() || seldom && *value < 0.5 {
                continue;
            }
            let told = second.get(*of).map_or("–".to_owned(), self.told);
            parts.push(("  ".to_owned(), Role::Dim));
            parts.push(("■ ".to_owned(), *role));
            parts.push((format!("{name} "), Role::Dim));
            parts.push((told, Role::Text));
        }
        parts
    }
}

#[cfg(test)]
mod tests;
