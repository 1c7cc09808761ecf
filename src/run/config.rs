//! The configuration file: what a person wants every time. The command line goes before it; it is written only when asked.

pub mod keep;
pub mod keys;
mod lines;
pub mod text;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::app::App;
use crate::app::choice::{Choice, Value};
use crate::app::world::Settings;
use crate::model::id::Nanos;
use crate::panels;
use crate::sys::asker::hand::PATIENCE;
use crate::theme::{Depth, Ground, Theme};
pub use lines::Binding;

/// Values by the names of the settings, with the line on which each stands.
pub type Choices = Vec<(&'static str, Value, usize)>;

/// What of the file is needed before there is a screen. All else is what the app and its panes have for settings; for example:
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
    ascii: Option<bool>,
    mouse: bool,
    gpu: bool,
    read_only: bool,
    view: View,
    cpu: Cpu,
}

/// Every setting of the app and its panes as it is at first, in the order in which they are to be chosen. What must be known
/// before there is a screen stands in [`File`] as well.
fn settings() -> &'static [Choice] {
    static ALL: OnceLock<Vec<Choice>> = OnceLock::new();
    ALL.get_or_init(|| {
        let theme = Theme::terminal(Depth::Mono, false);
        App::new(panels::all(), Settings::default(), theme).choices()
    })
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
            ascii: None,
            mouse: true,
            gpu: true,
            read_only: false,
            view: View::default(),
            cpu: Cpu::default(),
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
    /// ASCII only, or not; the locale says it where nobody does.
    pub ascii: Option<bool>,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Whether graphics cards are asked.
    pub gpu: bool,
    /// Nothing on the machine may be changed.
    pub read_only: bool,
    /// Begin with the flat list.
    pub flat: bool,
    /// CPU % is of the whole machine.
    pub of_machine: bool,
    /// What the panes begin with, by the names of the settings.
    pub choices: Choices,
    /// Remapped keys.
    pub keys: Vec<Binding>,
    /// The file that was read.
    pub path: Option<PathBuf>,
    /// What was not understood, with the line of each; 0 for the whole file.
    pub complaints: Vec<(usize, String)>,
}

/// How long the person's own file is waited for: without it the screen begins as always, and says so.
const OWN: Duration = Duration::from_secs(1);

impl Config {
    /// Reads `file`, or where none is named the person's own if there is one.
    ///
    /// # Errors
    /// When a named file cannot be read. What is wrong with its lines is among the complaints.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let (path, named) = match file {
            Some(path) => (path.to_owned(), true),
            None => match own() {
                Some(path) => (path, false),
                None => return Ok(Self::parse("")),
            },
        };
        let mut config = match text::read_apart(&path, if named { PATIENCE } else { OWN }) {
            Ok(text) => Self::parse(&text),
            Err(e) if named => {
                let shown = path.display();
                return Err(e).with_context(|| format!("cannot read the configuration {shown}"));
            }
            Err(e) => {
                let mut none = Self::parse("");
                if e.kind() != io::ErrorKind::NotFound {
                    none.complaints.push((0, format!("it cannot be read: {e}")));
                }
                none
            }
        };
        config.path = Some(path);
        Ok(config)
    }

    pub(crate) fn parse(text: &str) -> Self {
        let lines::Lines {
            file,
            choices,
            keys,
            places,
            mut complaints,
        } = lines::read(text);
        let line = |name: &str| {
            let place = places.iter().find(|(n, _)| n == name);
            place.map_or(0, |(_, line)| *line)
        };
        let ms = file.interval_ms;
        let interval = ms.filter(|ms| (10..=3_600_000).contains(ms));
        if ms != interval {
            let range = "interval-ms goes from 10 to 3600000".to_owned();
            complaints.push((line("interval-ms"), range));
        }
        Self {
            interval: interval.map(Nanos::from_millis),
            ascii: file.ascii,
            mouse: file.mouse,
            gpu: file.gpu,
            read_only: file.read_only,
            flat: file.view == View::Flat,
            of_machine: file.cpu == Cpu::Machine,
            choices,
            theme: file.theme,
            keys,
            path: None,
            complaints,
        }
    }

    /// All that the screen would say of it, where there is none: also what the panes do not begin with, keys that nobody
    /// answers, and a theme that there is not.
    pub fn all_complaints(&self) -> Vec<(usize, String)> {
        let theme = Theme::terminal(Depth::Mono, true);
        let mut panes = panels::all();
        panes.push(panels::gpu());
        let mut app = App::new(panes, Settings::default(), theme);
        let mut all = self.complaints.clone();
        all.extend(choose(&mut app, &self.choices));
        all.extend(keys::remap(&mut app, self.keys.clone()));
        let load = |name| super::theme::load(name, Ground::Unknown, Depth::Mono, true).err();
        let theme = self.theme.as_deref().and_then(load);
        all.extend(theme.map(|why| (0, format!("{why:#}"))));
        all.sort();
        all
    }

    /// What a whole text must be for something to be written into it.
    fn check(text: &str) -> anyhow::Result<()> {
        match Self::parse(text).complaints.first() {
            Some((line, why)) => bail!("line {line}: {why}"),
            None => Ok(()),
        }
    }
}

