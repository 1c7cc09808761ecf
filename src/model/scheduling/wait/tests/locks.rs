//! Locks as they lie in the memory of real programs, and what looks like them and is none.

use super::*;

/// Somebody waits; in robust, PI and musl mutexes beside the owner.
pub(super) fn waited(owner: u32) -> u32 {
    0x8000_0000 + owner
}

/// A wait of glibc's plain lock at 0x5000, with these words from there.
fn glibc(op: u64, value: u64, words: &[u32]) -> Thread {
    call("futex", &[0x5000, op, value]).words32(0x5000, words)
}

/// lock, count, owner, users, kind, spins.
pub(super) fn mutex(count: u32, owner: u32, users: u32, kind: u32) -> Thread {
    glibc(0x80, 2, &[2, count, owner, users, kind, 0])
}

/// The same of musl, whose word stands behind its type: type, lock, waiters.
pub(super) fn musl(kind: u32, value: u32, waiters: u32) -> Thread {
    call("futex", &[0x5004, 0x80, value.into()]).words32(0x5000, &[kind, value, waiters])
}

pub(super) fn inside(mut thread: Thread, inside: Inside, flavour: Flavour) -> Thread {
    thread.inside = Some(inside);
    thread.flavour = flavour;
    thread
}

#[test]
fn a_glibc_mutex_names_its_owner() {
    let t = mutex(0, 101, 1, 0);
    assert_eq!(t.said(), "mutex held by thread 101 io (0x5000)");
    assert_eq!(t.waiting().what.owner(), Some(Tid(101)));
    assert_eq!(
        mutex(3, 101, 1, 1).waiting().what.owner(),
        Some(Tid(101)),
        "recursive"
    );
    assert_eq!(
        mutex(0, 101, 2, 2).waiting().what.owner(),
        Some(Tid(101)),
        "error-checking"
    );
    let mut narrow = glibc(0x80, 2, &[2, 0, 101, 0, 1, 0]);
    narrow.wide = false;
    assert_eq!(
        narrow.waiting().what.owner(),
        Some(Tid(101)),
        "kind before users"
    );
}

#[test]
fn a_lock_that_only_looks_alike_has_no_owner() {
    let none = |t: Thread, why: &str| assert_eq!(t.waiting().what.held_by(), None, "{why}");
    none(
        mutex(0, 101, 0, 0),
        "nobody uses it: the lock of a malloc arena",
    );
    none(
        mutex(2, 101, 0, 0x5580),
        "flags, fast chunks and pointers of an arena",
    );
    none(mutex(0, 101, 1, 0x5580_0010), "no kind of mutex");
    none(mutex(1, 101, 1, 0), "counted, and not recursive");
    none(mutex(0, 101, 1, 1), "recursive, and not counted");
    none(mutex(0, 4711, 1, 0), "no such thread");
    none(glibc(0x80, 2, &[2]), "memory that cannot be read");
    none(
        inside(
            mutex(0, 101, 0, 0),
            Inside::Own("free".into()),
            Flavour::Glibc,
        ),
        "malloc",
    );
    let t = inside(
        mutex(0, 101, 0, 0),
        Inside::Own("free".into()),
        Flavour::Glibc,
    );
    assert_eq!(t.said(), "lock of the C library, in free (0x5000)");
}

/// A stream of glibc at 0x5000, taken so often by the thread whose block is at 0x7000, which begins so.
fn stream(taken: u32, block: [u64; 3], number: u32) -> Thread {
    let t = glibc(0x80, 2, &[2, taken, 0x7000, 0]);
    t.words64(0x7000, &block).words32(0x72d0, &[number])
}

