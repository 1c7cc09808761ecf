//! One connection as a row, as text to search and to copy, and what its words mean.

use std::fmt::Write as _;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::network::{Connection, Network, reach};
use crate::model::socket::address::shown;
use crate::model::socket::{Protocol, Scope, State};
use crate::theme::Role;
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

/// The columns; their order is that of the sort keys.
pub const COLUMNS: [Column; 11] = [
    column("PROTO", 6, false, 6),
    column("STATE", 11, false, 3),
    Column {
        grows: true,
        ..column("LOCAL", 15, false, 0)
    },
    Column {
        grows: true,
        ..column("REMOTE", 17, false, 0)
    },
    column("SERVICE", 9, false, 5),
    column("RTT", 7, true, 4),
    column("RESENT", 6, true, 7),
    column("QUEUES", 13, false, 6),
    column("IN", 7, true, 2),
    column("OUT", 7, true, 2),
    Column {
        grows: true,
        ..column("PROCESS", 14, false, 1)
    },
];

/// The column of the process.
pub const PROCESS: usize = 10;

/// Whether a column's own order is descending.
pub fn descends(column: usize) -> bool {
    (5..10).contains(&column)
}

/// Everything that a search looks at, in lower case.
pub fn text(network: &Network, c: &Connection) -> String {
    let mut out = format!(
        "{} {} {} {} {}",
        c.inet.protocol.word(),
        c.inet.state.word(c.inet.protocol),
        shown(c.inet.local),
        shown(c.inet.remote),
        network.service(&c.inet).unwrap_or_default()
    );
    for (id, name, _) in &c.holders {
        let _ = write!(out, " {} {name}", id.pid);
    }
    out.to_lowercase()
}

/// What `y` copies.
pub fn copied(c: &Connection) -> String {
    if c.inet.remote.port() == 0 {
        shown(c.inet.local)
    } else {
        format!("{} {}", shown(c.inet.local), shown(c.inet.remote))
    }
}

/// The process at the other end, where both ends are on this machine.
pub fn opposite(network: &Network, c: &Connection) -> Option<ProcId> {
    Some(far_end(network, c)?.holders.first()?.0)
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
        one(shown(inet.remote), Role::Text)
    };
    let rate = |value: Option<f64>| match value {
        Some(rate) if rate > 0.0 => one(format::rate(rate), Role::Strong),
        Some(_) => one("0".to_owned(), Role::Faint),
        None => Line::default(),
    };
    let tcp = inet.tcp.as_ref();
    let resent = tcp.map_or(0, |t| t.retransmits);
    Row {
        cells: vec![
            one(inet.protocol.word().to_owned(), Role::Dim),
            one(inet.state.word(inet.protocol).to_owned(), state),
            one(shown(inet.local), Role::Text),
            remote,
            one(
                network.service(inet).unwrap_or_default().to_owned(),
                Role::Dim,
            ),
            tcp.map_or_else(Line::default, |t| one(format::duration(t.rtt), Role::Text)),
            match (tcp, resent) {
                (None, _) => Line::default(),
                (_, 0) => one("0".to_owned(), Role::Faint),
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
        ],
        style: Style::new(),
    }
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
            0 if c.inet.state == State::TimeWait => "over".to_owned(),
            0 => "nobody yet".to_owned(),
            _ if network.hidden > 0 => format!("uid {}, not visible", c.inet.uid),
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

fn peer(world: &World, network: &Network, c: &Connection) -> Line<'static> {
    match far_end(network, c) {
        Some(far) => holder(world, network, far),
        None if c.inet.listens() || c.inet.remote.port() == 0 => Line::default(),
        None => {
            let scope = Scope::of(c.inet.remote.ip()).word();
            Line::from(Span::styled(scope, world.theme.style(Role::Dim)))
        }
    }
}

/// What the words of a table of connections mean.
pub fn explain(row: Option<&Connection>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut say = |word: &str, about: &str| out.push((word.to_owned(), about.to_owned()));
    if let Some(c) = row {
        say(
            c.inet.state.word(c.inet.protocol),
            c.inet.state.about(c.inet.protocol),
        );
    }
    say(
        "everyone",
        "It listens on every address of this machine; a firewall may still forbid it.",
    );
    say(
        "only this machine",
        "It listens on a loopback address: nobody else can reach it.",
    );
    say(
        "RTT",
        "Smoothed time from a segment to its acknowledgement, as TCP measures it.",
    );
    say(
        "RESENT",
        "Segments that were sent again since the connection began.",
    );
    say(
        "QUEUES",
        "in: bytes that the process has not read. out: bytes that the other end has not acknowledged. \
         Of a listener: connections that wait to be accepted, of how many may.",
    );
    say(
        "IN, OUT",
        "Bytes a second, from what TCP counts as received and acknowledged. UDP has no such counters.",
    );
    say(
        "not visible",
        "The socket is in the kernel's table, but the descriptors of its process are not shown to this user.",
    );
    say(
        "nobody yet",
        "The process that listens has not accepted the connection.",
    );
    out
}
