//! The small menus over the list: sort column, user, columns.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::button::Button;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::world::World;
use crate::model::process::column::{self, Column};
use crate::model::process::user_names::UserNames;
use crate::model::snapshot::Snapshot;
use crate::model::text::{pad, width};
use crate::panels::dialogs::hints;
use crate::theme::Role;
use crate::widgets::{line, popup, table};

/// A menu with its choice.
pub(super) struct Menu {
    title: &'static str,
    help: &'static str,
    kind: Kind,
    /// How users are shown.
    users: UserNames,
    at: usize,
    /// Typed text; the choice jumps to what begins with it.
    typed: String,
}

enum Kind {
    Sort(Vec<&'static Column>),
    /// Names with how many processes each has.
    Users(Vec<(String, usize)>),
    /// All columns, the shown ones first, in order.
    Columns(Vec<(&'static Column, bool)>),
}

/// What a key or click in a menu means.
pub(super) enum Chosen {
    /// It stays open.
    Nothing,
    /// It closes.
    Closed,
    Sort(&'static Column),
    /// One user, or all.
    User(Option<String>),
    /// The columns are to be kept for the next time; it stays open.
    Keep,
    /// These columns; it stays open.
    Columns(Vec<&'static Column>),
}

impl Menu {
    pub(super) fn sort(now: &'static Column) -> Self {
        let at = column::ALL.iter().position(|c| c.name == now.name);
        Self {
            title: "Sort by",
            help: "Enter sorts · Esc closes",
            users: UserNames::default(),
            kind: Kind::Sort(column::ALL.to_vec()),
            at: at.unwrap_or(0),
            typed: String::new(),
        }
    }

    pub(super) fn users(snapshot: &Snapshot) -> Self {
        let mut counts = BTreeMap::new();
        for proc in snapshot.procs.iter() {
            if !proc.stat.is_kernel_thread() {
                *counts.entry(proc.facts.user.to_string()).or_insert(0) += 1;
            }
        }
        let mut users: Vec<(String, usize)> = counts.into_iter().collect();
        users.insert(0, (String::new(), snapshot.procs.len()));
        Self {
            title: "User",
            help: "Enter filters · Esc closes",
            kind: Kind::Users(users),
            users: UserNames::wide(snapshot),
            at: 0,
            typed: String::new(),
        }
    }

    pub(super) fn columns(shown: &[&'static Column]) -> Self {
        let hidden = column::ALL
            .iter()
            .filter(|c| shown.iter().all(|s| s.name != c.name));
        let all = shown
            .iter()
            .map(|c| (*c, true))
            .chain(hidden.map(|c| (*c, false)));
        Self {
            title: "Columns",
            help: "Space shows or hides · ← → move · Ctrl-s keeps · Esc closes",
            users: UserNames::default(),
            kind: Kind::Columns(all.collect()),
            at: 0,
            typed: String::new(),
        }
    }

    fn len(&self) -> usize {
        match &self.kind {
            Kind::Sort(columns) => columns.len(),
            Kind::Users(users) => users.len(),
            Kind::Columns(columns) => columns.len(),
        }
    }

    /// The word that typed text is compared with.
    fn word(&self, i: usize) -> &str {
        match &self.kind {
            Kind::Sort(columns) => columns[i].name,
            Kind::Users(users) => &users[i].0,
            Kind::Columns(columns) => columns[i].0.name,
        }
    }

    pub(super) fn key(&mut self, key: Key) -> Chosen {
        let last = self.len().saturating_sub(1);
        match key.code {
            Code::Char('s') if key.ctrl && matches!(self.kind, Kind::Columns(_)) => {
                return Chosen::Keep;
            }
            Code::Esc => return Chosen::Closed,
            Code::Enter => return self.choose(),
            Code::Up => self.at = self.at.saturating_sub(1),
            Code::Down => self.at = (self.at + 1).min(last),
            Code::PageUp => self.at = self.at.saturating_sub(10),
            Code::PageDown => self.at = (self.at + 10).min(last),
            Code::Home => self.at = 0,
            Code::End => self.at = last,
            Code::Left => return self.shift(false),
            Code::Right => return self.shift(true),
            Code::Char(' ') => return self.flip(),
            Code::Backspace => self.typed.clear(),
            _ => {
                if let Some(c) = key.typed() {
                    self.jump(c);
                }
            }
        }
        Chosen::Nothing
    }

    fn jump(&mut self, c: char) {
        self.typed.push(c);
        let begins = |typed: &str| (0..self.len()).find(|i| self.word(*i).starts_with(typed));
        let found = begins(&self.typed).or_else(|| {
            let last = c.to_string();
            begins(&last)
        });
        if begins(&self.typed).is_none() {
            self.typed = c.to_string();
        }
        self.at = found.unwrap_or(self.at);
    }

    fn choose(&mut self) -> Chosen {
        match &self.kind {
            Kind::Sort(columns) => Chosen::Sort(columns[self.at]),
            Kind::Users(users) => {
                Chosen::User(Some(users[self.at].0.clone()).filter(|name| !name.is_empty()))
            }
            Kind::Columns(_) => Chosen::Closed,
        }
    }

    /// Shows or hides a column; the last one stays.
    fn flip(&mut self) -> Chosen {
        let Kind::Columns(columns) = &mut self.kind else {
            return self.choose();
        };
        columns[self.at].1 = !columns[self.at].1;
        if columns.iter().all(|(_, shown)| !shown) {
            columns[self.at].1 = true;
        }
        self.chosen_columns()
    }

    fn shift(&mut self, right: bool) -> Chosen {
        let Kind::Columns(columns) = &mut self.kind else {
            return Chosen::Nothing;
        };
        let to = if right {
            self.at + 1
        } else {
            self.at.wrapping_sub(1)
        };
        if to < columns.len() {
            columns.swap(self.at, to);
            self.at = to;
        }
        self.chosen_columns()
    }

    fn chosen_columns(&self) -> Chosen {
        match &self.kind {
            Kind::Columns(columns) => {
                let shown = columns.iter().filter(|(_, shown)| *shown);
                Chosen::Columns(shown.map(|(c, _)| *c).collect())
            }
            _ => Chosen::Nothing,
        }
    }

    /// The box in the area of the list.
    fn outer(&self, area: Rect) -> Rect {
        let widest = (0..self.len())
            .map(|i| self.line_width(i))
            .max()
            .unwrap_or(0);
        popup::area(
            area,
            widest.max(width(self.help) + width(self.title) + 6) as u16,
            self.len() as u16,
        )
    }

    fn line_width(&self, i: usize) -> usize {
        match &self.kind {
            Kind::Users(_) => usize::from(self.users.cells).max(16) + 8,
            Kind::Sort(columns) => 16 + width(columns[i].about),
            Kind::Columns(columns) => 20 + width(columns[i].0.about),
        }
    }

    fn top(&self, height: usize) -> usize {
        (self.at + 1).saturating_sub(height.max(1))
    }

    pub(super) fn mouse(&mut self, mouse: Mouse, area: Rect) -> Chosen {
        let outer = self.outer(area);
        let content = popup::content(outer);
        match mouse.press {
            Press::WheelUp => self.at = self.at.saturating_sub(1),
            Press::WheelDown => self.at = (self.at + 1).min(self.len().saturating_sub(1)),
            Press::Left => {
                let at = ratatui::layout::Position::new(mouse.column, mouse.row);
                if !outer.contains(at) {
                    return Chosen::Closed;
                }
                if content.contains(at) {
                    let row =
                        self.top(usize::from(content.height)) + usize::from(mouse.row - content.y);
                    if row < self.len() {
                        self.at = row;
                        return self.flip();
                    }
                }
            }
            _ => {}
        }
        Chosen::Nothing
    }

    /// What the keys do in it.
    pub(super) fn moment(&self) -> Vec<(String, &'static str)> {
        let (enter, more): (_, &[(&str, &str)]) = match self.kind {
            Kind::Sort(_) => ("sort", &[("↑ ↓", "move"), ("Esc", "close")]),
            Kind::Users(_) => ("filter", &[("↑ ↓", "move"), ("Esc", "close")]),
            Kind::Columns(_) => (
                "done",
                &[
                    ("Space", "show or hide"),
                    ("← →", "move it"),
                    ("Ctrl-s", "keep for the next time"),
                    ("Esc", "close"),
                ],
            ),
        };
        let more = more.iter().map(|(keys, does)| ((*keys).to_owned(), *does));
        [("Enter".to_owned(), enter)]
            .into_iter()
            .chain(more)
            .collect()
    }

    /// The keys that its border names.
    pub(super) fn buttons(&self, area: Rect) -> Vec<Button> {
        hints::status(self.outer(area), self.title, self.help)
    }

    pub(super) fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let outer = self.outer(area);
        let content = popup::draw(theme, outer, self.title, self.help, buf);
        let top = self.top(usize::from(content.height));
        for (i, y) in (top..self.len()).zip(content.top()..content.bottom()) {
            let row = Rect {
                y,
                height: 1,
                ..content
            };
            line::draw(
                theme,
                row,
                &self.line(i, theme.glyphs.ascii),
                Modifier::empty(),
                buf,
            );
            if i == self.at {
                table::select(theme, row, buf);
            }
        }
    }

    fn line(&self, i: usize, ascii: bool) -> Vec<(String, Role)> {
        match &self.kind {
            Kind::Sort(columns) => vec![
                (format!(" {}", pad(columns[i].title, 10)), Role::Text),
                (columns[i].about.to_owned(), Role::Dim),
            ],
            Kind::Users(users) => {
                let (name, count) = &users[i];
                let (text, role) = if name.is_empty() {
                    ("all users".into(), Role::Text)
                } else {
                    (self.users.shown(name), Role::User)
                };
                let cells = usize::from(self.users.cells).max(16);
                vec![
                    (format!(" {}", pad(&text, cells)), role),
                    (format!("{count:>6}"), Role::Dim),
                ]
            }
            Kind::Columns(columns) => {
                let (column, shown) = columns[i];
                let mark = match (shown, ascii) {
                    (true, false) => " ● ",
                    (true, true) => " * ",
                    (false, false) => " · ",
                    (false, true) => " . ",
                };
                vec![
                    (
                        mark.to_owned(),
                        if shown { Role::Accent } else { Role::Dim },
                    ),
                    (
                        pad(column.title, 10),
                        if shown { Role::Text } else { Role::Dim },
                    ),
                    (column.about.to_owned(), Role::Dim),
                ]
            }
        }
    }
}
