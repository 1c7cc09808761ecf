//! Which lock of a file a thread asks for that waits for one: its call, `flock(2)` or `fcntl_locking(2)`, the `struct flock` in
//! its memory, and the file behind its descriptor. With that its line of `/proc/locks` is told from others of the same file.

use super::locks::{Lock, Range};
use crate::model::id::Pid;
use crate::sys::root::ProcRoot;
use crate::sys::{asker, fields};

/// What `fdinfo` and `mountinfo` may tell, in bytes.
const INFO: u32 = 4 << 20;

/// `F_SETLKW`, `F_SETLKW64`, `F_OFD_SETLKW` of `fcntl(2)`.
const SETLKW: u64 = 7;
const SETLKW64: u64 = 14;
const OFD_SETLKW: u64 = 38;
/// `fcntl` and `fcntl64` of 32-bit programs on this architecture, and `flock`.
const NARROW: [u64; 2] = [55, 221];
const NARROW_FLOCK: u64 = 143;

/// A lock that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The descriptor.
    pub fd: u32,
    /// As `/proc/locks` calls it.
    pub kind: &'static str,
    /// `READ` or `WRITE`; `None` where it could not be read.
    mode: Option<&'static str>,
    /// Which bytes; `None` where they could not be read.
    bytes: Option<Bytes>,
}

/// `struct flock`: from what (the file's beginning, where it is at, its end), the first byte and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bytes {
    whence: i16,
    start: i64,
    length: i64,
}

impl Bytes {
    /// As `/proc/locks` tells it; `None` where that cannot be known.
    fn range(self, pos: Option<i64>) -> Option<Range> {
        const SET: i16 = 0;
        const CUR: i16 = 1;
        let base = match self.whence {
            SET => 0,
            CUR => pos?,
            _ => return None,
        };
        let start = base.checked_add(self.start)?;
        let (first, last) = match self.length {
            0 => (start, i64::MAX),
            1.. => (start, start.checked_add(self.length - 1)?),
            _ => (start.checked_add(self.length)?, start.checked_sub(1)?),
        };
        let last = u64::try_from(last).ok()?;
        let ends = last != i64::MAX as u64;
        Some((u64::try_from(first).ok()?, ends.then_some(last)))
    }
}

/// Of a thread's `syscall` which lock it waits for, where it is in such a call. `read` copies from its memory.
pub fn asked(syscall: &[u8], read: &dyn Fn(u64, usize) -> Option<Vec<u8>>) -> Option<Asked> {
    let mut words = fields::words(syscall);
    let call = fields::number(words.next()?)?;
    let mut hex = || {
        let digits = std::str::from_utf8(words.next()?).ok()?;
        u64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()
    };
    let (fd, command, at) = (hex()?, hex()?, hex()?);
    let is = |number: libc::c_long| u64::try_from(number).is_ok_and(|number| number == call);
    let others = cfg!(target_arch = "x86_64");
    let narrow = others && NARROW.contains(&call);
    let fd = fd as u32;
    // What is no operation of the call is a command of another one that has this number.
    if is(libc::SYS_flock) || others && call == NARROW_FLOCK {
        let mode = match command & 0xf {
            1 => "READ",
            2 => "WRITE",
            _ => return None,
        };
        let whole = Bytes {
            whence: 0,
            start: 0,
            length: 0,
        };
        return Some(Asked {
            fd,
            kind: "FLOCK",
            mode: Some(mode),
            bytes: Some(whole),
        });
    }
    let kind = match command {
        SETLKW | SETLKW64 => "POSIX",
        OFD_SETLKW => "OFDLCK",
        _ => return None,
    };
    if !is(libc::SYS_fcntl) && !narrow {
        return None;
    }
    let (mode, bytes) = if !narrow {
        flock(read(at, 24), 8, 8)
    } else if command == SETLKW {
        flock(read(at, 12), 4, 4)
    } else {
        flock(read(at, 20), 4, 8)
    };
    Some(Asked {
        fd,
        kind,
        mode,
        bytes,
    })
}

