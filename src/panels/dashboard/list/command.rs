//! The last column: the lines of the tree, the name, and the command line.

use std::borrow::Cow;

use ratatui::style::{Modifier, Style};

use super::List;
use super::cells::Subject;
use super::layout::Placed;
use crate::app::world::World;
use crate::model::acting::{ended_badly, ending};
use crate::model::groups::grouping::{By, Group};
use crate::model::id::{Nanos, ProcId};
use crate::model::process::column::Column;
use crate::model::process::forest::{Fold, Item, Row};
use crate::model::process::stat::State;
use crate::model::process::title::{Title, arguments};
use crate::model::process::user_names::UserNames;
use crate::model::snapshot::Proc;
use crate::model::text::middle::cut_middle;
use crate::model::text::width;
use crate::theme::Role;

/// For how long a row is marked as new.
const NEW: Nanos = Nanos(4_000_000_000);
/// From this share of one core on its own colour stands beside a process.
pub(super) const BUSY: f32 = 5.0;

/// Kinds of groups that say nothing beside the name.
const PLAIN: [&str; 6] = ["root", "group", "user", "program", "session", "unknown"];

/// A name is left at least so many cells.
const SHORTEST: usize = 8;

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
    out.extend(text(list, world, subject, row, indent));
    (out, indent)
}

/// The same of a group that nobody is in.
pub(super) fn nobody(list: &List, world: &World, group: &Group, at: usize) -> (Spans, usize) {
    let theme = &world.theme;
    let guides = guides(list, world, list.forest.rows[at], at);
    let indent = guides.chars().count();
    let dim = theme.style(Role::Dim);
    let mut out = vec![
        (guides, theme.style(Role::Faint)),
        (group.name.to_string(), dim),
        (format!(" {}", group.vacant()), theme.style(Role::Faint)),
    ];
    if world.snapshot.shares.frozen.is_within(group) {
        out.push((" frozen".to_owned(), theme.style(Role::Warn)));
    }
    out.extend(apart(group, dim));
    (out, indent)
}

/// How the lines of the tree are drawn, the same for all rows in view, so that they join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Indent {
    /// Cells a level: 3, or fewer where the tree in view is deep.
    step: usize,
    /// Levels that are drawn from the left end on.
    levels: usize,
    /// Levels that are drawn behind the mark of levels left out; deeper rows begin there anew.
    behind: usize,
}

impl Default for Indent {
    fn default() -> Self {
        Self {
            step: 3,
            levels: usize::MAX,
            behind: 1,
        }
    }
}

impl Indent {
    /// For rows of at most this depth, so that the lines leave the names half of the cells. Where even a cell a level is too
    /// much, only the deep rows are moved to the left: every row still stands behind its parent, save where they begin anew.
    pub(super) fn new(deepest: u32, room: usize) -> Self {
        let deepest = deepest as usize;
        let most = room.div_ceil(2).max(1);
        match (1..=3).rev().find(|step| deepest * step <= most) {
            Some(step) => Self {
                step,
                ..Self::default()
            },
            None => Self {
                step: 1,
                levels: most,
                behind: most.saturating_sub(MORE).max(1),
            },
        }
    }

    /// How many levels of a row of this depth are drawn, and whether the mark of levels left out stands before them.
    fn shown(self, depth: u32) -> (usize, bool) {
        let depth = depth as usize;
        match depth.checked_sub(self.levels.saturating_add(1)) {
            Some(beyond) => (beyond % self.behind + 1, true),
            None => (depth, false),
        }
    }
}

/// Cells of the mark before rows whose outermost levels are left out.
const MORE: usize = 2;

