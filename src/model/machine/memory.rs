//! Where the machine's memory went: parts that add up to all of it, and how hard the kernel works to find more.

use crate::model::groups::own_group::OwnGroup;
use crate::model::id::{Bytes, Nanos};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// What a part of memory is used for. Together the parts are all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryUse {
    /// Private memory of processes: heaps, stacks, anonymous mappings (`AnonPages`).
    Processes,
    /// Shared memory and tmpfs (`Shmem`).
    Shared,
    /// Huge pages set aside (`Hugetlb`).
    Huge,
    /// Kernel objects that cannot be given back (`SUnreclaim`).
    Slab,
    /// Page tables, kernel stacks, per-core data, and what the kernel does not itemise.
    Kernel,
    /// The ARC of ZFS, where there is one.
    Arc,
    /// Compressed swap in memory (zram, zswap).
    Compressed,
    /// File contents kept for reading again (`Cached` less `Shmem`).
    Cache,
    /// Block device buffers (`Buffers`).
    Buffers,
    /// Kernel objects that can be given back (`SReclaimable`).
    SlabReclaimable,
    /// Freed pages that each core keeps at hand for the next who asks (`pagesets` of `/proc/zoneinfo`): `MemFree` is without
    /// them.
    AtHand,
    /// Unused.
    Free,
}

impl MemoryUse {
    /// Its name on the screen and in JSON, and what it means.
    pub fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Processes => (
                "processes",
                "processes",
                "private memory of processes: heap, stack, anonymous",
            ),
            Self::Shared => ("shared", "shared", "shared memory and tmpfs"),
            Self::Huge => (
                "huge pages",
                "huge_pages",
                "set aside as huge pages, used or not",
            ),
            Self::Slab => ("slab", "slab", "kernel objects that cannot be given back"),
            Self::Kernel => (
                "kernel",
                "kernel",
                "page tables, kernel stacks, per-core data and the rest of the kernel",
            ),
            Self::Arc => (
                "ZFS ARC",
                "zfs_arc",
                "file contents kept by ZFS; given back slowly",
            ),
            Self::Compressed => (
                "compressed",
                "compressed",
                "swapped pages kept compressed in memory (zram, zswap)",
            ),
            Self::Cache => (
                "page cache",
                "cache",
                "file contents kept for the next reader; given back when needed",
            ),
            Self::Buffers => (
                "buffers",
                "buffers",
                "block device buffers; given back when needed",
            ),
            Self::SlabReclaimable => (
                "slab cache",
                "slab_reclaimable",
                "kernel caches (names, inodes); given back when needed",
            ),
            Self::AtHand => (
                "at hand",
                "at_hand",
                "freed pages that the cores keep for the next who asks",
            ),
            Self::Free => ("free", "free", "unused"),
        }
    }

    /// Whether the kernel gives it back, or it is free, when programs need memory.
    pub fn can_be_had(self) -> bool {
        matches!(
            self,
            Self::Cache | Self::Buffers | Self::SlabReclaimable | Self::AtHand | Self::Free
        )
    }
}

/// `/proc/meminfo` and its neighbours at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineMemory {
    /// When it was read, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// All memory that the kernel manages.
    pub total: Bytes,
    /// What can be had without swapping, as the kernel estimates it.
    pub available: Bytes,
    /// The parts; they add up to `total`.
    pub parts: Vec<(MemoryUse, Bytes)>,
    /// All swap.
    pub swap_total: Bytes,
    /// Unused swap.
    pub swap_free: Bytes,
    /// Each place that is swapped to.
    pub swaps: Vec<Swap>,
    /// Data waiting to be written to disk.
    pub dirty: Bytes,
    /// Data being written to disk.
    pub writeback: Bytes,
    /// Memory that processes were promised.
    pub committed: Bytes,
    /// Huge pages in use and all of them, and the size of one.
    pub huge: Option<(u64, u64, Bytes)>,
    /// What zram or zswap holds: before and after compression.
    pub compressed: Option<(Bytes, Bytes)>,
    /// Memory by node, where there is more than one.
    pub nodes: Vec<Node>,
    /// Counters since boot.
    pub counters: Reading<Counters>,
    /// Of processes' memory, what lies in transparent huge pages.
    pub transparent: Bytes,
    /// What the control group of pscope itself may use.
    pub own: OwnGroup,
}

/// A swap file or partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Its path.
    pub path: SafeText,
    /// Its size.
    pub size: Bytes,
    /// In use.
    pub used: Bytes,
    /// The higher, the sooner it is used.
    pub priority: i32,
}

