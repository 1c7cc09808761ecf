use std::sync::Arc;

use super::*;
use crate::app::App;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::scene::Scene;
use crate::screen;
use crate::widgets::picture;

fn shown(value: Reading<Gpus>, size: (u16, u16)) -> String {
    let mut scene = Scene::new();
    scene.task(7, 1, "train");
    let mut panes = crate::panels::all();
    panes.push(crate::panels::gpu());
    let mut app = App::new(panes, Settings::default(), picture::theme());
    let size = Rect::new(0, 0, size.0, size.1);
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    screen::fit(&mut app, size);
    app.update(Event::Key(Key::char('7')));
    screen::fit(&mut app, size);
    let mut detail = Detail::default();
    detail.machine.gpus = Some(Stamped::new(Nanos(5), value));
    app.update(Event::Detail(Arc::new(detail)));
    screen::fit(&mut app, size);
    let mut buf = Buffer::empty(size);
    screen::render(&app, size, &mut buf);
    picture::text(&buf)
}

fn card() -> Card {
    Card {
        name: "NVIDIA H100".into(),
        driver: "NVIDIA 570.1".into(),
        busy: Ok(87.0),
        used: Ok(Bytes(40 << 30)),
        total: Ok(Bytes(80 << 30)),
        power: Ok(300.0),
        power_limit: Ok(700.0),
        temperature: Ok(61.0),
        users: Ok(vec![
            User {
                pid: Pid(7),
                memory: Ok(Bytes(39 << 30)),
                busy: Ok(85.0),
            },
            User {
                pid: Pid(99_999),
                memory: Err(Missing::Unsupported),
                busy: Err(Missing::Unsupported),
            },
        ]),
        ..Card::default()
    }
}

#[test]
fn cards_and_who_uses_them_are_shown() {
    let text = shown(
        Ok(Gpus {
            cards: vec![card()],
            ..Gpus::default()
        }),
        (140, 30),
    );
    for part in [
        "NVIDIA H100",
        "87 %",
        "40.0G of 80.0G",
        "300 of 700 W",
        "61 °C",
        "train",
        "39.0G",
        "85.0",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.contains("a number of the host"), "{text}");
}

#[test]
fn a_driver_that_tells_nothing_is_said_to() {
    let text = shown(Err(Missing::Late), (100, 24));
    assert!(text.contains("the driver tells nothing"), "{text}");
    for size in [(1, 1), (20, 5), (80, 24)] {
        let _ = shown(
            Ok(Gpus {
                cards: vec![card(); 4],
                ..Gpus::default()
            }),
            size,
        );
    }
}
