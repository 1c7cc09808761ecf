use std::sync::Arc;

use super::*;
use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::world::Settings;
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};

fn app() -> App {
    let mut app = App::new(
        crate::panels::all(),
        Settings::default(),
        Theme::terminal(Depth::True, false),
    );
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(12, 1, "worker");
    scene.task(1234, 1, "other");
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    app
}

fn press(app: &mut App, keys: &[&str]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys {
        effects.extend(app.update(Event::Key(key.parse().expect(key))));
        app.place(Vec::new(), Vec::new(), Rect::new(0, 0, 80, 24));
    }
    effects
}

#[test]
fn a_number_jumps_to_that_pid_and_not_to_a_longer_one() {
    let mut app = app();
    press(&mut app, &[":", "1", "2", "Enter"]);
    assert_eq!(app.world.focus, Some(ProcId::new(12, 12)));
    press(&mut app, &[":", "9", "9", "Enter"]);
    assert_eq!(app.world.focus, Some(ProcId::new(12, 12)));
    assert!(app.world.notice.as_ref().is_some_and(|n| n.bad));
}

#[test]
fn where_nothing_may_be_done_to_processes_nothing_that_does_is_found() {
    let mut app = app();
    let names = |app: &App, typed| {
        let found = find(&app.world, typed).into_iter();
        let name = |item| match item {
            Item::Do(action) => Some(action.name),
            _ => None,
        };
        found.filter_map(name).collect::<Vec<_>>()
    };
    assert!(names(&app, "kill").contains(&"signal"));
    app.world.settings.read_only = true;
    for typed in ["kill", "renice", "taskset", ""] {
        let found = names(&app, typed);
        for acting in ["signal", "freeze", "nice-up", "affinity", "policy"] {
            assert!(!found.contains(&acting), "{typed}: {found:?}");
        }
    }
}

#[test]
fn it_begins_with_what_people_look_for() {
    let app = app();
    let names = find(&app.world, "")
        .into_iter()
        .filter_map(|item| match item {
            Item::Do(action) => Some(action.name),
            _ => None,
        });
    let names: Vec<&str> = names.collect();
    assert_eq!(names[..3], ["signal", "filter", "search"]);
    assert_eq!(names.last(), Some(&"quit"));
}

#[test]
fn letters_find_a_command() {
    let mut app = app();
    press(&mut app, &[":", "c", "p", "s", "c", "Enter"]);
    assert!(app.world.settings.of_machine, "cpu-scale by its letters");
    assert_eq!(
        press(&mut app, &[":", "q", "u", "i", "Enter"]),
        [Effect::Quit]
    );
}

#[test]
fn the_best_match_comes_first() {
    let app = app();
    let names: Vec<_> = find(&app.world, "pause")
        .into_iter()
        .filter_map(|i| {
            if let Item::Do(a) = i {
                Some(a.name)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(names.first(), Some(&"pause"));
}

#[test]
fn things_are_found_by_what_people_call_them() {
    let mut app = app();
    press(&mut app, &[":"]);
    for (typed, name) in [
        ("kill", "signal"),
        ("renice", "nice-down"),
        ("theme", "themes"),
        ("colour", "themes"),
        ("color", "themes"),
        ("temperature", "view-cpu"),
        ("gpu", "view-gpu"),
        ("container", "columns"),
        ("docker", "group-by"),
        ("service", "group-by"),
        ("zombie", "filter"),
        ("port", "view-network"),
        ("undo", "log"),
        ("delay", "slower"),
        ("quit", "quit"),
        ("exit", "quit"),
    ] {
        let found = find(&app.world, typed);
        let near = found.iter().take(6);
        let names: Vec<&str> = near
            .filter_map(|i| match i {
                Item::Do(a) => Some(a.name),
                _ => None,
            })
            .collect();
        assert!(names.contains(&name), "{typed}: {names:?}");
    }
    press(&mut app, &["d", "a", "r", "k"]);
    let found = find(&app.world, "theme dark");
    assert!(matches!(found.first(), Some(Item::Choose("theme", _, _))));
}

#[test]
fn other_words_are_for_actions_that_exist() {
    let app = app();
    let all = || app.world.catalog.iter().flat_map(|s| s.actions);
    for name in synonyms::named() {
        assert!(all().any(|a| a.name == name), "there is no action '{name}'");
    }
}
