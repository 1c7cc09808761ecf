//! Threads that wake each other, and timers that wake them, counted by the kernel and by us.

use std::io::{Read as _, Write as _};
use std::sync::mpsc::channel;
use std::time::Duration;

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

fn tid() -> Tid {
    Tid(nix::unistd::gettid().as_raw() as u32)
}

#[test]
fn who_wakes_whom_is_counted_to_the_last() {
    let Some(tracing) = begin() else { return };
    let (mut from, mut to) = io::pipe().expect("a pipe");
    let (mut back_from, mut back) = io::pipe().expect("a pipe");
    let (tell, told) = channel();
    let other = std::thread::spawn(move || {
        tell.send(tid()).expect("heard");
        let mut byte = [0];
        while from.read_exact(&mut byte).is_ok() {
            back.write_all(&byte).expect("read");
        }
    });
    let other_tid = told.recv().expect("told");
    let mut byte = [7];
    for _ in 0..500 {
        to.write_all(&byte).expect("read");
        back_from.read_exact(&mut byte).expect("a byte");
    }
    let counted = tracing.read().expect("read");
    drop(to);
    other.join().expect("it ends");
    let waker = |tid| Waker::Thread(Pid(std::process::id()), tid);
    let me = waker(tid());
    // On one core each may find the byte there without sleeping, but never both in one round.
    let ways = [(other_tid, me), (tid(), waker(other_tid))];
    let told = ways.map(|key| counted.wakes.get(&key).cloned().unwrap_or_default());
    let sum: u64 = told.iter().map(|wake| wake.wakes).sum();
    assert!((500..=1002).contains(&sum), "{told:?}");
    for wake in told {
        let spread: u64 = wake.spread.0.iter().sum();
        assert_eq!(spread, wake.wakes, "each is in a bucket");
        assert!(wake.longest <= wake.waited);
    }
    // It was woken by none but us and interrupts; now and then by another test that held a lock of the memory which all
    // threads of this process share.
    let strangers = counted.wakes.iter().filter(|((whom, waker), _)| {
        *whom == other_tid && *waker != me && matches!(waker, Waker::Thread(..))
    });
    let strangers: u64 = strangers.map(|(_, wake)| wake.wakes).sum();
    assert!(strangers <= 20, "{:?}", counted.wakes.keys());
}

#[test]
fn a_timer_wakes_whoever_sleeps_and_not_the_thread_it_interrupts() {
    let Some(tracing) = begin() else { return };
    let before = tracing.read().expect("read");
    // Whether the last wake-up found it asleep is known when it leaves its core again.
    for _ in 0..21 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let after = tracing.read().expect("read");
    let mine = |counted: &Counted, waker| counted.wakes.get(&(tid(), waker)).map_or(0, |w| w.wakes);
    let timer = mine(&after, Waker::Timer) - mine(&before, Waker::Timer);
    let all: u64 = after
        .wakes
        .iter()
        .filter(|((whom, _), _)| *whom == tid())
        .map(|(_, w)| w.wakes)
        .sum();
    // On machines whose timer is an interrupt like others it is told by its number.
    let numbered: u64 = after
        .wakes
        .iter()
        .filter(|((whom, waker), _)| *whom == tid() && matches!(waker, Waker::Interrupt(_)))
        .map(|(_, w)| w.wakes)
        .sum();
    assert!(
        timer + numbered >= 20,
        "{timer} of {all}: {:?}",
        after.wakes.keys()
    );
}

#[test]
fn every_wake_up_is_told_with_its_moment_and_who_did_it() {
    let mut each = match Each::begin(&ProcRoot::live(), 4096) {
        Ok(each) => each,
        Err(refused) => {
            println!("skipped: {refused}");
            return;
        }
    };
    let (mut from, mut to) = io::pipe().expect("a pipe");
    let (tell, told) = channel();
    let other = std::thread::spawn(move || {
        tell.send(tid()).expect("heard");
        let mut byte = [0];
        let mut moments = Vec::new();
        while from.read_exact(&mut byte).is_ok() {
            moments.push(clock::now());
            tell.send(tid()).expect("heard");
        }
        moments
    });
    let other_tid = told.recv().expect("told");
    let stat = format!("/proc/self/task/{other_tid}/stat");
    let before = clock::now();
    for _ in 0..50 {
        // Only who sleeps is woken.
        while !std::fs::read_to_string(&stat)
            .expect("it lives")
            .contains(") S ")
        {
            std::thread::yield_now();
        }
        to.write_all(&[7]).expect("read");
        told.recv().expect("heard");
    }
    drop(to);
    let moments = other.join().expect("it ends");
    let mut wakes = Vec::new();
    each.read(|woken| wakes.push(woken));
    let me = Waker::Thread(Pid(std::process::id()), tid());
    let mine = wakes
        .iter()
        .filter(|w| w.thread.tid == other_tid && w.by == me);
    let mine: Vec<_> = mine.collect();
    assert!(mine.len() >= 50, "{} of 50", mine.len());
    assert!(mine.iter().all(|w| w.thread.pid.0 == std::process::id()));
    let inside = before..=*moments.last().expect("fifty");
    assert!(
        mine[..50].iter().all(|w| inside.contains(&w.at)),
        "{mine:?} {inside:?}"
    );
    let mut again = 0;
    each.read(|w| again += u32::from(w.at <= *inside.end() && w.by == me));
    assert_eq!(again, 0, "each is told once");
}

#[test]
fn what_a_program_noted_is_read_as_it_was_meant() {
    assert_eq!(waker_of(7 << 32 | 8), Waker::Thread(Pid(7), Tid(8)));
    for (word, waker) in [
        (0, Waker::Kernel),
        (FROM_INTERRUPT | 0x24, Waker::Interrupt(36)),
        (FROM_TIMER, Waker::Timer),
        (FROM_CORE, Waker::Kernel),
        (FROM_SOFT | 1, Waker::Timer),
        (FROM_SOFT | 3, Waker::Network),
        (FROM_SOFT | 4, Waker::Disk),
        (FROM_SOFT | 8, Waker::Timer),
        (FROM_SOFT | 9, Waker::Kernel),
    ] {
        assert_eq!(waker_of(word), waker, "{word:x}");
    }
}
