//! What a helper is called in lists of processes: its arguments, written over those of the program it was made from.
//!
//! The kernel shows what stands there, and goes on into the environment where the arguments do not end with NUL:
//! `get_mm_cmdline` of its `fs/proc/base.c`, `proc_pid_cmdline(5)`.
#![expect(unsafe_code, reason = "the arguments lie where the kernel put them")]

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt as _;

use crate::sys::fields;

/// Where arguments and environment begin and end: fields 48 to 51 of `proc_pid_stat(5)`, counted behind the name.
const FIRST: usize = 45;

/// Names this process in lists; only for one that looks at its arguments no more. Its environment goes elsewhere.
pub(super) fn set(title: &[u8]) {
    let text = std::fs::read("/proc/self/stat").unwrap_or_default();
    let Some((start, room)) = place(&text) else {
        return;
    };
    // A library that is loaded later finds its variables where they are moved to. Not by the standard library: it waits until
    // nobody reads a variable, and a thread that did when this process was made is not here to end it.
    for (name, value) in std::env::vars_os() {
        let texts = (
            CString::new(name.into_vec()),
            CString::new(value.into_vec()),
        );
        if let (Ok(name), Ok(value)) = texts {
            // SAFETY: this process has one thread; both are copied.
            unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) };
        }
    }
    let shown = &title[..title.len().min(room.saturating_sub(1))];
    let to = start as *mut u8;
    // SAFETY: the kernel says that our own arguments and environment fill this room; they are writable, this process has
    // one thread, and nothing in it looks at them here any more.
    unsafe {
        std::ptr::write_bytes(to, 0, room);
        std::ptr::copy_nonoverlapping(shown.as_ptr(), to, shown.len());
    }
}

/// Where a title may stand, and how many bytes fit there.
fn place(stat: &[u8]) -> Option<(usize, usize)> {
    let close = stat.iter().rposition(|b| *b == b')')?;
    let mut words = fields::words(stat.get(close + 1..)?).skip(FIRST);
    let mut next = || usize::try_from(fields::number(words.next()?)?).ok();
    let [args, args_end, env, env_end] = [next()?, next()?, next()?, next()?];
    let end = if env == args_end { env_end } else { args_end };
    let room = end.checked_sub(args)?;
    (args > 0 && room > 0).then_some((args, room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_where_the_arguments_are() {
        let stat = std::fs::read("/proc/self/stat").expect("our own");
        let (start, room) = place(&stat).expect("told of ourselves");
        let argument = std::env::args_os().next().expect("a name");
        let argument = argument.as_encoded_bytes();
        assert!(room > argument.len());
        // SAFETY: our own arguments are there for as long as we live.
        let there = unsafe { std::slice::from_raw_parts(start as *const u8, argument.len()) };
        assert_eq!(there, argument);
        for text in [&b""[..], b"1 (x) S 1", b"1 (x)"] {
            assert_eq!(place(text), None);
        }
    }
}
