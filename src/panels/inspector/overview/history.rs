//! The sparklines at the bottom: CPU and memory of the process as far back as ticks are kept, and its waiting while it is looked at.

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::detail::Stamped;
use crate::model::format;
use crate::model::id::{Bytes, Nanos};
use crate::model::process::overview::Overview;
use crate::panels::charts;
use crate::theme::{Role, Theme};
use crate::widgets::line;

/// Cells of name and scale at the left: `2.0G`, `1741 ms/s`.
const SCALE: u16 = 11;
/// Cells of words at the right: `1741 ms/s for a core`.
const WORDS: u16 = 22;

/// The points on so many columns of the same time: each holds until the one before it, of several in a column the highest
/// is shown. Before the first nothing is known.
fn on_grid(
    points: &charts::Points,
    now: Nanos,
    span: Nanos,
    columns: usize,
) -> Vec<(Nanos, Option<f64>)> {
    let each = (span.0 / columns.max(1) as u64).max(1);
    // Columns lie on a grid of time, so that they do not change what they hold as time goes on.
    let newest = now.0.div_ceil(each);
    let oldest = (newest + 1).saturating_sub(columns as u64);
    let mut grid: Vec<(Nanos, Option<f64>)> = (oldest..=newest)
        .map(|column| (Nanos(column * each), None))
        .collect();
    let mut before = None;
    for (at, value) in points {
        let end = at.0.div_ceil(each);
        let begin = before.map_or(end, |before: u64| (before + 1).min(end));
        for column in begin.max(oldest)..=end.min(newest) {
            let (when, held) = &mut grid[(column - oldest) as usize];
            if value.is_some_and(|value| held.is_none_or(|held| value > held)) {
                (*when, *held) = (*at, *value);
            }
        }
        before = Some(end);
    }
    grid
}

/// So many ticks of waiting are kept.
const KEPT: usize = 240;

/// How long it waited for a core while it was looked at, oldest first: what nobody reads of others.
#[derive(Debug, Default)]
pub(super) struct Rings {
    waiting: VecDeque<(Nanos, f64)>,
}

/// How long it waited for a core lately, milliseconds a second, and when that was read.
fn waited(world: &World) -> Option<(Nanos, f64)> {
    let stamped = super::known(world, world.detail.overview.as_ref())?;
    let schedule = stamped.value.as_ref().ok()?.schedule.as_ref().ok()?;
    Some((stamped.at, schedule.lately.ok()?.waiting_ms))
}

impl Rings {
    /// Takes in a reading of the present, once: what was read of a moment of the past tells nothing of those around it.
    pub(super) fn push(&mut self, world: &World) {
        let new = |read: &(Nanos, f64)| self.waiting.back().is_none_or(|last| last.0 < read.0);
        if let Some(read) = waited(world).filter(|read| !world.looks_back() && new(read)) {
            if self.waiting.len() == KEPT {
                self.waiting.pop_front();
            }
            self.waiting.push_back(read);
        }
    }

    /// How long it waited until the moment that is shown, oldest first: of the past what was kept.
    fn waiting(&self, world: &World) -> Vec<(Nanos, Option<f64>)> {
        if world.looks_back() {
            let read = world.readings.part(|detail| &detail.overview);
            let waited = |slot: &Stamped<Overview>| {
                let schedule = slot.value.as_ref().ok()?.schedule.as_ref().ok()?;
                Some(schedule.lately.ok()?.waiting_ms)
            };
            return read.map(|slot| (slot.at, waited(slot))).collect();
        }
        let all = self.waiting.iter();
        let all = all.take_while(|(at, _)| *at <= world.snapshot.at);
        all.map(|(at, waited)| (*at, Some(*waited))).collect()
    }

