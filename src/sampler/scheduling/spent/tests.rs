//! A thread of this very test with known phases.

use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

use super::*;
use crate::model::id::{Pid, Tid};
use crate::model::scheduling::spent::{Kind, Share, Spent, ThreadSpent, sum};
use crate::model::scheduling::wait::Waiting;
use crate::sys::process::proc_stat;
use crate::sys::scheduling::phases::Tracing;

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
    spins_and_reads(Follower::sampled(&ProcRoot::live(), own()));
}

#[test]
fn the_kernel_counts_it_so() {
    match Counting::begin(&ProcRoot::live(), own()) {
        Ok(_) => spins_and_reads(Follower::new(&ProcRoot::live(), own())),
        Err(refused) => println!("skipped: {refused}"),
    }
}

fn spins_and_reads(mut follower: Follower) {
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
    let following = Following::begin(Follower::new(&root, of)).expect("a thread");
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
    let all = sum(told().buckets.iter().map(AsRef::as_ref));
    if all.exact {
        // It had one thread: how long it is told of is what the parts add up to.
        assert_eq!(all.all().span, all.to.since(all.from));
    } else {
        assert!(!all.threads.is_empty());
    }
}

/// A process of more threads than there is room for is sampled, and says why.
#[test]
fn more_threads_than_can_be_counted_are_sampled_and_that_is_said() {
    let root = ProcRoot::live();
    let tracing = match Tracing::with_room(&root, own().pid, 1) {
        Ok(tracing) => tracing,
        Err(refused) => return println!("skipped: {refused}"),
    };
    let mut follower = Follower {
        root: root.clone(),
        of: own(),
        how: How::Counted(Box::new(Counting::over(&root, own(), By::Own(tracing)))),
        pages: None,
        why: SafeText::default(),
    };
    // Threads of which each has had a core: this one, and one that it waits for.
    std::thread::spawn(std::thread::yield_now)
        .join()
        .expect("it ends");
    std::thread::sleep(Duration::from_millis(1));
    if follower.step() == Err(Missing::Unsupported) {
        return println!("skipped: this kernel counts no slices");
    }
    follower.step().expect("our own threads");
    let bucket = follower.take();
    assert!(!bucket.exact);
    assert_eq!(
        bucket.why.as_str(),
        "it has more threads than the 1 that there is room for"
    );
}

/// What a thread found out about a stretch of its own time, by its clocks and the kernel's counters.
fn blocked_in(mut what: impl FnMut()) -> Nanos {
    let waits = || {
        let text = std::fs::read("/proc/thread-self/schedstat").expect("a /proc");
        let told = crate::sys::process::proc_counters::schedstat(&text);
        told.expect("counters").wait
    };
    // Of one moment: whoever loses its core between two clocks takes that for time in which it was blocked, or for none.
    let counters = || loop {
        let told = (waits(), clock::now(), cpu());
        if waits() == told.0 {
            break told;
        }
    };
    let (waited, at, ran) = counters();
    what();
    let (waits, now, runs) = counters();
    now.since(at)
        .since(runs.since(ran))
        .since(waits.since(waited))
}

type Crew = (
    Sender<u64>,
    Sender<Sender<()>>,
    Vec<std::thread::JoinHandle<()>>,
);

/// One who writes so many milliseconds after it was asked, and one who has a lock for a while and tells when.
fn crew(mut writer: std::io::PipeWriter, lock: Arc<Mutex<()>>) -> Crew {
    let (ask, asked) = channel::<u64>();
    let (hold, held) = channel::<Sender<()>>();
    let writes = std::thread::spawn(move || {
        for pause in asked {
            std::thread::sleep(Duration::from_millis(pause));
            std::io::Write::write_all(&mut writer, b"x").expect("room");
        }
    });
    let holds = std::thread::spawn(move || {
        for told in held {
            let _locked = lock.lock().expect("no panic");
            told.send(()).expect("heard");
            std::thread::sleep(Duration::from_millis(25));
        }
    });
    (ask, hold, vec![writes, holds])
}

