//! The right side: the control block, then descriptors, threads, signals, limits, and what runs where.

use ratatui::layout::Rect;

use super::View;
use super::children;
use super::fold::Folds;
use super::lines::{Parts, dim, or_dash, text};
use super::parts::{self, peer_of};
use crate::model::acting::{ended_badly, ending};
use crate::model::format;
use crate::model::id::{Bytes, Nanos, Pid, Tid};
use crate::model::process::overview::{Lately, Limit};
use crate::model::process::stat::State;
use crate::model::process::threads::{ThreadRow, Threads};
use crate::model::process::tty;
use crate::model::reading::Missing;
use crate::model::snapshot::Proc;
use crate::model::text::pad;
use crate::theme::Role;

/// How wide labels are.
pub(super) const LABEL: usize = 8;

fn labelled(label: &str, mut value: Parts) -> Parts {
    let mut parts = vec![(pad(label, LABEL), Role::Dim)];
    parts.append(&mut value);
    parts
}

/// Every line; as many descriptors and threads as the height allows, and lines that are too long folded where rows are left.
/// Threads and children stand elsewhere where they have a column of their own.
pub(super) fn lines(view: &View<'_>, area: Rect, apart: bool, folds: &mut Folds) -> Vec<Parts> {
    let wide = usize::from(area.width.saturating_sub(1));
    let spaced = area.height >= 22;
    let block = control_block(view);
    let identity = identity(view);
    // Headings, what counts the rest of a list, signals, and blank rows.
    let fixed = block.len() + identity.len() + if spaced { 10 } else { 8 };
    // A blank row stays below where there is room.
    let tall = usize::from(area.height.saturating_sub(u16::from(spaced)));
    let left = tall.saturating_sub(fixed);
    let room_for = match view.children.count {
        some if some > 0 && spaced && !apart => some.min((left / 5).clamp(1, 8)),
        _ => 0,
    };
    let left = left.saturating_sub(if room_for > 0 { 2 + room_for } else { 0 });
    let threads = (left / 3).clamp(1, if super::alone(view.world) { 12 } else { 6 });
    let threads = if apart { 0 } else { threads };
    let files = left.saturating_sub(threads).clamp(3, 20);
    let mut out = vec![vec![
        ("KERNEL LAND".to_owned(), Role::Accent),
        (" task state".to_owned(), Role::Dim),
    ]];
    out.extend(block);
    let mut rest = signals(view);
    rest.extend(near(view));
    let first = [
        parts::descriptors(view, files, wide),
        if apart {
            Vec::new()
        } else {
            parts::threads(view, threads, wide)
        },
    ];
    let used: usize = first.iter().map(Vec::len).sum();
    let unused = (files + threads).saturating_sub(used);
    let family = match room_for {
        0 => Vec::new(),
        some => parts::family(view.children, (some + unused).min(children::MOST)),
    };
    let sections = first.into_iter().chain([family, rest, identity]);
    for lines in sections.filter(|lines| !lines.is_empty()) {
        if spaced {
            out.push(Vec::new());
        }
        out.extend(lines);
    }
    folds.lay(out, wide, tall)
}

fn control_block(view: &View<'_>) -> Vec<Parts> {
    let stat = &view.proc.stat;
    let mut out = vec![labelled("state", state(view))];
    let parent = view.world.snapshot.by_pid(stat.ppid);
    out.push(labelled(
        "parent",
        match parent {
            Some(p) => vec![
                dim(format!("{} ", p.id.pid)),
                (p.facts.name.to_string(), Role::Text),
            ],
            None if stat.ppid.0 == 0 => vec![dim("none: the kernel started it")],
            None => vec![dim(format!("{}, not visible here", stat.ppid))],
        },
    ));
    out.extend(tracer(view));
    out.push(labelled("user", user(view)));
    out.push(labelled("sched", sched(view)));
    out.extend(slices(view));
    if let Some(words) = view.world.graphics() {
        out.push(labelled("gpu", vec![(words, Role::Text)]));
    }
    out
}

/// The thread whose wait goes with the state of its process: the first one, or where that has ended one in this state.
fn speaker<'a>(threads: &'a Threads, of: &Proc) -> Option<&'a ThreadRow> {
    let first = threads.get(Tid(of.id.pid.0))?;
    if first.stat.state != State::Zombie || of.stat.state == State::Zombie {
        return Some(first);
    }
    let same = |row: &&ThreadRow| row.stat.state == of.stat.state;
    threads.rows.iter().find(same)
}

