//! The last column: the lines of the tree, the name, and the command line.

use ratatui::style::{Modifier, Style};

use super::List;
use super::cells::Subject;
use crate::app::world::World;
use crate::model::column::Column;
use crate::model::forest::{Fold, Item, Row};
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::snapshot::Proc;
use crate::model::stat::State;
use crate::theme::Role;

/// For how long a row is marked as new.
const NEW: Nanos = Nanos(4_000_000_000);
/// From this share of one core on a process has its own colour.
const BUSY: f32 = 5.0;

type Spans = Vec<(String, Style)>;

/// The column's text in parts, and how many cells the lines of the tree take.
pub(super) fn spans(
    list: &List,
    world: &World,
    subject: &Subject<'_>,
    at: usize,
) -> (Spans, usize) {
    let theme = &world.theme;
    let row = list.forest.rows[at];
    let mut out: Spans = Vec::new();
    let guides = guides(list, world, row, at);
    let mut indent = guides.chars().count();
    out.push((guides, theme.style(Role::Faint)));
    if is_folded(row) {
        out.push(("+ ".to_owned(), theme.style(Role::Accent)));
        indent += 2;
    }
    out.extend(text(list, world, subject, row));
    (out, indent)
}

/// How the lines of the tree are drawn, the same for all rows in view, so that they join.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indent {
    /// Cells a level: 3, or fewer where the tree in view is deep.
    step: usize,
    /// How many of the outermost levels are left out.
    dropped: usize,
}

impl Default for Indent {
    fn default() -> Self {
        Self {
            step: 3,
            dropped: 0,
        }
    }
}

impl Indent {
    /// For rows of at most this depth, so that the lines leave the names half of the cells.
    pub(super) fn new(deepest: u32, room: usize) -> Self {
        let deepest = deepest as usize;
        let most = room.div_ceil(2).max(1);
        let step = (1..=3)
            .rev()
            .find(|step| deepest * step <= most)
            .unwrap_or(1);
        Self {
            step,
            dropped: deepest.saturating_sub(most / step),
        }
    }
}

/// The lines that lead to a row: `│  ├─ `.
fn guides(list: &List, world: &World, row: Row, at: usize) -> String {
    if row.depth == 0 {
        return String::new();
    }
    let Indent { step, dropped } = list.layout.indent;
    let [pass, none, branch, end, more] = if world.theme.glyphs.ascii {
        ["|  ", "   ", "|- ", "`- ", "> "]
    } else {
        ["│  ", "   ", "├─ ", "└─ ", "… "]
    };
    let shown = (row.depth as usize).saturating_sub(dropped);
    let mut parts = Vec::with_capacity(shown + 1);
    if shown > 0 {
        parts.push(if row.last { end } else { branch });
        let above = list.forest.above(at).take(shown - 1);
        parts.extend(above.map(|last| if last { none } else { pass }));
    }
    let level = |part: &&str| part.chars().take(step).collect::<String>();
    let mut text: String = parts.iter().rev().map(level).collect();
    if dropped > 0 {
        text.insert_str(0, more);
    }
    if step == 3 && shown > 0 && is_folded(row) {
        // The fold mark takes the place of the blank before the name.
        text.pop();
    }
    text
}

/// Whether the row is a process whose children are folded away.
fn is_folded(row: Row) -> bool {
    matches!((row.fold, row.item), (Fold::Closed(_), Item::Proc(_)))
}

fn text(list: &List, world: &World, subject: &Subject<'_>, row: Row) -> Spans {
    let theme = &world.theme;
    let proc = &*subject.lead;
    let dim = theme.style(Role::Dim);
    let grouped = theme.style(Role::Thread);
    let times = if theme.glyphs.ascii { "x" } else { "×" };
    match row.item {
        Item::Group { len, .. } => {
            let mut out = vec![(format!("{len}{times}[{}]", proc.facts.name), grouped)];
            let same = subject.all.len() <= 64
                && subject
                    .all
                    .iter()
                    .all(|p| p.facts.command == proc.facts.command);
            if same && let Some(args) = arguments(proc) {
                out.push((format!(" {args}"), dim));
            }
            out
        }
        Item::Thread { .. } => {
            let name = subject.thread.map_or("", |t| t.name.as_str());
            vec![(format!("{{{name}}}"), grouped)]
        }
        Item::Threads { len, .. } => {
            let name = subject.thread.map_or("", |t| t.name.as_str());
            vec![(format!("{{{len}{times}{name}}}"), grouped)]
        }
        Item::Proc(_) => {
            let mut out = process(list, world, proc);
            if let Fold::Closed(n) = row.fold {
                out.insert(1, (format!(" ({n})"), dim));
            }
            out
        }
    }
}

