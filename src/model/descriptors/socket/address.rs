//! Addresses: who can reach one, how it is written, and IPv4 that is dressed as IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Who can reach an address (the registries of RFC 6890 and what was added to them since).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Nobody in particular: as a local address, every interface.
    Unspecified,
    /// Only this machine.
    Loopback,
    /// Only the same cable or radio (`169.254/16`, `fe80::/10`).
    LinkLocal,
    /// A private network (`10/8`, `172.16/12`, `192.168/16`, `fc00::/7`).
    Private,
    /// The network between a carrier and its customers (`100.64/10`).
    Carrier,
    /// For examples in manuals, and for laboratories (`192.0.2/24`, `198.51.100/24`, `203.0.113/24`, `2001:db8::/32`, `3fff::/20`).
    Documentation,
    /// For measuring networks in a laboratory (`198.18/15`, `2001:2::/48`).
    Benchmark,
    /// A group.
    Multicast,
    /// Everyone on the same network (`255.255.255.255`).
    Broadcast,
    /// Given to nobody (`240/4`, `0/8`, `100::/64`).
    Reserved,
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
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => Self::of_v6(v6),
        }
    }

    fn of_v4(v4: Ipv4Addr) -> Self {
        match v4.octets() {
            _ if v4.is_link_local() => Self::LinkLocal,
            _ if v4.is_private() => Self::Private,
            _ if v4.is_documentation() => Self::Documentation,
            _ if v4.is_broadcast() => Self::Broadcast,
            // These have no stable word in the standard library.
            [100, 64..128, ..] => Self::Carrier,
            [198, 18 | 19, ..] => Self::Benchmark,
            [0 | 240.., ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(v6: Ipv6Addr) -> Self {
        match v6.segments() {
            _ if v6.is_unicast_link_local() => Self::LinkLocal,
            _ if v6.is_unique_local() => Self::Private,
            // `2001:db8::/32` and `3fff::/20` have no stable word in the standard library, nor have the others.
            [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => Self::Documentation,
            [0x2001, 2, 0, ..] => Self::Benchmark,
            [0x100, 0, 0, 0, ..] => Self::Reserved,
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
            Self::Carrier => "carrier",
            Self::Documentation => "documentation",
            Self::Benchmark => "benchmark",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Reserved => "reserved",
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
            Self::Carrier => "the carrier's network",
            Self::Documentation | Self::Benchmark => "a laboratory network",
            Self::Multicast => "the group",
            Self::Broadcast => "the same network",
            Self::Reserved => "nobody by custom",
            Self::Public => "the internet",
        }
    }

    /// What the scope means, in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Unspecified => {
                "No address in particular; a listener on it hears every interface."
            }
            Self::Loopback => "An address of this machine that no other can reach.",
            Self::LinkLocal => "Valid on one cable or radio only; no router forwards it.",
            Self::Private => "Valid inside one private network; it is not routed on the internet.",
            Self::Carrier => {
                "Shared by a carrier's customers behind its address translation (100.64.0.0/10)."
            }
            Self::Documentation => {
                "Set aside for examples and laboratories; it is not routed on the internet."
            }
            Self::Benchmark => "Set aside for measuring networks in a laboratory (198.18.0.0/15).",
            Self::Multicast => "A group: whoever joined it hears what is sent to it.",
            Self::Broadcast => "Everyone on the same network.",
            Self::Reserved => "Given to nobody.",
            Self::Public => "An address of the internet.",
        }
    }
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
            ("172.31.255.255", Scope::Private),
            ("172.32.0.0", Scope::Public),
            ("100.63.255.255", Scope::Public),
            ("100.64.0.0", Scope::Carrier),
            ("100.127.255.255", Scope::Carrier),
            ("100.128.0.0", Scope::Public),
            ("192.0.2.1", Scope::Documentation),
            ("198.51.100.7", Scope::Documentation),
            ("203.0.113.255", Scope::Documentation),
            ("::ffff:192.0.2.1", Scope::Documentation),
            ("2001:db8:1::1", Scope::Documentation),
            ("2001:db9::1", Scope::Public),
            ("3fff:fff::1", Scope::Documentation),
            ("3fff:1000::1", Scope::Public),
            ("198.17.255.255", Scope::Public),
            ("198.18.0.0", Scope::Benchmark),
            ("198.19.255.255", Scope::Benchmark),
            ("198.20.0.0", Scope::Public),
            ("2001:2::1", Scope::Benchmark),
            ("0.1.2.3", Scope::Reserved),
            ("240.0.0.1", Scope::Reserved),
            ("255.255.255.255", Scope::Broadcast),
            ("100::1", Scope::Reserved),
            ("ff02::1", Scope::Multicast),
            ("239.255.255.250", Scope::Multicast),
            ("fd00::1", Scope::Private),
            ("224.0.0.251", Scope::Multicast),
            ("151.101.1.91", Scope::Public),
            ("2606:4700::1", Scope::Public),
        ] {
            assert_eq!(Scope::of(ip.parse().expect(ip)), scope, "{ip}");
        }
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
