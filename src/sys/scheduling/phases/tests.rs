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
