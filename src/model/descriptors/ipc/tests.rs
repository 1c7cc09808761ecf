use std::sync::Arc;

use super::collect::PER_OBJECT;
use super::*;
use crate::model::descriptors::peer::{End, Holder, HolderIndex};
use crate::model::descriptors::socket::{State, Unix};

fn holder(pid: u32, name: &str, ends: &[(u32, Mode, Object)]) -> Holder {
    let ends: Vec<_> = ends
        .iter()
        .map(|(fd, mode, object)| End {
            fd: *fd,
            mode: Some(*mode),
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

fn found(holders: Vec<Holder>, tables: &Tables) -> (Vec<Edge>, usize) {
    let found = all(holders, tables, None);
    (found.edges, found.more)
}

fn all(holders: Vec<Holder>, tables: &Tables, hub: Option<u32>) -> Found {
    let index = HolderIndex {
        holders,
        in_part: false,
        unlisted: false,
        early: false,
    };
    let hub = hub.map(|pid| ProcId::new(pid, 1));
    edges(&Join::new(&index, tables), tables, &[], hub, |_, _| None)
}

#[test]
fn a_pipe_is_an_edge_from_writer_to_reader() {
    let pipe = Object::Pipe(1);
    let holders = vec![
        holder(5, "reader", &[(0, Mode::Read, pipe.clone())]),
        holder(
            9,
            "writer",
            &[(1, Mode::Write, pipe.clone()), (2, Mode::Write, pipe)],
        ),
    ];
    let (edges, more) = found(holders, &Tables::default());
    assert_eq!(
        (edges.len(), more),
        (1, 0),
        "two copies of one end are one edge"
    );
    assert_eq!((edges[0].a.id.pid.0, edges[0].b.id.pid.0), (9, 5));
    let pairs = pairs(&edges);
    assert_eq!(
        (pairs[0].a.name.as_str(), pairs[0].flow),
        ("writer", Flow::Out)
    );
}

#[test]
fn nobody_talks_to_himself() {
    let pipe = Object::Pipe(1);
    let own = vec![holder(
        5,
        "self",
        &[(3, Mode::Read, pipe.clone()), (4, Mode::Write, pipe)],
    )];
    assert!(found(own, &Tables::default()).0.is_empty());
}

#[test]
fn thousands_of_readers_are_counted() {
    let pipe = Object::Pipe(1);
    let mut holders = vec![holder(1, "writer", &[(1, Mode::Write, pipe.clone())])];
    holders.extend((2..1002).map(|pid| holder(pid, "reader", &[(0, Mode::Read, pipe.clone())])));
    let said = all(holders.clone(), &Tables::default(), None);
    assert_eq!(
        (said.edges.len(), said.edges.len() + said.more),
        (PER_OBJECT, 1000)
    );
    assert_eq!((said.crowds[0].a.len(), said.crowds[0].b.len()), (1, 1000));
    // Whoever is asked about is there, once.
    let said = all(holders, &Tables::default(), Some(900));
    assert_eq!(said.edges.len() + said.more, 1000);
    let of_900 = said.edges.iter().filter(|e| e.b.id.pid.0 == 900);
    assert_eq!(of_900.count(), 1);
}

#[test]
fn thousands_on_both_sides_are_counted_exactly() {
    let pipe = Object::Pipe(1);
    let both = [
        (3, Mode::Read, pipe.clone()),
        (4, Mode::Write, pipe.clone()),
    ];
    let holders: Vec<_> = (1..=3000).map(|pid| holder(pid, "worker", &both)).collect();
    let said = all(holders, &Tables::default(), None);
    assert_eq!(said.edges.len() + said.more, 3000 * 2999);
    assert_eq!(said.edges.len(), PER_OBJECT);
    let crowd = &said.crowds[0];
    assert_eq!(
        (crowd.a.len(), crowd.b.len(), crowd.flow),
        (3000, 0, Flow::Both)
    );
}

#[test]
fn sockets_terminals_and_memory_join_too() {
    let memory = Object::Inode {
        device: 1,
        inode: 2,
        memory: true,
    };
    let pty = |master| Object::Pty {
        instance: 9,
        index: 4,
        master,
    };
    let holders = vec![
        holder(
            10,
            "a",
            &[
                (3, Mode::Both, Object::Socket(100)),
                (4, Mode::Both, memory.clone()),
                (5, Mode::Both, pty(true)),
            ],
        ),
        holder(
            20,
            "b",
            &[
                (0, Mode::Both, pty(false)),
                (1, Mode::Both, pty(false)),
                (3, Mode::Both, Object::Socket(101)),
                (4, Mode::Both, memory),
            ],
        ),
    ];
    let side = |inode, peer| Unix {
        inode,
        peer: Some(peer),
        state: State::Established,
        ..Unix::default()
    };
    let tables = Tables {
        unix: vec![side(100, 101), side(101, 100)],
        ..Tables::default()
    };
    let (edges, _) = found(holders, &tables);
    let kinds: Vec<_> = edges.iter().map(|e| e.channel).collect();
    assert_eq!(kinds, [Channel::Unix, Channel::Pty, Channel::Memory]);
    let pairs = pairs(&edges);
    assert_eq!(pairs.len(), 1);
    assert_eq!(pairs[0].channels.len(), 3);
}

mod joined;
