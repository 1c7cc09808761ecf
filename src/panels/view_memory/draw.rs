//! The upper half of the memory view: the answer in three lines, the parts with their meaning, and how the kernel copes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::ViewMemory;
use crate::app::world::World;
use crate::model::format::{bytes, per_second};
use crate::model::id::Bytes;
use crate::model::machine_memory::{MachineMemory, Part};
use crate::model::reading::Missing;
use crate::model::text::pad;
use crate::theme::{Role, Theme};
use crate::widgets::line;
use crate::widgets::meter;
use crate::widgets::spark::Spark;

type Parts = Vec<(String, Role)>;

/// From this width on the kernel's work stands beside the parts.
const BESIDE: u16 = 100;

/// How many lines stand above the table of holders: all of them where the table keeps five rows, else the answer alone.
pub fn head_height(memory: Option<&MachineMemory>, area: Rect) -> u16 {
    let Some(memory) = memory else {
        return 1.min(area.height);
    };
    let parts = memory.parts.len() as u16;
    let all = 4 + parts + 2;
    if area.height >= all + 6 {
        all
    } else if area.height >= 9 {
        3
    } else {
        1.min(area.height)
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
    let Some(memory) = view.newest.as_deref() else {
        let why = world
            .detail
            .machine
            .memory
            .as_ref()
            .and_then(|s| s.value.as_ref().err());
        let text = why.unwrap_or(&Missing::Soon).to_string();
        line::draw(theme, row(0), &[(text, Role::Dim)], Modifier::empty(), buf);
        return;
    };
    line::draw(
        theme,
        inset(row(0)),
        &answer(memory),
        Modifier::empty(),
        buf,
    );
    let height = head_height(Some(memory), area);
    if height < 3 {
        return;
    }
    bar(theme, memory, inset(row(1)), buf);
    if height == 3 {
        line::draw(
            theme,
            inset(row(2)),
            &legend(theme, memory),
            Modifier::empty(),
            buf,
        );
        return;
    }
    let beside = area.width >= BESIDE;
    let left = if beside {
        area.width * 3 / 5
    } else {
        area.width
    };
    for (i, (part, size)) in memory.parts.iter().enumerate() {
        let area = Rect {
            width: left.saturating_sub(2),
            ..row(3 + i as u16)
        };
        line::draw(
            theme,
            inset(area),
            &part_line(theme, memory, *part, *size),
            Modifier::empty(),
            buf,
        );
    }
    if beside {
        let right = Rect {
            x: area.x + left,
            y: area.y + 3,
            width: area.width - left,
            height: memory.parts.len() as u16 + 1,
        };
        kernel(view, memory, world, right, buf);
    }
    let title = [
        ("Biggest holders".to_owned(), Role::Title),
        (
            "  by proportional memory (shared pages divided among those who map them)".to_owned(),
            Role::Dim,
        ),
    ];
    line::draw(
        theme,
        inset(row(height - 1)),
        &title,
        Modifier::empty(),
        buf,
    );
}

fn inset(area: Rect) -> Rect {
    let margin = 1.min(area.width);
    Rect {
        x: area.x + margin,
        width: area.width - margin,
        ..area
    }
}

fn answer(memory: &MachineMemory) -> Parts {
    let total = memory.total.0.max(1);
    let percent = memory.used().0 as f64 * 100.0 / total as f64;
    let role = match percent {
        p if p >= 95.0 => Role::Bad,
        p if p >= 85.0 => Role::Warn,
        _ => Role::Strong,
    };
    let mut out: Parts = vec![
        (bytes(memory.used()), role),
        (
            format!(" of {} used ({percent:.0}%)", bytes(memory.total)),
            Role::Dim,
        ),
        ("   ".to_owned(), Role::Text),
        (bytes(memory.available), Role::Strong),
        (" can be had without swapping".to_owned(), Role::Dim),
        ("   swap ".to_owned(), Role::Dim),
    ];
    if memory.swap_total.0 == 0 {
        out.push(("none".to_owned(), Role::Dim));
    } else {
        out.push((bytes(memory.swap_used()), Role::Swap));
        out.push((format!(" of {}", bytes(memory.swap_total)), Role::Dim));
    }
    out
}

fn role(part: Part) -> Role {
    match part {
        Part::Processes => Role::MemUsed,
        Part::Shared => Role::RegionShared,
        Part::Huge => Role::RegionGlobals,
        Part::Slab => Role::RegionStack,
        Part::Kernel => Role::RegionText,
        Part::Compressed => Role::Swap,
        Part::Arc | Part::Cache => Role::MemCache,
        Part::Buffers => Role::RegionFile,
        Part::SlabReclaimable => Role::RegionLibrary,
        Part::Free => Role::Faint,
    }
}

/// What the bar and the legend fill a part with; neighbours differ without colour.
fn glyph(theme: &Theme, part: Part) -> &'static str {
    match (part, theme.glyphs.ascii) {
        (Part::Free, true) => ".",
        (Part::Free, false) => "·",
        (part, true) if part.can_be_had() => "=",
        (_, true) => "#",
        (part, false) if part.can_be_had() => "▒",
        (_, false) => "█",
    }
}

