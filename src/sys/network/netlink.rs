//! Netlink: asking the kernel for a table, and walking its messages and attributes. `netlink(7)`.
//!
//! Only dumps are asked for, and notices heard; nothing is ever changed through it. Any bytes are walked without a panic.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket,
    sockopt::{RcvBuf, RcvBufForce, ReceiveTimeout},
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::sys::source::Error;

const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const HEADER: usize = 16;
/// How many bytes of notices may wait.
const ROOM: usize = 8 << 20;

/// A netlink socket in the network namespace of the thread that opened it; it stays bound to that one.
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Netlink {
    /// Opens a socket to the part of the kernel that `protocol` names.
    ///
    /// # Errors
    /// As `socket(2)` says.
    pub fn open(protocol: SockProtocol) -> Result<Self, Error> {
        let call = |call| {
            move |why: nix::Error| Error::Call {
                call,
                why: why.into(),
            }
        };
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            protocol,
        )
        .map_err(call("socket"))?;
        // An answer that never comes must not hold the thread.
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(1)).map_err(call("setsockopt"))?;
        Ok(Self {
            socket,
            sequence: 0,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Asks for a whole table and hands each message's body to `each`.
    ///
    /// # Errors
    /// As the kernel answers; `ENOENT` where it lacks that table.
    pub fn dump(
        &mut self,
        kind: u16,
        request: &[u8],
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let call = |call| {
            move |why: nix::Error| Error::Call {
                call,
                why: why.into(),
            }
        };
        self.sequence = self.sequence.wrapping_add(1);
        let message = request_of(kind, self.sequence, request);
        let fd = self.socket.as_raw_fd();
        send(fd, &message, MsgFlags::empty()).map_err(call("send to netlink"))?;
        loop {
            let got = match recv(fd, &mut self.buffer, MsgFlags::empty()) {
                Err(nix::Error::EINTR) => continue,
                got => got.map_err(call("receive from netlink"))?,
            };
            for message in messages(&self.buffer[..got]) {
                match message.kind {
                    _ if message.sequence != self.sequence => {}
                    DONE => return Ok(()),
                    ERROR => return answer(message.body),
                    _ => each(message.body),
                }
            }
        }
    }
}

impl Netlink {
    /// Joins multicast groups, each a bit; what they tell is taken by [`Self::drain`].
    ///
    /// # Errors
    /// `EPERM` for groups that need a right.
    pub fn join(&mut self, groups: u32) -> Result<(), Error> {
        // Room for a burst: as much as we like with the right to it, else as much as everyone may have.
        if setsockopt(&self.socket, RcvBufForce, &ROOM).is_err() {
            let _ = setsockopt(&self.socket, RcvBuf, &ROOM);
        }
        bind(self.socket.as_raw_fd(), &NetlinkAddr::new(0, groups)).map_err(|why| Error::Call {
            call: "bind",
            why: why.into(),
        })
    }

    /// Takes every datagram that waits and never waits itself; `false` when some did not fit into the socket's buffer.
    pub fn drain(&mut self, mut each: impl FnMut(&[u8])) -> bool {
        let mut whole = true;
        loop {
            let fd = self.socket.as_raw_fd();
            match recv(fd, &mut self.buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) | Err(nix::Error::EAGAIN) => return whole,
                Ok(got) => each(&self.buffer[..got]),
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::ENOBUFS) => whole = false,
                Err(_) => return false,
            }
        }
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn request_of(kind: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.extend_from_slice(&((HEADER + body.len()) as u32).to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&(REQUEST | DUMP).to_ne_bytes());
    out.extend_from_slice(&sequence.to_ne_bytes());
    out.extend_from_slice(&0_u32.to_ne_bytes());
    out.extend_from_slice(body);
    out
}

fn answer(body: &[u8]) -> Result<(), Error> {
    match u32_at(body, 0).map(|n| n as i32) {
        Some(0) | None => Ok(()),
        Some(errno) => Err(Error::Call {
            call: "netlink",
            why: std::io::Error::from_raw_os_error(errno.saturating_neg()),
        }),
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is.
    pub kind: u16,
    /// Which request it answers.
    pub sequence: u32,
    /// What follows its header.
    pub body: &'a [u8],
}

/// The messages of one datagram; what is cut short ends the walk.
pub fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = u32_at(rest, 0)? as usize;
        let whole = rest.get(..length).filter(|m| m.len() >= HEADER)?;
        let message = Message {
            kind: u16_at(whole, 4)?,
            sequence: u32_at(whole, 8)?,
            body: &whole[HEADER..],
        };
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some(message)
    })
}

/// The attributes that follow a message's fixed part: kind and value; what is cut short ends the walk.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)?;
        let value = rest.get(4..length)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        // The two highest bits say "nested" and "in network order".
        Some((kind & 0x3fff, value))
    })
}

fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

/// The 16-bit number at `at`, in the machine's byte order.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_ne_bytes(found.try_into().ok()?))
}

/// The 32-bit number at `at`, in the machine's byte order.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(found.try_into().ok()?))
}

/// The 64-bit number at `at`, in the machine's byte order.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let found = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_ne_bytes(found.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_what_it_would_send() {
        let mut datagram = request_of(20, 7, &[1, 2, 3]);
        datagram.push(0);
        datagram.extend_from_slice(&request_of(21, 8, &[]));
        let found: Vec<_> = messages(&datagram)
            .map(|m| (m.kind, m.sequence, m.body))
            .collect();
        assert_eq!(found, [(20, 7, &[1, 2, 3][..]), (21, 8, &[][..])]);
    }

    #[test]
    fn an_attribute_cut_short_ends_the_walk() {
        let bytes = [5, 0, 2, 0x80, 9, 0, 0, 0, 8, 0, 3, 0, 1];
        let found: Vec<_> = attributes(&bytes).collect();
        assert_eq!(found, [(2, &[9][..])]);
        assert_eq!(attributes(&[0, 0, 0, 0]).count(), 0, "no length, no step");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            let _ = messages(&bytes).map(|m| attributes(m.body).count()).sum::<usize>();
        }
    }
}
