//! How the kernel copes: pressure, how hard it searches for memory, swap, nodes, and the limits of our own group.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::ViewMemory;
use super::past::{self, Of, Trail};
use crate::app::minutes::Quantity;
use crate::app::world::World;
use crate::model::format::{bytes, per_second, percent};
use crate::model::groups::own_group::GroupMemory;
use crate::model::machine::memory::{MachineMemory, MemoryRates};
use crate::model::reading::Reading;
use crate::model::text::{pad, width};
use crate::panels::listing::Parts;
use crate::theme::Role;
use crate::widgets::line;

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

/// A line, and the past of its figure.
pub type KernelLine = (Parts, Option<Trail>);

/// All lines, the most telling first.
pub fn lines(
    view: &ViewMemory,
    memory: &MachineMemory,
    world: &World,
    charted: bool,
) -> Vec<KernelLine> {
    let mut told = Vec::new();
    if !charted {
        let used = vec![label("used"), text(bytes(memory.used()))];
        told.push((used, Some(past::USED)));
    }
    if memory.swap_total.0 > 0 {
        let used = vec![label("swap used"), text(bytes(memory.swap_used()))];
        told.push((used, Some(SWAPPED)));
    }
    told.push((pressure(world), Some(PRESSURE)));
    told.extend(rates(view.rates));
    told.extend(facts(memory).into_iter().map(|line| (line, None)));
    told
}

const SWAPPED: Trail = Trail {
    of: Of::Minutes(Quantity::Swapped),
    top: 1.0,
    role: Role::Swap,
};
const PRESSURE: Trail = Trail {
    of: Of::Minutes(Quantity::MemoryPressure),
    top: 5.0,
    role: Role::Wait,
};
const FAULTS: Trail = trail(|r| r.faults);
const RECLAIM: Trail = trail(|r| r.reclaimed);
const SWAPS: Trail = trail(|r| r.swapped_in + r.swapped_out);
const REFAULTS: Trail = trail(|r| r.refaults);

const fn trail(of: fn(&MemoryRates) -> f64) -> Trail {
    Trail {
        of: Of::Rate(of),
        top: 10.0,
        role: Role::MemCache,
    }
}

/// What there is of swap, nodes and huge pages, and what was promised.
fn facts(memory: &MachineMemory) -> Vec<Parts> {
    let mut out = Vec::new();
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
        label("committed"),
        text(bytes(memory.committed)),
        dim(" promised, used or not"),
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
                dim(&format!(" of 10 s, everyone {:.1}%", p.full_10)),
            ]
        }
        Err(why) => vec![label("pressure"), dim(&format!("– {why}"))],
    }
}

fn rates(rates: Reading<MemoryRates>) -> Vec<KernelLine> {
    let r = match rates {
        Ok(r) => r,
        Err(why) => return vec![(vec![label("faults"), dim(&format!("– {why}"))], None)],
    };
    let rate = |n: f64| (per_second(n), if n > 0.0 { Role::Text } else { Role::Dim });
    let faults = vec![
        label("faults"),
        rate(r.faults),
        dim("/s, from disk "),
        rate(r.major_faults),
        dim("/s"),
    ];
    let reclaim = vec![
        label("reclaim"),
        rate(r.reclaimed),
        dim("/s of "),
        rate(r.scanned),
        dim(" pages, stalls "),
        rate(r.stalls),
        dim("/s"),
    ];
    let swap = vec![
        label("swap"),
        rate(r.swapped_in),
        dim(" pages/s in, "),
        rate(r.swapped_out),
        dim(" out"),
    ];
    let refaults = vec![
        label("refaults"),
        rate(r.refaults),
        dim(" pages/s needed again"),
    ];
    vec![
        (faults, Some(FAULTS)),
        (reclaim, Some(RECLAIM)),
        (swap, Some(SWAPS)),
        (refaults, Some(REFAULTS)),
    ]
}

/// Draws the lines, and behind each what its figure was at the last ticks.
pub fn draw(view: &ViewMemory, lines: &[KernelLine], world: &World, area: Rect, buf: &mut Buffer) {
    for ((parts, trail), y) in lines.iter().zip(area.top()..area.bottom()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        line::draw(&world.theme, row, parts, Modifier::empty(), buf);
        let taken: usize = parts.iter().map(|(text, _)| width(text)).sum();
        let taken = (taken as u16 + 2).min(row.width);
        if let Some(trail) = trail {
            let behind = Rect {
                x: row.x + taken,
                width: row.width.saturating_sub(taken + 1),
                ..row
            };
            trail.draw(view, world, behind, buf);
        }
    }
}

/// What the control group of pscope itself may use and uses; empty where nothing limits it.
pub fn own(memory: &MachineMemory, world: &World) -> Parts {
    let mut out = Parts::new();
    if let Some(group) = &memory.own.memory {
        out.extend(own_memory(group));
    }
    if let Some(why) = memory.own.unseen {
        out.push(dim(&format!("limits of the group: – {why}")));
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