    /// Draws as many rows as there is room for: CPU first. Its past begins where that of the machine does, not with the selection.
    pub(super) fn draw(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let past = || world.trace.until(world.snapshot.at);
        let cpu: Vec<_> = past().map(|p| (p.at, p.cpu.ok())).collect();
        let memory: Vec<_> = past().map(|p| (p.at, Some(p.resident.0 as f64))).collect();
        let waiting = self.waiting(world);
        let values = |ring: &charts::Points| -> Vec<f64> {
            ring.iter().filter_map(|(_, value)| *value).collect()
        };
        let top =
            |ring: &charts::Points, least: f64| values(ring).into_iter().fold(least, f64::max);
        let last = |ring: &charts::Points| values(ring).last().copied();
        let told =
            |value: Option<f64>, say: &dyn Fn(f64) -> String| value.map_or("–".to_owned(), say);
        let share = |v: f64| format!("{}%", format::percent(world.scaled(v as f32)));
        let size = |v: f64| format::bytes(Bytes(v as u64));
        let delay = |v: f64| format!("{v:.0} ms/s for a core");
        let pace = |v: f64| format!("{v:.0} ms/s");
        let rows = [
            (
                "CPU",
                &cpu,
                top(&cpu, 25.0),
                Role::CpuUser,
                told(last(&cpu), &share),
                &share as &dyn Fn(f64) -> String,
            ),
            (
                "mem",
                &memory,
                top(&memory, 1.0) * 1.1,
                Role::MemUsed,
                told(last(&memory), &size),
                &size,
            ),
            (
                "wait",
                &waiting,
                top(&waiting, 10.0),
                Role::Wait,
                told(waited(world).map(|(_, waited)| waited), &delay),
                &pace,
            ),
        ];
        // Where there are more than three rows, the last one is the axis of time that all three share.
        let tall = if area.height > 3 {
            (area.height - 1) / 3
        } else {
            1
        };
        let from = if area.height > 3 {
            area.y
        } else {
            area.bottom().saturating_sub(area.height.min(3))
        };
        let starts = (from..area.bottom()).step_by(usize::from(tall));
        let span = span(&cpu);
        let mut below = None;
        for (y, (name, ring, top, role, text, mark)) in starts.zip(rows) {
            let row = Rect {
                y,
                height: 1,
                ..area
            };
            let words = WORDS.min(row.width / 3);
            let parts = [(format!(" {name}"), Role::Dim)];
            line::draw(theme, row, &parts, Modifier::empty(), buf);
            let bar = Rect {
                x: row.x + SCALE.min(row.width),
                width: row.width.saturating_sub(SCALE + words + 2),
                height: tall,
                ..row
            };
            let columns = charts::columns(bar.width);
            let grid = on_grid(ring, world.snapshot.at, span, columns);
            charts::trail(world, &grid, top, role, bar, buf);
            below = Some(bar);
            let x = bar.right() + 1;
            let width = row.right().saturating_sub(x);
            let end = Rect { x, width, ..row };
            line::draw(theme, end, &[(text, Role::Strong)], Modifier::empty(), buf);
            if tall < 3 {
                continue;
            }
            let left = Rect {
                width: SCALE.min(row.width),
                ..row
            };
            let known = values(ring);
            beside(theme, (left, end, tall), (&known, top), mark, buf);
        }
        if let Some(bar) = below.filter(|bar| tall > 1 && bar.bottom() < area.bottom()) {
            let y = bar.bottom();
            let axis = Rect {
                y,
                height: 1,
                ..bar
            };
            let now = world.when(world.snapshot.at);
            charts::axis(theme, span, &now, axis, buf);
        }
    }
}

/// How far back the charts go for these points.
fn span(points: &charts::Points) -> Nanos {
    charts::back(match (points.first(), points.last()) {
        (Some((first, _)), Some((last, _))) => last.since(*first),
        _ => Nanos(0),
    })
}

/// The scale at the left of a chart of so many rows, and at its right what was least and most.
fn beside(
    theme: &Theme,
    (left, right, rows): (Rect, Rect, u16),
    (known, top): (&[f64], f64),
    mark: &dyn Fn(f64) -> String,
    buf: &mut Buffer,
) {
    let mut dim = |area: Rect, row: u16, text: String| {
        let y = area.y + row;
        let area = Rect { y, ..area };
        line::draw(theme, area, &[(text, Role::Dim)], Modifier::empty(), buf);
    };
    dim(left, 1, format!(" {}", mark(top)));
    dim(left, rows - 1, " 0".to_owned());
    let least = known.iter().copied().reduce(f64::min);
    let most = known.iter().copied().reduce(f64::max);
    if let (Some(least), Some(most)) = (least, most) {
        dim(right, 1, format!("least {}", mark(least)));
        dim(right, 2, format!("most  {}", mark(most)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_where_their_time_is() {
        let second = |s: u64| Nanos(s * 1_000_000_000);
        let points = [
            (second(104), Some(1.0)),
            (second(106), Some(5.0)),
            (second(107), None),
            (second(110), Some(2.0)),
        ];
        let grid = on_grid(&points, second(110), second(10), 5);
        let values: Vec<Option<f64>> = grid.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [None, Some(1.0), Some(5.0), None, Some(2.0)]);
        assert_eq!(grid.len(), 5);
        let held: Vec<f64> = values.into_iter().flatten().collect();
        assert!(held.contains(&5.0), "no peak is lost");
    }
}
