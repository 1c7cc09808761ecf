//! Which socket is at the other end of which, by the kernel's tables alone; and the peers that follow from it.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::{Ask, Flow, Join, Note, Object, Peers};
use crate::model::descriptors::peer::Tables;
use crate::model::descriptors::socket::{Inet, Protocol, Socket, State, Unix};
use crate::model::id::Uid;

/// The two ends of a connection, in one namespace.
type Ends = (u64, Protocol, SocketAddr, SocketAddr);

/// The kernel's tables, by what is looked for.
#[derive(Debug)]
pub(super) struct Sockets<'a> {
    unix: HashMap<u64, &'a Unix>,
    /// Who waits to be accepted → the listener.
    waiting: HashMap<u64, u64>,
    /// A socket → those that are connected to it without it being connected to them: senders of datagrams.
    senders: HashMap<u64, Vec<u64>>,
    inet: HashMap<u64, &'a Inet>,
    connections: HashMap<Ends, &'a Inet>,
    /// Connections that no descriptor holds yet.
    unheld: Vec<&'a Inet>,
    /// UDP sockets that are connected, by the port that they send to.
    senders_to: HashMap<(u64, u16), Vec<&'a Inet>>,
    /// Listeners of TCP, and UDP sockets that are bound and not connected, by namespace, protocol and port.
    bound: HashMap<(u64, Protocol, u16), Vec<&'a Inet>>,
}

impl<'a> Sockets<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        let unix: HashMap<u64, &Unix> = tables.unix.iter().map(|u| (u.inode, u)).collect();
        let mut waiting = HashMap::new();
        let mut senders: HashMap<u64, Vec<u64>> = HashMap::new();
        for one in &tables.unix {
            waiting.extend(one.waiting.iter().map(|client| (*client, one.inode)));
            let to = one.peer.and_then(|peer| unix.get(&peer));
            if let Some(to) = to.filter(|to| to.peer.is_none()) {
                senders.entry(to.inode).or_default().push(one.inode);
            }
        }
        let mut of = Self {
            unix,
            waiting,
            senders,
            inet: HashMap::new(),
            connections: HashMap::new(),
            unheld: Vec::new(),
            senders_to: HashMap::new(),
            bound: HashMap::new(),
        };
        for inet in &tables.inet {
            of.add(inet);
        }
        of
    }

    fn add(&mut self, inet: &'a Inet) {
        if inet.inode != 0 {
            self.inet.insert(inet.inode, inet);
        }
        if inet.remote.port() == 0 {
            let key = (inet.namespace, inet.protocol, inet.local.port());
            if inet.listens() {
                self.bound.entry(key).or_default().push(inet);
            }
            return;
        }
        if inet.protocol == Protocol::Udp {
            let to = (inet.namespace, inet.remote.port());
            self.senders_to.entry(to).or_default().push(inet);
        }
        let ends = (inet.namespace, inet.protocol, inet.local, inet.remote);
        self.connections.insert(ends, inet);
        if inet.inode == 0 && inet.state == State::Established {
            self.unheld.push(inet);
        }
    }

    pub(super) fn socket(&self, inode: u64) -> Option<Socket> {
        let inet = || self.inet.get(&inode).map(|i| Socket::Inet((*i).clone()));
        let unix = || {
            let mut unix = (*self.unix.get(&inode)?).clone();
            let listener = self.waiting.get(&inode).copied();
            let far = unix.peer.or(listener).and_then(|p| self.unix.get(&p));
            unix.peer_name = far.and_then(|far| far.name.clone());
            Some(Socket::Unix(unix))
        };
        inet().or_else(unix)
    }

    pub(super) fn unix(&self, inode: u64) -> Option<&'a Unix> {
        self.unix.get(&inode).copied()
    }

    pub(super) fn senders(&self, inode: u64) -> &[u64] {
        self.senders.get(&inode).map_or(&[], Vec::as_slice)
    }

    pub(super) fn opposite(&self, of: &Inet) -> Option<&'a Inet> {
        if of.remote.port() == 0 {
            return None;
        }
        let turned = (of.namespace, of.protocol, of.remote, of.local);
        self.connections.get(&turned).copied()
    }

    pub(super) fn taker(&self, of: &Inet) -> Option<&'a Inet> {
        if of.protocol != Protocol::Udp || of.remote.port() == 0 || !of.is_local() {
            return None;
        }
        self.at(of)
    }

    /// The listener that a connection waits for, whose other end no descriptor holds.
    pub(super) fn listener(&self, of: &Inet) -> Option<&'a Inet> {
        let waits = of.inode != 0 && of.state == State::Established;
        self.at(of).filter(|_| waits)
    }

    /// The socket that is bound where `of` leads: to that very address, or else to any; `None` where several are.
    fn at(&self, of: &Inet) -> Option<&'a Inet> {
        let key = (of.namespace, of.protocol, of.remote.port());
        let bound = self.bound.get(&key)?;
        let exact = |b: &&&Inet| b.local.ip() == of.remote.ip();
        let any = |b: &&&Inet| b.local.ip().is_unspecified();
        let mut exactly = bound.iter().filter(exact);
        match (exactly.next(), exactly.next()) {
            (Some(one), None) => return Some(one),
            (Some(_), Some(_)) => return None,
            _ => {}
        }
        let same_family = |b: &&&Inet| b.local.is_ipv4() == of.remote.is_ipv4();
        let mut family = bound.iter().filter(any).filter(same_family);
        match (family.next(), family.next()) {
            (Some(one), None) => return Some(one),
            (Some(_), Some(_)) => return None,
            _ => {}
        }
        let mut all = bound.iter().filter(any);
        let one = all.next()?;
        all.next().is_none().then_some(one)
    }

    /// The far ends of connections that a listener has not accepted yet.
    fn unaccepted_by(&self, listener: &Inet) -> Vec<&'a Inet> {
        let far = self.unheld.iter().filter_map(|end| self.opposite(end));
        far.filter(|far| self.at(far).is_some_and(|l| l.inode == listener.inode))
            .collect()
    }
}

