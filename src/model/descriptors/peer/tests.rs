use std::sync::Arc;

use super::*;
use crate::model::descriptors::socket::{Protocol, State};

fn holder(pid: u32, name: &str, ends: &[(u32, Option<Mode>, Object)]) -> Holder {
    let ends: Vec<_> = ends
        .iter()
        .map(|(fd, mode, object)| End {
            fd: *fd,
            mode: *mode,
            object: object.clone(),
        })
        .collect();
    Holder {
        id: ProcId::new(pid, 1),
        name: name.into(),
        namespace: 1,
        mounts: 1,
        ends: Ok(Arc::from(ends)),
    }
}

fn index(holders: Vec<Holder>) -> HolderIndex {
    HolderIndex {
        holders,
        in_part: false,
        unlisted: false,
        early: false,
    }
}

fn names(peers: &Peers) -> Vec<(&str, u32, Flow)> {
    peers
        .named
        .iter()
        .map(|p| (p.name.as_str(), p.fd.unwrap_or(99), p.flow))
        .collect()
}

const R: Option<Mode> = Some(Mode::Read);
const W: Option<Mode> = Some(Mode::Write);
const RW: Option<Mode> = Some(Mode::Both);

#[test]
fn pipes_join_readers_with_writers_only() {
    let pipe = Object::Pipe(7);
    let all = index(vec![
        holder(10, "a", &[(1, W, pipe.clone())]),
        holder(11, "b", &[(0, R, pipe.clone()), (3, W, pipe.clone())]),
        holder(12, "c", &[(2, W, pipe.clone())]),
    ]);
    let tables = Tables::default();
    let join = Join::new(&all, &tables);
    let of = |pid, fd, mode| join.peers(ProcId::new(pid, 1), fd, mode, &pipe);
    assert_eq!(names(&of(10, 1, W)), [("b", 0, Flow::Out)]);
    assert_eq!(
        names(&of(11, 0, R)),
        [("a", 1, Flow::In), ("c", 2, Flow::In), ("b", 3, Flow::In)],
        "itself comes last"
    );
}

#[test]
fn a_queue_that_nobody_else_has_open_says_so() {
    let queue = Object::Queue {
        device: 1,
        inode: 2,
    };
    let tables = Tables::default();
    let ask = |all: &HolderIndex, fd, mode| {
        let join = Join::new(all, &tables);
        let peers = join.peers(ProcId::new(10, 1), fd, mode, &queue);
        (peers.named.len(), peers.note.map(Note::words))
    };
    let says = |words: &str| (0, Some(words.to_owned()));
    let mut all = index(vec![holder(10, "a", &[(3, RW, queue.clone())])]);
    assert_eq!(ask(&all, 3, RW), says("nobody else has it open"));
    all.in_part = true;
    let unseen = "whether others have it open is not visible";
    assert_eq!(ask(&all, 3, RW), says(unseen));
    all.in_part = false;
    all.holders.push(holder(
        11,
        "b",
        &[(3, R, queue.clone()), (4, R, queue.clone())],
    ));
    assert_eq!(ask(&all, 3, RW).0, 2);
    all.holders.remove(0);
    all.holders
        .insert(0, holder(10, "a", &[(3, R, queue.clone())]));
    assert_eq!(ask(&all, 3, R), says("nobody else has it open to write"));
    // A FIFO that is open both ways has its other end in the same descriptor.
    let fifo = Object::Fifo {
        device: 1,
        inode: 3,
    };
    let all = index(vec![holder(10, "a", &[(3, RW, fifo.clone())])]);
    let peers = Join::new(&all, &tables).peers(ProcId::new(10, 1), 3, RW, &fifo);
    assert_eq!(peers.note, Some(Note::Alone(Flow::Both)));
    // What others can do with it is what they do at its other end.
    let others = [(11, W, Flow::In), (12, R, Flow::Out), (13, RW, Flow::Both)];
    let mut all = all;
    let hold = |(pid, mode, _)| holder(pid, "b", &[(3, mode, fifo.clone())]);
    all.holders.extend(others.map(hold));
    let peers = Join::new(&all, &tables).peers(ProcId::new(10, 1), 3, RW, &fifo);
    let flows: Vec<_> = peers.named.iter().map(|p| p.flow).collect();
    assert_eq!(flows, others.map(|(.., flow)| flow));
}

#[test]
fn a_pipe_without_another_end_is_closed_or_not_visible() {
    let mut all = index(vec![holder(10, "a", &[(1, W, Object::Pipe(7))])]);
    let tables = Tables::default();
    let ask = |all: &HolderIndex| {
        Join::new(all, &tables)
            .peers(ProcId::new(10, 1), 1, W, &Object::Pipe(7))
            .note
    };
    assert_eq!(ask(&all), Some(Note::Closed));
    all.early = true;
    assert_eq!(ask(&all), Some(Note::Looking), "not everybody was asked");
    all.early = false;
    all.in_part = true;
    assert_eq!(ask(&all), Some(Note::Hidden(None)), "who is not listed");
    all.in_part = false;
    all.holders.push(Holder {
        ends: Err(crate::model::reading::Missing::Denied),
        ..holder(11, "other", &[])
    });
    assert_eq!(ask(&all), Some(Note::Hidden(None)));
}

