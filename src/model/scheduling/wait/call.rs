//! The system call that a thread is in: `/proc/PID/task/TID/syscall`, and the memory that its arguments point to.

mod meant;

pub use meant::{Meant, meant};

use super::Memory;

/// What `syscall` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// On a core or waiting for one.
    Running,
    /// Blocked outside a system call.
    Outside {
        /// Stack pointer.
        sp: u64,
    },
    /// In a system call.
    In {
        /// Its number, in the table of the process's own word size.
        number: u64,
        /// Its arguments.
        args: [u64; 6],
        /// Stack pointer.
        sp: u64,
        /// Where it called the kernel.
        pc: u64,
    },
}

impl Call {
    /// Parses `202 0x55d0c8a2f2a0 0x80 0x2 0x0 0x0 0x0 0x7ffc1b2d8e90 0x7f1b2c3d4e5f`, `-1 0x7ffc… 0x7f1b…` and `running`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.trim();
        if text == "running" {
            return Some(Self::Running);
        }
        let (number, rest) = text.split_once(' ')?;
        let mut values = [0; 8];
        let mut count = 0;
        for word in rest.split_ascii_whitespace() {
            let hex = word.strip_prefix("0x")?;
            *values.get_mut(count)? = u64::from_str_radix(hex, 16).ok()?;
            count += 1;
        }
        match (number.parse::<i64>().ok()?, count) {
            (-1, 2) => Some(Self::Outside { sp: values[0] }),
            (number @ 0.., 8) => {
                let [.., sp, pc] = values;
                Some(Self::In {
                    number: number as u64,
                    args: [
                        values[0], values[1], values[2], values[3], values[4], values[5],
                    ],
                    sp,
                    pc,
                })
            }
            _ => None,
        }
    }

    /// The stack pointer.
    pub fn sp(&self) -> Option<u64> {
        match self {
            Self::Running => None,
            Self::Outside { sp } | Self::In { sp, .. } => Some(*sp).filter(|sp| *sp != 0),
        }
    }
}

/// The most descriptors of a poll set that are looked at.
const MOST_POLLED: u64 = 1024;

/// Bytes behind and before the word of a lock that tell what it is.
const AROUND: usize = 64;

/// The pieces of memory, as address and length, that [`super::classify`] wants to see for a system call.
#[expect(
    clippy::many_single_char_names,
    reason = "arguments of a system call have no names of their own"
)]
pub fn wanted(name: &str, args: &[u64; 6], wide: bool) -> Vec<(u64, usize)> {
    let [a, b, c, d, e, f] = *args;
    let time = if wide { 16 } else { time_size(name) };
    let mut out = Vec::new();
    let mut want = |address: u64, length: usize| {
        if address != 0 && length > 0 {
            out.push((address, length));
        }
    };
    match base(name) {
        // What a lock has around its word, and the head of a thread's own block in musl.
        "futex" => {
            around(a, &mut want);
            want(d, time);
        }
        "poll" | "ppoll" => {
            want(a, b.min(MOST_POLLED) as usize * 8);
            if base(name) == "ppoll" {
                want(c, time);
            }
        }
        "select" | "pselect6" => {
            let bytes = a.min(MOST_POLLED).div_ceil(64) as usize * 8;
            for set in [b, c, d] {
                want(set, bytes);
            }
            want(e, time);
        }
        "nanosleep" => want(a, time),
        "clock_nanosleep" => want(c, time),
        "rt_sigtimedwait" => {
            want(a, 8);
            want(c, time);
        }
        "epoll_pwait2" => want(d, time),
        // `struct sembuf`: which semaphore of the set comes first.
        "semop" | "semtimedop" => want(b, 6),
        "connect" => want(b, c.min(ADDRESS) as usize),
        "sendto" => want(e, f.min(ADDRESS) as usize),
        // `struct msghdr` begins with where the address is and how long.
        "sendmsg" if wide => want(b, 16),
        "open" | "creat" => path(a, &mut want),
        "openat" | "openat2" => path(b, &mut want),
        _ => {}
    }
    out
}

/// Bytes of the longest address of a socket that is looked at (`struct sockaddr_un`).
const ADDRESS: u64 = 110;
/// So much of a path is read at once, and no further than the end of a page, behind which there may be nothing.
const PATH: u64 = 256;
/// The smallest page of any machine.
const PAGE: u64 = 4096;

/// The block of a thread that the lock of a stream points to: behind its word and a count.
pub(super) fn block(memory: &Memory, word: u64, wide: bool) -> Option<u64> {
    let at = memory.long(word.wrapping_add(8), wide)?;
    let at = if wide {
        at as u64
    } else {
        u64::from(at as u32)
    };
    (at != 0 && at.is_multiple_of(16)).then_some(at)
}

/// The pieces that what was copied already points to.
pub fn further(name: &str, args: &[u64; 6], memory: &Memory, wide: bool) -> Vec<(u64, usize)> {
    const CONTENDED: u64 = 2;
    if name == "sendmsg" {
        return recipient(args, memory, wide).into_iter().collect();
    }
    if base(name) != "futex" || args[2] & 0xffff_ffff != CONTENDED {
        return Vec::new();
    }
    let number = super::classify::numbered_at(wide);
    let block = block(memory, args[0], wide);
    block.map_or_else(Vec::new, |at| vec![(at, 24), (at.wrapping_add(number), 4)])
}

