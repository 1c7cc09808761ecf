//! Interfaces and their addresses by `rtnetlink(7)`, in the network namespace that the socket was opened in.
//! One answer of the kernel has flags, counters, masters and addresses of all; sysinfo reads a file of `/sys` for each fact.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::sys::socket::SockProtocol;

use crate::model::id::Bytes;
use crate::model::network::{Counters, Interface, Kind};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::network::netlink::{Netlink, attributes, u16_at, u32_at, u64_at};
use crate::sys::source::Error;

const GET_LINK: u16 = 18;
const GET_ADDRESS: u16 = 22;
/// `struct ifinfomsg`: family, pad, type, index, flags, change.
const LINK_FIXED: usize = 16;
/// `struct ifaddrmsg`: family, prefix length, flags, scope, index.
const ADDRESS_FIXED: usize = 8;
/// Attributes of an address.
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
/// Attributes of a link (`linux/if_link.h`).
const HARDWARE: u16 = 1;
const NAME: u16 = 3;
const MTU: u16 = 4;
const UNDER: u16 = 5;
const MASTER: u16 = 10;
const STATE: u16 = 16;
const INFO: u16 = 18;
const COUNTERS: u16 = 23;
const CARRIER: u16 = 33;
const UNDER_ELSEWHERE: u16 = 37;
/// Nested in `INFO`.
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VLAN_ID: u16 = 1;

/// One link as the kernel tells it, its relatives still as numbers.
#[derive(Debug, PartialEq)]
pub(crate) struct Link {
    interface: Interface,
    under: Option<u32>,
    master: Option<u32>,
}

/// A socket to the interfaces of one namespace.
///
/// # Errors
/// As `socket(2)` says.
pub fn open() -> Result<Netlink, Error> {
    Netlink::open(SockProtocol::NetlinkRoute)
}

/// Reads every interface with its addresses, by index; its speed is not told here.
///
/// # Errors
/// As the kernel answers.
pub fn read(route: &mut Netlink) -> Result<Vec<Interface>, Error> {
    let mut links = Vec::new();
    route.dump(GET_LINK, &[0; LINK_FIXED], |body| links.extend(link(body)))?;
    let names: HashMap<u32, SafeText> = links
        .iter()
        .map(|l| (l.interface.index, l.interface.name.clone()))
        .collect();
    let mut out: Vec<Interface> = links.into_iter().map(|l| named(l, &names)).collect();
    out.sort_by_key(|i| i.index);
    route.dump(GET_ADDRESS, &[0; ADDRESS_FIXED], |body| {
        let Some((index, ip, prefix)) = address(body) else {
            return;
        };
        if let Some(of) = out.iter_mut().find(|i| i.index == index) {
            of.addresses.push((ip, prefix));
        }
    })?;
    Ok(out)
}

fn named(link: Link, names: &HashMap<u32, SafeText>) -> Interface {
    let name = |index: Option<u32>| names.get(&index?).cloned();
    let mut interface = link.interface;
    // A card may say that it is under itself.
    interface.kind.under = name(link.under.filter(|n| *n != interface.index));
    interface.kind.part_of = name(link.master);
    interface
}

pub(crate) fn link(body: &[u8]) -> Option<Link> {
    let fixed = body.get(..LINK_FIXED)?;
    let mut interface = Interface {
        name: SafeText::default(),
        index: u32_at(fixed, 4)?,
        kind: Kind::default(),
        state: Err(Missing::Unsupported),
        carrier: Err(Missing::Unsupported),
        speed: Err(Missing::Unsupported),
        mac: Ok(None),
        mtu: Err(Missing::Unsupported),
        addresses: Vec::new(),
        counters: Counters::default(),
        rates: Err(Missing::Soon),
    };
    let (mut under, mut master, mut elsewhere) = (None, None, false);
    for (attribute, value) in attributes(&body[LINK_FIXED..]) {
        match attribute {
            NAME => interface.name = SafeText::from_bytes(word(value)),
            HARDWARE => interface.mac = Ok(hardware(value)),
            MTU => interface.mtu = u32_at(value, 0).ok_or(Missing::Unsupported),
            STATE => {
                let told = value.first().copied();
                interface.state = told.map(state).ok_or(Missing::Unsupported);
            }
            CARRIER => interface.carrier = carrier(value),
            COUNTERS => interface.counters = counters(value).unwrap_or_default(),
            UNDER => under = u32_at(value, 0),
            MASTER => master = u32_at(value, 0),
            UNDER_ELSEWHERE => elsewhere = true,
            INFO => info(value, &mut interface.kind),
            _ => {}
        }
    }
    // The number of an interface in another namespace means nothing here.
    let under = under.filter(|_| !elsewhere);
    (!interface.name.is_empty()).then_some(Link {
        interface,
        under,
        master,
    })
}

/// A name ends with NUL.
fn word(value: &[u8]) -> &[u8] {
    value.split(|b| *b == 0).next().unwrap_or_default()
}

/// `02:fc:00:00:00:01`; nothing where all is nought, as loopback has it.
fn hardware(value: &[u8]) -> Option<SafeText> {
    let bytes: Vec<_> = value.iter().map(|b| format!("{b:02x}")).collect();
    let told = value.iter().any(|b| *b != 0);
    told.then(|| SafeText::from(bytes.join(":")))
}

/// RFC 2863 states in the words of `/sys/class/net/X/operstate`.
fn state(number: u8) -> SafeText {
    let words = [
        "unknown",
        "notpresent",
        "down",
        "lowerlayerdown",
        "testing",
        "dormant",
        "up",
    ];
    let word = words.get(usize::from(number)).copied();
    SafeText::from(word.unwrap_or("unknown"))
}

