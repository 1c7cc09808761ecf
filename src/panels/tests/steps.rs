//! Stepping through the past, forth and back: whole screens, character by character and colour by colour.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::drawn::{self, lines};
use crate::app::App;
use crate::app::event::Event;
use crate::app::minutes::Quantity;
use crate::app::world::Settings;
use crate::model::format;
use crate::model::id::{Bytes, CpuId, Nanos, Ticks};
use crate::model::process::stat::State;
use crate::model::scene::Scene;
use crate::model::scheduling::timeline::{Builder, Origin, Timeline};
use crate::model::snapshot::Snapshot;
use crate::recording::past::{Moment, Record};
use crate::recording::{Kept, Kind, Marks, Past, Records, Summary, Writer};
use crate::theme::{Depth, Theme};

const AREA: Rect = Rect::new(0, 0, 140, 32);

/// Numbers without a pattern, the same at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A machine on which much begins and ends: more processes than the list has rows, and what they take changes.
fn busy(ticks: usize) -> (Kept, Vec<Arc<Snapshot>>) {
    let (kept, mut writer) = (Kept::new(4 << 20), Writer::default());
    let (mut scene, mut dice) = (Scene::new(), Dice(1));
    scene.task(1, 0, "init");
    for shell in [10, 20, 30] {
        scene.task(shell, 1, "sh");
    }
    let mut next = 100;
    let mut born: Vec<u32> = Vec::new();
    let mut seen = Vec::new();
    for tick in 0..ticks {
        let before = scene.sample.clone();
        // Several chunks, of which the oldest can be forgotten.
        if tick > 0 && tick.is_multiple_of(60) {
            writer.begin_anew();
        }
        for _ in 0..dice.roll(4) {
            let parent = [10, 20, 30][dice.roll(3) as usize];
            let name = ["cc1", "as", "make", "ld"][dice.roll(4) as usize];
            let name = format!("{name}{}", dice.roll(40));
            scene.task(next, parent, &name);
            born.push(next);
            next += 1;
        }
        while born.len() > 45 || (dice.roll(3) == 0 && born.len() > 30) {
            let gone = born.remove(dice.roll(born.len() as u64) as usize);
            scene.end(gone);
        }
        let mut at_work = Vec::new();
        for pid in &born {
            let task = scene.of(*pid);
            task.stat.resident = Bytes((1 + dice.roll(400)) << 20);
            task.stat.state = [State::Sleeping, State::Running][dice.roll(2) as usize];
            if dice.roll(3) == 0 {
                at_work.push((*pid, dice.roll(60)));
            }
        }
        for core in &mut scene.sample.system.cores {
            let busy = dice.roll(90);
            core.user = Ticks(core.user.0 + busy);
            core.idle = Ticks(core.idle.0 + 100 - busy);
        }
        scene.pass(1000, &at_work);
        let now = Snapshot::between(Some(&before), &scene.sample);
        let summary = Summary::of(&now, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
        seen.push(Arc::new(now));
    }
    (kept, seen)
}

fn app() -> App {
    let theme = Theme::terminal(Depth::True, false);
    App::new(crate::panels::all(), Settings::default(), theme)
}

fn draw(app: &mut App) -> Buffer {
    drawn::screen(app, AREA)
}

fn press(app: &mut App, keys: &str) -> Buffer {
    drawn::pressed(app, keys, AREA)
}

/// Where two screens differ, in words; empty where they do not.
fn apart(before: &Buffer, after: &Buffer) -> String {
    let cells = |buf: &Buffer, y: u16| -> Vec<ratatui::buffer::Cell> {
        (0..AREA.width).map(|x| buf[(x, y)].clone()).collect()
    };
    let (a, b) = (lines(before), lines(after));
    let rows = (0..AREA.height).filter(|y| cells(before, *y) != cells(after, *y));
    let told = rows.map(usize::from);
    let told = told.map(|y| format!("{y:>3} - {}\n    + {}\n", a[y], b[y]));
    told.collect::<Vec<_>>().concat()
}

/// Goes on, from where it stands, and must come back to the same screen.
fn comes_back(app: &mut App, what: &str, ways: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for way in ways {
        let before = draw(app);
        let after = press(app, way);
        let apart = apart(&before, &after);
        if !apart.is_empty() {
            faults.push(format!("{what}: {way}\n{apart}"));
        }
    }
    faults
}

/// Steps and leaps that lead back to where they began, from a moment with minutes around it.
const WAYS: &[&str] = &[", .", ". . . , . , , ,", "> <", "< >", "< , . >"];

/// The views, and each tab of the inspector.
const PLACES: &[&str] = &[
    "1", "2", "3", "4", "5", "6", "1 o", "1 m", "1 f", "1 w", "1 b", "1 A", "1 S", "1 e",
    "1 o Left",
];

#[test]
fn in_a_recording_whole_screens_come_back() {
    let (kept, _) = busy(140);
    let mut app = app();
    app.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
    draw(&mut app);
    // Whoever is busy for the first time gets a colour of its own, and keeps it.
    for _ in 0..140 {
        press(&mut app, ".");
    }
    let mut faults = Vec::new();
    for place in PLACES {
        press(&mut app, "1 Home > . . . . G Up Up Up Up");
        press(&mut app, place);
        faults.extend(comes_back(&mut app, place, WAYS));
    }
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.concat()
    );
}

