//! What peers cost: taking the index of 20,000 descriptors for real, and joining it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pscope::model::descriptors::descriptor::Mode;
use pscope::model::descriptors::ipc;
use pscope::model::descriptors::peer::{End, Holder, HolderIndex, Join, Object, Tables};
use pscope::model::id::ProcId;
use pscope::sampler::descriptors::holder_index::{Effort, Indexer};
use pscope::sys::root::ProcRoot;

/// 1,000 processes with 20 ends each, in a ring of pipes.
fn ring() -> HolderIndex {
    let pipe = |n: u32, fd: u32| Object::Pipe(u64::from(n % 1000) * 10 + u64::from(fd % 10));
    let holder = |n: u32| {
        let end = |fd: u32| End {
            fd,
            mode: Some(if fd < 10 { Mode::Read } else { Mode::Write }),
            object: if fd < 10 {
                pipe(n, fd)
            } else {
                pipe(n + 1, fd)
            },
        };
        Holder {
            id: ProcId::new(n + 1, 1),
            name: "ring".into(),
            namespace: 1,
            mounts: 1,
            ends: Ok(Arc::from((0..20).map(end).collect::<Vec<_>>())),
        }
    };
    HolderIndex {
        holders: (0..1000).map(holder).collect(),
        in_part: false,
        unlisted: false,
        early: false,
    }
}

fn peers(c: &mut Criterion) {
    let (index, tables) = (ring(), Tables::default());
    c.bench_function("join 20,000 descriptors", |b| {
        b.iter(|| black_box(Join::new(&index, &tables)));
    });
    let join = Join::new(&index, &tables);
    c.bench_function("edges of 20,000 descriptors", |b| {
        b.iter(|| black_box(ipc::edges(&join, &tables, &[], None, |_, _| None)));
    });
    let held: Vec<_> = (0..900).map_while(|_| std::io::pipe().ok()).collect();
    let mut taker = Indexer::new(ProcRoot::live());
    let effort = Effort {
        budget: Duration::from_mins(1),
        share: 1,
        fresh: Duration::ZERO,
        asleep: Duration::ZERO,
    };
    taker.refresh(&effort, None);
    let pid = pscope::model::id::Pid(std::process::id());
    c.bench_function(&format!("read {} pipe ends", held.len() * 2), |b| {
        b.iter(|| taker.renew(black_box(pid)));
    });
}

criterion_group!(benches, peers);
criterion_main!(benches);
