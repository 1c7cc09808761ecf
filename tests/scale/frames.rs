//! What a frame allocates.

use std::sync::Arc;

use pscope::app::App;
use pscope::app::event::Event;
use pscope::app::world::Settings;
use pscope::model::scene::Scene;
use pscope::panels;
use pscope::screen;
use pscope::theme::{Depth, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::allocations;

/// A machine with a tree of `n` processes, some of them busy.
fn scene(n: u32) -> Scene {
    let mut scene = Scene::new();
    for pid in 1..=n {
        scene.task(pid, pid / 8, &format!("farm-{pid:05}"));
    }
    scene
}

/// How often a frame asks for memory that is the same as the one before it, and how often one after a tick does.
fn frames(n: u32, width: u16, height: u16) -> (u64, u64) {
    let settings = Settings {
        tree: true,
        ..Settings::default()
    };
    let mut app = App::new(panels::all(), settings, Theme::terminal(Depth::True, false));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let mut scene = scene(n);
    let mut draw = |app: &mut App| {
        let drawn = terminal.draw(|frame| {
            let area = frame.area();
            screen::fit(app, area);
            screen::render(app, area, frame.buffer_mut());
        });
        drawn.expect("a terminal in memory");
    };
    for tick in 1..=3 {
        app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[(tick, 20)]))));
        draw(&mut app);
    }
    draw(&mut app);
    let same = allocations(|| draw(&mut app));
    app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[(3, 20)]))));
    (same, allocations(|| draw(&mut app)))
}

#[test]
fn an_unchanged_frame_allocates_nothing_for_its_cells() {
    // From 56 rows and so many columns on every part of the dashboard is there.
    let (small, _) = frames(2_000, 320, 56);
    let (tall, _) = frames(2_000, 320, 112);
    let (large, _) = frames(20_000, 560, 112);
    assert!(tall <= small + 8, "twice the rows: {small} and {tall}");
    assert!(
        large <= small + 64,
        "more than three times the cells: {small} and {large}"
    );
}

#[test]
fn an_unchanged_frame_allocates_little_for_what_it_says() {
    let (same, _) = frames(2_000, 160, 48);
    assert!(same <= 450, "it was 516, and is {same}");
}

#[test]
fn a_tick_formats_what_is_in_view_and_no_more() {
    let (_, small) = frames(2_000, 160, 48);
    let (_, large) = frames(20_000, 160, 48);
    // Lists that grow by doubling ask some times more.
    assert!(
        large <= small + 200,
        "ten times the processes: {small} and {large}"
    );
}
