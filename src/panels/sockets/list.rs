//! A table of connections that can be searched, sorted and scrolled; the tab Sockets and view 5 both have one.

use std::cmp::Ordering;
use std::net::SocketAddr;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::row;
use crate::app::action::Action;
use crate::app::key::{Mouse, Press};
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::network::{Connection, Network};
use crate::model::socket::{Protocol, State};
use crate::panels::sheet::Sheet;
use crate::widgets::table::{self, Row, Table};

/// What a row is known by while the table changes.
pub type Key = (Protocol, SocketAddr, SocketAddr, u64);

/// The rows in order, and the sheet over them.
#[derive(Default)]
pub struct List {
    /// Selection, search, order.
    pub sheet: Sheet<Key>,
    rows: Vec<usize>,
    keys: Vec<Key>,
    table: Rect,
}

fn key(c: &Connection) -> Key {
    (c.inet.protocol, c.inet.local, c.inet.remote, c.inet.inode)
}

impl List {
    /// Takes in the connections that belong here; a search leaves only those that contain it.
    pub fn fit(
        &mut self,
        network: Option<&Network>,
        table: Rect,
        belongs: impl Fn(&Connection) -> bool,
    ) {
        self.table = table;
        self.rows.clear();
        if let Some(network) = network {
            let all = &network.connections;
            let needle = self.sheet.needle().to_lowercase();
            let fits = |i: &usize| {
                let c = &all[*i];
                belongs(c) && (needle.is_empty() || row::text(network, c).contains(&needle))
            };
            self.rows.extend((0..all.len()).filter(fits));
            let (sort, inverted) = (self.sheet.sort, self.sheet.inverted);
            self.rows.sort_by(|a, b| {
                let (a, b) = (&all[*a], &all[*b]);
                let order = compare(a, b, sort);
                let order = if inverted { order.reverse() } else { order };
                order.then_with(|| key(a).cmp(&key(b)))
            });
            self.keys = self.rows.iter().map(|i| key(&all[*i])).collect();
        } else {
            self.keys.clear();
        }
        let height = usize::from(table.height.saturating_sub(1));
        self.sheet.fit(&self.keys, height, |_, _| true);
    }

    /// The selected connection.
    pub fn chosen<'a>(&self, network: &'a Network) -> Option<&'a Connection> {
        let row = self.rows.get(self.sheet.selected()?)?;
        network.connections.get(*row)
    }

    /// Every connection of the list.
    pub fn all<'a>(&self, network: &'a Network) -> impl Iterator<Item = &'a Connection> {
        self.rows.iter().filter_map(|i| network.connections.get(*i))
    }

    /// Answers moves, search and sorting.
    pub fn act(&mut self, action: &Action) -> Reply {
        if self.sheet.act(action, row::COLUMNS.len()) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    /// Answers the mouse: titles sort, rows are selected.
    pub fn mouse(&mut self, mouse: Mouse) -> Reply {
        let row = i32::from(mouse.row) - i32::from(self.table.y) - 1;
        if mouse.press == Press::Left && row == -1 {
            let at = mouse.column.saturating_sub(self.table.x);
            let columns = table::place(&row::COLUMNS, self.table.width);
            if let Some(column) = columns.iter().find(|p| p.cells.contains(&at)) {
                self.sheet.sort_by(column.column);
            }
            return Reply::Done;
        }
        if self.sheet.mouse(mouse, row) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    /// Draws the rows in view; `named` says whether each names its process.
    pub fn render(&self, world: &World, network: &Network, named: bool, buf: &mut Buffer) {
        let shown = self.rows.get(self.sheet.window()).unwrap_or_default();
        let rows: Vec<Row> = shown
            .iter()
            .filter_map(|i| network.connections.get(*i))
            .map(|c| row::cells(world, network, c, named))
            .collect();
        let mut columns = row::COLUMNS;
        if !named {
            columns[row::PROCESS].title = "PEER";
        }
        Table {
            columns: &columns,
            rows: &rows,
            selected: self.sheet.selected_in_view(),
            sort: Some((
                self.sheet.sort,
                row::descends(self.sheet.sort) != self.sheet.inverted,
            )),
            needle: self.sheet.needle(),
            header: true,
        }
        .render(&world.theme, self.table, buf);
    }
}

/// Listeners come first: whose port is it?
fn by_state(c: &Connection) -> (bool, Protocol, State, u16) {
    let inet = &c.inet;
    (
        !inet.listens(),
        inet.protocol,
        inet.state,
        inet.local.port(),
    )
}

fn compare(a: &Connection, b: &Connection, column: usize) -> Ordering {
    let rtt = |c: &Connection| c.inet.tcp.map(|t| t.rtt);
    let again = |c: &Connection| c.inet.tcp.map(|t| t.retransmits);
    let queues = |c: &Connection| u64::from(c.inet.receive_queue) + u64::from(c.inet.send_queue);
    let rate = |c: &Connection, f: fn(&crate::model::network::Rates) -> f64| {
        c.rates.as_ref().map_or(-1.0, f)
    };
    match column {
        0 => a.inet.protocol.cmp(&b.inet.protocol),
        1 => by_state(a).cmp(&by_state(b)),
        2 => {
            (a.inet.local.port(), a.inet.local.ip()).cmp(&(b.inet.local.port(), b.inet.local.ip()))
        }
        3 => (a.inet.remote.ip(), a.inet.remote.port())
            .cmp(&(b.inet.remote.ip(), b.inet.remote.port())),
        4 => a.inet.remote.port().cmp(&b.inet.remote.port()),
        5 => rtt(b).cmp(&rtt(a)),
        6 => again(b).cmp(&again(a)),
        7 => queues(b).cmp(&queues(a)),
        8 => rate(b, |r| r.received).total_cmp(&rate(a, |r| r.received)),
        9 => rate(b, |r| r.sent).total_cmp(&rate(a, |r| r.sent)),
        _ => a
            .holders
            .first()
            .map(|h| &h.1)
            .cmp(&b.holders.first().map(|h| &h.1)),
    }
}
