//! Slices of threads of this very test, whose turns are known, against the kernel's own counters.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::*;
use crate::model::id::Tid;
use crate::model::sample::SchedStat;
use crate::model::scheduling::timeline::Slice;
use crate::sys::process::proc_stat;

/// Pins the calling thread and tells its number.
fn pinned(cpu: CpuId) -> Tid {
    let mut set = nix::sched::CpuSet::new();
    set.set(cpu.0 as usize).expect("a small core number");
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set).expect("pinned");
    Tid(nix::unistd::gettid().as_raw() as u32)
}

/// What the kernel has counted of a thread of this process.
#[derive(Clone, Copy)]
struct Counted {
    stat: SchedStat,
    voluntary: u64,
    involuntary: u64,
}

impl Counted {
    fn of(tid: Tid) -> Self {
        let read = |file: &str| {
            let text = std::fs::read(format!("/proc/self/task/{tid}/{file}"));
            text.expect("it lives")
        };
        let status = crate::sys::process::proc_status::parse(&read("status"));
        Self {
            stat: crate::sys::process::proc_counters::schedstat(&read("schedstat"))
                .expect("three numbers"),
            voluntary: status.voluntary,
            involuntary: status.involuntary,
        }
    }
}

/// Two threads on one core that begin to work when both are ready, and end when both have been looked at.
pub struct Pair {
    tids: [Tid; 2],
    begin: Vec<mpsc::Sender<()>>,
    end: Vec<mpsc::Sender<()>>,
    done: mpsc::Receiver<()>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Pair {
    fn of(cpu: CpuId, work: [Box<dyn FnOnce() + Send>; 2]) -> Self {
        let (ready, tids) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        let (mut begin, mut end, mut threads) = (Vec::new(), Vec::new(), Vec::new());
        for work in work {
            let (start, started) = mpsc::channel();
            let (stop, stopped) = mpsc::channel();
            let (ready, finished) = (ready.clone(), finished.clone());
            threads.push(std::thread::spawn(move || {
                ready.send(pinned(cpu)).expect("the test waits");
                started.recv().expect("the test goes on");
                work();
                finished.send(()).expect("the test waits");
                stopped.recv().expect("the test goes on");
            }));
            begin.push(start);
            end.push(stop);
        }
        let tids = [(); 2].map(|()| tids.recv().expect("both start"));
        Self {
            tids,
            begin,
            end,
            done,
            threads,
        }
    }

    fn start(&self) {
        for begin in &self.begin {
            begin.send(()).expect("it waits");
        }
    }

    /// Lets both work while nobody reads the rings.
    pub fn work_unheard(&self) {
        self.start();
        for _ in 0..2 {
            self.done.recv().expect("both end");
        }
    }

    /// Lets both work, and drains the rings until they are done.
    fn work(&self, recorder: &mut Recorder) {
        self.start();
        let mut left = 2;
        while left > 0 {
            let pause = Duration::from_millis(1);
            match self.done.recv_timeout(pause) {
                Ok(()) => left -= 1,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => panic!("a thread died"),
            }
            recorder.drain();
        }
    }

    pub fn end(self) {
        for end in &self.end {
            end.send(()).expect("it waits");
        }
        for thread in self.threads {
            thread.join().expect("it ends");
        }
    }
}

/// Two threads that hand a byte to and fro so many times.
pub fn ping_pong(cpu: CpuId, times: u32) -> Pair {
    let (mut hear, mut say) = io::pipe().expect("a pipe");
    let (mut hear_back, mut say_back) = io::pipe().expect("a pipe");
    Pair::of(
        cpu,
        [
            Box::new(move || {
                for _ in 0..times {
                    say.write_all(b"x").expect("the other one reads");
                    hear_back.read_exact(&mut [0]).expect("it answers");
                }
            }),
            Box::new(move || {
                for _ in 0..times {
                    hear.read_exact(&mut [0]).expect("the other one writes");
                    say_back.write_all(b"x").expect("it reads");
                }
            }),
        ],
    )
}

/// The slices of a thread that began after a moment and ended, on every core.
fn slices_of(line: &Timeline, tid: Tid, from: Nanos) -> Vec<Slice> {
    let all = line.lanes.iter().flat_map(|l| l.slices.all());
    let own = all.filter(|(s, who)| who.tid == tid && s.ended != Ended::Running && s.start >= from);
    own.map(|(s, _)| s).collect()
}

/// How often a comparison of times is repeated: what a hypervisor or an interrupt took from a thread, the kernel does not
/// count as its time on the core, and the rings do not tell of it.
const ROUNDS: usize = 20;

/// What the rings and the kernel say of one thread that worked.
#[derive(Clone, Copy, Debug)]
struct Compared {
    yielded: usize,
    still: usize,
    /// Whether the times on the core agree within 1 %.
    run: bool,
}

/// Compares until the times agree; counts agree each time. Nothing where it cannot be known here.
fn compared(pair: impl Fn() -> Pair, recorder: &mut Recorder) -> Option<[Compared; 2]> {
    for _ in 0..ROUNDS {
        let found = compare(pair(), recorder)?;
        if found.iter().all(|one| one.run) {
            return Some(found);
        }
    }
    panic!("in none of {ROUNDS} rounds did the times on the core agree");
}

/// Lets a pair work and compares its slices with what the kernel counted of it.
fn compare(pair: Pair, recorder: &mut Recorder) -> Option<[Compared; 2]> {
    let before = pair.tids.map(Counted::of);
    let from = clock::now();
    recorder.drain();
    pair.work(recorder);
    // Both have worked and sleep: their counters stand still.
    let after = pair.tids.map(Counted::of);
    let line = recorder.publish();
    let tids = pair.tids;
    pair.end();
    if line.lost > 0 {
        println!("skipped: {} events were lost", line.lost);
        return None;
    }
    Some([0, 1].map(|i| {
        let (tid, before, after) = (tids[i], before[i], after[i]);
        let all = slices_of(&line, tid, from);
        let ended = |how| all.iter().filter(|s| s.ended == how).count();
        let (yielded, still) = (ended(Ended::Yielded), ended(Ended::Preempted));
        let run: u64 = all.iter().map(|s| s.span().0).sum();
        let slices = after.stat.slices - before.stat.slices;
        let told = after.stat.run.since(before.stat.run).0;
        println!(
            "{tid}: {} slices of {run} ns, {yielded} yielded, {still} still runnable; kernel: {slices} of {told} ns",
            all.len()
        );
        // The turns before the first reading and after the last one are few.
        let close = |seen: usize, told: u64| (seen as u64).abs_diff(told) <= told / 100 + 4;
        assert!(close(all.len(), slices));
        assert!(close(yielded, after.voluntary - before.voluntary));
        assert!(close(still, after.involuntary - before.involuntary));
        Compared {
            yielded,
            still,
            run: run.abs_diff(told) <= told / 100 + 200_000,
        }
    }))
}

#[test]
fn a_ping_pong_yields_and_adds_up_to_what_the_kernel_counted() {
    let Some(mut recorder) = recorder(&ProcRoot::live()) else {
        return;
    };
    let cpu = *cores::online(&ProcRoot::live()).last().expect("a core");
    if let Some(found) = compared(|| ping_pong(cpu, 4000), &mut recorder) {
        // Other load may take the core from the one that wakes the other; then that one reads without blocking.
        assert!(found.iter().all(|one| one.yielded > 1000), "{found:?}");
    }
}

#[test]
fn a_thread_that_calls_sched_yield_is_still_runnable() {
    let Some(mut recorder) = recorder(&ProcRoot::live()) else {
        return;
    };
    let cpu = *cores::online(&ProcRoot::live()).last().expect("a core");
    // Both go on until the kernel has counted 300 turns that each gave up while it could still run.
    let pair = || {
        let left = Arc::new(AtomicUsize::new(2));
        Pair::of(cpu, [yields(Arc::clone(&left)), yields(left)])
    };
    if let Some(found) = compared(pair, &mut recorder) {
        let most = |one: &Compared| one.still >= 300 && one.still > one.yielded;
        assert!(found.iter().all(most), "{found:?}");
    }
}

/// Gives the core up while it could go on, until all of `left` have done so 300 times.
fn yields(left: Arc<AtomicUsize>) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let tid = Tid(nix::unistd::gettid().as_raw() as u32);
        let enough = Counted::of(tid).involuntary + 300;
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut counts = true;
        while left.load(Ordering::Relaxed) > 0 {
            (0..100).for_each(|_| nix::sched::sched_yield().expect("it may"));
            assert!(
                Instant::now() < deadline,
                "the other one does not get the core"
            );
            if counts && Counted::of(tid).involuntary >= enough {
                counts = false;
                left.fetch_sub(1, Ordering::Relaxed);
            }
        }
    })
}

