//! Each way to sweep against a full scan, while processes of ours come, go, run and change.

mod ends;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::model::process::stat::Stat;
use crate::model::scene::Scene;
use crate::sampler::scheduling::switches;
use crate::sampler::sweeper::Sweeper;
use crate::sampler::{Desk, Tell};
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf::Reader;
use crate::sys::source::{Probe, Source};

/// A shell that does what it is told, line by line, and says when it has.
struct Puppet {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Puppet {
    fn new() -> Self {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            "while read -r order; do eval \"$order\"; echo done; done",
        ]);
        let mut child = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        Self {
            orders: child.stdin.take().expect("piped"),
            answers: BufReader::new(child.stdout.take().expect("piped")),
            child,
        }
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("it listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("it answers");
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = writeln!(self.orders, "kill $kids; exit");
        let _ = self.child.wait();
    }
}

/// What is compared of a process: all but memory, which the kernel may take from a sleeper.
fn table(sweeper: &Sweeper) -> HashMap<ProcId, Stat> {
    let sample = sweeper.sample().expect("a tick was made");
    let row = |t: &TaskSample| {
        let stat = Stat {
            resident: crate::model::id::Bytes(0),
            ..t.stat
        };
        (t.id, stat)
    };
    sample.tasks.iter().map(row).collect()
}

fn scan() -> HashMap<ProcId, Stat> {
    let mut sweeper = Sweeper::new(&ProcRoot::live()).expect("there is a /proc");
    sweeper.tick(clock::now(), &plan()).expect("it lists");
    table(&sweeper)
}

fn plan() -> Plan {
    Plan {
        interval: Nanos::from_millis(1000),
        ..Plan::default()
    }
}

/// Whether a row that said something else than the two scans around it comes to agree with such scans.
///
/// The process may have had a moment on a core, or off it, too short for any counter; a row that is stale stays so.
fn settles(sweeper: &mut Sweeper, id: ProcId) -> bool {
    (0..200).any(|_| {
        let before = scan();
        sweeper.tick(clock::now(), &plan()).expect("it lists");
        let told = table(sweeper);
        let after = scan();
        !after.contains_key(&id)
            || (before.get(&id) == after.get(&id) && told.get(&id) == after.get(&id))
    })
}

/// Churns, and after each round compares what stood still between two scans with what the sweep between them says.
fn agrees_under_churn(mut sweeper: Sweeper, mode: Mode) {
    let mut puppets: Vec<Puppet> = (0..4).map(|_| Puppet::new()).collect();
    // The second tick already uses what the first has opened.
    for _ in 0..2 {
        sweeper.tick(clock::now(), &plan()).expect("it lists");
    }
    let mut compared = 0;
    let mut earlier = HashMap::<ProcId, Stat>::new();
    for round in 0..24 {
        let puppet = &mut puppets[round % 4];
        puppet.order(match round % 6 {
            0 => "sleep 1000 & kids=\"$kids $!\"",
            1 => "true; true; (true; true)",
            2 => "orphan=$(sleep 1000 >/dev/null & echo $!); kids=\"$kids $orphan\"",
            3 => "n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done",
            4 => "kill $kids; kids=",
            _ => "renice -n 5 -p $$ >&2 || :",
        });
        let before = scan();
        sweeper.tick(clock::now(), &plan()).expect("it lists");
        let told = table(&sweeper);
        let after = scan();
        assert_eq!(sweeper.sample().map(|s| s.mode), Some(mode));
        // Processes of others may hide from events; ours and theirs must at least be there.
        let ours: Vec<Pid> = puppets.iter().map(|p| Pid(p.child.id())).collect();
        let mut moments = Vec::new();
        for (id, stat) in &before {
            if after.get(id) != Some(stat) {
                continue;
            }
            assert!(told.contains_key(id), "round {round}: {id:?} is missing");
            if ours.contains(&id.pid) || ours.contains(&stat.ppid) {
                let mut told = told[id];
                // Who was woken and waits for its next moment on a core has not run: nobody tells of it yet, nor to which
                // core's queue it was moved meanwhile.
                if mode == Mode::Events && stat.state == State::Running {
                    (told.state, told.processor) = (State::Running, stat.processor);
                }
                if told == *stat {
                    compared += 1;
                } else {
                    moments.push(*id);
                }
            }
        }
        for id in moments {
            assert!(settles(&mut sweeper, id), "round {round}: {id:?} is stale");
        }
        // One that nobody has seen before may have begun after the first scan and ended before the second.
        for id in told.keys().filter(|id| earlier.contains_key(*id)) {
            let there = before.contains_key(id) || after.contains_key(id);
            assert!(there, "round {round}: {id:?} is long gone");
        }
        earlier = after;
    }
    assert!(compared >= 50, "only {compared} rows stood still");
    for puppet in &mut puppets {
        puppet.order("kill $kids");
    }
}

