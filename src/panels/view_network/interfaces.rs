//! The interfaces: what they are called, who can reach them, what they move.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format;
use crate::model::network::{Interface, Network};
use crate::model::socket::Scope;
use crate::panels::sockets::layers::speed;
use crate::theme::Role;
use crate::widgets::table::{Column, Row, Table};

/// How many are listed at most.
const MOST: usize = 8;

const fn column(title: &'static str, width: u16, right: bool, rank: u8) -> Column {
    Column {
        title,
        width,
        right,
        grows: false,
        rank,
    }
}

const COLUMNS: [Column; 9] = [
    column("INTERFACE", 10, false, 0),
    column("STATE", 7, false, 1),
    column("SPEED", 10, false, 5),
    column("IN", 8, true, 0),
    column("OUT", 8, true, 0),
    column("ERRORS", 6, true, 4),
    column("DROPS", 6, true, 4),
    Column {
        grows: true,
        ..column("ADDRESSES", 20, false, 0)
    },
    column("MAC, MTU", 25, false, 6),
];

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
    let rows: Vec<Row> = listed(network).into_iter().map(|i| row(world, i)).collect();
    Table {
        columns: &COLUMNS,
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
    let rate = |value: Option<f64>| value.map_or_else(dash, |r| one(format::rate(r), Role::Strong));
    let count = |n: u64| {
        let role = if n > 0 { Role::Warn } else { Role::Faint };
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
            state,
            i.speed
                .map_or_else(|_| dash(), |s| one(speed(s), Role::Dim)),
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
