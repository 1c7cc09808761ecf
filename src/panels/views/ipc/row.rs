//! One line, or one of those that it stands for, as a row, as text to search and to copy.

use std::fmt::Write as _;

use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};

use super::Member;
use crate::app::world::World;
use crate::model::descriptors::ipc::{Line, Party, lines};
use crate::model::format;
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
    Column::left("PROCESS", 17, 0).growing(),
    Column::left("", 2, 0),
    Column::left("PROCESS", 16, 0).growing(),
    Column::left("BY", 16, 0).growing(),
    Column::left("DETAIL", 20, 1).growing(),
];

/// So many lines are asked how wide their words are.
const ASKED: usize = 1000;

/// How wide the words of each column but the last are at most, and were before: columns do not jump from tick to tick.
pub fn wanted(before: [usize; DETAIL], world: &World, lines: &[Line]) -> [usize; DETAIL] {
    lines.iter().take(ASKED).fold(before, |all, line| {
        let row = cells(world, line, false);
        std::array::from_fn(|i| all[i].max(row.cells[i].width()))
    })
}

/// The columns at this width: each has what its words need, as far as a quarter goes, and the details have the rest.
pub fn columns(wanted: [usize; DETAIL], width: u16) -> [Column; 5] {
    let mut columns = COLUMNS;
    for (column, wanted) in columns.iter_mut().zip(wanted) {
        let most = usize::from((width / 4).max(column.width));
        column.width = wanted.clamp(column.width.into(), most) as u16;
        column.grows = false;
    }
    columns
}

/// How each column orders rows; the arrow says nothing to sort by.
pub fn order(column: usize) -> Order {
    match column {
        ARROW => Order::None,
        BY => Order::Descending,
        _ => Order::Ascending,
    }
}

/// Sorts places of `lines` by a column: processes by name, channels by their number.
pub fn sort(places: &mut [usize], lines: &[Line], (by, inverted): (usize, bool)) {
    let name = |side: &[Party]| {
        let first = side.first();
        first.map(|p| (p.name.to_string(), p.id))
    };
    match by {
        LEFT => places.sort_by_cached_key(|i| name(&lines[*i].a)),
        RIGHT => places.sort_by_cached_key(|i| name(&lines[*i].b)),
        DETAIL => places.sort_by_cached_key(|i| lines[*i].details.join(", ")),
        // They come with the most channels first.
        _ => {}
    }
    if inverted {
        places.reverse();
    }
}

/// What search and filter look at: everyone in the line, and what joins them.
pub fn searched(line: &Line) -> String {
    let mut out = copied(line, None);
    if line.is_group() {
        for party in line.a.iter().chain(&line.b) {
            let _ = write!(out, " {} {}", party.id.pid, party.name);
        }
    }
    out
}

/// What `y` copies: one line.
pub fn copied(line: &Line, member: Option<Member>) -> String {
    let one = |p: &Party| format!("{} {}", p.id.pid, p.name);
    let (a, b) = match member {
        Some(Member::One(at)) => line.member(at),
        _ => (None, None),
    };
    format!(
        "{} {} {} {} {}",
        a.map_or_else(|| lines::words(&line.a), one),
        line.flow.arrow(true),
        b.map_or_else(|| lines::words(&line.b), one),
        line.by(),
        line.details.join(", ")
    )
}

/// The cells of a line.
pub fn cells(world: &World, line: &Line, open: bool) -> Row {
    let style = |role| world.theme.style(role);
    let waits = line.details.iter().any(|d| d.contains("waits"));
    let mark = match (line.is_group(), open) {
        (false, _) => " ",
        (true, false) => "+",
        (true, true) => "-",
    };
    let mut left = side(world, &line.a);
    left.spans.insert(0, Span::styled(mark, style(Role::Dim)));
    Row {
        cells: vec![
            left,
            Text::from(Span::styled(
                line.flow.arrow(world.theme.glyphs.ascii),
                style(Role::Dim),
            )),
            side(world, &line.b),
            Text::from(Span::styled(
                line.by(),
                // What a whole tree inherited says little of any of them.
                style(if line.is_crowd() {
                    Role::Dim
                } else {
                    Role::Text
                }),
            )),
            Text::from(Span::styled(
                line.details.join(", "),
                style(if waits { Role::Warn } else { Role::Dim }),
            )),
        ],
        style: Style::new(),
    }
}

/// One of those that an opened line stands for; what all have in common is said there.
pub fn member(world: &World, line: &Line, member: Member) -> Row {
    let style = |role| world.theme.style(role);
    let at = match member {
        Member::One(at) => at,
        Member::Rest(more) => {
            let text = format!("          and {} more", format::count(more as u64));
            return Row {
                cells: vec![Text::from(Span::styled(text, style(Role::Dim)))],
                style: Style::new(),
            };
        }
    };
    let (a, b) = line.member(at);
    let cell = |p: Option<&Party>, indent: usize| {
        p.map_or_else(Text::default, |p| {
            let mut cell = one(world, p);
            cell.spans.insert(0, Span::raw(" ".repeat(indent)));
            cell
        })
    };
    let pair = line.pairs.get(at);
    let (by, details) = pair.map_or_else(Default::default, |p| {
        (lines::channels(&p.channels), p.details.join(", "))
    });
    let flow = line.flow.arrow(world.theme.glyphs.ascii);
    Row {
        cells: vec![
            cell(a, 3),
            Text::from(Span::styled(flow, style(Role::Dim))),
            cell(b, 2),
            Text::from(Span::styled(by, style(Role::Dim))),
            Text::from(Span::styled(details, style(Role::Dim))),
        ],
        style: Style::new(),
    }
}

/// A side: one process with its number, or how many there are.
fn side(world: &World, side: &[Party]) -> Text<'static> {
    let style = |role| world.theme.style(role);
    let many = |text: String, name: String| {
        Text::from(vec![
            Span::styled(text, style(Role::Dim)),
            Span::styled(name, style(Role::Text)),
        ])
    };
    match side {
        [] => many(" ".repeat(8), lines::words(side)),
        [party] => one(world, party),
        [first, rest @ ..] if rest.iter().all(|p| p.name == first.name) => {
            many(format!("{:>7}×", side.len()), format!("[{}]", first.name))
        }
        _ => many(format!("{:>7} ", side.len()), "processes".to_owned()),
    }
}

fn one(world: &World, party: &Party) -> Text<'static> {
    let style = |role| world.theme.style(role);
    Text::from(vec![
        Span::styled(format!("{:>7} ", party.id.pid), style(Role::Dim)),
        Span::styled(party.name.to_string(), style(Role::Strong)),
    ])
}
