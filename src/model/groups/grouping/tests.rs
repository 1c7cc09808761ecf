use std::collections::BTreeSet;

use super::*;
use crate::model::groups::unit::Names;
use crate::model::id::Pid;
use crate::model::process::column::{ALL, Column};
use crate::model::sample::{OptionalStats, Shares};
use crate::model::scene::Scene;

fn scene(paths: &[(u32, u32, &str, &str)]) -> Scene {
    let mut scene = Scene::new();
    for (pid, ppid, name, path) in paths {
        let task = scene.task(*pid, *ppid, name);
        task.stat.threads = pid % 5 + 1;
        task.extra = Some(Arc::new(OptionalStats {
            cgroup: Ok((*path).into()),
            ..OptionalStats::default()
        }));
    }
    scene
}

fn machine() -> Scene {
    scene(&[
        (1, 0, "systemd", "/init.scope"),
        (5, 1, "sshd", "/system.slice/sshd.service"),
        (6, 5, "bash", "/user.slice/user-1000.slice/session-3.scope"),
        (7, 6, "make", "/user.slice/user-1000.slice/session-3.scope"),
        (9, 1, "cron", "/system.slice/cron.service"),
        (11, 2, "kworker", "/"),
    ])
}

fn told(snapshot: &Snapshot, by: By) -> Vec<String> {
    let groups = Groups::new(snapshot, by);
    let all = groups.all.iter().zip(0..);
    all.map(|(group, at)| {
        let pids: Vec<String> = groups
            .members(snapshot, at)
            .map(|p| p.id.pid.to_string())
            .collect();
        let up = group.parent.map_or("-", |up| &groups.all[up as usize].name);
        format!(
            "{} ({}) in {up}: {}",
            group.name,
            group.kind,
            pids.join(" ")
        )
    })
    .collect()
}

#[test]
fn control_groups_are_a_tree() {
    let snapshot = machine().snapshot();
    assert_eq!(
        told(&snapshot, By::Cgroup),
        [
            "/ (root) in -: 1 5 6 7 9 11",
            "init.scope (scope) in /: 1",
            "system.slice (slice) in /: 5 9",
            "sshd.service (service) in system.slice: 5",
            "user.slice (slice) in /: 6 7",
            "user-1000.slice (slice) in user.slice: 6 7",
            "session-3.scope (scope) in user-1000.slice: 6 7",
            "cron.service (service) in system.slice: 9",
        ]
    );
    assert_eq!(
        told(&snapshot, By::Unit),
        [
            "init (scope) in -: 1",
            "sshd (service) in -: 5",
            "session-3 (scope) in -: 6 7",
            "cron (service) in -: 9",
            "/ (root) in -: 11",
        ]
    );
}

#[test]
fn users_programs_and_sessions_are_groups() {
    let mut scene = machine();
    for pid in [6, 7] {
        scene.of(pid).stat.session = Pid(6);
        scene.of(pid).stat.tty = 0x8803;
    }
    scene.of(11).stat.flags = 0x0020_0000;
    scene.of(11).stat.session = Pid(0);
    let snapshot = scene.snapshot();
    assert_eq!(
        told(&snapshot, By::User),
        ["root (user) in -: 1 5 6 7 9 11"]
    );
    let programs = told(&snapshot, By::Program);
    assert!(programs.contains(&"kernel threads (program) in -: 11".to_owned()));
    let sessions = told(&snapshot, By::Session);
    assert!(
        sessions.contains(&"bash on pts/3 (session) in -: 6 7".to_owned()),
        "{sessions:?}"
    );
    assert!(sessions.contains(&"no session (session) in -: 11".to_owned()));
    assert!(told(&snapshot, By::Parent).is_empty());
}

#[test]
fn a_program_is_what_people_call_it() {
    for (command, expected) in [
        ("/usr/lib/firefox/firefox\0-contentproc", "firefox"),
        ("-bash", "bash"),
        ("sshd: alice@pts/3", "sshd"),
        ("nginx: worker process", "nginx"),
        ("/opt/my app/run\0x", "run"),
        ("", "name"),
    ] {
        let mut scene = Scene::new();
        let facts = crate::model::sample::Facts {
            name: "name".into(),
            command: Ok(crate::model::sample::Command::from_bytes(
                command.as_bytes(),
            )),
            ..Default::default()
        };
        scene.task(7, 1, "x").facts = Arc::new(facts);
        assert_eq!(program(&scene.snapshot().procs[0]), expected, "{command}");
    }
}

