//! Routes, and which of them a packet takes.

use std::net::IpAddr;

use super::Interface;
use crate::model::descriptors::socket::Scope;
use crate::model::text::SafeText;

/// One line of a routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The network that it leads to.
    pub destination: IpAddr,
    /// How many bits of it count; 0 is the default route.
    pub prefix: u8,
    /// Who forwards; `None` where the network is right there.
    pub gateway: Option<IpAddr>,
    /// The interface by which packets leave.
    pub interface: SafeText,
    /// Of two that fit equally the one with the smaller metric is taken.
    pub metric: u32,
}

impl Route {
    /// Whether `ip` lies in its network.
    pub fn leads_to(&self, ip: IpAddr) -> bool {
        match (self.destination, ip) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => same_bits(
                u128::from(net.to_bits()),
                u128::from(ip.to_bits()),
                32,
                self.prefix,
            ),
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                same_bits(net.to_bits(), ip.to_bits(), 128, self.prefix)
            }
            _ => false,
        }
    }
}

fn same_bits(a: u128, b: u128, width: u32, prefix: u8) -> bool {
    let rest = width.saturating_sub(u32::from(prefix));
    // A shift by all bits is not defined; the default route leads everywhere.
    rest >= width || (a ^ b) >> rest == 0
}

/// The route that packets to `ip` take in these tables: the longest prefix, then the smallest metric.
pub fn choose(routes: &[Route], ip: IpAddr) -> Option<&Route> {
    let fitting = routes.iter().filter(|r| r.leads_to(ip));
    fitting.max_by_key(|r| (r.prefix, std::cmp::Reverse(r.metric)))
}

/// The interfaces and routes of one network namespace.
#[derive(Clone, Copy, Debug)]
pub struct Ways<'a> {
    /// By index.
    pub interfaces: &'a [Interface],
    /// The main routing tables.
    pub routes: &'a [Route],
}

impl<'a> Ways<'a> {
    /// The interface with this name.
    pub fn interface(self, name: &str) -> Option<&'a Interface> {
        self.interfaces.iter().find(|i| i.name.as_str() == name)
    }

    /// The interface and the route by which packets to `ip` leave; our own addresses are reached by loopback.
    pub fn to(self, ip: IpAddr) -> (Option<&'a Interface>, Option<&'a Route>) {
        let own = |i: &&Interface| i.addresses.iter().any(|(a, _)| *a == ip);
        if Scope::of(ip) == Scope::Loopback || self.interfaces.iter().any(|i| own(&i)) {
            return (self.interfaces.iter().find(|i| i.is_loopback()), None);
        }
        let route = choose(self.routes, ip);
        (route.and_then(|r| self.interface(&r.interface)), route)
    }
}
