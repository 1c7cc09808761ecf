//! The rows of groups.

use super::*;
use crate::model::id::Pid;
use crate::model::sample::OptionalStats;

fn scene() -> Scene {
    let mut scene = Scene::new();
    let mut put = |pid, ppid, name: &str, path: &str| {
        let extra = OptionalStats {
            cgroup: Ok(path.into()),
            ..OptionalStats::default()
        };
        scene.task(pid, ppid, name).extra = Some(Arc::new(extra));
    };
    put(1, 0, "init", "/init.scope");
    put(5, 1, "sshd", "/system.slice/sshd.service");
    put(6, 5, "bash", "/user.slice/session-3.scope");
    put(7, 6, "make", "/user.slice/session-3.scope");
    put(8, 7, "cc", "/user.slice/session-3.scope");
    put(9, 7, "cc", "/user.slice/session-3.scope");
    scene
}

fn by(by: By) -> Want {
    Want {
        by,
        ..Want::default()
    }
}

#[test]
fn processes_stand_below_their_groups_and_there_below_their_parents() {
    let snapshot = scene().snapshot();
    let drawn = by(By::Cgroup).draw(&snapshot);
    assert_eq!(
        drawn,
        "/ of 6\n\
         |- init.scope of 1\n\
         |  `- init 1\n\
         |- system.slice of 1\n\
         |  `- sshd.service of 1\n\
         |     `- sshd 5\n\
         `- user.slice of 4\n\
         \x20  `- session-3.scope of 4\n\
         \x20     `- bash 6\n\
         \x20        `- make 7\n\
         \x20           `- 2×[cc] +1\n"
    );
}

#[test]
fn a_flat_list_is_flat_in_its_groups() {
    let flat = Want {
        tree: false,
        ..by(By::User)
    };
    assert_eq!(
        flat.draw(&scene().snapshot()),
        "root of 6\n|- init 1\n|- sshd 5\n|- bash 6\n|- make 7\n|- cc 8\n`- cc 9\n"
    );
}

#[test]
fn groups_without_groups_in_them_begin_folded_and_stay_as_a_person_folds_them() {
    let snapshot = scene().snapshot();
    let mut want = Want {
        open: false,
        ..by(By::Unit)
    };
    assert_eq!(
        want.draw(&snapshot),
        "init of 1 +1\nsshd of 1 +1\nsession-3 of 4 +4\n"
    );
    let key = Groups::new(&snapshot, By::Unit).all[1].key.clone();
    want.headings.insert(key, false);
    assert_eq!(
        want.draw(&snapshot),
        "init of 1 +1\nsshd of 1\n`- sshd 5\nsession-3 of 4 +4\n"
    );
}

#[test]
fn groups_are_sorted_by_their_sums_and_a_filter_keeps_those_who_pass() {
    let mut scene = scene();
    scene.pass(1000, &[]);
    let snapshot = scene.pass(1000, &[(5, 30), (8, 20), (9, 20)]);
    let want = Want {
        open: false,
        sort: "cpu",
        ..by(By::Unit)
    };
    assert_eq!(
        want.draw(&snapshot),
        "session-3 of 4 +4\nsshd of 1 +1\ninit of 1 +1\n"
    );
    let filtered = Want {
        sort: "cpu",
        passing: Some(vec![5, 7]),
        ..by(By::Unit)
    };
    assert_eq!(
        filtered.draw(&snapshot),
        "sshd of 1\n`- sshd 5\nsession-3 of 4\n`- bash 6 dim\n   `- make 7\n"
    );
}

#[test]
fn a_group_of_kernel_threads_alone_has_no_row_where_those_have_none() {
    let mut scene = scene();
    scene.task(2, 0, "kthreadd").stat.flags = 0x0020_0000;
    let snapshot = scene.snapshot();
    assert!(!by(By::Program).draw(&snapshot).contains("kernel threads"));
    let with = Want {
        kernel: true,
        ..by(By::Program)
    };
    assert!(with.draw(&snapshot).contains("kernel threads of 1\n"));
}

#[test]
fn one_that_ended_stays_in_its_group_as_long_as_that_is_there() {
    let mut scene = scene();
    let before = scene.snapshot();
    let ended = |pid| Ended {
        proc: before.by_pid(Pid(pid)).expect("it lived").clone(),
        parent: None,
        end: WhenEnded::new(before.at, before.at),
        line: None,
    };
    scene.end(8);
    scene.end(5);
    let want = Want {
        ended: vec![ended(8), ended(5)],
        ..by(By::Unit)
    };
    let drawn = want.draw(&scene.snapshot());
    assert!(drawn.contains("session-3 of 4"), "{drawn}");
    assert!(drawn.lines().any(|l| l == "sshd 5"), "{drawn}");
}

proptest::proptest! {
    #[test]
    fn everybody_has_one_row_in_the_groups(places in proptest::collection::vec((0_u32..30, 0_usize..5), 1..40), flat: bool) {
        const PATHS: [&str; 5] = ["/", "/a", "/a/b.service", "/a/b.service/c", "/d.slice"];
        let mut scene = Scene::new();
        for (i, (ppid, path)) in places.iter().enumerate() {
            let extra = OptionalStats { cgroup: Ok(PATHS[*path].into()), ..OptionalStats::default() };
            scene.task(i as u32 + 100, ppid + 90, "x").extra = Some(Arc::new(extra));
        }
        let snapshot = scene.snapshot();
        for by in By::ALL {
            let want = Want { tree: !flat, compact: false, by, ..Want::default() };
            let forest = want.build(&snapshot, &mut Steady::default());
            let mut seen: Vec<u32> = forest.rows.iter().filter_map(|row| match row.item {
                Item::Proc(node) => Some(node),
                _ => None,
            }).collect();
            seen.sort_unstable();
            let all: Vec<u32> = (0..places.len() as u32).collect();
            proptest::prop_assert_eq!(seen, all);
        }
    }
}
