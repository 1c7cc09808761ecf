//! Help: every key that does something now, made from the live keymap, searchable by typing; a click on a line does it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::hints;
use super::scroll::{self, Scroll};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse, Press};
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

/// The same actions by name, in this order.
pub(super) fn essential_names() -> impl Iterator<Item = &'static str> {
    let pairs = ESSENTIALS.iter().flatten();
    pairs.flat_map(|(names, _)| names.iter().copied())
}

/// What the mouse alone knows: where, what, and the action of it.
const MOUSE: &[(&str, &str, &str)] = &[
    (
        "right click",
        "on a process: what can be done with it",
        "row-menu",
    ),
    ("click", "on pscope, top left: all commands", "commands"),
    (
        "click, drag",
        "on a chart, a lane, the row's past: that moment",
        "pause",
    ),
];

/// The help page.
#[derive(Default)]
pub struct Help {
    search: Input,
    scroll: Scroll,
    lines: Vec<Entry>,
    outer: Rect,
}

enum Entry {
    Heading(&'static str, &'static str),
    Line(String, String, Option<&'static Action>),
    /// Two lines of the essentials beside each other.
    Pair([Essential; 2]),
    Blank,
}

/// One of the essentials: keys with their actions, and what they do.
struct Essential {
    keys: Vec<(String, &'static Action)>,
    does: &'static str,
}

impl Entry {
    /// What a click on this cell of the line asks for.
    fn at(&self, cell: u16, width: u16) -> Option<&'static Action> {
        match self {
            Self::Line(_, _, does) => *does,
            Self::Pair(pair) => {
                let half = half(width) as u16;
                let (essential, cell) = if cell < half {
                    (&pair[0], cell)
                } else {
                    (&pair[1], cell - half)
                };
                essential.at(cell)
            }
            Self::Heading(..) | Self::Blank => None,
        }
    }
}

impl Essential {
    /// The key under the cell; beside the keys the first of them.
    fn at(&self, cell: u16) -> Option<&'static Action> {
        let mut end = BEFORE_KEYS;
        let under = self.keys.iter().find(|(key, _)| {
            end += width(key) as u16 + 1;
            (BEFORE_KEYS..end).contains(&cell)
        });
        under.or(self.keys.first()).map(|(_, action)| *action)
    }

    fn shown(&self) -> String {
        let keys: Vec<&str> = self.keys.iter().map(|(key, _)| key.as_str()).collect();
        keys.join(" ")
    }
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
        self.outer = outer(screen, self.lines.len());
        let content = popup::content(self.outer);
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
        let at = Position::new(mouse.column, mouse.row);
        let area = popup::content(self.outer);
        if mouse.press != Press::Left || !area.contains(at) {
            return self.scroll.mouse(mouse);
        }
        let row = usize::from(at.y - area.y);
        let entry = row.checked_sub(2).and_then(|row| {
            let place = self.scroll.shown().start + row;
            self.lines
                .get(place)
                .filter(|_| self.scroll.shown().contains(&place))
        });
        match entry.and_then(|entry| entry.at(at.x - area.x, area.width)) {
            Some(action) if *action != HELP => Reply::All(vec![Reply::Close, Reply::Act(action)]),
            _ => Reply::Done,
        }
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
                Entry::Line(left, right, _) => {
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
fn keys_of(world: &World, names: &[&str]) -> Vec<(String, &'static Action)> {
    let all = || world.offered();
    let shown = names.iter().filter_map(|name| {
        let action = all().find(|a| a.name == *name)?;
        let key = world.keys.shown(action);
        let key = if key.is_empty() {
            format!(":{name}")
        } else {
            key
        };
        Some((key, action))
    });
    shown.collect()
}

/// Two lines beside each other.
fn essentials(pair: &[Essential; 2], width: u16) -> Vec<(String, Role)> {
    let mut parts = Vec::new();
    for (i, essential) in pair.iter().enumerate() {
        let does = if i == 0 {
            // The indent, nine cells of keys, a blank, and one between both.
            pad(essential.does, half(width) - usize::from(BEFORE_KEYS) - 10)
        } else {
            essential.does.to_owned()
        };
        parts.push((format!("  {} ", pad(&essential.shown(), 9)), Role::Accent));
        parts.push((does, Role::Text));
    }
    parts
}

/// The indent of a line.
const BEFORE_KEYS: u16 = 2;

/// Where the second of two essentials begins.
fn half(width: u16) -> usize {
    (usize::from(width) / 2).max(20) - 1
}

fn key_cells(width: u16) -> usize {
    (width as usize / 3).min(26)
}

fn outer(screen: Rect, lines: usize) -> Rect {
    popup::area(screen, 92, (lines.max(1) as u16).saturating_add(2))
}

/// The pane with the keyboard first, then the app, then the others; only lines that have the text.
fn entries(world: &World, needle: &str) -> Vec<Entry> {
    let sections = world.catalog.iter().filter(|s| world.offers(s.name));
    let mut sections: Vec<_> = sections.collect();
    sections.sort_by_key(|s| match s.name {
        name if name == world.active => 0,
        "app" => 1,
        name if world.dialogs.contains(&name) => 2,
        _ => 3,
    });
    let mut out = Vec::new();
    if needle.is_empty() {
        let shown = |(names, does): &(&[&str], &'static str)| Essential {
            keys: keys_of(world, names),
            does,
        };
        let pairs = ESSENTIALS
            .iter()
            .map(|pair| Entry::Pair([shown(&pair[0]), shown(&pair[1])]));
        let mut lines: Vec<Entry> = pairs.collect();
        let of = |name: &str| {
            let mut all = world.offered();
            all.find(|a| a.name == name)
        };
        for (click, does, action) in MOUSE {
            lines.push(Entry::Line(
                (*click).to_owned(),
                (*does).to_owned(),
                of(action),
            ));
        }
        push(
            &mut out,
            "First of all",
            "A click on a line here does it.",
            lines,
        );
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
                .then(|| Entry::Line(keys, action.about.to_owned(), Some(*action)))
        });
        push(&mut out, section.title, section.about, lines.collect());
    }
    let filter = FILTER.iter().filter(|(example, means)| {
        needle.is_empty() || format!("filter {example} {means}").contains(needle)
    });
    let filter = filter
        .map(|(example, means)| Entry::Line((*example).to_owned(), (*means).to_owned(), None));
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
