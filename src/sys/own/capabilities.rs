//! The capabilities of pscope itself: what it holds, what of it is of use, and the rest given up (`capabilities(7)`, `capget(2)`).
#![expect(
    unsafe_code,
    reason = "the C library has no wrappers for capget and capset"
)]

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Write to any file whatever its mode: `CAP_DAC_OVERRIDE`.
pub const ANY_FILE: u32 = 1;

/// What this program was given and has given up by itself, one bit each.
static GIVEN_UP: AtomicU64 = AtomicU64::new(0);

/// Whether this program had a right when it started and has given it up by itself: who runs it has it still.
pub fn gave_up(capability: u32) -> bool {
    GIVEN_UP.load(Ordering::Relaxed) & (1 << capability) != 0
}

/// `_LINUX_CAPABILITY_VERSION_3`: two words of each set.
const VERSION: u32 = 0x2008_0522;

/// What reading needs: descriptors and memory of others (2, 19, 40), network namespaces and the kernel's counters (12, 21),
/// IPC of others (15), short pressure windows (24), kernel symbols (34), switches and sums of them (38, 39).
const READING: &[u32] = &[2, 12, 15, 19, 21, 24, 34, 38, 39, 40];
/// What signals, priorities and affinity of others need: 5 kill, 23 nice.
const ACTING: &[u32] = &[5, 23];
/// What a file in somebody else's directory needs when root writes it: 1 to get there, 3 to give it the rights of the old one.
const WRITING: &[u32] = &[1, 3];

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

/// Of the lower and the upper 32 capabilities: in force, allowed, handed on.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Words {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

fn held() -> io::Result<[Words; 2]> {
    let header = Header {
        version: VERSION,
        pid: 0,
    };
    let mut words = [Words::default(); 2];
    // SAFETY: the header and two words of version 3 live during the call.
    let failed = unsafe { libc::syscall(libc::SYS_capget, &raw const header, words.as_mut_ptr()) };
    if failed == 0 {
        Ok(words)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Which are in force, one bit each.
pub fn in_force() -> u64 {
    held().map_or(0, |[low, high]| {
        u64::from(high.effective) << 32 | u64::from(low.effective)
    })
}

/// Those that a purpose has a use for, one bit each.
fn useful(acts: bool, writes: bool) -> u64 {
    let acting = ACTING.iter().filter(|_| acts);
    let writing = WRITING.iter().filter(|_| writes);
    let all = READING.iter().chain(acting).chain(writing);
    all.fold(0, |set, n| set | 1 << n)
}

/// Gives up, for good, what this thread and those that it starts have no use for.
///
/// # Errors
/// As the kernel says; then nothing was given up.
pub fn keep_useful(acts: bool, writes: bool) -> io::Result<()> {
    let before = held()?;
    let useful = useful(acts, writes);
    let mut after = before;
    for (word, useful) in after.iter_mut().zip([useful as u32, (useful >> 32) as u32]) {
        word.effective &= useful;
        word.permitted &= useful;
        // Nothing is run, so nothing is handed on.
        word.inheritable = 0;
    }
    if after == before {
        return Ok(());
    }
    let header = Header {
        version: VERSION,
        pid: 0,
    };
    // SAFETY: the header and two words of version 3 live during the call.
    let failed = unsafe { libc::syscall(libc::SYS_capset, &raw const header, after.as_ptr()) };
    if failed == 0 {
        let in_force =
            |[low, high]: [Words; 2]| u64::from(high.effective) << 32 | u64::from(low.effective);
        GIVEN_UP.fetch_or(in_force(before) & !in_force(after), Ordering::Relaxed);
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether a file gives capabilities to whoever runs it.
pub fn given_by(file: &std::path::Path) -> bool {
    use std::os::unix::ffi::OsStrExt as _;
    let Ok(path) = std::ffi::CString::new(file.as_os_str().as_bytes()) else {
        return false;
    };
    let name = c"security.capability";
    // SAFETY: both texts end with a zero byte and live during the call; nothing is written to a buffer of length 0.
    let length = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) };
    length > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_no_use_is_given_up_for_good() {
        std::thread::spawn(|| {
            let before = in_force();
            keep_useful(false, false).expect("giving up is always allowed");
            assert_eq!(in_force(), before & useful(false, false));
            assert_eq!(in_force() & (1 << 5), 0, "no KILL without acting");
            let had = before & (1 << ANY_FILE) != 0;
            assert_eq!(gave_up(ANY_FILE), had, "and is known to have been there");
            keep_useful(true, true).expect("nothing left to give up");
            assert_eq!(
                in_force(),
                before & useful(false, false),
                "it does not come back"
            );
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn those_that_change_the_machine_are_never_of_use() {
        // setuid, module, rawio, boot, time, mknod, setfcap.
        for n in [7, 16, 17, 22, 25, 27, 31] {
            assert_eq!(useful(true, true) & (1 << n), 0, "{n}");
        }
    }
}
