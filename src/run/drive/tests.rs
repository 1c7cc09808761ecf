//! The loop over a terminal in memory, with an outside that only takes notes.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::inbox::Tell;
use super::*;
use crate::app::event::Outcome;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::world::Settings;
use crate::model::acting::Order;
use crate::model::id::ProcId;
use crate::model::scene::Scene;
use crate::panels;
use crate::theme::{Depth, Theme};

/// What was asked of the outside.
#[derive(Default)]
struct Notes {
    effects: Vec<Effect>,
    plans: Vec<Plan>,
    /// What becomes of each effect.
    outcome: Option<Event>,
    /// Ends the loop once the first frame was drawn, so that every test ends.
    end: Option<Tell>,
}

impl Outside for Notes {
    fn perform(&mut self, effect: Effect) -> Option<Event> {
        self.effects.push(effect);
        self.outcome.clone()
    }

    fn replan(&mut self, plan: &Plan) {
        self.plans.push(plan.clone());
        if let Some(tell) = &self.end {
            tell.end(Ending::TerminalGone);
        }
    }
}

fn app() -> App {
    let theme = Theme::terminal(Depth::Ansi, false);
    App::new(panels::all(), Settings::default(), theme)
}

fn screen(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let width = buffer.area.width as usize;
    let rows = buffer.content.chunks(width);
    rows.map(|row| {
        row.iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect::<String>()
            + "\n"
    })
    .collect()
}

fn run(wakes: &[Wake], notes: &mut Notes) -> (Ending, String) {
    run_in(&mut app(), wakes, notes)
}

fn run_in(app: &mut App, wakes: &[Wake], notes: &mut Notes) -> (Ending, String) {
    let inbox = Inbox::new();
    let tell = inbox.tell();
    for wake in wakes {
        match wake.clone() {
            Wake::Event(event) => tell.event(event),
            Wake::Do(effect) => tell.perform(effect),
            Wake::End(ending) => tell.end(ending),
        }
    }
    notes.end = Some(tell);
    let mut terminal = Terminal::new(TestBackend::new(100, 30)).expect("a terminal");
    let ending = drive(&mut terminal, app, &inbox, notes).expect("a terminal in memory");
    (ending, screen(&terminal))
}

fn key(c: char) -> Wake {
    Wake::Event(Event::Key(Key::char(c)))
}

fn snapshot() -> Wake {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    scene.task(1842, 1, "firefox");
    Wake::Event(Event::Snapshot(Arc::new(scene.snapshot())))
}

#[test]
fn quits_on_a_key_without_a_single_snapshot() {
    let mut notes = Notes::default();
    let (ending, _) = run(&[key('q')], &mut notes);
    assert_eq!(ending, Ending::Quit);
    assert!(notes.effects.is_empty());
}

#[test]
fn shows_a_snapshot_and_says_what_is_worth_reading() {
    let mut notes = Notes::default();
    let (_, text) = run(&[snapshot()], &mut notes);
    assert!(text.contains("2 processes"), "{text}");
    assert!(notes.plans[0].interval.0 > 0);
    let mut once = notes.plans.clone();
    once.dedup();
    assert_eq!(once, notes.plans, "a plan is told only when it changed");
}

#[test]
fn a_signal_ends_it_and_may_suspend_it_without_asking_the_app() {
    let mut notes = Notes::default();
    let wakes = [
        Wake::Do(Effect::Suspend),
        Wake::End(Ending::Signal(15)),
        key('q'),
    ];
    assert_eq!(run(&wakes, &mut notes).0, Ending::Signal(15));
    assert_eq!(notes.effects, [Effect::Suspend]);
}

#[test]
fn what_becomes_of_an_effect_goes_back_to_the_app() {
    let mut notes = Notes {
        outcome: Some(Event::Outcome(Outcome::Failed("no such luck".to_owned()))),
        ..Notes::default()
    };
    let (_, text) = run(
        &[snapshot(), Wake::Event(Event::Key(Key::ctrl('z')))],
        &mut notes,
    );
    assert_eq!(notes.effects, [Effect::Suspend]);
    assert!(text.contains("no such luck"), "{text}");
}

#[test]
fn the_mouse_anywhere_and_pasted_text_are_survived() {
    let mut notes = Notes::default();
    let mut wakes = vec![snapshot()];
    for (column, row) in [(0, 0), (99, 29), (500, 500), (50, 10)] {
        for press in [
            Press::Left,
            Press::Drag,
            Press::WheelUp,
            Press::WheelDown,
            Press::Right,
        ] {
            wakes.push(Wake::Event(Event::Mouse(Mouse { press, column, row })));
        }
    }
    wakes.push(Wake::Event(Event::Paste("q\n\u{1b}[2J".to_owned())));
    assert_eq!(run(&wakes, &mut notes).0, Ending::TerminalGone);
}

#[test]
fn keys_of_one_burst_mean_what_they_would_one_by_one() {
    let typed = ":quit".chars().map(key);
    let enter = Wake::Event(Event::Key(Key::of(Code::Enter)));
    let wakes: Vec<Wake> = typed.chain([enter]).collect();
    let (ending, _) = run(&wakes, &mut Notes::default());
    assert_eq!(ending, Ending::Quit, "the palette had found it");
}

#[test]
fn a_dialog_is_about_the_row_that_the_keys_before_it_chose() {
    let mut scene = Scene::new();
    for pid in [1, 2, 3] {
        scene.task(pid, 0, "job");
    }
    let mut app = app();
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    screen::fit(&mut app, Rect::new(0, 0, 100, 30));
    let mut notes = Notes::default();
    run_in(
        &mut app,
        &[key('t'), key('d'), key('G'), key('s')],
        &mut notes,
    );
    let Some(Effect::Act(_, Order::Pin { chosen, .. })) = notes.effects.last() else {
        panic!("{:?}", notes.effects);
    };
    assert_eq!(chosen, &[ProcId::new(3, 3)]);
}
