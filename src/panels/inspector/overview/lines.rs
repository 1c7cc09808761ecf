//! The first and the last lines of the tab: whose child it is, what runs, and what could not be read.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::View;
use crate::model::detail::Stamped;
use crate::model::format;
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
        return vec![dim("Being read …")];
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

const WORDS: [(&str, &str); 15] = [
    (
        "user land",
        "The address space, high addresses on top. Heights are readable, not to scale; amounts are what each kind claims.",
    ),
    (
        "claims, holds, own",
        "Address space it may touch; pages of it that are in memory now; pages of those that nobody else maps.",
    ),
    (
        "state",
        "What its first thread does now, and for how long at the least: it has not been switched since.",
    ),
    (
        "user",
        "The user it acts as, and the rights of root (capabilities) that it has.",
    ),
    (
        "sched",
        "Scheduling policy, nice value, and the cores that it may run on.",
    ),
    (
        "slices",
        "How often a second its threads were given a core, and for how long at a time on the average.",
    ),
    (
        "waited",
        "Time in which a thread could run and no core was free, over all its threads.",
    ),
    (
        "descriptors",
        "Open files, pipes and sockets, with the limit, and what the first ones lead to.",
    ),
    (
        "threads",
        "How many there are and what the first ones wait for.",
    ),
    (
        "children",
        "Processes that it began and that live, or that have ended and wait until it asks how (wait).",
    ),
    (
        "signals",
        "How many of the 64 signals it catches, ignores and blocks.",
    ),
    ("limits", "Limits of which more than four fifths are used."),
    (
        "cgroup",
        "The control group whose limits it shares with others.",
    ),
    (
        "CPU, mem, wait",
        "Share of a core, resident memory and time waiting for a core, one cell a tick.",
    ),
    (
        "denied",
        "Kernel files that this user may not read. Another user's process shows them to root, or to a pscope with the capability cap_sys_ptrace.",
    ),
];

/// The words of the tab, and for each source that could not be read, why.
pub(super) fn explained(slot: Option<&Stamped<Facts>>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = WORDS
        .iter()
        .map(|(word, means)| ((*word).to_owned(), (*means).to_owned()))
        .collect();
    let facts: Option<&Arc<Facts>> = slot.and_then(|s| s.value.as_ref().ok());
    for (name, read) in facts.into_iter().flat_map(|f| f.sources()) {
        if let Err(why) = read {
            out.push((format!("– {name}"), format!("/proc/PID/{name}: {why}.")));
        }
    }
    out
}
