//! What the running kernel tells in odd moments: rings that overflow, threads that change their name or begin late.

use std::sync::mpsc;

use super::threads::ping_pong;
use super::*;
use crate::model::id::Tid;
use crate::model::process::stat::State;
use crate::model::scheduling::timeline::Blind;
use crate::sys::process::{proc_stat, proc_status};

/// A thread of this process that runs for a moment whenever it is asked to.
struct Runner {
    tid: Tid,
    ask: mpsc::Sender<()>,
    done: mpsc::Receiver<()>,
}

impl Runner {
    fn start(name: &str) -> Self {
        let (ready, tid) = mpsc::channel();
        let (ask, asked) = mpsc::channel::<()>();
        let (told, done) = mpsc::channel();
        let thread = std::thread::Builder::new().name(name.to_owned());
        let body = move || {
            let tid = nix::unistd::gettid().as_raw();
            ready.send(Tid(tid as u32)).expect("the test waits");
            while asked.recv().is_ok() {
                told.send(()).expect("the test waits");
            }
        };
        thread.spawn(body).expect("it starts");
        let tid = tid.recv().expect("it starts");
        Self { tid, ask, done }
    }

    fn run(&self) {
        self.ask.send(()).expect("it lives");
        self.done.recv().expect("it lives");
    }
}

#[test]
fn rings_that_overflow_leave_a_gap_and_nothing_wrong() {
    let root = ProcRoot::live();
    let Some(mut recorder) = recorder(&root) else {
        return;
    };
    let cpu = *cores::online(&root).last().expect("a core");
    recorder.drain();
    // A ring of 2 MiB holds 26,000 switches.
    let pair = ping_pong(cpu, 60_000);
    pair.work_unheard();
    recorder.drain();
    pair.end();
    recorder.drain();
    let line = recorder.publish();
    assert!(line.lost > 0, "it was read fast enough");
    let lane = line.lane(cpu).expect("its lane");
    let lost =
        |g: &&crate::model::scheduling::timeline::Gap| g.why == Blind::Lost && g.end > g.start;
    let gaps: Vec<_> = lane.gaps.iter().filter(lost).collect();
    assert!(!gaps.is_empty(), "{:?}", lane.gaps);
    let all: Vec<_> = lane.slices.all().map(|(s, _)| s).collect();
    assert!(all.windows(2).all(|p| p[0].end <= p[1].start));
    for gap in gaps {
        let inside = all.iter().find(|s| s.start < gap.end && s.end > gap.start);
        assert_eq!(inside, None, "told within {gap:?}");
    }
}

#[test]
fn a_slice_keeps_the_name_of_its_time() {
    let root = ProcRoot::live();
    let Some(mut recorder) = recorder(&root) else {
        return;
    };
    let runner = Runner::start("before");
    runner.run();
    recorder.drain();
    let path = format!("/proc/self/task/{}/comm", runner.tid);
    std::fs::write(path, "after").expect("one's own thread");
    runner.run();
    // Until it has left the core again.
    let deadline = Instant::now() + Duration::from_mins(1);
    let mut names: Vec<String>;
    loop {
        recorder.drain();
        let line = recorder.publish();
        if line.lost > 0 {
            println!("skipped: events were lost");
            return;
        }
        let slices = line.lanes.iter().flat_map(|l| l.slices.all());
        let own = slices.filter(|(_, who)| who.tid == runner.tid);
        let mut own: Vec<_> = own
            .map(|(s, who)| (s.start, who.name.to_string()))
            .collect();
        own.sort();
        names = own.into_iter().map(|(_, name)| name).collect();
        names.dedup();
        if names.last().is_some_and(|n| n == "after") {
            break;
        }
        assert!(Instant::now() < deadline, "{names:?}");
        runner.run();
    }
    assert!(names.contains(&"before".to_owned()), "{names:?}");
}

#[test]
fn threads_that_begin_later_are_heard_in_a_process_of_ones_own() {
    let root = ProcRoot::live();
    let cpus = cores::online(&root);
    let pid = Pid(std::process::id());
    let text = std::fs::read(format!("/proc/{pid}/stat")).expect("it lives");
    let line = proc_stat::parse(&text, 4096).expect("a line");
    let id = ProcId {
        pid,
        start: line.start,
    };
    let there = Runner::start("there");
    let mut open = match own(&root, id, &cpus, clock::now()) {
        Ok(open) => open,
        Err(error) => {
            println!("skipped: {}", perf::why(&error, perf::paranoid(&root)));
            return;
        }
    };
    let late = Runner::start("late");
    let deadline = Instant::now() + Duration::from_mins(1);
    let heard = |line: &Timeline, tid: Tid| {
        let mut slices = line.lanes.iter().flat_map(|l| l.slices.all());
        slices.any(|(_, who)| who.tid == tid && who.id == id)
    };
    loop {
        there.run();
        late.run();
        let line = open.step(true, View::Now, false).expect("told");
        if line.lost > 0 {
            println!("skipped: events were lost");
            return;
        }
        if heard(&line, there.tid) && heard(&line, late.tid) {
            break;
        }
        assert!(Instant::now() < deadline, "one of them is not heard");
    }
}

