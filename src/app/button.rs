//! What looks like a button is one: parts of titles, borders and lines that do something when they are clicked.

use std::ops::Range;

use ratatui::layout::Rect;

use super::action::Action;
use super::key::Key;
use crate::model::text::width;

/// A part of the screen that does something when it is clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Button {
    /// Its cells.
    pub area: Rect,
    /// What a click does.
    pub does: Does,
}

/// What a click does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// The same as this key.
    Press(Key),
    /// What this action does.
    Act(&'static Action),
}

impl Button {
    /// A button that asks for an action.
    pub fn act(area: Rect, action: &'static Action) -> Self {
        Self {
            area,
            does: Does::Act(action),
        }
    }

    /// A button that stands for a key.
    pub fn press(area: Rect, key: Key) -> Self {
        Self {
            area,
            does: Does::Press(key),
        }
    }
}

/// The keys that a line of hints names, each with its cells: `Enter sends · Esc closes`.
///
/// A hint begins with the name of a key of more than one letter, or with one letter before a blank; two keys with a blank
/// between them (`← →`) are a button each.
pub fn keys_in(text: &str) -> Vec<(Range<usize>, Key)> {
    let mut out = Vec::new();
    let mut at = 0;
    for hint in text.split(" · ") {
        let end = at + width(hint);
        let mut cell = at + hint.len() - hint.trim_start().len();
        for word in hint.split_whitespace() {
            let Some(key) = key(word) else { break };
            out.push((cell..end, key));
            cell += width(word) + 1;
        }
        // The last key of a hint takes its words along, those before it only themselves.
        for i in (1..out.len()).rev() {
            if out[i].0.end == end && out[i - 1].0.end == end && out[i - 1].0.start >= at {
                out[i - 1].0.end = out[i].0.start - 1;
            }
        }
        at = end + width(" · ");
    }
    out
}

/// A key by its name, in a hint: articles and numbers are none.
fn key(word: &str) -> Option<Key> {
    let lone = word.chars().count() == 1 && word.chars().all(|c| c.is_ascii_digit() || c == 'a');
    word.parse().ok().filter(|_| !lone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::Code;

    #[test]
    fn hints_name_their_keys() {
        let keys = keys_in("w keeps them · Esc closes");
        assert_eq!(
            keys,
            [(0..12, Key::char('w')), (15..25, Key::of(Code::Esc))]
        );
        let keys = keys_in("Space shows or hides · ← → move");
        let names: Vec<String> = keys.iter().map(|(_, key)| key.to_string()).collect();
        assert_eq!(names, ["Space", "←", "→"]);
        assert_eq!((keys[1].0.clone(), keys[2].0.clone()), (23..24, 25..31));
        assert!(keys_in("3 more lines below").is_empty());
        assert!(keys_in("").is_empty());
    }
}