#[test]
fn in_a_pause_whole_screens_come_back() {
    let (kept, seen) = busy(140);
    let mut app = app();
    app.remember(Past::new(Box::new(kept)));
    for tick in &seen {
        app.update(Event::Snapshot(Arc::clone(tick)));
        draw(&mut app);
    }
    let mut faults = Vec::new();
    for place in PLACES {
        press(&mut app, "1");
        press(&mut app, place);
        press(&mut app, "p");
        faults.extend(comes_back(
            &mut app,
            place,
            &[
                ", .",
                ", , , . . .",
                "< End",
                "Home End",
                ", , , , . , . . . .",
            ],
        ));
        press(&mut app, "< , , , ,");
        faults.extend(comes_back(&mut app, place, WAYS));
        press(&mut app, "p");
    }
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.concat()
    );
}

#[test]
fn what_a_process_did_before_is_told_of_any_moment() {
    let (kept, seen) = busy(100);
    let mut live = app();
    live.remember(Past::new(Box::new(kept.clone())));
    live.update(Event::Snapshot(Arc::clone(&seen[99])));
    draw(&mut live);
    press(&mut live, "p");
    let mut recorded = app();
    recorded.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
    for app in [&mut live, &mut recorded] {
        draw(app);
        press(app, "End < , ,");
        let at = app.world.snapshot.at;
        let history = lines(&press(app, "g Down Down o Left")).join("\n");
        let lived = seen.iter().filter(|tick| tick.at <= at);
        let lived = lived.filter(|tick| tick.get(app.world.focus.expect("one")).is_some());
        let ticks = format!("{} ticks", lived.count());
        assert!(history.contains(&ticks), "{ticks}\n{history}");
        assert_eq!(app.world.snapshot.at, at);
        let before = draw(app);
        press(app, "Up Down");
        assert_eq!(
            apart(&before, &draw(app)),
            "",
            "whoever was selected meanwhile"
        );
    }
    press(&mut live, "p");
    let present = live.world.trace.until(seen[99].at).count();
    assert!(present <= 1, "the present is as it was: {present}");
}

/// What the dashboard, view 2 and the tab Schedule say of a moment of which no slices are known.
fn of_unknown_slices(mut line: Timeline, why: &str) {
    let (kept, seen) = busy(100);
    let mut app = app();
    app.remember(Past::new(Box::new(kept)));
    app.update(Event::Snapshot(Arc::clone(&seen[99])));
    line.now = seen[99].at;
    app.update(Event::Switches(Arc::new(line)));
    draw(&mut app);
    for place in ["1", "2", "1 S"] {
        press(&mut app, place);
        let shown = lines(&press(&mut app, "p < ,")).join("\n");
        assert!(
            shown.contains(&format!("– not known: {why}")),
            "{place}: {shown}"
        );
        assert!(!shown.contains("exact"), "{place}: {shown}");
        assert!(!shown.contains("reading …"), "{place}: {shown}");
        press(&mut app, "p");
    }
}

