//! Memory of another process, `process_vm_readv(2)`. Never writes. The kernel takes the target's memory lock, so this can hang.
#![expect(unsafe_code, reason = "the call takes addresses of two processes")]

use std::io;

use crate::model::id::Pid;
use crate::model::reading::Reading;

/// Copies so many bytes from a process; fewer where its memory ends before.
///
/// # Errors
/// `Denied` without the right to trace it, `Gone` when it has ended, `Unsupported` where no memory is.
pub fn read(pid: Pid, address: u64, length: usize) -> Reading<Vec<u8>> {
    let mut bytes = vec![0_u8; length];
    let ours = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: length,
    };
    let theirs = libc::iovec {
        iov_base: address as *mut libc::c_void,
        iov_len: length,
    };
    // SAFETY: `ours` names memory that is ours for the call; `theirs` is only an address in the other process, which
    // the kernel checks.
    let got = unsafe {
        libc::process_vm_readv(
            pid.0 as libc::pid_t,
            &raw const ours,
            1,
            &raw const theirs,
            1,
            0,
        )
    };
    if got < 0 {
        return Err(io::Error::last_os_error().into());
    }
    bytes.truncate(got as usize);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_our_own_memory() {
        let word = [1_u8, 2, 3, 4];
        let me = Pid(std::process::id());
        match read(me, word.as_ptr() as u64, 4) {
            Ok(bytes) => assert_eq!(bytes, word),
            // A sandbox may forbid the call.
            Err(why) => println!("skipped: {why}"),
        }
        assert!(read(me, 8, 4).is_err(), "nothing is mapped there");
    }
}
