//! A FUSE filesystem of our own that answers the kernel's first questions, has one file, and tells neither how full it is nor
//! what is in the file. It is in whatever tree of mounts the thread that makes it sees.
//!
//! A process of its own serves it, and ends with the thread that made it: who waits for a filesystem that he serves himself
//! can be ended by nobody.
#![expect(unsafe_code, reason = "fork(2) and close_range(2)")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Questions of the kernel's `linux/fuse.h`.
const LOOKUP: u32 = 1;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const STATFS: u32 = 17;
const RELEASE: u32 = 18;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const ACCESS: u32 = 34;
const STATX: u32 = 52;

/// The mounted filesystem; whoever waits for it is let go when this is dropped.
pub struct Mount {
    dir: tempfile::TempDir,
    server: Pid,
    /// A byte here, and it begins to tell how full it is.
    orders: UnixStream,
}

impl Mount {
    /// Mounts it; the reason where that is not allowed here.
    pub fn new() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let (orders, heard) = UnixStream::pair().map_err(|e| e.to_string())?;
        let device = File::options().read(true).write(true).open("/dev/fuse");
        let device = device.map_err(|e| format!("/dev/fuse: {e}"))?;
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0,allow_other",
            device.as_raw_fd()
        );
        mount(
            Some("hung"),
            dir.path(),
            Some("fuse"),
            MsFlags::empty(),
            Some(options.as_str()),
        )
        .map_err(|e| format!("fuse: {e}"))?;
        // SAFETY: the child calls nothing that another thread may have locked, save malloc, which the C library takes along.
        let server = match unsafe { fork() }.map_err(|e| format!("fork: {e}"))? {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
                let kept = [device.as_raw_fd(), heard.as_raw_fd()];
                let (low, high) = (kept[0].min(kept[1]), kept[0].max(kept[1]));
                for (first, last) in [(0, low - 1), (low + 1, high - 1), (high + 1, i32::MAX)] {
                    // SAFETY: nothing here uses what is closed.
                    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
                }
                serve(device, heard);
                // SAFETY: ends this process without what the tests would do at their end.
                unsafe { libc::_exit(0) }
            }
        };
        Ok(Self {
            dir,
            server,
            orders,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// From now on it tells how full it is, also to those that have waited.
    pub fn recover(&mut self) {
        self.orders.write_all(b"r").expect("it listens");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // With its server the kernel gives the filesystem up: every call that waits fails.
        let _ = kill(self.server, Signal::SIGKILL);
        let _ = waitpid(self.server, None);
        let _ = umount2(self.dir.path(), MntFlags::MNT_DETACH);
    }
}

/// The `struct fuse_attr` of the top, which is 1, or of the one file.
fn attributes(node: u64) -> [u8; 88] {
    let mut all = [0; 88];
    let (mode, size) = if node == 1 {
        (0o40755_u32, 0)
    } else {
        (0o100_644, 4096_u64)
    };
    all[0..8].copy_from_slice(&node.to_le_bytes());
    all[8..16].copy_from_slice(&size.to_le_bytes());
    all[60..64].copy_from_slice(&mode.to_le_bytes());
    all[64..68].copy_from_slice(&1_u32.to_le_bytes());
    all
}

fn numbers(all: &[u64]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// What is answered to a question about a node; nothing to those that are never answered.
fn answer(question: u32, node: u64, recovered: bool) -> Option<Vec<u8>> {
    // Valid for ever: no answer is asked for twice.
    let valid = 1 << 20;
    Some(match question {
        INIT => {
            let mut body = vec![0; 64];
            body[0..4].copy_from_slice(&7_u32.to_le_bytes());
            body[4..8].copy_from_slice(&31_u32.to_le_bytes());
            body[20..24].copy_from_slice(&4096_u32.to_le_bytes());
            body
        }
        LOOKUP => [numbers(&[2, 0, valid, valid, 0]), attributes(2).to_vec()].concat(),
        GETATTR => [numbers(&[valid, 0]), attributes(node).to_vec()].concat(),
        OPEN => vec![0; 16],
        RELEASE | FLUSH | ACCESS => Vec::new(),
        // 1,000 blocks of 4 KiB, half of them free.
        STATFS if recovered => [
            numbers(&[1000, 500, 500, 10, 5]),
            [4096_u32, 255, 4096, 0].map(u32::to_le_bytes).concat(),
            vec![0; 24],
        ]
        .concat(),
        _ => return None,
    })
}

/// Answers until the filesystem is gone.
fn serve(mut device: File, mut orders: UnixStream) {
    let mut request = vec![0; 1 << 17];
    let (mut waiting, mut recovered) = (Vec::new(), false);
    loop {
        let mut open = Vec::new();
        let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut both = [readable(device.as_fd()), readable(orders.as_fd())];
        if poll(&mut both, PollTimeout::NONE).is_err() {
            return;
        }
        let [asked, ordered] = both.map(|fd| fd.any().unwrap_or(true));
        if ordered && !recovered {
            recovered = orders.read(&mut [0]).is_ok_and(|n| n == 1);
            open.append(&mut waiting);
        }
        if asked {
            let Ok(n) = device.read(&mut request) else {
                return;
            };
            let word = |at: usize| request[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
            if n < 24 {
                return;
            }
            // `len, opcode` are 32 bits each, then `unique` and `nodeid`.
            let question = (word(0) >> 32) as u32;
            // Of any other name than that of the one file nothing is told: nobody can begin one.
            if question != LOOKUP || request[40..n].starts_with(b"file\0") {
                open.push((question, word(8), word(16)));
            }
        }
        for (question, unique, node) in open {
            // The kernel then asks by GETATTR, for good.
            let (error, body) = match question {
                STATX => (-libc::ENOSYS, Some(Vec::new())),
                _ => (0, answer(question, node, recovered)),
            };
            let Some(body) = body else {
                waiting.push((question, unique, node));
                continue;
            };
            let mut reply = (16 + body.len() as u32).to_le_bytes().to_vec();
            reply.extend(error.to_le_bytes());
            reply.extend(unique.to_le_bytes());
            reply.extend(body);
            if device.write_all(&reply).is_err() {
                return;
            }
        }
    }
}