#[test]
fn what_is_longer_ago_than_slices_are_kept_is_not_known_and_nobody_is_idle() {
    let (_, seen) = busy(100);
    let mut builder = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], Nanos(0));
    let mut line = builder.publish(seen[99].at);
    // Of the seconds before they were forgotten.
    for lane in &mut line.lanes {
        lane.since = Nanos(0);
        lane.slices.since = seen[95].at;
        for bins in &mut lane.bins {
            bins.since = seen[95].at;
        }
    }
    of_unknown_slices(line, "this is longer ago than slices are kept");
}

/// Looking back ends where the memory of it does, and says so.
#[test]
fn a_full_memory_says_how_far_back_it_goes() {
    let (whole, seen) = busy(200);
    whole.set_budget(whole.bytes() / 3);
    let left = whole.moments();
    assert!(left.len() < 190, "the oldest are forgotten: {}", left.len());
    let mut app = app();
    app.remember(Past::new(Box::new(whole)));
    app.update(Event::Snapshot(Arc::clone(&seen[199])));
    draw(&mut app);
    let shown = lines(&press(&mut app, "p Home")).join("\n");
    let (first, last) = (left[0], left[left.len() - 1]);
    assert_eq!(app.world.snapshot.at, first.at);
    let kept = format!("kept: {}", format::duration(last.at.since(first.at)));
    assert!(shown.contains(&kept), "{kept}: {shown}");
    press(&mut app, ",");
    let said = app.world.notice.as_ref().map_or("", |n| n.text.as_str());
    assert_eq!(said, "no older tick is kept");
}

/// As of the first tick of all, which is read before anybody listens to switches.
#[test]
fn what_was_before_slices_were_told_was_not_forgotten() {
    let (_, seen) = busy(100);
    let mut builder = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], seen[95].at);
    let line = builder.publish(seen[99].at);
    of_unknown_slices(line, "slices are told only of what came later");
}

#[test]
fn no_axis_of_a_moment_that_passed_ends_now() {
    let (kept, seen) = busy(100);
    let mut live = app();
    live.remember(Past::new(Box::new(kept.clone())));
    for tick in &seen[90..] {
        live.update(Event::Snapshot(Arc::clone(tick)));
    }
    let line = || {
        let mut builder = Builder::new(Origin::Exact, [CpuId(0), CpuId(1)], seen[60].at);
        Arc::new(builder.publish(seen[99].at))
    };
    live.update(Event::Switches(line()));
    let mut recorded = app();
    recorded.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
    recorded.world.timeline = line();
    for (app, keys) in [(&mut live, "p , ,"), (&mut recorded, "End ,")] {
        draw(app);
        if app.world.time.replay.is_none() {
            let shown = lines(&press(app, "2")).join("\n");
            assert!(shown.contains(" now "), "the present is now: {shown}");
        }
        press(app, keys);
        let now = app.world.snapshot.at;
        let end = app.world.clock(now);
        for place in PLACES {
            press(app, "1");
            let shown = lines(&press(app, place)).join("\n");
            assert_eq!(app.world.snapshot.at, now, "{place}");
            assert!(!shown.contains(" now "), "{place}: {shown}");
            if *place == "1 o Left" {
                // Of one that has ended nothing is known until then.
                let last = app.world.trace.until(now).next_back().expect("it lived");
                let ends = format!(" {} ", app.world.clock(last.at));
                assert!(shown.contains(&ends), "{ends}: {shown}");
            } else if matches!(*place, "1" | "2") {
                // The time bar tells it as well.
                assert!(shown.matches(&end).count() > 1, "{place}: {end}: {shown}");
            }
        }
    }
    press(&mut live, "1 p");
    let shown = lines(&press(&mut live, "2")).join("\n");
    assert!(shown.contains(" now "), "it goes on: {shown}");
}