fn process(list: &List, world: &World, proc: &Proc) -> Spans {
    let theme = &world.theme;
    let dim = theme.style(Role::Dim);
    let name_style = name_style(list, world, proc);
    if let Some(ended) = list.ended.iter().find(|e| e.proc.id == proc.id) {
        let ago = format::duration(world.snapshot.at.since(ended.at));
        let style = theme.style(Role::Ended);
        return vec![
            (proc.facts.name.to_string(), style),
            (format!(" ended {ago} ago"), dim),
        ];
    }
    if proc.stat.is_kernel_thread() {
        return vec![(format!("[{}]", proc.facts.name), theme.style(Role::Kernel))];
    }
    if proc.stat.state == State::Zombie {
        let why = format!(" defunct · parent {} must reap it", proc.stat.ppid);
        return vec![(format!("[{}]", proc.facts.name), name_style), (why, dim)];
    }
    let mut out = named(list, proc, name_style, dim);
    if proc.parent.is_none() && proc.stat.ppid.0 != 0 {
        out.push((format!(" · parent {} is not here", proc.stat.ppid), dim));
    }
    out
}

fn name_style(list: &List, world: &World, proc: &Proc) -> Style {
    let theme = &world.theme;
    let bold = Modifier::BOLD;
    if world.tags.contains(&proc.id) {
        theme.style(Role::Tagged)
    } else if is_new(world, proc) && !list.ended.iter().any(|e| e.proc.id == proc.id) {
        theme.style(Role::New)
    } else if world.history.cpu(proc.id, 8).any(|cpu| cpu >= BUSY) {
        Style::new().fg(theme.process(proc.id))
    } else if world.focus == Some(proc.id) {
        theme.style(Role::Strong).add_modifier(bold)
    } else {
        theme.style(Role::Text)
    }
}

/// Whether a process began so lately that its row is marked.
pub(super) fn is_new(world: &World, proc: &Proc) -> bool {
    world.snapshot.age(proc.id) < NEW
}

/// The name bright, the rest dim. The name is the program's, unless the process or thread calls itself otherwise.
fn named(list: &List, proc: &Proc, name: Style, dim: Style) -> Spans {
    let comm = proc.facts.name.as_str();
    let Some(first) = proc
        .facts
        .command
        .as_ref()
        .ok()
        .and_then(|c| c.args().next())
    else {
        return vec![(comm.to_owned(), name)];
    };
    if first.is_empty() {
        return vec![(comm.to_owned(), name)];
    }
    // A title that the process wrote itself, such as `sshd: alice@pts/3`, stands in one argument.
    let (program, title) = match first.find(' ') {
        Some(at) if !first.starts_with('/') || first.contains(": ") => first.split_at(at),
        _ => (first, ""),
    };
    let base = program.rsplit('/').next().unwrap_or(program);
    let bare = base.trim_start_matches('-').trim_end_matches(':');
    let mut out = Vec::new();
    let calls_itself = !bare.is_empty() && (bare.starts_with(comm) || comm.starts_with(bare));
    if calls_itself {
        if list.paths && base.len() < program.len() {
            out.push((program[..program.len() - base.len()].to_owned(), dim));
        }
        out.push((base.to_owned(), name));
    } else {
        out.push((comm.to_owned(), name));
        let shown = if list.paths { program } else { base };
        out.push((format!(" {shown}"), dim));
    }
    if !title.is_empty() {
        out.push((title.to_owned(), dim));
    }
    if let Some(args) = arguments(proc) {
        out.push((format!(" {args}"), dim));
    }
    out
}

/// The arguments after the program's name.
fn arguments(proc: &Proc) -> Option<String> {
    let command = proc.facts.command.as_ref().ok()?;
    let (_, rest) = command.raw().split_once('\0')?;
    // More than any screen shows is not worth copying.
    let end = rest
        .char_indices()
        .nth(1000)
        .map_or(rest.len(), |(at, _)| at);
    Some(rest[..end].replace('\0', " "))
}

/// The column, for those who ask whether it is this one.
pub(super) fn is_command(column: &Column) -> bool {
    column.name == "command"
}
