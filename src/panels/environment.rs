//! The tab Environment: the variables that the program began with. Secrets stay masked until somebody asks for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::kept::Kept;
use super::listing::{self, Content, Listing, Parts};
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::key::{Key, Mouse};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::environment::{Environment, Variable};
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::model::stat::State;
use crate::model::text::{chop, width};
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// Shows or hides the values of secrets.
pub const REVEAL: &Action = &Action {
    name: "reveal-secrets",
    about: "Show or hide the values of secrets",
    keys: &[Key::char('r')],
    hint: "secrets",
};

static SPEC: Spec = Spec {
    name: "environment",
    title: "Environment",
    about: "The variables that its program began with; secrets are masked until asked for.",
    place: Place::Tab,
    needs: Needs::ENVIRONMENT,
    actions: &[
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::HALF_UP,
        moves::HALF_DOWN,
        moves::FIRST,
        moves::LAST,
        moves::SEARCH,
        moves::NEXT,
        moves::PREVIOUS,
        moves::SORT_LEFT,
        moves::SORT_RIGHT,
        moves::INVERT,
        moves::COPY,
        REVEAL,
    ],
};

const COLUMNS: &[Column] = &[
    Column {
        title: "NAME",
        width: 26,
        right: false,
        grows: false,
        rank: 0,
    },
    Column {
        title: "VALUE",
        width: 16,
        right: false,
        grows: true,
        rank: 0,
    },
];

/// The pane.
#[derive(Default)]
pub struct EnvironmentTab {
    kept: Kept<Environment>,
    list: Listing<usize>,
    order: Vec<usize>,
    /// The process whose secrets are shown.
    reveals: Option<ProcId>,
    reveal: bool,
    wide: usize,
}

impl EnvironmentTab {
    fn sort(&mut self) {
        let Some(environment) = self.kept.value() else {
            self.order.clear();
            return;
        };
        let all = &environment.variables;
        self.order = (0..all.len()).collect();
        if self.list.sheet.sort == 0 {
            self.order.sort_by(|a, b| all[*a].name.cmp(&all[*b].name));
        } else {
            // By what is shown: the order must not tell anything of what is masked.
            let reveal = self.reveal;
            let shown = |i: &usize| all[*i].shown(reveal);
            self.order.sort_by(|a, b| shown(a).cmp(shown(b)));
        }
        if self.list.sheet.inverted {
            self.order.reverse();
        }
    }

    fn chosen(&self) -> Option<&Variable> {
        let at = *self.list.sheet.chosen()?;
        self.kept.value()?.variables.get(at)
    }
}

fn row(world: &World, variable: &Variable, reveal: bool, ended: bool) -> Row {
    let theme = &world.theme;
    let (value, role) = match variable.shown(reveal) {
        "" => ("empty", Role::Faint),
        value if variable.secret && !reveal => (value, Role::Warn),
        value => (value, Role::Dim),
    };
    let name = Span::styled(variable.name.to_string(), theme.style(Role::Text));
    let value = Span::styled(value.to_owned(), theme.style(role));
    Row {
        cells: vec![Line::from(name), Line::from(value)],
        style: if ended {
            theme.style(Role::Dim)
        } else {
            Style::new()
        },
    }
}

