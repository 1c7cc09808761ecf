//! Descriptors with their peers, and threads with what they wait for.

use super::View;
use super::children::Children;
use super::kernel_land::{heading, role_of};
use super::lines::{Parts, dim, or_dash};
use crate::model::descriptors::descriptor::{Descriptor, Files, Mode};
use crate::model::descriptors::peer::Note;
use crate::model::process::stat::State;
use crate::model::process::threads::Threads;
use crate::model::scheduling::wait::end_of;
use crate::model::text::{cut, pad, width};
use crate::theme::Role;

/// How many descriptors are open, and what the first ones lead to.
pub(super) fn descriptors(view: &View<'_>, room: usize, wide: usize) -> Vec<Parts> {
    if view.proc.stat.is_kernel_thread() {
        return Vec::new();
    }
    let Some(facts) = view.facts else {
        return Vec::new();
    };
    let limit = facts.limits.as_ref().ok();
    let limit = limit.and_then(|all| all.iter().find(|l| l.name == "Max open files"));
    let mut head = vec![or_dash(&facts.descriptors, |n| {
        (n.to_string(), Role::Strong)
    })];
    if let Some(limit) = limit {
        head.push(dim(match limit.soft {
            Some(soft) => format!(" of {soft} "),
            None => ", no limit".to_owned(),
        }));
        if let Some(share) = limit.share() {
            head.push(gauge(view, share, 8));
        }
    }
    let mut out = vec![heading("descriptors", head)];
    let files = super::value(view.world, view.world.detail.files.as_ref());
    let shown = room.saturating_sub(1);
    match files {
        Some(files) => {
            let numbers = files
                .rows
                .iter()
                .take(shown)
                .map(|d| width(&d.fd.to_string()));
            let digits = numbers.max().unwrap_or_default().max(2);
            out.extend(
                files
                    .rows
                    .iter()
                    .take(shown)
                    .map(|d| descriptor(view, d, digits, wide)),
            );
            // They come and go between two readings; the heading tells the same number.
            let listed = files.rows.len();
            let count = facts.descriptors.map_or(listed, |n| n as usize);
            let more = count.saturating_sub(shown.min(listed));
            if more > 0 {
                out.push(vec![dim(format!("     + {more} more"))]);
            }
        }
        None => {
            for (fd, target) in facts.standard.iter().enumerate() {
                if let Ok(target) = target {
                    let name = ["stdin", "stdout", "stderr"][fd];
                    out.push(vec![
                        dim(format!("  {fd:>2} ")),
                        (pad(name, 7), Role::Text),
                        dim(cut(target, wide.saturating_sub(12)).into_owned()),
                    ]);
                }
            }
        }
    }
    out
}

/// `▰▱▱▱▱▱▱▱`: how much of a limit is used.
fn gauge(view: &View<'_>, share: f64, cells: usize) -> (String, Role) {
    let full = (share * cells as f64).ceil().clamp(0.0, cells as f64) as usize;
    let [on, off] = if view.world.theme.glyphs.ascii {
        ["#", "."]
    } else {
        ["▰", "▱"]
    };
    let role = match share {
        s if s > 0.95 => Role::Bad,
        s if s > 0.8 => Role::Warn,
        _ => Role::Good,
    };
    (
        format!("{}{}", on.repeat(full), off.repeat(cells - full)),
        role,
    )
}

fn descriptor(view: &View<'_>, d: &Descriptor, digits: usize, wide: usize) -> Parts {
    let ascii = view.world.theme.glyphs.ascii;
    let arrow = match (d.mode, ascii) {
        (Ok(mode), false) if mode.reads() && mode.writes() => "⇄",
        (Ok(mode), true) if mode.reads() && mode.writes() => "<>",
        (Ok(mode), _) if mode.reads() => ["←", "<-"][usize::from(ascii)],
        (Ok(Mode::Write), _) => ["→", "->"][usize::from(ascii)],
        _ => " ",
    };
    let mut parts = vec![
        dim(format!("  {:>digits$} ", d.fd)),
        (pad(d.name(), 7), Role::Text),
        dim(format!("{arrow} ")),
    ];
    let room = wide.saturating_sub(14 + digits);
    let peer = d
        .peers
        .named
        .first()
        .filter(|_| d.peers.note != Some(Note::Shared));
    if let Some(peer) = peer {
        parts.push(dim(format!("{} ", d.kind.word())));
        parts.push(dim(format!("{} ", peer.flow.arrow(ascii))));
        parts.push((format!("{} {}", peer.id.pid, peer.name), Role::Accent));
        let more = d.peers.processes() - 1;
        if more > 0 {
            parts.push(dim(format!(" and {more} more")));
        }
    } else {
        let progress = d.progress();
        let room = room.saturating_sub(if progress.is_some() { 5 } else { 0 });
        parts.push(dim(cut(&d.words(), room).into_owned()));
        if let Some((at, size)) = progress {
            let share = at as f64 / size.max(1) as f64;
            parts.push(dim(" "));
            let (bar, _) = gauge(view, share.min(1.0), 4);
            parts.push((bar, Role::RegionFile));
        }
    }
    parts
}

