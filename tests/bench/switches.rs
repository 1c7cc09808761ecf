//! What a switch costs from the ring of its core to the lane: read and built one by one, or taken in as sums, and drawn.
//!
//! `cargo bench --bench switches`. Two cores switch 500,000 times a second between them, 16 and 128 four million times; the
//! streams are read as fast as they can be, so that `elem/s` is for the one core that reads.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pscope::model::id::{CpuId, Nanos, Pid, ProcId, Tid};
use pscope::model::scheduling::timeline::{Builder, Origin, Summed, Thread, Timeline};
use pscope::model::text::SafeText;
use pscope::sys::scheduling::perf::Reader;
use pscope::sys::scheduling::perf::record::{Event, Record};

const PAGE: usize = 4096;
/// Cores, and switches a second on all of them.
const MACHINES: [(u32, u64); 3] = [(2, 500_000), (16, 4_000_000), (128, 4_000_000)];
/// Threads that each core goes through.
const THREADS: u32 = 3;
/// What two switches in a row are written in.
const PAIR: usize = 64;

/// The ring of a core, and what was written into it.
struct Stream {
    file: File,
    bytes: usize,
    head: usize,
    on: u32,
}

/// A machine whose cores switch at a steady pace.
struct Machine {
    streams: Vec<Stream>,
    reader: Reader,
    builder: Builder,
    now: u64,
    /// Between two switches of a core.
    gap: u64,
}

fn names(pid: Pid, _: Tid) -> (ProcId, SafeText) {
    (ProcId::new(pid.0, 1), SafeText::from("some thread"))
}

fn number(cpu: usize, thread: u32) -> u32 {
    1000 + cpu as u32 * THREADS + thread
}

/// A switch as the kernel writes it: by who leaves, and by who comes.
fn put(out: &mut Vec<u8>, from: u32, to: u32, at: u64) {
    for (misc, [other, this], at) in [(0x2000_u16, [to, from], at), (0, [from, to], at + 300)] {
        out.extend(15_u32.to_ne_bytes());
        out.extend(misc.to_ne_bytes());
        out.extend(32_u16.to_ne_bytes());
        out.extend(
            [other, other, this, this]
                .iter()
                .flat_map(|w| w.to_ne_bytes()),
        );
        out.extend(at.to_ne_bytes());
    }
}

impl Machine {
    fn new(cores: u32, rate: u64) -> Self {
        // As much room as the rings of so many cores have.
        let pages = (2048 / cores as usize).min(512);
        let stream = |_| {
            let file = tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile());
            let file = file.expect("a file");
            let bytes = pages * PAGE;
            file.set_len((PAGE + bytes) as u64).expect("room");
            Stream {
                file,
                bytes,
                head: 0,
                on: 0,
            }
        };
        let streams: Vec<_> = (0..cores).map(stream).collect();
        let files = streams.iter().enumerate().map(|(n, stream)| {
            (
                CpuId(n as u32),
                stream.file.try_clone().expect("a descriptor"),
            )
        });
        Self {
            reader: Reader::of_recorded(files.collect()).expect("mapped"),
            streams,
            builder: Builder::new(Origin::Exact, (0..cores).map(CpuId), Nanos(0)),
            now: 1_000_000_000,
            gap: 1_000_000_000 * u64::from(cores) / rate,
        }
    }

    /// Fills a quarter of each ring: then the reader is woken. Answers how many switches that are.
    fn fill(&mut self) -> u64 {
        let each = self.streams[0].bytes / 4 / PAIR;
        let cores = self.streams.len() as u64;
        for (n, stream) in self.streams.iter_mut().enumerate() {
            let mut out = Vec::with_capacity(each * PAIR);
            let shift = self.gap * n as u64 / cores;
            for i in 0..each as u64 {
                let next = (stream.on + 1) % THREADS;
                let (from, to) = (number(n, stream.on), number(n, next));
                put(&mut out, from, to, self.now + shift + i * self.gap);
                stream.on = next;
            }
            let at = stream.head % stream.bytes;
            let first = out.len().min(stream.bytes - at);
            let file = &stream.file;
            file.write_all_at(&out[..first], (PAGE + at) as u64)
                .expect("written");
            file.write_all_at(&out[first..], PAGE as u64)
                .expect("written");
            stream.head += out.len();
            let head = (stream.head as u64).to_ne_bytes();
            file.write_all_at(&head, 1024).expect("written");
        }
        self.now += each as u64 * self.gap;
        each as u64 * cores
    }

    fn drain(&mut self, mut each: impl FnMut(&mut Builder, CpuId, &Record)) {
        let builder = &mut self.builder;
        self.reader
            .drain(Nanos(self.now), |cpu, record| each(builder, cpu, &record));
    }

    /// Reads a quarter of all rings again and again, so many switches in all.
    fn time(&mut self, switches: u64, each: fn(&mut Builder, CpuId, &Record)) -> Duration {
        let (mut took, mut done) = (Duration::ZERO, 0);
        while done < switches {
            done += self.fill();
            let begun = Instant::now();
            self.drain(each);
            took += begun.elapsed();
        }
        took.mul_f64(switches as f64 / done as f64)
    }

    /// Checks that every switch is in the lanes.
    fn check(&mut self) {
        let told = |line: &Timeline| line.lanes.iter().map(|l| l.switches).sum::<u64>();
        let before = told(&self.builder.publish(Nanos(self.now)));
        let all = self.fill();
        self.drain(build);
        let line = self.builder.publish(Nanos(self.now));
        let first = if before == 0 {
            self.streams.len() as u64
        } else {
            0
        };
        assert_eq!(told(&line) - before, all + first, "every switch is told");
        assert_eq!(line.lost, 0);
    }
}

