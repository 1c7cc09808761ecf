//! Who talks to whom: the channels between processes as edges, and the same grouped by pair.
//!
//! Pure: `sampler::descriptors::ipc` brings the index, the socket tables and what the kernel tells of queues and locks.

mod collect;
pub mod lines;
pub mod memory;

use std::collections::HashMap;

use super::descriptor::Mode;
use super::peer::join::Place;
use super::peer::{Flow, HolderIndex, Join, Object, Tables, pipeline};
use super::socket::Protocol;
use super::socket::{Inet, address};
use crate::model::id::{Pid, ProcId};
use crate::model::text::SafeText;
use collect::{Edges, Joint, party};

pub use collect::{Crowd, Found};
pub use lines::Line;
pub use memory::{Mapped, Mapper};

/// What joins two processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// An unnamed pipe.
    Pipe,
    /// A named pipe.
    Fifo,
    /// A pair of unix sockets.
    Unix,
    /// A TCP connection inside the machine.
    Tcp,
    /// UDP sockets inside the machine, at least one of them connected.
    Udp,
    /// A pseudo terminal.
    Pty,
    /// Memory that both map or hold.
    Memory,
    /// A shared counter.
    Eventfd,
    /// A message queue, System V or POSIX.
    Queue,
    /// A semaphore, System V or POSIX.
    Semaphore,
    /// A file lock: one waits for the other.
    Lock,
}

impl Channel {
    /// The channel as one word, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pipe => "pipe",
            Self::Fifo => "fifo",
            Self::Unix => "unix",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Pty => "pty",
            Self::Memory => "shared_memory",
            Self::Eventfd => "eventfd",
            Self::Queue => "message_queue",
            Self::Semaphore => "semaphore",
            Self::Lock => "lock",
        }
    }

    /// The channel as a person counts it: one of them, or several.
    pub fn counted(self, n: usize) -> String {
        let (one, many) = match self {
            Self::Pipe => ("pipe", "pipes"),
            Self::Fifo => ("fifo", "fifos"),
            Self::Unix => ("unix socket", "unix sockets"),
            Self::Tcp => ("tcp", "tcp"),
            Self::Udp => ("udp", "udp"),
            Self::Pty => ("terminal", "terminals"),
            Self::Memory => ("shared memory", "shared memories"),
            Self::Eventfd => ("eventfd", "eventfds"),
            Self::Queue => ("queue", "queues"),
            Self::Semaphore => ("semaphore", "semaphores"),
            Self::Lock => ("lock", "locks"),
        };
        match n {
            1 => one.to_owned(),
            n => format!("{n} {many}"),
        }
    }
}

/// One end of an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who.
    pub id: ProcId,
    /// Its name.
    pub name: SafeText,
    /// Under which number it holds its end, where it is a descriptor.
    pub fd: Option<u32>,
}

impl Party {
    /// The process with this number, by no descriptor; `None` where the index does not know it.
    pub fn of(index: &HolderIndex, pid: Pid) -> Option<Self> {
        let holder = index.of_pid(pid)?;
        Some(Self {
            id: holder.id,
            name: holder.name.clone(),
            fd: None,
        })
    }
}

/// One channel between two processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What joins them.
    pub channel: Channel,
    /// One end; of a pipe the writer, of a lock the one that waits.
    pub a: Party,
    /// The other end.
    pub b: Party,
    /// Which way data flows, seen from `a`.
    pub flow: Flow,
    /// What else is known: addresses, a path, how full it is.
    pub detail: String,
    /// Whether a [`Crowd`] tells of the same object as a whole.
    pub crowd: bool,
}

/// Every channel between two processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one with the lower pid, or who writes where all flows one way.
    pub a: Party,
    /// The other one.
    pub b: Party,
    /// Which way data flows, seen from `a`.
    pub flow: Flow,
    /// How many of each kind.
    pub channels: Vec<(Channel, usize)>,
    /// What is known of the first few.
    pub details: Vec<String>,
}

