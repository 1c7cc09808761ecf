//! One connection as a row, as text to search and to copy, and what its words mean.

use std::fmt::Write as _;
use std::net::IpAddr;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::descriptors::peer::Note;
use crate::model::descriptors::socket::address::shown;
use crate::model::descriptors::socket::{Protocol, Scope, State};
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::network::{Connection, Network, reach};
use crate::panels::listing::Order;
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// The columns; their order is that of the sort keys.
pub const COLUMNS: [Column; 11] = [
    Column::left("PROTO", 6, 6),
    Column::left("STATE", 11, 3),
    Column::left("LOCAL", 15, 0).growing(),
    Column::left("REMOTE", 17, 0).growing(),
    Column::left("SERVICE", 9, 5),
    Column::right("RTT", 7, 4),
    Column::right("RESENT", 6, 7),
    Column::left("QUEUES", 13, 6),
    Column::right("IN", 8, 2),
    Column::right("OUT", 8, 2),
    Column::left("PROCESS", 14, 1).growing(),
];

/// The same with the network namespace of each, where not all are in ours.
pub const SPREAD: [Column; 12] = {
    let [a, b, c, d, e, f, g, h, i, j, k] = COLUMNS;
    let netns = Column::left("NETNS", 10, 5);
    [a, b, c, d, e, f, g, h, i, j, k, netns]
};

/// The column of the state.
pub const STATE: usize = 1;

/// The columns where all belong to one process.
pub const OWN: [Column; 11] = {
    let mut columns = COLUMNS;
    columns[10].title = "PEER";
    columns
};

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    Order::descending((5..10).contains(&column))
}

/// Everything that search and filter look at.
pub fn text(network: &Network, c: &Connection) -> String {
    let mut out = format!(
        "{} {} {} {} {}",
        c.inet.protocol.word(),
        c.inet.state.word(c.inet.protocol),
        c.inet.local_end(),
        shown(c.inet.remote),
        network.service(&c.inet).unwrap_or_default()
    );
    for ip in [c.inet.local.ip(), c.inet.remote.ip()] {
        let _ = write!(
            out,
            " {} {}",
            network.names.hosts.name(ip).unwrap_or_default(),
            Scope::of(ip).word()
        );
    }
    for (id, name, _) in &c.holders {
        let _ = write!(out, " {} {name}", id.pid);
    }
    for peer in &c.peers.named {
        let _ = write!(out, " {} {}", peer.id.pid, peer.name);
    }
    if let Some(name) = network.elsewhere(&c.inet) {
        let _ = write!(out, " {name}");
    }
    // As the filter of the process table asks for them.
    let state = c.inet.state.word(c.inet.protocol);
    let _ = write!(out, " port:{} state:{state}", c.inet.local.port());
    if c.inet.remote.port() != 0 {
        let _ = write!(out, " port:{}", c.inet.remote.port());
    }
    out
}

/// What `y` copies.
pub fn copied(c: &Connection) -> String {
    if c.inet.remote.port() == 0 {
        c.inet.local_end()
    } else {
        format!("{} {}", c.inet.local_end(), shown(c.inet.remote))
    }
}

/// The process at the other end, where both ends are on this machine.
pub fn opposite(network: &Network, c: &Connection) -> Option<ProcId> {
    let joined = c.peer().map(|peer| peer.id);
    joined.or_else(|| Some(far_end(network, c)?.holders.first()?.0))
}

fn far_end<'a>(network: &'a Network, c: &Connection) -> Option<&'a Connection> {
    if c.inet.remote.port() == 0 {
        return None;
    }
    network.connections.iter().find(|o| {
        (o.inet.local, o.inet.remote) == (c.inet.remote, c.inet.local)
            && o.inet.namespace == c.inet.namespace
            && o.inet.protocol == c.inet.protocol
    })
}

/// The cells of a row; the last one names the process that holds it, or else the one at the other end.
pub fn cells(world: &World, network: &Network, c: &Connection, named: bool) -> Row {
    let style = |role| world.theme.style(role);
    let one = |text: String, role| Line::from(Span::styled(text, style(role)));
    let inet = &c.inet;
    let state = match (inet.state, inet.protocol) {
        (State::Established, _) => Role::Good,
        (State::Listening, _) => Role::Accent,
        (State::SynSent | State::CloseWait, Protocol::Tcp) => Role::Warn,
        _ => Role::Dim,
    };
    let remote = if inet.listens() {
        let scope = Scope::of(inet.local.ip());
        let role = match scope {
            Scope::Loopback => Role::Dim,
            _ => Role::Warn,
        };
        one(reach(inet).to_owned(), role)
    } else if inet.remote.port() == 0 {
        Line::default()
    } else {
        end(world, network, inet.remote.ip(), shown(inet.remote))
    };
    let rate = |value: Option<f64>| match value {
        Some(rate) if rate > 0.0 => one(format::rate(rate), Role::Strong),
        Some(_) => one(format::rate(0.0), Role::Dim),
        None => Line::default(),
    };
    let tcp = inet.tcp.as_ref();
    let resent = tcp.map_or(0, |t| t.retransmits);
    Row {
        cells: vec![
            one(inet.protocol.word().to_owned(), Role::Dim),
            one(inet.state.word(inet.protocol).to_owned(), state),
            end(world, network, inet.local.ip(), inet.local_end()),
            remote,
            one(
                network.service(inet).unwrap_or_default().to_owned(),
                Role::Dim,
            ),
            match tcp.map(|t| t.rtt) {
                Some(Some((rtt, _))) => one(format::duration(rtt), Role::Text),
                Some(None) => one("–".to_owned(), Role::Dim),
                None => Line::default(),
            },
            match (tcp, resent) {
                (None, _) => Line::default(),
                (_, 0) => one("0".to_owned(), Role::Dim),
                (_, n) => one(format::count(u64::from(n)), Role::Warn),
            },
            queues(world, c),
            rate(c.rates.ok().map(|r| r.received)),
            rate(c.rates.ok().map(|r| r.sent)),
            if named {
                holder(world, network, c)
            } else {
                peer(world, network, c)
            },
            network
                .elsewhere(inet)
                .map_or_else(Line::default, |name| one(name.to_string(), Role::Text)),
        ],
        style: Style::new(),
    }
}

