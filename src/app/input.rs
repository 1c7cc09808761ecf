//! A line of text being typed: cursor, editing keys, paste. Filter, palette and searches are this.

use unicode_segmentation::UnicodeSegmentation as _;

use super::key::{Code, Key};
use crate::model::text::{SafeText, width};

/// A line being typed; its text is always printable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// Bytes before the cursor.
    at: usize,
}

impl Input {
    /// A line with the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut input = Self::default();
        input.insert(text);
        input
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cell of the cursor, counted from the start of the text.
    pub fn cursor(&self) -> usize {
        width(&self.text[..self.at])
    }

    /// The text with a mark where the cursor stands.
    pub fn marked(&self) -> String {
        let (before, after) = self.text.split_at(self.at);
        format!("{before}▏{after}")
    }

    /// Empties the line.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Puts text in at the cursor; what acts on a terminal is escaped, line breaks become spaces.
    pub fn insert(&mut self, text: &str) {
        let one_line = text
            .trim_end_matches(['\r', '\n'])
            .replace(['\r', '\n', '\t'], " ");
        let safe = SafeText::from(one_line);
        self.text.insert_str(self.at, &safe);
        self.at += safe.len();
    }

    /// Edits by a key; says whether the key means anything in a line.
    pub fn key(&mut self, key: Key) -> bool {
        match key.code {
            Code::Char('u') if key.ctrl => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            Code::Char('k') if key.ctrl => self.text.truncate(self.at),
            Code::Char('w') if key.ctrl => self.delete_word(),
            Code::Char('a') if key.ctrl => self.at = 0,
            Code::Char('e') if key.ctrl => self.at = self.text.len(),
            Code::Backspace => {
                let from = self.before();
                self.text.drain(from..self.at);
                self.at = from;
            }
            Code::Delete => {
                let to = self.after();
                self.text.drain(self.at..to);
            }
            Code::Left => self.at = self.before(),
            Code::Right => self.at = self.after(),
            Code::Home => self.at = 0,
            Code::End => self.at = self.text.len(),
            _ => match key.typed() {
                Some(c) => self.insert(c.encode_utf8(&mut [0; 4])),
                None => return false,
            },
        }
        true
    }

    fn before(&self) -> usize {
        let last = self.text[..self.at].grapheme_indices(true).next_back();
        last.map_or(0, |(i, _)| i)
    }

    fn after(&self) -> usize {
        let next = self.text[self.at..].graphemes(true).next();
        self.at + next.map_or(0, str::len)
    }

    fn delete_word(&mut self) {
        let head = self.text[..self.at].trim_end();
        let from = head.rfind(' ').map_or(0, |i| i + 1);
        self.text.drain(from..self.at);
        self.at = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[&str]) -> Input {
        let mut input = Input::default();
        for key in keys {
            input.key(key.parse().expect(key));
        }
        input
    }

    #[test]
    fn edits_by_grapheme() {
        let mut input = Input::new("e\u{301}進x");
        input.key(Key::of(Code::Left));
        input.key(Key::of(Code::Backspace));
        assert_eq!((input.text(), input.cursor()), ("e\u{301}x", 1));
        input.key(Key::of(Code::Home));
        input.key(Key::of(Code::Delete));
        assert_eq!(input.text(), "x");
    }

    #[test]
    fn deletes_words_and_ends() {
        let input = typed(&["a", "b", "Space", "c", "d", "Ctrl-w"]);
        assert_eq!(input.text(), "ab ");
        assert_eq!(typed(&["a", "b", "←", "Ctrl-k", "z"]).text(), "az");
        assert_eq!(typed(&["a", "b", "←", "Ctrl-u"]).text(), "b");
    }

    #[test]
    fn pasted_text_is_one_safe_line() {
        let mut input = Input::default();
        input.insert("a\nb\x1b[2J\r\n");
        assert_eq!(input.text(), "a b\\x1b[2J");
    }
}
