use super::*;

pub(in crate::model) fn inet(protocol: Protocol, state: State, local: &str, remote: &str) -> Inet {
    Inet {
        protocol,
        state,
        receive_queue: 3,
        send_queue: 4,
        uid: Uid(1000),
        ..Inet::between(local, remote)
    }
}

#[test]
fn a_socket_over_ip_is_told_by_its_ends_and_its_state() {
    use Protocol::{Tcp, Udp};
    for (protocol, state, local, remote, words, far) in [
        (
            Tcp,
            State::Listening,
            "0.0.0.0:80",
            "0.0.0.0:0",
            "listening 0.0.0.0:80",
            None,
        ),
        (
            Udp,
            State::Closed,
            "127.0.0.1:53",
            "0.0.0.0:0",
            "open 127.0.0.1:53",
            None,
        ),
        (Udp, State::Closed, "0.0.0.0:0", "0.0.0.0:0", "open", None),
        (
            Tcp,
            State::Closed,
            "0.0.0.0:0",
            "0.0.0.0:0",
            "not connected",
            None,
        ),
        (
            Tcp,
            State::Established,
            "10.0.0.2:4000",
            "10.0.0.3:80",
            "10.0.0.2:4000 ⇄ 10.0.0.3:80",
            Some("10.0.0.3:80"),
        ),
        (
            Tcp,
            State::CloseWait,
            "10.0.0.2:4000",
            "10.0.0.3:80",
            "10.0.0.2:4000 ⇄ 10.0.0.3:80 close-wait",
            Some("10.0.0.3:80"),
        ),
    ] {
        let socket = Socket::Inet(inet(protocol, state, local, remote));
        assert_eq!(socket.words(), words);
        assert_eq!(socket.remote().as_deref(), far, "{words}");
        assert_eq!(socket.local().as_deref(), Some(local), "{words}");
        let facts = (socket.state(), socket.queues(), socket.uid());
        assert_eq!(facts, (state, (3, 4), Some(Uid(1000))));
    }
}

#[test]
fn every_address_of_both_families_is_a_star() {
    let at = |only_v6| {
        let any = inet(Protocol::Tcp, State::Listening, "[::]:22", "[::]:0");
        Inet { only_v6, ..any }.local_end()
    };
    assert_eq!(
        [Some(false), Some(true), None].map(at),
        ["*:22", "[::]:22", "[::]:22"]
    );
}

#[test]
fn both_ends_are_here_where_the_address_is_our_own() {
    for (local, remote, here) in [
        ("127.0.0.1:1", "127.0.0.2:2", true),
        ("10.0.0.2:1", "10.0.0.2:2", true),
        ("10.0.0.2:1", "10.0.0.3:2", false),
    ] {
        let of = inet(Protocol::Tcp, State::Established, local, remote);
        assert_eq!(of.is_local(), here, "{remote}");
    }
}

#[test]
fn a_unix_socket_is_told_by_its_name_or_that_at_its_other_end() {
    use State::{Closed, Established, Listening};
    use Style::{Datagram, Packet, Stream};
    let (own, far) = (Some("/run/a"), Some("/run/b"));
    for (style, state, name, peer_name, words) in [
        (Stream, Listening, own, None, "listening /run/a"),
        (Stream, Established, own, far, "stream /run/a"),
        (Stream, Established, None, far, "stream to /run/b"),
        (Stream, Established, None, None, "stream"),
        (Stream, Closed, None, None, "stream not connected"),
        (Packet, Closed, own, None, "packets /run/a not connected"),
        (Datagram, Closed, own, None, "datagram /run/a"),
        (Datagram, Established, None, far, "datagram to /run/b"),
    ] {
        let socket = Socket::Unix(Unix {
            style,
            state,
            name: name.map(SafeText::from),
            peer_name: peer_name.map(SafeText::from),
            receive_queue: 5,
            send_queue: 6,
            uid: Some(Uid(7)),
            ..Unix::default()
        });
        assert_eq!(socket.words(), words);
        assert_eq!(socket.local().as_deref(), name, "{words}");
        assert_eq!(socket.remote(), None);
        let facts = (socket.state(), socket.queues(), socket.uid());
        assert_eq!(facts, (state, (5, 6), Some(Uid(7))));
    }
}
