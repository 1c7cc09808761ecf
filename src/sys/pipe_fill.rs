//! How full a pipe is: borrows the descriptor for a moment, asks, and gives it back. Nothing is read from the pipe.
//!
//! Needs the right to trace the process; `pidfd_getfd(2)`, `ioctl_pipe(2)`.
#![expect(
    unsafe_code,
    reason = "pidfd_getfd(2) and FIONREAD have no safe binding here"
)]

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use crate::model::format;
use crate::model::id::{Bytes, ProcId};

/// `64K of 64K: the writer waits`, `empty`, `12K of 64K`; nothing where the process may not be traced.
pub fn of(process: ProcId, fd: u32) -> Option<String> {
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

fn ask(process: ProcId, fd: u32) -> Option<(u64, u64)> {
    let held = own(
        // SAFETY: the call takes two numbers and answers with a new descriptor or -1.
        unsafe { libc::syscall(libc::SYS_pidfd_open, process.pid.0, 0) },
    )?;
    let pipe = own(
        // SAFETY: as above; the first descriptor is open for the length of the call.
        unsafe { libc::syscall(libc::SYS_pidfd_getfd, held.as_raw_fd(), fd, 0) },
    )?;
    let mut used: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, and `used` outlives the call.
    let status = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut used) };
    // SAFETY: F_GETPIPE_SZ takes no argument and answers with a number or -1.
    let capacity = unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_GETPIPE_SZ) };
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
        match ask(me, reader.as_raw_fd() as u32) {
            Some((used, capacity)) => assert!(used == 5000 && capacity >= 5000),
            None => println!("skipped: pidfd_getfd is not allowed here"),
        }
        assert_eq!(of(me, 1_000_000), None);
    }
}
