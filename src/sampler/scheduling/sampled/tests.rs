//! Sampling of made-up trees and of this very program.

use std::fs;
use std::sync::mpsc;

use super::*;
use crate::model::scene::Scene;

#[test]
fn time_is_found_on_the_core_that_stat_names() {
    let dir = tempfile::tempdir().expect("a directory");
    let task = dir.path().join("proc/7/task/8");
    fs::create_dir_all(&task).expect("made");
    let fields =
        "R 1 7 7 0 -1 0 0 0 0 0 10 2 0 0 20 0 2 0 98 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0";
    fs::write(dir.path().join("proc/7/stat"), format!("7 (p) {fields}")).expect("written");
    fs::write(task.join("stat"), format!("8 (worker) {fields}")).expect("written");
    fs::write(task.join("schedstat"), "1000000 0 5\n").expect("written");
    let root = ProcRoot::fixture(dir.path());
    let ms = Nanos::from_millis;
    let mut sampled = Sampled::new(&root, Feed::default(), &[CpuId(0), CpuId(1)], ms(1000));
    sampled.step(ms(1050));
    fs::write(task.join("schedstat"), "21000000 0 9\n").expect("written");
    sampled.step(ms(1100));
    let line = sampled.publish(ms(1100), false);
    let (bin, who) = line.lanes[1].bins[2].all().next().expect("a bin");
    assert_eq!((bin.run, bin.slices), (ms(20), 4));
    assert_eq!((who.tid, who.name.as_str()), (Tid(8), "worker"));
    assert_eq!(line.origin, Origin::Sampled);
}

#[test]
fn a_sweep_tells_who_ran_and_nobody_else_is_looked_at() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    for pid in [7, 8, 9] {
        fs::create_dir_all(root.proc(format!("{pid}/task/{pid}"))).expect("made");
    }
    let (feed, mut scene) = (Feed::default(), Scene::new());
    for pid in [7, 8, 9] {
        scene.task(pid, 1, "p");
    }
    let first = scene.pass(1000, &[(8, 3)]);
    let at = first.at;
    let mut sampled = Sampled::new(&root, feed.clone(), &[CpuId(0)], at);
    let mut followed = |snapshot: Snapshot, now: Nanos| {
        feed.saw(&Arc::new(snapshot));
        sampled.learn(&feed.seen().expect("seen"), now);
        let mut tids: Vec<u32> = sampled.followed.keys().map(|tid| tid.0).collect();
        tids.sort_unstable();
        tids
    };
    assert_eq!(followed(first, at), [8], "who ran before the first sweep");
    let second = scene.pass(1000, &[(9, 1)]);
    assert_eq!(followed(second, at), [8, 9]);
}

#[test]
fn of_a_program_with_more_threads_than_are_followed_only_so_many_are() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    for tid in 7..7 + MOST + 500 {
        fs::create_dir_all(root.proc(format!("7/task/{tid}"))).expect("made");
    }
    let mut sampled = Sampled::new(&root, Feed::default(), &[CpuId(0)], Nanos(0));
    let name = SafeText::from_bytes(b"p");
    sampled.begin(ProcId::new(7, 7), &name, Nanos(0));
    assert_eq!(sampled.followed.len(), MOST);
}

#[test]
fn no_more_files_stay_open_than_allowed_and_all_are_read() {
    if !std::path::Path::new("/proc/thread-self/schedstat").exists() {
        println!("skipped: this kernel tells no schedstat");
        return;
    }
    let (end, waits) = mpsc::channel::<()>();
    let second = std::thread::spawn(move || waits.recv());
    let root = ProcRoot::live();
    let now = crate::sys::clock::now();
    let mut sampled = Sampled::new(&root, Feed::default(), &[CpuId(0)], now);
    sampled.keep_most = 1;
    let me = Pid(std::process::id());
    sampled.begin(ProcId::new(me.0, 1), &"tests".into(), now);
    for _ in 0..2 {
        sampled.step(now);
        let threads = sampled.followed.values();
        let mine = threads.filter(|t| t.pid == me && t.before.is_some());
        let (kept, others): (Vec<_>, Vec<_>) = mine.partition(|t| t.kept.is_some());
        assert!(kept.len() <= 1, "{}", kept.len());
        assert!(!others.is_empty());
    }
    sampled.keep_most = usize::MAX;
    sampled.step(now);
    let open = |t: &Followed| t.kept.is_some();
    assert!(sampled.followed.values().all(open));
    drop(end);
    assert!(second.join().expect("it ends").is_err());
}
