//! Signals that ask a report to end: `INT`, `TERM` and `HUP` through a `signalfd(2)`, so that it can write its last line.

use std::cell::Cell;
use std::os::fd::{AsRawFd, RawFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Whether a signal asked to end.
#[derive(Debug)]
pub struct Stop {
    signals: Option<SignalFd>,
    came: Cell<bool>,
}

/// Listens from now on; the signals do nothing else any more in this thread and those it makes.
pub fn on_signals() -> Stop {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        set.add(signal);
    }
    let blocked = set.thread_block().ok();
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    Stop {
        signals: blocked.and_then(|()| SignalFd::with_flags(&set, flags).ok()),
        came: Cell::new(false),
    }
}

impl Stop {
    /// Whether one came.
    pub fn asked(&self) -> bool {
        if let Some(Ok(Some(_))) = self.signals.as_ref().map(SignalFd::read_signal) {
            self.came.set(true);
        }
        self.came.get()
    }

    /// What becomes readable when one comes; -1 where signals end the program at once.
    pub fn fd(&self) -> RawFd {
        self.signals.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}
