//! Looking back, charts of what no tick tells show what was kept of it.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::clicks::{moments, row_of};
use super::drawn;
use crate::app::App;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Nanos;
use crate::model::machine::gpu::{Card, Gpus};
use crate::model::scene::Scene;
use crate::panels::views::memory::tests::memory;
use crate::recording::{DetailWriter, Kept, Marks, Past, Summary, Writer};
use crate::theme::{Depth, Theme};

const AREA: Rect = Rect::new(0, 0, 160, 48);

fn gpus(busy: f32) -> Gpus {
    let card = Card {
        name: "a card".into(),
        busy: Ok(busy),
        ..Card::default()
    };
    Gpus {
        cards: vec![card],
        ..Gpus::default()
    }
}

/// Two minutes; memory and cards were looked at from the 20th second to the 60th. Time stands still at the end.
fn two_minutes() -> App {
    let theme = Theme::terminal(Depth::True, false);
    let mut panes = crate::panels::all();
    panes.push(crate::panels::gpu());
    let mut app = App::new(panes, Settings::default(), theme);
    let (kept, mut writer) = (Kept::new(4 << 20), Writer::default());
    let mut details = DetailWriter::new(false);
    app.remember(Past::new(Box::new(kept.clone())));
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    for second in 0..120 {
        let before = scene.sample.clone();
        let now = scene.pass(1000, &[]);
        let summary = Summary::of(&now, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
        if (20..60).contains(&second) {
            let at = Nanos(now.at.0 + 300_000_000);
            let mut detail = Detail {
                at,
                ..Detail::default()
            };
            detail.machine.memory = Some(Stamped::new(
                at,
                Ok(memory(at.0 / 1_000_000, second * second)),
            ));
            detail.machine.gpus = Some(Stamped::new(at, Ok(gpus(second as f32))));
            kept.push(details.record(&detail, 0).into_iter().collect());
        }
        app.update(Event::Snapshot(Arc::new(now)));
        drawn::screen(&mut app, AREA);
    }
    drawn::pressed(&mut app, "p", AREA);
    app
}

/// What stands in the row of these words, and of how many moments it tells there.
fn row(app: &mut App, keys: &str, words: &str) -> (String, usize) {
    let buf = drawn::pressed(app, keys, AREA);
    let row = row_of(&buf, words);
    let text = drawn::lines(&buf)[usize::from(row)].clone();
    let mut told: Vec<Nanos> = moments(app, row).into_iter().map(|(_, at)| at).collect();
    told.dedup();
    (text, told.len())
}

#[test]
fn rates_of_memory_and_cards_are_told_of_the_moments_at_which_they_were_read() {
    let mut app = two_minutes();
    // The 45th second: 25 readings until then, and 24 rates between them.
    drawn::pressed(&mut app, "1 < Home", AREA);
    // Before the first second there is the state with which it began.
    for _ in 0..45 {
        drawn::pressed(&mut app, ".", AREA);
    }
    let (text, rates) = row(&mut app, "3", "faults");
    assert_eq!(rates, 24, "{text}");
    let (text, busy) = row(&mut app, "7", "heat");
    assert_eq!(busy, 25, "{text}");
    assert!(text.contains('▄') || text.contains('▃'), "{text}");
    // Before anybody looked nothing is known, and nobody is being asked.
    drawn::pressed(&mut app, "Home", AREA);
    let buf = drawn::screen(&mut app, AREA);
    let text = drawn::lines(&buf).join("\n");
    assert!(text.contains("not read at that moment"), "{text}");
    assert!(!text.contains("being asked"), "{text}");
}
