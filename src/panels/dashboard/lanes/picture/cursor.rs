//! Moves the cursor of the lanes, by keys and by the mouse.

use super::Picture;
use crate::app::key::{Mouse, Press};
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::id::Nanos;

impl Picture {
    /// Moves the cursor; the first move shows it at the newest cell.
    pub(super) fn step(&mut self, lanes: i32, cells: i32) {
        let last = i32::from(self.parts.cells) - 1;
        let Some((lane, cell)) = self.cursor else {
            self.cursor = Some((self.top, last.max(0) as u16));
            return;
        };
        let cell = (i32::from(cell) + cells).clamp(0, last.max(0)) as u16;
        let lane = lane
            .saturating_add_signed(lanes as isize)
            .min(self.lanes.saturating_sub(1));
        self.cursor = Some((lane, cell));
    }

    /// Goes to the slice of the selected process that is next to the cursor in time, on whichever core; from nowhere to the
    /// newest one. Slices that share a cell are one.
    pub(super) fn hop(&mut self, world: &World, back: bool) -> Reply {
        let (Some(window), Some(id)) = (self.window, world.focus) else {
            return Reply::Say("select a process first".to_owned());
        };
        let cells = u64::from(self.parts.cells.max(1));
        let mut places: Vec<(u16, usize)> = Vec::new();
        for (n, lane) in self.line(world).lanes.iter().enumerate() {
            let there = lane.slices.from(window.from);
            let there = there.take_while(|(slice, _)| slice.start < window.to);
            for (slice, _) in there.filter(|(_, who)| who.id == id) {
                let (from, to) = (slice.start.max(window.from), slice.end.min(window.to));
                let middle = Nanos(from.0.midpoint(to.0)).since(window.from);
                let cell = (middle.0 / self.bucket.0.max(1)).min(cells - 1);
                places.push((cell as u16, n));
            }
        }
        places.sort_unstable();
        let here = self.cursor.map(|(lane, cell)| (cell, lane));
        let next = match here {
            None => places.last(),
            Some(here) if back => places.iter().rfind(|place| **place < here),
            Some(here) => places.iter().find(|place| **place > here),
        };
        let Some((cell, lane)) = next else {
            let why = match (here, back) {
                (None, _) => "no single slice of it in the time that is shown",
                (_, true) => "no slice of it before that one in the time that is shown",
                (_, false) => "no slice of it after that one in the time that is shown",
            };
            return Reply::Say(why.to_owned());
        };
        self.cursor = Some((*lane, *cell));
        Reply::Done
    }

    pub(super) fn scroll(&mut self, on: bool) {
        let page = self.rows.len().max(1);
        self.top = if on {
            (self.top + page).min(self.lanes.saturating_sub(page))
        } else {
            self.top.saturating_sub(page)
        };
        if let Some((lane, _)) = &mut self.cursor {
            *lane = (*lane).clamp(self.top, self.top + page - 1);
        }
    }

    /// Puts the cursor where the moment that was clicked stands now: going there moves the window.
    pub(super) fn follow(&mut self) {
        let (Some(at), true) = self.pointed else {
            return;
        };
        self.pointed.1 = false;
        if let (Some((_, cell)), Some(window)) = (&mut self.cursor, self.window) {
            // It is told by the end of its cell.
            let place = Nanos(at.0.saturating_sub(1)).since(window.from).0 / self.bucket.0.max(1);
            let last = u64::from(self.parts.cells.saturating_sub(1));
            *cell = place.min(last) as u16;
        }
    }

    /// Takes the cursor away and follows the present; says whether that changed anything.
    pub fn settle(&mut self) -> bool {
        let panned = !self.scope.is_live();
        self.scope.follow();
        self.cursor.take().is_some() || panned
    }

    /// Answers the mouse: the cursor follows it, the wheel zooms.
    pub fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        let parts = self.parts;
        let step = parts.seats.step().max(1);
        let column = mouse.column.saturating_sub(parts.left) / step;
        let left = parts.left + column * step;
        let inside = mouse.column >= left && mouse.column < left + parts.cells;
        match mouse.press {
            Press::WheelUp | Press::WheelDown if inside => {
                let at = f64::from(mouse.column - left) / f64::from(parts.cells.max(1));
                let on = mouse.press == Press::WheelUp;
                self.zoom(self.line(world), on, Some(at))
            }
            Press::Left | Press::Drag | Press::Hover if inside && mouse.row >= parts.area.y => {
                let row = parts.seats.place(column, parts.down(mouse.row));
                if let Some(row) = row.filter(|row| *row < self.rows.len()) {
                    self.cursor = Some((self.top + row, mouse.column - left));
                    return self.pressed(mouse);
                }
                Reply::Pass
            }
            _ => Reply::Pass,
        }
    }

    /// A click on a run selects its process.
    fn pressed(&self, mouse: Mouse) -> Reply {
        let Some((lane, cell)) = self.cursor.filter(|_| mouse.press == Press::Left) else {
            return Reply::Done;
        };
        let row = self.rows.get(lane - self.top);
        let cell = row.and_then(|r| r.cells.get(usize::from(cell)));
        match cell.and_then(|c| c.who.as_ref()) {
            Some(who) => Reply::Focus(who.id),
            None => Reply::Done,
        }
    }
}
