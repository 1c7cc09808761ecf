//! A table of connections that can be searched, sorted and scrolled; the tab Sockets and view 5 both have one.

use std::cmp::Ordering;
use std::net::SocketAddr;

use ratatui::layout::Rect;

use super::row;
use crate::app::world::World;
use crate::model::descriptors::socket::{Protocol, State};
use crate::model::network::{Connection, Network};
use crate::panels::listing::{self, Content, Listing};
use crate::widgets::table::Row;

/// What a row is known by while the table changes.
pub type Key = (Protocol, SocketAddr, SocketAddr, u64);

/// The connections in order.
#[derive(Default)]
pub struct List {
    /// Selection, search, order.
    pub rows: Listing<Key>,
    /// Whether each row names its process; else it names who is at the other end.
    named: bool,
    order: Vec<usize>,
    keys: Vec<Key>,
}

fn key(c: &Connection) -> Key {
    (c.inet.protocol, c.inet.local, c.inet.remote, c.inet.inode)
}

impl List {
    /// A list of the connections of many processes, which names the process of each.
    pub fn of_all() -> Self {
        Self {
            // Whose port is it? Listeners first.
            rows: Listing::sorted_by(row::STATE),
            named: true,
            ..Self::default()
        }
    }

    /// Takes in the connections that belong here.
    pub fn fit(
        &mut self,
        world: &World,
        network: Option<&Network>,
        table: Rect,
        head: Vec<listing::Parts>,
        belongs: impl Fn(&Connection) -> bool,
    ) {
        let all = network.map_or(&[][..], |n| &n.connections);
        self.order.clear();
        self.order
            .extend((0..all.len()).filter(|i| belongs(&all[*i])));
        let (sort, inverted) = self.rows.sort();
        self.order.sort_by(|a, b| {
            let (a, b) = (&all[*a], &all[*b]);
            let order = compare(a, b, sort);
            let order = if inverted { order.reverse() } else { order };
            order.then_with(|| key(a).cmp(&key(b)))
        });
        self.keys = self.order.iter().map(|i| key(&all[*i])).collect();
        let order = &self.order;
        let named = self.named;
        let away = |n: &Network| all.iter().any(|c| n.elsewhere(&c.inet).is_some());
        let spread = network.is_some_and(away);
        let content = Content {
            columns: match (named, spread) {
                (true, true) => &row::SPREAD,
                (true, false) => &row::COLUMNS,
                (false, _) => &row::OWN,
            },
            order: row::order,
            titles: true,
            head,
            foot: &listing::no_foot,
            keys: &self.keys,
            words: &|i| network.map_or_else(String::new, |n| row::text(n, &all[order[i]])),
            row: &|i| {
                network.map_or_else(Row::default, |n| {
                    row::cells(world, n, &all[order[i]], named)
                })
            },
        };
        self.rows.fit(table, content);
    }

    /// The selected connection.
    pub fn chosen<'a>(&self, network: &'a Network) -> Option<&'a Connection> {
        network
            .connections
            .get(*self.order.get(self.rows.selected()?)?)
    }

    /// Every connection of the list, whatever a filter hides.
    pub fn all<'a>(&self, network: &'a Network) -> impl Iterator<Item = &'a Connection> {
        self.order
            .iter()
            .filter_map(|i| network.connections.get(*i))
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
    let rtt = |c: &Connection| c.inet.tcp.and_then(|t| t.rtt);
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
        11 => a.inet.namespace.cmp(&b.inet.namespace),
        _ => a
            .holders
            .first()
            .map(|h| &h.1)
            .cmp(&b.holders.first().map(|h| &h.1)),
    }
}
