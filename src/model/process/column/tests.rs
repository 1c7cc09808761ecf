use std::collections::HashSet;
use std::sync::Arc;

use super::*;
use crate::model::id::{Nanos, Ticks};
use crate::model::sample::{Shares, Traffic};
use crate::model::scene::Scene;

#[test]
fn every_column_has_a_name_of_its_own_and_one_sentence() {
    let mut names = HashSet::new();
    for column in ALL {
        assert!(names.insert(column.name), "{} twice", column.name);
        assert!(column.about.ends_with('.') && column.about.len() > 8);
        let from = ["/proc", "nvml", "as CPU%", "sys_enter"];
        let told = from.iter().any(|from| column.source.contains(from));
        assert!(told, "{}: {}", column.name, column.source);
        assert!(
            column.width as usize >= column.title.len() || column.width == 0,
            "{}",
            column.name
        );
        assert!(column.slack().is_none() || column.adds(), "{}", column.name);
        assert_eq!(column.width == 0, matches!(column.shows, Shows::Command));
    }
    assert!(DEFAULT.iter().all(|c| ALL.iter().any(|a| a.name == c.name)));
}

#[test]
fn texts_fit_their_column() {
    let mut scene = Scene::new();
    let task = scene.task(4_194_304, 4_194_303, "wide");
    task.stat.user = Ticks(u64::MAX / 2);
    task.stat.threads = 4_000_000;
    task.stat.nice = -20;
    task.stat.priority = -100;
    task.stat.processor.0 = 4095;
    let snapshot = scene.pass(1000, &[(4_194_304, 400_000)]);
    for column in ALL.iter().filter(|c| c.width > 0 && c.name != "time") {
        if let Ok(text) = column.text(&snapshot, &snapshot.procs[0]) {
            assert!(
                crate::model::text::width(&text) <= column.width as usize + 1,
                "{}: {text}",
                column.name
            );
        }
    }
}

#[test]
fn a_sum_leaves_out_what_could_not_be_read() {
    let sum = |value, missing| Sum { value, missing };
    assert_eq!(sum(Ok(5.0), 1).sign(), "≥");
    assert_eq!(sum(Err(Missing::Denied), 1).sign(), "");
    assert_eq!(sum(Ok(5.0), 0).sign(), "");
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(2, 1, "new");
    let snapshot = scene.snapshot();
    let cpu = Column::find("cpu").expect("cpu");
    assert_eq!(
        cpu.sum(&snapshot, snapshot.procs.iter()),
        Some(sum(Err(Missing::Soon), 2))
    );
    let snapshot = scene.pass(1000, &[(2, 50)]);
    assert_eq!(
        cpu.sum(&snapshot, snapshot.procs.iter()),
        Some(sum(Ok(50.0), 0))
    );
    let more = scene.pass(1000, &[(1, 70), (2, 60)]);
    let mut alone = more.clone();
    alone.system.cores.truncate(1);
    let all = |s: &Snapshot| cpu.sum(s, s.procs.iter()).and_then(|sum| sum.value.ok());
    assert_eq!((all(&more), all(&alone)), (Some(130.0), Some(100.0)));
    // What one has and another hides is at least that much; nothing and hidden is not nothing.
    let net = Column::find("net-in").expect("net-in");
    let mut shares = Shares {
        traffic: Ok(Traffic {
            hidden: vec![snapshot.procs[1].id],
            complete: true,
            ..Traffic::default()
        }),
        ..Shares::default()
    };
    let mut told = snapshot.clone();
    told.shares = Arc::new(shares.clone());
    assert_eq!(
        net.sum(&told, told.procs.iter()),
        Some(sum(Err(Missing::Denied), 1))
    );
    if let Ok(traffic) = &mut shares.traffic {
        let rates = traffic.by.entry(snapshot.procs[0].id).or_default();
        rates.received = 5.0;
    }
    told.shares = Arc::new(shares);
    assert_eq!(net.sum(&told, told.procs.iter()), Some(sum(Ok(5.0), 1)));
    let name = Column::find("user").expect("user");
    assert_eq!(name.sum(&snapshot, snapshot.procs.iter()), None);
}

#[test]
fn a_start_is_shorter_the_longer_ago_it_was() {
    let mut scene = Scene::new();
    scene.task(5, 0, "a");
    let snapshot = scene.snapshot();
    let text = |ms: f64| Unit::Moment.text(ms, &snapshot);
    assert_eq!(text(1_700_000_000_000.0), "22:13");
    assert_eq!(text(1_690_000_000_000.0), "Jul 22");
    assert_eq!(text(1_600_000_000_000.0), "2020");
    scene.sample.system.uptime = Nanos::from_millis(3 * 3_600_000);
    let after_midnight = scene.snapshot();
    assert_eq!(
        Unit::Moment.text(1_700_000_000_000.0, &after_midnight),
        "Nov 14"
    );
}