#[test]
fn what_is_outside_of_the_namespace_has_no_way_out_in_its_name() {
    let snapshot = scene(&[
        (7, 1, "x", "/../../system.slice/x.service"),
        (9, 1, "y", "/job"),
    ])
    .snapshot();
    let all = told(&snapshot, By::Cgroup).join("\n");
    assert!(!all.contains(".."), "{all}");
    assert!(all.contains("outside:/ (root) in -: 7"), "{all}");
    assert!(
        all.contains("x.service (service) in system.slice: 7"),
        "{all}"
    );
}

#[test]
fn containers_are_known_by_name_where_a_file_tells_it() {
    let id = "ab".repeat(32);
    let path = format!("/system.slice/docker-{id}.scope");
    let mut scene = scene(&[(7, 1, "x", &path)]);
    assert_eq!(
        told(&scene.snapshot(), By::Unit),
        ["docker abababababab (docker) in -: 7"]
    );
    let called = unit::Called {
        name: "web-1".into(),
        pod: None,
    };
    scene.sample.shares = Arc::new(Shares {
        names: Arc::new(Names::from([(id.into(), called)])),
        ..Shares::default()
    });
    let snapshot = scene.snapshot();
    assert_eq!(told(&snapshot, By::Unit), ["web-1 (docker) in -: 7"]);
    assert!(told(&snapshot, By::Cgroup)[2].starts_with("web-1 (docker) in system.slice"));
}

#[test]
fn one_who_hides_its_group_stands_with_the_others_who_do() {
    let mut scene = machine();
    scene.of(9).extra = Some(Arc::new(OptionalStats {
        cgroup: Err(Missing::Denied),
        ..OptionalStats::default()
    }));
    let all = told(&scene.snapshot(), By::Unit);
    assert!(
        all.contains(&"not known (denied) (unknown) in -: 9".to_owned()),
        "{all:?}"
    );
}

proptest::proptest! {
    /// Everybody is in one group of each kind, and the sums of the tops are the sums of all, threads once.
    #[test]
    fn sums_equal_those_of_the_members(
        places in proptest::collection::vec((0_u32..40, 0_usize..6), 1..60),
        busy in 0_u64..50,
    ) {
        const PATHS: [&str; 6] = ["/", "/a", "/a/b.service", "/a/b.service/c", "/d.slice", "/../x"];
        let mut scene = Scene::new();
        for (i, (ppid, path)) in places.iter().enumerate() {
            let task = scene.task(i as u32 + 100, ppid + 90, "x");
            task.stat.threads = i as u32 % 7 + 1;
            task.extra = Some(Arc::new(OptionalStats {
                cgroup: Ok(PATHS[*path].into()),
                ..OptionalStats::default()
            }));
        }
        let snapshot = scene.pass(1000, &[(100, busy)]);
        for by in &By::ALL[1..] {
            let groups = Groups::new(&snapshot, *by);
            let tops = (0_u32..).zip(&groups.all).filter(|(_, g)| g.parent.is_none());
            let tops: Vec<u32> = tops.map(|(at, _)| at).collect();
            let mut seen = BTreeSet::new();
            for top in &tops {
                for proc in groups.members(&snapshot, *top) {
                    proptest::prop_assert!(seen.insert(proc.id), "nobody is in two");
                }
            }
            proptest::prop_assert_eq!(seen.len(), snapshot.procs.len());
            for column in ALL.iter().filter(|c| c.adds()) {
                let sum = |procs: &mut dyn Iterator<Item = &Proc>| -> f64 {
                    Column::sum(column, &snapshot, procs).and_then(|sum| sum.value.ok()).unwrap_or(0.0)
                };
                let whole = sum(&mut snapshot.procs.iter());
                let parts: f64 = tops.iter().map(|t| sum(&mut groups.members(&snapshot, *t))).sum();
                proptest::prop_assert!((whole - parts).abs() < 1e-6 * whole.abs().max(1.0), "{}", column.name);
            }
        }
    }
}
