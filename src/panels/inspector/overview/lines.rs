//! The first and the last lines of the tab: whose child it is, what runs, and what could not be read.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::View;
use crate::model::detail::Stamped;
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::plan::Needs;
use crate::model::process::overview::Overview as Facts;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::width;
use crate::theme::Role;

/// One line in parts.
pub(super) type Parts = Vec<(String, Role)>;

pub(super) fn dim(text: impl Into<String>) -> (String, Role) {
    (text.into(), Role::Dim)
}

pub(super) fn text(text: impl Into<String>) -> (String, Role) {
    (text.into(), Role::Text)
}

/// A value with its role, or a faint dash.
pub(super) fn or_dash<T>(
    reading: &Reading<T>,
    show: impl Fn(&T) -> (String, Role),
) -> (String, Role) {
    reading
        .as_ref()
        .map_or_else(|_| ("–".to_owned(), Role::Dim), show)
}

/// Its ancestors, the first one first, itself last.
pub(super) fn ancestry<'a>(snapshot: &'a Snapshot, proc: &'a Proc) -> Vec<&'a Proc> {
    let mut line = vec![proc];
    let mut at = snapshot.by_pid(proc.stat.ppid);
    while let Some(parent) = at.filter(|p| line.len() < 32 && !line.iter().any(|l| l.id == p.id)) {
        line.push(parent);
        at = snapshot.by_pid(parent.stat.ppid);
    }
    line.reverse();
    line
}

/// `systemd → sshd → bash  alice · 3d 2h`; where it does not fit, the middle is left out.
pub(super) fn head(view: &View<'_>, area: Rect) -> Vec<Parts> {
    if area.height == 0 {
        return Vec::new();
    }
    let ascii = view.world.theme.glyphs.ascii;
    let arrow = if ascii { " > " } else { " → " };
    let line = ancestry(&view.world.snapshot, view.proc);
    let age = view.world.snapshot.age(view.proc.id);
    let tail = format!("   {} · {}", view.proc.facts.user, format::duration(age));
    let room = usize::from(area.width).saturating_sub(width(&tail) + 2);
    let names: Vec<&str> = line.iter().map(|p| p.facts.name.as_str()).collect();
    let wide =
        |names: &[&str]| -> usize { names.iter().map(|n| width(n) + width(arrow)).sum::<usize>() };
    let mut shown = names.clone();
    let mut cut = 1;
    while shown.len() > 2 && wide(&shown) > room {
        cut += 1;
        shown = vec![names[0], "…"];
        shown.extend(&names[cut.min(names.len() - 1)..]);
        if shown.len() <= 3 {
            break;
        }
    }
    let mut parts = Parts::new();
    for (i, name) in shown.iter().enumerate() {
        let last = i + 1 == shown.len();
        if i > 0 {
            parts.push((arrow.to_owned(), Role::Dim));
        }
        parts.push((
            (*name).to_owned(),
            if last { Role::Strong } else { Role::Dim },
        ));
    }
    parts.push(dim(tail));
    vec![parts]
}

/// What could not be read, in one line.
pub(super) fn foot(view: &View<'_>) -> Parts {
    let Some(facts) = view.facts else {
        let unread = view.world.unread(Needs::OVERVIEW);
        return vec![dim(unread.unwrap_or("Being read …"))];
    };
    let sources = facts.sources();
    let denied = sources
        .iter()
        .filter(|(_, read)| *read == Err(Missing::Denied))
        .count();
    let key = view.world.keys.shown(&crate::app::globals::EXPLAIN);
    let mut parts = Parts::new();
    if denied > 0 {
        parts.push(("denied".to_owned(), Role::Warn));
        parts.push(dim(format!(" {denied} of {} sources · ", sources.len())));
    }
    parts.push((key, Role::Accent));
    parts.push(dim(" explains any number"));
    parts
}

/// The present value of a word, with its parts where there are any.
pub(super) fn now(view: &View<'_>, word: &str) -> Option<String> {
    let (world, stat) = (view.world, &view.proc.stat);
    let facts = view.facts;
    let memory = facts.and_then(|f| f.memory.ok());
    Some(match word {
        "CPU" => {
            let trace = &world.trace;
            let point = trace.until(world.snapshot.at).next_back()?;
            let share = format::percent(point.cpu.ok()? as f32);
            match point.ticks.filter(|_| trace.of() == Some(view.proc.id)) {
                Some((user, system, span)) => format!(
                    "{share} = ({user} user + {system} system) ticks of {} ms / {:.2} s",
                    1000 / world.snapshot.machine.ticks_per_second.max(1),
                    span.seconds()
                ),
                None => share,
            }
        }
        "claims" => format::bytes(stat.virtual_size),
        "holds" | "mem" => format::bytes(stat.resident),
        "own" => {
            let memory = memory?;
            let others = memory.resident.0.saturating_sub(memory.own.0);
            format!(
                "{} of {} resident, {} shared",
                format::bytes(memory.own),
                format::bytes(memory.resident),
                format::bytes(Bytes(others))
            )
        }
        "state" => {
            let words = facts.map(|f| f.state_words(stat));
            let words = words.unwrap_or_else(|| stat.state_words().into_owned());
            format!("{} {words}", stat.state.letter())
        }
        "parent" => stat.ppid.to_string(),
        "sched" => format!("{}, nice {}", stat.policy_words(), stat.nice),
        "threads" => stat.threads.to_string(),
        "children" => view.children.count.to_string(),
        "descriptors" => facts?.descriptors.ok()?.to_string(),
        "slices" | "waited" => {
            let lately = facts?.schedule.and_then(|s| s.lately).ok()?;
            if word == "slices" {
                format!("{}/s", format::per_second(lately.slices))
            } else {
                format!("{:.1} ms/s", lately.waiting_ms)
            }
        }
        _ => return None,
    })
}

/// For each source that could not be read, why.
pub(super) fn explained(slot: Option<&Stamped<Facts>>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let facts: Option<&Arc<Facts>> = slot.and_then(|s| s.value.as_ref().ok());
    for (name, read) in facts.into_iter().flat_map(|f| f.sources()) {
        if let Err(why) = read {
            out.push((format!("– {name}"), format!("/proc/PID/{name}: {why}.")));
        }
    }
    out
}
