//! How the rows stood at moments that were looked at while time stands still: whoever comes back finds them so.
//!
//! Where rows stand depends on the ticks before: their order holds still, a line waits for who takes it over. Those ticks
//! are not the same on the way back, so what they led to is kept.

use std::collections::{BTreeSet, VecDeque};

use super::{Cursor, List};
use crate::app::world::World;
use crate::model::id::{Nanos, ProcId};
use crate::model::process::forest::{Ended, Forest};
use crate::model::process::steady::Steady;
use crate::model::process::user_names::UserNames;

/// How many processes all pictures together may be of: some 5 MiB.
const PROCESSES: usize = 30_000;
/// The most pictures, and the least.
const PICTURES: usize = 600;
const LEAST: usize = 4;

/// How the rows stood at a moment.
struct Picture {
    at: Nanos,
    ended: Vec<Ended>,
    vacant: BTreeSet<ProcId>,
    steady: Steady,
    rows: Rows,
    cursor: Option<Cursor>,
    top: usize,
    in_view: bool,
}

/// The rows, and what else they were made of than the moment.
struct Rows {
    forest: Forest,
    tags: BTreeSet<ProcId>,
    by_hand: u64,
    of_machine: bool,
}

/// The pictures, the oldest first, and the moment that the list shows.
#[derive(Default)]
pub(super) struct Visited {
    pictures: VecDeque<Picture>,
    shown: Nanos,
    /// Those who ended are as they were at that moment before.
    again: bool,
    /// The rows as they stood then, until they are listed.
    rows: Option<Rows>,
}

impl List {
    /// Takes in which moment is shown: keeps how the rows stood at the one before, where time stands still. Says whether
    /// those who ended are as they were at this one before.
    pub(super) fn revisit(&mut self, world: &World) -> bool {
        let at = world.snapshot.at;
        let before = std::mem::replace(&mut self.visited.shown, at);
        if before == at {
            return self.visited.again;
        }
        (self.visited.again, self.visited.rows) = (false, None);
        if world.paused.is_none() {
            self.visited.pictures.clear();
            return false;
        }
        self.keep_picture(before);
        let mut pictures = self.visited.pictures.iter();
        let found = pictures.position(|picture| picture.at == at);
        let Some(picture) = found.and_then(|place| self.visited.pictures.remove(place)) else {
            return false;
        };
        (self.ended, self.vacant) = (picture.ended, picture.vacant);
        self.steady = picture.steady;
        if picture.cursor == self.cursor {
            (self.top, self.in_view) = (picture.top, picture.in_view);
        }
        self.visited.again = true;
        self.visited.rows = Some(picture.rows);
        true
    }

    fn keep_picture(&mut self, at: Nanos) {
        // The rows may not have been listed since.
        let built = self.built.as_ref();
        let Some(built) = built.filter(|b| b.snapshot.at == at && b.by_hand == self.by_hand) else {
            return;
        };
        let most = (PROCESSES / built.snapshot.procs.len().max(1)).clamp(LEAST, PICTURES);
        self.visited.pictures.push_back(Picture {
            at,
            ended: self.ended.clone(),
            vacant: self.vacant.clone(),
            steady: self.steady.clone(),
            rows: Rows {
                forest: self.forest.clone(),
                tags: built.tags.clone(),
                by_hand: built.by_hand,
                of_machine: built.of_machine,
            },
            cursor: self.cursor.clone(),
            top: self.top,
            in_view: self.in_view,
        });
        while self.visited.pictures.len() > most {
            self.visited.pictures.pop_front();
        }
    }

    /// Puts the rows where they stood at this moment before, where nobody changed anything since; says whether they are.
    pub(super) fn stand_again(&mut self, world: &World) -> bool {
        let Some(rows) = self.visited.rows.take() else {
            return false;
        };
        let same = rows.by_hand == self.by_hand
            && rows.tags == world.tags
            && rows.of_machine == world.settings.of_machine;
        if same {
            self.users = UserNames::of(&world.snapshot);
            self.forest = rows.forest;
            self.built_of(world);
        }
        same
    }

    /// Who ended is another one than at this moment before: the rows are listed anew.
    pub(super) fn forget_rows(&mut self) {
        self.visited.rows = None;
    }

    /// Another machine is shown: what was kept is of nobody there.
    pub(super) fn forget_pictures(&mut self) {
        self.visited = Visited::default();
    }
}
