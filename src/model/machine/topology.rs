//! Where the cores of a machine stand: packages, NUMA nodes, caches that several share, and kinds of cores. Pure.

use crate::model::id::CpuId;

/// What kind of core one is, where a machine has several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// There is one kind, or it is not told.
    #[default]
    Any,
    /// Made for speed.
    Performance,
    /// Made to save energy.
    Efficient,
}

/// Where a core stands; `None` where that is not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The package, what is plugged into a socket.
    pub package: Option<u32>,
    /// The NUMA node: whose memory is near.
    pub node: Option<u32>,
    /// What kind it is.
    pub kind: Kind,
    /// The last-level cache, which some cores share.
    pub cache: Option<u32>,
}

/// Where all cores stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// By ascending core.
    seats: Vec<(CpuId, Seat)>,
}

/// Cores that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// In what they differ from others, such as `p1 n3 E`; empty where all stand together.
    pub label: String,
    /// Places among the cores that were asked about, those apart that share a last-level cache.
    pub parts: Vec<Vec<usize>>,
}

impl Topology {
    /// From where each core stands.
    pub fn new(mut seats: Vec<(CpuId, Seat)>) -> Self {
        seats.sort_unstable();
        seats.dedup_by_key(|(id, _)| *id);
        Self { seats }
    }

    /// Where a core stands.
    pub fn seat(&self, core: CpuId) -> Seat {
        let at = self.seats.binary_search_by_key(&core, |(id, _)| *id);
        at.map_or_else(|_| Seat::default(), |at| self.seats[at].1)
    }

    /// These cores as they stand together: by package, node and kind, in parts by cache.
    pub fn groups(&self, cores: impl IntoIterator<Item = CpuId>) -> Vec<Group> {
        let seats = cores.into_iter().map(|core| self.seat(core));
        let mut all: Vec<(Seat, usize)> = seats.zip(0..).collect();
        all.sort_unstable();
        let differ =
            |of: fn(&Seat) -> Option<u32>| all.windows(2).any(|w| of(&w[0].0) != of(&w[1].0));
        let (packages, nodes) = (differ(|s| s.package), differ(|s| s.node));
        // A machine with a node in each package says the same twice.
        let same = all.iter().all(|(seat, _)| seat.package == seat.node);
        let label = |seat: &Seat| {
            let number = |letter: char, n: Option<u32>| n.map(|n| format!("{letter}{n}"));
            let kind = match seat.kind {
                Kind::Any => None,
                Kind::Performance => Some("P".to_owned()),
                Kind::Efficient => Some("E".to_owned()),
            };
            let package = number('p', seat.package).filter(|_| packages);
            let node = number('n', seat.node).filter(|_| nodes && !(packages && same));
            [package, node, kind]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let together = |a: &(Seat, usize), b: &(Seat, usize)| {
            let of = |seat: Seat| (seat.package, seat.node, seat.kind);
            of(a.0) == of(b.0)
        };
        let group = |group: &[(Seat, usize)]| Group {
            label: label(&group[0].0),
            parts: group
                .chunk_by(|a, b| a.0.cache == b.0.cache)
                .map(|part| part.iter().map(|(_, place)| *place).collect())
                .collect(),
        };
        all.chunk_by(together).map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(n: u32, seat: impl Fn(u32) -> Seat) -> (Topology, Vec<Group>) {
        let topology = Topology::new((0..n).map(|id| (CpuId(id), seat(id))).collect());
        let groups = topology.groups((0..n).map(CpuId));
        (topology, groups)
    }

    #[test]
    fn what_does_not_differ_is_not_said() {
        let one = |_| Seat {
            package: Some(0),
            node: Some(0),
            kind: Kind::Any,
            cache: Some(0),
        };
        let (_, groups) = cores(4, one);
        assert_eq!(groups.len(), 1);
        assert_eq!(
            (groups[0].label.as_str(), &groups[0].parts),
            ("", &vec![vec![0, 1, 2, 3]])
        );
        // Nothing is told of cores that came later.
        let groups = Topology::default().groups([CpuId(7), CpuId(9)]);
        assert_eq!(groups[0].parts, [[0, 1]]);
    }

    #[test]
    fn two_packages_with_siblings_at_the_end_stand_together_by_cache() {
        let (_, groups) = cores(32, |id| Seat {
            package: Some(id / 8 % 2),
            node: Some(id / 8 % 2),
            kind: Kind::Any,
            cache: Some(id % 16 / 4),
        });
        let labels: Vec<_> = groups.iter().map(|g| g.label.as_str()).collect();
        assert_eq!(labels, ["p0", "p1"], "a node each says no more");
        assert_eq!(groups[0].parts[1], [4, 5, 6, 7, 20, 21, 22, 23]);
        assert_eq!(groups[1].parts.len(), 2);
    }

    #[test]
    fn kinds_and_nodes_are_named() {
        let (_, groups) = cores(6, |id| Seat {
            kind: if id < 4 {
                Kind::Performance
            } else {
                Kind::Efficient
            },
            ..Seat::default()
        });
        let labels: Vec<_> = groups.iter().map(|g| g.label.as_str()).collect();
        assert_eq!(labels, ["P", "E"]);
        let (_, groups) = cores(8, |id| Seat {
            package: Some(id / 4),
            node: Some(id / 2),
            ..Seat::default()
        });
        let labels: Vec<_> = groups.iter().map(|g| g.label.as_str()).collect();
        assert_eq!(labels, ["p0 n0", "p0 n1", "p1 n2", "p1 n3"]);
    }

    proptest::proptest! {
        #[test]
        fn every_core_is_in_one_group(seats: Vec<(u16, Option<u32>, Option<u32>, Option<u32>)>) {
            let all = seats.iter().map(|(id, package, node, cache)| {
                let seat = Seat { package: *package, node: *node, kind: Kind::Any, cache: *cache };
                (CpuId(u32::from(*id)), seat)
            });
            let topology = Topology::new(all.collect());
            let groups = topology.groups(seats.iter().map(|(id, ..)| CpuId(u32::from(*id))));
            let mut places: Vec<_> = groups.iter().flat_map(|g| g.parts.concat()).collect();
            places.sort_unstable();
            proptest::prop_assert!(places.into_iter().eq(0..seats.len()));
        }
    }
}
