//! Where lanes stand: below each other, or where there are more than rows in several columns of the same time.

use super::Parts;

/// Between two columns.
const GAP: u16 = 2;
/// The narrowest column: label, some twenty cells, how busy the core is.
const NARROWEST: u16 = 34;

/// Columns of lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    /// How many lanes stand below each other at most.
    pub high: u16,
    /// Cells of a column.
    pub width: u16,
    /// How many columns there are.
    pub(super) most: u16,
}

impl Seats {
    /// As few columns as hold all of `lanes` in so many cells and rows; one where none do.
    pub fn new(lanes: usize, width: u16, rows: u16) -> Self {
        let most = ((width + GAP) / (NARROWEST + GAP)).max(1);
        let fits = |n: &u16| lanes <= usize::from(*n) * usize::from(rows);
        let columns = (1..=most).find(fits).unwrap_or(1);
        let high = lanes.div_ceil(usize::from(columns));
        Self {
            high: high.min(usize::from(u16::MAX)) as u16,
            width: ((width + GAP) / columns).saturating_sub(GAP),
            most: columns,
        }
    }

    /// Whether all of `lanes` are seen in so many rows.
    pub fn hold(self, lanes: usize, rows: u16) -> bool {
        self.high <= rows && lanes <= usize::from(self.high) * usize::from(self.most)
    }

    /// Cells from one column to the next.
    pub(super) fn step(self) -> u16 {
        self.width + GAP
    }

    /// How many lanes are seen where so many stand below each other.
    pub(super) fn count(self, below: u16) -> usize {
        usize::from(below.min(self.high)) * usize::from(self.most)
    }

    /// How many rows of lanes there are, where so many are seen.
    pub(super) fn rows(self, shown: usize) -> u16 {
        shown.min(usize::from(self.high)) as u16
    }

    /// How many columns there are, where so many are seen.
    pub(super) fn columns(self, shown: usize) -> u16 {
        shown.div_ceil(usize::from(self.high.max(1))) as u16
    }

    /// Which lane stands in a column, so far down.
    pub(super) fn place(self, column: u16, down: u16) -> Option<usize> {
        let there = column < self.most && down < self.high;
        there.then(|| usize::from(column * self.high + down))
    }
}

impl Parts {
    /// Where the cells of a lane begin, counted from the first one that is seen, and its first row.
    pub(super) fn seat(self, place: usize) -> (u16, u16) {
        let high = usize::from(self.seats.high.max(1));
        let (column, down) = ((place / high) as u16, (place % high) as u16);
        let left = self.left + column * self.seats.step();
        (left, self.area.y + self.above(down))
    }

    /// How many rows of the screen the first `down` lanes of a column take.
    fn above(&self, down: u16) -> u16 {
        down * self.each + down.min(self.more)
    }

    /// How many rows of the screen a lane takes.
    pub(super) fn tall(&self, place: usize) -> u16 {
        let down = (place % usize::from(self.seats.high.max(1))) as u16;
        self.each + u16::from(down < self.more)
    }

    /// The row below so many lanes.
    pub(super) fn below(&self, shown: usize) -> u16 {
        self.area.y + self.above(self.seats.rows(shown))
    }

    /// Which lane of a column is at this row of the screen.
    pub(super) fn down(&self, row: u16) -> u16 {
        let row = row.saturating_sub(self.area.y);
        let more = self.more * (self.each + 1);
        if row < more {
            row / (self.each + 1)
        } else {
            self.more + (row - more) / self.each.max(1)
        }
    }
}
