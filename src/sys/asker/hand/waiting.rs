//! How long a process of our own is waited for that is at a file, and what ends the wait before that.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Hand, carry_out};
use crate::sys::machine::disks;
use crate::sys::own::stop::Stop;

/// How long a report waits for the filesystem of a file that a person named: longer than a disk that sleeps takes to wake.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take where one waits for a core rather than for the kernel, and how often that is looked at.
const STARVED: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(20);

/// For how long somebody is waited for, and what ends the wait before that.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// How long at the most.
    pub at_most: Duration,
    /// Whose signals end it.
    pub stop: Option<&'a Stop>,
}

impl Wait<'_> {
    /// As long as a report waits.
    pub const PATIENT: Self = Self {
        at_most: PATIENCE,
        stop: None,
    };

    /// Not at all.
    pub(in crate::sys::asker) const NOW: Self = Self {
        at_most: Duration::ZERO,
        stop: None,
    };

    /// Waits until there is something to hear, longer where only a core is lacking.
    ///
    /// # Errors
    /// `TimedOut` where nothing came, with the remedy; `Interrupted` where a signal came first.
    pub(in crate::sys::asker) fn hear(self, hand: &Hand) -> io::Result<()> {
        let begun = Instant::now();
        let mut step = self.at_most;
        loop {
            if self.comes(&hand.socket, step)? {
                return Ok(());
            }
            let waited = begun.elapsed();
            if waited < self.at_most {
                // A signal that is for somebody else.
                step = self.at_most.saturating_sub(waited);
            } else if step.is_zero() {
                return Err(no_answer(self.at_most));
            } else if waited < STARVED && hand.wants_a_core() {
                step = STEP;
            } else {
                // It sleeps as well when it has answered meanwhile.
                step = Duration::ZERO;
            }
        }
    }

    fn comes(self, socket: &UnixStream, step: Duration) -> io::Result<bool> {
        let step = PollTimeout::try_from(step).unwrap_or(PollTimeout::MAX);
        let mut fds = vec![PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        let signals = self.stop.and_then(Stop::signals);
        fds.extend(signals.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        match poll(&mut fds, step) {
            Ok(0) | Err(nix::Error::EINTR) => Ok(false),
            Ok(_) if fds[0].any().unwrap_or(true) => Ok(true),
            Ok(_) => Err(io::ErrorKind::Interrupted.into()),
            Err(why) => Err(why.into()),
        }
    }
}

/// What is said of a file whose filesystem does not answer.
pub fn no_answer(waited: Duration) -> io::Error {
    let told = if waited.is_zero() {
        "does not answer".to_owned()
    } else {
        format!("has not answered for {} s", waited.as_secs_f64())
    };
    let text = format!("its filesystem {told}: name a file on another one, or see to that mount");
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// How long a filesystem is waited for that may hold the end of the program.
const LEAVE: Duration = Duration::from_millis(100);

impl<'a> Wait<'a> {
    /// How long one who was told to end waits for what is written to this place: not at all where its filesystem is dead, and
    /// where it lives as long as a report waits, or until told once more. How full it is a living one says at once, however
    /// busy its disk is; and nobody remembers that for a dead one.
    pub fn before_the_end(place: &Path, stop: &'a Stop) -> Self {
        // What came is taken: only one that comes now ends the wait.
        stop.asked();
        let short = Self {
            at_most: LEAVE,
            stop: None,
        };
        let place = place.to_owned();
        let full = move || disks::space(&place).map(|_| Vec::new());
        let answer = carry_out(short, move || full().map_err(io::Error::other));
        let late = |why: &io::Error| why.kind() == io::ErrorKind::TimedOut;
        if answer.as_ref().is_err_and(late) {
            return Self::NOW;
        }
        Self {
            at_most: PATIENCE,
            stop: Some(stop),
        }
    }
}

/// Does something that waits for this place. Where a signal comes meanwhile it is done all the same if the filesystem lives: who
/// ends a recording that has just begun has a file of it.
///
/// # Errors
/// As `work` says; `Interrupted` where a second signal came.
pub fn until_told<'a, T>(
    place: &Path,
    stop: &'a Stop,
    mut work: impl FnMut(Wait<'a>) -> io::Result<T>,
) -> io::Result<T> {
    let wait = Wait {
        stop: Some(stop),
        ..Wait::PATIENT
    };
    match work(wait) {
        Err(why) if why.kind() == io::ErrorKind::Interrupted => {
            work(Wait::before_the_end(place, stop))
        }
        done => done,
    }
}
