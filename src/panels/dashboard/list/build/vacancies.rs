//! Lines that hold still while processes come and go: who ended keeps its line until somebody takes it over.
//!
//! Under a compiler's driver or a shell one child follows the other. Were each end and each birth a row less and a row
//! more, all rows below would move at each tick. So a line in view stays when its process ends, marked as ended, and a
//! newborn of the same parent takes it. Where a row comes that has no such line, the nearest vacant one goes, and only the
//! rows between the two move. What nobody takes goes after a while, all at once.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Cursor, List};
use crate::app::world::World;
use crate::model::id::{Nanos, ProcId};
use crate::model::process::forest::{Ended, Item, Row, is_newborn};
use crate::model::process::steady::{Keys, Line};
use crate::model::process::when_ended::WhenEnded;
use crate::model::snapshot::{Proc, Snapshot};

/// So long a line waits for somebody to take it over; then all go that have waited for longer than a moment.
const MOMENT: Nanos = Nanos(2_000_000_000);
const LONGEST: Nanos = Nanos(8_000_000_000);

/// A line whose process ended.
struct Vacant {
    line: usize,
    ended: Ended,
}

/// The lines that are vacant at a tick, in their order, and what becomes of them.
struct Lines<'a> {
    then: &'a Snapshot,
    now: &'a Snapshot,
    /// The rows of the last tick, to the last one in view.
    rows: &'a [Row],
    vacant: Vec<Vacant>,
    /// By heir: whose line it took.
    heirs: BTreeMap<ProcId, ProcId>,
}

impl List {
    /// Keeps what was selected or tagged when it ended, for as long as it is, and lines in view for a moment; called at each
    /// tick.
    pub(in super::super) fn keep_ended(&mut self, world: &World) {
        let snapshot = &world.snapshot;
        let mut wanted = world.tags.clone();
        wanted.extend(world.focus);
        wanted.extend(self.cursor.as_ref().and_then(Cursor::owner));
        let again = self.revisit(world);
        if again && self.has_all(&wanted, snapshot) {
            return;
        }
        self.forget_rows();
        let (vacant, heirs) = if again {
            let holds = |e: &&Ended| self.vacant.contains(&e.proc.id);
            (self.ended.iter().filter(holds).cloned().collect(), vec![])
        } else {
            self.vacate(&wanted, snapshot)
        };
        self.vacant = vacant.iter().map(|ended| ended.proc.id).collect();
        let old = std::mem::take(&mut self.ended);
        let mut changed = false;
        for ended in &old {
            let id = ended.proc.id;
            let holds = self.vacant.contains(&id);
            changed |= !holds && !wanted.contains(&id);
        }
        // Parents stand before their children.
        let kept = old.iter().filter(|e| {
            let id = e.proc.id;
            wanted.contains(&id) && !self.vacant.contains(&id) && snapshot.get(id).is_none()
        });
        self.ended = vacant.into_iter().chain(kept.cloned()).collect();
        for id in wanted {
            let kept = self.ended.iter().any(|e| e.proc.id == id);
            if !kept && snapshot.get(id).is_none() {
                let gone = world.time.gone.get(&id).cloned();
                self.ended
                    .extend(gone.or_else(|| self.as_ended(id, snapshot.at)));
            }
        }
        for at in 0..self.ended.len() {
            if let Some((parent, line)) = self.adopted(at, &old, snapshot) {
                (self.ended[at].parent, self.ended[at].line) = (parent, line);
            }
        }
        for ended in &mut self.ended {
            ended.end.miss(snapshot.at);
            if let Some(gone) = world.time.gone.get(&ended.proc.id) {
                (ended.proc, ended.end) = (gone.proc.clone(), gone.end);
            }
        }
        for (heir, line) in heirs {
            self.steady.procs.inherit(heir, line);
        }
        if changed || again || !self.ended.is_empty() {
            self.moved_on();
        }
    }