#[test]
fn a_stream_names_its_owner_where_the_block_of_a_thread_is_behind_it() {
    let t = stream(1, [0x7000, 9, 0x7000], 101);
    let held = "lock of a stdio stream held by thread 101 io (0x5000)";
    assert_eq!(t.said(), held);
    let t = inside(t, Inside::Own("fputs".into()), Flavour::Glibc);
    assert_eq!(t.said(), held);
    let t = stream(1, [0x7000, 9, 0x7000], 101);
    let musl = inside(t, Inside::Own("fputs".into()), Flavour::Musl);
    for (t, why) in [
        (stream(1, [0x7000, 9, 0x7008], 101), "no block of a thread"),
        (stream(1, [0x7000, 9, 0x7000], 0), "it has ended"),
        (stream(0, [0x7000, 9, 0x7000], 101), "nobody took it"),
        (musl, "another library"),
    ] {
        assert_eq!(t.waiting().what.held_by(), None, "{why}");
    }
}

#[test]
fn a_static_of_cplusplus_is_made_by_another_thread() {
    let guard = |value| call("futex", &[0x5000, 0, value]).words32(0x5000, &[value as u32, 0]);
    assert_eq!(
        guard(0x1_0100).said(),
        "what another thread does once (0x5000)"
    );
    assert_ne!(guard(0x100).waiting(), guard(0x1_0100).waiting());
}

#[test]
fn readers_behind_a_writer_that_waits_are_told_who_has_the_lock() {
    let queued = |first: u32, value: u64| {
        let words = [first, 1, 3, 1, 0, 0, 0, 0];
        let t = call("futex", &[0x5000, 0x189, value]).words32(0x5000, &words);
        inside(t, Inside::RwLock, Flavour::Glibc).said()
    };
    let (has, word) = (2 << 3 | 4 | 2, 2 << 3 | 4 | 2);
    assert_eq!(queued(has, word), "rwlock held by 2 readers (0x5000)");
    assert_eq!(queued(has | 1, word), "rwlock (0x5000)", "it changes now");
}

#[test]
fn a_known_mutex_whose_holder_is_not_there_says_so() {
    let t = inside(mutex(0, 4711, 1, 0), Inside::Mutex, Flavour::Glibc);
    assert_eq!(
        t.said(),
        "mutex held by thread 4711, which has ended or stayed behind at a fork (0x5000)"
    );
    assert_eq!(t.waiting().what.owner(), None, "nobody to wait for");
    let t = inside(glibc(0x80, 2, &[2]), Inside::Mutex, Flavour::Glibc);
    assert_eq!(t.said(), "mutex that stores no owner (0x5000)");
}

#[test]
fn other_makes_of_mutexes_name_their_owners() {
    let robust = glibc(0, waited(101).into(), &[waited(101), 1, 101, 1, 0x10]);
    assert_eq!(robust.said(), "robust mutex held by thread 101 io (0x5000)");
    let pi = glibc(0x86, 0, &[waited(102)]);
    assert_eq!(pi.said(), "PI mutex held by thread 102 (0x5000)");
    let protect = glibc(0x80, 0x80002, &[0x80002, 1, 101, 1, 0x40]);
    let protect = inside(protect, Inside::Mutex, Flavour::Glibc);
    assert_eq!(
        protect.said(),
        "priority-protected mutex held by thread 101 io (0x5000)"
    );
    let timed = call("futex", &[0x5000, 0x189, 2, 0x6000])
        .words32(0x5000, &[2, 0, 101, 1, 0])
        .words64(0x6000, &[1_700_000_004, 500_000_000]);
    assert_eq!(
        timed.said(),
        "mutex held by thread 101 io (0x5000), 4.5s left"
    );
}

#[test]
fn a_shared_mutex_may_be_held_by_another_process() {
    let t = glibc(0, 2, &[2, 0, 200, 1, 0x80]);
    assert_eq!(t.said(), "mutex held by 199 postgres, thread 200 (0x5000)");
    assert_eq!(t.waiting().what.owner(), Some(Tid(200)));
    let t = glibc(0x80, 2, &[2, 0, 200, 1, 0]);
    assert_eq!(
        t.waiting().what.owner(),
        None,
        "one of its own only by its own"
    );
}

