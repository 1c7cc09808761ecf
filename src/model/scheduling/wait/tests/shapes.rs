//! What only looks like a lock: each row differs in one thing from one that is told, and is not told.

use super::locks::{inside, musl, mutex, waited};
use super::*;

/// The kind of lock, without where it is.
fn kind(thread: &Thread) -> String {
    let said = thread.said();
    said.split(" (").next().unwrap_or_default().to_owned()
}

/// A wait at 0x5000 and so many bytes more, with these words from 0x5000 on.
fn at(offset: u64, op: u64, value: u32, words: &[u32]) -> Thread {
    call("futex", &[0x5000 + offset, op, value.into()]).words32(0x5000, words)
}

fn of(mut thread: Thread, flavour: Flavour) -> Thread {
    thread.flavour = flavour;
    thread
}

fn narrow(mut thread: Thread) -> Thread {
    thread.wide = false;
    thread
}

/// The waits of a plain call, of one with a clock, and of one with the wall clock; private to the process.
const WAIT: u64 = 0x80;
const BITSET: u64 = 0x89;
const REAL: u64 = 0x189;
const UNTOLD: &str = "lock, condition or semaphore, which cannot be told apart here";
const ONE_OF: &str = "condition variable, semaphore or rwlock";
const OWNERLESS: &str = "lock that stores no owner";
const SHARED: &str = "lock that may be shared";
const ONCE: &str = "what another thread does once";
const CONDITION: &str = "condition variable";

/// Each thread is said to wait for that.
fn all(rows: impl IntoIterator<Item = (Thread, &'static str, &'static str)>) {
    for (thread, what, why) in rows {
        assert_eq!(kind(&thread), what, "{why}");
    }
}

#[test]
fn a_mutex_of_glibc_is_one_only_with_all_of_its_words() {
    let robust = |word: u32, count: u32| at(0, WAIT, word, &[word, count, 101, 1, 0x10]);
    let protect = |word: u32, count: u32| {
        let t = at(0, WAIT, word, &[word, count, 101, 1, 0x40]);
        inside(t, Inside::Mutex, Flavour::Glibc)
    };
    let held = "mutex held by thread 101 io";
    let nobodys = "mutex that stores no owner";
    all([
        (mutex(0, 101, 1, 0), held, "it is one"),
        (mutex(0, 101, 1, 0x400), OWNERLESS, "no kind"),
        (mutex(0, 0, 1, 0), OWNERLESS, "no owner"),
        (mutex(0, 101, 1 << 22, 0), OWNERLESS, "too many users"),
        (
            mutex(1, 101, 1, 0x20),
            OWNERLESS,
            "the kernel's to wait for",
        ),
        (
            at(0, WAIT, 2, &[7, 0, 101, 1, 0]),
            OWNERLESS,
            "another word",
        ),
        (
            at(0, WAIT, waited(0), &[2, 0, 101, 1, 0]),
            UNTOLD,
            "another value",
        ),
        (
            robust(waited(101), 1),
            "robust mutex held by thread 101 io",
            "it is one",
        ),
        (
            robust(waited(102), 1),
            UNTOLD,
            "a robust one has its owner in its word",
        ),
        (robust(waited(101), 0), UNTOLD, "and is counted"),
        (
            at(0, WAIT, 7, &[waited(101), 1, 101, 1, 0x10]),
            UNTOLD,
            "a value of no lock",
        ),
        (
            protect(0x80002, 1),
            "priority-protected mutex held by thread 101 io",
            "it is one",
        ),
        (
            protect(0x80007, 1),
            nobodys,
            "no such state below the ceiling",
        ),
        (protect(0x80002, 0), nobodys, "a protected one is counted"),
    ]);
}

#[test]
fn a_mutex_of_musl_is_one_only_with_all_of_its_words() {
    let named =
        |kind, value, waiters| inside(musl(kind, value, waiters), Inside::Mutex, Flavour::Musl);
    let held = "mutex held by thread 103";
    let nobodys = "mutex that stores no owner";
    all([
        (musl(1, waited(103), 1), held, "it is one"),
        (musl(1, waited(103), 0), UNTOLD, "nobody waits"),
        (
            named(1, waited(103), 0),
            held,
            "a function tells it, whoever is counted",
        ),
        (musl(0x5581, waited(103), 1), UNTOLD, "no type"),
        (musl(1, waited(103), 1 << 22), UNTOLD, "too many wait"),
        (
            named(1, 103, 1),
            nobodys,
            "the word does not say that somebody waits",
        ),
        (musl(0, waited(16), 1), nobodys, "a normal one, and busy"),
        (musl(0, waited(16), 0), UNTOLD, "nobody waits"),
        (musl(0, waited(103), 1), UNTOLD, "a normal one has no owner"),
    ]);
}

