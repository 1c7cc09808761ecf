//! What holds for every pane: it answers what it lists, its texts are whole, no key has two meanings in one pane.

mod added;
mod before;
mod chosen;
mod clicks;
pub mod drawn;
mod edges;
mod frames;
mod hosts;
mod mouse;
mod readings;
mod stage;
mod steps;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::*;
use crate::app::action::{Action, Keymap};
use crate::app::globals;
use crate::app::key::Key;
use crate::app::moves;
use crate::app::panel::{Place, Reply};
use crate::app::presets;
use crate::app::world::{Settings, World};
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};

/// A world with a process in focus and nothing read about it yet.
fn world() -> World {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    scene.task(10, 1, "sshd");
    scene.task(11, 10, "bash");
    let snapshot = scene.pass(1000, &[(11, 50)]);
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.history.push(&snapshot);
    world.snapshot = Arc::new(snapshot);
    world.focus = Some(world.snapshot.procs[1].id);
    world
}

/// The pane of this name, fitted, and opened if it is an overlay.
fn ready(name: &str, world: &World) -> Box<dyn Panel> {
    let mut pane = all()
        .into_iter()
        .find(|p| p.spec().name == name)
        .expect("a pane");
    if let Some(opener) = pane.openers().first() {
        let _ = pane.open(world, opener);
    }
    let _ = pane.fit(world, Rect::new(0, 0, 120, 40));
    pane
}

/// The app asks a pane only for what it lists, so this is all that help could lie about.
#[test]
fn what_is_listed_is_answered() {
    let world = world();
    let mut silent = Vec::new();
    for pane in all() {
        let spec = pane.spec();
        for action in spec.actions {
            let mut pane = ready(spec.name, &world);
            if *action == moves::CLEAR {
                // It passes where there is nothing to clear, so that Esc leaves the pane.
                let _ = pane.act(&world, moves::SEARCH);
                let _ = pane.key(&world, Key::char('x'));
            }
            let reply = pane.act(&world, action);
            if matches!(reply, Reply::Pass) {
                silent.push((spec.name, action.name));
            }
        }
    }
    assert!(silent.is_empty(), "listed but not answered: {silent:?}");
}

/// One key means one thing in every table: each answers all that the others answer.
#[test]
fn tables_answer_the_same_keys() {
    let wanted = [
        moves::UP,
        moves::PAGE_DOWN,
        moves::HALF_UP,
        moves::LAST,
        moves::FILTER,
        moves::CLEAR,
        moves::SEARCH,
        moves::NEXT,
        moves::SORT_LEFT,
        moves::INVERT,
        moves::COPY,
    ];
    let tables = all().into_iter().filter(|p| p.rows().is_some());
    let mut count = 0;
    for pane in tables {
        let spec = pane.spec();
        let first = spec.actions.iter().any(|a| a.name == moves::FIRST.name);
        assert!(first, "{}", spec.name);
        for action in wanted {
            assert!(
                spec.actions.contains(&action),
                "{}: {}",
                spec.name,
                action.name
            );
        }
        count += 1;
    }
    assert!(count >= 12, "{count} tables");
}

/// A tab is a file, a line in `all`, and its key in `globals!`; the bar of tabs has them in the order of `all`.
#[test]
fn every_tab_can_be_opened_by_an_action_of_its_own() {
    let panes = all();
    let tabs = panes.iter().filter(|p| p.spec().place == Place::Tab);
    let tabs: Vec<&str> = tabs.map(|p| p.spec().name).collect();
    let opened: Vec<&str> = globals::TABS.iter().map(|(_, name)| *name).collect();
    assert_eq!(tabs, opened);
    let digits = panes.iter().filter_map(|p| match p.spec().place {
        Place::View(digit) => Some(digit),
        _ => None,
    });
    let mut digits: Vec<u8> = digits.chain([1, 7]).collect();
    digits.sort_unstable();
    let shown: Vec<u8> = globals::VIEWS.iter().map(|(_, digit, _)| *digit).collect();
    assert_eq!(
        digits, shown,
        "1 is the dashboard, 7 is only where there is a card"
    );
}

#[test]
fn specs_are_whole_and_names_are_unique() {
    let mut names: HashMap<&str, usize> = HashMap::new();
    for pane in all() {
        let spec = pane.spec();
        *names.entry(spec.name).or_default() += 1;
        assert!(
            !spec.title.is_empty() && spec.about.ends_with('.'),
            "{}",
            spec.name
        );
        for action in spec.actions.iter().chain(pane.openers()) {
            let about = action.about;
            assert!(
                !about.is_empty() && !about.ends_with('.'),
                "{}: {about}",
                spec.name
            );
            let name = action.name;
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit()),
                "{name}"
            );
        }
    }
    let twice: Vec<_> = names.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// What asks for two things at once: in a pane or with the dialogs that open over it, and among what the app answers.
fn clashes(keys: &Keymap) -> Vec<(&'static str, String, &'static str, &'static str)> {
    let panes = all();
    let openers: Vec<&Action> = panes.iter().flat_map(|p| p.openers()).copied().collect();
    let mut clashes = Vec::new();
    for pane in &panes {
        let spec = pane.spec();
        let mut meanings: HashMap<String, &str> = HashMap::new();
        let overlay = spec.place == Place::Overlay;
        let around: Vec<&Action> = if overlay { Vec::new() } else { openers.clone() };
        for action in spec.actions.iter().copied().chain(around) {
            for key in keys.keys(action) {
                match meanings.insert(key.to_string(), action.name) {
                    Some(other) if other != action.name => {
                        clashes.push((spec.name, key.to_string(), other, action.name));
                    }
                    _ => {}
                }
            }
        }
    }
    let mut everywhere: HashMap<String, &str> = HashMap::new();
    for action in globals::ALL.iter().copied().chain(openers) {
        for key in keys.keys(action) {
            if let Some(other) = everywhere
                .insert(key.to_string(), action.name)
                .filter(|o| *o != action.name)
            {
                clashes.push(("app", key.to_string(), other, action.name));
            }
        }
    }
    clashes
}

