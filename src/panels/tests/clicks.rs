//! A click or a drag on a chart goes to its moment: on every chart there is.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{drawn, stage};
use crate::app::App;
use crate::app::event::Event;
use crate::app::globals::TABS;
use crate::app::key::{Mouse, Press};
use crate::app::panel::Place;
use crate::app::world::Settings;
use crate::model::id::{CpuId, Nanos, Pid, Ticks, Tid};
use crate::model::scene::Scene;
use crate::model::scheduling::timeline::{Builder, Origin, Thread};
use crate::recording::{Kept, Marks, Past, Summary, Writer};
use crate::theme::{Depth, Theme};

const AREA: Rect = Rect::new(0, 0, 160, 48);

fn draw(app: &mut App) -> Buffer {
    drawn::screen(app, AREA)
}

fn press(app: &mut App, keys: &str) -> Buffer {
    drawn::pressed(app, keys, AREA)
}

fn mouse(app: &mut App, press: Press, (column, row): (u16, u16)) {
    app.update(Event::Mouse(Mouse { press, column, row }));
    draw(app);
}

/// How many dots of a chart stand in a cell.
fn dots(buf: &Buffer, at: (u16, u16)) -> u32 {
    match buf[at].symbol().chars().next() {
        Some(dots @ '\u{2801}'..='\u{28ff}') => (dots as u32 - 0x2800).count_ones(),
        _ => 0,
    }
}

