//! Secrets stay masked on the screen, in search, in order and in the clipboard.

use std::sync::Arc;

use super::*;
use crate::app::event::Effect;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::model::scene::Scene;
use crate::panels::tests::drawn::drawn;
use crate::theme::{Depth, Theme};

const BYTES: &[u8] = b"PATH=/usr/bin:/bin\0HOME=/root\0GITHUB_TOKEN=abc123\0EMPTY=\0LONG=/a/rather/long/value/that/does/not/fit/into/one/row/of/a/narrow/screen\0";

fn world_with(value: Reading<&[u8]>) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.focus = Some(ProcId::new(100, 100));
    world.detail = Arc::new(Detail {
        of: world.focus,
        environment: Some(Stamped::new(Nanos(1), value.map(Environment::from_bytes))),
        ..Detail::default()
    });
    world
}

fn choose(tab: &mut EnvironmentTab, world: &World, name: &str) {
    tab.act(world, moves::SEARCH);
    tab.paste(world, name);
    tab.key(world, Key::of(crate::app::key::Code::Enter));
    drawn(tab, world, 70, 16);
}

#[test]
fn shows_names_values_and_masks() {
    let world = world_with(Ok(BYTES));
    let mut tab = EnvironmentTab::default();
    choose(&mut tab, &world, "LONG");
    let lines = drawn(&mut tab, &world, 70, 16);
    insta::assert_snapshot!(lines.join("\n"), @r"
     5 variables   1 secret, r shows it   as fixed when the program began
     NAME▲                      VALUE
     EMPTY                      empty
     GITHUB_TOKEN               ********
     HOME                       /root
    ▌LONG                       /a/rather/long/value/that/does/not/fit/in…
     PATH                       /usr/bin:/bin





     ────────────────────────────────────────────────────────────────────
     LONG
     /a/rather/long/value/that/does/not/fit/into/one/row/of/a/narrow/scre
     en
    ");
}

#[test]
fn a_secret_is_shown_only_when_asked_for_and_only_of_this_process() {
    let mut world = world_with(Ok(BYTES));
    let mut tab = EnvironmentTab::default();
    choose(&mut tab, &world, "GITHUB");
    let copy = tab.act(&world, moves::COPY);
    assert!(matches!(copy, Reply::Say(text) if text.contains("is a secret")));
    tab.act(&world, moves::SEARCH);
    tab.paste(&world, "abc123");
    assert!(!drawn(&mut tab, &world, 70, 16).join("").contains("abc123 "));
    tab.key(&world, Key::of(crate::app::key::Code::Esc));
    tab.act(&world, REVEAL);
    assert!(drawn(&mut tab, &world, 70, 16).join("").contains("abc123"));
    let copy = tab.act(&world, moves::COPY);
    assert!(matches!(copy, Reply::Do(Effect::Copy(text)) if text == "abc123"));
    world.focus = Some(ProcId::new(101, 101));
    world.detail = Arc::new(Detail {
        of: world.focus,
        ..(*world.detail).clone()
    });
    let text = drawn(&mut tab, &world, 70, 16).join("");
    assert!(
        text.contains("GITHUB_TOKEN") && !text.contains("abc123"),
        "{text}"
    );
}

#[test]
fn nothing_to_show_says_why() {
    let denied = world_with(Err(Missing::Denied));
    let text = drawn(&mut EnvironmentTab::default(), &denied, 70, 9).join("");
    assert!(text.contains("does not show it to this user"), "{text}");
    let mut empty = world_with(Ok(b""));
    let mut scene = Scene::new();
    scene.task(100, 2, "kworker").stat.flags = 0x0020_0000;
    empty.snapshot = Arc::new(scene.snapshot());
    let text = drawn(&mut EnvironmentTab::default(), &empty, 70, 9).join("");
    assert!(text.contains("A thread of the kernel"), "{text}");
}

#[test]
fn draws_at_every_size() {
    let world = world_with(Ok(BYTES));
    let mut tab = EnvironmentTab::default();
    for wide in 0..60 {
        for high in 0..18 {
            drawn(&mut tab, &world, wide, high);
        }
    }
}

#[test]
fn long_names_are_whole_where_values_leave_the_room() {
    let of = |name: &str, wide| {
        let all = Environment::from_bytes(format!("{name}=x\0").as_bytes());
        columns(&all.variables, wide)[0].width
    };
    assert_eq!(of("HOME", 160), 26);
    assert_eq!(of("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", 160), 32);
    assert_eq!(of("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", 80), 26);
}
