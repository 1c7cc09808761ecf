//! Which regions of an address space take pages at this moment, and where these come from.

use std::collections::{BTreeMap, HashMap};

use super::region::{AddressSpace, Kind, Region};
use crate::model::id::Nanos;

pub mod code;

use code::Toucher;

/// So many functions are told of a region.
const TOLD: usize = 6;
/// So many places in code are asked for their function; the others made less than these.
const ASKED: usize = 64;

/// Page faults at one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The address.
    pub address: u64,
    /// How many there were.
    pub faults: u64,
    /// Whether they had to wait for a disk.
    pub major: bool,
    /// Which code touched it, and the word at its stack pointer: what functions are known by until they are named.
    pub by: (u64, u64),
}

/// Page faults that a function made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TouchedBy {
    /// Who.
    pub toucher: Toucher,
    /// How many.
    pub faults: u64,
}

/// Page faults in one region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionFaults {
    /// The first address of the region; 0 for what is in none that is known.
    pub start: u64,
    /// Memory touched for the first time, or for the first time since a fork.
    pub first: u64,
    /// Pages of a file.
    pub file: u64,
    /// Pages that come back from swap.
    pub swap: u64,
    /// Pages of which it is not known where they came from: the region was given back before it was looked at.
    pub unknown: u64,
    /// Of all these, how many had to wait for a disk.
    pub waited: u64,
    /// Which functions made most of them, the busiest first.
    pub by: Vec<TouchedBy>,
}

impl RegionFaults {
    /// Them all.
    pub fn all(&self) -> u64 {
        self.first + self.file + self.swap + self.unknown
    }

    /// Adds those of another region.
    pub fn add(&mut self, more: &Self) {
        self.first += more.first;
        self.file += more.file;
        self.swap += more.swap;
        self.unknown += more.unknown;
        self.waited += more.waited;
        self.by = busiest(self.by.drain(..).chain(more.by.iter().cloned()));
    }
}

/// The functions at these places in code, with how many faults each place made.
fn functions(
    places: HashMap<(u64, u64), u64>,
    named: &dyn Fn((u64, u64)) -> Toucher,
) -> Vec<TouchedBy> {
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_unstable_by_key(|(place, faults)| (std::cmp::Reverse(*faults), *place));
    // The busiest place of a function stands for it.
    let told = places.into_iter().take(ASKED);
    busiest(told.map(|(place, faults)| TouchedBy {
        toucher: named(place),
        faults,
    }))
}

/// The functions that made most of them, each once.
fn busiest(all: impl IntoIterator<Item = TouchedBy>) -> Vec<TouchedBy> {
    let mut out: Vec<TouchedBy> = Vec::new();
    for one in all {
        let same = |o: &&mut TouchedBy| o.toucher.same() == one.toucher.same();
        match out.iter_mut().find(same) {
            Some(sum) => sum.faults += one.faults,
            None => out.push(one),
        }
    }
    // The names part those that are as busy, so that rows stand still.
    out.sort_by_cached_key(|o| (std::cmp::Reverse(o.faults), o.toucher.to_string()));
    out.truncate(TOLD);
    out
}

/// The page faults of a process in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFaults {
    /// How long the window is.
    pub span: Nanos,
    /// Whether each was told; else each so many, which stands for the others.
    pub whole: bool,
    /// How many the kernel counted in the window without and with a disk that they waited for; of those that are in no region
    /// no address is known.
    pub counted: Option<(u64, u64)>,
    /// Whether those are among them that the kernel takes for a thread, as when it reads a file into new memory.
    pub kernel: bool,
    /// The regions that took pages, by ascending address.
    pub regions: Vec<RegionFaults>,
    /// Which functions made most of them all, the busiest first.
    pub by: Vec<TouchedBy>,
}

impl PageFaults {
    /// Sorts faults into the regions in which they were; `named` tells whose code it was.
    pub fn sorted(
        space: &AddressSpace,
        touched: impl IntoIterator<Item = Touched>,
        span: Nanos,
        named: &dyn Fn((u64, u64)) -> Toucher,
    ) -> Self {
        let mut sums: BTreeMap<u64, RegionFaults> = BTreeMap::new();
        let mut by: HashMap<u64, HashMap<(u64, u64), u64>> = HashMap::new();
        for one in touched {
            let after = space.regions.partition_point(|r| r.start <= one.address);
            let region = after.checked_sub(1).map(|at| &space.regions[at]);
            let region = region.filter(|region| one.address < region.end);
            let start = region.map_or(0, |region| region.start);
            let sum = sums.entry(start).or_insert(RegionFaults {
                start,
                ..RegionFaults::default()
            });
            *match (region.map(of_a_file), one.major) {
                (None, _) => &mut sum.unknown,
                (Some(true), _) => &mut sum.file,
                (Some(false), true) => &mut sum.swap,
                (Some(false), false) => &mut sum.first,
            } += one.faults;
            sum.waited += if one.major { one.faults } else { 0 };
            *by.entry(start).or_default().entry(one.by).or_default() += one.faults;
        }
        let mut whole: HashMap<(u64, u64), u64> = HashMap::new();
        for (start, here) in by {
            for (place, faults) in &here {
                *whole.entry(*place).or_default() += faults;
            }
            if let Some(sum) = sums.get_mut(&start) {
                sum.by = functions(here, named);
            }
        }
        Self {
            by: functions(whole, named),
            span,
            regions: sums.into_values().collect(),
            ..Self::default()
        }
    }

