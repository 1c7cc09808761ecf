//! What is saved, over made-up screens.

use std::sync::Arc;

use super::*;
use crate::app::event::{Effect, Event};
use crate::app::key::{Code, Key};
use crate::app::world::Settings;
use crate::model::scene::Scene;
use crate::panels;
use crate::theme::{Depth, Theme};

const AREA: Rect = Rect::new(0, 0, 100, 30);

fn app() -> App {
    let theme = Theme::terminal(Depth::Ansi, false);
    let mut app = App::new(panels::all(), Settings::default(), theme);
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    scene.task(10, 1, "=evil,\"x\"");
    scene.task(11, 1, "<b>&");
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    screen::fit(&mut app, AREA);
    app
}

fn saved(app: &mut App, form: Form) -> String {
    String::from_utf8(bytes(app, AREA, form).expect("saved")).expect("text")
}

fn press(app: &mut App, keys: &[Key]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys {
        effects.extend(app.update(Event::Key(*key)));
        screen::fit(app, AREA);
    }
    effects
}

#[test]
fn the_screen_is_saved_as_it_is_seen() {
    let app = &mut app();
    let text = saved(app, Form::Text);
    assert_eq!(text.lines().count(), 30);
    assert!(
        text.contains("pscope") && text.contains("systemd"),
        "{text}"
    );
    assert!(!text.contains('\x1b'));
    let ansi = saved(app, Form::Ansi);
    assert!(ansi.contains("\x1b[0") && ansi.lines().count() == 30);
    let svg = saved(app, Form::Svg);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(
        svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>"),
        "names act on nothing"
    );
}

#[test]
fn the_table_is_saved_whole_and_names_are_no_formulas() {
    let app = &mut app();
    let csv = saved(app, Form::Csv);
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(lines[0].starts_with("pid,user,state,cpu_percent,mem_bytes,thr,command"));
    assert_eq!(lines.len(), 1 + 3 + 1, "{csv}");
    assert!(csv.contains("\"'=evil,\"\"x\"\"\""), "{csv}");
    let json = saved(app, Form::Json);
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["schema"], 1);
    assert_eq!(value["processes"].as_array().expect("a list").len(), 3);
}

#[test]
fn the_dialog_and_the_palette_ask_for_it_and_nothing_of_them_is_saved() {
    let app = &mut app();
    press(app, &[Key::ctrl('s')]);
    let effects = press(
        app,
        &[
            Key::of(Code::Down),
            Key::of(Code::Down),
            Key::of(Code::Enter),
        ],
    );
    let [Effect::Save(save)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!((save.form, save.over), (Form::Svg, false));
    assert!(
        save.path.starts_with("pscope-") && Form::of(&save.path) == Some(Form::Svg),
        "{save:?}"
    );
    assert!(!saved(app, Form::Text).contains("Enter saves"));
    let mut keys: Vec<Key> = ":save A.csv".chars().map(Key::char).collect();
    keys.push(Key::of(Code::Enter));
    let effects = press(app, &keys);
    let [Effect::Save(save)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!((save.form, save.path.as_str()), (Form::Csv, "A.csv"));
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_asked() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.txt").display().to_string();
    std::fs::write(&path, "mine").expect("written");
    let app = &mut app();
    let save = Save {
        form: Form::Text,
        path: path.clone(),
        over: false,
    };
    let outcome = write(save, b"new");
    assert!(matches!(outcome, Outcome::Exists(_)));
    assert_eq!(std::fs::read(&path).expect("read"), b"mine");
    app.update(Event::Outcome(outcome));
    screen::fit(app, AREA);
    assert!(saved(app, Form::Text).contains("Enter replaces it"));
    let effects = press(app, &[Key::of(Code::Enter)]);
    let [Effect::Save(save)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(save.over && save.path == path);
    assert!(matches!(write(save.clone(), b"new"), Outcome::Done(_)));
    assert_eq!(std::fs::read(&path).expect("read"), b"new");
}
