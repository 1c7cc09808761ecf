//! Locks of musl by their shape alone: where a program was linked as one and stripped, no function tells what it waits for.

use super::super::{Flavour, Inside, Lock, RwHeld};
use super::Clues;
use super::lock::{At, WAITERS};
use crate::model::scheduling::wait::Call;

/// More threads than this never wait for one lock.
const MOST: u32 = 1 << 22;
/// So many readers at most: a larger number is rather that of a thread in a mutex.
const MOST_READERS: u32 = 256;
/// A writer has it.
const WRITTEN: u32 = 0x7fff_ffff;
/// What waits in a condition variable lies on its own stack, not further from the stack pointer than this.
const FRAMES: u64 = 1024;

/// What lies at a word, where it looks like nothing else. The call has no flags: [`At`] says whether others may share it.
pub(super) fn lock(clues: &Clues<'_>, at: At) -> Option<Lock> {
    if clues.flavour == Flavour::Glibc {
        return None;
    }
    if at.value == 2 && !at.shared && is_condition(clues, at) {
        return Some(Lock::Condition);
    }
    let field = |offset: u64| clues.memory.u32(at.word.wrapping_add(offset));
    let waited = field(4).is_some_and(|n| (1..MOST).contains(&n));
    if at.value & WAITERS == 0 || !waited || field(0) != Some(at.value) {
        return None;
    }
    // Behind both stands how the call is made: as it is in a semaphore, the other way round in a read-write lock.
    let private = if at.shared { 0 } else { 128 };
    let how = field(8)?;
    // One that others may share has a zero there, as has the result of a future of C++.
    if how == private && !at.shared && matches!(at.value, 0x8000_0000 | 0xffff_ffff) {
        return Some(Lock::Semaphore);
    }
    if how != 128 - private {
        return None;
    }
    match at.value & !WAITERS {
        WRITTEN => Some(Lock::RwLock(RwHeld::SomeWriter)),
        readers @ 1..MOST_READERS if clues.inside != Some(&Inside::Mutex) => {
            Some(Lock::RwLock(RwHeld::Readers(readers)))
        }
        _ => None,
    }
}

/// `struct waiter` of `pthread_cond_timedwait.c`, of whom each lies on its thread's stack: two pointers to others, its state, the
/// word that is waited for, and whom to tell. It waits while its state is 0 and nobody is to be told.
fn is_condition(clues: &Clues<'_>, at: At) -> bool {
    let Ok(Call::In { sp, .. }) = clues.call else {
        return false;
    };
    let size: u64 = if clues.wide { 8 } else { 4 };
    let begin = at.word.wrapping_sub(2 * size + 4);
    let pointer = |at: u64| clues.memory.long(at, clues.wide);
    let other = |at: u64| {
        let near = |p: i64| p == 0 || p > 4096 && (p as u64).is_multiple_of(size);
        pointer(at).is_some_and(near)
    };
    let near = at.word > sp && at.word - sp < FRAMES;
    near && begin.is_multiple_of(size)
        && other(begin)
        && other(begin.wrapping_add(size))
        && clues.memory.u32(at.word.wrapping_sub(4)) == Some(0)
        && clues.memory.u32(at.word) == Some(2)
        && pointer(at.word.wrapping_add(4)) == Some(0)
}
