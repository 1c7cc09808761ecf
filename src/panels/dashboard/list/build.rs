//! From the world to rows: when they must be made anew, where the cursor is among them, what is in view.

mod busiest;
mod vacancies;

use std::sync::Arc;

use super::{Built, Cursor, List, Offer, draw};
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::process::forest::{Forest, GroupKey, Headings, Item, View};
use crate::model::process::stat::State;
use crate::model::process::user_names::UserNames;
use crate::model::snapshot::Proc;

impl List {
    /// Lists the rows if anything changed, clamps the cursor and the view, and writes the lines in view.
    pub(super) fn prepare(&mut self, world: &World) -> Reply {
        let tree = *self.tree.get_or_insert(world.settings.tree);
        let stale = self.built.as_ref().is_none_or(|b| {
            !Arc::ptr_eq(&b.snapshot, &world.snapshot)
                || b.version != self.version
                || b.tags != world.tags
                || b.of_machine != world.settings.of_machine
        });
        if stale {
            self.sift(world);
            if !self.stand_again(world) {
                self.rebuild(world, tree);
            }
            let (passing, _) = self.forest.counts();
            let vain = !self.filter.is_empty() && passing == 0;
            let nobody = vain.then(|| self.filter.nobody(&world.snapshot)).flatten();
            self.nobody = nobody.or_else(|| self.filter.doubt(&world.snapshot));
        }
        let here = self.at.and_then(|at| self.cursor_at(world, at));
        if stale || here.is_none() || here != self.cursor {
            self.at = self.cursor.as_ref().and_then(|c| self.row_of(world, c));
        }
        if self.settle_on_match {
            // What a filter asks for may still have to be read: until then nothing passes.
            self.settle_on_match = !self.leave_dim_rows(world);
        }
        if self.cursor.is_none() || (stale && (!self.begun || self.offer_ended(world))) {
            self.begin(world);
        }
        if stale || self.sums.0 != self.cursor {
            self.sums = (self.cursor.clone(), self.sums(world));
        }
        self.layout = super::layout::Layout::new(self, world);
        if std::mem::take(&mut self.seek_top) {
            self.top = 0;
            if self
                .at
                .is_none_or(|at| at >= usize::from(self.layout.body.height))
            {
                self.go(world, 0);
            }
        }
        self.scroll(tree);
        self.layout.fit_indent(&self.forest.rows, self.top);
        let drawn = std::mem::take(&mut self.drawn);
        self.drawn = draw::prepare(self, world, drawn, stale);
        let focus = match self.cursor.as_ref().and_then(Cursor::owner) {
            Some(id) if world.focus != Some(id) => Reply::Focus(id),
            _ => Reply::Pass,
        };
        let group = self.chosen_group(world);
        let listed = self.at.is_some();
        if group.is_none() && world.group.is_none() && listed == world.listed {
            return focus;
        }
        // The focus first: who hears of it may move the cursor.
        Reply::All(vec![focus, Reply::Group(group), Reply::Listed(listed)])
    }

    /// A person changed something that rows depend on.
    pub(super) fn changed(&mut self) {
        self.by_hand += 1;
        self.version += 1;
    }

    /// Who ended is another one.
    fn moved_on(&mut self) {
        self.version += 1;
    }

    /// Finds out which processes pass the filter.
    fn sift(&mut self, world: &World) {
        self.passing.clear();
        if self.filter.is_empty() {
            return;
        }
        let snapshot = &world.snapshot;
        let scale = world.scaled(1.0);
        let passes = |p: &Proc| self.filter.matches(snapshot, p, scale);
        // Behind those of the snapshot stand the ended ones: being selected makes nobody a match.
        let ended = self.ended.iter().map(|e| &e.proc);
        let all = snapshot.procs.iter().chain(ended);
        self.passing.extend(all.map(passes));
    }

    fn rebuild(&mut self, world: &World, tree: bool) {
        let filtered = !self.filter.is_empty();
        let view = View {
            tree,
            threads: self.threads,
            kernel: self.kernel,
            compact: self.compact,
            sort: self.sort,
            descending: self.descending,
            folded: if filtered {
                &self.folded_in_filter
            } else {
                &self.folded
            },
            opened: &self.opened,
            tags: &world.tags,
            passing: filtered.then_some(self.passing.as_slice()),
            ended: &self.ended,
            headings: Headings {
                by: self.by,
                folded: Some(&self.headings[usize::from(filtered)]),
                open: filtered,
                sought: filtered.then_some(&self.filter),
            },
        };
        if self
            .built
            .as_ref()
            .is_none_or(|b| !Arc::ptr_eq(&b.snapshot, &world.snapshot))
        {
            self.users = UserNames::of(&world.snapshot);
        }
        // The old rows first give their memory back.
        self.forest = Forest::default();
        self.forest = Forest::build(&world.snapshot, &view, &mut self.steady);
        self.built_of(world);
    }

