//! One pair of processes as a row, as text to search and to copy.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::ipc::{Pair, Party};
use crate::panels::listing::Order;
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

const LEFT: usize = 0;
const ARROW: usize = 1;
const RIGHT: usize = 2;
/// The column of the channels, by which the table is sorted at first.
pub const BY: usize = 3;
const DETAIL: usize = 4;

/// The columns; the order of the constants above.
pub const COLUMNS: [Column; 5] = [
    Column::left("PROCESS", 16, 0).growing(),
    Column::left("", 2, 0),
    Column::left("PROCESS", 16, 0).growing(),
    Column::left("BY", 16, 0).growing(),
    Column::left("DETAIL", 24, 1).growing(),
];

/// How each column orders rows; the arrow says nothing to sort by.
pub fn order(column: usize) -> Order {
    match column {
        ARROW => Order::None,
        BY => Order::Descending,
        _ => Order::Ascending,
    }
}

/// Sorts places of `pairs` by a column: processes by name, channels by their number.
pub fn sort(places: &mut [usize], pairs: &[Pair], (by, inverted): (usize, bool)) {
    let name = |p: &Party| (p.name.to_string(), p.id);
    match by {
        LEFT => places.sort_by_cached_key(|i| name(&pairs[*i].a)),
        RIGHT => places.sort_by_cached_key(|i| name(&pairs[*i].b)),
        DETAIL => places.sort_by_cached_key(|i| pairs[*i].details.join(", ")),
        // They come with the most channels first.
        _ => {}
    }
    if inverted {
        places.reverse();
    }
}

/// What joins the two, in words: `3 pipes, unix socket`.
pub fn channels(pair: &Pair) -> String {
    let words: Vec<_> = pair.channels.iter().map(|(c, n)| c.counted(*n)).collect();
    words.join(", ")
}

/// What `y` copies, and what search and filter look at: one line.
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
