//! How the tunable dialogs look.
//!
//! ```text
//! ╭ Nice ────────────────────────────────────────────────────╮
//! │ to     1842 firefox  (64 threads)                         │
//! │ now    nice 0                                             │
//! │                                                           │
//! │  -20 ──────────────────●─────────────────── 19    nice -1 │
//! │                                                           │
//! │ will   not permitted: only root may lower nice            │
//! ╰ Enter apply · ← → change · u undo · Esc close ────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{Picker, TuningDialog};
use crate::app::button::Button;
use crate::app::world::World;
use crate::model::acting::tuning::{Footing, Forecast, IoClass, Policy, Setting, Tunable};
use crate::model::text::{SafeText, pad, width};
use crate::panels::dialogs::hints::{self, Hint};
use crate::panels::dialogs::signal::draw::wrap;
use crate::theme::Role;
use crate::widgets::{line, popup, table};

const WIDTH: u16 = 76;

type Parts = Vec<(String, Role)>;

fn title(tunable: Tunable) -> &'static str {
    match tunable {
        Tunable::Nice => "Nice",
        Tunable::Affinity => "Affinity: the cores it may run on",
        Tunable::Io => "I/O priority",
        Tunable::Policy => "Scheduling policy",
    }
}

/// Lines that the editor would like.
fn wished(dialog: &TuningDialog) -> u16 {
    match dialog.tunable {
        Tunable::Nice => 1,
        Tunable::Io => IoClass::ALL.len() as u16,
        Tunable::Policy => Policy::ALL.len() as u16,
        Tunable::Affinity => {
            let across = usize::from((wide(dialog) / dialog.picker.cell()).max(1)) / 8 * 8;
            let rows = dialog.picker.all.len().div_ceil(across.max(1));
            rows.clamp(1, 16) as u16
        }
    }
}

/// Lines below the editor: a blank one, the forecast, what came of it.
fn below(dialog: &TuningDialog) -> u16 {
    2 + dialog.results.len().min(SHOWN) as u16
}

/// Many cores take more of a wide screen.
fn wide(dialog: &TuningDialog) -> u16 {
    if dialog.picker.all.len() > 64 {
        118
    } else {
        WIDTH
    }
}

fn outer(dialog: &TuningDialog, screen: Rect) -> Rect {
    popup::area(screen, wide(dialog), 3 + wished(dialog) + below(dialog))
}

/// Where the value is edited.
pub(super) fn editor(dialog: &TuningDialog, screen: Rect) -> Rect {
    let area = popup::content(outer(dialog, screen));
    let (head, foot) = match area.height {
        0..=2 => (0, 0),
        3..=5 => (1, 1),
        _ => (3, below(dialog).min(area.height - 4).max(1)),
    };
    Rect {
        y: area.y + head,
        height: area.height - head - foot,
        ..area
    }
}

/// What can be clicked in its border.
pub(super) fn buttons(dialog: &TuningDialog, screen: Rect) -> Vec<Button> {
    hints::buttons(outer(dialog, screen), hints(dialog.tunable))
}

/// The first place of the rail of nice, counted from the left of the editor.
pub(super) const RAIL: u16 = 4;

/// How many classes or policies stand above those in view.
pub(super) fn above(chosen: usize, rows: usize) -> usize {
    (chosen + 1).saturating_sub(rows)
}

