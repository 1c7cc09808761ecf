//! Circles of threads of which each waits for the next: a deadlock.

use std::collections::HashMap;

use crate::model::id::Tid;

/// Threads of which each waits for the next, and the last for the first; the smallest number is first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock(pub Vec<Tid>);

/// Finds every circle among `(who waits, for whom)`; a thread waits for one other at most. In the order of their first threads.
pub fn deadlocks(waits: &[(Tid, Tid)]) -> Vec<Deadlock> {
    let next: HashMap<Tid, Tid> = waits.iter().copied().collect();
    let mut walked: HashMap<Tid, usize> = HashMap::new();
    let mut out = Vec::new();
    for (walk, (start, _)) in waits.iter().enumerate() {
        let mut at = *start;
        while !walked.contains_key(&at) {
            walked.insert(at, walk);
            match next.get(&at) {
                Some(to) => at = *to,
                None => break,
            }
        }
        if walked.get(&at) == Some(&walk) && next.contains_key(&at) {
            out.push(circle(&next, at));
        }
    }
    out.sort_by_key(|d: &Deadlock| d.0.first().copied());
    out
}

fn circle(next: &HashMap<Tid, Tid>, start: Tid) -> Deadlock {
    let mut threads = vec![start];
    let mut at = next.get(&start).copied();
    while let Some(tid) = at.filter(|t| *t != start) {
        threads.push(tid);
        at = next.get(&tid).copied();
    }
    let first = (0..threads.len()).min_by_key(|i| threads[*i]).unwrap_or(0);
    threads.rotate_left(first);
    Deadlock(threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(waits: &[(u32, u32)]) -> Vec<Vec<u32>> {
        let waits: Vec<_> = waits.iter().map(|(a, b)| (Tid(*a), Tid(*b))).collect();
        deadlocks(&waits)
            .into_iter()
            .map(|d| d.0.into_iter().map(|t| t.0).collect())
            .collect()
    }

    #[test]
    fn finds_circles_and_nothing_else() {
        assert!(found(&[]).is_empty());
        assert!(
            found(&[(1, 2), (2, 3), (4, 3)]).is_empty(),
            "a queue is no circle"
        );
        assert_eq!(found(&[(7, 7)]), [[7]], "a thread may lock itself out");
        assert_eq!(
            found(&[(5, 3), (3, 5), (9, 5)]),
            [[3, 5]],
            "who waits for a circle is not in it"
        );
        assert_eq!(
            found(&[(2, 3), (3, 4), (4, 2), (8, 9), (9, 8)]),
            [vec![2, 3, 4], vec![8, 9]]
        );
    }

    proptest::proptest! {
        #[test]
        fn every_circle_closes_and_none_is_told_twice(next in proptest::collection::vec(0u32..20, 0..20)) {
            let waits: Vec<_> = next.iter().enumerate().map(|(i, n)| (i as u32, *n)).collect();
            let mut seen = std::collections::HashSet::new();
            for circle in found(&waits) {
                for (i, t) in circle.iter().enumerate() {
                    proptest::prop_assert_eq!(next[*t as usize], circle[(i + 1) % circle.len()]);
                    proptest::prop_assert!(seen.insert(*t));
                }
            }
        }
    }
}
