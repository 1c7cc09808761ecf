//! `UNIX_DIAG`: the request and the decoding of its answers (`linux/unix_diag.h`).

use crate::model::descriptors::socket::{State, Style, Unix};
use crate::model::id::Uid;
use crate::model::text::SafeText;
use crate::sys::network::netlink::{attributes, u32_at};

const AF_UNIX: u8 = 1;
/// `UDIAG_SHOW_NAME | PEER | ICONS | RQLEN | UID`.
const SHOW: u32 = 1 | 4 | 8 | 16 | 64;
const NAME: u16 = 0;
const PEER: u16 = 2;
const WAITING: u16 = 3;
const QUEUES: u16 = 4;
const OWNER: u16 = 7;
const FIXED: usize = 16;

/// `struct unix_diag_req`: all states, no inode, no cookie.
pub fn request() -> Vec<u8> {
    let mut out = vec![AF_UNIX, 0, 0, 0];
    for word in [u32::MAX, 0, SHOW, u32::MAX, u32::MAX] {
        out.extend_from_slice(&word.to_ne_bytes());
    }
    out
}

/// The same, of sockets in these states alone.
pub fn only(mut request: Vec<u8>, states: u32) -> Vec<u8> {
    request[4..8].copy_from_slice(&states.to_ne_bytes());
    request
}

/// One answer: `struct unix_diag_msg` (family, type, state, pad, inode, cookie\[2\]) and its attributes.
pub fn parse(body: &[u8]) -> Option<Unix> {
    let fixed = body.get(..FIXED)?;
    if fixed[0] != AF_UNIX {
        return None;
    }
    let mut unix = Unix {
        inode: u64::from(u32_at(fixed, 4)?),
        style: match fixed[1] {
            2 => Style::Datagram,
            5 => Style::Packet,
            _ => Style::Stream,
        },
        state: State::from_number(fixed[2]),
        ..Unix::default()
    };
    for (kind, value) in attributes(&body[FIXED..]) {
        match kind {
            NAME => unix.name = name(value),
            PEER => unix.peer = u32_at(value, 0).filter(|i| *i != 0).map(u64::from),
            WAITING => {
                let words = value.as_chunks::<4>().0.iter();
                let inodes = words.map(|w| u64::from(u32::from_ne_bytes(*w)));
                unix.waiting = inodes.filter(|i| *i != 0).collect();
            }
            QUEUES => {
                unix.receive_queue = u32_at(value, 0).unwrap_or(0);
                unix.send_queue = u32_at(value, 4).unwrap_or(0);
            }
            OWNER => unix.uid = u32_at(value, 0).map(Uid),
            _ => {}
        }
    }
    Some(unix)
}

/// A path, or `@name` for an abstract one, which begins with a NUL and may hold any byte.
fn name(value: &[u8]) -> Option<SafeText> {
    match value {
        [] => None,
        [0, abstracted @ ..] => {
            let mut shown = b"@".to_vec();
            shown.extend_from_slice(abstracted);
            Some(SafeText::from_bytes(&shown))
        }
        path => {
            let end = path.iter().position(|b| *b == 0).unwrap_or(path.len());
            Some(SafeText::from_bytes(&path[..end]))
        }
    }
}