#[test]
fn a_musl_mutex_tells_its_owner_by_its_type() {
    let t = musl(1, waited(103), 1);
    assert_eq!(t.waiting().what.owner(), Some(Tid(103)));
    let t = musl(4, waited(103), 1);
    assert_eq!(t.said(), "robust mutex held by thread 103 (0x5004)");
    let t = inside(musl(0, waited(16), 1), Inside::Mutex, Flavour::Musl);
    assert_eq!(
        t.said(),
        "mutex that stores no owner (0x5004)",
        "16 is `busy`"
    );
    let t = musl(0x5580, waited(103), 1);
    assert_eq!(
        t.waiting().what.owner(),
        None,
        "a lock of the library's own"
    );
}

#[test]
fn a_shared_musl_mutex_tells_its_owner_and_that_it_has_ended() {
    let shared = |kind: u32, value: u32| {
        let call = call("futex", &[0x5004, 0, value.into()]);
        let call = call.words32(0x5000, &[kind, value, 1]);
        inside(call, Inside::Mutex, Flavour::Musl)
    };
    let held = shared(0x81, waited(200));
    assert_eq!(
        held.said(),
        "mutex held by 199 postgres, thread 200 (0x5004)"
    );
    assert_eq!(held.waiting().what.owner(), Some(Tid(200)));
    let robust = shared(0x84, waited(200));
    let said = "robust mutex held by 199 postgres, thread 200 (0x5004)";
    assert_eq!(robust.said(), said);
    let left = shared(0x81, 0xc000_0000);
    assert_eq!(
        left.said(),
        "mutex held by a thread that has ended (0x5004)"
    );
    assert_eq!(left.waiting().what.owner(), None, "nobody to wait for");
}

#[test]
fn a_rwlock_tells_its_writer_or_counts_readers() {
    let rwlock = |at: u64, value: u64, readers: u32, writer: u32| {
        let words = [readers, 0, 3, 1, 0, 0, writer, 0, 0, 0, 0, 0];
        call("futex", &[0x5000 + at, 0x189, value]).words32(0x5000, &words)
    };
    let t = rwlock(8, 3, 0b1011, 101);
    assert_eq!(t.said(), "rwlock written by thread 101 io (0x5008)");
    assert_eq!(t.waiting().what.owner(), Some(Tid(101)));
    let t = rwlock(12, 3, 0b11010, 0);
    assert_eq!(t.said(), "rwlock held by 3 readers (0x500c)");
    let t = rwlock(8, 2, 0b1010, 0);
    assert_eq!(t.said(), "rwlock held by 1 reader (0x5008)");
    let musl = call("futex", &[0x5000, 0x80, 0xffff_ffff]);
    let musl = inside(musl, Inside::RwLock, Flavour::Musl);
    assert_eq!(
        musl.said(),
        "rwlock held by a writer, who is not stored (0x5000)"
    );
}

#[test]
fn a_join_waits_for_the_number_of_the_thread() {
    let t = call("futex", &[0x5000, 0x109, 104, 0, 0, 0xffff_ffff]).words32(0x5000, &[104]);
    assert_eq!(t.said(), "joining thread 104");
    assert_eq!(t.waiting().what.owner(), Some(Tid(104)));
    let block = call("futex", &[0x5038, 0x80, 2])
        .words64(0x5000, &[0x5000, 0, 0, 0, 0, 0])
        .words32(0x5030, &[104, 0, 2]);
    assert_eq!(
        block.said(),
        "joining thread 104",
        "in musl a part of its own block"
    );
    let elsewhere = call("futex", &[0x5038, 0x80, 2])
        .words64(0x5000, &[0x5008, 0, 0, 0, 0, 0])
        .words32(0x5030, &[104, 0, 2]);
    assert_eq!(elsewhere.waiting().what.owner(), None, "no block begins so");
}

