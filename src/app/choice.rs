//! What a person may want otherwise: values as the configuration file writes them, and what can be chosen as it is now.

use std::fmt;
use std::ops::RangeInclusive;

/// A value as the configuration file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    On(bool),
    /// A number.
    Number(u64),
    /// A word or a text.
    Text(String),
    /// Words in order.
    List(Vec<String>),
}

impl Value {
    /// A word.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// Words to choose from.
    pub fn words(words: &[&str]) -> Vec<Self> {
        words.iter().map(|word| Self::text(word)).collect()
    }

    /// Numbers to choose from.
    pub fn numbers(numbers: &[u64]) -> Vec<Self> {
        numbers.iter().copied().map(Self::Number).collect()
    }

    /// As yes or no.
    ///
    /// # Errors
    /// When it is neither.
    pub fn on(&self) -> Result<bool, String> {
        match self {
            Self::On(on) => Ok(*on),
            other => Err(format!("it is true or false, not '{other}'")),
        }
    }

    /// As a number of this range.
    ///
    /// # Errors
    /// When it is none, or outside.
    pub fn number(&self, range: RangeInclusive<u64>) -> Result<u64, String> {
        match self {
            Self::Number(n) if range.contains(n) => Ok(*n),
            _ => Err(format!("it goes from {} to {}", range.start(), range.end())),
        }
    }

    /// As a text.
    ///
    /// # Errors
    /// When it is none.
    pub fn word(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(format!("it is a text, not '{other}'")),
        }
    }

    /// As one of these words; its place.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn one_of(&self, words: &[&str]) -> Result<usize, String> {
        let word = self.word().unwrap_or_default();
        let at = words.iter().position(|known| *known == word);
        at.ok_or_else(|| {
            let (last, others) = words.split_last().unwrap_or((&"", &[]));
            format!("it cannot be '{self}', but {} or {last}", others.join(", "))
        })
    }

    /// As words.
    ///
    /// # Errors
    /// When it is no list.
    pub fn list(&self) -> Result<&[String], String> {
        match self {
            Self::List(words) => Ok(words),
            other => Err(format!("it is a list of texts, not '{other}'")),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(true) => f.write_str("on"),
            Self::On(false) => f.write_str("off"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) if text.is_empty() => f.write_str("none"),
            Self::Text(text) => f.write_str(text),
            Self::List(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// One thing that can be chosen, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name in the configuration file.
    pub name: &'static str,
    /// What it does, one sentence without a full stop.
    pub about: &'static str,
    /// What it is now.
    pub value: Value,
    /// What it is where nobody chose.
    pub default: Value,
    /// What it can be; empty where it is chosen elsewhere, as `about` says.
    pub values: Vec<Value>,
}

impl Choice {
    /// The value after this one, or before it; `None` where it is chosen elsewhere.
    pub fn beside(&self, on: bool) -> Option<Value> {
        let n = self.values.len();
        let at = self.values.iter().position(|v| *v == self.value);
        let next = at.map_or(0, |at| if on { at + 1 } else { at + n - 1 });
        self.values.get(next.checked_rem(n)?).cloned()
    }
}
