//! The thread that reads the keyboard: it waits for bytes, decodes them and tells events until the terminal goes away.

use std::io;
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::decode::Decoder;
use crate::app::event::Event;

/// Reads the terminal until it goes away; `tell` hears each event.
pub fn read_until_gone(tell: impl Fn(Event)) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let timeout = decoder
            .patience()
            .map_or(PollTimeout::NONE, PollTimeout::from);
        match readable(timeout) {
            Ok(true) => match nix::unistd::read(io::stdin(), &mut buffer) {
                // The end of the input: nobody can press a key any more.
                Ok(0) => return,
                Ok(n) => decoder.feed(&buffer[..n], &mut events),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(_) => return,
            },
            Ok(false) => decoder.give_up(&mut events),
            Err(Errno::EINTR) => {}
            Err(_) => return,
        }
        events.drain(..).for_each(&tell);
    }
}

/// Whether there is something to read, the end included, before the time is up.
fn readable(timeout: PollTimeout) -> nix::Result<bool> {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let n = poll(&mut fds, timeout)?;
    let events = fds[0].revents().unwrap_or(PollFlags::empty());
    if events.intersects(PollFlags::POLLNVAL) {
        return Err(Errno::EBADF);
    }
    Ok(n > 0)
}
