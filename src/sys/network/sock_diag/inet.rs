//! `INET_DIAG`: the request and the decoding of its answers (`linux/inet_diag.h`, `struct tcp_info` of `linux/tcp.h`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::model::descriptors::socket::address::plain_end;
use crate::model::descriptors::socket::{Inet, Protocol, State, Tcp};
use crate::model::id::{Bytes, Nanos, Uid};
use crate::sys::network::netlink::{attributes, u32_at, u64_at};

/// `AF_INET`.
pub const V4: u8 = 2;
/// `AF_INET6`.
pub const V6: u8 = 10;
const INFO: u16 = 2;
/// `INET_DIAG_SKV6ONLY`, which the kernel tells of listeners and bound sockets of IPv6.
const ONLY_V6: u16 = 11;
const FIXED: usize = 72;

/// `struct inet_diag_req_v2`: all states, with `tcp_info` for TCP.
pub fn request(family: u8, protocol: Protocol) -> Vec<u8> {
    let (number, extensions) = match protocol {
        Protocol::Tcp => (6, 1 << (INFO - 1)),
        Protocol::Udp => (17, 0),
    };
    let mut out = vec![family, number, extensions, 0];
    out.extend_from_slice(&u32::MAX.to_ne_bytes());
    out.resize(56, 0);
    out
}

/// The same, of sockets in these states alone.
pub fn only(mut request: Vec<u8>, states: u32) -> Vec<u8> {
    request[4..8].copy_from_slice(&states.to_ne_bytes());
    request
}

/// One answer: `struct inet_diag_msg` (family, state, timer, retrans, sockid, expires, queues, uid, inode) and its attributes.
pub fn parse(body: &[u8], protocol: Protocol, namespace: u64) -> Option<Inet> {
    let fixed = body.get(..FIXED)?;
    let family = fixed[0];
    let port = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
    let end = |port: u16, at: usize| {
        let ip = match family {
            V4 => IpAddr::V4(Ipv4Addr::from(fixed[at..].first_chunk::<4>().copied()?)),
            V6 => IpAddr::V6(Ipv6Addr::from(fixed[at..].first_chunk::<16>().copied()?)),
            _ => return None,
        };
        Some(plain_end(SocketAddr::new(ip, port)))
    };
    let mut inet = Inet {
        protocol,
        state: State::from_number(fixed[1]),
        local: end(port(4), 8)?,
        remote: end(port(6), 24)?,
        interface: u32_at(fixed, 40)?,
        cookie: u64_at(fixed, 44)?,
        receive_queue: u32_at(fixed, 56)?,
        send_queue: u32_at(fixed, 60)?,
        uid: Uid(u32_at(fixed, 64)?),
        inode: u64::from(u32_at(fixed, 68)?),
        namespace,
        only_v6: attributes(&body[FIXED..])
            .find(|(kind, _)| *kind == ONLY_V6)
            .and_then(|(_, value)| Some(*value.first()? != 0)),
        tcp: None,
    };
    let info = attributes(&body[FIXED..]).find(|(kind, _)| *kind == INFO);
    if protocol == Protocol::Tcp && inet.state != State::Listening {
        inet.tcp = info.and_then(|(_, value)| tcp(value));
    }
    Some(inet)
}

/// `struct tcp_info`, which grew with the kernels: what an older one lacks reads as zero, save that it must reach the RTT.
fn tcp(info: &[u8]) -> Option<Tcp> {
    let micros = |at| u32_at(info, at).map(|us| Nanos(u64::from(us) * 1000));
    let word = |at| u32_at(info, at).unwrap_or(0);
    let long = |at| u64_at(info, at).unwrap_or(0);
    Some(Tcp {
        // The variation begins with a guess.
        rtt: Some((micros(68)?, micros(72)?)).filter(|(rtt, _)| rtt.0 > 0),
        mss: word(16),
        path_mtu: word(60),
        window: word(80),
        retransmits: word(100),
        acked: Bytes(long(120)),
        received: Bytes(long(128)),
        delivery_rate: long(160),
    })
}
