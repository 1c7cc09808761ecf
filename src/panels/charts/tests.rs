use super::*;
use crate::app::world::Settings;
use crate::model::id::Ticks;
use crate::model::reading::Missing;
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};
use crate::widgets::picture;

/// A minute in which the cores become busier, second by second.
fn world() -> World {
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    let mut scene = Scene::new();
    for second in 0..60_u64 {
        for core in &mut scene.sample.system.cores {
            core.user = Ticks(core.user.0 + second);
            core.idle = Ticks(core.idle.0 + 100 - second);
        }
        let snapshot = scene.pass(1000, &[]);
        world.minutes.hear(&snapshot);
        world.snapshot = std::sync::Arc::new(snapshot);
    }
    world
}

fn drawn(charts: &mut Charts, world: &World, subjects: &[&'static Subject], area: Rect) -> String {
    charts.fit(world, subjects, area);
    let mut buf = Buffer::empty(area);
    charts.draw(world, &mut buf);
    picture::text(&buf)
}

#[test]
fn a_chart_has_title_scale_extremes_and_axis() {
    let world = world();
    let mut charts = Charts::default();
    let shown = drawn(&mut charts, &world, &[&CPU], Rect::new(0, 0, 110, 6));
    for word in [
        "CPU", "user", "system", "least", "most", "100%", "now", "−6",
    ] {
        assert!(shown.contains(word), "{word}\n{shown}");
    }
    assert!(shown.contains('⣿') || shown.contains('⣀'), "{shown}");
}

#[test]
fn what_nobody_read_is_not_known_and_not_zero() {
    let world = world();
    let mut charts = Charts::default();
    let shown = drawn(&mut charts, &world, &[&DISKS], Rect::new(0, 0, 60, 6));
    assert!(shown.contains("not known yet"), "{shown}");
    assert!(!shown.contains("0 B/s"), "{shown}");
}

#[test]
fn what_is_denied_says_so_and_no_longer_that_it_is_not_known_yet() {
    let mut world = world();
    let mut scene = Scene::new();
    scene.sample.at = world.snapshot.at;
    let mut snapshot = scene.pass(1000, &[]);
    for core in &mut snapshot.system.cores {
        core.share = Err(Missing::Denied);
    }
    snapshot.system.switches = Err(Missing::Denied);
    for pressure in &mut snapshot.system.pressure {
        *pressure = Err(Missing::Denied);
    }
    world.minutes = crate::app::minutes::Minutes::default();
    world.minutes.hear(&snapshot);
    world.snapshot = std::sync::Arc::new(snapshot);
    let all = [&CPU, &SWITCHES, &PRESSURE];
    let shown = drawn(
        &mut Charts::default(),
        &world,
        &all,
        Rect::new(0, 0, 156, 6),
    );
    let words = shown.matches("– the kernel does not show it").count();
    assert_eq!(words, 2, "those that find room: {shown}");
    assert!(shown.contains("– denied") || words == 3, "{shown}");
    assert!(!shown.contains("not known yet"), "{shown}");
}

#[test]
fn charts_are_made_anew_only_when_there_is_something_new() {
    let world = world();
    let mut charts = Charts::default();
    let area = Rect::new(0, 0, 120, 6);
    charts.fit(&world, &[&CPU, &SWITCHES], area);
    let cells = charts.all[0].title.as_ptr();
    charts.fit(&world, &[&CPU, &SWITCHES], area);
    assert_eq!(charts.all[0].title.as_ptr(), cells, "the same");
    charts.fit(&world, &[&CPU], area);
    assert_eq!(charts.all.len(), 1);
}

#[test]
fn every_size_is_drawn_inside() {
    let world = world();
    let subjects = [&CPU, &MEMORY, &PRESSURE, &SWITCHES, &DISKS, &NETWORK];
    for width in 0..60 {
        for height in 0..8 {
            let mut charts = Charts::default();
            for subject in subjects {
                drawn(
                    &mut charts,
                    &world,
                    &[subject],
                    Rect::new(0, 0, width, height),
                );
            }
        }
    }
}

#[test]
fn the_height_is_a_round_number() {
    let tops =
        [0.0, 1.0, 1.1, 3.0, 7.0, 12.0, 1_700_000.0].map(|v| scale::round_up(v, 1000.0) as u64);
    assert_eq!(tops, [1, 1, 2, 5, 10, 20, 2_000_000]);
    assert_eq!(scale::round_up(3000.0, 1024.0) as u64, 5120, "5K");
}

#[test]
fn scales_of_rates_say_that_they_are_rates() {
    let marks = [1.0, 500.0, 1024.0, 20.0 * 1_048_576.0, 500.0 * 1_048_576.0];
    let told = marks.map(DISKS.mark);
    assert_eq!(told, ["1B/s", "500B/s", "1K/s", "20M/s", "500M/s"]);
}

#[test]
fn of_several_lines_it_says_whose_least_and_most_are_told() {
    let all = [vec![10.0, 3.0, 0.0, 0.0], vec![20.0, 40.0, 0.0, 0.0]];
    assert_eq!(PRESSURE.highest(&all), Some((1, "io")));
    assert_eq!(CPU.highest(&all), None, "parts of one thing");
}
