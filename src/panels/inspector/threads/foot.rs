//! The selected thread in full, below the table.

use super::rows::words;
use crate::app::world::World;
use crate::model::format::{bytes, clock, count, duration};
use crate::model::id::{Bytes, Nanos};
use crate::model::process::stat::State;
use crate::model::process::threads::{ThreadDetail, ThreadRow, Threads};
use crate::model::text::{chop, pad};
use crate::panels::listing::Parts;
use crate::theme::Role;

/// Cells of a label.
const LABEL: usize = 12;

pub fn lines(world: &World, threads: &Threads, row: &ThreadRow, wide: u16) -> Vec<Parts> {
    let mut title = vec![
        (format!("{} {}  ", row.id.tid, row.name), Role::Strong),
        (row.stat.state.words().to_owned(), Role::Text),
    ];
    let Ok(detail) = &row.detail else {
        return vec![title];
    };
    let waiting = &detail.waiting;
    if let Some(call) = &waiting.call
        && row.stat.state != State::Running
    {
        title.push((format!(" in {call}(2)"), Role::Text));
    }
    if let Some(function) = &waiting.function {
        title.push((format!("   kernel function {function}"), Role::Dim));
    }
    if detail.seen.0 >= 1_000_000_000 {
        title.push((
            format!("   for at least {}", duration(detail.seen)),
            Role::Dim,
        ));
    }
    let mut out = vec![title];
    let room = usize::from(wide).saturating_sub(LABEL + 2);
    let told = chop(&words(world, threads, row), room.max(20));
    for (i, text) in told.into_iter().take(3).enumerate() {
        let label = if i == 0 { "waits for" } else { "" };
        out.push(vec![(pad(label, LABEL), Role::Dim), (text, Role::Text)]);
    }
    out.push(time(world, row, detail));
    out.push(stack(detail));
    out
}

fn time(world: &World, row: &ThreadRow, detail: &ThreadDetail) -> Parts {
    let time = world.snapshot.machine.nanos(row.stat.cpu_time());
    let mut parts = vec![
        (pad("on a core", LABEL), Role::Dim),
        (clock(Nanos(time.0)), Role::Text),
    ];
    if let Ok(switches) = detail.switches {
        parts.push(("   switches ".to_owned(), Role::Dim));
        parts.push((count(switches.voluntary), Role::Text));
        parts.push((" yielded ".to_owned(), Role::Dim));
        parts.push((count(switches.involuntary), Role::Text));
        parts.push((" preempted".to_owned(), Role::Dim));
    }
    parts
}

fn stack(detail: &ThreadDetail) -> Parts {
    let label = (pad("stack", LABEL), Role::Dim);
    match detail.stack {
        Ok(stack) => vec![
            label,
            (bytes(stack.used), Role::Text),
            (
                format!(
                    " of {} in use, from {:#x} down",
                    bytes(Bytes(stack.size.0)),
                    stack.start
                ),
                Role::Dim,
            ),
        ],
        Err(why) => vec![label, (format!("– {why}"), Role::Dim)],
    }
}
