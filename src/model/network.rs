//! The network as this machine sees it: interfaces, routes, listeners, connections, and who uses how much.
//!
//! Reads nothing: `sys::network` fills these types. Nothing is ever sent to the network.

pub mod route;
pub mod traffic;

use std::net::IpAddr;
use std::sync::Arc;

use super::id::{Bytes, ProcId};
use super::reading::{Missing, Reading};
use super::socket::address::Services;
use super::socket::{Inet, Protocol, Scope};
use super::text::SafeText;

pub use route::Route;
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
    /// Names of ports.
    pub services: Arc<Services>,
    /// Every TCP and UDP socket that could be seen.
    pub connections: Vec<Connection>,
    /// Who moves the most over TCP, the busiest first.
    pub talkers: Vec<Talker>,
    /// TCP of connections that ended between two readings and so belong to nobody that is known.
    pub short: Reading<Rates>,
    /// How many processes hide their descriptors from this user.
    pub hidden: u32,
    /// The network namespace whose interfaces and routes these are.
    pub namespace: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            routes: Vec::new(),
            resolvers: Vec::new(),
            services: Arc::default(),
            connections: Vec::new(),
            talkers: Vec::new(),
            short: Err(Missing::Soon),
            hidden: 0,
            namespace: 0,
        }
    }
}

/// One interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Interface {
    /// Its name.
    pub name: SafeText,
    /// Its number in the kernel.
    pub index: u32,
    /// `up`, `down`, `unknown`, as the kernel says it.
    pub state: Reading<SafeText>,
    /// Whether a signal is on the cable or the radio.
    pub carrier: Reading<bool>,
    /// Megabits a second.
    pub speed: Reading<u32>,
    /// Its hardware address; `None` where it has none.
    pub mac: Reading<Option<SafeText>>,
    /// The largest packet it takes.
    pub mtu: Reading<u32>,
    /// Its addresses with the length of their network's prefix.
    pub addresses: Vec<(IpAddr, u8)>,
    /// What it counted since it came up.
    pub counters: Counters,
    /// What it moves now.
    pub rates: Reading<Rates>,
}

/// Counters of an interface (`/proc/net/dev`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Received.
    pub received: Bytes,
    /// Packets received.
    pub packets_in: u64,
    /// Received broken.
    pub errors_in: u64,
    /// Received and thrown away.
    pub drops_in: u64,
    /// Sent.
    pub sent: Bytes,
    /// Packets sent.
    pub packets_out: u64,
    /// Could not be sent.
    pub errors_out: u64,
    /// Thrown away instead of being sent.
    pub drops_out: u64,
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
    /// What it moves now, for TCP.
    pub rates: Reading<Rates>,
}

impl Interface {
    /// Whether it carries traffic of this machine only.
    pub fn is_loopback(&self) -> bool {
        self.addresses
            .iter()
            .any(|(ip, _)| Scope::of(*ip) == Scope::Loopback)
    }

    /// Whether it is up, as far as the kernel knows; loopback says `unknown` and works.
    pub fn is_up(&self) -> bool {
        match &self.state {
            Ok(state) if state.as_str() == "unknown" => self.carrier == Ok(true),
            Ok(state) => state.as_str() == "up",
            Err(_) => false,
        }
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
        let name = |port, protocol| self.services.name(port, protocol);
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
        self.interfaces.iter().find(|i| i.name.as_str() == name)
    }

    /// The interface and the route by which packets to `ip` leave; our own addresses are reached by loopback.
    pub fn way(&self, ip: IpAddr) -> (Option<&Interface>, Option<&Route>) {
        let own = |i: &&Interface| i.addresses.iter().any(|(a, _)| *a == ip);
        if Scope::of(ip) == Scope::Loopback || self.interfaces.iter().any(|i| own(&i)) {
            return (self.interfaces.iter().find(|i| i.is_loopback()), None);
        }
        let route = route::choose(&self.routes, ip);
        (route.and_then(|r| self.interface(&r.interface)), route)
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
