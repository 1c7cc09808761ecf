//! The state that every table of the inspector has: the selected row by its key, what is in view, the search, the sort column.

use std::ops::Range;

use crate::app::action::{Action, Keymap};
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;

/// The actions that a [`Sheet`] answers; a pane lists those that it hands on.
pub const MOVES: [&Action; 8] = [
    moves::UP,
    moves::DOWN,
    moves::PAGE_UP,
    moves::PAGE_DOWN,
    moves::HALF_UP,
    moves::HALF_DOWN,
    moves::FIRST,
    moves::LAST,
];

/// The moves and these actions, as the list of a pane's spec.
///
/// # Panics
/// While compiling, where the list is not as long as both together.
pub const fn with<const N: usize, const ALL: usize>(
    own: [&'static Action; N],
) -> [&'static Action; ALL] {
    assert!(
        ALL == N + MOVES.len(),
        "the list holds the moves and the pane's own actions"
    );
    let mut all = [MOVES[0]; ALL];
    let mut i = 0;
    while i < N {
        all[i] = own[i];
        i += 1;
    }
    while i < ALL {
        all[i] = MOVES[i - N];
        i += 1;
    }
    all
}

/// Selection, scrolling, search and order of a table whose rows have the key `K`.
#[derive(Clone, Debug)]
pub struct Sheet<K> {
    chosen: Option<K>,
    at: usize,
    top: usize,
    height: usize,
    len: usize,
    needle: String,
    typing: bool,
    jump: Option<Jump>,
    /// The column that rows are sorted by.
    pub sort: usize,
    /// Whether the order is the other way round than the column's own.
    pub inverted: bool,
}

#[derive(Clone, Copy, Debug)]
enum Jump {
    Here,
    Next,
    Previous,
}

impl<K> Default for Sheet<K> {
    fn default() -> Self {
        Self {
            chosen: None,
            at: 0,
            top: 0,
            height: 1,
            len: 0,
            needle: String::new(),
            typing: false,
            jump: None,
            sort: 0,
            inverted: false,
        }
    }
}

impl<K: Clone + PartialEq> Sheet<K> {
    /// Takes in the rows as they are now, in order: the selection stays on its key, and what is in view follows it.
    ///
    /// `matches` tells whether a row contains the text that is searched for.
    pub fn fit(&mut self, rows: &[K], height: usize, matches: impl Fn(usize, &str) -> bool) {
        self.len = rows.len();
        self.height = height.max(1);
        if let Some(chosen) = &self.chosen
            && rows.get(self.at) != Some(chosen)
        {
            self.at = rows.iter().position(|k| k == chosen).unwrap_or(self.at);
        }
        self.at = self.at.min(self.len.saturating_sub(1));
        if let Some(jump) = self.jump.take() {
            self.search(jump, &matches);
        }
        self.chosen = rows.get(self.at).cloned();
        self.top = self
            .top
            .min(self.at)
            .max((self.at + 1).saturating_sub(self.height))
            .min(self.len.saturating_sub(self.height));
    }

    fn search(&mut self, jump: Jump, matches: &impl Fn(usize, &str) -> bool) {
        if self.needle.is_empty() || self.len == 0 {
            return;
        }
        let found = (0..self.len)
            .map(|n| match jump {
                Jump::Here => (self.at + n) % self.len,
                Jump::Next => (self.at + 1 + n) % self.len,
                Jump::Previous => (self.at + 2 * self.len - 1 - n) % self.len,
            })
            .find(|i| matches(*i, &self.needle));
        self.at = found.unwrap_or(self.at);
    }

    /// The rows in view.
    pub fn window(&self) -> Range<usize> {
        self.top..(self.top + self.height).min(self.len)
    }

    /// The selected row's place among all rows; `None` without rows.
    pub fn selected(&self) -> Option<usize> {
        (self.len > 0).then_some(self.at)
    }

    /// The selected row's place among those in view.
    pub fn selected_in_view(&self) -> Option<usize> {
        self.selected()?.checked_sub(self.top)
    }

    /// The key of the selected row.
    pub fn chosen(&self) -> Option<&K> {
        self.chosen.as_ref()
    }

    /// Selects a row by its key at the next `fit`.
    pub fn choose(&mut self, key: K) {
        self.chosen = Some(key);
    }

    /// What is searched for; empty for nothing.
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// Whether keys are being typed into the search.
    pub fn typing(&self) -> bool {
        self.typing
    }

    /// `3/41`, or the search as it is typed; for the right end of a title.
    pub fn status(&self) -> String {
        match (self.typing, self.needle.is_empty()) {
            (true, _) => format!("/{}▏", self.needle),
            (false, false) => format!("/{}  {}/{}", self.needle, self.at + 1, self.len),
            (false, true) if self.len > 0 => format!("{}/{}", self.at + 1, self.len),
            (false, true) => String::new(),
        }
    }

    /// Answers the moves and the search and sort actions; false for any other. `columns` is how many may be sorted by.
    pub fn act(&mut self, action: &Action, columns: usize) -> bool {
        let page = self.height.max(2) as isize - 1;
        match action.name {
            name if name == moves::UP.name => self.by(-1),
            name if name == moves::DOWN.name => self.by(1),
            name if name == moves::PAGE_UP.name => self.by(-page),
            name if name == moves::PAGE_DOWN.name => self.by(page),
            name if name == moves::HALF_UP.name => self.by(-(page + 1) / 2),
            name if name == moves::HALF_DOWN.name => self.by((page + 1) / 2),
            name if name == moves::FIRST.name => self.by(isize::MIN),
            name if name == moves::LAST.name => self.by(isize::MAX),
            name if name == moves::SEARCH.name => {
                self.typing = true;
                self.needle.clear();
            }
            name if name == moves::NEXT.name => self.jump = Some(Jump::Next),
            name if name == moves::PREVIOUS.name => self.jump = Some(Jump::Previous),
            name if name == moves::SORT_LEFT.name => {
                self.sort_by_neighbour(columns, columns.saturating_sub(1));
            }
            name if name == moves::SORT_RIGHT.name => self.sort_by_neighbour(columns, 1),
            name if name == moves::INVERT.name => self.inverted = !self.inverted,
            _ => return false,
        }
        true
    }

    fn by(&mut self, rows: isize) {
        self.at = self
            .at
            .saturating_add_signed(rows)
            .min(self.len.saturating_sub(1));
        self.chosen = None;
    }

    fn sort_by_neighbour(&mut self, columns: usize, step: usize) {
        if columns > 0 {
            self.sort = (self.sort + step) % columns;
            self.inverted = false;
        }
    }

    /// Sorts by a column, as a click on its title asks for; a second click inverts.
    pub fn sort_by(&mut self, column: usize) {
        self.inverted = self.sort == column && !self.inverted;
        self.sort = column;
    }

    /// Answers a key while the search is typed: Enter keeps it, Esc drops it.
    pub fn key(&mut self, keys: &Keymap, key: Key) {
        match key.code {
            Code::Enter => self.typing = false,
            Code::Esc => {
                self.typing = false;
                self.needle.clear();
            }
            Code::Backspace => {
                self.needle.pop();
                self.jump = Some(Jump::Here);
            }
            Code::Up | Code::Down => {
                if let Some(action) = keys.find(key, &MOVES) {
                    self.act(action, 0);
                }
            }
            _ => {
                if let Some(c) = key.typed() {
                    self.needle.push(c);
                    self.jump = Some(Jump::Here);
                }
            }
        }
    }

    /// Takes pasted text into the search, one line of it.
    pub fn paste(&mut self, text: &str) {
        self.needle
            .extend(text.chars().take_while(|c| !c.is_control()));
        self.jump = Some(Jump::Here);
    }

    /// Answers the mouse; `row` counts from the first row in view, negative above it. True where it was for a row.
    pub fn mouse(&mut self, mouse: Mouse, row: i32) -> bool {
        match mouse.press {
            Press::WheelUp => self.by(-3),
            Press::WheelDown => self.by(3),
            Press::Left => {
                let Ok(row) = usize::try_from(row) else {
                    return false;
                };
                if row >= self.window().len() {
                    return false;
                }
                self.at = self.top + row;
                self.chosen = None;
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(rows: &[u32], height: usize) -> Sheet<u32> {
        let mut sheet = Sheet::default();
        fit(&mut sheet, rows, height);
        sheet
    }

    fn fit(sheet: &mut Sheet<u32>, rows: &[u32], height: usize) {
        sheet.fit(rows, height, |i, needle| {
            rows[i].to_string().contains(needle)
        });
    }

    #[test]
    fn the_selection_stays_on_its_row_when_rows_move() {
        let mut sheet = fitted(&[3, 4, 5], 3);
        sheet.act(moves::DOWN, 0);
        fit(&mut sheet, &[3, 4, 5], 3);
        assert_eq!(sheet.chosen(), Some(&4));
        fit(&mut sheet, &[1, 2, 3, 4, 5], 3);
        assert_eq!((sheet.selected(), sheet.chosen()), (Some(3), Some(&4)));
        assert_eq!(sheet.window(), 1..4);
        fit(&mut sheet, &[1, 2], 3);
        assert_eq!((sheet.selected(), sheet.window()), (Some(1), 0..2));
        fit(&mut sheet, &[], 3);
        assert_eq!((sheet.selected(), sheet.chosen()), (None, None));
    }

    #[test]
    fn pages_ends_and_the_wheel_stay_inside() {
        let rows: Vec<u32> = (0..100).collect();
        let mut sheet = fitted(&rows, 10);
        sheet.act(moves::PAGE_DOWN, 0);
        fit(&mut sheet, &rows, 10);
        assert_eq!((sheet.chosen(), sheet.window()), (Some(&9), 0..10));
        sheet.act(moves::LAST, 0);
        fit(&mut sheet, &rows, 10);
        assert_eq!(sheet.window(), 90..100);
        sheet.act(moves::FIRST, 0);
        fit(&mut sheet, &rows, 10);
        assert_eq!(sheet.window(), 0..10);
        let wheel = Mouse {
            press: Press::WheelUp,
            column: 0,
            row: 0,
        };
        assert!(sheet.mouse(wheel, -1));
        fit(&mut sheet, &rows, 10);
        assert_eq!(sheet.selected(), Some(0));
    }

    #[test]
    fn search_goes_to_matches_around_the_end() {
        let rows: Vec<u32> = (0..30).collect();
        let mut sheet = fitted(&rows, 10);
        let keys = Keymap::default();
        sheet.act(moves::SEARCH, 0);
        assert!(sheet.typing());
        for c in "27".chars() {
            sheet.key(&keys, Key::char(c));
        }
        sheet.key(&keys, Key::of(Code::Enter));
        fit(&mut sheet, &rows, 10);
        assert_eq!((sheet.chosen(), sheet.typing()), (Some(&27), false));
        sheet.act(moves::SEARCH, 0);
        sheet.key(&keys, Key::char('7'));
        sheet.act(moves::NEXT, 0);
        fit(&mut sheet, &rows, 10);
        assert_eq!(sheet.chosen(), Some(&7));
        sheet.act(moves::PREVIOUS, 0);
        fit(&mut sheet, &rows, 10);
        assert_eq!(sheet.chosen(), Some(&27));
    }

    #[test]
    fn sorting_goes_round_and_a_second_click_inverts() {
        let mut sheet = fitted(&[1], 1);
        sheet.act(moves::SORT_LEFT, 3);
        assert_eq!(sheet.sort, 2);
        sheet.act(moves::SORT_RIGHT, 3);
        assert_eq!(sheet.sort, 0);
        sheet.sort_by(1);
        sheet.sort_by(1);
        assert!(sheet.sort == 1 && sheet.inverted);
    }
}
