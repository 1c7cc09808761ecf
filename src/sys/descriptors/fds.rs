//! `/proc/PID/fd`: the links of one process's descriptors, and what can be asked about what they lead to.
//!
//! Reads only: nothing behind a link is ever opened. `proc_pid_fd(5)`. Links and numbers are told by the kernel at once; all
//! else, `fdinfo` too, is asked by [`asker`]: whoever waits for events into memory that lies on a dead filesystem holds the
//! lock of his epoll instance, and its `fdinfo` waits for that uninterruptibly.
#![expect(
    unsafe_code,
    reason = "statx, getxattr and a readlinkat without allocation"
)]

use std::ffi::{CStr, CString};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;

use super::fdinfo;
use super::terminal::{self, Terminal};
use crate::model::descriptors::descriptor::{Extent, Info, Mode};
use crate::model::id::{Bytes, Pid};
use crate::model::reading::{Missing, Reading};
use crate::sys::asker;
use crate::sys::process::living;
use crate::sys::root::ProcRoot;

/// An epoll instance that watches ten thousand descriptors tells a megabyte.
const INFO: u32 = 4 << 20;

/// The open directory of one process's descriptors. It names the process itself, not its number.
#[derive(Debug)]
pub struct Fds {
    links: File,
    path: PathBuf,
    infos: PathBuf,
}

/// What lies behind a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// `S_IFMT` part of its mode.
    pub format: u32,
    /// How many names it has; none when it was removed.
    pub links: u32,
    /// Its length, space, device and inode.
    pub extent: Extent,
    /// Whether it is a POSIX message queue, which looks like a file of 80 bytes.
    pub queue: bool,
    /// Which pseudo terminal it is a side of.
    pub terminal: Option<Terminal>,
}

impl Fds {
    /// Opens the directory.
    ///
    /// # Errors
    /// `Denied` for processes of other users, `Gone` when it has ended.
    pub fn open(root: &ProcRoot, pid: Pid) -> Reading<Self> {
        let pid = living::pid(root, pid);
        let path = root.proc(format!("{pid}/fd"));
        Ok(Self {
            links: directory(&path)?,
            path,
            infos: root.proc(format!("{pid}/fdinfo")),
        })
    }

    /// The numbers of all descriptors, ascending.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn numbers(&self) -> Reading<Vec<u32>> {
        let mut out = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            out.extend(name.to_str().and_then(|n| n.parse::<u32>().ok()));
        }
        out.sort_unstable();
        Ok(out)
    }

    /// Where a link leads, as the kernel prints it.
    ///
    /// # Errors
    /// `Gone` when the descriptor was closed meanwhile.
    pub fn link(&self, fd: u32) -> Reading<Vec<u8>> {
        let name = Name::new(fd);
        // No path of the kernel's is longer, save the few that it cuts itself.
        let mut target = [0_u8; libc::PATH_MAX as usize];
        // SAFETY: the name ends with NUL, the buffer is as long as is said, and both outlive the call.
        let length = unsafe {
            libc::readlinkat(
                self.links.as_raw_fd(),
                name.as_c_str().as_ptr(),
                target.as_mut_ptr().cast(),
                target.len(),
            )
        };
        let length = usize::try_from(length).map_err(|_| std::io::Error::last_os_error())?;
        Ok(target.get(..length).unwrap_or_default().to_vec())
    }

    /// Whether it can be read or written, told by the permissions of the link itself.
    ///
    /// # Errors
    /// `Gone` when the descriptor was closed meanwhile.
    pub fn mode(&self, fd: u32) -> Reading<Mode> {
        let name = Name::new(fd);
        fstatat(&self.links, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
            .map(|stat| Mode::from_link(stat.st_mode))
            .map_err(missing)
    }

    /// What `fdinfo` tells of each.
    pub fn infos(&self, fds: &[u32]) -> Vec<Reading<Info>> {
        let paths = fds.iter().map(|fd| self.infos.join(fd.to_string()));
        let told = asker::each(paths.collect(), INFO).into_iter();
        told.map(|text| Ok(fdinfo::parse(&text?))).collect()
    }

    /// What lies behind several links, as far as it is known without asking a server; each may take 20 ms.
    pub fn behind(&self, fds: &[u32]) -> Vec<Reading<Target>> {
        if fds.is_empty() {
            return Vec::new();
        }
        let paths = fds.iter().map(|fd| self.path.join(fd.to_string()));
        asker::targets(paths.collect())
    }

    /// The protocol of a socket that is in no table yet, as the kernel names it: `TCP`, `NETLINK`, `PACKET`.
    pub fn protocol(&self, fd: u32) -> Option<Vec<u8>> {
        asker::protocol(&self.path.join(fd.to_string())).ok()
    }
}

/// Asks a socket behind a link for its protocol; what became something else meanwhile may hang, so [`asker`] asks it.
pub(in crate::sys) fn protocol(at: &Path) -> Reading<Vec<u8>> {
    let path = CString::new(at.as_os_str().as_bytes()).map_err(|_| Missing::Unsupported)?;
    let mut name = [0_u8; 64];
    // SAFETY: both strings end with NUL, the buffer is as long as is said, and all outlive the call.
    let length = unsafe {
        libc::getxattr(
            path.as_ptr(),
            c"system.sockprotoname".as_ptr(),
            name.as_mut_ptr().cast(),
            name.len(),
        )
    };
    let length = usize::try_from(length).map_err(|_| std::io::Error::last_os_error())?;
    let name = name.get(..length).unwrap_or_default();
    Ok(name.split(|b| *b == 0).next().unwrap_or_default().to_vec())
}