/// Where the settings are kept: the file that was named, else the person's own.
pub fn place(file: Option<&Path>) -> Option<PathBuf> {
    file.map(Path::to_owned).or_else(own)
}

/// Lets the panes begin as the file says; what they cannot begin with, with the line of each.
pub fn choose(app: &mut App, choices: &Choices) -> Vec<(usize, String)> {
    let one = |(name, value, line): &(&'static str, Value, usize)| {
        let why = app.choose(name, value).err()?;
        Some((*line, format!("{name}: {why}")))
    };
    choices.iter().filter_map(one).collect()
}

/// The complaints as lines for a person.
pub fn told(path: Option<&Path>, complaints: &[(usize, String)]) -> Vec<String> {
    let name = path.map_or_else(
        || "the configuration".to_owned(),
        |p| p.display().to_string(),
    );
    // What is wrong before where: a long path is what may be cut.
    let line = |(line, why): &(usize, String)| match line {
        0 => format!("{why} (in {name})"),
        line => format!("line {line}: {why} (in {name})"),
    };
    complaints.iter().map(line).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::Key;

    #[test]
    fn reads_what_a_person_wants_every_time() {
        let text = "theme = 'dark'\ninterval-ms = 500\ncpu = 'machine'\nview = 'flat'\nmouse = false\n[keys]\nquit = ['x', 'Ctrl-q']";
        let config = Config::parse(text);
        assert_eq!(config.complaints, []);
        assert_eq!(config.theme.as_deref(), Some("dark"));
        assert_eq!(config.interval, Some(Nanos::from_millis(500)));
        assert!(config.of_machine && config.flat && !config.mouse && config.ascii.is_none());
        let quit = Binding {
            action: "quit".to_owned(),
            line: 7,
            keys: vec![Key::char('x'), Key::ctrl('q')],
        };
        assert_eq!(config.keys, [quit]);
    }

    #[test]
    fn the_panes_begin_as_it_says() {
        let text = "sort = 'mem'\norder = 'ascending'\ncolumns = ['pid', 'command']\nfilter = 'user:me'\nfollow = true";
        let config = Config::parse(text);
        let theme = Theme::terminal(Depth::True, false);
        let mut app = App::new(panels::all(), Settings::default(), theme);
        assert_eq!(choose(&mut app, &config.choices), []);
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
        let bad = Config::parse("# mine\nsort = 'colour'");
        let told = told(None, &choose(&mut app, &bad.choices));
        assert!(
            told[0].contains("line 2: sort: there is no column 'colour'"),
            "{told:?}"
        );
    }

    /// A setting that is declared anywhere can stand in the file as it is, and is what it was then.
    #[test]
    fn every_setting_can_stand_in_the_file() {
        let theme = Theme::terminal(Depth::Mono, false);
        let mut app = App::new(panels::all(), Settings::default(), theme);
        let before = app.choices();
        let lines = before.iter().map(|choice| {
            let value = keep::toml(&choice.value);
            format!("{} = {value}\n", choice.name)
        });
        let config = Config::parse(&lines.collect::<String>());
        assert_eq!(config.complaints, []);
        assert_eq!(choose(&mut app, &config.choices), []);
        for choice in &before {
            assert_eq!(
                app.choose(choice.name, &choice.value),
                Ok(()),
                "{}",
                choice.name
            );
            let sentence = !choice.about.is_empty() && !choice.about.ends_with('.');
            assert!(sentence, "{}: {}", choice.name, choice.about);
        }
        assert_eq!(app.choices(), before);
    }

    /// A wrong line is told with its number and what is known, and takes no other line away.
    #[test]
    fn says_what_it_does_not_understand_and_goes_on() {
        for (text, line, said) in [
            (
                "colour = 1\nfollow = true",
                1,
                "there is no setting 'colour'; there are theme, interval-ms",
            ),
            (
                "follow = true\ninterval-ms = 1",
                2,
                "interval-ms goes from 10",
            ),
            (
                "follow = true\n\nview = 'round'",
                3,
                "view: unknown variant `round`, expected `tree` or `flat`",
            ),
            ("follow = true\n[keys]\nquit = ['Hyper-x']", 3, "keys.quit"),
            (
                "follow = true\n[keys]\nquit = 'x'",
                3,
                "keys.quit: keys are a list",
            ),
            ("follow = true\nsort = \n", 2, ""),
            ("follow = true\nmouse = 'yes'", 2, "mouse: invalid type"),
            (
                "follow = true\npaths = 'yes'",
                2,
                "paths: it is not 'yes', but like false",
            ),
            (
                "follow = true\nremember-mib = -1",
                2,
                "remember-mib: it is not -1, but like 8",
            ),
            (
                "follow = true\n[colours]\nred = 1",
                2,
                "there is no setting 'colours'",
            ),
        ] {
            let config = Config::parse(text);
            let [(at, why)] = config.complaints.as_slice() else {
                panic!("{text}: {:?}", config.complaints);
            };
            assert!(*at == line && why.contains(said), "{text}: {at}: {why}");
            let kept = config.choices.iter().any(|(name, ..)| *name == "follow");
            assert!(kept, "{text}: the other line counts");
        }
        let error = Config::load(Some(Path::new("/nowhere/x.toml"))).expect_err("no file");
        assert!(format!("{error:#}").contains("/nowhere/x.toml"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = Config::parse(&text);
        }
    }
}
