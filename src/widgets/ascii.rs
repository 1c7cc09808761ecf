//! The last resort of `--ascii`: what a pane drew outside of ASCII gives way, cell by cell, before it reaches the terminal.

use ratatui::buffer::Buffer;

/// Replaces every cell that is not ASCII by what looks like it, or by `?`.
pub fn plain(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let plain = cell.symbol().chars().next().map_or('?', like);
            cell.set_char(plain);
        }
    }
}

fn like(c: char) -> char {
    match c {
        '…' => '~',
        '·' | '•' | '░' | '∙' => '.',
        '–' | '—' | '─' | '╌' | '┄' | '━' | '−' => '-',
        '│' | '┃' | '┆' | '▏' | '▎' | '▍' | '▕' => '|',
        '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => {
            '+'
        }
        '×' | '✗' | '✘' => 'x',
        '→' | '▶' | '▸' | '›' | '»' | '▌' | '≥' => '>',
        '←' | '◀' | '◂' | '‹' | '«' | '≤' => '<',
        '↑' | '▲' | '▴' => '^',
        '↓' | '▼' | '▾' | '✓' => 'v',
        '●' | '◆' | '■' | '★' | '▪' => '*',
        '○' | '◇' | '□' | '▫' | '▱' | '°' => 'o',
        '▰' | '█' | '▇' | '▆' | '▓' => '#',
        '▅' | '▄' | '▒' | '▬' | '⇄' | '↔' => '=',
        '▁' | '▂' | '▃' => '_',
        'µ' | 'μ' => 'u',
        'Σ' => 'S',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 16, 1));
        buf.set_string(0, 0, "a–b…×進e\u{301}→│x", ratatui::style::Style::new());
        plain(&mut buf);
        let text: String = buf
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert_eq!(text, "a-b~x? ?>|x     ");
    }
}