/// A thread that is blocked in three ways, in turns, as it tells itself: at a lock, in a sleep, in reading; what is told of it,
/// how long each took in truth, and of which descriptor it read.
fn in_turns(mut follower: Follower) -> (Bucket, Spent, [Nanos; 3], i32) {
    let ms = Duration::from_millis;
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let fd = reader.as_raw_fd();
    let lock = Arc::new(Mutex::new(()));
    let (ask, hold, crew) = crew(writer, Arc::clone(&lock));
    let (tell, told) = channel();
    let (go, gone) = channel::<()>();
    let (done, end) = channel::<()>();
    let thread = std::thread::spawn(move || {
        tell.send((Tid(nix::unistd::gettid().as_raw() as u32), [Nanos(0); 3]))
            .expect("told");
        gone.recv().expect("go");
        let mut blocked = [Nanos(0); 3];
        for _ in 0..8 {
            let (has, it_has) = channel();
            hold.send(has).expect("it listens");
            it_has.recv().expect("it has the lock");
            blocked[0].0 += blocked_in(|| drop(lock.lock().expect("no panic"))).0;
            blocked[1].0 += blocked_in(|| std::thread::sleep(ms(15))).0;
            ask.send(20).expect("it listens");
            blocked[2].0 += blocked_in(|| reader.read_exact(&mut [0]).expect("a byte")).0;
        }
        tell.send((Tid(0), blocked)).expect("told");
        drop((hold, ask));
        let _ = end.recv();
    });
    let (tid, _) = told.recv().expect("a thread");
    // What is found out once takes longest.
    for _ in 0..4 {
        follower.step().expect("our own threads");
    }
    go.send(()).expect("it waits");
    let mut buckets = Vec::new();
    let truth = loop {
        match told.recv_timeout(ms(4)) {
            Ok((_, truth)) => break truth,
            Err(_) => follower.step().expect("our own threads"),
        }
        if follower.is_full() {
            buckets.push(follower.take());
        }
    };
    follower.step().expect("our own threads");
    buckets.push(follower.take());
    drop(done);
    for thread in crew.into_iter().chain([thread]) {
        thread.join().expect("it ends");
    }
    let all = sum(buckets.iter());
    let found = all.threads.iter().find(|t| t.id.tid == tid);
    let spent = found.expect("it ran").spent.clone();
    (all, spent, truth, fd)
}

#[test]
fn where_its_time_went_is_right_to_a_hundredth_and_each_wait_is_named() {
    if let Err(refused) = Counting::begin(&ProcRoot::live(), own()) {
        println!("skipped: {refused}");
        return;
    }
    let (all, spent, truth, fd) = in_turns(Follower::new(&ProcRoot::live(), own()));
    assert!(all.exact, "counted by the kernel to the end");
    assert_eq!(
        spent.running.0 + spent.ready.0 + spent.blocked().0,
        spent.span.0
    );
    let of = |is: &dyn Fn(&Cause) -> bool| {
        let shares = spent.blocked.iter().filter(|s| is(&s.cause));
        shares.fold((0, 0), |(span, waits), s| {
            (span + s.span.0, waits + s.waits)
        })
    };
    let call = |cause: &Cause| {
        cause
            .waiting()
            .and_then(|w| w.call.as_ref().map(ToString::to_string))
    };
    let slept = of(&|c| call(c).as_deref() == Some("clock_nanosleep"));
    let read = of(&|c| {
        let on = c.waiting().map(|w| w.what.descriptors());
        on.is_some_and(|on| on.iter().any(|on| on.number == fd))
    });
    let locked = of(&|c| call(c).as_deref() == Some("futex"));
    let hundredth = spent.span.0 / 100;
    let near = |told: u64, truth: Nanos| told.abs_diff(truth.0) <= hundredth;
    assert!(
        near(slept.0, truth[1]),
        "sleep {slept:?}, truly {truth:?} of {spent:?}"
    );
    assert!(
        near(read.0, truth[2]),
        "read {read:?}, truly {truth:?} of {spent:?}"
    );
    assert_eq!((slept.1, read.1), (8, 8), "{spent:?}");
    // Channels wait in futexes too.
    assert!(
        locked.0 + hundredth >= truth[0].0,
        "lock {locked:?}, truly {truth:?} of {spent:?}"
    );
}

