//! Which sockets take connections, for who asks that of a few alone: by netlink, which walks listeners only, or else as text.

use std::collections::HashSet;

use super::namespace;
use super::sock_diag::SockDiag;
use super::text_tables;
use crate::model::descriptors::socket::{Inet, Protocol, State};
use crate::model::id::Pid;
use crate::sys::root::ProcRoot;

/// The inodes of the TCP and unix sockets that take connections where a process lives.
pub fn listening(root: &ProcRoot, pid: Pid) -> HashSet<u64> {
    let place = namespace::of(root, pid).ok();
    let ours = place.filter(|place| namespace::ours(root) == Ok(*place));
    let asked = ours.filter(|_| root.is_live());
    let told = asked.and_then(|place| SockDiag::open(place).ok()?.listening().ok());
    told.unwrap_or_else(|| by_text(root, pid))
}

fn by_text(root: &ProcRoot, pid: Pid) -> HashSet<u64> {
    let read = |table: &str| root.read(format!("{pid}/net/{table}")).unwrap_or_default();
    let mut inodes = HashSet::new();
    for table in ["tcp", "tcp6"] {
        let all = text_tables::inet(&read(table), Protocol::Tcp, 0);
        inodes.extend(all.iter().filter(|s| Inet::listens(s)).map(|s| s.inode));
    }
    let all = text_tables::unix(&read("unix"));
    let takes = all.iter().filter(|s| s.state == State::Listening);
    inodes.extend(takes.map(|s| s.inode));
    inodes
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd as _;
    use std::os::linux::fs::MetadataExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn those_that_take_connections_are_told_and_no_others() {
        let dir = tempfile::tempdir().expect("a directory");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let to = TcpStream::connect(tcp.local_addr().expect("bound")).expect("it listens");
        let unix = UnixListener::bind(dir.path().join("s")).expect("a path");
        let (one, _other) = UnixStream::pair().expect("two");
        let inode = |fd: i32| {
            let link = format!("/proc/self/fd/{fd}");
            std::fs::metadata(link).expect("open").st_ino()
        };
        let listeners = [inode(tcp.as_raw_fd()), inode(unix.as_raw_fd())];
        let others = [inode(to.as_raw_fd()), inode(one.as_raw_fd())];
        let (root, me) = (ProcRoot::live(), Pid(std::process::id()));
        for told in [listening(&root, me), by_text(&root, me)] {
            assert!(
                listeners.iter().all(|inode| told.contains(inode)),
                "{told:?}"
            );
            assert!(!others.iter().any(|inode| told.contains(inode)), "{told:?}");
        }
    }
}
