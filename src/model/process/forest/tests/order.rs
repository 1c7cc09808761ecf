//! The order of rows: what siblings, groups and the lines of a flat list are sorted by, and what keeps them from jumping.

use super::*;
use crate::model::groups::grouping::Groups;
use crate::model::id::Pid;
use crate::model::process::forest::family::rank;
use crate::model::process::steady::Line;
use crate::model::sample::OptionalStats;

/// The pids of a list in the order of its rows; of a row that several share the first.
pub(super) fn pids(want: &Want, snapshot: &Snapshot, steady: &mut Steady) -> Vec<u32> {
    let forest = want.build(snapshot, steady);
    let node = |row: &Row| forest.node(row.item);
    let of = |node| Forest::proc(snapshot, &want.ended, node).expect("it is there");
    let rows = forest.rows.iter().filter(|row| row.depth > 0 || !want.tree);
    rows.map(|row| of(node(row)).id.pid.0).collect()
}

pub(super) fn by(sort: &'static str) -> Want {
    Want {
        sort,
        ..Want::default()
    }
}

pub(super) fn flat(sort: &'static str) -> Want {
    Want {
        tree: false,
        ..by(sort)
    }
}

/// A parent with three children of different names, which were seen at two ticks.
pub(super) fn three() -> Scene {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    for (pid, name) in [(11, "a"), (12, "b"), (13, "c")] {
        scene.task(pid, 1, name);
    }
    scene.pass(1000, &[]);
    scene
}

#[test]
fn siblings_change_places_where_one_is_worth_twice_as_much() {
    for (then, order) in [(59, [12, 11, 13]), (61, [11, 12, 13])] {
        let (mut scene, mut steady) = (three(), Steady::default());
        let mut at = |busy: &[(u32, u64)]| pids(&by("cpu"), &scene.pass(1000, busy), &mut steady);
        assert_eq!(at(&[(12, 30), (11, 10)]), [12, 11, 13]);
        assert_eq!(at(&[(12, 30), (11, then)]), order, "30 beside {then}");
    }
}

#[test]
fn a_wrong_order_of_siblings_is_put_right_within_32_ticks() {
    let (mut scene, mut steady) = (three(), Steady::default());
    let mut at = |busy: &[(u32, u64)]| pids(&by("cpu"), &scene.pass(1000, busy), &mut steady);
    assert_eq!(at(&[(12, 30), (11, 10)]), [12, 11, 13]);
    let orders: Vec<_> = (0..32).map(|_| at(&[(12, 30), (11, 45)])).collect();
    assert_eq!(orders[0], [12, 11, 13]);
    assert_eq!(orders[31], [11, 12, 13]);
    assert!(orders.is_sorted_by(|a, b| a >= b), "once: {orders:?}");
}

#[test]
fn who_is_born_comes_below_an_only_child() {
    let (mut scene, mut steady) = (three(), Steady::default());
    scene.end(12);
    scene.end(13);
    let want = by("cpu");
    assert_eq!(
        pids(&want, &scene.pass(1000, &[(11, 30)]), &mut steady),
        [11]
    );
    scene.task(14, 1, "d");
    scene.pass(1000, &[]);
    let both = scene.pass(1000, &[(11, 30), (14, 35)]);
    assert_eq!(pids(&want, &both, &mut steady), [11, 14]);
}

#[test]
fn one_that_ended_keeps_its_place_among_its_siblings() {
    let (mut scene, mut steady) = (three(), Steady::default());
    let before = scene.pass(1000, &[(12, 40), (11, 30), (13, 20)]);
    assert_eq!(pids(&by("cpu"), &before, &mut steady), [12, 11, 13]);
    scene.end(11);
    let ended = |line| {
        let proc = before.by_pid(Pid(11)).expect("it lived");
        Want {
            ended: vec![Ended {
                proc: proc.clone(),
                parent: Some(ProcId::new(1, 1)),
                end: WhenEnded::new(before.at, before.at),
                line,
            }],
            ..by("cpu")
        }
    };
    let after = scene.pass(1000, &[(12, 40), (13, 35)]);
    let line = Line {
        key: 30.0,
        place: 1,
        heir: false,
    };
    assert_eq!(
        pids(&ended(Some(line)), &after, &mut steady.clone()),
        [12, 11, 13]
    );
    assert_eq!(
        pids(&ended(None), &after, &mut steady),
        [12, 13, 11],
        "one that had no place stands behind those who have"
    );
}

