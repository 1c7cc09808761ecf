//! Who is at the other end of a descriptor that a thread waits for, as part of its sentence.

use crate::model::descriptors::descriptor::about::signal_names;
use crate::model::descriptors::descriptor::{About, Descriptor, Files, Kind};
use crate::model::descriptors::peer::{Flow, Note, Object, Peer};
use crate::model::descriptors::socket::{Socket, State};
use crate::model::format;
use crate::model::id::{Bytes, ProcId};

/// The descriptor in a few words that follow its number: `pipe written by 812 make`, `unix to 1 systemd`, `pipe, nobody holds
/// the other end`; `None` where nothing is known of its ends.
pub fn end_of(files: &Files, fd: i32) -> Option<String> {
    let fd = u32::try_from(fd).ok()?;
    let at = files.rows.binary_search_by_key(&fd, |d| d.fd).ok()?;
    let descriptor = &files.rows[at];
    let peers = &descriptor.peers;
    let kind = what(descriptor);
    // A file has no other end: who else has it open is not waited for.
    if matches!(descriptor.kind, Kind::File | Kind::Directory | Kind::Device)
        && !matches!(descriptor.object, Object::Queue { .. })
    {
        return Some(kind);
    }
    // A process that holds both ends itself waits for others where there are any.
    let others = || peers.named.iter().filter(|p| p.id != files.of);
    let unsent = unsent(descriptor);
    // One that listens and has not taken the connection yet is its other end already.
    let note = match peers.note {
        Some(note @ (Note::NotAccepted | Note::Full)) => format!(", {}", note.words()),
        _ => String::new(),
    };
    if let Some(peer) = others().next() {
        let mut all: Vec<ProcId> = others().map(|p| p.id).collect();
        all.sort_unstable();
        all.dedup();
        // A fork leaves the end open in both; as long as it is here, nothing ends.
        let itself = peers.named.iter().any(|p| p.id == files.of);
        let more = match (all.len() + peers.more, itself) {
            (0 | 1, false) => String::new(),
            (0 | 1, true) => " and itself".to_owned(),
            (all, false) => format!(" and {} more", all - 1),
            (all, true) => format!(", itself and {} more", all - 1),
        };
        let verb = verb(descriptor.kind, peer);
        return Some(format!(
            "{kind} {verb} {} {}{more}{note}{unsent}",
            peer.id.pid, peer.name
        ));
    }
    if let Some(peer) = peers.named.first() {
        return Some(format!(
            "{kind} {} itself{note}{unsent}",
            verb(descriptor.kind, peer)
        ));
    }
    match (&descriptor.socket, peers.note) {
        (Some(socket), Some(note @ (Note::NotAccepted | Note::Closed | Note::Hidden(_)))) => Some(
            format!("{kind} {}, {}{unsent}", socket.words(), note.words()),
        ),
        (Some(socket), _) => Some(format!("{kind} {}{unsent}", socket.words())),
        (None, Some(note)) => Some(format!("{kind}, {}", note.words())),
        (None, None) if kind == descriptor.kind.word() => None,
        (None, None) => Some(kind),
    }
}

/// What was written and not taken by the other end yet: `, 2.5M unsent`.
fn unsent(descriptor: &Descriptor) -> String {
    let bytes = match &descriptor.socket {
        // What asks for a connection counts as a byte in the kernel.
        Some(Socket::Inet(inet)) if !inet.listens() && inet.state != State::SynSent => {
            inet.send_queue
        }
        Some(Socket::Unix(unix)) if unix.state == State::Established => unix.send_queue,
        _ => 0,
    };
    if bytes == 0 {
        return String::new();
    }
    format!(", {} unsent", format::bytes(Bytes(bytes.into())))
}

/// What a descriptor is, in a word or two: `pipe`, `signalfd URG`, `/var/log/x`.
fn what(descriptor: &Descriptor) -> String {
    let about = descriptor.info.as_ref().ok().map(|info| &info.about);
    match (descriptor.kind, about) {
        (Kind::File, _) if matches!(descriptor.object, Object::Queue { .. }) => {
            format!("POSIX queue {}", descriptor.target)
        }
        (Kind::File | Kind::Directory | Kind::Device, _) => descriptor.target.to_string(),
        (Kind::Signalfd, Some(About::Signalfd(mask))) => {
            format!("signalfd {}", signal_names(*mask))
        }
        (_, Some(About::Socket(name))) => name.to_string(),
        (kind, _) => kind.word().to_owned(),
    }
}

