//! What a report is written on: a terminal with a width and attributes, or a pipe with neither.

use std::io::{self, Write};

use crate::model::text::{SafeText, cut, deceives, width};

/// Where a report goes and what it may use there.
pub struct Printer<'a> {
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

/// Writes JSON that means what was read and cannot act on a terminal: what could is written as `\uXXXX`.
struct Harmless;

impl serde_json::ser::Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let acts = |c: char| c.is_control() || deceives(c);
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| acts(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

/// Writes a value as harmless JSON in one line, without the line's end.
///
/// # Errors
/// Where the value cannot be JSON, or `out` takes no more.
pub fn json(out: &mut dyn Write, value: &impl serde::Serialize) -> serde_json::Result<()> {
    let mut writer = serde_json::Serializer::with_formatter(out, Harmless);
    value.serialize(&mut writer)
}

impl Printer<'_> {
    /// Writes a value as JSON, without the line's end.
    ///
    /// # Errors
    /// When the printer takes no more.
    pub fn json(&mut self, value: &impl serde::Serialize) -> serde_json::Result<()> {
        json(&mut *self.out, value)
    }

    /// Writes a line in pieces, cut to the width and with its trailing blanks left out.
    ///
    /// # Errors
    /// When the printer takes no more.
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
            let text = cut(text, left);
            left -= width(&text).min(left);
            self.piece(&text, *ink)?;
        }
        self.out.write_all(b"\n")
    }

    /// Writes a line in pieces, and what is too long for the printer goes on below, `hang` cells from the left.
    ///
    /// It is broken where two blanks set facts apart; a fact that is longer than a line is broken between its words.
    ///
    /// # Errors
    /// When the printer takes no more.
    pub fn flow(&mut self, pieces: &[(&str, Ink)], hang: usize) -> io::Result<()> {
        let whole: usize = pieces.iter().map(|(text, _)| width(text)).sum();
        let Some(limit) = self.width.filter(|&w| w < whole) else {
            return self.line(pieces);
        };
        let hang = hang.min(limit.saturating_sub(NARROWEST));
        let mut row = Row::default();
        let words = words(pieces);
        for fact in words.chunk_by(|_, next| next.gap < 2) {
            let needs = |words: &[Word<'_>]| words.iter().map(|w| w.gap + width(w.text)).sum();
            let mut fact_needs: usize = needs(fact);
            let long = fact_needs - fact[0].gap > limit - hang;
            for word in fact {
                // A word that begins where another ink begins belongs to the one before it.
                let full = row.used + if long { needs(&[*word]) } else { fact_needs } > limit;
                let mut gap = word.gap;
                if full && gap > 0 && row.used > hang {
                    self.line(&row.pieces())?;
                    row = Row::default();
                    gap = hang;
                }
                row.put(gap, word);
                fact_needs -= needs(&[*word]);
            }
        }
        self.line(&row.pieces())
    }

    fn piece(&mut self, text: &str, ink: Ink) -> io::Result<()> {
        let code = match ink {
            _ if !self.styled => "",
            Ink::Plain => "",
            Ink::Strong => "\x1b[1m",
            Ink::Dim => "\x1b[2m",
        };
        self.out.write_all(code.as_bytes())?;
        if text.contains(char::is_control) {
            // What was typed and is repeated; names of others were escaped before.
            let safe = SafeText::from(text);
            self.out.write_all(safe.as_str().as_bytes())?;
        } else {
            self.out.write_all(text.as_bytes())?;
        }
        if !code.is_empty() {
            self.out.write_all(b"\x1b[0m")?;
        }
        Ok(())
    }
}

/// The fewest cells that text is broken into.
const NARROWEST: usize = 24;

/// Letters without a blank, in one ink, and the blanks before them.
#[derive(Clone, Copy)]
struct Word<'a> {
    gap: usize,
    text: &'a str,
    ink: Ink,
}

fn words<'a>(pieces: &[(&'a str, Ink)]) -> Vec<Word<'a>> {
    let mut out = Vec::new();
    let mut gap = 0;
    for &(text, ink) in pieces {
        for (i, text) in text.split(' ').enumerate() {
            gap += usize::from(i > 0);
            if !text.is_empty() {
                out.push(Word { gap, text, ink });
                gap = 0;
            }
        }
    }
    out
}

