//! Cells as the bytes that draw them: where, in which colours and attributes, which text (ECMA-48, `console_codes(4)`).
//!
//! An encoder of our own, since crossterm names even the first sixteen colours by `38;5;n`, which terminals of eight or sixteen
//! take for something else: on some, every second word blinks.

use std::io::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// How text is drawn from here on.
type Pen = (Color, Color, Modifier);

const PLAIN: Pen = (Color::Reset, Color::Reset, Modifier::empty());

/// Attributes and the number that switches each on.
const ATTRIBUTES: [(Modifier, &[u8]); 8] = [
    (Modifier::BOLD, b";1"),
    (Modifier::DIM, b";2"),
    (Modifier::ITALIC, b";3"),
    (Modifier::UNDERLINED, b";4"),
    (Modifier::SLOW_BLINK, b";5"),
    (Modifier::REVERSED, b";7"),
    (Modifier::HIDDEN, b";8"),
    (Modifier::CROSSED_OUT, b";9"),
];

/// Writes cells, in the order in which they come, and leaves the pen plain.
pub fn encode<'a>(cells: impl Iterator<Item = (u16, u16, &'a Cell)>, out: &mut Vec<u8>) {
    let mut next = None;
    let mut pen = PLAIN;
    for (x, y, cell) in cells {
        if next != Some((x, y)) {
            // Writing into memory does not fail.
            let _ = write!(out, "\x1b[{};{}H", y.saturating_add(1), x.saturating_add(1));
        }
        next = Some((x.saturating_add(1), y));
        let wanted = (cell.fg, cell.bg, cell.modifier);
        if wanted != pen {
            style(wanted, out);
            pen = wanted;
        }
        out.extend_from_slice(cell.symbol().as_bytes());
    }
    if pen != PLAIN {
        style(PLAIN, out);
    }
}

/// Writes the cells of one line without saying where they stand, and leaves the pen plain.
pub fn line<'a>(cells: impl Iterator<Item = &'a Cell>, out: &mut Vec<u8>) {
    let mut pen = PLAIN;
    for cell in cells {
        let wanted = (cell.fg, cell.bg, cell.modifier);
        if wanted != pen {
            style(wanted, out);
            pen = wanted;
        }
        out.extend_from_slice(cell.symbol().as_bytes());
    }
    if pen != PLAIN {
        style(PLAIN, out);
    }
}

/// Everything off, then what is wanted: short, and right whatever was on before.
fn style((fg, bg, modifier): Pen, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x1b[0");
    for (attribute, number) in ATTRIBUTES {
        if modifier.contains(attribute) {
            out.extend_from_slice(number);
        }
    }
    color(fg, 30, out);
    color(bg, 40, out);
    out.push(b'm');
}

/// The colour's numbers; `base` is 30 for letters and 40 for what is behind them.
fn color(color: Color, base: u8, out: &mut Vec<u8>) {
    const LIGHT: u8 = 60;
    let number = match color {
        Color::Reset => return,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => LIGHT,
        Color::LightRed => LIGHT + 1,
        Color::LightGreen => LIGHT + 2,
        Color::LightYellow => LIGHT + 3,
        Color::LightBlue => LIGHT + 4,
        Color::LightMagenta => LIGHT + 5,
        Color::LightCyan => LIGHT + 6,
        Color::White => LIGHT + 7,
        Color::Indexed(n) => {
            let _ = write!(out, ";{};5;{n}", base + 8);
            return;
        }
        Color::Rgb(r, g, b) => {
            let _ = write!(out, ";{};2;{r};{g};{b}", base + 8);
            return;
        }
    };
    let _ = write!(out, ";{}", base + number);
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn encoded(cells: &[(u16, u16, &str, Style)]) -> String {
        let cells: Vec<(u16, u16, Cell)> = cells
            .iter()
            .map(|(x, y, symbol, style)| {
                let mut cell = Cell::default();
                cell.set_symbol(symbol).set_style(*style);
                (*x, *y, cell)
            })
            .collect();
        let mut out = Vec::new();
        encode(cells.iter().map(|(x, y, cell)| (*x, *y, cell)), &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn sixteen_colours_have_their_own_numbers() {
        let red = Style::new().fg(Color::Red);
        let light = Style::new().fg(Color::LightBlue).bg(Color::White);
        let text = encoded(&[(0, 0, "a", red), (1, 0, "b", red), (2, 0, "c", light)]);
        assert_eq!(text, "\x1b[1;1H\x1b[0;31mab\x1b[0;94;107mc\x1b[0m");
    }

    #[test]
    fn more_colours_are_named_as_they_are_and_attributes_end() {
        let bold = Style::new()
            .fg(Color::Indexed(200))
            .add_modifier(Modifier::BOLD);
        let true_color = Style::new().bg(Color::Rgb(1, 2, 3));
        let text = encoded(&[
            (4, 1, "a", bold),
            (9, 1, "b", true_color),
            (10, 1, "c", Style::new()),
        ]);
        assert_eq!(
            text,
            "\x1b[2;5H\x1b[0;1;38;5;200ma\x1b[2;10H\x1b[0;48;2;1;2;3mb\x1b[0mc"
        );
    }
}
