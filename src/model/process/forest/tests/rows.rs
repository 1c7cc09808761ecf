//! Which rows there are: of whom, below whom, and which of them share one.

use super::*;
use crate::model::id::Pid;
use crate::model::process::filter::Filter;
use crate::model::sample::{OptionalStats, Shares};

const KERNEL: u32 = 0x0020_0000;

#[test]
fn a_program_that_the_kernel_started_is_a_root_where_kernel_threads_have_no_rows() {
    let mut scene = scene();
    scene.task(50, 2, "modprobe");
    scene.task(51, 1, "worker of a program").stat.flags = KERNEL;
    let drawn = Want::default().draw(&scene.snapshot());
    assert!(drawn.lines().any(|line| line == "modprobe 50"), "{drawn}");
    assert!(!drawn.contains("worker of"), "{drawn}");
    let with = Want {
        kernel: true,
        ..Want::default()
    };
    let drawn = with.draw(&scene.snapshot());
    assert!(
        drawn.contains("kthreadd 2\n|- kworker 3\n`- modprobe 50\n"),
        "{drawn}"
    );
    assert!(drawn.contains("`- worker of a program 51\n"), "{drawn}");
}

fn ended(snapshot: &Snapshot, pid: u32, parent: u32) -> Ended {
    let mut proc = snapshot.procs[0].clone();
    proc.id = ProcId::new(pid, u64::from(pid));
    Ended {
        proc,
        parent: Some(ProcId::new(parent, u64::from(parent))),
        end: WhenEnded::new(Nanos(0), Nanos(0)),
        line: None,
    }
}

#[test]
fn those_that_ended_stand_below_parents_that_ended() {
    let snapshot = scene().snapshot();
    let want = Want {
        ended: [(500, 30), (501, 500), (502, 501), (503, 501), (504, 2)]
            .map(|(pid, parent)| ended(&snapshot, pid, parent))
            .into(),
        ..Want::default()
    };
    let drawn = want.draw(&snapshot);
    assert!(
        drawn.ends_with(
            "lost 30\n`- systemd 500\n   `- systemd 501\n      |- systemd 502\n      `- systemd 503\nsystemd 504\n"
        ),
        "{drawn}"
    );
}

/// How the row of a process can be folded.
fn fold(want: &Want, snapshot: &Snapshot, pid: u32) -> Fold {
    let forest = want.build(snapshot, &mut Steady::default());
    let node = snapshot.index_of(Pid(pid)).expect("there") as u32;
    let row = forest.rows.iter().find(|row| row.item == Item::Proc(node));
    row.expect("a row").fold
}

#[test]
fn a_process_without_more_threads_or_children_has_nothing_to_fold() {
    let snapshot = scene().snapshot();
    for tree in [true, false] {
        let mut want = Want {
            tree,
            threads: true,
            ..Want::default()
        };
        assert_eq!(fold(&want, &snapshot, 11), Fold::Leaf);
        assert_eq!(fold(&want, &snapshot, 40), Fold::Open);
        want.folded = vec![40];
        assert_eq!(fold(&want, &snapshot, 40), Fold::Closed(0));
        want.threads = false;
        assert_eq!(fold(&want, &snapshot, 40), Fold::Leaf);
    }
}

#[test]
fn to_open_one_row_that_many_share_opens_no_other() {
    let mut scene = scene();
    for pid in [51, 52] {
        scene.task(pid, 10, "bash");
    }
    for tid in [44, 45] {
        scene.thread(40, tid, "disk");
    }
    scene.of(40).stat.threads = 6;
    let snapshot = scene.snapshot();
    let mut want = Want {
        threads: true,
        ..Want::default()
    };
    let shell = snapshot.by_pid(Pid(20)).expect("shell").id;
    let of = |pid| snapshot.by_pid(Pid(pid)).expect("there");
    want.opened = [
        GroupKey::of(of(21), Some(shell)),
        GroupKey::of_threads(of(40).id, "worker".into()),
    ]
    .into();
    let drawn = want.draw(&snapshot);
    for shared in ["3×[bash]", "{2×disk}"] {
        assert!(drawn.contains(shared), "{drawn}");
    }
    for open in ["Web Content 24", "{worker}"] {
        assert!(drawn.contains(open), "{drawn}");
    }
}

/// The rows of threads below process 40, as the sort column has them.
fn threads(sort: &'static str, compact: bool, ticks: &[(u32, u64)]) -> Vec<String> {
    let mut scene = scene();
    scene.thread(11, 11, "bash");
    scene.pass(2500, &[]);
    for (tid, ticks) in ticks {
        let thread = scene.sample.threads.iter_mut();
        let mut thread = thread.filter(|thread| thread.id.tid.0 == *tid);
        thread.next().expect("it is there").stat.user.0 += ticks;
    }
    let snapshot = scene.snapshot();
    let want = Want {
        threads: true,
        compact,
        sort,
        ..Want::default()
    };
    let forest = want.build(&snapshot, &mut Steady::default());
    let name = |thread: u32| {
        let thread = &snapshot.threads[thread as usize];
        format!("{} {}", thread.name, thread.id.tid.0)
    };
    let of = |row: &Row| match row.item {
        Item::Thread { thread, .. } => Some(name(thread)),
        Item::Threads { len, .. } => {
            let first = forest.members(row.item)[0];
            Some(format!("{len}× {}", name(first)))
        }
        _ => None,
    };
    forest.rows.iter().filter_map(of).collect()
}

