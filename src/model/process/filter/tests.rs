use std::sync::Arc;

use super::*;
use crate::model::id::{Bytes, Uid};
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::sample::{Command, Facts, Opened, OptionalStats};
use crate::model::scene::Scene;
use crate::model::text::SafeText;

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    let web = scene.task(50, 1, "Web Content");
    web.facts = Arc::new(Facts {
        name: "Web Content".into(),
        command: Ok(Command::from_bytes(
            b"/usr/lib/firefox\0-contentproc\0--tab 7\0",
        )),
        uid: Ok(Uid(1000)),
        user: "alice".into(),
    });
    web.stat.threads = 64;
    web.stat.resident = Bytes(3 << 30);
    web.stat.tty = 34819;
    web.extra = Some(Arc::new(OptionalStats {
        cgroup: Ok("/system.slice/docker-abc.scope".into()),
        opened: Ok(Arc::new(Opened {
            targets: vec!["/var/log/syslog".into()],
            ports: vec![8080],
            owned: Vec::new(),
        })),
        ..OptionalStats::default()
    }));
    let bob = scene.task(60, 1, "dd");
    bob.stat.state = State::Blocked;
    bob.facts = Arc::new(Facts {
        name: "dd".into(),
        command: Ok(Command::from_bytes(b"dd\0if=/dev/zero\0")),
        uid: Ok(Uid(1001)),
        user: SafeText::from("bobby"),
    });
    scene
}

/// The pids that pass.
fn pass(text: &str) -> Vec<u32> {
    let mut scene = scene();
    let snapshot = scene.pass(1000, &[(50, 20)]);
    let filter = Filter::parse(text);
    let passing = snapshot
        .procs
        .iter()
        .filter(|p| filter.matches(&snapshot, p, 1.0));
    passing.map(|p| p.id.pid.0).collect()
}

/// Of the three, one has 64 threads and two have one.
/// A process is found by the group of any hierarchy.
#[test]
fn a_group_finds_those_who_are_listed_in_another() {
    let mut scene = scene();
    scene.of(60).extra = Some(Arc::new(OptionalStats {
        cgroup: Ok("/m/one".into()),
        beside: Ok([SafeText::from("/g/onlypids")].into()),
        ..OptionalStats::default()
    }));
    let snapshot = scene.snapshot();
    for text in ["group:onlypids", "cgroup:onlypids", "group:m/one"] {
        let filter = Filter::parse(text);
        let found = snapshot
            .procs
            .iter()
            .filter(|p| filter.matches(&snapshot, p, 1.0));
        let found: Vec<u32> = found.map(|p| p.id.pid.0).collect();
        assert_eq!(found, [60], "{text}");
    }
}

#[test]
fn a_comparison_has_its_limit_or_has_not() {
    for (text, pids) in [
        ("threads<64", vec![1, 60]),
        ("threads<=64", vec![1, 50, 60]),
        ("threads>64", vec![]),
        ("threads>=64", vec![50]),
        ("threads>63", vec![50]),
    ] {
        assert_eq!(pass(text), pids, "{text}");
    }
}

