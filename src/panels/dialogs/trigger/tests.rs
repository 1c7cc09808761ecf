use super::*;
use crate::app::world::Settings;
use crate::panels::tests::drawn;
use crate::theme::{Depth, Theme};

/// The dialog after this was typed and the mode was changed so often.
fn typed(text: &str, tabs: usize) -> (TriggerDialog, World) {
    let world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    let mut dialog = TriggerDialog::default();
    for _ in 0..tabs {
        dialog.key(&world, Key::of(Code::Tab));
    }
    dialog.paste(&world, text);
    (dialog, world)
}

fn shown(text: &str, tabs: usize) -> String {
    let (mut dialog, world) = typed(text, tabs);
    drawn::text(&mut dialog, &world, 100, 30)
}

#[test]
fn how_much_is_kept_is_told_as_it_is_typed() {
    let plain = shown("oom", 1);
    assert!(
        plain.contains("keeps 30s before and 10s after it in a file here"),
        "{plain}"
    );
    assert!(plain.contains("before 30s   after 10s"), "{plain}");
    let more = shown("oom before 5m after 1m", 1);
    assert!(
        more.contains("keeps 5m 00s before and 1m 00s after it"),
        "{more}"
    );
    let once = shown("oom after 2s", 0);
    assert!(once.contains("time stops 2.0s after the moment"), "{once}");
    assert!(once.contains("before all that is remembered"), "{once}");
    let vain = shown("oom before 5m", 0);
    assert!(vain.contains("before is of mode normal"), "{vain}");
}

#[test]
fn what_is_wrong_is_told_and_seen_while_it_is_typed() {
    for (text, why) in [
        ("cpu>abc", "cpu"),
        ("oom before", "before how long? as in before 3s"),
        ("oom after soon", "500ms"),
        ("ended signal:FOO", "a signal is a name or a number"),
        ("pressure:disk>3", "pressure:io>10"),
        ("oom for 3s new", "no duration"),
    ] {
        let text_shown = shown(text, 0);
        let state = text_shown.lines().find(|line| line.contains(why));
        assert!(state.is_some(), "{text}: {text_shown}");
    }
    let (mut dialog, world) = typed("oom signal:FOO", 0);
    let buf = drawn::buffer(&mut dialog, &world, 100, 30);
    let line = drawn::lines(&buf)
        .into_iter()
        .position(|line| line.contains("when "));
    let y = line.expect("a line") as u16;
    let find = |word: &str| {
        let row: Vec<&str> = (0..100).map(|x| buf[(x, y)].symbol()).collect();
        let at = (0..100 - word.len()).find(|x| row[*x..].concat().starts_with(word));
        buf[(at.expect(word) as u16, y)].fg
    };
    assert_ne!(
        find("oom"),
        find("signal:FOO"),
        "what is not understood stands out"
    );
}

#[test]
fn the_word_of_a_mode_before_the_condition_is_its_mode() {
    let (dialog, _) = typed("normal oom after 5s", 0);
    let Reply::All(replies) = dialog.arm() else {
        panic!("it arms")
    };
    assert!(matches!(&replies[1], Reply::Arm(text) if text == "normal oom after 5s"));
}

/// Nothing of what is said is cut, and every example can be reached, on a small screen too.
#[test]
fn a_small_screen_shows_whole_sentences_and_every_example() {
    let told = "of who lives for less than a tick only the name is known, and 'cpu>10' asks for more than that, as does much else";
    for (width, height) in [(61, 17), (80, 24), (140, 40), (40, 12)] {
        let (mut dialog, mut world) = typed("new cpu>10", 1);
        world.trigger = Some(crate::app::world::Armed {
            text: "new cpu>10".to_owned(),
            mode: Mode::Normal,
            fired: 0,
            last: None,
            spent: false,
            unseen: vec![told.to_owned()],
            never: false,
        });
        let shown = drawn::text(&mut dialog, &world, width, height);
        let flat = |text: &str| {
            text.replace('│', " ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert!(
            flat(&shown).contains(&format!("armed, but {told}")),
            "{width}x{height}: {shown}"
        );
        let kept = "keeps 30s before and 10s after it in a file here, goes on";
        assert!(flat(&shown).contains(kept), "{width}x{height}: {shown}");
        for (example, _) in EXAMPLES {
            dialog.key(&world, Key::of(Code::Down));
            let shown = drawn::text(&mut dialog, &world, width, height);
            if height > 12 {
                assert!(
                    shown.matches(example).count() > 1,
                    "{example} at {width}x{height}: {shown}"
                );
            }
        }
    }
}
