//! Interfaces: counters from `/proc/net/dev`, the rest from `/sys/class/net`, addresses by `rtnetlink(7)`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use nix::sys::socket::SockProtocol;

use crate::model::id::Bytes;
use crate::model::network::{Counters, Interface};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::netlink::{Netlink, attributes, u32_at};
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;

const GET_ADDRESS: u16 = 22;
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
/// `struct ifaddrmsg`: family, prefix length, flags, scope, index.
const FIXED: usize = 8;

/// Reads every interface of our network namespace.
///
/// # Errors
/// Where `/proc/net/dev` cannot be read.
pub fn read(root: &ProcRoot) -> Result<Vec<Interface>, Error> {
    let path = root.proc("net/dev");
    let text = std::fs::read(&path).map_err(Error::io(path))?;
    let mut out: Vec<_> = counters(&text)
        .into_iter()
        .map(|(name, counters)| facts(root, &name, counters))
        .collect();
    if root.is_live() {
        // Without netlink there are no addresses to show; the rest stands.
        for (index, ip, prefix) in addresses().unwrap_or_default() {
            if let Some(of) = out.iter_mut().find(|i| i.index == index) {
                of.addresses.push((ip, prefix));
            }
        }
    }
    out.sort_by_key(|i| i.index);
    Ok(out)
}

/// Parses `  eth0: 77112500    4130    0    0    0     0          0         0   335114    2744 …`.
fn counters(text: &[u8]) -> Vec<(Vec<u8>, Counters)> {
    let line = |line: &[u8]| {
        let colon = line.iter().rposition(|b| *b == b':')?;
        let n: Vec<u64> = fields::numbers(&line[colon + 1..]).collect();
        let at = |i: usize| n.get(i).copied();
        Some((
            line[..colon].trim_ascii().to_vec(),
            Counters {
                received: Bytes(at(0)?),
                packets_in: at(1)?,
                errors_in: at(2)?,
                drops_in: at(3)?,
                sent: Bytes(at(8)?),
                packets_out: at(9)?,
                errors_out: at(10)?,
                drops_out: at(11)?,
            },
        ))
    };
    fields::lines(text).skip(2).filter_map(line).collect()
}

fn facts(root: &ProcRoot, name: &[u8], counters: Counters) -> Interface {
    let shown = SafeText::from_bytes(name);
    let folder = root.sys(Path::new("class/net").join(shown.as_str()));
    let read = |file: &str| -> Reading<Vec<u8>> {
        Ok(std::fs::read(folder.join(file))?.trim_ascii().to_vec())
    };
    let number = |file: &str| -> Reading<u32> {
        let text = read(file)?;
        let text = std::str::from_utf8(&text).map_err(|_| Missing::Unsupported)?;
        text.parse().map_err(|_| Missing::Unsupported)
    };
    let mac = read("address").map(|mac| {
        let nought = mac.iter().all(|b| matches!(b, b'0' | b':'));
        (!nought).then(|| SafeText::from_bytes(&mac))
    });
    Interface {
        index: number("ifindex").unwrap_or(0),
        state: read("operstate").map(|s| SafeText::from_bytes(&s)),
        carrier: number("carrier").map(|c| c == 1),
        // A virtual interface says -1 or refuses: it has no speed.
        speed: number("speed").map_err(|_| Missing::Unsupported),
        mac,
        mtu: number("mtu"),
        addresses: Vec::new(),
        counters,
        rates: Err(Missing::Soon),
        name: shown,
    }
}

fn addresses() -> Result<Vec<(u32, IpAddr, u8)>, Error> {
    let mut link = Netlink::open(SockProtocol::NetlinkRoute)?;
    let mut out = Vec::new();
    link.dump(GET_ADDRESS, &[0; FIXED], |body| out.extend(address(body)))?;
    Ok(out)
}

/// One answer: interface, address, length of the prefix. On a point-to-point link the local end is an attribute of its own.
fn address(body: &[u8]) -> Option<(u32, IpAddr, u8)> {
    let fixed = body.get(..FIXED)?;
    let ip = |value: &[u8]| match (value.len(), value.first_chunk::<4>()) {
        (16, _) => value
            .first_chunk::<16>()
            .map(|b| IpAddr::V6(Ipv6Addr::from(*b))),
        (4, Some(b)) => Some(IpAddr::V4(Ipv4Addr::from(*b))),
        _ => None,
    };
    let find = |wanted| {
        let mut all = attributes(&body[FIXED..]);
        all.find(|(kind, _)| *kind == wanted)
            .and_then(|(_, value)| ip(value))
    };
    let found = find(LOCAL).or_else(|| find(ADDRESS))?;
    Some((u32_at(fixed, 4)?, found, fixed[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_and_nonsense_is_passed_over() {
        let text = b"Inter-|   Receive\n face |bytes\n    lo:   26605     314    1    2    0     0          0         0    26605     315    3    4    0     0       0          0\n  x:y: 1 2\n broken\n";
        let all = counters(text);
        assert_eq!(all.len(), 1);
        let (name, c) = &all[0];
        assert_eq!(
            (name.as_slice(), c.received, c.drops_in),
            (&b"lo"[..], Bytes(26605), 2)
        );
        assert_eq!((c.packets_out, c.errors_out, c.drops_out), (315, 3, 4));
    }

    #[test]
    fn an_address_is_the_local_end() {
        let mut body = vec![2, 24, 0, 0, 3, 0, 0, 0];
        body.extend_from_slice(&[8, 0, 1, 0, 10, 0, 0, 9, 8, 0, 2, 0, 10, 0, 0, 1]);
        assert_eq!(address(&body), Some((3, IpAddr::from([10, 0, 0, 1]), 24)));
        assert_eq!(address(&body[..9]), None);
    }

    #[test]
    fn loopback_is_among_ours() {
        let all = read(&ProcRoot::live()).expect("interfaces");
        match all.iter().find(|i| i.name.as_str() == "lo") {
            Some(lo) if !lo.addresses.is_empty() => assert!(lo.is_loopback()),
            _ => println!("skipped: no configured loopback here"),
        }
    }
}
