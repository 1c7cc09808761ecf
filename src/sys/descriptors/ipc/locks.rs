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
    /// `READ`, `WRITE`.
    pub mode: SafeText,
    /// Who; `None` of an open file description, which several may hold, and of a process that is not shown.
    pub pid: Option<Pid>,
    /// The major and the minor number of the file's device.
    pub device: Option<(u64, u64)>,
    /// The file's inode.
    pub inode: u64,
    /// Its bytes.
    pub range: Option<Range>,
}

/// The first byte of a lock, and the last one; `None` where it goes to the end, however long the file becomes.
pub type Range = (u64, Option<u64>);

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
    let mode = SafeText::from_bytes(words.nth(1)?);
    let pid = fields::signed(words.next()?)?.0;
    let mut place = words.next()?.rsplit(|b| *b == b':');
    let inode = fields::number(place.next()?)?;
    let minor = place.next().and_then(hex);
    let device = place.next().and_then(hex).zip(minor);
    let range = words
        .next()
        .and_then(fields::number)
        .zip(words.next())
        .map(|(first, last)| (first, fields::number(last)));
    Some(Lock {
        number,
        waits,
        kind,
        mode,
        pid: u32::try_from(pid).ok().filter(|p| *p != 0).map(Pid),
        device,
        inode,
        range,
    })
}

fn hex(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Whether a description shows the line of a lock: `lock:\t1: OFDLCK ADVISORY  WRITE -1 fe:00:1057 0 EOF`.
pub fn shows(fdinfo: &[u8], lock: &Lock) -> bool {
    let lines = fields::pairs(fdinfo).filter(|(key, _)| *key == b"lock");
    let mut shown = lines.flat_map(|(_, line)| parse(line));
    // Descriptions count their locks by themselves.
    shown.any(|l| {
        let number = lock.number;
        Lock { number, ..l } == *lock
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

    #[test]
    fn a_description_shows_its_own_lock_and_no_other_of_its_file() {
        let all = parse(b"3: OFDLCK ADVISORY  WRITE -1 fe:00:1057 200 209\n");
        let shows = |line: &str| shows(format!("pos:\t0\nlock:\t1: {line}\n").as_bytes(), &all[0]);
        assert!(shows("OFDLCK ADVISORY  WRITE -1 fe:00:1057 200 209"));
        assert!(
            !shows("FLOCK  ADVISORY  WRITE 812 fe:00:1057 0 EOF"),
            "kind"
        );
        assert!(
            !shows("OFDLCK ADVISORY  WRITE -1 fe:00:1057 300 309"),
            "bytes"
        );
        assert!(
            !shows("OFDLCK ADVISORY  WRITE -1 fe:01:1057 200 209"),
            "device"
        );
        assert!(
            !shows("-> OFDLCK ADVISORY  WRITE -1 fe:00:1057 200 209"),
            "waits"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
