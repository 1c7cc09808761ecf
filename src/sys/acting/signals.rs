//! The right to send signals, and the only place that sends one: through a pidfd whose start time was checked.
//!
//! Never by number, never over a fixture. See `pidfd_open(2)`, `pidfd_send_signal(2)` and `ioctl_pidfd(2)`.
#![expect(unsafe_code, reason = "the C library has no wrappers for pidfds")]

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use super::pidfd::{self, check};
use crate::model::acting::signal::Signal;
use crate::model::acting::{Fate, Target};
use crate::model::id::{Pid, ProcId, ThreadId};
use crate::model::reading::{Missing, Reading};
use crate::sys::process::process_ids::{self, ProcessIds};
use crate::sys::root::ProcRoot;

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
        pidfd::speaks_of(root).then(|| Self {
            root: root.clone(),
            own: Pid(std::process::id()),
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
        let fd = pidfd::open(id.pid.0, 0)?;
        // Only after the descriptor holds somebody can it be asked whether it is the one who was meant.
        if process_ids::read(&self.root, id.pid)?.id != id {
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
        let fd = pidfd::open(thread.tid.0, pidfd::THREAD)?;
        let stat = format!("{}/task/{}", of.pid, thread.tid);
        let found = process_ids::read_at(&self.root, &stat)?;
        if found.id != ProcId::new(thread.tid.0, thread.start.0) {
            return Err(Missing::Gone);
        }
        if process_ids::read(&self.root, of.pid)?.id != of {
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
        if !pidfd::has_ended(pin.fd()) {
            return None;
        }
        let status = pidfd::exit_status(pin.fd());
        let status = status.or_else(|| process_ids::zombie_status(&self.root, pin.target.id));
        Some(status.map_or(Fate::Ended, Fate::from_wait_status))
    }

    /// Sends a signal to a whole process group at once.
    ///
    /// The number cannot have passed to another group as long as `member`, who is held, is of it: that is checked before and after.
    ///
    /// # Errors
    /// `Gone` when the member is not of the group; `Denied` when nobody of the group may be signalled.
    pub fn send_group(&self, member: &Pin, group: Pid, signal: Signal) -> Reading<()> {
        let in_group = |who: ProcessIds| who.id == member.target.id && who.group == group;
        if group.0 <= 1 || !in_group(process_ids::read(&self.root, member.target.id.pid)?) {
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
