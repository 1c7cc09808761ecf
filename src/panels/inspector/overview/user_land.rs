//! The left side: the address space in a box, and the sums below it.

use std::cmp::Reverse;
use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::View;
use super::lines::{Parts, dim};
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::memory::region::{Group, Kind};
use crate::model::plan::Needs;
use crate::model::process::stat::State;
use crate::model::text::{cut, wrap};
use crate::theme::Role;
use crate::widgets::address_space::{Block, Picture};
use crate::widgets::line;
use crate::widgets::put;
use crate::widgets::region_bar::{Amounts, bar, role};

/// Why there is no user land.
fn nothing(view: &View<'_>) -> &'static str {
    let denied = super::known(view.world, view.world.detail.regions.as_ref()).is_some_and(|s| {
        s.value
            .as_ref()
            .is_err_and(|w| *w == crate::model::reading::Missing::Denied)
    });
    if view.proc.stat.is_kernel_thread() {
        "none: a thread of the kernel runs in the kernel's own memory"
    } else if view.proc.stat.state == State::Zombie {
        "none any more: it has ended and given its memory back"
    } else if denied {
        "not permitted: only its user, or who may trace it, is shown its memory"
    } else if view.ended.is_some() {
        "none any more: it has ended"
    } else {
        view.world.unread(Needs::REGIONS).unwrap_or("being read …")
    }
}

/// `claims 4.2G  holds 1.2G` and what of that is its own.
pub(super) fn sums(view: &View<'_>, width: u16) -> Vec<Parts> {
    let stat = &view.proc.stat;
    if stat.is_kernel_thread() || stat.state == State::Zombie {
        return Vec::new();
    }
    let strong = |bytes: Bytes| (format::bytes(bytes), Role::Strong);
    let mut out = vec![vec![
        dim("claims "),
        strong(stat.virtual_size),
        dim(" holds "),
        strong(stat.resident),
    ]];
    let memory = view.facts.and_then(|f| f.memory.as_ref().ok());
    if let Some(memory) = memory {
        if memory.pool.0 > 0 {
            out.push(vec![dim("huge pages "), strong(memory.pool)]);
        }
        let others = Bytes(memory.resident.0.saturating_sub(memory.own.0));
        let gap = if width < 30 { " " } else { ", " };
        let mut parts = vec![
            dim("own "),
            strong(memory.own),
            dim(format!("{gap}shared ")),
            (format::bytes(others), Role::Text),
        ];
        if memory.swapped.0 > 0 {
            parts.push(dim(format!("{gap}swap ")));
            parts.push((format::bytes(memory.swapped), Role::Swap));
        }
        out.push(parts);
    }
    out
}

/// User land as lines, for screens too narrow for two columns.
pub(super) fn stacked(view: &View<'_>, blocks: &[Block]) -> Vec<Parts> {
    let mut out = vec![vec![
        ("USER LAND".to_owned(), Role::Accent),
        (" address space".to_owned(), Role::Dim),
    ]];
    if blocks.is_empty() {
        out.push(vec![dim(nothing(view))]);
    }
    let edge = if view.world.theme.glyphs.ascii {
        "# "
    } else {
        "█ "
    };
    for block in blocks {
        out.push(vec![
            (edge.to_owned(), role(block.group)),
            (format!("{:<15}", block.group.title()), Role::Text),
            (block.amount.clone(), role(block.group)),
            (format!(" {}", block.growth), Role::Text),
        ]);
    }
    out.extend(sums(view, 60));
    out
}

/// The regions that claim most, by name, the largest first.
pub(super) fn largest(view: &View<'_>, area: Rect) -> Vec<Parts> {
    let Some(space) = view.space.filter(|_| area.height > 1) else {
        return Vec::new();
    };
    // What is mapped from one file in pieces is one.
    let mut sums: HashMap<(Kind, &str, u64), u64> = HashMap::new();
    for region in &space.regions {
        if region.kind.group() != Group::Reserved {
            let name = region.name.as_str();
            let start = if name.is_empty() { region.start } else { 0 };
            *sums.entry((region.kind, name, start)).or_default() += region.size().0;
        }
    }
    let mut all: Vec<_> = sums.into_iter().collect();
    all.sort_by_key(|((_, name, start), size)| (Reverse(*size), *name, *start));
    let wide = usize::from(area.width.saturating_sub(20));
    let rows = usize::from(area.height - 1);
    let mut out = vec![vec![("largest regions".to_owned(), Role::Title)]];
    for ((kind, path, start), size) in all.into_iter().take(rows) {
        let name = match path.rsplit('/').next().unwrap_or_default() {
            "" => format!("at {start:x}"),
            name => name.to_owned(),
        };
        out.push(vec![
            (
                format!("{:>6} ", format::bytes(Bytes(size))),
                role(kind.group()),
            ),
            dim(format!("{:<12} ", cut(kind.word(), 12).replace('_', " "))),
            (cut(&name, wide).into_owned(), Role::Text),
        ]);
    }
    out
}

/// How many rows the box with the regions, the sums and their bar want at least.
pub(super) fn rows(blocks: &[Block], sums: &[Parts]) -> u16 {
    let picture = blocks.len() + blocks.len() / 2 + 2;
    (1 + picture + sums.len() + usize::from(!sums.is_empty())) as u16
}

/// Draws the box with the regions, and the sums with their bar below it.
pub(super) fn draw(
    view: &View<'_>,
    area: Rect,
    blocks: &[Block],
    sums: &[Parts],
    buf: &mut Buffer,
) {
    let theme = &view.world.theme;
    let area = area.intersection(buf.area);
    if area.height == 0 {
        return;
    }
    let title = [
        ("USER LAND".to_owned(), Role::Accent),
        (" address space".to_owned(), Role::Dim),
    ];
    let row = |y: u16| Rect {
        x: area.x + 1.min(area.width),
        y,
        width: area.width.saturating_sub(1),
        height: 1,
    };
    line::draw(theme, row(area.y), &title, Modifier::empty(), buf);
    let below = sums.len() as u16 + u16::from(!sums.is_empty());
    let room = area.height.saturating_sub(1 + below);
    if blocks.is_empty() {
        let texts = wrap(nothing(view), usize::from(area.width.saturating_sub(3)));
        let after = area.y + 3 + texts.len() as u16;
        for (y, text) in (area.y + 2..area.bottom()).zip(texts) {
            line::draw(theme, row(y), &[dim(text)], Modifier::empty(), buf);
        }
        draw_sums(view, after, sums, area, buf);
        return;
    }
    // Regions take twice their number of rows at the most, so that the picture stays one.
    let boxed = room >= blocks.len() as u16 + 2;
    let height = room.min(blocks.len() as u16 * 2 + 6);
    let frame = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height,
    };
    let mut end = frame.bottom();
    if boxed {
        let inner = Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width.saturating_sub(4),
            height: frame.height - 2,
        };
        let took = picture(blocks).draw(theme, inner, buf);
        end = inner.y + took + 1;
        let edges = Rect {
            height: took + 2,
            ..frame
        };
        draw_box(view, edges, blocks, buf);
    } else {
        picture(blocks).draw(theme, frame, buf);
    }
    draw_sums(view, end, sums, area, buf);
}

