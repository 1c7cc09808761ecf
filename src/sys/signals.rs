//! The right to send signals, and the only place that sends one: through a pidfd whose start time was checked.
//!
//! Never by number, never over a fixture. See `pidfd_open(2)`, `pidfd_send_signal(2)` and `ioctl_pidfd(2)`.
#![expect(unsafe_code, reason = "the C library has no wrappers for pidfds")]

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::path::Path;

use nix::sys::statfs::{PROC_SUPER_MAGIC, statfs};

use super::kin::{self, Kin};
use super::root::ProcRoot;
use crate::model::acting::{Fate, Target};
use crate::model::id::{Pid, ProcId, ThreadId};
use crate::model::reading::{Missing, Reading};
use crate::model::signal::Signal;
use crate::model::stat::State;

const PIDFD_THREAD: libc::c_uint = libc::O_EXCL as libc::c_uint;
/// `_IOWR(0xff, 11, struct pidfd_info)` with the first, 64 byte long, version of the structure.
const PIDFD_GET_INFO: libc::c_ulong = 0xc040_ff0b;
const PIDFD_INFO_EXIT: u64 = 1 << 3;

/// The right to send signals. It exists only over the running kernel's own proc tree, seen from our own pid namespace.
#[derive(Clone, Debug)]
pub struct Signals {
    root: ProcRoot,
    own: Pid,
}

/// A process, or one thread of it, held by a pidfd: whatever the numbers mean later, this is who was meant.
#[derive(Debug)]
pub struct Pin {
    target: Target,
    fd: OwnedFd,
}

/// The beginning of the kernel's `struct pidfd_info`.
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

impl Pin {
    /// Who is held.
    pub fn target(&self) -> Target {
        self.target
    }

    /// What to poll: readable once the target has ended.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Signals {
    /// The right over this tree: none over a fixture, over files that are no procfs, or over that of another pid namespace.
    pub fn over(root: &ProcRoot) -> Option<Self> {
        let own = std::process::id();
        let proc = root.proc(Path::new("self"));
        let is_proc = statfs(proc.parent()?).ok()?.filesystem_type() == PROC_SUPER_MAGIC;
        let is_us = std::fs::read_link(&proc).ok()? == Path::new(&own.to_string());
        (root.is_live() && is_proc && is_us).then(|| Self {
            root: root.clone(),
            own: Pid(own),
        })
    }

    /// The tree that it is over.
    pub fn root(&self) -> &ProcRoot {
        &self.root
    }

    /// Our own process.
    pub fn own(&self) -> Pid {
        self.own
    }

    /// Takes hold of a process.
    ///
    /// # Errors
    /// `Gone` when there is none of this number that started then; `Unsupported` before Linux 5.3.
    pub fn pin(&self, id: ProcId) -> Reading<Pin> {
        let fd = open(id.pid.0, 0)?;
        // Only after the descriptor holds somebody can it be asked whether it is the one who was meant.
        if kin::read(&self.root, id.pid)?.id != id {
            return Err(Missing::Gone);
        }
        let target = Target { id, thread: None };
        Ok(Pin { target, fd })
    }

    /// Takes hold of one thread.
    ///
    /// # Errors
    /// As [`Signals::pin`]; `Unsupported` before Linux 6.9.
    pub fn pin_thread(&self, of: ProcId, thread: ThreadId) -> Reading<Pin> {
        let fd = open(thread.tid.0, PIDFD_THREAD)?;
        let stat = format!("{}/task/{}", of.pid, thread.tid);
        let found = kin::read_at(&self.root, &stat)?;
        if found.id != ProcId::new(thread.tid.0, thread.start.0) {
            return Err(Missing::Gone);
        }
        if kin::read(&self.root, of.pid)?.id != of {
            return Err(Missing::Gone);
        }
        let thread = Some(thread);
        let target = Target { id: of, thread };
        Ok(Pin { target, fd })
    }

    /// Sends a signal to whom a pin holds.
    ///
    /// # Errors
    /// `Gone` when it has ended and was reaped, `Denied` when it is another user's.
    pub fn send(&self, pin: &Pin, signal: Signal) -> Reading<()> {
        raw_send(pin, i32::from(signal.number()))
    }

