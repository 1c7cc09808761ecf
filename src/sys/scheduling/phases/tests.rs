//! A thread of this very test with known phases, counted by the kernel and by it.

use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::sync::mpsc::channel;

use super::*;

fn begin() -> Option<Tracing> {
    match Tracing::begin(&ProcRoot::live(), Pid(std::process::id())) {
        Ok(tracing) => Some(tracing),
        Err(refused) => {
            println!("skipped: {refused}");
            None
        }
    }
}

fn own_tid() -> Tid {
    Tid(nix::unistd::gettid().as_raw() as u32)
}

#[test]
fn each_wait_is_told_by_its_call_and_its_descriptor() {
    let Some(tracing) = begin() else { return };
    let (mut from, mut to) = io::pipe().expect("a pipe");
    let (mut echoed, mut echo) = io::pipe().expect("a pipe");
    let (tell, told) = channel();
    let fd = from.as_raw_fd();
    let thread = std::thread::spawn(move || {
        tell.send(own_tid()).expect("heard");
        let mut byte = [0];
        while from.read(&mut byte).expect("a pipe") > 0 {
            echo.write_all(&byte).expect("room");
        }
    });
    let tid = told.recv().expect("a thread");
    let waits_in_read = || {
        let text = format!("/proc/self/task/{}/syscall", tid.0);
        let begins = format!("{} {fd:#x} ", libc::SYS_read);
        std::fs::read_to_string(text).is_ok_and(|told| told.starts_with(&begins))
    };
    let wait = || {
        while !waits_in_read() {
            std::thread::yield_now();
        }
    };
    wait();
    let first = tracing.read().expect("it reads");
    for n in 0..100_u8 {
        to.write_all(&[n]).expect("room");
        echoed.read_exact(&mut [0]).expect("echoed");
        wait();
    }
    let last = tracing.read().expect("it reads");
    let until = |counted: &Counted| counted.threads[&tid].clone().until(counted.at);
    let grown = until(&last).grown(Some(&until(&first)));
    let read = site(
        Sleep::Light,
        Number {
            number: libc::SYS_read as u32,
            narrow: false,
        },
        fd as u64,
    );
    let on_it = grown.blocked[&read];
    assert_eq!(on_it.calls, 100, "{grown:?}");
    assert!(grown.slices >= 100, "each wait ends with a core: {grown:?}");
    assert_eq!(
        grown.span(),
        last.at.since(first.at),
        "it slept while it was read"
    );
    assert_eq!(last.threads[&tid].now, Phase::Blocked(read));
    drop(to);
    thread.join().expect("it ends");
    // Whoever joins a thread is woken a little before that leaves its core for good.
    let ended = loop {
        let told = tracing.read().expect("it reads");
        if told.threads[&tid].now == Phase::Ended {
            break told;
        }
        std::thread::yield_now();
    };
    tracing.forget(tid, &ended.threads[&tid]);
    let after = tracing.read().expect("it reads");
    assert!(!after.threads.contains_key(&tid));
    assert_eq!(tracing.lost(), 0);
}

/// Some kernels tell nothing while a certain thread has the core, so neither who was woken then nor who came next.
#[test]
fn a_switch_that_was_not_told_makes_no_wait_of_a_run() {
    let Some(tracing) = begin() else { return };
    let (mut from, to) = io::pipe().expect("a pipe");
    let (tell, told) = channel();
    let cpu = || {
        let spent = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID);
        let spent = spent.expect("a clock");
        spent.tv_sec() as u64 * 1_000_000_000 + spent.tv_nsec() as u64
    };
    let number = libc::SYS_read as u32;
    let narrow = false;
    let slept = site(Sleep::Light, Number { number, narrow }, 1_000_000);
    // As though it had slept for a second, and nothing had been told of it since. It says so itself, while it has a core.
    let as_though = |tid: Tid, ran: u64| {
        let mut value = [0_u64; VALUE / 8];
        let mut set = |at: i16, to: u64| value[at as usize / 8] = to;
        for (at, to) in [
            (STATE, IS_BLOCKED as u64),
            (SINCE, clock::now().0 - 1_000_000_000),
            (SITE, word_of(tid, &slept)),
            (FIRST, slept.first),
            (RAN, ran),
        ] {
            set(at, to);
        }
        let value: Vec<u8> = value.iter().flat_map(|w| w.to_ne_bytes()).collect();
        let key = u64::from(tid.0).to_ne_bytes();
        tracing.threads.set(&key, &value).expect("room");
    };
    let (ran, runs, phases) = std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let (tid, ran) = (own_tid(), cpu());
            as_though(tid, ran);
            while cpu() - ran < 100_000_000 {}
            tell.send((tid, ran, cpu())).expect("heard");
            let _ = from.read(&mut [0]);
        });
        let (tid, ran, runs) = told.recv().expect("it ran");
        let phases = loop {
            let phases = tracing.read().expect("it reads").threads[&tid].clone();
            if matches!(phases.now, Phase::Blocked(site) if site != slept) {
                break phases;
            }
            std::thread::yield_now();
        };
        drop(to);
        thread.join().expect("it ends");
        (ran, runs, phases)
    });
    let truly = runs - ran;
    assert!(
        phases.running.0.abs_diff(truly) < truly / 20,
        "{phases:?}, truly {truly}"
    );
    assert!(
        phases.blocked[&slept].span >= Nanos::from_millis(900),
        "{phases:?}"
    );
}

