//! The upper half of the memory view: the answer in three lines, and the parts with their meaning.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{ViewMemory, holders, kernel};
use crate::app::world::World;
use crate::model::format::bytes;
use crate::model::id::Bytes;
use crate::model::machine::memory::{MachineMemory, MemoryUse};
use crate::model::sample::Memory;
use crate::model::text::pad;
use crate::panels::charts;
use crate::panels::listing::Parts;
use crate::theme::{Role, Theme};
use crate::widgets::line;
use crate::widgets::meter;

/// From this width on the kernel's work stands beside the parts.
const BESIDE: u16 = 70;
/// From this width on each part says what it means.
const MEANINGS: u16 = 110;
/// The cells of a part without its meaning.
const PART: u16 = 32;
/// How many rows the table of holders keeps, its heading included: where there is room, and at the least.
const TABLE: [u16; 2] = [6, 4];

/// Where the lines above the table stand.
#[derive(Clone, Copy, Default)]
pub struct Heights {
    /// The answer, the bar, the legend, and the limit of our own group where there is one.
    top: u16,
    /// The parts, and what stands beside them.
    parts: u16,
    /// Empty lines above and below the parts, of each.
    air: u16,
    /// Memory in use over time, its title included.
    chart: u16,
}

/// The lines of the chart.
const CHART: u16 = 7;
/// How many lines the table keeps where there is a chart.
const BELOW: u16 = 14;

impl Heights {
    /// Everything where the table keeps its rows, else the answer alone.
    pub fn of(view: &ViewMemory, world: &World, area: Rect) -> Self {
        let Some(memory) = view.newest.as_deref() else {
            return Self {
                top: 1.min(area.height),
                ..Self::default()
            };
        };
        let top = 3 + u16::from(!kernel::own(memory, world).is_empty());
        let parts = memory.parts.len() as u16;
        let beside = if area.width >= BESIDE {
            kernel::lines(view, memory, world, false).len() as u16
        } else {
            0
        };
        for (air, table) in [(1, TABLE[0]), (0, TABLE[1])] {
            // Beside the parts: the title of the table, and the empty lines.
            let left = area.height.saturating_sub(top + 1 + 2 * air + table);
            if left >= parts {
                let found = Self {
                    top,
                    parts: parts.max(beside).min(left),
                    air,
                    chart: 0,
                };
                let left = area.height - found.total().min(area.height);
                let chart = if left > CHART + BELOW { CHART } else { 0 };
                return Self { chart, ..found };
            }
        }
        let top = if area.height >= top + TABLE[0] {
            top
        } else {
            1.min(area.height)
        };
        Self {
            top,
            ..Self::default()
        }
    }

    /// All lines above the table.
    pub fn total(self) -> u16 {
        let parts = match self.parts {
            0 => 0,
            lines => lines + 1 + 2 * self.air,
        };
        self.top + parts + self.over()
    }

    /// Where the charts stand.
    pub fn chart(self, area: Rect) -> Rect {
        let rows = self.chart.min(area.height);
        charts::inset(Rect {
            y: area.y + (self.top + self.air).min(area.height - rows),
            height: rows,
            ..area
        })
    }

    /// The lines that the chart takes, with the empty one below it.
    fn over(self) -> u16 {
        self.chart + u16::from(self.chart > 0)
    }
}

/// Draws everything above the table.
pub fn head(view: &ViewMemory, world: &World, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let row = |i: u16| Rect {
        y: area.y + i.min(area.height),
        height: u16::from(i < area.height),
        ..area
    };
    let mut draw = |area: Rect, parts: &Parts| {
        line::draw(theme, inset(area), parts, Modifier::empty(), buf);
    };
    let Some(memory) = view.newest.as_deref() else {
        let slot = world.detail.machine.memory.as_ref();
        let why = slot.and_then(|s| s.value.as_ref().err());
        let text = why.copied().unwrap_or(world.to_come()).to_string();
        draw(row(0), &vec![(text, Role::Dim)]);
        return;
    };
    let Heights {
        top, parts, air, ..
    } = view.heights;
    let first = top + air + view.heights.over();
    draw(row(0), &answer(memory, world));
    if top < 3 {
        return;
    }
    draw(row(2), &legend(theme, memory, &view.biggest));
    if top > 3 {
        draw(row(3), &kernel::own(memory, world));
    }
    if parts > 0 {
        let meanings = area.width >= MEANINGS;
        let left = match (area.width >= BESIDE, meanings) {
            (true, true) => area.width * 3 / 5,
            (true, false) => PART,
            (false, _) => area.width,
        };
        for (i, (part, size)) in memory.parts.iter().enumerate().take(usize::from(parts)) {
            let area = Rect {
                width: left.saturating_sub(2),
                ..row(first + i as u16)
            };
            draw(area, &part_line(theme, memory, *part, *size));
        }
        draw(
            row(view.heights.total() - 1),
            &holders::title(&view.holders),
        );
        if area.width >= BESIDE {
            let right = Rect {
                x: area.x + left,
                y: area.y + first,
                width: area.width - left,
                height: parts,
            };
            let charted = view.heights.chart > 0;
            let lines = kernel::lines(view, memory, world, charted);
            kernel::draw(view, &lines, world, right, buf);
        }
        view.charts.draw(world, buf);
    }
    bar(theme, memory, inset(row(1)), buf);
}