    /// Asks the kernel whether a signal would be let through, without sending one.
    ///
    /// # Errors
    /// As [`Signals::send`].
    pub fn may(&self, pin: &Pin) -> Reading<()> {
        raw_send(pin, 0)
    }

    /// Whether the target has ended, and how; `None` while it lives.
    ///
    /// Right after the end, while it is a zombie of another user's, the kernel says only later how: [`Fate::Ended`].
    pub fn end(&self, pin: &Pin) -> Option<Fate> {
        let mut poll = libc::pollfd {
            fd: pin.fd.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one pollfd that lives during the call.
        if unsafe { libc::poll(&raw mut poll, 1, 0) } < 1 {
            return None;
        }
        let status = exit_status(pin).or_else(|| self.zombie_status(pin.target.id));
        Some(status.map_or(Fate::Ended, Fate::from_wait_status))
    }

    /// The wait status of a zombie, where it is shown to us.
    ///
    /// The kernel prints 0 to those whom it shows nothing, so we ask first for a link that has the same rule.
    fn zombie_status(&self, id: ProcId) -> Option<i32> {
        let zombie = kin::read(&self.root, id.pid).ok()?;
        if zombie.id != id || zombie.state != State::Zombie {
            return None;
        }
        let link = std::fs::read_link(self.root.proc(format!("{}/cwd", id.pid)));
        let hidden = link.is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied);
        (!hidden).then_some(zombie.exit_code)
    }

    /// Sends a signal to a whole process group at once.
    ///
    /// The number cannot have passed to another group as long as `member`, who is held, is of it: that is checked before and after.
    ///
    /// # Errors
    /// `Gone` when the member is not of the group; `Denied` when nobody of the group may be signalled.
    pub fn send_group(&self, member: &Pin, group: Pid, signal: Signal) -> Reading<()> {
        let in_group = |kin: Kin| kin.id == member.target.id && kin.group == group;
        if group.0 <= 1 || !in_group(kin::read(&self.root, member.target.id.pid)?) {
            return Err(Missing::Gone);
        }
        // SAFETY: no memory is passed.
        let done = unsafe { libc::kill(-(group.0 as i32), i32::from(signal.number())) };
        check(libc::c_long::from(done))
    }

    /// Ends every process of a control group and of those below it at once (`cgroup.kill`, Linux 5.14).
    ///
    /// # Errors
    /// `Unsupported` where the group has no such file, `Denied` where it may not be written.
    pub fn kill_cgroup(&self, directory: &Path) -> Reading<()> {
        let file = directory.join("cgroup.kill");
        let mut options = std::fs::OpenOptions::new();
        let mut file = match options.write(true).open(file) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(Missing::Unsupported),
            other => other?,
        };
        Ok(io::Write::write_all(&mut file, b"1")?)
    }
}

fn open(number: u32, flags: libc::c_uint) -> Reading<OwnedFd> {
    // SAFETY: no memory is passed; a descriptor that comes back is ours alone.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, number as libc::pid_t, flags) };
    check(fd)?;
    // SAFETY: the kernel just made it and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn raw_send(pin: &Pin, number: i32) -> Reading<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open and no siginfo is passed.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pin.fd.as_raw_fd(),
            number,
            none,
            0,
        )
    })
}

fn check(done: libc::c_long) -> Reading<()> {
    if done >= 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Out of descriptors: the target is there, we cannot hold it.
        Some(libc::EMFILE | libc::ENFILE) => Err(Missing::Late),
        // A thread's number where a process is meant.
        Some(libc::ENOENT) => Err(Missing::Gone),
        _ => Err(Missing::from(&error)),
    }
}

/// The wait status of a process that was reaped, from the pidfd itself (Linux 6.15).
fn exit_status(pin: &Pin) -> Option<i32> {
    let mut info = PidfdInfo {
        mask: PIDFD_INFO_EXIT,
        ..PidfdInfo::default()
    };
    // SAFETY: the structure is as long as the number of the call says and lives during it.
    let done = unsafe { libc::ioctl(pin.fd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    (done == 0 && info.mask & PIDFD_INFO_EXIT != 0).then_some(info.exit_code)
}
