//! Memory of another process, `process_vm_readv(2)`. Never writes. The kernel takes the target's memory lock, so this can hang.

use std::io::{self, IoSliceMut};

use nix::sys::uio::{RemoteIoVec, process_vm_readv};

use crate::model::id::Pid;
use crate::model::reading::Reading;

/// Copies so many bytes from a process; fewer where its memory ends before.
///
/// # Errors
/// `Denied` without the right to trace it, `Gone` when it has ended, `Unsupported` where no memory is.
pub fn read(pid: Pid, address: u64, length: usize) -> Reading<Vec<u8>> {
    let mut bytes = vec![0_u8; length];
    let theirs = RemoteIoVec {
        base: address as usize,
        len: length,
    };
    let pid = nix::unistd::Pid::from_raw(pid.0 as i32);
    let got = process_vm_readv(pid, &mut [IoSliceMut::new(&mut bytes)], &[theirs]);
    let got = got.map_err(io::Error::from)?;
    bytes.truncate(got);
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
