//! What the columns of the tab mean.

use super::rows;
use crate::model::process::threads::Threads;

const WORDS: &[(&str, &str)] = &[
    (
        "TID",
        "The number of the thread; that of the first thread is the pid.",
    ),
    (
        "S",
        "R running or waiting for a core, S sleeping, D waiting for a device (no signal wakes it), T stopped, t stopped by a debugger, Z ended.",
    ),
    ("CPU%", "Share of one core since the reading before."),
    ("CORE", "The core it last ran on."),
    (
        "VOL/s",
        "Switches a second because it blocked or slept: it yielded.",
    ),
    (
        "INV/s",
        "Switches a second because the kernel took the core: it was preempted.",
    ),
    (
        "STACK",
        "How much of its stack is in use: from the stack's highest address down to the stack pointer. A – where a runtime keeps its stacks inside its own heap.",
    ),
    (
        "WAITS FOR",
        "What it waits for, from its system call and the memory that the call points to. The time behind a dot is for how long it has been seen in this very wait.",
    ),
    (
        "mutex held by",
        "Some mutexes and rwlocks store who holds them (all of glibc, the recursive, error-checking and robust ones of musl); it is believed where the memory around looks like that lock. Others (Rust, Go, semaphores, barriers) store nobody, so nobody is named.",
    ),
    (
        "condition variable, semaphore or rwlock",
        "The kernel sees the same call for all three. Which it is, the return addresses on the thread's stack tell where they lead through the C library and its functions have names.",
    ),
    (
        "Deadlock",
        "Threads of which each waits for the next one, all in a circle: none of them can go on.",
    ),
];

pub fn lines(threads: Option<&Threads>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = WORDS
        .iter()
        .map(|(word, meaning)| ((*word).to_owned(), (*meaning).to_owned()))
        .collect();
    let rows = threads.map_or(&[][..], |t| &t.rows);
    if let Some(denied) = threads.and_then(rows::denied) {
        out.push(("– in WAITS FOR and STACK".to_owned(), denied.to_owned()));
    }
    let missing = rows.iter().filter_map(|r| r.detail.as_ref().err());
    let missing: std::collections::HashSet<_> = missing.collect();
    for why in missing {
        out.push((
            "–".to_owned(),
            format!("{why}. Threads in view are read first, the others in turns."),
        ));
    }
    out
}
