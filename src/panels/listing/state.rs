//! The state behind a listing: the selected row by its key, what is in view, search, filter, sort column.

use std::ops::Range;

use crate::app::action::{Action, Keymap};
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Hit, Reply};

/// Moves that are answered while something is typed too.
const WHILE_TYPING: [&Action; 4] = [moves::UP, moves::DOWN, moves::PAGE_UP, moves::PAGE_DOWN];

/// Rows that one turn of the wheel goes.
const WHEEL: isize = 3;

/// Selection, scrolling, search, filter and order of a table whose rows have the key `K`.
#[derive(Clone, Debug)]
pub struct TableState<K> {
    chosen: Option<K>,
    /// Whether a person chose the row; until then the first one is selected, whichever it is.
    moved: bool,
    at: usize,
    top: usize,
    height: usize,
    len: usize,
    search: Input,
    filter: Input,
    typing: Option<Typing>,
    jump: Option<Jump>,
    /// No row has what is searched for.
    missed: bool,
    /// The column that rows are sorted by.
    pub sort: usize,
    /// Whether the order is the other way round than the column's own.
    pub inverted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typing {
    Search,
    Filter,
}

#[derive(Clone, Copy, Debug)]
enum Jump {
    Here,
    Next,
    Previous,
}

impl<K> Default for TableState<K> {
    fn default() -> Self {
        Self {
            chosen: None,
            moved: false,
            at: 0,
            top: 0,
            height: 1,
            len: 0,
            search: Input::default(),
            filter: Input::default(),
            typing: None,
            jump: None,
            missed: false,
            sort: 0,
            inverted: false,
        }
    }
}

impl<K: Clone + PartialEq> TableState<K> {
    /// Takes in the rows as they are now, in order: the selection stays on its key, and what is in view follows it.
    ///
    /// `matches` tells whether a row contains the text that is searched for.
    pub fn fit(&mut self, rows: &[K], height: usize, matches: impl Fn(usize, &str) -> bool) {
        self.len = rows.len();
        self.height = height.max(1);
        if let Some(chosen) = &self.chosen
            && self.moved
            && rows.get(self.at) != Some(chosen)
        {
            self.at = rows.iter().position(|k| k == chosen).unwrap_or(self.at);
        }
        self.at = self.at.min(self.len.saturating_sub(1));
        if let Some(jump) = self.jump.take() {
            self.go(jump, &matches);
        }
        self.chosen = rows.get(self.at).cloned();
        self.top = self
            .top
            .min(self.at)
            .max((self.at + 1).saturating_sub(self.height))
            .min(self.len.saturating_sub(self.height));
    }

    fn go(&mut self, jump: Jump, matches: &impl Fn(usize, &str) -> bool) {
        let needle = self.search.text();
        if needle.is_empty() || self.len == 0 {
            self.missed = false;
            return;
        }
        let found = (0..self.len)
            .map(|n| match jump {
                Jump::Here => (self.at + n) % self.len,
                Jump::Next => (self.at + 1 + n) % self.len,
                Jump::Previous => (self.at + 2 * self.len - 1 - n) % self.len,
            })
            .find(|i| matches(*i, needle));
        self.missed = found.is_none();
        self.at = found.unwrap_or(self.at);
        self.moved = true;
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
        self.moved = true;
        self.chosen = Some(key);
    }

    /// Selects the first row, whichever it is.
    pub fn begin(&mut self) {
        self.by(isize::MIN);
        self.top = 0;
    }

    /// The text that is marked wherever it stands; empty for none.
    pub fn marked(&self) -> &str {
        match self.search.text() {
            "" => self.filter.text(),
            text => text,
        }
    }

    /// What rows must contain to be listed; empty for anything.
    pub fn filter(&self) -> &str {
        self.filter.text()
    }

    /// Whether there is a search or a filter to clear.
    pub fn filtered(&self) -> bool {
        !self.search.text().is_empty() || !self.filter.text().is_empty()
    }

    /// Whether keys are being typed into the search or the filter.
    pub fn typing(&self) -> bool {
        self.typing.is_some()
    }

    /// `3/41`, and the search or filter as it is typed or as it stands; `all` counts the rows that the filter hides too.
    pub fn status(&self, all: usize) -> String {
        let mut parts = Vec::new();
        match (self.typing, self.filter.text()) {
            (Some(Typing::Filter), _) => parts.push(format!("/{}", self.filter.marked())),
            (_, "") => {}
            (_, text) => parts.push(format!("/{text}")),
        }
        match (self.typing, self.search.text()) {
            (Some(Typing::Search), _) => parts.push(format!("search {}", self.search.marked())),
            (_, "") => {}
            (_, text) => parts.push(format!("search {text}")),
        }
        if self.missed {
            parts.push("nowhere".to_owned());
        } else if self.len < all {
            let at = self.selected().map_or(0, |at| at + 1);
            parts.push(format!("{at}/{} of {all}", self.len));
        } else if self.len > 0 {
            parts.push(format!("{}/{}", self.at + 1, self.len));
        }
        parts.join("  ")
    }

