//! What is behind a dialog recedes: its colours go towards the ground, so that the dialog is what one looks at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::theme::contrast::Rgb;
use crate::theme::{Depth, Role, Theme};

/// How much of its own a colour keeps, in hundredths.
const KEPT: u32 = 42;

/// Dims every cell of `area`; `ground` is what is behind the text, where that is known.
pub fn recede(theme: &Theme, ground: Option<Rgb>, area: Rect, buf: &mut Buffer) {
    let behind = theme.style(Role::Text).bg;
    let ground = ground.or(match behind {
        Some(Color::Rgb(r, g, b)) => Some([r, g, b]),
        _ => None,
    });
    let dim = theme.style(Role::Dim).fg.unwrap_or(Color::Reset);
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let cell = &mut buf[(x, y)];
            cell.modifier.remove(Modifier::BOLD);
            match (ground, theme.depth) {
                (Some(ground), Depth::True) => {
                    cell.fg = towards(cell.fg, ground).unwrap_or(dim);
                    if Some(cell.bg) != behind {
                        cell.bg = towards(cell.bg, ground).unwrap_or(cell.bg);
                    }
                }
                (_, Depth::Mono) => cell.modifier.insert(Modifier::DIM),
                // What is shown by its ground stays as it is: on a coloured ground grey is not read.
                _ if cell.bg == Color::Reset && !cell.modifier.contains(Modifier::REVERSED) => {
                    cell.fg = dim;
                    cell.modifier.insert(Modifier::DIM);
                }
                _ => cell.modifier.insert(Modifier::DIM),
            }
        }
    }
}

fn towards(color: Color, ground: Rgb) -> Option<Color> {
    let Color::Rgb(r, g, b) = color else {
        return None;
    };
    let mixed = |own: u8, to: u8| {
        let sum = u32::from(own) * KEPT + u32::from(to) * (100 - KEPT);
        (sum / 100) as u8
    };
    Some(Color::Rgb(
        mixed(r, ground[0]),
        mixed(g, ground[1]),
        mixed(b, ground[2]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{builtin, ground};
    use ratatui::style::Style;

    #[test]
    fn what_is_behind_goes_towards_the_ground() {
        let theme = ground::auto(crate::theme::Ground::Unknown, Depth::True, false);
        let area = Rect::new(0, 0, 3, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(
            0,
            0,
            "abc",
            theme.style(Role::Text).fg(Color::Rgb(220, 220, 220)),
        );
        recede(&theme, None, Rect::new(0, 0, 2, 1), &mut buf);
        assert!(matches!(buf[(0, 0)].fg, Color::Rgb(r, ..) if r < 120));
        assert_eq!(buf[(2, 0)].fg, Color::Rgb(220, 220, 220), "outside");
        assert_eq!(buf[(0, 0)].bg, theme.style(Role::Text).bg.expect("painted"));
    }

    #[test]
    fn without_true_colours_it_is_dim() {
        for name in ["terminal-16", "mono"] {
            for depth in [Depth::Mono, Depth::Ansi] {
                let theme = Theme::new(&builtin(name).expect(name), depth, false);
                let area = Rect::new(0, 0, 1, 1);
                let mut buf = Buffer::empty(area);
                buf.set_string(0, 0, "a", Style::new().add_modifier(Modifier::BOLD));
                recede(&theme, None, area, &mut buf);
                assert_eq!(buf[(0, 0)].modifier, Modifier::DIM, "{name} {depth:?}");
            }
        }
    }
}