impl Join<'_> {
    /// Those at the other end of a socket.
    pub(super) fn across(&self, ask: Ask, inode: u64) -> Peers {
        if let Some(unix) = self.sockets.unix(inode) {
            return self.across_unix(ask, unix);
        }
        match self.sockets.inet.get(&inode) {
            Some(inet) => self.across_inet(ask, inet),
            None => Peers::default(),
        }
    }

    fn across_inet(&self, ask: Ask, inet: &Inet) -> Peers {
        if inet.remote.port() == 0 {
            return match inet.protocol {
                Protocol::Tcp => self.queued(ask, inet),
                Protocol::Udp => self.sending(ask, inet),
            };
        }
        if inet.state == State::Closed {
            return Peers::default();
        }
        if inet.state == State::SynSent {
            return self.asked(ask, inet);
        }
        if let Some(other) = self.opposite(inet) {
            if other.inode == 0 {
                return self.unaccepted(ask, inet);
            }
            return self.held(ask, other.inode, Some(other.uid));
        }
        if let Some(taker) = self.taker(inet) {
            let flow = |peers: Peers| turned(peers, Flow::Out);
            return flow(self.held(ask, taker.inode, Some(taker.uid)));
        }
        let note = if inet.protocol == Protocol::Tcp && inet.is_local() {
            Note::Closed
        } else if inet.is_local() {
            return Peers::default();
        } else {
            Note::Elsewhere
        };
        Peers {
            note: Some(note),
            ..Peers::default()
        }
    }

    /// Those who wait for a listener of TCP to accept them.
    fn queued(&self, ask: Ask, listener: &Inet) -> Peers {
        if !listener.listens() {
            return Peers::default();
        }
        let clients = self.sockets.unaccepted_by(listener);
        let sockets: Vec<u64> = clients.iter().map(|c| c.inode).collect();
        self.waiting_peers(ask, &sockets)
    }

    /// Those of this machine who are connected to a UDP socket that is connected to nobody.
    fn sending(&self, ask: Ask, taker: &Inet) -> Peers {
        let to_it = |from: &&&Inet| {
            self.taker(from).is_some_and(|t| t.inode == taker.inode)
                && self.opposite(from).is_none()
        };
        let port = (taker.namespace, taker.local.port());
        let senders = self.sockets.senders_to.get(&port).into_iter().flatten();
        let mut sockets: Vec<u64> = senders.filter(to_it).map(|s| s.inode).collect();
        sockets.sort_unstable();
        self.from(ask, &sockets)
    }

    /// Whoever a connection is asked of, and has not answered yet.
    fn asked(&self, ask: Ask, inet: &Inet) -> Peers {
        let here = Some(inet).filter(|inet| inet.is_local());
        if let Some(listener) = here.and_then(|inet| self.sockets.at(inet)) {
            let mut peers = self.held(ask, listener.inode, Some(listener.uid));
            // In `sk_acceptq_is_full` of the kernel one more than was asked for fits in.
            let full = listener.receive_queue > listener.send_queue;
            peers.note = peers.note.or(full.then_some(Note::Full));
            return peers;
        }
        Peers {
            note: (!inet.is_local()).then_some(Note::Elsewhere),
            ..Peers::default()
        }
    }

    /// A connection whose other end no descriptor holds: its listener's process will accept it, or it was abandoned.
    fn unaccepted(&self, ask: Ask, inet: &Inet) -> Peers {
        let Some(listener) = self.sockets.listener(inet) else {
            return Peers {
                note: Some(Note::Closed),
                ..Peers::default()
            };
        };
        let mut peers = self.held(ask, listener.inode, Some(listener.uid));
        peers.note = peers.note.or(Some(Note::NotAccepted));
        peers
    }

    fn across_unix(&self, ask: Ask, unix: &Unix) -> Peers {
        let listener = self.sockets.waiting.get(&unix.inode).copied();
        if let Some(peer) = unix.peer {
            let taken = !self.holders(&Object::Socket(peer)).is_empty();
            if let Some(listener) = listener.filter(|_| !taken) {
                return self.not_accepted(ask, listener);
            }
            let uid = self.sockets.unix(peer).and_then(|u| u.uid);
            let peers = self.held(ask, peer, uid);
            // The other end of a datagram socket may be connected to nobody: data goes one way then.
            let one_way = self.sockets.senders(peer).contains(&unix.inode);
            return if one_way {
                turned(peers, Flow::Out)
            } else {
                peers
            };
        }
        if let Some(listener) = listener {
            return self.not_accepted(ask, listener);
        }
        if !unix.waiting.is_empty() {
            return self.waiting_peers(ask, &unix.waiting);
        }
        let senders = self.sockets.senders(unix.inode);
        if !senders.is_empty() {
            return self.from(ask, senders);
        }
        let closed = unix.state == State::Established;
        Peers {
            note: closed.then_some(Note::Closed),
            ..Peers::default()
        }
    }

    /// Those who hold sockets that send to the one that is asked about.
    fn from(&self, ask: Ask, sockets: &[u64]) -> Peers {
        if sockets.is_empty() {
            return Peers::default();
        }
        let objects: Vec<Object> = sockets.iter().map(|s| Object::Socket(*s)).collect();
        let found = objects.iter().flat_map(|o| self.holders(o));
        self.answer(ask, found.map(|p| (p, Flow::In)), Note::Closed, None)
    }

    /// Those who hold sockets that wait to be accepted.
    fn waiting_peers(&self, ask: Ask, sockets: &[u64]) -> Peers {
        if sockets.is_empty() {
            return Peers::default();
        }
        let objects: Vec<Object> = sockets.iter().map(|s| Object::Socket(*s)).collect();
        let found = objects.iter().flat_map(|o| self.holders(o));
        let mut peers = self.answer(ask, found.map(|p| (p, Flow::Both)), Note::Closed, None);
        peers.note = peers.note.or(Some(Note::NotAccepted));
        peers
    }

    fn not_accepted(&self, ask: Ask, listener: u64) -> Peers {
        let uid: Option<Uid> = self.sockets.unix(listener).and_then(|u| u.uid);
        let mut peers = self.held(ask, listener, uid);
        peers.note = peers.note.or(Some(Note::NotAccepted));
        peers
    }
}

/// The same peers, with data flowing this way.
fn turned(mut peers: Peers, flow: Flow) -> Peers {
    for peer in &mut peers.named {
        peer.flow = flow;
    }
    peers
}
