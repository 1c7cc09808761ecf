use super::*;
use crate::panels::sockets::tests::{drawn, world};

#[test]
fn the_first_three_lines_answer() {
    insta::assert_snapshot!(drawn(&mut ViewNetwork::default(), &world(), 158, 30), @r##"
     ports      2 listen, 1 beyond this machine   22 ssh sshd   123 ntp uid 33
     bandwidth  TCP only:   20 curl in 2.5M/s out 23K/s   30 proxy in 1.2M/s out 12K/s   12 short connections in 0/s out 488K/s
     way out    eth0 in 1.2M/s out 12K/s gateway 10.0.0.1 router   names from 10.0.0.53

     INTERFACE  KIND           STATE   SPEED            IN      OUT ERRORS  DROPS ADDRESSES                                              MAC, MTU
     lo                        up      –               0/s      0/s      0      0 127.0.0.1/24 loopback                                  1500
     eth0                      up      1 Gbit/s     1.2M/s    12K/s      0      3 10.0.0.2/24 private                                    02:fc:00:00:00:01  1500
     eth0.7     vlan 7 on eth0 up      –               0/s      0/s      0      0 198.51.100.9/24 documentation                          1500

     PROTO  STATE▲      LOCAL                      REMOTE                        SERVICE       RTT RESENT QUEUES             IN     OUT PROCESS
    ▌tcp    listening   *:22                       everyone                      ssh                                                    9 sshd
     udp    open        127.0.0.1:123              only this machine             ntp                                                    no visible process
     tcp    established 127.0.0.1:5000             127.0.0.1:6000                           12.4ms      4                1.2M/s   12K/s 20 curl
     tcp    established 127.0.0.1:6000             127.0.0.1:5000                           12.4ms      4                1.2M/s   12K/s 30 proxy
     tcp    established 10.0.0.2:40000             151.101.1.91:443              https      12.4ms      4                1.2M/s   12K/s 20 curl
     tcp    time-wait   10.0.0.2:40002             1.1.1.1:443 resolver.example  https                                                  none, the kernel ends it







     LAYERS under the chosen socket
     application  9 sshd  fd 7
     transport    TCP port 22 ssh   listening
     network      IPv4 *:22   for everyone
     link         every interface
     physical
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
    assert!(
        matches!(view.act(&world, &INSPECT), Reply::Say(_)),
        "nobody is visible"
    );
}