fn inset(area: Rect) -> Rect {
    let margin = 1.min(area.width);
    Rect {
        x: area.x + margin,
        width: area.width - margin,
        ..area
    }
}

/// How much there is. Where time stands at a moment of the past it is that of its tick: the parts may have been read before.
fn answer(memory: &MachineMemory, world: &World) -> Parts {
    let told = world.snapshot.system.memory.ok();
    let now = told.filter(|_| world.looks_back()).unwrap_or(Memory {
        total: memory.total,
        available: memory.available,
        swap_total: memory.swap_total,
        swap_free: Bytes(memory.swap_total.0.saturating_sub(memory.swap_used().0)),
        ..Memory::default()
    });
    let total = now.total.0.max(1);
    let percent = now.used().0 as f64 * 100.0 / total as f64;
    let role = match percent {
        p if p >= 95.0 => Role::Bad,
        p if p >= 85.0 => Role::Warn,
        _ => Role::Strong,
    };
    let mut out: Parts = vec![
        (bytes(now.used()), role),
        (
            format!(" of {} used ({percent:.0}%)", bytes(now.total)),
            Role::Dim,
        ),
        ("   ".to_owned(), Role::Text),
        (bytes(now.available), Role::Strong),
        (" can be had without swapping".to_owned(), Role::Dim),
        ("   swap ".to_owned(), Role::Dim),
    ];
    if now.swap_total.0 == 0 {
        out.push(("none".to_owned(), Role::Dim));
    } else {
        out.push((bytes(now.swap_used()), Role::Swap));
        out.push((format!(" of {}", bytes(now.swap_total)), Role::Dim));
    }
    out
}

fn role(part: MemoryUse) -> Role {
    match part {
        MemoryUse::Processes => Role::MemUsed,
        MemoryUse::Shared => Role::RegionShared,
        MemoryUse::Huge => Role::RegionGlobals,
        MemoryUse::Slab => Role::RegionStack,
        MemoryUse::Kernel => Role::RegionText,
        MemoryUse::Compressed => Role::Swap,
        MemoryUse::Arc | MemoryUse::Cache => Role::MemCache,
        MemoryUse::Buffers => Role::RegionFile,
        MemoryUse::SlabReclaimable => Role::RegionAnonymous,
        MemoryUse::AtHand => Role::Dim,
        MemoryUse::Free => Role::Faint,
    }
}

/// What the bar and the legend fill a part with; neighbours differ without colour.
fn glyph(theme: &Theme, part: MemoryUse) -> &'static str {
    match (part, theme.glyphs.ascii) {
        (MemoryUse::Free, true) => ".",
        (MemoryUse::Free, false) => "·",
        (part, true) if part.can_be_had() => "=",
        (_, true) => "#",
        (part, false) if part.can_be_had() => "▒",
        (_, false) => "█",
    }
}

fn bar(theme: &Theme, memory: &MachineMemory, area: Rect, buf: &mut Buffer) {
    let total = memory.total.0.max(1) as f32;
    let parts = memory
        .parts
        .iter()
        .filter(|(part, _)| *part != MemoryUse::Free);
    let parts: Vec<_> = parts
        .map(|(part, size)| meter::Segment {
            share: size.0 as f32 / total,
            glyph: glyph(theme, *part),
            style: theme.style(role(*part)),
        })
        .collect();
    let area = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    meter::draw(
        area,
        &parts,
        (glyph(theme, MemoryUse::Free), theme.style(Role::Faint)),
        buf,
    );
}

/// The parts by size, the biggest processes named: where memory went, in one line.
fn legend(theme: &Theme, memory: &MachineMemory, biggest: &[(String, Bytes)]) -> Parts {
    let mut out = Parts::new();
    let mut parts = memory.parts.clone();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (part, size) in parts
        .into_iter()
        .filter(|(part, _)| *part != MemoryUse::Free)
    {
        out.push((format!("{} ", glyph(theme, part)), role(part)));
        out.push((format!("{} ", part.words().0), Role::Dim));
        out.push((bytes(size), Role::Text));
        if part == MemoryUse::Processes && !biggest.is_empty() {
            let named = biggest.iter();
            let named = named.map(|(name, size)| format!("{name} {}", bytes(*size)));
            let named = named.collect::<Vec<_>>().join(", ");
            out.push((format!(" ({named})"), Role::Dim));
        }
        out.push(("  ".to_owned(), Role::Text));
    }
    out
}

fn part_line(theme: &Theme, memory: &MachineMemory, part: MemoryUse, size: Bytes) -> Parts {
    let (name, _, means) = part.words();
    let percent = size.0 as f64 * 100.0 / memory.total.0.max(1) as f64;
    vec![
        (format!("{} ", glyph(theme, part)), role(part)),
        (pad(name, 12), Role::Text),
        (format!("{:>6}", bytes(size)), Role::Strong),
        (format!("{percent:>6.1}%  "), Role::Dim),
        (means.to_owned(), Role::Dim),
    ]
}

/// Every part of memory with its meaning and what it is now.
pub fn explain(world: &World) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    if let Some(Ok(memory)) = world
        .detail
        .machine
        .memory
        .as_ref()
        .map(|s| s.value.as_ref())
    {
        for (part, amount) in &memory.parts {
            let (name, _, means) = part.words();
            let told = format!("{means}. Now {}. From /proc/meminfo.", bytes(*amount));
            out.push((name.to_owned(), told));
        }
    }
    out
}