#[test]
fn a_rwlock_of_glibc_is_one_only_with_all_of_its_words() {
    // Readers, writers, the words of the phases, two unused, the writer.
    let words = |words: [u32; 7]| at(8, REAL, 3, &[&words[..], &[0; 5]].concat());
    let written = "rwlock written by thread 101 io";
    all([
        (words([3, 0, 3, 1, 0, 0, 101]), written, "it is one"),
        (
            words([3, waited(1), 3, 1, 0, 0, 101]),
            written,
            "writers wait",
        ),
        (words([3, 0, 3, 1, 1, 0, 101]), ONE_OF, "the unused are 0"),
        (words([3, 0, 4, 1, 0, 0, 101]), ONE_OF, "no such phase"),
        (
            words([3, 1 << 22, 3, 1, 0, 0, 101]),
            ONE_OF,
            "too many writers",
        ),
        (
            words([3, 0, 3, 1, 0, 0, 1 << 30]),
            ONE_OF,
            "no number of a thread",
        ),
        (
            words([1, 0, 3, 1, 0, 0, 101]),
            ONE_OF,
            "nobody has locked it",
        ),
    ]);
    let held = [3, 0, 3, 1, 0, 0, 101, 0, 0, 0, 0, 0];
    all([
        (at(8, WAIT, 3, &held), UNTOLD, "it waits with another call"),
        (at(8, BITSET, 3, &held), ONE_OF, "and by the wall clock"),
    ]);
}

#[test]
fn a_condition_variable_of_glibc_is_one_only_with_all_of_its_words() {
    const IT: &str = "condition variable";
    // How many waited ever and where the first group begins, 64 bits each; references, sizes, two of them; who waits now.
    let words = |ever: [u32; 2], first: [u32; 2], refers: [u32; 2], waiting: u32, op: u64| {
        let counts = [ever, first, refers, [2, 1]].concat();
        at(40, op, 0, &[&counts[..], &[0, waiting, 0, 0]].concat())
    };
    let (ever, first, refers) = ([5, 0], [2, 0], [2, 2]);
    all([
        (words(ever, first, refers, 2 << 3, REAL), IT, "it is one"),
        (
            words([1, 1], [9, 0], refers, 2 << 3, REAL),
            IT,
            "billions waited",
        ),
        (
            words(ever, [9, 0], refers, 2 << 3, REAL),
            ONE_OF,
            "begins behind its end",
        ),
        (
            words(ever, [5, 0], refers, 2 << 3, REAL),
            IT,
            "all were told",
        ),
        (
            words(ever, first, [0, 0], 2 << 3, REAL),
            ONE_OF,
            "nobody refers to it",
        ),
        (
            words(ever, first, refers, 2 << 3 | 1, 0x109),
            IT,
            "others may use it",
        ),
        (
            words(ever, first, refers, 2 << 3 | 1, REAL),
            ONE_OF,
            "it is private",
        ),
    ]);
}

#[test]
fn semaphores_and_barriers_of_glibc_are_told_only_in_its_calls() {
    let free = [0, 1, 0, 0];
    let came = [4, 3, 3, 0, 3];
    let timed = |op: u64| {
        let call = call("futex", &[0x5004, op, 3, 0x6000]).words64(0x6000, &[1_700_000_004, 0]);
        call.words32(0x5000, &came)
    };
    all([
        (at(0, REAL, 0, &free), "semaphore", "it is one"),
        (
            at(0, BITSET, 0, &free),
            ONE_OF,
            "it waits by the wall clock",
        ),
        (at(0, WAIT, 0, &free), UNTOLD, "it waits with another call"),
        (
            at(0, REAL, 1, &[1, 1, 0, 0]),
            ONE_OF,
            "there is one to take",
        ),
        (
            of(at(0, REAL, 0, &free), Flavour::Musl),
            ONE_OF,
            "of another library",
        ),
        (narrow(at(0, REAL, 0, &free)), ONE_OF, "of narrow words"),
        (at(4, WAIT, 3, &came), "barrier", "it is one"),
        (
            at(4, WAIT, 3, &[4, 3, 3, 0, 4]),
            UNTOLD,
            "who waits has left",
        ),
        (
            at(4, BITSET, 3, &came),
            ONE_OF,
            "it waits with another call",
        ),
        (timed(WAIT), UNTOLD, "it waits without end"),
    ]);
}

