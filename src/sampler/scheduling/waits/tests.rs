//! Threads of this very test, blocked in known ways.

use std::io::Read as _;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::*;
use crate::model::scheduling::spent::Cause;
use crate::model::scheduling::wait::{Limit, Wait};

fn own(waits: &mut Waits) -> ProcId {
    let dir = ProcDir::open(&waits.root).expect("a /proc");
    let pid = Pid(std::process::id());
    let start = start(&dir, pid, 4096).expect("we live");
    ProcId { pid, start }
}

/// Reads again and again until a thread waits as it should, which it does a moment after it said so.
fn until(waits: &mut Waits, tid: Tid, is: impl Fn(&ThreadRow) -> bool) -> Option<ThreadRow> {
    let of = own(waits);
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let threads = waits.threads(of, &[tid]).expect("our own threads");
        let row = threads.get(tid).expect("it lives").clone();
        let detail = row.detail.as_ref().expect("shown threads are read");
        if detail.waiting.what == Wait::Hidden {
            println!("skipped: this machine does not show system calls");
            return None;
        }
        if is(&row) {
            return Some(row);
        }
        std::thread::yield_now();
    }
    panic!("it never waited so");
}

fn what(row: &ThreadRow) -> &Wait {
    &row.detail.as_ref().expect("detail").waiting.what
}

#[test]
fn a_blocked_read_names_its_descriptor() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let fd = reader.as_raw_fd();
    let (tell, told) = channel();
    let thread = std::thread::Builder::new()
        .name("reading".into())
        .spawn(move || {
            tell.send(Tid(nix::unistd::gettid().as_raw() as u32))
                .expect("told");
            let _ = reader.read(&mut [0]);
        });
    let tid = told.recv().expect("a thread");
    let mut waits = Waits::new(&ProcRoot::live());
    if let Some(row) = until(&mut waits, tid, |r| matches!(what(r), Wait::On { .. })) {
        let Wait::On { verb, fd: on } = what(&row) else {
            unreachable!();
        };
        assert_eq!((*verb, on.number), ("read of", fd));
        assert!(on.target.as_ref().is_ok_and(|t| t.starts_with("pipe:[")));
        assert_eq!(row.name.as_str(), "reading");
        let detail = row.detail.expect("detail");
        let stack = detail.stack.expect("its own stack");
        assert!(stack.used.0 > 0 && stack.used.0 < 1 << 20 && stack.used <= stack.size);
        assert!(detail.switches.is_ok());
    }
    drop(writer);
    thread.expect("spawned").join().expect("ended");
}

/// A server that polls its listener has nothing to do; a client that polls its connection waits for an answer.
#[test]
fn who_polls_a_listener_alone_has_nothing_to_do() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("bound");
    let client = std::net::TcpStream::connect(at).expect("it listens");
    let (taken, _) = listener.accept().expect("the client");
    let polled: [(std::os::fd::OwnedFd, bool); 2] = [
        (listener.try_clone().expect("another").into(), true),
        (client.try_clone().expect("another").into(), false),
    ];
    for (fd, idle) in polled {
        let mut waits = Waits::new(&ProcRoot::live());
        let (tell, told) = channel();
        let thread = std::thread::spawn(move || {
            tell.send(Tid(nix::unistd::gettid().as_raw() as u32))
                .expect("told");
            let mut polled = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
            poll(&mut polled, PollTimeout::NONE)
        });
        let tid = told.recv().expect("a thread");
        let polls = |r: &ThreadRow| matches!(what(r), Wait::Any { .. });
        if let Some(row) = until(&mut waits, tid, polls) {
            let waiting = &row.detail.as_ref().expect("detail").waiting;
            let cause = Cause::of(waiting).expect("it waits");
            assert_eq!(cause.kind().is_idle(), idle, "{waiting:?}");
        }
        // Both are woken by this: one by a connection, the other by a byte.
        if idle {
            drop(std::net::TcpStream::connect(at).expect("it listens"));
        } else {
            std::io::Write::write_all(&mut (&taken), b"x").expect("room");
        }
        assert_eq!(thread.join().expect("ended"), Ok(1));
    }
}

#[test]
fn a_sleep_tells_its_length() {
    let (tell, told) = channel();
    let (stop, stopped) = channel::<()>();
    let thread = std::thread::spawn(move || {
        tell.send(Tid(nix::unistd::gettid().as_raw() as u32))
            .expect("told");
        let _ = stopped.recv_timeout(Duration::from_mins(10));
    });
    let tid = told.recv().expect("a thread");
    let mut waits = Waits::new(&ProcRoot::live());
    let asleep = |r: &ThreadRow| matches!(what(r), Wait::Futex(f) if f.limit != Limit::None);
    if let Some(row) = until(&mut waits, tid, asleep) {
        let Wait::Futex(futex) = what(&row) else {
            unreachable!();
        };
        let (Limit::Left(left) | Limit::Asked(left)) = futex.limit else {
            unreachable!();
        };
        assert!(left.seconds() > 500.0 && left.seconds() <= 600.0, "{left}");
        assert!(futex.place.is_some());
    }
    stop.send(()).expect("it waits");
    thread.join().expect("ended");
}

#[test]
fn many_threads_are_read_in_turns_and_shown_ones_first() {
    let mut waits = Waits::new(&ProcRoot::live());
    let rows: Vec<ThreadRow> = (0..1000)
        .map(|n| {
            let id = ThreadId {
                tid: Tid(n),
                start: Ticks(1),
            };
            waits.row(id, SafeText::default(), Stat::default())
        })
        .collect();
    let shown: Vec<Tid> = (900..940).map(Tid).collect();
    let mut seen = HashSet::new();
    for _ in 0..5 {
        let chosen = waits.chosen(&shown, &rows);
        assert!(chosen.len() <= IN_DETAIL && chosen[..40] == (900..940).collect::<Vec<_>>());
        seen.extend(chosen);
    }
    assert_eq!(seen.len(), 1000, "everyone had a turn");
    assert!(waits.chosen(&[Tid(5000)], &[]).is_empty());
}

#[test]
fn another_process_with_the_same_number_is_gone() {
    let mut waits = Waits::new(&ProcRoot::live());
    let mut other = own(&mut waits);
    other.start.0 += 1;
    assert_eq!(waits.threads(other, &[]).err(), Some(Missing::Gone));
}

#[test]
#[ignore = "measures: a thousand threads of this very test, as the tab Threads reads them"]
fn how_long_a_thousand_threads_take() {
    let held = Arc::new(std::sync::Mutex::new(()));
    let guard = held.lock().expect("free");
    let threads: Vec<_> = (0..1000)
        .map(|_| {
            let held = Arc::clone(&held);
            std::thread::spawn(move || drop(held.lock()))
        })
        .collect();
    let mut waits = Waits::new(&ProcRoot::live());
    let of = own(&mut waits);
    let shown: Vec<Tid> = waits.threads(of, &[]).expect("ours").rows[..48]
        .iter()
        .map(|row| row.id.tid)
        .collect();
    let mut took: Vec<Duration> = (0..40)
        .map(|_| {
            let began = Instant::now();
            let read = waits.threads(of, &shown).expect("our own threads");
            assert!(read.rows.len() > 1000);
            began.elapsed()
        })
        .collect();
    took.sort();
    println!(
        "1,000 threads: half in {:?}, all in {:?}",
        took[20], took[39]
    );
    drop(guard);
    for thread in threads {
        thread.join().expect("it ends");
    }
}
