//! What a descriptor is and what joins it with others: first by its link, then by what lies behind that.

use super::fds::Target;
use super::terminal::Terminal;
use crate::model::descriptors::descriptor::{About, Info, Kind, kind};
use crate::model::descriptors::peer::Object;
use crate::model::reading::Reading;

/// What a descriptor is and what joins it, where its link says so, and whether only its `fdinfo` tells what joins it.
pub fn object(link: &[u8]) -> (Kind, Object, bool) {
    let (kind, object) = kind::classify(link);
    (kind, object, kind == Kind::Eventfd)
}

/// Whether what a descriptor is has to be looked at behind its link: a devpts may be mounted anywhere.
pub fn is_unclear(kind: Kind, link: &[u8]) -> bool {
    let plain = [&b"/dev/null"[..], b"/dev/zero", b"/dev/urandom"];
    match kind {
        Kind::File | Kind::Memfd | Kind::Tty => true,
        Kind::Device => !plain.contains(&link),
        _ => false,
    }
}

/// Whether the controlling side of a pseudo terminal is behind a descriptor: `fdinfo` tells which.
pub fn is_master(behind: &Reading<Target>) -> bool {
    let terminal = behind.as_ref().ok().and_then(|b| b.terminal);
    terminal.is_some_and(|t| t.index.is_none())
}

/// What joins a descriptor whose link leaves it open.
pub fn told(info: &Info) -> Option<Object> {
    match info.about {
        About::Eventfd { id: Some(id), .. } => Some(Object::Eventfd(id)),
        About::Pty(index) => Some(Object::Pty {
            instance: 0,
            index,
            master: true,
        }),
        _ => None,
    }
}

/// What lies behind a link is known by device and inode, since one path means different files in different mount
/// namespaces; a pseudo terminal by the instance of devpts and its number there.
pub fn refined(link: &[u8], object: &Object, behind: &Target) -> Option<Object> {
    let (device, inode) = (behind.extent.device, behind.extent.inode);
    let memory = link.starts_with(b"/memfd:") || link.starts_with(b"/dev/shm/");
    match behind.format {
        libc::S_IFIFO => Some(Object::Fifo { device, inode }),
        libc::S_IFREG if behind.queue => Some(Object::Queue { device, inode }),
        libc::S_IFREG => Some(Object::Inode {
            device,
            inode,
            memory,
        }),
        libc::S_IFCHR => Some(
            behind
                .terminal
                .map_or(Object::Other, |t| terminal(t, object)),
        ),
        _ => Some(Object::Other),
    }
}

fn terminal(terminal: Terminal, object: &Object) -> Object {
    let of_master = match object {
        Object::Pty {
            index,
            master: true,
            ..
        } => Some(*index),
        _ => None,
    };
    let Some(index) = terminal.index.or(of_master) else {
        return Object::Other;
    };
    Object::Pty {
        instance: terminal.instance.unwrap_or(0),
        index,
        master: terminal.index.is_none(),
    }
}

/// What kind of thing is behind a descriptor, by its mode, where its link told less.
pub fn kind(told: Kind, behind: &Target) -> Kind {
    match behind.format {
        libc::S_IFDIR => Kind::Directory,
        libc::S_IFIFO => Kind::Fifo,
        libc::S_IFCHR if behind.terminal.is_some() => Kind::Tty,
        libc::S_IFCHR | libc::S_IFBLK if told != Kind::Tty => Kind::Device,
        _ => told,
    }
}

/// Whether a regular file is behind a descriptor, the only thing with an extent.
pub fn is_file(behind: &Target) -> bool {
    behind.format == libc::S_IFREG
}