/// Asks what a path leads to. A file on a dead server may hang even so, since the path itself is checked with it:
/// [`asker`] asks it.
pub(in crate::sys) fn behind(at: &Path) -> Reading<Target> {
    let path = CString::new(at.as_os_str().as_bytes()).map_err(|_| Missing::Unsupported)?;
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the path ends with NUL, the structure has the kernel's size, and both outlive the call.
    let status = unsafe {
        libc::statx(
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_STATX_DONT_SYNC,
            libc::STATX_BASIC_STATS,
            found.as_mut_ptr(),
        )
    };
    if status != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: it was zeroed, which is a value of this plain structure, and the kernel filled it.
    let found = unsafe { found.assume_init() };
    let format = u32::from(found.stx_mode) & libc::S_IFMT;
    // Only these are asked, since one more call for each file would cost as much again.
    let maybe = format == libc::S_IFREG && found.stx_size == QUEUE_SIZE && found.stx_blocks == 0;
    let device = u64::from(found.stx_dev_major) << 32 | u64::from(found.stx_dev_minor);
    let terminal = (format == libc::S_IFCHR)
        .then(|| terminal::of(at, (found.stx_rdev_major, found.stx_rdev_minor), device))
        .flatten();
    Ok(Target {
        terminal,
        queue: maybe && is_queue(&path),
        format,
        links: found.stx_nlink,
        extent: Extent {
            size: Bytes(found.stx_size),
            held: Bytes(found.stx_blocks.saturating_mul(512)),
            device,
            inode: found.stx_ino,
        },
    })
}

/// `FILENT_SIZE` of the kernel's `ipc/mqueue.c`.
const QUEUE_SIZE: u64 = 80;
/// `MQUEUE_MAGIC` of the kernel's `ipc/mqueue.c`.
const QUEUE_MAGIC: nix::sys::statfs::FsType = nix::sys::statfs::FsType(0x1980_0202);

fn is_queue(path: &CStr) -> bool {
    nix::sys::statfs::statfs(path).is_ok_and(of_queues)
}

/// Whether this is the filesystem of POSIX message queues.
pub fn of_queues(found: nix::sys::statfs::Statfs) -> bool {
    found.filesystem_type() == QUEUE_MAGIC
}

fn directory(path: &Path) -> Reading<File> {
    let opened = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_CLOEXEC)
        .open(path)?;
    Ok(opened)
}

/// A descriptor's number as the name of its link, without a heap allocation: there may be ten thousand of them.
struct Name([u8; 11]);

impl Name {
    fn new(fd: u32) -> Self {
        let mut name = [0; 11];
        let digits = fd.checked_ilog10().unwrap_or(0) as usize + 1;
        let mut rest = fd;
        for at in (0..digits).rev() {
            name[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self(name)
    }

    fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}

fn missing(why: nix::Error) -> Missing {
    Missing::from(std::io::Error::from(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mine() -> Fds {
        Fds::open(&ProcRoot::live(), Pid(std::process::id())).expect("our own descriptors")
    }

    #[test]
    fn names_are_the_numbers() {
        for fd in [0, 7, 10, 999, 1_000_000, u32::MAX] {
            assert_eq!(Name::new(fd).as_c_str().to_str(), Ok(&*fd.to_string()));
        }
    }

    #[test]
    fn our_own_pipe_reads_and_writes() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let fds = mine();
        let (r, w) = (reader.as_raw_fd() as u32, writer.as_raw_fd() as u32);
        assert!(fds.numbers().expect("a list").contains(&r));
        assert_eq!(fds.mode(r), Ok(Mode::Read));
        assert_eq!(fds.mode(w), Ok(Mode::Write));
        assert!(fds.link(r).expect("a link").starts_with(b"pipe:["));
        // On a machine that is busy enough the answer is late, and that is what is told.
        let mut infos = fds.infos(&[r, 1_000_000]);
        for _ in 0..100 {
            if !infos.contains(&Err(Missing::Late)) {
                break;
            }
            infos = fds.infos(&[r, 1_000_000]);
        }
        assert!(infos[0].as_ref().expect("fdinfo").inode.is_some());
        assert_eq!(infos[1], Err(Missing::Gone));
        let behind = fds.behind(&[r, w, 1_000_000]);
        assert_eq!(behind[0].map(|b| b.format), Ok(libc::S_IFIFO));
        assert_eq!(behind[2], Err(Missing::Gone));
        assert_eq!(fds.link(1_000_000), Err(Missing::Gone));
    }

    #[test]
    fn a_socket_that_is_in_no_table_still_names_its_protocol() {
        let socket = nix::sys::socket::socket(
            nix::sys::socket::AddressFamily::Unix,
            nix::sys::socket::SockType::Stream,
            nix::sys::socket::SockFlag::SOCK_CLOEXEC,
            None,
        )
        .expect("a socket");
        let named = mine().protocol(socket.as_raw_fd() as u32);
        assert!(named.is_some_and(|n| n.starts_with(b"UNIX")));
    }
}
