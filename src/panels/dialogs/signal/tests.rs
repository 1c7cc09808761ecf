mod sending;

use std::sync::Arc;

use super::*;
use crate::app::App;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::model::acting::signal::SignalState;
use crate::model::acting::standing::{Kinship, Standing};
use crate::model::acting::{Delivery, Fate, Report, Settled, Target};
use crate::model::id::{Pid, Ticks, Tid, Uid};
use crate::model::reading::Missing;
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};

const SIZES: [(u16, u16); 7] = [
    (1, 1),
    (20, 4),
    (40, 8),
    (60, 15),
    (80, 24),
    (120, 40),
    (200, 60),
];

struct Stage1 {
    app: App,
    scene: Scene,
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(12, 1, "make");
    scene.task(13, 12, "cc1");
    scene
}

fn stage(settings: Settings) -> Stage1 {
    let mut app = App::new(
        vec![
            Box::new(SignalDialog::default()),
            Box::new(crate::panels::dialogs::log::EventLog::default()),
        ],
        settings,
        Theme::terminal(Depth::True, false),
    );
    let scene = scene();
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    app.world.focus = Some(ProcId::new(12, 12));
    Stage1 { app, scene }
}

fn standing(pid: u32, name: &str) -> Standing {
    Standing {
        id: ProcId::new(pid, u64::from(pid)),
        name: name.into(),
        uid: Ok(Uid(0)),
        signals: Ok(SignalState {
            caught: [Signal::TERM].into_iter().collect(),
            ignored: [Signal::HUP].into_iter().collect(),
            blocked: [Signal::USR1].into_iter().collect(),
            ..SignalState::default()
        }),
        ..Standing::default()
    }
}

fn brief(scope: Scope, targets: Vec<Standing>) -> Brief {
    let thread = |tid: u32, name: &str| {
        let start = Ticks(0);
        (
            ThreadId {
                tid: Tid(tid),
                start,
            },
            name.into(),
        )
    };
    Brief {
        scope,
        counts: vec![
            (Scope::Process, Ok(1)),
            (Scope::Thread, Ok(2)),
            (Scope::Subtree, Ok(2)),
            (Scope::Group, Ok(2)),
            (Scope::Session, Ok(2)),
            (Scope::Cgroup, Err(Missing::Unsupported)),
        ],
        targets,
        threads: vec![thread(12, "make"), thread(14, "helper")],
        at_once: (scope == Scope::Subtree).then_some(Scope::Group),
        whole: None,
    }
}

impl Stage1 {
    fn press(&mut self, keys: &[&str]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys {
            effects.extend(self.app.update(Event::Key(key.parse().expect(key))));
        }
        effects.extend(self.fit());
        effects
    }

    fn fit(&mut self) -> Vec<Effect> {
        self.app
            .place(Vec::new(), Vec::new(), Rect::new(0, 0, 80, 24));
        self.app.update(Event::Resize)
    }

    /// Presses, and answers what was asked with this news.
    fn ask(&mut self, keys: &[&str], news: Progress) -> Ticket {
        let effects = self.press(keys);
        let Some(Effect::Act(ticket, _)) = effects.last() else {
            panic!("nothing was asked: {effects:?}");
        };
        let ticket = *ticket;
        self.tell(ticket, news);
        ticket
    }

    fn tell(&mut self, ticket: Ticket, news: Progress) -> Vec<Effect> {
        let report = Report {
            ticket,
            unix_ms: 1000,
            news,
        };
        let effects = self.app.update(Event::Outcome(Outcome::Acted(report)));
        self.fit();
        effects
    }

    fn screen(&mut self, (width, height): (u16, u16)) -> String {
        let area = Rect::new(0, 0, width, height);
        self.app.place(Vec::new(), Vec::new(), area);
        let mut buf = Buffer::empty(area);
        for overlay in self.app.overlays() {
            overlay.render(&self.app.world, area, &mut buf);
        }
        let row = |y| {
            (0..width)
                .map(|x| buf[(x, y)].symbol().to_owned())
                .collect::<String>()
        };
        (0..height)
            .map(|y| row(y).trim_end().to_owned() + "\n")
            .collect()
    }
}

fn sends(effects: &[Effect]) -> Vec<Signal> {
    let sent = effects.iter().filter_map(|e| match e {
        Effect::Act(_, Order::Send(signal)) => Some(*signal),
        _ => None,
    });
    sent.collect()
}

