//! A meter a core: what the dashboard shows where the kernel does not tell who had the cores.

use super::strip;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::world::World;
use crate::model::machine::core_share::CoreShare;
use crate::model::snapshot::Core;
use crate::theme::{Role, Theme};
use crate::widgets::meter::{self, Segment};
use crate::widgets::put;

/// The narrowest meter that still says something: `cpu12 ▉▉▉▉▉▉····  94%`.
const NARROWEST: u16 = 22;

/// How the cores are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// So many meters side by side.
    Meters(u16),
    /// One cell a core.
    Strip,
}

fn layout(cores: usize, strip: bool, width: u16, height: u16) -> Layout {
    if strip {
        return Layout::Strip;
    }
    let most = (width / NARROWEST).clamp(1, 8);
    let columns = (1..=most).find(|c| cores <= usize::from(*c) * usize::from(height.max(1)));
    match columns {
        Some(columns) if width >= 12 => Layout::Meters(columns),
        _ => Layout::Strip,
    }
}

/// How many rows all cores take where `height` rows are to be had; `strip`: one cell a core in any case.
pub fn rows(world: &World, strip: bool, width: u16, height: u16) -> u16 {
    let cores = world.snapshot.system.cores.len();
    let rows = match layout(cores, strip, width, height) {
        Layout::Meters(n) => cores.div_ceil(usize::from(n.max(1))),
        Layout::Strip => strip::Strip::new(world, width).rows(),
    };
    rows.min(usize::from(u16::MAX)) as u16
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
        Layout::Strip => strip::Strip::new(world, area.width).draw(world, area, top, buf),
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
pub(super) fn idle(theme: &Theme) -> (&'static str, Style) {
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
