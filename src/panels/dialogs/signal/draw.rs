//! How the dialog looks.
//!
//! ```text
//! ╭ Send a signal ───────────────────────────────────────────────────────╮
//! │ to     1842 firefox   alice   started 3d 2h ago   pinned              │
//! │ scope  (●) process  ( ) thread 64  ( ) subtree 9  ( ) group 9         │
//! │                                                                       │
//! │▌ 15 TERM   asks it to end            caught by a handler: it decides  │
//! │   9 KILL   ends it at once           cannot be caught: it ends        │
//! ╰ Enter send · Tab scope · Esc cancel ──────────────────────────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::choice::owner;
use super::{SignalDialog, Stage};
use crate::app::button::Button;
use crate::app::world::World;
use crate::model::acting::prediction::Force;
use crate::model::acting::signal::Signal;
use crate::model::acting::standing::Standing;
use crate::model::acting::{Brief, Scope};
use crate::model::format;
use crate::model::id::ProcId;
use crate::model::reading::Missing;
use crate::model::text::{pad, width};
use crate::panels::dialogs::hints::{self, Hint};
use crate::theme::Role;
use crate::widgets::{line, popup, table};

const WIDTH: u16 = 84;
const HEIGHT: u16 = 22;
/// Targets are named on so many lines at most.
const NAMED: usize = 3;

type Parts = Vec<(String, Role)>;

fn content(screen: Rect) -> Rect {
    popup::content(popup::area(screen, WIDTH, HEIGHT))
}

/// The box: as high as the list, or as what came of the signal needs.
fn outer(dialog: &SignalDialog, screen: Rect) -> Rect {
    let height = match &dialog.stage {
        Stage::Sent(results) => (dialog.to.len() + 4 + results.len().max(1)) as u16,
        _ => HEIGHT,
    };
    popup::area(screen, WIDTH, height.min(HEIGHT))
}

/// How many signals or results are visible below the lines that name the targets.
pub(super) fn list_rows(dialog: &SignalDialog, screen: Rect) -> usize {
    let height = usize::from(popup::content(outer(dialog, screen)).height);
    let named = dialog.to.len();
    match height {
        0..=2 => height,
        3..=6 => height - 2,
        _ => height.saturating_sub(named + 3),
    }
}

/// What can be clicked in its border.
pub(super) fn buttons(dialog: &SignalDialog, screen: Rect) -> Vec<Button> {
    hints::buttons(outer(dialog, screen), hints(dialog))
}

/// The scope at this place of the line that lists them.
pub(super) fn scope_at(
    dialog: &SignalDialog,
    world: &World,
    screen: Rect,
    at: Position,
) -> Option<Scope> {
    let area = content(screen);
    let inside = popup::content(outer(dialog, screen));
    if inside.height <= 2 || at.y != inside.y + dialog.to.len() as u16 {
        return None;
    }
    let mut x = inside.x;
    let parts = scopes(dialog, world, area.width);
    let counts = dialog.brief.iter().flat_map(|b| &b.counts);
    let there = counts.filter(|(_, n)| n.is_ok()).map(|(s, _)| *s);
    x += parts.first().map_or(0, |(label, _)| width(label) as u16);
    for (scope, (text, _)) in there.zip(&parts[1.min(parts.len())..]) {
        let end = x + width(text) as u16;
        if (x..end).contains(&at.x) {
            return Some(scope);
        }
        x = end;
    }
    None
}

/// Where the list of signals stands.
pub(super) fn list_area(dialog: &SignalDialog, screen: Rect) -> Rect {
    let area = popup::content(outer(dialog, screen));
    let above = match area.height {
        0..=2 => 0,
        3..=6 => dialog.to.len() as u16 + 1,
        _ => dialog.to.len() as u16 + 2,
    };
    Rect {
        y: area.y + above.min(area.height),
        height: area.height.saturating_sub(above).min(dialog.rows as u16),
        ..area
    }
}

