//! What was known of descriptors, and of who is at their other ends, before it ended.

use super::{Descriptor, Files};
use crate::model::id::ProcId;
use crate::model::text::SafeText;

impl Files {
    /// Takes in what was read of the same process before: descriptors that it has closed since, and who held the other end of one
    /// where nobody is known to any more. `ended`: whether a process has.
    pub fn remember(&mut self, before: &Self, ended: &dyn Fn(ProcId) -> bool) {
        for old in &before.rows {
            match self.rows.binary_search_by_key(&old.fd, |d| d.fd) {
                Err(at) => self.rows.insert(at, marked(old, ended)),
                Ok(at) => {
                    let now = &mut self.rows[at];
                    let others = |d: &Descriptor| d.peers.named.iter().any(|p| p.id != self.of);
                    let same = now.object == old.object && now.object.joins();
                    if same && !others(now) && others(old) {
                        let mut peers = marked(old, ended).peers;
                        peers.named.retain(|p| p.id == self.of || ended(p.id));
                        if peers.named.iter().any(|p| p.id != self.of) {
                            now.peers = peers;
                        }
                    }
                }
            }
        }
    }

    /// The same of a process of which nothing can be read any more.
    pub fn remembered(before: &Self, ended: &dyn Fn(ProcId) -> bool) -> Self {
        let mut files = Self::new(before.of);
        files.remember(before, ended);
        files
    }
}

/// With who has ended named as that.
fn marked(old: &Descriptor, ended: &dyn Fn(ProcId) -> bool) -> Descriptor {
    let mut out = old.clone();
    for peer in &mut out.peers.named {
        if ended(peer.id) {
            peer.name = SafeText::from(format!("{} (ended)", peer.name).as_str());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::peer::{Flow, Note, Object, Peer};
    use crate::model::scheduling::wait::end_of;

    fn files(rows: &[(u32, &str, &[u32])]) -> Files {
        let mut files = Files::new(ProcId::new(7, 1));
        for (fd, target, peers) in rows {
            let mut descriptor = Descriptor::new(*fd, target.as_bytes());
            descriptor.object = Object::Pipe(40 + u64::from(*fd));
            let peer = |pid: &u32| Peer {
                id: ProcId::new(*pid, 1),
                name: "writer".into(),
                fd: Some(1),
                flow: Flow::In,
                foreign: false,
            };
            descriptor.peers.named = peers.iter().map(peer).collect();
            let nobody = peers.iter().all(|pid| *pid == 7);
            descriptor.peers.note = nobody.then_some(Note::Hidden(None));
            files.rows.push(descriptor);
        }
        files
    }

    #[test]
    fn who_wrote_before_it_ended_is_remembered() {
        let before = files(&[
            (3, "pipe:[43]", &[812]),
            (4, "pipe:[44]", &[813]),
            (5, "pipe:[45]", &[812]),
            (6, "pipe:[46]", &[812]),
        ]);
        let mut now = files(&[
            (3, "pipe:[43]", &[]),
            (4, "pipe:[44]", &[]),
            (6, "pipe:[99]", &[]),
        ]);
        now.rows[2].object = Object::Pipe(99);
        let ended = |id: ProcId| id.pid.0 == 812;
        now.remember(&before, &ended);
        let said = |fd| end_of(&now, fd).expect("told");
        assert_eq!(said(3), "pipe written by 812 writer (ended)");
        // That one lives and holds it no more, or may not be looked at.
        assert_eq!(said(4), "pipe, owner not visible");
        assert_eq!(
            said(5),
            "pipe written by 812 writer (ended)",
            "closed since"
        );
        assert_eq!(said(6), "pipe, owner not visible", "it is another one");
        let all = Files::remembered(&before, &ended);
        let said = |fd| end_of(&all, fd).expect("told");
        assert_eq!(said(3), "pipe written by 812 writer (ended)");
        assert_eq!(said(4), "pipe written by 813 writer");
    }
}
