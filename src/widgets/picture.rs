//! Buffers as text, for tests: the characters, and below them the styles, which plain text cannot show.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::model::text::width;

/// The characters, line by line, without blanks at the ends.
pub fn text(buf: &Buffer) -> String {
    lines(buf, |cells| {
        let mut out = String::new();
        let mut at = 0;
        while let Some(cell) = cells.get(at) {
            out.push_str(cell.symbol());
            // The cell behind a wide character holds nothing.
            at += width(cell.symbol()).max(1);
        }
        out
    })
}

/// The characters, then the same cells with a letter for each style, then what the letters mean.
///
/// `.` is the terminal's own style. Colours stand for roles of a theme, so a changed role shows here too.
pub fn styled(buf: &Buffer) -> String {
    let mut styles: Vec<String> = vec![String::new()];
    let letters = lines(buf, |cells| {
        cells
            .iter()
            .map(|cell| {
                let style = style(cell);
                let at = styles.iter().position(|s| *s == style).unwrap_or_else(|| {
                    styles.push(style);
                    styles.len() - 1
                });
                letter(at)
            })
            .collect()
    });
    let mut legend = String::new();
    for (i, style) in styles.iter().enumerate().skip(1) {
        let _ = writeln!(legend, "{} {style}", letter(i));
    }
    format!("{}\n{letters}\n{legend}", text(buf))
}

fn lines(buf: &Buffer, mut line: impl FnMut(&[Cell]) -> String) -> String {
    let mut out = String::new();
    for cells in buf.content().chunks(buf.area.width.max(1) as usize) {
        out.push_str(line(cells).trim_end_matches([' ', '.']));
        out.push('\n');
    }
    out
}

fn letter(at: usize) -> char {
    ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        .chars()
        .nth(at)
        .unwrap_or('?')
}

fn style(cell: &Cell) -> String {
    let mut out = Vec::new();
    if cell.fg != Color::Reset {
        out.push(cell.fg.to_string().to_lowercase());
    }
    if cell.bg != Color::Reset {
        out.push(format!("on {}", cell.bg.to_string().to_lowercase()));
    }
    if cell.modifier != Modifier::empty() {
        out.push(format!("{:?}", cell.modifier).to_lowercase());
    }
    out.join(" ")
}