fn carrier(value: &[u8]) -> Reading<bool> {
    let told = value.first().ok_or(Missing::Unsupported)?;
    Ok(*told == 1)
}

/// `struct rtnl_link_stats64`; what the card itself missed counts as dropped, as in `/proc/net/dev`.
fn counters(value: &[u8]) -> Option<Counters> {
    let at = |n: usize| u64_at(value, n * 8);
    Some(Counters {
        packets_in: at(0)?,
        packets_out: at(1)?,
        received: Bytes(at(2)?),
        sent: Bytes(at(3)?),
        errors_in: at(4)?,
        errors_out: at(5)?,
        drops_in: at(6)?.saturating_add(at(15).unwrap_or(0)),
        drops_out: at(7)?,
    })
}

fn info(value: &[u8], kind: &mut Kind) {
    for (attribute, value) in attributes(value) {
        match attribute {
            INFO_KIND => kind.word = Some(SafeText::from_bytes(word(value))),
            INFO_DATA if kind.word.as_deref() == Some("vlan") => {
                let id = attributes(value).find(|(a, _)| *a == VLAN_ID);
                kind.vlan = id.and_then(|(_, id)| u16_at(id, 0));
            }
            _ => {}
        }
    }
}

/// One answer: interface, address, length of the prefix. On a point-to-point link the local end is an attribute of its own.
pub(crate) fn address(body: &[u8]) -> Option<(u32, IpAddr, u8)> {
    let fixed = body.get(..ADDRESS_FIXED)?;
    let ip = |value: &[u8]| match (value.len(), value.first_chunk::<4>()) {
        (16, _) => value
            .first_chunk::<16>()
            .map(|b| IpAddr::V6(Ipv6Addr::from(*b))),
        (4, Some(b)) => Some(IpAddr::V4(Ipv4Addr::from(*b))),
        _ => None,
    };
    let find = |wanted| {
        let mut all = attributes(&body[ADDRESS_FIXED..]);
        all.find(|(kind, _)| *kind == wanted)
            .and_then(|(_, value)| ip(value))
    };
    let found = find(LOCAL).or_else(|| find(ADDRESS))?;
    Some((u32_at(fixed, 4)?, found, fixed[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut out = (4 + value.len() as u16).to_ne_bytes().to_vec();
        out.extend_from_slice(&kind.to_ne_bytes());
        out.extend_from_slice(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn message(index: u32, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![0; LINK_FIXED];
        body[4..8].copy_from_slice(&index.to_ne_bytes());
        body.extend(parts.concat());
        body
    }

    #[test]
    fn a_vlan_knows_its_number_and_what_it_runs_on() {
        let data = attribute(INFO_DATA, &attribute(VLAN_ID, &7_u16.to_ne_bytes()));
        let stats: Vec<u8> = (1..=16_u64).flat_map(u64::to_ne_bytes).collect();
        let vlan = message(
            5,
            &[
                attribute(NAME, b"eth0.7\0"),
                attribute(HARDWARE, &[2, 0xfc, 0, 0, 0, 1]),
                attribute(MTU, &1500_u32.to_ne_bytes()),
                attribute(UNDER, &2_u32.to_ne_bytes()),
                attribute(MASTER, &9_u32.to_ne_bytes()),
                attribute(STATE, &[6]),
                attribute(CARRIER, &[1]),
                attribute(COUNTERS, &stats),
                attribute(INFO, &[attribute(INFO_KIND, b"vlan\0"), data].concat()),
            ],
        );
        let found = link(&vlan).expect("a link");
        let names = HashMap::from([(2, "eth0".into()), (9, "br0".into())]);
        let i = named(found, &names);
        assert_eq!((i.name.as_str(), i.index, i.mtu), ("eth0.7", 5, Ok(1500)));
        assert_eq!(i.kind.words(), "vlan 7 on eth0, part of br0");
        assert_eq!(i.mac, Ok(Some("02:fc:00:00:00:01".into())));
        assert!(i.is_up());
        let c = i.counters;
        assert_eq!((c.received, c.sent), (Bytes(3), Bytes(4)));
        assert_eq!((c.drops_in, c.drops_out), (7 + 16, 8));
    }

    #[test]
    fn the_other_half_in_another_namespace_has_no_name_here() {
        let veth = message(
            5,
            &[
                attribute(NAME, b"veth0\0"),
                attribute(UNDER, &2_u32.to_ne_bytes()),
                attribute(UNDER_ELSEWHERE, &0_u32.to_ne_bytes()),
                attribute(INFO, &attribute(INFO_KIND, b"veth\0")),
            ],
        );
        let found = named(
            link(&veth).expect("a link"),
            &HashMap::from([(2, "eth0".into())]),
        );
        assert_eq!(found.kind.words(), "veth");
        assert_eq!(found.carrier, Err(Missing::Unsupported));
    }

    #[test]
    fn an_address_is_the_local_end() {
        let mut body = vec![2, 24, 0, 0, 3, 0, 0, 0];
        body.extend_from_slice(&[8, 0, 1, 0, 10, 0, 0, 9, 8, 0, 2, 0, 10, 0, 0, 1]);
        assert_eq!(address(&body), Some((3, IpAddr::from([10, 0, 0, 1]), 24)));
        assert_eq!(address(&body[..9]), None);
    }

    #[test]
    fn this_kernel_tells_of_loopback() {
        let told = open().and_then(|mut route| read(&mut route));
        match told {
            Ok(all) => match all.iter().find(|i| i.name.as_str() == "lo") {
                Some(lo) => assert!(lo.is_loopback() && lo.mac == Ok(None), "{lo:?}"),
                None => println!("skipped: no loopback here"),
            },
            Err(why) => println!("skipped: {why}"),
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(body: Vec<u8>) {
            let _ = (link(&body), address(&body));
        }
    }
}
