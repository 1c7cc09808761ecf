//! What a person may want otherwise, by the names of the configuration file: the settings sheet shows it, `w` keeps it.

use std::fmt;

use super::{App, presets};
use crate::model::id::Nanos;
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
    /// Yes or no.
    pub fn switch(name: &'static str, about: &'static str, value: bool, default: bool) -> Self {
        Self {
            name,
            about,
            value: Value::On(value),
            default: Value::On(default),
            values: vec![Value::On(false), Value::On(true)],
        }
    }

    /// One of some words, the first of which is the default.
    pub fn word(name: &'static str, about: &'static str, value: &str, words: &[&str]) -> Self {
        Self {
            name,
            about,
            value: Value::text(value),
            default: Value::text(words.first().unwrap_or(&"")),
            values: words.iter().map(|w| Value::text(w)).collect(),
        }
    }

    /// The value after this one, or before it; `None` where it is chosen elsewhere.
    pub fn beside(&self, on: bool) -> Option<Value> {
        let n = self.values.len();
        let at = self.values.iter().position(|v| *v == self.value);
        let next = at.map_or(0, |at| if on { at + 1 } else { at + n - 1 });
        self.values.get(next.checked_rem(n)?).cloned()
    }
}

/// Sizes of the past to choose from, MiB.
const SIZES: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 256];
/// Intervals to choose from, milliseconds.
const PACES: [u64; 7] = [100, 200, 500, 1000, 2000, 5000, 10_000];

/// Percent of a core to choose from.
const BUDGETS: [u64; 6] = [1, 2, 5, 10, 20, 50];

impl App {
    /// Everything that can be chosen now.
    pub fn choices(&self) -> Vec<Choice> {
        let settings = &self.world.settings;
        let mut themes: Vec<&str> = vec![AUTO];
        themes.extend(theme::NAMES);
        if let Some((name, _)) = &self.own_theme {
            themes.push(name);
        }
        let ms = settings.interval.0 / 1_000_000;
        let mut paces: Vec<u64> = PACES.to_vec();
        if !paces.contains(&ms) {
            paces.push(ms);
            paces.sort_unstable();
        }
        let cpu = if settings.of_machine {
            "machine"
        } else {
            "core"
        };
        let mut out = vec![
            Choice::word("theme", "The colours", &settings.theme, &themes),
            Choice::switch(
                "ascii",
                "Draws with ASCII only",
                self.world.theme.glyphs.ascii,
                false,
            ),
            Choice {
                name: "interval-ms",
                about: "Milliseconds from tick to tick",
                value: Value::Number(ms),
                default: Value::Number(1000),
                values: paces.into_iter().map(Value::Number).collect(),
            },
            Choice {
                name: "recording-budget",
                about: "Percent of a core that recording may take",
                value: Value::Number(settings.recording_budget.into()),
                default: Value::Number(5),
                values: BUDGETS.map(Value::Number).to_vec(),
            },
            Choice::word(
                "cpu",
                "CPU % is of one core, or of the machine",
                cpu,
                &["core", "machine"],
            ),
            Choice::word(
                "keymap",
                "The keys as in another program; your own [keys] go before",
                settings.keymap,
                &presets::NAMES,
            ),
            Choice::switch(
                "mouse",
                "The mouse is for pscope, not for the terminal",
                settings.mouse,
                true,
            ),
            Choice::switch(
                "tips",
                "The line of views tells the keys to begin with",
                settings.tips,
                true,
            ),
        ];
        out.extend(self.layout_choices());
        let mut sizes: Vec<u64> = SIZES.to_vec();
        if !sizes.contains(&settings.remember_mib) {
            sizes.push(settings.remember_mib);
            sizes.sort_unstable();
        }
        out.push(Choice {
            name: "remember-mib",
            about: "Megabytes for the past: 8 hold 15 minutes and more of 10,000 processes",
            value: Value::Number(settings.remember_mib),
            default: Value::Number(8),
            values: sizes.into_iter().map(Value::Number).collect(),
        });
        for panel in &self.panels {
            out.extend(panel.choices(&self.world));
        }
        out
    }

    /// Chooses a value by its name, live.
    ///
    /// # Errors
    /// When there is no such choice or it cannot have this value; says which values there are.
    pub fn choose(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match (name, value) {
            ("theme", Value::Text(theme)) => return self.choose_theme(theme),
            ("ascii", Value::On(on)) => self.world.theme.glyphs.ascii = *on,
            ("tips", Value::On(on)) => self.world.settings.tips = *on,
            ("interval-ms", Value::Number(ms)) => {
                self.world.settings.interval = Nanos::from_millis(*ms);
            }
            ("keymap", Value::Text(name)) => {
                self.world.keys.take_preset(presets::keys(name)?);
                let known = presets::NAMES.into_iter().find(|known| known == name);
                self.world.settings.keymap = known.unwrap_or_default();
            }
            ("recording-budget", Value::Number(percent)) => {
                let percent = u8::try_from(*percent)
                    .ok()
                    .filter(|p| (1..=100).contains(p));
                let percent = percent.ok_or("recording-budget goes from 1 to 100")?;
                self.world.settings.recording_budget = percent;
            }
            ("remember-mib", Value::Number(mib @ 1..=4096)) => {
                self.world.settings.remember_mib = *mib;
                self.effects.push(super::event::Effect::Remember(*mib));
            }
            ("remember-mib", _) => return Err("it goes from 1 to 4096".to_owned()),
            ("cpu", Value::Text(of)) => self.world.settings.of_machine = of == "machine",
            ("mouse", Value::On(on)) => {
                self.world.settings.mouse = *on;
                self.effects.push(super::event::Effect::Mouse(*on));
            }
            _ => {
                if let Some(done) = self.choose_layout(name, value) {
                    return done;
                }
                let asked = self.panels.iter_mut().find_map(|p| p.choose(name, value));
                return asked.unwrap_or_else(|| Err(format!("{name} cannot be {value}")));
            }
        }
        Ok(())
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

    fn choose_theme(&mut self, name: &str) -> Result<(), String> {
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