fn head(world: &World, environment: &Environment, ended: bool, reveal: bool) -> Vec<Parts> {
    let all = &environment.variables;
    let proc = world.focus.and_then(|id| world.snapshot.get(id));
    let note = |text: &str| vec![vec![(text.to_owned(), Role::Warn)]];
    if all.is_empty() {
        return match proc.map(|p| p.stat) {
            Some(stat) if stat.is_kernel_thread() => {
                note("A thread of the kernel runs no program: it has no environment.")
            }
            Some(stat) if stat.state == State::Zombie => {
                note("It has ended: its memory and with it the environment are gone.")
            }
            _ => note("It was given no environment, or has written over it."),
        };
    }
    let secrets = all.iter().filter(|v| v.secret).count();
    let mut parts = vec![
        (all.len().to_string(), Role::Strong),
        (" variables   ".to_owned(), Role::Dim),
    ];
    if secrets > 0 {
        let keys = world.keys.shown(REVEAL);
        let what = if reveal { "masks" } else { "shows" };
        parts.push((secrets.to_string(), Role::Warn));
        parts.push((
            (if secrets == 1 {
                " secret, "
            } else {
                " secrets, "
            })
            .to_owned(),
            Role::Dim,
        ));
        parts.push((keys, Role::Accent));
        parts.push((
            format!(" {what} {}   ", if secrets == 1 { "it" } else { "them" }),
            Role::Dim,
        ));
    }
    parts.push(("as fixed when the program began".to_owned(), Role::Dim));
    let mut head = vec![parts];
    if ended {
        head.extend(note("The process has ended; this was its environment."));
    }
    head
}

/// The whole value of the selected variable, where its row could not hold it.
fn foot(variable: &Variable, reveal: bool, wide: usize) -> Vec<Parts> {
    let value = variable.shown(reveal);
    let column = wide.saturating_sub(usize::from(COLUMNS[0].width) + 3);
    if width(value) <= column {
        return Vec::new();
    }
    let mut lines = vec![vec![(variable.name.to_string(), Role::Strong)]];
    let value = chop(value, wide.saturating_sub(2));
    lines.extend(value.into_iter().map(|text| vec![(text, Role::Text)]));
    lines
}

impl Panel for EnvironmentTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.environment.as_ref());
        self.reveal = self.reveals.is_some() && self.reveals == world.focus;
        self.wide = usize::from(area.width);
        self.sort();
        let Some(environment) = self.kept.value() else {
            return Reply::Pass;
        };
        let (ended, reveal, wide) = (self.kept.ended(), self.reveal, self.wide);
        let all = &environment.variables;
        let order = &self.order;
        let contains = |i: usize, needle: &str| {
            let (needle, variable) = (needle.to_lowercase(), &all[order[i]]);
            let shown = variable.shown(reveal).to_lowercase();
            variable.name.to_lowercase().contains(&needle) || shown.contains(&needle)
        };
        let content = Content {
            titles: true,
            head: head(world, environment, ended, reveal),
            foot: &|i| foot(&all[order[i]], reveal, wide),
            keys: order,
            matches: &contains,
            row: &|i| row(world, &all[order[i]], reveal, ended),
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if action == REVEAL {
            self.reveals = if self.reveal { None } else { world.focus };
            return Reply::Done;
        }
        if action == moves::COPY {
            return match self.chosen() {
                Some(v) if v.secret && !self.reveal => {
                    let key = world.keys.shown(REVEAL);
                    Reply::Say(format!("{} is a secret: {key} shows it, then copy", v.name))
                }
                Some(v) => Reply::Do(Effect::Copy(v.value.to_string())),
                None => Reply::Done,
            };
        }
        self.list.act(action, COLUMNS)
    }

    fn typing(&self) -> bool {
        self.list.sheet.typing()
    }

    fn key(&mut self, world: &World, key: Key) -> Reply {
        self.list.sheet.key(&world.keys, key);
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.list.sheet.paste(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        self.list.mouse(mouse, COLUMNS)
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        let say = |word: &str, meaning: &str| (word.to_owned(), meaning.to_owned());
        vec![
            say(
                "environment",
                "What the program was given when it began. What it set itself afterwards stands elsewhere in its memory and is not shown.",
            ),
            say(
                "secrets",
                "Variables whose names tell of tokens, passwords or keys, and addresses with a password in them. Search and order see only the mask.",
            ),
        ]
    }

    fn status(&self, _: &World) -> String {
        self.list.sheet.status()
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.value().is_none() {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        self.list.render(world, COLUMNS, |_| false, buf);
    }
}

#[cfg(test)]
mod tests;
