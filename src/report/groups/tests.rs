use std::sync::Arc;

use super::*;
use crate::model::sample::OptionalStats;
use crate::model::scene::Scene;
use crate::model::text::SafeText;
use crate::report::json::Process;

/// The groups of a snapshot as JSON.
fn groups(snapshot: &Snapshot, by: By, columns: &[&Column]) -> Vec<Value> {
    let report = Report {
        snapshot,
        groups: &Groups::new(snapshot, by),
        empty: &|_| true,
        passes: &|_| true,
        columns,
        sort: (all::CPU, true),
        live: false,
    };
    let rows = report.rows();
    let told = rows.iter().map(|row| report.summed(row, None));
    told.map(|one| serde_json::to_value(one).expect("JSON"))
        .collect()
}

#[test]
fn what_is_missing_of_a_sum_stands_under_the_name_of_the_sum() {
    let mut scene = Scene::new();
    scene.task(7, 1, "x").extra = Some(Arc::new(OptionalStats {
        held: Ok(crate::model::sample::Held::default()),
        ..OptionalStats::default()
    }));
    scene.task(8, 1, "x").extra = Some(Arc::new(OptionalStats {
        held: Err(Missing::Denied),
        ..OptionalStats::default()
    }));
    let columns: Vec<&Column> = crate::model::process::column::ALL
        .iter()
        .copied()
        .filter(|c| c.adds())
        .collect();
    let told = groups(&scene.snapshot(), By::User, &columns);
    let missing = told[0]["missing"].as_object().expect("somebody hides some");
    assert_eq!(missing["fds"], 1, "{missing:?}");
    let fixed = ["cpu_percent", "pss_bytes"];
    for name in missing
        .keys()
        .filter(|name| !fixed.contains(&name.as_str()))
    {
        assert!(told[0]["columns"].get(name).is_some(), "{name}");
    }
    let shown: Vec<String> = columns.iter().map(|c| c.json_name()).collect();
    let distinct: std::collections::BTreeSet<&String> = shown.iter().collect();
    assert_eq!(distinct.len(), shown.len(), "{shown:?}");
}

#[test]
fn what_does_not_add_up_has_no_sum() {
    let mut scene = Scene::new();
    scene.task(7, 1, "x").stat.nice = -10;
    let told = groups(&scene.snapshot(), By::User, &[all::MEM, all::NICE]);
    assert!(told[0]["columns"]["mem_bytes"].is_u64());
    assert!(told[0]["columns"]["ni"].is_null());
    assert_eq!(told[0]["columns"]["unavailable"]["ni"], "differs");
}

#[test]
fn ports_of_a_group_are_those_of_its_members_and_a_text_is_what_they_have_alike() {
    let mut scene = Scene::new();
    for (pid, owned) in [
        (7, Ok(vec![443, 80])),
        (8, Ok(vec![80])),
        (9, Err(Missing::Denied)),
    ] {
        let task = scene.task(pid, 1, "x");
        task.stat.policy = if pid == 9 { 3 } else { 0 };
        task.extra = Some(Arc::new(OptionalStats {
            opened: owned.map(|owned| {
                Arc::new(crate::model::sample::Opened {
                    owned,
                    ..crate::model::sample::Opened::default()
                })
            }),
            ..OptionalStats::default()
        }));
    }
    let columns = [all::PORTS, all::STATE, all::POLICY, all::HELD_SHARE];
    let told = groups(&scene.snapshot(), By::User, &columns);
    let told = &told[0];
    assert_eq!(told["columns"]["ports"], "80,443");
    assert_eq!(told["missing"]["ports"], 1, "{told}");
    assert_eq!(told["columns"]["state"], "S");
    assert_eq!(told["columns"]["unavailable"]["policy"], "differs");
    assert_eq!(told["columns"]["unavailable"]["fd_percent"], "soon");
}

#[test]
fn a_path_is_spelled_as_that_of_its_members_and_a_user_by_its_number() {
    let mut scene = Scene::new();
    let paths = [&b"/a\x1b\xff"[..], b"/../b", b"/../../b", b"/c"];
    for (pid, path) in (7..).zip(paths) {
        scene.task(pid, 1, "x").extra = Some(Arc::new(OptionalStats {
            cgroup: Ok(SafeText::from_bytes(path)),
            ..OptionalStats::default()
        }));
    }
    let snapshot = scene.snapshot();
    let told = groups(&snapshot, By::Unit, &[]);
    for group in &told {
        let pid = group["members"][0].as_u64().expect("a member") as u32;
        let proc = snapshot
            .by_pid(crate::model::id::Pid(pid))
            .expect("it is there");
        let process = serde_json::to_value(Process::new(&snapshot, proc)).expect("JSON");
        assert_eq!(group["path"], process["cgroup"]);
    }
    let paths: std::collections::BTreeSet<String> =
        told.iter().map(|group| group["path"].to_string()).collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
    assert!(!paths.iter().any(|path| path.contains("..")), "{paths:?}");
    assert_eq!(groups(&snapshot, By::User, &[])[0]["uid"], 0);
    assert_eq!(
        groups(&snapshot, By::Session, &[])[0]["kind"],
        "session",
        "and its number is that of its leader"
    );
    assert!(groups(&snapshot, By::Session, &[])[0]["session"].is_u64());
}

#[test]
fn a_group_of_another_hierarchy_has_the_sums_of_who_is_in_it() {
    let mut scene = Scene::new();
    for (pid, beside) in [(7, &["/g/only"][..]), (8, &["/g/only", "/h"]), (9, &[])] {
        let task = scene.task(pid, 1, "x");
        task.stat.threads = pid;
        task.extra = Some(Arc::new(OptionalStats {
            cgroup: Ok("/m".into()),
            beside: Ok(beside.iter().map(|path| SafeText::from(*path)).collect()),
            ..OptionalStats::default()
        }));
    }
    let snapshot = scene.snapshot();
    let told = groups(&snapshot, By::Cgroup, &[all::MEM]);
    let of = |name: &str| {
        told.iter()
            .find(|group| group["name"] == name)
            .expect(name)
            .clone()
    };
    for (name, listed, elsewhere) in [
        ("m", vec![7, 8, 9], vec![]),
        ("only", vec![], vec![7, 8]),
        ("g", vec![], vec![7, 8]),
        ("h", vec![], vec![8]),
    ] {
        let group = of(name);
        assert_eq!(group["members"], serde_json::json!(listed), "{group}");
        let all = if listed.is_empty() {
            &elsewhere
        } else {
            &listed
        };
        assert_eq!(group["processes"], all.len(), "{group}");
        assert_eq!(group["threads"], all.iter().sum::<u32>(), "{group}");
        let memory = group["columns"]["mem_bytes"].as_u64();
        assert_eq!(memory, group["rss_bytes"].as_u64(), "{group}");
        assert_eq!(memory, Some(all.len() as u64 * (10 << 20)), "{group}");
        if !elsewhere.is_empty() {
            assert_eq!(
                group["members_listed_elsewhere"],
                serde_json::json!(elsewhere)
            );
        }
    }
}
