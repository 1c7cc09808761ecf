//! Actions: what a key can ask for. Each is a constant beside the pane that answers it; help, footer and palette are made from them.

use std::collections::HashMap;

use super::key::Key;

/// Something that a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name in the configuration file and the palette: `fold-all`.
    pub name: &'static str,
    /// What it does, one sentence without a full stop.
    pub about: &'static str,
    /// The keys that ask for it unless remapped; the first one is shown.
    pub keys: &'static [Key],
    /// One or two words for the footer; empty: help only.
    pub hint: &'static str,
}

/// Writes actions as constants, one a line: a name in the program, its own name, keys, sentence, hint.
macro_rules! actions {
    ($($(#[$doc:meta])* $id:ident $name:literal [$($key:expr),*] $about:literal $hint:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $id: $crate::app::action::Action = $crate::app::action::Action {
                name: $name,
                about: $about,
                keys: &[$($key),*],
                hint: $hint,
            };
        )*
    };
}
pub(crate) use actions;

/// Which keys ask for which action: the defaults, on top of them a preset, then a person's own.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    /// Those of a preset.
    preset: HashMap<&'static str, Vec<Key>>,
    changed: HashMap<String, Vec<Key>>,
}

impl Keymap {
    /// Asks for `action` by these keys and no others.
    pub fn remap(&mut self, action: &str, keys: Vec<Key>) {
        self.changed.insert(action.to_owned(), keys);
    }

    /// Takes the keys of another preset; what a person changed stays.
    pub fn take_preset(&mut self, preset: HashMap<&'static str, Vec<Key>>) {
        self.preset = preset;
    }

    /// The keys that ask for an action.
    pub fn keys<'a>(&'a self, action: &'a Action) -> &'a [Key] {
        let changed = self.changed.get(action.name);
        let keys = changed.or_else(|| self.preset.get(action.name));
        keys.map_or(action.keys, Vec::as_slice)
    }

    /// The action among these that a key asks for; the first wins.
    pub fn find(&self, key: Key, actions: &[&'static Action]) -> Option<&'static Action> {
        actions
            .iter()
            .copied()
            .find(|a| self.keys(a).contains(&key))
    }

    /// The key to show for an action.
    pub fn shown(&self, action: &Action) -> String {
        self.keys(action)
            .first()
            .map_or_else(String::new, Key::to_string)
    }
}
