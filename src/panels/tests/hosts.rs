//! Recordings of several machines on one axis of time: whole screens, and what is selected on them.

use ratatui::layout::Rect;

use super::drawn::{self, lines};
use crate::app::App;
use crate::app::event::Event;
use crate::app::key::{Mouse, Press};
use crate::app::world::Settings;
use crate::model::id::{Nanos, Pid, Ticks};
use crate::model::scene::Scene;
use crate::model::snapshot::Snapshot;
use crate::model::zone::Zone;
use crate::recording::past::{Moment, Record, Records};
use crate::recording::record::Kind;
use crate::recording::{Kept, Marks, Past, Summary, Writer, when};
use crate::theme::{Depth, Theme};

const AREA: Rect = Rect::new(0, 0, 120, 40);
const BOOT_MS: u64 = 1_700_000_000_000;

/// A machine that was recorded for so many seconds from this one on; its own process is called so, and its numbers are
/// those of any other.
fn past(name: &str, from: u64, seconds: u64) -> Past {
    Past::new(Box::new(kept(name, from, seconds)))
}

fn kept(name: &str, from: u64, seconds: u64) -> Kept {
    let (kept, mut writer) = (Kept::new(1 << 20), Writer::default());
    let mut scene = Scene::new();
    let mut machine = (*scene.sample.machine).clone();
    machine.boot_unix_ms = BOOT_MS + from * 1000;
    scene.sample.machine = machine.into();
    scene.task(1, 0, "init");
    scene.task(7, 1, name);
    for n in 0..30 {
        scene.task(100 + n, 1, &format!("{name}{n}"));
    }
    for _ in 0..seconds {
        let before = scene.sample.clone();
        for core in &mut scene.sample.system.cores {
            core.user = Ticks(core.user.0 + 20);
            core.idle = Ticks(core.idle.0 + 80);
        }
        scene.pass(1000, &[(7, 20)]);
        let now = Snapshot::between(Some(&before), &scene.sample);
        let summary = Summary::of(&now, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
    }
    kept
}

fn app(hosts: &[(&str, u64, u64)]) -> App {
    let theme = Theme::terminal(Depth::True, false);
    let mut app = App::new(crate::panels::all(), Settings::default(), theme);
    let hosts = hosts.iter();
    let pasts =
        hosts.map(|(name, from, seconds)| ((*name).to_owned(), past(name, *from, *seconds)));
    app.replay(pasts.collect());
    screen_of(&mut app);
    app
}

fn screen_of(app: &mut App) -> Vec<String> {
    lines(&drawn::screen(app, AREA))
}

fn press(app: &mut App, keys: &str) -> Vec<String> {
    lines(&drawn::pressed(app, keys, AREA))
}

/// The clock of the moment that is shown, in seconds since that machine's recording could begin.
fn second(app: &App) -> u64 {
    (app.world.snapshot.unix_ms() - BOOT_MS) / 1000
}

fn said(app: &App) -> &str {
    app.world.notice.as_ref().map_or("", |n| n.text.as_str())
}

#[test]
fn what_is_selected_on_one_machine_is_nobody_on_the_other() {
    let mut app = app(&[("web", 0, 40), ("db", 0, 40)]);
    press(&mut app, "G Space Up Up");
    let on_web = app.world.focus.expect("somebody");
    let tagged = app.world.tags.clone();
    assert_eq!(tagged.len(), 1, "{}", screen_of(&mut app).join("\n"));
    assert!(on_web.pid > Pid(100), "{}", screen_of(&mut app).join("\n"));
    let before = screen_of(&mut app);
    let shown = press(&mut app, "&");
    assert!(app.world.tags.is_empty());
    let on_db = app.world.focus.expect("whoever is busiest");
    let name = app
        .world
        .snapshot
        .get(on_db)
        .map(|p| p.facts.name.to_string());
    assert_eq!(name.as_deref(), Some("db"), "nobody chose another one");
    let strangers = shown.iter().filter(|line| line.contains("web"));
    assert_eq!(strangers.count(), 0, "{}", shown.join("\n"));
    press(&mut app, "Down - &");
    assert_eq!((app.world.focus, &app.world.tags), (Some(on_web), &tagged));
    let mut again = screen_of(&mut app);
    // The last line says what was done.
    again[39].clone_from(&before[39]);
    assert_eq!(again, before, "each machine is as it was left");
}

#[test]
fn in_the_inspector_the_next_machine_does_not_show_a_stranger() {
    let mut app = app(&[("web", 0, 40), ("db", 0, 40)]);
    let text = press(&mut app, "G Enter &").join("\n");
    assert!(!text.contains("web"), "{text}");
    let text = press(&mut app, "1 Enter &").join("\n");
    assert!(!text.contains("db"), "{text}");
}

#[test]
fn the_bar_spans_the_time_of_all_and_a_machine_says_when_it_was_recorded() {
    let mut app = app(&[("web", 0, 40), ("db", 20, 40), ("late", 300, 20)]);
    press(&mut app, "Home . . . .");
    let then = second(&app);
    let bar = screen_of(&mut app)[38].clone();
    assert!(bar.contains("recorded: 40s of 5m 20s"), "{bar}");
    assert!(
        bar.contains("····"),
        "of most of it there is nothing: {bar}"
    );
    press(&mut app, "&");
    assert_eq!(
        said(&app).split(':').next(),
        Some("db was not recorded at 22"),
        "{}",
        said(&app)
    );
    assert!(said(&app).contains("it begins"), "{}", said(&app));
    assert_eq!(app.world.time.at, 1, "the nearest one with rates");
    press(&mut app, "&");
    assert!(
        said(&app).starts_with("late was not recorded"),
        "{}",
        said(&app)
    );
    press(&mut app, "&");
    assert_eq!(
        (app.world.time.host, second(&app)),
        (0, then),
        "where it was left"
    );
    press(&mut app, "End &");
    let both = second(&app);
    assert_eq!(said(&app), "db at the same time");
    press(&mut app, "End & &");
    assert!(
        second(&app) < both + 25 && said(&app).contains("it ends"),
        "{}",
        said(&app)
    );
}

#[test]
fn a_click_where_the_machine_was_not_recorded_keeps_that_time_for_the_others() {
    let mut app = app(&[("web", 0, 40), ("late", 300, 20)]);
    let bar = screen_of(&mut app)[38].clone();
    let last = bar.chars().collect::<Vec<_>>();
    let column = last.iter().rposition(|c| *c == '·').expect("nothing there");
    app.update(Event::Mouse(Mouse {
        press: Press::Left,
        column: column as u16,
        row: 38,
    }));
    assert!(
        said(&app).contains("web was not recorded at"),
        "{}",
        said(&app)
    );
    assert!(said(&app).contains("it ends"), "{}", said(&app));
    press(&mut app, "&");
    assert_eq!(said(&app), "late at the same time");
    assert!(second(&app) > 315, "{}", second(&app));
}

/// A typed time is one of the axis that all have, as a click on it is.
#[test]
fn a_typed_time_at_which_the_machine_was_not_recorded_is_not_shown_in_silence() {
    let mut app = app(&[("web", 0, 40), ("late", 300, 20)]);
    let at = |second: i64| when::clock(BOOT_MS as i64 + second * 1000, &Zone::default());
    let begin = second(&app) as i64;
    let typed = |app: &mut App, text: &str| {
        app.world.notice = None;
        press(
            app,
            &format!(
                ": {} Enter",
                text.chars().map(String::from).collect::<Vec<_>>().join(" ")
            ),
        );
        said(app).to_owned()
    };
    assert_eq!(typed(&mut app, &at(begin + 20)), "");
    assert_eq!(second(&app) as i64, begin + 20);
    let told = typed(&mut app, &at(begin + 200));
    assert!(
        told.starts_with("web was not recorded at") && told.contains("it ends"),
        "{told}"
    );
    press(&mut app, "&");
    let told = typed(&mut app, &at(begin + 20));
    assert!(
        told.starts_with("late was not recorded at") && told.contains("it begins"),
        "{told}"
    );
    let told = typed(&mut app, &at(begin + 900));
    assert!(told.contains("it goes from"), "{told}");
    // Of one machine alone as well.
    let mut app = super::hosts::app(&[("web", 0, 40)]);
    let told = typed(&mut app, &at(begin + 60));
    assert!(told.starts_with("it ends at"), "{told}");
    assert_eq!(app.world.paused, Some(0));
}

/// A recording of which only the ticks can be read.
struct Half(Kept);

impl Records for Half {
    fn moments(&self) -> Vec<Moment> {
        self.0.moments()
    }

    fn way_to(&self, at: Nanos) -> Result<Vec<Record>, String> {
        self.0.way_to(at)
    }

    fn beside(&self, _: Kind, _: Nanos, _: Nanos) -> Result<Vec<Record>, String> {
        Err("it has not answered".to_owned())
    }
}

#[test]
fn what_cannot_be_read_now_is_not_called_unrecorded() {
    let shown = |half: bool| {
        let kept = kept("web", 0, 20);
        let past = if half {
            Past::new(Box::new(Half(kept)))
        } else {
            Past::new(Box::new(kept))
        };
        let theme = Theme::terminal(Depth::True, false);
        let mut app = App::new(crate::panels::all(), Settings::default(), theme);
        app.replay(vec![("web".to_owned(), past)]);
        screen_of(&mut app);
        press(&mut app, "3").join("\n")
    };
    let (whole, half) = (shown(false), shown(true));
    let unread = "the recording cannot be read there now";
    assert!(half.contains(unread), "{half}");
    assert!(!whole.contains(unread), "{whole}");
    assert!(whole.contains("not recorded by then"), "{whole}");
}
