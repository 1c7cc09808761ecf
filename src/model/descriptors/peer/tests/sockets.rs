//! Who is at the other end of a socket.

use super::*;
use crate::model::descriptors::socket::Socket;

#[test]
fn datagrams_lead_from_their_senders_to_who_is_bound() {
    let all = index(vec![
        holder(10, "sender", &[(3, RW, Object::Socket(1))]),
        holder(11, "sender", &[(3, RW, Object::Socket(2))]),
        holder(20, "syslog", &[(5, RW, Object::Socket(9))]),
    ]);
    let tables = Tables {
        unix: vec![
            unix(1, Some(9), State::Established, &[]),
            unix(2, Some(9), State::Established, &[]),
            unix(9, None, State::Closed, &[]),
        ],
        ..Tables::default()
    };
    let join = Join::new(&all, &tables);
    let of = |pid, fd, inode| join.peers(ProcId::new(pid, 1), fd, RW, &Object::Socket(inode));
    assert_eq!(names(&of(10, 3, 1)), [("syslog", 5, Flow::Out)]);
    let heard = of(20, 5, 9);
    assert_eq!(
        names(&heard),
        [("sender", 3, Flow::In), ("sender", 3, Flow::In)]
    );
    assert_eq!(heard.note, None);
}

#[test]
fn connected_udp_sockets_lead_to_their_pair_or_to_the_one_that_is_bound() {
    let all = index(vec![
        holder(10, "client", &[(3, RW, Object::Socket(1))]),
        holder(11, "pair", &[(3, RW, Object::Socket(2))]),
        holder(
            20,
            "server",
            &[(5, RW, Object::Socket(3)), (6, RW, Object::Socket(4))],
        ),
        holder(
            30,
            "twice",
            &[(5, RW, Object::Socket(5)), (6, RW, Object::Socket(6))],
        ),
    ]);
    let udp = |inode, local, remote| Inet {
        protocol: Protocol::Udp,
        ..tcp(inode, State::Established, local, remote, 1)
    };
    let tables = Tables {
        inet: vec![
            udp(1, "127.0.0.1:500", "127.0.0.1:53"),
            udp(2, "127.0.0.1:24005", "127.0.0.1:24006"),
            udp(3, "127.0.0.1:24006", "127.0.0.1:24005"),
            udp(4, "0.0.0.0:53", "0.0.0.0:0"),
            udp(5, "0.0.0.0:99", "0.0.0.0:0"),
            udp(6, "0.0.0.0:99", "0.0.0.0:0"),
            udp(7, "127.0.0.1:501", "127.0.0.1:99"),
        ],
        ..Tables::default()
    };
    let join = Join::new(&all, &tables);
    let of = |pid, fd, inode| join.peers(ProcId::new(pid, 1), fd, RW, &Object::Socket(inode));
    assert_eq!(names(&of(10, 3, 1)), [("server", 6, Flow::Out)]);
    assert_eq!(names(&of(20, 6, 4)), [("client", 3, Flow::In)]);
    assert_eq!(names(&of(11, 3, 2)), [("server", 5, Flow::Both)]);
    assert_eq!(names(&of(20, 5, 3)), [("pair", 3, Flow::Both)]);
    assert!(of(40, 3, 7).named.is_empty(), "one of two: not told which");
}

#[test]
fn a_listener_names_who_waits_to_be_accepted() {
    let all = index(vec![
        holder(10, "client", &[(4, RW, Object::Socket(5))]),
        holder(20, "server", &[(5, RW, Object::Socket(4))]),
    ]);
    let s = "127.0.0.1:80";
    let tables = Tables {
        inet: vec![
            tcp(4, State::Listening, "0.0.0.0:80", "0.0.0.0:0", 1),
            tcp(5, State::Established, "127.0.0.1:4001", s, 1),
            tcp(0, State::Established, s, "127.0.0.1:4001", 1),
        ],
        ..Tables::default()
    };
    let join = Join::new(&all, &tables);
    let peers = join.peers(ProcId::new(20, 1), 5, RW, &Object::Socket(4));
    assert_eq!(names(&peers), [("client", 4, Flow::Both)]);
    assert_eq!(peers.note, Some(Note::NotAccepted));
}

/// What is told of the socket that has the inode and the holder's pid of this number, where each holds its own.
fn told(tables: &Tables, of: u32) -> String {
    let pids = 1..30;
    let holders = pids.map(|pid| {
        holder(
            pid,
            &pid.to_string(),
            &[(3, RW, Object::Socket(pid.into()))],
        )
    });
    let all = index(holders.collect());
    let object = Object::Socket(of.into());
    let peers = Join::new(&all, tables).peers(ProcId::new(of, 1), 3, RW, &object);
    let mut out: Vec<String> = peers
        .named
        .iter()
        .map(|p| format!("{}{}", p.flow.arrow(false), p.name))
        .collect();
    out.extend(peers.note.map(Note::words));
    out.join(", ")
}