/// Not a test: what `whoever_runs_another_program_takes_the_number_of_the_first_thread` starts. Tests are no first threads.
#[test]
#[ignore = "part of another test"]
fn runs_another_program() {
    use std::os::unix::process::CommandExt as _;
    eprintln!("{}", own_tid());
    let mut input = std::fs::File::open("/proc/self/fd/0").expect("a pipe");
    input.read_exact(&mut [0]).expect("told to");
    panic!("{}", std::process::Command::new("cat").exec());
}

#[test]
fn whoever_runs_another_program_takes_the_number_of_the_first_thread() {
    use std::io::BufRead as _;
    use std::process::{Command, Stdio};
    let own = std::env::current_exe().expect("a program");
    let mut child = Command::new(own)
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("sys::scheduling::phases::tests::runs_another_program")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = io::BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it tells");
    let tid = Tid(line.trim().parse().expect("a number"));
    let first = Tid(child.id());
    assert_ne!(tid, first);
    let tracing = Tracing::begin(&ProcRoot::live(), Pid(child.id()));
    let (mut to, mut from) = (
        child.stdin.take().expect("piped"),
        io::BufReader::new(child.stdout.take().expect("piped")),
    );
    to.write_all(b"xecho\n").expect("it reads");
    while !line.ends_with("echo\n") {
        line.clear();
        from.read_line(&mut line).expect("it lives");
    }
    match &tracing {
        Err(refused) => println!("skipped: {refused}"),
        Ok(tracing) => {
            let told = tracing.read().expect("it reads").threads;
            assert_eq!(told[&tid].now, Phase::Ended, "{told:?}");
            assert_ne!(told[&first].now, Phase::Ended, "{told:?}");
        }
    }
    drop(to);
    child.wait().expect("it ends");
}

/// A process that forks others, which end at once: each is counted from its fork, whose it is and what it is called is known.
#[test]
fn whoever_is_forked_is_counted_from_the_fork_on() {
    use std::process::{Command, Stdio};
    let mut shell = Command::new("sh")
        .args([
            "-c",
            "read go; for n in 1 2 3; do (true | cat) | cat; done; cat",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let tracing = Tracing::of_kin(&ProcRoot::live(), &[Pid(shell.id())]);
    let mut to = shell.stdin.take().expect("piped");
    to.write_all(b"go\nend\n").expect("it reads");
    let mut said = [0; 4];
    let out = shell.stdout.as_mut().expect("piped");
    out.read_exact(&mut said).expect("it comes to the last one");
    assert_eq!(&said, b"end\n");
    match tracing {
        Err(refused) => println!("skipped: {refused}"),
        Ok(tracing) => {
            let told = tracing.read().expect("it reads");
            let mut pids: Vec<Pid> = told.owners.values().map(|o| o.pid).collect();
            pids.dedup();
            assert!(pids.len() >= 8, "{told:?}");
            let ended = told.owners.iter().filter(|(tid, owner)| {
                told.threads[*tid].now == Phase::Ended && owner.name.as_str() == "cat"
            });
            let ended: Vec<_> = ended.map(|(tid, owner)| (*tid, owner.clone())).collect();
            assert!(ended.len() >= 6, "{told:?}");
            for (tid, owner) in &ended {
                assert_eq!(owner.pid.0, tid.0, "its only thread");
                assert!(owner.start > Nanos(0) && owner.start <= clock::since_boot());
                assert!(told.threads[tid].running > Nanos(0), "{told:?}");
            }
            // The last one lives, and has that name since it runs that program.
            let lives = told.owners.iter().any(|(tid, owner)| {
                told.threads[tid].now != Phase::Ended && owner.name.as_str() == "cat"
            });
            assert!(lives, "{told:?}");
            // This test forks too, and is no kin.
            assert!(!told.owners.values().any(|o| o.pid.0 == std::process::id()));
        }
    }
    drop(to);
    shell.wait().expect("it ends");
}
