//! The colours of regions, and a bar that shows what a region claims, what of it is resident, and what is swapped.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::id::Bytes;
use crate::model::memory::region::{Group, Residency};
use crate::theme::{Role, Theme};

/// The role of a group's colour.
pub fn role(group: Group) -> Role {
    match group {
        Group::Stack | Group::ThreadStacks => Role::RegionStack,
        Group::Libraries => Role::RegionLibrary,
        Group::Files => Role::RegionFile,
        Group::Shared => Role::RegionShared,
        Group::Anonymous => Role::RegionAnonymous,
        Group::Heap => Role::RegionHeap,
        Group::Globals => Role::RegionGlobals,
        Group::Rodata => Role::RegionRodata,
        Group::Text => Role::RegionText,
        Group::Vdso | Group::Devices | Group::Reserved | Group::Other => Role::RegionOther,
    }
}

/// What a bar is made of.
#[derive(Clone, Copy, Debug)]
pub struct Amounts {
    /// Claimed address space.
    pub claimed: Bytes,
    /// Resident and swapped, where known.
    pub residency: Option<Residency>,
    /// What fills the bar; a longer claim is cut and marked.
    pub full: Bytes,
}

/// The bar as a line of at most so many cells: full blocks resident, shaded swapped, dotted claimed only.
pub fn bar(theme: &Theme, style: Style, amounts: &Amounts, cells: u16) -> Line<'static> {
    if cells == 0 {
        return Line::default();
    }
    let cells_of = |bytes: u64| {
        let share = bytes as f64 / amounts.full.0.max(1) as f64;
        let exact = share * f64::from(cells);
        let least = f64::from(u8::from(bytes > 0));
        exact.round().clamp(least, f64::from(cells)) as usize
    };
    let (resident, swapped) = amounts
        .residency
        .map_or((0, 0), |r| (r.resident.0, r.swapped.0));
    let [full, shade, dots, cut] = if theme.glyphs.ascii {
        ["#", "%", ".", ">"]
    } else {
        ["█", "▒", "░", "▸"]
    };
    let held = cells_of(resident);
    let out = cells_of(resident.saturating_add(swapped)).max(held + usize::from(swapped > 0));
    let all = cells_of(amounts.claimed.0).max(out).min(usize::from(cells));
    let out = out.min(all);
    let held = held.min(out);
    let mut spans = vec![
        Span::styled(full.repeat(held), style),
        Span::styled(shade.repeat(out - held), theme.style(Role::Swap)),
    ];
    let over = amounts.claimed > amounts.full && all > out;
    let rest = (all - out).saturating_sub(usize::from(over));
    spans.push(Span::styled(dots.repeat(rest), theme.style(Role::Faint)));
    if over {
        spans.push(Span::styled(cut, theme.style(Role::Dim)));
    }
    spans.retain(|s| !s.content.is_empty());
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Depth;

    fn drawn(claimed: u64, resident: u64, swapped: u64) -> String {
        let theme = Theme::terminal(Depth::Ansi, true);
        let residency = Residency {
            resident: Bytes(resident),
            swapped: Bytes(swapped),
            ..Residency::default()
        };
        let amounts = Amounts {
            claimed: Bytes(claimed),
            residency: Some(residency),
            full: Bytes(100),
        };
        bar(&theme, Style::new(), &amounts, 10).to_string()
    }

    #[test]
    fn parts_are_to_scale_and_small_ones_are_seen() {
        assert_eq!(drawn(100, 50, 0), "#####.....");
        assert_eq!(drawn(80, 50, 10), "#####%..");
        assert_eq!(drawn(100, 1, 1), "#%........");
        assert_eq!(drawn(5000, 10, 0), "#........>");
        assert_eq!(drawn(0, 0, 0), "");
        assert_eq!(drawn(1, 0, 0), ".");
        assert_eq!(drawn(100, 100, 100), "##########");
    }
}
