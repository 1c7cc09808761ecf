//! Recorded answers of Linux 6.18: a socketpair, a listener with one client that it has not accepted, a loopback connection.

use super::*;
use crate::model::descriptors::socket::{State, Style};
use crate::model::id::{Bytes, Nanos, Uid};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.as_chunks::<2>().0.iter();
    pairs
        .map(|p| u8::from_str_radix(&String::from_utf8_lossy(p), 16).expect("hexadecimal"))
        .collect()
}

#[test]
fn a_unix_socket_names_its_peer_and_its_queue() {
    let pair = "01010100d2b700000500000000000000 08000200d3b70000 0c0004000500000000000000 0500060000000000 0800070000000000";
    let unix = unix::parse(&bytes(pair)).expect("a unix socket");
    assert_eq!((unix.inode, unix.peer), (0xb7d2, Some(0xb7d3)));
    assert_eq!((unix.receive_queue, unix.send_queue), (5, 0));
    assert_eq!(
        (unix.style, unix.state),
        (Style::Stream, State::Established)
    );
    assert_eq!((unix.uid, unix.name), (Some(Uid(0)), None));
}

#[test]
fn a_listener_tells_who_waits() {
    let listener = "01010a00d0b700000600000000000000 0900000000616273 01000000 08000300d1b70000 0c0004000100000005000000 0500060000000000 0800070000000000";
    let unix = unix::parse(&bytes(listener)).expect("a unix socket");
    assert_eq!((unix.inode, unix.state), (0xb7d0, State::Listening));
    assert_eq!(unix.waiting, [0xb7d1]);
    assert_eq!(unix.name.as_deref(), Some("@abs\\x01"));
    assert_eq!(unix.peer, None);
}

const CONNECTION: &str = "020100008162c839 7f000001000000000000000000000000 7f000001000000000000000000000000
    00000000 0900000000000000 00000000 00000000 00000000 00000000 d5b70000
    0500080000000000 08000f0000000000 0c00150001000000 00000000 0600160052000000
    1c010200 010000000007aa01 e01c0300 00000000 00800000 18020000 00000000 00000000 00000000 00000000 00000000
    74000000 00000000 74000000 74000000 ffff0000 d7ff0000 64000000 3a000000 ffffff7f 0b000000 cbff0000 03000000
    00000000 d7ff0000 00000000 9385316c02000000 ffffffffffffffff 6500000000000000 0000000000000000 03000000 02000000
    00000000 09000000 00000000 01000000 388e03d900000000";

#[test]
fn a_connection_has_ends_queues_and_what_tcp_measures() {
    let mut body = bytes(CONNECTION);
    // The rest of the recorded tcp_info is nought.
    body.resize(392, 0);
    let inet = inet::parse(&body, Protocol::Tcp, 7).expect("a TCP socket");
    assert_eq!(inet.local.to_string(), "127.0.0.1:33122");
    assert_eq!(inet.remote.to_string(), "127.0.0.1:51257");
    assert_eq!((inet.inode, inet.cookie, inet.namespace), (0xb7d5, 9, 7));
    assert_eq!(inet.state, State::Established);
    let tcp = inet.tcp.expect("the kernel measures it");
    assert_eq!(tcp.rtt, Some((Nanos(100_000), Nanos(58_000))));
    assert_eq!((tcp.acked, tcp.received), (Bytes(101), Bytes(0)));
    assert_eq!((tcp.mss, tcp.window, tcp.retransmits), (0x8000, 11, 0));
}

#[test]
fn before_anything_is_acknowledged_there_is_no_round_trip_time() {
    let text = CONNECTION.replace("64000000 3a000000", "00000000 90d00300");
    assert_ne!(text, CONNECTION);
    let mut body = bytes(&text);
    body.resize(392, 0);
    let inet = inet::parse(&body, Protocol::Tcp, 7).expect("a TCP socket");
    assert_eq!(inet.tcp.expect("it is told of").rtt, None);
}

#[test]
fn addresses_of_ipv4_inside_ipv6_are_ipv4() {
    let mut body = vec![0; 72];
    body[0] = inet::V6;
    body[1] = 1;
    body[18..24].copy_from_slice(&[0xff, 0xff, 127, 0, 0, 1]);
    body[24 + 15] = 1;
    let inet = inet::parse(&body, Protocol::Tcp, 0).expect("a TCP socket");
    assert_eq!(inet.local.ip().to_string(), "127.0.0.1");
    assert_eq!(inet.remote.ip().to_string(), "::1");
    assert_eq!(inet.tcp, None, "an old kernel tells nothing of TCP");
}

#[test]
fn this_kernel_answers_or_says_why() {
    let Ok(mut diag) = SockDiag::open(0) else {
        println!("skipped: no netlink here");
        return;
    };
    let (one, other) = std::os::unix::net::UnixStream::pair().expect("a socketpair");
    let inode =
        |s: &std::os::unix::net::UnixStream| nix::sys::stat::fstat(s).expect("its inode").st_ino;
    let mut all = Vec::new();
    match diag.unix(&mut all) {
        Ok(()) => {
            let mine = all.iter().find(|u| u.inode == inode(&one));
            assert_eq!(mine.and_then(|u| u.peer), Some(inode(&other)));
        }
        Err(why) => println!("skipped: {why}"),
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_never_panic(body: Vec<u8>) {
        let _ = unix::parse(&body);
        let _ = inet::parse(&body, Protocol::Tcp, 0);
    }

    #[test]
    fn a_broken_answer_never_panics(at in 0usize..400, byte: u8, keep in 0usize..400) {
        let mut body = bytes(CONNECTION);
        if let Some(b) = body.get_mut(at) {
            *b = byte;
        }
        body.truncate(keep);
        let _ = inet::parse(&body, Protocol::Tcp, 0);
    }
}
