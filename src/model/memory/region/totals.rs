//! Sums over regions: by kind, by group, and of the whole address space.

use std::collections::BTreeMap;

use super::{AddressSpace, Group, Kind, Region, Residency};
use crate::model::id::Bytes;
use crate::model::reading::{Missing, Reading};

/// Sums over some regions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// How many regions.
    pub count: usize,
    /// Claimed address space.
    pub size: Bytes,
    /// Where its pages are; missing while not one region tells.
    pub residency: Reading<Residency>,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            count: 0,
            size: Bytes(0),
            residency: Err(Missing::Soon),
        }
    }
}

impl Totals {
    /// Takes in one more region. A part whose page is counted with its neighbour adds nothing.
    pub fn add(&mut self, region: &Region) {
        self.count += 1;
        self.size.0 = self.size.0.saturating_add(region.size().0);
        match (&mut self.residency, &region.residency) {
            (Ok(sum), Ok(more)) => sum.add(more),
            (Err(_), Ok(first)) => self.residency = Ok(*first),
            (Ok(_), Err(_)) => {}
            (Err(why), Err(other)) => *why = *other,
        }
    }

    /// The sums over regions.
    pub fn of<'a>(regions: impl IntoIterator<Item = &'a Region>) -> Self {
        let mut sum = Self::default();
        regions.into_iter().for_each(|r| sum.add(r));
        sum
    }
}

impl AddressSpace {
    /// The sums by kind; kinds that it has not are left out.
    pub fn by_kind(&self) -> BTreeMap<Kind, Totals> {
        let mut sums: BTreeMap<Kind, Totals> = BTreeMap::new();
        for region in &self.regions {
            sums.entry(region.kind).or_default().add(region);
        }
        sums
    }

    /// The sums by group, in the order of the picture; groups that it has not are left out.
    pub fn by_group(&self) -> Vec<(Group, Totals)> {
        let mut sums: BTreeMap<Group, Totals> = BTreeMap::new();
        for region in &self.regions {
            sums.entry(region.kind.group()).or_default().add(region);
        }
        let sums = &mut sums;
        Group::ALL
            .iter()
            .filter_map(|g| Some((*g, sums.remove(g)?)))
            .collect()
    }

    /// The sums over everything.
    pub fn totals(&self) -> Totals {
        Totals::of(&self.regions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::memory::region::{Access, FileId, Flags, Part};

    #[test]
    fn sums_are_by_kind_and_by_group_and_leave_out_what_there_is_not() {
        let region = |kind, start: u64, residency| Region {
            start,
            end: start + 0x1000,
            kind,
            part: Part::Plain,
            access: Access::default(),
            offset: 0,
            file: FileId::default(),
            name: "".into(),
            deleted: false,
            stack: None,
            residency,
            flags: Flags::empty(),
            sharers: Vec::new(),
        };
        let resident = |bytes| {
            Ok(Residency {
                resident: Bytes(bytes),
                ..Residency::default()
            })
        };
        let space = AddressSpace {
            regions: vec![
                region(Kind::Data, 0x1000, resident(10)),
                region(Kind::Bss, 0x2000, Err(Missing::Unsupported)),
                region(Kind::Data, 0x3000, resident(20)),
            ],
            ..AddressSpace::default()
        };
        let told = |totals: &Totals| {
            let resident = totals.residency.map(|r| r.resident.0);
            (totals.count, totals.size.0, resident)
        };
        let by_kind = space.by_kind();
        let kinds: Vec<_> = by_kind
            .iter()
            .map(|(kind, sum)| (*kind, told(sum)))
            .collect();
        assert_eq!(
            kinds,
            [
                (Kind::Data, (2, 0x2000, Ok(30))),
                (Kind::Bss, (1, 0x1000, Err(Missing::Unsupported)))
            ]
        );
        let groups: Vec<_> = (space.by_group().iter())
            .map(|(group, sum)| (*group, told(sum)))
            .collect();
        assert_eq!(groups, [(Group::Globals, (3, 0x3000, Ok(30)))]);
    }
}