    /// Takes in how many the kernel counted. What was told of each so many is about right: the count is.
    #[must_use]
    pub fn counted(mut self, (minor, major): (u64, u64)) -> Self {
        let (mut all, mut waited) = (0, 0);
        for region in &self.regions {
            all += region.all();
            waited += region.waited;
        }
        self.counted = Some((minor.max(all - waited), major.max(waited)));
        self
    }

    /// All that there were.
    pub fn all(&self) -> u64 {
        let told = self.regions.iter().map(RegionFaults::all).sum();
        self.counted.map_or(told, |(minor, major)| minor + major)
    }

    /// Those of which no address is known, and how many of them waited for a disk: they found no room among those that are
    /// told, or the kernel took them for a thread.
    pub fn elsewhere(&self) -> (u64, u64) {
        let told: u64 = self.regions.iter().map(RegionFaults::all).sum();
        let waited: u64 = self.regions.iter().map(|r| r.waited).sum();
        let major = self.counted.map_or(0, |(_, major)| major - waited);
        (self.all() - told, major)
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

/// The same where each so many was told, made fewer where they would stand for more than the kernel counted.
pub fn at_most(touched: &mut [Touched], (minor, major): (u64, u64)) {
    for (waited, most) in [(false, minor), (true, major)] {
        let of = |t: &&mut Touched| t.major == waited;
        let sum: u64 = touched.iter_mut().filter(of).map(|t| t.faults).sum();
        if sum <= most {
            continue;
        }
        let (mut so_far, mut told) = (0, 0);
        for one in touched.iter_mut().filter(of) {
            so_far += one.faults;
            let upto = (u128::from(so_far) * u128::from(most) / u128::from(sum)) as u64;
            one.faults = upto - told;
            told = upto;
        }
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
            by: (address & 1, 0),
        };
        let named = |(code, _): (u64, u64)| Toucher {
            code: Some(code::Code {
                function: Ok(["even", "odd"][code as usize].into()),
                object: "puppet".into(),
                address: code,
            }),
            caller: None,
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
        let faults = PageFaults::sorted(&space, all, Nanos(2_000_000_000), &named);
        let sums: Vec<_> = faults
            .regions
            .iter()
            .map(|r| (r.start, r.first, r.file, r.swap + r.unknown, r.waited))
            .collect();
        assert_eq!(
            sums,
            [
                // Nobody knows what stood there.
                (0, 0, 0, 5, 0),
                (0x1000, 0, 3, 0, 2),
                (0x3000, 5, 0, 3, 3),
                (0x9000, 6, 0, 0, 0),
            ]
        );
        assert_eq!(faults.of(0x3000).map(RegionFaults::all), Some(8));
        assert_eq!(faults.of(0x3001), None);
        assert!((faults.rate(8) - 4.0).abs() < 1e-9);
        assert_eq!((faults.all(), faults.elsewhere()), (22, (0, 0)));
        let counted = faults.clone().counted((20, 7));
        assert_eq!((counted.all(), counted.elsewhere()), (27, (5, 2)));
        // What was just told is counted a moment later.
        let late = faults.clone().counted((16, 5));
        assert_eq!((late.all(), late.elsewhere()), (22, (0, 0)));
        let by = |all: &[TouchedBy]| -> Vec<(String, u64)> {
            let one = |b: &TouchedBy| (b.toucher.to_string(), b.faults);
            all.iter().map(one).collect()
        };
        let (even, odd) = ("even of puppet".to_owned(), "odd of puppet".to_owned());
        let heap = faults.of(0x3000).map(|r| by(&r.by));
        assert_eq!(heap, Some(vec![(even.clone(), 5), (odd.clone(), 3)]));
        assert_eq!(by(&faults.by), [(even.clone(), 16), (odd.clone(), 6)]);
        let mut both = faults.regions[1].clone();
        both.add(&faults.regions[2]);
        assert_eq!(by(&both.by), [(even, 6), (odd, 5)]);
    }

    #[test]
    fn what_each_so_many_stand_for_is_no_more_than_the_kernel_counted() {
        let touched = |faults, major| Touched {
            address: 0,
            faults,
            major,
            by: (0, 0),
        };
        let mut all = [(4, false), (4, true), (4, false), (4, false)].map(|(n, m)| touched(n, m));
        at_most(&mut all, (10, 9));
        assert_eq!(all.map(|t| t.faults), [3, 4, 3, 4]);
        at_most(&mut all, (0, 0));
        assert_eq!(all.map(|t| t.faults), [0; 4]);
    }
}
