//! `/proc/net/{tcp,tcp6,udp,udp6,unix}`: the socket tables as text, for where netlink is not to be had. `proc_pid_net(5)`.
//!
//! They lack the peers of unix sockets and what TCP measures. Lines that read otherwise are passed over; procfs gives
//! the whole table up for one of them, such as a socket in a state that it does not know. A test compares both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::model::descriptors::socket::address::plain_end;
use crate::model::descriptors::socket::{Inet, Protocol, State, Style, Unix};
use crate::model::id::Uid;
use crate::model::text::SafeText;
use crate::sys::fields;

/// Parses a whole table of TCP or UDP:
/// `   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 39457 1 …`.
pub fn inet(text: &[u8], protocol: Protocol, namespace: u64) -> Vec<Inet> {
    let lines = fields::lines(text).skip(1);
    lines
        .filter_map(|line| inet_line(line, protocol, namespace))
        .collect()
}

fn inet_line(line: &[u8], protocol: Protocol, namespace: u64) -> Option<Inet> {
    let mut words = fields::words(line).skip(1);
    let local = end(words.next()?)?;
    let remote = end(words.next()?)?;
    let state = u8::from_str_radix(text(words.next()?)?, 16).ok()?;
    let (send, receive) = text(words.next()?)?.split_once(':')?;
    let mut words = words.skip(2);
    let uid = text(words.next()?)?.parse().ok()?;
    let inode = text(words.nth(1)?)?.parse().ok()?;
    Some(Inet {
        protocol,
        inode,
        cookie: 0,
        state: State::from_number(state),
        local: plain_end(local),
        remote: plain_end(remote),
        receive_queue: u32::from_str_radix(receive, 16).ok()?,
        send_queue: u32::from_str_radix(send, 16).ok()?,
        uid: Uid(uid),
        interface: 0,
        namespace,
        only_v6: None,
        tcp: None,
    })
}

/// `0100007F:1F90`: the address in words of the machine's byte order, the port in hexadecimal.
fn end(word: &[u8]) -> Option<SocketAddr> {
    let (ip, port) = text(word)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for word in ip.as_bytes().as_chunks::<8>().0 {
        let word = u32::from_str_radix(text(word)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let ip = match (bytes.first_chunk::<4>(), bytes.first_chunk::<16>()) {
        (_, Some(v6)) => IpAddr::V6(Ipv6Addr::from(*v6)),
        (Some(v4), None) if bytes.len() == 4 => IpAddr::V4(Ipv4Addr::from(*v4)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Parses a whole table of unix sockets:
/// `0000000080967710: 00000003 00000000 00010000 0001 01  1584 /run/x.sock`.
pub fn unix(text: &[u8]) -> Vec<Unix> {
    fields::lines(text).skip(1).filter_map(unix_line).collect()
}

fn unix_line(line: &[u8]) -> Option<Unix> {
    let mut words = fields::words(line).skip(3);
    let flags = u32::from_str_radix(text(words.next()?)?, 16).ok()?;
    let style = match words.next()? {
        b"0002" => Style::Datagram,
        b"0005" => Style::Packet,
        _ => Style::Stream,
    };
    let state = words.next()?;
    let inode = text(words.next()?)?.parse().ok()?;
    // `__SO_ACCEPTCON` of the kernel's `net.h`; `SS_CONNECTED` is 3.
    let state = match state {
        _ if flags & 0x1_0000 != 0 => State::Listening,
        b"03" => State::Established,
        _ => State::Closed,
    };
    Some(Unix {
        inode,
        style,
        state,
        name: words.next().map(SafeText::from_bytes),
        ..Unix::default()
    })
}

fn text(word: &[u8]) -> Option<&str> {
    std::str::from_utf8(word).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 39457 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000010:00000000 00:00000000 00000000     0        0 0 1 0
   2: broken
   3: 0100007F:1F90 0200A8C0:01BB 06 00000000:00000000 03:00000176 00000000     0        0 0 3 0
";
    const TCP6: &str = "  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000100007F:0050 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 77 1 0
";

    #[test]
    fn tables_of_tcp_are_read() {
        let all = inet(TCP.as_bytes(), Protocol::Tcp, 5);
        assert_eq!(all.len(), 3);
        assert!(all[0].listens());
        assert_eq!(
            (all[0].inode, all[0].uid, all[0].receive_queue),
            (39457, Uid(1000), 3)
        );
        assert_eq!(all[1].send_queue, 16);
        assert_eq!(
            (all[1].inode, all[1].remote.to_string()),
            (0, "127.0.0.1:50000".to_owned())
        );
        assert_eq!(
            (all[2].state, all[2].remote.to_string()),
            (State::TimeWait, "192.168.0.2:443".to_owned())
        );
        let six = inet(TCP6.as_bytes(), Protocol::Tcp, 5);
        assert_eq!(six[0].local.to_string(), "127.0.0.1:80");
        assert_eq!(six[0].remote.to_string(), "[::1]:8080");
    }

    #[test]
    fn tables_of_unix_sockets_are_read() {
        let text = b"Num       RefCount Protocol Flags    Type St Inode Path
0000000080967710: 00000002 00000000 00010000 0001 01  1584 /run/x.sock
000000005b765db3: 00000003 00000000 00000000 0002 01  1583 @abs
000000005b765db4: 00000003 00000000 00000000 0001 03  1585
";
        let all = unix(text);
        let seen: Vec<_> = all
            .iter()
            .map(|u| (u.inode, u.style, u.state, u.name.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (1584, Style::Stream, State::Listening, Some("/run/x.sock")),
                (1583, Style::Datagram, State::Closed, Some("@abs")),
                (1585, Style::Stream, State::Established, None),
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>, line in "\\PC{0,120}") {
            let _ = (inet(&bytes, Protocol::Udp, 0), unix(&bytes));
            let text = format!("header\n{line}");
            let _ = (inet(text.as_bytes(), Protocol::Udp, 0), unix(text.as_bytes()));
        }
    }
}
