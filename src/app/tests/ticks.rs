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

#[test]
fn where_sums_are_kept_time_that_stops_is_looked_at_closely_once() {
    use crate::model::id::{CpuId, Tid};
    use crate::model::plan::Glimpse;
    use crate::model::scheduling::timeline::{Builder, Origin};
    use crate::model::text::SafeText;

    let (mut app, _) = app();
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[]))));
    let ms = Nanos::from_millis;
    let mut names = |pid: Pid, _: Tid| (ProcId::new(pid.0, 1), SafeText::default());
    let mut builder = Builder::new(Origin::Exact, [CpuId(0)], ms(0));
    builder.begin_sums(ms(1000));
    let tell = |app: &mut App, builder: &mut Builder, at| {
        app.update(Event::Switches(Arc::new(builder.publish(ms(at)))));
        app.world.timeline.now
    };
    tell(&mut app, &mut builder, 2000);
    assert_eq!(app.plan().glimpse, Glimpse::No);
    press(&mut app, "p");
    assert_eq!(app.plan().glimpse, Glimpse::Once(ms(2000)));
    assert_eq!(tell(&mut app, &mut builder, 2050), ms(2000));
    builder.begin_glimpse(ms(2060), std::iter::empty(), &mut names);
    builder.end_glimpse(ms(2110));
    assert_eq!(tell(&mut app, &mut builder, 2120), ms(2120), "it is caught");
    assert_eq!(app.plan().glimpse, Glimpse::No);
    assert_eq!(tell(&mut app, &mut builder, 2500), ms(2120), "and stands");
    press(&mut app, "p");
    assert_eq!(app.world.timeline.now, ms(2500));
}

#[test]
fn a_verdict_of_the_past_lasts_since_it_began_and_not_since_some_ticks_ago() {
    use crate::model::sample::Pressure;
    use crate::recording::{Kept, Marks, Past, Summary, Writer};

    let (kept, mut writer) = (Kept::new(4 << 20), Writer::default());
    let (mut scene, mut seen) = (Scene::new(), Vec::new());
    scene.task(1, 0, "init");
    for tick in 0..200 {
        let before = scene.sample.clone();
        // It begins above its threshold and goes on above where it ends.
        let some_10 = match tick {
            0..50 => 0.0,
            50 => 30.0,
            _ => 15.0,
        };
        scene.sample.system.cpu_pressure = Ok(Pressure {
            some_10,
            ..Pressure::default()
        });
        scene.pass(1000, &[]);
        let snapshot = Snapshot::between(Some(&before), &scene.sample);
        let mut marks = Marks::default();
        marks.set(Marks::VERDICT, tick == 50);
        marks.set(Marks::HELD, tick >= 50);
        let summary = Summary::of(&snapshot, marks);
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
        seen.push(snapshot.at);
    }
    let (mut app, _) = app();
    app.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
    let mut lasts = |at: Nanos| {
        app.go_at(at);
        let verdict = app.world.verdict.as_ref();
        verdict.and_then(|verdict| verdict.lasts(at))
    };
    assert_eq!(lasts(seen[150]).as_deref(), Some("for 1m 40s"));
    assert_eq!(lasts(seen[60]).as_deref(), Some("for 10s"));
    assert_eq!(lasts(seen[40]), None);
}
