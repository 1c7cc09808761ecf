//! The third column, where there is room: the tree around the process, its threads with what they wait for, its sockets, its calls.

use super::View;
use super::kernel_land::{heading, role_of};
use super::lines::{Parts, ancestry, dim, or_dash, text};
use super::parts::{peer_of, threads_head};
use crate::model::descriptors::descriptor::Descriptor;
use crate::model::descriptors::socket::Socket;
use crate::model::format;
use crate::model::process::called::called;
use crate::model::process::stat::State;
use crate::model::process::threads::ThreadRow;
use crate::model::snapshot::Proc;
use crate::model::text::{cut, pad, width};
use crate::theme::Role;

/// Ancestors, children, threads, sockets and calls that are shown at the most.
const ANCESTORS: usize = 4;
const CHILDREN: usize = 8;
const THREADS: usize = 24;
const SOCKETS: usize = 8;
const CALLS: usize = 6;

/// What the column tells.
#[derive(Default)]
pub(super) struct Around {
    /// Every line that there is.
    pub lines: Vec<Parts>,
    /// Whether calls are in sight, or would be: counting them costs the process something.
    pub calls: bool,
}

/// What there is to tell, for so many rows and cells.
pub(super) fn around(view: &View<'_>, rows: usize, wide: usize) -> Around {
    let mut out = vec![vec![
        ("AROUND IT".to_owned(), Role::Accent),
        dim(" tree, threads, sockets, calls"),
    ]];
    out.extend(tree(view, wide));
    let sockets = sockets(view, wide);
    let calls = calls(view, wide);
    let others: usize = [&sockets, &calls].iter().map(|lines| section(lines)).sum();
    let room = rows
        .saturating_sub(out.len() + others + 2)
        .clamp(3, THREADS);
    for lines in [threads(view, room, wide), sockets] {
        if !lines.is_empty() {
            out.push(Vec::new());
            out.extend(lines);
        }
    }
    // A blank row, the heading, and one call.
    let in_sight = out.len() + 3 <= rows && !view.proc.stat.is_kernel_thread();
    if !calls.is_empty() {
        out.push(Vec::new());
        out.extend(calls);
    }
    Around {
        lines: out,
        calls: in_sight,
    }
}

/// The rows of a section with the blank one above it.
fn section(lines: &[Parts]) -> usize {
    lines.len() + usize::from(!lines.is_empty())
}

/// Its nearest ancestors, itself, and its busiest children, each with what it uses.
fn tree(view: &View<'_>, wide: usize) -> Vec<Parts> {
    let snapshot = &view.world.snapshot;
    let line = ancestry(snapshot, view.proc);
    let skipped = line.len().saturating_sub(ANCESTORS + 1);
    let mut out = Vec::new();
    if skipped > 0 {
        let names: Vec<&str> = line[..skipped].iter().map(|p| &*p.facts.name).collect();
        out.push(vec![dim(format!("{:22}{} …", "", names.join(" → ")))]);
    }
    let [elbow, tee] = if view.world.theme.glyphs.ascii {
        ["`-", "|-"]
    } else {
        ["└─", "├─"]
    };
    for (depth, proc) in line[skipped..].iter().enumerate() {
        let guide = if depth + skipped == 0 {
            String::new()
        } else {
            format!("{}{elbow} ", "   ".repeat(depth.saturating_sub(1)))
        };
        let own = proc.id == view.proc.id;
        out.push(member(proc, guide, own, wide));
    }
    let depth = line.len() - skipped;
    let busiest = view.children.busiest.iter().take(CHILDREN);
    let shown: Vec<&Proc> = busiest.filter_map(|id| snapshot.get(*id)).collect();
    let more = view.children.count.saturating_sub(shown.len());
    for (i, child) in shown.iter().enumerate() {
        let last = i + 1 == shown.len() && more == 0 && view.children.ended == 0;
        let guide = if last { elbow } else { tee };
        let guide = format!("{}{guide} ", "   ".repeat(depth.saturating_sub(1)));
        out.push(member(child, guide, false, wide));
    }
    let ended = view.children.ended;
    if more > 0 || ended > 0 {
        let indent = "   ".repeat(depth.saturating_sub(1));
        let rest = (more > 0).then(|| format!("+ {more} more"));
        let rest = rest.unwrap_or_default();
        let mut last = vec![dim(format!("{:22}{indent}{elbow} {rest}", ""))];
        if ended > 0 {
            let dot = if more > 0 { " · " } else { "" };
            let zombies = format!("{dot}{ended} ended");
            last.push((zombies, Role::Warn));
        }
        out.push(last);
    }
    out
}

/// `   1842  18.3  1.20G  ├─ firefox`.
fn member(proc: &Proc, guide: String, own: bool, wide: usize) -> Parts {
    let cpu = proc.cpu.map_or_else(|_| "–".to_owned(), format::percent);
    let busy = proc.cpu.unwrap_or(0.0) >= 0.05;
    let state = match proc.stat.state {
        State::Zombie | State::Blocked | State::Stopped | State::Traced => {
            format!(" {}", proc.stat.state.words())
        }
        _ => String::new(),
    };
    let room = wide.saturating_sub(22 + width(&guide) + width(&state));
    vec![
        dim(format!("  {:>7} ", proc.id.pid.to_string())),
        (
            format!("{cpu:>5} "),
            if busy { Role::Text } else { Role::Dim },
        ),
        dim(format!("{:>5}  ", format::bytes(proc.stat.resident))),
        (guide, Role::Faint),
        (
            cut(&called(proc), room).into_owned(),
            if own { Role::Strong } else { Role::Accent },
        ),
        (state, role_of(proc.stat.state)),
    ]
}

