//! The tab Environment: the variables that the program began with. Secrets stay masked until somebody asks for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::kept::Kept;
use crate::app::action::Action;
use crate::app::key::Key;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::model::process::environment::{Environment, Variable};
use crate::model::process::stat::State;
use crate::model::text::{chop, width};
use crate::panels::listing::{self, Content, Listing, Order, Parts};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// Shows or hides the values of secrets.
pub const REVEAL: &Action = &Action {
    name: "reveal-secrets",
    about: "Show or hide the values of secrets",
    keys: &[Key::char('r')],
    hint: "secrets",
};

static ACTIONS: [&Action; 18] = listing::actions(moves::FIRST, [REVEAL]);

static SPEC: Spec = Spec {
    name: "environment",
    title: "Environment",
    about: "The variables that its program began with; secrets are masked until asked for.",
    place: Place::Tab,
    needs: Needs::ENVIRONMENT,
    actions: &ACTIONS,
};

/// Names take so many cells, and a third of the width where longer ones need it.
const NAME: usize = 26;

fn columns(all: &[Variable], wide: usize) -> [Column; 2] {
    let longest = all.iter().map(|v| width(&v.name)).max().unwrap_or(0);
    let name = longest.min(wide / 3).max(NAME);
    [
        Column::left("NAME", name as u16, 0),
        Column::left("VALUE", 16, 0).growing(),
    ]
}

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
        let (by, inverted) = self.list.sort();
        if by == 0 {
            self.order.sort_by(|a, b| all[*a].name.cmp(&all[*b].name));
        } else {
            // By what is shown: the order must not tell anything of what is masked.
            let reveal = self.reveal;
            let shown = |i: &usize| all[*i].shown(reveal);
            self.order.sort_by(|a, b| shown(a).cmp(shown(b)));
        }
        if inverted {
            self.order.reverse();
        }
    }

    fn chosen(&self) -> Option<&Variable> {
        let at = *self.list.chosen()?;
        self.kept.value()?.variables.get(at)
    }
}

fn row(world: &World, variable: &Variable, reveal: bool, ended: bool) -> Row {
    let theme = &world.theme;
    let (value, role) = match variable.shown(reveal) {
        "" => ("empty", Role::Dim),
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

/// Servers such as sshd and `PostgreSQL` show in `ps` what they do, and write it where arguments and environment stood.
const OVERWRITTEN: &str =
    "The program wrote a title over the beginning of it: what stood there is gone.";

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
            _ if environment.overwritten => note(OVERWRITTEN),
            _ => note("It was given no environment."),
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
    if environment.overwritten {
        head.extend(note(OVERWRITTEN));
    }
    if ended {
        head.extend(note("The process has ended; this was its environment."));
    }
    head
}

/// The whole value of the selected variable, where its row could not hold it.
fn foot(variable: &Variable, reveal: bool, names: u16, wide: usize) -> Vec<Parts> {
    let value = variable.shown(reveal);
    let column = wide.saturating_sub(usize::from(names) + 3);
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
        let columns = columns(all, wide);
        let order = &self.order;
        let content = Content {
            columns: &columns,
            order: |_| Order::Ascending,
            titles: true,
            head: head(world, environment, ended, reveal),
            foot: &|i| foot(&all[order[i]], reveal, columns[0].width, wide),
            keys: order,
            words: &|i| format!("{} {}", all[order[i]].name, all[order[i]].shown(reveal)),
            row: &|i| row(world, &all[order[i]], reveal, ended),
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    has_rows!(list);

    fn copied(&self, _: &World) -> Option<String> {
        self.chosen().map(|v| v.value.to_string())
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if action == REVEAL {
            self.reveals = if self.reveal { None } else { world.focus };
            return Reply::Done;
        }
        if action == moves::COPY
            && let Some(v) = self.chosen().filter(|v| v.secret && !self.reveal)
        {
            let key = world.keys.shown(REVEAL);
            return Reply::Say(format!("{} is a secret: {key} shows it, then copy", v.name));
        }
        self.act_on_rows(world, action)
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::ENVIRONMENT]
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.shows(world, area, buf) {
            self.list.render(world, buf);
        }
    }
}

#[cfg(test)]
mod tests;