    /// Where one that ended stands whose parent has gone as well: below the nearest of its forebears that is shown, in the line
    /// of the branch that it was of. At the end of the list nobody would look for it.
    fn adopted(
        &self,
        at: usize,
        old: &[Ended],
        now: &Snapshot,
    ) -> Option<(Option<ProcId>, Option<Line>)> {
        let shown = |id| now.get(id).is_some() || self.ended.iter().any(|e| e.proc.id == id);
        let mut up = self.ended[at].parent.filter(|up| !shown(*up))?;
        loop {
            let kept = old.iter().find(|e| e.proc.id == up).cloned();
            let gone = kept.or_else(|| self.as_ended(up, now.at))?;
            match gone.parent {
                Some(next) if !shown(next) => up = next,
                parent => return Some((parent, gone.line)),
            }
        }
    }

    /// Whether those who ended are just the ones that are to be seen.
    fn has_all(&self, wanted: &BTreeSet<ProcId>, now: &Snapshot) -> bool {
        let kept = |id: &ProcId| self.ended.iter().any(|e| e.proc.id == *id);
        let there = wanted.iter().all(|id| now.get(*id).is_some() || kept(id));
        let ended = self.ended.iter().map(|e| e.proc.id);
        let mut strangers = ended.filter(|id| !wanted.contains(id) && !self.vacant.contains(id));
        there && strangers.next().is_none()
    }

    /// One who is not here any more, as it was seen last.
    fn as_ended(&self, id: ProcId, at: Nanos) -> Option<Ended> {
        let built = self.built.as_ref()?;
        let then = &built.snapshot;
        let proc = then.get(id)?;
        let node = then.index_of(id.pid);
        Some(Ended {
            proc: proc.clone(),
            parent: parent(then, proc),
            end: WhenEnded::new(then.at, at),
            line: node
                .filter(|_| built.version == self.version)
                .and_then(|node| self.steady.procs.line(node as u32)),
        })
    }

    /// Finds the lines that are vacant now, from the first to the last in view, and gives them to those who come.
    fn vacate(
        &mut self,
        wanted: &BTreeSet<ProcId>,
        now: &Snapshot,
    ) -> (Vec<Ended>, Vec<(ProcId, Line)>) {
        let tree = self.tree.unwrap_or(true) && self.filter.is_empty();
        let Some(built) = self.built.as_ref().filter(|_| tree) else {
            return Default::default();
        };
        let then = std::sync::Arc::clone(&built.snapshot);
        if now.at <= then.at {
            return Default::default();
        }
        if built.version != self.version {
            // The rows are of another moment than those who ended: they are listed anew before the next tick.
            let held = self.ended.iter().filter(|e| {
                let id = e.proc.id;
                self.vacant.contains(&id) && now.get(id).is_none()
            });
            return (held.cloned().collect(), Vec::new());
        }
        let vacant = self.vacant_lines(&then, now);
        if vacant.is_empty() {
            return Default::default();
        }
        let mut lines = Lines {
            then: &then,
            now,
            rows: &self.forest.rows[..self.forest.rows.len().min(self.bottom())],
            vacant,
            heirs: BTreeMap::new(),
        };
        let mut heirs = Vec::new();
        for comer in lines.comers(&self.steady.procs) {
            if lines.vacant.is_empty() {
                break;
            }
            let taken = lines.take(comer, wanted);
            heirs.extend(taken.and_then(|vacant| Some((comer.id, vacant.ended.line?))));
        }
        lines.expire();
        (lines.vacant.into_iter().map(|v| v.ended).collect(), heirs)
    }

    fn bottom(&self) -> usize {
        self.top + usize::from(self.layout.body.height)
    }

    fn vacant_lines(&self, then: &Snapshot, now: &Snapshot) -> Vec<Vacant> {
        let rows = self.forest.rows.iter().take(self.bottom()).enumerate();
        let vacant = rows.filter_map(|(line, row)| {
            let nodes = match &row.item {
                Item::Proc(node) => std::slice::from_ref(node),
                Item::Group { .. } => self.forest.members(row.item),
                Item::Heading(_) | Item::Thread { .. } | Item::Threads { .. } => return None,
            };
            if let Some(at) = (nodes[0] as usize).checked_sub(then.procs.len()) {
                let ended = self.ended.get(at)?;
                return self.vacant.contains(&ended.proc.id).then(|| Vacant {
                    line,
                    ended: ended.clone(),
                });
            }
            let ids = || {
                nodes
                    .iter()
                    .filter_map(|n| then.procs.get(*n as usize))
                    .map(|p| p.id)
            };
            let gone = ids().all(|id| now.get(id).is_none());
            let ended = ids()
                .next()
                .filter(|_| gone)
                .and_then(|id| self.as_ended(id, now.at))?;
            Some(Vacant { line, ended })
        });
        vacant.collect()
    }
}

