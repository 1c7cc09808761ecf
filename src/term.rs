//! The terminal: raw mode, alternate screen, mouse and bracketed paste, and giving it back as it was found (`termios(3)`).
//!
//! Whoever ends the program, from whatever thread, calls [`restore`]; it acts once and is safe to call at any moment.

pub(crate) mod cells;
pub mod clipboard;
pub mod decode;
pub mod depth;
pub mod input;
pub mod output;
pub mod signals;

use std::io::{self, IsTerminal, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::termios::{self, FlowArg, SetArg, Termios};

/// How the terminal was before the program touched it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
/// Whether the terminal is ours now.
static OURS: AtomicBool = AtomicBool::new(false);
/// Held while a frame is on its way, so that none comes after the terminal was given back.
static FRAME: Mutex<()> = Mutex::new(());

/// Alternate screen, bracketed paste, no cursor; then everything is wiped, since where there is no alternate screen old text
/// would stand between our digits.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[0m\x1b[2J\x1b[H";
/// Clicks, drags and the wheel, with coordinates that know no limit of 223.
const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// What is behind the text (OSC 11); and what the terminal is, which every one answers, so that waiting for the first has an end.
const ASK: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";
/// Everything off again: a frame left open, attributes, mouse, paste; the cursor below the picture, for terminals that have no
/// other screen to go back to; the main screen back, the cursor shown.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[9999;1H\r\n\x1b[?1049l\x1b[?25h";

/// How long giving the terminal back waits for one that takes no bytes.
const STALLED: Duration = Duration::from_millis(100);

/// Whether a person sits at both ends.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Takes what is piped in, and lets keys come from the terminal itself from now on.
///
/// # Errors
/// When nothing is piped in or there is no terminal.
pub fn take_piped() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(io::Error::other(
            "nothing is piped in: pscope record - | pscope replay -",
        ));
    }
    let piped = nix::unistd::dup(&stdin)?;
    let flags = nix::fcntl::OFlag::O_RDWR | nix::fcntl::OFlag::O_CLOEXEC;
    let mode = nix::sys::stat::Mode::empty();
    let terminal = nix::fcntl::open("/dev/tty", flags, mode)?;
    nix::unistd::dup2_stdin(&terminal)?;
    Ok(piped)
}

/// Takes the terminal; again after it was given back or after somebody else changed it.
///
/// # Errors
/// When standard input is no terminal or the terminal has gone.
pub fn enter(mouse: bool) -> io::Result<()> {
    let stdin = io::stdin();
    let mut before = lock();
    let old = match before.as_ref() {
        Some(old) => old.clone(),
        None => termios::tcgetattr(&stdin)?,
    };
    let mut raw = old.clone();
    *before = Some(old);
    drop(before);
    termios::cfmakeraw(&mut raw);
    OURS.store(true, Ordering::SeqCst);
    termios::tcsetattr(&stdin, SetArg::TCSANOW, &raw)?;
    let mut all = ENTER.to_vec();
    if mouse {
        all.extend_from_slice(MOUSE);
    }
    write_all(&all)
}

/// Asks what is behind the text; the answer comes in like a key, or never.
///
/// # Errors
/// When the terminal has gone.
pub fn ask_ground() -> io::Result<()> {
    write_all(ASK)
}

/// Gives the terminal back as it was found. Does nothing if it is not ours; never blocks for long.
pub fn restore() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _no_frame = last_frame();
    if let Some(old) = lock().as_ref() {
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, old);
    }
    let stdout = io::stdout();
    let _ = termios::tcflow(&stdout, FlowArg::TCOON);
    let mut ready = [PollFd::new(stdout.as_fd(), PollFlags::POLLOUT)];
    let timeout = PollTimeout::try_from(STALLED).unwrap_or(PollTimeout::ZERO);
    if nix::poll::poll(&mut ready, timeout).is_ok_and(|n| n > 0) {
        let _ = write_all(LEAVE);
    }
}

/// Waits for a frame that another thread is just writing, unless the terminal takes nothing.
fn last_frame() -> Option<MutexGuard<'static, ()>> {
    let until = Instant::now() + STALLED;
    loop {
        match FRAME.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() > until => return None,
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Writes a frame, unless the terminal was given back.
fn write_frame(bytes: &[u8]) -> io::Result<()> {
    let _writing = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
    if OURS.load(Ordering::SeqCst) {
        write_all(bytes)?;
    }
    Ok(())
}

/// Writes to the terminal at once, past the buffer of `Stdout`, whose lock a dying thread may hold.
fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    let stdout = io::stdout();
    while !rest.is_empty() {
        match nix::unistd::write(&stdout, rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => rest = &rest[n..],
            Err(nix::errno::Errno::EINTR) => {}
            Err(nix::errno::Errno::EAGAIN) => wait_writable()?,
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Waits until a terminal that somebody made non-blocking takes bytes again.
fn wait_writable() -> io::Result<()> {
    let stdout = io::stdout();
    let mut ready = [PollFd::new(stdout.as_fd(), PollFlags::POLLOUT)];
    match nix::poll::poll(&mut ready, PollTimeout::NONE) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// Whether an error of a write means that nobody is at the other end any more.
pub fn is_gone(error: &io::Error) -> bool {
    use nix::errno::Errno;
    let gone = [Errno::EIO, Errno::ENXIO, Errno::EPIPE, Errno::EBADF];
    error
        .raw_os_error()
        .is_some_and(|code| gone.contains(&Errno::from_raw(code)))
}

/// Says something about the terminal that is not a frame: the clipboard.
///
/// # Errors
/// When the terminal has gone.
pub fn say(bytes: &[u8]) -> io::Result<()> {
    io::stdout().flush()?;
    write_all(bytes)
}

fn lock() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