/// Only reads a record.
fn look(_: &mut Builder, cpu: CpuId, record: &Record) {
    black_box((cpu, record));
}

fn build(builder: &mut Builder, cpu: CpuId, record: &Record) {
    if let Event::Switch {
        prev,
        next,
        runnable,
    } = record.event
    {
        builder.switch(cpu, record.at, (prev, next), runnable, &mut names);
    }
}

fn reader(c: &mut Criterion) {
    for (cores, rate) in MACHINES {
        let mut group = c.benchmark_group("switches");
        group.throughput(Throughput::Elements(1)).sample_size(20);
        let mut machine = Machine::new(cores, rate);
        group.bench_function(BenchmarkId::new("read", cores), |b| {
            b.iter_custom(|n| machine.time(n, look));
        });
        let mut machine = Machine::new(cores, rate);
        machine.check();
        group.bench_function(BenchmarkId::new("read and built", cores), |b| {
            b.iter_custom(|n| machine.time(n, build));
        });
        machine.check();
    }
}

/// What the kernel sums up in a tenth of a second on so many cores: ten bins, three threads in each.
fn sums_of(cores: u32, from: u64) -> Vec<Summed> {
    let one = |cpu: u32, bin: u64, thread: u32| {
        let number = number(cpu as usize, thread);
        Summed {
            cpu: CpuId(cpu),
            thread: Thread {
                pid: Pid(number),
                tid: Tid(number),
            },
            at: Nanos(from + bin * 10_000_000),
            run: Nanos(3_000_000),
            slices: 800,
            longest: Nanos(9_000),
            ..Summed::default()
        }
    };
    let bins = (0..cores).flat_map(|cpu| (0..10).map(move |bin| (cpu, bin)));
    bins.flat_map(|(cpu, bin)| (0..THREADS).map(move |t| one(cpu, bin, t)))
        .collect()
}

fn sums(c: &mut Criterion) {
    let mut group = c.benchmark_group("sums");
    group.sample_size(20);
    for (cores, _) in MACHINES {
        let mut builder = Builder::new(Origin::Exact, (0..cores).map(CpuId), Nanos(0));
        builder.begin_sums(Nanos(1_000_000));
        let mut now = 1_000_000_000;
        group.throughput(Throughput::Elements(u64::from(cores * THREADS * 10)));
        group.bench_function(BenchmarkId::new("taken in", cores), |b| {
            b.iter_custom(|n| {
                let mut took = Duration::ZERO;
                for _ in 0..n {
                    let mut sums = sums_of(cores, now);
                    now += 100_000_000;
                    let begun = Instant::now();
                    builder.summed(Nanos(now), &mut sums, &mut names);
                    took += begun.elapsed();
                }
                took
            });
        });
    }
}

/// The lanes of a machine that has switched for ten seconds, and who is in each of 150 cells.
fn lanes(c: &mut Criterion) {
    let mut group = c.benchmark_group("lanes");
    group.sample_size(20);
    for (cores, _) in MACHINES {
        let mut machine = Machine::new(cores, 1000 * u64::from(cores));
        while machine.now < 11_000_000_000 {
            machine.fill();
            machine.drain(build);
        }
        let now = Nanos(machine.now);
        group.bench_function(BenchmarkId::new("published", cores), |b| {
            b.iter(|| black_box(machine.builder.publish(now)));
        });
        let line = machine.builder.publish(now);
        for (name, bucket) in [("cells of 10 s", 66_000_000), ("cells of 10 ms", 66_000)] {
            let from = Nanos(now.0 - 150 * bucket);
            group.bench_function(BenchmarkId::new(name, cores), |b| {
                b.iter(|| {
                    for lane in &line.lanes {
                        black_box(lane.cells(line.origin, from, Nanos(bucket), 150, None));
                    }
                });
            });
        }
    }
}

criterion_group!(benches, reader, sums, lanes);
criterion_main!(benches);