fn bar(theme: &Theme, memory: &MachineMemory, area: Rect, buf: &mut Buffer) {
    let total = memory.total.0.max(1) as f32;
    let parts = memory.parts.iter().filter(|(part, _)| *part != Part::Free);
    let parts: Vec<_> = parts
        .map(|(part, size)| meter::Part {
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
        (glyph(theme, Part::Free), theme.style(Role::Faint)),
        buf,
    );
}

fn legend(theme: &Theme, memory: &MachineMemory) -> Parts {
    let mut out = Parts::new();
    let mut parts = memory.parts.clone();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (part, size) in parts {
        out.push((format!("{} ", glyph(theme, part)), role(part)));
        out.push((format!("{} ", part.words().0), Role::Dim));
        out.push((format!("{}  ", bytes(size)), Role::Text));
    }
    out
}

fn part_line(theme: &Theme, memory: &MachineMemory, part: Part, size: Bytes) -> Parts {
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

/// History, pressure, and how hard the kernel searches for memory.
fn kernel(view: &ViewMemory, memory: &MachineMemory, world: &World, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let mut lines: Vec<Parts> = Vec::new();
    let label = |text: &str| (pad(text, 12), Role::Dim);
    lines.push(vec![label("used")]);
    let pressure = match world.snapshot.system.pressure[1] {
        Ok(p) => vec![
            label("pressure"),
            (
                format!("{:.1}%", p.some_10),
                if p.some_10 >= 5.0 {
                    Role::Warn
                } else {
                    Role::Text
                },
            ),
            (
                format!(
                    " of the last 10 s someone waited, {:.1}% everyone",
                    p.full_10
                ),
                Role::Dim,
            ),
        ],
        Err(why) => vec![label("pressure"), (format!("– {why}"), Role::Dim)],
    };
    lines.push(pressure);
    match view.rates {
        Ok(r) => {
            let rate = |n: f64| (per_second(n), if n > 0.0 { Role::Text } else { Role::Dim });
            let dim = |text: &str| (text.to_owned(), Role::Dim);
            lines.push(vec![
                label("faults"),
                rate(r.faults),
                dim("/s, from disk "),
                rate(r.major_faults),
                dim("/s"),
            ]);
            lines.push(vec![
                label("reclaim"),
                rate(r.reclaimed),
                dim(" pages/s taken back of "),
                rate(r.scanned),
                dim(" looked at, stalls "),
                rate(r.stalls),
                dim("/s"),
            ]);
            lines.push(vec![
                label("refaults"),
                rate(r.refaults),
                dim(" pages/s were needed again"),
            ]);
            lines.push(vec![
                label("swap"),
                rate(r.swapped_in),
                dim(" pages/s in, "),
                rate(r.swapped_out),
                dim(" out"),
            ]);
        }
        Err(why) => lines.push(vec![label("faults"), (format!("– {why}"), Role::Dim)]),
    }
    lines.extend(more(memory, label));
    let row = |i: usize| Rect {
        y: area.y + i as u16,
        height: u16::from(i < usize::from(area.height)),
        ..area
    };
    for (i, parts) in lines.iter().enumerate().take(usize::from(area.height)) {
        line::draw(theme, row(i), parts, Modifier::empty(), buf);
    }
    let chart = Rect {
        x: area.x + 12.min(area.width),
        width: area.width.saturating_sub(13),
        height: 1,
        ..area
    };
    let spark = Spark {
        top: 1.0,
        style: theme.style(Role::MemUsed),
        idle: theme.style(Role::Faint),
        ascii: theme.glyphs.ascii,
    };
    spark.draw(view.history.iter().map(|(used, _)| *used), chart, buf);
}

/// What only some machines have: dirty data, huge pages, compression, swap places, nodes, a limit of our own.
fn more(memory: &MachineMemory, label: impl Fn(&str) -> (String, Role)) -> Vec<Parts> {
    let text = |t: String| (t, Role::Text);
    let mut out = vec![vec![
        label("to disk"),
        text(format!(
            "{} dirty, {} being written",
            bytes(memory.dirty),
            bytes(memory.writeback)
        )),
    ]];
    out.push(vec![
        label("promised"),
        text(format!("{} to processes", bytes(memory.committed))),
    ]);
    if let Some((used, all, size)) = memory.huge {
        out.push(vec![
            label("huge pages"),
            text(format!("{used} of {all} in use, {} each", bytes(size))),
        ]);
    }
    if let Some((before, taken)) = memory.compressed {
        out.push(vec![
            label("compressed"),
            text(format!("{} kept in {}", bytes(before), bytes(taken))),
        ]);
    }
    for swap in &memory.swaps {
        let used = format!(
            "{} of {} on {}",
            bytes(swap.used),
            bytes(swap.size),
            swap.path
        );
        out.push(vec![label("swap place"), text(used)]);
    }
    for node in &memory.nodes {
        out.push(vec![
            label(&format!("node {}", node.id)),
            text(format!(
                "{} free of {}",
                bytes(node.free),
                bytes(node.total)
            )),
        ]);
    }
    if let Some(group) = &memory.own_group {
        out.push(vec![
            label("own limit"),
            text(format!(
                "{} of {} in {}",
                bytes(group.used),
                bytes(group.limit),
                group.path
            )),
        ]);
    }
    out
}

/// Every part and rate with its meaning.
pub fn explain(world: &World) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    if let Some(Ok(memory)) = world
        .detail
        .machine
        .memory
        .as_ref()
        .map(|s| s.value.as_ref())
    {
        for (part, _) in &memory.parts {
            let (name, _, means) = part.words();
            out.push((name.to_owned(), means.to_owned()));
        }
    }
    let line = |word: &str, means: &str| (word.to_owned(), means.to_owned());
    out.extend([
        line("used", "total less what the kernel estimates can be had without swapping (MemAvailable)"),
        line("proportional", "a process's pages, each divided by how many processes map it (PSS); – where it may not be read: then the table is ordered by resident memory"),
        line("resident", "a process's pages in memory, shared ones counted in full"),
        line("OOM", "the score by which the kernel chooses whom to end when memory runs out; the highest goes first"),
        line("reclaim", "pages that the kernel took back from caches and programs"),
        line("refaults", "pages that had to be read again soon after they had been dropped: memory is too small for the work"),
    ]);
    out
}
