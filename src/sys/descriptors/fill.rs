//! How full a pipe or a message queue is. Nothing is taken out of it.
//!
//! A pipe's descriptor is borrowed for a moment and asked, which needs the right to trace the process; `pidfd_getfd(2)`,
//! `ioctl_pipe(2)`. A POSIX queue tells it in its file, `mq_overview(7)`.
#![expect(
    unsafe_code,
    reason = "pidfd_getfd(2) and FIONREAD have no safe binding here"
)]

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};

use super::fds;
use crate::model::descriptors::peer::Object;
use crate::model::format;
use crate::model::id::{Bytes, Pid, ProcId};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;
use crate::sys::{asker, fields};

/// What is known of a channel that a process holds under this number: `64K of 64K: the writer waits`, `empty`,
/// `12K of 64K`, `POSIX queue /jobs, 12 bytes wait`; nothing where it may not be asked.
///
/// The number may mean something else by now, of which the asking, or letting go again, may hang: [`asker`] asks.
pub fn of(object: &Object, process: ProcId, fd: u32) -> Option<String> {
    let link = PathBuf::from(format!("/proc/{}/fd/{fd}", process.pid));
    if let Object::Queue { .. } = object {
        let name = std::fs::read_link(&link).ok()?;
        let name = SafeText::from_bytes(name.as_os_str().as_bytes());
        return match asker::queue(&link) {
            Ok(text) => Some(in_queue(name.as_str(), waiting(&text))),
            Err(Missing::Denied) => Some(in_queue(name.as_str(), None)),
            Err(_) => None,
        };
    }
    asker::pipe(&link).ok().map(in_pipe)
}

/// So many threads of a process are looked at before its pipes are asked.
const THREADS: usize = 256;

/// Whether a thread of this process may be inside one of its pipes and sleep there for long: whoever asks a pipe then waits for
/// it, and nothing ends him (`pipe_lock`). One that copies into a page that somebody else holds back does: of `userfaultfd(2)`,
/// of a filesystem server, of a disk. Waiting for data or for room it is not inside.
pub fn may_hold_pipes(root: &ProcRoot, pid: Pid) -> bool {
    let Ok(tasks) = std::fs::read_dir(root.proc(format!("{pid}/task"))) else {
        return true;
    };
    let mut seen = 0;
    for task in tasks.flatten() {
        let place = format!("{pid}/task/{}", task.file_name().display());
        let Ok(thread) = process_ids::read_at(root, &place) else {
            continue;
        };
        seen += 1;
        let function = || std::fs::read_to_string(root.proc(format!("{place}/wchan")));
        let deep = thread.state == State::Blocked;
        if seen > THREADS
            || deep
            || function().is_ok_and(|name| HELD_PAGES.contains(&name.as_str()))
        {
            return true;
        }
    }
    false
}

/// Functions of the kernel in which a thread waits for a page and can be interrupted; in all others it is in state D.
const HELD_PAGES: [&str; 2] = ["handle_userfault", "request_wait_answer"];

fn in_pipe((used, capacity): (u64, u64)) -> String {
    let shown = |n: u64| format::bytes(Bytes(n));
    match used {
        0 => "empty".to_owned(),
        used if used >= capacity => {
            format!("{} of {}: the writer waits", shown(used), shown(capacity))
        }
        used => format!("{} of {}", shown(used), shown(capacity)),
    }
}

fn in_queue(name: &str, bytes: Option<u64>) -> String {
    match bytes {
        None => format!("POSIX queue {name}"),
        Some(0) => format!("POSIX queue {name}, empty"),
        Some(n) => format!("POSIX queue {name}, {n} bytes wait"),
    }
}

/// What a queue's file says: `QSIZE:129        NOTIFY:0     SIGNO:0     NOTIFY_PID:0`.
pub(in crate::sys) fn queue(link: &Path) -> Reading<Vec<u8>> {
    // The link is pinned before it is looked at, so that what is opened is the queue that was found, whatever happens
    // to the number meanwhile.
    let mut pin = OpenOptions::new();
    let pin = pin.read(true).custom_flags(libc::O_PATH | libc::O_CLOEXEC);
    let pinned = pin.open(link)?;
    if !is_queue(&pinned) {
        return Err(Missing::Unsupported);
    }
    Ok(std::fs::read(format!(
        "/proc/self/fd/{}",
        pinned.as_raw_fd()
    ))?)
}