#[test]
fn every_form_of_the_language() {
    for (text, pids) in [
        ("", vec![1, 50, 60]),
        ("FIREFOX", vec![50]),
        ("content tab", vec![50]),
        ("firefox dd", vec![]),
        ("firefox | dd", vec![50, 60]),
        ("firefox|dd", vec![50, 60]),
        ("!firefox", vec![1, 60]),
        ("!firefox !dd | user:alice", vec![1, 50]),
        ("user:alice", vec![50]),
        ("user:al", vec![50]),
        ("user:1001", vec![60]),
        ("user=bob", vec![]),
        ("state:D", vec![60]),
        ("state:dz", vec![60]),
        ("state:sleeping", vec![1, 50]),
        ("cpu>10", vec![50]),
        ("cpu>10%", vec![50]),
        ("cpu<=20 cpu>=20", vec![50]),
        ("mem>1g", vec![50]),
        ("mem>1.5GiB", vec![50]),
        ("mem<11m", vec![1, 60]),
        ("threads>50", vec![50]),
        ("pid:60", vec![60]),
        ("ppid=1", vec![50, 60]),
        ("port:8080", vec![50]),
        ("port:8000-9000", vec![50]),
        ("port:80", vec![]),
        ("!port:80", vec![50]),
        ("fd:/var/log", vec![50]),
        ("tty:pts/3", vec![50]),
        ("tty:pts", vec![50]),
        ("tty:pts/", vec![50]),
        ("cgroup:docker", vec![50]),
        ("unit:DOCKER", vec![50]),
        ("age<17m", vec![1, 50, 60]),
        ("age<1001s age>=1000s", vec![1, 50, 60]),
        ("age<16m", vec![]),
        ("name:dd", vec![60]),
        ("re:^d{2}", vec![60]),
        ("re:^(dd|systemd)$", vec![1, 60]),
        ("re:--tab.7$", vec![50]),
        ("\"--tab 7\"", vec![50]),
        ("\"contentproc --tab\"", vec![50]),
        ("\"7 --tab\"", vec![]),
        ("re:\"|systemd user:root", vec![1]),
        ("group:system.slice", vec![50]),
        ("group:docker", vec![50]),
        ("mem=3g", vec![50]),
        ("state:st", vec![1, 50]),
        ("=/dev", vec![60]),
        (":/dev", vec![]),
        ("--tab:7", vec![]),
        ("if=/dev", vec![60]),
        ("http://x", vec![]),
    ] {
        assert_eq!(pass(text), pids, "{text}");
    }
}

#[test]
fn half_typed_terms_are_left_out_and_noted() {
    for text in [
        "!",
        "user:",
        "cpu>",
        "cpu>x",
        "mem>1z",
        "re:",
        "re:(",
        "|",
        "port:http",
        "\"",
        "state:Q",
        "age<1y",
        "start>1",
        "usr:alice",
        "colour>1g",
        "localhost:8080",
        "a_b:1",
        "cpu<inf",
    ] {
        let filter = Filter::parse(text);
        let matched = pass(text);
        assert_eq!(matched, [1, 50, 60], "{text}");
        assert!(
            text == "|" || filter.notes().len() == 1,
            "{text}: {:?}",
            filter.notes()
        );
    }
    assert_eq!(pass("firefox |"), [50]);
    assert_eq!(pass("dd cpu>"), [60]);
    assert_eq!(Filter::parse("dd cpu>").notes()[0].at, 3..7);
}

#[test]
fn a_filter_says_what_it_costs() {
    for (text, needs) in [
        ("state:D cpu>1", Needs::empty()),
        ("ssh", Needs::COMMANDS),
        ("port:80 | cgroup:x", Needs::DESCRIPTORS | Needs::CGROUP),
        ("pss>1m", Needs::PSS),
        ("exe:/usr", Needs::EXE),
    ] {
        assert_eq!(Filter::parse(text).needs(), needs, "{text}");
    }
}

#[test]
fn a_filter_for_what_happens_in_a_span_wants_two_readings() {
    for (text, twice) in [
        ("read>1m", true),
        ("dd | cpu1>5", true),
        ("mem>1g user:alice", false),
        ("dd", false),
        ("", false),
    ] {
        assert_eq!(Filter::parse(text).over_time(), twice, "{text}");
    }
}

#[test]
fn cpu_is_compared_in_the_scale_that_is_shown() {
    let snapshot = scene().pass(1000, &[(50, 20)]);
    let proc = snapshot.by_pid(crate::model::id::Pid(50)).expect("50");
    assert!(Filter::parse("cpu>15").matches(&snapshot, proc, 1.0));
    let filter = Filter::parse("cpu>15");
    assert!(!filter.matches(&snapshot, proc, 0.5));
    assert_eq!(filter.told(&snapshot, proc, 1.0), ["CPU% 20.0"]);
    assert_eq!(filter.told(&snapshot, proc, 0.5), ["CPU% 10.0"]);
}

