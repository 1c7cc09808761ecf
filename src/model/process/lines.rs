//! Lines of a flat list that hold still: who is worth nearly as much as another does not change places with it.
//!
//! A flat list must look sorted, yet most of its rows are worth the same (nothing), and those that are busy differ by noise.
//! So a row keeps its line while it may stand there: while it is worth no less than what comes below it, or so little less
//! that nobody sees it. Where one rises to the top and another one leaves it, only these two change their lines, and those
//! between whose places they take; the idle ones below do not move up and down with every row that comes and goes.

use std::collections::{BTreeSet, VecDeque};

use crate::model::id::ProcId;

/// By what share of its value a row may be worth more than one above it.
const ALIKE: f64 = 0.05;

/// A row that is to be placed: what it is worth, its node, and who it is.
#[derive(Clone, Copy, Debug)]
pub struct Worth {
    /// The greatest comes first; `NAN` comes last.
    pub value: f64,
    /// Among equals the lowest comes first.
    pub node: u32,
    /// Whose row.
    pub id: ProcId,
}

/// The lines of the last tick, by ascending identity.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// What the order means: another column or set of rows begins afresh.
    meaning: u64,
    last: Vec<(ProcId, usize)>,
}

impl Lines {
    /// Puts rows in order; what differs by less than `least` is equal.
    pub fn place(&mut self, meaning: u64, least: f64, rows: &mut Vec<Worth>) {
        for row in rows.iter_mut().filter(|row| row.value.is_nan()) {
            row.value = f64::NEG_INFINITY;
        }
        rows.sort_unstable_by(|a, b| b.value.total_cmp(&a.value).then(a.node.cmp(&b.node)));
        if self.meaning == meaning {
            *rows = self.hold(least, rows);
        }
        self.meaning = meaning;
        self.last.clear();
        let lines = rows.iter().enumerate().map(|(line, row)| (row.id, line));
        self.last.extend(lines);
        self.last.sort_unstable();
    }

    /// The line of the last tick.
    fn line(&self, id: ProcId) -> Option<usize> {
        let at = self.last.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.last[at].1)
    }

    /// Goes down the lines of rows that are sorted. Whoever had a line keeps it if it may; else it goes to one who has none
    /// to keep, or to the lowest of those who may stand there.
    fn hold(&self, least: f64, rows: &[Worth]) -> Vec<Worth> {
        let lines: Vec<Option<usize>> = rows.iter().map(|row| self.line(row.id)).collect();
        let mut owner = vec![None; rows.len()];
        for (row, line) in lines.iter().enumerate() {
            if let Some(slot) = line.and_then(|line| owner.get_mut(line)) {
                *slot = Some(row);
            }
        }
        let mut out = Vec::with_capacity(rows.len());
        let mut placed = vec![false; rows.len()];
        // Who may stand here: in order of worth those whose line is above or taken, and by their lines the others.
        let (mut loose, mut kept) = (VecDeque::new(), BTreeSet::new());
        let (mut first, mut entered) = (0, 0);
        for (here, owner) in owner.into_iter().enumerate() {
            while placed[first] {
                first += 1;
            }
            let most = rows[first].value;
            let floor = if most.is_finite() {
                most - least.max(most.abs() * ALIKE)
            } else {
                most
            };
            while rows.get(entered).is_some_and(|row| row.value >= floor) {
                match lines[entered].filter(|line| *line >= here) {
                    Some(line) => {
                        kept.insert((line, entered));
                    }
                    None => loose.push_back(entered),
                }
                entered += 1;
            }
            let stays = owner.filter(|row| kept.remove(&(here, *row)));
            let next = stays.or_else(|| loose.pop_front());
            let next = next.or_else(|| kept.pop_last().map(|(_, row)| row));
            // Somebody is always there: the first that is not placed is within its own floor.
            let next = next.unwrap_or(first);
            placed[next] = true;
            out.push(rows[next]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pid: u32, value: f64) -> Worth {
        Worth {
            value,
            node: pid,
            id: ProcId::new(pid, 1),
        }
    }

    /// The pids in order, of values of the pids from 1 on; nothing where there is no such process.
    fn place(lines: &mut Lines, values: &[Option<f64>]) -> Vec<u32> {
        let rows = values.iter().zip(1..);
        let mut rows: Vec<Worth> = rows
            .filter_map(|(value, pid)| value.map(|value| row(pid, value)))
            .collect();
        lines.place(7, 0.05, &mut rows);
        rows.iter().map(|row| row.id.pid.0).collect()
    }

    fn all(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn one_that_rises_changes_places_with_one_that_idles() {
        let mut lines = Lines::default();
        let mut values = all(&[90.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.01, f64::NAN]);
        assert_eq!(place(&mut lines, &values), [1, 2, 7, 3, 4, 5, 6, 8]);
        values[5] = Some(60.0);
        assert_eq!(place(&mut lines, &values), [1, 6, 2, 3, 4, 5, 7, 8]);
        assert_eq!(place(&mut lines, &values), [1, 6, 2, 3, 4, 5, 7, 8]);
        values[5] = None;
        assert_eq!(
            place(&mut lines, &values),
            [1, 2, 7, 3, 4, 5, 8],
            "the lowest of those who idle fills the gap"
        );
        values[2] = Some(0.06);
        values.push(Some(0.0));
        let now = place(&mut lines, &values);
        assert_eq!(now, [1, 2, 7, 3, 4, 5, 9, 8], "the newborn as well");
    }

    #[test]
    fn it_looks_sorted_whatever_happens_and_what_differs_is_sorted() {
        let mut lines = Lines::default();
        let mut seed = 11_u64;
        let mut noise = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        let (mut kept, mut seen, mut sorted) = (0, 0, 0);
        let (mut before, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..300 {
            let busy = |i: usize, noise: f64| match i {
                0..6 => 33.0 + noise,
                _ if noise > 0.96 => 30.0 * noise,
                _ => 0.0,
            };
            let values: Vec<Option<f64>> = (0..60)
                .map(|i| (i < 58 || noise() > 0.5).then(|| busy(i, noise())))
                .collect();
            let now = place(&mut lines, &values);
            let value = |pid: &u32| values[*pid as usize - 1].expect("it is there");
            for (at, pid) in now.iter().enumerate() {
                let below = now[at..].iter().map(value).fold(0.0, f64::max);
                assert!(value(pid) >= below * 0.949 - 0.051, "{pid} of {now:?}");
            }
            let mut exact = Lines::default();
            let exact = place(&mut exact, &values);
            let same = |a: &[u32], b: &[u32]| a.iter().zip(b).filter(|(a, b)| a == b).count();
            kept += same(&now, &before);
            sorted += same(&exact, &plain);
            seen += before.len();
            (before, plain) = (now, exact);
        }
        let (kept, sorted) = (kept * 100 / seen, sorted * 100 / seen);
        assert!(kept >= 85 && sorted < 40, "{kept} % beside {sorted} %");
    }

    #[test]
    fn another_meaning_begins_afresh() {
        let mut lines = Lines::default();
        place(&mut lines, &all(&[10.0, 10.2]));
        assert_eq!(place(&mut lines, &all(&[10.2, 10.0])), [2, 1]);
        let mut rows = vec![row(1, 10.2), row(2, 10.0)];
        lines.place(8, 0.05, &mut rows);
        assert_eq!(rows[0].node, 1);
    }
}
