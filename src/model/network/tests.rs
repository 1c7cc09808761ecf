mod ends;

use super::*;
use crate::model::descriptors::peer::Peers;
use crate::model::descriptors::socket::State;
use crate::model::descriptors::socket::names::Services;
use crate::model::id::{Bytes, Nanos};
use crate::model::reading::Missing;

fn route(net: &str, prefix: u8, gateway: Option<&str>, interface: &str, metric: u32) -> Route {
    Route {
        destination: net.parse().expect(net),
        prefix,
        gateway: gateway.map(|g| g.parse().expect(g)),
        interface: interface.into(),
        metric,
    }
}

#[test]
fn the_longest_prefix_wins_then_the_smaller_metric() {
    let routes = [
        route("0.0.0.0", 0, Some("10.0.0.1"), "eth0", 100),
        route("0.0.0.0", 0, Some("10.1.0.1"), "wlan0", 600),
        route("10.0.0.0", 8, None, "eth0", 0),
        route("10.2.0.0", 16, None, "tun0", 0),
        route("::", 0, Some("fe80::1"), "eth0", 1),
        route("fd00::", 64, None, "eth0", 1),
    ];
    let by = |ip: &str| {
        let route = route::choose(&routes, ip.parse().expect(ip));
        route.map(|r| (r.interface.as_str(), r.prefix))
    };
    assert_eq!(by("8.8.8.8"), Some(("eth0", 0)));
    assert_eq!(by("10.9.9.9"), Some(("eth0", 8)));
    assert_eq!(by("10.2.3.4"), Some(("tun0", 16)));
    assert_eq!(by("2606:4700::1"), Some(("eth0", 0)));
    assert_eq!(by("fd00::7"), Some(("eth0", 64)));
    assert_eq!(
        route::choose(&routes[4..], "8.8.8.8".parse().expect("an address")),
        None
    );
}

#[test]
fn rates_need_two_readings_and_never_go_below_zero() {
    let second = Nanos(1_000_000_000);
    let now = (Bytes(3000), Bytes(50));
    assert_eq!(traffic::rates(None, now, second), Err(Missing::Soon));
    assert_eq!(
        traffic::rates(Some((Bytes(1000), Bytes(100))), now, second),
        Ok(Rates {
            received: 2000.0,
            sent: 0.0
        })
    );
    assert_eq!(traffic::rates(Some(now), now, Nanos(0)), Err(Missing::Soon));
}

fn connection(local: &str, remote: &str, holder: Option<u32>, rate: f64) -> Connection {
    Connection {
        inet: Inet::between(local, remote),
        holders: holder
            .map(|pid| (ProcId::new(pid, 1), "x".into(), 3))
            .into_iter()
            .collect(),
        more: 0,
        peers: Peers::default(),
        was: None,
        rates: Ok(Rates {
            received: rate,
            sent: 0.0,
        }),
    }
}

#[test]
fn talkers_add_up_to_all_connections() {
    let all = [
        connection("10.0.0.1:1", "1.1.1.1:443", Some(5), 10.0),
        connection("10.0.0.1:2", "1.1.1.1:443", Some(5), 5.0),
        connection("10.0.0.1:3", "1.1.1.1:443", None, 7.0),
        connection("10.0.0.1:4", "1.1.1.1:443", Some(6), 20.0),
    ];
    let none = ledger::Settled {
        by: HashMap::new(),
        short: Err(Missing::Soon),
    };
    let talkers = traffic::talkers(&all, none);
    let seen: Vec<_> = talkers
        .iter()
        .map(|t| (t.who.as_ref().map(|w| w.0.pid.0), t.connections))
        .collect();
    assert_eq!(seen, [(Some(6), 1), (Some(5), 2), (None, 1)]);
    let sum: f64 = talkers.iter().map(|t| t.rates.sum()).sum();
    assert!((sum - 42.0).abs() < 1e-9);
}

#[test]
fn a_service_is_named_by_the_port_that_is_listened_on() {
    let network = Network {
        names: Arc::new(Names {
            services: Services::parse(b"https 443/tcp\nweird 50000/tcp"),
            ..Names::default()
        }),
        ..Network::default()
    };
    let one = connection("10.0.0.1:50000", "1.1.1.1:443", None, 0.0);
    assert_eq!(network.service(&one.inet), Some("https"));
}

