//! The kernel's socket tables over `sock_diag(7)`: unix sockets with their peers, TCP and UDP sockets with what TCP measures.
//!
//! Works without any right and shows every socket of one network namespace with its user; who holds one, it does not tell.

pub mod endings;
pub mod inet;
pub mod unix;

use std::collections::HashSet;

use nix::sys::socket::SockProtocol;

use super::netlink::Netlink;
use crate::model::descriptors::socket::{Inet, Protocol, State, Unix};
use crate::sys::source::Error;

const BY_FAMILY: u16 = 20;
/// `TCPF_LISTEN`, which unix sockets use too.
const LISTENING: u32 = 1 << 10;

/// A socket to the diagnosis of one network namespace.
#[derive(Debug)]
pub struct SockDiag {
    link: Netlink,
    namespace: u64,
}

impl SockDiag {
    /// Opens it in the network namespace of this thread, whose inode is `namespace`.
    ///
    /// # Errors
    /// As `socket(2)` says.
    pub fn open(namespace: u64) -> Result<Self, Error> {
        let link = Netlink::open(SockProtocol::NetlinkSockDiag)?;
        Ok(Self { link, namespace })
    }

    /// Every unix socket of the namespace.
    ///
    /// # Errors
    /// As the kernel answers; `ENOENT` without `CONFIG_UNIX_DIAG`.
    pub fn unix(&mut self, into: &mut Vec<Unix>) -> Result<(), Error> {
        self.link.dump(BY_FAMILY, &unix::request(), |body| {
            into.extend(unix::parse(body));
        })
    }

    /// The inodes of those TCP and unix sockets of the namespace that take connections.
    ///
    /// # Errors
    /// As the kernel answers for TCP over IPv4; what it has not otherwise takes no connections.
    pub fn listening(&mut self) -> Result<HashSet<u64>, Error> {
        let mut inodes = HashSet::new();
        let namespace = self.namespace;
        let mut ask = |family| {
            let request = inet::only(inet::request(family, Protocol::Tcp), LISTENING);
            self.link.dump(BY_FAMILY, &request, |body| {
                let inet = inet::parse(body, Protocol::Tcp, namespace);
                inodes.extend(inet.filter(Inet::listens).map(|inet| inet.inode));
            })
        };
        ask(inet::V4)?;
        let _ = ask(inet::V6);
        let request = unix::only(unix::request(), LISTENING);
        let _ = self.link.dump(BY_FAMILY, &request, |body| {
            let unix = unix::parse(body).filter(|unix| unix.state == State::Listening);
            inodes.extend(unix.map(|unix| unix.inode));
        });
        Ok(inodes)
    }

    /// Every TCP or UDP socket of the namespace, over IPv4 and IPv6.
    ///
    /// # Errors
    /// As the kernel answers for IPv4; a machine without IPv6 has none of it.
    pub fn inet(&mut self, protocol: Protocol, into: &mut Vec<Inet>) -> Result<(), Error> {
        let namespace = self.namespace;
        let mut ask = |family| {
            let request = inet::request(family, protocol);
            self.link.dump(BY_FAMILY, &request, |body| {
                into.extend(inet::parse(body, protocol, namespace));
            })
        };
        ask(inet::V4)?;
        // A kernel without IPv6 refuses this one; the sockets of IPv4 are all there is then.
        let _ = ask(inet::V6);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
