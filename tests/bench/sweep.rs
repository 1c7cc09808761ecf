//! What a tick costs: the sweep over a tree of plain files and over the running kernel, and `Snapshot::between`.
//!
//! `cargo bench --bench sweep`; `-- running` alone measures the machine as it is, such as beside a farm of sleepers.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pscope::model::id::Nanos;
use pscope::model::plan::Plan;
use pscope::model::scene::Scene;
use pscope::model::snapshot::Snapshot;
use pscope::sampler::sweeper::Sweeper;
use pscope::sys::root::ProcRoot;

#[path = "../scale/farm.rs"]
mod farm;

const SIZES: [u32; 4] = [200, 2_000, 10_000, 100_000];

fn plan() -> Plan {
    Plan {
        interval: Nanos::from_millis(1000),
        ..Plan::default()
    }
}

fn sweep(c: &mut Criterion) {
    let mut group = c.benchmark_group("sweep");
    group.sample_size(10);
    for n in SIZES {
        let (_dir, root) = farm::tree(n);
        let mut sweeper = Sweeper::new(&root).expect("a proc tree");
        let mut at = Nanos::from_millis(1000);
        sweeper.tick(at, &plan()).expect("it lists");
        sweeper.fill(at, &plan());
        group.throughput(Throughput::Elements(n.into()));
        group.bench_function(BenchmarkId::new("files", n), |b| {
            b.iter(|| {
                at.0 += 1_000_000_000;
                sweeper.tick(at, &plan()).expect("it lists");
            });
        });
    }
}

fn running(c: &mut Criterion) {
    let mut group = c.benchmark_group("running");
    group.sample_size(20);
    let mut sweeper = Sweeper::new(&ProcRoot::live()).expect("a proc tree");
    let mut at = Nanos::from_millis(1000);
    sweeper.tick(at, &plan()).expect("it lists");
    sweeper.fill(at, &plan());
    let n = sweeper.snapshot().map_or(0, |s| s.procs.len());
    group.bench_function(BenchmarkId::new("tick", n), |b| {
        b.iter(|| {
            at.0 += 1_000_000_000;
            sweeper.tick(at, &plan()).expect("it lists");
        });
    });
    group.bench_function(BenchmarkId::new("first", n), |b| {
        b.iter(|| {
            let mut sweeper = Sweeper::new(&ProcRoot::live()).expect("a proc tree");
            sweeper.tick(at, &plan()).expect("it lists");
        });
    });
}

fn between(c: &mut Criterion) {
    let mut group = c.benchmark_group("between");
    group.sample_size(20);
    for n in SIZES {
        let mut scene = Scene::new();
        for pid in 1..=n {
            scene.task(pid, pid / 8, "farm");
        }
        let before = scene.sample.clone();
        scene.pass(1000, &[(1, 50)]);
        group.throughput(Throughput::Elements(n.into()));
        group.bench_function(BenchmarkId::new("snapshot", n), |b| {
            b.iter(|| black_box(Snapshot::between(Some(&before), &scene.sample)));
        });
    }
}

criterion_group!(benches, sweep, running, between);
criterion_main!(benches);