    /// Answers moves, search, filter and order. `sortable` says which of so many columns rows can be sorted by.
    pub fn act(
        &mut self,
        action: &Action,
        columns: usize,
        sortable: impl Fn(usize) -> bool,
    ) -> Reply {
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
            name if name == moves::FILTER.name => self.typing = Some(Typing::Filter),
            name if name == moves::SEARCH.name => {
                self.typing = Some(Typing::Search);
                self.search.clear();
            }
            name if name == moves::CLEAR.name => return self.clear(),
            name if name == moves::NEXT.name => return self.again(Jump::Next),
            name if name == moves::PREVIOUS.name => return self.again(Jump::Previous),
            name if name == moves::SORT_LEFT.name => {
                self.sort_beside(columns, columns.saturating_sub(1), sortable);
            }
            name if name == moves::SORT_RIGHT.name => self.sort_beside(columns, 1, sortable),
            name if name == moves::INVERT.name => self.inverted = !self.inverted,
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn by(&mut self, rows: isize) {
        self.at = self
            .at
            .saturating_add_signed(rows)
            .min(self.len.saturating_sub(1));
        self.chosen = None;
        // Who goes to the first row wants to see what is first.
        self.moved = rows != isize::MIN;
    }

    fn again(&mut self, jump: Jump) -> Reply {
        if self.search.text().is_empty() {
            return Reply::Say("nothing is searched for; F3 searches".to_owned());
        }
        self.jump = Some(jump);
        Reply::Done
    }

    /// Drops search and filter; passes where there is neither, so that Esc leaves the pane.
    fn clear(&mut self) -> Reply {
        if !self.filtered() {
            return Reply::Pass;
        }
        self.search.clear();
        self.filter.clear();
        self.missed = false;
        Reply::Done
    }

    fn sort_beside(&mut self, columns: usize, step: usize, sortable: impl Fn(usize) -> bool) {
        let next = (1..=columns).map(|n| (self.sort + n * step) % columns);
        if let Some(column) = next.into_iter().find(|c| sortable(*c)) {
            self.sort = column;
            self.inverted = false;
        }
    }

    /// Sorts by a column, as a click on its title asks for; a second click inverts.
    pub fn sort_by(&mut self, column: usize) {
        self.inverted = self.sort == column && !self.inverted;
        self.sort = column;
    }

    /// Answers a key while something is typed: Enter keeps it, Esc drops it.
    pub fn key(&mut self, keys: &Keymap, key: Key) {
        let moves = matches!(
            key.code,
            Code::Up | Code::Down | Code::PageUp | Code::PageDown
        );
        match (key.code, self.typing) {
            (Code::Enter, _) => self.typing = None,
            (Code::Esc, Some(Typing::Filter)) => {
                self.typing = None;
                self.filter.clear();
            }
            (Code::Esc, _) => {
                self.typing = None;
                self.search.clear();
                self.missed = false;
            }
            _ if moves => {
                if let Some(action) = keys.find(key, &WHILE_TYPING) {
                    self.act(action, 0, |_| false);
                }
            }
            _ => {
                self.edit(|input| input.key(key));
            }
        }
    }

    /// Takes pasted text in while something is typed.
    pub fn paste(&mut self, text: &str) {
        self.edit(|input| {
            input.insert(text);
            true
        });
    }

    fn edit(&mut self, change: impl FnOnce(&mut Input) -> bool) {
        match self.typing {
            Some(Typing::Filter) => {
                change(&mut self.filter);
            }
            Some(Typing::Search) if change(&mut self.search) => self.jump = Some(Jump::Here),
            _ => {}
        }
    }

    /// Answers the mouse; `row` counts from the first row in view, negative above it.
    pub fn mouse(&mut self, mouse: Mouse, row: i32) -> Hit {
        match mouse.press {
            Press::WheelUp => self.by(-WHEEL),
            Press::WheelDown => self.by(WHEEL),
            Press::Left => {
                let row = usize::try_from(row).ok();
                let Some(row) = row.filter(|row| *row < self.window().len()) else {
                    return Hit::Missed;
                };
                if self.selected_in_view() == Some(row) {
                    return Hit::Again;
                }
                self.at = self.top + row;
                self.chosen = None;
                self.moved = true;
            }
            _ => return Hit::Missed,
        }
        Hit::Taken
    }
}

#[cfg(test)]
mod tests;
