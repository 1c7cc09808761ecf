//! The rows of groups: what they are grouped by, their folds, and which group the cursor stands on.

use std::sync::Arc;

use super::List;
use crate::app::world::{Chosen, World};
use crate::model::groups::grouping::{self, By, Group, GroupId};
use crate::model::id::ProcId;
use crate::model::process::forest::{Fold, Item, NONE, Row};
use crate::model::snapshot::Proc;

impl List {
    /// Groups by this; the selected process is found again in its group.
    pub(super) fn group_by(&mut self, by: By) {
        self.by = by;
        self.seek = true;
        self.changed();
    }

    /// The row of a group.
    pub(super) fn row_of_heading(&self, key: &GroupId) -> Option<usize> {
        let is = |row: &Row| self.forest.heading(row.item).is_some_and(|g| g.key == *key);
        self.forest.rows.iter().position(is)
    }

    /// The row of the nearest group that a folded process is in.
    pub(super) fn row_of_folded(&self, node: u32) -> Option<usize> {
        let mut group = *self.forest.groups.of.get(node as usize)?;
        loop {
            let one = self.forest.groups.all.get(group as usize)?;
            if let Some(at) = self.row_of_heading(&one.key) {
                return Some(at);
            }
            group = one.parent?;
        }
    }

    /// Of these nodes those that pass the filter.
    pub(super) fn passing_of(&self, nodes: &[u32]) -> Vec<u32> {
        let passes = |node: &u32| self.passing.get(*node as usize) != Some(&false);
        nodes.iter().copied().filter(passes).collect()
    }

    /// The group that the cursor stands on.
    pub(super) fn group_here(&self) -> Option<(&Group, Row)> {
        let row = *self.forest.rows.get(self.at?)?;
        Some((self.forest.heading(row.item)?, row))
    }

    /// Folds or unfolds groups.
    pub(super) fn fold_headings(&mut self, keys: impl IntoIterator<Item = GroupId>, fold: bool) {
        let folds = &mut self.headings[usize::from(!self.filter.is_empty())];
        folds.extend(keys.into_iter().map(|key| (key, fold)));
        self.seek = true;
        self.changed();
    }

    /// Folds the group of the cursor, or goes to the one that it is part of.
    pub(super) fn fold_group(&mut self, world: &World, row: Row) {
        let key = self.forest.heading(row.item).map(|g| g.key.clone());
        match row.fold {
            Fold::Open => self.fold_headings(key, true),
            _ if row.parent != NONE => self.go(world, row.parent as usize),
            _ => {}
        }
    }

    /// Unfolds the group of the cursor, or goes to what is first in it.
    pub(super) fn unfold_group(&mut self, world: &World, row: Row) {
        let key = self.forest.heading(row.item).map(|g| g.key.clone());
        match row.fold {
            Fold::Closed(_) => self.fold_headings(key, false),
            _ => self.go(world, self.at.map_or(0, |at| at + 1)),
        }
    }

    /// The groups that are this one or part of it.
    pub(super) fn groups_within(&self, key: &GroupId) -> Vec<GroupId> {
        let groups = &self.forest.groups;
        let Some(whole) = groups.place(key) else {
            return Vec::new();
        };
        let all = groups.all.iter().zip(0..);
        all.filter(|(_, at)| groups.is_within(*at, whole))
            .map(|(group, _)| group.key.clone())
            .collect()
    }

    /// Unfolds the groups that a process is in.
    pub(super) fn unfold_headings_of(&mut self, world: &World, proc: &Proc) {
        let mut key = grouping::key(self.by, proc);
        let mut keys = Vec::new();
        let groups = grouping::Groups::new(&world.snapshot, self.by);
        while let Some(group) = key.and_then(|key| groups.place(&key)) {
            let group = &groups.all[group as usize];
            keys.push(group.key.clone());
            let up = group.parent.and_then(|up| groups.all.get(up as usize));
            key = up.map(|up| up.key.clone());
        }
        self.fold_headings(keys, false);
    }

    /// Folds every group, or unfolds them all where one is folded.
    pub(super) fn fold_all_headings(&mut self) {
        let rows = self.forest.rows.iter();
        let folded =
            |row: &Row| matches!(row.item, Item::Heading(_)) && matches!(row.fold, Fold::Closed(_));
        let fold = !rows.clone().any(folded);
        let keys: Vec<GroupId> = self
            .forest
            .groups
            .all
            .iter()
            .map(|g| g.key.clone())
            .collect();
        self.fold_headings(keys, fold);
    }

    /// The group that the cursor stands on, with its members, as the other panes need it.
    pub(super) fn chosen_group(&self, world: &World) -> Option<Arc<Chosen>> {
        let (group, row) = self.group_here()?;
        // What is not counted in its row is not meant by what is done to it.
        let all = self.forest.members(row.item);
        let nodes = self.passing_of(all);
        let living = nodes
            .iter()
            .filter_map(|n| world.snapshot.procs.get(*n as usize));
        let mut members: Vec<ProcId> = living.map(|proc| proc.id).collect();
        members.sort_unstable();
        let chosen = Chosen {
            group: group.clone(),
            members,
            whole: nodes.len() == all.len(),
        };
        let same = world.group.as_ref().filter(|known| ***known == chosen);
        Some(same.map_or_else(|| Arc::new(chosen), Arc::clone))
    }
}
