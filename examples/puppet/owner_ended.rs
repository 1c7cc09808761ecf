//! Locks whose owners have ended with them: another process that nobody asked how it ended, and the first thread.

use std::{mem, ptr};

use serde_json::json;

use super::locks::{Crew, idle};

/// What both processes have.
#[repr(C)]
struct Shared {
    mutex: libc::pthread_mutex_t,
    rwlock: libc::pthread_rwlock_t,
    /// Of this process alone.
    own: libc::pthread_mutex_t,
}

/// Memory that a child has too, with initialised locks in it, as its address.
fn shared() -> usize {
    // SAFETY: the memory is as large as is asked for; attributes are ours and initialised in order.
    unsafe {
        let memory = libc::mmap(
            ptr::null_mut(),
            size_of::<Shared>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        let locks = memory.cast::<Shared>();
        let mut how = mem::zeroed();
        libc::pthread_mutexattr_init(&raw mut how);
        libc::pthread_mutexattr_setpshared(&raw mut how, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_mutex_init(&raw mut (*locks).mutex, &raw const how);
        libc::pthread_mutex_init(&raw mut (*locks).own, &raw const how);
        let mut how = mem::zeroed();
        libc::pthread_rwlockattr_init(&raw mut how);
        libc::pthread_rwlockattr_setpshared(&raw mut how, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_rwlock_init(&raw mut (*locks).rwlock, &raw const how);
        locks.expose_provenance()
    }
}

/// Makes them, says who waits for what, and ends its first thread.
pub fn run() -> ! {
    let at = shared();
    let locks = move || ptr::with_exposed_provenance_mut::<Shared>(at);
    // SAFETY: there is one thread, so the child may do anything; the locks are initialised and mapped in both.
    let child = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::prctl(libc::PR_SET_NAME, c"owner".as_ptr());
            libc::pthread_mutex_lock(&raw mut (*locks()).mutex);
            libc::pthread_rwlock_wrlock(&raw mut (*locks()).rwlock);
            libc::_exit(0);
        }
        let mut how = mem::zeroed();
        // It has ended, and stays to be asked.
        libc::waitid(
            libc::P_PID,
            child as libc::id_t,
            &raw mut how,
            libc::WEXITED | libc::WNOWAIT,
        );
        libc::pthread_mutex_lock(&raw mut (*locks()).own);
        child
    };
    let mut crew = Crew::new();
    let of = format!("{child} owner, which has ended (");
    // SAFETY: in each, the lock is initialised and mapped for as long as the process lives.
    crew.add("mutex", format!("mutex held by {of}"), move || unsafe {
        libc::pthread_mutex_lock(&raw mut (*locks()).mutex);
    });
    // SAFETY: as above.
    crew.add(
        "rwlock",
        format!("rwlock written by {of}"),
        move || unsafe {
            libc::pthread_rwlock_rdlock(&raw mut (*locks()).rwlock);
        },
    );
    let first = "mutex held by puppet, which has ended (";
    // SAFETY: as above.
    crew.add("first", first, move || unsafe {
        libc::pthread_mutex_lock(&raw mut (*locks()).own);
    });
    println!(
        "{}",
        json!({"pid": std::process::id(), "locks": crew.said()})
    );
    // SAFETY: nothing of this thread's is used by the others.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    idle()
}
