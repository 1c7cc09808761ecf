use std::sync::Arc;

use super::*;
use crate::model::process::column;
use crate::model::process::stat::State;
use crate::model::scene::Scene;

/// What a test wants to see, with nothing borrowed.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Want {
    tree: bool,
    threads: bool,
    kernel: bool,
    compact: bool,
    sort: &'static str,
    descending: Option<bool>,
    folded: Vec<u32>,
    opened: HashSet<GroupKey>,
    tags: Vec<u32>,
    passing: Option<Vec<u32>>,
    ended: Vec<Ended>,
    by: By,
    headings: HashMap<GroupId, bool>,
    open: bool,
}

impl Default for Want {
    fn default() -> Self {
        Self {
            tree: true,
            threads: false,
            kernel: false,
            compact: true,
            sort: "pid",
            descending: None,
            folded: Vec::new(),
            opened: HashSet::new(),
            tags: Vec::new(),
            passing: None,
            ended: Vec::new(),
            by: By::Parent,
            headings: HashMap::new(),
            open: true,
        }
    }
}

impl Want {
    fn build(&self, snapshot: &Snapshot, steady: &mut Steady) -> Forest {
        let id = |pid: &u32| ProcId::new(*pid, u64::from(*pid));
        let folded = self.folded.iter().map(id).collect();
        let tags = self.tags.iter().map(id).collect();
        let passing: Option<Vec<bool>> = self.passing.as_ref().map(|pids| {
            let procs = snapshot.procs.iter();
            procs.map(|p| pids.contains(&p.id.pid.0)).collect()
        });
        let sort = Column::find(self.sort).expect(self.sort);
        let view = View {
            tree: self.tree,
            threads: self.threads,
            kernel: self.kernel,
            compact: self.compact,
            sort,
            descending: self.descending.unwrap_or(sort.greatest_first()),
            folded: &folded,
            opened: &self.opened,
            tags: &tags,
            passing: passing.as_deref(),
            ended: &self.ended,
            headings: Headings {
                by: self.by,
                folded: Some(&self.headings),
                open: self.open,
                sought: None,
            },
        };
        Forest::build(snapshot, &view, steady)
    }

    /// The rows as text.
    fn draw(&self, snapshot: &Snapshot) -> String {
        let forest = self.build(snapshot, &mut Steady::default());
        let mut out = String::new();
        for (i, row) in forest.rows.iter().enumerate() {
            let mut guides: Vec<&str> = forest
                .above(i)
                .map(|last| if last { "   " } else { "|  " })
                .collect();
            guides.reverse();
            out += &guides.concat();
            if row.depth > 0 {
                out += if row.last { "`- " } else { "|- " };
            }
            let node = forest.node(row.item);
            let proc = Forest::proc(snapshot, &self.ended, node).expect("a process");
            let name = &proc.facts.name;
            let text = match row.item {
                Item::Proc(_) => format!("{name} {}", proc.id.pid),
                Item::Group { len, .. } => format!("{len}×[{name}]"),
                Item::Heading(_) => {
                    let group = forest.heading(row.item).expect("it is one");
                    format!("{} of {}", group.name, forest.members(row.item).len())
                }
                Item::Thread { thread, .. } => {
                    format!("{{{}}}", snapshot.threads[thread as usize].name)
                }
                Item::Threads { first, len, .. } => {
                    let name = &snapshot.threads[forest.members[first as usize] as usize].name;
                    format!("{{{len}×{name}}}")
                }
            };
            out.push_str(&text);
            if let Fold::Closed(n) = row.fold {
                out.push_str(" +");
                out.push_str(&n.to_string());
            }
            out += if row.dim { " dim\n" } else { "\n" };
        }
        out
    }
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    scene.task(2, 0, "kthreadd").stat.flags = 0x0020_0000;
    scene.task(3, 2, "kworker").stat.flags = 0x0020_0000;
    scene.task(10, 1, "sshd");
    scene.task(11, 10, "bash");
    scene.task(20, 1, "shell");
    for pid in 21..25 {
        scene.task(pid, 20, "Web Content");
    }
    scene.task(30, 999, "lost");
    scene.task(40, 1, "node").stat.threads = 4;
    for (tid, name) in [(40, "node"), (41, "worker"), (42, "worker"), (43, "io")] {
        scene.thread(40, tid, name);
    }
    scene
}

