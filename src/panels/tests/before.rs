//! Lanes of a recording that goes from single slices to sums: both are shown, each called by its name.

use ratatui::layout::Rect;

use super::drawn::{self, lines};
use crate::app::App;
use crate::app::world::Settings;
use crate::model::id::{CpuId, Nanos, Pid, ProcId, Tid};
use crate::model::scene::Scene;
use crate::model::scheduling::timeline::{Builder, Origin, Thread};
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::recording::{Kept, LaneWriter, Marks, Past, Slices, Summary, Writer};
use crate::theme::{Depth, Theme};

const AREA: Rect = Rect::new(0, 0, 140, 32);

/// Ten seconds in which one process has a core: of the first five each slice is kept, of the others their sums; or the other
/// way round.
fn recorded(first: Slices, then: Slices) -> (Kept, Nanos) {
    let (kept, mut writer) = (Kept::new(4 << 20), Writer::default());
    let mut scene = Scene::new();
    scene.task(7, 0, "busy");
    let mut names = |pid: Pid, _: Tid| (ProcId::new(pid.0, 7), SafeText::from("busy"));
    let cores = [CpuId(0), CpuId(1)];
    let mut builder = Builder::new(Origin::Exact, cores, scene.sample.at);
    let thread = Thread {
        pid: Pid(7),
        tid: Tid(7),
    };
    let mut lanes = LaneWriter::new(first);
    let _ = lanes.record(&builder.publish(scene.sample.at), 7);
    for second in 0..10 {
        let before = scene.sample.clone();
        let from = scene.sample.at;
        scene.pass(1000, &[(7, 50)]);
        builder.come(CpuId(0), Nanos(from.0 + 100_000_000), thread, &mut names);
        builder.leave(
            CpuId(0),
            Nanos(from.0 + 900_000_000),
            thread,
            Some(false),
            &mut names,
        );
        if second == 5 {
            lanes = LaneWriter::new(then);
            let _ = lanes.record(&builder.publish(from), 7);
        }
        let line = builder.publish(scene.sample.at);
        let now = Snapshot::between(Some(&before), &scene.sample);
        let summary = Summary::of(&now, Marks::default());
        kept.push(writer.tick(Some(&before), &scene.sample, summary));
        kept.push(lanes.record(&line, 7).into_iter().collect());
    }
    (kept, scene.sample.at)
}

#[test]
fn where_slices_become_sums_both_are_shown_and_called_by_their_names() {
    let theme = Theme::terminal(Depth::True, false);
    for (first, then, now, was) in [
        (
            Slices::All,
            Slices::Sums,
            "sums of each tick ·",
            "exact before −",
        ),
        (
            Slices::Sums,
            Slices::All,
            "exact ·",
            "sums of each tick before −",
        ),
    ] {
        let (kept, at) = recorded(first, then);
        let settings = Settings::default();
        let mut app = App::new(crate::panels::all(), settings, theme.clone());
        app.replay(vec![("a".to_owned(), Past::new(Box::new(kept)))]);
        drawn::screen(&mut app, AREA);
        let shown = lines(&drawn::pressed(&mut app, "End 2", AREA));
        assert_eq!(app.world.snapshot.at, at);
        let title = shown.iter().find(|line| line.contains("Time sharing"));
        let title = title.expect("a title");
        assert!(title.contains(now) && title.contains(was), "{title}");
        // In both halves the process is seen at work.
        let core = shown.iter().position(|line| line.contains("cpu0"));
        let core = core.expect("a lane");
        let seen = |from: usize, to: usize| {
            let rows = shown[core..core + 3].iter();
            let cells = rows.flat_map(|row| row.chars().skip(from).take(to - from));
            cells.filter(|c| ('▁'..='█').contains(c)).count()
        };
        let row = shown.join("\n");
        assert!(seen(8, 40) > 5 && seen(48, 82) > 5, "{row}");
        assert!(!row.contains("– not known"), "{row}");
        // Before the change there is one way alone.
        let shown = lines(&drawn::pressed(&mut app, ", , , , , , ,", AREA)).join("\n");
        assert!(!shown.contains(" before −"), "{shown}");
    }
}
