//! The process connector: the kernel tells who began, executed a program, took a name, ended. `drivers/connector/cn_proc.c`.
//!
//! Since Linux 6.6 nobody needs a privilege for it; in a container there is none, as it speaks of the first namespaces.
#![expect(
    unsafe_code,
    reason = "the safe wrapper of socket(2) does not know this protocol"
)]

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use nix::sys::socket::{MsgFlags, NetlinkAddr, bind, recv, send, setsockopt, sockopt::RcvBuf};

use crate::model::id::Pid;
use crate::sys::network::netlink::{self, u32_at};
use crate::sys::own::calls;
use crate::sys::source::Error;

/// `CN_IDX_PROC` and `CN_VAL_PROC`, also the multicast group.
const PROC: u32 = 1;
/// `PROC_CN_MCAST_LISTEN`.
const LISTEN: u32 = 1;
/// The kinds of events that are asked for.
const FORK: u32 = 1;
const EXEC: u32 = 2;
const COMM: u32 = 0x200;
const EXIT: u32 = 0x8000_0000;
/// The kernel's answer to a request.
const ACK: u32 = 0;
/// How long the headers before an event's own fields are: `cn_msg`, then `what`, `cpu`, `timestamp_ns`.
const CN_MSG: usize = 20;
const EVENT: usize = CN_MSG + 16;

/// What the kernel told since somebody asked last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Began; may have ended since.
    pub born: HashSet<Pid>,
    /// Executed a program or took a name.
    pub renamed: HashSet<Pid>,
    /// Ended, with the wait status, of those who were there before: of the first that had the number. Whose threads told
    /// different ones is not among them.
    pub ended: HashMap<Pid, i32>,
    /// Whose threads told different statuses.
    unclear: HashSet<Pid>,
    /// The wait status of all who ended, those among them that began since; of the last that had the number. Threads that
    /// ended alone are among them: whoever still has a row has not ended.
    pub fates: HashMap<Pid, i32>,
    /// Events did not fit into the socket.
    pub lost: bool,
    /// The kernel has answered the request.
    answered: bool,
}

/// A socket on which the kernel tells.
#[derive(Debug)]
pub struct Connector {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Connector {
    /// Asks the kernel to tell.
    ///
    /// # Errors
    /// Where the kernel has no connector, refuses it to this user, or tells nothing to this namespace.
    pub fn open() -> Result<Self, Error> {
        Self::telling(FORK | EXEC | COMM | EXIT)
    }

    /// The same, but only of ends; kernels before 6.6 tell everything.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of_ends() -> Result<Self, Error> {
        Self::telling(EXIT)
    }

    fn telling(events: u32) -> Result<Self, Error> {
        let flags = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, flags, libc::NETLINK_CONNECTOR) };
        if fd < 0 {
            return Err(failed("socket")(io::Error::last_os_error()));
        }
        // SAFETY: the descriptor was just made and nobody else has it.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        // As much as an ordinary user gets: about a thousand events wait in 1 MiB.
        let _ = setsockopt(&socket, RcvBuf, &(1 << 20));
        bind(fd, &NetlinkAddr::new(0, PROC)).map_err(|e| failed("bind")(e.into()))?;
        let mut connector = Self {
            socket,
            buffer: vec![0; 16 << 10],
        };
        // Kernels before 6.6 know only the request without a choice of events.
        for choice in [Some(events), None] {
            connector.request(choice)?;
            if connector.drain().answered {
                return Ok(connector);
            }
        }
        Err(failed("connector")(io::ErrorKind::Unsupported.into()))
    }

    fn request(&self, events: Option<u32>) -> Result<(), Error> {
        let data: Vec<u8> = [Some(LISTEN), events]
            .into_iter()
            .flatten()
            .flat_map(u32::to_ne_bytes)
            .collect();
        let mut message = Vec::with_capacity(64);
        let mut word = |word: u32| message.extend_from_slice(&word.to_ne_bytes());
        word((16 + CN_MSG + data.len()) as u32);
        word(halves(libc::NLMSG_DONE as u16, 0));
        for header in [0, 0, PROC, PROC, 0, 0] {
            word(header);
        }
        word(halves(data.len() as u16, 0));
        message.extend_from_slice(&data);
        let sent = send(self.socket.as_raw_fd(), &message, MsgFlags::empty());
        sent.map(drop).map_err(|e| failed("send")(e.into()))
    }

    /// Takes everything told until now; never waits.
    pub fn drain(&mut self) -> Announced {
        let mut told = Announced::default();
        loop {
            calls::count(1);
            match recv(
                self.socket.as_raw_fd(),
                &mut self.buffer,
                MsgFlags::MSG_DONTWAIT,
            ) {
                Ok(0) | Err(nix::Error::EAGAIN) => return told,
                Ok(n) => {
                    for message in netlink::messages(&self.buffer[..n]) {
                        take_in(message.body, &mut told);
                    }
                }
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::ENOBUFS) => told.lost = true,
                Err(_) => {
                    told.lost = true;
                    return told;
                }
            }
        }
    }
}

/// Two 16-bit fields side by side, whatever the order of bytes.
fn halves(first: u16, second: u16) -> u32 {
    let ([a, b], [c, d]) = (first.to_ne_bytes(), second.to_ne_bytes());
    u32::from_ne_bytes([a, b, c, d])
}