#[test]
fn a_key_means_one_thing_in_a_pane() {
    for preset in presets::NAMES {
        let mut keys = Keymap::default();
        keys.take_preset(presets::keys(preset).expect("a preset"));
        let clashes = clashes(&keys);
        assert!(clashes.is_empty(), "{preset}: {clashes:?}");
        // What opens a tab or a view from the list has no other meaning there.
        let list = ready("list", &world());
        for (action, _) in globals::TABS {
            for key in keys.keys(action) {
                let other = keys.find(*key, list.spec().actions);
                assert!(other.is_none(), "{preset}: {key}: {other:?}");
            }
        }
    }
}

#[test]
fn presets_name_actions_that_there_are() {
    let app = crate::app::App::new(
        all(),
        Settings::default(),
        Theme::terminal(Depth::Ansi, false),
    );
    for preset in presets::NAMES {
        for name in presets::keys(preset).expect("a preset").keys() {
            assert!(app.actions().any(|a| a.name == *name), "{preset}: {name}");
        }
    }
}

/// The keys of the app, the list and the dialogs as the README prints them.
fn key_table() -> String {
    let app = crate::app::App::new(
        all(),
        Settings::default(),
        Theme::terminal(Depth::Ansi, false),
    );
    let dialogs = &app.world.dialogs;
    let shown = |name: &str| ["app", "list"].contains(&name) || dialogs.contains(&name);
    let mut out = String::from("| key | does |\n| --- | --- |\n");
    for action in app
        .world
        .catalog
        .iter()
        .filter(|section| shown(section.name))
        .flat_map(|section| section.actions)
    {
        let keys: Vec<String> = action
            .keys
            .iter()
            .map(|key| format!("`{}`", key.to_string().replace('|', "\\|")))
            .collect();
        if !keys.is_empty() {
            let _ = writeln!(out, "| {} | {} |", keys.join(" "), action.about);
        }
    }
    out
}

#[test]
fn the_readme_lists_the_keys_as_they_are() {
    let readme = include_str!("../../README.md");
    for theme in crate::theme::NAMES {
        assert!(
            readme.contains(theme),
            "the README does not name the theme {theme}"
        );
    }
    let table = key_table();
    assert!(
        readme.contains(&table),
        "put this table into the README:\n{table}"
    );
}

/// What `x` tells of every pane, as `docs/numbers.md` prints it.
fn numbers() -> String {
    let mut out = "# What the numbers mean\n\nThe key `x` tells this of the pane that has the keyboard, with the present values. \
        Made from the program's own words; the manual page has it too.\n"
        .to_owned();
    let _ = writeln!(
        out,
        "\n## Processes, by column\n\n| column | means | from |\n| --- | --- | --- |"
    );
    let cell = |text: &str| text.replace('|', "\\|");
    for column in crate::model::process::column::ALL {
        let (title, about) = (cell(column.title), cell(column.about));
        let _ = writeln!(out, "| {title} | {about} | {} |", cell(column.source));
    }
    let told = all().into_iter().chain([gpu()]);
    for pane in told.filter(|pane| !pane.words().is_empty()) {
        let title = pane.spec().title;
        let _ = writeln!(
            out,
            "\n## {title}\n\n| word | means | from |\n| --- | --- | --- |"
        );
        for word in pane.words().iter().flat_map(|words| words.iter()) {
            let (name, about, from) = (cell(word.name), cell(word.about), cell(word.from));
            let _ = writeln!(out, "| {name} | {about} | {from} |");
        }
    }
    out
}

#[test]
fn the_docs_tell_what_the_numbers_mean() {
    let told = include_str!("../../docs/numbers.md");
    let numbers = numbers();
    assert!(told == numbers, "put this into docs/numbers.md:\n{numbers}");
}

#[test]
fn every_word_is_explained_whole_and_every_head_has_its_word() {
    let world = world();
    for name in all().iter().map(|pane| pane.spec().name) {
        let pane = ready(name, &world);
        let words: Vec<_> = pane.words().iter().flat_map(|words| words.iter()).collect();
        for word in &words {
            assert!(
                !word.about.is_empty() || !word.from.is_empty(),
                "{name}: {}",
                word.name
            );
            let whole = word.about.is_empty() || word.about.ends_with('.');
            assert!(whole && !word.from.ends_with('.'), "{name}: {}", word.name);
            let same = words.iter().filter(|other| other.name == word.name);
            assert_eq!(same.count(), 1, "{name}: {} twice", word.name);
        }
        let place = pane.spec().place;
        if !matches!(place, Place::Tab | Place::View(_) | Place::Top) {
            continue;
        }
        assert!(!words.is_empty(), "{name} explains nothing");
        let heads = pane.rows().map(|rows| rows.whole_table().0);
        for head in heads.into_iter().flatten() {
            let head = head.trim().to_lowercase();
            let told = words.iter().any(|word| word.name.to_lowercase() == head);
            assert!(head.is_empty() || told, "{name} does not explain {head}");
        }
    }
}
