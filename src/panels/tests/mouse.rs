//! With the mouse alone: whatever looks like a button is one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::stage::app;
use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::key::{Mouse, Press};
use crate::app::world::Page;
use crate::screen;
use crate::widgets::picture;

const SIZE: Rect = Rect::new(0, 0, 160, 48);

fn text(app: &mut App) -> String {
    screen::fit(app, SIZE);
    let mut buf = Buffer::empty(SIZE);
    screen::render(app, SIZE, &mut buf);
    picture::text(&buf)
}

/// Clicks the first cell of this text, the first one on the screen.
fn click(app: &mut App, words: &str) -> Vec<Effect> {
    let shown = text(app);
    let found = shown.lines().enumerate().find_map(|(row, line)| {
        let before = line.find(words)?;
        Some((row as u16, line[..before].chars().count() as u16))
    });
    let (row, column) = found.unwrap_or_else(|| panic!("no '{words}' on\n{shown}"));
    let press = Press::Left;
    let effects = app.update(Event::Mouse(Mouse { press, column, row }));
    screen::fit(app, SIZE);
    effects
}

#[test]
fn header_titles_and_footer_are_buttons() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    click(&mut app, "LIVE");
    assert!(app.world.paused.is_some(), "the badge of time pauses");
    click(&mut app, "PAUSED");
    assert!(app.world.paused.is_none());
    click(&mut app, "100% = 1 core");
    assert!(app.world.settings.of_machine);
    click(&mut app, "load ");
    assert_eq!(app.world.page, Page::View(2));
    click(&mut app, "1 Processes");
    click(&mut app, "Time sharing");
    assert_eq!(app.world.page, Page::View(2));
    click(&mut app, "1 Processes");
    assert_eq!(app.world.page, Page::Dashboard);
    click(&mut app, "Processes tree");
    assert_eq!(app.world.active, "list", "a title gives the keyboard");
    click(&mut app, "tree ·");
    assert!(text(&mut app).contains("Processes flat"));
    click(&mut app, "by CPU%");
    assert!(text(&mut app).contains("Sort by"));
    click(&mut app, "Esc closes");
    assert!(!text(&mut app).contains("Sort by"));
    click(&mut app, "/ filter");
    assert!(text(&mut app).contains("filter /"));
}

#[test]
fn dialogs_can_be_used_and_left() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    click(&mut app, ": commands");
    click(&mut app, "pause  ");
    assert!(app.world.paused.is_some(), "a line of the palette is done");
    for opener in ["? help", ": commands", "s signal"] {
        click(&mut app, opener);
        assert_eq!(app.overlays().count(), 1, "{opener}");
        click(&mut app, "Esc c");
        assert_eq!(app.overlays().count(), 0, "{opener}");
    }
    click(&mut app, "s signal");
    click(&mut app, "9 KILL");
    let shown = text(&mut app);
    let line = shown.lines().find(|l| l.contains("9 KILL")).expect("KILL");
    assert!(
        line.contains('▌'),
        "a click chooses, it does not send: {line}"
    );
}
