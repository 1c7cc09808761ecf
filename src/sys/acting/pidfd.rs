//! Process descriptors: hold one process or thread, whatever its number means later. `pidfd_open(2)`, `ioctl_pidfd(2)`.
#![expect(unsafe_code, reason = "the C library has no wrappers for pidfds")]

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};

use crate::model::reading::{Missing, Reading};
use crate::sys::root::ProcRoot;

/// Holds one thread instead of a process (Linux 6.9).
pub const THREAD: libc::c_uint = libc::O_EXCL as libc::c_uint;
/// `_IOWR(0xff, 11, struct pidfd_info)` with the first, 64 byte long, version of the structure.
const GET_INFO: libc::Ioctl = 0xc040_ff0b_u32 as libc::Ioctl;
const INFO_EXIT: u64 = 1 << 3;

/// The beginning of the kernel's `struct pidfd_info`.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

/// Whether the numbers of this tree are those of the running kernel, seen from our own pid namespace: no fixture, no other mount.
pub fn speaks_of(root: &ProcRoot) -> bool {
    let proc = root.proc(Path::new("self"));
    let is_proc = proc
        .parent()
        .and_then(|dir| statfs(dir).ok())
        .is_some_and(|s| s.filesystem_type() == PROC_SUPER_MAGIC);
    let own = std::process::id().to_string();
    let is_us = || std::fs::read_link(&proc).is_ok_and(|at| at == Path::new(&own));
    root.is_live() && is_proc && is_us()
}

/// Takes hold of a process, or of a thread with [`THREAD`]. The caller checks afterwards that it is the one that was meant.
///
/// # Errors
/// `Gone` when there is none of this number, `Late` when we are out of descriptors, `Unsupported` before Linux 5.3.
pub fn open(number: u32, flags: libc::c_uint) -> Reading<OwnedFd> {
    // SAFETY: no memory is passed; a descriptor that comes back is ours alone.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, number as libc::pid_t, flags) };
    check(fd)?;
    // SAFETY: the kernel just made it and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Whether who is held has ended, reaped or not.
pub fn has_ended(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO) == Ok(1)
}

/// Sends a signal to a child of our own that is held; one that has ended gets none.
pub(in crate::sys) fn kill(fd: BorrowedFd<'_>, signal: nix::sys::signal::Signal) {
    // SAFETY: no memory is passed; the descriptor lives during the call.
    unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            fd.as_raw_fd(),
            signal as libc::c_int,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
}

/// The wait status of a process that was reaped, from the descriptor itself (Linux 6.15).
pub fn exit_status(fd: BorrowedFd<'_>) -> Option<i32> {
    let mut info = Info {
        mask: INFO_EXIT,
        ..Info::default()
    };
    // SAFETY: the structure is as long as the number of the call says and lives during it.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), GET_INFO, &raw mut info) };
    (done == 0 && info.mask & INFO_EXIT != 0).then_some(info.exit_code)
}

/// What a call about a process said.
pub(in crate::sys) fn check(done: libc::c_long) -> Reading<()> {
    if done >= 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Out of descriptors: the target is there, we cannot hold it.
        Some(libc::EMFILE | libc::ENFILE) => Err(Missing::Late),
        // A thread's number where a process is meant.
        Some(libc::ENOENT) => Err(Missing::Gone),
        _ => Err(Missing::from(&error)),
    }
}