/// A connection in the table that has received so much.
fn counted(cookie: u64, remote: &str, holder: Option<u32>, received: u64) -> Connection {
    let mut c = connection("10.0.0.1:80", remote, holder, 0.0);
    c.inet.cookie = cookie;
    c.inet.tcp = Some(crate::model::descriptors::socket::Tcp {
        received: Bytes(received),
        ..Default::default()
    });
    c.rates = Err(Missing::Soon);
    c
}

fn listens(port: u16, holder: u32) -> Connection {
    let mut c = connection(&format!("0.0.0.0:{port}"), "0.0.0.0:0", Some(holder), 0.0);
    c.inet.state = State::Listening;
    c.rates = Err(Missing::Soon);
    c
}

fn ended(cookie: u64, local: &str, received: u64) -> ledger::Ended {
    ledger::Ended {
        namespace: 1,
        cookie,
        local: local.parse().expect(local),
        moved: (Bytes(received), Bytes(0)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the ledger is told it")]
fn heard(at: u64, ended: Vec<ledger::Ended>) -> Reading<ledger::Heard> {
    Ok(ledger::Heard {
        at: Nanos::from_millis(at),
        ended,
        missed: false,
    })
}

/// Of each talker: its pid, how many of its connections ended, what it receives a second.
type Seen = Vec<(Option<u32>, usize, f64)>;

/// Two readings one second apart: what the talkers receive in the second, by pid, and the short ones.
fn after(
    first: Vec<Connection>,
    second: Vec<Connection>,
    ends: Vec<ledger::Ended>,
) -> (Seen, Reading<Short>) {
    let mut ledger = ledger::Ledger::default();
    let mut first = first;
    let none = ledger.settle(Nanos::from_millis(1000), &mut first, heard(1000, vec![]));
    assert_eq!(none.short, Err(Missing::Soon), "one reading has no rates");
    assert!(first.iter().all(|c| c.rates == Err(Missing::Soon)));
    let mut second = second;
    let settled = ledger.settle(Nanos::from_millis(2000), &mut second, heard(2000, ends));
    let short = settled.short;
    let talkers = traffic::talkers(&second, settled).into_iter();
    let seen = talkers.map(|t| (t.who.map(|w| w.0.pid.0), t.ended, t.rates.received));
    (seen.collect(), short)
}

#[test]
fn the_last_bytes_of_a_connection_belong_to_who_held_it() {
    let (talkers, short) = after(
        vec![counted(7, "1.1.1.1:9", Some(5), 1000)],
        vec![],
        vec![ended(7, "10.0.0.1:80", 1500)],
    );
    assert_eq!(talkers, [(Some(5), 1, 500.0)]);
    assert_eq!(short, Ok(Short::default()));
}

#[test]
fn one_that_ended_after_the_table_was_read_is_counted_once() {
    let (talkers, _) = after(
        vec![counted(7, "1.1.1.1:9", Some(5), 1000)],
        vec![counted(7, "1.1.1.1:9", Some(5), 1400)],
        vec![ended(7, "10.0.0.1:80", 1500)],
    );
    assert_eq!(talkers, [(Some(5), 1, 500.0)]);
}

#[test]
fn one_that_nobody_saw_belongs_to_its_listener_or_is_called_short() {
    let (talkers, short) = after(
        vec![],
        vec![listens(80, 9)],
        vec![
            ended(11, "10.0.0.1:80", 300),
            ended(12, "10.0.0.1:80", 300),
            ended(13, "10.0.0.1:40000", 70),
        ],
    );
    assert_eq!(talkers, [(Some(9), 2, 600.0)]);
    let short = short.expect("two readings");
    assert_eq!((short.connections, short.rates.received), (1, 70.0));
}

#[test]
fn what_a_table_misses_once_is_not_new_when_it_is_back() {
    let mut ledger = ledger::Ledger::default();
    let mut at = 0;
    let mut read = |mut table: Vec<Connection>| {
        at += 1000;
        let settled = ledger.settle(Nanos::from_millis(at), &mut table, heard(at, vec![]));
        assert!(settled.by.is_empty());
        table.into_iter().map(|c| c.rates).next_back()
    };
    let other = || counted(8, "1.1.1.1:8", None, 0);
    read(vec![other(), counted(7, "1.1.1.1:9", None, 9000)]);
    read(vec![other()]);
    let back = read(vec![other(), counted(7, "1.1.1.1:9", None, 9100)]);
    assert_eq!(back.map(|r| r.map(|r| r.received)), Some(Ok(100.0)));
}

#[test]
fn in_a_namespace_seen_for_the_first_time_nothing_is_new() {
    let mut far = counted(7, "1.1.1.1:9", None, 9000);
    far.inet.namespace = 2;
    let (talkers, _) = after(vec![counted(8, "1.1.1.1:8", None, 0)], vec![far], vec![]);
    assert_eq!(talkers, []);
}

#[test]
fn endings_that_were_missed_are_said_and_deafness_too() {
    let mut ledger = ledger::Ledger::default();
    let second = |n: u64| Nanos::from_millis(n * 1000);
    ledger.settle(second(1), &mut [], heard(1000, vec![]));
    let missed = ledger::Heard {
        at: second(2),
        ended: vec![],
        missed: true,
    };
    let settled = ledger.settle(second(2), &mut [], Ok(missed));
    assert!(settled.short.is_ok_and(|s| s.missed));
    let settled = ledger.settle(second(3), &mut [], Err(Missing::Denied));
    assert_eq!(settled.short, Err(Missing::Denied));
}

#[test]
fn what_the_kernel_still_sends_belongs_to_who_held_it() {
    let mut left = counted(7, "1.1.1.1:9", None, 1800);
    left.inet.inode = 0;
    left.inet.state = State::FinWait1;
    let mut table = vec![left];
    let mut ledger = ledger::Ledger::default();
    let mut first = vec![counted(7, "1.1.1.1:9", Some(5), 1000)];
    ledger.settle(Nanos::from_millis(1000), &mut first, heard(1000, vec![]));
    let settled = ledger.settle(Nanos::from_millis(2000), &mut table, heard(2000, vec![]));
    assert_eq!(table[0].owner().map(|(id, _)| id.pid.0), Some(5));
    let talkers = traffic::talkers(&table, settled);
    assert_eq!(talkers[0].who.as_ref().map(|(id, _)| id.pid.0), Some(5));
}

#[test]
fn kinds_of_interfaces_read_as_words() {
    let kind = |word: Option<&str>, vlan, under: Option<&str>, part: Option<&str>| {
        let kind = Kind {
            word: word.map(Into::into),
            vlan,
            under: under.map(Into::into),
            part_of: part.map(Into::into),
        };
        kind.words()
    };
    assert_eq!(kind(None, None, None, None), "");
    assert_eq!(kind(None, None, None, Some("bond0")), "part of bond0");
    assert_eq!(
        kind(Some("veth"), None, Some("veth1"), None),
        "veth to veth1"
    );
    assert_eq!(
        kind(Some("vlan"), Some(7), Some("eth0"), None),
        "vlan 7 on eth0"
    );
}

#[test]
fn who_has_udp_alone_where_nobody_counts_it_moves_no_known_amount() {
    let udp = |holder| {
        let mut socket = connection("10.0.0.1:53", "0.0.0.0:0", Some(holder), 0.0);
        socket.inet.protocol = Protocol::Udp;
        socket.rates = Err(Missing::Unsupported);
        socket
    };
    let tcp = connection("10.0.0.1:80", "10.0.0.2:9", Some(8), 500.0);
    let connections = vec![udp(7), udp(8), tcp];
    let none = ledger::Settled {
        by: HashMap::new(),
        short: Err(Missing::Soon),
    };
    let mut network = Network {
        talkers: traffic::talkers(&connections, none),
        connections,
        datagrams: Err(Missing::Denied),
        span: Nanos(1_000_000_000),
        complete: true,
        ..Network::default()
    };
    let of = |network: &Network, pid: u32| {
        let traffic = network.traffic();
        let shares = crate::model::sample::Shares {
            traffic,
            ..Default::default()
        };
        let holders = network.connections.iter().flat_map(|c| &c.holders);
        let id = holders.map(|h| h.0).find(|id| id.pid.0 == pid);
        let id = id.unwrap_or(ProcId::new(pid, 1));
        shares.traffic_of(id).map(|rates| rates.received)
    };
    assert_eq!(of(&network, 7), Err(Missing::Denied));
    assert_eq!(of(&network, 8), Ok(500.0), "TCP alone");
    assert_eq!(of(&network, 9), Ok(0.0));
    network.datagrams = Ok(Vec::new());
    assert_eq!(of(&network, 7), Ok(0.0), "it is counted");
}
