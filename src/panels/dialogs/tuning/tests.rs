use std::sync::Arc;

use super::*;
use crate::app::App;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::model::acting::Report;
use crate::model::acting::tuning::Change;
use crate::model::id::CpuId;
use crate::model::reading::Missing;
use crate::model::sample::CoreSample;
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};

struct Bench {
    app: App,
}

fn footing(pid: u32, name: &str) -> Footing {
    Footing {
        id: ProcId::new(pid, u64::from(pid)),
        name: name.into(),
        nice: Ok(0),
        cores: Ok([CpuId(0), CpuId(1)].into_iter().collect()),
        io: Ok(IoPriority::default()),
        scheduling: Ok(Scheduling::default()),
        ..Footing::default()
    }
}

fn bench(cores: u32) -> Bench {
    let settings = Settings::default();
    let theme = Theme::terminal(Depth::True, false);
    let mut app = App::new(vec![Box::new(TuningDialog::default())], settings, theme);
    let mut scene = Scene::new();
    scene.task(12, 1, "make");
    // Every seventh number is a hole.
    let ids = (0..cores).map(|i| CpuId(i + i / 6));
    scene.sample.system.cores = ids
        .map(|id| CoreSample {
            id,
            ..CoreSample::default()
        })
        .collect();
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    app.world.focus = Some(ProcId::new(12, 12));
    Bench { app }
}

impl Bench {
    fn press(&mut self, keys: &[&str]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys {
            effects.extend(self.app.update(Event::Key(key.parse().expect(key))));
            effects.extend(self.fit(80, 24));
        }
        effects
    }

    fn fit(&mut self, width: u16, height: u16) -> Vec<Effect> {
        self.app
            .place(Vec::new(), Vec::new(), Rect::new(0, 0, width, height));
        self.app.update(Event::Resize)
    }

    /// Opens by a key and answers with how these stand.
    fn open(&mut self, key: &str, footings: Vec<Footing>) -> Ticket {
        let effects = self.press(&[key]);
        let [Effect::Act(ticket, Order::Survey(_))] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        self.tell(*ticket, Progress::Surveyed(footings));
        *ticket
    }

    fn tell(&mut self, ticket: Ticket, news: Progress) -> Vec<Effect> {
        let report = Report {
            ticket,
            unix_ms: 0,
            news,
        };
        let mut effects = self.app.update(Event::Outcome(Outcome::Acted(report)));
        effects.extend(self.fit(80, 24));
        effects
    }

