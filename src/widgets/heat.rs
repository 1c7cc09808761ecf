//! A heat map: columns of time, steps of height, and how much is in each by how strongly it is painted. It knows no pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::theme::contrast::{Rgb, rgb};
use crate::theme::{Role, Theme};

/// From little to much, without the colours of a theme; nothing first.
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const PLAIN: [&str; 9] = [" ", ".", ":", "-", "=", "+", "*", "#", "@"];

/// How colours of one theme mix; `None` where they are the terminal's own, so that nobody knows what they are.
struct Mixing {
    ground: Rgb,
    middle: Rgb,
    most: Rgb,
}

fn mixing(theme: &Theme, role: Role) -> Option<Mixing> {
    let of = |style: Style, what: fn(Style) -> Option<Color>| what(style).and_then(rgb);
    Some(Mixing {
        ground: of(theme.style(Role::Text), |s| s.bg)?,
        middle: of(theme.style(role), |s| s.fg)?,
        most: of(theme.style(Role::Strong), |s| s.fg)?,
    })
}

impl Mixing {
    /// The colour of so much, 0 to 1; something is never as nothing.
    fn color(&self, much: f64) -> Color {
        let mix = |from: Rgb, to: Rgb, share: f64| {
            let channel = |i: usize| {
                let (from, to) = (f64::from(from[i]), f64::from(to[i]));
                (from + (to - from) * share).round() as u8
            };
            Color::Rgb(channel(0), channel(1), channel(2))
        };
        match much {
            much if much <= 0.0 => mix(self.ground, self.ground, 0.0),
            much if much < 0.7 => mix(self.ground, self.middle, 0.25 + 0.75 * much / 0.7),
            much => mix(self.middle, self.most, (much - 0.7) / 0.3 * 0.8),
        }
    }
}

/// How many steps so many rows show: two each where colours can be mixed.
pub fn steps(theme: &Theme, role: Role, rows: u16) -> usize {
    let each = if halves(theme, role) { 2 } else { 1 };
    usize::from(rows) * each
}

fn halves(theme: &Theme, role: Role) -> bool {
    !theme.glyphs.ascii && mixing(theme, role).is_some()
}

/// Draws columns of steps, the lowest first, each 0 to 1, from the left; `None` is a column of which nothing is known.
pub fn draw(theme: &Theme, role: Role, columns: &[Option<Vec<f64>>], area: Rect, buf: &mut Buffer) {
    let faint = theme.style(Role::Faint);
    for (x, column) in (area.x..area.right()).zip(columns) {
        let Some(column) = column else { continue };
        for (up, y) in (area.y..area.bottom()).rev().enumerate() {
            let cell = &mut buf[(x, y)];
            let at = |step: usize| column.get(step).copied().unwrap_or(0.0);
            let mixing = mixing(theme, role).filter(|_| !theme.glyphs.ascii);
            if let Some(mixing) = mixing {
                let (low, high) = (at(2 * up), at(2 * up + 1));
                if low > 0.0 || high > 0.0 {
                    let style = Style::new().fg(mixing.color(high)).bg(mixing.color(low));
                    cell.set_symbol("▀").set_style(style);
                    continue;
                }
            } else if at(up) > 0.0 {
                let shades = if theme.glyphs.ascii {
                    &PLAIN[..]
                } else {
                    &SHADES[..]
                };
                let last = shades.len() - 1;
                let shade = ((at(up) * last as f64).ceil() as usize).clamp(1, last);
                cell.set_symbol(shades[shade]).set_style(theme.style(role));
                continue;
            }
            if up == 0 {
                // Watched, and nothing was there.
                let dot = if theme.glyphs.ascii { "_" } else { "·" };
                cell.set_symbol(dot).set_style(faint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{Depth, builtin};

    fn drawn(theme: &Theme) -> (Buffer, Vec<String>) {
        let area = Rect::new(0, 0, 3, 2);
        let mut buf = Buffer::empty(area);
        let columns = [None, Some(vec![0.0; 4]), Some(vec![1.0, 0.1, 0.0, 0.0])];
        draw(theme, Role::FlowIn, &columns, area, &mut buf);
        let row = |y: u16| (0..3).map(|x| buf[(x, y)].symbol()).collect::<String>();
        let rows = (0..2).map(row).collect();
        (buf, rows)
    }

    #[test]
    fn more_is_painted_stronger_in_every_depth() {
        let own = Theme::terminal(Depth::Ansi, false);
        assert_eq!(drawn(&own).1, ["  ░", " ·█"]);
        assert_eq!(drawn(&Theme::terminal(Depth::Mono, true)).1, ["  .", " _@"]);
        let palette = builtin("dark").expect("built in");
        let dark = Theme::new(&palette, Depth::True, false);
        assert_eq!(steps(&dark, Role::FlowIn, 2), 4);
        assert_eq!(steps(&own, Role::FlowIn, 2), 2);
        let (buf, rows) = drawn(&dark);
        assert_eq!(rows, ["   ", " ·▀"]);
        let cell = &buf[(2, 1)];
        assert_ne!(cell.fg, cell.bg, "little above much");
        assert_ne!(
            Some(cell.fg),
            dark.style(Role::Text).bg,
            "something is seen"
        );
    }
}
