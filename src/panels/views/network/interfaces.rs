//! The interfaces: what they are called, who can reach them, what they move.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::descriptors::socket::Scope;
use crate::model::format;
use crate::model::network::{Interface, Network};
use crate::model::text::width;
use crate::theme::Role;
use crate::widgets::table::{Column, Row, Table};

/// How many are listed at most.
const MOST: usize = 8;

const COLUMNS: [Column; 10] = [
    Column::left("INTERFACE", 10, 0),
    Column::left("KIND", 0, 4),
    Column::left("STATE", 7, 1),
    Column::left("SPEED", 10, 5),
    Column::right("IN", 8, 0),
    Column::right("OUT", 8, 0),
    Column::right("ERRORS", 6, 4),
    Column::right("DROPS", 6, 4),
    Column::left("ADDRESSES", 32, 0).growing(),
    Column::left("MAC, MTU", 25, 6),
];

/// The column of the kind.
const KIND: usize = 1;
/// That of the speed.
const SPEED: usize = 3;
const WIDEST_KIND: usize = 28;

/// Those worth a line: all that are up or have an address.
fn listed(network: &Network) -> Vec<&Interface> {
    let worth = |i: &&Interface| i.is_up() || !i.addresses.is_empty();
    network.interfaces.iter().filter(worth).take(MOST).collect()
}

/// How many lines they take, with title and the blank line above.
pub fn height(network: &Network) -> u16 {
    2 + listed(network).len() as u16
}

/// Draws the table.
pub fn draw(world: &World, network: &Network, area: Rect, buf: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    let area = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let shown = listed(network);
    let mut columns = COLUMNS.to_vec();
    let mut rows: Vec<Row> = shown.iter().map(|i| row(world, i)).collect();
    // As wide as the longest kind; plain cards have none.
    let kind = shown.iter().map(|i| width(&i.kind.words())).max();
    columns[KIND].width = kind.unwrap_or(0).min(WIDEST_KIND) as u16;
    // Nothing of a virtual machine has a speed.
    let speed = shown.iter().all(|i| i.speed.is_err());
    columns[SPEED] = columns[SPEED].absent_if(speed);
    if columns[KIND].width == 0 {
        columns.remove(KIND);
        for row in &mut rows {
            row.cells.remove(KIND);
        }
    }
    Table {
        columns: &columns,
        rows: &rows,
        selected: None,
        sort: None,
        needle: "",
        header: true,
    }
    .render(&world.theme, area, buf);
}

fn row(world: &World, i: &Interface) -> Row {
    let style = |role| world.theme.style(role);
    let one = |text: String, role| Line::from(Span::styled(text, style(role)));
    let dash = || one("–".to_owned(), Role::Dim);
    let rate = |value: Option<f64>| {
        let role = |r| if r > 0.0 { Role::Strong } else { Role::Dim };
        value.map_or_else(dash, |r| one(format::rate(r), role(r)))
    };
    let count = |n: u64| {
        let role = if n > 0 { Role::Warn } else { Role::Dim };
        one(format::count(n), role)
    };
    let state = match (i.is_up(), &i.state) {
        (true, _) => one("up".to_owned(), Role::Good),
        (false, Ok(state)) => one(state.to_string(), Role::Dim),
        (false, Err(_)) => dash(),
    };
    let mut addresses = Vec::new();
    for (ip, prefix) in &i.addresses {
        addresses.push(Span::styled(format!("{ip}/{prefix}"), style(Role::Text)));
        addresses.push(Span::styled(
            format!(" {}  ", Scope::of(*ip).word()),
            style(Role::Dim),
        ));
    }
    let mac = match &i.mac {
        Ok(Some(mac)) => format!("{mac}  "),
        _ => String::new(),
    };
    let mtu = i.mtu.map_or_else(|_| "–".to_owned(), |m| m.to_string());
    Row {
        cells: vec![
            one(i.name.to_string(), Role::Strong),
            one(i.kind.words(), Role::Dim),
            state,
            i.speed
                .map_or_else(|_| dash(), |s| one(format::bit_rate(s), Role::Dim)),
            rate(i.rates.ok().map(|r| r.received)),
            rate(i.rates.ok().map(|r| r.sent)),
            count(i.counters.errors_in + i.counters.errors_out),
            count(i.counters.drops_in + i.counters.drops_out),
            Line::from(addresses),
            one(format!("{mac}{mtu}"), Role::Dim),
        ],
        style: Style::new(),
    }
}
