//! Whole screens of a made-up machine at four sizes, characters and styles: what a person sees of the system views.
//!
//! A picture that changed on purpose is accepted with `INSTA_UPDATE=always cargo test --lib frames`, and looked at.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::all;
use super::stage::app;
use crate::app::App;
use crate::app::event::Event;
use crate::app::panel::Place;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Nanos;
use crate::model::reading::Missing;
use crate::model::scene::Scene;
use crate::screen;
use crate::theme::{Depth, Theme};
use crate::widgets::picture;

const SIZES: [(u16, u16); 3] = [(60, 15), (80, 24), (120, 40)];

/// The screen of this size after these keys.
fn frame(app: &mut App, size: (u16, u16), keys: &str) -> ratatui::buffer::Buffer {
    let area = Rect::new(0, 0, size.0, size.1);
    screen::fit(app, area);
    for key in keys.split_whitespace() {
        app.update(Event::Key(key.parse().expect(key)));
        screen::fit(app, area);
    }
    let mut buf = ratatui::buffer::Buffer::empty(area);
    screen::render(app, area, &mut buf);
    buf
}

fn check(name: &str, keys: &str) {
    for size in SIZES {
        let mut app = app(picture::theme());
        let buf = frame(&mut app, size, keys);
        let name = format!("{name}_at_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, picture::styled(&buf));
    }
}

#[test]
fn view_3_memory() {
    check("memory", "3");
}

#[test]
fn view_4_disks() {
    check("disks", "4 j j");
}

#[test]
fn view_2_cpu() {
    check("cpu", "2");
}

#[test]
fn view_5_network() {
    check("network", "5");
}

#[test]
fn view_6_ipc() {
    check("ipc", "6");
}

#[test]
fn tab_sockets() {
    let tabs = all().into_iter().map(|p| p.spec());
    let tabs: Vec<&str> = tabs
        .filter(|s| s.place == Place::Tab)
        .map(|s| s.name)
        .collect();
    let right = tabs
        .iter()
        .position(|name| *name == "sockets")
        .expect("a tab");
    check("sockets", &"Right ".repeat(right));
}

#[test]
fn the_dashboard() {
    check("dashboard", "1 j");
}

/// Nobody can judge a picture of 200x60; that more room takes nothing away can be judged.
#[test]
fn a_wide_screen_says_all_that_a_smaller_one_says() {
    for keys in ["1 j", "2", "3", "4 j j", "5", "6"] {
        let drawn = |size| picture::text(&frame(&mut app(picture::theme()), size, keys));
        let wide = drawn((200, 60));
        for word in drawn((120, 40)).split(|c: char| !c.is_alphanumeric() && c != '…') {
            // "and 3 more" is told where there is too little room.
            let whole = word.len() > 3 && word.chars().all(char::is_alphabetic) && word != "more";
            assert!(!whole || wide.contains(word), "view {keys}: {word}\n{wide}");
        }
    }
}

#[test]
fn without_colours_and_in_ascii_every_view_says_the_same() {
    for key in ["2", "3", "4", "5", "6"] {
        let mut plain = app(Theme::terminal(Depth::Mono, true));
        let buf = frame(&mut plain, (100, 30), key);
        let text = picture::text(&buf);
        assert!(text.is_ascii(), "view {key}: {text}");
        let mut coloured = app(Theme::terminal(Depth::Ansi, false));
        let words = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            // An arrow of the order is a letter there.
            let words = words.map(|w| w.trim_end_matches('v'));
            words.filter(|w| w.len() > 2).map(str::to_owned).collect()
        };
        let drawn = picture::text(&frame(&mut coloured, (100, 30), key));
        assert_eq!(words(&text), words(&drawn), "view {key}");
    }
}

#[test]
fn every_view_is_right_at_every_size() {
    let mut app = app(Theme::terminal(Depth::Ansi, false));
    app.update(Event::Key("j".parse().expect("a key")));
    for (width, height) in (1..50)
        .map(|n| (n * 4, n))
        .chain((1..50).map(|n| (n, n * 2)))
    {
        for key in ["2", "3", "4", "5", "6", "1"] {
            let buf = frame(&mut app, (width, height), key);
            for line in picture::text(&buf).lines() {
                let wide = crate::model::text::width(line);
                assert!(
                    wide <= usize::from(width),
                    "view {key} at {width}x{height}: {line}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_known_and_nothing_is_claimed() {
    let mut app = App::new(
        all(),
        Settings::default(),
        Theme::terminal(Depth::Ansi, false),
    );
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.sample.system.memory = Err(Missing::Denied);
    app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[]))));
    let at = Nanos(1);
    let mut empty = Detail::default();
    empty.machine.memory = Some(Stamped::new(at, Err(Missing::Denied)));
    empty.machine.disks = Some(Stamped::new(at, Err(Missing::Denied)));
    app.update(Event::Detail(Arc::new(empty)));
    for key in ["3", "4"] {
        let text = picture::text(&frame(&mut app, (80, 24), key));
        assert!(text.contains("does not show it to this user"), "{text}");
        assert!(!text.contains("0.0%"), "no share of nothing: {text}");
    }
}
