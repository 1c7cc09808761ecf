//! The table of who had the cores.

use std::cmp::Reverse;

use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::timeline::{Origin, PidStats};
use crate::theme::{Role, Theme};
use crate::widgets::table::{Column, Row};

const fn column(title: &'static str, width: u16, right: bool, rank: u8) -> Column {
    Column {
        title,
        width,
        right,
        grows: false,
        rank,
    }
}

/// The columns.
pub const COLUMNS: &[Column] = &[
    column("PID", 7, true, 0),
    Column {
        grows: true,
        ..column("NAME", 14, false, 0)
    },
    column("SHARE%", 7, true, 0),
    column("SLICES/S", 8, true, 1),
    column("MEAN", 7, true, 0),
    column("LONGEST", 7, true, 3),
    column("PREEMPTED", 9, true, 2),
    column("WAITED", 7, true, 2),
    column("MOVED", 6, true, 4),
];

/// The column that the table is sorted by at first.
pub const SHARE: usize = 2;

/// Whether a column's own order has the largest first.
pub fn is_descending(column: usize) -> bool {
    column > 1
}

/// Sorts by a column.
pub fn order(found: &mut [PidStats], (by, inverted): (usize, bool)) {
    match by {
        0 => found.sort_by_key(|p| p.who.id),
        1 => found.sort_by(|a, b| a.who.name.cmp(&b.who.name)),
        3 => found.sort_by_key(|p| Reverse(p.sums.slices)),
        4 => found.sort_by_key(|p| Reverse(p.sums.mean())),
        5 => found.sort_by_key(|p| Reverse(p.sums.longest)),
        6 => found.sort_by(|a, b| {
            let share = |p: &PidStats| p.sums.preempted_percent().unwrap_or(-1.0);
            share(b).total_cmp(&share(a))
        }),
        7 => found.sort_by_key(|p| Reverse(p.sums.waited)),
        8 => found.sort_by_key(|p| Reverse(p.sums.moved)),
        // The table begins with its most telling order.
        _ => found.sort_by_key(|p| (Reverse(p.sums.run), p.who.id)),
    }
    if inverted {
        found.reverse();
    }
}

/// What the process is called now, or what the last thread seen was.
pub fn name(world: &World, found: &PidStats) -> String {
    let now = world.snapshot.get(found.who.id);
    now.map_or_else(|| found.who.name.to_string(), |p| p.facts.name.to_string())
}

/// One row.
pub fn row(world: &World, found: &PidStats, name: &str, seconds: f64) -> Row {
    let theme = &world.theme;
    let sums = &found.sums;
    let seconds = seconds.max(1e-9);
    let share = (sums.run.seconds() * 100.0 / seconds) as f32;
    let exact = world.timeline.origin != Origin::Sampled;
    let strong = if share >= 10.0 {
        Role::Strong
    } else {
        Role::Text
    };
    let text = |text: String, role: Role| Line::from(Span::styled(text, theme.style(role)));
    let none = || text("–".to_owned(), Role::Dim);
    let span = |span: Nanos, role: Role| {
        if span.0 == 0 {
            text("0".to_owned(), Role::Dim)
        } else {
            text(format::duration(span), role)
        }
    };
    let preempted = sums
        .preempted_percent()
        .filter(|_| exact)
        .map_or_else(none, |p| {
            let role = if p >= 50.0 { Role::Warn } else { Role::Text };
            text(format!("{p:.0}%"), role)
        });
    let slow = sums.waited.seconds() / seconds > 0.05;
    let waited = if slow { Role::Warn } else { Role::Text };
    let cells = vec![
        text(found.who.id.pid.to_string(), Role::Dim),
        named(theme, found, name),
        text(format::percent(share), strong),
        text(format::per_second(sums.slices as f64 / seconds), Role::Text),
        sums.mean().map_or_else(none, |m| span(m, Role::Text)),
        if exact {
            span(sums.longest, Role::Dim)
        } else {
            none()
        },
        preempted,
        if exact {
            span(sums.waited, waited)
        } else {
            none()
        },
        if exact {
            text(format::count(sums.moved), Role::Dim)
        } else {
            none()
        },
    ];
    Row {
        cells,
        style: Style::new(),
    }
}

fn named(theme: &Theme, found: &PidStats, name: &str) -> Line<'static> {
    let mark = if theme.glyphs.ascii { "# " } else { "■ " };
    let color: Color = theme.process(found.who.id);
    Line::from(vec![
        Span::styled(mark, Style::new().fg(color)),
        Span::styled(name.to_owned(), theme.style(Role::Strong)),
    ])
}

/// What the words of the view mean.
pub fn words() -> Vec<(String, String)> {
    let line = |word: &str, means: &str| (word.to_owned(), means.to_owned());
    vec![
        line("slice", "one uninterrupted stay of one thread on one core"),
        line(
            "share",
            "time on cores in the shown window; 100 is one core",
        ),
        line(
            "preempted",
            "slices after which the thread could still run: the kernel took the core, or it called sched_yield",
        ),
        line("yielded", "slices after which the thread blocked or slept"),
        line(
            "waited",
            "time between being preempted and getting a core again; waits after a wake-up are not in it",
        ),
        line(
            "moved",
            "slices that began on another core than the one before",
        ),
        line(
            "╱╱╱",
            "events were lost here: the machine switched faster than they could be read",
        ),
    ]
}
