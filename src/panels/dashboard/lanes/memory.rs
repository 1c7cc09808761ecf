//! The line of memory below the cores: used and cache as a bar, the numbers, swap, pressure.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::world::World;
use crate::model::id::Bytes;
use crate::model::reading::Reading;
use crate::model::sample::{Memory, Pressure};
use crate::theme::{Role, Theme};
use crate::widgets::meter::{self, Segment};
use crate::widgets::put;

/// Pressure from which a number is coloured, percent of the last 10 s.
const HIGH: f32 = 10.0;

/// Draws the line into the first row of `area`.
pub fn draw(world: &World, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let system = &world.snapshot.system;
    put::text(
        buf,
        area.x,
        area.y,
        "mem   ",
        usize::from(area.width),
        theme.style(Role::Dim),
    );
    let text = text(&system.memory, &system.pressure, area.width);
    let cells: usize = text.iter().map(|(t, _)| t.chars().count()).sum();
    let bar = Rect {
        x: area.x + 6.min(area.width),
        width: area.width.saturating_sub(6 + cells as u16),
        height: 1,
        ..area
    };
    let parts = system
        .memory
        .map_or_else(|_| Vec::new(), |memory| parts(theme, &memory));
    let rest = if theme.glyphs.ascii { "." } else { "·" };
    meter::draw(bar, &parts, (rest, theme.style(Role::Faint)), buf);
    let mut x = bar.right();
    for (text, role) in text {
        let left = usize::from(area.right().saturating_sub(x));
        x = put::text(buf, x, area.y, text, left, theme.style(role));
    }
}

fn parts(theme: &Theme, memory: &Memory) -> Vec<Segment> {
    let total = memory.total.0.max(1) as f32;
    let cache = memory.cached().0;
    // What is used and what is cache overlap in shared memory; the bar never claims more than there is.
    let cache = cache.min(memory.available.0.saturating_sub(memory.free.0));
    let glyphs = if theme.glyphs.ascii {
        ["#", "="]
    } else {
        ["█", "▓"]
    };
    vec![
        Segment {
            share: memory.used().0 as f32 / total,
            glyph: glyphs[0],
            style: theme.style(Role::MemUsed),
        },
        Segment {
            share: cache as f32 / total,
            glyph: glyphs[1],
            style: theme.style(Role::MemCache),
        },
    ]
}

/// The words right of the bar; the bar keeps at least a third of the line, the least important words go first.
fn text(
    memory: &Reading<Memory>,
    pressure: &[Reading<Pressure>; 3],
    width: u16,
) -> Vec<(String, Role)> {
    let mut groups: Vec<Vec<(String, Role)>> = Vec::new();
    if let Ok(memory) = memory {
        groups.push(vec![
            (format!("  {}", gib(memory.used())), Role::Strong),
            (format!(" / {} GiB used", gib(memory.total)), Role::Dim),
        ]);
        groups.push(swap(memory));
    } else {
        groups.push(vec![("  –".to_owned(), Role::Dim)]);
    }
    groups.push(pressures(pressure));
    if let Ok(memory) = memory {
        groups.push(vec![
            (format!("  {}", gib(memory.cached())), Role::Text),
            (" GiB cache".to_owned(), Role::Dim),
        ]);
    }
    let most = usize::from(width.saturating_sub(6)) * 2 / 3;
    let mut used = 0;
    let mut out = Vec::new();
    for group in groups {
        let cells: usize = group.iter().map(|(t, _)| t.chars().count()).sum();
        if used + cells <= most {
            used += cells;
            out.extend(group);
        }
    }
    out
}

fn swap(memory: &Memory) -> Vec<(String, Role)> {
    let label = ("  swap ".to_owned(), Role::Dim);
    if memory.swap_total.0 == 0 {
        return vec![label, ("none".to_owned(), Role::Dim)];
    }
    let used = memory.swap_used();
    let role = if used.0 > 0 { Role::Swap } else { Role::Dim };
    vec![
        label,
        (gib(used), role),
        (format!(" / {}", gib(memory.swap_total)), Role::Dim),
    ]
}

fn pressures(pressure: &[Reading<Pressure>; 3]) -> Vec<(String, Role)> {
    let mut out = vec![("  pressure".to_owned(), Role::Dim)];
    for (name, value) in [
        ("cpu", &pressure[0]),
        ("io", &pressure[2]),
        ("mem", &pressure[1]),
    ] {
        out.push((format!(" {name} "), Role::Dim));
        out.push(match value {
            Ok(p) if p.some_10 >= HIGH => (format!("{:.0}%", p.some_10), Role::Warn),
            Ok(p) => (format!("{:.0}%", p.some_10), Role::Text),
            Err(_) => ("–".to_owned(), Role::Dim),
        });
    }
    out
}

fn gib(bytes: Bytes) -> String {
    let gib = bytes.0 as f64 / f64::from(1 << 30);
    if gib >= 100.0 {
        format!("{gib:.0}")
    } else {
        format!("{gib:.1}")
    }
}