#[test]
fn it_pins_who_was_selected_and_says_what_would_happen() {
    let mut stage = stage(Settings::default());
    let effects = stage.press(&["s"]);
    let Some(Effect::Act(ticket, Order::Pin { chosen, scope, .. })) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (chosen.as_slice(), *scope),
        ([ProcId::new(12, 12)].as_slice(), Scope::Process)
    );
    let ticket = *ticket;
    stage.tell(
        ticket,
        Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")])),
    );
    let screen = stage.screen((90, 16));
    insta::assert_snapshot!(screen, @r#"
╭─ Send a signal ──────────────────────────────────────────────────────────────────────╮
│ to     12 make   root   started 16m 39s ago   pinned                                 │
│ scope  (●) process  ( ) thread 2  ( ) subtree 2  ( ) group 2  ( ) session 2          │
│                                                                                      │
│ ▌ 15 TERM     asks it to end               caught by a handler: it decides           │
│    9 KILL     ends it at once              cannot be caught: it ends                 │
│    1 HUP      terminal closed, reload      ignored: nothing will happen              │
│    2 INT      Ctrl-C, interrupts it        default: terminates                       │
│    3 QUIT     Ctrl-\, ends it with a dump  default: terminates, core dump            │
│   19 STOP     freezes it                   cannot be caught: it stops                │
│   18 CONT     lets it go on after a stop   not stopped: nothing will happen          │
│   10 USR1     free for programs            blocked: stays pending                    │
│   12 USR2     free for programs            default: terminates                       │
│    4 ILL      illegal instruction          default: terminates, core dump            │
│ type a name or number                                                                │
╰ Enter send · Tab scope · Esc cancel ─────────────────────────────────────────────────╯
"#);
}

#[test]
fn no_single_key_sends_and_enter_does() {
    let mut stage = stage(Settings::default());
    let effects = stage.press(&["s", "Enter"]);
    assert_eq!(sends(&effects), [], "nobody is held yet");
    let said = stage.app.world.notice.as_ref().map(|n| n.text.as_str());
    assert_eq!(said, Some(EARLY));
    stage.press(&["Esc"]);
    stage.ask(
        &["s"],
        Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")])),
    );
    assert_eq!(sends(&stage.press(&["Enter"])), [Signal::TERM]);
    assert_eq!(
        sends(&stage.press(&["Enter", "y", "s"])),
        [],
        "it is being watched"
    );
}

#[test]
fn typing_jumps_and_term_is_chosen_anew_each_time() {
    let mut stage = stage(Settings::default());
    let pinned = || Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")]));
    for (typed, signal) in [
        (&["u", "s", "r", "2"][..], Signal::USR2),
        (&["9"][..], Signal::KILL),
        (&["s", "i", "g", "h", "u", "p"][..], Signal::HUP),
        (
            &["r", "t", "m", "i", "n", "+", "3"][..],
            Signal::new(37).expect("37"),
        ),
        (&["k", "i", "x", "h"][..], Signal::HUP),
        (&["↓", "↓"][..], Signal::HUP),
        (&["k", "Backspace"][..], Signal::KILL),
        (&[][..], Signal::TERM),
    ] {
        stage.ask(&["s"], pinned());
        let mut keys = typed.to_vec();
        keys.push("Enter");
        assert_eq!(sends(&stage.press(&keys)), [signal], "{typed:?}");
        stage.press(&["Esc"]);
    }
}

#[test]
fn scopes_that_do_not_exist_are_passed_over() {
    let mut stage = stage(Settings::default());
    let answer = |s| Progress::Pinned(brief(s, vec![standing(12, "make"), standing(13, "cc1")]));
    stage.ask(
        &["s"],
        Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")])),
    );
    let order = [
        Scope::Thread,
        Scope::Subtree,
        Scope::Group,
        Scope::Session,
        Scope::Process,
    ];
    for wanted in order {
        let effects = stage.press(&["Tab"]);
        let Some(Effect::Act(ticket, Order::Pin { scope, .. })) = effects.first() else {
            panic!("{effects:?}");
        };
        assert_eq!(*scope, wanted);
        assert_eq!(
            sends(&stage.press(&["Enter"])),
            [],
            "the new ones are not held yet"
        );
        stage.tell(*ticket, answer(wanted));
    }
    stage.ask(&["BackTab"], answer(Scope::Session));
    stage.ask(&["BackTab"], answer(Scope::Group));
    stage.ask(&["BackTab"], answer(Scope::Subtree));
    let screen = stage.screen((90, 16));
    assert!(screen.contains("(●) subtree 2"), "{screen}");
    assert!(
        screen.contains("the group has the same members"),
        "{screen}"
    );
    assert!(screen.contains("12 make, 13 cc1"), "{screen}");
}

