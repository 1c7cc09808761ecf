//! Processes of our own that open, read and write the files a person named: whoever waits for a filesystem that never
//! answers cannot be ended, and is not to be us.
//!
//! Such a process holds nothing of ours but a socket, has what it is to do in its copy of our memory or hears it, and goes
//! on when we have ended: what was ordered is written. One that ends while we live is reaped.
#![expect(unsafe_code, reason = "fork(2)")]

mod waiting;

pub use waiting::{PATIENCE, Wait, no_answer, until_told};

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use super::{child, free};
use crate::sys::own::{place, sandbox};

/// What it is called in lists.
const TITLE: &[u8] = b"pscope-file: reads or writes a file that was asked for";

/// The way to one that works.
#[derive(Debug)]
pub struct Hand {
    pub(super) socket: UnixStream,
    /// Who it is.
    pub(super) number: u32,
    /// Whether it is ours to reap; else whoever makes workers does that.
    pub(super) ours: bool,
}

/// Those that had not ended when they were left.
static LEFT: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
/// How long one that was told to end is waited for.
const ENDS: Duration = Duration::from_millis(20);

/// Reaps who has ended; true where nobody else will.
fn is_over(child: Pid) -> bool {
    let look = waitpid(child, Some(WaitPidFlag::WNOHANG));
    !matches!(look, Ok(WaitStatus::StillAlive))
}

fn reap_left(also: Option<Pid>) {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.extend(also);
    left.retain(|child| !is_over(*child));
}

impl Drop for Hand {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        if !self.ours {
            return;
        }
        let child = Pid::from_raw(self.number as i32);
        let begun = Instant::now();
        while !is_over(child) {
            if begun.elapsed() > ENDS {
                return reap_left(Some(child));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        reap_left(None);
    }
}

/// Lets a process of our own do `work`, which hears and tells over a socket and writes no file. It makes no use of locks that
/// threads of ours hold.
///
/// # Errors
/// When the kernel makes no more processes.
pub fn start(work: impl FnOnce(&mut UnixStream) + Send + 'static) -> io::Result<Hand> {
    made(|socket| {
        sandbox::only_read();
        work(socket);
    })
}

/// The same of one that writes the file at this place, or beside it, and nothing elsewhere.
///
/// # Errors
/// When the kernel makes no more processes.
pub fn start_writing(
    place: &Path,
    work: impl FnOnce(&mut UnixStream) + Send + 'static,
) -> io::Result<Hand> {
    let place = place.to_owned();
    made(move |socket| {
        place::only_below(&place);
        work(socket);
    })
}

/// One that has yet to deny itself what it is not for.
pub(super) fn made(work: impl FnOnce(&mut UnixStream) + Send + 'static) -> io::Result<Hand> {
    let (ours, mut theirs) = UnixStream::pair()?;
    let child = free::made(move || {
        // SAFETY: the child makes no use of locks that another thread may hold, save those of malloc, which the C library
        // takes across a fork.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(child),
            ForkResult::Child => child::and_end(|| {
                child::let_go(theirs.as_raw_fd(), c"pscope-file", TITLE);
                work(&mut theirs);
            }),
        }
    })?;
    Ok(Hand {
        socket: ours,
        number: child.as_raw() as u32,
        ours: true,
    })
}

/// Denies this thread, and those that it starts from now on, to write any file. What a person asked for is written all the
/// same: by hands, which one thread makes that goes on without that rule and does nothing else.
pub fn only_by_hands() {
    // Without that thread this one would not be able to do what it is asked for.
    if free::begin().is_ok() {
        sandbox::only_read();
    }
}

/// Lets a process of our own look at a file that a person named, and waits so long for what it makes of it. One that is not
/// waited for any more goes on by itself.
///
/// # Errors
/// As `work` says; `TimedOut` and `Interrupted` as [`Wait`] says; else when the kernel makes no more processes.
pub fn carry_out(
    wait: Wait<'_>,
    work: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
) -> io::Result<Vec<u8>> {
    heard(wait, start(|socket| tell(socket, work()))?)
}

/// The same of work that writes the file at this place, or beside it.
///
/// # Errors
/// As [`carry_out`].
pub fn write_out(
    wait: Wait<'_>,
    place: &Path,
    work: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
) -> io::Result<Vec<u8>> {
    heard(wait, start_writing(place, |socket| tell(socket, work()))?)
}

fn tell(socket: &mut UnixStream, done: io::Result<Vec<u8>>) {
    let _ = match done {
        Ok(bytes) => socket.write_all(&[&[WELL][..], &bytes].concat()),
        Err(why) => socket.write_all(&failure(&why)),
    };
}

fn heard(wait: Wait<'_>, mut hand: Hand) -> io::Result<Vec<u8>> {
    let mut told = Vec::new();
    let mut part = [0; 1 << 12];
    loop {
        wait.hear(&hand)?;
        match hand.read(&mut part)? {
            0 => break,
            n => told.extend(&part[..n]),
        }
    }
    match told.split_first() {
        Some((&WELL, _)) => Ok(told.split_off(1)),
        _ => Err(complaint(&told)),
    }
}