    /// The rows are those of this world.
    pub(super) fn built_of(&mut self, world: &World) {
        self.built = Some(Built {
            snapshot: Arc::clone(&world.snapshot),
            tags: world.tags.clone(),
            version: self.version,
            by_hand: self.by_hand,
            of_machine: world.settings.of_machine,
        });
    }

    /// The process that a row is about.
    pub(super) fn proc_at<'a>(&'a self, world: &'a World, row: usize) -> Option<&'a Proc> {
        let row = self.forest.rows.get(row)?;
        Forest::proc(&world.snapshot, &self.ended, self.forest.node(row.item))
    }

    /// What the cursor would be on this row.
    pub(super) fn cursor_at(&self, world: &World, row: usize) -> Option<Cursor> {
        let item = self.forest.rows.get(row)?.item;
        if let Some(group) = self.forest.heading(item) {
            let first = self.proc_at(world, row).map(|proc| proc.id);
            return Some(Cursor::Heading(group.key.clone(), first));
        }
        let proc = self.proc_at(world, row)?;
        let thread = |i: u32| world.snapshot.threads.get(i as usize);
        Some(match item {
            Item::Proc(_) => Cursor::Proc(proc.id),
            Item::Group { .. } => Cursor::Group(group_key(world, proc), proc.id),
            Item::Heading(_) => return None,
            Item::Thread { thread: i, .. } => Cursor::Thread(proc.id, thread(i)?.id),
            Item::Threads { .. } => {
                let first = *self.forest.members(item).first()?;
                Cursor::Threads(proc.id, thread(first)?.name.clone())
            }
        })
    }

    /// The row of a cursor: its own, or the group that its process is part of.
    fn row_of(&self, world: &World, cursor: &Cursor) -> Option<usize> {
        let rows = &self.forest.rows;
        if let Cursor::Heading(key, _) = cursor {
            return self.row_of_heading(key);
        }
        let node = cursor.owner().and_then(|id| self.node_of(world, id));
        let threads = &world.snapshot.threads;
        let exact = rows.iter().position(|row| match (cursor, row.item) {
            (Cursor::Proc(_), Item::Proc(n)) => Some(n) == node,
            (Cursor::Thread(_, tid), Item::Thread { node: n, thread }) => {
                Some(n) == node && threads.get(thread as usize).is_some_and(|t| t.id == *tid)
            }
            // It shares a row again since it does little.
            (Cursor::Thread(_, tid), item @ Item::Threads { node: n, .. }) => {
                let of = |t: &u32| threads.get(*t as usize).is_some_and(|t| t.id == *tid);
                Some(n) == node && self.forest.members(item).iter().any(of)
            }
            (Cursor::Threads(_, name), item @ Item::Threads { node: n, .. }) => {
                let first = self.forest.members(item).first();
                Some(n) == node
                    && first
                        .is_some_and(|t| threads.get(*t as usize).is_some_and(|t| t.name == *name))
            }
            (Cursor::Group(key, _), Item::Group { .. }) => {
                let first = Forest::proc(&world.snapshot, &self.ended, self.forest.node(row.item));
                first.is_some_and(|p| group_key(world, p) == *key)
            }
            _ => false,
        });
        exact
            .or_else(|| {
                let node = node?;
                rows.iter().position(|row| match row.item {
                    Item::Proc(n) => n == node,
                    Item::Group { .. } => {
                        self.forest.members(row.item).binary_search(&node).is_ok()
                    }
                    _ => false,
                })
            })
            .or_else(|| self.row_of_folded(node?))
    }

    /// The node of a process, living or kept.
    pub(super) fn node_of(&self, world: &World, id: ProcId) -> Option<u32> {
        let snapshot = &world.snapshot;
        if snapshot.get(id).is_some() {
            return snapshot.index_of(id.pid).map(|i| i as u32);
        }
        let kept = self.ended.iter().position(|e| e.proc.id == id)?;
        Some((snapshot.procs.len() + kept) as u32)
    }

