//! What the keys of a dialog do, in its borders: drawn, and clicked as the keys that they name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::button::{Button, keys_in};
use crate::model::text::width;
use crate::theme::{Role, Theme};
use crate::widgets::{frame, line};

/// Keys, parted by blanks, with what they do.
pub(in crate::panels) type Hint = (&'static str, &'static str);

/// The same for the footer, so that it says what the border says.
pub(in crate::panels) fn moment(hints: &[Hint]) -> Vec<(String, &'static str)> {
    let told = |(keys, does): &Hint| ((*keys).to_owned(), *does);
    hints.iter().map(told).collect()
}

/// Draws what the keys do now into the lower border of a dialog, where there is room for all of it.
pub(in crate::panels) fn draw(theme: &Theme, outer: Rect, hints: &[Hint], buf: &mut Buffer) {
    let ascii = theme.glyphs.ascii;
    for (i, (at, (key, does))) in cells(outer, hints).into_iter().zip(hints).enumerate() {
        let key = if ascii && !key.is_ascii() {
            "arrows"
        } else {
            key
        };
        let before = match (i, ascii) {
            (0, _) => " ",
            (_, true) => "   ",
            (_, false) => " · ",
        };
        let parts = [
            (before.to_owned(), Role::Dim),
            (key.to_owned(), Role::Accent),
            (format!(" {does} "), Role::Dim),
        ];
        let lead = width(before) as u16;
        let area = Rect {
            x: at.x - lead,
            width: at.width + lead + 1,
            ..at
        };
        line::draw(theme, area, &parts, Modifier::empty(), buf);
    }
}

/// The buttons of those hints. Of several keys in one hint each has its own letters.
pub(in crate::panels) fn buttons(outer: Rect, hints: &[Hint]) -> Vec<Button> {
    let mut out = Vec::new();
    for (at, (keys, _)) in cells(outer, hints).into_iter().zip(hints) {
        let count = keys.split_whitespace().count();
        let mut x = at.x;
        for (i, word) in keys.split_whitespace().enumerate() {
            let wide = if i + 1 == count {
                at.right() - x
            } else {
                width(word) as u16
            };
            if let Ok(key) = word.parse() {
                out.push(Button::press(
                    Rect {
                        x,
                        width: wide,
                        ..at
                    },
                    key,
                ));
            }
            x += width(word) as u16 + 1;
        }
    }
    out
}

/// The cells of each hint in the lower border; none where they do not all find room.
fn cells(outer: Rect, hints: &[Hint]) -> Vec<Rect> {
    let wide = |(key, does): &Hint| width(key) + 1 + width(does);
    let all: usize = hints.iter().map(|h| wide(h) + 3).sum();
    if outer.height <= 2 || usize::from(outer.width) <= all + 2 {
        return Vec::new();
    }
    let mut x = outer.x + 2;
    let place = |hint: &Hint| {
        let cells = wide(hint) as u16;
        x += cells + 3;
        Rect::new(x - cells - 3, outer.bottom() - 1, cells, 1)
    };
    hints.iter().map(place).collect()
}

/// The buttons in the upper border of a box: the keys that its status names.
pub(in crate::panels) fn status(outer: Rect, title: &str, status: &str) -> Vec<Button> {
    let part = |text: &str| [(text.to_owned(), Role::Dim)];
    let (_, badge) = frame::title_cells(outer, &part(title), &part(status));
    let Some(at) = badge.first().filter(|at| at.width > 0) else {
        return Vec::new();
    };
    let button = |(cells, key): (std::ops::Range<usize>, _)| {
        let x = at.x + cells.start as u16;
        let end = (at.x + cells.end as u16).min(at.right());
        Button::press(
            Rect {
                x,
                width: end.saturating_sub(x),
                ..*at
            },
            key,
        )
    };
    keys_in(status).into_iter().map(button).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::button::Does;
    use crate::app::key::{Code, Key};
    use crate::theme::Depth;
    use crate::widgets::picture;

    #[test]
    fn buttons_stand_where_their_words_are_drawn() {
        let hints = [("Enter", "send"), ("← →", "thread"), ("Esc", "cancel")];
        let outer = Rect::new(3, 2, 60, 6);
        let mut buf = Buffer::empty(Rect::new(0, 0, 70, 10));
        draw(
            &Theme::terminal(Depth::Mono, false),
            outer,
            &hints,
            &mut buf,
        );
        let text = picture::text(&buf);
        let line: Vec<char> = text.lines().nth(7).expect("the border").chars().collect();
        let shown: Vec<(String, Does)> = buttons(outer, &hints)
            .into_iter()
            .map(|b| {
                let cells = usize::from(b.area.left())..usize::from(b.area.right());
                (line[cells].iter().collect(), b.does)
            })
            .collect();
        let key = |code| Does::Press(Key::of(code));
        assert_eq!(
            shown,
            [
                ("Enter send".to_owned(), key(Code::Enter)),
                ("←".to_owned(), key(Code::Left)),
                ("→ thread".to_owned(), key(Code::Right)),
                ("Esc cancel".to_owned(), key(Code::Esc)),
            ]
        );
    }
}
