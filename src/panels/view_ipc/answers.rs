//! The first three lines: how much talk there is, who talks most, and the pipelines.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::format;
use crate::model::ipc::{Channel, Ipc, Party, counted, lines};
use crate::theme::Role;
use crate::widgets::line;

type Part = (String, Role);

/// Draws the answers.
pub fn draw(world: &World, ipc: &Ipc, area: Rect, buf: &mut Buffer) {
    let all = [channels(ipc), busiest(world, ipc), pipelines(world, ipc)];
    for (parts, y) in all.iter().zip(area.y..area.bottom()) {
        let at = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(&world.theme, at, parts, Modifier::empty(), buf);
    }
}

fn label(text: &str) -> Part {
    (format!("{text:<10} "), Role::Dim)
}

fn channels(ipc: &Ipc) -> Vec<Part> {
    let mut counts: BTreeMap<Channel, usize> = BTreeMap::new();
    for (channel, n) in ipc.lines.iter().flat_map(|l| &l.channels) {
        *counts.entry(*channel).or_default() += n;
    }
    let all: usize = counts.values().sum();
    let mut out = vec![
        label("channels"),
        (format::count(all as u64), Role::Strong),
        (" among ".to_owned(), Role::Dim),
        (format::count(ipc.processes as u64), Role::Strong),
        (" processes".to_owned(), Role::Dim),
    ];
    for (channel, n) in counts {
        let words = channel.counted(n);
        let words = if n == 1 { format!("1 {words}") } else { words };
        out.push((format!("   {words}"), Role::Dim));
    }
    if !ipc.complete {
        out.push(("   still reading".to_owned(), Role::Warn));
    }
    if ipc.hidden > 0 {
        let hidden = format::counted(ipc.hidden as u64, "process", "processes");
        out.push((format!("   {hidden} not visible"), Role::Dim));
    }
    out
}

fn busiest(world: &World, ipc: &Ipc) -> Vec<Part> {
    let mut out = vec![label("most")];
    for line in ipc.lines.iter().take(5) {
        let arrow = line.flow.arrow(world.theme.glyphs.ascii);
        out.push((name(&line.a), Role::Accent));
        out.push((format!(" {arrow} "), Role::Dim));
        out.push((name(&line.b), Role::Accent));
        out.push((format!(" {}   ", counted(&line.channels)), Role::Dim));
    }
    if ipc.lines.is_empty() {
        let words = if ipc.complete {
            "nobody that can be seen talks to anybody"
        } else {
            "nobody yet of those who were looked at"
        };
        out.push((words.to_owned(), Role::Dim));
    }
    out
}

/// A side by name only.
fn name(side: &[Party]) -> String {
    match side {
        [one] => one.name.to_string(),
        side => lines::words(side),
    }
}

fn pipelines(world: &World, ipc: &Ipc) -> Vec<Part> {
    let mut out = vec![label("pipelines")];
    let arrow = if world.theme.glyphs.ascii {
        " -> "
    } else {
        " → "
    };
    for (i, stages) in ipc.pipelines.iter().take(6).enumerate() {
        if i > 0 {
            out.push(("   ".to_owned(), Role::Dim));
        }
        for (j, (_, name)) in stages.iter().enumerate() {
            if j > 0 {
                out.push((arrow.to_owned(), Role::Dim));
            }
            out.push((name.to_string(), Role::Accent));
        }
    }
    match ipc.pipelines.len() {
        0 => out.push(("none".to_owned(), Role::Dim)),
        n if n > 6 => out.push((format!("   and {} more", n - 6), Role::Dim)),
        _ => {}
    }
    out
}

/// What the words of the view mean.
pub fn explain() -> Vec<(String, String)> {
    [
        (
            "BY",
            "What joins the two: pipes, unix sockets, TCP inside this machine, a terminal and the program that draws it, \
             memory that both map or hold, eventfds, message queues, semaphores, a file lock that one waits for.",
        ),
        (
            "System V",
            "The kernel keeps only who used a queue or semaphore last; the longer you look, the more users are known.",
        ),
        ("→ ← ⇄", "Which way data flows, or both ways."),
        (
            "64K of 64K",
            "How full the pipe is. A full one makes its writer wait, an empty one its reader.",
        ),
        (
            "50×[name]",
            "Processes of one name that talk to the same one in the same way; the key for unfolding lists them.",
        ),
        (
            "one pipe",
            "One object that three or more hold, as when a whole tree of processes inherits its output. \
             It counts as one channel, and comes after what joins two processes.",
        ),
        (
            "each other",
            "All of them hold the same thing, and each may write and read it.",
        ),
        (
            "not visible",
            "Processes of other users do not show their descriptors to you; their channels are missing here.",
        ),
        (
            "pipelines",
            "Processes whose standard output is the standard input of the next, as a shell joins them with |. \
             Of those who inherited one end the eldest stands for all.",
        ),
    ]
    .map(|(word, about)| (word.to_owned(), about.to_owned()))
    .to_vec()
}
