//! Folding, unfolding, opening groups, tagging.

use std::collections::HashSet;

use super::build::group_key;
use super::{Cursor, List};
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::groups::grouping::By;
use crate::model::id::ProcId;
use crate::model::process::forest::{Fold, Forest, GroupKey, Item, NONE};
use crate::model::snapshot::Proc;

impl List {
    /// The folds in force: while a filter is on, its own.
    fn folds(&mut self) -> &mut HashSet<ProcId> {
        self.changed();
        self.seek = true;
        if self.filter.is_empty() {
            &mut self.folded
        } else {
            &mut self.folded_in_filter
        }
    }

    /// Folds the row; where there is nothing to fold, goes to the parent.
    pub(super) fn fold(&mut self, world: &World) {
        let Some((row, proc)) = self.here(world) else {
            return;
        };
        let id = proc.id;
        if matches!(row.item, Item::Heading(_)) {
            self.fold_group(world, row);
            return;
        }
        if row.fold == Fold::Open {
            self.folds().insert(id);
            return;
        }
        if let Some(key) = self.opened_here(world) {
            self.opened.remove(&key);
            self.changed();
            self.seek = true;
            return;
        }
        if row.parent != NONE {
            self.go(world, row.parent as usize);
        }
    }

    /// The open group that the row of the cursor is part of.
    fn opened_here(&self, world: &World) -> Option<GroupKey> {
        let (row, proc) = self.here(world)?;
        let key = match (&self.cursor, row.item) {
            (Some(Cursor::Thread(of, id)), _) => {
                let thread = world
                    .snapshot
                    .threads_of(*of)
                    .iter()
                    .find(|t| t.id == *id)?;
                GroupKey::of_threads(*of, thread.name.clone())
            }
            (_, Item::Proc(_)) if row.fold == Fold::Leaf => group_key(world, proc),
            _ => return None,
        };
        self.opened.contains(&key).then_some(key)
    }

    /// Unfolds the row or opens its group; where it is open, goes to the first child.
    pub(super) fn unfold(&mut self, world: &World) {
        let Some((row, proc)) = self.here(world) else {
            return;
        };
        let (id, group) = (proc.id, group_key(world, proc));
        match (row.fold, row.item) {
            (_, Item::Heading(_)) => self.unfold_group(world, row),
            (Fold::Closed(_), Item::Group { .. }) => self.open(group),
            (Fold::Closed(_), Item::Threads { .. }) => {
                if let Some(name) = self.threads_here() {
                    self.open(GroupKey::of_threads(id, name));
                }
            }
            (Fold::Closed(_), _) => {
                self.folds().remove(&id);
            }
            (Fold::Open, _) => {
                let at = self.at.unwrap_or(0);
                let child = self.forest.rows.get(at + 1);
                if child.is_some_and(|c| c.parent as usize == at) {
                    self.go(world, at + 1);
                }
            }
            (Fold::Leaf, _) => {}
        }
    }

    fn open(&mut self, key: GroupKey) {
        self.opened.insert(key);
        self.seek = true;
        self.changed();
    }

    /// Folds or unfolds the row and everything below it.
    pub(super) fn fold_below(&mut self, world: &World, fold: bool) {
        let Some((row, _)) = self.here(world) else {
            return;
        };
        if !fold && matches!(row.item, Item::Group { .. } | Item::Threads { .. }) {
            self.unfold(world);
            return;
        }
        let nodes = match row.item {
            Item::Heading(node) => self.forest.subtree(node),
            item => self.forest.subtree(self.forest.node(item)),
        };
        let below = self.parents_in(world, nodes);
        if let Some((group, _)) = self.group_here() {
            let keys = self.groups_within(&group.key.clone());
            self.fold_headings(keys, fold);
        }
        let folds = self.folds();
        for id in below {
            if fold {
                folds.insert(id);
            } else {
                folds.remove(&id);
            }
        }
    }

