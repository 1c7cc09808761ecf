//! Work whose panics are caught, so that a hook can tell them from those that end a thread.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Does this and catches its panic; who asks for it says what became of that, and leaves nothing half done behind.
///
/// # Errors
/// What the panic said.
pub fn catching<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done
}

/// Whether a panic of this thread would be caught here and now.
pub fn is_catching() -> bool {
    DEPTH.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_caught_is_known_while_it_runs_and_not_afterwards() {
        assert!(!is_catching());
        let inner = catching(|| {
            let deeper: thread::Result<()> =
                catching(|| std::panic::resume_unwind(Box::new("on purpose")));
            (deeper.is_err(), is_catching())
        });
        assert_eq!(inner.ok(), Some((true, true)));
        assert!(!is_catching());
    }
}
