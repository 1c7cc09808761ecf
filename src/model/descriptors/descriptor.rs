//! Descriptors: what a process holds open, as it numbers it, and what each of them is in words.
//!
//! Reads nothing: `sys::descriptors` fills these types.

pub mod about;
mod earlier;
pub mod gpu;
pub mod kind;

use super::peer::{Object, Peers};
use super::socket::Socket;
use crate::model::id::{Bytes, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

pub use super::mode::Mode;
pub use about::About;
pub use gpu::{Gpu, GpuUse};
pub use kind::{Flags, Kind};

/// Every descriptor of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Files {
    /// Whose they are.
    pub of: ProcId,
    /// By ascending number.
    pub rows: Vec<Descriptor>,
    /// How many numbers are taken, as columns and overview tell: beside those of the rows the ones that a call keeps which is about
    /// to make a descriptor, as `accept(2)` does while it waits.
    pub taken: u64,
    /// How many it may have (`RLIMIT_NOFILE`, soft); `None` for no limit.
    pub limit: Reading<Option<u64>>,
    /// The shell pipelines that it is part of, first process first.
    pub pipelines: Vec<Vec<(ProcId, SafeText)>>,
    /// How many processes hide their descriptors from this user; any of them may be a peer that is not named.
    pub hidden: u32,
    /// Whether those of other users are not listed at all, and so not among them: `hidepid`.
    pub unlisted: bool,
    /// What it does with graphics cards; `None` where it uses none.
    pub gpu: Option<GpuUse>,
}

/// One descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number in the process.
    pub fd: u32,
    /// What it is.
    pub kind: Kind,
    /// What joins it with its peers.
    pub object: Object,
    /// The path, or what the kernel prints in its place: `/var/log/syslog`, `pipe:[39457]`.
    pub target: SafeText,
    /// The path was removed while the file is still held.
    pub deleted: bool,
    /// Whether it can be read or written; from the link itself.
    pub mode: Reading<Mode>,
    /// What `fdinfo` tells; of thousands of descriptors only those on the screen have it at once.
    pub info: Reading<Info>,
    /// Size and space of a regular file.
    pub extent: Reading<Extent>,
    /// What the kernel's socket tables tell; `None` for all else, and for sockets that are not bound to anything yet.
    pub socket: Option<Socket>,
    /// Who is at the other end.
    pub peers: Peers,
}

/// What `/proc/PID/fdinfo/N` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Where the next read or write begins.
    pub position: u64,
    /// How it was opened.
    pub flags: Flags,
    /// The inode behind it, where the kernel prints it.
    pub inode: Option<u64>,
    /// What only this kind has.
    pub about: About,
}

/// How long a file is and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Its length.
    pub size: Bytes,
    /// The space that it takes on its filesystem.
    pub held: Bytes,
    /// The device it lies on.
    pub device: u64,
    /// Its inode there.
    pub inode: u64,
}

impl Files {
    /// No descriptor yet.
    pub fn new(of: ProcId) -> Self {
        Self {
            of,
            rows: Vec::new(),
            taken: 0,
            limit: Err(Missing::Soon),
            pipelines: Vec::new(),
            hidden: 0,
            unlisted: false,
            gpu: None,
        }
    }
}

impl Descriptor {
    /// A descriptor of which only the link is known: `3`, `/var/log/syslog`.
    pub fn new(fd: u32, target: &[u8]) -> Self {
        let (kind, object) = kind::classify(target);
        let deleted =
            kind::is_path(target) && kind != Kind::Memfd && target.ends_with(kind::DELETED);
        let shown = if deleted || kind == Kind::Memfd {
            target.strip_suffix(kind::DELETED).unwrap_or(target)
        } else {
            target
        };
        Self {
            fd,
            kind,
            object,
            target: SafeText::from_bytes(shown),
            deleted,
            mode: Err(Missing::Soon),
            info: Err(Missing::Soon),
            extent: Err(Missing::Soon),
            socket: None,
            peers: Peers::default(),
        }
    }

    /// `stdin`, `stdout`, `stderr`, or nothing: what the number means by custom.
    pub fn name(&self) -> &'static str {
        match self.fd {
            0 => "stdin",
            1 => "stdout",
            2 => "stderr",
            _ => "",
        }
    }

    /// The inode: of the pipe or socket, or of the file.
    pub fn inode(&self) -> Option<u64> {
        match self.object {
            Object::Pipe(inode) | Object::Socket(inode) => Some(inode),
            _ => match (&self.extent, &self.info) {
                (Ok(extent), _) => Some(extent.inode),
                (_, Ok(info)) => info.inode,
                _ => None,
            },
        }
    }

    /// Whether its position and size mean something: those of a message queue do not.
    pub fn has_position(&self) -> bool {
        let file = matches!(self.kind, Kind::File | Kind::Memfd);
        file && !matches!(self.object, Object::Queue { .. })
    }

    /// How far a regular file has been read or written: position and size, where both mean something.
    pub fn progress(&self) -> Option<(u64, u64)> {
        if !self.has_position() {
            return None;
        }
        let (info, extent) = (self.info.as_ref().ok()?, self.extent.as_ref().ok()?);
        (extent.size.0 > 0).then_some((info.position, extent.size.0))
    }

    /// The space that only this descriptor (or a copy of it) keeps from being freed.
    pub fn held_by_deleted(&self) -> Option<Bytes> {
        let extent = self.extent.as_ref().ok().filter(|_| self.deleted)?;
        Some(extent.held)
    }

    /// What it is, in words: the path, or what an `anon_inode` does, or the addresses of a socket.
    pub fn words(&self) -> String {
        if let Some(socket) = &self.socket {
            return socket.words();
        }
        if let Ok(info) = &self.info
            && let Some(words) = info.about.words()
        {
            return match info.about {
                // Which card it is, is told by the path alone.
                About::Gpu(_) => format!("{} · {words}", self.target),
                _ => words,
            };
        }
        self.kind
            .words()
            .map_or_else(|| self.target.to_string(), str::to_owned)
    }
}

#[cfg(test)]
mod tests;
