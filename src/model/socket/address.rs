//! Addresses: who can reach one, how it is written, and IPv4 that is dressed as IPv6.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Protocol;
use crate::model::text::SafeText;

/// Who can reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Nobody in particular: as a local address, every interface.
    Unspecified,
    /// Only this machine.
    Loopback,
    /// Only the same cable or radio (`169.254/16`, `fe80::/10`).
    LinkLocal,
    /// A private network (`10/8`, `172.16/12`, `192.168/16`, `fc00::/7`, carriers' `100.64/10`).
    Private,
    /// A group.
    Multicast,
    /// The internet.
    Public,
}

impl Scope {
    /// Who can reach `ip`.
    pub fn of(ip: IpAddr) -> Self {
        match plain(ip) {
            ip if ip.is_unspecified() => Self::Unspecified,
            ip if ip.is_loopback() => Self::Loopback,
            ip if ip.is_multicast() => Self::Multicast,
            IpAddr::V4(v4) if v4.is_link_local() => Self::LinkLocal,
            IpAddr::V4(v4) if v4.is_private() || is_carrier(v4) => Self::Private,
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Self::LinkLocal,
            IpAddr::V6(v6) if v6.is_unique_local() => Self::Private,
            _ => Self::Public,
        }
    }

    /// The scope as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "any",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Private => "private",
            Self::Multicast => "multicast",
            Self::Public => "public",
        }
    }

    /// Who can reach a listener on such an address.
    pub fn reach(self) -> &'static str {
        match self {
            Self::Unspecified => "everyone",
            Self::Loopback => "only this machine",
            Self::LinkLocal => "the same link",
            Self::Private => "the private network",
            Self::Multicast => "the group",
            Self::Public => "the internet",
        }
    }
}

fn is_carrier(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    a == 100 && (64..128).contains(&b)
}

/// An IPv4 address that is written as IPv6 (`::ffff:127.0.0.1`) as the IPv4 address it is.
pub fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// [`plain`] with the port.
pub fn plain_end(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(plain(end.ip()), end.port())
}

/// `127.0.0.1:80`, `[::1]:80`, `*:80`.
pub fn shown(end: SocketAddr) -> String {
    if end.ip().is_unspecified() {
        return format!("*:{}", end.port());
    }
    SocketAddr::new(end.ip(), end.port()).to_string()
}

/// An IPv6 address from the four words of `/proc/net/tcp6`, each in the machine's byte order.
pub fn from_words(words: [u32; 4]) -> Ipv6Addr {
    let mut bytes = [0; 16];
    for (word, out) in words.iter().zip(bytes.as_chunks_mut::<4>().0) {
        *out = word.to_ne_bytes();
    }
    Ipv6Addr::from(bytes)
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
        for line in text.split(|b| *b == b'\n') {
            let line = line.split(|b| *b == b'#').next().unwrap_or_default();
            let mut words = line
                .split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty());
            let (Some(name), Some(port)) = (words.next(), words.next()) else {
                continue;
            };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_told_apart() {
        for (ip, scope) in [
            ("0.0.0.0", Scope::Unspecified),
            ("::", Scope::Unspecified),
            ("127.8.0.1", Scope::Loopback),
            ("::1", Scope::Loopback),
            ("::ffff:127.0.0.1", Scope::Loopback),
            ("169.254.1.1", Scope::LinkLocal),
            ("fe80::1", Scope::LinkLocal),
            ("10.1.2.3", Scope::Private),
            ("100.100.0.1", Scope::Private),
            ("fd00::1", Scope::Private),
            ("224.0.0.251", Scope::Multicast),
            ("151.101.1.91", Scope::Public),
            ("2606:4700::1", Scope::Public),
        ] {
            assert_eq!(Scope::of(ip.parse().expect(ip)), scope, "{ip}");
        }
    }

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
    fn ends_are_written_as_people_write_them() {
        let shown = |text: &str| shown(plain_end(text.parse().expect(text)));
        assert_eq!(shown("0.0.0.0:22"), "*:22");
        assert_eq!(shown("[::]:22"), "*:22");
        assert_eq!(shown("[::1]:22"), "[::1]:22");
        assert_eq!(shown("[::ffff:10.0.0.1]:22"), "10.0.0.1:22");
    }
}
