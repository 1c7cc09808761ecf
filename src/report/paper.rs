//! What a report is written on: a terminal with a width and attributes, or a pipe with neither.

use std::io::{self, Write};

/// Where a report goes and what it may use there.
pub struct Paper<'a> {
    /// Where bytes go.
    pub out: &'a mut dyn Write,
    /// How many cells a line may take; `None` where nothing is cut.
    pub width: Option<usize>,
    /// Whether lines may be drawn with Unicode.
    pub ascii: bool,
    /// Whether attributes may be used.
    pub styled: bool,
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Not at all.
    Plain,
    /// It matters.
    Strong,
    /// It recedes.
    Dim,
}

impl Paper<'_> {
    /// Writes a line in pieces, cut to the width and with its trailing blanks left out.
    ///
    /// # Errors
    /// When the paper takes no more.
    pub fn line(&mut self, pieces: &[(&str, Ink)]) -> io::Result<()> {
        let mut left = self.width.unwrap_or(usize::MAX);
        let last = pieces
            .iter()
            .rposition(|(text, _)| !text.trim_end().is_empty());
        let pieces = &pieces[..last.map_or(0, |i| i + 1)];
        for (i, (text, ink)) in pieces.iter().enumerate() {
            let text = if i + 1 == pieces.len() {
                text.trim_end()
            } else {
                text
            };
            let text = crate::model::text::cut(text, left);
            left -= crate::model::text::width(&text).min(left);
            self.piece(&text, *ink)?;
        }
        self.out.write_all(b"\n")
    }

    fn piece(&mut self, text: &str, ink: Ink) -> io::Result<()> {
        let code = match ink {
            _ if !self.styled => "",
            Ink::Plain => "",
            Ink::Strong => "\x1b[1m",
            Ink::Dim => "\x1b[2m",
        };
        self.out.write_all(code.as_bytes())?;
        self.out.write_all(text.as_bytes())?;
        if !code.is_empty() {
            self.out.write_all(b"\x1b[0m")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: Option<usize>, styled: bool) -> String {
        let mut out = Vec::new();
        let mut paper = Paper {
            out: &mut out,
            width,
            ascii: false,
            styled,
        };
        let pieces = [("ab ", Ink::Dim), ("cdef", Ink::Plain), ("  ", Ink::Plain)];
        paper.line(&pieces).expect("written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn lines_are_cut_on_a_terminal_and_whole_in_a_pipe() {
        assert_eq!(written(None, false), "ab cdef\n");
        assert_eq!(written(Some(5), false), "ab c…\n");
        assert_eq!(written(None, true), "\x1b[2mab \x1b[0mcdef\n");
    }
}
