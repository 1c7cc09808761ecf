//! Writes the rows: sorted siblings, groups of identical leaves, threads, folds.

use super::alike::{ALONE, alike};
use super::family::{Family, rank, together};
use super::{Fold, Forest, GroupKey, Item, NONE, Row, View, is_newborn, threads_of};
use crate::model::groups::grouping::Groups;
use crate::model::id::ProcId;
use crate::model::process::lines::Lines;
use crate::model::process::steady::Keys;
use crate::model::snapshot::Snapshot;

/// Siblings that share a row, or one node alone.
#[derive(Clone, Copy)]
pub(super) struct Siblings {
    rank: u64,
    pub(super) key: f64,
    pub(super) node: u32,
    /// How many members it has in `members`; 0 for one node.
    pub(super) len: u32,
    pub(super) first: u32,
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
    pub(super) family: &'a Family,
    groups: &'a Groups,
    /// The node of the first group.
    first_heading: u32,
    pub(super) keys: &'a [f64],
    /// By process: a number that is equal for leaves that may share a row, or [`ALONE`].
    alike: Vec<u64>,
    /// Whether a node passes the filter, and whether it or something below it does; empty without a filter.
    leads: Vec<bool>,
    pub(super) out: Forest,
    todo: Vec<Todo>,
    units: Vec<Siblings>,
    leaves: Vec<(u64, u32)>,
    /// Where processes stand among their siblings.
    pub(super) lines: &'a mut Keys<ProcId>,
}

impl<'a> Emit<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        view: &'a View<'a>,
        family: &'a Family,
        groups: &'a Groups,
        keys: &'a [f64],
        lines: &'a mut Keys<ProcId>,
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
            leads: leads(view, family, (first, groups.populated)),
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
            lines,
        }
    }

    pub(super) fn run(mut self, flat: &mut Lines) -> Forest {
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
        self.push(roots, NONE, NONE, 0, !nested);
        while let Some(todo) = self.todo.pop() {
            self.write(todo);
        }
        if !nested {
            self.flat(flat);
        }
        self.out
    }

    pub(super) fn passes(&self, node: u32) -> bool {
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
    fn push(&mut self, kids: &[u32], parent: u32, parent_row: u32, depth: u32, hidden: bool) {
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
        self.hold(parent, &mut units);
        let last = units.iter().rposition(|unit| self.has_row(unit));
        for (i, unit) in units.iter().enumerate().rev() {
            self.todo.push(Todo {
                unit: *unit,
                parent_row,
                depth,
                last: Some(i) == last,
                hidden: !self.has_row(unit),
            });
        }
        self.units = units;
    }

    fn has_row(&self, unit: &Siblings) -> bool {
        self.leads(unit.node) && !self.is_newborn(unit)
    }

    /// Whether a process was born since the tick before and has no line to take over. What it did counts in the sums above
    /// it all the same, and the flat list has everybody.
    fn is_newborn(&self, unit: &Siblings) -> bool {
        let plain = self.view.tree && self.view.passing.is_none() && unit.len == 0;
        let proc = self.snapshot.procs.get(unit.node as usize);
        let Some(proc) = proc.filter(|_| plain) else {
            return false;
        };
        is_newborn(self.snapshot, proc.id)
            && !self.view.tags.contains(&proc.id)
            && !self.lines.line(unit.node).is_some_and(|line| line.heir)
    }

    /// Makes units of siblings: identical leaves share one.
    fn group(&mut self, kids: &[u32], parent: u32, units: &mut Vec<Siblings>) {
        if kids.len() < 2 {
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
    fn write(&mut self, todo: Todo) {
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
            self.heading(todo);
            return;
        }
        self.out.before.push(node);
        let kids = self.family.kids(node);
        if hidden {
            self.push(kids, node, parent_row, depth, true);
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
        self.push(kids, node, row, depth + 1, folded);
    }

    /// Writes the row of a group and puts what is in it on the pile.
    fn heading(&mut self, todo: Todo) {
        let node = todo.unit.node;
        let kids = self.family.kids(node);
        if todo.hidden {
            self.push(kids, node, todo.parent_row, todo.depth, true);
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
        self.push(kids, node, row, todo.depth + 1, folded);
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

/// Which nodes pass the filter or lead to one that does; empty without a filter. Of the groups, which begin with
/// `first_heading`, those behind the `populated` ones are there where they fit.
fn leads(
    view: &View<'_>,
    family: &Family,
    (first_heading, populated): (usize, usize),
) -> Vec<bool> {
    let Some(passing) = view.passing else {
        return Vec::new();
    };
    let empty = |node: usize| node >= first_heading + populated && family.there[node];
    let itself = |node: usize| node < first_heading || empty(node);
    let mut leads: Vec<bool> = (0..family.parent.len())
        .map(|node| passing.get(node).copied().unwrap_or_else(|| itself(node)))
        .collect();
    for node in family.down.iter().rev() {
        let up = family.parent[*node as usize];
        if up != NONE && leads[*node as usize] {
            leads[up as usize] = true;
        }
    }
    leads
}
