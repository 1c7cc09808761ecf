use std::io::Write as _;
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};

use super::*;
use crate::model::descriptors::peer::Note;
use crate::model::id::{Bytes, Pid};

fn me(root: &ProcRoot) -> ProcId {
    let pid = Pid(std::process::id());
    let text = std::fs::read(root.proc(format!("{pid}/stat"))).expect("our own stat");
    let line = crate::sys::process::proc_stat::parse(&text, 1).expect("a line");
    ProcId {
        pid,
        start: line.start,
    }
}

fn row(files: &Files, of: &impl AsRawFd) -> Descriptor {
    let fd = of.as_raw_fd() as u32;
    let found = files.rows.iter().find(|d| d.fd == fd);
    found.expect("it is open").clone()
}

#[test]
fn our_own_descriptors_are_told_apart() {
    let root = ProcRoot::live();
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&[7; 5000]).expect("written");
    let gone = tempfile::tempfile().expect("a removed file");
    let folder = std::fs::File::open("/").expect("a directory");
    let (one, other) = UnixStream::pair().expect("a socketpair");
    let files = Descriptors::all_of(&root, me(&root)).expect("our own");
    assert!(files.rows.is_sorted_by_key(|d| d.fd));
    assert!(files.limit.is_ok_and(|l| l.is_none_or(|l| l > 0)));

    let plain = row(&files, file.as_file());
    assert_eq!((plain.kind, plain.deleted), (Kind::File, false));
    assert_eq!(plain.progress(), Some((5000, 5000)));
    assert!(row(&files, &gone).deleted);
    assert_eq!(row(&files, &gone).held_by_deleted(), Some(Bytes(0)));
    assert_eq!(row(&files, &folder).kind, Kind::Directory);

    let socket = row(&files, &one);
    if socket.socket.is_none() {
        println!("skipped: this kernel tells nothing of unix sockets");
        return;
    }
    assert_eq!(socket.kind, Kind::Unix);
    let far = socket.peers.named.first().expect("the other end");
    assert_eq!(
        (far.id, far.fd),
        (me(&root), Some(other.as_raw_fd() as u32))
    );
}

#[test]
fn a_connection_that_is_not_accepted_yet_names_the_listener() {
    let root = ProcRoot::live();
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("listener");
    let listener = UnixListener::bind(&path).expect("a listener");
    let client = UnixStream::connect(&path).expect("a client");
    let files = Descriptors::all_of(&root, me(&root)).expect("our own");
    let client = row(&files, &client);
    if !matches!(&client.socket, Some(Socket::Unix(_))) {
        println!("skipped: this kernel tells nothing of unix sockets");
        return;
    }
    assert_eq!(client.peers.note, Some(Note::NotAccepted));
    let fds: Vec<_> = client.peers.named.iter().filter_map(|p| p.fd).collect();
    assert_eq!(fds, [listener.as_raw_fd() as u32]);
    assert!(row(&files, &listener).words().contains("listening"));
}

#[test]
fn loopback_tcp_finds_its_other_end_over_both_families() {
    let root = ProcRoot::live();
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = std::net::TcpListener::bind(address) else {
            println!("skipped: no {address} here");
            continue;
        };
        let to = listener.local_addr().expect("its address");
        let client = std::net::TcpStream::connect(to).expect("a client");
        let (server, _) = listener.accept().expect("a connection");
        let files = Descriptors::all_of(&root, me(&root)).expect("our own");
        let far = |of: &std::net::TcpStream| -> Vec<u32> {
            let named = row(&files, of).peers.named;
            named.iter().filter_map(|p| p.fd).collect()
        };
        assert_eq!(far(&client), [server.as_raw_fd() as u32], "{address}");
        assert_eq!(far(&server), [client.as_raw_fd() as u32], "{address}");
        assert_eq!(row(&files, &listener).kind, Kind::Tcp);
    }
}

#[test]
fn thousands_of_descriptors_are_detailed_a_part_at_a_time() {
    let root = ProcRoot::live();
    let many: Vec<_> = (0..600)
        .map_while(|_| std::fs::File::open("/dev/null").ok())
        .collect();
    let last = many.last().expect("some").as_raw_fd() as u32;
    let mut reader = Descriptors::new(&root, Shared::new(&root));
    let shown = [last];
    let files = reader.files(me(&root), &shown).expect("our own");
    let of = |fd| files.rows.iter().find(|d| d.fd == fd);
    assert!(
        of(last).expect("open").info.is_ok(),
        "what is shown is read"
    );
    assert!(files.rows.len() >= many.len());
}
