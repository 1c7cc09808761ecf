use super::*;
use crate::app::world::Settings;
use crate::model::descriptors::peer::{Flow, Note, Peer, Peers};
use crate::model::descriptors::socket::names::{Hosts, Names, Services};
use crate::model::descriptors::socket::{Inet, Protocol, State, Tcp};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Nanos, ProcId, Uid};
use crate::model::network::ledger::Settled;
use crate::model::network::{Counters, Interface, Kind, Rates, Route, Short};
use crate::model::scene::Scene;
use crate::panels::tests::drawn::text as drawn;
use crate::theme::{Depth, Theme};

pub fn connection(
    protocol: Protocol,
    state: State,
    local: &str,
    remote: &str,
    holder: Option<(u32, &str)>,
) -> Connection {
    let tcp = protocol == Protocol::Tcp && state == State::Established;
    Connection {
        inet: Inet {
            protocol,
            inode: u64::from(state != State::TimeWait),
            cookie: 1,
            state,
            local: local.parse().expect(local),
            remote: remote.parse().expect(remote),
            receive_queue: 0,
            send_queue: if state == State::Listening { 128 } else { 0 },
            uid: Uid(33),
            interface: 0,
            namespace: 1,
            only_v6: Some(false),
            tcp: tcp.then(|| Tcp {
                rtt: Some((Nanos(12_400_000), Nanos(3_000_000))),
                retransmits: 4,
                acked: Bytes(3 << 20),
                received: Bytes(90 << 20),
                window: 10,
                mss: 1448,
                ..Tcp::default()
            }),
        },
        holders: holder
            .map(|(pid, name)| (ProcId::new(pid, u64::from(pid)), name.into(), 7))
            .into_iter()
            .collect(),
        more: 0,
        peers: Peers::default(),
        was: None,
        rates: if tcp {
            Ok(Rates {
                received: 1_300_000.0,
                sent: 12_000.0,
            })
        } else {
            Err(Missing::Soon)
        },
    }
}

fn interfaces() -> Vec<Interface> {
    let interface = |name: &str, index, address: &str, kind| Interface {
        name: name.into(),
        index,
        kind,
        state: Ok("up".into()),
        carrier: Ok(true),
        speed: Err(Missing::Unsupported),
        mac: Ok(None),
        mtu: Ok(1500),
        addresses: vec![(address.parse().expect("an address"), 24)],
        counters: Counters::default(),
        rates: Ok(Rates::default()),
    };
    let vlan = Kind {
        word: Some("vlan".into()),
        vlan: Some(7),
        under: Some("eth0".into()),
        part_of: None,
    };
    vec![
        interface("lo", 1, "127.0.0.1", Kind::default()),
        Interface {
            speed: Ok(1000),
            mac: Ok(Some("02:fc:00:00:00:01".into())),
            counters: Counters {
                drops_in: 3,
                ..Counters::default()
            },
            rates: Ok(Rates {
                received: 1_310_720.0,
                sent: 12_000.0,
            }),
            ..interface("eth0", 2, "10.0.0.2", Kind::default())
        },
        interface("eth0.7", 3, "198.51.100.9", vlan),
    ]
}

pub fn network() -> Network {
    let tcp = Protocol::Tcp;
    let mut network = Network {
        namespace: 1,
        complete: true,
        names: Arc::new(Names {
            services: Services::parse(b"https 443/tcp\nssh 22/tcp\nntp 123/udp"),
            hosts: Hosts::parse(b"10.0.0.1 router\n1.1.1.1 resolver.example"),
        }),
        resolvers: vec!["10.0.0.53".into()],
        routes: vec![Route {
            destination: "0.0.0.0".parse().expect("an address"),
            prefix: 0,
            gateway: Some("10.0.0.1".parse().expect("an address")),
            interface: "eth0".into(),
            metric: 0,
        }],
        interfaces: interfaces(),
        connections: vec![
            connection(
                tcp,
                State::Listening,
                "0.0.0.0:22",
                "0.0.0.0:0",
                Some((9, "sshd")),
            ),
            connection(
                tcp,
                State::Established,
                "10.0.0.2:40000",
                "151.101.1.91:443",
                Some((20, "curl")),
            ),
            connection(
                tcp,
                State::Established,
                "127.0.0.1:5000",
                "127.0.0.1:6000",
                Some((20, "curl")),
            ),
            connection(
                tcp,
                State::Established,
                "127.0.0.1:6000",
                "127.0.0.1:5000",
                Some((30, "proxy")),
            ),
            connection(
                Protocol::Udp,
                State::Closed,
                "127.0.0.1:123",
                "0.0.0.0:0",
                None,
            ),
            connection(tcp, State::TimeWait, "10.0.0.2:40002", "1.1.1.1:443", None),
        ],
        ..Network::default()
    };
    let settled = Settled {
        by: std::collections::HashMap::new(),
        short: Ok(Short {
            rates: Rates {
                received: 0.0,
                sent: 500_000.0,
            },
            connections: 12,
            missed: false,
        }),
    };
    network.span = Nanos(1_000_000_000);
    network.short = settled.short;
    network.talkers = crate::model::network::traffic::talkers(&network.connections, settled);
    network
}

pub fn world() -> World {
    let mut scene = Scene::new();
    scene.task(20, 1, "curl");
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    world.snapshot = Arc::new(scene.snapshot());
    world.focus = Some(ProcId::new(20, 20));
    let mut detail = Detail::default();
    detail.machine.network = Some(Stamped::new(Nanos(1), Ok(network())));
    world.detail = Arc::new(detail);
    world
}