/// The lines that lead to a row: `│  ├─ `.
fn guides(list: &List, world: &World, row: Row, at: usize) -> String {
    if row.depth == 0 {
        return String::new();
    }
    let step = list.layout.indent.step;
    let [pass, none, branch, end, more] = if world.theme.glyphs.ascii {
        ["|  ", "   ", "|- ", "`- ", "> "]
    } else {
        ["│  ", "   ", "├─ ", "└─ ", "… "]
    };
    let (shown, beyond) = list.layout.indent.shown(row.depth);
    let mut parts = Vec::with_capacity(shown + 1);
    parts.push(if row.last { end } else { branch });
    let above = list.forest.above(at).take(shown - 1);
    parts.extend(above.map(|last| if last { none } else { pass }));
    let level = |part: &&str| part.chars().take(step).collect::<String>();
    let mut text: String = parts.iter().rev().map(level).collect();
    if beyond {
        text.insert_str(0, more);
    }
    if step == 3 && is_folded(row) {
        // The fold mark takes the place of the blank before the name.
        text.pop();
    }
    text
}

/// Whether the row is a process whose children are folded away.
fn is_folded(row: Row) -> bool {
    matches!(
        (row.fold, row.item),
        (Fold::Closed(_), Item::Proc(_) | Item::Heading(_))
    )
}

