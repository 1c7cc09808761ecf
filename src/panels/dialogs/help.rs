//! Help: every key that does something now, made from the live keymap, searchable by typing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::hints;
use super::scroll::{self, Scroll};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::synonyms;
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::{pad, width};
use crate::theme::Role;
use crate::widgets::{line, popup};

/// Opens this.
pub const HELP: Action = Action {
    name: "help",
    about: "Explains the keys; type to search",
    keys: &[Key::char('?'), Key::f(1)],
    hint: "help",
};

static SPEC: Spec = Spec {
    name: "help",
    title: "Help",
    about: "Every key and what it does, searchable.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

/// What the filter understands, as example and meaning.
const FILTER: &[(&str, &str)] = &[
    ("sshd root", "name or command line has both words"),
    ("user:alice", "of this user"),
    ("state:D", "in this state: R S D Z T t I"),
    ("cpu>10  mem>1g", "above or below: cpu mem threads"),
    ("port:8080  fd:/var/log", "holds this port or file open"),
    (
        "tty:pts/3  group:nginx",
        "on this terminal, in this unit or container",
    ),
    ("age<1m", "began less than a minute ago: s m h d"),
    ("!x   a | b   re:^k", "not, or, regular expression"),
];

/// The keys that are worth knowing first, two columns: actions by name, with what they do in few words.
const ESSENTIALS: &[[(&[&str], &str); 2]] = &[
    [
        (&["up", "down"], "one row up, down"),
        (&["filter"], "only what passes a filter"),
    ],
    [
        (&["inspect"], "inspect the process"),
        (&["clear-filter"], "clear, leave, go back"),
    ],
    [
        (&["fold", "unfold"], "fold, unfold"),
        (&["search"], "search and go there"),
    ],
    [
        (&["tree-or-flat"], "tree or flat list"),
        (
            &["sort-cpu", "sort-memory", "sort-time"],
            "by CPU, memory, time",
        ),
    ],
    [
        (&["tag"], "tag a row"),
        (&["sort-by"], "choose the sort column"),
    ],
    [
        (&["signal"], "send a signal (kill)"),
        (&["columns"], "choose the columns"),
    ],
    [
        (&["nice-down", "nice-up"], "nice: more, less of the cores"),
        (&["copy"], "copy pid, command, row"),
    ],
    [
        (&["files"], "its open files and peers"),
        (&["memory"], "its memory"),
    ],
    [
        (&["threads-tab"], "what its threads wait for"),
        (&["schedule"], "when it ran"),
    ],
    [
        (&["show-threads", "show-kernel"], "threads, kernel threads"),
        (&["user"], "one user's processes"),
    ],
    [
        (&["dashboard", "view-cpu", "view-memory"], "… the views"),
        (&["pause"], "stop time, and go on"),
    ],
    [
        (&["commands"], "any command by its name"),
        (&["explain"], "what every number means"),
    ],
    [(&["settings"], "settings, themes"), (&["quit"], "quit")],
];

/// The help page.
#[derive(Default)]
pub struct Help {
    search: Input,
    scroll: Scroll,
    lines: Vec<Entry>,
}

enum Entry {
    Heading(&'static str, &'static str),
    Line(String, String),
    /// Two lines of the essentials beside each other.
    Pair([(String, &'static str); 2]),
    Blank,
}

impl Panel for Help {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&HELP]
    }

    fn open(&mut self, _: &World, _: &'static Action) -> Reply {
        *self = Self::default();
        Reply::Done
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        self.lines = entries(world, &self.search.text().to_lowercase());
        let content = popup::content(outer(screen, self.lines.len()));
        let rows = usize::from(content.height.saturating_sub(2));
        self.scroll.fit(self.lines.len(), rows);
        Reply::Pass
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        match key.code {
            Code::Esc | Code::Enter | Code::F(1) => return Reply::Close,
            Code::Char('?' | 'q') if self.search.text().is_empty() => return Reply::Close,
            _ if self.scroll.key(key) => {}
            _ => {
                if !self.search.key(key) {
                    return Reply::Pass;
                }
                self.scroll.home();
            }
        }
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.search.insert(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        self.scroll.mouse(mouse)
    }

    fn buttons(&self, _: &World, screen: Rect) -> Vec<Button> {
        let outer = outer(screen, self.lines.len());
        hints::status(outer, SPEC.title, &self.scroll.status())
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let outer = outer(screen, self.lines.len());
        let area = popup::draw(theme, outer, "Help", &self.scroll.status(), buf);
        let row = |i: usize| scroll::row(area, i);
        let typed = self.search.text();
        let prompt = if typed.is_empty() {
            "type to search".to_owned()
        } else {
            format!("{typed}_")
        };
        let role = if typed.is_empty() {
            Role::Dim
        } else {
            Role::Accent
        };
        line::draw(
            theme,
            row(0),
            &[("/ ".to_owned(), Role::Accent), (prompt, role)],
            Modifier::empty(),
            buf,
        );
        if self.lines.is_empty() {
            line::draw(
                theme,
                row(2),
                &[("no key does this".to_owned(), Role::Dim)],
                Modifier::empty(),
                buf,
            );
        }
        let keys = key_cells(area.width);
        for (i, entry) in self.lines[self.scroll.shown()].iter().enumerate() {
            let parts = match entry {
                Entry::Heading(title, about) => {
                    vec![
                        ((*title).to_owned(), Role::Title),
                        (format!("  {about}"), Role::Dim),
                    ]
                }
                Entry::Line(left, right) => {
                    vec![
                        (format!("  {} ", pad(left, keys)), Role::Accent),
                        (right.clone(), Role::Text),
                    ]
                }
                Entry::Pair(pair) => essentials(pair, area.width),
                Entry::Blank => continue,
            };
            line::draw(theme, row(i + 2), &parts, Modifier::empty(), buf);
        }
    }
}

/// The keys to show for some actions.
fn keys_of(world: &World, names: &[&str]) -> String {
    let all = || world.catalog.iter().flat_map(|s| s.actions.iter().copied());
    let shown = names.iter().filter_map(|name| {
        let action = all().find(|a| a.name == *name)?;
        let key = world.keys.shown(action);
        Some(if key.is_empty() {
            format!(":{name}")
        } else {
            key
        })
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Two lines beside each other.
fn essentials(pair: &[(String, &'static str); 2], width: u16) -> Vec<(String, Role)> {
    let half = (usize::from(width) / 2).max(20);
    let mut parts = Vec::new();
    for (i, (keys, does)) in pair.iter().enumerate() {
        let does = if i == 0 {
            pad(does, half - 13)
        } else {
            (*does).to_owned()
        };
        parts.push((format!("  {} ", pad(keys, 9)), Role::Accent));
        parts.push((does, Role::Text));
    }
    parts
}

fn key_cells(width: u16) -> usize {
    (width as usize / 3).min(26)
}

fn outer(screen: Rect, lines: usize) -> Rect {
    popup::area(screen, 92, (lines.max(1) as u16).saturating_add(2))
}

/// The pane with the keyboard first, then the app, then the others; only lines that have the text.
fn entries(world: &World, needle: &str) -> Vec<Entry> {
    let mut sections: Vec<_> = world.catalog.iter().collect();
    sections.sort_by_key(|s| match s.name {
        name if name == world.active => 0,
        "app" => 1,
        name if world.dialogs.contains(&name) => 2,
        _ => 3,
    });
    let mut out = Vec::new();
    if needle.is_empty() {
        let shown = |(names, does): &(&[&str], &'static str)| (keys_of(world, names), *does);
        let pairs = ESSENTIALS
            .iter()
            .map(|pair| Entry::Pair([shown(&pair[0]), shown(&pair[1])]));
        let about = "The mouse works too: whatever looks like a button is one; a right click on a process tells what can be done.";
        push(&mut out, "First of all", about, pairs.collect());
    }
    for section in sections {
        let lines = section.actions.iter().filter_map(|action| {
            let keys = world.keys.keys(action);
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            let keys = if keys.is_empty() {
                format!(":{}", action.name)
            } else {
                keys.join(" ")
            };
            let also = synonyms::of(action.name).join(" ");
            let all = format!(
                "{keys} {} {} {} {also}",
                action.name, action.about, section.title
            )
            .to_lowercase();
            all.contains(needle)
                .then(|| Entry::Line(keys, action.about.to_owned()))
        });
        push(&mut out, section.title, section.about, lines.collect());
    }
    let filter = FILTER.iter().filter(|(example, means)| {
        needle.is_empty() || format!("filter {example} {means}").contains(needle)
    });
    let filter =
        filter.map(|(example, means)| Entry::Line((*example).to_owned(), (*means).to_owned()));
    push(
        &mut out,
        "Filter",
        "What can be typed after /; words narrow, half a word never errs.",
        filter.collect(),
    );
    out
}

fn push(out: &mut Vec<Entry>, title: &'static str, about: &'static str, lines: Vec<Entry>) {
    if lines.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(Entry::Blank);
    }
    debug_assert!(width(title) > 0, "a section has a title");
    out.push(Entry::Heading(title, about));
    out.extend(lines);
}

#[cfg(test)]
mod tests;
