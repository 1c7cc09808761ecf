//! Who is at the other end of a descriptor that a thread waits for, as part of its sentence.

use crate::model::descriptors::descriptor::{Descriptor, Files, Kind};
use crate::model::descriptors::peer::{Flow, Peer};

/// The descriptor in a few words that follow its number: `pipe written by 812 make`, `unix to 1 systemd`, `pipe, nobody holds
/// the other end`; `None` where nothing is known of its ends.
pub fn end_of(files: &Files, fd: i32) -> Option<String> {
    let fd = u32::try_from(fd).ok()?;
    let at = files.rows.binary_search_by_key(&fd, |d| d.fd).ok()?;
    let descriptor = &files.rows[at];
    let peers = &descriptor.peers;
    let kind = what(descriptor);
    // A process that holds both ends itself waits for others where there are any.
    let others = || peers.named.iter().filter(|p| p.id != files.of);
    if let Some(peer) = others().next() {
        let more = match others().count() + peers.more {
            0 | 1 => String::new(),
            all => format!(" and {} more", all - 1),
        };
        return Some(format!(
            "{kind} {} {} {}{more}",
            verb(peer),
            peer.id.pid,
            peer.name
        ));
    }
    if let Some(peer) = peers.named.first() {
        return Some(format!("{kind} {} itself", verb(peer)));
    }
    match (&descriptor.socket, peers.note) {
        (Some(socket), _) => Some(format!("{kind} {}", socket.words())),
        (None, Some(note)) => Some(format!("{kind}, {}", note.words())),
        (None, None) => None,
    }
}

fn what(descriptor: &Descriptor) -> &str {
    match descriptor.kind {
        Kind::File | Kind::Directory => &descriptor.target,
        kind => kind.word(),
    }
}

fn verb(peer: &Peer) -> &'static str {
    match peer.flow {
        Flow::In => "written by",
        Flow::Out => "read by",
        Flow::Both => "to",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::peer::Note;
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
            words(vec![own(), make()], 2, None).as_deref(),
            Some("pipe written by 812 make and 2 more")
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
