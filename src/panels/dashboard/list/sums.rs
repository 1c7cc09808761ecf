//! The last line: what the selection has, alone and with everything below it; and whose facts are worth reading.

use std::sync::Arc;

use super::List;
use crate::app::world::World;
use crate::model::format;
use crate::model::groups::grouping::Group;
use crate::model::id::{Bytes, ProcId};
use crate::model::process::column::all;
use crate::model::process::forest::{Fold, Item};
use crate::model::snapshot::Proc;
use crate::theme::Role;

impl List {
    /// The line as parts: how many are selected or tagged, their own CPU and memory, and that of their subtrees.
    pub(super) fn sums(&self, world: &World) -> Vec<(String, Role)> {
        let nodes: Vec<u32> = if world.tags.is_empty() {
            match self.here(world) {
                Some((row, _)) => match row.item {
                    Item::Group { .. } => self.forest.members(row.item).to_vec(),
                    Item::Heading(_) => self.passing_of(self.forest.members(row.item)),
                    item => vec![self.forest.node(item)],
                },
                None => self.listed_elsewhere(world),
            }
        } else {
            let tagged = world.tags.iter();
            tagged.filter_map(|id| self.node_of(world, *id)).collect()
        };
        if nodes.is_empty() {
            return Vec::new();
        }
        let sign = if world.theme.glyphs.ascii {
            "sum"
        } else {
            "Σ"
        };
        if let Some((group, _)) = self.group_here().filter(|_| world.tags.is_empty()) {
            let mut out = vec![
                (
                    format!(" {sign} {} in {} · ", nodes.len(), group.title()),
                    Role::Dim,
                ),
                (Self::amounts(world, &nodes), Role::Text),
            ];
            out.extend(Self::limits(world, group));
            return out;
        }
        let (count, word) = if world.tags.is_empty() {
            (nodes.len(), "selected")
        } else {
            (world.tags.len(), "tagged")
        };
        let own = Self::own_amounts(world, &nodes);
        let below = self.with_below(&nodes);
        let mut out = vec![
            (format!(" {sign} {count} {word} · own "), Role::Dim),
            (own, Role::Text),
        ];
        if below.len() > nodes.len() {
            let all = Self::amounts(world, &below);
            out.push((" · with children ".to_owned(), Role::Dim));
            out.push((all, Role::Text));
            out.push((format!(" · {} processes", below.len()), Role::Dim));
        } else if let Some(with) = Self::with_ended(world, &nodes) {
            out.push((" · with ended children ".to_owned(), Role::Dim));
            out.push((with, Role::Text));
        }
        out
    }

    /// Who is in the selected group by another hierarchy than the one that tells where they belong, where it lists nobody.
    fn listed_elsewhere(&self, world: &World) -> Vec<u32> {
        let groups = &self.forest.groups;
        let place = self
            .group_here()
            .and_then(|(group, _)| groups.place(&group.key));
        let procs = place.map(|place| groups.elsewhere(&world.snapshot, place));
        let nodes = procs.into_iter().flatten();
        nodes
            .filter_map(|proc| self.node_of(world, proc.id))
            .collect()
    }

    /// How near the limits of a control group are.
    fn limits(world: &World, group: &Group) -> Vec<(String, Role)> {
        let slot = world.detail.machine.group.as_ref();
        let facts = slot.and_then(|slot| slot.value.as_ref().ok());
        let Some(facts) = facts.filter(|f| group.path.as_ref() == Some(&f.path)) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        if facts.frozen == Some(true) {
            out.push((" · frozen".to_owned(), Role::Warn));
        }
        for (share, words) in facts.nearness() {
            let role = match share {
                s if s >= 0.9 => Role::Bad,
                s if s >= 0.75 => Role::Warn,
                _ => Role::Dim,
            };
            out.push((format!(" · {words}"), role));
        }
        if let Some(kills) = facts.limits.oom_kills.filter(|n| *n > 0) {
            let s = if kills == 1 { "" } else { "s" };
            out.push((format!(" · {kills} OOM kill{s}"), Role::Bad));
        }
        out
    }

