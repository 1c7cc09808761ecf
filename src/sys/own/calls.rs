//! How many system calls pscope itself makes beside reading and writing, which the kernel counts (`/proc/PID/io`).
//!
//! Counted are the calls by which a sweep asks for its files, listens and waits. Not counted are those for memory, threads
//! and locks, and those of the inspector's rarer files, since no interface tells of them without a privilege.

use std::sync::atomic::{AtomicU64, Ordering};

static MADE: AtomicU64 = AtomicU64::new(0);

/// Notes that so many calls are made.
pub fn count(calls: u64) {
    MADE.fetch_add(calls, Ordering::Relaxed);
}

/// How many were made since the program began.
pub fn made() -> u64 {
    MADE.load(Ordering::Relaxed)
}
