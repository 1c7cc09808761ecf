//! Which regions of an address space take pages at this moment, and where these come from.

use std::collections::BTreeMap;

use super::region::{AddressSpace, Kind, Region};
use crate::model::id::Nanos;

/// Page faults at one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The address.
    pub address: u64,
    /// How many there were.
    pub faults: u64,
    /// Whether they had to wait for a disk.
    pub major: bool,
}

/// Page faults in one region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegionFaults {
    /// The first address of the region; 0 for what is in none that is known.
    pub start: u64,
    /// Memory touched for the first time, or for the first time since a fork.
    pub first: u64,
    /// Pages of a file.
    pub file: u64,
    /// Pages that come back from swap.
    pub swap: u64,
    /// Of all these, how many had to wait for a disk.
    pub waited: u64,
}

impl RegionFaults {
    /// Them all.
    pub fn all(&self) -> u64 {
        self.first + self.file + self.swap
    }

    /// Adds those of another region.
    pub fn add(&mut self, more: &Self) {
        self.first += more.first;
        self.file += more.file;
        self.swap += more.swap;
        self.waited += more.waited;
    }
}

/// The page faults of a process in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFaults {
    /// How long the window is.
    pub span: Nanos,
    /// Whether each was told; else each so many, which stands for the others.
    pub whole: bool,
    /// Whether those are among them that the kernel takes for a thread, as when it reads a file into new memory.
    pub kernel: bool,
    /// The regions that took pages, by ascending address.
    pub regions: Vec<RegionFaults>,
}

impl PageFaults {
    /// Sorts faults into the regions in which they were.
    pub fn sorted(
        space: &AddressSpace,
        touched: impl IntoIterator<Item = Touched>,
        span: Nanos,
    ) -> Self {
        let mut sums: BTreeMap<u64, RegionFaults> = BTreeMap::new();
        for one in touched {
            let after = space.regions.partition_point(|r| r.start <= one.address);
            let region = after.checked_sub(1).map(|at| &space.regions[at]);
            let region = region.filter(|region| one.address < region.end);
            let start = region.map_or(0, |region| region.start);
            let sum = sums.entry(start).or_insert(RegionFaults {
                start,
                ..RegionFaults::default()
            });
            match (region.is_some_and(of_a_file), one.major) {
                (true, _) => sum.file += one.faults,
                (false, true) => sum.swap += one.faults,
                (false, false) => sum.first += one.faults,
            }
            sum.waited += if one.major { one.faults } else { 0 };
        }
        Self {
            span,
            regions: sums.into_values().collect(),
            ..Self::default()
        }
    }

    /// What a region took.
    pub fn of(&self, start: u64) -> Option<&RegionFaults> {
        let at = self
            .regions
            .binary_search_by_key(&start, |r| r.start)
            .ok()?;
        Some(&self.regions[at])
    }

    /// How many a second so many are.
    pub fn rate(&self, faults: u64) -> f64 {
        faults as f64 * 1e9 / self.span.0.max(1) as f64
    }
}

/// Whether a file stands behind its pages; shared memory has one by name only.
fn of_a_file(region: &Region) -> bool {
    region.file.inode != 0 && region.kind != Kind::Shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::memory::region::{Access, FileId, Flags, Part};
    use crate::model::reading::Missing;

    fn region(start: u64, kind: Kind, inode: u64) -> Region {
        Region {
            start,
            end: start + 0x2000,
            kind,
            part: Part::Plain,
            access: Access::default(),
            offset: 0,
            file: FileId {
                inode,
                ..FileId::default()
            },
            name: "".into(),
            deleted: false,
            stack: None,
            residency: Err(Missing::Soon),
            flags: Flags::empty(),
            sharers: Vec::new(),
        }
    }

    #[test]
    fn faults_are_of_the_region_that_they_are_in_and_of_what_stands_behind_it() {
        let space = AddressSpace {
            regions: vec![
                region(0x1000, Kind::Text, 7),
                region(0x3000, Kind::Heap, 0),
                region(0x9000, Kind::Shared, 8),
            ],
            ..AddressSpace::default()
        };
        let touched = |address, faults, major| Touched {
            address,
            faults,
            major,
        };
        let all = [
            touched(0x2fff, 2, true),
            touched(0x1000, 1, false),
            touched(0x3000, 5, false),
            touched(0x4fff, 3, true),
            touched(0x5000, 4, false),
            touched(0x9000, 6, false),
            touched(0xfff, 1, false),
        ];
        let faults = PageFaults::sorted(&space, all, Nanos(2_000_000_000));
        let sums: Vec<_> = faults
            .regions
            .iter()
            .map(|r| (r.start, r.first, r.file, r.swap, r.waited))
            .collect();
        assert_eq!(
            sums,
            [
                (0, 5, 0, 0, 0),
                (0x1000, 0, 3, 0, 2),
                (0x3000, 5, 0, 3, 3),
                (0x9000, 6, 0, 0, 0),
            ]
        );
        assert_eq!(faults.of(0x3000).map(RegionFaults::all), Some(8));
        assert_eq!(faults.of(0x3001), None);
        assert!((faults.rate(8) - 4.0).abs() < 1e-9);
    }
}