    fn screen(&mut self, width: u16, height: u16) -> String {
        self.fit(width, height);
        let area = Rect::new(0, 0, width, height);
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

fn changes(effects: &[Effect]) -> Vec<Setting> {
    let to = effects.iter().filter_map(|e| match e {
        Effect::Act(_, Order::Change { to, .. }) => Some(to.clone()),
        _ => None,
    });
    to.collect()
}

fn cores(text: &str) -> Setting {
    Setting::Affinity(text.parse().expect(text))
}

#[test]
fn nice_opens_one_off_and_says_what_the_limit_allows() {
    let mut bench = bench(2);
    bench.open("F7", vec![footing(12, "make")]);
    insta::assert_snapshot!(bench.screen(84, 10), @r"

╭─ Nice ───────────────────────────────────────────────────────────────────────╮
│ to     12 make                                                               │
│ now    nice 0                                                                │
│                                                                              │
│ -20 ───────────────────●──────────────────── 19   nice -1                    │
│                                                                              │
│ will   nice -1: not permitted: only root may lower nice (RLIMIT_NICE is 0)   │
╰ Enter apply · ← → change · u undo · Esc close ───────────────────────────────╯
");
    assert_eq!(changes(&bench.press(&["Enter"])), [Setting::Nice(-1)]);
    bench.press(&["Esc"]);
    bench.open("F8", vec![footing(12, "make")]);
    assert_eq!(
        changes(&bench.press(&["F8", "→", "PgDn", "Enter"])),
        [Setting::Nice(8)]
    );
}

#[test]
fn a_change_tells_what_it_did_and_can_be_taken_back() {
    let mut bench = bench(2);
    let ticket = bench.open("F8", vec![footing(12, "make"), footing(13, "cc1")]);
    assert_eq!(
        changes(&bench.press(&["Enter", "Enter"])).len(),
        1,
        "one change at a time"
    );
    let change = |pid, done| Change {
        id: ProcId::new(pid, u64::from(pid)),
        name: "make".into(),
        before: Ok(Setting::Nice(0)),
        done,
        threads: 1,
    };
    let to = Some(Setting::Nice(1));
    let changes = vec![change(12, Ok(1)), change(13, Err(Missing::Denied))];
    let effects = bench.tell(ticket, Progress::Changed { to, changes });
    assert!(
        matches!(effects.as_slice(), [Effect::Act(_, Order::Survey(_))]),
        "{effects:?}"
    );
    bench.tell(
        ticket,
        Progress::Surveyed(vec![Footing {
            nice: Ok(1),
            ..footing(12, "make")
        }]),
    );
    let screen = bench.screen(84, 12);
    assert!(screen.contains("✓ 12 make: nice 0 → nice 1"), "{screen}");
    assert!(
        screen.contains("✗ 13 make: not changed: not permitted"),
        "{screen}"
    );
    assert!(screen.contains("it is so already"), "{screen}");
    let log: Vec<_> = bench
        .app
        .world
        .log
        .entries()
        .map(|e| e.text.clone())
        .collect();
    assert_eq!(log[0], "12 make: nice 0 → nice 1");
    let effects = bench.press(&["u"]);
    assert!(
        effects.contains(&Effect::Act(ticket, Order::Undo)),
        "{effects:?}"
    );
}

#[test]
fn what_came_of_many_says_of_how_many() {
    let mut bench = bench(2);
    let ticket = bench.open("F8", (12..20).map(|pid| footing(pid, "make")).collect());
    let change = |pid| Change {
        id: ProcId::new(pid, u64::from(pid)),
        name: "make".into(),
        before: Ok(Setting::Nice(0)),
        done: if pid == 19 {
            Err(Missing::Denied)
        } else {
            Ok(1)
        },
        threads: 1,
    };
    let to = Some(Setting::Nice(1));
    bench.press(&["Enter"]);
    let changes = (12..20).map(change).collect();
    bench.tell(ticket, Progress::Changed { to, changes });
    let screen = bench.screen(84, 24);
    // Whom it was refused is told before those for whom it was done.
    assert!(screen.contains("✗ 19 make: not changed"), "{screen}");
    assert!(screen.contains("+3 more: done for 7 of 8"), "{screen}");
}

#[test]
fn classes_and_policies_are_chosen_with_their_numbers() {
    let mut bench = bench(2);
    bench.open("i", vec![footing(12, "make")]);
    assert!(
        bench
            .screen(84, 14)
            .contains("only when nobody else wants the disk")
    );
    let io = IoPriority {
        class: IoClass::BestEffort,
        level: 3,
    };
    assert_eq!(
        changes(&bench.press(&["↓", "↓", "←", "Enter"])),
        [Setting::Io(io)]
    );
    bench.press(&["Esc"]);
    bench.open("Y", vec![footing(12, "make")]);
    let effects = bench.press(&["↓", "↓", "↓", "PgDn"]);
    assert_eq!(changes(&effects), []);
    let screen = bench.screen(84, 14);
    assert!(
        screen.contains("FIFO 11: not permitted: only root may ask for real time"),
        "{screen}"
    );
    let fifo = Scheduling {
        policy: Policy::Fifo,
        priority: 11,
    };
    assert_eq!(changes(&bench.press(&["Enter"])), [Setting::Policy(fifo)]);
}

#[test]
fn cores_are_picked_by_cursor_by_typing_and_by_the_mouse() {
    let mut bench = bench(12);
    bench.open("a", vec![footing(12, "make")]);
    assert_eq!(
        changes(&bench.press(&["→", "Space", "Enter"])),
        [cores("0")]
    );
    let mut bench = self::bench(12);
    bench.open("a", vec![footing(12, "make")]);
    assert_eq!(
        changes(&bench.press(&["n", "4", "-", "8", ",", "1", "Enter"])),
        [cores("1,4,5,7,8")]
    );
    let mut bench = self::bench(12);
    bench.open("a", vec![footing(12, "make")]);
    assert_eq!(changes(&bench.press(&["i", "Enter"])), [cores("2-5,7-12")]);
    let mut bench = self::bench(12);
    bench.open("a", vec![footing(12, "make")]);
    assert_eq!(changes(&bench.press(&["n", "Enter"])), [], "no core at all");
    assert!(bench.screen(84, 14).contains("choose at least one core"));
    let text = bench.screen(84, 24);
    let y = text
        .lines()
        .position(|l| l.contains("·  0"))
        .expect("the first row") as u16;
    let x = text
        .lines()
        .nth(y.into())
        .and_then(|l| l.chars().position(|c| c == '·'))
        .expect("a cell");
    let press = crate::app::key::Press::Left;
    let mouse = Mouse {
        press,
        column: x as u16,
        row: y,
    };
    bench.fit(84, 24);
    bench.app.update(Event::Mouse(mouse));
    assert_eq!(changes(&bench.press(&["Enter"])), [cores("0")]);
}

#[test]
fn thousands_of_cores_scroll_and_every_size_is_right() {
    let mut bench = bench(4096);
    bench.open("a", vec![footing(12, "make")]);
    let chosen = changes(&bench.press(&["End", "Space", "Home", "Space", "Enter"]));
    assert_eq!(chosen, [cores("1,4777")]);
    let screen = bench.screen(120, 40);
    assert!(
        screen.contains("■    1") && screen.contains("·    0"),
        "{screen}"
    );
    for key in ["F7", "a", "i", "Y"] {
        let mut bench = self::bench(64);
        bench.open(key, vec![footing(12, "make")]);
        for (width, height) in [(1, 1), (2, 3), (20, 5), (60, 15), (80, 24), (200, 60)] {
            let screen = bench.screen(width, height);
            assert!(width < 60 || screen.contains("12 make"), "{screen}");
        }
    }
}
