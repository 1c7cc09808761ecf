use std::os::fd::RawFd;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::open::whole;
use super::recorder::Recorder;
use super::recorder::{Rings, Summing, Waking};
use super::*;
use crate::model::id::CpuId;
use crate::model::id::Pid;
use crate::model::scheduling::timeline::{Ended, Origin, Timeline, Window};
use crate::sys::machine::cores;
use crate::sys::process::changes::Drain as _;
use crate::sys::scheduling::perf::Reader;

/// Opens the rings of one process alone.
fn own(root: &ProcRoot, id: ProcId, cpus: &[CpuId], now: Nanos) -> io::Result<Open> {
    Ok(Open::One(open::one(root, &Running(root), id, cpus, now)?))
}

/// A recorder of every core, or a printed reason why this test cannot run here.
fn recorder(root: &ProcRoot) -> Option<Recorder> {
    let now = clock::now();
    match Reader::of_all(&cores::online(root)) {
        Ok(reader) => Some(Recorder::new(
            root,
            Box::new(reader),
            Origin::Exact,
            Feed::default(),
            now,
        )),
        Err(error) => {
            println!("skipped: {}", perf::why(&error, perf::paranoid(root)));
            None
        }
    }
}

struct Puppet(Child);

impl Puppet {
    /// A process that runs until it is dropped, on one core.
    fn spin(cpu: CpuId) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "while :; do :; done"]);
        let child = command.spawn().expect("sh starts");
        let mut set = nix::sched::CpuSet::new();
        set.set(cpu.0 as usize).expect("a small core number");
        let pid = nix::unistd::Pid::from_raw(child.id() as i32);
        nix::sched::sched_setaffinity(pid, &set).expect("pinned");
        Self(child)
    }

    fn pid(&self) -> Pid {
        Pid(self.0.id())
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run_ns(pid: Pid) -> u64 {
    let text = std::fs::read(format!("/proc/{pid}/schedstat")).expect("it lives");
    crate::sys::process::proc_counters::schedstat(&text)
        .expect("three numbers")
        .run
        .0
}

#[test]
fn spinners_on_one_core_share_it_and_the_kernel_agrees() {
    let root = ProcRoot::live();
    let Some(mut recorder) = recorder(&root) else {
        return;
    };
    let cpu = *cores::online(&root).last().expect("a core");
    let spinners = [Puppet::spin(cpu), Puppet::spin(cpu)];
    // Until both have had the core for a while; however busy the machine is, that comes.
    let all = || spinners.each_ref().map(|s| run_ns(s.pid()));
    let deadline = Instant::now() + Duration::from_mins(1);
    // Whoever is on a core already is known from its next switch on.
    loop {
        recorder.drain();
        let line = recorder.publish();
        let known = line.by_process(Window {
            from: Nanos(0),
            to: line.now,
        });
        if spinners
            .iter()
            .all(|s| known.iter().any(|p| p.who.id.pid == s.pid()))
        {
            break;
        }
        assert!(Instant::now() < deadline, "the spinners are never seen");
        perf::pause(Nanos::from_millis(5));
    }
    // Between two readings this thread may wait for a core itself, while the spinners run.
    let earlier = all();
    let begin = clock::now();
    let before = all();
    while spinners
        .iter()
        .zip(before)
        .any(|(s, b)| run_ns(s.pid()) < b + 100_000_000)
    {
        assert!(
            Instant::now() < deadline,
            "the spinners do not get the core"
        );
        perf::pause(Nanos::from_millis(20));
        recorder.drain();
    }
    let after = all();
    recorder.drain();
    let line = recorder.publish();
    let later = all();
    let window = Window {
        from: begin,
        to: line.now,
    };
    let by = line.by_process(window);
    let of = |pid: Pid| by.iter().find(|p| p.who.id.pid == pid).expect("it ran");
    let seen = spinners.each_ref().map(|s| of(s.pid()).sums.run.0);
    let least = [0, 1].map(|i| after[i] - before[i]);
    let most = [0, 1].map(|i| later[i] - earlier[i]);
    println!(
        "seen {seen:?}, schedstat {least:?} to {most:?}, lost {}",
        line.lost
    );
    if line.lost > 0 {
        println!(
            "skipped: this machine is so busy that {} events were lost, and a gap adds up to nothing",
            line.lost
        );
        return;
    }
    for ((seen, least), most) in seen.iter().zip(least).zip(most) {
        // A running thread's own counter moves only at the tick: 4 ms at each end.
        let slack = most / 100 + 12_000_000;
        assert!((least.saturating_sub(slack)..most + slack).contains(seen));
    }
    let sums = of(spinners[0].pid()).sums;
    let told = sums.told.expect("switches tell");
    assert!(told.preempted * 10 >= sums.slices * 9, "{sums:?}");
    let names: Vec<_> = by.iter().map(|p| p.who.name.to_string()).collect();
    assert!(names.iter().any(|n| n == "sh"), "{names:?}");
    let lane = line.lane(cpu).expect("its lane");
    let all: Vec<_> = lane.slices.all().map(|(s, _)| s).collect();
    assert!(all.windows(2).all(|p| p[0].end <= p[1].start));
    assert!(all.iter().filter(|s| s.ended == Ended::Running).count() <= 1);
}

#[test]
fn the_thread_publishes_and_fills_the_feed() {
    let root = ProcRoot::live();
    let desk = Desk::new(Plan {
        needs: Needs::SWITCHES,
        ..Plan::default()
    });
    let feed = Feed::default();
    let told: Arc<Mutex<Vec<Arc<Timeline>>>> = Arc::default();
    let heard = Arc::clone(&told);
    let desk = Arc::new(desk);
    let ender = Arc::clone(&desk);
    let tell: Tell = Arc::new(move |news| {
        if let News::Switches(line) = news {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.push(line);
            if heard.len() == 2 {
                ender.page().ended = true;
            }
        }
    });
    record(&root, &desk, &feed, &tell);
    let told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let last = told.last().expect("published");
    assert_ne!(last.origin, Origin::None);
    assert_eq!(last.lanes.len(), cores::online(&root).len());
    // On a machine with very many switches they are summed from the beginning.
    let told = [whole(&root), Origin::Summed].contains(&last.origin);
    assert_eq!(last.why.is_empty(), told, "{:?}: {}", last.origin, last.why);
    assert_eq!(feed.take(), None, "closed at the end");
}

mod live;
mod machine;
mod threads;
