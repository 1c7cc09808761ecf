//! Peers: who is at the other end. Joins the descriptors of all processes with the kernel's socket tables.
//!
//! Pure: `sys::descriptors` brings the index and the tables. Also the words for ends that have no name.

pub mod join;
pub mod pipeline;

use std::sync::Arc;

use super::mode::Mode;
use super::socket::{Inet, Unix};
use crate::model::id::{Nanos, Pid, ProcId, Uid};
use crate::model::reading::Reading;
use crate::model::text::SafeText;

pub use join::Join;

/// What two descriptors have in common when they belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Object {
    /// A pipe, by its inode.
    Pipe(u64),
    /// A socket, by its inode.
    Socket(u64),
    /// One side of a pseudo terminal.
    Pty {
        /// The instance of devpts, by its device: each has its own numbers. 0 where it is not known: then nothing is joined.
        instance: u64,
        /// The number in `/dev/pts`.
        index: u32,
        /// The side of the terminal program.
        master: bool,
    },
    /// An eventfd, by its number in the kernel.
    Eventfd(u32),
    /// Shared memory, or a file without a path, by device and inode.
    Inode {
        /// The device.
        device: u64,
        /// The inode there.
        inode: u64,
        /// It is memory that the holders share.
        memory: bool,
    },
    /// A named pipe, by device and inode.
    Fifo {
        /// The device.
        device: u64,
        /// The inode there.
        inode: u64,
    },
    /// A POSIX message queue, by device and inode.
    Queue {
        /// The device.
        device: u64,
        /// The inode there.
        inode: u64,
    },
    /// A file whose device and inode are not known: nothing is joined by a path, which means another file in another
    /// mount namespace.
    File(SafeText),
    /// A graphics card.
    Card,
    /// Something that has no other end.
    Other,
}

impl Object {
    /// Whether it is known well enough to be joined with what others hold.
    pub fn joins(&self) -> bool {
        !matches!(
            self,
            Self::Other | Self::File(_) | Self::Pty { instance: 0, .. }
        )
    }
}

/// Which way data flows, seen from the process that is looked at (or from `a` of an edge).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// Towards it.
    In,
    /// Away from it.
    Out,
    /// Both ways.
    Both,
}

impl Flow {
    /// An arrow that reads `looked at ARROW other`.
    pub fn arrow(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::In, false) => "←",
            (Self::Out, false) => "→",
            (Self::Both, false) => "⇄",
            (Self::In, true) => "<-",
            (Self::Out, true) => "->",
            (Self::Both, true) => "<>",
        }
    }

    /// The same flow seen from the other end.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
            Self::Both => Self::Both,
        }
    }
}

/// A process at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who it is.
    pub id: ProcId,
    /// Its name.
    pub name: SafeText,
    /// Under which number it holds its end; `None` where no descriptor joins them.
    pub fd: Option<u32>,
    /// Which way data flows, seen from this end.
    pub flow: Flow,
    /// It lives in another mount namespace, such as a container: its paths are not those of the process that is asked about.
    pub foreign: bool,
}

impl Peer {
    /// Where it lives, if its paths mean other files than those of the process that is asked about.
    pub fn place(&self) -> Option<&'static str> {
        self.foreign.then_some("in another mount namespace")
    }
}

/// Why an end has no name, or what is special about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// The process that listens has not accepted the connection yet.
    NotAccepted,
    /// As many connections wait for whoever listens as may: this one is not answered.
    Full,
    /// Somebody holds it whose descriptors this user may not see.
    Hidden(Option<Uid>),
    /// Not every process was asked yet what it holds.
    Looking,
    /// Nobody holds the other end any more.
    Closed,
    /// The other end is on another machine.
    Elsewhere,
    /// The peers share this very thing; it has no two ends.
    Shared,
    /// Nobody else has what lasts without holders open, in the way that would be its other end.
    Alone(Flow),
    /// The same of those whose descriptors this user may see: whether others have it open is not known.
    AloneInSight,
}

/// Why a connection is not answered, after whom it goes to.
pub const FULL: &str = "whose backlog is full";

impl Note {
    /// The note in words.
    pub fn words(self) -> String {
        match self {
            Self::NotAccepted => "not accepted yet".to_owned(),
            Self::Full => FULL.to_owned(),
            Self::Hidden(None) => "owner not visible".to_owned(),
            Self::Hidden(Some(uid)) => format!("uid {uid}, owner not visible"),
            Self::Looking => "still reading".to_owned(),
            Self::Closed => "nobody holds the other end".to_owned(),
            Self::Elsewhere => "another machine".to_owned(),
            Self::Shared => "shared".to_owned(),
            Self::Alone(Flow::In) => "nobody else has it open to write".to_owned(),
            Self::Alone(Flow::Out) => "nobody else has it open to read".to_owned(),
            Self::Alone(Flow::Both) => "nobody else has it open".to_owned(),
            Self::AloneInSight => "whether others have it open is not visible".to_owned(),
        }
    }
}

/// Everyone at the other end of one descriptor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// The first few, by ascending pid.
    pub named: Vec<Peer>,
    /// How many more processes there are.
    pub more: usize,
    /// What is special.
    pub note: Option<Note>,
}

impl Peers {
    /// How many processes these are: one that holds several ends counts once.
    pub fn processes(&self) -> usize {
        let mut ids: Vec<ProcId> = self.named.iter().map(|p| p.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len() + self.more
    }
}

/// How many peers of one descriptor are named before `and N more`.
pub const NAMED: usize = 16;

/// One descriptor of the index: as much as joining needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Its number.
    pub fd: u32,
    /// Whether it can be read or written, where that was worth asking for.
    pub mode: Option<Mode>,
    /// What joins it.
    pub object: Object,
}

/// One process of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who it is.
    pub id: ProcId,
    /// Its name.
    pub name: SafeText,
    /// Its network namespace, as the inode of `/proc/PID/ns/net`; 0 where it may not be seen.
    pub namespace: u64,
    /// Its mount namespace, as the inode of `/proc/PID/ns/mnt`; 0 where it may not be seen.
    pub mounts: u64,
    /// What it holds, by ascending number.
    pub ends: Reading<Arc<[End]>>,
}

/// What every process holds open, as far as this user may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolderIndex {
    /// By ascending pid.
    pub holders: Vec<Holder>,
    /// Processes may live on this machine that are not listed here: of another pid namespace, or hidden by `hidepid`.
    pub in_part: bool,
    /// Those of other users are not listed at all, and so not counted either: `hidepid`.
    pub unlisted: bool,
    /// Not every process was asked yet: who is missing here may only not have been met.
    pub early: bool,
}

impl HolderIndex {
    /// The process with this number.
    pub fn of_pid(&self, pid: Pid) -> Option<&Holder> {
        let at = self.holders.binary_search_by_key(&pid, |h| h.id.pid).ok()?;
        Some(&self.holders[at])
    }

    /// How many processes hide their descriptors from this user.
    pub fn hidden(&self) -> u32 {
        self.holders.iter().filter(|h| h.ends.is_err()).count() as u32
    }

    /// How many descriptors are known.
    pub fn descriptors(&self) -> usize {
        self.holders
            .iter()
            .filter_map(|h| h.ends.as_ref().ok())
            .map(|ends| ends.len())
            .sum()
    }
}

/// The kernel's socket tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// When they were read, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// Unix sockets.
    pub unix: Vec<Unix>,
    /// TCP and UDP sockets of every namespace that could be asked.
    pub inet: Vec<Inet>,
}

#[cfg(test)]
mod tests;