/// Draws it all.
pub(super) fn dialog(dialog: &SignalDialog, world: &World, screen: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let outer = outer(dialog, screen);
    let title = match (&dialog.stage, &dialog.of) {
        (Stage::Sent(results), _) => results.title().to_owned(),
        (_, Some(group)) => format!("Send a signal to {group}"),
        _ => "Send a signal".to_owned(),
    };
    let area = popup::draw(theme, outer, &title, &status(dialog), buf);
    hints::draw(theme, outer, hints(dialog), buf);
    let row = |i: u16| Rect {
        y: area.y + i,
        height: u16::from(i < area.height),
        ..area
    };
    let mut at = 0;
    if area.height > 2 {
        for (i, names) in dialog.to.iter().enumerate() {
            let label = if i == 0 { "to     " } else { "       " };
            let parts = [(label.to_owned(), Role::Dim), (names.clone(), Role::Strong)];
            line::draw(theme, row(at), &parts, Modifier::empty(), buf);
            at += 1;
        }
        let scopes = scopes(dialog, world, area.width);
        line::draw(theme, row(at), &scopes, Modifier::empty(), buf);
        at += if area.height > 6 { 2 } else { 1 };
    }
    match &dialog.stage {
        Stage::Choosing => list(dialog, world, area, at, buf),
        Stage::Asking(reasons) => asking(dialog, world, reasons, area, at, buf),
        Stage::Sent(results) => {
            for parts in results.lines(dialog.rows, theme.glyphs.ascii) {
                line::draw(theme, row(at), &parts, Modifier::empty(), buf);
                at += 1;
            }
        }
    }
    if area.height > 6 {
        let foot = match &dialog.stage {
            Stage::Choosing => typed(dialog),
            Stage::Asking(_) => Vec::new(),
            Stage::Sent(results) => results.summary(),
        };
        line::draw(theme, row(area.height - 1), &foot, Modifier::empty(), buf);
    }
}

fn status(dialog: &SignalDialog) -> String {
    match &dialog.brief {
        Some(brief) if dialog.held && brief.targets.len() > 1 => {
            format!("{} targets", brief.targets.len())
        }
        Some(_) if dialog.held => String::new(),
        _ => "finding out who is meant".to_owned(),
    }
}

/// What the keys do at its stage: said in its border and in the footer.
pub(super) fn hints(dialog: &SignalDialog) -> &'static [Hint] {
    match &dialog.stage {
        Stage::Choosing if dialog.scope == Scope::Thread => &[
            ("Enter", "send"),
            ("Tab", "scope"),
            ("← →", "thread"),
            ("Esc", "cancel"),
        ],
        Stage::Choosing => &[("Enter", "send"), ("Tab", "scope"), ("Esc", "cancel")],
        Stage::Asking(_) => &[("y", "send it"), ("Esc", "do not")],
        Stage::Sent(r) => match r.offer() {
            Some((Signal::CONT, _)) => &[("Enter", "prepare CONT"), ("Esc", "close")],
            Some(_) => &[("Enter", "prepare KILL"), ("Esc", "close")],
            None => &[("Esc", "close")],
        },
    }
}

/// Who is meant, in lines that fit: one target with what is known of it, several by number and name.
pub(super) fn targets(
    world: &World,
    chosen: &[ProcId],
    brief: Option<&Brief>,
    screen: Rect,
) -> Vec<String> {
    let names: Vec<String> = match brief {
        Some(brief) => match brief.targets.as_slice() {
            [one] => return vec![alone(world, brief, one)],
            all => all
                .iter()
                .map(|t| format!("{} {}", t.id.pid, t.name))
                .collect(),
        },
        None => chosen
            .iter()
            .map(|id| match world.snapshot.get(*id) {
                Some(proc) => format!("{} {}", id.pid, proc.facts.name),
                None => id.pid.to_string(),
            })
            .collect(),
    };
    let area = content(screen);
    let most = if area.height > 12 { NAMED } else { 1 };
    wrap(&names, usize::from(area.width).saturating_sub(7), most)
}

/// Names joined by commas in at most so many lines; what has no room is counted.
pub(in crate::panels) fn wrap(names: &[String], cells: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (i, name) in names.iter().enumerate() {
        let more = format!(", + {} more", names.len() - i);
        let last = lines.len() == most;
        let Some(line) = lines.last_mut() else { break };
        let sep = if line.is_empty() { "" } else { ", " };
        let reserve = if last && i + 1 < names.len() {
            width(&more)
        } else {
            1
        };
        if line.is_empty() || width(line) + width(name) + sep.len() + reserve <= cells {
            line.push_str(sep);
            line.push_str(name);
        } else if last {
            *line += &more;
            break;
        } else {
            line.push(',');
            lines.push(name.clone());
        }
    }
    lines
}

fn alone(world: &World, brief: &Brief, one: &Standing) -> String {
    // Of a process that had ended before it was asked about, only its row is left.
    let seen = (world.trace.of() == Some(one.id)).then(|| world.trace.name());
    let name = seen.filter(|_| one.name.is_empty()).unwrap_or(&one.name);
    let mut text = format!("{} {name}", one.id.pid);
    if let Some(thread) = one.thread {
        let name = brief.threads.iter().find(|(id, _)| *id == thread);
        let name = name.map(|(_, name)| name.as_str()).unwrap_or_default();
        text = format!("{text}, thread {} {name}", thread.tid);
    }
    let age = format::duration(world.snapshot.age(one.id));
    let held = match one.pinned {
        Ok(()) => "pinned",
        Err(Missing::Gone) => "gone",
        Err(Missing::Late) => "checked when sent",
        Err(_) => "cannot be pinned",
    };
    let owner = owner(world, one);
    if !owner.is_empty() {
        text = format!("{text}   {owner}");
    }
    format!("{text}   started {age} ago   {held}")
}