/// Where the address lies that a message is sent to, and how long it is.
pub(super) fn recipient(args: &[u64; 6], memory: &Memory, wide: bool) -> Option<(u64, usize)> {
    let at = memory.long(args[1], wide).filter(|_| wide)? as u64;
    let length = memory.u32(args[1].wrapping_add(8))?;
    (at != 0 && length > 0).then_some((at, u64::from(length).min(ADDRESS) as usize))
}

/// What lies around a word; in pieces, since beyond the ends of its page there may be nothing.
fn around(word: u64, want: &mut impl FnMut(u64, usize)) {
    let within = (word % PAGE) as usize;
    let (before, behind) = (within.min(AROUND), (PAGE as usize - within).min(AROUND));
    want(word, behind);
    want(word.wrapping_add(behind as u64), AROUND - behind);
    want(word.wrapping_sub(before as u64), before);
    want(word.wrapping_sub(AROUND as u64), AROUND - before);
}

fn path(at: u64, want: &mut impl FnMut(u64, usize)) {
    let left = PAGE - at % PAGE;
    want(at, left.min(PATH) as usize);
    if left < PATH {
        want(at.wrapping_add(left), (PATH - left) as usize);
    }
}

/// The name without the suffix of 32-bit processes that tell time in 64 bits, and `select` for its newer number.
pub(super) fn base(name: &str) -> &str {
    match name.strip_suffix("_time64").unwrap_or(name) {
        "_newselect" => "select",
        other => other,
    }
}

/// Bytes of a time argument of a 32-bit process.
pub(super) fn time_size(name: &str) -> usize {
    if name.ends_with("_time64") { 16 } else { 8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms() {
        let text = b"202 0x55d0c8a2f2a0 0x80 0x2 0x0 0x0 0x1 0x7ffc1b2d8e90 0x7f1b2c3d4e5f\n";
        let expected = Call::In {
            number: 202,
            args: [0x55d0_c8a2_f2a0, 0x80, 2, 0, 0, 1],
            sp: 0x7ffc_1b2d_8e90,
            pc: 0x7f1b_2c3d_4e5f,
        };
        assert_eq!(Call::parse(text), Some(expected));
        assert_eq!(Call::parse(b"running\n"), Some(Call::Running));
        let outside = Call::parse(b"-1 0x7ffc1b2d8e90 0x7f1b2c3d4e5f\n").expect("it parses");
        assert_eq!(outside.sp(), Some(0x7ffc_1b2d_8e90));
    }

    #[test]
    fn refuses_anything_else() {
        for text in [
            &b""[..],
            b"0",
            b"-2 0x1 0x2",
            b"202 1 2 3",
            b"1 0x1",
            b"1 0x1 0x1 0x1 0x1 0x1 0x1 0x1 0x1 0x1",
            b"\xff 0x1 0x2",
        ] {
            assert_eq!(Call::parse(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn asks_for_what_arguments_point_to() {
        let args = [0x1000, 3, 0x2000, 0, 0, 0];
        assert_eq!(wanted("poll", &args, true), [(0x1000, 24)]);
        assert_eq!(wanted("ppoll", &args, true), [(0x1000, 24), (0x2000, 16)]);
        assert_eq!(wanted("ppoll", &args, false)[1], (0x2000, 8));
        assert_eq!(wanted("ppoll_time64", &args, false)[1], (0x2000, 16));
        let pieces = |word| wanted("futex", &[word, 0, 0, 0, 0, 0], true);
        assert_eq!(pieces(0x1800), [(0x1800, 64), (0x17c0, 64)]);
        // A mutex at the beginning of what is mapped, and one at its end.
        assert_eq!(pieces(0x1004), [(0x1004, 64), (0x1000, 4), (0xfc4, 60)]);
        assert_eq!(pieces(0x1ff8), [(0x1ff8, 8), (0x2000, 56), (0x1fb8, 64)]);
        let huge = [0x1000, u64::MAX, 0, 0, 0, 0];
        assert_eq!(wanted("poll", &huge, true), [(0x1000, 8192)]);
        assert!(wanted("read", &args, true).is_empty());
    }

    #[test]
    fn a_path_is_asked_for_page_by_page() {
        for (at, pieces) in [
            (0x1000, &[(0x1000, 256)][..]),
            (0x1f00, &[(0x1f00, 256)]),
            (0x1f10, &[(0x1f10, 240), (0x2000, 16)]),
            (0x1ff0, &[(0x1ff0, 16), (0x2000, 240)]),
        ] {
            assert_eq!(wanted("open", &[at, 0, 0, 0, 0, 0], true), pieces);
            assert_eq!(wanted("openat", &[3, at, 0, 0, 0, 0], true), pieces);
        }
    }

    #[test]
    fn sets_are_asked_for_in_whole_words() {
        let sets = |most| wanted("select", &[most, 0x1000, 0, 0x3000, 0, 0], true);
        assert_eq!(sets(64), [(0x1000, 8), (0x3000, 8)]);
        assert_eq!(sets(65), [(0x1000, 16), (0x3000, 16)]);
        assert!(sets(0).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Call::parse(&bytes);
        }
    }
}
