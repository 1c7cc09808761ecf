//! The address space of a process: its mappings as the kernel lists them, and the regions that a person sees in them.

pub mod classify;
pub mod growth;
mod image;
pub mod kind;
pub mod merged;
pub mod place;
mod sharing;
pub mod totals;

use std::fmt;

pub use kind::{Group, Kind, Part};

use crate::model::id::{Bytes, Pid, Tid};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// What a mapping allows: `rw-p`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the kernel's four letters, each by itself"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Pages can be read.
    pub read: bool,
    /// Pages can be written.
    pub write: bool,
    /// Pages can be run as code.
    pub run: bool,
    /// Writes are seen by all who map it, instead of being this process's own.
    pub shared: bool,
}

impl Access {
    /// From the kernel's four letters.
    pub fn from_letters(letters: &[u8]) -> Self {
        let has = |at: usize, letter: u8| letters.get(at) == Some(&letter);
        Self {
            read: has(0, b'r'),
            write: has(1, b'w'),
            run: has(2, b'x'),
            shared: has(3, b's'),
        }
    }

    /// Whether nothing at all is allowed: reserved or a guard.
    pub fn none(self) -> bool {
        !(self.read || self.write || self.run)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |on: bool, c: char| if on { c } else { '-' };
        let last = if self.shared { 's' } else { 'p' };
        let (r, w, x) = (
            letter(self.read, 'r'),
            letter(self.write, 'w'),
            letter(self.run, 'x'),
        );
        f.pad(&format!("{r}{w}{x}{last}"))
    }
}

/// A file by what the kernel lists in `maps`: device and inode; all zero for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// Major number of the device.
    pub major: u32,
    /// Minor number of the device.
    pub minor: u32,
    /// Inode on that device.
    pub inode: u64,
}

bitflags::bitflags! {
    /// Flags of a mapping that change what it is called (`VmFlags` of `smaps`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Flags: u16 {
        /// `nh`: no transparent huge pages, as `MAP_STACK` asks since 6.7.
        const NO_HUGE = 1;
        /// `nr`: no swap is reserved.
        const NO_RESERVE = 1 << 1;
        /// `ht`: huge pages of hugetlbfs.
        const HUGE = 1 << 2;
        /// `gu`: has guard pages inside that are no mappings of their own.
        const GUARDS = 1 << 3;
        /// `gd`: grows down.
        const GROWS_DOWN = 1 << 4;
        /// `lo`: locked into memory.
        const LOCKED = 1 << 5;
        /// `io` or `pf`: pages of a device.
        const DEVICE = 1 << 6;
        /// `dc`: a fork does not get it.
        const NOT_FORKED = 1 << 7;
        /// `dd`: not in core dumps.
        const NOT_DUMPED = 1 << 8;
    }
}

/// How much of a mapping is where (`smaps`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residency {
    /// In memory now.
    pub resident: Bytes,
    /// In memory, each page divided by the number of processes that map it.
    pub proportional: Bytes,
    /// In memory, mapped by nobody else: what would be freed with the process.
    pub own: Bytes,
    /// Of `own`: written to since it was read or made.
    pub own_dirty: Bytes,
    /// Of all resident: written to.
    pub dirty: Bytes,
    /// Swapped out.
    pub swapped: Bytes,
    /// Resident as huge pages.
    pub huge: Bytes,
    /// Of these, pages of the pool of hugetlbfs, which the kernel counts in nobody's resident memory.
    pub pool: Bytes,
    /// Locked into memory.
    pub locked: Bytes,
    /// Of `own`: freed by the program, and taken back by the kernel when it needs memory (`MADV_FREE`).
    pub freed: Bytes,
}

impl Residency {
    /// Parts what was counted for pages of which the last belongs to two: `before` bytes of whole pages lie before it,
    /// `tail` bytes of it are the other's. `None` where it is not plain that the last page is resident.
    fn parted(self, before: Bytes, tail: Bytes) -> Option<(Self, Self)> {
        if self.resident <= before {
            return None;
        }
        let (mut mine, mut other) = (self, Self::default());
        let part = |mine: &mut Bytes, other: &mut Bytes| {
            if *mine > before {
                other.0 = tail.0.min(mine.0);
                mine.0 -= other.0;
            }
        };
        part(&mut mine.resident, &mut other.resident);
        part(&mut mine.proportional, &mut other.proportional);
        part(&mut mine.own, &mut other.own);
        part(&mut mine.own_dirty, &mut other.own_dirty);
        part(&mut mine.dirty, &mut other.dirty);
        part(&mut mine.locked, &mut other.locked);
        Some((mine, other))
    }

