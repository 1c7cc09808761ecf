//! Which processes have been given a colour of their own: of a handful of colours each process has one by its number, and of
//! those that are busy at the same time two may have the same.

use std::collections::BTreeMap;

use crate::model::id::ProcId;

/// So many are remembered; more is a busy hour of short lives.
const MOST: usize = 256;

/// What was given, each as a place among the colours.
#[derive(Clone, Debug, Default)]
pub struct Given(BTreeMap<ProcId, usize>);

impl Given {
    /// The place that was given to a process.
    pub fn of(&self, id: ProcId) -> Option<usize> {
        self.0.get(&id).copied()
    }

    /// Gives the `busiest`, in this order, places among `colors` that differ as long as there are any: what somebody has by
    /// its number, where nobody else of them has it. What was given once stays.
    pub fn tell_apart(&mut self, busiest: &[ProcId], colors: usize, own: impl Fn(ProcId) -> usize) {
        if self.0.len() + busiest.len() > MOST {
            self.0.retain(|id, _| busiest.contains(id));
        }
        let mut users = vec![0_usize; colors];
        for at in busiest.iter().filter_map(|id| self.of(*id)) {
            users[at % colors] += 1;
        }
        for id in busiest {
            if self.0.contains_key(id) {
                continue;
            }
            let own = own(*id);
            let from_own = (0..colors).map(|step| (own + step) % colors);
            let at = from_own.min_by_key(|at| users[*at]).unwrap_or(own);
            users[at] += 1;
            self.0.insert(*id, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_busy_at_once_differ_and_keep_what_they_have() {
        let id = |pid| ProcId::new(pid, 1);
        let mut given = Given::default();
        // By its number everybody has the second of four.
        let own = |_| 1;
        given.tell_apart(&[id(1), id(2), id(3)], 4, own);
        let places = [1, 2, 3].map(|pid| given.of(id(pid)));
        assert_eq!(places, [Some(1), Some(2), Some(3)]);
        given.tell_apart(&[id(3), id(2), id(1), id(4), id(5)], 4, own);
        assert_eq!([1, 2, 3].map(|pid| given.of(id(pid))), places);
        assert_eq!([4, 5].map(|pid| given.of(id(pid))), [Some(0), Some(1)]);
        assert_eq!(given.of(id(9)), None);
        for pid in 10..2000 {
            given.tell_apart(&[id(3), id(pid)], 4, own);
            assert_eq!(given.of(id(3)), Some(3));
            assert_ne!(given.of(id(pid)), Some(3));
        }
        assert!(given.0.len() <= MOST);
    }
}
