//! From a snapshot to the rows of the process list: the tree with its folds, groups and threads, or the flat list.
//!
//! A node is a process of the snapshot by its index there, or behind them one that has ended and is kept.

mod alike;
mod emit;
mod family;
mod order;
mod threads;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::column::Column;
use super::filter::Filter;
use super::steady::{Line, Steady};
use super::when_ended::WhenEnded;
use crate::model::groups::grouping::{By, Group, GroupId, Groups};
use crate::model::id::{Nanos, ProcId};
use crate::model::sample::Command;
use crate::model::snapshot::{Proc, Snapshot, Thread};
use crate::model::text::SafeText;

use emit::Emit;
use family::Family;

/// So old a process has a row at the latest.
const LATEST: Nanos = Nanos(1_500_000_000);

/// No node, no row.
pub const NONE: u32 = u32::MAX;

/// A process that has ended and is still shown, as it was last seen.
#[derive(Clone, Debug)]
pub struct Ended {
    /// As it was last seen.
    pub proc: Proc,
    /// Its parent then.
    pub parent: Option<ProcId>,
    /// When.
    pub end: WhenEnded,
    /// The line that it had among its siblings, where it had one: it keeps it.
    pub line: Option<Line>,
}

/// Which leaves stand in one row: those of one parent with the same name and command line, or the threads of one process
/// that have the same name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupKey {
    /// The parent; `None` for roots. For threads their process.
    pub parent: Option<ProcId>,
    /// Their name.
    pub name: SafeText,
    /// Their command line; empty for threads, and where it is not known.
    pub command: Command,
    /// Whether they are threads.
    pub threads: bool,
}

/// How a person wants to see the processes.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// As a tree, or as a flat list.
    pub tree: bool,
    /// Threads have rows.
    pub threads: bool,
    /// Kernel threads have rows.
    pub kernel: bool,
    /// Identical leaves share a row.
    pub compact: bool,
    /// What siblings are sorted by.
    pub sort: &'static Column,
    /// The greatest first.
    pub descending: bool,
    /// Whose children are folded away.
    pub folded: &'a HashSet<ProcId>,
    /// Which groups are open.
    pub opened: &'a HashSet<GroupKey>,
    /// Tagged processes have rows of their own.
    pub tags: &'a BTreeSet<ProcId>,
    /// Which processes of the snapshot pass the filter, and behind them which of the ended ones; `None` without a filter.
    pub passing: Option<&'a [bool]>,
    /// Ended processes to keep.
    pub ended: &'a [Ended],
    /// What they stand in beside their parents.
    pub headings: Headings<'a>,
}

/// The groups that processes stand in, each with a row, and which of them are folded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headings<'a> {
    /// Grouped by this.
    pub by: By,
    /// Groups that a person has folded (`true`) or unfolded.
    pub folded: Option<&'a HashMap<GroupId, bool>>,
    /// Whether the others are open; else those that have no groups in them are folded.
    pub open: bool,
    /// What groups must fit that nobody is in, where some are looked for.
    pub sought: Option<&'a Filter>,
}

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A process.
    Proc(u32),
    /// Identical leaves: a range of [`Forest::members`], by ascending node.
    Group {
        /// Where they begin.
        first: u32,
        /// How many.
        len: u32,
    },
    /// A group of another kind: its node, which stands behind those of processes.
    Heading(u32),
    /// A thread, by its index in the snapshot.
    Thread {
        /// Whose.
        node: u32,
        /// Which.
        thread: u32,
    },
    /// Threads of one name: a range of [`Forest::members`], as indices of the snapshot's threads.
    Threads {
        /// Whose.
        node: u32,
        /// Where they begin.
        first: u32,
        /// How many.
        len: u32,
    },
}

/// Whether a row has something below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Nothing.
    Leaf,
    /// It is shown.
    Open,
    /// It is folded away: so many processes.
    Closed(u32),
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What stands in it.
    pub item: Item,
    /// The row of its parent, or [`NONE`].
    pub parent: u32,
    /// How many rows stand above it in the tree; 0 for roots and in the flat list.
    pub depth: u32,
    /// It is the last of its siblings.
    pub last: bool,
    /// It does not pass the filter and only leads to rows that do.
    pub dim: bool,
    /// Whether something is below it.
    pub fold: Fold,
}

/// The rows, and the tree that they were made from.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    /// The rows in order.
    pub rows: Vec<Row>,
    members: Vec<u32>,
    /// Every node that is shown or folded away, parents before their children.
    before: Vec<u32>,
    /// Where a node stands in `before`, and how many nodes its subtree has; by node.
    spans: Vec<(u32, u32)>,
    passing: usize,
    shown: usize,
    /// The groups that have rows, and the node of the first.
    pub groups: Groups,
    first_heading: u32,
}

