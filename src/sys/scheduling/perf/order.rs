//! Which of several rings has the earliest record: a heap whose first place is changed where it stands. Pure.

use crate::model::id::Nanos;

/// Rings by the moment of their next record.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// No entry is later than the two that stand at twice its place and one and two.
    heap: Vec<(Nanos, u32)>,
}

impl Order {
    /// Forgets them all.
    pub fn clear(&mut self) {
        self.heap.clear();
    }

    /// Adds a ring; call [`Order::ready`] when all are in.
    pub fn add(&mut self, at: Nanos, ring: usize) {
        self.heap.push((at, ring as u32));
    }

    /// Brings them in order.
    pub fn ready(&mut self) {
        self.heap.sort_unstable();
    }

    /// The ring with the earliest record, and when the earliest of the others is.
    pub fn first(&self) -> Option<(usize, Option<Nanos>)> {
        let (_, ring) = *self.heap.first()?;
        let others = self.heap.iter().skip(1).take(2).map(|(at, _)| *at).min();
        Some((ring as usize, others))
    }

    /// The next record of the first ring is at this moment, or there is none.
    pub fn next(&mut self, at: Option<Nanos>) {
        match at {
            Some(at) => self.heap[0].0 = at,
            None => {
                self.heap.swap_remove(0);
            }
        }
        let mut place = 0;
        while let Some(first) = self.heap.get(2 * place + 1) {
            let second = self.heap.get(2 * place + 2).filter(|s| *s < first);
            let child = 2 * place + 1 + usize::from(second.is_some());
            if self.heap[place] <= self.heap[child] {
                break;
            }
            self.heap.swap(place, child);
            place = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn everything_comes_in_the_order_of_time(rings: Vec<Vec<u16>>) {
            let mut rings = rings;
            let mut expected: Vec<_> = rings.concat();
            expected.sort_unstable();
            for ring in &mut rings {
                ring.sort_unstable_by(|a, b| b.cmp(a));
            }
            let moment = |ring: &Vec<u16>| ring.last().map(|at| Nanos((*at).into()));
            let mut order = Order::default();
            for (i, ring) in rings.iter().enumerate() {
                if let Some(at) = moment(ring) {
                    order.add(at, i);
                }
            }
            order.ready();
            let mut came = Vec::new();
            while let Some((ring, others)) = order.first() {
                let at = rings[ring].pop();
                proptest::prop_assert!(others.is_none_or(|o| at.is_some_and(|at| Nanos(at.into()) <= o)));
                came.extend(at);
                order.next(moment(&rings[ring]));
            }
            proptest::prop_assert_eq!(came, expected);
        }
    }
}
