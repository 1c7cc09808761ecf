use super::*;
use crate::model::descriptors::socket::{Protocol, State, Tcp};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Nanos;
use crate::panels::inspector::sockets::tests::{connection, network, world};
use crate::panels::tests::drawn::text as drawn;

#[test]
fn the_first_three_lines_answer() {
    insta::assert_snapshot!(drawn(&mut ViewNetwork::default(), &world(), 158, 30), @r##"
     ports      2 listen, 1 beyond this machine   22 ssh sshd   123 ntp uid 33
     bandwidth  TCP only:   20 curl in 2.5 MB/s out 23 KB/s   30 proxy in 1.2 MB/s out 12 KB/s   12 short connections in 0 B/s out 488 KB/s
     way out    eth0 gateway 10.0.0.1 router   names from 10.0.0.53   eth0 in 1.2 MB/s out 12 KB/s

     INTERFACE  KIND           STATE   SPEED            IN      OUT ERRORS  DROPS ADDRESSES                                              MAC, MTU
     lo                        up      –             0 B/s    0 B/s      0      0 127.0.0.1/24 loopback                                  1500
     eth0                      up      1 Gbit/s   1.2 MB/s  12 KB/s      0      3 10.0.0.2/24 private                                    02:fc:00:00:00:01  1500
     eth0.7     vlan 7 on eth0 up      –             0 B/s    0 B/s      0      0 198.51.100.9/24 documentation                          1500

     1 connection is over (time-wait): the kernel keeps the ports for a minute · g shows them
     PROTO  STATE▲      LOCAL                      REMOTE                       SERVICE       RTT RESENT QUEUES              IN      OUT PROCESS
    ▌tcp    listening   0.0.0.0:22                 everyone                     ssh                                                      9 sshd
     udp    open        127.0.0.1:123              only this machine            ntp                                                      no visible process
     tcp    established 127.0.0.1:5000             127.0.0.1:6000                          12.4ms      4               1.2 MB/s  12 KB/s 20 curl
     tcp    established 127.0.0.1:6000             127.0.0.1:5000                          12.4ms      4               1.2 MB/s  12 KB/s 30 proxy
     tcp    established 10.0.0.2:40000             151.101.1.91:443             https      12.4ms      4               1.2 MB/s  12 KB/s 20 curl







     LAYERS under the chosen socket
     application  9 sshd  fd 7
     transport    TCP port 22 ssh   listening
     network      IPv4 0.0.0.0:22   for everyone
     link         every interface
    "##);
}

#[test]
fn every_size_answers_who_owns_a_port() {
    let world = world();
    for (width, height) in [(58, 13), (78, 20), (118, 36), (198, 56)] {
        let text = drawn(&mut ViewNetwork::default(), &world, width, height);
        assert!(text.contains("22 ssh sshd"), "{width}x{height}\n{text}");
        assert!(text.contains("curl"), "{width}x{height}\n{text}");
    }
    for width in 0..60 {
        drawn(&mut ViewNetwork::default(), &world, width, width / 3);
    }
}

#[test]
fn enter_inspects_the_owner_and_g_narrows_the_list() {
    let world = world();
    let mut view = ViewNetwork::default();
    drawn(&mut view, &world, 120, 40);
    let reply = view.act(&world, &INSPECT);
    assert!(
        matches!(reply, Reply::Inspect(id, "sockets") if id.pid.0 == 9),
        "the listener is first"
    );
    view.act(&world, &SHOW);
    let text = drawn(&mut view, &world, 120, 40);
    assert!(!text.contains("151.101.1.91"), "{text}");
    view.act(&world, moves::LAST);
    drawn(&mut view, &world, 120, 40);
    // Whoever has not been found may still be.
    for (complete, words) in [(true, "is not visible"), (false, "still being read")] {
        let mut network = view.network.as_deref().expect("read").clone();
        network.complete = complete;
        view.network = Some(Arc::new(network));
        let reply = view.act(&world, &INSPECT);
        assert!(
            matches!(&reply, Reply::Say(text) if text.contains(words)),
            "{words}"
        );
    }
}

/// The same, and a container that listens on port 22 too.
fn with_a_container() -> World {
    let mut world = world();
    let mut network = network();
    let mut listener = connection(
        Protocol::Tcp,
        State::Listening,
        "0.0.0.0:22",
        "0.0.0.0:0",
        Some((40, "dropbear")),
    );
    listener.inet.namespace = 4_026_532_250;
    let mut connecting = connection(
        Protocol::Tcp,
        State::SynSent,
        "10.0.0.2:40005",
        "10.9.9.9:2222",
        Some((20, "curl")),
    );
    connecting.inet.tcp = Some(Tcp::default());
    network.connections.extend([listener, connecting]);
    network.namespaces = vec![(4_026_532_250, "blue".into())];
    let mut detail = Detail::default();
    detail.machine.network = Some(Stamped::new(Nanos(1), Ok(network)));
    world.detail = Arc::new(detail);
    world
}

#[test]
fn ports_of_another_namespace_are_not_ours() {
    let world = with_a_container();
    let text = drawn(&mut ViewNetwork::default(), &world, 158, 36);
    assert!(
        text.contains("2 listen, 1 beyond this machine, 1 in other namespaces   22 ssh sshd"),
        "{text}"
    );
    let row = text.lines().find(|l| l.contains("dropbear"));
    assert!(
        row.is_some_and(|l| l.trim_end().ends_with("blue")),
        "{text}"
    );
    let ours = text
        .lines()
        .find(|l| l.contains("9 sshd") && l.contains("everyone"));
    assert!(
        ours.is_some_and(|l| l.trim_end().ends_with("sshd")),
        "{text}"
    );
    // Where all are ours there is no such column.
    let plain = drawn(
        &mut ViewNetwork::default(),
        &crate::panels::inspector::sockets::tests::world(),
        158,
        36,
    );
    assert!(text.contains("NETNS") && !plain.contains("NETNS"));
}

#[test]
fn what_was_never_acknowledged_has_no_round_trip_time() {
    let text = drawn(&mut ViewNetwork::default(), &with_a_container(), 158, 36);
    let row = text
        .lines()
        .find(|l| l.contains("connecting"))
        .expect(&text);
    assert!(row.contains(" – ") && !row.contains("0s"), "{row}");
}

#[test]
fn a_filter_finds_a_port_and_a_state() {
    let world = with_a_container();
    let mut view = ViewNetwork::default();
    for (filter, rows) in [
        ("port:22", 2),
        ("port:222", 1),
        ("port:22 blue", 1),
        ("state:connecting", 1),
        ("state:est", 3),
        ("port:443 curl", 1),
    ] {
        view.act(&world, moves::CLEAR);
        view.act(&world, moves::FILTER);
        view.paste(&world, filter);
        drawn(&mut view, &world, 158, 36);
        assert_eq!(view.list.rows.in_view().count(), rows, "{filter}");
        view.key(&world, Key::of(Code::Enter));
    }
}
