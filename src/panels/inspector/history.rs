//! The tab History: CPU, memory, I/O, faults and switches of the process, as far back as ticks are kept.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::trace::Point;
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::format::{bytes, duration, per_second, percent, rate};
use crate::model::id::{Bytes, Nanos};
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::model::text::pad;
use crate::panels::charts;
use crate::panels::listing::{self, Parts};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::{line, put};

static SPEC: Spec = Spec {
    name: "history",
    title: "History",
    about: "CPU, memory, I/O, faults and switches of the process over the last minutes.",
    place: Place::Tab,
    needs: Needs::STATUS.union(Needs::IO),
    actions: &[moves::COPY],
};

/// One quantity over time.
struct Quantity {
    name: &'static str,
    role: Role,
    of: fn(&Point) -> Reading<f64>,
    told: fn(f64) -> String,
    /// The least value that fills a chart.
    top: f64,
}

const QUANTITIES: [Quantity; 6] = [
    Quantity {
        name: "CPU %",
        role: Role::CpuUser,
        of: |p| p.cpu,
        told: |v| percent(v as f32),
        top: 10.0,
    },
    Quantity {
        name: "memory",
        role: Role::MemUsed,
        of: |p| Ok(p.resident.0 as f64),
        told: |v| bytes(Bytes(v as u64)),
        top: 1.0,
    },
    Quantity {
        name: "read",
        role: Role::FlowIn,
        of: |p| p.read,
        told: rate,
        top: 65_536.0,
    },
    Quantity {
        name: "written",
        role: Role::FlowOut,
        of: |p| p.written,
        told: rate,
        top: 65_536.0,
    },
    Quantity {
        name: "faults/s",
        role: Role::Wait,
        of: |p| p.faults,
        told: per_second,
        top: 10.0,
    },
    Quantity {
        name: "switches/s",
        role: Role::CpuSystem,
        of: |p| p.switches,
        told: per_second,
        top: 10.0,
    },
];

/// Cells of a name.
const NAME: usize = 11;

/// A quantity's values, oldest first, with what they come to.
struct Series {
    values: Vec<(Nanos, Option<f64>)>,
    now: Reading<f64>,
    least: f64,
    mean: f64,
    most: f64,
}

fn series(points: &[Point], of: fn(&Point) -> Reading<f64>) -> Series {
    let values: Vec<_> = points.iter().map(|p| (p.at, of(p).ok())).collect();
    let known = values.iter().filter_map(|(_, value)| *value);
    let count = known.clone().count().max(1) as f64;
    Series {
        now: points.last().map_or(Err(Missing::Soon), of),
        least: known.clone().reduce(f64::min).unwrap_or(0.0),
        mean: known.clone().sum::<f64>() / count,
        most: known.reduce(f64::max).unwrap_or(0.0),
        values,
    }
}

impl Series {
    fn is_known(&self) -> bool {
        self.values.iter().any(|(_, value)| value.is_some())
    }

    /// `CPU %  12.0   least 0.0   mean 3.1   most 98.6`.
    fn summary(&self, world: &World, quantity: &Quantity) -> Parts {
        let mut parts = vec![(pad(quantity.name, NAME), Role::Dim)];
        parts.push(match self.now {
            Ok(now) => ((quantity.told)(now), Role::Strong),
            Err(why) => {
                let passed = world.passed().filter(|_| why.is_unread());
                let why = passed.map_or_else(|| why.to_string(), str::to_owned);
                (format!("– {why}"), Role::Dim)
            }
        });
        if self.is_known() {
            for (name, value) in [
                ("least", self.least),
                ("mean", self.mean),
                ("most", self.most),
            ] {
                parts.push((format!("   {name} "), Role::Dim));
                parts.push(((quantity.told)(value), Role::Text));
            }
        }
        parts
    }
}

/// The pane.
#[derive(Default)]
pub struct HistoryTab {
    points: Vec<Point>,
}

/// The area of the charts within the pane.
fn inside(area: Rect) -> Rect {
    let margin = u16::from(area.width > 4);
    Rect {
        x: area.x + margin,
        width: area.width.saturating_sub(2 * margin),
        ..area
    }
}

/// Cells of the scale at the left of a chart.
const SCALE: u16 = 10;

/// Where the dots of a chart stand: beside its scale, where there is room for one.
fn scaled(area: Rect) -> Rect {
    if area.height < 3 || area.width < 6 * SCALE {
        return area;
    }
    Rect {
        x: area.x + SCALE,
        width: area.width - SCALE,
        ..area
    }
}

