//! Starts every thread of ours, so that none of them ever takes a signal that is meant for the program.
//!
//! The kernel hands a signal to a process to any thread that does not keep it back (`signal(7)`). One forgotten helper is
//! enough, and what should have put the terminal back, let others go on or written the last line is passed over. So whoever is
//! started here keeps back all that ends, stops or resizes the program, for good; what is to become of those signals is
//! for the first thread to say. See `pthread_sigmask(3)`.

use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use super::own::signals;

/// Starts a thread.
///
/// # Errors
/// When the kernel makes no more threads.
pub fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let builder = Builder::new().name(name.to_owned());
    signals::kept_back(|| builder.spawn(work))
}

/// The same with a stack of so many bytes.
///
/// # Errors
/// As [`start`].
pub fn start_small<T: Send + 'static>(
    name: &str,
    stack: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let builder = Builder::new().name(name.to_owned()).stack_size(stack);
    signals::kept_back(|| builder.spawn(work))
}

/// The same within a scope.
///
/// # Errors
/// As [`start`].
pub fn start_scoped<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    let builder = Builder::new().name(name.to_owned());
    signals::kept_back(|| builder.spawn_scoped(scope, work))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked() -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").expect("our own");
        let mask = status.lines().find_map(|l| l.strip_prefix("SigBlk:"));
        u64::from_str_radix(mask.expect("told").trim(), 16).expect("a mask")
    }

    #[test]
    fn a_thread_takes_no_signal_of_the_program_and_who_starts_it_takes_them_as_before() {
        let before = blocked();
        let asked = start("test", blocked).expect("it starts").join();
        let small = start_small("test", 64 << 10, blocked).expect("it starts");
        let scoped = std::thread::scope(|scope| {
            let thread = start_scoped(scope, "test", blocked).expect("it starts");
            thread.join().expect("it ends")
        });
        for mask in [
            asked.expect("it ends"),
            small.join().expect("it ends"),
            scoped,
        ] {
            for signal in signals::ending().chain([libc::SIGTSTP, libc::SIGCONT, libc::SIGWINCH]) {
                assert!(mask >> (signal - 1) & 1 == 1, "{signal}: {mask:x}");
            }
        }
        assert_eq!(blocked(), before);
    }
}
