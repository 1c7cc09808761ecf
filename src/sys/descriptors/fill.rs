//! How full a pipe or a message queue is. Nothing is taken out of it.
//!
//! A pipe's descriptor is borrowed for a moment and asked, which needs the right to trace the process; `pidfd_getfd(2)`,
//! `ioctl_pipe(2)`. A POSIX queue tells it in its file, `mq_overview(7)`.
#![expect(
    unsafe_code,
    reason = "pidfd_getfd(2) and FIONREAD have no safe binding here"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;

use nix::fcntl::{FcntlArg, fcntl};

use super::fds;
use crate::model::descriptors::peer::Object;
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::text::SafeText;
use crate::sys::fields;

/// Asks about many channels; one handle of each process serves for all that it holds.
#[derive(Debug, Default)]
pub struct Fill(RefCell<HashMap<ProcId, Option<OwnedFd>>>);

impl Fill {
    /// What is known of a channel that a process holds under this number: `64K of 64K: the writer waits`, `empty`,
    /// `12K of 64K`, `POSIX queue /jobs, 12 bytes wait`; nothing where it may not be asked.
    pub fn of(&self, object: &Object, process: ProcId, fd: u32) -> Option<String> {
        if let Object::Queue { .. } = object {
            return queue(process, fd);
        }
        let mut held = self.0.borrow_mut();
        let handle = held.entry(process).or_insert_with(|| handle(process));
        pipe(handle.as_ref()?, fd)
    }
}

fn handle(process: ProcId) -> Option<OwnedFd> {
    // SAFETY: the call takes two numbers and answers with a new descriptor or -1.
    own(unsafe { libc::syscall(libc::SYS_pidfd_open, process.pid.0, 0) })
}

fn pipe(process: &OwnedFd, fd: u32) -> Option<String> {
    let (used, capacity) = ask(process, fd)?;
    let shown = |n: u64| format::bytes(Bytes(n));
    Some(match used {
        0 => "empty".to_owned(),
        used if used >= capacity => {
            format!("{} of {}: the writer waits", shown(used), shown(capacity))
        }
        used => format!("{} of {}", shown(used), shown(capacity)),
    })
}

/// The name of a queue, and what its file says: `QSIZE:129        NOTIFY:0     SIGNO:0     NOTIFY_PID:0`.
fn queue(process: ProcId, fd: u32) -> Option<String> {
    let link = format!("/proc/{}/fd/{fd}", process.pid);
    let name = std::fs::read_link(&link).ok()?;
    let name = SafeText::from_bytes(name.as_os_str().as_bytes());
    let name = name.as_str();
    // The link is pinned before it is looked at, so that what is opened is the queue that was found, whatever happens
    // to the number meanwhile.
    let mut pin = OpenOptions::new();
    let pin = pin.read(true).custom_flags(libc::O_PATH | libc::O_CLOEXEC);
    let pinned = pin.open(link).ok().filter(is_queue)?;
    let text = std::fs::read(format!("/proc/self/fd/{}", pinned.as_raw_fd())).ok();
    let bytes = text.as_deref().and_then(waiting);
    Some(match bytes {
        None => format!("POSIX queue {name}"),
        Some(0) => format!("POSIX queue {name}, empty"),
        Some(n) => format!("POSIX queue {name}, {n} bytes wait"),
    })
}

fn is_queue(file: &std::fs::File) -> bool {
    nix::sys::statfs::fstatfs(file).is_ok_and(fds::of_queues)
}

pub(crate) fn waiting(text: &[u8]) -> Option<u64> {
    let rest = text.strip_prefix(b"QSIZE:")?;
    fields::number(fields::words(rest).next()?)
}

fn ask(process: &OwnedFd, fd: u32) -> Option<(u64, u64)> {
    let pipe = own(
        // SAFETY: the call takes numbers and answers with a new descriptor or -1; the first is open for its length.
        unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) },
    )?;
    let mut used: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, and `used` outlives the call.
    let status = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut used) };
    let capacity = fcntl(&pipe, FcntlArg::F_GETPIPE_SZ).ok()?;
    let told = status == 0 && capacity > 0;
    told.then_some((u64::try_from(used).ok()?, u64::try_from(capacity).ok()?))
}

fn own(answer: libc::c_long) -> Option<OwnedFd> {
    let fd = i32::try_from(answer).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the kernel just made this descriptor for us and nobody else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn our_own_pipe_tells_what_waits() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(&[1; 5000]).expect("room");
        let me = ProcId::new(std::process::id(), 0);
        let Some(handle) = handle(me) else {
            println!("skipped: pidfd_open is not allowed here");
            return;
        };
        match ask(&handle, reader.as_raw_fd() as u32) {
            Some((used, capacity)) => assert!(used == 5000 && capacity >= 5000),
            None => println!("skipped: pidfd_getfd is not allowed here"),
        }
        assert_eq!(pipe(&handle, 1_000_000), None);
        // A pipe is no queue, whatever it is taken for.
        assert_eq!(queue(me, reader.as_raw_fd() as u32), None);
    }

    #[test]
    fn what_waits_in_a_queue_is_the_first_number() {
        let text = b"QSIZE:129        NOTIFY:2     SIGNO:0     NOTIFY_PID:8260 \n";
        assert_eq!(waiting(text), Some(129));
        assert_eq!(waiting(b"QSIZE:x"), None);
        assert_eq!(waiting(b""), None);
    }
}
