//! Locks and conditions of the standard library of Rust, which calls the kernel itself and stores nobody: threads that wait
//! for each, by name.

use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, RwLock};

use super::locks::{Crew, idle};

/// A thread for each, and one that has what they wait for.
pub fn of_rust(crew: &mut Crew) {
    static MUTEX: Mutex<()> = Mutex::new(());
    static WRITTEN: RwLock<()> = RwLock::new(());
    static READ: RwLock<()> = RwLock::new(());
    static ONCE: Once = Once::new();
    static CONDITION: Condvar = Condvar::new();
    static BARRIER: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    let there = Arc::new(Barrier::new(2));
    let ready = Arc::clone(&there);
    crew.add("rust holder", "a signal", move || {
        let _held = (MUTEX.lock(), WRITTEN.write(), READ.read());
        ONCE.call_once(|| {
            there.wait();
            idle();
        });
    });
    ready.wait();
    crew.add("rust mutex", "mutex that stores no owner (", || {
        drop(MUTEX.lock());
    });
    let written = "rwlock held by a writer, who is not stored (";
    // With a writer and a reader waiting, the word of the lock is that of a parked thread.
    crew.add("rust 2nd writer", "rwlock", || drop(WRITTEN.write()));
    crew.add("rust reader", written, || drop(WRITTEN.read()));
    crew.add("rust writer", "rwlock (", || drop(READ.write()));
    let once = "what another thread does once (";
    crew.add("rust once", once, || ONCE.call_once(|| {}));
    crew.add("rust condition", "condition variable (", || {
        let own = Mutex::new(());
        drop(own.lock().map(|guard| CONDITION.wait(guard)));
    });
    crew.add("rust barrier", "barrier (", || {
        BARRIER.wait();
    });
}