    /// Puts the cursor somewhere for the first time: on the process that was asked for, else on the busiest that may be
    /// looked into. Who that is shows once there are rates; until then the cursor waits on the first such row.
    fn begin(&mut self, world: &World) {
        let wanted = world.focus.filter(|_| self.cursor.is_none());
        let asked = wanted.and_then(|id| self.row_of(world, &Cursor::Proc(id)));
        let at = asked.or_else(|| self.busiest(world)).unwrap_or(0);
        self.begun = asked.is_some() || world.snapshot.span.is_some();
        // A dull one is offered only until there is a better one.
        let dull = !self.is_busy(world, at);
        self.offered = asked.is_none().then_some(Offer { dull });
        self.cursor = self.cursor_at(world, at);
        self.at = self.cursor.is_some().then_some(at);
        self.seek = true;
    }

    /// Whether the process of a row does something that one looks at.
    fn is_busy(&self, world: &World, at: usize) -> bool {
        let proc = self.proc_at(world, at);
        proc.is_some_and(|p| p.cpu.is_ok_and(|cpu| cpu >= super::command::BUSY))
    }

    /// Nobody chose the process that the cursor stands on, and it has ended, or does nothing while there is a busy one:
    /// another one is to be offered. Among those who do nothing it goes from none to the next.
    fn offer_ended(&self, world: &World) -> bool {
        let Some(offer) = self.offered.filter(|_| !world.touched) else {
            return false;
        };
        let owner = self.cursor.as_ref().and_then(Cursor::owner);
        let lives = |id| {
            let found = world.snapshot.get(id);
            found.is_some_and(|proc| proc.stat.state != State::Zombie)
        };
        let busy = || {
            self.busiest(world)
                .is_some_and(|at| self.is_busy(world, at))
        };
        !owner.is_some_and(lives) || (offer.dull && busy())
    }

    /// A cursor on a row that the filter hides or dims goes to the nearest one that passes; answers whether there is one.
    fn leave_dim_rows(&mut self, world: &World) -> bool {
        let rows = &self.forest.rows;
        if self.at.is_some_and(|at| !rows[at].dim) {
            return true;
        }
        let from = self.at.unwrap_or(0);
        let below = rows
            .iter()
            .skip(from)
            .position(|r| !r.dim)
            .map(|i| from + i);
        let Some(found) = below.or_else(|| rows.iter().position(|r| !r.dim)) else {
            return false;
        };
        self.cursor = self.cursor_at(world, found);
        self.at = Some(found);
        self.seek = true;
        true
    }

    /// A tree keeps the cursor in view while rows come and go above it; a flat list lets it go where its value takes it,
    /// unless it is followed.
    fn scroll(&mut self, tree: bool) {
        let len = self.forest.rows.len();
        let height = self.layout.body.height as usize;
        if let Some(at) = self.at
            && (self.seek || self.follow || (tree && self.in_view))
        {
            self.top = self.top.clamp((at + 1).saturating_sub(height), at);
        }
        self.seek = false;
        self.top = self.top.min(len.saturating_sub(height));
        self.in_view = self
            .at
            .is_some_and(|at| (self.top..self.top + height).contains(&at));
    }

    /// Puts the cursor on a process and makes its row be there: unfolds what hides it, shows it if it is of the kernel.
    pub(super) fn reveal(&mut self, world: &World, id: ProcId) {
        self.cursor = Some(Cursor::Proc(id));
        self.begun = true;
        self.seek = true;
        let snapshot = &world.snapshot;
        let Some(proc) = snapshot.get(id) else { return };
        if proc.stat.is_kernel_thread() {
            self.kernel = true;
        }
        let mut up = proc.parent;
        while let Some(above) = up.and_then(|i| snapshot.procs.get(i as usize)) {
            self.folded.remove(&above.id);
            self.folded_in_filter.remove(&above.id);
            up = above.parent;
        }
        if !self.filter.is_empty() && !self.filter.matches(snapshot, proc, world.scaled(1.0)) {
            self.set_filter("");
        }
        self.unfold_headings_of(world, proc);
        let key = group_key(world, proc);
        let alike = |p: &&Proc| {
            let facts = (&p.facts.name, &p.facts.command, p.parent);
            facts == (&proc.facts.name, &proc.facts.command, proc.parent)
        };
        let in_group = snapshot.procs.iter().filter(alike).nth(1).is_some();
        if in_group {
            self.opened.insert(key);
        }
        self.changed();
    }
}

/// The group that a leaf belongs to.
pub(super) fn group_key(world: &World, proc: &Proc) -> GroupKey {
    let parent = proc
        .parent
        .and_then(|i| world.snapshot.procs.get(i as usize));
    GroupKey::of(proc, parent.map(|p| p.id))
}