/// `struct flock`, whose first byte stands at `from` and whose numbers are of `size` bytes.
fn flock(
    bytes: Option<Vec<u8>>,
    from: usize,
    size: usize,
) -> (Option<&'static str>, Option<Bytes>) {
    let bytes = bytes.unwrap_or_default();
    let short = |at: usize| Some(i16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let long = |at: usize| {
        let digits = bytes.get(at..at + size)?;
        Some(match size {
            4 => i32::from_ne_bytes(digits.try_into().ok()?).into(),
            _ => i64::from_ne_bytes(digits.try_into().ok()?),
        })
    };
    let mode = short(0).and_then(|kind| match kind {
        0 => Some("READ"),
        1 => Some("WRITE"),
        _ => None,
    });
    let all = || {
        Some(Bytes {
            whence: short(2)?,
            start: long(from)?,
            length: long(from + size)?,
        })
    };
    (mode, all())
}

/// The file behind a descriptor, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    inode: Option<u64>,
    device: Option<(u64, u64)>,
    pos: Option<i64>,
}

impl File {
    /// Of a process's descriptor: `fdinfo`, and `mountinfo`, which has the device that `/proc/locks` tells also where stat(2)
    /// tells another one (btrfs).
    pub fn read(root: &ProcRoot, pid: Pid, fd: u32) -> Self {
        let info = asker::read(&root.proc(format!("{pid}/fdinfo/{fd}")), INFO);
        let info = info.unwrap_or_default();
        let of = |wanted: &[u8]| {
            let found = fields::pairs(&info).find(|(key, _)| *key == wanted);
            Some(fields::signed(found?.1.trim_ascii())?.0)
        };
        let mount = of(b"mnt_id");
        let mounts =
            mount.and_then(|_| asker::read(&root.proc(format!("{pid}/mountinfo")), INFO).ok());
        Self {
            inode: of(b"ino").and_then(|inode| u64::try_from(inode).ok()),
            device: mount.and_then(|mount| device(&mounts?, mount)),
            pos: of(b"pos"),
        }
    }
}

/// Of `36 35 98:0 /mnt1 /mnt2 rw …` the device of a mount.
fn device(mountinfo: &[u8], mount: i64) -> Option<(u64, u64)> {
    let mut mounts = fields::lines(mountinfo).map(fields::words);
    mounts.find_map(|mut words| {
        let is = fields::signed(words.next()?)?.0 == mount;
        let mut numbers = words.nth(1)?.split(|b| *b == b':').map(fields::number);
        is.then_some((numbers.next()??, numbers.next()??))
    })
}

impl Lock {
    /// Whether a line can be of a lock of this file.
    pub fn is_on(&self, file: &File) -> bool {
        let device = file.device.zip(self.device);
        file.inode.is_none_or(|inode| inode == self.inode) && device.is_none_or(|(a, b)| a == b)
    }

    /// Whether a line can be what is asked for at this file. What is not known speaks for nothing.
    pub fn is_asked(&self, asked: &Asked, file: &File) -> bool {
        let range = asked.bytes.and_then(|bytes| bytes.range(file.pos));
        self.kind.as_str() == asked.kind
            && asked.mode.is_none_or(|mode| self.mode.as_str() == mode)
            && range.is_none_or(|range| self.range.is_none_or(|own| own == range))
            && self.is_on(file)
    }
}

#[cfg(test)]
mod tests {
    use super::super::locks;
    use super::*;

    fn call(number: i64, command: u64) -> String {
        format!("{number} 0x5 {command:#x} 0x7ffd 0x0 0x0 0x0 0x7ffd 0x7f5c\n")
    }

