use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::*;
use crate::model::id::Pid;

/// Starts over the running kernel and hands out what is told.
fn start(plan: Plan) -> (Samplers, Receiver<News>) {
    let (sender, news) = channel();
    let sender = Mutex::new(sender);
    let tell: Tell = Arc::new(move |news| {
        let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = sender.send(news);
    });
    let samplers =
        Samplers::start(ProcRoot::live(), plan, None, None, &tell).expect("threads start");
    (samplers, news)
}

fn snapshot(news: &Receiver<News>) -> Arc<Snapshot> {
    loop {
        match news.recv().expect("the sampler lives") {
            News::Snapshot(snapshot) => return snapshot,
            News::Lost { thread, why } => panic!("{thread}: {why}"),
            News::Detail(_) | News::Switches(_) => {}
        }
    }
}

fn plan(ms: u64) -> Plan {
    Plan {
        interval: Nanos::from_millis(ms),
        ..Plan::default()
    }
}

#[test]
fn tells_of_this_process_and_then_of_its_rates() {
    let (_samplers, news) = start(plan(20));
    let me = Pid(std::process::id());
    let first = snapshot(&news);
    assert_eq!(first.span, None, "one sample has no rates");
    let us = first.by_pid(me).expect("we are there");
    assert!(us.stat.threads >= 2 && us.facts.uid.is_ok());
    assert!(!first.system.cores.is_empty());
    while !news_has_rates(&snapshot(&news), me) {}
}

fn news_has_rates(snapshot: &Snapshot, me: Pid) -> bool {
    let us = snapshot.by_pid(me).expect("we are there");
    us.cpu.is_ok() && us.facts.command.as_ref().is_ok_and(|c| !c.is_empty())
}

#[test]
fn a_new_plan_is_answered_long_before_the_next_tick() {
    let (samplers, news) = start(plan(3_600_000));
    let me = Pid(std::process::id());
    let id = snapshot(&news).by_pid(me).expect("we are there").id;
    samplers.replan(Plan {
        needs: Needs::STATUS | Needs::SCHEDSTAT,
        visible: vec![id].into(),
        ..plan(3_600_000)
    });
    loop {
        let now = snapshot(&news);
        let Some(extra) = &now.get(id).expect("we are there").extra else {
            continue;
        };
        assert!(extra.status.is_ok() && extra.schedstat.is_ok());
        assert_eq!(extra.io, Err(crate::model::reading::Missing::Soon));
        break;
    }
}

#[test]
fn once_reads_everything_of_all() {
    let root = ProcRoot::live();
    let all = Plan {
        of_all: Needs::STATUS
            | Needs::IO
            | Needs::CGROUP
            | Needs::PSS
            | Needs::THREADS
            | Needs::EXE
            | Needs::COMMANDS,
        ..Plan::default()
    };
    let sample = once(&root, &all).expect("there is a /proc");
    let me = Pid(std::process::id());
    let us = sample.tasks.iter().find(|t| t.id.pid == me);
    let us = us.expect("we are there");
    let extra = us.extra.as_ref().expect("asked for");
    assert!(extra.pss.expect("our own").0 > 0);
    assert!(extra.io.is_ok() && extra.exe.is_ok());
    assert!(us.facts.command.as_ref().is_ok_and(|c| !c.is_empty()));
    assert!(sample.threads.iter().filter(|t| t.of == us.id).count() >= 2);
    assert!(sample.tasks.iter().all(|t| t.extra.is_some()));
}

/// A source that has a core for over a quarter of a short interval.
struct Slow;

impl crate::sys::source::Source<Sample> for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn probe(&self) -> crate::sys::source::Probe {
        crate::sys::source::Probe::Examined(&[])
    }
    fn fills(&self) -> Needs {
        Needs::empty()
    }
    fn read(&mut self, _: &Plan, _: &mut Sample) -> Result<(), Error> {
        let began = clock::of_thread();
        while clock::of_thread().since(began) < Nanos::from_millis(15) {}
        Ok(())
    }
}

#[test]
fn ticks_that_take_over_a_quarter_of_the_interval_come_more_rarely_and_say_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    std::fs::create_dir_all(root.proc("")).expect("made");
    let sweeper = Sweeper::with(&root, vec![Box::new(Slow)]).expect("there is a proc tree");
    let (sender, news) = channel();
    let desk = Arc::new(Desk::new(plan(20)));
    let at_work = Arc::clone(&desk);
    let sampler = thread::spawn(move || {
        let sender = Mutex::new(sender);
        let tell: Tell = Arc::new(move |news| {
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = sender.send(news);
        });
        sample(sweeper, &Feed::default(), None, &at_work, &tell)
    });
    let said = |news: &Receiver<News>| {
        let faults = snapshot(news).faults.clone();
        faults
            .iter()
            .find(|f| f.source == "sampler")
            .map(|f| f.why.to_string())
    };
    let why = std::iter::repeat_with(|| said(&news)).flatten().next();
    let why = why.expect("it says so at last");
    assert!(why.contains("so there is one every"), "{why}");
    desk.page().ended = true;
    desk.changed.notify_all();
    sampler.join().expect("it ends").expect("it listed");
}

#[test]
fn without_a_proc_tree_the_thread_says_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let (sender, news) = channel();
    let sender = Mutex::new(sender);
    let tell: Tell = Arc::new(move |news| {
        let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = sender.send(news);
    });
    let root = ProcRoot::fixture(dir.path());
    let _samplers = Samplers::start(root, plan(20), None, None, &tell).expect("threads start");
    let News::Lost { thread, why } = news.recv().expect("it tells") else {
        panic!("there is nothing to sample");
    };
    assert_eq!(thread, "sampler");
    assert!(why.contains("proc"), "{why}");
}

#[test]
fn once_tells_what_a_process_holds_open() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let port = listener.local_addr().expect("bound").port();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let all = Plan {
        of_all: Needs::DESCRIPTORS,
        ..Plan::default()
    };
    let sample = once(&ProcRoot::live(), &all).expect("there is a /proc");
    let me = Pid(std::process::id());
    let us = sample.tasks.iter().find(|t| t.id.pid == me);
    let extra = us.and_then(|us| us.extra.clone()).expect("asked for");
    let opened = extra.opened.as_ref().expect("our own");
    assert!(opened.ports.contains(&port), "{:?}", opened.ports);
    let path = file.path().to_str().expect("plain text");
    assert!(opened.targets.iter().any(|t| t.as_str() == path));
}
