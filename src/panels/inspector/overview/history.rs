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
use crate::theme::Role;
use crate::widgets::line;

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
        let delay = |v: f64| format!("{v:.1} ms/s for a core");
        let rows = [
            (
                "CPU",
                &cpu,
                top(&cpu, 25.0),
                Role::CpuUser,
                told(last(&cpu), &share),
            ),
            (
                "mem",
                &memory,
                top(&memory, 1.0) * 1.1,
                Role::MemUsed,
                told(last(&memory), &size),
            ),
            (
                "wait",
                &waiting,
                top(&waiting, 10.0),
                Role::Wait,
                told(waited(world).map(|(_, waited)| waited), &delay),
            ),
        ];
        // The last row is left blank where there are more than three.
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
        for (y, (name, ring, top, role, text)) in starts.zip(rows) {
            let row = Rect {
                y,
                height: 1,
                ..area
            };
            let words = 22.min(row.width / 3);
            let parts = [(format!(" {name}"), Role::Dim)];
            line::draw(theme, row, &parts, Modifier::empty(), buf);
            let bar = Rect {
                x: row.x + 6.min(row.width),
                width: row.width.saturating_sub(6 + words + 2),
                height: tall,
                ..row
            };
            charts::trail(world, ring, top, role, bar, buf);
            let end = Rect {
                x: bar.right() + 1,
                width: row.right().saturating_sub(bar.right() + 1),
                ..row
            };
            line::draw(theme, end, &[(text, Role::Strong)], Modifier::empty(), buf);
        }
    }
}