#[test]
fn a_scan_agrees_with_a_full_scan_under_churn() {
    let sweeper = Sweeper::new(&ProcRoot::live()).expect("there is a /proc");
    agrees_under_churn(sweeper, Mode::Scan);
}

#[test]
fn the_connector_agrees_with_a_full_scan_under_churn() {
    if let Err(why) = Connector::open() {
        eprintln!("skipped: {why}");
        return;
    }
    let sweeper = Sweeper::new(&ProcRoot::live()).expect("there is a /proc");
    let tracking = Tracking {
        few: 0,
        ..Tracking::new(Feed::default(), None)
    };
    agrees_under_churn(sweeper.by(tracking), Mode::Connector);
}

#[test]
fn events_agree_with_a_full_scan_under_churn() {
    let root = ProcRoot::live();
    if Reader::of_all(&cores::online(&root)).is_err() {
        eprintln!("skipped: the kernel does not tell this user of switches");
        return;
    }
    let feed = Feed::default();
    feed.want(true);
    let desk = Arc::new(Desk::new(plan()));
    let recorder = {
        let (desk, feed) = (Arc::clone(&desk), feed.clone());
        let tell: Tell = Arc::new(|_| {});
        std::thread::spawn(move || switches::record(&ProcRoot::live(), &desk, &feed, &tell))
    };
    let since = Instant::now();
    while feed.take().is_none() {
        assert!(since.elapsed() < Duration::from_mins(1), "nobody listens");
        std::thread::yield_now();
    }
    feed.note(Changes {
        lost: true,
        ..Changes::default()
    });
    let sweeper = Sweeper::new(&root).expect("there is a /proc");
    agrees_under_churn(sweeper.listening(feed, None), Mode::Events);
    desk.page().ended = true;
    desk.changed.notify_all();
    recorder.join().expect("it ends");
}

/// Tells what a test put there.
struct Stand(Arc<Mutex<Announced>>);

impl Teller for Stand {
    fn drain(&mut self) -> Announced {
        std::mem::take(&mut *self.0.lock().expect("nobody dies with it"))
    }
}

/// A source that says for how long the machine has been up.
struct Uptime(Arc<Mutex<Nanos>>);

impl Source<Sample> for Uptime {
    fn name(&self) -> &'static str {
        "uptime"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&[])
    }
    fn fills(&self) -> Needs {
        Needs::empty()
    }
    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        into.system.uptime = *self.0.lock().expect("nobody dies with it");
        Ok(())
    }
}

const fn s(n: u64) -> Nanos {
    Nanos(n * 1_000_000_000)
}

fn put(root: &ProcRoot, pid: u32) {
    std::fs::create_dir_all(root.proc(pid.to_string())).expect("made");
    let text = format!("{pid} (p) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {pid} 4096 1\n");
    std::fs::write(root.proc(format!("{pid}/stat")), text).expect("written");
}

fn pids(sweeper: &Sweeper) -> Vec<u32> {
    let sample = sweeper.sample().expect("a tick was made");
    sample.tasks.iter().map(|t| t.id.pid.0).collect()
}

