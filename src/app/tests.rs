mod trigger;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::action::Action;
use super::key::{Code, Key};
use super::panel::Spec;
use super::*;
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::plan::Needs;
use crate::model::scene::Scene;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::{Procs, Snapshot};
use crate::theme::Depth;

mod ticks;

const KNOCK: Action = Action {
    name: "knock",
    about: "Knocks",
    keys: &[Key::char('x')],
    hint: "",
};
const OPEN: Action = Action {
    name: "open",
    about: "Opens",
    keys: &[Key::char('O')],
    hint: "",
};

/// A pane that writes down what it hears.
struct Probe {
    spec: &'static Spec,
    heard: Rc<RefCell<Vec<String>>>,
}

impl Panel for Probe {
    fn spec(&self) -> &'static Spec {
        self.spec
    }
    fn openers(&self) -> &'static [&'static Action] {
        if self.spec.place == Place::Overlay {
            &[&OPEN]
        } else {
            &[]
        }
    }
    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        self.heard
            .borrow_mut()
            .push(format!("{} {}", self.spec.name, action.name));
        Reply::Done
    }
    fn render(&self, _: &World, _: Rect, _: &mut Buffer) {}
}

macro_rules! spec {
    ($name:literal, $place:expr, $needs:expr) => {
        &Spec {
            name: $name,
            title: $name,
            about: "A probe.",
            place: $place,
            needs: $needs,
            actions: &[&KNOCK],
        }
    };
}

fn app() -> (App, Rc<RefCell<Vec<String>>>) {
    let heard = Rc::default();
    let specs: [&'static Spec; 5] = [
        spec!("list", Place::List, Needs::STATUS),
        spec!("overview", Place::Tab, Needs::OVERVIEW),
        spec!("memory", Place::Tab, Needs::REGIONS),
        spec!("cpu", Place::View(2), Needs::SWITCHES),
        spec!("box", Place::Overlay, Needs::IO),
    ];
    let panels = specs.map(|spec| {
        Box::new(Probe {
            spec,
            heard: Rc::clone(&heard),
        }) as Box<dyn Panel>
    });
    let mut app = App::new(
        panels.into(),
        Settings::default(),
        Theme::terminal(Depth::True, false),
    );
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(7, 1, "worker");
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    fit(&mut app);
    (app, heard)
}

fn fit(app: &mut App) {
    place_wide(app, Rect::new(0, 0, 160, 48));
}

/// Places panes as a wide screen would, without the layout itself.
fn place_wide(app: &mut App, screen: Rect) {
    let shown: Vec<usize> = match app.world.page {
        Page::Dashboard => vec![0, app.tab().unwrap_or(1)],
        Page::Inspector => vec![app.tab().unwrap_or(1)],
        Page::View(_) => vec![3],
    };
    let placed = shown.into_iter().enumerate().map(|(i, panel)| Placed {
        panel,
        area: Rect::new(i as u16 * 80, 1, 80, 40),
        outer: Rect::new(i as u16 * 80, 1, 80, 40),
    });
    app.place(placed.collect(), Vec::new(), screen);
}

fn press(app: &mut App, key: &str) -> Vec<Effect> {
    let effects = app.update(Event::Key(key.parse().expect(key)));
    fit(app);
    effects
}

#[test]
fn the_pane_with_the_keyboard_answers_first() {
    let (mut app, heard) = app();
    press(&mut app, "x");
    press(&mut app, "Tab");
    press(&mut app, "x");
    assert_eq!(*heard.borrow(), ["list knock", "overview knock"]);
}

#[test]
fn the_plan_is_what_visible_panes_need() {
    let (mut app, _) = app();
    assert_eq!(app.plan().needs, Needs::STATUS | Needs::OVERVIEW);
    app.inspect(ProcId::new(7, 7), "memory");
    fit(&mut app);
    assert_eq!(
        (app.plan().needs, app.plan().focus),
        (Needs::REGIONS, Some(ProcId::new(7, 7)))
    );
    press(&mut app, "2");
    assert_eq!(app.plan().needs, Needs::SWITCHES);
    press(&mut app, "O");
    assert_eq!(app.plan().needs, Needs::SWITCHES | Needs::IO);
}

#[test]
fn letters_open_tabs_and_escape_leads_back() {
    let (mut app, _) = app();
    press(&mut app, "m");
    assert!(app.world.notice.is_some(), "nothing is selected yet");
    app.focus_on(ProcId::new(7, 7));
    press(&mut app, "m");
    assert_eq!(
        (app.world.page, app.world.active),
        (Page::Inspector, "memory")
    );
    press(&mut app, "Left");
    assert_eq!(app.world.active, "overview");
    press(&mut app, "z");
    assert_eq!(
        (app.world.page, app.world.active),
        (Page::Dashboard, "overview")
    );
    press(&mut app, "Esc");
    assert_eq!(
        (app.world.page, app.world.active),
        (Page::Dashboard, "list")
    );
}