#[test]
fn functions_tell_what_memory_does_not() {
    let said =
        |kind: Inside| inside(call("futex", &[0x5000, 0x189, 0]), kind, Flavour::Glibc).said();
    assert_eq!(said(Inside::Condition), "condition variable (0x5000)");
    // Waiters take turns at two words of one variable.
    let second = || call("futex", &[0x500c, 0x189, 0]);
    let told = |flavour| inside(second(), Inside::Condition, flavour).said();
    assert_eq!(told(Flavour::Glibc), "condition variable (0x5008)");
    assert_eq!(told(Flavour::Unknown), "condition variable (0x500c)");
    assert_eq!(said(Inside::Semaphore), "semaphore (0x5000)");
    assert_eq!(said(Inside::Barrier), "barrier (0x5000)");
    assert_eq!(said(Inside::RwLock), "rwlock (0x5000)");
    assert_eq!(said(Inside::Join), "joining a thread (0x5000)");
    assert_eq!(said(Inside::Once), "what another thread does once (0x5000)");
    assert_eq!(said(Inside::Go), "parked until it is woken (0x5000)");
    assert_eq!(
        said(Inside::Bare),
        "lock or condition of its own code, without an owner (0x5000)"
    );
    let again = inside(mutex(0, 101, 1, 0), Inside::Condition, Flavour::Glibc);
    assert_eq!(
        again.said(),
        "mutex held by thread 101 io (0x5000)",
        "taken again"
    );
}

#[test]
fn locks_that_cannot_be_told_apart_are_not() {
    let said = |op: u64, value: u64| call("futex", &[0x5000, op, value]).said();
    assert_eq!(
        said(0x189, 0),
        "condition variable, semaphore or rwlock (0x5000)"
    );
    assert_eq!(
        said(0x80, 0),
        "lock, condition or semaphore, which cannot be told apart here (0x5000)"
    );
    assert_eq!(said(0x80, 2), "lock that stores no owner (0x5000)");
    assert_eq!(
        said(0x89, 7),
        "condition variable, semaphore or rwlock (0x5000)"
    );
    assert_eq!(said(0x89, 2), "lock that stores no owner (0x5000)");
    assert_eq!(
        said(0x89, 0xffff_ffff),
        "condition variable, semaphore or rwlock (0x5000)",
        "so waits who parked itself, and who waits for a rwlock that a writer has"
    );
    assert_eq!(said(0, 0), "lock that may be shared (0x5000)");
    assert_eq!(call("futex_waitv", &[0x1, 3]).said(), "any of 3 locks");
}

#[test]
fn locks_of_a_stripped_static_program_are_told_by_their_shape() {
    let said = |op: u64, at: u64, value: u64, words: &[u32]| {
        let thread = call("futex", &[0x5000 + at, op, value]).words32(0x5000, words);
        thread.said().split(" (").next().map(str::to_owned)
    };
    let told = |what: &str| Some(what.to_owned());
    let guess = "condition variable, semaphore or rwlock";
    // Waited ever, first group, references, sizes, size, waiting now, signals.
    let old = [5, 0, 2, 0, 2, 2, 1, 0, 0, 2 << 3, 0, 0];
    for at in [40, 44] {
        assert_eq!(said(0x189, at, 0, &old), told("condition variable"));
    }
    let new = [5, 0, 2, 0, 1, 0, 0, 2 << 3, 0, 0, 0, 0];
    assert_eq!(said(0x189, 32, 0, &new), told("condition variable"));
    let mut nobody = old;
    nobody[9] = 0;
    assert_eq!(said(0x189, 40, 0, &nobody), told(guess), "nobody waits");
    let mut early = old;
    early[0] = 1;
    assert_eq!(
        said(0x189, 40, 0, &early),
        told(guess),
        "more than ever did"
    );
    assert_eq!(said(0x189, 0, 0, &[0, 1, 0, 0]), told("semaphore"));
    assert_eq!(
        said(0x189, 0, 0, &[0, 0, 0, 0]),
        told(guess),
        "nobody waits"
    );
    assert_eq!(
        said(0x189, 0, 0, &[0, 1, 7, 0]),
        told(guess),
        "no such flag"
    );
    assert_eq!(said(0x80, 4, 3, &[4, 3, 3, 0, 3]), told("barrier"));
    for other in [
        [3, 3, 3, 0, 3],
        [6, 3, 3, 0, 3],
        [4, 3, 1, 0, 3],
        [4, 3, 3, 1, 3],
    ] {
        assert_eq!(
            said(0x80, 4, 3, &other),
            told("lock, condition or semaphore, which cannot be told apart here")
        );
    }
}

