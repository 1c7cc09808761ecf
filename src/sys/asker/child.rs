//! The other side: the process that makes workers, and what a worker does. Nothing here returns to the program.
//!
//! Both hold none of its descriptors, are of no session or process group that a shell waits for, and end when nobody asks
//! them any more, or the thread that made them ends (`PR_SET_PDEATHSIG`), also where somebody stopped them. The maker never asks anything itself, so it always answers.
#![expect(unsafe_code, reason = "fork(2), close_range(2) and _exit(2)")]

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Seek as _, SeekFrom};
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use super::{Kind, Question, free, stream, title, wire};
use crate::model::reading::{Missing, Reading};
use crate::sys::acting::pidfd;
use crate::sys::caught;
use crate::sys::descriptors::{fds, fill};
use crate::sys::fields;
use crate::sys::machine::{disks, nvml};
use crate::sys::own::sandbox;

/// How long the maker may take to make a worker: one that somebody stopped is replaced.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the maker waits at its end for workers that were killed: those that the kernel keeps are left behind.
const SETTLES: Duration = Duration::from_millis(50);
/// How long it may take where it waits for a core.
const STARVED: Duration = Duration::from_secs(5);

/// What is ordered of the maker: one that answers, or one that writes.
pub(super) const WORKER: u8 = b'w';
/// See [`WORKER`].
pub(super) const WRITER: u8 = b'h';

/// The process that makes workers: how it is spoken to, and who it is.
pub(super) struct Maker {
    socket: UnixStream,
    process: Pid,
    /// It was waited for: its number may be somebody else's by now.
    reaped: bool,
}

/// Makes the maker.
///
/// # Errors
/// As the kernel says.
pub(super) fn make_maker() -> io::Result<Maker> {
    let (ours, theirs) = UnixStream::pair()?;
    let program = nix::unistd::getpid();
    // SAFETY: the child makes no use of locks that another thread may hold, save those of malloc, which the C library
    // takes across a fork.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Maker {
            socket: ours,
            process: child,
            reaped: false,
        }),
        ForkResult::Child => and_end(|| {
            drop(ours);
            leave(theirs.as_raw_fd());
            if dies_with(program) {
                make(&theirs);
            }
        }),
    }
}

/// Makes the maker on a thread that never ends: it ends with the thread that made it, and who asks may be gone sooner than
/// the program.
///
/// # Errors
/// As [`make_maker`].
pub(super) fn make_maker_to_stay() -> io::Result<Maker> {
    free::begin()?;
    free::made(make_maker)
}

/// Asks the maker for a worker: a socket to it, its number, and a hold of it.
///
/// # Errors
/// When the maker has ended, or the kernel makes no more processes.
pub(super) fn make_worker(maker: &Maker, what: u8) -> io::Result<(UnixStream, u32, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    let fds = [theirs.as_raw_fd()];
    let order = [what];
    let order = [IoSlice::new(&order)];
    let rights = [ControlMessage::ScmRights(&fds)];
    let socket = maker.socket.as_raw_fd();
    sendmsg::<()>(socket, &order, &rights, MsgFlags::MSG_NOSIGNAL, None)?;
    maker.is_heard()?;
    let mut number = [0; 4];
    let hold = receive(socket, &mut number)?;
    Ok((ours, u32::from_le_bytes(number), hold))
}

/// Whether a process could run: then the machine is busy.
pub(super) fn wants_a_core(number: u32) -> bool {
    let Ok(text) = std::fs::read(format!("/proc/{number}/stat")) else {
        return false;
    };
    let close = text.iter().rposition(|b| *b == b')');
    close.is_some_and(|at| text.get(at + 2) == Some(&b'R'))
}

/// For how long a process had a core, `proc_pid_schedstat(5)`; nothing where that is not told.
pub(super) fn had_a_core(number: u32) -> Duration {
    let text = std::fs::read(format!("/proc/{number}/schedstat")).unwrap_or_default();
    let first = fields::number(&text);
    Duration::from_nanos(first.unwrap_or(0))
}

impl Maker {
    /// Waits until it says something, or has ended.
    fn is_heard(&self) -> io::Result<()> {
        let begun = Instant::now();
        let step = PollTimeout::try_from(PATIENCE / 10).unwrap_or(PollTimeout::ZERO);
        loop {
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, step) {
                Ok(0) | Err(nix::Error::EINTR) => {}
                Ok(_) => return Ok(()),
                Err(why) => return Err(why.into()),
            }
            let waited = begun.elapsed();
            let starves = || wants_a_core(self.process.as_raw() as u32);
            if waited >= STARVED || (waited >= PATIENCE && !starves()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// Lets it go with its workers, so that none is left to whoever adopts orphans: the first process of a container reaps nobody
    /// as a rule.
    pub(super) fn end(mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let begun = Instant::now();
        while !self.reaped && begun.elapsed() < SETTLES * 2 {
            match waitpid(self.process, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_micros(200)),
                _ => self.reaped = true,
            }
        }
    }

    /// Whether it has ended; then it is reaped when this is dropped.
    pub(super) fn has_ended(&self) -> bool {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        !matches!(
            waitid(Id::Pid(self.process), look),
            Ok(WaitStatus::StillAlive)
        )
    }
}

impl Drop for Maker {
    /// Ends it, whether it lives, was stopped or has ended, and leaves no zombie.
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        // Nobody else reaps our children, so the number is still its own.
        let _ = nix::sys::signal::kill(self.process, Signal::SIGKILL);
        // It ends at once, save in a control group that somebody has frozen.
        for _ in 0..20 {
            match waitpid(self.process, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_millis(1)),
                _ => return,
            }
        }
    }
}