#[test]
fn the_flat_list_is_sorted_by_what_each_did_itself_and_the_tree_by_sums() {
    let mut scene = three();
    scene.pass(1000, &[(12, 30), (13, 2)]);
    let of = &mut scene.of(11).stat;
    of.children.0 += 60;
    of.child_faults += 1;
    let snapshot = scene.snapshot();
    let at = |want: &Want| pids(want, &snapshot, &mut Steady::default());
    assert_eq!(at(&flat("cpu")), [12, 13, 1, 11]);
    assert_eq!(at(&by("cpu")), [11, 12, 13], "its children that ended");
}

#[test]
fn lines_of_a_flat_list_hold_where_the_difference_is_not_seen() {
    let (mut scene, mut steady) = (three(), Steady::default());
    let mut at = |busy: &[(u32, u64)]| pids(&flat("cpu"), &scene.pass(1000, busy), &mut steady);
    assert_eq!(at(&[(11, 60), (12, 59)]), [11, 12, 1, 13]);
    assert_eq!(at(&[(11, 59), (12, 60)]), [11, 12, 1, 13]);
    assert_eq!(at(&[(11, 50), (12, 60)]), [12, 11, 1, 13]);
    let memory = |of_12: u64| {
        let mut scene = three();
        for (pid, pages) in [(1, 0), (11, 1000), (12, of_12), (13, 1)] {
            scene.of(pid).stat.resident.0 = pages;
        }
        scene.snapshot()
    };
    for sort in ["mem", "mem%"] {
        let mut steady = Steady::default();
        assert_eq!(
            pids(&flat(sort), &memory(999), &mut steady),
            [11, 12, 13, 1],
            "{sort}"
        );
        assert_eq!(
            pids(&flat(sort), &memory(1001), &mut steady),
            [12, 11, 13, 1],
            "what stands still is sorted to the last byte: {sort}"
        );
    }
}

#[test]
fn numbers_below_nothing_come_before_nothing() {
    let mut scene = three();
    for (pid, nice) in [(1, 0), (11, 5), (12, -20), (13, -3)] {
        scene.of(pid).stat.nice = nice;
    }
    let snapshot = scene.snapshot();
    assert_eq!(
        pids(&flat("ni"), &snapshot, &mut Steady::default()),
        [12, 13, 1, 11]
    );
}

proptest::proptest! {
    /// What is not known comes last in either order, and nothing below zero is nothing.
    #[test]
    fn ranks_sort_as_numbers_do(a in -1e12_f64..1e12, b in -1e12_f64..1e12) {
        for (a, b) in [(a, b), (a, 0.0), (a, a), (0.0, -0.0)] {
            proptest::prop_assert_eq!(Some(rank(a, false).cmp(&rank(b, false))), a.partial_cmp(&b));
            proptest::prop_assert_eq!(Some(rank(a, true).cmp(&rank(b, true))), b.partial_cmp(&a));
            for descending in [false, true] {
                proptest::prop_assert!(rank(a, descending) < rank(f64::NAN, descending));
            }
        }
    }
}

