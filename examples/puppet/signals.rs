//! Signals: one caught, one ignored, one blocked and pending for the process, one pending for the first thread alone.

use std::any::Any;
use std::{mem, ptr};

use serde_json::{Value, json};

extern "C" fn handler(_: libc::c_int) {}

/// Must run before any thread exists: the others have to inherit what is blocked.
pub fn make() -> (Value, Box<dyn Any>) {
    let real_time = libc::SIGRTMIN() + 5;
    // SAFETY: the handler does nothing; the sets are ours and initialised; the signals are sent to ourselves and blocked.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handler as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut());
        libc::signal(libc::SIGHUP, libc::SIG_IGN);
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGUSR2);
        libc::sigaddset(&raw mut set, real_time);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
        libc::kill(libc::getpid(), libc::SIGUSR2);
        libc::pthread_kill(libc::pthread_self(), real_time);
    }
    let truth = json!({
        "caught": libc::SIGUSR1,
        "ignored": [libc::SIGHUP, libc::SIGPIPE],
        "blocked": [libc::SIGUSR2, real_time],
        "pending": [libc::SIGUSR2, real_time],
    });
    (truth, Box::new(()))
}
