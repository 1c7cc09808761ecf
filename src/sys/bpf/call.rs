//! The one system call (`bpf(2)`), whose argument is another structure for each command.
#![expect(unsafe_code, reason = "bpf(2) has no safe interface")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// What is asked of the kernel: `enum bpf_cmd`.
#[derive(Clone, Copy)]
pub(super) enum Command {
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    ProgLoad = 5,
    RawTracepointOpen = 17,
    MapLookupBatch = 24,
    MapLookupAndDeleteBatch = 25,
}

/// The argument of a command: every field is a number or the address of memory that lives during the call, and no byte is
/// left undefined.
///
/// # Safety
/// Where a field is an address, the kernel reads and writes there as the command says.
pub(super) unsafe trait Argument {}

/// Asks.
///
/// # Errors
/// As the kernel says; `EPERM` without the right.
pub(super) fn ask<T: Argument>(command: Command, argument: &mut T) -> io::Result<RawFd> {
    // SAFETY: the kernel takes `size` bytes of a structure that is made for this command; see `Argument`.
    let told = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command as libc::c_int,
            std::ptr::from_mut(argument),
            size_of::<T>(),
        )
    };
    if told < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(told as RawFd)
}

/// Asks for something that has a descriptor.
///
/// # Errors
/// As [`ask`].
pub(super) fn open<T: Argument>(command: Command, argument: &mut T) -> io::Result<OwnedFd> {
    let fd = ask(command, argument)?;
    // SAFETY: these commands return a new descriptor, which nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The address of memory, as the argument of a command has it.
pub(super) fn address<T>(of: *const T) -> u64 {
    of as u64
}

/// A name as the kernel shows it to who lists maps and programs.
pub(super) fn name(of: &str) -> [u8; 16] {
    let mut out = [0; 16];
    for (to, from) in out[..15].iter_mut().zip(of.bytes()) {
        *to = from;
    }
    out
}
