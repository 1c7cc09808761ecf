//! Routes, and which of them a packet takes.

use std::net::IpAddr;

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