/// How a state stands out.
pub(super) fn role_of(state: State) -> Role {
    match state {
        State::Running => Role::Good,
        State::Blocked | State::Zombie => Role::Bad,
        State::Stopped | State::Traced => Role::Warn,
        _ => Role::Text,
    }
}

fn state(view: &View<'_>) -> Parts {
    let stat = &view.proc.stat;
    if let Some(end) = view.ended {
        let now = view.world.snapshot.at;
        return match view.world.snapshot.ending(view.proc.id) {
            None => vec![(end.told(now), Role::Ended)],
            Some(how) => {
                let role = if ended_badly(how) {
                    Role::Bad
                } else {
                    Role::Ended
                };
                vec![(ending(how), role), dim(format!(" · {}", end.ago(now)))]
            }
        };
    }
    let mut parts = vec![
        dim(format!("{} ", stat.state.letter())),
        (stat.state_words().into_owned(), role_of(stat.state)),
    ];
    let frozen = view.facts.and_then(|f| f.frozen.as_ref());
    if let Some(frozen) = frozen.filter(|_| stat.can_be_frozen()) {
        // Nothing that it waited for brings it on.
        parts.push((format!(", {frozen}"), Role::Warn));
        return parts;
    }
    let threads = super::value(view.world, view.world.detail.threads.as_ref());
    let first = threads.and_then(|t| speaker(t, view.proc));
    match stat.state {
        State::Zombie => {
            if let Some(how) = view.world.snapshot.ending(view.proc.id) {
                parts.push(text(format!(": {}", ending(how))));
            }
            parts.push(dim(format!(": {} must ask how it ended", stat.ppid)));
        }
        State::Running => parts.push(dim(format!(" on cpu{}", stat.processor))),
        _ => {
            // Its threads are read at another moment: what one of another state waited for is no part of this sentence.
            if let Some(words) = first
                .filter(|row| row.stat.state == stat.state)
                .zip(threads)
                .and_then(|(row, all)| all.waits_on(row, &|fd| peer_of(view, fd)).ok())
            {
                parts.push(dim(" · "));
                parts.push(text(words));
            }
            if let Some(since) = view.facts.and_then(|f| f.since) {
                let span = view.world.detail.at.since(since);
                if span >= Nanos::from_millis(1000) {
                    parts.push(dim(format!(" · {}", format::duration(span))));
                }
            }
        }
    }
    parts
}

/// Who traces it, and that a signal reaches that one first.
fn tracer(view: &View<'_>) -> Option<Parts> {
    let status = view.facts?.status.as_ref().ok()?;
    let pid = status.tracer?;
    let name = view
        .world
        .snapshot
        .by_pid(pid)
        .map(|p| format!(" {}", p.facts.name));
    let mut parts = vec![(format!("{pid}{}", name.unwrap_or_default()), Role::Warn)];
    parts.push(dim(", asked first about every signal"));
    Some(labelled("traced by", parts))
}

fn user(view: &View<'_>) -> Parts {
    let facts = &view.proc.facts;
    let mut parts = vec![(facts.user.to_string(), Role::User)];
    parts.push(or_dash(&facts.uid, |uid| dim(format!(" ({uid})"))));
    let status = view.facts.and_then(|f| f.status.as_ref().ok());
    if let Some(status) = status {
        if let Some(inside) = status.inside.words() {
            parts.push((format!(" · {inside}"), Role::Text));
        }
        parts.push(dim(" · "));
        parts.push(dim("capabilities "));
        parts.push(text(status.capabilities_words()));
        if status.uids[0] != status.uids[1] {
            parts.push((format!(" · started by uid {}", status.uids[0]), Role::Warn));
        }
        match status.seccomp {
            0 => {}
            1 => parts.push(dim(" · strict seccomp")),
            _ => parts.push(dim(" · seccomp")),
        }
        if status.no_new_privileges {
            parts.push(dim(" · no new privileges"));
        }
    }
    parts
}

fn sched(view: &View<'_>) -> Parts {
    let stat = &view.proc.stat;
    let mut parts = vec![
        text(stat.policy_words()),
        dim(format!(" · nice {}", stat.nice)),
    ];
    let status = view.facts.and_then(|f| f.status.as_ref().ok());
    match status {
        Some(status) if !status.cores.is_empty() => {
            parts.push(dim(format!(" · cores {}", status.cores)));
        }
        _ => parts.push(dim(format!(" · last on cpu{}", stat.processor))),
    }
    parts
}