/// Draws it all.
pub(super) fn dialog(dialog: &TuningDialog, world: &World, screen: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let outer = outer(dialog, screen);
    let status = match (&dialog.setting, &dialog.picker) {
        (None, _) => "reading".to_owned(),
        (Some(Setting::Affinity(_)), p) => format!("{} of {} cores", p.chosen.len(), p.all.len()),
        _ => String::new(),
    };
    let area = popup::draw(theme, outer, title(dialog.tunable), &status, buf);
    hints::draw(theme, outer, hints(dialog.tunable), buf);
    let row = |y: u16| Rect {
        y,
        height: u16::from(y < area.y + area.height),
        ..area
    };
    let editor = editor(dialog, screen);
    if editor.y > area.y {
        line::draw(
            theme,
            row(area.y),
            &to(dialog, world, area.width),
            Modifier::empty(),
            buf,
        );
    }
    if editor.y > area.y + 1 {
        line::draw(theme, row(area.y + 1), &now(dialog), Modifier::empty(), buf);
    }
    match dialog.setting {
        Some(Setting::Nice(nice)) => slider(nice, world, editor, buf),
        Some(Setting::Affinity(_)) => cores(&dialog.picker, world, editor, buf),
        Some(Setting::Io(io)) => {
            let item = |c: IoClass| {
                (
                    c.word(),
                    c.about(),
                    c == io.class,
                    c.has_levels().then_some(io.level),
                )
            };
            choices(IoClass::ALL.map(item).as_slice(), world, editor, buf);
        }
        Some(Setting::Policy(s)) => {
            let item = |p: Policy| {
                (
                    p.word(),
                    p.about(),
                    p == s.policy,
                    p.is_real_time().then_some(s.priority),
                )
            };
            choices(Policy::ALL.map(item).as_slice(), world, editor, buf);
        }
        None => {}
    }
    let mut y = editor.y + editor.height;
    y += u16::from(area.y + area.height > y + 1);
    line::draw(theme, row(y), &will(dialog, world), Modifier::empty(), buf);
    for (text, bad) in shown(&dialog.results) {
        y += 1;
        let role = if bad { Role::Bad } else { Role::Good };
        let mark = match (world.theme.glyphs.ascii, bad) {
            (true, true) => "x ",
            (true, false) => "+ ",
            (false, true) => "✗ ",
            (false, false) => "✓ ",
        };
        let parts = [(mark.to_owned(), role), (text.clone(), Role::Text)];
        line::draw(theme, row(y), &parts, Modifier::empty(), buf);
    }
}

/// How many lines tell what came of it.
const SHOWN: usize = 6;

/// What came of it in lines that fit: whom it was refused first, and how many of all there are where not each has a line.
fn shown(results: &[(String, bool)]) -> Vec<(String, bool)> {
    if results.len() <= SHOWN {
        return results.to_vec();
    }
    let bad = results.iter().filter(|(_, bad)| *bad);
    let good = results.iter().filter(|(_, bad)| !*bad);
    let (done, all) = (good.clone().count(), results.len());
    let mut out: Vec<_> = bad.chain(good).take(SHOWN - 1).cloned().collect();
    let more = all - out.len();
    out.push((
        format!("+{more} more: done for {done} of {all}"),
        done < all,
    ));
    out
}

/// What the keys do: said in its border and in the footer.
pub(super) fn hints(tunable: Tunable) -> &'static [Hint] {
    match tunable {
        Tunable::Nice => &[
            ("Enter", "apply"),
            ("← →", "change"),
            ("u", "undo"),
            ("Esc", "close"),
        ],
        Tunable::Affinity => &[
            ("Enter", "apply"),
            ("Space", "toggle"),
            ("a n i", "all, none, others"),
            ("u", "undo"),
            ("Esc", "close"),
        ],
        Tunable::Io | Tunable::Policy => &[
            ("Enter", "apply"),
            ("↑ ↓", "choose"),
            ("← →", "number"),
            ("u", "undo"),
            ("Esc", "close"),
        ],
    }
}

fn to(dialog: &TuningDialog, world: &World, cells: u16) -> Parts {
    let name = |f: &Footing| format!("{} {}", f.id.pid, f.name);
    let mut names: Vec<String> = dialog.footings.iter().map(name).collect();
    if names.is_empty() {
        let known = dialog
            .chosen
            .iter()
            .map(|id| match world.snapshot.get(*id) {
                Some(proc) => format!("{} {}", id.pid, proc.facts.name),
                None => id.pid.to_string(),
            });
        names = known.collect();
    }
    let threads: usize = dialog.footings.iter().map(|f| f.threads).sum();
    let mut parts = vec![
        ("to     ".to_owned(), Role::Dim),
        (
            wrap(&names, usize::from(cells).saturating_sub(22), 1).concat(),
            Role::Strong,
        ),
    ];
    if threads > dialog.footings.len() {
        parts.push((format!("  {threads} threads"), Role::Dim));
    }
    parts
}

fn now(dialog: &TuningDialog) -> Parts {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for footing in &dialog.footings {
        let text = footing
            .now(dialog.tunable)
            .map_or("–".to_owned(), |s| s.to_string());
        match counts.iter_mut().find(|(t, _)| *t == text) {
            Some((_, n)) => *n += 1,
            None => counts.push((text, 1)),
        }
    }
    let one = counts.len() == 1;
    let texts: Vec<String> = counts
        .into_iter()
        .map(|(text, n)| if one { text } else { format!("{text} ({n})") })
        .collect();
    vec![
        ("now    ".to_owned(), Role::Dim),
        (texts.join(", "), Role::Text),
    ]
}

