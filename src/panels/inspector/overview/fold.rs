//! Long lines in the rows that are left over. What once took two rows keeps them, so that nothing jumps from tick to tick.

use super::kernel_land::LABEL;
use super::lines::Parts;
use crate::model::text::{chop, width};
use crate::theme::Role;

/// So many rows one line takes at most; the last one, which is the command line, more.
const MOST: usize = 3;
const LAST: usize = 6;

/// How many rows each line took, of the same process at the same width.
#[derive(Debug, Default)]
pub(super) struct Folds {
    wide: usize,
    rows: Vec<usize>,
}

impl Folds {
    /// The lines in at most `tall` rows, folded from the first on while rows are left.
    pub(super) fn lay(&mut self, lines: Vec<Parts>, wide: usize, tall: usize) -> Vec<Parts> {
        if (self.wide, self.rows.len()) != (wide, lines.len()) {
            self.wide = wide;
            self.rows = vec![1; lines.len()];
        }
        let mut spare = tall.saturating_sub(lines.len());
        let last = lines.len().saturating_sub(1);
        let mut out = Vec::with_capacity(tall);
        for (i, (line, rows)) in lines.into_iter().zip(&mut self.rows).enumerate() {
            let most = spare.min(if i == last { LAST } else { MOST } - 1);
            let folded = fold(line, LABEL, wide, 1 + most);
            *rows = folded.len().max((*rows).min(1 + most));
            spare -= *rows - 1;
            let blank = *rows - folded.len();
            out.extend(folded);
            out.extend(vec![Parts::new(); blank]);
        }
        out
    }
}

/// A line in at most `most` rows, broken at spaces, and a longer word anywhere; all but the first begin with `indent` spaces.
fn fold(line: Parts, indent: usize, wide: usize, most: usize) -> Vec<Parts> {
    let long: usize = line.iter().map(|(text, _)| width(text)).sum();
    if long <= wide || most < 2 || wide <= 2 * indent {
        return vec![line];
    }
    let mut rows = vec![Parts::new()];
    let mut used = 0;
    for (text, role) in line {
        for word in text.split_inclusive(' ') {
            let fits = used + width(word.trim_end()) <= wide;
            let pieces = if fits || width(word) <= wide - indent {
                vec![word.to_owned()]
            } else {
                chop(word, wide - indent)
            };
            for piece in pieces {
                let cells = width(&piece);
                let blank = piece.trim_end().is_empty();
                if used + width(piece.trim_end()) > wide && rows.len() < most && !blank {
                    rows.push(vec![(" ".repeat(indent), Role::Dim)]);
                    used = indent;
                }
                used += cells;
                if let Some(row) = rows.last_mut() {
                    match row.last_mut() {
                        Some((text, of)) if *of == role => text.push_str(&piece),
                        _ => row.push((piece, role)),
                    }
                }
            }
        }
    }
    for row in &mut rows {
        if let Some((text, _)) = row.last_mut() {
            text.truncate(text.trim_end().len());
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Parts {
        vec![
            ("state   ".to_owned(), Role::Dim),
            (text.to_owned(), Role::Text),
        ]
    }

    fn told(rows: &[Parts]) -> Vec<String> {
        let one = |row: &Parts| {
            row.iter()
                .map(|(text, _)| text.as_str())
                .collect::<String>()
        };
        rows.iter()
            .map(|row| one(row).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn breaks_at_spaces_and_long_words_anywhere() {
        let rows = fold(line("poll on 3 descriptors"), LABEL, 20, 3);
        assert_eq!(told(&rows), ["state   poll on 3", "        descriptors"]);
        let rows = fold(line("/a/very/long/path"), LABEL, 20, 3);
        assert_eq!(told(&rows), ["state   /a/very/long", "        /path"]);
        let rows = fold(line("one two three four five six"), LABEL, 20, 2);
        assert_eq!(
            told(&rows),
            ["state   one two", "        three four five six"],
            "cut when drawn"
        );
        let rows = fold(line("poll on four d"), LABEL, 20, 2);
        let wide = rows[0].iter().map(|(text, _)| width(text)).sum::<usize>();
        assert_eq!(wide, 20, "the space at a break takes no cell");
        assert_eq!(told(&fold(line("short"), LABEL, 20, 3)), ["state   short"]);
    }

    #[test]
    fn rows_once_taken_are_kept() {
        let mut folds = Folds::default();
        let mut laid =
            |state: &str, tall| told(&folds.lay(vec![line(state), line("end")], 20, tall));
        assert_eq!(laid("poll on 3 descriptors", 2).len(), 2, "no row is left");
        assert_eq!(laid("poll on 3 descriptors", 9).len(), 3);
        assert_eq!(laid("running", 9), ["state   running", "", "state   end"]);
        assert_eq!(laid("running", 2).len(), 2, "the screen became lower");
    }
}
