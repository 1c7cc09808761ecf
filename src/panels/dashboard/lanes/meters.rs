//! A meter a core: what the dashboard shows where the kernel does not tell who had the cores.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::world::World;
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::core_share::CoreShare;
use crate::model::snapshot::Core;
use crate::theme::{Role, Theme};
use crate::widgets::meter::{self, Segment};
use crate::widgets::put;
use crate::widgets::spark::eighth;

/// The narrowest meter that still says something: `cpu12 ▉▉▉▉▉▉····  94%`.
const NARROWEST: u16 = 22;

/// How the cores are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// So many meters side by side.
    Meters(u16),
    /// One cell a core, so many in a row.
    Strip(u16),
}

fn layout(cores: usize, strip: bool, width: u16, height: u16) -> Layout {
    if strip {
        return Layout::Strip(strip_cells(width));
    }
    let most = (width / NARROWEST).clamp(1, 8);
    let columns = (1..=most).find(|c| cores <= usize::from(*c) * usize::from(height.max(1)));
    match columns {
        Some(columns) if width >= 12 => Layout::Meters(columns),
        _ => Layout::Strip(strip_cells(width)),
    }
}

/// Cells for cores in a row of the strip: a round number behind a label of 6.
fn strip_cells(width: u16) -> u16 {
    let free = width.saturating_sub(6);
    if free >= 16 {
        free / 16 * 16
    } else {
        free.max(1)
    }
}

/// How many rows all cores take where `height` rows are to be had; `strip`: one cell a core in any case.
pub fn rows(world: &World, strip: bool, width: u16, height: u16) -> u16 {
    let cores = world.snapshot.system.cores.len();
    let a_row = match layout(cores, strip, width, height) {
        Layout::Meters(n) | Layout::Strip(n) => n,
    };
    cores
        .div_ceil(usize::from(a_row.max(1)))
        .min(usize::from(u16::MAX)) as u16
}

/// Draws the cores from row `top` on.
pub fn draw(world: &World, strip_only: bool, area: Rect, top: u16, buf: &mut Buffer) {
    let cores = &world.snapshot.system.cores;
    match layout(cores.len(), strip_only, area.width, area.height) {
        Layout::Meters(columns) => {
            let rows = cores.len().div_ceil(usize::from(columns)).max(1);
            let wide = area.width / columns;
            for (i, core) in cores.iter().enumerate() {
                let (column, row) = (i / rows, i % rows);
                let row = (row as u16).saturating_sub(top);
                if i % rows >= usize::from(top) && row < area.height {
                    let x = area.x + column as u16 * wide;
                    one(&world.theme, core, Rect::new(x, area.y + row, wide, 1), buf);
                }
            }
        }
        Layout::Strip(cells) => strip(world, area, top, cells, buf),
    }
}

fn one(theme: &Theme, core: &Core, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let label = format!("cpu{:<2} ", core.id.0);
    put::text(buf, area.x, area.y, &label, width, theme.style(Role::Dim));
    let right = numbers(core, area.width);
    let bar = Rect {
        x: area.x + label.len() as u16,
        width: area.width.saturating_sub(label.len() as u16 + right.0 + 1),
        ..area
    };
    match core.share {
        Ok(share) => {
            meter::draw(bar, &parts(theme, share), idle(theme), buf);
        }
        Err(_) => meter::draw(bar, &[], idle(theme), buf),
    }
    let mut x = bar.right();
    for (text, role) in right.1 {
        let left = area.right().saturating_sub(x);
        let end = put::text(buf, x, area.y, text, usize::from(left), theme.style(role));
        x = end;
    }
}

/// The idle part of a meter.
fn idle(theme: &Theme) -> (&'static str, Style) {
    let glyph = if theme.glyphs.ascii { "." } else { "·" };
    (glyph, theme.style(Role::Faint))
}