#[test]
fn a_tree_with_groups() {
    let snapshot = scene().snapshot();
    insta::assert_snapshot!(Want::default().draw(&snapshot), @"
    systemd 1
    |- sshd 10
    |  `- bash 11
    |- shell 20
    |  `- 4×[Web Content] +3
    `- node 40
    lost 30
    ");
    let want = Want {
        threads: true,
        kernel: true,
        folded: vec![10],
        tags: vec![22],
        ..Want::default()
    };
    insta::assert_snapshot!(want.draw(&snapshot), @"
    systemd 1
    |- sshd 10 +1
    |- shell 20
    |  |- 3×[Web Content] +2
    |  `- Web Content 22
    `- node 40
       |- {2×worker} +0
       `- {io}
    kthreadd 2
    `- kworker 3
    lost 30
    ");
}

#[test]
fn opened_groups_and_no_groups() {
    let snapshot = scene().snapshot();
    let opened = |pid: u32, name: &str, threads| GroupKey {
        parent: Some(ProcId::new(pid, u64::from(pid))),
        name: name.into(),
        command: if threads {
            Command::default()
        } else {
            Command::from_bytes(name.as_bytes())
        },
        threads,
    };
    let mut want = Want {
        threads: true,
        ..Want::default()
    };
    want.opened = [opened(20, "Web Content", false), opened(40, "worker", true)].into();
    let open = want.draw(&snapshot);
    assert!(
        open.contains("Web Content 21") && open.contains("{worker}") && !open.contains('×'),
        "{open}"
    );
    let want = Want {
        threads: true,
        compact: false,
        ..Want::default()
    };
    assert_eq!(want.draw(&snapshot), open);
}

#[test]
fn only_equal_command_lines_share_a_row() {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    for (pid, script) in [(10, "a.py"), (11, "b.py"), (12, "a.py"), (13, "c.py")] {
        let task = scene.task(pid, 1, "python3");
        let command = format!("python3\0{script}");
        Arc::make_mut(&mut task.facts).command = Ok(Command::from_bytes(command.as_bytes()));
    }
    let text = Want::default().draw(&scene.snapshot());
    assert!(
        text.contains("2×[python3]") && text.contains("python3 11") && text.contains("python3 13"),
        "{text}"
    );
}

#[test]
fn the_dead_and_the_stopped_stand_apart() {
    let mut scene = scene();
    scene.of(22).stat.state = State::Zombie;
    scene.of(23).stat.state = State::Stopped;
    let text = Want::default().draw(&scene.snapshot());
    assert!(
        text.contains("2×[Web Content]")
            && text.contains("Content 22")
            && text.contains("Content 23")
    );
}

#[test]
fn a_filter_keeps_ancestors_and_counts() {
    let snapshot = scene().snapshot();
    let mut want = Want {
        passing: Some(vec![11, 22, 23]),
        ..Want::default()
    };
    insta::assert_snapshot!(want.draw(&snapshot), @"
    systemd 1 dim
    |- sshd 10 dim
    |  `- bash 11
    `- shell 20 dim
       `- 2×[Web Content] +1
    ");
    assert_eq!(
        want.build(&snapshot, &mut Steady::default()).counts(),
        (3, 10)
    );
    want.tree = false;
    insta::assert_snapshot!(want.draw(&snapshot), @"
    bash 11
    Web Content 22
    Web Content 23
    ");
}

#[test]
fn siblings_stand_by_the_total_of_their_subtree() {
    let mut scene = scene();
    let snapshot = scene.pass(1000, &[(11, 30), (22, 20), (23, 20), (40, 5)]);
    let want = Want {
        sort: "cpu",
        ..Want::default()
    };
    insta::assert_snapshot!(want.draw(&snapshot), @"
    systemd 1
    |- shell 20
    |  `- 4×[Web Content] +3
    |- sshd 10
    |  `- bash 11
    `- node 40
    lost 30
    ");
    let flat = Want {
        sort: "cpu",
        tree: false,
        ..Want::default()
    };
    assert!(
        flat.draw(&snapshot)
            .starts_with("bash 11\nWeb Content 22\nWeb Content 23\nnode 40\nsystemd 1\n")
    );
    let by_name = Want {
        sort: "command",
        tree: false,
        ..Want::default()
    };
    assert!(
        by_name
            .draw(&snapshot)
            .starts_with("bash 11\nlost 30\nnode 40\nshell 20\nsshd 10\n")
    );
}

#[test]
fn a_subtree_is_a_range() {
    let snapshot = scene().snapshot();
    let forest = Want::default().build(&snapshot, &mut Steady::default());
    let node = |pid: u32| {
        snapshot
            .index_of(crate::model::id::Pid(pid))
            .expect("there") as u32
    };
    let pids = |of: u32| -> Vec<u32> {
        forest
            .subtree(node(of))
            .iter()
            .map(|n| snapshot.procs[*n as usize].id.pid.0)
            .collect()
    };
    assert_eq!(pids(20), [20, 21, 22, 23, 24]);
    assert_eq!(pids(11), [11]);
    assert_eq!(pids(1).len(), 9);
    assert!(pids(2).is_empty(), "kernel threads are left out");
}

proptest::proptest! {
    /// Whatever the parents are, the tree holds each process once, at the depth of its parent and one.
    #[test]
    fn the_tree_holds_each_process_once(
        parents in proptest::collection::vec(0u32..40, 1..40),
        names in proptest::collection::vec(0usize..3, 40),
        folded in proptest::collection::vec(1u32..40, 0..6),
        busy in proptest::collection::vec(0u64..100, 40),
        sort in 0usize..column::ALL.len(),
        compact: bool,
        tree: bool,
    ) {
        let mut scene = Scene::new();
        for (i, ppid) in parents.iter().enumerate() {
            scene.task(i as u32 + 1, *ppid, ["a", "b", "c"][names[i]]);
        }
        let busy: Vec<(u32, u64)> = (1..=parents.len() as u32).zip(busy).collect();
        let snapshot = scene.pass(1000, &busy);
        let want = Want { compact, tree, folded, sort: column::ALL[sort].name, ..Want::default() };
        let forest = want.build(&snapshot, &mut Steady::default());
        let mut seen = vec![0; parents.len()];
        for row in &forest.rows {
            let node = forest.node(row.item);
            if row.parent == NONE {
                proptest::prop_assert_eq!(row.depth, 0);
            } else {
                let up = &forest.rows[row.parent as usize];
                proptest::prop_assert_eq!(row.depth, up.depth + 1);
                proptest::prop_assert_eq!(snapshot.procs[node as usize].parent, Some(forest.node(up.item)));
            }
            let below: &[u32] = match (row.item, row.fold) {
                (Item::Group { .. }, _) => forest.members(row.item),
                (_, Fold::Closed(n)) if tree => {
                    proptest::prop_assert_eq!(n as usize + 1, forest.subtree(node).len());
                    forest.subtree(node)
                }
                _ => &[node],
            };
            for node in below {
                seen[*node as usize] += 1;
            }
        }
        proptest::prop_assert!(seen.iter().all(|n| *n == 1), "{:?}", seen);
    }

    /// What a folded row adds up is what the processes below it have, each once.
    #[test]
    fn a_folded_sum_is_that_of_its_subtree(parents in proptest::collection::vec(0u32..20, 2..20)) {
        let mut scene = Scene::new();
        for (i, ppid) in parents.iter().enumerate() {
            scene.task(i as u32 + 1, *ppid, "p").stat.threads = i as u32 + 1;
        }
        let snapshot = scene.snapshot();
        let forest = Want::default().build(&snapshot, &mut Steady::default());
        for (i, proc) in snapshot.procs.iter().enumerate() {
            let procs = forest.subtree(i as u32).iter().map(|n| &snapshot.procs[*n as usize]);
            let sum = Column::find("threads").expect("threads").sum(&snapshot, procs);
            let is_below = |mut at: u32| loop {
                if at == i as u32 { break true }
                match snapshot.procs[at as usize].parent { Some(up) => at = up, None => break false }
            };
            let by_hand: u32 = (0..snapshot.procs.len() as u32).filter(|n| is_below(*n)).map(|n| snapshot.procs[n as usize].stat.threads).sum();
            proptest::prop_assert_eq!(sum.map(|sum| sum.value), Some(Ok(f64::from(by_hand))), "{}", proc.id.pid);
        }
    }
}

mod ended;
mod headings;
mod order;
mod rows;
mod young;
