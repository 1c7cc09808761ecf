//! With the mouse alone: whatever looks like a button is one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::stage::app;
use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::key::{Code, Key, Mouse, Press};
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
    click(&mut app, "tree-or-flat  ");
    let shown = text(&mut app);
    assert!(
        shown.contains("Processes flat"),
        "a line of the palette is done"
    );
    click(&mut app, "flat ·");
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

#[test]
fn a_line_of_the_help_does_what_it_tells_and_the_name_of_the_program_opens_all_commands() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    for (line, seen) in [
        ("choose the columns", "Columns"),
        ("send a signal", "Send a signal"),
        ("settings, themes", "Settings"),
        ("M T", "by MEM"),
        ("Group by parent", "grouped by"),
        ("on pscope, top left", "Commands"),
    ] {
        click(&mut app, "? help");
        click(&mut app, line);
        let shown = text(&mut app);
        assert!(
            shown.contains(seen) && !shown.contains("First of all"),
            "{line}: {shown}"
        );
        app.update(Event::Key(Key::of(Code::Esc)));
    }
    click(&mut app, "? help");
    click(&mut app, "right click");
    assert!(
        text(&mut app).contains("First of all"),
        "that line does nothing"
    );
    click(&mut app, "Esc c");
    for page in ["1 Processes", "3 Memory"] {
        click(&mut app, page);
        click(&mut app, " pscope ");
        assert!(text(&mut app).contains("Commands"), "{page}");
        click(&mut app, "Esc c");
    }
}

#[test]
fn a_row_that_is_clicked_once_more_is_opened() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    click(&mut app, "  703 ");
    app.update(Event::Key(Key::of(Code::Down)));
    app.update(Event::Key(Key::of(Code::Up)));
    click(&mut app, "  703 ");
    assert_eq!(app.world.page, Page::Dashboard, "it is chosen anew");
    click(&mut app, "   20 ");
    click(&mut app, "  703 ");
    assert_eq!(app.world.page, Page::Dashboard, "the other one was clicked");
    click(&mut app, "  703 ");
    assert_eq!(app.world.page, Page::Inspector);
    assert_eq!(app.world.focus.map(|id| id.pid.0), Some(703));
}

/// A right click on the first cell of this text.
fn right(app: &mut App, words: &str) {
    let shown = text(app);
    let found = shown.lines().enumerate().find_map(|(row, line)| {
        let before = line.find(words)?;
        Some((row as u16, line[..before].chars().count() as u16))
    });
    let (row, column) = found.unwrap_or_else(|| panic!("no '{words}' on\n{shown}"));
    let press = Press::Right;
    app.update(Event::Mouse(Mouse { press, column, row }));
    screen::fit(app, SIZE);
}

#[test]
fn what_can_be_done_with_a_process_is_a_right_click_away() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    for (line, seen) in [
        ("its memory", "Memory"),
        ("its files", "Files"),
        ("its threads", "Threads"),
        ("its environment", "Environment"),
    ] {
        right(&mut app, "  703 ");
        click(&mut app, line);
        assert_eq!(app.world.page, Page::Inspector, "{line}");
        assert!(text(&mut app).contains(seen), "{line}");
        click(&mut app, "1 Processes");
    }
    for (line, seen) in [
        ("send a signal", "Send a signal"),
        ("copy …", "row as text"),
    ] {
        right(&mut app, "  703 ");
        click(&mut app, line);
        assert_eq!(app.overlays().count(), 1, "{line}");
        assert!(text(&mut app).contains(seen), "{line}");
        click(&mut app, "Esc c");
        assert_eq!(app.overlays().count(), 0, "{line}");
    }
    right(&mut app, "  703 ");
    click(&mut app, "copy …");
    let effects = click(&mut app, "row as text");
    assert!(
        matches!(effects.as_slice(), [Effect::Copy(_)]),
        "{effects:?}"
    );
}

/// Every line of the palette is a click away, so all that has a name can be done with the mouse alone.
#[test]
fn whatever_has_a_name_is_in_the_palette() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    click(&mut app, ": commands");
    let names: Vec<&str> = app
        .world
        .catalog
        .iter()
        .flat_map(|s| s.actions)
        .map(|a| a.name)
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..names.len() + 5 {
        let shown = text(&mut app);
        seen.extend(
            names
                .iter()
                .filter(|n| shown.contains(&format!(" {n} ")))
                .copied(),
        );
        let (column, row) = (80, 24);
        let press = Press::WheelDown;
        app.update(Event::Mouse(Mouse { press, column, row }));
    }
    let lost: Vec<_> = names
        .iter()
        .filter(|n| !seen.contains(*n) && **n != "commands")
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}

fn types(app: &mut App, text: &str) {
    for c in text.chars() {
        app.update(Event::Key(Key::char(c)));
        screen::fit(app, SIZE);
    }
}

#[test]
fn what_is_typed_into_a_line_is_no_command_wherever_one_clicked_before() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    click(&mut app, "LIVE");
    assert!(app.world.paused.is_some());
    let before = app.world.active;
    click(&mut app, " kept: ");
    assert_eq!(app.world.active, before, "the line of time takes no keys");
    app.world.active = "lanes";
    types(&mut app, "/");
    assert_eq!(app.world.active, "list");
    types(&mut app, "puppet");
    assert!(app.world.paused.is_some(), "p is a letter");
    assert!(text(&mut app).contains("puppet"), "{}", text(&mut app));
}

#[test]
fn a_condition_that_is_not_finished_keeps_its_dialog_open() {
    let mut app = app(picture::theme());
    text(&mut app);
    for opening in ["!", ":trigger "] {
        for half in ["cpu>", "cpu>300 for", "state:", "re:("] {
            types(&mut app, opening);
            types(&mut app, half);
            app.update(Event::Key(Key::of(Code::Enter)));
            types(&mut app, "s");
            let shown = text(&mut app);
            assert!(app.world.trigger.is_none(), "{shown}");
            assert!(
                shown.contains(&format!("{half}s")),
                "{opening}{half}: {shown}"
            );
            app.update(Event::Key(Key::of(Code::Esc)));
        }
    }
}

#[test]
fn where_nothing_may_be_done_to_a_process_the_menu_offers_nothing_that_does() {
    let mut app = app(picture::theme());
    text(&mut app);
    click(&mut app, "1 Processes");
    right(&mut app, "  703 ");
    assert!(text(&mut app).contains("send a signal"));
    app.update(Event::Key(Key::of(Code::Esc)));
    app.world.settings.read_only = true;
    right(&mut app, "  703 ");
    let shown = text(&mut app);
    assert!(
        shown.contains("its limits") && shown.contains("copy …"),
        "{shown}"
    );
    for acts in [
        "send a signal",
        "freeze or thaw",
        "nice …",
        "cores …",
        "policy …",
    ] {
        assert!(!shown.contains(acts), "{acts}: {shown}");
    }
}