/// The sums from this row on, and their bar.
fn draw_sums(view: &View<'_>, from: u16, sums: &[Parts], area: Rect, buf: &mut Buffer) {
    for (y, parts) in (from..area.bottom()).zip(sums) {
        let row = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(&view.world.theme, row, parts, Modifier::empty(), buf);
    }
    let y = from + sums.len() as u16;
    if y < area.bottom() && !sums.is_empty() {
        let row = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        draw_bar(view, row, buf);
    }
}

fn picture(blocks: &[Block]) -> Picture<'_> {
    Picture {
        blocks,
        addresses: false,
        selected: None,
    }
}

/// The border: the highest and the lowest address stand in it, shortened to their first digits.
fn draw_box(view: &View<'_>, edges: Rect, blocks: &[Block], buf: &mut Buffer) {
    let theme = &view.world.theme;
    let style = theme.style(Role::Border);
    let ascii = theme.glyphs.ascii;
    let [across, down, corners] = if ascii {
        ["-", "|", "++++"]
    } else {
        ["─", "│", "╭╮╰╯"]
    };
    let corners: Vec<String> = corners.chars().map(String::from).collect();
    let wide = usize::from(edges.width);
    for (y, first, last, address) in [
        (edges.top(), 0, 1, blocks.first()),
        (edges.bottom().saturating_sub(1), 2, 3, blocks.last()),
    ] {
        let middle = across.repeat(wide.saturating_sub(2));
        let line = format!("{}{middle}{}", corners[first], corners[last]);
        put::text(buf, edges.x, y, line, wide, style);
        let digits = address.map_or(String::new(), |b| format!("{:x}", b.address));
        let short = format!(
            "{}{}",
            digits.get(..4).unwrap_or(&digits),
            if ascii { "." } else { "…" }
        );
        put::text(
            buf,
            edges.x + 1,
            y,
            short,
            wide.saturating_sub(2),
            theme.style(Role::Dim),
        );
    }
    for y in edges.top() + 1..edges.bottom().saturating_sub(1) {
        put::text(buf, edges.x, y, down, 1, style);
        put::text(buf, edges.right().saturating_sub(1), y, down, 1, style);
    }
}

fn draw_bar(view: &View<'_>, row: Rect, buf: &mut Buffer) {
    let theme = &view.world.theme;
    let stat = &view.proc.stat;
    let memory = view.facts.and_then(|f| f.memory.ok());
    let residency = memory.unwrap_or(crate::model::memory::region::Residency {
        resident: stat.resident,
        ..Default::default()
    });
    let amounts = Amounts {
        claimed: stat.virtual_size,
        residency: Some(residency),
        full: stat.virtual_size,
    };
    let cells = row.width.saturating_sub(1);
    let line = bar(theme, theme.style(Role::MemUsed), &amounts, cells);
    buf.set_line(row.x, row.y, &line, cells);
}
