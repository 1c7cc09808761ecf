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
    // On machines whose timer is an interrupt like others it is told by its number.
    let timers = |counted: &Counted| -> u64 {
        let mine = counted.wakes.iter().filter(|((whom, waker), _)| {
            *whom == tid() && matches!(waker, Waker::Timer | Waker::Interrupt(_))
        });
        mine.map(|(_, w)| w.wakes).sum()
    };
    // A sleep that is over before the thread has left its core needs no wake-up, and whether the last wake-up found it asleep
    // is known when it leaves its core again: on a busy machine not each of them is one.
    let mut after = tracing.read().expect("read");
    for sleeps in 1..=40 {
        std::thread::sleep(Duration::from_millis(2));
        if sleeps >= 21 {
            after = tracing.read().expect("read");
            if timers(&after) - timers(&before) >= 20 {
                return;
            }
        }
    }
    let told = timers(&after) - timers(&before);
    panic!("{told} of 40: {:?}", after.wakes.keys());
}

#[test]
fn every_wake_up_is_told_with_its_moment_and_who_did_it() {
    let root = ProcRoot::live();
    let mut each = match Each::begin(&root, crate::sys::machine::cores::possible(&root)) {
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
    let call = format!("/proc/self/task/{other_tid}/syscall");
    let reads = format!("{} ", libc::SYS_read);
    let before = clock::now();
    // Everybody's wake-ups are told, and there is room for some thousands: it is read on and on.
    let (mut wakes, mut lost) = (Vec::new(), 0);
    for _ in 0..50 {
        // Only who sleeps in its read is woken by it.
        while !std::fs::read_to_string(&call)
            .expect("it lives")
            .starts_with(&reads)
        {
            lost += each.read(|woken| wakes.push(woken));
            std::thread::yield_now();
        }
        to.write_all(&[7]).expect("read");
        told.recv().expect("heard");
    }
    drop(to);
    let moments = other.join().expect("it ends");
    lost += each.read(|woken| wakes.push(woken));
    let me = Waker::Thread(Pid(std::process::id()), tid());
    // The last one wakes it to hear that nothing more comes.
    let inside = before..=*moments.last().expect("fifty");
    let mine = wakes
        .iter()
        .filter(|w| w.thread.tid == other_tid && w.by == me && inside.contains(&w.at));
    let mine: Vec<_> = mine.collect();
    if lost > 0 && mine.len() < 50 {
        println!("skipped: {lost} events were lost");
        return;
    }
    assert!(mine.len() >= 50, "{} of 50", mine.len());
    assert!(mine.iter().all(|w| w.thread.pid.0 == std::process::id()));
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

/// What is watched with, and what is watched; each with its name.
type Open<'a> = (&'a str, &'a dyn Fn() -> Option<Box<dyn std::any::Any>>);
type Work<'a> = (&'a str, &'a dyn Fn() -> f64);

fn any<T: 'static>(opened: Result<T, Refused>) -> Option<Box<dyn std::any::Any>> {
    let opened = opened.map_err(|why| println!("skipped: {why}")).ok()?;
    Some(Box::new(opened))
}

/// What programs cost whoever they watch, beside the same work without them, the best of several rounds in turn:
/// `cargo test --release --lib -- --ignored --nocapture what_the_programs_cost`.
#[test]
#[ignore = "measures; it proves nothing, and takes seconds"]
fn what_the_programs_cost() {
    use crate::sys::scheduling::call_counts::CallCounts;
    use crate::sys::scheduling::{calls, phases};
    let root = ProcRoot::live();
    let pid = Pid(std::process::id());
    let cores = crate::sys::machine::cores::possible(&root);
    let (wakes, other) = (|| woken_in_turn(500), Pid(1));
    let calls = || read_nothing(10_000);
    let each: Open<'_> = ("every wake-up", &|| any(Each::begin(&root, 16)));
    let own: Open<'_> = ("its wake-ups", &|| any(Tracing::begin(&root, pid)));
    let others: Open<'_> = ("another's wake-ups", &|| any(Tracing::begin(&root, other)));
    let its: Open<'_> = ("its calls", &|| any(calls::Tracing::begin(&root, pid)));
    let theirs: Open<'_> = ("another's calls", &|| {
        any(calls::Tracing::begin(&root, other))
    });
    let all: Open<'_> = ("everybody's calls", &|| {
        any(CallCounts::begin(&root, cores))
    });
    let time: Open<'_> = ("its phases", &|| any(phases::Tracing::begin(&root, pid)));
    let times: Open<'_> = ("another's phases", &|| {
        any(phases::Tracing::begin(&root, other))
    });
    let pipes: Work<'_> = ("a round of two wake-ups", &wakes);
    let reads: Work<'_> = ("a read of 64 bytes", &calls);
    for ((work, run), (what, open)) in [
        (pipes, each),
        (pipes, own),
        (pipes, others),
        (pipes, its),
        (pipes, time),
        (pipes, times),
        (reads, time),
        (reads, each),
        (reads, all),
        (reads, its),
        (reads, theirs),
    ] {
        let mut best = [f64::MAX; 2];
        // Short runs, of which some have the machine for themselves.
        let least = || (0..40).map(|_| run()).fold(f64::MAX, f64::min);
        for _ in 0..4 {
            best[0] = best[0].min(least());
            let Some(opened) = open() else { return };
            best[1] = best[1].min(least());
            drop(opened);
        }
        let [without, with] = best;
        let more = (with / without - 1.0) * 100.0;
        println!("{work}: {without:.0} ns, with {what}: {with:.0} ns, {more:+.1} %");
    }
}

/// Nanoseconds of a round in which two threads on one core wake each other.
fn woken_in_turn(rounds: u32) -> f64 {
    let here = nix::sched::sched_getcpu().expect("a core");
    let mut only = nix::sched::CpuSet::new();
    only.set(here).expect("a small core number");
    let pin = move || nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &only);
    pin().expect("ours");
    let (mut from, mut to) = io::pipe().expect("a pipe");
    let (mut back_from, mut back) = io::pipe().expect("a pipe");
    let other = std::thread::spawn(move || {
        pin().expect("ours");
        let mut byte = [0];
        while from.read_exact(&mut byte).is_ok() {
            back.write_all(&byte).expect("read");
        }
    });
    let mut byte = [7];
    let begun = clock::now();
    for _ in 0..rounds {
        to.write_all(&byte).expect("read");
        back_from.read_exact(&mut byte).expect("a byte");
    }
    let span = clock::now().since(begun);
    drop(to);
    other.join().expect("it ends");
    span.0 as f64 / f64::from(rounds)
}

/// Nanoseconds of a call that does nearly nothing.
fn read_nothing(calls: u32) -> f64 {
    let mut zero = std::fs::File::open("/dev/zero").expect("it is everywhere");
    let mut bytes = [0; 64];
    let begun = clock::now();
    for _ in 0..calls {
        zero.read_exact(&mut bytes).expect("zeros");
    }
    clock::now().since(begun).0 as f64 / f64::from(calls)
}