    /// Who has ended uses nothing any more.
    fn living<'a>(world: &'a World, nodes: &'a [u32]) -> impl Iterator<Item = &'a Proc> {
        let procs = nodes.iter();
        procs.filter_map(|n| world.snapshot.procs.get(*n as usize))
    }

    /// CPU and memory of these, with children of theirs that ended within the tick.
    fn amounts(world: &World, nodes: &[u32]) -> String {
        let cpu = all::CPU.sum(&world.snapshot, Self::living(world, nodes));
        Self::both(world, nodes, cpu.and_then(|sum| sum.value.ok()))
    }

    /// The same without those children.
    fn own_amounts(world: &World, nodes: &[u32]) -> String {
        let shares = Self::living(world, nodes).filter_map(|p| p.cpu.ok());
        let cpu = shares.map(f64::from).reduce(|a, b| a + b);
        let cpu = cpu.map(|cpu| cpu.min(all::CPU.most(&world.snapshot)));
        Self::both(world, nodes, cpu)
    }

    /// The CPU share with that of ended children, where these used any.
    fn with_ended(world: &World, nodes: &[u32]) -> Option<String> {
        let ended = Self::living(world, nodes).filter_map(|p| p.ended.ok());
        let any = ended.sum::<f32>() >= 0.05;
        let cpu = all::CPU.sum(&world.snapshot, Self::living(world, nodes));
        let cpu = cpu.filter(|_| any)?.value.ok()?;
        Some(Self::share(world, cpu))
    }

    fn share(world: &World, cpu: f64) -> String {
        format!("{}%", format::percent(world.scaled(cpu as f32)))
    }

    fn both(world: &World, nodes: &[u32], cpu: Option<f64>) -> String {
        let cpu = cpu.map_or("–".to_owned(), |cpu| Self::share(world, cpu));
        let mem = all::MEM.sum(&world.snapshot, Self::living(world, nodes));
        let mem = mem.and_then(|sum| sum.value.ok());
        let mem = mem.map_or("–".to_owned(), |mem| format::bytes(Bytes(mem as u64)));
        format!("{cpu}  {mem}")
    }

    /// These nodes and everything below them, each once.
    fn with_below(&self, nodes: &[u32]) -> Vec<u32> {
        if let [node] = nodes {
            let below = self.forest.subtree(*node);
            return if below.is_empty() {
                vec![*node]
            } else {
                below.to_vec()
            };
        }
        let mut out: Vec<u32> = nodes
            .iter()
            .flat_map(|node| self.forest.subtree(*node).iter().chain([node]))
            .copied()
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// The processes whose rows are in view; with those folded away where `sums` of a costly column are shown.
    pub(super) fn visible(&self, world: &World, sums: bool) -> Arc<[ProcId]> {
        let rows = self.forest.rows.iter().skip(self.top);
        let (mut out, mut elsewhere): (Vec<ProcId>, Vec<ProcId>) = (Vec::new(), Vec::new());
        let mut add = |nodes: &[u32]| {
            let procs = nodes
                .iter()
                .filter_map(|n| world.snapshot.procs.get(*n as usize));
            out.extend(procs.map(|p: &Proc| p.id));
        };
        for row in rows.take(self.layout.body.height as usize) {
            let node = self.forest.node(row.item);
            match (row.item, row.fold) {
                (Item::Group { .. } | Item::Heading(_), _) if sums => {
                    add(self.forest.members(row.item));
                    let groups = &self.forest.groups;
                    let group = self
                        .forest
                        .heading(row.item)
                        .filter(|group| group.elsewhere > 0);
                    if let Some(place) = group.and_then(|group| groups.place(&group.key)) {
                        elsewhere.extend(groups.elsewhere(&world.snapshot, place).map(|p| p.id));
                    }
                }
                (Item::Proc(_), Fold::Closed(_)) if sums => add(self.forest.subtree(node)),
                _ => add(&[node]),
            }
        }
        out.extend(elsewhere);
        out.sort_unstable();
        out.dedup();
        out.into()
    }
}
