//! The sparklines at the bottom: CPU, memory and waiting of the process while it has been looked at.

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::history::TICKS;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Bytes, Nanos};
use crate::model::snapshot::Proc;
use crate::theme::Role;
use crate::widgets::chart::Chart;
use crate::widgets::line;

/// So many ticks are kept.
const KEPT: usize = 240;

/// What was seen at each tick, oldest first.
#[derive(Debug, Default)]
pub(super) struct Rings {
    at: Option<Nanos>,
    waited: Option<Nanos>,
    cpu: VecDeque<f64>,
    memory: VecDeque<f64>,
    waiting: VecDeque<f64>,
}

fn push(ring: &mut VecDeque<f64>, value: f64) {
    if ring.len() == KEPT {
        ring.pop_front();
    }
    ring.push_back(value);
}

impl Rings {
    /// Takes in a tick, once.
    pub(super) fn push(&mut self, world: &World, proc: &Proc) {
        let detail = super::known(world, world.detail.overview.as_ref());
        if let Some(stamped) = detail.filter(|d| self.waited != Some(d.at))
            && let Ok(facts) = &stamped.value
            && let Ok(lately) = facts
                .schedule
                .as_ref()
                .map_err(|w| *w)
                .and_then(|s| s.lately)
        {
            self.waited = Some(stamped.at);
            push(&mut self.waiting, lately.waiting_ms);
        }
        if self.at == Some(world.snapshot.at) {
            return;
        }
        if self.at.is_none() {
            let past = world.history.cpu(proc.id, TICKS).map(f64::from);
            let known: Vec<f64> = past.skip_while(|v| *v <= 0.0).collect();
            self.cpu.extend(&known[..known.len().saturating_sub(1)]);
        }
        self.at = Some(world.snapshot.at);
        if let Ok(cpu) = proc.cpu {
            push(&mut self.cpu, f64::from(cpu));
        }
        push(&mut self.memory, proc.stat.resident.0 as f64);
    }

    /// Draws as many rows as there is room for: CPU first.
    pub(super) fn draw(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let top = |ring: &VecDeque<f64>, least: f64| ring.iter().copied().fold(least, f64::max);
        let last = |ring: &VecDeque<f64>| ring.back().copied();
        let cpu = last(&self.cpu).map_or("–".to_owned(), |v| {
            format!("{}%", format::percent(world.scaled(v as f32)))
        });
        let memory =
            last(&self.memory).map_or("–".to_owned(), |v| format::bytes(Bytes(v as u64)));
        let waiting =
            last(&self.waiting).map_or("–".to_owned(), |v| format!("{v:.1} ms/s for a core"));
        let rows = [
            ("CPU", &self.cpu, top(&self.cpu, 25.0), Role::CpuUser, cpu),
            (
                "mem",
                &self.memory,
                top(&self.memory, 1.0) * 1.1,
                Role::MemUsed,
                memory,
            ),
            (
                "wait",
                &self.waiting,
                top(&self.waiting, 10.0),
                Role::Warn,
                waiting,
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
            let chart = Chart {
                top,
                style: theme.style(role),
                idle: theme.style(Role::Faint),
                ascii: theme.glyphs.ascii,
            };
            chart.draw(ring.iter().copied().map(Some), bar, buf);
            let end = Rect {
                x: bar.right() + 1,
                width: row.right().saturating_sub(bar.right() + 1),
                ..row
            };
            line::draw(theme, end, &[(text, Role::Strong)], Modifier::empty(), buf);
        }
    }
}
