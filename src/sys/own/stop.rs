//! Signals that ask a report to end: `INT`, `TERM` and `HUP` through a `signalfd(2)`, so that it can write its last line.

use std::cell::Cell;
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd, RawFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::signals;
use crate::model::id::Nanos;

/// Whether a signal asked to end.
#[derive(Debug)]
pub struct Stop {
    signals: Option<SignalFd>,
    came: Cell<bool>,
}

/// Listens from now on; the signals do nothing else any more. One that this program was told to ignore stays ignored.
pub fn on_signals() -> Stop {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if !signals::is_ignored(signal as i32) {
            set.add(signal);
        }
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

    /// Waits so long, or until one comes.
    pub fn wait(&self, at_most: Nanos) {
        let ms = u16::try_from(at_most.0.div_ceil(1_000_000)).unwrap_or(u16::MAX);
        let Some(signals) = &self.signals else {
            std::thread::sleep(std::time::Duration::from_millis(ms.into()));
            return;
        };
        let mut fds = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, PollTimeout::from(ms));
    }

    /// The same as [`Self::fd`], for who polls it; nothing where signals end the program at once.
    pub fn signals(&self) -> Option<BorrowedFd<'_>> {
        self.signals.as_ref().map(SignalFd::as_fd)
    }

    /// What becomes readable when one comes; -1 where signals end the program at once.
    pub fn fd(&self) -> RawFd {
        self.signals.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}