#[test]
fn thousands_of_holders_are_counted_not_listed() {
    let pipe = Object::Pipe(7);
    let mut holders = vec![holder(1, "writer", &[(1, W, pipe.clone())])];
    holders.extend((2..5014).map(|pid| holder(pid, "reader", &[(0, R, pipe.clone())])));
    let all = index(holders);
    let tables = Tables::default();
    let peers = Join::new(&all, &tables).peers(ProcId::new(1, 1), 1, W, &pipe);
    assert_eq!((peers.named.len(), peers.more), (NAMED, 4996));
}

fn unix(inode: u64, peer: Option<u64>, state: State, waiting: &[u64]) -> Unix {
    Unix {
        inode,
        peer,
        state,
        waiting: waiting.to_vec(),
        ..Unix::default()
    }
}

#[test]
fn unix_sockets_join_by_peer_and_before_they_are_accepted() {
    let all = index(vec![
        holder(
            10,
            "client",
            &[(3, RW, Object::Socket(100)), (4, RW, Object::Socket(300))],
        ),
        holder(
            20,
            "server",
            &[(5, RW, Object::Socket(101)), (6, RW, Object::Socket(200))],
        ),
    ]);
    let tables = Tables {
        at: Nanos(0),
        unix: vec![
            unix(100, Some(101), State::Established, &[]),
            unix(101, Some(100), State::Established, &[]),
            unix(200, None, State::Listening, &[300]),
            unix(300, None, State::Established, &[]),
        ],
        inet: Vec::new(),
    };
    let join = Join::new(&all, &tables);
    let of = |pid, fd, inode| join.peers(ProcId::new(pid, 1), fd, RW, &Object::Socket(inode));
    assert_eq!(names(&of(10, 3, 100)), [("server", 5, Flow::Both)]);
    assert_eq!(names(&of(20, 5, 101)), [("client", 3, Flow::Both)]);
    let early = of(10, 4, 300);
    assert_eq!(names(&early), [("server", 6, Flow::Both)]);
    assert_eq!(early.note, Some(Note::NotAccepted));
    let listener = of(20, 6, 200);
    assert_eq!(names(&listener), [("client", 4, Flow::Both)]);
    assert_eq!(listener.note, Some(Note::NotAccepted));
}

fn tcp(inode: u64, state: State, local: &str, remote: &str, namespace: u64) -> Inet {
    Inet {
        inode,
        cookie: inode,
        state,
        namespace,
        ..Inet::between(local, remote)
    }
}

#[test]
fn loopback_tcp_joins_by_its_ends_within_one_namespace() {
    let all = index(vec![
        holder(
            10,
            "client",
            &[(3, RW, Object::Socket(1)), (4, RW, Object::Socket(5))],
        ),
        holder(
            20,
            "server",
            &[(4, RW, Object::Socket(2)), (5, RW, Object::Socket(4))],
        ),
        holder(30, "other", &[(4, RW, Object::Socket(3))]),
    ]);
    let (c, s) = ("127.0.0.1:4000", "127.0.0.1:80");
    let tables = Tables {
        at: Nanos(0),
        unix: Vec::new(),
        inet: vec![
            tcp(1, State::Established, c, s, 1),
            tcp(2, State::Established, s, c, 1),
            tcp(3, State::Established, s, c, 2),
            tcp(4, State::Listening, "0.0.0.0:80", "0.0.0.0:0", 1),
            tcp(5, State::Established, "127.0.0.1:4001", s, 1),
            tcp(0, State::Established, s, "127.0.0.1:4001", 1),
        ],
    };
    let join = Join::new(&all, &tables);
    let of = |pid, fd, inode| join.peers(ProcId::new(pid, 1), fd, RW, &Object::Socket(inode));
    assert_eq!(names(&of(10, 3, 1)), [("server", 4, Flow::Both)]);
    assert_eq!(names(&of(20, 4, 2)), [("client", 3, Flow::Both)]);
    assert!(of(30, 4, 3).named.is_empty(), "another namespace");
    let early = of(10, 4, 5);
    assert_eq!(names(&early), [("server", 5, Flow::Both)]);
    assert_eq!(early.note, Some(Note::NotAccepted));
}

#[test]
fn a_far_end_is_elsewhere() {
    let all = index(vec![holder(10, "client", &[(3, RW, Object::Socket(1))])]);
    let tables = Tables {
        at: Nanos(0),
        unix: Vec::new(),
        inet: vec![tcp(
            1,
            State::Established,
            "10.0.0.2:4000",
            "151.101.1.91:443",
            1,
        )],
    };
    let peers = Join::new(&all, &tables).peers(ProcId::new(10, 1), 3, RW, &Object::Socket(1));
    assert_eq!(peers.note, Some(Note::Elsewhere));
}

