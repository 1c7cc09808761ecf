//! One descriptor as a row of the table, as lines below it, and as text to copy.

use std::fmt::Write as _;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::shorten::{cut_ends, cut_left};
use crate::app::world::World;
use crate::model::descriptors::descriptor::{Descriptor, Files, Kind};
use crate::model::descriptors::peer::{Note, Peer, Peers};
use crate::model::descriptors::socket::{Protocol, Socket};
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::reading::Missing;
use crate::model::text::middle::cut_middle;
use crate::model::text::width;
use crate::panels::listing::Order;
use crate::theme::{Role, Theme};
use crate::widgets::table::{self, Column, Row};

/// The columns; their order is that of the sort keys.
const COLUMNS: [Column; 6] = [
    Column::left("  FD", 11, 0),
    Column::left("KIND", 9, 2),
    Column::left("MODE", 4, 4),
    Column::left("WHAT", 20, 0).growing(),
    Column::left("POSITION, QUEUES", 19, 3),
    Column::left("PEER", 14, 1).growing(),
];

/// The column of the target.
pub const WHAT: usize = 3;

/// The column of whoever is at the other end.
pub const PEER: usize = 5;
/// So many cells say in words that nobody is there.
const SENTENCE: usize = 27;
/// So many descriptors are asked how wide their words are.
const ASKED: usize = 1000;

/// How wide the words of the two columns are that share the room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    what: usize,
    peer: usize,
}

impl Wanted {
    /// What these want, and what was wanted before: columns do not jump from tick to tick.
    pub fn or(self, theme: &Theme, files: &Files) -> Self {
        files.rows.iter().take(ASKED).fold(self, |all, d| Self {
            what: all.what.max(what(theme, d, usize::MAX).width()),
            peer: all
                .peer
                .max(peers(theme, files.of, &d.peers, usize::MAX).width()),
        })
    }
}

/// The columns at this width: who is at the other end has what the other words leave, but at least half, or a sentence.
pub fn columns(wanted: Wanted, width: u16) -> [Column; 6] {
    let mut columns = COLUMNS;
    let of = |column| table::room(&COLUMNS, column, width);
    let all = of(WHAT) + of(PEER);
    if of(PEER) == 0 || all < usize::from(COLUMNS[WHAT].width + COLUMNS[PEER].width) {
        return columns;
    }
    let due = all.saturating_sub(wanted.what).max(all / 2).max(SENTENCE);
    let peer = wanted.peer.min(due);
    let [least, what] = [PEER, WHAT].map(|c| usize::from(COLUMNS[c].width));
    columns[PEER].width = peer.min(all - what).max(least) as u16;
    columns[PEER].grows = false;
    columns
}

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    Order::descending(column == 4)
}

/// Everything that search and filter look at.
pub fn text(d: &Descriptor) -> String {
    let mut all = format!(
        "{} {} {} {} {}",
        d.fd,
        d.name(),
        d.kind.word(),
        d.target,
        d.words()
    );
    for peer in &d.peers.named {
        let _ = write!(all, " {} {}", peer.id.pid, peer.name);
    }
    all
}

/// What `y` copies: the path, the addresses, or the words.
pub fn copied(d: &Descriptor) -> String {
    match d.kind {
        Kind::Tcp | Kind::Udp | Kind::Unix => d.words(),
        _ => d.target.to_string(),
    }
}

/// The cells of a row.
///
/// `room` is how many cells its target and its peer have: of a long path the end is shown, of addresses the ports, and how many more
/// peers there are.
pub fn cells(world: &World, of: ProcId, d: &Descriptor, room: [usize; 2]) -> Row {
    let theme = &world.theme;
    let one = |text: String, role| Line::from(Span::styled(text, theme.style(role)));
    let number = if d.fd < 3 { Role::Strong } else { Role::Text };
    let mode = match d.mode {
        Ok(mode) => one(mode.word().to_owned(), Role::Dim),
        Err(_) => one("–".to_owned(), Role::Dim),
    };
    Row {
        cells: vec![
            Line::from(vec![
                Span::styled(format!("{:>4}", d.fd), theme.style(number)),
                Span::styled(format!(" {}", d.name()), theme.style(Role::Dim)),
            ]),
            one(d.kind.word().to_owned(), kind_role(d.kind)),
            mode,
            what(theme, d, room[0]),
            place(theme, d),
            peers(theme, of, &d.peers, room[1]),
        ],
        style: Style::new(),
    }
}

