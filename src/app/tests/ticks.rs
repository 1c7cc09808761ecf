//! What comes again with more of it is the same tick: it moves no picture of the past and is counted once.

use super::*;
use crate::model::id::ProcId;

/// Ten ticks, each of which came once more with more of it if `filled`, and time stopped and went on if `paused`.
fn ten(filled: bool, paused: bool) -> App {
    let (mut app, _) = app();
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(7, 1, "worker");
    app.world.focus = Some(ProcId::new(7, 7));
    app.retrace();
    for tick in 0..10_u64 {
        scene.of(7).stat.minor_faults += 50;
        let snapshot = Arc::new(scene.pass(1000, &[(7, tick * 10)]));
        if paused && tick == 3 {
            press(&mut app, "p");
        }
        if paused && tick == 7 {
            press(&mut app, "p");
            press(&mut app, "p");
            press(&mut app, "p");
        }
        app.update(Event::Snapshot(Arc::clone(&snapshot)));
        for _ in 0..if filled { 3 } else { 0 } {
            app.update(Event::Snapshot(Arc::new(Snapshot::clone(&snapshot))));
        }
        if paused && tick == 5 {
            press(&mut app, "p");
            press(&mut app, "p");
        }
    }
    if app.world.paused.is_some() {
        press(&mut app, "p");
    }
    app
}

/// What the sparkline of a row, tab History and looking back show.
fn pictures(app: &App) -> (Vec<f32>, Vec<(Nanos, String)>) {
    let id = ProcId::new(7, 7);
    let spark = app.world.history.cpu(id, 12).collect();
    let points = app.world.trace.until(app.world.snapshot.at);
    let points = points.map(|p| (p.at, format!("{:?} {:?}", p.cpu, p.faults)));
    (spark, points.collect())
}

#[test]
fn a_fill_moves_no_picture_of_the_past() {
    let plain = ten(false, false);
    let filled = ten(true, false);
    assert_eq!(pictures(&filled), pictures(&plain));
    assert_eq!(filled.past.ticks.len(), plain.past.ticks.len());
    assert_eq!(
        filled.world.trace.until(filled.world.snapshot.at).count(),
        11
    );
}

#[test]
fn time_that_stood_still_goes_on_where_it_would_be() {
    let (plain, paused) = (ten(false, false), ten(true, true));
    assert_eq!(paused.world.snapshot.at, plain.world.snapshot.at);
    assert_eq!(pictures(&paused), pictures(&plain));
}

#[test]
fn what_is_read_for_the_tick_on_the_screen_is_shown_though_time_stands_still() {
    let (mut app, _) = app();
    let mut scene = Scene::new();
    scene.task(7, 1, "worker");
    app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[]))));
    press(&mut app, "p");
    scene.of(7).extra = Some(Arc::default());
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    let shown = app.world.snapshot.by_pid(Pid(7)).expect("there");
    assert!(shown.extra.is_some());
    scene.of(7).extra = None;
    let at = app.world.snapshot.at;
    app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[]))));
    assert_eq!(app.world.snapshot.at, at, "the next tick is not");
}