/// One message with one descriptor.
fn receive(from: RawFd, into: &mut [u8]) -> io::Result<OwnedFd> {
    let mut space = nix::cmsg_space!(RawFd);
    let length = into.len();
    let mut parts = [IoSliceMut::new(into)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(from, &mut parts, Some(&mut space), flags)?;
    if message.bytes != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(fds) = part
            && let Some(fd) = fds.first()
        {
            // SAFETY: the kernel just made it for this message and nobody else knows it.
            return Ok(unsafe { OwnedFd::from_raw_fd(*fd) });
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Ends with who made us, even where somebody stopped us, so that no end of that one is ever heard; false where it has ended.
fn dies_with(maker: Pid) -> bool {
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
    nix::unistd::getppid() == maker
}

/// What it does, for whoever finds one in a list.
const TITLE: &[u8] = b"pscope-asker: asks what may never answer";

/// Lets go of everything of the program but one descriptor.
fn leave(kept: RawFd) {
    let _ = nix::unistd::chdir("/");
    let_go(kept, c"pscope-asker", TITLE);
}

/// The same, staying where the program is.
pub(super) fn let_go(kept: RawFd, name: &CStr, title: &[u8]) {
    let _ = nix::unistd::setsid();
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
    let _ = nix::sys::prctl::set_name(name);
    title::set(title);
    // Only to be read: whoever makes workers may have denied itself to open anything to be written.
    if let Ok(null) = File::open("/dev/null") {
        let _ = nix::unistd::dup2_stdin(&null);
        let _ = nix::unistd::dup2_stdout(&null);
        let _ = nix::unistd::dup2_stderr(&null);
    }
    close(3, kept - 1);
    close(kept + 1, RawFd::MAX);
}

/// Closes all descriptors from `first` to `last`.
fn close(first: RawFd, last: RawFd) {
    if last < first {
        return;
    }
    // SAFETY: nothing in this process uses what is closed: it never goes back to what the program was doing.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if closed == 0 {
        return;
    }
    // Before Linux 5.9.
    let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    let numbers = open.filter_map(|e| e.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    for fd in numbers.collect::<Vec<_>>() {
        if (first..=last).contains(&fd) {
            // One that is closed already is an error without consequence.
            let _ = nix::unistd::close(fd);
        }
    }
}

/// One that was made.
struct Made {
    hold: OwnedFd,
    /// It writes what was ordered to its end, whoever ends meanwhile.
    writes: bool,
}

/// Makes a worker for each socket that comes, until nobody sends one any more; then nobody asks the workers either.
fn make(orders: &UnixStream) {
    let mut workers: Vec<Made> = Vec::new();
    make_for(orders, &mut workers);
    workers.retain(|made| !made.writes);
    for made in &workers {
        pidfd::kill(made.hold.as_fd(), Signal::SIGKILL);
    }
    let begun = Instant::now();
    while !workers.is_empty() && begun.elapsed() < SETTLES {
        let holds = workers.iter().map(|made| made.hold.as_fd());
        let mut holds: Vec<_> = holds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        let left = SETTLES.saturating_sub(begun.elapsed());
        let _ = poll(
            &mut holds,
            PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO),
        );
        reap_ended(&mut workers);
    }
}

fn make_for(orders: &UnixStream, workers: &mut Vec<Made>) {
    loop {
        reap(orders, workers);
        let mut order = [0];
        let Ok(socket) = receive(orders.as_raw_fd(), &mut order) else {
            return;
        };
        let maker = nix::unistd::getpid();
        // SAFETY: this process has one thread.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => and_end(|| {
                close(3, socket.as_raw_fd() - 1);
                close(socket.as_raw_fd() + 1, RawFd::MAX);
                // What was ordered is written to its end, whoever ends meanwhile.
                if order == [WRITER] {
                    stream::record(&mut UnixStream::from(socket));
                } else if dies_with(maker) {
                    work(UnixStream::from(socket));
                }
            }),
            Ok(ForkResult::Parent { child }) => {
                // Nobody but us reaps it, so that its number is still its own.
                let number = child.as_raw() as u32;
                let Ok(hold) = pidfd::open(number, 0) else {
                    return;
                };
                let fds = [hold.as_raw_fd()];
                let told = number.to_le_bytes();
                let told = [IoSlice::new(&told)];
                let rights = [ControlMessage::ScmRights(&fds)];
                let flags = MsgFlags::MSG_NOSIGNAL;
                if sendmsg::<()>(orders.as_raw_fd(), &told, &rights, flags, None).is_err() {
                    return;
                }
                let writes = order == [WRITER];
                workers.push(Made { hold, writes });
            }
            Err(_) => return,
        }
    }
}

