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
            group.title(),
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
    let paths = |by| {
        Groups::new(&snapshot, by)
            .all
            .iter()
            .any(|g| g.path.is_some())
    };
    let with: Vec<By> = By::ALL.into_iter().filter(|by| paths(*by)).collect();
    assert_eq!(
        with,
        [By::Cgroup, By::Unit],
        "what can be acted on as a group"
    );
}

#[test]
fn a_program_is_what_people_call_it() {
    for (command, expected) in [
        ("/usr/lib/firefox/firefox\0-contentproc", "firefox"),
        ("-bash", "bash"),
        ("sshd: alice@pts/3", "sshd"),
        ("nginx: worker process", "nginx"),
        ("/opt/my app/run\0x", "run"),
        ("/opt/my app/run: worker", "run"),
        (
            "/usr/sbin/php-fpm: master process (/etc/php-fpm.conf)",
            "php-fpm",
        ),
        ("postgres writer", "postgres"),
        ("/usr/bin/x:y", "x:y"),
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
        (8, 1, "x", "/../system.slice/x.service"),
        (9, 1, "y", "/job"),
        (10, 1, "z", "/../.."),
        (11, 1, "z", "/..z"),
    ])
    .snapshot();
    // The way out tells groups apart that would read the same without it.
    assert_eq!(
        told(&snapshot, By::Cgroup),
        [
            "outside-2:/ (root) in -: 7 10",
            "system.slice (slice) in outside-2:/: 7",
            "x.service (service) in system.slice: 7",
            "outside:/ (root) in -: 8",
            "system.slice (slice) in outside:/: 8",
            "x.service (service) in system.slice: 8",
            "/ (root) in -: 9 11",
            "job (group) in /: 9",
            "..z (group) in /: 11",
        ]
    );
    assert_eq!(
        told(&snapshot, By::Unit),
        [
            "x in outside-2:/system.slice (service) in -: 7",
            "x in outside:/system.slice (service) in -: 8",
            "job (group) in -: 9",
            "outside-2 (root) in -: 10",
            "..z (group) in -: 11",
        ]
    );
    let groups = Groups::new(&snapshot, By::Cgroup);
    let confined: Vec<&str> = groups
        .all
        .iter()
        .filter(|g| g.is_confined())
        .map(|g| g.name.as_str())
        .collect();
    assert_eq!(confined, ["job", "..z"], "none that others than us address");
}