impl<'a> Lines<'a> {
    /// Who has no line yet, the oldest first.
    fn comers(&self, lines: &Keys<ProcId>) -> Vec<&'a Proc> {
        let (then, now) = (self.then, self.now);
        let comes = now.procs.iter().filter(|p| {
            let new = then.get(p.id).is_none();
            new || (is_newborn(then, p.id)
                && !then
                    .index_of(p.id.pid)
                    .and_then(|at| lines.line(at as u32))
                    .is_some_and(|line| line.heir))
        });
        let mut comers: Vec<&Proc> = comes.collect();
        comers.sort_by_key(|p| (p.id.start, p.id.pid));
        comers
    }

    /// A line for one who comes: of a child of the same parent, of the same name if there is one.
    fn take(&mut self, comer: &Proc, wanted: &BTreeSet<ProcId>) -> Option<Vacant> {
        let up = parent(self.now, comer)?;
        let up = self.heirs.get(&up).copied().unwrap_or(up);
        let mut free = (0..self.vacant.len()).filter(|at| {
            let ended = &self.vacant[*at].ended;
            ended.parent == Some(up) && !wanted.contains(&ended.proc.id)
        });
        let named = |at: &usize| self.vacant[*at].ended.proc.facts.name == comer.facts.name;
        let at = free.clone().find(named).or_else(|| free.next());
        let Some(at) = at else {
            if !is_newborn(self.now, comer.id) {
                self.make_room(up, wanted);
            }
            return None;
        };
        let vacant = self.vacant.remove(at);
        self.heirs.insert(comer.id, vacant.ended.proc.id);
        Some(vacant)
    }

    /// A row comes at the end of what is below this parent, and has no line to take over: the nearest vacant one goes.
    fn make_room(&mut self, parent: ProcId, wanted: &BTreeSet<ProcId>) {
        let Some(here) = self.end_of(parent) else {
            return;
        };
        let vacant = self.vacant.iter().enumerate();
        let free = vacant.filter(|(_, v)| {
            let id = v.ended.proc.id;
            !wanted.contains(&id)
                && !self
                    .vacant
                    .iter()
                    .any(|below| below.ended.parent == Some(id))
        });
        if let Some((at, _)) = free.min_by_key(|(_, v)| v.line.abs_diff(here)) {
            self.vacant.remove(at);
        }
    }

    /// The line behind the last one below a process; of one that has no line yet, of the nearest above it that has one.
    fn end_of(&self, mut id: ProcId) -> Option<usize> {
        loop {
            let node = self.then.get(id).and_then(|_| self.then.index_of(id.pid));
            let row = node.and_then(|node| {
                self.rows
                    .iter()
                    .position(|row| row.item == Item::Proc(node as u32))
            });
            if let Some(row) = row {
                let below = self.rows[row + 1..]
                    .iter()
                    .take_while(|below| below.depth > self.rows[row].depth);
                return Some(row + 1 + below.count());
            }
            id = parent(self.now, self.now.get(id)?)?;
        }
    }

    /// Lets lines go that nobody took for long, and those whose parents went.
    fn expire(&mut self) {
        let now = self.now.at;
        let age = |v: &Vacant| now.since(v.ended.end.missed);
        if self.vacant.iter().any(|v| age(v) >= LONGEST) {
            self.vacant.retain(|v| age(v) < MOMENT);
        }
        loop {
            let ids: BTreeSet<ProcId> = self.vacant.iter().map(|v| v.ended.proc.id).collect();
            let before = self.vacant.len();
            let now = self.now;
            self.vacant.retain(|v| {
                v.ended
                    .parent
                    .is_some_and(|up| ids.contains(&up) || now.get(up).is_some())
            });
            if self.vacant.len() == before {
                break;
            }
        }
    }
}

fn parent(snapshot: &Snapshot, proc: &Proc) -> Option<ProcId> {
    let up = snapshot.procs.get(proc.parent? as usize)?;
    Some(up.id)
}
