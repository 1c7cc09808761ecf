//! Names that this machine itself gives: of ports (`/etc/services`) and of addresses (`/etc/hosts`).
//!
//! Nobody else is ever asked, so nothing is sent to the network.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Protocol;
use super::address::plain;
use crate::model::text::SafeText;

/// Both kinds of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Of ports.
    pub services: Services,
    /// Of addresses.
    pub hosts: Hosts,
}

/// Names of ports, from `/etc/services`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services(HashMap<(u16, Protocol), SafeText>);

impl Services {
    /// From the text of `/etc/services`: `https\t443/tcp\t# http protocol over TLS/SSL`.
    ///
    /// The first name of a port stays; lines that read otherwise are passed over.
    pub fn parse(text: &[u8]) -> Self {
        let mut names = HashMap::new();
        for (name, port) in lines(text) {
            let port = String::from_utf8_lossy(port);
            let protocol = match port.split_once('/') {
                Some((port, "tcp")) => port.parse().ok().map(|p| (p, Protocol::Tcp)),
                Some((port, "udp")) => port.parse().ok().map(|p| (p, Protocol::Udp)),
                _ => None,
            };
            if let Some(key) = protocol {
                names
                    .entry(key)
                    .or_insert_with(|| SafeText::from_bytes(name));
            }
        }
        Self(names)
    }

    /// The name of a port.
    pub fn name(&self, port: u16, protocol: Protocol) -> Option<&str> {
        self.0.get(&(port, protocol)).map(SafeText::as_str)
    }
}

/// Names of addresses, from `/etc/hosts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(HashMap<IpAddr, SafeText>);

impl Hosts {
    /// From the text of `/etc/hosts`: `192.0.2.7  printer.lan printer  # upstairs`. `hosts(5)`
    ///
    /// The first name of an address stays, as it does for the resolver; lines that read otherwise are passed over.
    pub fn parse(text: &[u8]) -> Self {
        let mut names = HashMap::new();
        for (ip, name) in lines(text) {
            // `fe80::1%lo0`: the interface is no part of the address.
            let ip = ip.split(|b| *b == b'%').next().unwrap_or_default();
            let ip = std::str::from_utf8(ip).ok().and_then(|ip| ip.parse().ok());
            if let Some(ip) = ip {
                names
                    .entry(plain(ip))
                    .or_insert_with(|| SafeText::from_bytes(name));
            }
        }
        Self(names)
    }

    /// The name of an address.
    pub fn name(&self, ip: IpAddr) -> Option<&str> {
        self.0.get(&plain(ip)).map(SafeText::as_str)
    }
}

/// The first two words of each line that has them, comments left out.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let line = line.split(|b| *b == b'#').next().unwrap_or_default();
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        Some((words.next()?, words.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_and_nonsense_is_passed_over() {
        let services = Services::parse(
            b"# c\nhttp\t\t80/tcp\twww # web\nwww2 80/tcp\ndomain 53/udp\nx 99999/tcp\ny\n\xff 81/tcp",
        );
        assert_eq!(services.name(80, Protocol::Tcp), Some("http"));
        assert_eq!(services.name(53, Protocol::Udp), Some("domain"));
        assert_eq!(services.name(53, Protocol::Tcp), None);
        assert_eq!(services.name(81, Protocol::Tcp), Some("\\xff"));
    }

    #[test]
    fn hosts_are_read_and_nonsense_is_passed_over() {
        let hosts = Hosts::parse(
            b"127.0.0.1\tlocalhost local # c\n::ffff:192.0.2.7 printer\n192.0.2.7 second\n#10.0.0.1 x\n10.0.0.2\nno.address name\nfe80::1%eth0 router\n10.0.0.3 \x1b[31mred",
        );
        let name = |ip: &str| hosts.name(ip.parse().expect(ip));
        assert_eq!(name("127.0.0.1"), Some("localhost"));
        assert_eq!(name("::ffff:127.0.0.1"), Some("localhost"));
        assert_eq!(name("192.0.2.7"), Some("printer"));
        assert_eq!(name("fe80::1"), Some("router"));
        assert_eq!(name("10.0.0.3"), Some("\\x1b[31mred"));
        assert_eq!((name("10.0.0.1"), name("10.0.0.2")), (None, None));
    }
}