fn kind_role(kind: Kind) -> Role {
    match kind {
        Kind::File | Kind::Directory | Kind::Memfd => Role::RegionFile,
        Kind::Pipe | Kind::Fifo => Role::RegionHeap,
        Kind::Unix => Role::RegionShared,
        Kind::Tcp | Kind::Udp | Kind::Netlink | Kind::Packet => Role::RegionText,
        Kind::Tty => Role::RegionGlobals,
        _ => Role::Dim,
    }
}

fn what(theme: &Theme, d: &Descriptor, room: usize) -> Line<'static> {
    let style = |role| theme.style(role);
    let mut words = d.words();
    let mark = match (d.deleted, d.held_by_deleted()) {
        (false, _) => String::new(),
        (true, None) => " deleted".to_owned(),
        (true, Some(held)) => format!(" deleted, holds {}", format::bytes(held)),
    };
    if matches!(d.kind, Kind::Pipe | Kind::Device) {
        return Line::from(Span::styled(words, style(Role::Dim)));
    }
    if !matches!(d.kind, Kind::File | Kind::Directory | Kind::Fifo) {
        let words = cut_ends(&words, room);
        return Line::from(Span::styled(words, style(Role::Text)));
    }
    words = cut_left(&words, room.saturating_sub(width(&mark)));
    let name = words.rfind('/').map_or(0, |at| at + 1);
    Line::from(vec![
        Span::styled(words[..name].to_owned(), style(Role::Dim)),
        Span::styled(words[name..].to_owned(), style(Role::Text)),
        Span::styled(mark, style(Role::Warn)),
    ])
}

/// How many cells a bar of progress takes.
const BAR: usize = 7;

/// How far a file was read or written, or what waits in a socket's queues.
fn place(theme: &Theme, d: &Descriptor) -> Line<'static> {
    let style = |role| theme.style(role);
    if let Some(socket) = &d.socket {
        return queues(theme, socket);
    }
    let Some((position, size)) = d.progress() else {
        return match d.extent {
            Ok(extent) if d.kind == Kind::File && extent.size.0 == 0 => {
                Line::from(Span::styled("empty", style(Role::Dim)))
            }
            _ => Line::default(),
        };
    };
    let share = position as f64 / size as f64;
    let (full, rest) = bar(theme, share);
    let text = format!(
        " {:>5}/{}",
        format::bytes(Bytes(position)),
        format::bytes(Bytes(size))
    );
    Line::from(vec![
        Span::styled(full, style(Role::Good)),
        Span::styled(rest, style(Role::Faint)),
        Span::styled(text, style(Role::Dim)),
    ])
}

/// The filled and the empty part of a bar.
pub fn bar(theme: &Theme, share: f64) -> (String, String) {
    let cells = (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    let (full, rest) = if theme.glyphs.ascii {
        ("#", ".")
    } else {
        ("▰", "▱")
    };
    (full.repeat(cells), rest.repeat(BAR - cells))
}

fn queues(theme: &Theme, socket: &Socket) -> Line<'static> {
    let (receive, send) = socket.queues();
    if (receive, send) == (0, 0) {
        return Line::default();
    }
    let listens = matches!(socket, Socket::Inet(i) if i.listens() && i.protocol == Protocol::Tcp);
    let listens = listens
        || matches!(socket, Socket::Unix(u) if u.state == crate::model::descriptors::socket::State::Listening);
    let text = if listens {
        format!("{receive} of {send} wait")
    } else {
        format!(
            "in {} out {}",
            format::bytes(Bytes(u64::from(receive))),
            format::bytes(Bytes(u64::from(send)))
        )
    };
    let role = if receive > 0 { Role::Warn } else { Role::Dim };
    Line::from(Span::styled(text, theme.style(role)))
}

fn peers(theme: &Theme, of: ProcId, peers: &Peers, room: usize) -> Line<'static> {
    let whole = all_of(theme, of, peers, usize::MAX);
    let (wide, Some(first)) = (whole.width(), peers.named.first()) else {
        return whole;
    };
    if wide <= room || first.id == of {
        return whole;
    }
    // What stands behind a long name counts too.
    let name = first.name.width();
    all_of(
        theme,
        of,
        peers,
        (name + room).saturating_sub(wide).max(LEAST_NAME),
    )
}

/// So many cells of a name are kept.
const LEAST_NAME: usize = 5;