/// Who is at the other end of a descriptor, for the words of a wait.
pub(super) fn peer_of(view: &View<'_>, fd: i32) -> Option<String> {
    let files: &Files = super::value(view.world, view.world.detail.files.as_ref())?;
    end_of(files, fd)
}

/// The threads where they are read, and a heading: how many there are, how many of them run or are blocked, and a deadlock.
pub(super) fn threads_head<'a>(view: &View<'a>) -> (Option<&'a Threads>, Vec<Parts>) {
    let mut head = vec![(view.proc.stat.threads.to_string(), Role::Strong)];
    let all: Option<&Threads> = super::value(view.world, view.world.detail.threads.as_ref());
    let Some(all) = all else {
        return (None, vec![heading("threads", head)]);
    };
    let in_state = |state| all.rows.iter().filter(|r| r.stat.state == state).count();
    let (running, blocked) = (in_state(State::Running), in_state(State::Blocked));
    // What a single one does is told as the state of the process, of one moment.
    let several = view.proc.stat.threads > 1;
    if running > 0 && several {
        head.push(dim(format!(" · {running} running")));
    }
    if blocked > 0 && several {
        head.push((format!(" · {blocked} in D state"), Role::Bad));
    }
    let mut out = vec![heading("threads", head)];
    for deadlock in all.deadlocks.iter().take(1) {
        let told = format!("  deadlock: {}", all.told(deadlock));
        out.push(vec![(told, Role::Bad)]);
    }
    (Some(all), out)
}

/// How many threads there are, and what the first ones wait for.
pub(super) fn threads(view: &View<'_>, room: usize, wide: usize) -> Vec<Parts> {
    if view.proc.stat.is_kernel_thread() {
        return Vec::new();
    }
    let (all, mut out) = threads_head(view);
    let Some(all) = all else {
        return out;
    };
    if all.rows.len() < 2 {
        return out;
    }
    let shown = || all.rows.iter().take(room);
    let digits = shown().map(|row| width(&row.id.tid.to_string())).max();
    let digits = digits.unwrap_or_default().max(4);
    // Names that only repeat that of the process leave their place to the words.
    let named = shown().any(|row| row.name != view.proc.facts.name);
    let name = (wide / 4).clamp(6, 16);
    for row in shown() {
        let waits = all.waits_on(row, &|fd| peer_of(view, fd));
        let mut parts = vec![dim(format!("  {:>digits$} ", row.id.tid))];
        if named {
            parts.push((pad(&row.name, name), Role::Thread));
            parts.push(dim(" "));
        }
        parts.push(or_dash(&waits, |words| dim(words.clone())));
        out.push(parts);
    }
    let more = all.rows.len().saturating_sub(room);
    if more > 0 {
        out.push(vec![dim(format!("  {:digits$} + {more} more", ""))]);
    }
    out
}

/// The first children, what they do now, and how many have ended and are not yet asked how.
pub(super) fn family(children: &Children, room: usize) -> Vec<Parts> {
    let mut head = vec![(children.count.to_string(), Role::Strong)];
    if children.ended > 0 {
        let zombies = format!(" · {} ended, not yet asked how", children.ended);
        head.push((zombies, Role::Warn));
    }
    let mut out = vec![heading("children", head)];
    // One line more says how many are left out.
    let shown = if children.count > room {
        room.saturating_sub(1)
    } else {
        room
    };
    let digits = width(&children.last.to_string()).max(4);
    let shown = &children.first[..shown.min(children.first.len())];
    let name = shown.iter().map(|c| width(&c.name)).max();
    for child in shown {
        out.push(vec![
            dim(format!("  {:>digits$} ", child.pid)),
            (pad(&child.name, name.unwrap_or_default()), Role::Accent),
            (format!("  {}", child.state.words()), role_of(child.state)),
        ]);
    }
    let more = children.count - shown.len();
    if more > 0 {
        out.push(vec![dim(format!("  {:digits$} + {more} more", ""))]);
    }
    out
}