/// A proc tree with one process, and what is known of its uptime.
fn machine() -> (tempfile::TempDir, ProcRoot, Arc<Mutex<Nanos>>) {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    put(&root, 1);
    (dir, root, Arc::new(Mutex::new(s(1000))))
}

#[test]
fn what_the_connector_lost_is_made_up_for_by_one_scan() {
    let (_dir, root, _) = machine();
    let told = Arc::<Mutex<Announced>>::default();
    let mut sweeper = Sweeper::with(&root, Vec::new())
        .expect("there is a proc tree")
        .by(Tracking {
            connector: Listening::Now(Box::new(Stand(Arc::clone(&told)))),
            ..Tracking::default()
        });
    sweeper.tick(s(1), &plan()).expect("it lists");
    put(&root, 2);
    put(&root, 3);
    told.lock().expect("whole").born = [Pid(3)].into();
    sweeper.tick(s(2), &plan()).expect("it lists");
    assert_eq!(pids(&sweeper), [1, 3], "who is told of, without a listing");
    told.lock().expect("whole").lost = true;
    sweeper.tick(s(3), &plan()).expect("it lists");
    assert_eq!(pids(&sweeper), [1, 2, 3], "everybody, after a loss");
    put(&root, 4);
    sweeper.tick(s(4), &plan()).expect("it lists");
    assert_eq!(pids(&sweeper), [1, 2, 3], "one scan, not two");
    assert_eq!(sweeper.sample().map(|s| s.mode), Some(Mode::Connector));
}

#[test]
fn after_a_suspended_machine_wakes_everybody_is_read_once() {
    let (_dir, root, uptime) = machine();
    let feed = Feed::default();
    let nothing: Arc<Mutex<dyn crate::sys::process::changes::Drain>> = Arc::new(Mutex::new(Silent));
    feed.fill_by(Some(nothing));
    let sources: Vec<Box<dyn Source<Sample>>> = vec![Box::new(Uptime(Arc::clone(&uptime)))];
    let mut sweeper = Sweeper::with(&root, sources)
        .expect("there is a proc tree")
        .listening(feed, None);
    let mut tick = |at: u64, up: u64| {
        *uptime.lock().expect("whole") = s(up);
        sweeper.tick(s(at), &plan()).expect("it lists");
        pids(&sweeper)
    };
    tick(1, 1000);
    put(&root, 2);
    assert_eq!(tick(2, 1001), [1], "nobody told of it");
    assert_eq!(tick(3, 4602), [1], "an hour has passed by one clock only");
    assert_eq!(tick(4, 4603), [1, 2], "so this one is a full scan");
    put(&root, 3);
    assert_eq!(tick(5, 4604), [1, 2], "and the next is not");
    assert_eq!(tick(6, 0), [1, 2]);
    assert_eq!(
        tick(7, 4606),
        [1, 2],
        "an uptime that was not read says nothing"
    );
}

#[test]
fn a_loss_keeps_no_descriptors_and_a_flood_of_losses_does() {
    let feed = Feed::default();
    feed.fill_by(Some(Arc::new(Mutex::new(Silent))));
    let mut tracking = Tracking::new(feed.clone(), None);
    let mut table = Table::new(&ProcRoot::live(), 4096).expect("there is a /proc");
    let (mut tasks, mut kept) = (Vec::new(), Vec::new());
    for at in 1..=6 {
        feed.note(Changes {
            lost: at != 3,
            ..Changes::default()
        });
        let swept = tracking.sweep(&mut table, &tasks, s(at), &plan());
        tasks = swept.expect("it lists").1;
        // Zombies are read each time, and some machines have many.
        let buried = |t: &&TaskSample| matches!(t.stat.state, State::Zombie | State::Dead);
        let zombies = tasks.iter().filter(buried).count();
        kept.push(table.kept() > zombies + (tasks.len() - zombies) / 2);
    }
    assert_eq!(kept, [false, false, false, false, false, true]);
}

