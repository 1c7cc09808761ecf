//! The network as this machine sees it: interfaces, routes, listeners, connections, and who uses how much.
//!
//! Reads nothing: `sys::network` fills these types. Nothing is ever sent to the network.

pub mod interface;
pub mod ledger;
pub mod route;
pub mod traffic;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::descriptors::peer::{Peer, Peers};
use super::descriptors::socket::names::Names;
use super::descriptors::socket::{Inet, Protocol, Scope};
use super::id::{Nanos, ProcId};
use super::reading::{Missing, Reading};
use super::sample::Traffic;
use super::text::SafeText;

pub use interface::{Counters, Interface, Kind};
pub use ledger::Short;
pub use route::{Route, Ways};
pub use traffic::{Rates, Talker};

/// What view 5 and the tab Sockets show.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// By index; loopback among them.
    pub interfaces: Vec<Interface>,
    /// The main routing tables, IPv4 and IPv6.
    pub routes: Vec<Route>,
    /// Where names are asked for (`/etc/resolv.conf`).
    pub resolvers: Vec<SafeText>,
    /// Names of ports and addresses.
    pub names: Arc<Names>,
    /// Every TCP and UDP socket that could be seen.
    pub connections: Vec<Connection>,
    /// Who moves the most over TCP, the busiest first.
    pub talkers: Vec<Talker>,
    /// What each process moves over UDP, payload alone; why that is not told.
    pub datagrams: Reading<Vec<(ProcId, Rates)>>,
    /// TCP of connections that ended between two readings and belong to nobody that is known.
    pub short: Reading<Short>,
    /// Between the two readings that rates are made of; zero while there is only one.
    pub span: Nanos,
    /// How many processes hide their descriptors from this user.
    pub hidden: u32,
    /// Whether those of other users are not listed at all, and so not among them: `hidepid`.
    pub unlisted: bool,
    /// Which ones, ascending.
    pub hiding: Vec<ProcId>,
    /// Whether the descriptors of the process in focus may be read; missing while there is none, or why not.
    pub focus: Reading<()>,
    /// Whether the descriptors of every process have been read; if not, more holders will be found.
    pub complete: bool,
    /// The network namespace whose interfaces and routes these are.
    pub namespace: u64,
    /// What other network namespaces are called, where anybody has named them.
    pub namespaces: Vec<(u64, SafeText)>,
    /// The interfaces and routes of the process in focus, where it lives in another namespace.
    pub foreign: Option<Foreign>,
}

/// Another network namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// Which one.
    pub namespace: u64,
    /// By index. Where the namespace may not be entered, only names and counters are known.
    pub interfaces: Reading<Vec<Interface>>,
    /// Its main routing tables.
    pub routes: Vec<Route>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            routes: Vec::new(),
            resolvers: Vec::new(),
            names: Arc::default(),
            connections: Vec::new(),
            talkers: Vec::new(),
            datagrams: Err(Missing::Soon),
            short: Err(Missing::Soon),
            span: Nanos(0),
            hidden: 0,
            unlisted: false,
            hiding: Vec::new(),
            focus: Err(Missing::Soon),
            complete: false,
            namespace: 0,
            namespaces: Vec::new(),
            foreign: None,
        }
    }
}

/// One socket with its holders.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// What the kernel's table tells.
    pub inet: Inet,
    /// Who holds it: process, name, number; the first few.
    pub holders: Vec<(ProcId, SafeText, u32)>,
    /// How many more hold it.
    pub more: usize,
    /// Who held it last, where nobody does any more and the kernel ends it.
    pub was: Option<(ProcId, SafeText)>,
    /// What it moves now, for TCP.
    pub rates: Reading<Rates>,
    /// Who is at its other end, as its first holder sees it; nobody where that is another machine, which its address tells.
    pub peers: Peers,
}

impl Connection {
    /// One of the processes at its other end: another one than those that hold this end, where there is one.
    pub fn peer(&self) -> Option<&Peer> {
        let holds = |id| self.holders.iter().any(|(holder, ..)| *holder == id);
        let mut named = self.peers.named.iter();
        named
            .clone()
            .find(|p| !holds(p.id))
            .or_else(|| named.next())
    }

    /// Whose it is: the first who holds it, else who held it last.
    pub fn owner(&self) -> Option<(ProcId, &SafeText)> {
        let holder = self.holders.first().map(|(id, name, _)| (*id, name));
        holder.or_else(|| self.was.as_ref().map(|(id, name)| (*id, name)))
    }
}

