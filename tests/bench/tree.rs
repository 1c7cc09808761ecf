//! What a tick costs above the sweep: rows from a snapshot, filters, and the lines in view.

use std::collections::{BTreeSet, HashSet};
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

use pscope::model::process::column::Column;
use pscope::model::process::filter::Filter;
use pscope::model::process::forest::{Forest, View};
use pscope::model::process::steady::Steady;
use pscope::model::scene::Scene;
use pscope::model::snapshot::Snapshot;

const NAMES: [&str; 7] = [
    "sshd", "bash", "postgres", "nginx", "node", "worker", "sleep",
];

/// A machine with `n` processes: a few shells deep, wide services, a tenth of them busy.
fn machine(n: u32) -> Snapshot {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    for pid in 2..=n {
        let parent = if pid % 3 == 0 {
            pid / 2
        } else {
            1 + pid % 50.min(pid - 1)
        };
        scene.task(pid, parent.max(1), NAMES[pid as usize % NAMES.len()]);
    }
    let mut before = scene.clone();
    before
        .sample
        .tasks
        .iter_mut()
        .step_by(10)
        .for_each(|t| t.stat.user.0 += u64::from(t.id.pid.0) % 90);
    before.sample.at.0 += 1_000_000_000;
    Snapshot::between(Some(&scene.sample), &before.sample)
}

fn rows(c: &mut Criterion) {
    for n in [200, 2_000, 10_000, 100_000] {
        let snapshot = machine(n);
        let none = HashSet::new();
        let opened = HashSet::new();
        let tags = BTreeSet::new();
        for (name, sort, tree, compact) in [
            ("tree by cpu", "cpu", true, true),
            ("tree, every leaf its own row", "cpu", true, false),
            ("flat by memory", "mem", false, false),
            ("tree by user", "user", true, true),
        ] {
            let view = View {
                tree,
                threads: false,
                kernel: false,
                compact,
                sort: Column::find(sort).expect("a column"),
                descending: true,
                folded: &none,
                opened: &opened,
                tags: &tags,
                passing: None,
                ended: &[],
                headings: pscope::model::process::forest::Headings::default(),
            };
            let mut steady = Steady::default();
            let mut snapshot = snapshot.clone();
            c.bench_function(&format!("{n} rows: {name}"), |b| {
                b.iter(|| {
                    snapshot.at.0 += 1;
                    Forest::build(black_box(&snapshot), &view, &mut steady)
                });
            });
        }
    }
}

fn filter(c: &mut Criterion) {
    let snapshot = machine(10_000);
    for text in ["post", "user:root cpu>10", "re:^(ngi|no).*x$ | !sleep"] {
        let filter = Filter::parse(text);
        c.bench_function(&format!("10000 processes: filter {text}"), |b| {
            b.iter(|| {
                snapshot
                    .procs
                    .iter()
                    .filter(|p| filter.matches(&snapshot, p, 1.0))
                    .count()
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).without_plots();
    targets = rows, filter
}
criterion_main!(benches);
