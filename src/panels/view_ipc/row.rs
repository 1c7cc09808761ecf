//! One pair of processes as a row, as text to search and to copy.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::ipc::{Pair, Party};
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// The columns.
pub const COLUMNS: [Column; 5] = [
    Column {
        title: "PROCESS",
        width: 16,
        right: false,
        grows: true,
        rank: 0,
    },
    Column {
        title: "",
        width: 2,
        right: false,
        grows: false,
        rank: 0,
    },
    Column {
        title: "PROCESS",
        width: 16,
        right: false,
        grows: true,
        rank: 0,
    },
    Column {
        title: "BY",
        width: 16,
        right: false,
        grows: true,
        rank: 0,
    },
    Column {
        title: "DETAIL",
        width: 24,
        right: false,
        grows: true,
        rank: 1,
    },
];

/// What joins the two, in words: `3 pipes, unix socket`.
pub fn channels(pair: &Pair) -> String {
    let words: Vec<_> = pair.channels.iter().map(|(c, n)| c.counted(*n)).collect();
    words.join(", ")
}

/// Everything that a search looks at, in lower case.
pub fn text(pair: &Pair) -> String {
    copied(pair).to_lowercase()
}

/// What `y` copies: one line.
pub fn copied(pair: &Pair) -> String {
    format!(
        "{} {} {} {} {} {} {}",
        pair.a.id.pid,
        pair.a.name,
        pair.flow.arrow(true),
        pair.b.id.pid,
        pair.b.name,
        channels(pair),
        pair.details.join(", ")
    )
}

/// The cells of a row.
pub fn cells(world: &World, pair: &Pair) -> Row {
    let style = |role| world.theme.style(role);
    let who = |p: &Party| {
        Line::from(vec![
            Span::styled(format!("{:>7} ", p.id.pid), style(Role::Dim)),
            Span::styled(
                p.name.to_string(),
                style(Role::Text).fg(world.theme.process(p.id)),
            ),
        ])
    };
    let waits = pair.details.iter().any(|d| d.contains("waits"));
    let details = pair.details.join(", ");
    Row {
        cells: vec![
            who(&pair.a),
            Line::from(Span::styled(
                pair.flow.arrow(world.theme.glyphs.ascii),
                style(Role::Dim),
            )),
            who(&pair.b),
            Line::from(Span::styled(channels(pair), style(Role::Text))),
            Line::from(Span::styled(
                details,
                style(if waits { Role::Warn } else { Role::Dim }),
            )),
        ],
        style: Style::new(),
    }
}