#[test]
fn the_layers_stand_under_the_chosen_connection() {
    let world = world();
    let mut tab = SocketsTab::default();
    drawn(&mut tab, &world, 130, 18);
    tab.act(&world, moves::LAST);
    insta::assert_snapshot!(drawn(&mut tab, &world, 130, 18), @r##"
     2 connections   0 listening   TCP in 2.5 MB/s out 23 KB/s

     PROTO▲ STATE       LOCAL            REMOTE              SERVICE       RTT RESENT QUEUES              IN      OUT PEER
     tcp    established 10.0.0.2:40000   151.101.1.91:443    https      12.4ms      4               1.2 MB/s  12 KB/s public
    ▌tcp    established 127.0.0.1:5000   127.0.0.1:6000                 12.4ms      4               1.2 MB/s  12 KB/s 30 proxy






     LAYERS under the chosen socket
     application  20 curl  fd 7
     transport    TCP port 5000 to 6000   established   rtt 12.4ms ± 3.0ms   window 10 × 1.4K   resent 4   in all 90.0M in, 3.0M out
     network      IPv4 127.0.0.1 loopback to 127.0.0.1 loopback   by lo, on this machine
     link         lo   no hardware address   MTU 1500   0 errors, 0 drops
     physical     none: the kernel hands it back to itself
    "##);
}

#[test]
fn only_its_own_sockets_are_listed_at_every_size() {
    let world = world();
    for (width, height) in [(58, 13), (78, 20), (118, 36), (198, 56)] {
        let text = drawn(&mut SocketsTab::default(), &world, width, height);
        assert!(text.contains("151.101.1"), "{width}x{height}\n{text}");
        assert!(!text.contains("sshd"), "{width}x{height}\n{text}");
    }
    for width in 0..60 {
        drawn(&mut SocketsTab::default(), &world, width, width / 3);
    }
}

#[test]
fn enter_follows_a_connection_that_stays_on_this_machine() {
    let world = world();
    let mut tab = SocketsTab::default();
    drawn(&mut tab, &world, 130, 20);
    let mut replies = Vec::new();
    for _ in 0..2 {
        replies.push(match tab.act(&world, &JUMP) {
            Reply::Inspect(id, "sockets") => id.pid.0,
            _ => 0,
        });
        tab.act(&world, moves::DOWN);
        drawn(&mut tab, &world, 130, 20);
    }
    replies.sort_unstable();
    assert_eq!(replies, [0, 30]);
}

#[test]
fn who_takes_datagrams_is_named_as_in_the_tab_files() {
    let mut network = network();
    let mut sender = connection(
        Protocol::Udp,
        State::Established,
        "127.0.0.1:38338",
        "127.0.0.1:24004",
        Some((20, "curl")),
    );
    sender.peers.named = vec![Peer {
        id: ProcId::new(31, 31),
        name: "taker".into(),
        fd: Some(4),
        flow: Flow::Out,
        foreign: false,
    }];
    network.connections = vec![sender];
    let shown = |network: &Network| {
        let mut world = world();
        let mut detail = Detail::default();
        detail.machine.network = Some(Stamped::new(Nanos(1), Ok(network.clone())));
        world.detail = Arc::new(detail);
        let mut tab = SocketsTab::default();
        let text = drawn(&mut tab, &world, 180, 18);
        (text, tab.act(&world, &JUMP))
    };
    let (text, jump) = shown(&network);
    assert!(text.contains("31 taker"), "{text}");
    assert!(matches!(jump, Reply::Inspect(id, _) if id.pid.0 == 31));
    network.connections[0].peers = Peers {
        note: Some(Note::Hidden(Some(Uid(7)))),
        ..Peers::default()
    };
    let (text, _) = shown(&network);
    let note = Note::Hidden(Some(Uid(7))).words();
    assert!(text.contains(&note), "{text}");
}

#[test]
fn a_filter_leaves_what_contains_it() {
    let world = world();
    let mut tab = SocketsTab::default();
    tab.act(&world, moves::FILTER);
    for c in "HTTPS".chars() {
        tab.key(&world, Key::char(c));
    }
    let text = drawn(&mut tab, &world, 130, 20);
    assert!(
        text.contains("151.101.1.91:443") && !text.contains("127.0.0.1:6000"),
        "{text}"
    );
}

#[test]
fn hidden_descriptors_are_not_called_none() {
    let mut world = world();
    world.focus = Some(ProcId::new(1, 1));
    let mut hidden = network();
    hidden.focus = Err(Missing::Denied);
    let mut detail = Detail::default();
    detail.machine.network = Some(Stamped::new(Nanos(1), Ok(hidden)));
    world.detail = Arc::new(detail);
    let text = drawn(&mut SocketsTab::default(), &world, 118, 20);
    assert!(
        text.contains("does not show its sockets to this user"),
        "{text}"
    );
    assert!(!text.contains("It has no"), "{text}");
}

#[test]
fn what_ended_is_said() {
    let mut world = world();
    let mut network = network();
    let of = |t: &&mut Talker| t.who.as_ref().is_some_and(|(id, _)| id.pid.0 == 20);
    let talker = network.talkers.iter_mut().find(of).expect("it talks");
    talker.ended = 19;
    talker.of_ended.sent = 2048.0;
    let mut detail = Detail::default();
    detail.machine.network = Some(Stamped::new(Nanos(1), Ok(network)));
    world.detail = Arc::new(detail);
    let text = drawn(&mut SocketsTab::default(), &world, 130, 20);
    assert!(text.contains("19 ended, in 0 B/s out 2.0 KB/s"), "{text}");
}
