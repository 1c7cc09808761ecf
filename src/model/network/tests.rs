use super::*;
use crate::model::id::{Nanos, Uid};
use crate::model::reading::Missing;
use crate::model::socket::State;

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
        inet: Inet {
            protocol: Protocol::Tcp,
            inode: 1,
            cookie: 1,
            state: State::Established,
            local: local.parse().expect(local),
            remote: remote.parse().expect(remote),
            receive_queue: 0,
            send_queue: 0,
            uid: Uid(0),
            interface: 0,
            namespace: 1,
            tcp: None,
        },
        holders: holder
            .map(|pid| (ProcId::new(pid, 1), "x".into(), 3))
            .into_iter()
            .collect(),
        more: 0,
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
    let talkers = traffic::talkers(&all);
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
        services: Arc::new(Services::parse(b"https 443/tcp\nweird 50000/tcp")),
        ..Network::default()
    };
    let one = connection("10.0.0.1:50000", "1.1.1.1:443", None, 0.0);
    assert_eq!(network.service(&one.inet), Some("https"));
}