/// How what is told begins where it went well, and where it did not.
const WELL: u8 = b'w';
const FAILED: u8 = b'f';

/// Kinds of complaints that have no number of the kernel's: they go by the negative of their place here.
const KINDS: [io::ErrorKind; 7] = [
    io::ErrorKind::Other,
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::InvalidInput,
    io::ErrorKind::InvalidData,
    io::ErrorKind::AlreadyExists,
    io::ErrorKind::ResourceBusy,
    io::ErrorKind::WriteZero,
];

/// A complaint as bytes.
pub(super) fn failure(why: &io::Error) -> Vec<u8> {
    let kind = KINDS.iter().position(|kind| *kind == why.kind());
    let number = why.raw_os_error();
    let number = number.unwrap_or_else(|| -(kind.unwrap_or(0) as i32));
    [
        &[FAILED][..],
        &number.to_le_bytes(),
        why.to_string().as_bytes(),
    ]
    .concat()
}

/// And back.
pub(super) fn complaint(told: &[u8]) -> io::Error {
    let Some((number, text)) = told
        .strip_prefix(&[FAILED])
        .and_then(<[u8]>::split_first_chunk)
    else {
        return io::Error::other("who should have done it was ended by somebody");
    };
    let number = i32::from_le_bytes(*number);
    if number > 0 {
        return io::Error::from_raw_os_error(number);
    }
    let kind = KINDS.get(number.unsigned_abs() as usize);
    let text = String::from_utf8_lossy(text).into_owned();
    io::Error::new(kind.copied().unwrap_or(KINDS[0]), text)
}

impl Hand {
    /// Whether a thread of it could run: then the machine is busy, and no filesystem is to blame.
    fn wants_a_core(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.number));
        let numbers = tasks.into_iter().flatten();
        let numbers = numbers.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
        numbers.into_iter().any(child::wants_a_core)
    }

    /// Waits until it has something to say.
    ///
    /// # Errors
    /// As [`Wait`] says.
    pub fn wait(&self, wait: Wait<'_>) -> io::Result<()> {
        wait.hear(self)
    }

    /// Says that nothing more comes, and hears what it has left to say.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        // One that has ended is heard all the same.
        let _ = self.socket.shutdown(Shutdown::Write);
        let mut told = Vec::new();
        self.socket.read_to_end(&mut told)?;
        Ok(told)
    }
}

impl Read for Hand {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.socket.read(into)
    }
}

impl Write for Hand {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    #[test]
    fn it_hears_and_tells_and_holds_nothing_of_ours() {
        let kept = std::fs::File::open("/proc/self/stat").expect("our own");
        let number = kept.as_raw_fd();
        let mut hand = start(move |socket| {
            let mut heard = String::new();
            let _ = socket.read_to_string(&mut heard);
            let holds = std::fs::read_link(format!("/proc/self/fd/{number}"));
            let terminal = std::fs::read_link("/proc/self/fd/1");
            let _ = write!(
                socket,
                "{heard} {} {}",
                holds.is_ok_and(|to| to.ends_with("stat")),
                terminal.is_ok_and(|to| to.as_os_str() == "/dev/null")
            );
        })
        .expect("it starts");
        hand.write_all(b"hello").expect("it hears");
        assert_eq!(hand.finish().expect("it tells"), b"hello false true");
        drop(kept);
    }

    #[test]
    fn a_panic_does_not_go_back_into_the_program() {
        let dir = tempfile::tempdir().expect("a directory");
        let twice = dir.path().join("twice");
        let us = std::process::id();
        let made = crate::sys::caught::catching(|| {
            start(|socket| {
                let _ = socket.write_all(&std::process::id().to_le_bytes());
                // Who it is is known before it ends.
                let _ = socket.read(&mut [0]);
                std::panic::resume_unwind(Box::new("on purpose"));
            })
        });
        if std::process::id() != us {
            let _ = std::fs::write(&twice, "a child came back");
            std::process::exit(1);
        }
        let mut hand = made.expect("we do not panic").expect("it starts");
        let mut number = [0; 4];
        hand.read_exact(&mut number).expect("it tells");
        let number = u32::from_le_bytes(number);
        let hold = crate::sys::acting::pidfd::open(number, 0).expect("it lives");
        hand.write_all(&[1]).expect("it hears");
        let limit = PollTimeout::from(30_000_u16);
        let ends = PollFd::new(hold.as_fd(), PollFlags::POLLIN);
        assert_eq!(poll(&mut [ends], limit), Ok(1), "it ends");
        assert!(!twice.exists());
    }

    #[test]
    fn a_thread_that_reads_variables_meanwhile_holds_nobody() {
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let reader = std::thread::spawn(move || {
            while ends.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                let _ = std::env::vars_os();
            }
        });
        for _ in 0..50 {
            let mut hand = start(|socket| {
                let _ = socket.write_all(&[WELL]);
            })
            .expect("it starts");
            let limit = Duration::from_secs(20);
            hand.socket.set_read_timeout(Some(limit)).expect("ours");
            let mut told = [0];
            hand.read_exact(&mut told).expect("it is not held");
            assert_eq!(told, [WELL]);
        }
        drop(end);
        reader.join().expect("it ends");
    }
}
