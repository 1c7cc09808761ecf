//! A thread of this very test with known phases.

use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

use super::*;
use crate::model::id::Pid;
use crate::model::scheduling::spent::{Kind, sum};
use crate::sys::process::proc_stat;

fn own() -> ProcId {
    let text = ProcRoot::live().read("self/stat").expect("a /proc");
    ProcId {
        pid: Pid(std::process::id()),
        start: proc_stat::parse(&text, 4096).expect("a line").start,
    }
}

fn cpu() -> Nanos {
    let t = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock");
    Nanos(t.tv_sec() as u64 * 1_000_000_000 + t.tv_nsec() as u64)
}

/// Reads until a thread did what is looked for, as far as it is known.
fn until(follower: &mut Follower, tid: Tid, is: impl Fn(&ThreadSpent) -> bool) -> ThreadSpent {
    let end = Instant::now() + Duration::from_secs(30);
    let mut all = Vec::new();
    while Instant::now() < end {
        follower.step().expect("our own threads");
        all.push(follower.take());
        let sum = sum(all.iter());
        if let Some(found) = sum.threads.into_iter().find(|t| t.id.tid == tid)
            && is(&found)
        {
            return found;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it never did");
}

#[test]
fn a_thread_that_spins_and_then_reads_is_told_so() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let fd = reader.as_raw_fd();
    let (tell, told) = channel();
    let (go, gone) = channel::<()>();
    let thread = std::thread::spawn(move || {
        tell.send((Tid(nix::unistd::gettid().as_raw() as u32), Nanos(0)))
            .expect("told");
        gone.recv().expect("go");
        let begin = cpu();
        let mut end = begin;
        while end.since(begin) < Nanos::from_millis(150) {
            end = cpu();
        }
        tell.send((Tid(0), end.since(begin))).expect("told");
        let _ = reader.read(&mut [0]);
    });
    let (tid, _) = told.recv().expect("a thread");
    let mut follower = Follower::new(&ProcRoot::live(), own());
    if follower.step() == Err(Missing::Unsupported) {
        println!("skipped: this kernel counts no slices");
        return;
    }
    follower.step().expect("our own threads");
    go.send(()).expect("it waits");
    let (_, spun) = told.recv().expect("it spun");
    let on_pipe = |s: &ThreadSpent| {
        let shares = s.spent.blocked.iter();
        let of_pipe = |c: &Cause| {
            let descriptors = c.waiting().map(|w| w.what.descriptors());
            descriptors.is_some_and(|d| d.iter().any(|d| d.number == fd))
        };
        shares
            .filter(|s| of_pipe(&s.cause))
            .map(|s| s.whole.0)
            .sum::<u64>()
            > 50_000_000
    };
    let hidden = |s: &ThreadSpent| {
        s.spent
            .blocked
            .iter()
            .any(|s| s.cause == Cause::Untold(Missing::Denied))
    };
    let found = until(&mut follower, tid, |s| on_pipe(s) || hidden(s));
    drop(writer);
    thread.join().expect("it ends");
    let Spent {
        span,
        running,
        ready,
        ..
    } = found.spent;
    assert_eq!(running.0 + ready.0 + found.spent.blocked().0, span.0);
    let apart = running.0.abs_diff(spun.0);
    assert!(
        apart < 5_000_000,
        "it ran {} ns, {} were counted",
        spun.0,
        running.0
    );
    if hidden(&found) {
        println!("skipped: this machine does not show system calls");
        return;
    }
    let kinds: Vec<Kind> = found.spent.blocked.iter().map(|s| s.cause.kind()).collect();
    assert!(kinds.contains(&Kind::Descriptor), "{kinds:?}");
}

#[test]
fn who_has_ended_is_gone_and_what_it_did_is_told() {
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .expect("a child");
    let root = ProcRoot::live();
    let text = root.read(format!("{}/stat", child.id())).expect("it lives");
    let of = ProcId {
        pid: Pid(child.id()),
        start: proc_stat::parse(&text, 4096).expect("a line").start,
    };
    let following = Following::begin(&root, of).expect("a thread");
    let told = || {
        following
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    };
    let end = Instant::now() + Duration::from_secs(30);
    while told().buckets.is_empty() && told().failed.is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    if told().failed == Some(Missing::Unsupported) {
        println!("skipped: this kernel counts no slices");
        child.kill().expect("killed");
        child.wait().expect("ended");
        return;
    }
    assert_eq!(told().buckets.len(), 1);
    child.kill().expect("killed");
    child.wait().expect("ended");
    while told().failed.is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(told().failed, Some(Missing::Gone));
    assert!(!told().buckets.is_empty());
}
