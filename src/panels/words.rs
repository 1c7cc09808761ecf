//! The words and numbers of every pane with what they mean and where they come from. `x` tells them with their present values,
//! the manual page and `docs/numbers.md` tell them all.

pub(super) mod dashboard;
pub(super) mod network;
pub(super) mod process;
pub(super) mod tabs;
pub(super) mod views;

use crate::app::word::Word;

/// A word in three parts: name, meaning, origin.
const fn word(name: &'static str, about: &'static str, from: &'static str) -> Word {
    Word { name, about, from }
}

/// Words that stand in many panes.
const PID: Word = word("PID", "The process.", "");
const USER: Word = word(
    "USER",
    "The user as whom it acts.",
    "the owner of /proc/PID",
);
