//! The trigger: what each mode does with time, and what is said.

use super::*;
use crate::model::scheduling::timeline::Origin;
use crate::model::trigger::Mode;

/// A second that passes, in which the worker takes so many percent of a core.
fn pass(app: &mut App, scene: &mut Scene, cpu: u64) -> Vec<Effect> {
    app.update(Event::Snapshot(Arc::new(scene.pass(1000, &[(7, cpu)]))))
}

fn begin(text: &str) -> (App, Scene) {
    let (mut app, _) = app();
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(7, 1, "worker");
    pass(&mut app, &mut scene, 0);
    app.arm(text);
    (app, scene)
}

fn said(app: &App) -> &str {
    app.world.notice.as_ref().map_or("", |n| n.text.as_str())
}

#[test]
fn a_single_one_stops_time_on_its_moment_once() {
    let (mut app, mut scene) = begin("cpu>50 for 1s");
    assert_eq!(said(&app), "armed: cpu>50 for 1s");
    pass(&mut app, &mut scene, 90);
    assert_eq!(app.world.paused, None);
    let effects = pass(&mut app, &mut scene, 90);
    let at = scene.sample.at;
    assert_eq!(effects, [Effect::Mark(at)]);
    assert_eq!((app.world.paused, app.world.snapshot.at), (Some(0), at));
    assert_eq!(app.world.focus.map(|id| id.pid), Some(Pid(7)));
    assert!(
        said(&app).starts_with("cpu>50 for 1s: 7 worker CPU% 90"),
        "{}",
        said(&app)
    );
    let marks = app.world.time.moments.last().map(|m| m.summary.marks);
    assert_eq!(marks, Some(crate::recording::Marks::TRIGGER));
    assert!(
        app.world
            .trigger
            .as_ref()
            .is_some_and(|t| t.spent && t.fired == 1)
    );
    app.pause();
    pass(&mut app, &mut scene, 0);
    for _ in 0..3 {
        pass(&mut app, &mut scene, 90);
    }
    assert_eq!(app.world.paused, None, "it was to fire once");
    assert_eq!(app.world.log.entries().len(), 1);
}

#[test]
fn what_comes_after_is_awaited_and_the_moment_is_shown() {
    let (mut app, mut scene) = begin("cpu>50 after 2s");
    pass(&mut app, &mut scene, 90);
    let at = scene.sample.at;
    pass(&mut app, &mut scene, 0);
    assert_eq!(app.world.paused, None);
    pass(&mut app, &mut scene, 0);
    assert_eq!((app.world.paused, app.world.snapshot.at), (Some(2), at));
}

#[test]
fn a_normal_one_keeps_each_moment_and_goes_on() {
    let (mut app, mut scene) = begin("normal cpu>50 before 5s after 1s");
    assert_eq!(
        app.world.trigger.as_ref().map(|t| t.mode),
        Some(Mode::Normal)
    );
    let mut kept = Vec::new();
    for cpu in [90, 0, 0, 90, 90, 0] {
        kept.extend(pass(&mut app, &mut scene, cpu));
    }
    assert_eq!(app.world.paused, None);
    let moments = kept
        .iter()
        .filter(|e| matches!(e, Effect::KeepMoment { .. }));
    let spans = moments.map(|effect| match effect {
        Effect::KeepMoment { from, until, .. } => until.since(*from).seconds().round() as u64,
        _ => 0,
    });
    assert_eq!(spans.collect::<Vec<_>>(), [6, 6]);
    assert_eq!(app.world.trigger.as_ref().map(|t| t.fired), Some(2));
}

#[test]
fn an_automatic_one_goes_on_by_itself_unless_somebody_looks() {
    let (mut app, mut scene) = begin("auto cpu>50");
    pass(&mut app, &mut scene, 90);
    assert_eq!(app.world.paused, Some(0));
    for _ in 0..9 {
        pass(&mut app, &mut scene, 0);
    }
    assert_eq!(app.world.paused, Some(0));
    pass(&mut app, &mut scene, 0);
    assert_eq!(app.world.paused, None);
    pass(&mut app, &mut scene, 90);
    assert_eq!(app.world.paused, Some(0), "it is armed still");
    app.update(Event::Key(Key::char('j')));
    for _ in 0..12 {
        pass(&mut app, &mut scene, 0);
    }
    assert_eq!(app.world.paused, Some(0), "somebody looks");
}