#[test]
fn one_process_of_ones_own_is_heard_without_any_right() {
    let root = ProcRoot::live();
    let cpus = cores::online(&root);
    let cpu = *cpus.last().expect("a core");
    let child = Puppet::spin(cpu);
    let pid = child.pid();
    let text = std::fs::read(format!("/proc/{pid}/stat")).expect("it lives");
    let start = proc_stat::parse(&text, 4096).expect("a line").start;
    let id = ProcId { pid, start };
    let mut open = match own(&root, id, &cpus, clock::now()) {
        Ok(open) => open,
        Err(error) => {
            println!("skipped: {}", perf::why(&error, perf::paranoid(&root)));
            return;
        }
    };
    let before = run_ns(pid);
    let from = clock::now();
    let deadline = Instant::now() + Duration::from_mins(1);
    while run_ns(pid) < before + 300_000_000 {
        assert!(Instant::now() < deadline, "it does not get the core");
        open.wait(Nanos::from_millis(20), &[]);
        open.step(false, View::No, false);
    }
    let told = run_ns(pid) - before;
    let line = open.step(true, View::Now, true).expect("told");
    assert_eq!(line.origin, Origin::Own);
    let window = Window { from, to: line.now };
    let by = line.by_process(window);
    let pids: Vec<_> = by.iter().map(|p| p.who.id).collect();
    assert_eq!(pids, [id], "nobody else is heard");
    let seen = by[0].sums.run.0;
    println!("seen {seen}, schedstat {told}, lost {}", line.lost);
    if line.lost == 0 {
        assert!(seen.abs_diff(told) < told / 100 + 12_000_000);
    }
}
