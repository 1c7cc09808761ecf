//! Locks: what the arguments of `futex(2)` and the words behind them say.

use super::super::{Futex, Lock, Wait};
use super::{Clues, call};

/// The futex is not shared with other processes.
const PRIVATE: u64 = 0x80;
/// The deadline is of the wall clock.
const REALTIME: u64 = 0x100;
/// A locked and contended mutex of glibc or Rust.
const CONTENDED: u64 = 2;
/// The bits of a PI or musl lock word that hold its owner.
const OWNER: u32 = 0x3fff_ffff;
/// The bit of a musl lock word that says that somebody waits.
const WAITERS: u64 = 0x8000_0000;

const WAIT: u64 = 0;
const LOCK_PI: u64 = 6;
const WAIT_BITSET: u64 = 9;
const WAIT_REQUEUE_PI: u64 = 11;
const LOCK_PI2: u64 = 13;

pub(super) fn wait(clues: &Clues<'_>, args: [u64; 6], name: &str) -> Wait {
    let [word, op, value, deadline, ..] = args;
    let value = value & 0xffff_ffff;
    let command = op & 0x7f;
    let limit = match command {
        WAIT => call::asked(clues, deadline, name),
        _ if op & REALTIME != 0 || command == LOCK_PI => {
            call::until(clues, deadline, name, clues.now.real)
        }
        _ => call::until(clues, deadline, name, clues.now.monotonic),
    };
    Wait::Futex(Futex {
        kind: kind(clues, word, op, value, deadline),
        word,
        place: None,
        limit,
    })
}

fn kind(clues: &Clues<'_>, word: u64, op: u64, value: u64, deadline: u64) -> Lock {
    let owner = |address: u64, mask: u32| (clues.thread)(clues.memory.u32(address)? & mask);
    let behind = || owner(word.wrapping_add(8), u32::MAX);
    match (op & 0x7f, op & PRIVATE != 0) {
        (LOCK_PI | LOCK_PI2, _) => owner(word, OWNER).map_or(Lock::Ownerless, Lock::PiMutex),
        // pthread_join waits for the kernel to clear the thread's number, with a shared futex and the wall clock.
        (WAIT_BITSET, false) if op & REALTIME != 0 && joins(clues, word, value).is_some() => {
            joins(clues, word, value).map_or(Lock::Ownerless, Lock::Join)
        }
        (WAIT, false) if value > CONTENDED && joins(clues, word, value).is_some() => {
            joins(clues, word, value).map_or(Lock::Ownerless, Lock::Join)
        }
        (WAIT, true) if value == CONTENDED => behind().map_or(Lock::Ownerless, Lock::Mutex),
        (WAIT, true) if value & WAITERS != 0 => {
            (clues.thread)(value as u32 & OWNER).map_or(Lock::Ownerless, Lock::Mutex)
        }
        (WAIT_BITSET, true) if op & REALTIME != 0 => Lock::Condition,
        // std::thread::park of Rust waits for its word to leave -1.
        (WAIT_BITSET, true) if value == 0xffff_ffff => Lock::Parked,
        // Waits of glibc with a monotonic deadline (of Java, C++ and Python too), and Rust's: only its mutex says 2.
        (WAIT_BITSET, true) if deadline != 0 || value != CONTENDED => Lock::Condition,
        (WAIT_REQUEUE_PI, _) => Lock::Condition,
        (_, false) => Lock::Shared(if value == CONTENDED { behind() } else { None }),
        _ => Lock::Ownerless,
    }
}

/// The thread whose number the word holds and the caller expects there: it is joined.
fn joins(clues: &Clues<'_>, word: u64, value: u64) -> Option<crate::model::id::Tid> {
    let expected = u32::try_from(value).ok()?;
    let same = clues.memory.u32(word).is_none_or(|w| w == expected);
    (clues.thread)(expected).filter(|_| same)
}
