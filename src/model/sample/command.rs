//! Command lines, as the kernel keeps them: `/proc/PID/cmdline`, `proc_pid_cmdline(5)`.

use std::sync::Arc;

use crate::model::text::SafeText;

/// A command line: its arguments in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Command {
    shown: Arc<str>,
    /// The same as it was, where something had to be escaped.
    exact: Option<Arc<String>>,
}

impl Command {
    /// From the kernel's NUL-separated bytes (`/proc/PID/cmdline`: `b"sleep\0100\0"`).
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let bytes = without_padding(bytes.strip_suffix(b"\0").unwrap_or(bytes));
        if bytes.is_empty() {
            return Self::default();
        }
        let (mut shown, mut exact) = (String::with_capacity(bytes.len()), String::new());
        for (i, arg) in bytes.split(|b| *b == 0).enumerate() {
            if i > 0 {
                shown.push('\0');
                exact.push('\0');
            }
            let arg = SafeText::from_bytes(arg);
            shown.push_str(arg.as_str());
            exact.push_str(arg.exact());
        }
        Self {
            exact: (exact != shown).then(|| Arc::new(exact)),
            shown: Arc::from(shown),
        }
    }

    /// Whether there are no arguments at all.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The arguments, the program's name first.
    pub fn args(&self) -> impl Iterator<Item = &str> {
        split(&self.shown)
    }

    /// The arguments as they were, for machines; see [`SafeText::exact`].
    pub fn exact_args(&self) -> impl Iterator<Item = &str> {
        split(self.exact.as_ref().map_or(&self.shown, |e| e.as_str()))
    }

    /// The arguments in one piece, each ended by a NUL but the last.
    pub fn raw(&self) -> &str {
        &self.shown
    }

    /// The arguments joined by spaces.
    pub fn line(&self) -> String {
        self.shown.replace('\0', " ")
    }
}

fn split(joined: &str) -> impl Iterator<Item = &str> {
    let most = if joined.is_empty() { 0 } else { usize::MAX };
    joined.split('\0').take(most)
}

/// How many empty arguments behind a title are padding whatever it looks like.
const PADDING: usize = 8;

/// A program that writes a title over its arguments fills the rest with NUL, which are no empty arguments:
/// `b"nginx: worker process\0\0\0\0"`. One text alone, and either long padding or blanks in it, tell such a title.
fn without_padding(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    let (text, padding) = (&bytes[..end], bytes.len() - end);
    let one = !text.contains(&0);
    let title = padding >= PADDING || padding >= 2 && text.contains(&b' ');
    if one && title { text } else { bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(bytes: &[u8]) -> Vec<String> {
        let command = Command::from_bytes(bytes);
        command.args().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn empty_arguments_are_kept_and_none_is_invented() {
        assert_eq!(args(b"sh\0-c\0\0\0"), ["sh", "-c", "", ""]);
        assert_eq!(args(b"echo\0\0"), ["echo", ""]);
        assert_eq!(
            args(b"nginx: worker process\0\0\0\0"),
            ["nginx: worker process"]
        );
        assert_eq!(args(b"postmaster\0\0\0\0\0\0\0\0\0\0"), ["postmaster"]);
        assert_eq!(args(b""), [""; 0]);
        // Behind the last one's end: blanks tell a title from two on, length alone from eight on.
        assert_eq!(args(b"a b\0\0\0"), ["a b"]);
        assert_eq!(args(b"a b\0\0"), ["a b", ""]);
        assert_eq!(args(b"x\0\0\0"), ["x", "", ""]);
        assert_eq!(args(&[&b"x"[..], &[0; 9]].concat()), ["x"]);
        assert_eq!(args(&[&b"x"[..], &[0; 8]].concat()).len(), 8);
        assert!(Command::from_bytes(b"").is_empty());
        assert!(!Command::from_bytes(b"x").is_empty());
    }

    #[test]
    fn machines_get_the_arguments_as_they_were() {
        let command = Command::from_bytes(b"printf\0a\nb\xff\0");
        assert_eq!(command.args().nth(1), Some("a\\nb\\xff"));
        assert_eq!(command.exact_args().nth(1), Some("a\nb\u{f7ff}"));
        assert_eq!(
            Command::from_bytes(b"ls\0-l\0").exact_args().last(),
            Some("-l")
        );
    }
}
