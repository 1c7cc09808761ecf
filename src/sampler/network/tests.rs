use super::*;
use crate::model::descriptors::socket::Protocol;
use std::io::{Read as _, Write as _};
use std::time::Duration;

#[test]
fn a_connection_of_ours_is_found_with_what_it_moved() {
    let Ok(listener) = std::net::TcpListener::bind("127.0.0.1:0") else {
        println!("skipped: no loopback here");
        return;
    };
    let to = listener.local_addr().expect("its address");
    let mut client = std::net::TcpStream::connect(to).expect("a client");
    let (mut server, _) = listener.accept().expect("a connection");
    let root = ProcRoot::live();
    let mut networks = Networks::new(&root, Shared::new(&root));
    networks
        .network(Duration::from_mins(1), None)
        .expect("a reading");
    client.write_all(&[1; 10_000]).expect("sent");
    server.read_exact(&mut [0; 10_000]).expect("received");
    networks.shared.expire();
    let network = networks
        .network(Duration::from_mins(1), None)
        .expect("a reading");
    let pid = std::process::id();
    let mine = |c: &&Connection| c.holders.iter().any(|(id, ..)| id.pid.0 == pid);
    let found: Vec<_> = network
        .connections
        .iter()
        .filter(mine)
        .filter(|c| c.inet.local.port() == to.port() || c.inet.remote.port() == to.port())
        .collect();
    assert_eq!(found.len(), 3, "listener and both ends");
    let far = found.iter().find(|c| c.inet.remote.port() == to.port());
    match far.map(|c| c.rates) {
        Some(Ok(rates)) => assert!(rates.sent > 0.0),
        _ => println!("skipped: this kernel tells nothing of TCP"),
    }
    let listener = network.listeners().into_iter().find(|c| c.inet.local == to);
    assert_eq!(
        listener.map(|c| crate::model::network::reach(&c.inet)),
        Some("only this machine")
    );
}

#[test]
fn a_datagram_socket_that_is_connected_names_who_takes_what_it_sends() {
    let bound = || std::net::UdpSocket::bind("127.0.0.1:0");
    let (Ok(taker), Ok(sender)) = (bound(), bound()) else {
        println!("skipped: no loopback here");
        return;
    };
    let to = taker.local_addr().expect("its address");
    sender.connect(to).expect("it is local");
    let root = ProcRoot::live();
    let mut networks = Networks::new(&root, Shared::new(&root));
    let network = networks
        .network(Duration::from_mins(1), None)
        .expect("a reading");
    let all = network.connections.iter();
    let mut udp = all.filter(|c| c.inet.protocol == Protocol::Udp);
    let found = udp.find(|c| c.inet.remote == to).expect("it is listed");
    let me = std::process::id();
    let peer = found.peer().map(|p| p.id.pid.0);
    assert_eq!(peer, Some(me), "{:?}", found.peers);
    let took = udp_of(&network, to).peer().map(|p| p.id.pid.0);
    assert_eq!(took, Some(me), "who sends to it");
}

fn udp_of(network: &Network, local: std::net::SocketAddr) -> &Connection {
    let mut all = network.connections.iter();
    let found = all.find(|c| c.inet.protocol == Protocol::Udp && c.inet.local == local);
    found.expect("it is listed")
}

#[test]
fn short_connections_belong_to_their_listener() {
    let Ok(listener) = std::net::TcpListener::bind("127.0.0.1:0") else {
        println!("skipped: no loopback here");
        return;
    };
    let to = listener.local_addr().expect("its address");
    let root = ProcRoot::live();
    let mut networks = Networks::new(&root, Shared::new(&root));
    let mut read = || {
        networks.shared.expire();
        networks
            .network(Duration::from_mins(1), None)
            .expect("a reading")
    };
    read();
    for _ in 0..20 {
        let mut client = std::net::TcpStream::connect(to).expect("a client");
        let (mut server, _) = listener.accept().expect("a connection");
        client.write_all(&[1; 10_000]).expect("sent");
        drop(client);
        server.read_to_end(&mut Vec::new()).expect("received");
    }
    let pid = std::process::id();
    let (mut ended, mut received) = (0, 0.0);
    while ended < 20 {
        let network = read();
        if let Err(why) = network.short {
            println!("skipped: {why}");
            return;
        }
        let us = |t: &&traffic::Talker| t.who.as_ref().is_some_and(|(id, _)| id.pid.0 == pid);
        for us in network.talkers.iter().filter(us) {
            ended += us.ended;
            received += us.of_ended.received * network.span.seconds();
        }
    }
    assert!(received > 0.0);
    networks.rest();
    assert!(networks.endings.is_none());
}
