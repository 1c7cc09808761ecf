//! A descriptor of every kind, and one channel of every kind to a child: the parent holds one end and the child the other.

use std::ffi::CString;
use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};

use serde_json::json;

use super::Part;

/// Both ends of a channel while they are made: which is the parent's, which the child's.
struct Channel {
    name: &'static str,
    kind: &'static str,
    flow: &'static str,
    parent: RawFd,
    child: RawFd,
}

/// What is kept open, and the child, which ends with us.
struct Kept {
    #[expect(dead_code, reason = "closed when this is dropped")]
    fds: Vec<OwnedFd>,
    child: i32,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: it is our own child and has not been waited for, so its number is still its own.
        unsafe {
            libc::kill(self.child, libc::SIGKILL);
            libc::waitpid(self.child, std::ptr::null_mut(), 0);
        }
    }
}

/// Makes everything.
pub fn make() -> Part {
    let mut channels = Vec::new();
    let mut both = |name, kind, flow, parent: OwnedFd, child: OwnedFd| {
        channels.push(Channel {
            name,
            kind,
            flow,
            parent: parent.into_raw_fd(),
            child: child.into_raw_fd(),
        });
    };
    let (reader, writer) = std::io::pipe().expect("a pipe");
    both("pipe to us", "pipe", "in", reader.into(), writer.into());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    both("pipe from us", "pipe", "out", writer.into(), reader.into());
    let (one, other) = UnixStream::pair().expect("a socketpair");
    both("socketpair", "unix", "both", one.into(), other.into());
    unaccepted(&mut both);
    for address in ["127.0.0.1:0", "[::1]:0"] {
        if let Ok(listener) = TcpListener::bind(address) {
            let to = listener.local_addr().expect("an address");
            let client = TcpStream::connect(to).expect("a client");
            let (server, _) = listener.accept().expect("a server");
            both("loopback", "tcp", "both", client.into(), server.into());
        }
    }
    let mapped = mapped();
    if let Some((client, server)) = mapped {
        both("v4 in v6", "tcp", "both", client.into(), server.into());
    }
    let (master, slave) = terminal();
    both("terminal", "tty", "both", master, slave);
    let counter = made("eventfd", || {
        // SAFETY: two numbers in, a new descriptor out.
        unsafe { libc::eventfd(3, libc::EFD_CLOEXEC) }
    });
    let copy = counter.try_clone().expect("a copy");
    both("eventfd", "eventfd", "both", counter, copy);
    let memory = made("memfd", || {
        // SAFETY: the name ends with NUL.
        unsafe { libc::memfd_create(c"puppet-channel".as_ptr(), libc::MFD_CLOEXEC) }
    });
    let copy = memory.try_clone().expect("a copy");
    both("memfd", "memfd", "both", memory, copy);

    let (reader, writer) = fifo();
    both("fifo", "fifo", "out", writer, reader);
    if let Some((sender, receiver)) = queue() {
        both("POSIX queue", "file", "out", sender, receiver);
    }

    let child = part(&channels);
    let (alone, mut fds) = alone(child);
    let said: Vec<_> = channels
        .iter()
        .map(|c| json!({"name": c.name, "kind": c.kind, "flow": c.flow, "fd": c.parent, "peer_fd": c.child}))
        .collect();
    // SAFETY: each number was given up by `into_raw_fd` above and belongs to nobody else.
    fds.extend(
        channels
            .iter()
            .map(|c| unsafe { OwnedFd::from_raw_fd(c.parent) }),
    );
    (
        json!({"child": child, "list": said, "alone": alone}),
        Box::new(Kept { fds, child }),
    )
}

/// A connection that the one who listens has not accepted.
fn unaccepted(both: &mut impl FnMut(&'static str, &'static str, &'static str, OwnedFd, OwnedFd)) {
    let path = std::env::temp_dir().join(format!("puppet-{}", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a listener");
    let client = UnixStream::connect(&path).expect("a client");
    std::fs::remove_file(&path).expect("its name goes");
    both(
        "not accepted",
        "unix",
        "both",
        client.into(),
        listener.into(),
    );
}

/// A client of IPv4 at a server that listens on both families, so that the kernel writes its addresses as IPv6.
fn mapped() -> Option<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("[::]:0").ok()?;
    let port = listener.local_addr().ok()?.port();
    let client = TcpStream::connect(("127.0.0.1", port)).ok()?;
    Some((client, listener.accept().ok()?.0))
}

/// Both ends of a named pipe, its name gone.
fn fifo() -> (OwnedFd, OwnedFd) {
    let path = std::env::temp_dir().join(format!("puppet-channel-{}", std::process::id()));
    let name = CString::new(path.to_str().expect("a plain path")).expect("no NUL");
    // SAFETY: the path ends with NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0, "mkfifo");
    // A reader alone would wait for a writer.
    let both = File::options().read(true).write(true).open(&path);
    let reader = File::open(&path).expect("a reader");
    let writer = File::options().write(true).open(&path).expect("a writer");
    drop(both);
    std::fs::remove_file(&path).expect("its name goes");
    (reader.into(), writer.into())
}

/// Both ends of a POSIX queue, where the kernel has them.
fn queue() -> Option<(OwnedFd, OwnedFd)> {
    let name = CString::new(format!("/puppet-{}", std::process::id())).expect("no NUL");
    let make = libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC;
    // SAFETY: the name ends with NUL; null asks for the default attributes.
    let (sender, receiver) = unsafe {
        let sender = libc::mq_open(
            name.as_ptr(),
            make,
            0o600,
            std::ptr::null::<libc::mq_attr>(),
        );
        let receiver = libc::mq_open(name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        libc::mq_unlink(name.as_ptr());
        (sender, receiver)
    };
    if sender < 0 || receiver < 0 {
        return None;
    }
    // SAFETY: both were just made and are ours.
    unsafe { Some((OwnedFd::from_raw_fd(sender), OwnedFd::from_raw_fd(receiver))) }
}

fn terminal() -> (OwnedFd, OwnedFd) {
    let (mut master, mut slave) = (-1, -1);
    let none = std::ptr::null_mut();
    // SAFETY: two numbers are written, and null asks for the defaults.
    let status = unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            none,
            none.cast(),
            none.cast(),
        )
    };
    assert_eq!(status, 0, "openpty");
    // SAFETY: the call succeeded, so both are new and ours.
    unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) }
}

