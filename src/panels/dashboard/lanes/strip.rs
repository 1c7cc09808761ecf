//! A bar a core, where there are more cores than rows: those that stand together in the machine stand together here.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::meters::idle;
use crate::app::world::World;
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::topology::Group;
use crate::model::snapshot::Core;
use crate::theme::Role;
use crate::widgets::put;
use crate::widgets::spark::eighth;

/// Cells of the number of a row's first core, with a blank behind it.
const NUMBER: usize = 6;

/// The cores in rows.
pub(super) struct Strip {
    /// Cells of the widest name of a group, with a blank behind it.
    label: usize,
    /// Names of groups, each with the rows of its cores; a place that is none is a gap between two caches.
    rows: Vec<(String, Vec<Option<usize>>)>,
}

impl Strip {
    /// Lays out the cores of the machine in rows of this width.
    pub fn new(world: &World, width: u16) -> Self {
        let cores = world.snapshot.system.cores.iter().map(|core| core.id);
        let groups = world.snapshot.machine.topology.groups(cores);
        let label = groups.iter().map(|group| group.label.len()).max();
        let label = label.filter(|n| *n > 0).map_or(0, |n| n + 1);
        // Where there is hardly room for cores, which group they are of is not said.
        let label = if label + NUMBER + 8 <= usize::from(width) {
            label
        } else {
            0
        };
        let free = usize::from(width).saturating_sub(label + NUMBER);
        // A round number of cores reads well.
        let most = if free >= 16 {
            free / 16 * 16
        } else {
            free.max(1)
        };
        let mut rows = Vec::new();
        for group in groups {
            lay_out(&group, free.max(1), most, &mut rows);
        }
        Self { label, rows }
    }

    /// How many there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// How many rows of the screen each takes in so many.
    fn tall(&self, height: u16) -> u16 {
        let rows = self.rows.len().clamp(1, usize::from(u16::MAX)) as u16;
        (height / rows).max(1)
    }

    /// Draws them from row `top` on; where there is height each core is a bar of several rows.
    pub fn draw(&self, world: &World, area: Rect, top: u16, buf: &mut Buffer) {
        let theme = &world.theme;
        let cores = &world.snapshot.system.cores;
        let tall = self.tall(area.height);
        let rows = self.rows.iter().enumerate().skip(usize::from(top));
        let feet = (area.top() + tall - 1..area.bottom()).step_by(usize::from(tall));
        for ((n, (label, places)), y) in rows.zip(feet) {
            // The name of a group stands in its first row, and in the first one that is seen.
            let first = n == usize::from(top) || self.rows[n - 1].0 != *label;
            let label = if first { label.as_str() } else { "" };
            let number = places
                .iter()
                .flatten()
                .next()
                .map_or(0, |at| cores[*at].id.0);
            let text: Cow<str> = match self.label {
                0 => format!("{number:>5} ").into(),
                wide => format!("{label:wide$}{number:>5} ").into(),
            };
            let left = text.len().min(usize::from(area.width.saturating_sub(1)));
            put::text(buf, area.x, y, &*text, left, theme.style(Role::Dim));
            for (place, x) in places.iter().zip(area.x + left as u16..area.right()) {
                if let Some(core) = place.and_then(|at| cores.get(at)) {
                    bar(world, core, Rect::new(x, y + 1 - tall, 1, tall), buf);
                }
            }
        }
    }
}

/// Lays a group out: a row takes whole parts as far as they fit into `free` cells, with a gap between two of them; a part
/// that is longer than a row takes rows of `most` cores.
fn lay_out(group: &Group, free: usize, most: usize, rows: &mut Vec<(String, Vec<Option<usize>>)>) {
    let mut row: Vec<Option<usize>> = Vec::new();
    let mut end = |row: &mut Vec<Option<usize>>| {
        if !row.is_empty() {
            rows.push((group.label.clone(), std::mem::take(row)));
        }
    };
    for part in &group.parts {
        if row.len() + 1 + part.len() > free {
            end(&mut row);
        } else if !row.is_empty() {
            row.push(None);
        }
        for chunk in part.chunks(if part.len() > free { most } else { free }) {
            if row.len() + chunk.len() > free {
                end(&mut row);
            }
            row.extend(chunk.iter().map(|place| Some(*place)));
        }
    }
    end(&mut row);
}

/// One bar for one core: height and colour by how busy it was.
fn bar(world: &World, core: &Core, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let foot = (area.x, area.bottom() - 1);
    let share = match core.share {
        Ok(share) if share.busy() >= 1.0 => share,
        there => {
            let dash = ("–", theme.style(Role::Dim));
            let (symbol, style) = there.map_or(dash, |_| idle(theme));
            buf[foot].set_symbol(symbol).set_style(style);
            return;
        }
    };
    let role = if share.steal >= 5.0 {
        Role::CpuSteal
    } else {
        Role::CpuUser
    };
    let style = theme.style(role);
    let style = match holder(world, core) {
        Some(id) if role == Role::CpuUser => style.fg(theme.process(id)),
        _ => style,
    };
    let whole = 8.0 * f32::from(area.height);
    let mut level = (share.busy().min(100.0) / 100.0 * whole).ceil() as usize;
    for y in (area.top()..area.bottom()).rev() {
        if level == 0 {
            return;
        }
        let symbol = eighth(level, theme.glyphs.ascii);
        buf[(area.x, y)].set_symbol(symbol).set_style(style);
        level = level.saturating_sub(8);
    }
}

/// Who had a core longest in the last second, where that is known.
fn holder(world: &World, core: &Core) -> Option<ProcId> {
    let line = &world.timeline;
    let second = Nanos::from_millis(1000);
    let from = Nanos(line.now.0.saturating_sub(second.0));
    let lane = line.lane(core.id)?;
    let cells = lane.cells(line.origin, from, second, 1, None);
    let cell = cells.first()?;
    let seen = cell.others.is_none_or(|others| others <= cell.busy);
    cell.who.as_ref().filter(|_| seen).map(|who| who.id)
}