/// The process of this child for its whole life.
fn identity(pid: Pid) -> ProcId {
    let text = std::fs::read(format!("/proc/{pid}/stat")).expect("it lives");
    let line = proc_stat::parse(&text, 4096).expect("a line");
    ProcId {
        pid,
        start: line.start,
    }
}

#[test]
fn a_process_that_has_ended_is_not_waited_on() {
    let root = ProcRoot::live();
    let cpus = cores::online(&root);
    let cpu = *cpus.last().expect("a core");
    // Two on one core take turns, so that there are switches to be told of.
    let (child, _other) = (Puppet::spin(cpu), Puppet::spin(cpu));
    let mut open = match own(&root, identity(child.pid()), &cpus, clock::now()) {
        Ok(open) => open,
        Err(error) => {
            println!("skipped: {}", perf::why(&error, perf::paranoid(&root)));
            return;
        }
    };
    let deadline = Instant::now() + Duration::from_mins(1);
    let turns = || {
        let text = std::fs::read(format!("/proc/{}/status", child.pid())).expect("it lives");
        proc_status::parse(&text).involuntary
    };
    let before = turns();
    while turns() < before + 2 {
        assert!(Instant::now() < deadline, "it never runs");
        std::thread::yield_now();
    }
    open.step(false, View::No, false);
    drop(child);
    // Its events hang up now, and would for ever: each wait would be none.
    let over = |open: &Open| matches!(open, Open::One(one) if one.heard.is_over());
    for _ in 0..3 {
        open.wait(Nanos::from_millis(1), &[]);
    }
    assert!(over(&open), "what hung up is still waited on");
    let line = open.step(true, View::Now, true).expect("told");
    let slices = line.lanes.iter().flat_map(|l| l.slices.all());
    assert!(slices.count() > 0, "what it told is still there");
}

#[test]
fn a_first_thread_that_has_ended_leaves_the_others_to_be_waited_on() {
    let root = ProcRoot::live();
    let cpus = cores::online(&root);
    let (ends, lives) = (Runner::start("ends"), Runner::start("lives"));
    let mut reader = match Reader::of_own(&[ends.tid, lives.tid], &cpus) {
        Ok(reader) => reader,
        Err(error) => {
            println!("skipped: {}", perf::why(&error, perf::paranoid(&root)));
            return;
        }
    };
    let before = reader.fds();
    let path = format!("/proc/self/task/{}", ends.tid);
    drop(ends);
    let deadline = Instant::now() + Duration::from_mins(1);
    while std::path::Path::new(&path).exists() {
        assert!(Instant::now() < deadline, "it does not end");
        std::thread::yield_now();
    }
    // On each core its event was the first one, which is waited on.
    while reader.fds().iter().any(|fd| before.contains(fd)) {
        let hung = perf::wait(&reader.fds(), Nanos::from_millis(1));
        reader.hung_up(&hung);
        assert!(Instant::now() < deadline, "it does not hang up");
    }
    assert_eq!(reader.fds().len(), cpus.len());
    assert!(perf::wait(&reader.fds(), Nanos(0)).is_empty());
}

#[test]
fn a_slice_says_who_made_its_thread_ready_and_when() {
    use crate::model::scheduling::timeline::Made;
    use crate::model::scheduling::wakes::Waker;
    let root = ProcRoot::live();
    let Some(mut recorder) = recorder(&root) else {
        return;
    };
    match Running(&root).wakes() {
        Ok(wakes) => recorder.hear_wakes(Some(wakes)),
        Err(error) => {
            println!("skipped: {error}");
            return;
        }
    }
    let runner = Runner::start("woken");
    let asleep = || {
        let stat = root
            .read(format!("self/task/{}/stat", runner.tid))
            .expect("it lives");
        let stat = proc_stat::parse(&stat, 4096).expect("whole");
        stat.stat.state == State::Sleeping
    };
    runner.run();
    let mut between = Vec::new();
    for _ in 0..20 {
        while !asleep() {
            std::thread::yield_now();
        }
        let before = clock::now();
        runner.run();
        between.push(before..=clock::now());
    }
    recorder.drain();
    let line = recorder.publish();
    let me = Waker::Thread(
        Pid(std::process::id()),
        Tid(nix::unistd::gettid().as_raw() as u32),
    );
    let all = line.lanes.iter().flat_map(|lane| lane.ready.all());
    let mine: Vec<_> = all
        .filter(|(_, who)| who.tid == runner.tid)
        .map(|(ready, _)| ready)
        .collect();
    for span in between {
        let found = mine.iter().find(|ready| {
            span.contains(&ready.since) && matches!(ready.made, Made::Woken(by, _) if by == me)
        });
        let ready = found.unwrap_or_else(|| panic!("{span:?} of {mine:?}"));
        assert!(ready.until > ready.since);
        let Made::Woken(_, cpu) = ready.made else {
            continue;
        };
        let who = line.waker(Tid(nix::unistd::gettid().as_raw() as u32), cpu, ready.since);
        assert!(who.is_some(), "it was on that core at that moment");
    }
}
