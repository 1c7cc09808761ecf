//! Buffers as text, for tests: the characters, and below them the styles, which plain text cannot show.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use crate::model::text::width;
use crate::theme::{Depth, Palette, Role, Theme};

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

/// The letter of each role in the lists of styles. A letter never changes its role, so that a picture changes only where it does.
const LETTERS: &[(Role, char)] = &[
    (Role::Text, '.'),
    (Role::Strong, 's'),
    (Role::Dim, 'd'),
    (Role::Faint, 'f'),
    (Role::Border, 'b'),
    (Role::BorderFocus, 'B'),
    (Role::Title, 't'),
    (Role::Accent, 'a'),
    (Role::Badge, 'g'),
    (Role::Paused, 'p'),
    (Role::Selected, '#'),
    (Role::Good, '+'),
    (Role::Warn, '!'),
    (Role::Bad, 'x'),
    (Role::Tagged, '*'),
    (Role::New, 'n'),
    (Role::Ended, 'e'),
    (Role::Match, '/'),
    (Role::User, 'u'),
    (Role::Thread, 'h'),
    (Role::Kernel, 'k'),
    (Role::CpuUser, 'U'),
    (Role::CpuSystem, 'S'),
    (Role::CpuIrq, 'Q'),
    (Role::CpuSteal, 'L'),
    (Role::CpuIowait, 'O'),
    (Role::MemUsed, 'M'),
    (Role::MemCache, 'C'),
    (Role::Swap, 'W'),
    (Role::RegionText, 'T'),
    (Role::RegionRodata, 'R'),
    (Role::RegionGlobals, 'G'),
    (Role::RegionHeap, 'H'),
    (Role::RegionStack, 'K'),
    (Role::RegionLibrary, 'Y'),
    (Role::RegionFile, 'F'),
    (Role::RegionShared, 'Z'),
    (Role::RegionAnonymous, 'A'),
    (Role::RegionOther, 'o'),
    (Role::FlowIn, 'i'),
    (Role::FlowOut, 'v'),
    (Role::Wait, 'w'),
];

/// A theme in which every role and each colour of a process can be told from all others: the one for [`styled`].
pub fn theme() -> Theme {
    let style = |(n, (role, _)): (usize, &(Role, char))| {
        let color = Color::Rgb(0, n as u8, 0);
        let style = match role {
            Role::Text => Style::new(),
            Role::Selected | Role::Badge | Role::Paused => Style::new().bg(color),
            _ => Style::new().fg(color),
        };
        (*role, style)
    };
    let palette = Palette {
        roles: LETTERS.iter().enumerate().map(style).collect(),
        processes: (0..8).map(|n| Color::Rgb(1, n, 0)).collect(),
    };
    Theme::new(&palette, Depth::True, false)
}

/// The characters, then the same cells with a letter for the role that colours them, then the rows that have a
/// ground with the letter of that, then what else is bold or reversed, and what the letters mean.
///
/// `.` is ordinary text; digits are the colours of processes. The picture must be drawn with [`theme`].
pub fn styled(buf: &Buffer) -> String {
    let mut out = text(buf);
    let mut used: Vec<char> = Vec::new();
    let mut note = |color: Color| {
        let letter = letter(color);
        used.push(letter);
        letter
    };
    out.push('\n');
    out += &lines(buf, |cells| cells.iter().map(|c| note(c.fg)).collect());
    let wide = usize::from(buf.area.width.max(1));
    for (y, cells) in buf.content().chunks(wide).enumerate() {
        if cells.iter().any(|c| c.bg != Color::Reset) {
            let grounds: String = cells.iter().map(|c| note(c.bg)).collect();
            let _ = write!(
                out,
                "\nground of row {y}\n{}\n",
                grounds.trim_end_matches('.')
            );
        }
    }
    out.push('\n');
    for (y, cells) in buf.content().chunks(wide).enumerate() {
        let mut x = 0;
        for run in cells.chunk_by(|a, b| a.modifier == b.modifier) {
            if run[0].modifier != Modifier::empty() {
                let how = format!("{:?}", run[0].modifier).to_lowercase();
                let _ = writeln!(out, "row {y}, {x}..{}: {how}", x + run.len());
            }
            x += run.len();
        }
    }
    for (role, letter) in LETTERS.iter().skip(1).filter(|(_, l)| used.contains(l)) {
        let _ = writeln!(out, "{letter} {}", role.name());
    }
    out
}

/// The letter of what a colour of [`theme`] stands for: `@` for what is chosen to be read on a ground, `?` for nobody's colour.
fn letter(color: Color) -> char {
    match color {
        Color::Reset => '.',
        Color::Black | Color::White => '@',
        Color::Rgb(0, n, 0) => LETTERS.get(usize::from(n)).map_or('?', |(_, l)| *l),
        Color::Rgb(1, n, 0) => char::from_digit(n.into(), 10).unwrap_or('?'),
        _ => '?',
    }
}

fn lines(buf: &Buffer, mut line: impl FnMut(&[Cell]) -> String) -> String {
    let mut out = String::new();
    for cells in buf.content().chunks(buf.area.width.max(1) as usize) {
        out.push_str(line(cells).trim_end_matches([' ', '.']));
        out.push('\n');
    }
    out
}

#[test]
fn every_role_has_one_letter() {
    let mut letters: Vec<char> = LETTERS.iter().map(|(_, l)| *l).collect();
    letters.sort_unstable();
    letters.dedup();
    assert_eq!(letters.len(), LETTERS.len());
    for role in Role::ALL {
        assert!(LETTERS.iter().any(|(r, _)| r == role), "{}", role.name());
    }
}