fn verb(kind: Kind, peer: &Peer) -> &'static str {
    match (kind, peer.flow) {
        (Kind::Pidfd, _) => "of",
        (Kind::Eventfd | Kind::Memfd, _) | (Kind::Fifo | Kind::File, Flow::Both) => "shared with",
        (_, Flow::In) => "written by",
        (_, Flow::Out) => "read by",
        (_, Flow::Both) => "to",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::peer::Note;
    use crate::model::descriptors::socket::tests::inet;
    use crate::model::descriptors::socket::{Protocol, Unix};
    use crate::model::id::ProcId;

    fn peer(pid: u32, name: &str, flow: Flow) -> Peer {
        Peer {
            id: ProcId::new(pid, 1),
            name: name.into(),
            fd: Some(1),
            flow,
            foreign: false,
        }
    }

    fn said(target: &[u8], peers: Vec<Peer>, more: usize, note: Option<Note>) -> Option<String> {
        let mut files = Files::new(ProcId::new(7, 1));
        let mut descriptor = Descriptor::new(3, target);
        descriptor.peers.named = peers;
        descriptor.peers.more = more;
        descriptor.peers.note = note;
        files.rows.push(descriptor);
        assert_eq!(end_of(&files, 4), None, "no such descriptor");
        assert_eq!(end_of(&files, -1), None);
        end_of(&files, 3)
    }

    #[test]
    fn a_posix_queue_is_told_as_one() {
        let mut files = Files::new(ProcId::new(7, 1));
        let mut queue = Descriptor::new(3, b"/jobs");
        queue.object = Object::Queue {
            device: 1,
            inode: 2,
        };
        files.rows.push(queue);
        assert_eq!(end_of(&files, 3).as_deref(), Some("POSIX queue /jobs"));
        files.rows[0].peers.named = vec![peer(812, "make", Flow::Out)];
        let told = end_of(&files, 3);
        assert_eq!(told.as_deref(), Some("POSIX queue /jobs read by 812 make"));
    }

    #[test]
    fn what_was_not_taken_yet_is_told_of_what_is_connected() {
        let end = |socket: Socket| {
            let mut files = Files::new(ProcId::new(7, 1));
            let mut descriptor = Descriptor::new(3, b"socket:[5]");
            descriptor.socket = Some(socket);
            files.rows.push(descriptor);
            end_of(&files, 3).is_some_and(|end| end.ends_with(", 2K unsent"))
        };
        for (state, told) in [
            (State::Established, true),
            (State::CloseWait, true),
            (State::SynSent, false),
            (State::Listening, false),
        ] {
            let mut inet = inet(Protocol::Tcp, state, "10.0.0.1:5", "10.0.0.2:6");
            inet.send_queue = 2048;
            assert_eq!(end(Socket::Inet(inet)), told, "{state:?}");
        }
        for (state, told) in [(State::Established, true), (State::Listening, false)] {
            let unix = Unix {
                state,
                send_queue: 2048,
                ..Unix::default()
            };
            assert_eq!(end(Socket::Unix(unix)), told, "{state:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_queue_is_told_by_its_path() {
        let told = said(b"/var/log/x", Vec::new(), 0, None);
        assert_eq!(told.as_deref(), Some("/var/log/x"));
    }

    #[test]
    fn names_who_would_write() {
        let pipe = b"pipe:[5]";
        let make = || peer(812, "make", Flow::In);
        let own = || peer(7, "own", Flow::In);
        let words = |peers, more, note| said(pipe, peers, more, note);
        assert_eq!(
            words(vec![make()], 0, None).as_deref(),
            Some("pipe written by 812 make")
        );
        assert_eq!(
            words(vec![make()], 2, None).as_deref(),
            Some("pipe written by 812 make and 2 more")
        );
        assert_eq!(
            words(vec![own(), make()], 2, None).as_deref(),
            Some("pipe written by 812 make, itself and 2 more")
        );
        assert_eq!(
            words(vec![make(), own()], 0, None).as_deref(),
            Some("pipe written by 812 make and itself"),
            "a fork left the end open in both"
        );
        assert_eq!(
            words(vec![own()], 0, None).as_deref(),
            Some("pipe written by itself")
        );
        assert_eq!(
            words(Vec::new(), 0, Some(Note::Closed)).as_deref(),
            Some("pipe, nobody holds the other end")
        );
        assert_eq!(words(Vec::new(), 0, None), None);
    }
}
