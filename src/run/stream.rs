//! A recording that arrives while it is shown: `ssh HOST pscope record - | pscope replay -`.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::errno::Errno;

use super::inbox::Tell;
use crate::app::event::Event;
use crate::recording::lanes::{self as told_lanes, Rebuilder};
use crate::recording::{Head, Kept, Kind, MAGIC, Player, record};

/// How much is read at once.
const BLOCK: usize = 1 << 16;

/// Shows what arrives until nothing does any more, and says so then.
pub fn show(from: &OwnedFd, kept: &Kept, tell: &Tell) {
    let end = match read(from, kept, tell) {
        Ok(()) => {
            "the stream has ended; p stops here, and what came can still be looked at".to_owned()
        }
        Err(why) => format!("the stream has ended: {why}"),
    };
    tell.event(Event::Ended(end));
}

fn read(from: &OwnedFd, kept: &Kept, tell: &Tell) -> Result<(), String> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut block = vec![0; BLOCK];
    let mut player = Player::default();
    let mut lanes = Rebuilder::default();
    let mut begun = false;
    loop {
        match nix::unistd::read(from, &mut block) {
            Ok(0) => return Ok(()),
            Ok(n) => bytes.extend_from_slice(&block[..n]),
            Err(Errno::EINTR) => continue,
            Err(e) => return Err(e.desc().to_owned()),
        }
        if !begun {
            if bytes.len() < MAGIC.len() {
                continue;
            }
            if !record::begins(&bytes) {
                return Err("this is no recording of pscope".to_owned());
            }
            begun = true;
            bytes.drain(..MAGIC.len());
        }
        let used = take(&bytes, (&mut player, &mut lanes), kept, tell);
        bytes.drain(..used);
    }
}

/// Takes every whole record in; answers how many bytes they were. What is damaged is looked past.
fn take(
    bytes: &[u8],
    (player, lanes): (&mut Player, &mut Rebuilder),
    kept: &Kept,
    tell: &Tell,
) -> usize {
    let mut used = 0;
    while used < bytes.len() {
        let rest = &bytes[used..];
        match Head::find(rest) {
            record::Found::Short => break,
            record::Found::Head(_, size) if rest.len() < size => break,
            record::Found::Head(head, size) if head.is_whole(rest) => {
                let record = &rest[..size];
                let before = player.at();
                if head.kind == Kind::Lanes {
                    if let Ok(told) = head.unpack(record).and_then(|body| told_lanes::read(&body)) {
                        lanes.take(&told);
                        kept.push(vec![record.to_vec()]);
                        if let Some(line) = lanes.publish() {
                            tell.event(Event::Switches(Arc::new(line)));
                        }
                    }
                } else if head.kind == Kind::Details {
                    kept.push(vec![record.to_vec()]);
                } else if player.take(&head, record, false).is_ok() {
                    kept.push(vec![record.to_vec()]);
                    if player.at() != before
                        && let Some(snapshot) = player.snapshot()
                    {
                        tell.event(Event::Snapshot(Arc::new(snapshot)));
                    }
                }
                used += size;
            }
            _ => used = record::next(bytes, used + 1),
        }
    }
    used
}