impl GroupKey {
    /// The group that a process belongs to, whose parent this is.
    pub fn of(proc: &Proc, parent: Option<ProcId>) -> Self {
        let command = proc.facts.command.as_ref().ok();
        Self {
            parent,
            name: proc.facts.name.clone(),
            command: command.cloned().unwrap_or_default(),
            threads: false,
        }
    }

    /// The group of a process's threads of this name.
    pub fn of_threads(of: ProcId, name: SafeText) -> Self {
        Self {
            parent: Some(of),
            name,
            command: Command::default(),
            threads: true,
        }
    }
}

impl Forest {
    /// Lists the rows. `steady` remembers what keeps them from jumping between ticks.
    pub fn build(snapshot: &Snapshot, view: &View<'_>, steady: &mut Steady) -> Self {
        let groups = Groups::new(snapshot, view.headings.by);
        let family = Family::new(snapshot, view, &groups);
        let keys = family.keys(snapshot, view, &groups, steady);
        let lines = &mut steady.procs;
        let emit = Emit::new(snapshot, view, &family, &groups, &keys, lines);
        let mut forest = emit.run(&mut steady.lines);
        forest.first_heading = (snapshot.procs.len() + view.ended.len()) as u32;
        forest.groups = groups;
        forest
    }

    /// The process of a node.
    pub fn proc<'a>(snapshot: &'a Snapshot, ended: &'a [Ended], node: u32) -> Option<&'a Proc> {
        let node = node as usize;
        snapshot.procs.get(node).or_else(|| {
            let kept = ended.get(node.checked_sub(snapshot.procs.len())?);
            kept.map(|e| &e.proc)
        })
    }

    /// The nodes of a group, or the thread indices of a group of threads.
    pub fn members(&self, item: Item) -> &[u32] {
        match item {
            Item::Group { first, len } | Item::Threads { first, len, .. } => {
                &self.members[first as usize..(first + len) as usize]
            }
            Item::Heading(node) => self.subtree(node),
            Item::Proc(_) | Item::Thread { .. } => &[],
        }
    }

    /// The node that a row is about: of a group or a heading its first member, of a thread its process.
    pub fn node(&self, item: Item) -> u32 {
        match item {
            Item::Proc(node) | Item::Thread { node, .. } | Item::Threads { node, .. } => node,
            Item::Group { .. } | Item::Heading(_) => {
                self.members(item).first().copied().unwrap_or(NONE)
            }
        }
    }

    /// The group that a heading stands for.
    pub fn heading(&self, item: Item) -> Option<&Group> {
        match item {
            Item::Heading(node) => self
                .groups
                .all
                .get(node.checked_sub(self.first_heading)? as usize),
            _ => None,
        }
    }

    /// A node with everything below it, itself first; of a heading its members alone.
    pub fn subtree(&self, node: u32) -> &[u32] {
        let (from, len) = self.spans.get(node as usize).copied().unwrap_or_default();
        &self.before[from as usize..(from + len) as usize]
    }

    /// How many processes pass the filter, of how many that may be shown.
    pub fn counts(&self) -> (usize, usize) {
        (self.passing, self.shown)
    }

    /// From the row's parent upwards: whether each is the last of its siblings. Roots are left out.
    pub fn above(&self, row: usize) -> impl Iterator<Item = bool> {
        let mut at = self.rows.get(row).map_or(NONE, |r| r.parent);
        std::iter::from_fn(move || {
            let row = self.rows.get(at as usize).filter(|r| r.depth > 0)?;
            at = row.parent;
            Some(row.last)
        })
    }
}

/// Whether a process was born since the tick before: in the tree it gets its row at the next one, so that those who live for
/// less than that push nobody about.
pub fn is_newborn(snapshot: &Snapshot, id: ProcId) -> bool {
    let soon = Nanos(snapshot.interval.0 / 20 * 19).min(LATEST);
    // A time that was not read says nothing.
    let timed = snapshot.span.is_some() && snapshot.system.uptime.0 > 0;
    timed && snapshot.age(id) < soon
}

/// The threads of a process that have rows: all but the first, which the process stands for.
pub fn threads_of(snapshot: &Snapshot, id: ProcId) -> impl Iterator<Item = (u32, &Thread)> {
    let from = snapshot.threads.partition_point(|t| t.of < id);
    let all = snapshot.threads_of(id).iter().enumerate();
    all.map(move |(i, t)| ((from + i) as u32, t))
        .filter(move |(_, t)| t.id.tid.0 != id.pid.0)
}

#[cfg(test)]
mod tests;
