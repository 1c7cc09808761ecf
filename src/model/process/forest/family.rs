//! Who is whose child, and what each node is worth in the sort column.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Forest, NONE, View};
use crate::model::groups::grouping::Groups;
use crate::model::id::{Nanos, ProcId};
use crate::model::process::column::{Column, Shows, Together};
use crate::model::process::filter::Filter;
use crate::model::process::steady::{Keys, Steady};
use crate::model::snapshot::Snapshot;

/// How long a process is told to be young, and stands behind its siblings.
const YOUNG: Nanos = Nanos(3_000_000_000);

/// Parents and children of the nodes that may be shown.
pub(super) struct Family {
    /// By node; [`NONE`] for roots and for nodes that are left out.
    pub parent: Vec<u32>,
    /// Whether the node may be shown.
    pub there: Vec<bool>,
    /// Nodes without a parent.
    pub roots: Vec<u32>,
    /// Parents before their children.
    pub down: Vec<u32>,
    first: Vec<u32>,
    kids: Vec<u32>,
}

impl Family {
    pub(super) fn new(snapshot: &Snapshot, view: &View<'_>, groups: &Groups) -> Self {
        let n = snapshot.procs.len();
        let all = n + view.ended.len() + groups.all.len();
        let mut there = Vec::with_capacity(all);
        there.extend(
            snapshot
                .procs
                .iter()
                .map(|p| view.kernel || !p.stat.is_kernel_thread()),
        );
        let mut parent = Vec::with_capacity(all);
        parent.extend(snapshot.procs.iter().enumerate().map(|(i, p)| {
            let up = p.parent.unwrap_or(NONE);
            let known = there[i] && there.get(up as usize).copied().unwrap_or(false);
            if known { up } else { NONE }
        }));
        for (i, ended) in view.ended.iter().enumerate() {
            there.push(true);
            let living = ended
                .parent
                .and_then(|id| snapshot.get(id).and_then(|_| snapshot.index_of(id.pid)));
            // Only an earlier one: two that name each other must not make a circle.
            let kept = || {
                let earlier = &view.ended[..i];
                let at = earlier.iter().position(|e| Some(e.proc.id) == ended.parent);
                at.map(|at| n + at)
            };
            let up = living.or_else(kept).filter(|up| there[*up]);
            parent.push(up.map_or(NONE, |up| up as u32));
        }
        if !groups.all.is_empty() {
            head(snapshot, view, groups, &mut parent, &mut there);
        }
        Self::from_parents(parent, there)
    }

    fn from_parents(parent: Vec<u32>, there: Vec<bool>) -> Self {
        let mut first = vec![0_u32; parent.len() + 1];
        for up in parent.iter().filter(|up| **up != NONE) {
            first[*up as usize + 1] += 1;
        }
        for i in 1..first.len() {
            first[i] += first[i - 1];
        }
        let mut next = first.clone();
        let mut kids = vec![0_u32; first.last().map_or(0, |end| *end as usize)];
        let mut roots = Vec::new();
        for (node, up) in parent.iter().enumerate() {
            if let Some(slot) = next.get_mut(*up as usize) {
                kids[*slot as usize] = node as u32;
                *slot += 1;
            } else if there[node] {
                roots.push(node as u32);
            }
        }
        let mut family = Self {
            parent,
            there,
            down: roots.clone(),
            roots,
            first,
            kids,
        };
        let mut at = 0;
        while let Some(node) = family.down.get(at) {
            let kids =
                family.first[*node as usize] as usize..family.first[*node as usize + 1] as usize;
            family.down.extend_from_slice(&family.kids[kids]);
            at += 1;
        }
        family
    }