/// Waits for the next order; whoever ends meanwhile does not stay as a zombie.
fn reap(orders: &UnixStream, workers: &mut Vec<Made>) {
    loop {
        let all = [orders.as_fd()].into_iter();
        let all = all.chain(workers.iter().map(|made| made.hold.as_fd()));
        let mut all: Vec<_> = all.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        let polled = poll(&mut all, PollTimeout::NONE);
        let ordered = all[0].any().unwrap_or(true);
        reap_ended(workers);
        if ordered || polled.is_err() {
            return;
        }
    }
}

fn reap_ended(workers: &mut Vec<Made>) {
    workers.retain(|made| !pidfd::has_ended(made.hold.as_fd()));
    while let Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) =
        waitpid(None, Some(WaitPidFlag::WNOHANG))
    {}
}

/// Answers question after question, until nobody asks any more.
fn work(mut socket: UnixStream) {
    let mut confined = false;
    while let Some(question) = wire::take_question(&mut socket) {
        // A driver's library opens its devices to write to them; who has one open is asked nothing else.
        if !confined && question.kind != Kind::Gpu {
            confined = true;
            sandbox::only_read();
        }
        if wire::put_answer(&mut socket, &answer(&question)).is_err() {
            return;
        }
    }
}

/// Does what a child was made for and ends it. It never goes back into the program, not by a panic either: one that is
/// caught further up would have the program run twice.
pub(super) fn and_end(work: impl FnOnce()) -> ! {
    let _ = caught::catching(work);
    // SAFETY: ends this process without what the program would do at its end.
    unsafe { libc::_exit(0) }
}

/// The answer to one question; this is what may never come.
pub(super) fn answer(question: &Question) -> Reading<Vec<u8>> {
    let path = &question.path;
    match question.kind {
        Kind::Read => read(path, 0, question.most),
        Kind::Regular | Kind::Part => regular(path, question.from, question.most),
        Kind::Space | Kind::SpaceHere => disks::space(path).map(|space| wire::of_space(&space)),
        Kind::List => list(path, question.most),
        Kind::User => user(path),
        Kind::Gpu => nvml::answer(path),
        Kind::Target => fds::behind(path).map(|target| wire::of_target(&target)),
        Kind::Pipe => fill::pipe(path).map(wire::of_pair),
        Kind::Queue => fill::queue(path),
        Kind::Protocol => fds::protocol(path),
    }
}

/// Neither waits for the other end of a FIFO nor makes a terminal ours.
fn read(path: &Path, from: u64, most: u32) -> Reading<Vec<u8>> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let mut file = File::options().read(true).custom_flags(flags).open(path)?;
    // What is not read from its beginning is a regular file; others cannot be wound.
    if from > 0 {
        file.seek(SeekFrom::Start(from))?;
    }
    let mut text = Vec::new();
    file.take(u64::from(most)).read_to_end(&mut text)?;
    Ok(text)
}

/// The name of the user whose number stands there, from whatever the machine is told to ask (`nsswitch.conf(5)`).
fn user(number: &Path) -> Reading<Vec<u8>> {
    let number = number
        .to_str()
        .and_then(|text| text.strip_prefix("user ")?.parse().ok());
    let uid = nix::unistd::Uid::from_raw(number.ok_or(Missing::Unsupported)?);
    match nix::unistd::User::from_uid(uid) {
        Ok(Some(user)) => Ok(user.name.into_bytes()),
        Ok(None) => Err(Missing::Gone),
        Err(_) => Err(Missing::Unsupported),
    }
}

/// The names in a directory, as far as they fit.
fn list(path: &Path, most: u32) -> Reading<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut out = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let name = entry?.file_name();
        if out.len() + name.len() + 1 > most as usize {
            break;
        }
        out.extend(name.as_bytes());
        out.push(0);
    }
    Ok(out)
}

/// Looks at it without opening it first: opening a device can change what it does.
fn regular(path: &Path, from: u64, most: u32) -> Reading<Vec<u8>> {
    let looked = File::options()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)?;
    if !looked.metadata()?.is_file() {
        return Err(Missing::Unsupported);
    }
    let same = format!("/proc/self/fd/{}", looked.as_raw_fd());
    read(Path::new(&same), from, most)
}