#[test]
fn any_byte_in_a_name_is_kept_for_the_kernel_and_shown_escaped() {
    let mut scene = scene(&[(7, 1, "x", "/"), (8, 1, "x", "/"), (9, 1, "x", "/")]);
    for (pid, path) in [
        (7, &b"/a b/\x1b[7m"[..]),
        (8, b"/a b/\\x1b[7m"),
        (9, b"/a b/\xff.service"),
    ] {
        scene.of(pid).extra = Some(Arc::new(OptionalStats {
            cgroup: Ok(SafeText::from_bytes(path)),
            ..OptionalStats::default()
        }));
    }
    let snapshot = scene.snapshot();
    let groups = Groups::new(&snapshot, By::Cgroup);
    let paths: Vec<Vec<u8>> = groups.all[2..]
        .iter()
        .map(|g| g.path.as_ref().expect("a path").bytes().into_owned())
        .collect();
    assert_eq!(
        paths,
        [&b"/a b/\x1b[7m"[..], b"/a b/\\x1b[7m", b"/a b/\xff.service"]
    );
    let titles: Vec<String> = groups.all[2..].iter().map(Group::title).collect();
    assert_eq!(titles[2], "\\xff.service");
    // Two that are shown the same are told apart all the same.
    assert!(
        titles[0].starts_with("\\x1b[7m ") && titles[0] != titles[1],
        "{titles:?}"
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
fn a_group_of_another_hierarchy_is_there_and_says_that_somebody_is_in_it() {
    let mut scene = scene(&[
        (7, 1, "x", "/m/one"),
        (8, 1, "x", "/m/two"),
        (9, 1, "x", "/m"),
    ]);
    for (pid, beside) in [(7, "/g/only"), (8, "/g/only/part")] {
        scene.of(pid).extra = Some(Arc::new(OptionalStats {
            cgroup: Ok(if pid == 7 { "/m/one" } else { "/m/two" }.into()),
            beside: Ok([SafeText::from(beside), "/g/x".into()].into()),
            ..OptionalStats::default()
        }));
    }
    let groups = Groups::new(&scene.snapshot(), By::Cgroup);
    let told = groups.all.iter().map(|g| (g.name.as_str(), g.elsewhere));
    let told: Vec<(&str, u32)> = told.collect();
    assert_eq!(
        told,
        [
            ("/", 0),
            ("m", 0),
            ("one", 0),
            ("two", 0),
            ("g", 2),
            ("only", 2),
            ("x", 2),
            ("part", 1)
        ]
    );
    assert_eq!(groups.populated, 4);
    assert!(groups.all[5].vacant().starts_with("2 in it"));
    assert_eq!(groups.all[2].vacant(), "empty");
}

#[test]
fn one_who_ended_before_it_was_asked_stands_where_it_was_born() {
    let mut scene = machine();
    for (pid, ppid) in [(21, 7), (22, 21)] {
        scene.task(pid, ppid, "cc1").extra = Some(Arc::new(OptionalStats {
            cgroup: Err(Missing::Gone),
            ..OptionalStats::default()
        }));
    }
    let all = told(&scene.snapshot(), By::Unit);
    assert!(
        !all.iter().any(|group| group.contains("not known")),
        "{all:?}"
    );
    assert!(
        all.iter().any(|group| group.ends_with(": 6 7 21 22")),
        "{all:?}"
    );
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

#[test]
fn parts_of_containers_and_pods_are_of_kinds_of_their_own() {
    let id = "ab".repeat(32);
    let pod = "2b1c2b1c-2b1c-2b1c-2b1c-2b1c2b1c2b1c";
    let container = format!("/docker/{id}");
    let paths = [
        (container.clone(), "docker"),
        (format!("{container}/system.slice/cron.service"), "service"),
        (format!("/kubepods/pod{pod}"), "pod"),
        (format!("/kubepods/pod{pod}/part"), "group"),
        ("/system.slice/dbus.socket".to_owned(), "socket"),
    ];
    for (path, kind) in &paths {
        let snapshot = scene(&[(7, 1, "x", path)]).snapshot();
        let groups = Groups::new(&snapshot, By::Cgroup);
        let last = groups.all.iter().find(|g| &*g.key.of == path.as_str());
        assert_eq!(last.map(|g| g.kind), Some(*kind), "{path}");
        let readable = last.and_then(Group::readable);
        assert_eq!(readable.as_deref(), Some(path.as_str()));
    }
}

#[test]
fn containers_of_one_name_are_told_apart_by_their_digits() {
    let ids = ["ab", "cd"].map(|two| two.repeat(32));
    let paths = ids.clone().map(|id| format!("/docker/{id}"));
    let mut scene = scene(&[(7, 1, "x", &paths[0]), (8, 1, "x", &paths[1])]);
    let called = || unit::Called {
        name: "web".into(),
        pod: None,
    };
    let names = ids.map(|id| (id.into(), called()));
    scene.sample.shares = Arc::new(Shares {
        names: Arc::new(Names::from(names)),
        ..Shares::default()
    });
    let told = told(&scene.snapshot(), By::Unit);
    let expected = ["abababababab", "cdcdcdcdcdcd"].map(|id| format!("web {id} (docker)"));
    for expected in expected {
        assert!(told.iter().any(|t| t.starts_with(&expected)), "{told:?}");
    }
}

#[test]
fn a_group_is_within_those_above_it_and_itself() {
    let snapshot = machine().snapshot();
    let groups = Groups::new(&snapshot, By::Cgroup);
    let at = |of: &str| {
        let found = groups.all.iter().position(|g| &*g.key.of == of);
        found.expect(of) as u32
    };
    let (all, ssh) = (at("/"), at("/system.slice/sshd.service"));
    let (system, user) = (at("/system.slice"), at("/user.slice"));
    for (group, whole, within) in [
        (ssh, ssh, true),
        (ssh, system, true),
        (ssh, all, true),
        (ssh, user, false),
        (system, ssh, false),
        (all, system, false),
    ] {
        assert_eq!(groups.is_within(group, whole), within, "{group} {whole}");
    }
}

#[test]
fn each_way_to_group_has_words_and_needs() {
    let (none, path) = (Needs::empty(), Needs::CGROUP);
    for (by, words, needs) in [
        (By::Parent, "parent", none),
        (By::Cgroup, "control group", path | Needs::HIERARCHY),
        (By::Unit, "container or unit", path | Needs::HIERARCHY),
        (By::User, "user", none),
        (By::Program, "program", Needs::COMMANDS),
        (By::Session, "session", none),
    ] {
        assert_eq!((by.words(), by.needs()), (words, needs));
    }
}