/// What would come of it: the sentence, or each sentence with its count.
fn will(dialog: &TuningDialog, world: &World) -> Parts {
    let mut parts = vec![("will   ".to_owned(), Role::Dim)];
    let Some(setting) = dialog.proposed() else {
        return parts;
    };
    let mut counts: Vec<(Forecast, usize)> = Vec::new();
    for footing in &dialog.footings {
        let forecast = Forecast::of(&setting, footing, &owner(world, footing));
        match counts.iter_mut().find(|(f, _)| *f == forecast) {
            Some((_, n)) => *n += 1,
            None => counts.push((forecast, 1)),
        }
    }
    parts.push((format!("{setting}: "), Role::Strong));
    let one = counts.len() == 1;
    for (i, (forecast, n)) in counts.iter().enumerate() {
        let sep = if i > 0 { ", " } else { "" };
        let count = if one { String::new() } else { format!("{n} ") };
        let role = if forecast.is_allowed() {
            Role::Text
        } else {
            Role::Warn
        };
        parts.push((format!("{sep}{count}{forecast}"), role));
    }
    parts
}

fn owner(world: &World, footing: &Footing) -> SafeText {
    match (world.snapshot.get(footing.id), footing.uid) {
        (Some(proc), _) if !proc.facts.user.is_empty() => proc.facts.user.clone(),
        (_, Ok(uid)) => SafeText::from(format!("user {uid}")),
        (_, Err(_)) => SafeText::from("another user"),
    }
}

fn slider(nice: i32, world: &World, area: Rect, buf: &mut Buffer) {
    let ascii = world.theme.glyphs.ascii;
    let (rail, knob) = if ascii { ("-", "o") } else { ("─", "●") };
    let at = (nice + 20) as usize;
    let value = format!("   nice {nice}");
    let roomy = usize::from(area.width) >= 48 + width(&value);
    let mut parts: Parts = Vec::new();
    if roomy {
        parts.extend([
            ("-20 ".to_owned(), Role::Dim),
            (rail.repeat(at), Role::Faint),
            (knob.to_owned(), Role::Accent),
            (rail.repeat(39 - at), Role::Faint),
            (" 19".to_owned(), Role::Dim),
        ]);
    }
    parts.push((value, Role::Strong));
    line::draw(&world.theme, area, &parts, Modifier::empty(), buf);
}

type Item = (&'static str, &'static str, bool, Option<u8>);

fn choices(items: &[Item], world: &World, area: Rect, buf: &mut Buffer) {
    let chosen = items.iter().position(|i| i.2).unwrap_or(0);
    let rows = usize::from(area.height);
    let top = above(chosen, rows);
    for (i, (word, about, is_chosen, number)) in items.iter().skip(top).take(rows).enumerate() {
        let row = Rect {
            y: area.y + i as u16,
            height: 1,
            ..area
        };
        let number = number
            .filter(|_| *is_chosen)
            .map_or(String::new(), |n| n.to_string());
        let parts = [
            (format!("  {}", pad(word, 12)), Role::Strong),
            (pad(&number, 5), Role::Accent),
            ((*about).to_owned(), Role::Dim),
        ];
        line::draw(&world.theme, row, &parts, Modifier::empty(), buf);
        if *is_chosen {
            table::select(&world.theme, row, buf);
        }
    }
}

fn cores(picker: &Picker, world: &World, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let (on, off) = if theme.glyphs.ascii {
        ("#", ".")
    } else {
        ("■", "·")
    };
    let (columns, cell) = (picker.columns(), picker.cell());
    let first = picker.top * columns;
    let visible = picker.all.iter().enumerate().skip(first);
    for (i, core) in visible.take(columns * usize::from(area.height)) {
        let place = Rect {
            x: area.x + ((i - first) % columns) as u16 * cell,
            y: area.y + ((i - first) / columns) as u16,
            width: cell - 1,
            height: 1,
        }
        .intersection(area);
        let chosen = picker.chosen.contains(*core);
        let (mark, role) = if chosen {
            (on, Role::Good)
        } else {
            (off, Role::Dim)
        };
        let digits = usize::from(cell) - 2;
        let parts = [
            (mark.to_owned(), role),
            (
                format!("{:>digits$}", core.0),
                if chosen { Role::Strong } else { Role::Dim },
            ),
        ];
        line::draw(theme, place, &parts, Modifier::empty(), buf);
        if i == picker.at {
            table::choose(theme, place, buf);
        }
    }
}
