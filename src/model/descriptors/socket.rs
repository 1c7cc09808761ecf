//! Sockets: what the kernel's own tables tell of one, whoever holds it.
//!
//! Reads nothing: `sys::sock_diag` and `sys::net_tables` fill these types.

pub mod address;
pub mod names;
pub mod state;

use std::net::SocketAddr;

use crate::model::id::{Bytes, Nanos, Uid};
use crate::model::text::SafeText;

pub use address::Scope;
pub use state::State;

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// Over IP.
    Inet(Inet),
    /// Inside this machine.
    Unix(Unix),
}

/// What runs over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A TCP or UDP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inet {
    /// What runs over IP.
    pub protocol: Protocol,
    /// Its inode; 0 while no descriptor holds it (not accepted yet, or orphaned, or TIME-WAIT).
    pub inode: u64,
    /// The kernel's number for its whole life; 0 where it is not told.
    pub cookie: u64,
    /// What it is doing.
    pub state: State,
    /// This end; addresses of IPv4 inside IPv6 are written as IPv4.
    pub local: SocketAddr,
    /// The other end; unspecified with port 0 where there is none.
    pub remote: SocketAddr,
    /// Bytes (for a listener: connections) that wait to be taken by the process.
    pub receive_queue: u32,
    /// Bytes that the other end has not acknowledged (for a listener: the most that may wait).
    pub send_queue: u32,
    /// Whose it is.
    pub uid: Uid,
    /// The interface that it is bound to, 0 for none.
    pub interface: u32,
    /// The network namespace that it lives in, as the inode of `/proc/PID/ns/net`.
    pub namespace: u64,
    /// Of a listener on every IPv6 address: whether it takes no IPv4, where the kernel tells it.
    pub only_v6: Option<bool>,
    /// What TCP measures, where the kernel tells it.
    pub tcp: Option<Tcp>,
}

/// What TCP measures about one connection (`struct tcp_info`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tcp {
    /// Smoothed round-trip time and how much it varies; `None` while nothing was acknowledged that it could be measured by.
    pub rtt: Option<(Nanos, Nanos)>,
    /// Segments sent again since it began.
    pub retransmits: u32,
    /// Bytes that the other end acknowledged.
    pub acked: Bytes,
    /// Bytes received in order.
    pub received: Bytes,
    /// Congestion window, in segments.
    pub window: u32,
    /// Largest segment that it sends.
    pub mss: u32,
    /// Path MTU.
    pub path_mtu: u32,
    /// What it could deliver lately, bytes a second.
    pub delivery_rate: u64,
}

/// A unix socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unix {
    /// Its inode.
    pub inode: u64,
    /// How data is framed.
    pub style: Style,
    /// What it is doing.
    pub state: State,
    /// Its path, or `@name` where it is abstract.
    pub name: Option<SafeText>,
    /// The inode of the other end; `None` while listening, unconnected or not accepted yet.
    pub peer: Option<u64>,
    /// The name of the other end, where it has one.
    pub peer_name: Option<SafeText>,
    /// For a listener: the inodes of those who wait to be accepted.
    pub waiting: Vec<u64>,
    /// Bytes (for a listener: connections) that wait to be taken.
    pub receive_queue: u32,
    /// Bytes that the other end has not taken.
    pub send_queue: u32,
    /// Whose it is, where the kernel tells it.
    pub uid: Option<Uid>,
}

/// How a unix socket frames data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// A stream of bytes.
    #[default]
    Stream,
    /// Single messages.
    Datagram,
    /// Messages in order.
    Packet,
}

impl Style {
    /// As `ss` says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Datagram => "datagram",
            Self::Packet => "packets",
        }
    }
}

impl Inet {
    /// Whether it waits for connections, or for datagrams from anybody.
    pub fn listens(&self) -> bool {
        match self.protocol {
            Protocol::Tcp => self.state == State::Listening,
            Protocol::Udp => self.remote.port() == 0 && self.local.port() != 0,
        }
    }