/// Has nothing to tell.
struct Silent;

impl crate::sys::process::changes::Drain for Silent {
    fn drain(&mut self) {}
}

#[test]
fn events_are_asked_for_only_while_they_cost_less_than_they_save() {
    let mut scene = Scene::new();
    for pid in 1..=FEW as u32 {
        scene.task(pid, 0, "p");
    }
    let feed = Feed::default();
    let mut tracking = Tracking::new(feed.clone(), None);
    let mut ask = |switches: u64| {
        let before = scene.sample.clone();
        scene.sample.at.0 += 1_000_000_000;
        scene.sample.system.uptime.0 += 1_000_000_000;
        let known = scene.sample.system.switches.unwrap_or(0);
        scene.sample.system.switches = Ok(known + switches);
        tracking.choose(Some(&before), &scene.sample);
        feed.wanted()
    };
    let saved = (FEW as f64 * SAVED_PER_PROCESS) as u64;
    assert!(ask(saved - 1), "cheaper than reading everybody");
    assert!(ask(saved * 2 - 1), "it stays while it is not clearly worse");
    assert!(!ask(saved * 2), "twice as costly");
    assert!(
        !ask(saved),
        "and it comes back only when it is cheaper again"
    );
    assert!(ask(saved - 1));
    scene.end(1);
    let mut tracking = Tracking::new(feed.clone(), None);
    tracking.choose(None, &scene.sample);
    assert!(!feed.wanted(), "a few are read faster than sorted out");
    let mut tracking = Tracking::new(feed.clone(), Some(Mode::Events));
    tracking.choose(None, &scene.sample);
    assert!(feed.wanted(), "unless somebody asks for it");
}

#[test]
fn the_way_that_was_asked_for_is_kept_to_or_the_fault_is_named() {
    let (_dir, root, _) = machine();
    let feed = Feed::default();
    feed.fill_by(Some(Arc::new(Mutex::new(Silent))));
    let mode = |only: Mode| {
        let mut sweeper = Sweeper::with(&root, Vec::new()).expect("there is a proc tree");
        sweeper = sweeper.listening(feed.clone(), Some(only));
        for at in 1..=BEGINNING.into() {
            sweeper.tick(s(at), &plan()).expect("it lists");
        }
        let sample = sweeper.into_sample().expect("a tick was made");
        let why = sample.faults.into_iter().map(|f| f.why.to_string());
        // A busy machine answers other questions late, which is told too.
        let why = why.filter(|why| !why.contains("no answer for"));
        (sample.mode, why.collect::<Vec<_>>().concat())
    };
    assert_eq!(mode(Mode::Scan), (Mode::Scan, String::new()));
    assert_eq!(mode(Mode::Events), (Mode::Events, String::new()));
    let (got, why) = mode(Mode::Connector);
    assert!(
        got == Mode::Connector || why.contains("'connector'"),
        "{got:?}: {why}"
    );
    feed.fill_by(None);
    let (got, why) = mode(Mode::Events);
    assert!(
        got != Mode::Events && why.contains("'events'"),
        "{got:?}: {why}"
    );
}

#[test]
fn what_was_told_of_an_end_serves_one_sweep_whatever_the_way_of_the_next() {
    let (_dir, root, _up) = machine();
    put(&root, 7);
    let feed = Feed::default();
    feed.fill_by(Some(Arc::new(Mutex::new(Silent))));
    let mut table = Table::new(&root, 4096).expect("there is a proc tree");
    let mut tracking = Tracking::new(feed.clone(), None);
    feed.want(true);
    tracking.exits.insert(Pid(7), 3 << 8);
    let swept = tracking.sweep(&mut table, &[], s(1), &plan());
    assert_eq!(swept.expect("it lists").0, Mode::Events);
    assert!(tracking.exits().is_empty(), "7 may be somebody else now");
}
