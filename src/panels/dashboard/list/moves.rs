//! Moving the cursor: by rows, to matches.

use super::{Cursor, List};
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::process::filter::Filter;
use crate::model::process::forest::{Fold, Forest, Item};
use crate::model::snapshot::Proc;
use crate::model::text::SafeText;

/// What became of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Found {
    /// No row has the text, and nobody who is folded away.
    #[default]
    Nowhere,
    /// The cursor stands on a row that has it.
    Row,
    /// The cursor stands on the row that hides who has it.
    Folded,
}

impl List {
    /// Puts the cursor on a row; past the ends it stays at them.
    pub(super) fn go(&mut self, world: &World, row: usize) {
        let last = self.forest.rows.len().saturating_sub(1);
        if let Some(cursor) = self.cursor_at(world, row.min(last)) {
            self.at = Some(row.min(last));
            self.settle_on_match = false;
            self.cursor = Some(cursor);
            self.seek = true;
        }
    }

    /// Moves by so many rows.
    pub(super) fn step(&mut self, world: &World, rows: isize) {
        let at = self.at.unwrap_or(self.top);
        self.go(world, at.saturating_add_signed(rows));
    }

    /// Moves by half pages.
    pub(super) fn page(&mut self, world: &World, halves: isize) {
        let height = (self.layout.body.height as isize).max(2);
        self.step(world, halves * height / 2);
    }

    /// Goes to the next row that has the searched text, from the cursor on, around the ends. One that is folded away is
    /// unfolded where `unfold` says so; else the cursor goes to the row that hides it.
    pub(super) fn search(&mut self, world: &World, from: usize, down: bool, unfold: bool) -> Found {
        let len = self.forest.rows.len();
        let found = if self.needle.is_empty() || len == 0 {
            None
        } else {
            let wanted = self.needle.to_lowercase();
            let order = (0..len).map(|i| {
                if down {
                    (from + i) % len
                } else {
                    (from + len - i) % len
                }
            });
            let hit = |row: usize| {
                let itself = || self.has(world, row, &wanted).then_some((row, None));
                let folded = || Some((row, Some(self.folded_match(world, row, &wanted, down)?)));
                if down {
                    itself().or_else(folded)
                } else {
                    folded().or_else(itself)
                }
            };
            order.into_iter().find_map(hit)
        };
        self.found = match found {
            None => Found::Nowhere,
            Some((row, None)) => {
                self.go(world, row);
                Found::Row
            }
            Some((_, Some(id))) if unfold => {
                self.reveal(world, id);
                Found::Row
            }
            Some((row, Some(_))) => {
                self.go(world, row);
                Found::Folded
            }
        };
        self.found
    }

    /// The first process with this text, or the last one, that this row hides.
    pub(super) fn folded_match(
        &self,
        world: &World,
        row: usize,
        wanted: &str,
        first: bool,
    ) -> Option<ProcId> {
        let row = *self.forest.rows.get(row)?;
        let nodes = match (row.item, row.fold) {
            (Item::Proc(node), Fold::Closed(1..)) => self.forest.subtree(node).get(1..)?,
            (Item::Heading(_), Fold::Closed(1..)) => self.forest.members(row.item),
            _ => return None,
        };
        let nodes = self.passing_of(nodes);
        let mut procs = nodes
            .iter()
            .filter_map(|node| Forest::proc(&world.snapshot, &self.ended, *node))
            .filter(|proc| has_text(proc, wanted));
        let found = if first { procs.next() } else { procs.last() };
        found.map(|proc| proc.id)
    }

    /// Whether a row has this text in its name, command line or pid; of a group in its name.
    fn has(&self, world: &World, row: usize, wanted: &str) -> bool {
        let item = self.forest.rows.get(row).map(|row| row.item);
        if let Some(group) = item.and_then(|item| self.forest.heading(item)) {
            return group.name.to_lowercase().contains(wanted);
        }
        let Some(proc) = self.proc_at(world, row) else {
            return false;
        };
        let contains = |text: &str| text.to_lowercase().contains(wanted);
        let thread = match self.cursor_at(world, row) {
            Some(Cursor::Thread(of, id)) => {
                let threads = world.snapshot.threads_of(of);
                threads.iter().find(|t| t.id == id).map(|t| t.name.clone())
            }
            Some(Cursor::Threads(_, name)) => Some(name),
            _ => None,
        };
        match thread {
            Some(name) => contains(&name),
            None => has_text(proc, wanted),
        }
    }

    /// Takes a filter in force.
    pub(super) fn set_filter(&mut self, text: &str) {
        if self.filter.text() == text {
            return;
        }
        let was_empty = self.filter.is_empty();
        self.filter = Filter::parse(text);
        if was_empty || self.filter.is_empty() {
            self.folded_in_filter.clear();
        }
        self.settle_on_match = !self.filter.is_empty();
        self.seek = true;
        self.changed();
    }

    /// The threads of one name in the row of the cursor, where it stands on such a row.
    pub(super) fn threads_here(&self) -> Option<SafeText> {
        match &self.cursor {
            Some(Cursor::Threads(_, name)) => Some(name.clone()),
            _ => None,
        }
    }
}

/// Whether a process has this text in its name or command line, or is of this pid.
fn has_text(proc: &Proc, wanted: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(wanted);
    contains(&proc.facts.name)
        || contains(&proc.command_line())
        || proc.id.pid.to_string() == wanted
}
