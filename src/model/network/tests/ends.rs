//! Which way packets go, who is at which end, and who moved what nobody saw.

use super::*;

fn interface(name: &str, addresses: &[&str]) -> Interface {
    let parse = |ip: &&str| (ip.parse().expect("an address"), 24);
    Interface {
        name: name.into(),
        index: 1,
        kind: Kind::default(),
        state: Ok("up".into()),
        carrier: Ok(true),
        speed: Err(Missing::Unsupported),
        mac: Ok(None),
        mtu: Ok(1500),
        addresses: addresses.iter().map(parse).collect(),
        counters: Counters::default(),
        rates: Err(Missing::Soon),
    }
}

#[test]
fn loopback_is_told_by_its_name_or_its_addresses() {
    for (name, addresses, loopback) in [
        ("lo", &["127.0.0.1"][..], true),
        ("lo", &[], true),
        ("dummy0", &["10.0.0.1", "::1"], true),
        ("eth0", &["10.0.0.1"], false),
        ("eth0", &[], false),
    ] {
        let told = interface(name, addresses).is_loopback();
        assert_eq!(told, loopback, "{name} {addresses:?}");
    }
}

#[test]
fn an_interface_is_up_as_the_kernel_says_or_by_its_carrier() {
    for (state, carrier, up) in [
        (Ok("up"), Ok(false), true),
        (Ok("down"), Ok(true), false),
        (Ok("unknown"), Ok(true), true),
        (Ok("unknown"), Ok(false), false),
        (Ok("unknown"), Err(Missing::Denied), false),
        (Err(Missing::Denied), Ok(true), false),
    ] {
        let told = Interface {
            state: state.map(Into::into),
            carrier,
            ..interface("eth0", &[])
        };
        assert_eq!(told.is_up(), up, "{state:?} {carrier:?}");
    }
}

#[test]
fn packets_to_ourselves_go_by_loopback() {
    let interfaces = [
        interface("lo", &["127.0.0.1"]),
        interface("eth0", &["10.0.0.5"]),
    ];
    let routes = [route("0.0.0.0", 0, Some("10.0.0.1"), "eth0", 100)];
    let ways = Ways {
        interfaces: &interfaces,
        routes: &routes,
    };
    for (ip, interface, by_route) in [
        ("127.0.0.9", "lo", false),
        ("10.0.0.5", "lo", false),
        ("10.0.0.6", "eth0", true),
    ] {
        let (way, route) = ways.to(ip.parse().expect(ip));
        assert_eq!(way.map(|w| w.name.as_str()), Some(interface), "{ip}");
        assert_eq!(route.is_some(), by_route, "{ip}");
    }
}

#[test]
fn ways_of_a_namespace_are_those_of_that_and_no_other() {
    let foreign = Foreign {
        namespace: 2,
        interfaces: Ok(vec![interface("veth0", &[])]),
        routes: Vec::new(),
    };
    let mut network = Network {
        interfaces: vec![interface("eth0", &[])],
        namespace: 1,
        foreign: Some(foreign),
        ..Network::default()
    };
    let first = |network: &Network, namespace| {
        let ways = network.ways(namespace);
        ways.map(|w| w.interfaces[0].name.to_string())
    };
    for (namespace, way) in [
        (1, Ok("eth0")),
        (0, Ok("eth0")),
        (2, Ok("veth0")),
        (3, Err(Missing::Soon)),
    ] {
        assert_eq!(first(&network, namespace), way.map(str::to_owned));
    }
    network.namespace = 0;
    assert_eq!(
        first(&network, 2).as_deref(),
        Ok("eth0"),
        "ours is not told"
    );
}

#[test]
fn the_peer_is_another_one_where_there_is_one() {
    let peer = |pid: u32| Peer {
        id: ProcId::new(pid, 1),
        name: "x".into(),
        fd: Some(1),
        flow: crate::model::descriptors::peer::Flow::Both,
        foreign: false,
    };
    let at_the_end = |pids: &[u32]| {
        let mut c = connection("10.0.0.1:1", "10.0.0.1:2", Some(5), 0.0);
        c.peers.named = pids.iter().map(|pid| peer(*pid)).collect();
        c.peer().map(|p| p.id.pid.0)
    };
    assert_eq!(at_the_end(&[5, 9]), Some(9));
    assert_eq!(at_the_end(&[9, 5]), Some(9));
    assert_eq!(at_the_end(&[5]), Some(5), "it talks to itself");
    assert_eq!(at_the_end(&[]), None);
}