    /// Folds everything but the roots; where something is folded, unfolds everything.
    pub(super) fn fold_all(&mut self, world: &World) {
        if self.by != By::Parent {
            self.fold_all_headings();
            return;
        }
        if !self.folds().is_empty() {
            self.folds().clear();
            return;
        }
        let nodes: Vec<u32> = (0..world.snapshot.procs.len() as u32).collect();
        let all = self.parents_in(world, &nodes);
        let roots: HashSet<ProcId> = world
            .snapshot
            .procs
            .iter()
            .filter(|p| p.parent.is_none())
            .map(|p| p.id)
            .collect();
        self.folds()
            .extend(all.into_iter().filter(|id| !roots.contains(id)));
        if self.at.is_some() {
            self.climb(world);
        }
    }

    /// The cursor goes up to the ancestor that will be in view: the child of a root.
    fn climb(&mut self, world: &World) {
        let Some(mut at) = self.at else { return };
        while let Some(row) = self.forest.rows.get(at)
            && row.depth > 1
        {
            at = row.parent as usize;
        }
        self.go(world, at);
    }

    /// Which of these nodes have something below them.
    fn parents_in(&self, world: &World, nodes: &[u32]) -> Vec<ProcId> {
        let has = |node: u32, proc: &Proc| {
            self.forest.subtree(node).len() > 1 || (self.threads && proc.stat.threads > 1)
        };
        nodes
            .iter()
            .filter_map(|node| {
                let proc = Forest::proc(&world.snapshot, &self.ended, *node)?;
                has(*node, proc).then_some(proc.id)
            })
            .collect()
    }

    /// The row of the cursor and its process.
    pub(super) fn here<'a>(
        &'a self,
        world: &'a World,
    ) -> Option<(crate::model::process::forest::Row, &'a Proc)> {
        let at = self.at?;
        Some((*self.forest.rows.get(at)?, self.proc_at(world, at)?))
    }

    /// Tags the row's processes, or takes their tags away when all have one; then goes on to the next row.
    pub(super) fn tag(&mut self, world: &World) -> Reply {
        let Some((row, proc)) = self.here(world) else {
            return Reply::Done;
        };
        let ids: Vec<ProcId> = match row.item {
            Item::Group { .. } => self.ids(world, self.forest.members(row.item)),
            Item::Heading(_) => self.ids(world, &self.passing_of(self.forest.members(row.item))),
            _ => vec![proc.id],
        };
        let on = !ids.iter().all(|id| world.tags.contains(id));
        if matches!(row.item, Item::Proc(_) | Item::Heading(_)) {
            self.step(world, 1);
        }
        Reply::Tag(ids, on)
    }

    /// Tags the process with everything below it, or takes those tags away.
    pub(super) fn tag_below(&mut self, world: &World) -> Reply {
        let Some((row, _)) = self.here(world) else {
            return Reply::Done;
        };
        let nodes = match row.item {
            Item::Group { .. } => self.forest.members(row.item).to_vec(),
            Item::Heading(_) => self.passing_of(self.forest.members(row.item)),
            item => self.forest.subtree(self.forest.node(item)).to_vec(),
        };
        let ids = self.ids(world, &nodes);
        let on = !ids.iter().all(|id| world.tags.contains(id));
        Reply::Tag(ids, on)
    }

    fn ids(&self, world: &World, nodes: &[u32]) -> Vec<ProcId> {
        let procs = nodes
            .iter()
            .filter_map(|n| Forest::proc(&world.snapshot, &self.ended, *n));
        procs.map(|p| p.id).collect()
    }
}

impl List {
    /// Folds what is open, unfolds what is folded.
    pub(super) fn toggle(&mut self, world: &World) {
        match self.here(world).map(|(row, _)| row.fold) {
            Some(Fold::Open) => self.fold(world),
            Some(Fold::Closed(_)) => self.unfold(world),
            _ => {}
        }
    }
}
