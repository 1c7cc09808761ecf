//! Keys as the hands of other programs expect them: what differs from pscope's own. A person's `[keys]` go before them.

use std::collections::HashMap;

use super::action::Action;
use super::key::Key;
use super::{App, globals};

/// An action by its name, and the keys that ask for it, parted by blanks.
type Keys = &'static [(&'static str, &'static str)];

/// Every preset by its name; the first is pscope's own.
pub const NAMES: [&str; 4] = ["pscope", "htop", "vim", "btop"];

/// htop 3.
const HTOP: Keys = &[
    ("up", "Up"),
    ("down", "Down"),
    ("fold", "Left"),
    ("unfold", "Right"),
    ("next-tab", "Right"),
    ("previous-tab", "Left"),
    ("lanes-cursor-left", "Left"),
    ("lanes-cursor-right", "Right"),
    ("fold-line", "Left -"),
    ("help", "F1 h ?"),
    ("search", "F3 /"),
    ("filter", "F4 \\"),
    ("sort-by", "F6 < > , ."),
    ("sort-left", ""),
    ("sort-right", ""),
    ("signal", "F9 k Del"),
    ("threads-tab", "s"),
    ("files", "l f"),
    ("whole-command", "w W"),
    ("paths", "p B"),
    ("pause", "Z"),
    ("settings", "F2"),
    ("columns", "C"),
];

/// vi, and pagers that follow it; moves are so already.
const VIM: Keys = &[
    ("search", "/ F3"),
    ("filter", "\\ F4"),
    ("page-down", "PgDn Ctrl-f"),
    ("page-up", "PgUp Ctrl-b"),
    ("next-pane", "Tab Ctrl-w"),
    ("signal", "d F9 Del"),
    ("group-alike", "Ctrl-g"),
    ("group-by", "E"),
];

/// btop 1. Left and right go on folding, and change tabs: `<` and `>` choose the column to sort by.
const BTOP: Keys = &[
    ("up", "Up"),
    ("down", "Down"),
    ("fold", "Left"),
    ("unfold", "Right"),
    ("toggle-fold", "Space"),
    ("tag", "Ins"),
    ("tag-subtree", "Ctrl-a"),
    ("invert-order", "r I"),
    ("tree-or-flat", "e F5"),
    ("filter", "f / F4"),
    ("help", "F1 h ?"),
    ("previous-tab", "Left"),
    ("next-tab", "Right"),
    ("lanes-cursor-left", "Left"),
    ("lanes-cursor-right", "Right"),
    ("fold-line", "Left"),
    ("unfold-line", "Right Space"),
    ("settings", "F2 o"),
    ("commands", ": m"),
    ("overview", ""),
    ("memory", ""),
    ("files", ""),
    ("environment", ""),
    ("faster", "- ("),
    ("slower", "+ )"),
    ("fold-below", ""),
    ("unfold-below", "="),
    ("signal", "s t k F9 Del"),
    ("nice-up", "F8 N"),
    ("previous-match", "Ctrl-p"),
    ("lanes-slice-before", "Ctrl-p"),
    ("cpu-scale", "% c"),
    ("next-peer", "Ctrl-r"),
    ("reveal-secrets", "Ctrl-r"),
    ("inspect-right", "Ctrl-r"),
];

/// The keys of a preset, by the names of actions.
///
/// # Errors
/// Where there is none of this name; says which ones there are.
pub fn keys(name: &str) -> Result<HashMap<&'static str, Vec<Key>>, String> {
    let keys = match name {
        "pscope" => &[][..],
        "htop" => HTOP,
        "vim" => VIM,
        "btop" => BTOP,
        _ => {
            let known = NAMES.join(", ");
            return Err(format!(
                "there are no keys called '{name}'; there are {known}"
            ));
        }
    };
    let read = |text: &str| text.split(' ').filter_map(|key| key.parse().ok()).collect();
    Ok(keys
        .iter()
        .map(|(action, text)| (*action, read(text)))
        .collect())
}

impl App {
    /// Every action that a key can be given to: the app's own, those of each pane, those that open dialogs.
    pub fn actions(&self) -> impl Iterator<Item = &'static Action> {
        let of_panes = self
            .panels()
            .iter()
            .flat_map(|p| p.spec().actions.iter().chain(p.openers()));
        globals::ALL.iter().chain(of_panes).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_them_can_be_read() {
        for (_, text) in [HTOP, VIM, BTOP].into_iter().flatten() {
            for key in text.split(' ').filter(|key| !key.is_empty()) {
                assert!(key.parse::<Key>().is_ok(), "{key}");
            }
        }
        assert!(NAMES.iter().all(|name| keys(name).is_ok()));
        assert!(keys("emacs").is_err_and(|why| why.contains("htop")));
    }
}
