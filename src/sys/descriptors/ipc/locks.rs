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

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
