//! Locks as they lie in memory. An owner is believed only where everything around the word looks like the lock that stores
//! one: any number may be that of a thread, and in a PID namespace of its own small numbers are.

use super::super::{Flavour, Inside, Lock, Mutex, Owner, RwHeld};
use super::Clues;

/// The bits of a word that hold an owner where it holds one: robust, PI, musl.
const OWNER: u32 = 0x3fff_ffff;
/// The bit of such a word that says that somebody waits.
pub(super) const WAITERS: u32 = 0x8000_0000;
/// The bit that the kernel sets in such a word when its owner ends (`FUTEX_OWNER_DIED`).
const DIED: u32 = 0x4000_0000;
/// The bits of musl's type that a normal mutex has not; which processes may use it is another.
const TYPE: u32 = 0xf;
/// More threads than this never use one lock.
const MOST_USERS: u32 = 1 << 22;

const RECURSIVE: u32 = 1;
const ROBUST: u32 = 0x10;
const INHERIT: u32 = 0x20;
const PROTECT: u32 = 0x40;
/// Every bit that glibc's `__kind` has: type, robust, inherit, protect, shared, elision.
const KIND: u32 = 0x3ff;

/// What a thread waits for and how: the arguments of its call.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub word: u64,
    pub value: u32,
    /// Other processes may use it.
    pub shared: bool,
}

impl At {
    /// Where it is, if others may use it.
    fn others(self) -> Option<u64> {
        self.shared.then_some(self.word)
    }
}

/// A mutex of either library at a word, where it looks like one.
pub(super) fn mutex(clues: &Clues<'_>, at: At) -> Option<Lock> {
    let flavour = clues.flavour;
    let glibc = || (flavour != Flavour::Musl).then(|| of_glibc(clues, at));
    let musl = || (flavour != Flavour::Glibc).then(|| of_musl(clues, at));
    glibc().flatten().or_else(|| musl().flatten())
}

/// `struct __pthread_mutex_s`: lock, count, owner, users, kind; in 32 bits kind stands before users.
fn of_glibc(clues: &Clues<'_>, at: At) -> Option<Lock> {
    let field = |offset: u64| clues.memory.u32(at.word.wrapping_add(offset));
    let (users, kind) = if clues.wide {
        (field(12)?, field(16)?)
    } else {
        (field(16)?, field(12)?)
    };
    let (lock, count, owner) = (field(0)?, field(4)?, field(8)?);
    // A wide lock keeps spins and elision behind its kind, which never holds more than these bits.
    if kind & !KIND != 0 || owner == 0 || owner > OWNER || !(1..MOST_USERS).contains(&users) {
        return None;
    }
    let in_word = lock & OWNER == owner;
    let (how, fits) = match kind & (ROBUST | INHERIT | PROTECT) {
        0 => (
            Mutex::Plain,
            at.value == 2 && lock <= 2 && (count == 0) == (kind & 3 != RECURSIVE),
        ),
        // Its ceiling stands in the upper bits of the word.
        PROTECT => (Mutex::Protect, lock & 0x7ffff <= 2 && count > 0),
        ROBUST => (Mutex::Robust, in_word && count > 0),
        // Whoever wants one that inherits says so to the kernel: [`inheriting`].
        _ => return None,
    };
    fits.then(|| Lock::Mutex(how, Some((clues.owner)(owner, at.others()))))
}

/// musl's `pthread_mutex_t`: type, lock, waiters; the word is the second. A normal one stores no owner.
fn of_musl(clues: &Clues<'_>, at: At) -> Option<Lock> {
    let kind = clues.memory.u32(at.word.wrapping_sub(4))?;
    let waiters = clues.memory.u32(at.word.wrapping_add(4))?;
    let named = clues.inside == Some(&Inside::Mutex);
    if kind & !0x8f != 0 || waiters >= MOST_USERS || at.value & WAITERS == 0 {
        return None;
    }
    if kind & TYPE == 0 {
        let busy = at.value & OWNER == 16;
        return (busy && (named || waiters > 0)).then_some(Lock::Mutex(Mutex::Plain, None));
    }
    let owner = at.value & OWNER;
    let how = if kind & 4 != 0 {
        Mutex::Robust
    } else {
        Mutex::Plain
    };
    // The kernel takes a shared one from who has ended; one that is not robust nobody can have after that.
    let left = owner == 0 && at.value & DIED != 0 && how == Mutex::Plain;
    let fits = (owner != 0 || left) && owner != OWNER && (named || waiters > 0);
    fits.then(|| Lock::Mutex(how, Some((clues.owner)(owner, at.others()))))
}

