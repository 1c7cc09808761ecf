//! The join itself: lookups over the holder index and the tables, and the questions that are put to it.

mod sockets;

use std::collections::HashMap;

use super::{Flow, Holder, HolderIndex, NAMED, Note, Object, Peer, Peers, Tables};
use crate::model::descriptors::mode::Mode;
use crate::model::descriptors::socket::{Inet, Socket, Unix};
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

/// What every process holds, joined with what the kernel's socket tables say.
#[derive(Debug)]
pub struct Join<'a> {
    places: HashMap<&'a Object, Vec<Place<'a>>>,
    sockets: sockets::Sockets<'a>,
    hidden: bool,
    early: bool,
}

impl<'a> Join<'a> {
    /// Over the holder index and the tables of the same moment.
    pub fn new(index: &'a HolderIndex, tables: &'a Tables) -> Self {
        Self::of(index, tables, index.descriptors(), Object::joins)
    }

    /// The same where only sockets are asked about, of which a machine has few beside files.
    pub fn of_sockets(index: &'a HolderIndex, tables: &'a Tables) -> Self {
        let socket = |object: &Object| matches!(object, Object::Socket(_));
        Self::of(index, tables, tables.inet.len(), socket)
    }

    fn of(
        index: &'a HolderIndex,
        tables: &'a Tables,
        room: usize,
        joins: impl Fn(&Object) -> bool,
    ) -> Self {
        let mut places: HashMap<_, Vec<_>> = HashMap::with_capacity(room);
        for holder in &index.holders {
            for end in holder.ends.iter().flat_map(|ends| ends.iter()) {
                if joins(&end.object) {
                    places.entry(&end.object).or_default().push(Place {
                        holder,
                        fd: end.fd,
                        mode: end.mode,
                    });
                }
            }
        }
        Self {
            places,
            sockets: sockets::Sockets::new(tables),
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
        self.sockets.socket(inode)
    }

    /// The unix socket with this inode.
    pub fn unix(&self, inode: u64) -> Option<&'a Unix> {
        self.sockets.unix(inode)
    }

    /// The other end of a TCP connection or of a connected UDP pair, where it is in a table too.
    pub fn opposite(&self, of: &Inet) -> Option<&'a Inet> {
        self.sockets.opposite(of)
    }

    /// The unix sockets that send datagrams to this one.
    pub fn senders(&self, inode: u64) -> &[u64] {
        self.sockets.senders(inode)
    }

    /// The listener that has not accepted a connection yet which no descriptor holds at its other end.
    pub fn listener(&self, of: &Inet) -> Option<u64> {
        self.sockets.listener(of).map(|l| l.inode)
    }

    /// The one socket on this machine that takes what a connected UDP socket sends, where that socket is not connected itself.
    pub fn taker(&self, of: &Inet) -> Option<&'a Inet> {
        self.sockets.taker(of)
    }

    /// The peers of a descriptor `fd` of process `of`.
    pub fn peers(&self, of: ProcId, fd: u32, mode: Option<Mode>, object: &Object) -> Peers {
        if !object.joins() {
            return Peers::default();
        }
        let mounts = self.mounts_of(of, object);
        let ask = Ask { of, fd, mounts };
        match object {
            Object::Pipe(_) | Object::Fifo { .. } | Object::Queue { .. } => {
                self.piped(ask, mode, object)
            }
            Object::Socket(inode) => self.across(ask, *inode),
            Object::Pty {
                instance,
                index,
                master,
            } => {
                let other = Object::Pty {
                    instance: *instance,
                    index: *index,
                    master: !master,
                };
                let found = self.holders(&other).iter().map(|p| (p, Flow::Both));
                self.answer(ask, found, Note::Closed, None)
            }
            Object::Eventfd(_) | Object::Inode { .. } => {
                let others = self.holders(object).iter().filter(|p| p.holder.id != of);
                let mut peers = collect(ask, others.map(|p| (p, Flow::Both)));
                peers.note = (!peers.named.is_empty()).then_some(Note::Shared);
                peers
            }
            Object::File(_) | Object::Card | Object::Other => Peers::default(),
        }
    }

    /// The mount namespace of a holder of this object.
    fn mounts_of(&self, of: ProcId, object: &Object) -> u64 {
        let own = self.holders(object).iter().find(|p| p.holder.id == of);
        own.map_or(0, |p| p.holder.mounts)
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
        // A queue lasts without holders, and who has a FIFO open both ways is its other end itself.
        let lasts = matches!(object, Object::Queue { .. }) || flow == Flow::Both;
        let (empty, hidden) = if lasts {
            (Note::Alone(flow), Note::AloneInSight)
        } else {
            (Note::Closed, Note::Hidden(None))
        };
        let seen = |p: &Place<'_>| match (flow, p.mode) {
            (Flow::Both, Some(Mode::Write)) => Flow::In,
            (Flow::Both, Some(Mode::Read)) => Flow::Out,
            _ => flow,
        };
        self.noted(ask, opposite.map(|p| (p, seen(p))), empty, hidden)
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
        self.noted(ask, found, empty, Note::Hidden(uid))
    }

    /// The same; `hidden` is what is said where somebody may not be seen.
    fn noted<'b>(
        &self,
        ask: Ask,
        found: impl Iterator<Item = (&'b Place<'a>, Flow)>,
        empty: Note,
        hidden: Note,
    ) -> Peers
    where
        'a: 'b,
    {
        let mut peers = collect(ask, found);
        if peers.named.is_empty() {
            peers.note = Some(if self.early {
                Note::Looking
            } else if self.hidden {
                hidden
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
    /// Its mount namespace, 0 where that is not known.
    mounts: u64,
}

/// Whether two mount namespaces are known to differ.
pub fn foreign(one: u64, other: u64) -> bool {
    one != 0 && other != 0 && one != other
}

/// Other processes are named before the process itself.
fn collect<'a, 'b>(ask: Ask, found: impl Iterator<Item = (&'b Place<'a>, Flow)>) -> Peers
where
    'a: 'b,
{
    let mut peers = Peers::default();
    let mut itself = Vec::new();
    let mut more = std::collections::HashSet::new();
    for (place, flow) in found {
        let own = place.holder.id == ask.of;
        if own && place.fd == ask.fd {
            continue;
        }
        let list = if own { &mut itself } else { &mut peers.named };
        if list.len() == NAMED {
            if !own && !list.iter().any(|p| p.id == place.holder.id) {
                more.insert(place.holder.id);
            }
            continue;
        }
        list.push(Peer {
            id: place.holder.id,
            name: place.holder.name.clone(),
            fd: Some(place.fd),
            flow,
            foreign: foreign(ask.mounts, place.holder.mounts),
        });
    }
    let room = NAMED - peers.named.len();
    peers.more = more.len();
    peers.named.extend(itself.into_iter().take(room));
    peers
}
