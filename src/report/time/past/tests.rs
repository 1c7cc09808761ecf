use super::*;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{CpuId, Pid};
use crate::model::scene::Scene;
use crate::model::scheduling::spent::{Bucket, Spent, ThreadSpent, TimeSpent};
use crate::model::scheduling::timeline::{Builder, Thread};
use crate::recording::{DetailWriter, Kept, LaneWriter, Marks, Past, Slices, Summary, Writer};
use crate::report::past;
use crate::report::printer::piped;

fn ms(n: u64) -> Nanos {
    Nanos(n * 1_000_000)
}

/// A machine of six seconds: `worker` takes a core for 300 ms of each second, and loses it in between to `other`, for 100 ms.
/// `read`: the tab Time was looked at.
fn found(keep: Slices, read: bool) -> Found {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(7, 1, "worker");
    scene.task(8, 1, "other");
    let kept = Kept::new(1 << 20);
    let (mut writer, mut lanes) = (Writer::default(), LaneWriter::new(keep));
    let mut now = scene.snapshot();
    let ids = [7, 8].map(|pid| now.by_pid(Pid(pid)).expect("there").id);
    let mut names = move |pid: Pid, _: Tid| {
        let id = ids[usize::from(pid.0 == 8)];
        (
            id,
            SafeText::from(if pid.0 == 8 { "other" } else { "worker" }),
        )
    };
    let thread = |pid| Thread {
        pid: Pid(pid),
        tid: Tid(pid),
    };
    let mut builder = Builder::new(Origin::Exact, [CpuId(0)], now.at);
    let idle = Thread::default();
    lanes.record(&builder.publish(now.at), 0);
    for _ in 0..6 {
        let at = |n: u64| Nanos(now.at.0 + ms(n).0);
        for (when, from, to, runnable) in [
            (200, idle, thread(7), None),
            (400, thread(7), thread(8), Some(true)),
            (500, thread(8), thread(7), Some(false)),
            (600, thread(7), idle, Some(false)),
        ] {
            builder.switch(CpuId(0), at(when), (from, to), runnable, &mut names);
        }
        let line = builder.publish(at(1000));
        let before = scene.sample.clone();
        now = scene.pass(1000, &[(7, 30), (8, 10)]);
        kept.push(writer.tick(
            Some(&before),
            &scene.sample,
            Summary::of(&now, Marks::default()),
        ));
        kept.push(lanes.record(&line, now.unix_ms()).into_iter().collect());
    }
    if read {
        let spent = Spent {
            span: ms(1000),
            running: ms(300),
            ready: ms(100),
            blocked: Vec::new(),
        };
        let bucket = Bucket {
            from: Nanos(now.at.0 - ms(1000).0),
            to: now.at,
            readings: 20,
            why: "".into(),
            threads: vec![ThreadSpent {
                threads: 0,
                id: crate::model::id::ThreadId {
                    tid: Tid(7),
                    start: ids[0].start,
                },
                name: "worker".into(),
                spent,
            }],
            exact: true,
        };
        let spent = TimeSpent {
            buckets: vec![Arc::new(bucket)],
        };
        let detail = Detail {
            at: now.at,
            of: Some(ids[0]),
            spent: Some(Stamped::new(now.at, Ok(spent))),
            ..Detail::default()
        };
        kept.push(
            DetailWriter::new(false)
                .record(&detail, 0)
                .into_iter()
                .collect(),
        );
    }
    Found {
        past: Past::new(Box::new(kept)),
        snapshot: now,
    }
}

fn said(keep: Slices, read: bool, threads: bool, json: bool) -> String {
    let args = Args {
        target: "worker".to_owned(),
        span: ms(3000),
        threads,
        tree: false,
        json,
        past: past::Args::default(),
    };
    piped(false, |to| run(&args, found(keep, read), to)).expect("an answer")
}

/// Of the last three seconds: how long it had a core, and how long it waited for one after it was preempted.
#[test]
fn slices_and_sums_tell_how_long_it_had_a_core_and_waited_for_one() {
    for (keep, how) in [(Slices::All, "slices"), (Slices::Sums, "sums")] {
        let told = said(keep, false, false, true);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let one = &told;
        assert_eq!(one["process"]["pid"], 7);
        assert_eq!(one["source"], how);
        let about = |key: &str| one[key].as_u64().expect("a number") / 10_000_000;
        assert_eq!(about("running_ns") * 10 / about("span_ns"), 3, "{one}");
        assert_eq!(about("ready_ns") * 10 / about("span_ns"), 1, "{one}");
        assert_eq!(one["ready_whole"], false, "wake-ups are not in it");
        assert_eq!(one["blocked"], Value::Null);
        assert_eq!(one["unavailable"]["blocked"], "unrecorded");
        let thread = &one["threads"][0];
        assert_eq!(thread["tid"], 7);
        let about = |key: &str| thread[key].as_u64().expect("a number");
        assert_eq!(thread["blocked_ns"], Value::Null);
        assert_eq!(
            about("running_ns") + about("ready_ns") + about("unknown_ns"),
            about("span_ns"),
            "what is left is not known"
        );
        for threads in [false, true] {
            let text = said(keep, false, threads, false);
            assert!(text.contains("30.0 %"), "{text}");
            assert!(text.contains("≥10.0 %"), "{text}");
            assert!(text.contains("not read at that moment"), "{text}");
        }
    }
}

#[test]
fn the_ticks_tell_how_long_it_had_a_core_and_nothing_else() {
    let text = said(Slices::Off, false, false, false);
    assert!(
        text.contains("30.0 %") && text.contains("by the ticks"),
        "{text}"
    );
    assert!(
        text.contains("– %") && text.contains("record --slices sums keeps it"),
        "{text}"
    );
    let told: Value = serde_json::from_str(&said(Slices::Off, false, false, true)).expect("JSON");
    assert_eq!(told["ready_ns"], Value::Null);
    assert_eq!(told["running_ns"], 900_000_000);
}

#[test]
fn what_tab_time_showed_is_told_as_it_was() {
    let text = said(Slices::All, true, false, false);
    assert!(text.contains("exact") && text.contains(" to "), "{text}");
    assert!(
        text.contains("who woke it: – (not read at that moment)"),
        "{text}"
    );
}

/// A number that runs here now tells nothing of a recording.
#[test]
fn whoever_was_not_there_then_is_not_said_to_be_hidden() {
    let own = std::process::id().to_string();
    let snapshot = found(Slices::Off, false).snapshot;
    let why = target::find_then(&snapshot, &own).expect_err("it was not there");
    assert!(matches!(why, Error::NoProcess(_)), "{why}");
    assert!(why.to_string().contains("at that moment"), "{why}");
}
