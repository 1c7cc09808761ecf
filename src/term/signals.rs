//! Signals sent to the program itself: ending, stopping, going on, a new size (`signal(7)`, `sigwait(3)`).
//!
//! They are blocked before any thread starts, so that one thread waits for them and no code is interrupted by them.

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

/// What a signal means to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// End, and say that this signal was the reason.
    End(i32),
    /// Give the terminal back and stop.
    Suspend,
    /// The program goes on after a stop; the terminal may be in any state.
    Continued,
    /// The terminal has a new size.
    Resized,
}

const HEARD: &[(Signal, Option<Told>)] = &[
    (Signal::SIGTERM, None),
    (Signal::SIGINT, None),
    (Signal::SIGHUP, None),
    (Signal::SIGQUIT, None),
    (Signal::SIGTSTP, Some(Told::Suspend)),
    (Signal::SIGCONT, Some(Told::Continued)),
    (Signal::SIGWINCH, Some(Told::Resized)),
];

fn heard() -> SigSet {
    HEARD.iter().map(|(signal, _)| *signal).collect()
}

/// Keeps the signals back from every thread that is started from now on.
///
/// # Errors
/// Never on Linux.
pub fn block() -> std::io::Result<()> {
    Ok(heard().thread_block()?)
}

/// Waits for signals for ever; `tell` hears what each means.
pub fn wait(tell: impl Fn(Told)) {
    let heard = heard();
    while let Ok(signal) = heard.wait() {
        let meaning = HEARD.iter().find(|(s, _)| *s == signal);
        let meaning = meaning.and_then(|(_, told)| *told);
        tell(meaning.unwrap_or(Told::End(signal as i32)));
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
    fn each_way_of_ending_is_heard() {
        for signal in [
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGQUIT,
        ] {
            assert!(heard().contains(signal));
        }
    }
}
