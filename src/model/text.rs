//! Text that a process or the kernel chose, made safe for a terminal.
//!
//! Every name, argument, path, user and unit passes [`SafeText`] at the edge of `sys`; nothing above handles raw bytes.

pub mod middle;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::sync::Arc;

use compact_str::CompactString;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Printable text: control, C1, bidi and zero-width characters and invalid UTF-8 are escaped (`\n`, `\x1b`, `\u{202e}`).
///
/// What was escaped is kept beside it for [`SafeText::exact`], which no terminal ever sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SafeText(Kept);

/// How it is kept: by its length and what is in it, so that equal texts are kept alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kept {
    /// In place, as nearly all names and users are: the piece of memory that each would take is twice as large.
    Short(CompactString),
    Shared(Arc<str>),
    Escaped(Arc<Escaped>),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Escaped {
    shown: String,
    exact: String,
}

/// How many bytes fit in place.
const SHORT: usize = size_of::<CompactString>();

/// Where bytes that are no UTF-8 stand in [`SafeText::exact`]: byte 0x80 as U+F780, byte 0xff as U+F7FF, of the private
/// use area. A lone surrogate would do the same, but strict readers of JSON refuse it. These characters themselves stand
/// there as the bytes that they are made of, so that no two texts read the same.
const BYTES: u32 = 0xf700;

impl Default for SafeText {
    fn default() -> Self {
        Self(Kept::Short(CompactString::default()))
    }
}

impl PartialOrd for SafeText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SafeText {
    fn cmp(&self, other: &Self) -> Ordering {
        let shown = self.as_str().cmp(other.as_str());
        shown.then_with(|| self.exact().cmp(other.exact()))
    }
}

impl SafeText {
    /// Escapes whatever could act on a terminal or deceive a reader.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.iter().all(|b| (0x20..0x7f).contains(b))
            && let Ok(plain) = std::str::from_utf8(bytes)
        {
            return Self::plain(plain);
        }
        let mut exact = String::with_capacity(bytes.len());
        let mut out = String::with_capacity(bytes.len() + 8);
        let stands_for = |b: u8| char::from_u32(BYTES + u32::from(b));
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                push_escaped(&mut out, c);
                if byte(c).is_some() {
                    let mut bytes = [0; 4];
                    let bytes = c.encode_utf8(&mut bytes).bytes();
                    exact.extend(bytes.filter_map(stands_for));
                } else {
                    exact.push(c);
                }
            }
            for b in chunk.invalid() {
                exact.extend(stands_for(*b));
                let _ = write!(out, "\\x{b:02x}");
            }
        }
        if exact == out {
            return Self::plain(&out);
        }
        let shown = out;
        Self(Kept::Escaped(Arc::new(Escaped { shown, exact })))
    }

    /// Text in which nothing had to be escaped.
    fn plain(text: &str) -> Self {
        Self(if text.len() <= SHORT {
            Kept::Short(text.into())
        } else {
            Kept::Shared(text.into())
        })
    }

    /// The text that reads so for machines, or that was put together of such texts; see [`Self::exact`].
    pub fn from_exact(exact: &str) -> Self {
        Self::from_bytes(&bytes_of(exact))
    }

    /// The text as it was, for machines: JSON carries it. Bytes that are no UTF-8 stand as U+F780 to U+F7FF.
    ///
    /// It must not reach a terminal.
    pub fn exact(&self) -> &str {
        match &self.0 {
            Kept::Escaped(text) => &text.exact,
            Kept::Short(_) | Kept::Shared(_) => self.as_str(),
        }
    }

    /// The bytes of which it was made; see [`Self::exact`].
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        bytes_of(self.exact())
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Short(text) => text,
            Kept::Shared(text) => text,
            Kept::Escaped(text) => &text.shown,
        }
    }

    /// How many terminal cells it takes.
    pub fn width(&self) -> usize {
        width(self.as_str())
    }
}

/// The byte that a character of [`SafeText::exact`] stands for, without its highest bit; `None` where it is itself.
fn byte(c: char) -> Option<u32> {
    u32::from(c).checked_sub(BYTES + 0x80).filter(|b| *b < 0x80)
}

/// The bytes of a text in the form of [`SafeText::exact`].
pub fn bytes_of(exact: &str) -> Cow<'_, [u8]> {
    if exact.is_ascii() || !exact.chars().any(|c| byte(c).is_some()) {
        return Cow::Borrowed(exact.as_bytes());
    }
    let mut bytes = Vec::with_capacity(exact.len());
    for c in exact.chars() {
        match byte(c) {
            Some(b) => bytes.push(b as u8 | 0x80),
            None => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        Self::from_bytes(text.as_bytes())
    }
}

impl Deref for SafeText {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl serde::Serialize for SafeText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.exact())
    }
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c if deceives(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Whether `c` shows nothing or reorders its neighbours.
///
/// The zero-width joiner and the variation selectors are kept out too: they make the width of a cell uncertain.
pub fn deceives(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}')
}

/// How many terminal cells `text` takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width()
    }
}

/// `text` cut to at most `cells` terminal cells, by grapheme, with `…` in the last one where something is missing.
pub fn cut(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let w = width(grapheme);
        if used + w > cells - 1 {
            break;
        }
        used += w;
        end = at + grapheme.len();
    }
    Cow::Owned(format!("{}…", &text[..end]))
}