/// A machine of ten minutes, whose only busy process takes all cores at one tick; that tick.
fn spike() -> (App, Nanos) {
    let theme = Theme::terminal(Depth::True, false);
    let mut app = App::new(crate::panels::all(), Settings::default(), theme);
    let (kept, mut writer) = (Kept::new(4 << 20), Writer::default());
    app.remember(Past::new(Box::new(kept.clone())));
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(7, 1, "culprit");
    let mut when = Nanos(0);
    for tick in 0..600 {
        let busy = if tick == 137 { 95 } else { 2 };
        let before = scene.sample.clone();
        scene.pass(1000, &[(7, busy)]);
        let cores = before.system.cores.iter();
        for (core, before) in scene.sample.system.cores.iter_mut().zip(cores) {
            core.user = Ticks(before.user.0 + busy);
            core.idle = Ticks(before.idle.0 + 100 - busy);
        }
        let now = scene.snapshot();
        let summary = Summary::of(&now, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
        app.update(Event::Snapshot(Arc::new(now)));
        if tick == 0 {
            draw(&mut app);
            press(&mut app, "G");
        }
        if tick == 137 {
            when = app.world.snapshot.at;
        }
    }
    (app, when)
}

/// The cell with the most dots among those of a chart whose lines stand between these rows.
fn highest(buf: &Buffer, area: Rect) -> (u16, u16) {
    let column = |x: u16| -> u32 { area.rows().map(|row| dots(buf, (x, row.y))).sum() };
    let x = (area.left()..area.right()).max_by_key(|x| (column(*x), u16::MAX - x));
    (x.expect("a column"), area.bottom() - 1)
}

#[test]
fn a_click_on_a_chart_goes_to_its_peak() {
    let (mut app, spike) = spike();
    // Of the machine beside the lanes, of the process in the overview and in its history.
    for (keys, high) in [("1", 3), ("1 o", 1), ("1 o Left", 2)] {
        let buf = press(&mut app, keys);
        let tall = |row: &Rect| row.columns().any(|cell| dots(&buf, (cell.x, cell.y)) > 0);
        let mut rows = AREA.rows().filter(tall).map(|row| row.y);
        let first = rows.next().expect("a chart");
        let last = rows
            .take_while(|y| *y < first + high)
            .last()
            .unwrap_or(first);
        let left = if keys == "1" { 90 } else { 0 };
        let at = highest(&buf, Rect::new(left, first, 160 - left, last + 1 - first));
        mouse(&mut app, Press::Left, at);
        assert_eq!(app.world.snapshot.at, spike, "{keys}: {at:?}");
        press(&mut app, "p");
        assert_eq!(app.world.paused, None);
    }
}

#[test]
fn a_drag_keeps_the_chart_that_it_took() {
    let (mut app, _) = spike();
    let buf = press(&mut app, "1 o Left");
    let row = |y: u16| (40..150).any(|x| dots(&buf, (x, y)) > 0);
    let y = (4..48).find(|y| row(*y)).expect("a chart");
    let second = |app: &App| app.world.snapshot.at.0 / 1_000_000_000;
    mouse(&mut app, Press::Left, (100, y));
    let first = second(&app);
    mouse(&mut app, Press::Drag, (99, y + 1));
    let before = second(&app);
    assert!((first - 8..first).contains(&before), "{first} {before}");
    mouse(&mut app, Press::Drag, (100, y));
    assert_eq!(second(&app), first, "it has not moved under the hand");
    mouse(&mut app, Press::Hover, (99, y));
    mouse(&mut app, Press::Drag, (99, y));
    assert_eq!(second(&app), first, "it was let go");
}

/// The columns of a row of the screen that lead to a moment, with it.
pub(super) fn moments(app: &App, row: u16) -> Vec<(u16, Nanos)> {
    let place = app.placed().iter();
    let place = place
        .copied()
        .find(|p| p.area.contains(Position::new(20, row)));
    let place = place.expect("a pane");
    let panel = &app.panels()[place.panel];
    let probe = &app.world.probe;
    let moment = |x: u16| {
        let mut scratch = Buffer::empty(AREA);
        let hit = probe.look(Position::new(x, row), || {
            panel.render(&app.world, place.area, &mut scratch);
        });
        Some((x, hit?.at(x)?))
    };
    (place.area.left()..place.area.right())
        .filter_map(moment)
        .collect()
}

/// The row in which this stands, in these columns.
pub(super) fn row_of(buf: &Buffer, words: &str) -> u16 {
    let lines = drawn::lines(buf);
    let row = lines.iter().position(|line| line.contains(words));
    row.unwrap_or_else(|| panic!("no '{words}' in\n{}", lines.join("\n"))) as u16
}

#[test]
fn the_past_of_the_selected_row_leads_to_its_ticks() {
    let (mut app, _) = spike();
    let buf = press(&mut app, "1 g");
    let now = app.world.snapshot.at;
    let row = row_of(&buf, "culprit");
    assert_eq!(moments(&app, row), [], "a click selects it first");
    mouse(&mut app, Press::Left, (20, row));
    assert_eq!(app.world.paused, None);
    draw(&mut app);
    let ticks = moments(&app, row);
    assert_eq!(ticks.len(), 8, "{ticks:?}");
    assert_eq!(ticks[7].1, now);
    let (x, then) = ticks[4];
    mouse(&mut app, Press::Left, (x, row));
    assert_eq!(app.world.snapshot.at, then);
    assert_eq!(app.world.focus.map(|id| id.pid.0), Some(7));
    mouse(&mut app, Press::Drag, (x - 1, row));
    assert_eq!(app.world.snapshot.at, ticks[3].1);
}

#[test]
fn a_click_on_a_lane_goes_to_that_moment_and_still_tells_of_the_slice() {
    let (mut app, _) = spike();
    let now = app.world.snapshot.at;
    let before = |ms: u64| Nanos(now.0 - ms * 1_000_000);
    let worker = app.world.snapshot.by_pid(Pid(7)).expect("there").id;
    let mut names = |_: Pid, _: Tid| (worker, "culprit".into());
    let (idle, thread) = (
        Thread::default(),
        Thread {
            pid: Pid(7),
            tid: Tid(7),
        },
    );
    let mut builder = Builder::new(Origin::Exact, [CpuId(0)], before(20_000));
    builder.switch(CpuId(0), before(4500), (idle, thread), None, &mut names);
    builder.switch(
        CpuId(0),
        before(4200),
        (thread, idle),
        Some(false),
        &mut names,
    );
    app.update(Event::Switches(Arc::new(builder.publish(now))));
    let buf = press(&mut app, "1");
    let row = row_of(&buf, "cpu0");
    let cells = moments(&app, row);
    let place = cells.partition_point(|(_, at)| *at < before(4300));
    let (x, at) = cells[place];
    mouse(&mut app, Press::Left, (x, row));
    assert_eq!(app.world.paused, Some(4));
    assert_eq!(
        app.world.snapshot.at,
        before(4000),
        "the tick that tells of it"
    );
    assert_eq!(app.world.focus, Some(worker), "who had the core");
    let text = drawn::lines(&draw(&mut app)).join("\n");
    assert!(text.contains("culprit 7/7, 300 ms"), "{text}");
    // What is dragged over is that of the lanes as they were taken.
    mouse(&mut app, Press::Drag, (cells[place - 30].0, row));
    assert!(app.world.snapshot.at >= cells[place - 30].1);
    assert!(app.world.snapshot.at < at);
    press(&mut app, "p");
    assert_eq!(app.world.paused, None);
}

/// Whatever has dots is a chart over time; bars in eighths are also other things.
#[test]
fn no_chart_in_any_view_or_tab_is_without_its_moments() {
    let mut app = stage::app(Theme::terminal(Depth::True, false));
    draw(&mut app);
    let tabs = (0..TABS.len()).map(|n| format!("1 o{}", " Right".repeat(n)));
    let views = ["1", "2", "3", "4", "5", "6"].map(str::to_owned);
    let mut charts = 0;
    for keys in views.into_iter().chain(tabs) {
        let buf = press(&mut app, &keys);
        let placed = app.placed().to_vec();
        for place in placed {
            let panel = &app.panels()[place.panel];
            if panel.spec().place == Place::List {
                continue;
            }
            for row in place.area.rows() {
                let is_chart = |x: &u16| dots(&buf, (*x, row.y)) > 0;
                let mut found = (row.left()..row.right()).filter(is_chart);
                let ends = [found.next(), found.next_back()];
                for x in ends.into_iter().flatten() {
                    let at = Position::new(x, row.y);
                    let mut scratch = Buffer::empty(AREA);
                    let probe = &app.world.probe;
                    let hit = probe.look(at, || panel.render(&app.world, place.area, &mut scratch));
                    let moment = hit.and_then(|chart| chart.at(x));
                    let known = moment.is_some_and(|at| at <= app.world.snapshot.at);
                    assert!(known, "{keys}: {} at {at:?}: {moment:?}", panel.spec().name);
                    charts += 1;
                }
            }
        }
    }
    assert!(charts > 50, "{charts}");
}
