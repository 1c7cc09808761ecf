//! Keys and mouse events in our own words, so that only `term` knows the terminal library.

use std::fmt;
use std::str::FromStr;

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A character as typed; upper case carries its own shift.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// A key with what is held beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Control is held.
    pub ctrl: bool,
    /// Alt is held.
    pub alt: bool,
    /// Shift is held, for keys that are no characters.
    pub shift: bool,
}

impl Key {
    /// A key with nothing held.
    pub const fn of(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    /// A character.
    pub const fn char(c: char) -> Self {
        Self::of(Code::Char(c))
    }

    /// A function key.
    pub const fn f(n: u8) -> Self {
        Self::of(Code::F(n))
    }

    /// Control and a character.
    pub const fn ctrl(c: char) -> Self {
        Self {
            ctrl: true,
            ..Self::of(Code::Char(c))
        }
    }

    /// The character that this key types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

const NAMES: &[(Code, &str)] = &[
    (Code::Char(' '), "Space"),
    (Code::Enter, "Enter"),
    (Code::Esc, "Esc"),
    (Code::Tab, "Tab"),
    (Code::BackTab, "BackTab"),
    (Code::Backspace, "Backspace"),
    (Code::Delete, "Del"),
    (Code::Insert, "Ins"),
    (Code::Up, "↑"),
    (Code::Down, "↓"),
    (Code::Left, "←"),
    (Code::Right, "→"),
    (Code::Home, "Home"),
    (Code::End, "End"),
    (Code::PageUp, "PgUp"),
    (Code::PageDown, "PgDn"),
];

/// Names that a configuration file may use where the shown one is an arrow.
const SPELLED: &[(Code, &str)] = &[
    (Code::Up, "Up"),
    (Code::Down, "Down"),
    (Code::Left, "Left"),
    (Code::Right, "Right"),
];

impl fmt::Display for Key {
    /// As help and footer print it: `Ctrl-u`, `F9`, `↑`, `Space`, `g`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [
            (self.ctrl, "Ctrl-"),
            (self.alt, "Alt-"),
            (self.shift, "Shift-"),
        ] {
            if held {
                f.write_str(name)?;
            }
        }
        match (NAMES.iter().find(|(code, _)| *code == self.code), self.code) {
            (Some((_, name)), _) => f.write_str(name),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, Code::F(n)) => write!(f, "F{n}"),
            (None, _) => Ok(()),
        }
    }
}

impl FromStr for Key {
    type Err = String;

    /// Reads what `Display` writes, in any case where it is no letter, and `Up Down Left Right` for the arrows.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut key = Self::char(' ');
        let mut rest = text;
        loop {
            let held = |name: &str| {
                let (begin, tail) = rest.split_at_checked(name.len())?;
                (begin.eq_ignore_ascii_case(name) && !tail.is_empty()).then_some(tail)
            };
            if let Some(tail) = held("Ctrl-") {
                (key.ctrl, rest) = (true, tail);
            } else if let Some(tail) = held("Alt-") {
                (key.alt, rest) = (true, tail);
            } else if let Some(tail) = held("Shift-") {
                (key.shift, rest) = (true, tail);
            } else {
                break;
            }
        }
        let named = NAMES
            .iter()
            .chain(SPELLED)
            .find(|(_, name)| name.eq_ignore_ascii_case(rest));
        let mut chars = rest.chars();
        key.code = match (named, chars.next(), chars.as_str()) {
            (Some((code, _)), ..) => *code,
            (None, Some(c), "") => Code::Char(c),
            (None, Some('F' | 'f'), n) if n.parse::<u8>().is_ok_and(|n| (1..=24).contains(&n)) => {
                Code::F(n.parse().unwrap_or(0))
            }
            _ => {
                return Err(format!(
                    "no key is called '{text}'; write for example g, F5, Ctrl-u, Up, Space"
                ));
            }
        };
        Ok(key)
    }
}

/// How keys are written in a configuration: one text for its head, the manual page and the README.
pub const SYNTAX: &str = "A key is a letter as it is typed (g, G, ?, +), or Space, Enter, Esc, Tab, BackTab, Backspace, Del, Ins, Up, Down, Left, Right, \
Home, End, PgUp, PgDn, F1 to F24, with Ctrl-, Alt- or Shift- before it: Ctrl-u, Alt-x, Shift-Up. A list gives an action these keys and no others, [] none.";

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// The left button went down.
    Left,
    /// The right button went down.
    Right,
    /// The left button is held and the mouse moved.
    Drag,
    /// The wheel turned away from the hand.
    WheelUp,
    /// The wheel turned towards the hand.
    WheelDown,
    /// The mouse moved with no button down.
    Hover,
}

impl Press {
    /// Whether it asks for something, which moving the mouse does not.
    pub const fn is_hand(self) -> bool {
        !matches!(self, Self::Hover)
    }
}

/// A mouse event at a cell counted from 0 at the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub press: Press,
    /// Cell from the left.
    pub column: u16,
    /// Cell from the top.
    pub row: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_they_are_written() {
        for text in [
            "g", "G", "Ctrl-u", "F9", "↑", "Space", "Alt-x", "Esc", "-", "PgDn", "F",
        ] {
            let key: Key = text.parse().expect(text);
            assert_eq!(key.to_string(), text);
        }
        assert_eq!("Up".parse(), Ok(Key::of(Code::Up)));
        assert_eq!("ctrl-u".parse(), Ok(Key::ctrl('u')));
        assert_eq!("f5".parse(), Ok(Key::f(5)));
        assert!("Hyper".parse::<Key>().is_err());
        assert!("".parse::<Key>().is_err());
    }
}
