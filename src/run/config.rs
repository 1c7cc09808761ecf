//! The configuration file: what a person wants every time. The command line goes before it; it is written only when asked.

pub mod keep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::app::App;
use crate::app::choice::Value;
use crate::app::key::Key;
use crate::model::id::Nanos;

/// Keys by the name of the action they ask for.
pub type Keys = BTreeMap<String, Vec<Key>>;

/// Values by the names of the settings.
pub type Choices = Vec<(&'static str, Value)>;

/// What the file may say, for example:
///
/// ```toml
/// theme = "dark"
/// interval-ms = 500
/// cpu = "machine"
/// view = "flat"
/// sort = "mem"
/// columns = ["pid", "user", "cpu", "mem", "command"]
/// [keys]
/// pause = ["p", "F12"]
/// ```
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    theme: Option<String>,
    interval_ms: Option<u64>,
    ascii: bool,
    mouse: bool,
    read_only: bool,
    view: View,
    cpu: Cpu,
    columns: Option<Vec<String>>,
    sort: Option<String>,
    order: Option<Order>,
    filter: Option<String>,
    threads: Option<bool>,
    kernel: Option<bool>,
    group: Option<bool>,
    paths: Option<bool>,
    follow: Option<bool>,
    tips: Option<bool>,
    keys: BTreeMap<String, Vec<String>>,
}

