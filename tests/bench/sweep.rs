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

const SIZES: [u32; 4] = [200, 2_000, 10_000, 100_000];

fn plan() -> Plan {
    Plan {
        interval: Nanos::from_millis(1000),
        ..Plan::default()
    }
}

/// A proc tree of `n` processes in plain files; reading one costs about what the kernel's own cost.
fn tree(n: u32) -> (tempfile::TempDir, ProcRoot) {
    let shm = std::path::Path::new("/dev/shm");
    let dir = tempfile::tempdir_in(shm).or_else(|_| tempfile::tempdir());
    let dir = dir.expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    for pid in 1..=n {
        let ppid = pid / 8;
        std::fs::create_dir_all(root.proc(pid.to_string())).expect("made");
        let stat = format!(
            "{pid} (farm-{pid:05}) S {ppid} 1 1 0 -1 4194304 40 0 0 0 0 0 0 0 20 0 1 0 {pid} 1245184 80 \
             18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        );
        std::fs::write(root.proc(format!("{pid}/stat")), stat).expect("written");
        std::fs::write(
            root.proc(format!("{pid}/cmdline")),
            format!("farm-{pid:05}\0--role\0db\0"),
        )
        .expect("written");
    }
    (dir, root)
}

fn sweep(c: &mut Criterion) {
    let mut group = c.benchmark_group("sweep");
    group.sample_size(10);
    for n in SIZES {
        let (_dir, root) = tree(n);
        let mut sweeper = Sweeper::new(&root).expect("a proc tree");
        let mut at = Nanos::from_millis(1000);
        sweeper.tick(at, &plan()).expect("it lists");
        sweeper.fill(&plan());
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
    sweeper.fill(&plan());
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
