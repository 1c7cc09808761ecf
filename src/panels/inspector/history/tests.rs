//! Charts of a made-up past.

use std::sync::Arc;

use super::*;
use crate::app::world::Settings;
use crate::model::id::ProcId;
use crate::model::scene::Scene;
use crate::panels::tests::drawn;
use crate::theme::{Depth, Theme};

fn world_with(ticks: u64) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.focus = Some(ProcId::new(7, 7));
    world.trace.follow(world.focus, std::iter::empty());
    let mut scene = Scene::new();
    scene.task(7, 1, "busy");
    for tick in 0..ticks {
        scene.of(7).stat.resident = Bytes((tick + 1) << 20);
        scene.of(7).stat.minor_faults += tick * 10;
        let snapshot = Arc::new(scene.pass(1000, &[(7, tick % 10 * 10)]));
        world.trace.push(&snapshot);
        world.snapshot = snapshot;
    }
    world
}

fn drawn(world: &World, wide: u16, high: u16) -> Vec<String> {
    drawn::drawn(&mut HistoryTab::default(), world, wide, high)
}

#[test]
fn draws_each_quantity_with_its_summary() {
    let lines = drawn(&world_with(40), 60, 19);
    insta::assert_snapshot!(lines.join("\n"), @r"
    CPU %      90.0   least 0.0   mean 45.0   most 90.0
                                             ⣀⣴   ⣀⣴   ⣀⣴   ⣀⣴
                                          ⣀⣤⣾⣿⣿⣀⣤⣾⣿⣿⣀⣤⣾⣿⣿⣀⣤⣾⣿⣿
    memory     40.0M   least 1.0M   mean 20.5M   most 40.0M
                                                      ⢀⣀⣀⣠⣤⣤⣴⣶
                                          ⣀⣀⣀⣀⣤⣤⣤⣶⣶⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
    read       – not read yet; a rate needs two samples


    written    – not read yet; a rate needs two samples


    faults/s   390   least 10   mean 200   most 390
                                                       ⣀⣀⣠⣤⣤⣴⣶
                                          ⢀⣀⣀⣀⣠⣤⣤⣴⣶⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
    switches/s – not read yet; a rate needs two samples


                                          -39s             now
    ");
}

#[test]
fn small_screens_get_a_row_a_quantity() {
    let lines = drawn(&world_with(10), 58, 9);
    insta::assert_snapshot!(lines.join("\n"), @r"
    CPU %          90.0                                ⣀⣀⣤⣴⣶
    memory        10.0M                                ⣀⣀⣤⣴⣶
    read              –
    written           –
    faults/s         90                                ⢀⣀⣤⣴⣶
    switches/s        –
                                                         now
    ");
}

#[test]
fn draws_at_every_size_and_without_a_past() {
    for world in [world_with(0), world_with(1), world_with(700)] {
        for wide in 0..40 {
            for high in 0..16 {
                drawn(&world, wide, high);
            }
        }
    }
    assert!(
        drawn(&world_with(0), 60, 9)
            .join("")
            .contains("the next tick begins")
    );
}

#[test]
fn copies_what_it_comes_to() {
    let world = world_with(11);
    let mut tab = HistoryTab::default();
    tab.fit(&world, Rect::new(0, 0, 60, 20));
    let Reply::Do(Effect::Copy(text)) = tab.act(&world, moves::COPY) else {
        panic!("it copies");
    };
    assert!(
        text.starts_with("CPU %      0.0   least 0.0   mean "),
        "{text}"
    );
    assert!(text.contains("memory     11.0M   least 1.0M"), "{text}");
}