#[test]
fn charts_of_a_recording_know_more_than_the_tick_that_is_shown() {
    let (kept, _) = busy(100);
    let mut app = app();
    app.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
    draw(&mut app);
    press(&mut app, "End , ,");
    let now = app.world.snapshot.at;
    let seconds: Vec<_> = app.world.minutes.until(now).collect();
    let known = |of| seconds.iter().filter(|s| s.get(of).is_some()).count();
    assert_eq!((seconds.len(), known(Quantity::Busy)), (99, 98), "a glance");
    assert_eq!(known(Quantity::User), crate::app::history::TICKS, "all");
    let history = lines(&press(&mut app, "1 o Left")).join("\n");
    assert!(
        history.contains("read       – not recorded by then"),
        "{history}"
    );
}

/// However many processes there are, charts and the history of the list are told.
#[test]
fn a_leap_among_very_many_tells_what_was_before() {
    let (kept, mut writer) = (Kept::new(8 << 20), Writer::default());
    let mut scene = Scene::new();
    for pid in 1..=5000 {
        scene.task(pid, u32::from(pid > 1), "farm");
    }
    let mut focus = None;
    for tick in 0..100 {
        let before = scene.sample.clone();
        scene.pass(1000, &[(4000, tick % 50)]);
        let now = Snapshot::between(Some(&before), &scene.sample);
        focus = now.procs.iter().map(|p| p.id).find(|id| id.pid.0 == 4000);
        let summary = Summary::of(&now, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
    }
    let mut app = app();
    app.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
    draw(&mut app);
    app.world.focus = focus;
    press(&mut app, "End <");
    let place = app.world.time.at as u64;
    let cpu: Vec<f32> = app.world.history.cpu(focus.expect("it lives"), 8).collect();
    let was: Vec<f32> = (place - 8..place).map(|tick| (tick % 50) as f32).collect();
    assert_eq!(cpu, was);
    let told = app.world.trace.until(app.world.snapshot.at).count() as u64;
    assert!(told > place.min(30), "{told} of {place}");
    let now = app.world.snapshot.at;
    let known = app.world.minutes.until(now);
    let known = known.filter(|second| second.get(Quantity::User).is_some());
    assert_eq!(known.count(), crate::app::history::TICKS);
}

/// Records that count how many ticks are asked for.
struct Asked(Kept, Arc<AtomicUsize>);

impl Records for Asked {
    fn moments(&self) -> Vec<Moment> {
        self.0.moments()
    }

    fn way_to(&self, at: Nanos) -> Result<Vec<Record>, String> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.way_to(at)
    }

    fn beside(&self, kind: Kind, from: Nanos, until: Nanos) -> Result<Vec<Record>, String> {
        self.0.beside(kind, from, until)
    }
}

/// The history of the list, the verdict and the past of the process in focus are told by one way through the ticks.
#[test]
fn a_leap_asks_for_each_tick_once() {
    let (kept, seen) = busy(120);
    let asked = Arc::new(AtomicUsize::new(0));
    let past = Past::new(Box::new(Asked(kept, Arc::clone(&asked))));
    let theme = Theme::terminal(Depth::True, false);
    let mut app = App::new(crate::panels::all(), Settings::default(), theme);
    app.replay(vec![("web".to_owned(), past)]);
    drawn::screen(&mut app, AREA);
    app.world.focus = seen[100].procs.iter().map(|p| p.id).next();
    drawn::pressed(&mut app, "Home", AREA);
    let before = asked.load(Ordering::Relaxed);
    drawn::pressed(&mut app, "End", AREA);
    let ticks = asked.load(Ordering::Relaxed) - before;
    let all = app.world.time.moments.len();
    // The one that is shown, which says how many processes there are; then all, of which the machine has so few.
    assert!(ticks > 32 && ticks <= all + 2, "{ticks} of {all}");
}