#[test]
fn the_inspector_leads_back_to_the_view_that_opened_it() {
    let (mut app, _) = app();
    press(&mut app, "2");
    app.inspect(ProcId::new(7, 7), "memory");
    assert_eq!(app.world.active, "memory");
    app.inspect(ProcId::new(1, 1), "memory");
    press(&mut app, "Esc");
    assert_eq!((app.world.page, app.world.active), (Page::View(2), "cpu"));
    press(&mut app, "Esc");
    assert_eq!(app.world.page, Page::Dashboard);
    press(&mut app, "m");
    press(&mut app, "Esc");
    assert_eq!(app.world.page, Page::Dashboard, "it was opened from there");
}

#[test]
fn an_overlay_takes_every_key_until_it_is_left() {
    let (mut app, heard) = app();
    press(&mut app, "O");
    assert_eq!(press(&mut app, "2"), []);
    press(&mut app, "x");
    assert_eq!(*heard.borrow(), ["box knock"]);
    assert_eq!(
        press(&mut app, "q"),
        [],
        "q closes the overlay, not the program"
    );
    assert_eq!(app.overlays().count(), 0);
    press(&mut app, "O");
    assert_eq!(press(&mut app, "Ctrl-c"), [Effect::Quit]);
}

#[test]
fn paused_time_stands_still_and_can_be_stepped() {
    let (mut app, _) = app();
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    let later = |scene: &mut Scene| Event::Snapshot(Arc::new(scene.pass(1000, &[])));
    app.update(later(&mut scene));
    let shown = app.world.snapshot.at;
    press(&mut app, "p");
    app.update(later(&mut scene));
    app.update(later(&mut scene));
    assert_eq!(app.world.snapshot.at, shown);
    press(&mut app, ",");
    assert!(app.world.snapshot.at < shown);
    press(&mut app, ".");
    assert_eq!(app.world.snapshot.at, shown);
    press(&mut app, "p");
    assert_eq!(
        app.world.snapshot.at, scene.sample.at,
        "the newest tick, not the next one"
    );
}

#[test]
fn the_lanes_are_stepped_with_everything_else() {
    let (mut app, _) = app();
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    let mut ticks = Vec::new();
    for _ in 0..3 {
        let tick = Arc::new(scene.pass(1000, &[]));
        ticks.push(tick.at);
        app.update(Event::Snapshot(tick));
    }
    let lanes = |now| {
        Event::Switches(Arc::new(Timeline {
            now,
            ..Timeline::default()
        }))
    };
    let shown = Nanos(ticks[2].0 + 70_000_000);
    app.update(lanes(shown));
    press(&mut app, "p");
    app.update(lanes(Nanos(shown.0 + 500_000_000)));
    assert_eq!(app.world.timeline.now, shown, "frozen");
    for tick in [ticks[1], ticks[0]] {
        press(&mut app, ",");
        let behind = tick.since(app.world.timeline.now);
        assert!(behind < Nanos::from_millis(100), "{behind:?}");
        assert!(app.world.timeline.now <= tick);
    }
    press(&mut app, ".");
    press(&mut app, ".");
    assert_eq!(app.world.timeline.now, shown);
    press(&mut app, ",");
    press(&mut app, "p");
    assert_eq!(app.world.timeline.now, Nanos(shown.0 + 500_000_000));
}

#[test]
fn ticks_of_ten_thousand_processes_can_be_stepped_back_while_few_work() {
    let (mut app, _) = app();
    let mut scene = Scene::new();
    for pid in 1..=10_000 {
        scene.task(pid, 1, "farm");
    }
    let mut shown = Procs::default();
    for tick in 0..12 {
        let before = scene.sample.clone();
        scene.pass(1000, &[(tick * 700 + 1, 10)]);
        let snapshot = Snapshot::after(&shown, Some(&before), &scene.sample);
        shown = snapshot.procs.clone();
        app.update(Event::Snapshot(Arc::new(snapshot)));
    }
    press(&mut app, "p");
    for back in 1..12 {
        press(&mut app, ",");
        assert_eq!(app.world.paused, Some(back));
    }
    let worked = app.world.snapshot.by_pid(Pid(1)).expect("there");
    assert!(worked.cpu.is_ok_and(|cpu| (cpu - 10.0).abs() < 0.1));
}

#[test]
fn a_target_opens_once_in_the_inspector() {
    let (mut app, _) = app();
    app.world.settings.target = Some(ProcId::new(7, 7));
    let snapshot = Arc::clone(&app.world.snapshot);
    app.update(Event::Snapshot(Arc::clone(&snapshot)));
    assert_eq!(
        (app.world.page, app.world.focus),
        (Page::Inspector, Some(ProcId::new(7, 7)))
    );
    app.update(Event::Key(Key::of(Code::Esc)));
    app.update(Event::Snapshot(snapshot));
    assert_eq!(app.world.page, Page::Dashboard);
}