/// `text` cut to `cells` and filled with spaces on the right.
pub fn pad(text: &str, cells: usize) -> String {
    let text = cut(text, cells);
    let fill = cells.saturating_sub(width(&text));
    format!("{text}{:fill$}", "")
}

/// `text` in lines of at most `cells`, broken anywhere by grapheme: for values whose every character counts.
pub fn chop(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = width(grapheme);
        if used + w > cells && used > 0 {
            lines.push(String::new());
            used = 0;
        }
        if w <= cells {
            used += w;
            if let Some(line) = lines.last_mut() {
                line.push_str(grapheme);
            }
        }
    }
    lines
}

/// `text` broken at spaces into lines of at most `cells` terminal cells; a longer word is cut.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = cut(word, cells);
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(&word);
        } else if width(&lines[last]) + 1 + width(&word) <= cells {
            lines[last].push(' ');
            lines[last].push_str(&word);
        } else {
            lines.push(word.into_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_acts_on_a_terminal() {
        let text = SafeText::from_bytes(b"a\x1b[2Jb\n\xff\xc2\x9bz");
        assert_eq!(text.as_str(), "a\\x1b[2Jb\\n\\xff\\x9bz");
        assert_eq!(
            SafeText::from("x\u{202e}y\u{200b}").as_str(),
            "x\\u{202e}y\\u{200b}"
        );
        assert_eq!(SafeText::from("naïve 進程").as_str(), "naïve 進程");
    }

    #[test]
    fn a_short_text_is_kept_in_place_and_all_are_ordered_by_what_is_shown() {
        assert_eq!(size_of::<SafeText>(), SHORT);
        let long = "a name of more than twenty-four bytes";
        let mut texts = ["b", "a\nb", long, "a"].map(SafeText::from);
        assert!(matches!(texts[0].0, Kept::Short(_)), "{texts:?}");
        assert!(matches!(texts[2].0, Kept::Shared(_)), "{texts:?}");
        texts.sort();
        assert_eq!(
            texts.each_ref().map(SafeText::as_str),
            ["a", long, "a\\nb", "b"]
        );
    }

    #[test]
    fn cuts_by_cell_and_grapheme() {
        assert_eq!(cut("進程process", 4), "進…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("e\u{301}abc", 2), "e\u{301}…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(pad("進", 3), "進 ");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_become_printable(bytes: Vec<u8>) {
            let text = SafeText::from_bytes(&bytes);
            proptest::prop_assert!(!text.chars().any(|c| c.is_control() || deceives(c)));
        }

        #[test]
        fn no_byte_is_lost(bytes: Vec<u8>, text in "\\PC{0,9}[\u{f700}-\u{f7ff}]{0,3}") {
            for bytes in [&bytes, text.as_bytes()] {
                let text = SafeText::from_bytes(bytes);
                proptest::prop_assert_eq!(&*text.bytes(), bytes);
                proptest::prop_assert_eq!(SafeText::from_exact(text.exact()), text);
            }
        }

        #[test]
        fn a_chopped_text_is_whole_and_fits(text in "[a-z進 ]{0,40}", cells in 2usize..12) {
            let lines = chop(&text, cells);
            proptest::prop_assert!(lines.iter().all(|l| width(l) <= cells));
            proptest::prop_assert_eq!(lines.concat(), text);
        }

        #[test]
        fn a_cut_never_exceeds(text in "\\PC{0,40}", cells in 0usize..30) {
            proptest::prop_assert!(width(&cut(&text, cells)) <= cells);
            proptest::prop_assert_eq!(width(&pad(&text, cells)), cells);
        }
    }

    #[test]
    fn what_was_escaped_is_kept_for_machines() {
        let text = SafeText::from_bytes(b"a\nb\xffc\xe2\x80\xae");
        assert_eq!(text.as_str(), "a\\nb\\xffc\\u{202e}");
        assert_eq!(text.exact(), "a\nb\u{f7ff}c\u{202e}");
        assert_eq!(SafeText::from("plain").exact(), "plain");
        // What stands for bytes is told from a text that has the very characters in it.
        let (byte, text) = (SafeText::from_bytes(b"\x80"), SafeText::from("\u{f780}"));
        assert_ne!(byte, text);
        assert_eq!(byte.exact(), "\u{f780}");
        assert_eq!(text.exact(), "\u{f7ef}\u{f79e}\u{f780}");
    }

    #[test]
    fn words_stay_on_a_line_that_they_fill_to_its_end() {
        for (cells, lines) in [
            (11, &["ab cd efghi"][..]),
            (10, &["ab cd", "efghi"]),
            (5, &["ab cd", "efghi"]),
            (4, &["ab", "cd", "efg…"]),
        ] {
            assert_eq!(wrap("ab  cd efghi", cells), lines, "{cells}");
        }
    }

    #[test]
    fn a_character_behind_those_that_stand_for_bytes_is_itself() {
        for (text, bytes) in [
            ("\u{f780}", &[0x80][..]),
            ("\u{f7ff}", &[0xff]),
            ("\u{f800}", "\u{f800}".as_bytes()),
            ("\u{f77f}", "\u{f77f}".as_bytes()),
        ] {
            assert_eq!(&*bytes_of(text), bytes, "{text:?}");
        }
    }
}
