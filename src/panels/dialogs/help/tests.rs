use super::*;
use crate::app::App;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::theme::{Depth, Theme};

const SCREEN: Rect = Rect::new(0, 0, 100, 40);

fn press(app: &mut App, keys: &[&str]) {
    for key in keys {
        app.update(Event::Key(key.parse().expect(key)));
        app.place(Vec::new(), Vec::new(), SCREEN);
    }
}

fn app() -> App {
    App::new(
        crate::panels::all(),
        Settings::default(),
        Theme::terminal(Depth::True, false),
    )
}

fn screen(app: &App) -> String {
    let mut buf = Buffer::empty(SCREEN);
    for overlay in app.overlays() {
        overlay.render(&app.world, SCREEN, &mut buf);
    }
    let row = |y| {
        (0..SCREEN.width)
            .map(|x| buf[(x, y)].symbol())
            .collect::<String>()
            + "\n"
    };
    (0..SCREEN.height).map(row).collect()
}

#[test]
fn lists_every_key_of_the_live_keymap() {
    let mut app = app();
    app.world.keys.remap("pause", vec![Key::f(12)]);
    press(&mut app, &["?", "p", "a", "u", "s", "e"]);
    let screen = screen(&app);
    assert!(
        screen.contains("F12") && screen.contains("Stops time"),
        "{screen}"
    );
    assert!(!screen.contains("Ends pscope"), "{screen}");
}

#[test]
fn search_that_finds_nothing_says_so_and_escape_leaves() {
    let mut app = app();
    press(&mut app, &["?", "x", "q", "z"]);
    assert!(screen(&app).contains("no key does this"));
    press(&mut app, &["Esc"]);
    assert_eq!(app.overlays().count(), 0);
}

#[test]
fn draws_at_every_size() {
    let mut app = app();
    press(&mut app, &["?"]);
    for (width, height) in [(1, 1), (3, 2), (10, 5), (60, 15), (200, 60)] {
        let screen = Rect::new(0, 0, width, height);
        app.place(Vec::new(), Vec::new(), screen);
        let mut buf = Buffer::empty(screen);
        app.overlays()
            .for_each(|o| o.render(&app.world, screen, &mut buf));
    }
}