impl Network {
    /// The listeners, by protocol and port.
    pub fn listeners(&self) -> Vec<&Connection> {
        let mut out: Vec<_> = self
            .connections
            .iter()
            .filter(|c| c.inet.listens())
            .collect();
        out.sort_by_key(|c| (c.inet.protocol, c.inet.local.port(), c.inet.local.ip()));
        out
    }

    /// The connections that have two ends.
    pub fn connected(&self) -> impl Iterator<Item = &Connection> {
        self.connections
            .iter()
            .filter(|c| !c.inet.listens() && c.inet.remote.port() != 0)
    }

    /// The name of the service at one of the ends of a socket: the port that somebody listens on, as a rule the lower one.
    pub fn service(&self, of: &Inet) -> Option<&str> {
        let name = |port, protocol| self.names.services.name(port, protocol);
        let (here, there) = (of.local.port(), of.remote.port());
        let order = if there == 0 || here <= there {
            [here, there]
        } else {
            [there, here]
        };
        order.into_iter().find_map(|p| name(p, of.protocol))
    }

    /// The default gateways, each with its interface.
    pub fn gateways(&self) -> impl Iterator<Item = (IpAddr, &SafeText)> {
        let default = self.routes.iter().filter(|r| r.prefix == 0);
        default.filter_map(|r| r.gateway.map(|g| (g, &r.interface)))
    }

    /// The interface with this name.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.here().interface(name)
    }

    /// The interfaces and routes of our own namespace.
    pub fn here(&self) -> Ways<'_> {
        Ways {
            interfaces: &self.interfaces,
            routes: &self.routes,
        }
    }

    /// The interfaces and routes of a namespace; 0 stands for one that is not told.
    ///
    /// # Errors
    /// `Denied` where it may not be looked into, `Soon` where nobody has looked yet.
    pub fn ways(&self, namespace: u64) -> Reading<Ways<'_>> {
        if namespace == self.namespace || namespace == 0 || self.namespace == 0 {
            return Ok(self.here());
        }
        let foreign = self.foreign.as_ref();
        let foreign = foreign.filter(|f| f.namespace == namespace);
        let foreign = foreign.ok_or(Missing::Soon)?;
        Ok(Ways {
            interfaces: foreign.interfaces.as_ref().map_err(|why| *why)?,
            routes: &foreign.routes,
        })
    }

    /// What the namespace of a socket is called, where that is not ours: its name, else its number.
    pub fn elsewhere(&self, of: &Inet) -> Option<SafeText> {
        let there = of.namespace;
        if there == self.namespace || there == 0 || self.namespace == 0 {
            return None;
        }
        let named = self.namespaces.iter().find(|(inode, _)| *inode == there);
        Some(named.map_or_else(
            || there.to_string().as_str().into(),
            |(_, name)| name.clone(),
        ))
    }

    /// What each process moves over TCP, as columns of the table show it.
    ///
    /// # Errors
    /// `Soon` until two readings have been made.
    pub fn traffic(&self) -> Reading<Traffic> {
        if self.span.0 == 0 {
            return Err(Missing::Soon);
        }
        let by = self.talkers.iter();
        let mut by: HashMap<ProcId, Rates> = by
            .filter_map(|t| Some((t.who.as_ref()?.0, t.rates)))
            .collect();
        for (id, rates) in self.datagrams.iter().flatten() {
            by.entry(*id).or_default().add(*rates);
        }
        let mut hidden = self.hiding.clone();
        if self.datagrams.is_err() {
            // Nobody counts what these move: not 0.
            let udp = self.connections.iter();
            let udp = udp.filter(|c| c.inet.protocol == Protocol::Udp);
            let holders = udp.flat_map(|c| c.holders.iter().map(|(id, ..)| *id));
            hidden.extend(holders.filter(|id| !by.contains_key(id)));
            hidden.sort_unstable();
            hidden.dedup();
        }
        Ok(Traffic {
            by,
            datagrams: self.datagrams.as_ref().map(|_| ()).map_err(|why| *why),
            hidden,
            complete: self.complete,
        })
    }

    /// The sockets that a process holds.
    pub fn of(&self, id: ProcId) -> impl Iterator<Item = &Connection> {
        let holds = move |c: &&Connection| c.holders.iter().any(|(h, ..)| *h == id);
        self.connections.iter().filter(holds)
    }
}

/// Who can reach a listener.
pub fn reach(of: &Inet) -> &'static str {
    match (of.protocol, Scope::of(of.local.ip())) {
        (Protocol::Udp, Scope::Multicast) => "the group",
        (_, scope) => scope.reach(),
    }
}

#[cfg(test)]
mod tests;
