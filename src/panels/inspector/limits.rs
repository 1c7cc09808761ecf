//! The tab Limits & isolation: what the process may use, what it uses of it, and what it is kept apart from.

mod items;
mod order;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::kept::Kept;
use crate::app::action::Action;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Rows as _, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::process::isolation::Isolation;
use crate::model::text::wrap;
use crate::panels::listing::{self, Content, Listing, Order, Parts};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::table::Row;
use items::Item;
use order::By;

static ACTIONS: [&Action; 17] = listing::actions(moves::FIRST, []);

static SPEC: Spec = Spec {
    name: "limits",
    title: "Limits",
    about: "Its limits with their use, its control group, namespaces, capabilities and what else confines it.",
    place: Place::Tab,
    needs: Needs::LIMITS,
    actions: &ACTIONS,
};

/// The pane.
#[derive(Default)]
pub struct LimitsTab {
    kept: Kept<Isolation>,
    list: Listing<usize>,
    by: By,
    inverted: bool,
    items: Vec<Item>,
    keys: Vec<usize>,
}

/// How many threads the user of the process in focus has.
fn threads_of_user(world: &World) -> Option<u64> {
    let user = world.snapshot.get(world.focus?)?.facts.uid.ok()?;
    let all = world.snapshot.procs.iter();
    let own = all.filter(|p| p.facts.uid == Ok(user));
    Some(own.map(|p| u64::from(p.stat.threads)).sum())
}

/// The text of an item in full, where its row cannot hold it.
fn foot(item: &Item, wide: usize) -> Vec<Parts> {
    let text = item.text();
    if crate::model::text::width(&text) + 2 <= wide {
        return Vec::new();
    }
    let lines = wrap(&item.value, wide.saturating_sub(2));
    let mut out = vec![vec![(item.name.clone(), Role::Strong)]];
    out.extend(lines.into_iter().map(|l| vec![(l, Role::Text)]));
    out
}

impl Panel for LimitsTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.isolation.as_ref());
        let Some(isolation) = self.kept.value() else {
            return Reply::Pass;
        };
        let mut isolation = (**isolation).clone();
        if let Some(threads) = threads_of_user(world) {
            isolation = isolation.with_threads_of_user(threads);
        }
        self.items = order::sorted(items::all(&isolation), self.by, self.inverted);
        self.keys = (0..self.items.len()).collect();
        let ended = self.kept.ended();
        let items = &self.items;
        let theme = &world.theme;
        let mut head = Vec::new();
        if ended {
            let text = "The process has ended; these were its limits.".to_owned();
            head.push(vec![(text, Role::Warn)]);
        }
        let row = |i: usize| Row {
            cells: vec![items[i].line(theme, area.width)],
            style: if ended {
                theme.style(Role::Dim)
            } else {
                Style::new()
            },
        };
        let content = Content {
            columns: items::COLUMNS,
            order: |_| Order::None,
            titles: false,
            head,
            foot: &|i| foot(&items[i], usize::from(area.width)),
            keys: &self.keys,
            words: &|i| items[i].text(),
            row: &row,
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    has_rows!(list);

    fn copied(&self, _: &World) -> Option<String> {
        self.items.get(self.list.selected()?).map(Item::text)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match *action {
            a if a == *moves::SORT_RIGHT || a == *moves::SORT_LEFT => {
                self.by = self.by.beside(a == *moves::SORT_RIGHT);
                self.inverted = false;
            }
            a if a == *moves::INVERT => self.inverted = !self.inverted,
            _ => return self.act_on_rows(world, action),
        }
        Reply::Done
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::LIMITS]
    }

    fn status(&self, _: &World) -> String {
        format!("{}  {}", self.by.word(), self.list.status())
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.shows(world, area, buf) {
            self.list.render(world, buf);
        }
    }
}

#[cfg(test)]
mod tests;