#[test]
fn terminals_and_eventfds_join_too() {
    let side = |master| Object::Pty {
        instance: 9,
        index: 3,
        master,
    };
    let all = index(vec![
        holder(
            10,
            "sshd",
            &[(9, RW, side(true)), (10, RW, Object::Eventfd(1))],
        ),
        holder(
            11,
            "bash",
            &[(0, RW, side(false)), (4, RW, Object::Eventfd(1))],
        ),
    ]);
    let tables = Tables::default();
    let join = Join::new(&all, &tables);
    let bash = ProcId::new(11, 1);
    assert_eq!(
        names(&join.peers(bash, 0, RW, &side(false))),
        [("sshd", 9, Flow::Both)]
    );
    let shared = join.peers(bash, 4, RW, &Object::Eventfd(1));
    assert_eq!(names(&shared), [("sshd", 10, Flow::Both)]);
    assert_eq!(shared.note, Some(Note::Shared));
}

#[test]
fn a_pipeline_reads_from_first_to_last() {
    let (one, two) = (Object::Pipe(1), Object::Pipe(2));
    let holders = vec![
        holder(1, "bash", &[(0, RW, Object::Other)]),
        holder(10, "cat", &[(0, RW, Object::Other), (1, W, one.clone())]),
        holder(11, "grep", &[(0, R, one), (1, W, two.clone())]),
        holder(12, "wc", &[(0, R, two), (1, RW, Object::Other)]),
    ];
    let all = index(holders);
    let tables = Tables::default();
    let join = Join::new(&all, &tables);
    let names = |stages: Vec<pipeline::Stage>| -> Vec<String> {
        stages.iter().map(|(_, n)| n.to_string()).collect()
    };
    for at in 1..4 {
        let found = pipeline::through(&join, &all.holders[at]);
        assert_eq!(names(found), ["cat", "grep", "wc"]);
    }
    assert!(pipeline::through(&join, &all.holders[0]).is_empty());
    assert_eq!(pipeline::all(&join).len(), 1);
}

#[test]
fn what_children_inherited_is_one_pipeline_from_the_eldest() {
    let (one, two) = (Object::Pipe(1), Object::Pipe(2));
    let mut holders = vec![
        holder(5, "pids start anew", &[(1, W, one.clone())]),
        holder(10, "sh", &[(1, W, one.clone())]),
        holder(20, "cat", &[(0, R, one.clone()), (1, W, two.clone())]),
        holder(30, "tee", &[(0, R, two)]),
    ];
    holders.extend((40..5000).map(|pid| holder(pid, "job", &[(1, W, one.clone())])));
    for late in holders
        .iter_mut()
        .filter(|h| h.id.pid.0 == 5 || h.name == "job".into())
    {
        late.id.start.0 += 1;
    }
    let all = index(holders);
    let tables = Tables::default();
    let join = Join::new(&all, &tables);
    let found = pipeline::all(&join);
    let names: Vec<_> = found.iter().flatten().map(|(_, n)| n.as_str()).collect();
    assert_eq!(names, ["sh", "cat", "tee"]);
    let of_job = pipeline::through(&join, &all.holders[50]);
    assert_eq!(of_job[0].1.as_str(), "job", "its own output goes there too");
}

#[test]
fn terminals_of_two_instances_are_not_joined_nor_those_of_an_unknown_one() {
    let side = |instance, master| Object::Pty {
        instance,
        index: 0,
        master,
    };
    let all = index(vec![
        holder(10, "sshd", &[(9, RW, side(1, true))]),
        holder(11, "inner", &[(0, RW, side(2, false))]),
        holder(12, "denied", &[(0, RW, side(0, false))]),
        holder(13, "denied", &[(9, RW, side(0, true))]),
    ]);
    let tables = Tables::default();
    let join = Join::new(&all, &tables);
    for (pid, instance) in [(11, 2), (12, 0)] {
        let peers = join.peers(ProcId::new(pid, 1), 0, RW, &side(instance, false));
        assert!(peers.named.is_empty(), "{pid}");
    }
}

#[test]
fn a_file_is_joined_by_identity_and_strangers_are_told() {
    let file = |inode| Object::Inode {
        device: 1,
        inode,
        memory: false,
    };
    let mut all = index(vec![
        holder(
            10,
            "a",
            &[(3, R, file(5)), (4, R, Object::File("/x".into()))],
        ),
        holder(
            11,
            "b",
            &[(3, R, file(5)), (4, R, Object::File("/x".into()))],
        ),
        holder(12, "c", &[(3, R, file(6))]),
    ]);
    all.holders[1].mounts = 2;
    let tables = Tables::default();
    let join = Join::new(&all, &tables);
    let peers = join.peers(ProcId::new(10, 1), 3, R, &file(5));
    assert_eq!(names(&peers), [("b", 3, Flow::Both)]);
    assert_eq!(peers.named[0].place(), Some("in another mount namespace"));
    let by_path = join.peers(ProcId::new(10, 1), 4, R, &Object::File("/x".into()));
    assert!(by_path.named.is_empty(), "a path is no identity");
}

mod named;
mod sockets;