impl File {
    /// What the panes answer for, in the order in which it is to be chosen.
    fn choices(&self) -> Vec<(&'static str, Value)> {
        let on = |name, on: Option<bool>| Some((name, Value::On(on?)));
        let text = |name, text: Option<&str>| Some((name, Value::text(text?)));
        let columns = self.columns.clone();
        let order = self.order.as_ref().map(|o| match o {
            Order::Descending => "descending",
            Order::Ascending => "ascending",
        });
        [
            columns.map(|names| ("columns", Value::List(names))),
            text("sort", self.sort.as_deref()),
            text("order", order),
            text("filter", self.filter.as_deref()),
            on("threads", self.threads),
            on("kernel", self.kernel),
            on("group", self.group),
            on("paths", self.paths),
            on("follow", self.follow),
            on("tips", self.tips),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Order {
    Descending,
    Ascending,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum View {
    #[default]
    Tree,
    Flat,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Cpu {
    #[default]
    Core,
    Machine,
}

impl Default for File {
    fn default() -> Self {
        Self {
            theme: None,
            interval_ms: None,
            ascii: false,
            mouse: true,
            read_only: false,
            view: View::default(),
            cpu: Cpu::default(),
            columns: None,
            sort: None,
            order: None,
            filter: None,
            threads: None,
            kernel: None,
            group: None,
            paths: None,
            follow: None,
            tips: None,
            keys: BTreeMap::new(),
        }
    }
}

/// The configuration as the program uses it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Config {
    /// Name or path of the theme.
    pub theme: Option<String>,
    /// The pace.
    pub interval: Option<Nanos>,
    /// ASCII only.
    pub ascii: bool,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Nothing on the machine may be changed.
    pub read_only: bool,
    /// Begin with the flat list.
    pub flat: bool,
    /// CPU % is of the whole machine.
    pub of_machine: bool,
    /// What the panes begin with, by the names of the settings.
    pub choices: Choices,
    /// Remapped keys.
    pub keys: Keys,
}

impl Config {
    /// Reads `file`, or where none is named the person's own if there is one.
    ///
    /// # Errors
    /// When a named file cannot be read, and when any file says what is not understood.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let (path, named) = match file {
            Some(path) => (path.to_owned(), true),
            None => match own() {
                Some(path) => (path, false),
                None => return Self::parse(""),
            },
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(_) if !named => return Self::parse(""),
            Err(e) => {
                let shown = path.display();
                return Err(e).with_context(|| format!("cannot read the configuration {shown}"));
            }
        };
        Self::parse(&text)
            .with_context(|| format!("cannot use the configuration {}", path.display()))
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let interval = file.interval_ms.map(Nanos::from_millis);
        if file
            .interval_ms
            .is_some_and(|ms| !(10..=3_600_000).contains(&ms))
        {
            bail!("interval-ms goes from 10 to 3600000");
        }
        let choices = file.choices();
        let mut keys = Keys::new();
        for (action, names) in file.keys {
            let parsed: Result<Vec<Key>, String> = names.iter().map(|k| k.parse()).collect();
            let parsed = parsed.map_err(|e| anyhow::anyhow!("keys.{action}: {e}"))?;
            keys.insert(action, parsed);
        }
        Ok(Self {
            theme: file.theme,
            interval,
            ascii: file.ascii,
            mouse: file.mouse,
            read_only: file.read_only,
            flat: file.view == View::Flat,
            of_machine: file.cpu == Cpu::Machine,
            choices,
            keys,
        })
    }
}

/// Where the settings are kept: the file that was named, else the person's own.
pub fn place(file: Option<&Path>) -> Option<PathBuf> {
    file.map(Path::to_owned).or_else(own)
}

/// Lets the panes begin as the file says.
///
/// # Errors
/// Names a value that does not exist.
pub fn choose(app: &mut App, choices: &Choices) -> anyhow::Result<()> {
    for (name, value) in choices {
        app.choose(name, value)
            .map_err(|why| anyhow::anyhow!("the configuration sets {name}: {why}"))?;
    }
    Ok(())
}

/// `~/.config/pscope/config.toml`, as the XDG base directory specification places it.
fn own() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(base.join("pscope/config.toml"))
}

/// Gives the app its remapped keys.
///
/// # Errors
/// Names an action that no pane answers.
pub fn remap(app: &mut App, keys: Keys) -> anyhow::Result<()> {
    for (name, keys) in keys {
        let sections = app.world.catalog.iter();
        let known = sections.flat_map(|s| s.actions).any(|a| a.name == name);
        if !known {
            bail!(
                "the configuration maps keys to '{name}', but there is no such action; help (?) lists them"
            );
        }
        app.world.keys.remap(&name, keys);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_person_wants_every_time() {
        let text = "theme = 'dark'\ninterval-ms = 500\ncpu = 'machine'\nview = 'flat'\nmouse = false\n[keys]\nquit = ['x', 'Ctrl-q']";
        let config = Config::parse(text).expect("a configuration");
        assert_eq!(config.theme.as_deref(), Some("dark"));
        assert_eq!(config.interval, Some(Nanos::from_millis(500)));
        assert!(config.of_machine && config.flat && !config.mouse && !config.ascii);
        assert_eq!(config.keys["quit"], [Key::char('x'), Key::ctrl('q')]);
    }

    #[test]
    fn the_panes_begin_as_it_says() {
        let text = "sort = 'mem'\norder = 'ascending'\ncolumns = ['pid', 'command']\nfilter = 'user:me'\nfollow = true";
        let config = Config::parse(text).expect("a configuration");
        let theme = crate::theme::Theme::terminal(crate::theme::Depth::True, false);
        let settings = crate::app::world::Settings::default();
        let mut app = App::new(crate::panels::all(), settings, theme);
        choose(&mut app, &config.choices).expect("all of it exists");
        let chosen: Vec<String> = app
            .choices()
            .into_iter()
            .filter(|c| c.value != c.default)
            .map(|c| format!("{} {}", c.name, c.value))
            .collect();
        assert_eq!(
            chosen,
            [
                "sort mem",
                "order ascending",
                "columns pid command",
                "filter user:me",
                "follow on"
            ]
        );
        let bad = Config::parse("sort = 'colour'").expect("a configuration");
        let error = choose(&mut app, &bad.choices).expect_err("no such column");
        assert!(
            error
                .to_string()
                .contains("sort: there is no column 'colour'"),
            "{error}"
        );
    }

    #[test]
    fn says_what_it_does_not_understand() {
        for (text, said) in [
            ("colour = 1", "colour"),
            ("interval-ms = 1", "interval-ms goes from 10"),
            ("view = 'round'", "round"),
            ("[keys]\nquit = ['Hyper-x']", "keys.quit"),
        ] {
            let error = format!("{:#}", Config::parse(text).expect_err(text));
            assert!(error.contains(said), "{text}: {error}");
        }
        let error = Config::load(Some(Path::new("/nowhere/x.toml"))).expect_err("no file");
        assert!(format!("{error:#}").contains("/nowhere/x.toml"));
    }
}