#[test]
fn a_join_and_a_static_are_told_only_in_their_calls() {
    let block = |op: u64, value: u32| {
        let own =
            call("futex", &[0x5038, op, value.into()]).words64(0x5000, &[0x5000, 0, 0, 0, 0, 0]);
        own.words32(0x5030, &[104, 0, value])
    };
    let guard = |op: u64, deadline: u64| {
        let call = call("futex", &[0x5000, op, 0x1_0100, deadline]).words64(0x6000, &[2, 0]);
        call.words32(0x5000, &[0x1_0100, 0])
    };
    all([
        (at(0, 0, 104, &[104]), "joining thread 104", "it is one"),
        (
            at(0, WAIT, 104, &[104]),
            UNTOLD,
            "the kernel clears what is shared",
        ),
        (
            at(0, 0xb, 104, &[104]),
            "condition variable",
            "in a call that takes its mutex",
        ),
        (block(WAIT, 2), "joining thread 104", "of musl"),
        (block(0, 2), SHARED, "the block of a thread is its own"),
        (block(WAIT, 1), UNTOLD, "another state"),
        (
            of(block(WAIT, 2), Flavour::Glibc),
            OWNERLESS,
            "of another library",
        ),
        (guard(0, 0), ONCE, "it is one"),
        (guard(0, 0x6000), SHARED, "it waits without end"),
        (guard(0x9, 0), SHARED, "it waits with another call"),
    ]);
}

#[test]
fn functions_tell_a_lock_together_with_its_words() {
    let made = |what: Made, value: u32| {
        inside(
            at(0, BITSET, value, &[value]),
            Inside::Made(what),
            Flavour::Glibc,
        )
    };
    let condition =
        |op: u64, flavour| inside(at(0, op, 2, &[2, 0, 101, 1, 0]), Inside::Condition, flavour);
    let go = |value: u32| inside(at(0, WAIT, value, &[value]), Inside::Go, Flavour::Unknown);
    let again = inside(musl(1, waited(103), 1), Inside::Condition, Flavour::Musl);
    all([
        (
            made(Made::RwLock, u32::MAX),
            "rwlock held by a writer, who is not stored",
            "both wait",
        ),
        (
            made(Made::RwLock, 0x7fff_ffff),
            "rwlock held by a writer, who is not stored",
            "readers wait",
        ),
        (made(Made::RwLock, 0x4000_0003), "rwlock", "readers have it"),
        (
            made(Made::RwLock, 0x3fff_ffff),
            "rwlock",
            "nobody waits: it is the other word, which counts",
        ),
        (
            condition(WAIT, Flavour::Glibc),
            "mutex held by thread 101 io",
            "taken again",
        ),
        (
            condition(BITSET, Flavour::Glibc),
            CONDITION,
            "the wait itself",
        ),
        (again, CONDITION, "musl takes it again with the same call"),
        (go(0), "parked until it is woken", "a thread of Go"),
        (go(2), OWNERLESS, "a lock of Go"),
        (
            at(0, REAL, 2, &[2]),
            ONE_OF,
            "what else says 2 by the wall clock",
        ),
    ]);
}

#[test]
fn the_time_of_a_lock_is_told_by_its_call() {
    let said = |op: u64, time: [u64; 2]| {
        let t = call("futex", &[0x5000, op, 0, 0x6000]).words64(0x6000, &time);
        t.said().rsplit(", ").next().map(str::to_owned)
    };
    for (op, time, told) in [
        (WAIT, [2, 0], "at most 2.0s"),
        (0x86, [1_700_000_004, 500_000_000], "4.5s left"),
        (REAL, [1_700_000_004, 500_000_000], "4.5s left"),
        (BITSET, [53, 0], "3.0s left"),
        (0x8d, [53, 0], "3.0s left"),
    ] {
        assert_eq!(said(op, time).as_deref(), Some(told), "{op:#x}");
    }
}

#[test]
fn what_may_be_shared_is_no_lock_of_others_in_private_memory() {
    for (kind, shared, left) in [
        (Lock::Shared, true, Lock::Shared),
        (Lock::Shared, false, Lock::Untold),
        (Lock::Barrier, false, Lock::Barrier),
        (Lock::Barrier, true, Lock::Barrier),
    ] {
        let limit = Limit::None;
        let (word, place) = (0x5000, None);
        let mut futex = Futex {
            kind,
            word,
            place,
            limit,
        };
        futex.settle(shared);
        assert_eq!(futex.kind, left);
    }
}