/// A line as it fills.
#[derive(Default)]
struct Row {
    pieces: Vec<(String, Ink)>,
    used: usize,
}

impl Row {
    fn put(&mut self, gap: usize, word: &Word<'_>) {
        self.used += gap + width(word.text);
        let text = format!("{:gap$}{}", "", word.text);
        match self.pieces.last_mut() {
            Some((last, ink)) if *ink == word.ink => last.push_str(&text),
            _ => self.pieces.push((text, word.ink)),
        }
    }

    fn pieces(&self) -> Vec<(&str, Ink)> {
        let each = self.pieces.iter();
        each.map(|(text, ink)| (text.as_str(), *ink)).collect()
    }
}

/// What is written on a pipe, as text; for tests.
///
/// # Errors
/// As `write` says.
#[cfg(test)]
pub fn piped<T, E>(
    ascii: bool,
    write: impl FnOnce(&mut Printer<'_>) -> Result<T, E>,
) -> Result<String, E> {
    let mut out = Vec::new();
    write(&mut Printer {
        out: &mut out,
        width: None,
        ascii,
        styled: false,
    })?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(limit: usize, pieces: &[(&str, Ink)], hang: usize) -> String {
        let mut out = Vec::new();
        let mut printer = Printer {
            out: &mut out,
            width: Some(limit),
            ascii: false,
            styled: false,
        };
        printer.flow(pieces, hang).expect("written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_long_line_goes_on_below_fact_by_fact() {
        let pieces = [
            ("eth0    ", Ink::Dim),
            ("up  192.0.2.2/24 documentation", Ink::Plain),
            ("  MTU ", Ink::Plain),
            ("1400", Ink::Strong),
        ];
        assert_eq!(
            flowed(80, &pieces, 8),
            "eth0    up  192.0.2.2/24 documentation  MTU 1400\n"
        );
        assert_eq!(
            flowed(40, &pieces, 8),
            "eth0    up  192.0.2.2/24 documentation\n        MTU 1400\n"
        );
        assert_eq!(
            flowed(36, &pieces, 8),
            "eth0    up\n        192.0.2.2/24 documentation\n        MTU 1400\n",
            "no fact is broken that has room on a line of its own"
        );
    }

    #[test]
    fn a_long_fact_is_broken_between_words_and_a_long_word_is_cut() {
        let pieces = [
            ("cache ", Ink::Dim),
            ("file contents kept for the next reader", Ink::Plain),
        ];
        assert_eq!(
            flowed(32, &pieces, 6),
            "cache file contents kept for the\n      next reader\n"
        );
        let long = "x".repeat(30);
        let text = flowed(24, &[("a ", Ink::Dim), (&long, Ink::Plain)], 2);
        assert!(text.lines().all(|l| width(l) <= 24), "{text}");
    }

    fn written(width: Option<usize>, styled: bool) -> String {
        let mut out = Vec::new();
        let mut printer = Printer {
            out: &mut out,
            width,
            ascii: false,
            styled,
        };
        let pieces = [("ab ", Ink::Dim), ("cdef", Ink::Plain), ("  ", Ink::Plain)];
        printer.line(&pieces).expect("written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn lines_are_cut_on_a_terminal_and_whole_in_a_pipe() {
        assert_eq!(written(None, false), "ab cdef\n");
        assert_eq!(written(Some(5), false), "ab c…\n");
        assert_eq!(written(None, true), "\x1b[2mab \x1b[0mcdef\n");
    }

    #[test]
    fn json_means_what_was_read_and_cannot_act_on_a_terminal() {
        let value = "a\nb\u{9b}31m\u{202e}\u{f7ff}\u{e0001}é";
        let mut out = Vec::new();
        json(&mut out, &value).expect("written");
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(text, r#""a\nb\u009b31m\u202e\uf7ff\udb40\udc01é""#);
        let back: String = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back, value);
    }
}