#[test]
fn numbers_stand_at_the_right_and_pictures_and_texts_at_the_left() {
    let right = |name: &str| Column::find(name).map(Column::right);
    for (name, is) in [
        ("pid", true),
        ("mem%", true),
        ("history", false),
        ("user", false),
    ] {
        assert_eq!(right(name), Some(is), "{name}");
    }
}

#[test]
fn what_was_gained_or_lost_bears_its_sign() {
    let snapshot = Scene::new().snapshot();
    let text = |bytes: f64| Unit::Signed.text(bytes, &snapshot);
    assert_eq!(
        [0.0, 0.9, -0.9, 1.0, -1.0, 2_097_152.0, -317_440.0].map(text),
        ["0", "0", "0", "+1B", "-1B", "+2.0M", "-310K"]
    );
}

#[test]
fn one_reading_tells_nothing_of_what_happens_in_a_span() {
    let twice = |name: &str| Column::find(name).map(Column::over_time);
    for name in ["cpu1", "ended", "wait", "gpu", "growth", "read", "net-in"] {
        assert_eq!(twice(name), Some(true), "{name}");
    }
    for name in ["pid", "mem", "mem%", "time", "state", "command"] {
        assert_eq!(twice(name), Some(false), "{name}");
    }
}

#[test]
fn the_head_of_exact_numbers_says_their_unit() {
    let head = |name: &str| Column::find(name).map(Column::exact_head);
    for (name, exact) in [
        ("pid", "pid"),
        ("mem", "mem_bytes"),
        ("mem%", "mem_share_percent"),
        ("cpu", "cpu_percent"),
        ("time", "time_seconds"),
        ("growth", "growth_bytes_per_minute"),
        ("net-in", "net_in_bytes_per_second"),
        ("user", "user"),
    ] {
        assert_eq!(head(name).as_deref(), Some(exact));
    }
}

#[test]
fn shares_are_of_the_machine_and_of_a_whole_life() {
    let mut scene = Scene::new();
    // Both began 100 s and a hundredth of a second ago.
    for (pid, ticks) in [(90_000, 5_000), (99_999, 3)] {
        let stat = &mut scene.task(pid, 0, "a").stat;
        stat.user = Ticks(ticks);
        stat.resident = Bytes(6 << 30);
    }
    scene.task(100_000, 0, "now").stat.system = Ticks(1);
    let snapshot = scene.snapshot();
    let all = |name: &str| -> Vec<String> {
        let column = Column::find(name).expect(name);
        let texts = snapshot.procs.iter().map(|p| column.text(&snapshot, p));
        texts.map(|text| text.expect(name).into_owned()).collect()
    };
    assert_eq!(all("mem%")[..2], ["25.0", "25.0"]);
    assert_eq!(all("life"), ["50.0", "300", "100"]);
}

#[test]
fn a_column_answers_to_its_head_and_to_older_names() {
    for (asked, name) in [
        ("unit", "unit"),
        ("UNIT", "unit"),
        ("cgroup", "cgroup"),
        ("ni", "ni"),
        ("nice", "ni"),
        ("thr", "thr"),
        ("threads", "thr"),
        ("cpu%", "cpu"),
        ("read/s", "read"),
        ("S", "state"),
    ] {
        assert_eq!(Column::find(asked).map(|c| c.name), Some(name), "{asked}");
    }
    let all: usize = ALL.iter().map(|c| c.aliases().count()).sum();
    assert_eq!(all, ALIASES.len());
    for (alias, of) in ALIASES {
        let names = Column::find(of).map(|c| c.aliases().any(|name| name == *alias));
        assert_eq!(names, Some(true), "{alias}");
        let own = ALL.iter().find(|c| c.name == *alias);
        assert!(own.is_none(), "{alias} is a name of its own");
        assert!(Column::find(of).is_some(), "{of}");
    }
}

#[test]
fn whoever_began_in_summer_time_is_told_in_summer_time() {
    const HOUR: u64 = 3_600;
    // Clocks in Berlin went back on 25 October 2026 at 01:00 UTC.
    let autumn = 1_792_890_000_u64;
    let mut scene = Scene::new();
    let machine = Arc::make_mut(&mut scene.sample.machine);
    machine.boot_unix_ms = (autumn - 100 * HOUR) * 1000;
    machine.zone.steps = vec![(0, 7200), (autumn as i64, 3600)];
    scene.sample.system.uptime = Nanos::from_millis(1000 * HOUR * 1000);
    // Half past ten in the evening by UTC, half past midnight by the clock of that day.
    scene.task(7, 1, "old").id.start = Ticks((100 * HOUR - 5 * HOUR / 2) * 100);
    scene.of(7).stat.threads = 1;
    let snapshot = scene.snapshot();
    let start = ALL.iter().find(|c| c.name == "start").expect("a column");
    let text = start.text(&snapshot, &snapshot.procs[0]);
    assert_eq!(text.as_deref(), Ok("Oct 25"));
}
