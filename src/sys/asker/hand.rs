//! Processes of our own that write the files a person asked for: whoever writes to a filesystem that never answers cannot
//! be ended, and is not to be us.
//!
//! Such a process holds nothing of ours but a socket, has what it is to write in its copy of our memory or hears it, and goes
//! on when we have ended: what was ordered is written. It is nobody's child, so that it leaves no zombie of ours.
#![expect(unsafe_code, reason = "fork(2)")]

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

use super::{child, pool};
use crate::sys::own::recording;

/// What it is called in lists.
const TITLE: &[u8] = b"pscope-writer: writes what was asked for";

/// The way to one that works.
#[derive(Debug)]
pub struct Hand(UnixStream);

/// Lets a process of our own do `work`, which hears and tells over a socket. It makes no use of locks that threads of ours hold.
///
/// # Errors
/// When the kernel makes no more processes.
pub fn start(work: impl FnOnce(&mut UnixStream)) -> io::Result<Hand> {
    let (ours, mut theirs) = UnixStream::pair()?;
    // SAFETY: the child makes no use of locks that another thread may hold, save those of malloc, which the C library
    // takes across a fork.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => {
            // It ends at once: who works is its child.
            waitpid(child, None)?;
            Ok(Hand(ours))
        }
        ForkResult::Child => child::and_end(|| {
            drop(ours);
            // SAFETY: this process has one thread.
            if matches!(unsafe { fork() }, Ok(ForkResult::Child)) {
                child::let_go(theirs.as_raw_fd(), c"pscope-writer", TITLE);
                work(&mut theirs);
            }
        }),
    }
}

/// What it says when the file of a recording is there, and when all is written. No complaint begins like this.
pub const BEGUN: [u8; 1] = [1];
/// See [`BEGUN`].
pub const DONE: &[u8] = &[2];

/// Begins a recording, or goes on with one: each record that is [`Hand::put`] is written. It says [`BEGUN`] or what went wrong
/// with it, and [`DONE`] or what went wrong at last. It is made by who makes workers, so that it keeps nothing of our memory.
///
/// # Errors
/// When no process can be made.
pub fn recording(path: &Path, magic: &[u8]) -> io::Result<Hand> {
    let path = std::path::absolute(path)?;
    let mut hand = match pool::writer() {
        Some(socket) => Hand(socket),
        None => start(work)?,
    };
    hand.put(path.as_os_str().as_bytes())?;
    hand.put(magic)?;
    Ok(hand)
}

/// What one that is made for a recording does.
pub(super) fn work(socket: &mut UnixStream) {
    if let Err(why) = record(socket) {
        let _ = socket.write_all(why.to_string().as_bytes());
    }
}

/// Writes record after record, until no more come.
fn record(socket: &mut UnixStream) -> io::Result<()> {
    let path = take(socket)?.unwrap_or_default();
    let magic = take(socket)?.unwrap_or_default();
    let mut file = recording::begin(Path::new(OsStr::from_bytes(&path)), &magic)?;
    socket.write_all(&BEGUN)?;
    while let Some(record) = take(socket)? {
        file.append(&record)?;
    }
    socket.write_all(DONE)
}

/// What was put; nothing where no more comes.
fn take(from: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    if from.read_exact(&mut length).is_err() {
        return Ok(None);
    }
    let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
    let mut all = vec![0; length];
    from.read_exact(&mut all)?;
    Ok(Some(all))
}

impl Hand {
    /// Hands something over as a whole.
    ///
    /// # Errors
    /// As the kernel says; `BrokenPipe` where it has ended.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(&(bytes.len() as u64).to_le_bytes())?;
        self.0.write_all(bytes)
    }

    /// Says that nothing more comes, and hears what it has left to say.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        // One that has ended is heard all the same.
        let _ = self.0.shutdown(Shutdown::Write);
        let mut told = Vec::new();
        self.0.read_to_end(&mut told)?;
        Ok(told)
    }
}

impl Read for Hand {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Hand {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn it_hears_and_tells_and_holds_nothing_of_ours() {
        let kept = std::fs::File::open("/proc/self/stat").expect("our own");
        let number = kept.as_raw_fd();
        let mut hand = start(|socket| {
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
        let limit = nix::poll::PollTimeout::from(30_000_u16);
        let ends = nix::poll::PollFd::new(hold.as_fd(), nix::poll::PollFlags::POLLIN);
        assert_eq!(nix::poll::poll(&mut [ends], limit), Ok(1), "it ends");
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
                let _ = socket.write_all(DONE);
            })
            .expect("it starts");
            let limit = std::time::Duration::from_secs(20);
            hand.0.set_read_timeout(Some(limit)).expect("ours");
            let mut told = [0];
            hand.read_exact(&mut told).expect("it is not held");
            assert_eq!(told, DONE);
        }
        drop(end);
        reader.join().expect("it ends");
    }
}
