//! Signals sent to the program itself: ending, stopping, going on, a new size (`signal(7)`).
//!
//! They are kept back before any thread starts, so that one thread waits for them and no code is interrupted by them.

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

/// What a signal means to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// End, and say that this signal was the reason.
    End(i32),
    /// Give the terminal back and stop.
    Suspend,
    /// The program goes on after a stop; the terminal may be in any state.
    Continued,
    /// The terminal has a new size.
    Resized,
}

/// What a signal that is kept back from the program means to it; `None` for one that means nothing.
pub fn meaning(number: i32) -> Option<Meaning> {
    match Signal::try_from(number) {
        Ok(Signal::SIGTSTP) => Some(Meaning::Suspend),
        Ok(Signal::SIGCONT) => Some(Meaning::Continued),
        Ok(Signal::SIGWINCH) => Some(Meaning::Resized),
        Ok(Signal::SIGCHLD | Signal::SIGURG) => None,
        // The realtime signals have no names there, and end a program as the others do.
        _ => Some(Meaning::End(number)),
    }
}

/// Stops the program with its process group, as Ctrl-z does to a program that does not read it; returns when it goes on.
///
/// The kernel ignores this where nobody could let it go on (an orphaned process group), which is right.
///
/// # Errors
/// When the group cannot be signalled.
pub fn stop() -> std::io::Result<()> {
    let mut only_stop = SigSet::empty();
    only_stop.add(Signal::SIGTSTP);
    only_stop.thread_unblock()?;
    let sent = nix::sys::signal::kill(Pid::from_raw(0), Signal::SIGTSTP);
    only_stop.thread_block()?;
    Ok(sent?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_ends_a_program_ends_it_in_order() {
        for number in [1, 2, 3, 10, 12, 14, 15, 34, 64] {
            assert_eq!(meaning(number), Some(Meaning::End(number)));
        }
        assert_eq!(meaning(Signal::SIGTSTP as i32), Some(Meaning::Suspend));
        assert_eq!(meaning(Signal::SIGURG as i32), None);
    }
}