#[test]
fn a_row_that_leaves_share_is_worth_their_sum_or_the_least_of_them() {
    let mut scene = three();
    for pid in [21, 23, 25] {
        scene.task(pid, 1, "w");
    }
    scene.task(22, 1, "x");
    scene.pass(1000, &[]);
    let snapshot = scene.pass(1000, &[(21, 10), (23, 20), (25, 10), (22, 30), (12, 50)]);
    let at = |want: &Want| pids(want, &snapshot, &mut Steady::default());
    assert_eq!(at(&by("cpu")), [12, 21, 22, 11, 13]);
    assert_eq!(at(&by("pid")), [11, 12, 13, 21, 22]);
    let last_first = Want {
        descending: Some(true),
        ..by("pid")
    };
    assert_eq!(at(&last_first), [22, 21, 13, 12, 11]);
}

fn grouped(sort: &'static str, by: By) -> Want {
    Want {
        sort,
        by,
        open: false,
        ..Want::default()
    }
}

/// The names of groups in the order of their rows.
fn names(want: &Want, snapshot: &Snapshot, steady: &mut Steady) -> Vec<String> {
    let forest = want.build(snapshot, steady);
    let groups = forest
        .rows
        .iter()
        .filter_map(|row| forest.heading(row.item));
    groups.map(|group| group.name.to_string()).collect()
}

fn put(scene: &mut Scene, pid: u32, ppid: u32, name: &str, path: &str) {
    let extra = OptionalStats {
        cgroup: Ok(path.into()),
        ..OptionalStats::default()
    };
    scene.task(pid, ppid, name).extra = Some(Arc::new(extra));
}

#[test]
fn groups_stay_where_they_are_while_they_are_worth_about_the_same() {
    let mut scene = Scene::new();
    put(&mut scene, 1, 0, "x", "/x.service");
    put(&mut scene, 2, 0, "y", "/y.service");
    scene.pass(1000, &[]);
    let mut steady = Steady::default();
    let mut at = |busy: &[(u32, u64)]| {
        names(
            &grouped("cpu", By::Unit),
            &scene.pass(1000, busy),
            &mut steady,
        )
    };
    assert_eq!(at(&[(1, 20), (2, 30)]), ["y", "x"]);
    assert_eq!(at(&[(1, 24), (2, 20)]), ["y", "x"], "for one tick");
    assert_eq!(at(&[(1, 95), (2, 20)]), ["x", "y"], "a real rise");
}

#[test]
fn a_group_goes_by_the_least_pid_in_it_and_below_it() {
    let mut scene = Scene::new();
    put(&mut scene, 1, 0, "init", "/z.slice/a.service");
    put(&mut scene, 2, 0, "b", "/b.slice");
    put(&mut scene, 3, 0, "c", "/z.slice/c.service");
    let snapshot = scene.snapshot();
    let want = Want {
        open: true,
        ..grouped("pid", By::Cgroup)
    };
    let mut steady = Steady::default();
    assert_eq!(
        names(&want, &snapshot, &mut steady),
        ["/", "z.slice", "a.service", "c.service", "b.slice"]
    );
    let filtered = Want {
        passing: Some(vec![2, 3]),
        ..want
    };
    assert_eq!(
        names(&filtered, &snapshot, &mut steady),
        ["/", "b.slice", "z.slice", "c.service"],
        "of those who pass"
    );
}

#[test]
fn among_equals_groups_come_behind_processes_in_their_own_order() {
    let mut scene = Scene::new();
    for (pid, path) in [(1, "/a"), (2, "/b"), (3, "/c"), (50, "/"), (60, "/")] {
        put(&mut scene, pid, 0, "p", path);
        scene.of(pid).facts = Arc::clone(&scene.sample.tasks[0].facts);
    }
    let snapshot = scene.snapshot();
    let want = Want {
        compact: false,
        open: true,
        ..grouped("cpu", By::Cgroup)
    };
    assert_eq!(
        want.draw(&snapshot),
        "/ of 5\n|- p 50\n|- p 60\n|- a of 1\n|  `- p 1\n|- b of 1\n|  `- p 2\n`- c of 1\n   `- p 3\n"
    );
    let of = Groups::new(&snapshot, By::Cgroup).all.len();
    assert_eq!(of, 4);
}
