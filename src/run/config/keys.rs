//! Gives the app the keys that a configuration asks for, and tells of those that nobody answers or two answer.

use super::lines::Binding;
use crate::app::App;
use crate::app::action::Action;
use crate::app::world::Section;

/// So many names are offered for one that does not exist.
const OFFERED: usize = 3;

/// Remaps keys; what is wrong with them, with the line of each.
pub fn remap(app: &mut App, bindings: Vec<Binding>) -> Vec<(usize, String)> {
    let mut complaints = Vec::new();
    let mut changed = Vec::new();
    for Binding { action, line, keys } in bindings {
        let names = || app.actions().map(|a| a.name);
        if !names().any(|name| name == action) {
            let near = nearest(&action, names());
            let text = format!(
                "there is no action '{action}'; near to it are {}; the key : lists all",
                near.join(", ")
            );
            complaints.push((line, text));
            continue;
        }
        app.world.keys.remap(&action, keys);
        changed.push((action, line));
    }
    for (action, line) in &changed {
        for section in &app.world.catalog {
            complaints.extend(twice(app, section, action).map(|text| (*line, text)));
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

/// A key of an action that asks for another one of the same pane too: which of both it asks for.
fn twice(app: &App, section: &Section, action: &str) -> Option<String> {
    let keys = &app.world.keys;
    let this: &Action = section.actions.iter().find(|a| a.name == action)?;
    let both = |other: &&&'static Action| {
        other.name != this.name && keys.keys(other).iter().any(|k| keys.keys(this).contains(k))
    };
    let other = section.actions.iter().find(both)?;
    let key = keys
        .keys(this)
        .iter()
        .find(|k| keys.keys(other).contains(k))?;
    let wins = keys.find(*key, section.actions)?;
    Some(format!(
        "the key {key} is bound twice, to '{}' and to '{}': it asks for '{}'",
        this.name, other.name, wins.name
    ))
}

/// The names that differ least.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<(usize, &str)> = names.map(|name| (distance(wanted, name), name)).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .take(OFFERED)
        .map(|(_, name)| name)
        .collect()
}

/// How many letters must be changed, put in or taken out (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::Key;
    use crate::app::world::Settings;
    use crate::theme::{Depth, Theme};

    fn told(bindings: &[(&str, usize, char)]) -> Vec<(usize, String)> {
        let theme = Theme::terminal(Depth::Ansi, false);
        let mut app = App::new(crate::panels::all(), Settings::default(), theme);
        let binding = |(action, line, key): &(&str, usize, char)| Binding {
            action: (*action).to_owned(),
            line: *line,
            keys: vec![Key::char(*key)],
        };
        remap(&mut app, bindings.iter().map(binding).collect())
    }

    #[test]
    fn an_action_that_is_not_there_is_told_with_those_that_are_near() {
        let all = told(&[("qiut", 7, 'x')]);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0, 7);
        assert!(
            all[0].1.contains("'qiut'") && all[0].1.contains("quit"),
            "{all:?}"
        );
    }

    #[test]
    fn a_key_that_two_actions_of_a_pane_ask_for_is_told() {
        let all = told(&[("pause", 3, 'q')]);
        assert!(
            all.iter().any(|(line, text)| *line == 3
                && text.contains("the key q is bound twice, to 'pause' and to 'quit'")),
            "{all:?}"
        );
        assert_eq!(told(&[("pause", 3, '€')]), []);
    }
}