#[test]
fn what_may_not_be_read_is_counted_where_it_is_asked_for() {
    let mut scene = scene();
    scene.of(60).extra = Some(Arc::new(OptionalStats {
        cgroup: Err(Missing::Denied),
        opened: Err(Missing::Denied),
        ..OptionalStats::default()
    }));
    let snapshot = scene.pass(1000, &[]);
    for (text, denied) in [
        ("unit:x", 1),
        ("port:80", 1),
        ("user:x", 0),
        ("exe:/usr", 0),
    ] {
        assert_eq!(Filter::parse(text).denied(&snapshot), denied, "{text}");
    }
}

#[test]
fn a_port_that_nobody_has_is_named_and_a_range_is_not() {
    let mut scene = scene();
    for pid in [1, 60] {
        scene.of(pid).extra = Some(Arc::new(OptionalStats {
            opened: Ok(Arc::default()),
            cgroup: Ok("/".into()),
            ..OptionalStats::default()
        }));
    }
    let snapshot = scene.pass(1000, &[]);
    let nobody = |text: &str| Filter::parse(text).nobody(&snapshot);
    assert_eq!(nobody("port:99").as_deref(), Some("nobody with port 99"));
    assert_eq!(nobody("port:8080"), None);
    assert_eq!(
        nobody("cgroup:x.slice").as_deref(),
        Some("nobody in cgroup x.slice")
    );
    assert_eq!(nobody("port:90-99"), None);
}

proptest::proptest! {
    #[test]
    fn anything_may_be_typed(text in "[a-z:!|<>=\" 0-9./(re)é-]{0,24}") {
        let filter = Filter::parse(&text);
        proptest::prop_assert_eq!(filter.text(), &text);
        for note in filter.notes() {
            proptest::prop_assert!(text.get(note.at.clone()).is_some());
        }
        let _ = pass(&text);
    }
}

#[test]
fn whoever_is_not_there_is_told() {
    let mut scene = scene();
    let snapshot = scene.pass(1000, &[]);
    for (text, told) in [
        ("user:nobdy", Some("no user nobdy")),
        ("cpu>50 user:nobdy", Some("no user nobdy")),
        ("user:alice cpu>99", None),
        ("!user:nobdy", None),
        ("xyz", None),
        // Of some processes it is not known which ports they hold.
        ("port:99", None),
    ] {
        let nobody = Filter::parse(text).nobody(&snapshot);
        assert_eq!(nobody.as_deref(), told, "{text}");
    }
}

#[test]
fn of_whom_a_thing_could_not_be_read_it_is_not_told_that_he_lacks_it() {
    let mut scene = scene();
    let hidden = |missing| {
        Some(Arc::new(OptionalStats {
            opened: Err(missing),
            ..OptionalStats::default()
        }))
    };
    scene.of(1).extra = hidden(Missing::Denied);
    scene.of(60).extra = hidden(Missing::Denied);
    let snapshot = scene.pass(1000, &[]);
    let doubt = |text: &str| Filter::parse(text).doubt(&snapshot);
    let two = Some(
        "of 2 processes, such as 1 systemd, it cannot be told: they may not be read".to_owned(),
    );
    assert_eq!(doubt("port:8080"), two);
    assert_eq!(doubt("!port:8080"), two);
    // Of the other one it is known that he does not pass, whatever he holds.
    let one = Some("of 60 dd it cannot be told: it may not be read".to_owned());
    assert_eq!(doubt("port:8080 state:D"), one);
    assert_eq!(doubt("state:D"), None);
    assert_eq!(doubt("port:8080 user:alice"), None);
}
