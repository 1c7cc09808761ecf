use super::*;
use crate::app::App;
use crate::app::button::Does;
use crate::app::event::Event;
use crate::app::globals;
use crate::app::key::Key;
use crate::app::world::{Notice, Settings};
use crate::theme::{Depth, Theme};

fn app() -> App {
    App::new(
        crate::panels::all(),
        Settings::default(),
        Theme::terminal(Depth::True, false),
    )
}

fn drawn(world: &World, width: u16) -> String {
    let area = Rect::new(0, 0, width, 1);
    let mut footer = Footer::default();
    footer.fit(world, area);
    let mut buf = Buffer::empty(area);
    footer.render(world, area, &mut buf);
    (0..width).map(|x| buf[(x, 0)].symbol()).collect()
}

#[test]
fn help_and_quit_are_always_there() {
    let mut app = app();
    app.world.active = "";
    for width in [24, 80, 160] {
        let line = drawn(&app.world, width);
        assert!(
            line.contains("? help") && line.contains("q quit"),
            "{width}: {line}"
        );
    }
    drawn(&app.world, 1);
}

#[test]
fn hints_follow_the_keymap() {
    let mut app = app();
    app.world.keys.remap("quit", vec![Key::ctrl('q')]);
    let line = drawn(&app.world, 120);
    assert!(line.contains("Ctrl-q quit"), "{line}");
}

#[test]
fn what_may_not_be_done_is_not_offered() {
    let mut app = app();
    assert!(drawn(&app.world, 300).contains(" signal"));
    app.world.settings.read_only = true;
    let line = drawn(&app.world, 300);
    assert!(
        !line.contains(" signal") && !line.contains(" nice"),
        "{line}"
    );
}

#[test]
fn a_notice_takes_the_line_until_the_next_key() {
    let mut app = app();
    app.world.notice = Some(Notice {
        text: "no such process".to_owned(),
        bad: true,
    });
    assert_eq!(drawn(&app.world, 40).trim(), "no such process");
    app.update(Event::Key(Key::char('~')));
    assert!(app.world.notice.is_none());
}

#[test]
fn a_click_does_what_the_hint_says() {
    let app = app();
    let area = Rect::new(0, 0, 160, 1);
    let mut footer = Footer::default();
    footer.fit(&app.world, area);
    let quit = footer.hints.last().expect("hints");
    let buttons = footer.buttons(&app.world, area);
    let hit = buttons.iter().find(|b| b.area == quit.area);
    assert_eq!(hit.map(|b| b.does), Some(Does::Act(&globals::QUIT)));
}

#[test]
fn while_time_stands_still_the_keys_that_step_are_told_and_no_others_for_them() {
    let mut app = app();
    app.world.paused = Some(0);
    let line = drawn(&app.world, 160);
    for said in [", . a tick", "< > a minute", "p go on", "q quit"] {
        assert!(line.contains(said), "{said}: {line}");
    }
    assert!(!line.contains("sort"), "{line}");
}

#[test]
fn in_every_tab_it_begins_with_how_to_leave_and_how_to_see_the_others() {
    let mut app = app();
    for (_, tab) in globals::TABS {
        app.world.active = tab;
        let line = drawn(&app.world, 80);
        assert!(line.starts_with(" Esc back   ← → tab "), "{tab}: {line}");
        assert!(line.contains("? help"), "{tab}: {line}");
    }
    app.world.active = "list";
    assert!(!drawn(&app.world, 80).contains("Esc back"));
}