fn text(list: &List, world: &World, subject: &Subject<'_>, row: Row, indent: usize) -> Spans {
    let theme = &world.theme;
    let proc = &*subject.lead;
    let dim = theme.style(Role::Dim);
    let grouped = theme.style(Role::Thread);
    let times = if theme.glyphs.ascii { "x" } else { "×" };
    match row.item {
        Item::Group { len, .. } => {
            let mut out = vec![(format!("{len}{times}[{}]", proc.facts.name), grouped)];
            out.extend(ended_badge(world, &subject.all));
            if let Some(args) = arguments(proc) {
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
        Item::Heading(_) => {
            let Some(group) = subject.group else {
                return Vec::new();
            };
            let strong = theme.style(Role::Strong).add_modifier(Modifier::BOLD);
            let mut out = vec![
                (group.name.to_string(), strong),
                (format!(" ({})", subject.all.len()), dim),
            ];
            if subject.stands_still(world) {
                out.push((" frozen".to_owned(), theme.style(Role::Warn)));
            }
            if !group.name.ends_with(group.kind) && !PLAIN.contains(&group.kind) {
                out.push((format!(" {}", group.kind), dim));
            }
            out.extend(apart(group, dim));
            shorten_name(list, world, group, &mut out, indent);
            out
        }
        Item::Proc(_) => {
            let folded = match row.fold {
                Fold::Closed(n) => Some((format!(" ({n})"), dim)),
                Fold::Open | Fold::Leaf => None,
            };
            process(list, world, proc, folded, indent)
        }
    }
}

/// What children of a row used that ended within the tick and have no row, where it is worth telling: `92%`.
pub(super) fn ended_children(world: &World, procs: &[Cow<'_, Proc>]) -> Option<String> {
    let ended: f32 = procs.iter().filter_map(|p| p.ended.ok()).sum();
    (ended >= BUSY).then(|| format!("{:.0}%", world.scaled(ended)))
}

fn ended_badge(world: &World, procs: &[Cow<'_, Proc>]) -> Option<(String, Style)> {
    let told = ended_children(world, procs)?;
    Some((
        format!(" (ended children {told})"),
        world.theme.style(Role::Text),
    ))
}

/// Cuts the first part of a group's text, its name, in the middle, so that how many are in it finds room.
fn shorten_name(list: &List, world: &World, group: &Group, parts: &mut Spans, indent: usize) {
    let behind: usize = parts[1..].iter().map(|(text, _)| width(text)).sum();
    let left = room(list).saturating_sub(indent + behind).max(SHORTEST);
    let name = &mut parts[0].0;
    if width(name) <= left {
        return;
    }
    // No two users are shown alike.
    *name = if group.key.by == By::User {
        let users = UserNames::within(&world.snapshot, left);
        users.shown(name).into_owned()
    } else {
        cut_middle(name, left)
    };
}

/// How many cells the commands have.
fn room(list: &List) -> usize {
    let command = |p: &&Placed| is_command(p.column);
    let placed = list.layout.columns.iter().find(command);
    placed.map_or(usize::MAX, |p| usize::from(p.cells.end - p.cells.start))
}

/// How a zombie ended and who has not waited for it, in so many cells: who that is, is what one can act on, and goes last.
fn zombie(world: &World, proc: &Proc, room: usize) -> String {
    let how = world.snapshot.ending(proc.id);
    let how = how.map_or_else(String::new, |how| format!(" {} ·", ending(how)));
    let parent = world.snapshot.by_pid(proc.stat.ppid);
    let parent = parent.map_or_else(String::new, |p| format!(" {}", p.facts.name));
    let who = format!("{}{parent}", proc.stat.ppid);
    let forms = [
        format!("{how} zombie, not yet waited for by {who}"),
        format!(" zombie, not yet waited for by {who}"),
        format!(" not waited for by {who}"),
        format!(" zombie of {who}"),
    ];
    let fits = forms.iter().position(|form| width(form) <= room);
    let [.., last] = &forms;
    fits.map_or(last, |at| &forms[at]).clone()
}

/// What tells a group from others that would look the same.
fn apart(group: &Group, style: Style) -> Option<(String, Style)> {
    let apart = group.apart.as_ref()?;
    Some((format!(" {apart}"), style))
}

/// A process by its name, with how many are folded below it.
fn process(
    list: &List,
    world: &World,
    proc: &Proc,
    folded: Option<(String, Style)>,
    indent: usize,
) -> Spans {
    let theme = &world.theme;
    let dim = theme.style(Role::Dim);
    let name_style = if proc.stat.is_kernel_thread() {
        theme.style(Role::Kernel)
    } else {
        name_style(list, world, proc)
    };
    if let Some(ended) = list.ended.iter().find(|e| e.proc.id == proc.id) {
        let now = world.snapshot.at;
        let name = (proc.facts.name.to_string(), theme.style(Role::Ended));
        let mut out = vec![name];
        out.extend(folded);
        let Some(how) = world.snapshot.ending(proc.id) else {
            out.push((format!(" {}", ended.end.told(now)), dim));
            return out;
        };
        let role = if ended_badly(how) {
            Role::Bad
        } else {
            Role::Dim
        };
        out.push((format!(" {}", ending(how)), theme.style(role)));
        out.push((format!(" · {}", ended.end.ago(now)), dim));
        return out;
    }
    if proc.stat.state == State::Zombie {
        let mut out = vec![(format!("[{}]", proc.facts.name), name_style)];
        out.extend(folded);
        let used: usize = out.iter().map(|(text, _)| width(text)).sum();
        let room = room(list).saturating_sub(indent + used);
        out.push((zombie(world, proc, room), dim));
        return out;
    }
    let title = Title::of(proc, list.paths);
    let mut out = Vec::new();
    if !title.folder.is_empty() {
        out.push((title.folder, dim));
    }
    out.push((title.name, name_style));
    out.extend(folded);
    out.extend(ended_badge(world, &[Cow::Borrowed(proc)]));
    out.push((title.rest, dim));
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
    } else if is_busy(world, proc.id) {
        theme.style(Role::Strong)
    } else if world.focus == Some(proc.id) {
        theme.style(Role::Strong).add_modifier(bold)
    } else {
        theme.style(Role::Text)
    }
}

/// Whether a process was so busy lately that its colour is seen in the lanes.
pub(super) fn is_busy(world: &World, id: ProcId) -> bool {
    world.history.cpu(id, 8).any(|cpu| cpu >= BUSY)
}

/// Whether a process began so lately that its row is marked.
pub(super) fn is_new(world: &World, proc: &Proc) -> bool {
    world.snapshot.age(proc.id) < NEW
}

/// The column, for those who ask whether it is this one.
pub(super) fn is_command(column: &Column) -> bool {
    column.name == "command"
}
