//! The order of rows: of siblings, which stand where they stood while they are worth about the same, and of the flat list.

use super::emit::{Emit, Siblings};
use super::family::{meaning, rank};
use super::{Ended, Forest};
use crate::model::process::column::{Column, Unit};
use crate::model::process::lines::{Lines, Worth};
use crate::model::process::siblings;

impl Emit<'_> {
    /// Leaves siblings where they stood while they are worth about the same.
    pub(super) fn hold(&mut self, parent: u32, units: &mut Vec<Siblings>) {
        let Some(slack) = self.view.sort.slack() else {
            return;
        };
        let place = |unit: &Siblings| match self.ended(unit.node) {
            Some(ended) => ended.line.map_or(u32::MAX, |line| line.place),
            None => self
                .lines
                .line(unit.node)
                .map_or(u32::MAX, |line| line.place),
        };
        // Most stand as they are sorted.
        if !units.is_sorted_by_key(place) {
            let places: Vec<u32> = units.iter().map(place).collect();
            let values: Vec<f64> = units.iter().map(|unit| self.worth(unit)).collect();
            let order = siblings::hold(&values, &places, slack, self.lines.is_due(parent));
            *units = order.into_iter().map(|at| units[at]).collect();
        }
        for (place, unit) in units.iter().enumerate() {
            let members = unit.first as usize..(unit.first + unit.len) as usize;
            let nodes = if unit.len == 0 {
                std::slice::from_ref(&unit.node)
            } else {
                &self.out.members[members]
            };
            for node in nodes {
                self.lines.stands(*node, place as u32);
            }
        }
    }

    fn ended(&self, node: u32) -> Option<&Ended> {
        let at = (node as usize).checked_sub(self.snapshot.procs.len())?;
        self.view.ended.get(at)
    }

    /// What comes first is worth most, and what is not known least.
    fn worth(&self, unit: &Siblings) -> f64 {
        let value = if self.view.descending {
            unit.key
        } else {
            -unit.key
        };
        if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        }
    }

    /// Among equals the lowest comes first, and groups last.
    pub(super) fn pid(&self, node: u32) -> u64 {
        Forest::proc(self.snapshot, self.view.ended, node)
            .map_or((1 << 32) + u64::from(node), |p| p.id.pid.0.into())
    }

    /// The order of the flat list: every node that passes.
    pub(super) fn in_order(&self, lines: &mut Lines) -> Vec<u32> {
        let nodes = self.family.down.iter().copied();
        let nodes = nodes.filter(|node| self.passes(*node));
        let descending = self.view.descending;
        let Some(least) = least_seen(self.view.sort) else {
            let ranked = nodes.map(|node| (rank(self.keys[node as usize], descending), node));
            let mut units: Vec<(u64, u32)> = ranked.collect();
            units.sort_unstable();
            return units.into_iter().map(|(_, node)| node).collect();
        };
        let worth = |node: u32| {
            let proc = Forest::proc(self.snapshot, self.view.ended, node)?;
            let key = self.keys[node as usize];
            let value = if descending { key } else { -key };
            let id = proc.id;
            Some(Worth { value, node, id })
        };
        let mut rows: Vec<Worth> = nodes.filter_map(worth).collect();
        lines.place(meaning(self.view), least, &mut rows);
        rows.into_iter().map(|row| row.node).collect()
    }
}

/// By how much two rows must differ for it to be seen, where the column is of what changes all the time; others are
/// sorted to the last digit.
fn least_seen(column: &Column) -> Option<f64> {
    match column.unit()? {
        Unit::Percent => Some(0.05),
        Unit::Share if column.over_time() => Some(0.05),
        _ => column.over_time().then_some(0.0),
    }
}