/// The first peer, its name in at most so many cells, how many more there are, and what else is known of them.
fn all_of(theme: &Theme, of: ProcId, peers: &Peers, name: usize) -> Line<'static> {
    let style = |role| theme.style(role);
    let ascii = theme.glyphs.ascii;
    let mut spans = Vec::new();
    if let Some(first) = peers.named.first() {
        let shared = peers.note == Some(Note::Shared);
        let arrow = if shared { "=" } else { first.flow.arrow(ascii) };
        spans.push(Span::styled(format!("{arrow} "), style(Role::Dim)));
        if first.id == of {
            spans.push(Span::styled(
                format!("itself{}", fd(first)),
                style(Role::Dim),
            ));
        } else {
            spans.push(Span::styled(first.id.pid.to_string(), style(Role::Dim)));
            spans.push(Span::styled(
                format!(" {}", cut_middle(&first.name, name)),
                style(Role::Accent),
            ));
        }
    }
    let more = peers.processes().saturating_sub(1);
    if more > 0 {
        spans.push(Span::styled(
            format!(" + {} more", format::count(more as u64)),
            style(Role::Dim),
        ));
    }
    match peers.note {
        None | Some(Note::Shared) => {}
        Some(note) => {
            let role = match note {
                Note::Closed | Note::NotAccepted | Note::Full => Role::Warn,
                _ => Role::Dim,
            };
            let gap = if spans.is_empty() { "" } else { ", " };
            spans.push(Span::styled(format!("{gap}{}", note.words()), style(role)));
        }
    }
    Line::from(spans)
}

/// The selected descriptor in a few lines: what it is in full, how it was opened, everyone at its other end.
pub fn detail(
    world: &World,
    files: &Files,
    d: &Descriptor,
    target: Option<&Peer>,
) -> Vec<Line<'static>> {
    let style = |role| world.theme.style(role);
    let dim = |text: String| Span::styled(text, style(Role::Dim));
    let mut first = vec![
        Span::styled(format!("{} ", d.fd), style(Role::Strong)),
        Span::styled(d.kind.word().to_owned(), style(kind_role(d.kind))),
        Span::raw(" "),
        Span::styled(d.words(), style(Role::Text)),
    ];
    if d.kind.is_socket() || d.kind == Kind::Pipe {
        first.push(dim(d
            .inode()
            .map_or_else(String::new, |i| format!("  inode {i}"))));
    }
    let mut how = Vec::new();
    match &d.info {
        Ok(info) => {
            let flags: Vec<_> = info.flags.words().collect();
            if flags.is_empty() {
                how.push(dim("no flags".to_owned()));
            } else {
                how.push(dim(flags.join(" ")));
            }
            if d.has_position() {
                how.push(dim(format!("  position {}", info.position)));
            }
        }
        Err(Missing::Soon) => how.push(dim("flags being read …".to_owned())),
        Err(why) => how.push(dim(format!("flags – {why}"))),
    }
    if let Ok(extent) = d.extent.as_ref()
        && d.has_position()
    {
        how.push(dim(format!(
            "  size {} on {} of disk",
            extent.size,
            format::bytes(extent.held)
        )));
    }
    if let Some(Socket::Inet(inet)) = &d.socket {
        how.push(dim(format!("  {}", inet.state.about(inet.protocol))));
    }
    vec![
        Line::from(first),
        Line::from(how),
        Line::from(all_peers(world, files.of, &d.peers, target)),
    ]
}

fn fd(peer: &Peer) -> String {
    peer.fd.map_or_else(String::new, |fd| format!(", fd {fd}"))
}

fn all_peers(
    world: &World,
    of: ProcId,
    peers: &Peers,
    target: Option<&Peer>,
) -> Vec<Span<'static>> {
    let style = |role| world.theme.style(role);
    let mut out = Vec::new();
    for peer in &peers.named {
        let chosen = target == Some(peer);
        let name = if peer.id == of {
            "itself".to_owned()
        } else {
            peer.name.to_string()
        };
        let role = if peer.id == of {
            Role::Dim
        } else {
            Role::Accent
        };
        let mut shown = style(role);
        if chosen {
            shown = shown.add_modifier(ratatui::style::Modifier::UNDERLINED);
        }
        out.push(Span::styled(
            format!("{} ", peer.flow.arrow(world.theme.glyphs.ascii)),
            style(Role::Dim),
        ));
        out.push(Span::styled(format!("{} {name}", peer.id.pid), shown));
        let place = peer.place().map_or_else(String::new, |p| format!(", {p}"));
        let rest = format!("{}{place}  ", fd(peer));
        out.push(Span::styled(rest, style(Role::Dim)));
    }
    if peers.more > 0 {
        out.push(Span::styled(
            format!("and {} more  ", peers.more),
            style(Role::Dim),
        ));
    }
    if let Some(note) = peers.note {
        out.push(Span::styled(note.words(), style(Role::Dim)));
    }
    out
}