#[test]
fn threads_stand_by_the_sort_column_where_they_have_it_themselves() {
    let busy = [(41, 0), (42, 75), (43, 50)];
    let all = ["worker 41", "worker 42", "io 43"];
    assert_eq!(
        threads("cpu", false, &busy),
        ["worker 42", "io 43", "worker 41"]
    );
    assert_eq!(
        threads("cpu", true, &busy),
        ["worker 42", "io 43", "worker 41"],
        "one that burns does not hide among those of its name"
    );
    let idle = [(41, 0), (42, 0), (43, 50)];
    assert_eq!(threads("cpu", true, &idle), ["io 43", "2× worker 41"]);
    let noise = [(41, 0), (42, 50), (43, 51)];
    assert_eq!(
        threads("cpu", false, &noise),
        ["worker 42", "io 43", "worker 41"],
        "0.4 % are noise"
    );
    let other = [(41, 25), (42, 0), (43, 50)];
    assert_eq!(
        threads("cpu", true, &other),
        ["io 43", "worker 41", "worker 42"]
    );
    assert_eq!(threads("pid", false, &busy), all);
    assert_eq!(
        threads("mem", false, &busy),
        all,
        "memory is of the process"
    );
}

fn machine() -> Scene {
    let mut scene = Scene::new();
    let paths = [
        (1, "/a.service"),
        (2, "/b.service"),
        (3, "/b.service"),
        (4, "/c.service"),
    ];
    for (pid, path) in paths {
        let extra = OptionalStats {
            cgroup: Ok(path.into()),
            ..OptionalStats::default()
        };
        scene.task(pid, 0, "p").extra = Some(Arc::new(extra));
    }
    scene
}

#[test]
fn who_is_counted_are_processes_not_their_groups() {
    let snapshot = machine().snapshot();
    let mut want = Want {
        by: By::Unit,
        ..Want::default()
    };
    let counts = |want: &Want| want.build(&snapshot, &mut Steady::default()).counts();
    assert_eq!(counts(&want), (4, 4));
    want.passing = Some(vec![1, 4]);
    assert_eq!(counts(&want), (2, 4));
    assert_eq!(
        want.draw(&snapshot),
        "a of 1\n`- p 1\nc of 1\n`- p 4\n",
        "a group without anybody who passes has no row"
    );
}

#[test]
fn a_group_whose_last_process_ended_has_no_row() {
    let mut scene = machine();
    let before = scene.snapshot();
    scene.end(4);
    scene.end(3);
    let kept = |pid| Ended {
        proc: before.by_pid(Pid(pid)).expect("it lived").clone(),
        parent: None,
        end: WhenEnded::new(before.at, before.at),
        line: None,
    };
    let want = Want {
        by: By::Unit,
        compact: false,
        ended: vec![kept(4), kept(3)],
        ..Want::default()
    };
    assert_eq!(
        want.draw(&scene.snapshot()),
        "a of 1\n`- p 1\nb of 2\n|- p 2\n`- p 3\np 4\n"
    );
}

#[test]
fn groups_that_nobody_is_in_have_rows_where_they_are_sought() {
    let mut scene = machine();
    let groups = ["/f", "/d.slice", "/d.slice/e.service"]
        .map(SafeText::from)
        .into();
    scene.sample.shares = Shares {
        groups,
        ..Shares::default()
    }
    .into();
    let snapshot = scene.snapshot();
    let names = |sought: Option<&str>| {
        let filter = sought.map(Filter::parse);
        let passing = sought.map(|_| vec![false; snapshot.procs.len()]);
        let sort = Column::find("command").expect("command");
        let view = View {
            tree: true,
            threads: false,
            kernel: false,
            compact: true,
            sort,
            descending: false,
            folded: &HashSet::new(),
            opened: &HashSet::new(),
            tags: &BTreeSet::new(),
            passing: passing.as_deref(),
            ended: &[],
            headings: Headings {
                by: By::Cgroup,
                folded: None,
                open: true,
                sought: filter.as_ref(),
            },
        };
        let forest = Forest::build(&snapshot, &view, &mut Steady::default());
        let headings = forest
            .rows
            .iter()
            .filter_map(|row| forest.heading(row.item));
        let names: Vec<String> = headings.map(|group| group.name.to_string()).collect();
        names.join(" ")
    };
    assert_eq!(
        names(None),
        "/ a.service b.service c.service d.slice e.service f"
    );
    assert_eq!(names(Some("cgroup:e.service")), "/ d.slice e.service");
    assert_eq!(names(Some("cgroup:d.slice")), "/ d.slice e.service");
    assert_eq!(names(Some("cgroup:/f")), "/ f");
    assert_eq!(names(Some("cgroup:a.service")), "");
    assert_eq!(names(Some("user:d.slice")), "", "nobody's");
}