fn slices(view: &View<'_>) -> Vec<Parts> {
    let Some(schedule) = view.facts.map(|f| f.schedule) else {
        return Vec::new();
    };
    let lately = schedule.and_then(|s| s.lately);
    let mut line = vec![or_dash(&lately, |l: &Lately| {
        (format!("{}/s", format::per_second(l.slices)), Role::Text)
    })];
    if let Ok(l) = lately.as_ref()
        && l.mean.0 > 0
    {
        line.push(dim(format!(" · mean {}", format::duration(l.mean))));
    }
    if let Ok(all) = schedule {
        let run = format::duration(all.total.run);
        line.push(dim(format!(" · {run} on cores in all")));
    }
    let mut out = vec![labelled("slices", line)];
    if let Ok(l) = lately.as_ref() {
        let role = match l.waiting_ms {
            ms if ms > 100.0 => Role::Warn,
            ms if ms < 0.05 => Role::Dim,
            _ => Role::Text,
        };
        let amount = format!("{:.1} ms/s", l.waiting_ms);
        out.push(labelled("waited", vec![(amount, role), dim(" for a core")]));
    }
    out
}

/// A line that begins with a strong word.
pub(super) fn heading(word: &str, mut value: Parts) -> Parts {
    let mut parts = vec![(format!("{word} "), Role::Title)];
    parts.append(&mut value);
    parts
}

fn signals(view: &View<'_>) -> Vec<Parts> {
    if view.proc.stat.is_kernel_thread() {
        return Vec::new();
    }
    let Some(Ok(status)) = view.facts.map(|f| f.status.as_ref()) else {
        return Vec::new();
    };
    let [caught, ignored, blocked] = status.signals;
    let mut value = Parts::new();
    for (count, word) in [
        (caught, "caught"),
        (ignored, "ignored"),
        (blocked, "blocked"),
    ] {
        value.push((count.to_string(), Role::Text));
        value.push(dim(format!(" {word} ")));
    }
    if status.pending > 0 {
        value.push((format!("{} pending", status.pending), Role::Warn));
    }
    vec![heading("signals", value)]
}

/// Limits of which more than four fifths are used.
fn near(view: &View<'_>) -> Vec<Parts> {
    let Some(Ok(limits)) = view.facts.map(|f| f.limits.as_ref()) else {
        return Vec::new();
    };
    let amount = |limit: &Limit, n: u64| {
        if limit.bytes {
            format::bytes(Bytes(n))
        } else {
            format::count(n)
        }
    };
    limits
        .iter()
        .filter(|l| l.is_near())
        .map(|l| {
            let soft = amount(l, l.soft.unwrap_or_default());
            let text = format!("{} {} of {soft}", l.name, amount(l, l.used));
            heading("limit near", vec![(text, Role::Warn)])
        })
        .collect()
}

fn identity(view: &View<'_>) -> Vec<Parts> {
    let stat = &view.proc.stat;
    let mut out = Vec::new();
    if let Some(facts) = view.facts {
        let path = |label: &str, reading: &crate::model::reading::Reading<_>| {
            let missing = matches!(reading, Err(Missing::Gone));
            (!missing).then(|| {
                labelled(
                    label,
                    vec![or_dash(reading, |t: &crate::model::text::SafeText| {
                        text(t.to_string())
                    })],
                )
            })
        };
        out.extend(path("exe", &facts.exe));
        out.extend(path("cwd", &facts.cwd));
        out.extend(path("cgroup", &facts.cgroup));
    }
    // The leaders of pid 0 live outside this pid namespace, or there is none.
    let leader = |pid: Pid| match pid.0 {
        0 => "none here".to_owned(),
        pid => pid.to_string(),
    };
    let (session, group) = (leader(stat.session), leader(stat.group));
    let mut session = vec![dim(format!("{session} · group {group}"))];
    if let Some(tty) = tty::name(stat.tty) {
        session.push(dim(" · "));
        session.push(text(tty.into_owned()));
    }
    out.push(labelled("session", session));
    out.push(labelled("command", vec![dim(view.proc.command_line())]));
    out
}