#[test]
fn locks_of_a_stripped_program_of_musl_are_told_by_their_shape() {
    let said = |value: u64, words: &[u32]| {
        let thread = call("futex", &[0x5000, 0x80, value]).words32(0x4ff8, words);
        thread.said().split(" (").next().map(str::to_owned)
    };
    let told = |what: &str| Some(what.to_owned());
    let none = told("lock, condition or semaphore, which cannot be told apart here");
    // What lies before, which is another's; the word, how many wait, and how the call is made.
    let of = |word: u32, waits: u32, how: u32| said(word.into(), &[0, 0, word, waits, how, 0, 0]);
    let writer = told("rwlock held by a writer, who is not stored");
    assert_eq!(of(0xffff_ffff, 2, 0), writer);
    assert_eq!(of(0x8000_0003, 1, 0), told("rwlock held by 3 readers"));
    for word in [0xffff_ffff, 0x8000_0000] {
        assert_eq!(of(word, 1, 128), told("semaphore"));
    }
    let future = call("futex", &[0x5000, 0, 0x8000_0000]);
    let future = future.words32(0x5000, &[0x8000_0000, 1, 0, 0]);
    assert_eq!(future.said(), "lock that may be shared (0x5000)");
    assert_eq!(of(0x8000_0003, 0, 0), none, "nobody waits");
    assert_eq!(of(0x8000_0003, 1, 7), none, "no such call");
    assert_eq!(of(0x8000_1267, 1, 0), none, "rather a thread than readers");
    // Whoever waits in a condition variable: two others, its state, the word, whom to tell; above the stack pointer.
    let waiter = |at: u64, words: [u32; 8]| {
        let thread = call("futex", &[at + 0x14, 0x80, 2]).words32(at, &words);
        thread.said().split(" (").next().map(str::to_owned)
    };
    let alone = [0, 0, 0, 0, 0, 2, 0, 0];
    let lock = told("lock that stores no owner");
    assert_eq!(waiter(0x7100, alone), told("condition variable"));
    let two = [0x9000, 0, 0, 0, 0, 2, 0, 0];
    assert_eq!(waiter(0x7100, two), told("condition variable"));
    assert_eq!(waiter(0x9000, alone), lock, "further up than it would be");
    assert_eq!(waiter(0x5000, alone), lock, "below its stack pointer");
    let woken = [0, 0, 0, 0, 1, 2, 0, 0];
    assert_eq!(waiter(0x7100, woken), lock, "it was told");
    let numbers = [7, 0, 0, 0, 0, 2, 0, 0];
    assert_eq!(waiter(0x7100, numbers), lock, "no pointer");
}

#[test]
fn a_deadline_of_a_lock_is_what_is_left() {
    let t =
        call("futex", &[0x5000, 0x189, 0, 0x6000]).words64(0x6000, &[1_700_000_004, 500_000_000]);
    assert_eq!(
        t.said(),
        "condition variable, semaphore or rwlock (0x5000), 4.5s left"
    );
    let t = call("futex", &[0x5000, 0x89, 2, 0x6000]).words64(0x6000, &[53, 0]);
    assert_eq!(
        t.said(),
        "condition variable, semaphore or rwlock (0x5000), 3.0s left"
    );
}