/// The scopes that there are, with how many each would hit.
fn scopes(dialog: &SignalDialog, world: &World, cells: u16) -> Parts {
    let mut parts = vec![("scope  ".to_owned(), Role::Dim)];
    let (on, off) = if world.theme.glyphs.ascii {
        ("(*) ", "( ) ")
    } else {
        ("(●) ", "( ) ")
    };
    let counts = dialog.brief.iter().flat_map(|b| &b.counts);
    let there: Vec<(Scope, usize)> = counts.filter_map(|(s, n)| Some((*s, n.ok()?))).collect();
    let long: usize = there
        .iter()
        .map(|(s, n)| s.word().len() + n.to_string().len() + 7)
        .sum();
    let roomy = long + 7 <= cells as usize;
    for (scope, n) in there {
        let (mark, role) = if scope == dialog.scope {
            (on, Role::Strong)
        } else {
            (off, Role::Dim)
        };
        let count = if n > 1 || scope != Scope::Process {
            format!(" {n}")
        } else {
            String::new()
        };
        let text = if roomy {
            format!("{mark}{}{count}  ", scope.word())
        } else if scope == dialog.scope {
            format!("{mark}{}{count} ", scope.word())
        } else {
            format!("{} ", scope.word())
        };
        parts.push((text, role));
    }
    parts
}

fn list(dialog: &SignalDialog, world: &World, area: Rect, from: u16, buf: &mut Buffer) {
    let theme = &world.theme;
    for (i, item) in dialog.lines.iter().enumerate() {
        let y = from + i as u16;
        if y >= area.height {
            break;
        }
        let row = Rect {
            y: area.y + y,
            height: 1,
            ..area
        };
        let role = match item.force {
            Force::Acts => Role::Text,
            Force::Asks => Role::Good,
            Force::Waits => Role::Warn,
            Force::Nothing => Role::Dim,
        };
        let narrow = area.width < 70;
        let meaning = if narrow {
            String::new()
        } else {
            pad(item.signal.meaning(), 29)
        };
        let parts = [
            (format!("{:>4} ", item.signal.number()), Role::Dim),
            (pad(&item.signal.name(), 9), Role::Strong),
            (meaning, Role::Dim),
            (item.words.clone(), role),
        ];
        line::draw(theme, row, &parts, Modifier::empty(), buf);
        if item.chosen {
            table::select(theme, row, buf);
        }
    }
}

fn asking(
    dialog: &SignalDialog,
    world: &World,
    reasons: &[String],
    area: Rect,
    from: u16,
    buf: &mut Buffer,
) {
    let signal = dialog.choice.signal();
    let mut lines: Vec<Parts> = vec![vec![(
        format!("Send {} all the same?", signal.name()),
        Role::Warn,
    )]];
    lines.extend(
        reasons
            .iter()
            .map(|r| vec![("  ".to_owned(), Role::Text), (r.clone(), Role::Strong)]),
    );
    lines.push(Vec::new());
    lines.push(vec![
        ("y".to_owned(), Role::Accent),
        (" sends it   ".to_owned(), Role::Text),
        ("Esc".to_owned(), Role::Accent),
        (" does not".to_owned(), Role::Text),
    ]);
    for (i, parts) in lines.iter().enumerate() {
        let y = from + i as u16;
        if y < area.height {
            let row = Rect {
                y: area.y + y,
                height: 1,
                ..area
            };
            line::draw(&world.theme, row, parts, Modifier::empty(), buf);
        }
    }
}

fn typed(dialog: &SignalDialog) -> Parts {
    if !dialog.choice.typed().is_empty() {
        return vec![
            ("go to  ".to_owned(), Role::Dim),
            (format!("{}_", dialog.choice.typed()), Role::Accent),
        ];
    }
    let brief = dialog.brief.as_ref();
    let whole = brief.and_then(|brief| brief.whole.as_ref());
    let whole = whole.map(|whole| match whole {
        Ok(()) => "KILL ends all of it in one write, also who is born meanwhile".to_owned(),
        Err(why) => format!("KILL goes to one after the other: {why}"),
    });
    if let Some(whole) = whole {
        return vec![(whole, Role::Dim)];
    }
    let at_once = brief.and_then(|b| b.at_once);
    match at_once {
        Some(scope) => vec![(
            format!(
                "the {} has the same members and is hit all at once",
                scope.word()
            ),
            Role::Dim,
        )],
        None => vec![("type a name or number".to_owned(), Role::Dim)],
    }
}
