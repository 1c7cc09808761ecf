//! Each way to sweep against a full scan, while processes of ours come, go, run and change.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::sweeper::Sweeper;
use super::super::{Desk, Tell, switches};
use super::*;
use crate::model::id::ProcId;
use crate::model::stat::Stat;
use crate::sys::clock;
use crate::sys::root::ProcRoot;

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

/// Whether a row that said "running" between two scans which said otherwise comes to agree with the scans around it.
///
/// The process may have had a moment on a core, too short for any counter; a row that is stale stays so.
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
                // Who was woken and waits for its first moment on a core has not run: nobody tells of it yet.
                if mode == Mode::Events && stat.state == State::Running {
                    told.state = State::Running;
                }
                if told.state == State::Running && stat.state != State::Running {
                    moments.push(*id);
                    continue;
                }
                assert_eq!(told, *stat, "round {round}: {id:?}");
                compared += 1;
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
    let tier = Tier {
        few: 0,
        ..Tier::new(Feed::default())
    };
    agrees_under_churn(sweeper.by(tier), Mode::Connector);
}

#[test]
fn events_agree_with_a_full_scan_under_churn() {
    let feed = Feed::default();
    feed.want(true);
    let desk = Arc::new(Desk::new(plan()));
    let recorder = {
        let (desk, feed) = (Arc::clone(&desk), feed.clone());
        let tell: Tell = Arc::new(|_| {});
        std::thread::spawn(move || switches::record(&ProcRoot::live(), &desk, &feed, &tell))
    };
    let since = Instant::now();
    while feed.take().is_none() && since.elapsed() < Duration::from_secs(3) {
        std::thread::yield_now();
    }
    if feed.take().is_some() {
        feed.note(|all| all.lost = true);
        let sweeper = Sweeper::new(&ProcRoot::live()).expect("there is a /proc");
        agrees_under_churn(sweeper.listening(feed), Mode::Events);
    } else {
        eprintln!("skipped: the kernel does not tell this user of switches");
    }
    desk.page().ended = true;
    desk.changed.notify_all();
    recorder.join().expect("it ends");
}
