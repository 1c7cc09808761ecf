//! The join itself: an index over the index and the tables, and the questions that are put to it.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::{Flow, Holder, HolderIndex, NAMED, Note, Object, Peer, Peers, Tables};
use crate::model::descriptors::descriptor::Mode;
use crate::model::descriptors::socket::{Inet, Protocol, Scope, Socket, State, Unix};
use crate::model::id::{ProcId, Uid};

/// One descriptor of one process, as the index keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose it is.
    pub holder: &'a Holder,
    /// Its number there.
    pub fd: u32,
    /// Whether it can be read or written.
    pub mode: Option<Mode>,
}

/// The two ends of a connection, in one namespace.
type Ends = (u64, SocketAddr, SocketAddr);

/// An index over what every process holds and what the kernel's socket tables say.
#[derive(Debug)]
pub struct Join<'a> {
    places: HashMap<&'a Object, Vec<Place<'a>>>,
    unix: HashMap<u64, &'a Unix>,
    /// Who waits to be accepted → the listener.
    waiting: HashMap<u64, u64>,
    inet: HashMap<u64, &'a Inet>,
    connections: HashMap<Ends, &'a Inet>,
    hidden: bool,
    early: bool,
}

impl<'a> Join<'a> {
    /// Indexes a index and the tables of the same moment.
    pub fn new(index: &'a HolderIndex, tables: &'a Tables) -> Self {
        let mut places: HashMap<_, Vec<_>> = HashMap::with_capacity(index.len());
        for holder in &index.holders {
            for end in holder.ends.iter().flat_map(|ends| ends.iter()) {
                if end.object != Object::Other {
                    places.entry(&end.object).or_default().push(Place {
                        holder,
                        fd: end.fd,
                        mode: end.mode,
                    });
                }
            }
        }
        let listeners = tables
            .unix
            .iter()
            .flat_map(|unix| unix.waiting.iter().map(|client| (*client, unix.inode)));
        let connected = tables.inet.iter().filter(|i| {
            i.protocol == Protocol::Tcp && i.state != State::Listening && i.remote.port() != 0
        });
        Self {
            places,
            unix: tables.unix.iter().map(|u| (u.inode, u)).collect(),
            waiting: listeners.collect(),
            inet: tables
                .inet
                .iter()
                .filter(|i| i.inode != 0)
                .map(|i| (i.inode, i))
                .collect(),
            connections: connected
                .map(|i| ((i.namespace, i.local, i.remote), i))
                .collect(),
            hidden: index.hidden() > 0 || index.in_part,
            early: index.early,
        }
    }

    /// Everyone who holds an object.
    pub fn holders(&self, object: &Object) -> &[Place<'a>] {
        self.places.get(object).map_or(&[], Vec::as_slice)
    }