    /// The children of a node, by ascending node.
    pub(super) fn kids(&self, node: u32) -> &[u32] {
        &self.kids[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }

    /// Adds up values from the leaves to the roots.
    pub(super) fn total<T: Copy + std::ops::AddAssign>(&self, values: &mut [T]) {
        for node in self.down.iter().rev() {
            let up = self.parent[*node as usize];
            if up != NONE {
                let value = values[*node as usize];
                values[up as usize] += value;
            }
        }
    }

    /// Raises each value to the greatest of those below it.
    fn greatest(&self, values: &mut [f64]) {
        for node in self.down.iter().rev() {
            let up = self.parent[*node as usize];
            if up != NONE {
                values[up as usize] = values[up as usize].max(values[*node as usize]);
            }
        }
    }

    /// What each node is sorted by: in the tree the total of its subtree where the column adds up, or the greatest there. `NAN` where it is not known.
    pub(super) fn keys(
        &self,
        snapshot: &Snapshot,
        view: &View<'_>,
        groups: &Groups,
        steady: &mut Steady,
    ) -> Vec<f64> {
        if let Shows::Text(_) | Shows::Command = view.sort.shows {
            return self.ranks(snapshot, view, groups);
        }
        let adds = view.sort.adds();
        let n = snapshot.procs.len();
        let first = n + view.ended.len();
        let nested = view.tree || !groups.all.is_empty();
        let passes = |node: usize| {
            groups.all.is_empty() || view.passing.is_none_or(|p| p.get(node) != Some(&false))
        };
        let value = |node: usize| {
            let proc = Forest::proc(snapshot, view.ended, node as u32)?;
            let of_all = adds && nested;
            let number = if of_all {
                view.sort.part(snapshot, proc)
            } else {
                view.sort.number(snapshot, proc)
            };
            number?.ok()
        };
        let unknown = if adds { 0.0 } else { f64::NAN };
        let mut keys = Vec::with_capacity(self.parent.len());
        keys.extend((0..n).map(|i| {
            if self.there[i] && passes(i) {
                value(i).unwrap_or(unknown)
            } else {
                unknown
            }
        }));
        keys.resize(self.parent.len(), if adds { 0.0 } else { f64::NAN });
        match view.sort.together() {
            Together::Sum if nested => self.total(&mut keys),
            Together::Greatest if nested => self.greatest(&mut keys),
            _ => Self::least(&mut keys, groups, first),
        }
        // Who is listed elsewhere has no row below the group.
        for (key, at) in keys[first..].iter_mut().zip(0..).skip(groups.populated) {
            let procs = groups.elsewhere(snapshot, at);
            if let Some(sum) = view.sort.of_several(snapshot, procs) {
                *key = sum.value.unwrap_or(unknown);
            }
        }
        for (key, ended) in keys[n..first].iter_mut().zip(view.ended) {
            let held = ended.line.filter(|_| nested).map(|line| line.key);
            let last = || view.sort.number(snapshot, &ended.proc)?.ok();
            *key = held.or_else(last).unwrap_or(unknown);
        }
        // A flat list is sorted by the very numbers that it shows.
        if let Some(slack) = view.sort.slack().filter(|_| nested) {
            let ids = snapshot.procs.iter().map(|p| p.id);
            let steadies = &mut steady.procs;
            steadies.settle(snapshot.at, meaning(view), slack, ids, &mut keys[..n]);
            let of_groups = &mut keys[first..];
            settle_groups(
                &mut steady.groups,
                snapshot,
                view,
                (groups, slack),
                of_groups,
            );
            // Who has a slack adds up.
            if view.descending {
                self.young_last(snapshot, view, &mut steady.procs, &mut keys);
            }
        } else {
            steady.procs = Keys::default();
        }
        keys
    }

    /// Where values do not add up, a group is worth the least of its members: the lowest pid, the most greedy.
    fn least(keys: &mut [f64], groups: &Groups, first: usize) {
        let (procs, of_groups) = keys.split_at_mut(first);
        for (of, key) in groups.of.iter().zip(procs) {
            let group = &mut of_groups[*of as usize];
            *group = group.min(*key);
        }
        for (at, group) in groups.all.iter().enumerate().rev() {
            if let Some(up) = group.parent {
                of_groups[up as usize] = of_groups[up as usize].min(of_groups[at]);
            }
        }
    }

    /// Leaves that were born just now stand behind their older siblings, so that those who live a moment push nobody about.
    fn young_last(
        &self,
        snapshot: &Snapshot,
        view: &View<'_>,
        lines: &mut Keys<ProcId>,
        keys: &mut [f64],
    ) {
        if snapshot.span.is_none() {
            return;
        }
        for (node, key) in keys.iter_mut().enumerate() {
            let leaf = self.parent[node] != NONE && self.kids(node as u32).is_empty();
            let proc = Forest::proc(snapshot, view.ended, node as u32).filter(|_| leaf);
            let kept = node.checked_sub(snapshot.procs.len());
            if kept.is_some_and(|at| view.ended.get(at).is_some_and(|e| e.line.is_some())) {
                continue;
            }
            let young = if kept.is_some() {
                Nanos(2 * YOUNG.0)
            } else {
                YOUNG
            };
            let heir = lines.line(node as u32).is_some_and(|line| line.heir);
            if proc.is_some_and(|p| snapshot.age(p.id) < young && !heir) {
                *key = 0.0;
                lines.young(node as u32);
            }
        }
    }

    /// The place of each node among all by its text. Many have the same one, such as a user, so only different texts are
    /// sorted.
    fn ranks(&self, snapshot: &Snapshot, view: &View<'_>, groups: &Groups) -> Vec<f64> {
        let first = snapshot.procs.len() + view.ended.len();
        let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let mut of_node = Vec::with_capacity(self.parent.len());
        for (node, there) in self.there.iter().enumerate() {
            let proc = Forest::proc(snapshot, view.ended, node as u32).filter(|_| *there);
            let text = match (proc, &view.sort.shows) {
                // Groups go by their names.
                (None, _) => node
                    .checked_sub(first)
                    .and_then(|at| groups.all.get(at))
                    .map(|group| Cow::Borrowed(group.name.as_str())),
                (Some(proc), Shows::Text(of)) => of(snapshot, proc).ok(),
                (Some(proc), _) => Some(Cow::Borrowed(proc.facts.name.as_str())),
            };
            let next = places.len();
            let place = |text| *places.entry(text).or_insert(next);
            of_node.push(text.filter(|t| !t.is_empty()).map(place));
        }
        let folded = places
            .into_iter()
            .map(|(t, place)| (t.to_lowercase(), place));
        let mut texts: Vec<(String, usize)> = folded.collect();
        texts.sort_unstable();
        let mut ranks = vec![0.0; texts.len()];
        let mut rank = 0.0;
        for (i, (text, place)) in texts.iter().enumerate() {
            if i > 0 && *text != texts[i - 1].0 {
                rank += 1.0;
            }
            ranks[*place] = rank;
        }
        let rank = |place: Option<usize>| place.map_or(f64::NAN, |place| ranks[place]);
        of_node.into_iter().map(rank).collect()
    }
}

/// Puts processes below their groups: those whose parent is of another group, or all where the list is flat. A group
/// without anybody who may be shown is not there.
fn head(
    snapshot: &Snapshot,
    view: &View<'_>,
    groups: &Groups,
    parent: &mut Vec<u32>,
    there: &mut Vec<bool>,
) {
    let n = snapshot.procs.len();
    let first = parent.len() as u32;
    let mut full = vec![false; groups.all.len()];
    let of_ended = |ended: &super::Ended| groups.would_be(&ended.proc);
    let of: Vec<Option<u32>> = (groups.of.iter().map(|of| Some(*of)))
        .chain(view.ended.iter().map(of_ended))
        .collect();
    for node in 0..first as usize {
        let Some(group) = of[node].filter(|_| there[node]) else {
            continue;
        };
        full[group as usize] |= node < n;
        let up = of.get(parent[node] as usize).copied().flatten();
        if !view.tree || up != Some(group) {
            parent[node] = first + group;
        }
    }
    // Those that nobody is in are shown as well, save where others are looked for.
    for (group, full) in groups.all.iter().zip(&mut full).skip(groups.populated) {
        let sought = |filter: &Filter| filter.fits_empty(snapshot, group);
        *full = view.passing.is_none() || view.headings.sought.is_some_and(sought);
    }
    // A group stands before its parts.
    for at in (0..full.len()).rev() {
        if let Some(up) = groups.all[at].parent.filter(|_| full[at]) {
            full[up as usize] = true;
        }
    }
    for (group, full) in groups.all.iter().zip(&full) {
        there.push(*full);
        let up = group.parent.filter(|_| *full);
        parent.push(up.map_or(NONE, |up| first + up));
    }
    // One that ended and was the last of its group has no heading to stand below.
    for up in &mut parent[n..first as usize] {
        if there.get(*up as usize) == Some(&false) {
            *up = NONE;
        }
    }
}

pub(super) fn meaning(view: &View<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let order = (view.sort.name, view.descending);
    (order, view.tree, view.kernel, view.headings.by).hash(&mut hasher);
    hasher.finish()
}

/// The keys of groups, as steady as those of processes.
fn settle_groups(
    steady: &mut Keys<u64>,
    snapshot: &Snapshot,
    view: &View<'_>,
    (groups, slack): (&Groups, f64),
    keys: &mut [f64],
) {
    let mut order: Vec<(u64, usize)> = (groups.all.iter().enumerate())
        .map(|(at, group)| (group.key.hash(), at))
        .collect();
    order.sort_unstable();
    let mut values: Vec<f64> = order.iter().map(|(_, at)| keys[*at]).collect();
    let ids = order.iter().map(|(hash, _)| *hash);
    steady.settle(snapshot.at, meaning(view), slack, ids, &mut values);
    for ((_, at), value) in order.iter().zip(values) {
        keys[*at] = value;
    }
}

/// A key as a number that sorts as the list does; what is not known comes last in either order.
pub(super) fn rank(key: f64, descending: bool) -> u64 {
    if key.is_nan() {
        return u64::MAX;
    }
    let bits = (key + 0.0).to_bits();
    let ascending = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    if descending { !ascending } else { ascending }
}

/// What several leaves of one row are sorted by.
pub(super) fn together(column: &Column, keys: impl Iterator<Item = f64>) -> f64 {
    match column.together() {
        Together::Sum => keys.sum(),
        Together::Greatest => keys.reduce(f64::max).unwrap_or(f64::NAN),
        _ => keys.reduce(f64::min).unwrap_or(f64::NAN),
    }
}
