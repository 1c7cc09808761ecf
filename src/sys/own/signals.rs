//! Signals to ourselves: kept back from every thread, or from this one for as long as nobody may interrupt it.
//!
//! See `pthread_sigmask(3)`, `sigwaitinfo(2)`, `signal(7)`. Sends nothing.
#![expect(
    unsafe_code,
    reason = "safe wrappers of signal sets know no realtime signals, which end a program too"
)]

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Those that end a program by default, as somebody else may send them: a fault of its own that is told by one of these ends it
/// all the same, since the kernel lets nobody keep that back. `SEGV` and `BUS` are left to the handlers of the standard library.
const END: [libc::c_int; 19] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGSTKFLT,
    libc::SIGIO,
    libc::SIGPWR,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGSYS,
];

/// Those that stop it, let it go on, or say that the terminal has a new size. `TTIN` and `TTOU` are left to the kernel: whoever
/// blocks them may use a terminal that belongs to somebody else.
const OTHER: [libc::c_int; 3] = [libc::SIGTSTP, libc::SIGCONT, libc::SIGWINCH];

/// Every signal that ends a program by default and can be kept back, the realtime ones included.
pub fn ending() -> impl Iterator<Item = i32> {
    END.into_iter().chain(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

fn set(signals: impl Iterator<Item = i32>) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` fills the whole set, which is then initialised.
    let mut set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for signal in signals {
        // SAFETY: the set is initialised and lives during the call; a number that is none is refused.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    set
}

/// Changes what this thread keeps back, and tells what it kept back before.
fn mask(how: libc::c_int, change: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    let mut before = set(std::iter::empty());
    // SAFETY: both sets are initialised and live during the call.
    let failed = unsafe { libc::pthread_sigmask(how, ptr::from_ref(change), &raw mut before) };
    if failed == 0 {
        Ok(before)
    } else {
        Err(io::Error::from_raw_os_error(failed))
    }
}

/// Keeps back, from this thread and from those that it starts from now on, whatever ends, stops or resizes the program.
///
/// # Errors
/// Never on Linux.
pub fn block() -> io::Result<()> {
    mask(libc::SIG_BLOCK, &set(ending().chain(OTHER))).map(|_| ())
}

/// Waits for one of those that [`block`] keeps back, and takes it.
///
/// # Errors
/// When the kernel refuses to wait.
pub fn wait() -> io::Result<i32> {
    let waited = set(ending().chain(OTHER));
    loop {
        // SAFETY: the set is initialised; nothing is written where no information is asked for.
        let signal = unsafe { libc::sigwaitinfo(&raw const waited, ptr::null_mut()) };
        if signal > 0 {
            return Ok(signal);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// While it lives, nothing ends or stops this thread but KILL, STOP and its own faults; what came meanwhile acts afterwards.
///
/// Other threads of ours keep them back for good (`threads`).
#[derive(Debug)]
pub struct Shield(Option<libc::sigset_t>);

/// Begins to keep signals back.
pub fn shield() -> Shield {
    Shield(mask(libc::SIG_BLOCK, &set(ending().chain([libc::SIGTSTP]))).ok())
}

/// Does something, the start of threads above all, while this thread keeps back what [`block`] does: they keep it back for good.
pub fn kept_back<T>(work: impl FnOnce() -> T) -> T {
    let _shield = Shield(mask(libc::SIG_BLOCK, &set(ending().chain(OTHER))).ok());
    work()
}

/// Whether whoever started this program has told it to ignore a signal, as nohup(1) does.
pub fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is changed, and the kernel fills the structure, which is plain data and zeroed otherwise.
    let action = unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}

/// A signal that would end the program as soon as the shield falls. What is ignored waits too while it is kept back, and ends
/// nothing.
pub fn waiting() -> Option<i32> {
    let mut pending = set(std::iter::empty());
    // SAFETY: the set is initialised and lives during the calls.
    unsafe {
        libc::sigpending(&raw mut pending);
        ending().find(|signal| {
            libc::sigismember(&raw const pending, *signal) == 1 && !is_ignored(*signal)
        })
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // It was accepted before, so it is again.
            let _ = mask(libc::SIG_SETMASK, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_behind_the_shield_waits_and_is_seen() {
        // In a thread of its own: the signal is sent to it alone, and taken again before the shield falls.
        std::thread::spawn(|| {
            let shield = shield();
            assert_eq!(waiting(), None);
            for signal in [libc::SIGUSR1, libc::SIGRTMIN()] {
                // SAFETY: no memory is passed.
                unsafe { libc::pthread_kill(libc::pthread_self(), signal) };
                assert_eq!(waiting(), Some(signal));
                assert_eq!(wait().expect("taken"), signal);
            }
            assert_eq!(waiting(), None);
            drop(shield);
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn faults_and_what_cannot_be_kept_back_are_not_among_them() {
        for signal in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGKILL,
            libc::SIGSTOP,
            libc::SIGPIPE,
        ] {
            assert!(ending().all(|s| s != signal));
        }
    }
}