fn made(what: &str, make: impl FnOnce() -> RawFd) -> OwnedFd {
    let fd = make();
    assert!(fd >= 0, "{what}: {}", std::io::Error::last_os_error());
    // SAFETY: the kernel just made it for us.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Parts the ends: the child closes ours, we close the child's.
fn part(channels: &[Channel]) -> i32 {
    // SAFETY: the child calls only what is safe after a fork, whatever threads there are.
    let child = unsafe {
        let pid = libc::fork();
        if pid == 0 {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            for channel in channels {
                libc::close(channel.parent);
            }
            loop {
                libc::pause();
            }
        }
        pid
    };
    assert!(child > 0, "fork");
    for channel in channels {
        // SAFETY: the child's end was given up by `into_raw_fd` and is closed once.
        drop(unsafe { OwnedFd::from_raw_fd(channel.child) });
    }
    child
}

/// One descriptor of each kind that has no other end.
fn alone(child: i32) -> (Vec<serde_json::Value>, Vec<OwnedFd>) {
    let mut kept: Vec<(&str, OwnedFd)> = Vec::new();
    let dir = std::env::temp_dir();
    kept.push(("directory", File::open(&dir).expect("a directory").into()));
    kept.push(("device", File::open("/dev/null").expect("a device").into()));
    kept.push((
        "udp",
        UdpSocket::bind("127.0.0.1:0").expect("a socket").into(),
    ));
    let path = dir.join(format!("puppet-removed-{}", std::process::id()));
    std::fs::write(&path, [7; 10_000]).expect("a file");
    let removed = File::open(&path).expect("a file");
    std::fs::remove_file(&path).expect("its name goes");
    kept.push(("file", removed.into()));
    let fifo = dir.join(format!("puppet-fifo-{}", std::process::id()));
    let name = CString::new(fifo.to_str().expect("a plain path")).expect("no NUL");
    // SAFETY: the path ends with NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0, "mkfifo");
    let held = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&fifo);
    std::fs::remove_file(&fifo).expect("its name goes");
    kept.push(("fifo", held.expect("a fifo").into()));
    // SAFETY: each call takes numbers, or a mask that outlives it, and answers with a new descriptor.
    unsafe {
        kept.push((
            "epoll",
            made("epoll", || libc::epoll_create1(libc::EPOLL_CLOEXEC)),
        ));
        kept.push((
            "timerfd",
            made("timerfd", || {
                libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC)
            }),
        ));
        let mut mask = std::mem::zeroed();
        libc::sigemptyset(&raw mut mask);
        libc::sigaddset(&raw mut mask, libc::SIGUSR2);
        kept.push((
            "signalfd",
            made("signalfd", || {
                libc::signalfd(-1, &raw const mask, libc::SFD_CLOEXEC)
            }),
        ));
        kept.push((
            "inotify",
            made("inotify", || libc::inotify_init1(libc::IN_CLOEXEC)),
        ));
        kept.push((
            "netlink",
            made("netlink", || {
                libc::socket(
                    libc::AF_NETLINK,
                    libc::SOCK_RAW | libc::SOCK_CLOEXEC,
                    libc::NETLINK_ROUTE,
                )
            }),
        ));
        kept.push((
            "pidfd",
            made("pidfd", || {
                libc::syscall(libc::SYS_pidfd_open, child, 0) as RawFd
            }),
        ));
        let epoll = kept[5].1.as_raw_fd();
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: 0,
        };
        let watched = kept[6].1.as_raw_fd();
        libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, watched, &raw mut event);
    }
    let said = kept
        .iter()
        .map(|(kind, fd)| json!({"kind": kind, "fd": fd.as_raw_fd()}))
        .collect();
    (said, kept.into_iter().map(|(_, fd)| fd).collect())
}
