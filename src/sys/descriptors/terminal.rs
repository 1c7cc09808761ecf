//! Which instance of devpts a pseudo terminal belongs to: each has numbers of its own, `pts(4)`.
//!
//! Opens nothing: it looks at what a link of `/proc/PID/fd` leads to, as the kernel's `devpts_acquire` did when it was opened.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{FsType, statfs};

/// `DEVPTS_SUPER_MAGIC` of the kernel's `linux/magic.h`.
const DEVPTS: FsType = FsType(0x1cd1);
/// `UNIX98_PTY_SLAVE_MAJOR` to the last that it may take.
const SLAVES: std::ops::RangeInclusive<u32> = 136..=143;
/// The multiplexer, by whatever path: major 5, minor 2.
const MULTIPLEXER: (u32, u32) = (5, 2);

/// One side of a pseudo terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The device of its devpts; `None` where that may not be seen.
    pub instance: Option<u64>,
    /// The number of a slave; a master tells it in `fdinfo`.
    pub index: Option<u32>,
}

/// What a character device with this number is, if it is one side of a pseudo terminal.
///
/// `path` is the link below `/proc/PID/fd`, `own` the device that the file itself lies on. May hang where that does.
pub fn of(path: &Path, number: (u32, u32), own: u64) -> Option<Terminal> {
    if SLAVES.contains(&number.0) {
        return Some(Terminal {
            instance: Some(own),
            index: Some((number.0 - SLAVES.start()) * 256 + number.1),
        });
    }
    (number == MULTIPLEXER).then(|| Terminal {
        instance: if is_devpts(path) {
            Some(own)
        } else {
            beside(path)
        },
        index: None,
    })
}

fn is_devpts(path: &Path) -> bool {
    statfs(path).is_ok_and(|s| s.filesystem_type() == DEVPTS)
}

/// The devpts at `pts` beside a multiplexer that lies elsewhere, such as `/dev/ptmx` on a devtmpfs.
fn beside(path: &Path) -> Option<u64> {
    let link = std::fs::read_link(path).ok()?;
    let root = path.parent()?.parent()?.join("root");
    let directory = link.parent()?.as_os_str().as_bytes();
    let below = directory.strip_prefix(b"/").unwrap_or(directory);
    let below = PathBuf::from(std::ffi::OsStr::from_bytes(below));
    let at = root.join(below).join("pts");
    let device = std::fs::metadata(&at).ok()?.dev();
    is_devpts(&at).then(|| split(device))
}

/// A device number as `statx(2)` tells it: major above, minor below.
fn split(device: u64) -> u64 {
    u64::from(libc::major(device)) << 32 | u64::from(libc::minor(device))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    fn seen(fd: i32) -> Option<Terminal> {
        let path = PathBuf::from(format!("/proc/self/fd/{fd}"));
        let found = std::fs::metadata(&path).expect("our own descriptor");
        let number = (libc::major(found.rdev()), libc::minor(found.rdev()));
        of(&path, number, split(found.dev()))
    }

    #[test]
    fn both_sides_of_a_terminal_are_of_one_instance() {
        let Ok(pair) = nix::pty::openpty(None, None) else {
            println!("skipped: no pseudo terminal is to be had here");
            return;
        };
        let master = seen(pair.master.as_raw_fd()).expect("a master");
        let slave = seen(pair.slave.as_raw_fd()).expect("a slave");
        assert!(slave.instance.is_some());
        assert_eq!(master.instance, slave.instance);
        assert_eq!(master.index, None, "fdinfo tells it");
        let name = nix::unistd::ttyname(&pair.slave).expect("a name");
        assert_eq!(
            name,
            PathBuf::from(format!("/dev/pts/{}", slave.index.expect("a number")))
        );
    }

    #[test]
    fn another_device_is_no_terminal() {
        assert_eq!(of(Path::new("/dev/null"), (1, 3), 5), None);
    }
}