/// Memory of one NUMA node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number.
    pub id: u32,
    /// All of it.
    pub total: Bytes,
    /// Unused.
    pub free: Bytes,
}

/// Counters of `/proc/vmstat` since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Page faults.
    pub faults: u64,
    /// Page faults that read from the disk.
    pub major_faults: u64,
    /// Pages brought back from swap.
    pub swapped_in: u64,
    /// Pages sent to swap.
    pub swapped_out: u64,
    /// Pages looked at in search of memory.
    pub scanned: u64,
    /// Pages taken back.
    pub reclaimed: u64,
    /// Times a program had to search for memory itself.
    pub stalls: u64,
    /// Cache pages that were needed again after they had been dropped.
    pub refaults: u64,
    /// Processes killed for lack of memory.
    pub oom_kills: u64,
}

/// Rates a second between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemoryRates {
    /// Page faults.
    pub faults: f64,
    /// Page faults that read from the disk.
    pub major_faults: f64,
    /// Pages brought back from swap.
    pub swapped_in: f64,
    /// Pages sent to swap.
    pub swapped_out: f64,
    /// Pages looked at in search of memory.
    pub scanned: f64,
    /// Pages taken back.
    pub reclaimed: f64,
    /// Times a program had to search for memory itself.
    pub stalls: f64,
    /// Cache pages that were needed again after they had been dropped.
    pub refaults: f64,
}

impl MachineMemory {
    /// Used: what could not be had without swapping.
    pub fn used(&self) -> Bytes {
        Bytes(self.total.0.saturating_sub(self.available.0))
    }

    /// Swap in use.
    pub fn swap_used(&self) -> Bytes {
        Bytes(self.swap_total.0.saturating_sub(self.swap_free.0))
    }

    /// How much a part holds.
    pub fn part(&self, part: MemoryUse) -> Bytes {
        let found = self.parts.iter().find(|(p, _)| *p == part);
        found.map_or(Bytes(0), |(_, bytes)| *bytes)
    }

    /// Rates since an earlier reading.
    ///
    /// # Errors
    /// `Missing::Soon` where no time passed between them.
    pub fn rates(&self, before: &Self) -> Reading<MemoryRates> {
        let (old, new) = (before.counters?, self.counters?);
        let seconds = self.at.since(before.at).seconds();
        if seconds <= 0.0 {
            return Err(Missing::Soon);
        }
        let rate = |f: fn(&Counters) -> u64| f(&new).saturating_sub(f(&old)) as f64 / seconds;
        Ok(MemoryRates {
            faults: rate(|c| c.faults),
            major_faults: rate(|c| c.major_faults),
            swapped_in: rate(|c| c.swapped_in),
            swapped_out: rate(|c| c.swapped_out),
            scanned: rate(|c| c.scanned),
            reclaimed: rate(|c| c.reclaimed),
            stalls: rate(|c| c.stalls),
            refaults: rate(|c| c.refaults),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(at: u64, faults: u64) -> MachineMemory {
        MachineMemory {
            at: Nanos::from_millis(at),
            counters: Ok(Counters {
                faults,
                ..Counters::default()
            }),
            parts: vec![(MemoryUse::Cache, Bytes(7)), (MemoryUse::Free, Bytes(9))],
            total: Bytes(16),
            available: Bytes(16),
            swap_total: Bytes(0),
            swap_free: Bytes(0),
            swaps: Vec::new(),
            dirty: Bytes(0),
            writeback: Bytes(0),
            committed: Bytes(0),
            huge: None,
            compressed: None,
            nodes: Vec::new(),
            transparent: Bytes(0),
            own: OwnGroup::default(),
        }
    }

    #[test]
    fn what_can_be_had_is_what_the_kernel_gives_back() {
        for (part, had, bytes) in [
            (MemoryUse::Cache, true, 7),
            (MemoryUse::Buffers, true, 0),
            (MemoryUse::SlabReclaimable, true, 0),
            (MemoryUse::AtHand, true, 0),
            (MemoryUse::Free, true, 9),
            (MemoryUse::Processes, false, 0),
        ] {
            let told = memory(0, 0).part(part);
            assert_eq!((part.can_be_had(), told), (had, Bytes(bytes)), "{part:?}");
        }
    }

    #[test]
    fn rates_need_time_between_two_readings() {
        let rate = |at| memory(at, 30).rates(&memory(1000, 10)).map(|r| r.faults);
        assert_eq!(rate(5000), Ok(5.0));
        assert_eq!(rate(1000), Err(Missing::Soon));
    }
}
