//! How the kernel copes: history, pressure, how hard it searches for memory, swap, nodes, and the limits of our own group.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::ViewMemory;
use super::draw::Parts;
use crate::app::world::World;
use crate::model::format::{bytes, per_second, percent};
use crate::model::machine_memory::{MachineMemory, MemoryRates};
use crate::model::own_group::GroupMemory;
use crate::model::reading::Reading;
use crate::model::text::pad;
use crate::theme::Role;
use crate::widgets::line;
use crate::widgets::spark::Spark;

/// The cells of a line's label.
const LABEL: u16 = 12;

fn label(text: &str) -> (String, Role) {
    (pad(text, usize::from(LABEL)), Role::Dim)
}

fn dim(text: &str) -> (String, Role) {
    (text.to_owned(), Role::Dim)
}

fn text(text: String) -> (String, Role) {
    (text, Role::Text)
}

/// All lines, the most telling first; the first two are histories where there is swap, else the first.
pub fn lines(view: &ViewMemory, memory: &MachineMemory, world: &World) -> Vec<Parts> {
    let mut out = vec![vec![label("used")]];
    if memory.swap_total.0 > 0 {
        out.push(vec![label("swap used")]);
    }
    out.push(pressure(world));
    out.extend(rates(view.rates));
    for swap in &memory.swaps {
        let (used, size) = (bytes(swap.used), bytes(swap.size));
        let place = format!("{used} of {size} on {}", swap.path);
        out.push(vec![label("swap place"), text(place)]);
    }
    if let Some((before, taken)) = memory.compressed {
        let kept = format!("{} kept in {}", bytes(before), bytes(taken));
        out.push(vec![label("compressed"), text(kept)]);
    }
    for node in &memory.nodes {
        let free = format!("{} free of {}", bytes(node.free), bytes(node.total));
        out.push(vec![label(&format!("node {}", node.id)), text(free)]);
    }
    if let Some((used, all, size)) = memory.huge {
        let pages = format!("{used} of {all} in use, {} each", bytes(size));
        out.push(vec![label("huge pages"), text(pages)]);
    }
    if memory.transparent.0 > 0 {
        let held = format!("{} of processes' memory", bytes(memory.transparent));
        out.push(vec![
            label("transparent"),
            text(held),
            dim(" in huge pages"),
        ]);
    }
    let (dirty, writeback) = (bytes(memory.dirty), bytes(memory.writeback));
    out.push(vec![
        label("to disk"),
        text(format!("{dirty} dirty, {writeback} being written")),
    ]);
    out.push(vec![
        label("promised"),
        text(format!("{} to processes", bytes(memory.committed))),
    ]);
    out
}

fn pressure(world: &World) -> Parts {
    match world.snapshot.system.pressure[1] {
        Ok(p) => {
            let role = if p.some_10 >= 5.0 {
                Role::Warn
            } else {
                Role::Text
            };
            vec![
                label("pressure"),
                (format!("{:.1}%", p.some_10), role),
                dim(&format!(
                    " of 10 s someone waited, {:.1}% everyone",
                    p.full_10
                )),
            ]
        }
        Err(why) => vec![label("pressure"), dim(&format!("– {why}"))],
    }
}

fn rates(rates: Reading<MemoryRates>) -> Vec<Parts> {
    let r = match rates {
        Ok(r) => r,
        Err(why) => return vec![vec![label("faults"), dim(&format!("– {why}"))]],
    };
    let rate = |n: f64| (per_second(n), if n > 0.0 { Role::Text } else { Role::Dim });
    vec![
        vec![
            label("faults"),
            rate(r.faults),
            dim("/s, from disk "),
            rate(r.major_faults),
            dim("/s"),
        ],
        vec![
            label("reclaim"),
            rate(r.reclaimed),
            dim("/s of "),
            rate(r.scanned),
            dim(" pages, stalls "),
            rate(r.stalls),
            dim("/s"),
        ],
        vec![
            label("swap"),
            rate(r.swapped_in),
            dim(" pages/s in, "),
            rate(r.swapped_out),
            dim(" out"),
        ],
        vec![
            label("refaults"),
            rate(r.refaults),
            dim(" pages/s needed again"),
        ],
    ]
}

/// Draws the lines, and the histories behind the first labels.
pub fn draw(
    view: &ViewMemory,
    memory: &MachineMemory,
    world: &World,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &world.theme;
    let row = |i: usize| Rect {
        y: area.y + i as u16,
        height: u16::from(i < usize::from(area.height)),
        ..area
    };
    let lines = lines(view, memory, world);
    for (i, parts) in lines.iter().enumerate().take(usize::from(area.height)) {
        line::draw(theme, row(i), parts, Modifier::empty(), buf);
    }
    let chart = |i: usize| {
        let all = row(i);
        Rect {
            x: all.x + LABEL.min(all.width),
            width: all.width.saturating_sub(LABEL + 1),
            ..all
        }
    };
    let spark = |role| Spark {
        top: 1.0,
        style: theme.style(role),
        idle: theme.style(Role::Faint),
        ascii: theme.glyphs.ascii,
    };
    let used = view.history.iter().map(|(used, _)| *used);
    spark(Role::MemUsed).draw(used, chart(0), buf);
    if memory.swap_total.0 > 0 {
        let swapped = view.history.iter().map(|(_, swapped)| *swapped);
        spark(Role::Swap).draw(swapped, chart(1), buf);
    }
}

/// What the control group of pscope itself may use and uses; empty where nothing limits it.
pub fn own(memory: &MachineMemory, world: &World) -> Parts {
    let mut out = Parts::new();
    if let Some(group) = &memory.own.memory {
        out.extend(own_memory(group));
    }
    if let Some(cpu) = &memory.own.cpu
        && let Some(cores) = cpu.cores
    {
        out.push((format!("{cores:.2}"), Role::Strong));
        out.push(dim(" cores, throttled in "));
        match world.snapshot.system.own_strain.throttled {
            Ok(now) => {
                let role = if now >= 20.0 { Role::Warn } else { Role::Text };
                out.push((format!("{}%", percent(now)), role));
                out.push(dim(" of its periods now, "));
            }
            Err(_) => out.push(dim("– of its periods now, ")),
        }
        let by = cpu.set_by.as_deref().unwrap_or("/");
        out.push(text(format!("{} of {}", cpu.throttled, cpu.periods)));
        out.push(dim(&format!(" in all, by {by}")));
    }
    if !out.is_empty() {
        out.insert(0, ("this group  ".to_owned(), Role::Title));
    }
    out
}

fn own_memory(group: &GroupMemory) -> Parts {
    let share = group.used.0 as f64 * 100.0 / group.limit.0.max(1) as f64;
    let role = match share {
        p if p >= 95.0 => Role::Bad,
        p if p >= 85.0 => Role::Warn,
        _ => Role::Strong,
    };
    let kind = if group.soft {
        " before it is slowed down"
    } else {
        ""
    };
    let mut out = vec![
        (bytes(group.used), role),
        dim(&format!(" of {}{kind} ({share:.0}%)", bytes(group.limit))),
    ];
    if let Some(cache) = group.cache {
        out.push(dim(&format!(", {} of it cache", bytes(cache))));
    }
    match group.hits {
        Some(1) => out.push(dim(", reached once")),
        Some(n) if n > 0 => out.push(dim(&format!(", reached {n} times"))),
        _ => {}
    }
    out.push(dim(&format!(", by {}   ", group.path)));
    out
}