#[test]
fn what_listens_has_one_end_and_what_is_held_is_found() {
    let open = connection("0.0.0.0:9", "0.0.0.0:0", Some(6), 0.0);
    let there = connection("10.0.0.1:80", "1.1.1.1:9", Some(7), 0.0);
    let network = Network {
        connections: vec![listens(80, 5), open, there],
        ..Network::default()
    };
    let holders =
        |all: Vec<&Connection>| -> Vec<u32> { all.iter().map(|c| c.holders[0].0.pid.0).collect() };
    assert_eq!(holders(network.connected().collect()), [7]);
    assert_eq!(holders(network.listeners()), [5]);
    assert_eq!(holders(network.of(ProcId::new(6, 1)).collect()), [6]);
}

#[test]
fn of_two_ports_with_names_the_lower_one_is_the_service() {
    let network = Network {
        names: Arc::new(Names {
            services: Services::parse(b"ssh 22/tcp\nhttp 80/tcp\nodd 50000/tcp"),
            ..Names::default()
        }),
        ..Network::default()
    };
    for (local, remote, service) in [
        ("10.0.0.1:22", "1.1.1.1:80", Some("ssh")),
        ("10.0.0.1:80", "1.1.1.1:22", Some("ssh")),
        ("10.0.0.1:50000", "0.0.0.0:0", Some("odd")),
        ("10.0.0.1:7", "1.1.1.1:50000", Some("odd")),
        ("10.0.0.1:7", "1.1.1.1:8", None),
    ] {
        let one = connection(local, remote, None, 0.0);
        assert_eq!(network.service(&one.inet), service, "{local} {remote}");
    }
}

#[test]
fn rates_are_a_second() {
    let (old, now) = ((Bytes(1000), Bytes(100)), (Bytes(3000), Bytes(500)));
    let rates = traffic::rates(Some(old), now, Nanos::from_millis(4000));
    let (received, sent) = (500.0, 100.0);
    assert_eq!(rates, Ok(Rates { received, sent }));
}

#[test]
fn a_connection_that_is_new_has_moved_all_it_moved_since() {
    let mut ledger = ledger::Ledger::default();
    let mut first = vec![counted(8, "1.1.1.1:8", None, 0)];
    ledger.settle(Nanos::from_millis(1000), &mut first, heard(1000, vec![]));
    let mut second = vec![
        counted(8, "1.1.1.1:8", None, 50),
        counted(9, "1.1.1.1:9", None, 700),
    ];
    ledger.settle(Nanos::from_millis(2000), &mut second, heard(2000, vec![]));
    let rates: Vec<_> = second.iter().map(|c| c.rates.map(|r| r.received)).collect();
    assert_eq!(rates, [Ok(50.0), Ok(700.0)]);
}

#[test]
fn only_what_no_descriptor_holds_any_more_was_somebodys() {
    for (inode, was) in [(0, Some(5)), (77, None)] {
        let mut ledger = ledger::Ledger::default();
        let mut first = vec![counted(7, "1.1.1.1:9", Some(5), 1000)];
        ledger.settle(Nanos::from_millis(1000), &mut first, heard(1000, vec![]));
        let mut left = counted(7, "1.1.1.1:9", None, 1800);
        left.inet.inode = inode;
        let mut second = vec![left];
        ledger.settle(Nanos::from_millis(2000), &mut second, heard(2000, vec![]));
        let told = second[0].was.as_ref().map(|(id, _)| id.pid.0);
        assert_eq!(told, was, "{inode}");
    }
}

#[test]
fn who_is_connected_at_a_port_does_not_listen_there() {
    let mut udp = listens(80, 9);
    udp.inet.protocol = Protocol::Udp;
    let held = counted(7, "1.1.1.1:9", Some(5), 0);
    let ends = vec![ended(11, "10.0.0.1:80", 300)];
    let (talkers, short) = after(vec![held.clone()], vec![udp, held], ends);
    assert!(
        talkers.iter().all(|(_, ended, _)| *ended == 0),
        "{talkers:?}"
    );
    assert_eq!(short.map(|s| s.connections), Ok(1));
}