impl HistoryTab {
    fn chart(world: &World, quantity: &Quantity, series: &Series, area: Rect, buf: &mut Buffer) {
        // Some air above, or a steady value would fill its chart and look like a full one.
        let top = (series.most * 1.15).max(quantity.top);
        let scaled = scaled(area);
        if scaled.width < area.width && series.is_known() {
            let mark = |y: u16, text: String, buf: &mut Buffer| {
                let at = Rect {
                    y,
                    height: 1,
                    width: SCALE - 1,
                    ..area
                };
                line::draw_right(&world.theme, at, &[(text, Role::Dim)], buf);
            };
            mark(area.y, (quantity.told)(top), buf);
            mark(area.bottom() - 1, "0".to_owned(), buf);
            let ground = if world.theme.glyphs.ascii { "_" } else { "▁" };
            let style = world.theme.style(Role::Faint);
            let wide = usize::from(scaled.width);
            let line = ground.repeat(wide);
            put::text(buf, scaled.x, scaled.bottom() - 1, line, wide, style);
        }
        let area = scaled;
        charts::trail(world, &series.values, top, quantity.role, area, buf);
    }

    /// How far back the left end is, and where the newest moment stands.
    fn axis(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return;
        };
        let wide = usize::from(area.width);
        // A cell has two columns.
        let each = self.points.len().div_ceil((2 * wide).max(1)).max(1);
        let columns = self.points.len().div_ceil(2 * each).min(wide);
        let span = duration(Nanos(last.at.since(first.at).0));
        let from = area.x + (wide - columns) as u16;
        let left = Rect {
            x: from,
            width: area.right().saturating_sub(from),
            ..area
        };
        let theme = &world.theme;
        // Of one that has ended nothing is known until now.
        let end = if last.at < world.snapshot.at {
            world.clock(last.at)
        } else {
            world.when(last.at)
        };
        let ago = [(format!("-{span}"), Role::Dim)];
        if usize::from(left.width) >= span.len() + end.len() + 3 {
            line::draw(theme, left, &ago, Modifier::empty(), buf);
        }
        line::draw_right(theme, area, &[(end, Role::Dim)], buf);
    }
}

impl Panel for HistoryTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, _: Rect) -> Reply {
        self.points.clear();
        if world.trace.of() == world.focus {
            self.points.extend(world.trace.until(world.snapshot.at));
        }
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if action != moves::COPY {
            return Reply::Pass;
        }
        let told = QUANTITIES.iter().map(|q| {
            let parts = series(&self.points, q.of).summary(world, q);
            parts.into_iter().map(|(text, _)| text).collect::<String>()
        });
        Reply::Do(Effect::Copy(told.collect::<Vec<_>>().join("\n")))
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::HISTORY]
    }

    fn status(&self, _: &World) -> String {
        match self.points.len() {
            0 => String::new(),
            1 => "1 tick".to_owned(),
            n => format!("{n} ticks"),
        }
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        if self.points.is_empty() {
            let why = if world.focus.is_none() {
                "no process is selected"
            } else {
                "the next tick begins its history"
            };
            listing::empty(&world.theme, area, why, buf);
            return;
        }
        let inside = inside(area);
        let count = QUANTITIES.len() as u16;
        if inside.height > 2 * count {
            self.tall(world, inside, buf);
        } else {
            self.flat(world, inside, buf);
        }
    }
}

impl HistoryTab {
    /// Each quantity with its summary above its chart, and the axis below all.
    fn tall(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let count = QUANTITIES.len() as u16;
        let each = (area.height - 1) / count;
        let mut y = area.y;
        for quantity in &QUANTITIES {
            let series = series(&self.points, quantity.of);
            let title = Rect {
                y,
                height: 1,
                ..area
            };
            let summary = series.summary(world, quantity);
            line::draw(&world.theme, title, &summary, Modifier::empty(), buf);
            let chart = Rect {
                y: y + 1,
                height: each - 1,
                ..area
            };
            Self::chart(world, quantity, &series, chart, buf);
            y += each;
        }
        let axis = Rect {
            y,
            height: 1,
            ..area
        };
        self.axis(world, axis, buf);
    }

    /// One row a quantity: name, value now, chart.
    fn flat(&self, world: &World, area: Rect, buf: &mut Buffer) {
        const VALUE: usize = 8;
        let mut used = 0;
        let lead = (NAME + VALUE + 1) as u16;
        let chart = Rect {
            x: area.x + lead.min(area.width),
            width: area.width.saturating_sub(lead),
            height: 1,
            ..area
        };
        for (quantity, y) in QUANTITIES.iter().zip(area.top()..area.bottom()) {
            let series = series(&self.points, quantity.of);
            let now = series.now.map_or("–".to_owned(), quantity.told);
            let parts = [
                (pad(quantity.name, NAME), Role::Dim),
                (format!("{now:>VALUE$} "), Role::Strong),
            ];
            let row = Rect {
                y,
                height: 1,
                ..area
            };
            line::draw(&world.theme, row, &parts, Modifier::empty(), buf);
            Self::chart(world, quantity, &series, Rect { y, ..chart }, buf);
            used += 1;
        }
        if used < area.height {
            let y = area.y + used;
            self.axis(world, Rect { y, ..chart }, buf);
        }
    }
}

#[cfg(test)]
mod tests;