/// Without any right: never more is told to be certain than was, and where nearly all was seen whole, each is right.
#[test]
fn sampled_each_wait_is_named_and_what_is_certain_is_true() {
    let (all, spent, truth, fd) = in_turns(Follower::sampled(&ProcRoot::live(), own()));
    assert!(!all.exact);
    assert_eq!(
        spent.running.0 + spent.ready.0 + spent.blocked().0,
        spent.span.0
    );
    let untold = |s: &Share| s.cause == Cause::Untold(Missing::Denied);
    if spent.blocked.iter().any(untold) {
        println!("skipped: this machine does not show system calls");
        return;
    }
    let of = |is: &dyn Fn(&Waiting) -> bool| {
        let shares = spent.blocked.iter();
        let shares = shares.filter(|s| s.cause.waiting().is_some_and(is));
        shares.fold((0, 0), |(span, whole), s| {
            (span + s.span.0, whole + s.whole.0)
        })
    };
    let reads = |w: &Waiting| w.what.descriptors().iter().any(|on| on.number == fd);
    let told = [
        of(&|w| matches!(w.what, Wait::Futex(_))),
        of(&|w| matches!(w.what, Wait::Sleep(_))),
        of(&reads),
    ];
    let twentieth = spent.span.0 / 20;
    let seen = spent.certain() > 0.75;
    // Channels wait in futexes too.
    for (n, ((span, whole), truth)) in told.into_iter().zip(truth).enumerate() {
        let open: u64 = spent.blocked.iter().map(|s| s.span.0 - s.whole.0).sum();
        assert!(
            truth.0 <= whole + open + 1_000_000,
            "{n}: {whole} {truth:?}"
        );
        let least = truth.0.saturating_sub(twentieth);
        assert!(
            n == 0 || whole <= truth.0 + 1_000_000,
            "{n}: {whole} {truth:?}"
        );
        assert!(!seen || span >= least, "{n}: {span} {truth:?} of {spent:?}");
        let most = truth.0 + twentieth;
        assert!(
            n == 0 || !seen || span <= most,
            "{n}: {span} {truth:?} of {spent:?}"
        );
    }
    println!(
        "{:.2} certain: told {told:?}, truly {truth:?}",
        spent.certain()
    );
}

/// Spins until this thread has had a core for so long.
fn spin(span: Nanos) {
    let begin = cpu();
    while cpu().since(begin) < span {}
}

/// Threads that live and end between two readings, and one that began between them.
#[test]
fn sampled_no_time_on_a_core_is_lost_with_threads_that_nobody_met() {
    let mut follower = Follower::sampled(&ProcRoot::live(), own());
    if follower.step() == Err(Missing::Unsupported) {
        return println!("skipped: this kernel counts no slices");
    }
    follower.step().expect("our own threads");
    // Births are told in ticks.
    let began = clock::now();
    while clock::now().since(began) < Nanos::from_millis(20) {
        std::thread::yield_now();
    }
    for _ in 0..20 {
        let short = std::thread::spawn(|| spin(Nanos::from_millis(10)));
        short.join().expect("it ends");
    }
    let (tell, told) = channel();
    let (done, end) = channel::<()>();
    let stays = std::thread::spawn(move || {
        spin(Nanos::from_millis(100));
        tell.send(Tid(nix::unistd::gettid().as_raw() as u32))
            .expect("heard");
        let _ = end.recv();
    });
    let tid = told.recv().expect("a thread");
    // The second one lists anew, if the first was too soon.
    let mut buckets = Vec::new();
    let found = loop {
        follower.step().expect("our own threads");
        buckets.push(follower.take());
        let all = sum(buckets.iter());
        if all.threads.iter().any(|t| t.id.tid == tid) {
            break all;
        }
        std::thread::yield_now();
    };
    drop(done);
    stays.join().expect("it ends");
    let of = |tid: u32| {
        let found = found.threads.iter().find(|t| t.id.tid.0 == tid);
        found.map_or(Nanos(0), |t| t.spent.running)
    };
    let ms = Nanos::from_millis;
    assert!(of(tid.0) >= ms(90), "from its birth on: {found:?}");
    assert!(of(0) >= ms(150), "by the clock of the process: {found:?}");
    assert!(found.certain() < 1.0);
}

/// A process that is met a while after it began.
#[test]
fn sampled_who_began_meanwhile_is_told_from_its_birth_on() {
    let root = ProcRoot::live();
    let before = clock::now();
    while clock::now().since(before) < Nanos::from_millis(20) {
        std::thread::yield_now();
    }
    let mut child = std::process::Command::new("sh")
        .args(["-c", "while :; do :; done"])
        .spawn()
        .expect("sh starts");
    let text = root.read(format!("{}/stat", child.id())).expect("it lives");
    let of = ProcId {
        pid: Pid(child.id()),
        start: proc_stat::parse(&text, 4096).expect("a line").start,
    };
    let ran = || life::life(&root, of).expect("it lives").0.own;
    while ran() < Nanos::from_millis(200) {
        std::thread::yield_now();
    }
    let mut follower = Follower::sampled(&root, of);
    follower.born_since(before);
    let steps = (0..2).try_for_each(|_| follower.step());
    let told = follower.take();
    let all = ran();
    child.kill().expect("ours");
    child.wait().expect("it ends");
    if steps == Err(Missing::Unsupported) {
        return println!("skipped: this kernel counts no slices");
    }
    let running = told.all().running;
    assert!(running >= Nanos::from_millis(150), "{told:?}");
    assert!(
        running <= Nanos(all.0 + 50_000_000),
        "{running:?} of {all:?}"
    );
}