fn is_queue(file: &std::fs::File) -> bool {
    nix::sys::statfs::fstatfs(file).is_ok_and(fds::of_queues)
}

pub(crate) fn waiting(text: &[u8]) -> Option<u64> {
    let rest = text.strip_prefix(b"QSIZE:")?;
    fields::number(fields::words(rest).next()?)
}

/// How many bytes wait in a pipe, and how many it holds; the link is `/proc/PID/fd/N`.
pub(in crate::sys) fn pipe(link: &Path) -> Reading<(u64, u64)> {
    let mut parts = link.iter().rev().map(|part| part.to_str()?.parse().ok());
    let (Some(Some(fd)), _, Some(Some(pid))) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Missing::Unsupported);
    };
    let (fd, pid): (u32, u32) = (fd, pid);
    // SAFETY: the call takes two numbers and answers with a new descriptor or -1.
    let process = own(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let pipe = own(
        // SAFETY: the call takes numbers and answers with a new descriptor or -1; the first is open for its length.
        unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) },
    )?;
    // First what only a pipe has: another thing would be asked by its driver.
    let capacity = fcntl(&pipe, FcntlArg::F_GETPIPE_SZ).map_err(|_| Missing::Unsupported)?;
    let mut used: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, and `used` outlives the call.
    let status = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut used) };
    match (u64::try_from(used), u64::try_from(capacity)) {
        (Ok(used), Ok(capacity)) if status == 0 && capacity > 0 => Ok((used, capacity)),
        _ => Err(Missing::Unsupported),
    }
}

fn own(answer: libc::c_long) -> Reading<OwnedFd> {
    let fd = i32::try_from(answer).ok().filter(|fd| *fd >= 0);
    let fd = fd.ok_or_else(std::io::Error::last_os_error)?;
    // SAFETY: the kernel just made this descriptor for us and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn our_own_pipe_tells_what_waits() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(&[1; 5000]).expect("room");
        let me = std::process::id();
        let link = |fd: i32| Path::new("/proc").join(format!("{me}/fd/{fd}"));
        match pipe(&link(reader.as_raw_fd())) {
            Ok((used, capacity)) => assert!(used == 5000 && capacity >= 5000),
            Err(why) => println!("skipped: no descriptor may be borrowed here: {why}"),
        }
        assert!(pipe(&link(1_000_000)).is_err());
        // A pipe is no queue, whatever it is taken for, and a file no pipe.
        let file = tempfile::tempfile().expect("a file");
        assert!(pipe(&link(file.as_raw_fd())).is_err());
        assert_eq!(queue(&link(reader.as_raw_fd())), Err(Missing::Unsupported));
    }

    #[test]
    fn a_pipe_is_not_asked_while_somebody_sleeps_inside() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let thread = |tid: u32, state: char, function: &str| {
            let place = dir.path().join(format!("proc/7/task/{tid}"));
            std::fs::create_dir_all(&place).expect("made");
            let zeros = "0 ".repeat(48);
            let stat = format!("{tid} (x) {state} 1 7 7 {zeros}");
            std::fs::write(place.join("stat"), stat).expect("written");
            std::fs::write(place.join("wchan"), function).expect("written");
        };
        assert!(may_hold_pipes(&root, Pid(7)), "nothing is known of it");
        thread(7, 'S', "anon_pipe_read");
        thread(8, 'R', "0");
        assert!(!may_hold_pipes(&root, Pid(7)), "it waits for data");
        for (state, function) in [
            ('S', "handle_userfault"),
            ('S', "request_wait_answer"),
            ('D', "folio_wait_bit_common"),
        ] {
            thread(9, state, function);
            assert!(may_hold_pipes(&root, Pid(7)), "{state} {function}");
        }
    }

    #[test]
    fn what_waits_in_a_queue_is_the_first_number() {
        let text = b"QSIZE:129        NOTIFY:2     SIGNO:0     NOTIFY_PID:8260 \n";
        assert_eq!(waiting(text), Some(129));
        assert_eq!(waiting(b"QSIZE:x"), None);
        assert_eq!(waiting(b""), None);
    }
}