/// A PI mutex: its word is the kernel's, with the owner in it.
pub(super) fn inheriting(clues: &Clues<'_>, at: At) -> Lock {
    let word = clues.memory.u32(at.word).map(|w| w & OWNER);
    let owner = word.filter(|w| *w != 0);
    Lock::Mutex(Mutex::Inherit, owner.map(|w| (clues.owner)(w, at.others())))
}

/// A read-write lock of either library, where it looks like one.
pub(super) fn rwlock(clues: &Clues<'_>, at: At) -> Option<RwHeld> {
    let glibc = || (clues.flavour != Flavour::Musl).then(|| rw_of_glibc(clues, at));
    let musl = || (clues.flavour != Flavour::Glibc).then(|| rw_of_musl(clues, at));
    glibc().flatten().or_else(|| musl().flatten())
}

/// `struct __pthread_rwlock_arch_t`: readers, writers, the word of the phase, that of the writers, 2 unused, and then the
/// current writer (behind four bytes of flags in 32 bits). Which word is waited for tells where it begins.
fn rw_of_glibc(clues: &Clues<'_>, at: At) -> Option<RwHeld> {
    /// In `readers`: the writers' phase, a writer has it or wants it; the readers are counted above.
    const PHASE: u32 = 1;
    const LOCKED: u32 = 2;
    /// Readers are kept behind a writer.
    const QUEUED: u32 = 4;
    let held = |base: u64| {
        let field = |offset: u64| clues.memory.u32(base.wrapping_add(offset));
        let (readers, writers) = (field(0)?, field(4)?);
        let unused = [field(16)?, field(20)?];
        let writer = field(if clues.wide { 24 } else { 28 })?;
        let words = [field(8)?, field(12)?];
        let plain =
            unused == [0, 0] && words.iter().all(|w| *w <= 3) && writers & !WAITERS < MOST_USERS;
        if !plain || writer > OWNER {
            return None;
        }
        match (
            readers & PHASE != 0,
            readers & LOCKED != 0,
            writer,
            readers >> 3,
        ) {
            (_, true, 1.., _) => Some(RwHeld::Writer((clues.owner)(writer, at.others()))),
            (false, _, 0, count @ 1..) => Some(RwHeld::Readers(count)),
            _ => None,
        }
    };
    // Readers that a lock keeps behind a writer that waits wait for the first word, which says so.
    let queued = at.value & (QUEUED | LOCKED | PHASE) == QUEUED | LOCKED;
    if queued && clues.memory.u32(at.word) == Some(at.value) {
        let readers = |held: &RwHeld| matches!(held, RwHeld::Readers(n) if *n < MOST_USERS);
        return held(at.word).filter(readers);
    }
    if !matches!(at.value, 2 | 3) {
        return None;
    }
    [8, 12]
        .iter()
        .find_map(|at_word| held(at.word.wrapping_sub(*at_word)))
}

/// musl's: the word counts readers; all ones is a writer, who is not stored.
fn rw_of_musl(clues: &Clues<'_>, at: At) -> Option<RwHeld> {
    if clues.inside != Some(&Inside::RwLock) {
        return None;
    }
    match at.value & !WAITERS {
        0x7fff_ffff => Some(RwHeld::SomeWriter),
        0 => None,
        readers => Some(RwHeld::Readers(readers)),
    }
}

/// `struct __pthread_cond_s` of glibc, of which the word is one of two groups' signals: before them are how many wait (above
/// three bits), the sizes of the groups, until 2.40 who refers to each, and how many waited ever and where the first group
/// begins (above one bit each).
pub(super) fn is_condition(clues: &Clues<'_>, at: At) -> bool {
    let fits = |signals: u64, referred: bool| {
        let field = |back: u64| clues.memory.u32(signals.wrapping_sub(back));
        let long = |back: u64| Some(u64::from(field(back)?) | u64::from(field(back - 4)?) << 32);
        let (waiting, more) = (field(4)?, if referred { 8 } else { 0 });
        let (ever, first) = (long(32 + more)? >> 1, long(24 + more)? >> 1);
        let count = waiting >> 3;
        let refers = if referred {
            field(24)? / 2 + field(20)? / 2
        } else {
            count
        };
        let counted = (1..MOST_USERS).contains(&count) && (1..=count).contains(&refers);
        let in_order = first <= ever && u64::from(count) <= ever;
        Some(counted && in_order && (waiting & 1 == 1) == at.shared)
    };
    let groups = [at.word, at.word.wrapping_sub(4)];
    let mut all = groups.iter().flat_map(|g| [(*g, true), (*g, false)]);
    clues.flavour != Flavour::Musl && all.any(|(signals, old)| fits(signals, old) == Some(true))
}

