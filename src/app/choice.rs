//! What a person may want otherwise, by the names of the configuration file.
//!
//! A setting is one [`Setting`] in a list of the app or of a pane: the configuration file, the settings dialog (F2), what is
//! written when asked, the palette and the manual page go by those lists.

use std::fmt;
use std::ops::RangeInclusive;

use super::App;
use super::settings::SETTINGS;
use super::world::World;
use crate::theme::ground::{self, AUTO};
use crate::theme::{self, Ground, Theme};

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

/// A setting of the app or of a pane: all that is known of it.
pub struct Setting<P: 'static> {
    /// Its name in the configuration file.
    pub name: &'static str,
    /// What it does, one sentence without a full stop.
    pub about: &'static str,
    /// What it is now.
    pub now: fn(&P, &World) -> Value,
    /// What it is where nobody chose.
    pub default: fn(&P) -> Value,
    /// What to choose from; empty where it is chosen elsewhere, as `about` says.
    pub values: fn(&P) -> Vec<Value>,
    /// Takes a value, or says why it cannot be that.
    pub set: fn(&mut P, &Value) -> Result<(), String>,
}

/// What can be chosen, as it is now.
pub fn choices<P>(all: &[Setting<P>], of: &P, world: &World) -> Vec<Choice> {
    let one = |setting: &Setting<P>| {
        let value = (setting.now)(of, world);
        let mut values = (setting.values)(of);
        // What stands in a file need not be among what is offered.
        if let (Value::Number(n), false) = (&value, values.contains(&value)) {
            let above = |v: &Value| matches!(v, Value::Number(other) if other > n);
            let at = values.iter().position(above).unwrap_or(values.len());
            values.insert(at, value.clone());
        }
        Choice {
            name: setting.name,
            about: setting.about,
            value,
            default: (setting.default)(of),
            values,
        }
    };
    all.iter().map(one).collect()
}

/// Chooses a value by its name; `None` where it is none of these.
pub fn choose<P>(
    all: &[Setting<P>],
    of: &mut P,
    name: &str,
    value: &Value,
) -> Option<Result<(), String>> {
    let setting = all.iter().find(|s| s.name == name)?;
    Some((setting.set)(of, value))
}

/// Yes or no, to choose from.
pub fn switch<P>(_: &P) -> Vec<Value> {
    vec![Value::On(false), Value::On(true)]
}

impl App {
    /// Everything that can be chosen now.
    pub fn choices(&self) -> Vec<Choice> {
        let mut out = choices(SETTINGS, self, &self.world);
        for panel in &self.panels {
            out.extend(panel.choices(&self.world));
        }
        out
    }

    /// Chooses a value by its name, live.
    ///
    /// # Errors
    /// When there is no such setting or it cannot have this value; says which there are.
    pub fn choose(&mut self, name: &str, value: &Value) -> Result<(), String> {
        if let Some(done) = choose(SETTINGS, self, name, value) {
            return done;
        }
        let asked = self.panels.iter_mut().find_map(|p| p.choose(name, value));
        asked.unwrap_or_else(|| Err(format!("there is no setting '{name}'")))
    }

    /// The terminal said what is behind its text: the theme that is to fit it does.
    pub(super) fn on_ground(&mut self, told: Option<[u8; 3]>) {
        let Some(rgb) = told else { return };
        self.world.settings.ground = Ground::Told(rgb);
        if self.world.settings.theme == AUTO {
            // It is one of those that there are.
            let _ = self.choose_theme(AUTO);
        }
    }

    pub(super) fn choose_theme(&mut self, name: &str) -> Result<(), String> {
        let now = &self.world.theme;
        let theme = match (&self.own_theme, theme::builtin(name)) {
            (Some((own, theme)), _) if own == name => theme.clone(),
            _ if name == AUTO => {
                ground::auto(self.world.settings.ground, now.depth, now.glyphs.ascii)
            }
            (_, Some(palette)) => Theme::new(&palette, now.depth, now.glyphs.ascii),
            (_, None) => return Err(format!("there is no theme '{name}'")),
        };
        let glyphs = now.glyphs;
        self.world.theme = theme;
        self.world.theme.glyphs = glyphs;
        name.clone_into(&mut self.world.settings.theme);
        Ok(())
    }
}
