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
