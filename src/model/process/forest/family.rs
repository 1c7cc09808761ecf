//! Who is whose child, and what each node is worth in the sort column.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Forest, NONE, View};
use crate::model::id::Nanos;
use crate::model::process::column::{Column, Shows};
use crate::model::process::steady::Steady;
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
    pub(super) fn new(snapshot: &Snapshot, view: &View<'_>) -> Self {
        let n = snapshot.procs.len();
        let mut there = Vec::with_capacity(n + view.ended.len());
        there.extend(
            snapshot
                .procs
                .iter()
                .map(|p| view.kernel || !p.stat.is_kernel_thread()),
        );
        let mut parent = Vec::with_capacity(n + view.ended.len());
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

    /// What each node is sorted by: in the tree the total of its subtree where the column adds up. `NAN` where it is not known.
    pub(super) fn keys(
        &self,
        snapshot: &Snapshot,
        view: &View<'_>,
        steady: &mut Steady,
    ) -> Vec<f64> {
        let slack = match view.sort.shows {
            Shows::Number { slack, .. } => slack,
            Shows::History => Some(1.0),
            Shows::Text(_) | Shows::Command => return self.ranks(snapshot, view),
        };
        let adds = view.sort.adds();
        let n = snapshot.procs.len();
        let value = |node: usize| {
            let proc = Forest::proc(snapshot, view.ended, node as u32)?;
            view.sort.number(snapshot, proc)?.ok()
        };
        let unknown = if adds { 0.0 } else { f64::NAN };
        let mut keys = Vec::with_capacity(self.parent.len());
        keys.extend((0..n).map(|i| {
            if self.there[i] {
                value(i).unwrap_or(unknown)
            } else {
                unknown
            }
        }));
        keys.resize(self.parent.len(), 0.0);
        if adds && view.tree {
            self.total(&mut keys);
        }
        for (node, key) in keys.iter_mut().enumerate().skip(n) {
            *key = value(node).unwrap_or(unknown);
        }
        // A flat list is sorted by the very numbers that it shows.
        if let Some(slack) = slack.filter(|_| view.tree) {
            let ids = snapshot.procs.iter().map(|p| p.id);
            steady.settle(snapshot.at, meaning(view), slack, ids, &mut keys[..n]);
            if adds && view.descending {
                self.young_last(snapshot, view, &mut keys);
            }
        }
        keys
    }

    /// Leaves that were born just now stand behind their older siblings, so that those who live a moment push nobody about.
    fn young_last(&self, snapshot: &Snapshot, view: &View<'_>, keys: &mut [f64]) {
        if snapshot.span.is_none() {
            return;
        }
        for (node, key) in keys.iter_mut().enumerate() {
            let leaf = self.parent[node] != NONE && self.kids(node as u32).is_empty();
            let proc = Forest::proc(snapshot, view.ended, node as u32).filter(|_| leaf);
            let kept = node >= snapshot.procs.len();
            let young = if kept { Nanos(2 * YOUNG.0) } else { YOUNG };
            if proc.is_some_and(|p| snapshot.age(p.id) < young) {
                *key = 0.0;
            }
        }
    }

    /// The place of each node among all by its text. Many have the same one, such as a user, so only different texts are
    /// sorted.
    fn ranks(&self, snapshot: &Snapshot, view: &View<'_>) -> Vec<f64> {
        let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let mut of_node = Vec::with_capacity(self.parent.len());
        for (node, there) in self.there.iter().enumerate() {
            let proc = Forest::proc(snapshot, view.ended, node as u32).filter(|_| *there);
            let text = match (proc, &view.sort.shows) {
                (None, _) => None,
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

fn meaning(view: &View<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (view.sort.name, view.tree, view.kernel).hash(&mut hasher);
    hasher.finish()
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

/// Whether the same column adds up over groups of leaves.
pub(super) fn together(column: &Column, keys: impl Iterator<Item = f64>) -> f64 {
    if column.adds() {
        keys.sum()
    } else {
        keys.reduce(f64::min).unwrap_or(f64::NAN)
    }
}
