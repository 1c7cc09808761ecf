//! What the process list answers to.

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;

macro_rules! actions {
    ($($id:ident $name:literal [$($key:expr),*] $hint:literal $about:literal;)*) => {
        $(pub(super) const $id: &Action = &Action {
            name: $name,
            about: $about,
            keys: &[$($key),*],
            hint: $hint,
        };)*
    };
}

actions! {
    FOLD "fold" [Key::of(Code::Left), Key::char('h')] "fold" "Fold the row, or go to its parent";
    UNFOLD "unfold" [Key::of(Code::Right), Key::char('l')] "fold" "Unfold the row, or go to its first child";
    TOGGLE "toggle-fold" [] "" "Fold the row, or unfold it";
    UNFOLD_BELOW "unfold-below" [Key::char('+'), Key::char('=')] "" "Unfold the row and everything below it";
    FOLD_BELOW "fold-below" [Key::char('-')] "" "Fold the row and everything below it";
    FOLD_ALL "fold-all" [Key::char('*')] "" "Fold every subtree, or unfold them all";
    INSPECT "inspect" [Key::of(Code::Enter)] "inspect" "Inspect the selected process";
    TAG "tag" [Key::char(' ')] "tag" "Tag the row or take its tag away, and go on";
    TAG_BELOW "tag-subtree" [Key::char('c')] "" "Tag the process and everything below it";
    UNTAG "untag-all" [Key::char('U')] "" "Take all tags away";
    TREE "tree-or-flat" [Key::char('t'), Key::f(5)] "tree/flat" "Show a tree, or a flat list";
    GROUP_BY "group-by" [Key::char('D')] "" "Group by parent, control group, container or unit, user, program, session";
    THREADS "show-threads" [Key::char('H')] "" "Show threads, or hide them";
    KERNEL "show-kernel" [Key::char('K')] "" "Show kernel threads, or hide them";
    GROUPS "group-alike" [Key::char('d')] "" "Let identical siblings share a row, or give each its own";
    FOLLOW "follow" [Key::char('F')] "" "Keep the selected process in view when rows move";
    SORT_MENU "sort-by" [Key::f(6)] "" "Choose the sort column";
    BY_CPU "sort-cpu" [Key::char('P')] "" "Sort by CPU";
    BY_MEMORY "sort-memory" [Key::char('M')] "" "Sort by memory";
    BY_TIME "sort-time" [Key::char('T')] "" "Sort by time on a core";
    COLUMNS "columns" [Key::char('C')] "" "Choose the columns and their order";
    USER "user" [Key::char('u')] "" "Show the processes of one user";
    PATHS "paths" [Key::char('B')] "" "Show whole paths of programs, or only their names";
    WRAP "whole-command" [Key::char('W')] "" "Show the whole command line of the selected row, wrapped";
}

/// All of them, in the order of help and footer.
pub(super) const ALL: &[&Action] = &[
    moves::UP,
    moves::DOWN,
    FOLD,
    UNFOLD,
    INSPECT,
    moves::FILTER,
    TAG,
    TREE,
    GROUP_BY,
    moves::CLEAR,
    moves::SEARCH,
    moves::NEXT,
    moves::PREVIOUS,
    moves::PAGE_UP,
    moves::PAGE_DOWN,
    moves::HALF_UP,
    moves::HALF_DOWN,
    moves::FIRST,
    moves::LAST,
    TOGGLE,
    UNFOLD_BELOW,
    FOLD_BELOW,
    FOLD_ALL,
    TAG_BELOW,
    UNTAG,
    SORT_MENU,
    moves::SORT_LEFT,
    moves::SORT_RIGHT,
    BY_CPU,
    BY_MEMORY,
    BY_TIME,
    moves::INVERT,
    COLUMNS,
    USER,
    THREADS,
    KERNEL,
    GROUPS,
    FOLLOW,
    PATHS,
    WRAP,
    moves::COPY,
];