#[test]
fn it_fires_while_time_stands_still_and_moves_nothing() {
    let (mut app, mut scene) = begin("cpu>50");
    app.pause();
    let shown = app.world.snapshot.at;
    pass(&mut app, &mut scene, 90);
    assert_eq!(app.world.snapshot.at, shown);
    assert!(said(&app).contains("; p goes there"), "{}", said(&app));
}

#[test]
fn what_is_not_understood_arms_nothing_and_off_disarms() {
    let (mut app, _) = begin("cpu>");
    assert!(app.world.trigger.is_none() && said(&app).starts_with("not armed"));
    app.arm("pressure:memory>30");
    assert!(app.plan().of_all.is_empty());
    app.arm("slice>50ms unit:docker");
    assert!(
        app.plan().needs.contains(Needs::SWITCHES) && app.plan().of_all.contains(Needs::CGROUP)
    );
    app.arm("off");
    assert_eq!(said(&app), "the trigger is disarmed");
    assert!(app.world.trigger.is_none() && !app.plan().of_all.contains(Needs::CGROUP));
}

#[test]
fn what_cannot_be_seen_is_said_at_once() {
    let (mut app, mut scene) = begin("ended signal:SEGV");
    pass(&mut app, &mut scene, 0);
    assert!(
        app.world
            .trigger
            .as_ref()
            .is_some_and(|t| !t.unseen.is_empty())
    );
    assert!(
        app.world
            .notice
            .as_ref()
            .is_some_and(|n| n.bad && n.text.contains("connector"))
    );
}

#[test]
fn what_never_comes_true_is_said_when_it_is_armed() {
    let (app, _) = begin("cpu>300 for 3s");
    let armed = app.world.trigger.as_ref().expect("it is armed");
    assert!(armed.never);
    assert!(
        said(&app).starts_with("armed, but cpu>300 never comes true here"),
        "{}",
        said(&app)
    );
    let (app, _) = begin("cpu>300 | oom");
    let armed = app.world.trigger.as_ref().expect("it is armed");
    assert!(!armed.never && !armed.unseen.is_empty());
}

/// Where the kernel begins to sum slices up, no single one is seen any more, however long that was not so.
#[test]
fn what_cannot_be_seen_any_more_is_said() {
    let (mut app, mut scene) = begin("normal slice>50ms");
    let told = |app: &mut App, origin| {
        let line = Timeline {
            origin,
            ..Timeline::default()
        };
        app.update(Event::Switches(Arc::new(line)));
    };
    let unseen = |app: &App| {
        app.world
            .trigger
            .as_ref()
            .is_some_and(|t| !t.unseen.is_empty())
    };
    told(&mut app, Origin::Exact);
    for _ in 0..8 {
        pass(&mut app, &mut scene, 0);
    }
    assert!(!unseen(&app));
    told(&mut app, Origin::Summed);
    pass(&mut app, &mut scene, 0);
    assert!(
        unseen(&app) && said(&app).contains("sums them up"),
        "{}",
        said(&app)
    );
    told(&mut app, Origin::Exact);
    pass(&mut app, &mut scene, 0);
    assert!(!unseen(&app));
}

#[test]
fn recordings_of_two_machines_are_shown_at_the_same_time() {
    let (mut app, _) = app();
    let past = |ticks| {
        let (kept, _) = kept(ticks);
        crate::recording::Past::new(Box::new(kept))
    };
    app.replay(vec![("a".to_owned(), past(30)), ("b".to_owned(), past(20))]);
    app.go(10);
    let then = app.world.snapshot.unix_ms();
    press(&mut app, "&");
    assert_eq!(
        (app.world.time.host, app.world.snapshot.unix_ms()),
        (1, then)
    );
    assert_eq!(app.world.time.moments.len(), 21);
    press(&mut app, "&");
    assert_eq!(
        (app.world.time.host, app.world.snapshot.unix_ms()),
        (0, then)
    );
    assert_eq!(app.world.time.moments.len(), 31);
    app.arm("oom");
    assert!(app.world.trigger.is_none() && said(&app).contains("a recording is over"));
}
