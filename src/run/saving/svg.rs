//! A screen as a picture: runs of letters of one look, each at its cell.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::{lines, shown};
use crate::model::text::width;
use crate::theme::Theme;

/// Points a cell is wide and high, and where letters stand in it.
const CELL: (f32, f32) = (8.4, 18.0);
const BASE: f32 = 13.5;
const MARGIN: f32 = 10.0;

/// The first sixteen colours, as many terminals have them, on a dark background.
const SIXTEEN: [(u8, u8, u8); 16] = [
    (0x1d, 0x1f, 0x21),
    (0xe0, 0x5f, 0x65),
    (0x78, 0xb8, 0x92),
    (0xd9, 0xbc, 0x6c),
    (0x6f, 0x9d, 0xd8),
    (0xb4, 0x8e, 0xd0),
    (0x6c, 0xb8, 0xc4),
    (0xc5, 0xc8, 0xc6),
    (0x6b, 0x70, 0x78),
    (0xf0, 0x7a, 0x80),
    (0x93, 0xd0, 0xa8),
    (0xee, 0xd2, 0x8c),
    (0x8c, 0xb6, 0xec),
    (0xcb, 0xa9, 0xe4),
    (0x8a, 0xd2, 0xdc),
    (0xf4, 0xf5, 0xf4),
];
const PAPER: (u8, u8, u8) = (0x16, 0x18, 0x1c);
const INK: (u8, u8, u8) = (0xd5, 0xd8, 0xdc);

/// The whole picture.
pub fn picture(buffer: &Buffer, theme: &Theme) -> Vec<u8> {
    let ground = theme.style(crate::theme::Role::Text);
    let paper = rgb(ground.bg.unwrap_or(Color::Reset), PAPER);
    let ink = rgb(ground.fg.unwrap_or(Color::Reset), INK);
    let wide = f32::from(buffer.area.width) * CELL.0 + 2.0 * MARGIN;
    let high = f32::from(buffer.area.height) * CELL.1 + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{wide:.0}\" height=\"{high:.0}\">\n\
         <style>text{{font:14px ui-monospace,'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace;white-space:pre}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(paper)
    );
    for (y, line) in lines(buffer).enumerate() {
        let top = MARGIN + y as f32 * CELL.1;
        for run in runs(line) {
            run.draw(top, ink, paper, &mut out);
        }
    }
    out.push_str("</svg>\n");
    out.into_bytes()
}

/// Cells of one look, one beside the other.
struct Run<'a> {
    from: usize,
    cells: usize,
    look: &'a Cell,
    text: String,
}

fn runs(line: &[Cell]) -> Vec<Run<'_>> {
    let mut out: Vec<Run<'_>> = Vec::new();
    for (x, cell) in shown(line) {
        let cells = width(cell.symbol()).max(1);
        // A letter that is no plain one may be wider or narrower in the font at hand: each block of pictures stands at its own cell.
        let plain = cell.symbol().is_ascii();
        match out.last_mut() {
            Some(run)
                if run.look.style() == cell.style()
                    && run.from + run.cells == x
                    && plain
                    && run.text.is_ascii() =>
            {
                run.cells += cells;
                run.text.push_str(cell.symbol());
            }
            Some(run)
                if run.look.style() == cell.style()
                    && run.from + run.cells == x
                    && run.look.symbol() == cell.symbol() =>
            {
                run.cells += cells;
                run.text.push_str(cell.symbol());
            }
            _ => out.push(Run {
                from: x,
                cells,
                look: cell,
                text: cell.symbol().to_owned(),
            }),
        }
    }
    out
}

impl Run<'_> {
    fn draw(&self, top: f32, ink: (u8, u8, u8), paper: (u8, u8, u8), out: &mut String) {
        let has = |what| self.look.modifier.contains(what);
        let (mut fg, mut bg) = (rgb(self.look.fg, ink), rgb(self.look.bg, paper));
        if has(Modifier::REVERSED) {
            (fg, bg) = (bg, fg);
        }
        if has(Modifier::DIM) {
            fg = between(fg, bg);
        }
        let x = MARGIN + self.from as f32 * CELL.0;
        let wide = self.cells as f32 * CELL.0;
        if bg != paper {
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                CELL.1,
                hex(bg)
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        let mut more = String::new();
        if has(Modifier::BOLD) {
            more.push_str(" font-weight=\"bold\"");
        }
        if has(Modifier::ITALIC) {
            more.push_str(" font-style=\"italic\"");
        }
        if has(Modifier::UNDERLINED) {
            more.push_str(" text-decoration=\"underline\"");
        }
        if block(&self.text, x, top, wide, fg, out) {
            return;
        }
        // Not every viewer keeps blanks at the ends of a text.
        let text = self.text.trim_start();
        let x = x + (width(&self.text) - width(text)) as f32 * CELL.0;
        let text = text.trim_end();
        let wide = width(text) as f32 * CELL.0;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{more}>{}</text>",
            top + BASE,
            hex(fg),
            escaped(text)
        );
    }
}

/// Blocks from below are drawn as what they are: fonts leave seams between them.
fn block(text: &str, x: f32, top: f32, wide: f32, color: (u8, u8, u8), out: &mut String) -> bool {
    let Some(first) = text.chars().next().filter(|c| ('▁'..='█').contains(c)) else {
        return false;
    };
    let eighths = (first as u32 - '▁' as u32 + 1) as f32;
    let high = CELL.1 * eighths / 8.0;
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"{}\"/>",
        top + CELL.1 - high,
        hex(color)
    );
    true
}

fn between(a: (u8, u8, u8), b: (u8, u8, u8)) -> (u8, u8, u8) {
    let half = |a: u8, b: u8| ((u16::from(a) * 3 + u16::from(b) * 2) / 5) as u8;
    (half(a.0, b.0), half(a.1, b.1), half(a.2, b.2))
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The colour of a number of 256, as xterm has it.
fn indexed(n: u8) -> (u8, u8, u8) {
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match n {
        0..16 => SIXTEEN[usize::from(n)],
        16..232 => {
            let n = n - 16;
            (level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        232.. => {
            let grey = 8 + 10 * (n - 232);
            (grey, grey, grey)
        }
    }
}

fn rgb(color: Color, usual: (u8, u8, u8)) -> (u8, u8, u8) {
    let number = match color {
        Color::Rgb(r, g, b) => return (r, g, b),
        Color::Indexed(n) => return indexed(n),
        Color::Reset => return usual,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    SIXTEEN[number]
}