/// An address and port, and the name that this machine gives to the address.
fn end(world: &World, network: &Network, ip: IpAddr, text: String) -> Line<'static> {
    let mut spans = vec![Span::styled(text, world.theme.style(Role::Text))];
    let name = network.names.hosts.name(ip);
    // That every machine calls its own loopback so, is known.
    if let Some(name) = name.filter(|_| !ip.is_loopback()) {
        spans.push(Span::styled(
            format!(" {name}"),
            world.theme.style(Role::Dim),
        ));
    }
    Line::from(spans)
}

fn queues(world: &World, c: &Connection) -> Line<'static> {
    let (receive, send) = (c.inet.receive_queue, c.inet.send_queue);
    let bytes = |n: u32| format::bytes(Bytes(u64::from(n)));
    let text = match (
        c.inet.listens() && c.inet.protocol == Protocol::Tcp,
        receive,
        send,
    ) {
        (true, 0, _) | (false, 0, 0) => return Line::default(),
        (true, ..) => format!("{receive} of {send} wait"),
        (false, _, 0) => format!("in {}", bytes(receive)),
        (false, 0, _) => format!("out {}", bytes(send)),
        (false, ..) => format!("in {} out {}", bytes(receive), bytes(send)),
    };
    Line::from(Span::styled(text, world.theme.style(Role::Warn)))
}

/// Who holds it, or why that is not known.
pub fn holder(world: &World, network: &Network, c: &Connection) -> Line<'static> {
    let style = |role| world.theme.style(role);
    let Some((id, name, _)) = c.holders.first() else {
        let text = match c.inet.inode {
            0 => c.was.as_ref().map_or_else(
                || unheld(c.inet.state).to_owned(),
                |(id, name)| format!("was {} {name}", id.pid),
            ),
            _ if !network.complete => "still reading".to_owned(),
            _ if network.hidden > 0 || network.unlisted => {
                format!("uid {}, not visible", c.inet.uid)
            }
            _ => "no visible process".to_owned(),
        };
        return Line::from(Span::styled(text, style(Role::Dim)));
    };
    let mut spans = vec![
        Span::styled(format!("{} ", id.pid), style(Role::Dim)),
        Span::styled(name.to_string(), style(Role::Accent)),
    ];
    let more = c.holders.len() - 1 + c.more;
    if more > 0 {
        spans.push(Span::styled(format!(" and {more} more"), style(Role::Dim)));
    }
    Line::from(spans)
}

/// Why no process holds a socket.
fn unheld(state: State) -> &'static str {
    match state {
        State::SynReceived | State::Established | State::CloseWait => "nobody yet",
        _ => "the kernel ends it",
    }
}

/// Who is at the other end, in the words of the tab Files.
fn peer(world: &World, network: &Network, c: &Connection) -> Line<'static> {
    let style = |role| world.theme.style(role);
    let note = c.peers.note.map(Note::words);
    if let Some(peer) = c.peer() {
        let mut spans = vec![
            Span::styled(format!("{} ", peer.id.pid), style(Role::Dim)),
            Span::styled(peer.name.to_string(), style(Role::Accent)),
        ];
        let more = c.peers.processes().saturating_sub(1);
        if more > 0 {
            spans.push(Span::styled(format!(" and {more} more"), style(Role::Dim)));
        }
        let note = note.map(|note| Span::styled(format!(", {note}"), style(Role::Warn)));
        spans.extend(note);
        return Line::from(spans);
    }
    if let Some(note) = note {
        return Line::from(Span::styled(note, style(Role::Dim)));
    }
    // What was recorded before peers were.
    match far_end(network, c) {
        Some(far) => holder(world, network, far),
        None if c.inet.listens() || c.inet.remote.port() == 0 => Line::default(),
        None => {
            let scope = Scope::of(c.inet.remote.ip()).word();
            Line::from(Span::styled(scope, world.theme.style(Role::Dim)))
        }
    }
}

/// What the words of a connection mean.
pub fn explain(row: Option<&Connection>) -> Vec<(String, String)> {
    let Some(c) = row else {
        return Vec::new();
    };
    let word = c.inet.state.word(c.inet.protocol);
    let mut out = vec![(
        word.to_owned(),
        c.inet.state.about(c.inet.protocol).to_owned(),
    )];
    if c.inet.remote.port() != 0 {
        let scope = Scope::of(c.inet.remote.ip());
        out.push((scope.word().to_owned(), scope.about().to_owned()));
    }
    out
}
