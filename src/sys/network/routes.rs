//! `/proc/net/route` and `/proc/net/ipv6_route`: the main routing tables. `proc_pid_net(5)`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use crate::model::network::Route;
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// `RTF_UP`: the route is in use.
const UP: u32 = 1;
/// `RTF_REJECT`: packets are refused.
const REJECT: u32 = 0x200;
/// `RTF_LOCAL` of IPv6: an address of our own.
const LOCAL: u32 = 0x8000_0000;

/// The routing tables below a directory `net` of `/proc`; empty where they cannot be read.
pub fn read(root: &ProcRoot, net: &str) -> Vec<Route> {
    let read = |file| root.read(Path::new(net).join(file)).unwrap_or_default();
    let mut out = v4(&read("route"));
    out.extend(v6(&read("ipv6_route")));
    out
}

/// The servers in `/etc/resolv.conf`: `nameserver 10.255.255.53`.
pub fn resolvers(root: &ProcRoot) -> Vec<SafeText> {
    let text = std::fs::read(root.etc("resolv.conf")).unwrap_or_default();
    let server = |line: &[u8]| {
        let mut words = fields::words(line);
        (words.next()? == b"nameserver").then(|| words.next().map(SafeText::from_bytes))?
    };
    fields::lines(&text).filter_map(server).collect()
}

/// Parses `eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0`: addresses in words of the machine's byte order.
pub fn v4(text: &[u8]) -> Vec<Route> {
    fields::lines(text).skip(1).filter_map(v4_line).collect()
}

fn v4_line(line: &[u8]) -> Option<Route> {
    let words: Vec<_> = fields::words(line).collect();
    let ip = |at: usize| {
        let word = hex(words.get(at)?)?;
        Some(Ipv4Addr::from(word.to_ne_bytes()))
    };
    if hex(words.get(3)?)? & (UP | REJECT) != UP {
        return None;
    }
    let gateway = ip(2)?;
    Some(Route {
        destination: IpAddr::V4(ip(1)?),
        prefix: ip(7)?.to_bits().count_ones() as u8,
        gateway: (!gateway.is_unspecified()).then_some(IpAddr::V4(gateway)),
        interface: SafeText::from_bytes(words[0]),
        metric: fields::number(words.get(6)?)? as u32,
    })
}

/// Parses `fd000000000000000000000000000000 40 0000… 00 0000… 00000100 00000001 00000000 00000001     eth0`.
///
/// Routes to addresses of our own and to groups are left out: they are no way to anywhere.
pub fn v6(text: &[u8]) -> Vec<Route> {
    fields::lines(text).filter_map(v6_line).collect()
}

fn v6_line(line: &[u8]) -> Option<Route> {
    let words: Vec<_> = fields::words(line).collect();
    let ip = |at: usize| {
        let digits = std::str::from_utf8(words.get(at)?).ok()?;
        let bits = (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok())??;
        Some(Ipv6Addr::from_bits(bits))
    };
    let flags = hex(words.get(8)?)?;
    let destination = ip(0)?;
    if flags & (UP | REJECT | LOCAL) != UP || destination.is_multicast() {
        return None;
    }
    let gateway = ip(4)?;
    Some(Route {
        destination: IpAddr::V6(destination),
        prefix: u8::try_from(hex(words.get(1)?)?).ok()?,
        gateway: (!gateway.is_unspecified()).then_some(IpAddr::V6(gateway)),
        interface: SafeText::from_bytes(words.get(9)?),
        metric: hex(words.get(5)?)?,
    })
}

fn hex(word: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_read() {
        let text = b"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\nbroken\n\
            eth0\t00000000\t010200C0\t0003\t0\t0\t7\t00000000\t0\t0\t0\n\
            eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let routes = v4(text);
        assert_eq!(routes.len(), 2);
        assert_eq!(routes[0].gateway, Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!((routes[0].prefix, routes[0].metric), (0, 7));
        assert_eq!((routes[1].prefix, routes[1].gateway), (24, None));
        let text = b"fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000004 00000000 80200001       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";
        let routes = v6(text);
        assert_eq!(routes.len(), 2);
        assert_eq!((routes[0].prefix, routes[0].metric), (64, 0x100));
        assert_eq!(
            routes[1].gateway.map(|g| g.to_string()),
            Some("fd00::1".to_owned())
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>, line in "\\PC{0,200}") {
            let _ = (v4(&bytes), v6(&bytes), v6(line.as_bytes()));
            let _ = v4(format!("header\n{line}").as_bytes());
        }
    }
}
