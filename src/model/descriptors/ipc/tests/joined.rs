//! Who is joined with whom, how many of them are told one by one, and in whose name.

use super::*;
use crate::model::descriptors::ipc::memory::{Mapped, Mapper};
use crate::model::descriptors::socket::{Inet, Protocol};

fn inet(protocol: Protocol, inode: u64, local: &str, remote: &str) -> Inet {
    let listens = remote.ends_with(":0") && protocol == Protocol::Tcp;
    Inet {
        protocol,
        inode,
        cookie: inode,
        state: if listens {
            State::Listening
        } else {
            State::Established
        },
        ..Inet::between(local, remote)
    }
}

/// The edges between processes that each hold the socket of their own pid: `1⇄2 tcp: what is known`.
fn between(inet: Vec<Inet>) -> Vec<String> {
    let holders =
        (1..9).map(|pid| holder(pid, "p", &[(3, Mode::Both, Object::Socket(pid.into()))]));
    let tables = Tables {
        inet,
        ..Tables::default()
    };
    let (edges, more) = found(holders.collect(), &tables);
    assert_eq!(more, 0);
    let said = |e: &Edge| {
        format!(
            "{}{}{} {}",
            e.a.id.pid,
            e.flow.arrow(false),
            e.b.id.pid,
            e.detail
        )
    };
    edges.iter().map(said).collect()
}

#[test]
fn a_connection_is_one_edge_and_one_that_nobody_accepted_leads_to_its_listener() {
    use Protocol::{Tcp, Udp};
    let (client, server) = ("127.0.0.1:4000", "127.0.0.1:80");
    let pair = [inet(Tcp, 1, client, server), inet(Tcp, 2, server, client)];
    let edge = "2⇄1 127.0.0.1:80 127.0.0.1:4000";
    assert_eq!(between(pair.to_vec()), [edge]);
    assert_eq!(between(pair.iter().rev().cloned().collect()), [edge]);
    let early = [inet(Tcp, 1, client, server), inet(Tcp, 0, server, client)];
    assert!(between(early.to_vec()).is_empty(), "nobody listens");
    let mut early = early.to_vec();
    early.push(inet(Tcp, 5, "0.0.0.0:80", "0.0.0.0:0"));
    assert_eq!(
        between(early),
        ["1⇄5 127.0.0.1:4000 127.0.0.1:80 not accepted yet"]
    );
    let datagrams = vec![
        inet(Udp, 1, "127.0.0.1:500", "127.0.0.1:53"),
        inet(Udp, 2, "0.0.0.0:53", "0.0.0.0:0"),
    ];
    assert_eq!(between(datagrams), ["1→2 127.0.0.1:500 127.0.0.1:53"]);
}

#[test]
fn of_a_pair_four_different_details_are_kept() {
    let edge = |detail: &str| Edge {
        channel: Channel::Unix,
        a: Party {
            id: ProcId::new(1, 1),
            name: "a".into(),
            fd: None,
        },
        b: Party {
            id: ProcId::new(2, 1),
            name: "b".into(),
            fd: None,
        },
        flow: Flow::Both,
        detail: detail.to_owned(),
        crowd: false,
    };
    let all = ["", "w", "w", "x", "", "y", "z", "more"].map(edge);
    let pairs = pairs(&all);
    assert_eq!(pairs[0].details, ["w", "x", "y", "z"]);
    assert_eq!(pairs[0].channels, [(Channel::Unix, 8)]);
}

/// Who writes into a pipe and who reads it, as a crowd: how many stand on each side, and which way data flows.
fn crowd(
    writers: std::ops::Range<u32>,
    readers: std::ops::Range<u32>,
) -> Option<(usize, usize, Flow)> {
    let pipe = Object::Pipe(1);
    let pids = writers.start.min(readers.start)..writers.end.max(readers.end);
    let of = |pid| {
        let read = readers
            .contains(&pid)
            .then(|| (3, Mode::Read, pipe.clone()));
        let write = writers
            .contains(&pid)
            .then(|| (4, Mode::Write, pipe.clone()));
        let ends: Vec<_> = read.into_iter().chain(write).collect();
        holder(pid, "p", &ends)
    };
    let said = all(pids.map(of).collect(), &Tables::default(), None);
    let crowd = said.crowds.first()?;
    Some((crowd.a.len(), crowd.b.len(), crowd.flow))
}

#[test]
fn three_on_a_side_are_a_crowd() {
    assert_eq!(crowd(1..2, 2..4), None);
    assert_eq!(crowd(1..2, 2..5), Some((1, 3, Flow::Out)));
    assert_eq!(crowd(1..4, 4..5), Some((3, 1, Flow::Out)));
    assert_eq!(
        crowd(1..2, 1..5),
        Some((1, 3, Flow::Out)),
        "itself left out"
    );
    assert_eq!(
        crowd(1..4, 1..4),
        Some((3, 0, Flow::Both)),
        "each with each"
    );
    assert_eq!(crowd(1..4, 1..6), Some((3, 5, Flow::Out)), "some only read");
    assert_eq!(
        crowd(1..6, 1..4),
        Some((5, 3, Flow::Out)),
        "some only write"
    );
}

#[test]
fn eight_that_share_a_thing_are_joined_each_with_each_and_more_with_one() {
    let memory = Object::Inode {
        device: 1,
        inode: 2,
        memory: true,
    };
    let edges = |n: u32, hub: Option<u32>| {
        let holders = (1..=n).map(|pid| holder(pid, "p", &[(3, Mode::Both, memory.clone())]));
        let said = all(holders.collect(), &Tables::default(), hub);
        let of_hub = said
            .edges
            .iter()
            .filter(|e| [e.a.id.pid.0, e.b.id.pid.0].contains(&hub.unwrap_or(1)));
        (said.edges.len(), said.more, of_hub.count())
    };
    assert_eq!(edges(8, None), (28, 0, 7));
    assert_eq!(edges(9, None), (8, 28, 8));
    assert_eq!(edges(50, None).0, PER_OBJECT);
    assert_eq!(
        edges(50, Some(40)),
        (49, 1176, 49),
        "who is asked about has all"
    );
}

#[test]
fn memory_bears_the_first_name_that_is_not_gone() {
    let map = |name: &str, deleted| Mapped {
        device: 1,
        inode: 2,
        writes: true,
        name: name.into(),
        deleted,
    };
    let told = |maps: &[Mapped]| {
        let mapper = |(map, pid): (&Mapped, u32)| Mapper {
            id: ProcId::new(pid, 1),
            name: "p".into(),
            maps: [map.clone()].into(),
        };
        let mappers: Vec<Mapper> = maps.iter().zip(1..).map(mapper).collect();
        let index = HolderIndex {
            holders: Vec::new(),
            in_part: false,
            unlisted: false,
            early: false,
        };
        let tables = Tables::default();
        let join = Join::new(&index, &tables);
        let mut found = edges(&join, &tables, &mappers, None, |_, _| None);
        found.edges.swap_remove(0).detail
    };
    let (gone, one, two) = (
        map("/dev/shm/sem.gone", true),
        map("/dev/shm/one", false),
        map("/dev/shm/two", false),
    );
    assert_eq!(told(&[gone.clone(), one.clone(), two]), "/dev/shm/one");
    assert_eq!(told(&[one, gone.clone()]), "/dev/shm/one");
    assert_eq!(told(&[gone.clone(), gone]), "POSIX semaphore /gone");
}