/// What view 6 shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipc {
    /// Every channel, by the pids of its ends.
    pub edges: Vec<Edge>,
    /// How many more there are, of objects that very many hold.
    pub more: usize,
    /// The same by pair.
    pub pairs: Vec<Pair>,
    /// The same as a person reads it: what is alike together.
    pub lines: Vec<Line>,
    /// How many processes are in them.
    pub processes: usize,
    /// Shell pipelines, first process first.
    pub pipelines: Vec<Vec<pipeline::Stage>>,
    /// How many processes hide their descriptors from this user.
    pub hidden: u32,
    /// Whether those of other users are not listed at all, and so not among them: `hidepid`.
    pub unlisted: bool,
    /// How many descriptors were looked at.
    pub descriptors: usize,
    /// Whether every process has been read; if not, more is to come.
    pub complete: bool,
}

/// Every channel that descriptors and mappings make.
///
/// `fill` tells how full a pipe or queue is. Where very many share one thing, `hub` is joined with each of them.
pub fn edges(
    join: &Join<'_>,
    tables: &Tables,
    mappers: &[Mapper],
    hub: Option<ProcId>,
    fill: impl Fn(&Object, &Place<'_>) -> Option<String>,
) -> Found {
    let mut edges = Edges::new(hub);
    for (object, places) in join.objects() {
        match object {
            Object::Pipe(_) | Object::Fifo { .. } | Object::Queue { .. } => {
                pipes(&mut edges, object, places, &fill);
            }
            Object::Pty {
                instance,
                index,
                master: false,
            } => {
                let masters = join.holders(&Object::Pty {
                    instance: *instance,
                    index: *index,
                    master: true,
                });
                let masters: Vec<_> = masters.iter().collect();
                let slaves: Vec<_> = places.iter().collect();
                let joint = Joint {
                    channel: Channel::Pty,
                    object,
                    flow: Flow::Both,
                    detail: &format!("pts/{index}"),
                };
                edges.between(joint, (&masters, &slaves));
            }
            Object::Eventfd(id) => {
                let all = places.iter().map(party).collect();
                edges.shared(Channel::Eventfd, object, all, &format!("eventfd {id}"));
            }
            _ => {}
        }
    }
    sockets(&mut edges, join, tables);
    memory::edges(&mut edges, join, mappers);
    edges.done()
}

fn pipes(
    edges: &mut Edges,
    object: &Object,
    places: &[Place<'_>],
    fill: &impl Fn(&Object, &Place<'_>) -> Option<String>,
) {
    let channel = match object {
        Object::Fifo { .. } => Channel::Fifo,
        Object::Queue { .. } => Channel::Queue,
        _ => Channel::Pipe,
    };
    let side = |passes: fn(Mode) -> bool| -> Vec<&Place<'_>> {
        let side = places.iter().filter(|p| p.mode.is_some_and(passes));
        side.collect()
    };
    let (writers, readers) = (side(Mode::writes), side(Mode::reads));
    let crosses = |w: &&Place<'_>| readers.iter().any(|r| r.holder.id != w.holder.id);
    if !writers.iter().any(crosses) {
        return;
    }
    let detail = readers.first().and_then(|r| fill(object, r));
    let joint = Joint {
        channel,
        object,
        flow: Flow::Out,
        detail: &detail.unwrap_or_default(),
    };
    edges.between(joint, (&writers, &readers));
}

fn sockets(edges: &mut Edges, join: &Join<'_>, tables: &Tables) {
    let mut join_ends = |channel, flow, (one, other): (u64, u64), detail: &str| {
        let object = Object::Socket(one);
        let held = |object| -> Vec<&Place<'_>> { join.holders(object).iter().collect() };
        let joint = Joint {
            channel,
            object: &object,
            flow,
            detail,
        };
        edges.between(joint, (&held(&object), &held(&Object::Socket(other))));
    };
    for unix in &tables.unix {
        for sender in join.senders(unix.inode) {
            let name = unix.name.as_deref().unwrap_or_default();
            join_ends(Channel::Unix, Flow::Out, (*sender, unix.inode), name);
        }
        let mutual = |peer: &u64| join.unix(*peer).is_some_and(|far| far.peer.is_some());
        if let Some(peer) = unix.peer.filter(|p| *p > unix.inode && mutual(p)) {
            let far = join.unix(peer).and_then(|u| u.name.as_ref());
            let name = unix.name.as_ref().or(far);
            let detail = name.map(ToString::to_string).unwrap_or_default();
            join_ends(Channel::Unix, Flow::Both, (unix.inode, peer), &detail);
        }
        for client in &unix.waiting {
            let name = unix.name.as_deref().unwrap_or_default();
            let detail = format!("{name} not accepted yet");
            let ends = (*client, unix.inode);
            join_ends(Channel::Unix, Flow::Both, ends, detail.trim());
        }
    }
    let key = |i: &Inet| (i.local, i.remote);
    for inet in &tables.inet {
        let (here, there) = (address::shown(inet.local), address::shown(inet.remote));
        let detail = format!("{here} {there}");
        let channel = match inet.protocol {
            Protocol::Tcp => Channel::Tcp,
            Protocol::Udp => Channel::Udp,
        };
        match join.opposite(inet) {
            Some(other) if other.inode == 0 => {
                if let Some(listener) = join.listener(inet) {
                    let detail = format!("{detail} not accepted yet");
                    join_ends(channel, Flow::Both, (inet.inode, listener), &detail);
                }
            }
            Some(other) if inet.inode != 0 && key(inet) < key(other) => {
                join_ends(channel, Flow::Both, (inet.inode, other.inode), &detail);
            }
            Some(_) => {}
            None => {
                if let Some(taker) = join.taker(inet) {
                    join_ends(channel, Flow::Out, (inet.inode, taker.inode), &detail);
                }
            }
        }
    }
}

/// How many details of a pair are kept.
const DETAILS: usize = 4;

/// The edges by pair, the ones with most channels first.
pub fn pairs<'a>(edges: impl IntoIterator<Item = &'a Edge>) -> Vec<Pair> {
    let mut by: HashMap<(ProcId, ProcId), Pair> = HashMap::new();
    for edge in edges {
        let turned = edge.a.id > edge.b.id;
        let (a, b, flow) = if turned {
            (&edge.b, &edge.a, edge.flow.turned())
        } else {
            (&edge.a, &edge.b, edge.flow)
        };
        let pair = by.entry((a.id, b.id)).or_insert_with(|| Pair {
            a: a.clone(),
            b: b.clone(),
            flow,
            channels: Vec::new(),
            details: Vec::new(),
        });
        if pair.flow != flow {
            pair.flow = Flow::Both;
        }
        match pair.channels.iter_mut().find(|(c, _)| *c == edge.channel) {
            Some((_, n)) => *n += 1,
            None => pair.channels.push((edge.channel, 1)),
        }
        let new = !edge.detail.is_empty() && !pair.details.contains(&edge.detail);
        if pair.details.len() < DETAILS && new {
            pair.details.push(edge.detail.clone());
        }
    }
    let mut out: Vec<_> = by.into_values().map(written_first).collect();
    out.sort_by_key(|p| (std::cmp::Reverse(counted(&p.channels)), p.a.id, p.b.id));
    out
}

/// How many channels these are.
pub fn counted(channels: &[(Channel, usize)]) -> usize {
    channels.iter().map(|(_, n)| n).sum()
}

/// Where all flows one way, the one it flows from stands first.
fn written_first(pair: Pair) -> Pair {
    if pair.flow != Flow::In {
        return pair;
    }
    Pair {
        a: pair.b,
        b: pair.a,
        flow: Flow::Out,
        ..pair
    }
}

#[cfg(test)]
mod tests;