/// User, system, interrupts and steal, each with its own glyph.
fn parts(theme: &Theme, share: CoreShare) -> [Segment; 5] {
    let glyphs = if theme.glyphs.ascii {
        ["|", "#", "!", "%", "-"]
    } else {
        ["█", "▓", "▒", "░", "╌"]
    };
    let values = [
        (share.user, Role::CpuUser),
        (share.system, Role::CpuSystem),
        (share.interrupts(), Role::CpuIrq),
        (share.steal, Role::CpuSteal),
        (share.iowait, Role::CpuIowait),
    ];
    std::array::from_fn(|i| Segment {
        share: values[i].0 / 100.0,
        glyph: glyphs[i],
        style: theme.style(values[i].1),
    })
}

/// The numbers right of a meter and how many cells they take, as many as a third of the width holds.
fn numbers(core: &Core, width: u16) -> (u16, Vec<(String, Role)>) {
    let mut out = Vec::new();
    let Ok(share) = core.share else {
        return (6, vec![("     –".to_owned(), Role::Dim)]);
    };
    let busy = share.busy();
    let role = match busy {
        b if b >= 1.0 => Role::Strong,
        _ => Role::Dim,
    };
    out.push((format!(" {busy:>4.0}%"), role));
    let mut used = 6;
    let most = width / 2;
    let mut more = |label: &str, value: String, role: Role| {
        let cells = (label.len() + value.len() + 3) as u16;
        if used + cells <= most {
            used += cells;
            out.push((format!("  {label} "), Role::Dim));
            out.push((value, role));
        }
    };
    let plain = |v: f32| if v >= 0.5 { Role::Text } else { Role::Dim };
    more("usr", format!("{:>2.0}", share.user), plain(share.user));
    more("sys", format!("{:>2.0}", share.system), plain(share.system));
    let irq = share.interrupts();
    more("irq", format!("{irq:>2.0}"), plain(irq));
    let own = |v: f32, role: Role| if v >= 0.5 { role } else { Role::Dim };
    let steal = own(share.steal, Role::CpuSteal);
    more("steal", format!("{:>2.0}", share.steal), steal);
    let iowait = own(share.iowait, Role::CpuIowait);
    more("iowait", format!("{:>2.0}", share.iowait), iowait);
    if let Ok(khz) = core.khz {
        let ghz = f64::from(khz) / 1e6;
        more("GHz", format!("{ghz:.1}"), Role::Text);
    }
    (used, out)
}

fn strip(world: &World, area: Rect, top: u16, cells: u16, buf: &mut Buffer) {
    let theme = &world.theme;
    let cores = &world.snapshot.system.cores;
    let from = usize::from(top) * usize::from(cells);
    let rows = cores.get(from..).unwrap_or_default();
    for (row, cores) in rows.chunks(usize::from(cells.max(1))).enumerate() {
        let y = area.y + row as u16;
        if row >= usize::from(area.height) {
            break;
        }
        let first = cores.first().map_or(0, |c| c.id.0);
        let label = 6.min(area.width.saturating_sub(1));
        put::text(
            buf,
            area.x,
            y,
            format!("{first:>5} "),
            usize::from(label),
            theme.style(Role::Dim),
        );
        for (i, core) in cores.iter().enumerate() {
            let x = area.x + label + i as u16;
            if x < area.right() {
                let (symbol, style) = heat(world, core);
                buf[(x, y)].set_symbol(symbol).set_style(style);
            }
        }
    }
}

/// One cell for one core: height and colour by how busy it was.
fn heat(world: &World, core: &Core) -> (&'static str, Style) {
    let theme = &world.theme;
    match core.share {
        Err(_) => ("–", theme.style(Role::Dim)),
        Ok(share) if share.busy() < 1.0 => idle(theme),
        Ok(share) => {
            let role = if share.steal >= 5.0 {
                Role::CpuSteal
            } else {
                Role::CpuUser
            };
            let level = (share.busy() / 12.5).ceil() as usize;
            let style = theme.style(role);
            let style = match holder(world, core) {
                Some(id) if role == Role::CpuUser => style.fg(theme.process(id)),
                _ => style,
            };
            (eighth(level, theme.glyphs.ascii), style)
        }
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
