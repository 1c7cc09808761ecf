//! Locks: what the arguments of `futex(2)`, the words behind them and the function that called say.

use super::super::{Flavour, Futex, Inside, Limit, Lock, Made, Mutex, Owner, RwHeld, Wait};
use super::lock::{self, At, WAITERS};
use super::{Clues, call, musl};

/// The futex is not shared with other processes.
const PRIVATE: u64 = 0x80;
/// The deadline is of the wall clock.
const REALTIME: u64 = 0x100;
/// A locked and contended mutex of glibc or Rust.
const CONTENDED: u32 = 2;

const WAIT: u64 = 0;
const LOCK_PI: u64 = 6;
const WAIT_BITSET: u64 = 9;
const WAIT_REQUEUE_PI: u64 = 11;
const LOCK_PI2: u64 = 13;

pub(super) fn wait(clues: &Clues<'_>, args: [u64; 6], name: &str) -> Wait {
    let [word, op, value, deadline, ..] = args;
    let at = At {
        word,
        value: value as u32,
        shared: op & PRIVATE == 0,
    };
    let kind = kind(clues, at, op, deadline);
    // One of glibc has two words, for those who came before a signal and after it, at which waiters take turns.
    let of_glibc = kind == Lock::Condition && clues.flavour == Flavour::Glibc;
    let two = of_glibc && !matches!(clues.inside, Some(Inside::Made(_)));
    Wait::Futex(Futex {
        kind,
        word: if two { word & !7 } else { word },
        place: None,
        limit: limit(clues, op, deadline, name),
    })
}

/// How long it waits at most: the plain call takes a span, the others a moment of the clock that they name.
fn limit(clues: &Clues<'_>, op: u64, deadline: u64, name: &str) -> Limit {
    match op & 0x7f {
        WAIT => call::asked(clues, deadline, name),
        LOCK_PI => call::until(clues, deadline, name, clues.now.real),
        _ if op & REALTIME != 0 => call::until(clues, deadline, name, clues.now.real),
        _ => call::until(clues, deadline, name, clues.now.monotonic),
    }
}

fn kind(clues: &Clues<'_>, at: At, op: u64, deadline: u64) -> Lock {
    let command = op & 0x7f;
    if matches!(command, LOCK_PI | LOCK_PI2) {
        return lock::inheriting(clues, at);
    }
    let unheld = Lock::Mutex(Mutex::Plain, None);
    match clues.inside {
        Some(Inside::Mutex) => lock::mutex(clues, at).unwrap_or(unheld),
        // Behind the wait its mutex is taken again, which in glibc is another command.
        Some(Inside::Condition) => {
            let again = command == WAIT && clues.flavour == Flavour::Glibc;
            let again = again.then(|| lock::mutex(clues, at)).flatten();
            again.unwrap_or(Lock::Condition)
        }
        Some(Inside::Semaphore) => Lock::Semaphore,
        Some(Inside::RwLock) => Lock::RwLock(lock::rwlock(clues, at).unwrap_or(RwHeld::Unknown)),
        Some(Inside::Barrier) => Lock::Barrier,
        Some(Inside::Join) => {
            lock::joined(clues, at).map_or(Lock::Join(None), |t| Lock::Join(Some(t)))
        }
        Some(Inside::Once) => Lock::Once,
        Some(Inside::AsyncIo) => Lock::AsyncIo,
        // What is taken inside of a function of the library may still be a lock that stores its owner.
        Some(Inside::Own(function)) => match unnamed(clues, at, op, deadline) {
            known @ (Lock::Mutex(_, Some(_))
            | Lock::RwLock(_)
            | Lock::Join(_)
            | Lock::Stream(_)
            | Lock::Once) => known,
            _ => Lock::Library(function.clone()),
        },
        Some(Inside::Go) if at.value == 0 => Lock::Parked,
        Some(Inside::Go) => Lock::Ownerless,
        Some(Inside::Bare) if lock::is_static(clues, at) => Lock::Once,
        Some(Inside::Bare) => Lock::Bare,
        Some(Inside::Made(made)) => of_runtime(*made, at),
        None => unnamed(clues, at, op, deadline),
    }
}

/// What the standard library of a language makes; whoever has it is nowhere stored.
fn of_runtime(made: Made, at: At) -> Lock {
    /// In the word of Rust's read-write lock: all of these are set while a writer has it, else they count the readers. The
    /// two bits above say who waits, and are set only in this word.
    const COUNT: u32 = (1 << 30) - 1;
    match made {
        Made::Mutex => Lock::Mutex(Mutex::Plain, None),
        Made::RwLock if at.value & !COUNT != 0 && at.value & COUNT == COUNT => {
            Lock::RwLock(RwHeld::SomeWriter)
        }
        Made::RwLock => Lock::RwLock(RwHeld::Unknown),
        Made::Condition => Lock::Condition,
        Made::Once => Lock::Once,
        Made::Parked => Lock::Parked,
        Made::Semaphore => Lock::Semaphore,
        Made::Latch => Lock::Latch,
        Made::Barrier => Lock::Barrier,
        Made::Future => Lock::Future,
        Made::Atomic => Lock::Atomic,
    }
}

/// Where no function tells: what the memory around the word looks like, then how the call is made.
fn unnamed(clues: &Clues<'_>, at: At, op: u64, deadline: u64) -> Lock {
    let command = op & 0x7f;
    if command == WAIT
        && let Some(owner) = lock::stream(clues, at)
    {
        return Lock::Stream(owner);
    }
    if command == WAIT && deadline == 0 && lock::is_static(clues, at) {
        return Lock::Once;
    }
    // pthread_join waits for the kernel to clear the thread's number, with a shared futex and the wall clock.
    let joins = matches!(command, WAIT | WAIT_BITSET) && (!at.shared || at.value > CONTENDED);
    if joins && let Some(thread) = lock::joined(clues, at) {
        return Lock::Join(Some(thread));
    }
    if (at.value == CONTENDED || at.value & WAITERS != 0)
        && let Some(lock) = lock::mutex(clues, at)
        && let Lock::Mutex(
            _,
            None | Some(Owner::Thread(_) | Owner::Elsewhere { .. } | Owner::Ended { .. }),
        ) = lock
    {
        return lock;
    }
    if command == WAIT_BITSET
        && op & REALTIME != 0
        && let Some(held) = lock::rwlock(clues, at)
    {
        return Lock::RwLock(held);
    }
    // The C library of a program that was linked as one and stripped.
    if command == WAIT_BITSET && lock::is_condition(clues, at) {
        return Lock::Condition;
    }
    if command == WAIT_BITSET && op & REALTIME != 0 && lock::is_semaphore(clues, at) {
        return Lock::Semaphore;
    }
    if command == WAIT
        && let Some(lock) = musl::lock(clues, at)
    {
        return lock;
    }
    if command == WAIT && deadline == 0 && lock::is_barrier(clues, at) {
        return Lock::Barrier;
    }
    match (command, at.shared) {
        (WAIT_BITSET, false) if op & REALTIME != 0 => Lock::Unnamed,
        // Waits of glibc with a monotonic deadline (of Java, C++ and Python too), and Rust's: only its mutex says 2.
        (WAIT_BITSET, false) if deadline != 0 || at.value != CONTENDED => Lock::Unnamed,
        (WAIT_REQUEUE_PI, _) => Lock::Condition,
        (_, true) => Lock::Shared,
        // So wait those that nothing else is made of, of glibc and Rust.
        _ if at.value == CONTENDED => Lock::Ownerless,
        _ => Lock::Untold,
    }
}
