//! The kernel's notices of TCP connections that have ended, each with all that it moved (`sock_diag(7)`, multicast).
//!
//! Nobody needs a right for it. While it is open the kernel does a little more for every connection that ends, so it
//! is open only while somebody looks. A thread of its own takes the notices from the sockets, which hold only a few
//! hundred; it sleeps between, so that ten thousand endings a second wake it fifty times.

use std::collections::HashSet;
use std::io::{PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::SockProtocol;

use super::inet;
use crate::model::descriptors::socket::Protocol;
use crate::model::id::Pid;
use crate::model::network::ledger::{Ended, Heard};
use crate::model::reading::{Missing, Reading};
use crate::sys::clock;
use crate::sys::network::namespace;
use crate::sys::network::netlink::{self, Netlink};
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;
use crate::sys::threads;

/// `SKNLGRP_INET_TCP_DESTROY` and `SKNLGRP_INET6_TCP_DESTROY`, as bits.
const GROUPS: u32 = 1 | 1 << 2;
/// How long the thread lets notices gather.
const GATHER_MS: u8 = 20;
/// More endings than this between two readings are only known to have been missed.
const MOST: usize = 200_000;

/// An open ear for endings. Dropping it closes everything.
#[derive(Debug)]
pub struct SocketEnds {
    heard: Arc<Mutex<Heard>>,
    more: Sender<(u64, Netlink)>,
    wake: PipeWriter,
    /// The namespaces that were asked, whether they answered or not.
    asked: HashSet<u64>,
    /// Why our own namespace tells nothing.
    deaf: Option<Missing>,
}

impl SocketEnds {
    /// Listens in our own network namespace, whose inode is `ours`.
    ///
    /// # Errors
    /// Where no thread or pipe can be had.
    pub fn open(ours: u64) -> Result<Self, Error> {
        let call = |call| move |why| Error::Call { call, why };
        let (stop, wake) = std::io::pipe().map_err(call("pipe"))?;
        let (more, new) = channel();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let into = Arc::clone(&heard);
        threads::start("endings", move || listen(stop, &new, &into)).map_err(call("clone"))?;
        let mut endings = Self {
            heard,
            more,
            wake,
            asked: HashSet::from([ours]),
            deaf: None,
        };
        match subscribe() {
            Ok(link) => endings.add(ours, link),
            Err(Error::Call { why, .. }) => endings.deaf = Some(Missing::from(&why)),
            Err(_) => endings.deaf = Some(Missing::Unsupported),
        }
        Ok(endings)
    }

    /// Listens in the namespace of a process too, where that may be entered.
    pub fn also(&mut self, root: &ProcRoot, pid: Pid, namespace: u64) {
        if self.asked.insert(namespace)
            && let Ok(link) = namespace::inside(root, pid, namespace, subscribe)
        {
            self.add(namespace, link);
        }
    }

    fn add(&mut self, namespace: u64, link: Netlink) {
        // Both fail only when the thread has ended, which then is not heard from either.
        let _ = self.more.send((namespace, link));
        let _ = self.wake.write_all(&[1]);
    }

    /// What ended since the last call.
    ///
    /// # Errors
    /// Where our own namespace does not tell.
    pub fn take(&self) -> Reading<Heard> {
        if let Some(why) = self.deaf {
            return Err(why);
        }
        let mut heard = std::mem::take(&mut *lock(&self.heard));
        heard.at = clock::now();
        Ok(heard)
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn subscribe() -> Result<Netlink, Error> {
    let mut link = Netlink::open(SockProtocol::NetlinkSockDiag)?;
    link.join(GROUPS)?;
    Ok(link)
}

/// Takes notices until the other end of `stop` is closed.
fn listen(mut stop: std::io::PipeReader, new: &Receiver<(u64, Netlink)>, heard: &Mutex<Heard>) {
    let mut links: Vec<(u64, Netlink)> = Vec::new();
    loop {
        let (woken, ready) = {
            let mut fds = vec![PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
            fds.extend(
                links
                    .iter()
                    .map(|(_, link)| PollFd::new(link.as_fd(), PollFlags::POLLIN)),
            );
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(_) => return,
            }
            let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
            (ready[0], ready[1..].to_vec())
        };
        if woken {
            // The writer is gone: nobody listens any more.
            if !matches!(stop.read(&mut [0; 16]), Ok(1..)) {
                return;
            }
            links.extend(new.try_iter());
            continue;
        }
        for ((namespace, link), _) in links.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            hear(*namespace, link, heard);
        }
        let mut rest = [PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut rest, GATHER_MS);
    }
}

fn hear(namespace: u64, link: &mut Netlink, heard: &Mutex<Heard>) {
    let mut ended = Vec::new();
    let whole = link.drain(|datagram| {
        for message in netlink::messages(datagram) {
            ended.extend(parse(message.body, namespace));
        }
    });
    let mut heard = lock(heard);
    let room = MOST.saturating_sub(heard.ended.len());
    heard.missed |= !whole || ended.len() > room;
    ended.truncate(room);
    heard.ended.append(&mut ended);
}

/// One notice; the same as an answer of the table, its inode nought. A listener has moved nothing and is passed over.
pub(crate) fn parse(body: &[u8], namespace: u64) -> Option<Ended> {
    let inet = inet::parse(body, Protocol::Tcp, namespace)?;
    let tcp = inet.tcp.filter(|_| inet.remote.port() != 0)?;
    Some(Ended {
        namespace,
        cookie: inet.cookie,
        local: inet.local,
        moved: (tcp.received, tcp.acked),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    /// Asks until `enough`, or for a minute.
    fn heard_until(
        endings: &SocketEnds,
        mine: impl Fn(&Ended) -> bool,
        enough: usize,
    ) -> Vec<Ended> {
        let mut found = Vec::new();
        let began = Instant::now();
        while found.len() < enough && began.elapsed() < Duration::from_mins(1) {
            let heard = endings.take().expect("it listens");
            // Other tests end connections of their own meanwhile.
            found.extend(heard.ended.into_iter().filter(&mine));
            std::thread::yield_now();
        }
        found
    }

    #[test]
    fn two_hundred_short_connections_are_told_to_the_byte() {
        const EACH: u64 = 100_000;
        const ALL: u64 = 200;
        let Ok(listener) = TcpListener::bind("127.0.0.1:0") else {
            println!("skipped: no loopback here");
            return;
        };
        let to = listener.local_addr().expect("its address");
        let endings = SocketEnds::open(7).expect("a thread");
        if let Err(why) = endings.take() {
            println!("skipped: {why}");
            return;
        }
        let mut clients = HashSet::new();
        let mut all = Vec::new();
        for _ in 0..ALL {
            let mut client = TcpStream::connect(to).expect("a client");
            let (mut server, _) = listener.accept().expect("a connection");
            clients.insert(client.local_addr().expect("its address"));
            let sends = std::thread::spawn(move || client.write_all(&vec![1; EACH as usize]));
            server.read_to_end(&mut all).expect("received");
            sends.join().expect("it ends").expect("sent");
        }
        assert_eq!(all.len() as u64, ALL * EACH);
        let mine = |e: &Ended| e.local == to || clients.contains(&e.local);
        let found = heard_until(&endings, mine, 2 * ALL as usize);
        let sum = |at_server: bool, of: fn(&Ended) -> u64| -> u64 {
            let these = found.iter().filter(|e| (e.local == to) == at_server);
            these.map(of).sum()
        };
        let received = sum(true, |e| e.moved.0.0);
        let sent = sum(false, |e| e.moved.1.0);
        // TCP counts the beginning and the end of a stream as a byte each.
        for counted in [received, sent] {
            assert!(
                (ALL * EACH..=ALL * (EACH + 2)).contains(&counted),
                "{counted}"
            );
        }
        assert!(found.iter().all(|e| e.namespace == 7));
    }

    #[test]
    fn dropping_it_ends_its_thread() {
        let (stop, wake) = std::io::pipe().expect("a pipe");
        let (_more, new) = channel();
        let heard = Mutex::new(Heard::default());
        let thread = std::thread::spawn(move || listen(stop, &new, &heard));
        drop(wake);
        thread.join().expect("it ends by itself");
    }
}