fn of_inet(inet: &[Inet], of: u32) -> String {
    let inet = inet.to_vec();
    told(
        &Tables {
            inet,
            ..Tables::default()
        },
        of,
    )
}

fn udp(inode: u64, local: &str, remote: &str) -> Inet {
    Inet {
        protocol: Protocol::Udp,
        ..tcp(inode, State::Established, local, remote, 1)
    }
}

fn listener(inode: u64, at: &str) -> Inet {
    let nobody = if at.starts_with('[') {
        "[::]:0"
    } else {
        "0.0.0.0:0"
    };
    tcp(inode, State::Listening, at, nobody, 1)
}

/// A connection of 1 that nobody has accepted, with its end that no descriptor holds.
fn unaccepted(to: &str) -> [Inet; 2] {
    let from = if to.starts_with('[') {
        "[::1]:4001"
    } else {
        "127.0.0.1:4001"
    };
    [
        tcp(1, State::Established, from, to, 1),
        tcp(0, State::Established, to, from, 1),
    ]
}

#[test]
fn a_connection_is_accepted_by_who_is_bound_closest_to_its_address() {
    let of = |listeners: &[Inet], to: &str| {
        let all = [&unaccepted(to)[..], listeners].concat();
        let waits = |pid| of_inet(&all, pid) == "⇄1, not accepted yet";
        let named: Vec<u32> = (2..9).filter(|pid| waits(*pid)).collect();
        let said = of_inet(&all, 1);
        match named[..] {
            [pid] => assert_eq!(said, format!("⇄{pid}, not accepted yet")),
            _ => assert_eq!(
                (said.as_str(), named.len()),
                ("nobody holds the other end", 0)
            ),
        }
        named.first().copied()
    };
    let (v4, v6) = (listener(2, "0.0.0.0:80"), listener(3, "[::]:80"));
    let here = listener(4, "127.0.0.1:80");
    let there = listener(5, "127.0.0.2:80");
    let port = listener(6, "0.0.0.0:81");
    let to = "127.0.0.1:80";
    assert_eq!(
        of(&[v4.clone(), v6.clone(), here.clone(), there.clone()], to),
        Some(4)
    );
    assert_eq!(
        of(&[v4.clone(), v6.clone(), there.clone()], to),
        Some(2),
        "its family"
    );
    assert_eq!(of(&[v6.clone(), v4.clone()], "[::1]:80"), Some(3));
    assert_eq!(
        of(&[v6.clone(), port.clone()], to),
        Some(3),
        "one that takes both"
    );
    assert_eq!(
        of(
            &[
                here.clone(),
                Inet {
                    inode: 7,
                    ..here.clone()
                }
            ],
            to
        ),
        None,
        "either of two"
    );
    assert_eq!(of(&[there, port], to), None);
    let elsewhere = Inet {
        namespace: 2,
        ..here.clone()
    };
    assert_eq!(of(&[elsewhere], to), None);
    let closed = Inet {
        state: State::Closed,
        ..v4
    };
    assert_eq!(
        of(&[closed, v6], to),
        Some(3),
        "who does not listen takes nobody"
    );
}

#[test]
fn a_connection_that_was_closed_waits_for_nobody() {
    for (mine, theirs) in [
        (State::CloseWait, State::FinWait2),
        (State::Established, State::TimeWait),
    ] {
        let mut all = unaccepted("127.0.0.1:80").to_vec();
        (all[0].state, all[1].state) = (mine, theirs);
        all.push(listener(2, "0.0.0.0:80"));
        let open = mine == State::Established;
        let says = if open {
            "⇄2, not accepted yet"
        } else {
            "nobody holds the other end"
        };
        assert_eq!(of_inet(&all, 1), says);
        assert_eq!(of_inet(&all, 2), "");
    }
}

#[test]
fn one_end_alone_is_no_connection() {
    let listens = listener(2, "0.0.0.0:80");
    let local = tcp(1, State::Established, "127.0.0.1:4000", "127.0.0.1:80", 1);
    let closed = tcp(1, State::Closed, "127.0.0.1:4000", "127.0.0.1:80", 1);
    assert_eq!(
        of_inet(&[local, listens.clone()], 1),
        "nobody holds the other end"
    );
    assert_eq!(of_inet(&[closed, listens], 1), "");
    let own_address = "192.168.1.5:4000";
    for (remote, says) in [
        ("192.168.1.5:53", ""),
        ("127.0.0.1:53", ""),
        ("192.168.1.6:53", "another machine"),
    ] {
        assert_eq!(of_inet(&[udp(1, own_address, remote)], 1), says, "{remote}");
    }
}