    /// Each count made of two.
    fn with(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        let of = |a: Bytes, b: Bytes| Bytes(of(a.0, b.0));
        Self {
            resident: of(self.resident, other.resident),
            proportional: of(self.proportional, other.proportional),
            own: of(self.own, other.own),
            own_dirty: of(self.own_dirty, other.own_dirty),
            dirty: of(self.dirty, other.dirty),
            swapped: of(self.swapped, other.swapped),
            huge: of(self.huge, other.huge),
            pool: of(self.pool, other.pool),
            locked: of(self.locked, other.locked),
            freed: of(self.freed, other.freed),
        }
    }

    /// Adds another mapping's.
    pub fn add(&mut self, more: &Self) {
        *self = self.with(*more, u64::saturating_add);
    }
}

/// One line of `/proc/PID/maps`, or one entry of `smaps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// What it allows.
    pub access: Access,
    /// Where in the file it begins.
    pub offset: u64,
    /// Which file.
    pub file: FileId,
    /// Path or the kernel's name, such as `[heap]`; empty for none. ` (deleted)` is taken off.
    pub name: SafeText,
    /// Whether the file has no name any more.
    pub deleted: bool,
    /// Residency and flags, where `smaps` was read.
    pub pages: Option<(Residency, Flags)>,
}

impl Mapping {
    /// Its flags; none where `smaps` was not read.
    pub fn flags(&self) -> Flags {
        self.pages.map_or(Flags::empty(), |(_, flags)| flags)
    }

    /// Whether no file stands behind it and it has no name of its own.
    pub fn is_anonymous(&self) -> bool {
        self.file.inode == 0 && self.name.is_empty()
    }
}

/// A run of the address space of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// What it is.
    pub kind: Kind,
    /// What it is within its kind.
    pub part: Part,
    /// What it allows.
    pub access: Access,
    /// Where in the file it begins.
    pub offset: u64,
    /// Which file stands behind it; inode 0 for none.
    pub file: FileId,
    /// The file's path or the kernel's name; empty for none. For globals without a file, the object they belong to.
    pub name: SafeText,
    /// Whether the file has no name any more.
    pub deleted: bool,
    /// The thread whose stack it is.
    pub stack: Option<StackUse>,
    /// How much of it is where; `Unsupported` where the kernel counts its page with the region before it.
    pub residency: Reading<Residency>,
    /// Flags that change what it means.
    pub flags: Flags,
    /// Who else maps the same memory, lowest pid first; only for shared memory, where it was looked for.
    pub sharers: Vec<Sharer>,
}

impl Region {
    /// How many bytes it claims.
    pub fn size(&self) -> Bytes {
        Bytes(self.end.saturating_sub(self.start))
    }

    /// Whether it is a POSIX semaphore that others may have mapped too.
    pub fn is_semaphore(&self) -> bool {
        self.access.shared && self.name.starts_with("/dev/shm/sem.")
    }

    /// The last part of its path, or its name.
    pub fn short_name(&self) -> &str {
        let name = self.name.as_str();
        name.rsplit('/')
            .next()
            .filter(|n| !n.is_empty())
            .unwrap_or(name)
    }
}

/// Whose stack a region is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackUse {
    /// The thread.
    pub tid: Tid,
    /// Its name.
    pub name: SafeText,
    /// Bytes between the stack pointer and the top.
    pub used: Bytes,
}

/// A process that maps the same memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharer {
    /// Its number.
    pub pid: Pid,
    /// Its name.
    pub name: SafeText,
}

/// Where a thread's stack pointer stood when it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPointer {
    /// The thread.
    pub tid: Tid,
    /// Its name.
    pub name: SafeText,
    /// The address.
    pub at: u64,
}

/// A part of a program or library that the loader maps (`PT_LOAD` of `elf(5)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Where in the file it begins.
    pub offset: u64,
    /// Its address before the load bias.
    pub address: u64,
    /// Bytes that come from the file.
    pub from_file: u64,
    /// Bytes in memory; what exceeds `from_file` begins as zeros (bss).
    pub in_memory: u64,
    /// It may be written.
    pub write: bool,
    /// It may be run.
    pub run: bool,
}

/// What the program headers of an ELF file say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// Its parts by ascending address.
    pub loads: Vec<Load>,
    /// Whether it is a 64-bit file.
    pub wide: bool,
}

/// The address space of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct AddressSpace {
    /// Every region by ascending address; empty for kernel threads and zombies, which have no address space.
    pub regions: Vec<Region>,
    /// Why residency is missing, where it is.
    pub residency: Reading<()>,
    /// Whether the processes that share memory with it were looked for.
    pub sharers: Reading<()>,
    /// What one reading of this costs.
    pub cost: crate::model::id::Nanos,
}

impl Default for AddressSpace {
    fn default() -> Self {
        Self {
            regions: Vec::new(),
            residency: Err(Missing::Soon),
            sharers: Err(Missing::Soon),
            cost: crate::model::id::Nanos(0),
        }
    }
}
