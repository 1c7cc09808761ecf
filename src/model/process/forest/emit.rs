//! Writes the rows: sorted siblings, groups of identical leaves, threads, folds.

use super::alike::{ALONE, alike};
use super::family::{Family, meaning, rank, together};
use super::{Fold, Forest, GroupKey, Item, NONE, Row, View, is_newborn, threads_of};
use crate::model::groups::grouping::Groups;
use crate::model::id::ProcId;
use crate::model::process::column::{Column, Unit};
use crate::model::process::lines::{Lines, Worth};
use crate::model::process::siblings;
use crate::model::process::steady::{Keys, Steady};
use crate::model::snapshot::Snapshot;

/// Siblings that share a row, or one node alone.
#[derive(Clone, Copy)]
struct Siblings {
    rank: u64,
    key: f64,
    node: u32,
    /// How many members it has in `members`; 0 for one node.
    len: u32,
    first: u32,
}

/// A unit that is still to be written.
#[derive(Clone, Copy)]
struct Todo {
    unit: Siblings,
    parent_row: u32,
    depth: u32,
    last: bool,
    hidden: bool,
}

pub(super) struct Emit<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) view: &'a View<'a>,
    family: &'a Family,
    groups: &'a Groups,
    /// The node of the first group.
    first_heading: u32,
    keys: &'a [f64],
    /// By process: a number that is equal for leaves that may share a row, or [`ALONE`].
    alike: Vec<u64>,
    /// Whether a node passes the filter, and whether it or something below it does; empty without a filter.
    leads: Vec<bool>,
    pub(super) out: Forest,
    todo: Vec<Todo>,
    units: Vec<Siblings>,
    leaves: Vec<(u64, u32)>,
}

