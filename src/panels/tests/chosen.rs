//! Dialogs where colours are few: what is chosen is one piece, and the keys that the footer tells are read.

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::stage::app;
use crate::app::event::Event;
use crate::screen;
use crate::theme::{Depth, Theme};
use crate::widgets::picture;

const SIZE: Rect = Rect::new(0, 0, 100, 30);

/// The screen behind these keys.
fn behind(theme: Theme, keys: &[&str]) -> Buffer {
    let mut app = app(theme);
    for key in keys {
        screen::fit(&mut app, SIZE);
        app.update(Event::Key(key.parse().expect(key)));
    }
    screen::fit(&mut app, SIZE);
    let mut buf = Buffer::empty(SIZE);
    screen::render(&app, SIZE, &mut buf);
    buf
}

#[test]
fn a_chosen_line_is_painted_in_one_piece_where_it_is_reversed() {
    for depth in [Depth::Mono, Depth::Eight, Depth::Ansi] {
        for key in [":", "!", "y", "F2", "C", ">", "s", "F8", "a", "D", "u"] {
            let buf = behind(Theme::terminal(depth, false), &["1", key]);
            let mut rows = 0;
            for y in 1..SIZE.height - 1 {
                let reversed = (0..SIZE.width).map(|x| &buf[(x, y)]).filter(|cell| {
                    let letter = cell
                        .symbol()
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == ' ');
                    letter && cell.modifier.contains(Modifier::REVERSED)
                });
                let colours: Vec<(Color, Color)> =
                    reversed.map(|cell| (cell.fg, cell.bg)).collect();
                if colours.len() < 20 {
                    continue;
                }
                rows += 1;
                let kinds: HashSet<_> = colours.into_iter().collect();
                assert_eq!(
                    kinds.len(),
                    1,
                    "{key} at {depth:?}, line {y}: {kinds:?}\n{}",
                    picture::text(&buf)
                );
            }
            assert!(
                rows > 0 || key == "F8" || key == "a",
                "{key} chooses nothing at {depth:?}"
            );
        }
    }
}

#[test]
fn the_keys_of_a_dialog_in_the_footer_do_not_recede_with_what_is_behind_it() {
    let theme = || picture::theme();
    let plain = behind(theme(), &["1"]);
    let dialog = behind(theme(), &["1", "s"]);
    let last = SIZE.height - 1;
    let accent = |buf: &Buffer| buf[(1, last)].fg;
    assert_eq!(dialog[(1, last)].symbol(), "E", "Enter send");
    assert_eq!(accent(&dialog), accent(&plain));
    let header = |buf: &Buffer| -> Vec<Color> { (0..SIZE.width).map(|x| buf[(x, 0)].fg).collect() };
    assert_ne!(header(&dialog), header(&plain), "what is behind recedes");
}
