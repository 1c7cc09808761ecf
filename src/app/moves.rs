//! Actions that every list and table answers, so that one key means one thing everywhere.

use super::action::Action;
use super::key::{Code, Key};

macro_rules! moves {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $about:literal, [$($key:expr),*], $hint:literal;)*) => {
        $($(#[$doc])* pub const $id: &Action = &Action {
            name: $name,
            about: $about,
            keys: &[$($key),*],
            hint: $hint,
        };)*
    };
}

moves! {
    /// One row up.
    UP = "up", "Go one row up", [Key::of(Code::Up), Key::char('k')], "move";
    /// One row down.
    DOWN = "down", "Go one row down", [Key::of(Code::Down), Key::char('j')], "move";
    /// One page up.
    PAGE_UP = "page-up", "Go one page up", [Key::of(Code::PageUp)], "";
    /// One page down.
    PAGE_DOWN = "page-down", "Go one page down", [Key::of(Code::PageDown)], "";
    /// Half a page up.
    HALF_UP = "half-page-up", "Go half a page up", [Key::ctrl('u')], "";
    /// Half a page down.
    HALF_DOWN = "half-page-down", "Go half a page down", [Key::ctrl('d')], "";
    /// The first row.
    FIRST = "first", "Go to the first row", [Key::of(Code::Home), Key::char('g')], "";
    /// The first row, where `g` groups rows.
    HOME = "first", "Go to the first row", [Key::of(Code::Home)], "";
    /// The last row.
    LAST = "last", "Go to the last row", [Key::of(Code::End), Key::char('G')], "";
    /// Only some rows.
    FILTER = "filter", "Show only what passes a filter", [Key::char('/'), Key::char('\\'), Key::f(4)], "filter";
    /// All rows again.
    CLEAR = "clear-filter", "Clear the filter and the search, keep the selection", [Key::of(Code::Esc)], "";
    /// Search in this pane.
    SEARCH = "search", "Search, and go to the first match", [Key::f(3)], "";
    /// The next match.
    NEXT = "next-match", "Go to the next match", [Key::char('n')], "";
    /// The previous match.
    PREVIOUS = "previous-match", "Go to the previous match", [Key::char('N')], "";
    /// Sort by the column on the left.
    SORT_LEFT = "sort-left", "Sort by the column on the left", [Key::char('<')], "";
    /// Sort by the column on the right.
    SORT_RIGHT = "sort-right", "Sort by the column on the right", [Key::char('>')], "sort";
    /// Invert the order.
    INVERT = "invert-order", "Invert the order of the sort column", [Key::char('I')], "";
    /// Copy the selected value.
    COPY = "copy", "Copy the selected value to the clipboard", [Key::char('y')], "copy";
}