#[test]
fn who_is_asked_to_connect_is_on_this_machine_or_on_another() {
    let asks = |to: &str, (waiting, most): (u32, u32)| {
        let client = tcp(1, State::SynSent, "127.0.0.1:4000", to, 1);
        let server = Inet {
            receive_queue: waiting,
            send_queue: most,
            ..listener(2, "0.0.0.0:443")
        };
        of_inet(&[client, server], 1)
    };
    assert_eq!(asks("127.0.0.1:443", (3, 3)), "⇄2");
    let full = format!("⇄2, {}", Note::Full.words());
    assert_eq!(asks("127.0.0.1:443", (4, 3)), full);
    assert_eq!(asks("127.0.0.1:444", (0, 3)), "");
    assert_eq!(
        asks("151.101.1.91:443", (4, 3)),
        "another machine",
        "whoever listens on that port here"
    );
}

#[test]
fn datagrams_reach_who_is_bound_closest_and_no_machine_but_their_own() {
    let exact = udp(2, "127.0.0.1:53", "0.0.0.0:0");
    let any = udp(3, "0.0.0.0:53", "0.0.0.0:0");
    let client = udp(1, "127.0.0.1:500", "127.0.0.1:53");
    let far = udp(4, "10.0.0.2:500", "9.9.9.9:53");
    let all = [exact.clone(), any.clone(), client, far.clone()];
    assert_eq!(of_inet(&all, 1), "→2");
    assert_eq!(of_inet(&all, 2), "←1");
    assert_eq!(of_inet(&all, 3), "", "the other one takes them");
    assert_eq!(of_inet(&all, 4), "another machine");
    // Of a pair both are connected, whoever else is bound to that port.
    let pair = [
        udp(5, "127.0.0.1:600", "127.0.0.1:601"),
        udp(6, "127.0.0.1:601", "127.0.0.1:600"),
        udp(7, "0.0.0.0:601", "0.0.0.0:0"),
    ];
    assert_eq!(of_inet(&pair, 5), "⇄6");
    assert_eq!(of_inet(&pair, 7), "");
}

#[test]
fn a_unix_connection_leads_to_who_holds_its_other_end_or_listens() {
    let tables = |unix: Vec<Unix>| Tables {
        unix,
        ..Tables::default()
    };
    let early = |peer| {
        tables(vec![
            unix(2, None, State::Listening, &[1]),
            unix(1, Some(peer), State::Established, &[]),
            unix(peer, Some(1), State::Established, &[]),
        ])
    };
    assert_eq!(told(&early(99), 1), "⇄2, not accepted yet");
    assert_eq!(told(&early(5), 1), "⇄5", "somebody holds it already");
    let alone = |state| told(&tables(vec![unix(1, None, state, &[])]), 1);
    assert_eq!(alone(State::Established), "nobody holds the other end");
    assert_eq!(alone(State::Closed), "");
    assert_eq!(alone(State::Listening), "");
}

#[test]
fn a_socket_is_told_with_the_name_at_its_other_end() {
    let named = |inode, peer, waiting: &[u64], name: &str| Unix {
        name: Some(name.into()),
        ..unix(inode, peer, State::Established, waiting)
    };
    let tables = Tables {
        unix: vec![
            unix(1, Some(2), State::Established, &[]),
            named(2, Some(1), &[], "/run/a"),
            unix(3, None, State::Established, &[]),
            named(4, None, &[3], "/run/b"),
            unix(5, None, State::Established, &[]),
            unix(6, Some(4), State::Established, &[]),
        ],
        inet: vec![listener(9, "0.0.0.0:80")],
        ..Tables::default()
    };
    let all = index(Vec::new());
    let join = Join::new(&all, &tables);
    let far = |inode| match join.socket(inode) {
        Some(Socket::Unix(unix)) => unix.peer_name.map(|name| name.to_string()),
        _ => panic!("a unix socket"),
    };
    assert_eq!(far(1).as_deref(), Some("/run/a"));
    assert_eq!(far(3).as_deref(), Some("/run/b"), "it waits there");
    assert_eq!(far(2), None);
    assert_eq!(far(5), None);
    let inet = join.socket(9).and_then(|socket| socket.local());
    assert_eq!(inet.as_deref(), Some("0.0.0.0:80"));
    assert_eq!(join.socket(77), None);
    assert_eq!((join.senders(4), join.senders(2)), (&[6][..], &[][..]));
}
