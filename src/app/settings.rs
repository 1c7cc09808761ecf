//! Settings: a person's choices by the names of the configuration file, one [`Setting`] each in a list of the app or of a pane.
//!
//! The configuration file, the settings dialog (F2), what is written when asked, the palette and the manual page go by those
//! lists. Here are those of the app itself.

use super::App;
use super::choice::{Choice, Value};
use super::event::Effect;
use super::layout::{CORES, Inspector, LIST, Layout, PERCENT};
use super::presets;
use super::world::{Settings, World};
use crate::model::id::Nanos;
use crate::theme::ground::{self, AUTO};
use crate::theme::{self, Ground, Theme};

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

/// The sides that CPU % is of.
const CPU: [&str; 2] = ["core", "machine"];

fn themes(app: &App) -> Vec<Value> {
    let own = app.own_theme.iter().map(|(name, _)| name.as_str());
    let builtin = theme::NAMES.iter().copied();
    let all = std::iter::once(AUTO).chain(builtin).chain(own);
    all.map(Value::text).collect()
}

/// In the order in which they are shown and chosen.
const SETTINGS: &[Setting<App>] = &[
    Setting {
        name: "theme",
        about: "The colours",
        now: |_, world| Value::text(&world.settings.theme),
        default: |_| Value::text(AUTO),
        values: themes,
        set: |app, value| app.choose_theme(value.word()?),
    },
    Setting {
        name: "ascii",
        about: "Draws with ASCII only",
        now: |_, world| Value::On(world.theme.glyphs.ascii),
        default: |_| Value::On(false),
        values: switch,
        set: |app, value| {
            app.world.theme.glyphs.ascii = value.on()?;
            Ok(())
        },
    },
    Setting {
        name: "interval-ms",
        about: "Milliseconds from tick to tick",
        now: |_, world| Value::Number(world.settings.interval.0 / 1_000_000),
        default: |_| Value::Number(Settings::default().interval.0 / 1_000_000),
        values: |_| Value::numbers(&[100, 200, 500, 1000, 2000, 5000, 10_000]),
        set: |app, value| {
            app.world.settings.interval = Nanos::from_millis(value.number(10..=3_600_000)?);
            Ok(())
        },
    },
    Setting {
        name: "recording-budget",
        about: "Percent of a core that recording may take",
        now: |_, world| Value::Number(world.settings.recording_budget.into()),
        default: |_| Value::Number(Settings::default().recording_budget.into()),
        values: |_| Value::numbers(&[1, 2, 5, 10, 20, 50]),
        set: |app, value| {
            app.world.settings.recording_budget = value.number(1..=100)? as u8;
            Ok(())
        },
    },
    Setting {
        name: "cpu",
        about: "CPU % is of one core, or of the machine",
        now: |_, world| Value::text(CPU[usize::from(world.settings.of_machine)]),
        default: |_| Value::text(CPU[0]),
        values: |_| Value::words(&CPU),
        set: |app, value| {
            app.world.settings.of_machine = value.one_of(&CPU)? == 1;
            Ok(())
        },
    },
    Setting {
        name: "keymap",
        about: "The keys as in another program; your own [keys] go before",
        now: |_, world| Value::text(world.settings.keymap),
        default: |_| Value::text(presets::NAMES[0]),
        values: |_| Value::words(&presets::NAMES),
        set: |app, value| {
            let name = presets::NAMES[value.one_of(&presets::NAMES)?];
            app.world.keys.take_preset(presets::keys(name)?);
            app.world.settings.keymap = name;
            Ok(())
        },
    },
    Setting {
        name: "mouse",
        about: "The mouse is for pscope, not for the terminal",
        now: |_, world| Value::On(world.settings.mouse),
        default: |_| Value::On(Settings::default().mouse),
        values: switch,
        set: |app, value| {
            let on = value.on()?;
            app.world.settings.mouse = on;
            app.effects.push(Effect::Mouse(on));
            Ok(())
        },
    },
    Setting {
        name: "tips",
        about: "The line of views tells the keys to begin with",
        now: |_, world| Value::On(world.settings.tips),
        default: |_| Value::On(Settings::default().tips),
        values: switch,
        set: |app, value| {
            app.world.settings.tips = value.on()?;
            Ok(())
        },
    },
    Setting {
        name: "inspector",
        about: "Where the inspector stands: beside the list, below it, or alone on the screen",
        now: |_, world| Value::text(world.settings.layout.inspector.name()),
        default: |_| Value::text(Layout::default().inspector.name()),
        values: |_| Value::words(&Inspector::ALL.map(|(_, name)| name)),
        set: |app, value| {
            let at = value.one_of(&Inspector::ALL.map(|(_, name)| name))?;
            app.world.settings.layout.inspector = Inspector::ALL[at].0;
            Ok(())
        },
    },
    Setting {
        name: "list-percent",
        about: "How much of the room the list has (Ctrl-\u{2190} Ctrl-\u{2192}, or draw its border)",
        now: |_, world| {
            let list = world.settings.layout.list;
            Value::Number(((list + PERCENT / 2) / PERCENT).into())
        },
        default: |_| Value::Number((Layout::default().list / PERCENT).into()),
        values: |_| Value::numbers(&[30, 40, 50, 57, 65, 75]),
        set: |app, value| {
            let [least, most] = LIST.map(u64::from);
            app.world.settings.layout.list = value.number(least..=most)? as u16 * PERCENT;
            Ok(())
        },
    },
    Setting {
        name: "cores-rows",
        about: "Rows that the cores have beyond their own (Ctrl-\u{2191} Ctrl-\u{2193}, or draw their border)",
        now: |_, world| Value::Number(world.settings.layout.cores.into()),
        default: |_| Value::Number(Layout::default().cores.into()),
        values: |_| Value::numbers(&[0, 2, 4, 8]),
        set: |app, value| {
            app.world.settings.layout.cores = value.number(0..=CORES.into())? as u16;
            Ok(())
        },
    },
    Setting {
        name: "remember-mib",
        about: "Megabytes for the past: 8 hold 15 minutes and more of 10,000 processes",
        now: |_, world| Value::Number(world.settings.remember_mib),
        default: |_| Value::Number(Settings::default().remember_mib),
        values: |_| Value::numbers(&[1, 2, 4, 8, 16, 32, 64, 256]),
        set: |app, value| {
            let mib = value.number(1..=4096)?;
            app.world.settings.remember_mib = mib;
            app.effects.push(Effect::Remember(mib));
            Ok(())
        },
    },
];

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
        let before = std::mem::replace(&mut self.world.theme, theme);
        self.world.theme.keep_places(&before);
        self.world.theme.glyphs = glyphs;
        name.clone_into(&mut self.world.settings.theme);
        Ok(())
    }
}