#[test]
fn global_actions_have_unique_names_and_keys() {
    for (i, a) in globals::ALL.iter().enumerate() {
        assert!(!a.about.is_empty() && !a.about.ends_with('.'), "{}", a.name);
        for b in &globals::ALL[i + 1..] {
            assert_ne!(a.name, b.name);
            assert!(
                !a.keys.iter().any(|k| b.keys.contains(k)),
                "{} and {}",
                a.name,
                b.name
            );
        }
    }
}

/// Ticks that are kept in memory as records, as the sampler keeps them.
fn kept(ticks: u64) -> (crate::recording::Kept, Vec<Arc<Snapshot>>) {
    use crate::recording::{Kept, Marks, Summary, Writer};
    let kept = Kept::new(1 << 20);
    let (mut scene, mut writer) = (Scene::new(), Writer::default());
    scene.task(1, 0, "init");
    scene.task(7, 1, "busy");
    let mut seen = Vec::new();
    for tick in 0..ticks {
        let before = scene.sample.clone();
        if tick == 20 {
            scene.end(7);
        }
        let busy: &[(u32, u64)] = if tick < 20 { &[(7, 40)] } else { &[] };
        scene.pass(1000, busy);
        let snapshot = Snapshot::between(Some(&before), &scene.sample);
        let summary = Summary::of(&snapshot, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
        seen.push(Arc::new(snapshot));
    }
    (kept, seen)
}

#[test]
fn what_ended_long_ago_is_there_as_it_was() {
    let (mut app, _) = app();
    let (kept, seen) = kept(200);
    app.remember(crate::recording::Past::new(Box::new(kept)));
    // Only the newest are ticks of the screen itself.
    for tick in &seen[190..] {
        app.update(Event::Snapshot(Arc::clone(tick)));
    }
    let history: Vec<f32> = app.world.history.cpu(ProcId::new(7, 7), 4).collect();
    assert_eq!(history, [0.0; 4], "nobody knows of it");
    press(&mut app, "p");
    assert_eq!(app.world.paused, Some(0));
    press(&mut app, "<");
    assert_eq!(app.world.snapshot.at, seen[139].at, "a minute back");
    press(&mut app, "Home");
    for _ in 0..11 {
        press(&mut app, ".");
    }
    let busy = app
        .world
        .snapshot
        .get(ProcId::new(7, 7))
        .expect("it lives again");
    assert_eq!(busy.cpu, Ok(40.0));
    let history: Vec<f32> = app.world.history.cpu(ProcId::new(7, 7), 3).collect();
    assert_eq!(history, [40.0; 3], "with its past");
    press(&mut app, "End");
    assert_eq!(app.world.snapshot.at, seen[199].at);
    press(&mut app, "p");
    assert_eq!(
        (app.world.paused, app.world.snapshot.at),
        (None, seen[199].at)
    );
}

#[test]
fn a_recording_plays_to_its_end_and_a_typed_time_is_found() {
    let (mut app, _) = app();
    let (kept, seen) = kept(30);
    let past = crate::recording::Past::new(Box::new(kept));
    app.replay(vec![("a".to_owned(), past)]);
    // The state before the first tick is kept as well, but has no rates.
    assert!(app.world.snapshot.at == seen[0].at && app.world.paused == Some(29));
    assert!(app.world.snapshot.procs.iter().any(|p| p.cpu.is_ok()));
    press(&mut app, "Home");
    assert!(app.world.snapshot.at < seen[0].at && app.world.paused == Some(30));
    let second = Some(Nanos(1_000_000_000));
    assert_eq!(press(&mut app, "p"), [Effect::Play(second)]);
    assert_eq!(
        press(&mut app, "("),
        [Effect::Play(Some(Nanos(500_000_000)))]
    );
    for _ in 0..30 {
        app.update(Event::Beat);
    }
    assert_eq!(app.world.snapshot.at, seen[29].at);
    assert_eq!(app.update(Event::Beat), [Effect::Play(None)], "the end");
    app.go_to("-10s");
    assert_eq!(app.world.snapshot.at, seen[19].at);
    app.go_to("-1h");
    assert!(
        app.world
            .notice
            .as_ref()
            .is_some_and(|n| n.bad && n.text.contains("it goes from"))
    );
    assert_eq!(app.world.snapshot.at, seen[19].at, "it stays where it was");
    let how = "not recorded by then: record --inspect FILTER keeps it of whom passes";
    assert_eq!(app.world.unread(Needs::FILES), Some(how));
    let why = app.world.unread(Needs::CALLS | Needs::FILES);
    assert!(why.is_some_and(|why| why.starts_with("not recorded: it is counted")));
}
