//! `/proc/locks`: file locks, and who waits for whom. `proc_locks(5)`.

use crate::model::id::Pid;
use crate::model::text::SafeText;
use crate::sys::fields;

/// One lock that is held or waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its number in the list; who waits has the number of what it waits for.
    pub number: u64,
    /// Whether it is only waited for.
    pub waits: bool,
    /// `POSIX`, `FLOCK`, `OFDLCK`, `LEASE`.
    pub kind: SafeText,
    /// Who; `None` of an open file description, which several may hold, and of a process that is not shown.
    pub pid: Option<Pid>,
    /// The file's inode.
    pub inode: u64,
}

/// Parses `1: POSIX  ADVISORY  WRITE 359 00:13:11691 0 EOF` and `1: -> POSIX  ADVISORY  WRITE 400 00:13:11691 0 EOF`.
///
/// A lock of an open file description has `-1` for its process.
pub fn parse(text: &[u8]) -> Vec<Lock> {
    fields::lines(text).filter_map(line).collect()
}

fn line(line: &[u8]) -> Option<Lock> {
    let mut words = fields::words(line).peekable();
    let number = fields::number(words.next()?)?;
    let waits = words.peek() == Some(&&b"->"[..]);
    if waits {
        words.next();
    }
    let kind = SafeText::from_bytes(words.next()?);
    let pid = fields::signed(words.nth(2)?)?.0;
    let place = words.next()?;
    let inode = place.rsplit(|b| *b == b':').next()?;
    Some(Lock {
        number,
        waits,
        kind,
        pid: u32::try_from(pid).ok().filter(|p| *p != 0).map(Pid),
        inode: fields::number(inode)?,
    })
}

/// Whether a description shows the line of a lock: `lock:\t1: OFDLCK ADVISORY  WRITE -1 fe:00:1057 0 EOF`.
pub fn shows(fdinfo: &[u8], lock: &Lock) -> bool {
    let lines = fields::pairs(fdinfo).filter(|(key, _)| *key == b"lock");
    lines
        .flat_map(|(_, line)| parse(line))
        .any(|l| !l.waits && (&l.kind, l.inode) == (&lock.kind, lock.inode))
}

/// Of a thread's `syscall`: the descriptor at which it waits for a lock of its open file description (`F_OFD_SETLKW`).
pub fn waits_at(syscall: &[u8]) -> Option<u32> {
    const OFD_SETLKW: u64 = 38;
    /// `fcntl` and `fcntl64` of 32-bit programs on this architecture.
    const NARROW: [u64; 2] = [55, 221];
    let mut words = fields::words(syscall);
    let call = fields::number(words.next()?)?;
    let mut hex = || {
        let digits = std::str::from_utf8(words.next()?).ok()?;
        u64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()
    };
    let (fd, command) = (hex()?, hex()?);
    let narrow = cfg!(target_arch = "x86_64") && NARROW.contains(&call);
    let is = narrow || u64::try_from(libc::SYS_fcntl).is_ok_and(|fcntl| fcntl == call);
    (is && command == OFD_SETLKW).then(|| u32::try_from(fd).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_has_the_number_of_the_lock() {
        let text = b"1: POSIX  ADVISORY  WRITE 359 00:13:11691 0 EOF\n1: -> POSIX  ADVISORY  WRITE 400 00:13:11691 0 EOF\n2: OFDLCK ADVISORY  READ -1 00:06:1028 0 EOF\nx\n";
        let all = parse(text);
        let seen: Vec<_> = all
            .iter()
            .map(|l| (l.number, l.waits, l.pid.map(|p| p.0), l.inode))
            .collect();
        let expected = [
            (1, false, Some(359), 11691),
            (1, true, Some(400), 11691),
            (2, false, None, 1028),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_wait_for_a_lock_of_a_description_is_told_by_its_call() {
        let line = |command: u32| {
            let fcntl = libc::SYS_fcntl;
            format!("{fcntl} 0x5 {command:#x} 0x7ffd 0x0 0x0 0x0 0x7ffd 0x7f5c\n")
        };
        assert_eq!(waits_at(line(38).as_bytes()), Some(5));
        assert_eq!(waits_at(line(7).as_bytes()), None, "of the process");
        assert_eq!(waits_at(b"running\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>) {
            let _ = (parse(&bytes), waits_at(&bytes));
        }
    }
}