    /// A wide `struct flock`.
    fn record(kind: i16, whence: i16, start: i64, length: i64) -> Vec<u8> {
        let mut out = [kind.to_ne_bytes(), whence.to_ne_bytes()].concat();
        out.extend([0; 4]);
        out.extend([start.to_ne_bytes(), length.to_ne_bytes()].concat());
        out
    }

    fn told(command: u64, bytes: Vec<u8>) -> Option<Asked> {
        let read = move |at, _| (at == 0x7ffd).then(|| bytes.clone());
        asked(call(libc::SYS_fcntl, command).as_bytes(), &read)
    }

    #[test]
    fn a_line_is_told_from_others_of_its_file() {
        let file = File {
            inode: Some(1057),
            device: Some((254, 0)),
            pos: Some(100),
        };
        let is = |line: &str, asked: &Asked| {
            locks::parse(format!("1: -> {line}\n").as_bytes())[0].is_asked(asked, &file)
        };
        let one = told(7, record(1, 0, 200, 10)).expect("it asks");
        let line = "POSIX  ADVISORY  WRITE 812 fe:00:1057 200 209";
        assert!(is(line, &one));
        for (other, why) in [
            ("OFDLCK ADVISORY  WRITE -1 fe:00:1057 200 209", "kind"),
            ("POSIX  ADVISORY  READ  812 fe:00:1057 200 209", "mode"),
            ("POSIX  ADVISORY  WRITE 812 fe:01:1057 200 209", "device"),
            ("POSIX  ADVISORY  WRITE 812 fe:00:1058 200 209", "inode"),
            ("POSIX  ADVISORY  WRITE 812 fe:00:1057 200 EOF", "last"),
            ("POSIX  ADVISORY  WRITE 812 fe:00:1057 199 209", "first"),
        ] {
            assert!(!is(other, &one), "{why}");
        }
        let from_here = told(7, record(1, 1, 100, 10)).expect("it asks");
        assert!(is(line, &from_here));
        let backwards = told(7, record(1, 0, 210, -10)).expect("it asks");
        assert!(is(line, &backwards));
        let rest = told(38, record(0, 0, 5, 0)).expect("it asks");
        assert!(is("OFDLCK ADVISORY  READ -1 fe:00:1057 5 EOF", &rest));
        // What cannot be read leaves all that are left.
        let unread = told(7, Vec::new()).expect("it asks");
        assert!(is(line, &unread) && is("POSIX  ADVISORY  READ 812 fe:00:1057 7 8", &unread));
        let whole = asked(call(libc::SYS_flock, 2).as_bytes(), &|_, _| None).expect("it asks");
        assert!(is("FLOCK  ADVISORY  WRITE 812 fe:00:1057 0 EOF", &whole));
        assert!(!is(line, &whole));
    }

    #[test]
    fn other_calls_ask_for_nothing() {
        let of = |text: &str| asked(text.as_bytes(), &|_, _| None);
        assert_eq!(of(&call(libc::SYS_fcntl, 6)), None, "it does not wait");
        assert_eq!(of(&call(libc::SYS_flock, 8)), None, "it gives it back");
        assert_eq!(of("running\n"), None);
        let of_description = of(&call(libc::SYS_fcntl, 38)).expect("it asks");
        assert_eq!((of_description.fd, of_description.kind), (5, "OFDLCK"));
    }

    #[test]
    fn the_device_is_that_of_the_mount() {
        let text = b"36 35 254:0 / / rw - ext4 /dev/vda rw\n41 36 0:52 / /m1 rw - tmpfs none rw\n";
        assert_eq!(device(text, 41), Some((0, 52)));
        assert_eq!(device(text, 42), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>, memory: Vec<u8>, kind: i16, whence in 0i16..3, start: i64, length: i64) {
            let _ = asked(&bytes, &|_, _| Some(memory.clone()));
            let all = told(7, record(kind, whence, start, length)).and_then(|asked| asked.bytes);
            let _ = (all.map(|bytes| bytes.range(Some(start))), device(&bytes, 1));
        }
    }
}