fn failed(call: &'static str) -> impl Fn(io::Error) -> Error {
    move |why| Error::Call { call, why }
}

/// Takes in one event: `cn_msg`, `what`, `cpu`, a time stamp, then numbers of threads and processes in pairs.
pub(crate) fn take_in(body: &[u8], told: &mut Announced) {
    let Some(what) = u32_at(body, CN_MSG) else {
        return;
    };
    let number = |index: usize| u32_at(body, EVENT + 4 * index);
    match what {
        ACK => told.answered |= number(0) == Some(0),
        FORK => {
            // The new thread and its process; equal numbers are a new process.
            if let (Some(tid), Some(pid)) = (number(2), number(3))
                && tid == pid
            {
                told.born.insert(Pid(pid));
            }
        }
        EXIT => {
            if let (Some(tid), Some(pid), Some(status)) = (number(0), number(1), number(2)) {
                // Its first thread tells for all.
                if tid == pid {
                    told.fates.insert(Pid(pid), status as i32);
                } else {
                    told.fates.entry(Pid(pid)).or_insert(status as i32);
                }
                if !told.born.contains(&Pid(pid)) {
                    exit(told, tid, Pid(pid), status as i32);
                }
            }
        }
        EXEC => told.renamed.extend(number(1).map(Pid)),
        COMM if number(0) == number(1) => told.renamed.extend(number(1).map(Pid)),
        _ => {}
    }
}

/// Takes in the end of a thread. A process ends with what its first thread ended with, unless a thread that outlived that one
/// ended all of them (`wait_task_zombie`): the kernel does not say which, so only what all tell alike is known.
fn exit(told: &mut Announced, tid: u32, pid: Pid, status: i32) {
    match told.ended.get(&pid) {
        Some(known) if *known != status => {
            told.ended.remove(&pid);
            told.unclear.insert(pid);
        }
        None if tid == pid.0 && !told.unclear.contains(&pid) => {
            told.ended.insert(pid, status);
        }
        // The end of another thread is not that of its process.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(what: u32, numbers: &[u32]) -> Vec<u8> {
        let mut body = vec![0; CN_MSG];
        for word in [what, 0, 0, 0].iter().chain(numbers) {
            body.extend_from_slice(&word.to_ne_bytes());
        }
        body
    }

    #[test]
    fn tells_births_and_names() {
        let mut told = Announced::default();
        take_in(&event(FORK, &[1, 1, 7, 7]), &mut told);
        take_in(&event(FORK, &[1, 1, 8, 1]), &mut told);
        take_in(&event(EXEC, &[9, 9]), &mut told);
        take_in(&event(COMM, &[11, 10]), &mut told);
        take_in(&event(EXIT, &[7, 7, 0, 17]), &mut told);
        take_in(&event(EXIT, &[21, 20, 0, 17]), &mut told);
        take_in(&event(EXIT, &[20, 20, 0x8b, 17]), &mut told);
        take_in(&event(FORK, &[1]), &mut told);
        assert_eq!(told.born, [Pid(7)].into());
        assert_eq!(told.renamed, [Pid(9)].into());
        assert_eq!(told.ended, [(Pid(20), 0x8b)].into(), "7 began since");
        assert_eq!(told.fates, [(Pid(20), 0x8b), (Pid(7), 0)].into());
        assert!(!told.answered);
        take_in(&event(ACK, &[22]), &mut told);
        assert!(!told.answered, "an error is no answer");
        take_in(&event(ACK, &[0]), &mut told);
        assert!(told.answered);
    }

    #[test]
    fn the_end_of_a_thread_is_not_that_of_its_process() {
        let ends = |events: &[[u32; 3]]| {
            let mut told = Announced::default();
            for [tid, pid, status] in events {
                take_in(&event(EXIT, &[*tid, *pid, *status, 17]), &mut told);
            }
            told.ended.get(&Pid(20)).copied()
        };
        assert_eq!(ends(&[[21, 20, 9]]), None, "the process goes on");
        assert_eq!(ends(&[[21, 20, 9], [20, 20, 9]]), Some(9));
        assert_eq!(ends(&[[20, 20, 9], [21, 20, 9]]), Some(9));
        assert_eq!(
            ends(&[[21, 20, 0], [20, 20, 0x300]]),
            Some(0x300),
            "one that had ended before"
        );
        assert_eq!(
            ends(&[[20, 20, 0], [21, 20, 0x300], [22, 20, 0]]),
            None,
            "whether the last one ended all is not told"
        );
    }

    #[test]
    fn a_child_of_ours_is_told() {
        let mut connector = match Connector::open() {
            Ok(connector) => connector,
            Err(why) => {
                eprintln!("skipped: {why}");
                return;
            }
        };
        let mut child = std::process::Command::new("true")
            .spawn()
            .expect("there is true");
        let pid = Pid(child.id());
        child.wait().expect("it ends");
        let told = connector.drain();
        assert!(told.lost || (told.born.contains(&pid) && told.renamed.contains(&pid)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            take_in(&bytes, &mut Announced::default());
        }
    }
}
