//! Which of the peers have names, and what is said of them.

use super::*;

#[test]
fn a_path_is_of_another_mount_namespace_where_both_are_known_to_differ() {
    let fifo = Object::Fifo {
        device: 1,
        inode: 3,
    };
    for (mine, theirs, foreign) in [
        (1, 1, false),
        (2, 2, false),
        (1, 2, true),
        (0, 2, false),
        (2, 0, false),
    ] {
        let of = |pid, mode, mounts| Holder {
            mounts,
            ..holder(pid, "a", &[(3, mode, fifo.clone())])
        };
        let all = index(vec![of(10, R, mine), of(11, W, theirs)]);
        let tables = Tables::default();
        let peers = Join::new(&all, &tables).peers(ProcId::new(10, 1), 3, R, &fifo);
        assert_eq!(peers.named[0].foreign, foreign, "{mine} {theirs}");
    }
}

#[test]
fn others_are_named_first_and_nobody_is_counted_twice() {
    let fifo = Object::Fifo {
        device: 1,
        inode: 3,
    };
    let many =
        |from: u32, to: u32| -> Vec<_> { (from..to).map(|fd| (fd, RW, fifo.clone())).collect() };
    let ask = |others: u32, each: u32, own: u32| {
        let mut holders = vec![holder(10, "itself", &many(0, own))];
        holders.extend((0..others).map(|n| holder(20 + n, "other", &many(0, each))));
        let all = index(holders);
        assert_eq!(all.descriptors() as u32, own + others * each);
        let tables = Tables::default();
        let peers = Join::new(&all, &tables).peers(ProcId::new(10, 1), 0, RW, &fifo);
        let itself = peers.named.iter().filter(|p| p.id.pid.0 == 10).count();
        assert!(
            peers.named[peers.named.len() - itself..]
                .iter()
                .all(|p| p.id.pid.0 == 10)
        );
        (peers.named.len(), itself, peers.more, peers.processes())
    };
    assert_eq!(ask(3, 1, 1), (3, 0, 0, 3));
    assert_eq!(ask(10, 1, 9), (NAMED, 6, 0, 11));
    assert_eq!(ask(1, 20, 1), (NAMED, 0, 0, 1), "one with many descriptors");
    assert_eq!(ask(20, 1, 30), (NAMED, 0, 4, 20));
    assert_eq!(ask(0, 0, 30), (NAMED, NAMED, 0, 1));
}