/// The threads that run or are blocked first, then the busiest, with what each waits for.
fn threads(view: &View<'_>, room: usize, wide: usize) -> Vec<Parts> {
    if view.proc.stat.is_kernel_thread() {
        return Vec::new();
    }
    let count = view.proc.stat.threads;
    let (all, mut out) = threads_head(view);
    let Some(all) = all else {
        return out;
    };
    let mut rows: Vec<&ThreadRow> = all.rows.iter().collect();
    let first = |row: &ThreadRow| !matches!(row.stat.state, State::Running | State::Blocked);
    rows.sort_by(|a, b| {
        let cpu = |row: &ThreadRow| row.cpu.unwrap_or(0.0);
        first(a)
            .cmp(&first(b))
            .then(cpu(b).total_cmp(&cpu(a)))
            .then(a.id.cmp(&b.id))
    });
    let shown = room.saturating_sub(out.len() + usize::from(rows.len() + out.len() > room));
    let name = rows.iter().take(shown).map(|row| width(&row.name)).max();
    let name = name.unwrap_or_default().min((wide / 4).max(6));
    for row in rows.iter().take(shown) {
        let waits = all.waits_on(row, &|fd| peer_of(view, fd));
        let words = match row.stat.state {
            State::Running => (format!("on cpu{}", row.stat.processor), Role::Good),
            _ => or_dash(&waits, |words| dim(words.clone())),
        };
        out.push(vec![
            dim(format!("  {:>7} ", row.id.tid.to_string())),
            or_dash(&row.cpu, |cpu| {
                let role = if *cpu >= 0.05 { Role::Text } else { Role::Dim };
                (format!("{:>5} ", format::percent(*cpu)), role)
            }),
            (row.stat.state.letter().to_string(), role_of(row.stat.state)),
            (format!(" {} ", pad(&row.name, name)), Role::Thread),
            words,
        ]);
    }
    // Threads come and go between two readings; the heading and the list of processes tell the same number.
    let more = (count as usize).saturating_sub(shown);
    if more > 0 {
        out.push(vec![dim(format!("  {:7} + {more} more", ""))]);
    }
    out
}

/// Its sockets of the network: listeners first.
fn sockets(view: &View<'_>, wide: usize) -> Vec<Parts> {
    let Some(files) = super::value(view.world, view.world.detail.files.as_ref()) else {
        return Vec::new();
    };
    let inet = |d: &&Descriptor| matches!(d.socket, Some(Socket::Inet(_)));
    let mut all: Vec<&Descriptor> = files.rows.iter().filter(inet).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let connected = |d: &Descriptor| match &d.socket {
        Some(Socket::Inet(i)) => !i.listens(),
        _ => true,
    };
    all.sort_by_key(|d| (connected(d), d.fd));
    let mut out = vec![heading(
        "sockets",
        vec![(all.len().to_string(), Role::Strong)],
    )];
    for d in all.iter().take(SOCKETS) {
        let peer = d.peers.named.first();
        let beside = peer.map_or(0, |peer| width(&peer.name) + 12);
        let room = wide.saturating_sub(16 + beside).max(24);
        let mut line = vec![
            dim(format!("  {:>7} ", d.fd)),
            (pad(d.kind.word(), 5), Role::FlowIn),
            text(cut(&d.words(), room).into_owned()),
        ];
        if let Some(peer) = peer {
            let arrow = peer.flow.arrow(view.world.theme.glyphs.ascii);
            line.push(dim(format!(" {arrow} ")));
            line.push((format!("{} {}", peer.id.pid, peer.name), Role::Accent));
        }
        out.push(line);
    }
    let more = all.len().saturating_sub(SOCKETS);
    if more > 0 {
        out.push(vec![dim(format!("  {:7} + {more} more", ""))]);
    }
    out
}

/// The calls that take most of its time, where they are counted.
fn calls(view: &View<'_>, wide: usize) -> Vec<Parts> {
    let Some(calls) = super::value(view.world, view.world.detail.calls.as_ref()) else {
        return Vec::new();
    };
    if calls.rows.is_empty() {
        return Vec::new();
    }
    let seconds = calls.span.seconds().max(0.001);
    let (how, cost) = if calls.counts() {
        let how = if calls.exact { "exact" } else { "at least" };
        let more = if calls.records {
            calls.cost()
        } else {
            "0.2 µs"
        };
        (how, format!(", while each takes {more} longer"))
    } else {
        ("sampled", String::new())
    };
    let head = format!("{how}, last {}{cost}", format::duration(calls.span));
    let mut out = vec![heading("calls", vec![dim(head)])];
    let mut rows: Vec<_> = calls.rows.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.span));
    for row in rows.into_iter().take(CALLS) {
        let rate = row.calls.map(|n| format::per_second(n as f64 / seconds));
        let mut line = vec![
            (format!("  {} ", pad(&row.name, 16)), Role::Text),
            or_dash(&rate, |rate| (format!("{rate:>5}/s "), Role::Strong)),
            dim(format!("{:>7} ", format::duration(row.span))),
        ];
        if let Some((fd, _)) = row.descriptors.first() {
            let peer = peer_of(view, *fd).map_or_else(String::new, |peer| format!(" {peer}"));
            let room = wide.saturating_sub(36);
            line.push(dim(cut(&format!("fd {fd}{peer}"), room).into_owned()));
        } else if let Some((path, _)) = row.paths.first() {
            let room = wide.saturating_sub(36);
            line.push(dim(cut(path.as_str(), room).into_owned()));
        }
        out.push(line);
    }
    out
}