/// `struct new_sem` of glibc with 64-bit words: the value, how many wait, and whether other processes may use it.
pub(super) fn is_semaphore(clues: &Clues<'_>, at: At) -> bool {
    let field = |offset: u64| clues.memory.u32(at.word.wrapping_add(offset));
    let waited = field(4).is_some_and(|n| (1..MOST_USERS).contains(&n));
    let shared = if at.shared { 128 } else { 0 };
    let glibc = clues.flavour != Flavour::Musl && clues.wide;
    glibc && at.value == 0 && waited && field(8) == Some(shared)
}

/// `struct pthread_barrier` of glibc: how many came, those of earlier rounds (which is waited for), how many a round takes,
/// whether other processes may use it, and how many left.
pub(super) fn is_barrier(clues: &Clues<'_>, at: At) -> bool {
    let field = |offset: u64| {
        clues
            .memory
            .u32(at.word.wrapping_sub(4).wrapping_add(offset))
    };
    let all = || Some([field(0)?, field(4)?, field(8)?, field(12)?, field(16)?]);
    let Some([came, before, takes, shared, left]) =
        all().filter(|_| clues.flavour != Flavour::Musl)
    else {
        return false;
    };
    let here = came.wrapping_sub(before);
    let counted = (2..MOST_USERS).contains(&takes) && (1..takes).contains(&here);
    let is_shared = if at.shared { 128 } else { 0 };
    // It begins anew before they become too many: a lock of musl that a writer has is none.
    let few = before <= u32::MAX / 2;
    // Whoever left was of an earlier round.
    counted && few && before == at.value && shared == is_shared && left <= before
}

/// Where a thread of glibc keeps its number in its own block, which begins with its own address.
pub(in super::super) const fn numbered_at(wide: bool) -> u64 {
    if wide { 0x2d0 } else { 0x68 }
}

/// Who has a stream of glibc (`_IO_lock_t`): the lock, how often it was taken, and the block of the thread that has it. That
/// block tells its own address twice, and the thread's number.
pub(super) fn stream(clues: &Clues<'_>, at: At) -> Option<Owner> {
    let memory = clues.memory;
    let taken = memory.u32(at.word.wrapping_add(4))?;
    let block = super::super::call::block(memory, at.word, clues.wide)?;
    let pointer = |at: u64| memory.long(at, clues.wide) == Some(block as i64);
    let again = if clues.wide { 16 } else { 8 };
    let busy = memory
        .u32(at.word)
        .is_some_and(|lock| matches!(lock, 1 | 2));
    let fits = clues.flavour != Flavour::Musl
        && !at.shared
        && at.value == 2
        && busy
        && (1..MOST_USERS).contains(&taken)
        && pointer(block)
        && pointer(block.wrapping_add(again));
    let number = memory.u32(block.wrapping_add(numbered_at(clues.wide)))?;
    (fits && number != 0 && number <= OWNER).then(|| (clues.owner)(number, None))
}

/// The guard of what a function of C++ makes once (`__cxa_guard_acquire` of libstdc++): another thread makes it and somebody
/// waits for that. It is used as if others might share it.
pub(super) fn is_static(clues: &Clues<'_>, at: At) -> bool {
    const PENDING_AND_WAITING: u32 = 0x1_0100;
    let same = clues.memory.u32(at.word) == Some(at.value);
    at.shared && at.value == PENDING_AND_WAITING && at.word.is_multiple_of(4) && same
}

/// The thread whose end is waited for: in glibc the kernel clears the word, which holds its number; in musl the word is
/// part of the thread's own block, which begins with its own address and has the number 8 bytes before.
pub(super) fn joined(clues: &Clues<'_>, at: At) -> Option<Owner> {
    if clues.flavour != Flavour::Musl {
        let same = clues.memory.u32(at.word).is_none_or(|w| w == at.value);
        let found = (clues.owner)(at.value, None);
        if same && at.shared && matches!(found, Owner::Thread(_)) {
            return Some(found);
        }
    }
    if clues.flavour == Flavour::Glibc || at.value != 2 {
        return None;
    }
    let begins = |back: u64| {
        let start = at.word.wrapping_sub(back);
        clues.memory.long(start, clues.wide) == Some(start as i64)
    };
    let blocks: [u64; 2] = if clues.wide { [56, 40] } else { [32, 24] };
    let block = blocks.iter().any(|back| begins(*back));
    let number = clues
        .memory
        .u32(at.word.wrapping_sub(8))
        .filter(|_| block)?;
    Some((clues.owner)(number, None))
}
