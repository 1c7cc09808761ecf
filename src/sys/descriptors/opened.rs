//! What a process holds open, in short: where its descriptors lead, and the ports of its sockets. `proc_pid_fd(5)`, `proc_pid_net(5)`.
//!
//! Follows no link and opens nothing behind one.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;

use crate::model::descriptors::socket::Protocol;
use crate::model::id::Pid;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::Opened;
use crate::model::text::SafeText;
use crate::sys::network::text_tables;
use crate::sys::process::proc_dir::ProcDir;

const TABLES: [(&str, Protocol); 4] = [
    ("net/tcp", Protocol::Tcp),
    ("net/tcp6", Protocol::Tcp),
    ("net/udp", Protocol::Udp),
    ("net/udp6", Protocol::Udp),
];

/// The local and remote port of every TCP and UDP socket, and whether it owns the local one, by its inode; inodes are
/// unique over all network namespaces.
#[derive(Debug, Default)]
pub struct Ports(HashMap<u64, ([u16; 2], bool)>);

impl Ports {
    /// Reads the tables of every network namespace that these processes are in, as far as they may be seen.
    pub fn read(dir: &ProcDir, pids: &[Pid]) -> Self {
        let mut out = HashMap::new();
        let mut seen = HashSet::new();
        for pid in pids {
            // Where the link is denied the namespace is most likely ours, whose tables another process shows.
            let Ok(namespace) = dir.link(*pid, "ns/net") else {
                continue;
            };
            if !seen.insert(namespace) {
                continue;
            }
            for (file, protocol) in TABLES {
                let mut text = Vec::new();
                let read = dir.file(*pid, file).map(|mut f| f.read_to_end(&mut text));
                if !matches!(read, Ok(Ok(_))) {
                    continue;
                }
                for socket in text_tables::inet(&text, protocol, 0) {
                    let ports = [socket.local.port(), socket.remote.port()];
                    out.insert(socket.inode, (ports, socket.listens()));
                }
            }
        }
        Self(out)
    }
}

/// Reads where the descriptors of a process lead; `/proc/PID/fd/3 -> socket:[39457]`.
///
/// # Errors
/// `Denied` for processes of other users, `Gone` when it has ended.
pub fn read(dir: &ProcDir, pid: Pid, ports: &Ports, buffer: &mut Vec<u8>) -> Reading<Opened> {
    let mut numbers = Vec::new();
    dir.descriptors(pid, &mut numbers, buffer)?;
    let mut opened = Opened::default();
    for fd in numbers {
        let link = match dir.link(pid, &format!("fd/{fd}")) {
            Ok(link) => link,
            // The directory may be listed where what is in it may not be seen.
            Err(Missing::Denied) => return Err(Missing::Denied),
            // One that was closed meanwhile is no longer held.
            Err(_) => continue,
        };
        if let Some((found, owned)) = inode(&link).and_then(|inode| ports.0.get(&inode)) {
            opened.ports.extend(found.iter().filter(|port| **port > 0));
            opened
                .owned
                .extend(owned.then_some(found[0]).filter(|p| *p > 0));
        }
        opened.targets.push(SafeText::from_bytes(&link));
    }
    // Not looked through for each: a server may hold a hundred thousand.
    opened.targets.sort_unstable();
    opened.targets.dedup();
    for ports in [&mut opened.ports, &mut opened.owned] {
        ports.sort_unstable();
        ports.dedup();
    }
    Ok(opened)
}

/// The number in `socket:[39457]`.
pub(crate) fn inode(link: &[u8]) -> Option<u64> {
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::TcpListener;

    use super::*;
    use crate::sys::root::ProcRoot;

    #[test]
    fn our_own_listener_and_file_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let file = tempfile::NamedTempFile::new().expect("a file");
        let kept = File::open(file.path()).expect("the file");
        let dir = ProcDir::open(&ProcRoot::live()).expect("/proc");
        let me = Pid(std::process::id());
        let ports = Ports::read(&dir, &[me]);
        let opened = read(&dir, me, &ports, &mut Vec::new()).expect("our own");
        assert!(opened.ports.contains(&port), "{port}: {opened:?}");
        assert!(opened.owned.contains(&port), "{port}: {opened:?}");
        let path = file.path().to_string_lossy();
        assert!(
            opened.targets.iter().any(|t| t.as_str() == path),
            "{opened:?}"
        );
        drop((listener, kept));
    }

    #[test]
    fn what_is_held_many_times_is_told_once_and_in_order() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let place = root.proc("7/fd");
        std::fs::create_dir_all(&place).expect("made");
        for fd in 0..300 {
            let target = ["/c", "/a", "/b"][fd % 3];
            std::os::unix::fs::symlink(target, place.join(fd.to_string())).expect("made");
        }
        let dir = ProcDir::open(&root).expect("the tree");
        let opened = read(&dir, Pid(7), &Ports::default(), &mut Vec::new()).expect("read");
        let told: Vec<&str> = opened.targets.iter().map(SafeText::as_str).collect();
        assert_eq!(told, ["/a", "/b", "/c"]);
    }

    #[test]
    fn socket_links_have_an_inode() {
        assert_eq!(inode(b"socket:[39457]"), Some(39457));
        for other in [
            &b"pipe:[1]"[..],
            b"socket:[",
            b"socket:[x]",
            b"/tmp/socket:[1]",
            b"",
        ] {
            assert_eq!(inode(other), None);
        }
    }
}