    /// Every object that is held, with its holders, in no order.
    pub fn objects(&self) -> impl Iterator<Item = (&'a Object, &[Place<'a>])> {
        self.places
            .iter()
            .map(|(object, at)| (*object, at.as_slice()))
    }

    /// What the kernel's tables say about a socket.
    pub fn socket(&self, inode: u64) -> Option<Socket> {
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

    /// The unix socket with this inode.
    pub fn unix(&self, inode: u64) -> Option<&'a Unix> {
        self.unix.get(&inode).copied()
    }

    /// The other end of a TCP connection, where it is in a table too.
    pub fn opposite(&self, of: &Inet) -> Option<&'a Inet> {
        let turned = (of.namespace, of.remote, of.local);
        let other = self.connections.get(&turned).copied()?;
        (of.protocol == Protocol::Tcp && of.state != State::Listening).then_some(other)
    }

    /// The peers of a descriptor `fd` of process `of`.
    pub fn peers(&self, of: ProcId, fd: u32, mode: Option<Mode>, object: &Object) -> Peers {
        let ask = Ask { of, fd };
        match object {
            Object::Pipe(_) | Object::Fifo { .. } | Object::Queue { .. } => {
                self.piped(ask, mode, object)
            }
            Object::Socket(inode) => self.across(ask, *inode),
            Object::Pty { index, master } => {
                let other = Object::Pty {
                    index: *index,
                    master: !master,
                };
                let found = self.holders(&other).iter().map(|p| (p, Flow::Both));
                self.answer(ask, found, Note::Closed, None)
            }
            Object::Eventfd(_) | Object::Inode { .. } | Object::File(_) => {
                let others = self.holders(object).iter().filter(|p| p.holder.id != of);
                let mut peers = collect(ask, others.map(|p| (p, Flow::Both)));
                peers.note = (!peers.named.is_empty()).then_some(Note::Shared);
                peers
            }
            Object::Other => Peers::default(),
        }
    }

    /// Those who hold the other side of a pipe: writers for a reader, readers for a writer.
    fn piped(&self, ask: Ask, mode: Option<Mode>, object: &Object) -> Peers {
        let flow = match mode {
            Some(Mode::Read) => Flow::In,
            Some(Mode::Write) => Flow::Out,
            _ => Flow::Both,
        };
        let opposite = self.holders(object).iter().filter(|p| match flow {
            Flow::In => p.mode.is_some_and(Mode::writes),
            Flow::Out => p.mode.is_some_and(Mode::reads),
            Flow::Both => true,
        });
        self.answer(ask, opposite.map(|p| (p, flow)), Note::Closed, None)
    }

    fn across(&self, ask: Ask, inode: u64) -> Peers {
        if let Some(unix) = self.unix.get(&inode) {
            return self.across_unix(ask, unix);
        }
        let Some(inet) = self.inet.get(&inode) else {
            return Peers::default();
        };
        if inet.listens() || inet.remote.port() == 0 || inet.state == State::Closed {
            return Peers::default();
        }
        let Some(other) = self.opposite(inet) else {
            let note = if inet.protocol == Protocol::Tcp && inet.is_local() {
                Note::Closed
            } else if Scope::of(inet.remote.ip()) == Scope::Loopback {
                return Peers::default();
            } else {
                Note::Elsewhere
            };
            return Peers {
                note: Some(note),
                ..Peers::default()
            };
        };
        if other.inode == 0 {
            return self.unaccepted(ask, inet);
        }
        self.held(ask, other.inode, Some(other.uid))
    }

    /// A connection whose other end no descriptor holds: its listener's process will accept it, or it was abandoned.
    fn unaccepted(&self, ask: Ask, inet: &Inet) -> Peers {
        let listener = self.inet.values().find(|l| {
            l.listens()
                && l.protocol == inet.protocol
                && l.namespace == inet.namespace
                && l.local.port() == inet.remote.port()
                && (l.local.ip().is_unspecified() || l.local.ip() == inet.remote.ip())
        });
        let Some(listener) = listener.filter(|_| inet.state == State::Established) else {
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
        if let Some(peer) = unix.peer {
            if let Some(listener) = self.waiting.get(&unix.inode)
                && self.holders(&Object::Socket(peer)).is_empty()
            {
                return self.not_accepted(ask, *listener);
            }
            return self.held(ask, peer, self.unix.get(&peer).and_then(|u| u.uid));
        }
        if let Some(listener) = self.waiting.get(&unix.inode) {
            return self.not_accepted(ask, *listener);
        }
        if unix.waiting.is_empty() {
            let closed = unix.state == State::Established;
            return Peers {
                note: closed.then_some(Note::Closed),
                ..Peers::default()
            };
        }
        let clients = unix.waiting.iter();
        let found = clients.flat_map(|c| self.holders(&Object::Socket(*c)));
        let found = found.map(|p| (p, Flow::Both));
        let mut peers = self.answer(ask, found, Note::Closed, None);
        peers.note = peers.note.or(Some(Note::NotAccepted));
        peers
    }

    fn not_accepted(&self, ask: Ask, listener: u64) -> Peers {
        let uid = self.unix.get(&listener).and_then(|u| u.uid);
        let mut peers = self.held(ask, listener, uid);
        peers.note = peers.note.or(Some(Note::NotAccepted));
        peers
    }

    /// Those who hold the socket at the other end.
    fn held(&self, ask: Ask, inode: u64, uid: Option<Uid>) -> Peers {
        let object = Object::Socket(inode);
        let found = self.holders(&object).iter().map(|p| (p, Flow::Both));
        self.answer(ask, found, Note::Closed, uid)
    }

    /// The peers found; where there are none, `empty`, or that they are not known yet or not visible to this user.
    fn answer<'b>(
        &self,
        ask: Ask,
        found: impl Iterator<Item = (&'b Place<'a>, Flow)>,
        empty: Note,
        uid: Option<Uid>,
    ) -> Peers
    where
        'a: 'b,
    {
        let mut peers = collect(ask, found);
        if peers.named.is_empty() {
            peers.note = Some(if self.early {
                Note::Looking
            } else if self.hidden {
                Note::Hidden(uid)
            } else {
                empty
            });
        }
        peers
    }
}

/// Whose descriptor is asked about; it is no peer of itself.
#[derive(Clone, Copy)]
struct Ask {
    of: ProcId,
    fd: u32,
}

/// Other processes are named before the process itself.
fn collect<'a, 'b>(ask: Ask, found: impl Iterator<Item = (&'b Place<'a>, Flow)>) -> Peers
where
    'a: 'b,
{
    let mut peers = Peers::default();
    let mut itself = Vec::new();
    for (place, flow) in found {
        let own = place.holder.id == ask.of;
        if own && place.fd == ask.fd {
            continue;
        }
        let list = if own { &mut itself } else { &mut peers.named };
        if list.len() == NAMED {
            peers.more += 1;
            continue;
        }
        list.push(Peer {
            id: place.holder.id,
            name: place.holder.name.clone(),
            fd: Some(place.fd),
            flow,
        });
    }
    let room = NAMED - peers.named.len();
    peers.more += itself.len().saturating_sub(room);
    peers.named.extend(itself.into_iter().take(room));
    peers
}