    /// This end as text. Every address is `0.0.0.0` of IPv4 alone, `[::]` of IPv6 alone or where it is not told, `*` of both.
    pub fn local_end(&self) -> String {
        let port = self.local.port();
        match self.local.ip() {
            ip if !ip.is_unspecified() => address::shown(self.local),
            std::net::IpAddr::V4(_) => format!("0.0.0.0:{port}"),
            std::net::IpAddr::V6(_) if self.only_v6 == Some(false) => format!("*:{port}"),
            std::net::IpAddr::V6(_) => format!("[::]:{port}"),
        }
    }

    /// Whether both ends are on this machine.
    pub fn is_local(&self) -> bool {
        let (here, there) = (self.local.ip(), self.remote.ip());
        there == here || Scope::of(there) == Scope::Loopback
    }
}

impl Socket {
    /// This end as text: `127.0.0.1:8080`, `/run/x.sock`.
    pub fn local(&self) -> Option<String> {
        match self {
            Self::Inet(inet) => Some(inet.local_end()),
            Self::Unix(unix) => unix.name.as_ref().map(ToString::to_string),
        }
    }

    /// The other end as text; `None` where there is none.
    pub fn remote(&self) -> Option<String> {
        match self {
            Self::Inet(inet) if inet.remote.port() != 0 => Some(address::shown(inet.remote)),
            _ => None,
        }
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        match self {
            Self::Inet(inet) => inet.state,
            Self::Unix(unix) => unix.state,
        }
    }

    /// What waits to be taken here, and what the other end has not taken.
    pub fn queues(&self) -> (u32, u32) {
        match self {
            Self::Inet(inet) => (inet.receive_queue, inet.send_queue),
            Self::Unix(unix) => (unix.receive_queue, unix.send_queue),
        }
    }

    /// Whose it is, where known.
    pub fn uid(&self) -> Option<Uid> {
        match self {
            Self::Inet(inet) => Some(inet.uid),
            Self::Unix(unix) => unix.uid,
        }
    }

    /// The addresses and the state in one line.
    pub fn words(&self) -> String {
        match self {
            Self::Inet(inet) if inet.listens() => {
                format!("{} {}", inet.state.word(inet.protocol), inet.local_end())
            }
            Self::Inet(inet) if inet.remote.port() == 0 => {
                inet.state.word(inet.protocol).to_owned()
            }
            Self::Inet(inet) => {
                let (here, there) = (address::shown(inet.local), address::shown(inet.remote));
                match inet.state {
                    State::Established => format!("{here} ⇄ {there}"),
                    state => format!("{here} ⇄ {there} {}", state.word(inet.protocol)),
                }
            }
            Self::Unix(unix) => unix_words(unix),
        }
    }
}

fn unix_words(unix: &Unix) -> String {
    let mut out = unix.style.word().to_owned();
    match (&unix.name, &unix.peer_name) {
        (Some(name), _) if unix.state == State::Listening => return format!("listening {name}"),
        (Some(name), _) => out = format!("{out} {name}"),
        (None, Some(far)) => out = format!("{out} to {far}"),
        (None, None) => {}
    }
    if unix.state != State::Established && unix.style != Style::Datagram {
        out.push_str(" not connected");
    }
    out
}

#[cfg(test)]
impl Inet {
    /// A TCP connection as tests want it: of nobody in particular, nothing under way.
    ///
    /// # Panics
    /// Where an end is no address with a port.
    pub fn between(local: &str, remote: &str) -> Self {
        Self {
            protocol: Protocol::Tcp,
            inode: 1,
            cookie: 1,
            state: State::Established,
            local: local.parse().expect(local),
            remote: remote.parse().expect(remote),
            receive_queue: 0,
            send_queue: 0,
            uid: Uid(0),
            interface: 0,
            namespace: 1,
            only_v6: None,
            tcp: None,
        }
    }
}

#[cfg(test)]
pub(in crate::model) mod tests;