impl<'a> Emit<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        view: &'a View<'a>,
        family: &'a Family,
        groups: &'a Groups,
        keys: &'a [f64],
    ) -> Self {
        let n = family.parent.len();
        let first = snapshot.procs.len() + view.ended.len();
        let mut sizes = vec![1_u32; n];
        sizes[first..].fill(0);
        family.total(&mut sizes);
        let headings = family.there[first..].iter().filter(|there| **there);
        let there = family.down.len() - headings.count();
        Self {
            snapshot,
            view,
            family,
            groups,
            first_heading: first as u32,
            keys,
            alike: alike(snapshot, view, family),
            leads: leads(view, family, first),
            out: Forest {
                rows: Vec::with_capacity(there),
                members: Vec::new(),
                before: Vec::with_capacity(there),
                spans: sizes.into_iter().map(|size| (0, size)).collect(),
                shown: there,
                ..Forest::default()
            },
            todo: Vec::new(),
            units: Vec::new(),
            leaves: Vec::new(),
        }
    }

    pub(super) fn run(mut self, steady: &mut Steady) -> Forest {
        self.out.passing = match self.view.passing {
            Some(_) => {
                let procs = self.family.down.iter().filter(|n| **n < self.first_heading);
                procs.filter(|n| self.passes(**n)).count()
            }
            None => self.out.shown,
        };
        let nested = self.view.tree || !self.groups.all.is_empty();
        for (node, there) in self.family.there.iter().enumerate() {
            if !there {
                self.out.spans[node] = (0, 0);
            }
        }
        let roots = &self.family.roots;
        let lines = &mut steady.procs;
        self.push(lines, roots, NONE, NONE, 0, !nested);
        while let Some(todo) = self.todo.pop() {
            self.write(lines, todo);
        }
        if !nested {
            self.flat(&mut steady.lines);
        }
        self.out
    }

    fn passes(&self, node: u32) -> bool {
        self.view
            .passing
            .is_none_or(|passing| passing.get(node as usize).copied().unwrap_or(true))
    }

    fn leads(&self, node: u32) -> bool {
        self.leads.get(node as usize).copied().unwrap_or(true)
    }

    fn single(&self, node: u32) -> Siblings {
        let key = self.keys[node as usize];
        Siblings {
            rank: rank(key, self.view.descending),
            key,
            node,
            len: 0,
            first: 0,
        }
    }

    /// Puts the siblings of one parent on the pile, the first on top.
    fn push(
        &mut self,
        lines: &mut Keys<ProcId>,
        kids: &[u32],
        parent: u32,
        parent_row: u32,
        depth: u32,
        hidden: bool,
    ) {
        if hidden {
            // Nobody sees their order.
            for node in kids.iter().rev() {
                let unit = Siblings {
                    rank: 0,
                    key: 0.0,
                    node: *node,
                    len: 0,
                    first: 0,
                };
                self.todo.push(Todo {
                    unit,
                    parent_row,
                    depth,
                    last: false,
                    hidden,
                });
            }
            return;
        }
        let mut units = std::mem::take(&mut self.units);
        units.clear();
        self.group(kids, parent, &mut units);
        units.sort_unstable_by_key(|u| (u.rank, self.pid(u.node)));
        self.hold(lines, parent, &mut units);
        let last = units.iter().rposition(|unit| self.has_row(lines, unit));
        for (i, unit) in units.iter().enumerate().rev() {
            self.todo.push(Todo {
                unit: *unit,
                parent_row,
                depth,
                last: Some(i) == last,
                hidden: !self.has_row(lines, unit),
            });
        }
        self.units = units;
    }

    /// Leaves siblings where they stood while they are worth about the same.
    fn hold(&self, lines: &mut Keys<ProcId>, parent: u32, units: &mut Vec<Siblings>) {
        let Some(slack) = self.view.sort.slack().filter(|_| units.len() > 1) else {
            return;
        };
        let place = |unit: &Siblings| match self.ended(unit.node) {
            Some(ended) => ended.line.map_or(u32::MAX, |line| line.place),
            None => lines.line(unit.node).map_or(u32::MAX, |line| line.place),
        };
        // Most stand as they are sorted.
        if !units.is_sorted_by_key(place) {
            let places: Vec<u32> = units.iter().map(place).collect();
            let values: Vec<f64> = units.iter().map(|unit| self.worth(unit)).collect();
            let order = siblings::hold(&values, &places, slack, lines.is_due(parent));
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
                lines.stands(*node, place as u32);
            }
        }
    }

    fn ended(&self, node: u32) -> Option<&super::Ended> {
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
    fn pid(&self, node: u32) -> u64 {
        Forest::proc(self.snapshot, self.view.ended, node)
            .map_or((1 << 32) + u64::from(node), |p| p.id.pid.0.into())
    }

    fn has_row(&self, lines: &Keys<ProcId>, unit: &Siblings) -> bool {
        self.leads(unit.node) && !self.is_newborn(lines, unit)
    }

    /// Whether a process was born since the tick before and has no line to take over. What it did counts in the sums above
    /// it all the same, and the flat list has everybody.
    fn is_newborn(&self, lines: &Keys<ProcId>, unit: &Siblings) -> bool {
        let plain = self.view.tree && self.view.passing.is_none() && unit.len == 0;
        let proc = self.snapshot.procs.get(unit.node as usize);
        let Some(proc) = proc.filter(|_| plain) else {
            return false;
        };
        is_newborn(self.snapshot, proc.id)
            && !self.view.tags.contains(&proc.id)
            && !lines.line(unit.node).is_some_and(|line| line.heir)
    }

    /// Makes units of siblings: identical leaves share one.
    fn group(&mut self, kids: &[u32], parent: u32, units: &mut Vec<Siblings>) {
        if !self.view.compact || kids.len() < 2 {
            units.extend(kids.iter().map(|node| self.single(*node)));
            return;
        }
        let mut leaves = std::mem::take(&mut self.leaves);
        leaves.clear();
        for node in kids {
            match self.alike.get(*node as usize) {
                Some(hash) if *hash != ALONE => leaves.push((*hash, *node)),
                _ => units.push(self.single(*node)),
            }
        }
        leaves.sort_unstable();
        for same in leaves.chunk_by(|a, b| a.0 == b.0) {
            if same.len() > 1 && self.is_group(same, parent) {
                let first = self.out.members.len() as u32;
                self.out.members.extend(same.iter().map(|(_, node)| *node));
                let key = together(
                    self.view.sort,
                    same.iter().map(|(_, n)| self.keys[*n as usize]),
                );
                units.push(Siblings {
                    rank: rank(key, self.view.descending),
                    key,
                    node: same[0].1,
                    len: same.len() as u32,
                    first,
                });
            } else {
                units.extend(same.iter().map(|(_, node)| self.single(*node)));
            }
        }
        self.leaves = leaves;
    }

    /// Whether these leaves, which are alike, share a row: not where a person has opened their group.
    fn is_group(&self, same: &[(u64, u32)], parent: u32) -> bool {
        self.view.opened.is_empty() || {
            let first = &self.snapshot.procs[same[0].1 as usize];
            let above = if self.groups.all.is_empty() {
                Some(parent)
            } else {
                first.parent
            };
            let above = above.and_then(|up| self.snapshot.procs.get(up as usize));
            let key = GroupKey::of(first, above.map(|p| p.id));
            !self.view.opened.contains(&key)
        }
    }

    /// Writes a unit and puts what is below it on the pile.
    fn write(&mut self, lines: &mut Keys<ProcId>, todo: Todo) {
        let Todo {
            unit,
            parent_row,
            depth,
            last,
            hidden,
        } = todo;
        let position = self.out.before.len() as u32;
        if unit.len > 0 {
            for at in unit.first..unit.first + unit.len {
                let node = self.out.members[at as usize];
                self.out.spans[node as usize].0 = self.out.before.len() as u32;
                self.out.before.push(node);
            }
            let item = Item::Group {
                first: unit.first,
                len: unit.len,
            };
            self.row(item, parent_row, depth, last, Fold::Closed(unit.len - 1));
            return;
        }
        let node = unit.node;
        self.out.spans[node as usize].0 = position;
        if node >= self.first_heading {
            self.heading(lines, todo);
            return;
        }
        self.out.before.push(node);
        let kids = self.family.kids(node);
        if hidden {
            self.push(lines, kids, node, parent_row, depth, true);
            return;
        }
        let threads = if self.view.threads {
            self.threads(node)
        } else {
            0
        };
        let folded = self.is_folded(node);
        let fold = match (kids.is_empty() && threads == 0, folded) {
            (true, _) => Fold::Leaf,
            (false, true) => Fold::Closed(self.out.spans[node as usize].1 - 1),
            (false, false) => Fold::Open,
        };
        let row = self.out.rows.len() as u32;
        self.row(Item::Proc(node), parent_row, depth, last, fold);
        if fold == Fold::Open && threads > 0 {
            let more = kids.iter().any(|kid| self.leads(*kid));
            self.thread_rows(node, row, depth + 1, more);
        }
        self.push(lines, kids, node, row, depth + 1, folded);
    }

    /// Writes the row of a group and puts what is in it on the pile.
    fn heading(&mut self, lines: &mut Keys<ProcId>, todo: Todo) {
        let node = todo.unit.node;
        let kids = self.family.kids(node);
        if todo.hidden {
            self.push(lines, kids, node, todo.parent_row, todo.depth, true);
            return;
        }
        let headings = &self.view.headings;
        let group = &self.groups.all[(node - self.first_heading) as usize];
        let chosen = headings.folded.and_then(|f| f.get(&group.key)).copied();
        let folded = chosen.unwrap_or_else(|| {
            !headings.open && !kids.iter().any(|kid| *kid >= self.first_heading)
        });
        let fold = if kids.is_empty() {
            Fold::Leaf
        } else if folded {
            Fold::Closed(self.out.spans[node as usize].1)
        } else {
            Fold::Open
        };
        let row = self.out.rows.len() as u32;
        self.out.rows.push(Row {
            item: Item::Heading(node),
            parent: todo.parent_row,
            depth: todo.depth,
            last: todo.last,
            dim: false,
            fold,
        });
        self.push(lines, kids, node, row, todo.depth + 1, folded);
    }

    pub(super) fn row(&mut self, item: Item, parent: u32, depth: u32, last: bool, fold: Fold) {
        let dim = !self.passes(self.out.node(item));
        self.out.rows.push(Row {
            item,
            parent,
            depth,
            last,
            dim,
            fold,
        });
    }

    fn is_folded(&self, node: u32) -> bool {
        !self.view.folded.is_empty()
            && Forest::proc(self.snapshot, self.view.ended, node)
                .is_some_and(|p| self.view.folded.contains(&p.id))
    }

    /// How many threads of a node have rows.
    fn threads(&self, node: u32) -> usize {
        let proc = self.snapshot.procs.get(node as usize);
        proc.filter(|_| self.passes(node))
            .map_or(0, |p| threads_of(self.snapshot, p.id).count())
    }

    /// The order of the flat list: every node that passes.
    fn in_order(&self, lines: &mut Lines) -> Vec<u32> {
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

    /// The flat list; threads below their process.
    fn flat(&mut self, lines: &mut Lines) {
        for node in self.in_order(lines) {
            let threads = if self.view.threads {
                self.threads(node)
            } else {
                0
            };
            let fold = match (threads, self.is_folded(node)) {
                (0, _) => Fold::Leaf,
                (_, true) => Fold::Closed(0),
                (_, false) => Fold::Open,
            };
            let row = self.out.rows.len() as u32;
            self.row(Item::Proc(node), NONE, 0, true, fold);
            if fold == Fold::Open {
                self.thread_rows(node, row, 1, false);
            }
        }
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

/// Which nodes pass the filter or lead to one that does; empty without a filter.
fn leads(view: &View<'_>, family: &Family, first_heading: usize) -> Vec<bool> {
    let Some(passing) = view.passing else {
        return Vec::new();
    };
    let mut leads: Vec<bool> = (0..family.parent.len())
        .map(|node| passing.get(node).copied().unwrap_or(node < first_heading))
        .collect();
    for node in family.down.iter().rev() {
        let up = family.parent[*node as usize];
        if up != NONE && leads[*node as usize] {
            leads[up as usize] = true;
        }
    }
    leads
}