/// As over a slow line, where several keys come at once.
#[test]
fn a_scope_that_is_asked_for_before_it_is_known_who_is_meant_is_not_forgotten() {
    let mut stage = stage(Settings::default());
    let answer = |s| Progress::Pinned(brief(s, vec![standing(12, "make")]));
    let pins = |effects: &[Effect]| -> Vec<(Ticket, Scope)> {
        let pin = |e: &Effect| match e {
            Effect::Act(ticket, Order::Pin { scope, .. }) => Some((*ticket, *scope)),
            _ => None,
        };
        effects.iter().filter_map(pin).collect()
    };
    let effects = stage.press(&["s", "Tab", "Tab", "Enter"]);
    assert_eq!(sends(&effects), [], "nobody was named yet");
    let asked = pins(&effects);
    assert_eq!(asked.len(), 1);
    let effects = stage.tell(asked[0].0, answer(Scope::Process));
    let [(ticket, Scope::Subtree)] = pins(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(sends(&stage.press(&["Enter"])), [], "they are not held yet");
    let effects = stage.tell(ticket, answer(Scope::Subtree));
    assert!(pins(&effects).is_empty(), "{effects:?}");
    assert_eq!(sends(&stage.press(&["Enter"])), [Signal::TERM]);
}

#[test]
fn q_leaves_the_dialog_once_nothing_is_typed_into_it() {
    let mut stage = stage(Settings::default());
    let pinned = Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")]));
    stage.ask(&["s"], pinned);
    stage.press(&["Enter"]);
    let effects = stage.press(&["q"]);
    let released = |e: &Effect| matches!(e, Effect::Act(_, Order::Release));
    assert!(effects.iter().any(released), "{effects:?}");
    assert_eq!(stage.screen((90, 16)).trim(), "", "it is closed");
    assert!(stage.press(&["q"]).contains(&Effect::Quit));
}

#[test]
fn one_thread_can_be_chosen() {
    let mut stage = stage(Settings::default());
    let pinned = |s| Progress::Pinned(brief(s, vec![standing(12, "make")]));
    stage.ask(&["s"], pinned(Scope::Process));
    stage.ask(&["Tab"], pinned(Scope::Thread));
    let effects = stage.press(&["→"]);
    let Some(Effect::Act(
        _,
        Order::Pin {
            thread: Some(thread),
            ..
        },
    )) = effects.first()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(thread.tid, Tid(14));
}

#[test]
fn read_only_opens_nothing() {
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut stage = stage(settings);
    assert_eq!(stage.press(&["s", "Enter", "F9", "Del", "X"]), []);
    assert_eq!(stage.app.overlays().count(), 0);
    assert!(stage.app.world.notice.is_some());
}

#[test]
fn it_is_right_at_every_size() {
    let mut stage = stage(Settings::default());
    stage.ask(
        &["s"],
        Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")])),
    );
    for size in SIZES {
        let text = stage.screen(size);
        if size.0 >= 40 && size.1 >= 8 {
            assert!(text.contains("12 make") && text.contains("TERM"), "{text}");
        }
        if size.0 >= 60 && size.1 >= 15 {
            assert!(text.contains("caught by a handler"), "{text}");
        }
    }
}

#[test]
fn a_proposed_signal_is_chosen_and_not_sent() {
    let mut app = App::new(
        crate::panels::all(),
        Settings::default(),
        Theme::terminal(Depth::True, false),
    );
    app.update(Event::Snapshot(Arc::new(scene().snapshot())));
    let id = ProcId::new(12, 12);
    app.world.tags = [ProcId::new(13, 13)].into();
    app.inspect(id, "signals");
    app.world.detail = Arc::new(crate::model::detail::Detail {
        of: Some(id),
        signals: Some(crate::model::detail::Stamped::new(
            Nanos(1),
            Ok(SignalState::default()),
        )),
        ..crate::model::detail::Detail::default()
    });
    let screen = Rect::new(0, 0, 80, 24);
    crate::screen::fit(&mut app, screen);
    for key in ["j", "j", "Enter"] {
        let effects = app.update(Event::Key(key.parse().expect(key)));
        crate::screen::fit(&mut app, screen);
        if key == "Enter" {
            let [Effect::Act(_, Order::Pin { chosen, .. })] = effects.as_slice() else {
                panic!("it takes hold and no more: {effects:?}");
            };
            assert_eq!(chosen, &[id], "whatever is tagged");
        }
    }
    let mut buf = Buffer::empty(screen);
    for overlay in app.overlays() {
        overlay.render(&app.world, screen, &mut buf);
    }
    let text = crate::widgets::picture::text(&buf);
    let row = text.lines().find(|l| l.contains('▌')).unwrap_or_default();
    assert!(row.contains("3 QUIT"), "{text}");
}
